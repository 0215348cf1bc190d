# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.case import (
    Case,
    Crowd,
    login_of,
    sender_organisation,
    wide_network,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import FIELDS
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Binding
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits
from tests.unit.support.sampled import NOW, PLAIN, bound, names, several

# --- crowds ---------------------------------------------------------------------------------------------------------


def size(traits: Traits) -> int:
    return traits.size


def test_an_empty_crowd() -> None:
    empty = Crowd([])
    assert empty.share(login_of) == 0.0
    assert empty.counted(login_of) == {}
    assert empty.most(login_of) == (None, 0.0)
    assert empty.effective(login_of) == 0.0
    assert empty.distinct(login_of) == 0
    assert empty.quantile(size, 0.5) == 0
    assert empty.window() == (0, 0)


def test_values_of_a_crowd() -> None:
    crowd = Crowd(several(8, login=lambda at: "ab"[at % 2] if at < 6 else None))
    assert crowd.share(login_of) == 0.75
    assert crowd.counted(login_of) == {"a": 3, "b": 3}
    assert crowd.distinct(login_of) == 2
    # Of equally frequent values the first one; its share is of all messages.
    assert crowd.most(login_of) == Crowd(crowd.members[::-1]).most(login_of) == ("a", 3 / 8)


@pytest.mark.parametrize(
    ("logins", "number"),
    [
        pytest.param("aaaa", 1.0, id="one"),
        pytest.param("abcd", 4.0, id="four that are equally frequent"),
        # The exponential of the entropy of three quarters and a quarter.
        pytest.param("aaab", 1.7548, id="one that is frequent, and another one"),
    ],
)
def test_the_effective_number_of_values(logins: str, number: float) -> None:
    crowd = Crowd(several(4, login=lambda at: logins[at]))
    assert crowd.effective(login_of) == pytest.approx(number, abs=0.0001)


def test_quantiles() -> None:
    crowd = Crowd(several(5, size=lambda at: 500 - 100 * at))
    assert [crowd.quantile(size, part) for part in (0, 0.25, 0.5, 0.75, 1)] == [100, 200, 300, 400, 500]


@pytest.mark.parametrize(
    ("arrivals", "window"),
    [
        pytest.param([0, 0], (0, 0), id="unknown"),
        pytest.param([7], (7, 0), id="one"),
        pytest.param([0, 100, 101, 102, 109, 200], (100, 9), id="four of five, the unknown one left out"),
        pytest.param([10, 20, 30, 40, 50], (10, 30), id="the earliest of equal ones"),
        pytest.param([9, 1, 5], (1, 8), id="all of three"),
    ],
)
def test_the_shortest_time_in_which_most_arrived(arrivals: list[int], window: tuple[int, int]) -> None:
    assert Crowd(several(len(arrivals), arrival=lambda at: arrivals[at])).window() == window


def test_values_that_are_asked_for() -> None:
    traits = PLAIN._replace(login="a")
    assert (login_of(traits), sender_organisation(traits), wide_network(traits)) == ("a", "example.com", "192.0.0.0/16")
    assert wide_network(traits._replace(networks=())) is None


# --- cases ----------------------------------------------------------------------------------------------------------


def make_case(group: Sequence[Traits], *bindings: Binding) -> Case:
    return Case(Crowd(group), Crowd([]), {FIELDS[found.field].family: found for found in bindings})


def test_a_family_binds_a_group_or_not() -> None:
    case = make_case(several(), bound("subject", ("your", "invoice", "0"), share=0.8))
    assert case.size == 20
    assert case.has("subject")
    assert case.has("subject", 0.8)
    assert not case.has("subject", 0.9)
    assert not case.has("text")


INVOICE = ("your", "parcel", "0")
ROW = ("one", "two", "three", "four")
OWN_LINKS: dict[str, Any] = {"hosts": frozenset(["www.example.com"])}
SOME_OWN_LINKS: dict[str, Any] = {"hosts": lambda at: frozenset(["www.example.com" if at < 6 else "h%d.example" % at])}


@pytest.mark.parametrize(
    ("changes", "bindings", "content", "is_one"),
    [
        pytest.param({}, [], [], False, id="nothing"),
        pytest.param({}, [bound("subject", INVOICE)], ["subject"], True, id="subject"),
        pytest.param({}, [bound("subject", INVOICE, share=0.6)], [], False, id="too few"),
        pytest.param({}, [bound("subject", INVOICE, first_share=0.4)], ["subject"], False, id="several subjects"),
        pytest.param(
            {},
            [bound("subject", INVOICE, first_share=0.4), bound("reply_to", "x@y")],
            ["subject", "reply"],
            True,
            id="several subjects with one other thing",
        ),
        pytest.param({}, [bound("subject", ("newsletter",))], [], False, id="a common subject"),
        pytest.param(
            {"text_pieces": frozenset([ROW])}, [bound("text", ROW)], ["text"], True, id="the whole of each text"
        ),
        pytest.param(
            {"text_pieces": lambda at: frozenset([ROW, *[("%d" % (9 * at + more),) for more in range(9)]])},
            [bound("text", ROW)],
            [],
            False,
            id="a tenth of each text",
        ),
        pytest.param({}, [bound("url_host", "evil.example")], ["link"], True, id="host"),
        pytest.param(OWN_LINKS, [bound("url_host", "www.example.com")], [], False, id="own host"),
        pytest.param(SOME_OWN_LINKS, [bound("url_path", ("unsubscribe", "/"))], [], False, id="common path, some own"),
        pytest.param(SOME_OWN_LINKS, [bound("url_path", ("claim9x", "/"))], ["link"], True, id="path, some own"),
        pytest.param({}, [bound("program", ("x-mailer", "bulk"))], [], False, id="program"),
        pytest.param({}, [bound("sender", "a@b"), bound("client_name", "c")], [], False, id="what is no content"),
    ],
)
def test_content_in_common(changes: dict[str, Any], bindings: list[Binding], content: list[str], is_one: bool) -> None:
    case = make_case(several(**changes), *bindings)
    assert (case.content, case.is_one_content) == (content, is_one)


def test_the_part_of_a_text_in_common() -> None:
    assert make_case(several()).text_in_common == 0.0
    # Half of the messages have a row in common, which is half of the text of each; the others have a text of their own.
    group = several(4, text_pieces=lambda at: frozenset([ROW if at < 2 else (str(at),), ("own", str(at))]))
    assert make_case(group).text_in_common == 0.5
    assert make_case([*group[:2], PLAIN, PLAIN]).text_in_common == 0.5
    assert make_case([*group[:1], *group[2:]]).text_in_common == 0.0


def test_the_login_of_nearly_all() -> None:
    assert make_case(several(10, login=lambda at: "x" if at else None)).login == "x"
    assert make_case(several(10, login=lambda at: "x" if at > 1 else None)).login is None


def test_the_null_sender_of_nearly_all() -> None:
    assert make_case(several(10, sender=lambda at: "" if at else "a@b")).is_null
    assert not make_case(several(10, sender=lambda at: "" if at > 1 else "a@b")).is_null


@pytest.mark.parametrize(
    ("group", "is_so"),
    [
        pytest.param(several(20, **names()), True, id="each its own"),
        pytest.param(several(20), False, id="one"),
        pytest.param(several(20, sender_organisation=lambda at: "d%d" % (at % 4)), True, id="four"),
        pytest.param(several(20, sender_organisation=lambda at: "d%d" % (at % 3)), False, id="fewer"),
        pytest.param(several(20, sender_organisation=lambda at: "d%d" % max(0, at - 10)), False, id="most of one"),
        pytest.param(several(20, **names(), is_rewritten=True), False, id="rewritten"),
        pytest.param(several(20, **{**names(), "sender": ""}), False, id="null"),
    ],
)
def test_many_names(group: list[Traits], is_so: bool) -> None:
    assert make_case(group).has_many_names is is_so


def test_links_to_the_own_site() -> None:
    assert make_case(several()).names_own_site == 0.0
    assert make_case(several()).links == 0.0
    group = several(20, hosts=lambda at: frozenset(["www.example.com"][: at % 2]))
    assert (make_case(group).names_own_site, make_case(group).links) == (1.0, 0.5)
    assert make_case(several(**SOME_OWN_LINKS)).names_own_site == 0.3
    # The login's and the client's organisations count, too.
    own: dict[str, Any] = {"hosts": frozenset(["a.own.example"]), "login_organisation": "own.example"}
    assert make_case(several(**own)).names_own_site == 1.0
    own = {"hosts": frozenset(["a.own.example"]), "client_organisation": "own.example"}
    assert make_case(several(**own)).names_own_site == 1.0


def test_times_are_of_the_group() -> None:
    assert make_case(several()).group.window() == (NOW, 0)


def test_a_text_alone_must_be_most_of_each_text() -> None:
    group = several(4, text_pieces=lambda at: frozenset([ROW, ("own", str(at)), ("more", str(at))]))
    case = make_case(group, bound("text", ROW))
    assert (case.text_in_common, case.content, case.is_one_content) == (1 / 3, ["text"], False)
