# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Universe
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.rules import (
    Choice,
    Other,
    RuleFinder,
    upper_bound,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import SampledMessage
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import traits_of
from tests.unit.support.sampled import make_sampled

GROUP = (1 << 20) - 1


def finder(messages: Sequence[SampledMessage], *, number: int | None = None) -> RuleFinder:
    """Return the finder for a sample. number: how many messages the selection has; None: these."""
    universe = Universe([traits_of(message) for message in messages])
    return RuleFinder(universe, messages, messages=len(messages) if number is None else number)


def several(number: int, **changes: Any) -> list[SampledMessage]:
    """Return opened messages. A change is a value for all, or a function of a message's number. login, client: text."""
    rows = []
    for at in range(number):
        row = {name: value(at) if callable(value) else value for name, value in changes.items()}
        attributes = [b"sasl_username=" + row.pop("login").encode()] if row.get("login") else []
        if row.get("client"):
            attributes.append(b"log_client_address=" + row.pop("client").encode())
        row.pop("client", None)
        row.pop("login", None)
        subject = row.pop("subject", "")
        row = {"sender": b"a%d@b%d.example" % (at, at), "pending": [b"c%d@d%d.example" % (at, at)], "text": "", **row}
        rows.append(make_sampled(attributes=attributes, headers=[("Subject", subject)], **row))
    return rows


def others(number: int = 60, **changes: Any) -> list[SampledMessage]:
    """Return messages that have nothing in common with others, nor with those of several()."""
    return several(
        number,
        **{
            "sender": lambda at: b"x%d@y%d.example" % (at, at),
            "pending": lambda at: [b"v%d@w%d.example" % (at, at)],
            **changes,
        },
    )


def cover_of(messages: Sequence[SampledMessage], numbers: Sequence[int]) -> int:
    assert max(numbers) < len(messages)
    return sum(1 << number for number in numbers)


# --- other mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "number", "bound"),
    [(0, 0, 1.0), (0, 100, 0.0263), (5, 100, 0.0992), (50, 100, 0.5812), (100, 100, 1.0), (0, 10, 0.2129)],
)
def test_the_upper_end_of_an_interval(hits: int, number: int, bound: float) -> None:
    assert upper_bound(hits, number) == pytest.approx(bound, abs=0.0001)


def test_other_mail_that_was_counted() -> None:
    rules = finder(several(40))
    assert rules.other((1 << 25) - 1, GROUP, in_content=False) == Other(0.2, 0.2, True)
    assert rules.other((1 << 25) - 1, GROUP, in_content=True) == Other(0.2, 0.2, True)
    assert rules.other(0, GROUP, in_content=False) == Other(0.0, 0.0, True)


def test_other_mail_that_was_estimated() -> None:
    rules = finder(several(40), number=80)
    other = rules.other((1 << 25) - 1, GROUP, in_content=False)
    assert (other.share, other.counted) == (0.2, False)
    assert other.at_most == pytest.approx(0.5 * 0.2 + 0.5 * upper_bound(5, 25))


def test_content_that_was_cut_is_not_known() -> None:
    messages = several(40)
    for at in range(10):
        content = messages[at].content
        assert content is not None
        messages[at] = messages[at]._replace(content=content._replace(whole=False) if at else None)
    rules = finder(messages)
    assert rules.other(GROUP, GROUP, in_content=False) == Other(0.0, 0.0, True)
    other = rules.other(GROUP, GROUP, in_content=True)
    assert (other.share, other.counted) == (0.0, False)
    assert other.at_most == pytest.approx(0.25 * upper_bound(0, 20))


# --- the best rule --------------------------------------------------------------------------------------------------


def test_the_rule_that_describes_a_group_best() -> None:
    # The login has five other messages; the client has all of the group but two.
    messages = several(20, login="max", client=lambda at: "192.0.2.7" if at < 18 else None) + others(
        login=lambda at: "max" if at < 5 else None
    )
    assert finder(messages).best(GROUP) == Choice(
        match=({"client_address": "192.0.2.7"},), cover=(1 << 18) - 1, in_content=False
    )


def test_of_equal_rules_the_simpler_one_describes() -> None:
    messages = several(20, login="max", client="192.0.2.7", subject="Cheap pills") + others()
    assert finder(messages).best(GROUP) == Choice(({"sasl_username": "max"},), GROUP, in_content=False)


def test_two_fields_describe_what_one_does_not() -> None:
    # Other mail of the login comes from elsewhere, and other mail from the client has no login.
    messages = (
        several(20, login="max", client="192.0.2.7")
        + others(10, login="max")
        + others(10, client="192.0.2.7")
        + others(40)
    )
    assert finder(messages).best(GROUP) == Choice(
        ({"sasl_username": "max", "client_address": "192.0.2.7"},), GROUP, in_content=False
    )


def test_a_rule_on_content() -> None:
    messages = several(20, subject="Cheap pills") + others()
    subject = {"header": {"Subject": r"/(?<!\S)cheap\s+pills(?!\S)/"}}
    assert finder(messages).best(GROUP) == Choice((subject,), GROUP, in_content=True)
    # A message that was not opened is not asked.
    messages[3] = messages[3]._replace(content=None)
    assert finder(messages).best(GROUP) == Choice((subject,), GROUP & ~0b1000, in_content=True)


def test_nothing_describes_a_group() -> None:
    assert finder(several(20) + others()).best(GROUP) is None
    assert finder(several(20) + others()).clean(GROUP) is None


def test_a_rule_that_selects_nothing_is_no_rule() -> None:
    # The lower case of this letter has two characters, which are not the letter even where case does not count.
    messages = several(20, subject="\u0130\u0130 pills\u0130") + others()
    assert finder(messages).best(GROUP) is None
    assert finder(messages).clean(GROUP) is None


# --- clean rules ----------------------------------------------------------------------------------------------------


def clean(messages: Sequence[SampledMessage], core: int = GROUP) -> list[Mapping[str, Any]] | None:
    choice = finder(messages).clean(core)
    return None if choice is None else list(choice.match)


def test_a_rule_that_selects_little_else() -> None:
    # One other message of 21 is less than five in a hundred, two of 22 are more.
    messages = several(20, login="max", subject="Cheap pills") + others(login=lambda at: "max" if at < 1 else None)
    assert finder(messages).clean(GROUP) == Choice(({"sasl_username": "max"},), GROUP | 1 << 20, in_content=False)
    messages = several(20, login="max", subject="Cheap pills") + others(login=lambda at: "max" if at < 2 else None)
    assert finder(messages).clean(GROUP) == Choice(
        ({"header": {"Subject": r"/(?<!\S)cheap\s+pills(?!\S)/"}},), GROUP, in_content=True
    )


def test_rules_for_parts_of_a_group() -> None:
    messages = (
        several(12, login="max", client="192.0.2.7")
        + several(8, login="anna", client="192.0.2.7")
        + others(login=lambda at: ["max", "anna"][at % 2] if at < 4 else None)
        + others(20, client="192.0.2.7")
    )
    assert clean(messages) == [
        {"sasl_username": ["max", "anna"], "client_address": "192.0.2.7"},
    ]


def test_several_rules_select_a_group() -> None:
    # Half of the group each. The client and the subject add a quarter to the login.
    messages = (
        several(
            20,
            login=lambda at: "max" if at < 10 else None,
            client=lambda at: "192.0.2.7" if 5 <= at < 15 else None,
            subject=lambda at: "Cheap pills" if at < 5 or at >= 15 else "",
        )
        + others()
    )
    assert finder(messages).clean(GROUP) == Choice(
        (
            {"sasl_username": "max"},
            {"client_address": "192.0.2.7"},
            {"header": {"Subject": r"/(?<!\S)cheap\s+pills(?!\S)/"}},
        ),
        GROUP,
        in_content=True,
    )


def test_where_mail_waits_is_no_rule() -> None:
    messages = several(20, reasons=[b"mailbox full"]) + others()
    assert finder(messages).best(GROUP) == Choice(({"reason": r"/mailbox\ full/"},), GROUP, in_content=False)
    assert clean(messages) is None


def test_no_rule_selects_little_else() -> None:
    messages = several(20, login="max") + others(login=lambda at: "max" if at < 10 else None)
    assert finder(messages).best(GROUP) == Choice(({"sasl_username": "max"},), (1 << 30) - 1, in_content=False)
    assert clean(messages) is None


def test_a_rule_of_few_messages_is_not_sure_enough() -> None:
    messages = several(20, login="max") + others()
    assert finder(messages, number=800).clean(GROUP) is None
    assert finder(messages, number=100).clean(GROUP) == Choice(({"sasl_username": "max"},), GROUP, in_content=False)


def test_rules_have_a_bounded_length() -> None:
    # Two of these values fit into a rule, three do not.
    logins = [letter * 180 + "@example.com" for letter in "abc"]
    messages = several(24, login=lambda at: logins[at % 3]) + others()
    core = (1 << 24) - 1
    assert finder(messages).best(core) == Choice(
        ({"sasl_username": logins[:2]},), cover_of(messages, [at for at in range(24) if at % 3 < 2]), in_content=False
    )
    # A value that does not fit makes no rule: each of these characters takes ten bytes.
    messages = several(20, login="\x01" * 60) + others()
    assert finder(messages).best(GROUP) is None
