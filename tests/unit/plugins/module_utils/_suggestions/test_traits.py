# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import SampledMessage, make_content
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import ShapedText
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Group, Traits, judge, traits_of
from tests.unit.support.subject import make_envelope

NOW = 1700000000
PLAIN = Traits(
    sender="anna@example.com",
    local="anna",
    domain="example.com",
    login=None,
    address="192.0.2.1",
    network="192.0.2.0/24",
    helo="mail.example.com",
    null_recipient=None,
    null_recipient_domain=None,
    only_domain="example.org",
    odd_client=False,
    rewritten=False,
    own_client=False,
    foreign_sender=False,
    arrival=NOW,
    size=1000,
    recipients=1,
    from_list=False,
    delayed_as_spam=False,
    subject=None,
    reason=None,
    paths=(),
    opened=True,
)
INVOICE = ShapedText(("Your", "invoice", "0", "overdue"), r"/invoice/", 2)
HELLO = ShapedText(("Hello", None), r"/Hello/", 1)
PATH = ShapedText(("offer", "claim"), "/offer/claim", 2)
NO_PATH = ShapedText(("",), "/", 0)


def several(number: int = 20, **changes: Any) -> list[Traits]:
    """Return messages; a change is a value for all, or a function of a message's number."""
    return [
        PLAIN._replace(**{name: value(at) if callable(value) else value for name, value in changes.items()})
        for at in range(number)
    ]


def locals_of(at: int) -> str:
    return "local%s" % chr(97 + at)


def senders(at: int) -> str:
    return "%s@d%d.example" % (locals_of(at), at)


REST = several(40, arrival=lambda at: NOW + 300 * at, size=lambda at: 100 * at + 100)
MANY: dict[str, Any] = {"sender": senders, "local": locals_of, "domain": lambda at: "d%d.example" % at}


@pytest.mark.parametrize(
    ("group", "points", "text"),
    [
        pytest.param(
            several(**MANY, login="x@y", foreign_sender=True),
            3,
            "20 senders of other domains than the login's",
            id="forged",
        ),
        pytest.param(
            several(**{**MANY, "domain": "d"}, login="x@y", foreign_sender=True), None, "", id="one foreign domain"
        ),
        pytest.param(several(login="x", network=lambda at: str(at % 6)), 2, "one login from 6 networks", id="networks"),
        pytest.param(several(login="x", network=str), 3, "one login from 20 networks", id="many networks"),
        pytest.param(
            several(sender=None, local=None, null_recipient="a@b"),
            3,
            "the null sender writes to one recipient",
            id="null",
        ),
        pytest.param(
            several(sender=None, local=None, null_recipient=str, null_recipient_domain="b"),
            3,
            "the null sender writes to 20 recipients of one domain",
            id="null to a domain",
        ),
        pytest.param(
            several(sender=None, local=None, null_recipient=str, null_recipient_domain="example.org"),
            2,
            "the null sender writes to 20 recipients of one domain",
            id="null to a domain that gets other mail",
        ),
        pytest.param(
            several(sender=None, null_recipient="anna@example.com"), None, "", id="null to somebody who sent as much"
        ),
        pytest.param(
            several(sender=None, null_recipient=lambda at: str(at % 2), null_recipient_domain="b"),
            None,
            "",
            id="null to two",
        ),
        pytest.param(
            several(**MANY, subject=INVOICE, address=str), 2, "20 senders write the same subject", id="subject"
        ),
        pytest.param(
            several(**MANY, subject=INVOICE), 3, "20 senders write the same subject", id="subject from one client"
        ),
        pytest.param(several(**MANY, subject=HELLO), 1, "20 senders write the same subject", id="one word"),
        pytest.param(several(subject=INVOICE), None, "", id="subject of one sender"),
        pytest.param(several(3, subject=INVOICE), None, "", id="too few opened"),
        pytest.param(
            several(paths=lambda at: (("h%d.example" % at, PATH),)), 3, "one URL path under 20 hosts", id="path"
        ),
        pytest.param(several(paths=(("h.example", PATH),)), None, "", id="path of one sender"),
        pytest.param(several(paths=lambda at: (("h%d.example" % at, NO_PATH),)), None, "", id="path that says nothing"),
        pytest.param(
            several(**MANY, paths=(("h.example", PATH),)),
            1,
            "20 senders in 1 networks write the same URL path",
            id="path of many",
        ),
        pytest.param(
            several(**MANY, paths=(("h.example", NO_PATH),)),
            1,
            "20 senders in 1 networks name the same host",
            id="host",
        ),
        pytest.param(
            several(odd_client=True), 1, "clients without a mail server's name, in 1 networks", id="an odd client"
        ),
        pytest.param(
            several(odd_client=True, network=str),
            2,
            "clients without a mail server's name, in 20 networks",
            id="odd clients",
        ),
        pytest.param(
            several(arrival=lambda at: NOW + at),
            1,
            "80% arrived within 0 minutes, of the other messages within 155",
            id="burst",
        ),
        pytest.param(several(arrival=lambda at: NOW + 600 * at), None, "", id="no burst"),
        pytest.param(several(), 1, "their sizes are alike", id="sizes"),
        pytest.param(several(recipients=9), 1, "half of them have 9 recipients or more", id="recipients"),
        pytest.param(several(delayed_as_spam=lambda at: at % 2 == 0), 1, "50% are delayed as spam", id="verdicts"),
        pytest.param(several(from_list=True), -5, "they have mailing-list headers", id="list"),
        pytest.param(several(from_list=True, network=str), None, "", id="a list from anywhere"),
        pytest.param(several(own_client=True), -1, "the client is the sender's own", id="own"),
    ],
)
def test_signs(group: Sequence[Traits], points: int | None, text: str) -> None:
    found = {sign.text: sign.points for sign in judge(Group(group), Group(REST)).signs}
    if points is None:
        # What is left are signs of any mail in such a group.
        assert set(found) <= {"their sizes are alike", "80% arrived within 0 minutes, of the other messages within 155"}
    else:
        assert found[text] == points


def test_one_sender_needs_more_points() -> None:
    one = judge(Group(several(login="x", network=str)), Group(several(40, size=1000)))
    assert (sum(sign.points for sign in one.signs), one.is_flood) == (3, False)
    many = judge(Group(several(**MANY, subject=INVOICE)), Group(several(40)))
    assert (sum(sign.points for sign in many.signs), many.is_flood) == (3, True)


def test_one_sender_among_many_others_is_one_sender() -> None:
    assert Group(several(**MANY)).dispersed()
    assert not Group([*several(**MANY), *several(25)]).dispersed()


@pytest.mark.parametrize(
    ("changes", "is_held_together"),
    [
        pytest.param({**MANY, "network": str}, False, id="unrelated senders"),
        pytest.param({**MANY, "network": "203.0.113.0/24"}, True, id="one network"),
        pytest.param({**MANY, "network": "192.0.2.0/24"}, False, id="the network of all mail"),
        pytest.param({**MANY, "network": "203.0.113.0/24", "own_client": True}, False, id="own servers of one network"),
        pytest.param({**MANY, "network": str, "login": "x"}, True, id="one login"),
        pytest.param({"sender": "x@y", "domain": "y", "network": str}, True, id="one sender"),
        pytest.param({"sender": senders, "domain": "y", "network": str}, True, id="one domain"),
        pytest.param({"sender": senders, "domain": "y", "network": str, "rewritten": True}, False, id="a forwarder"),
        pytest.param({"sender": senders, "domain": "example.com", "network": str}, False, id="the domain of all mail"),
        pytest.param({**MANY, "network": str, "null_recipient": "a@b"}, True, id="the null sender to one recipient"),
        pytest.param({**MANY, "network": str, "null_recipient_domain": "b"}, True, id="the null sender to one domain"),
        pytest.param(
            {**MANY, "network": str, "login": lambda at: "x" if at else None}, True, id="nearly all have one login"
        ),
        pytest.param({**MANY, "network": str, "login": lambda at: "x" if at > 1 else None}, False, id="too few have"),
    ],
)
def test_messages_of_one_origin(changes: Any, is_held_together: bool) -> None:
    assert Group(several(**changes)).has_one_origin(Group(REST)) is is_held_together


def test_a_group_of_nothing() -> None:
    empty = Group([])
    assert empty.most("sender") == (None, 0.0)
    assert empty.share("delayed_as_spam") == 0.0
    assert empty.quantile("size", 0.5) == 0
    assert empty.window() == (0, 0)
    assert empty.subject() == (None, 0.0)
    assert empty.path() == (None, 0.0, 0)
    assert not judge(empty, empty).is_flood
    assert not empty.has_one_origin(empty)


def test_unknown_times_are_left_out() -> None:
    group = Group(several(5, arrival=lambda at: 0 if at == 0 else NOW + at))
    assert group.window() == (NOW + 1, 3)


def sampled(
    *,
    attributes: Sequence[bytes] = (),
    sender: bytes | None = b"a@example.com",
    pending: Sequence[bytes] = (b"b@example.org",),
) -> SampledMessage:
    envelope = make_envelope(sender=sender, pending=pending, attributes=attributes)
    return SampledMessage(0, "4A0F9AC", envelope, len(pending), {b"b@example.org": b"451 looks like Spam"})


def traits(**values: Any) -> Traits:
    (found,) = traits_of([sampled(**values)])
    return found


def test_the_traits_of_a_message() -> None:
    client = [b"log_client_name=mx.Example.com", b"log_client_address=192.0.2.77", b"log_helo_name=mx.example.com"]
    message = sampled(attributes=client)._replace(
        content=make_content([("Subject", "Hello there")], ["http://h.example/offer/claim"])
    )
    (found,) = traits_of([message])
    assert found._replace(subject=None, reason=None, paths=()) == Traits(
        sender="a@example.com",
        local="a",
        domain="example.com",
        login=None,
        address="192.0.2.77",
        network="192.0.2.0/24",
        helo="mx.example.com",
        null_recipient=None,
        null_recipient_domain=None,
        only_domain="example.org",
        odd_client=False,
        rewritten=False,
        own_client=True,
        foreign_sender=False,
        arrival=NOW,
        size=1000,
        recipients=1,
        from_list=False,
        delayed_as_spam=True,
        subject=None,
        reason=None,
        paths=(),
        opened=True,
    )
    assert found.subject is not None
    assert found.subject.regex == r"/\A\s*Hello\s+there\s*\Z/"
    assert found.reason is not None
    assert [(host, shaped.regex) for host, shaped in found.paths] == [("h.example", "//offer/claim/i")]


@pytest.mark.parametrize(
    ("sender", "local"),
    [
        pytest.param(b"word123@example.com", "word", id="number"),
        pytest.param(b"news-owner-anna=example.com@example.org", "news", id="VERP"),
        pytest.param(b"bounce+77-x@example.org", "bounce", id="extension"),
        pytest.param(b"a8f3-77bc@example.org", "-", id="token"),
        pytest.param(b"root", "", id="no domain"),
        pytest.param(b"", None, id="null sender"),
        pytest.param(None, None, id="unknown"),
        pytest.param(b"x" * 300 + b"@example.com", None, id="too long"),
    ],
)
def test_varying_parts_of_a_local_part(sender: bytes | None, local: str | None) -> None:
    assert traits(sender=sender).local == local


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param([b"client_address=2001:db8::1"], ("2001:db8::/64", True), id="IPv6, without a name"),
        pytest.param([b"client_address=unknown"], (None, True), id="no address"),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.b", b"helo_name=localhost"], ("192.0.2.0/24", True), id="helo"
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.b", b"helo_name=[1.2.3.4]"],
            ("192.0.2.0/24", True),
            id="literal",
        ),
        pytest.param([b"client_address=192.0.2.1", b"sasl_username=a"], ("192.0.2.0/24", False), id="who logs in"),
        pytest.param([], (None, False), id="local"),
    ],
)
def test_clients(attributes: list[bytes], expected: tuple[str | None, bool]) -> None:
    found = traits(attributes=attributes)
    assert (found.network, found.odd_client) == expected
    # What is no address makes no rule.
    assert (found.address is None) == (found.network is None)


def test_recipients_of_the_null_sender() -> None:
    assert traits(sender=b"", pending=[b"A@b"])[7:10] == ("a@b", "b", "b")
    assert traits(sender=b"", pending=[b"a@b", b"c@b"])[7:10] == (None, "b", "b")
    assert traits(sender=b"", pending=[b"a@b", b"c@d"])[7:10] == (None, None, None)


def test_senders_that_a_forwarder_wrote() -> None:
    assert traits(sender=b"SRS0=4f2a=CA=example.org=b@example.net").rewritten
    assert traits(sender=b"srs1+4f2a=example.org==b@example.net").rewritten
    assert not traits(sender=b"srs0@example.com").rewritten


def test_foreign_senders() -> None:
    assert traits(attributes=[b"sasl_username=a@example.net"]).foreign_sender
    assert not traits(attributes=[b"sasl_username=b@example.com"]).foreign_sender
    assert traits(attributes=[b"sasl_username=a@example.com"]).own_client
