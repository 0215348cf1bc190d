# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection import criteria
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Stage, Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import TOPS
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700000000
DAY = 86400

Rules = Sequence[Mapping[str, Any]]


def parse(match: Rules = (), exclude: Rules = ()) -> Selection:
    return parse_selection(match=match, exclude=exclude, now=NOW)


# --- every criterion ------------------------------------------------------------------------------------------------

ID = "20261126101500.4A0F9AC@mx.example.com"
SPAM = MadeUpMessage(
    make_envelope(
        arrival=NOW - 2 * DAY,
        size=5000,
        sender=b"spammer@example.com",
        pending=[b"a@example.org", b"b@example.org"],
        attributes=[
            b"sasl_username=Stolen@example.com",
            b"client_address=192.0.2.7",
            b"client_name=dsl-7.example.net",
            b"helo_name=friend",
        ],
    ),
    queue_id="4A0F9AC",
    reasons_={b"a@example.org": b"mailbox full", b"b@example.org": b"mailbox full"},
    headers_=[
        ("Subject", "Cheap pills"),
        ("X-Mailer", "bulk 1.0"),
        ("subject", "again"),
        ("X-Folded", "cheap\tpills  now"),
        ("X(odd) name", "y"),
        ("Message-Id", " <%s>" % ID),
    ],
    stored_text_=b"sender@example.com\nSubject: Cheap pills\n\nbase64 \xff stuff\n",
    text_parts_=["Buy now", "two\r\nlines", "<a href='https://spam.example/x'>"],
)
MASKED = MadeUpMessage(
    make_envelope(pending=[b"jos\xe9@example.org", b"a\x07b@example.org"]),
    reasons_={b"jos?@example.org": b"sa\xefd mailbox full", b"a?b@example.org": b"sa\xefd mailbox full"},
)
NULL_SENDER = MadeUpMessage(
    make_envelope(sender=b"", pending=[], attributes=[b"log_message_origin=local", b"trace_flags=0"])
)
DAMAGED = MadeUpMessage(make_envelope(arrival=0, sender=None, pending=[]))
ODD_IDS = MadeUpMessage(
    headers_=[
        ("Message-ID", ""),
        ("MESSAGE-ID", "no\tbrackets@a  b"),
        ("Message-ID", "<%s>" % ("/\xe9" * 300)),
        ("Message-ID", r"<C:\x41@a>"),
    ]
)


RULES = [
    pytest.param({"queue_id": "4A0F9AC"}, SPAM, True, id="queue_id"),
    pytest.param({"queue_id": ["4A0F9AD", "4A0F9AC"]}, SPAM, True, id="queue_id, one of two"),
    pytest.param({"queue_id": "4a0f9ac"}, SPAM, False, id="queue_id, another case"),
    pytest.param({"sender": "example.com"}, SPAM, True, id="sender"),
    pytest.param({"sender": ["<>", "spammer@"]}, SPAM, True, id="sender, one of two"),
    pytest.param({"sender": "<>"}, SPAM, False, id="sender, not the null one"),
    pytest.param({"sender": "<>"}, NULL_SENDER, True, id="sender, the null one"),
    pytest.param({"sender": "/^$/"}, DAMAGED, False, id="no sender is not the null sender"),
    pytest.param({"recipient": "example.org"}, SPAM, True, id="recipient"),
    pytest.param({"recipient": "/./"}, NULL_SENDER, False, id="recipient, there is none"),
    pytest.param({"sasl_username": "stolen@example.com"}, SPAM, True, id="sasl_username"),
    pytest.param({"sasl_username": "/^STOLEN/"}, SPAM, True, id="sasl_username, regex"),
    pytest.param({"sasl_username": "/.*/"}, NULL_SENDER, False, id="sasl_username, there is none"),
    pytest.param({"client_address": "192.0.2.0/24"}, SPAM, True, id="client_address"),
    pytest.param({"client_address": ["::/0", "10.0.0.0/8"]}, SPAM, False, id="client_address, other networks"),
    pytest.param({"client_name": ".example.net"}, SPAM, True, id="client_name"),
    pytest.param({"client_name": "example.net"}, SPAM, False, id="client_name, exactly"),
    pytest.param({"helo_name": "FRIEND"}, SPAM, True, id="helo_name"),
    pytest.param({"helo_name": "friend"}, NULL_SENDER, False, id="helo_name, there is none"),
    pytest.param({"reason": "mailbox full"}, SPAM, True, id="reason"),
    pytest.param({"reason": "/quota|FULL/"}, SPAM, True, id="reason, regex"),
    pytest.param({"reason": "mailbox full"}, MASKED, True, id="reason, of recipients that the log has in another form"),
    pytest.param({"reason": r"sa\xefd"}, MASKED, True, id="reason, as it is shown"),
    pytest.param({"reason": "Connection refused"}, SPAM, False, id="reason, another"),
    pytest.param({"header": {"subject": "pills"}}, SPAM, True, id="header, names in any case"),
    pytest.param({"header": {"Subject": "again"}}, SPAM, True, id="header, any of that name"),
    pytest.param({"header": {"Subject": "pills", "X-Mailer": "/bulk/"}}, SPAM, True, id="header, two"),
    pytest.param({"header": {"Subject": "pills", "X-Mailer": "mutt"}}, SPAM, False, id="header, one of two"),
    pytest.param({"header": {"Subject": ["x", "pills"]}}, SPAM, True, id="header, one of two texts"),
    pytest.param({"header": {"Subject": "pills", "subject": "nope"}}, SPAM, False, id="header, a name in two cases"),
    pytest.param({"header": {"X-Folded": "cheap pills now"}}, SPAM, True, id="header, folded with a tab"),
    pytest.param({"header": {"X-Folded": "cheap   pills"}}, SPAM, True, id="header, other blanks in the rule"),
    pytest.param({"header": {"X-Folded": r"cheap\x09pills"}}, SPAM, True, id="header, the tab as an escape"),
    pytest.param({"header": {"X-Folded": "/cheap pills  ?now/"}}, SPAM, True, id="header, folded, regex"),
    pytest.param({"header": {"X-Folded": r"/cheap\tpills/"}}, SPAM, True, id="header, regex as it is stored"),
    pytest.param({"header": {"X-Folded": "cheappills"}}, SPAM, False, id="header, a blank is a blank"),
    pytest.param({"header": {"x(odd)\\x20name": "y"}}, SPAM, True, id="header, a name as it is shown"),
    pytest.param({"header": {"Missing": "/^$/"}}, SPAM, False, id="header, there is none"),
    pytest.param({"message_id": ID}, SPAM, True, id="message_id"),
    pytest.param({"message_id": "<%s>" % ID}, SPAM, True, id="message_id, in brackets"),
    pytest.param({"message_id": ["x@y", " <%s>\n" % ID]}, SPAM, True, id="message_id, one of two, blanks around"),
    pytest.param({"message_id": ID.lower()}, SPAM, False, id="message_id, another case"),
    pytest.param({"message_id": ID[1:]}, SPAM, False, id="message_id, not the whole"),
    pytest.param({"message_id": "/^2026.*@MX\\.example\\.com$/"}, SPAM, True, id="message_id, regex without brackets"),
    pytest.param({"message_id": "/@MX/i"}, SPAM, False, id="message_id, regex, case-sensitive"),
    pytest.param({"message_id": "/^<?2026/"}, SPAM, True, id="message_id, regex, a bracket that need not be there"),
    pytest.param({"message_id": "/^<2026|4A0F9AC/"}, SPAM, True, id="message_id, regex, a bracket in one branch"),
    pytest.param({"message_id": "/^/"}, NULL_SENDER, False, id="message_id, there is none"),
    pytest.param({"message_id": "/^$/"}, ODD_IDS, False, id="message_id, a header without a value is none"),
    pytest.param({"message_id": "no brackets@a b"}, ODD_IDS, True, id="message_id, folded and without brackets"),
    pytest.param({"message_id": r"no\x20brackets@a b"}, ODD_IDS, True, id="message_id, an escape"),
    pytest.param({"message_id": r"<C:\x41@a>"}, ODD_IDS, True, id="message_id, what only looks like an escape"),
    pytest.param({"message_id": "<%s…" % ("/\xe9" * 150)}, ODD_IDS, True, id="message_id, cut by a result"),
    pytest.param({"message_id": "x%s…" % ("/\xe9" * 150)}, ODD_IDS, False, id="message_id, cut, another"),
    pytest.param({"content": "base64"}, SPAM, True, id="content"),
    pytest.param({"content": r"/\xff stuff$/"}, SPAM, True, id="content, regex on bytes"),
    pytest.param({"content": "Buy now"}, SPAM, False, id="content, not what is only decoded"),
    pytest.param({"body": "/spam\\.example/"}, SPAM, True, id="body, any part"),
    pytest.param({"content": r"base64 \xff stuff"}, SPAM, True, id="content, a byte as an escape"),
    pytest.param({"content": r"C:\x41"}, SPAM, False, id="content, what only looks like an escape"),
    pytest.param({"body": "two\nlines"}, SPAM, True, id="body, line ends are line feeds"),
    pytest.param({"body": r"two\x0alines"}, SPAM, True, id="body, as it is shown"),
    pytest.param({"body": "base64"}, SPAM, False, id="body, not what is only stored"),
    pytest.param({"age": "2d"}, SPAM, True, id="age, that much"),
    pytest.param({"age": "-2d"}, SPAM, True, id="age, that much, from the other side"),
    pytest.param({"age": 2 * DAY + 1}, SPAM, False, id="age, more"),
    pytest.param({"age": "-47h"}, SPAM, False, id="age, less"),
    pytest.param({"age": ["3d", "-3d"]}, SPAM, True, id="age, one of two"),
    pytest.param({"age": "0"}, DAMAGED, False, id="age, unknown"),
    pytest.param({"age": "-99999w"}, DAMAGED, False, id="age, unknown, from the other side"),
    pytest.param({"size": "5000"}, SPAM, True, id="size, that much"),
    pytest.param({"size": "4k"}, SPAM, True, id="size, more"),
    pytest.param({"size": "5k"}, SPAM, False, id="size, less"),
    pytest.param({"size": "-5K"}, SPAM, True, id="size, at most"),
    pytest.param({"size": "-1b"}, SPAM, False, id="size, not as little"),
    pytest.param({"recipient_count": 2}, SPAM, True, id="recipient_count, that many"),
    pytest.param({"recipient_count": "3"}, SPAM, False, id="recipient_count, more"),
    pytest.param({"recipient_count": -2}, SPAM, True, id="recipient_count, at most"),
    pytest.param({"recipient_count": ["9", "-1"]}, SPAM, False, id="recipient_count, neither of two"),
    pytest.param({"origin": "smtp"}, SPAM, True, id="origin"),
    pytest.param({"origin": ["local", "bounce"]}, NULL_SENDER, True, id="origin, one of two"),
    pytest.param({"origin": "local"}, NULL_SENDER, False, id="origin, another"),
    pytest.param(
        {"sender": "example.com", "size": "1k", "recipient": "a@"}, SPAM, False, id="recipient, for one of two"
    ),
    pytest.param({"sender": "example.com", "size": "9k"}, SPAM, False, id="every key must match"),
]


@pytest.mark.parametrize(("rule", "message", "expected"), RULES)
def test_a_rule(rule: Mapping[str, Any], message: MadeUpMessage, expected: bool) -> None:
    selection = parse([rule])
    assert (selection.decide(message) is Verdict.YES) == expected
    # The same rule, frozen and read again a year later, as in a plan.
    later = parse_selection(**json.loads(json.dumps(selection.frozen())), now=NOW + 365 * DAY)
    assert (later.decide(message) is Verdict.YES) == expected
    # As protection it holds for the same messages, and for those of which it holds for some recipients.
    protected = parse([], [rule]).decide(message) is Verdict.NO
    assert protected == (selection.decide(message) is not Verdict.NO)


def test_every_criterion_is_in_the_table_above() -> None:
    rules: list[Any] = [row.values[0] for row in RULES]
    assert {key for rule in rules for key in rule} == set(criteria.CRITERIA)


@pytest.mark.parametrize("key", [key for key, row in criteria.CRITERIA.items() if row.need is not None])
def test_a_criterion_is_undecided_without_what_it_needs(key: str) -> None:
    rules: list[Any] = [row.values[0] for row in RULES]
    value = next(rule[key] for rule in rules if key in rule)
    missing = frozenset(need for need in [criteria.CRITERIA[key].need] if need is not None)
    envelope = make_envelope(arrival=0, sender=None)._replace(missing=missing)
    message = MadeUpMessage(envelope, problem="the file is cut", missing=missing)
    assert parse([{key: value}]).decide(message) is Verdict.UNDECIDED


def test_each_unlisted_top_is_one_of_the_summary() -> None:
    assert set(TOPS) > criteria.UNLISTED_TOPS


def test_what_postqueue_does_not_list_is_marked_in_the_table() -> None:
    assert set(criteria.UNLISTED_CRITERIA) == {
        key
        for key, row in criteria.CRITERIA.items()
        if row.stage is Stage.CONTENT or row.need is Input.ATTRIBUTES or key == "origin"
    }


# --- what is refused ------------------------------------------------------------------------------------------------

_KNOWN = "%s, and the operators all, any, not, at_least" % ", ".join(criteria.CRITERIA)
_AGE = "a number and one of s, m, h, d, w, with a minus sign for that much or less"
_SIZE = "a number and one of b, k, m, g, t, with a minus sign for that much or less"
_COUNT = "a whole number, with a minus sign for that much or less"
_ID_ADVICE = (
    'matches no Message-ID. Write it as the mail log shows it, as in "<20261126101500.4A0F9AC@mx.example.com>".'
)
_ID_REGEX = "matches no Message-ID. A regular expression is applied without the angle brackets. Leave them out."
_EMPTY_LIST = "an empty list matches nothing; leave the key out or give it a value"


@pytest.mark.parametrize("key", criteria.CRITERIA)
def test_only_an_empty_sender_is_advised_to_be_the_null_sender(key: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse([{"header": {"Subject": ""}} if key == "header" else {key: ""}])
    assert ("null sender" in str(caught.value)) is (key == "sender")


@pytest.mark.parametrize(
    "key",
    [
        "recipient",
        "client_name",
        "client_address",
        "helo_name",
        "sasl_username",
        "reason",
        "content",
        "body",
        "queue_id",
    ],
)
def test_empty_text(key: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse([{key: ""}])
    assert str(caught.value) == ("match[0].%s: the text is empty; leave the key out or give it a value" % key)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        pytest.param({}, ": an empty rule would select every message; give it at least one criterion", id="empty rule"),
        pytest.param("x", ": 'x' is not a rule; write a mapping of criteria, such as {sender: example.com}", id="text"),
        pytest.param(
            [{"sender": "sender@"}],
            ": [{'sender': 'sender@'}] is not a rule; write a mapping of criteria, such as {sender: example.com}",
            id="list of rules",
        ),
        pytest.param({"from": "a@b"}, ".from: there is no such criterion; known are " + _KNOWN, id="unknown key"),
        pytest.param(
            {"sender": "a@b", 5: 6}, ".5: there is no such criterion; known are " + _KNOWN, id="a number as key"
        ),
        pytest.param({"sender": None}, ".sender: it has no value", id="no value"),
        pytest.param({"header": None}, ".header: it has no value", id="no header"),
        pytest.param({"sender": []}, ".sender: " + _EMPTY_LIST, id="empty list"),
        pytest.param(
            {"sender": ""},
            ".sender: the text is empty; leave the key out, or write <> for the null sender",
            id="empty text",
        ),
        pytest.param({"sender": ["a@b", 5]}, ".sender: 5 is not text; put it in quotes", id="number in a list"),
        pytest.param({"sender": True}, ".sender: True is not text; put it in quotes", id="yes"),
        pytest.param(
            {"recipient": "/a(/"},
            ".recipient: /a(/ is not a regular expression: missing ), unterminated subpattern at position 1",
            id="regex",
        ),
        pytest.param({"reason": "/a/g"}, ".reason: /a/g has a flag other than i, the only one", id="flag"),
        pytest.param(
            {"queue_id": 123456}, ".queue_id: 123456 is not text; put it in quotes", id="queue ID without quotes"
        ),
        pytest.param({"queue_id": "../x"}, ".queue_id: '../x' is not a queue ID", id="a path"),
        pytest.param(
            {"queue_id": "ALL"},
            '.queue_id: "ALL" is a word of postsuper and no queue ID. Use match_all for all messages.',
            id="all",
        ),
        pytest.param(
            {"queue_id": "4A0F9AC*"},
            ".queue_id: '4A0F9AC*' is not a queue ID. Use \"4A0F9AC\", without blanks and the marks of mailq.",
            id="active",
        ),
        pytest.param(
            {"queue_id": " 4A0F9AC!#"},
            ".queue_id: ' 4A0F9AC!#' is not a queue ID. Use \"4A0F9AC\", without blanks and the marks of mailq.",
            id="held and expired",
        ),
        pytest.param({"queue_id": ["4A0F9AC", "ALL*"]}, ".queue_id: 'ALL*' is not a queue ID", id="a wildcard"),
        pytest.param(
            {"client_address": "10.0.0.0/99"},
            ".client_address: \"10.0.0.0/99\" is neither an address nor a network: '10.0.0.0/99' does not appear to be an IPv4 or IPv6 "
            "network. Use a form such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32.",
            id="network",
        ),
        pytest.param({"age": "2 days"}, ".age: '2 days' is not an amount; write " + _AGE, id="age in words"),
        pytest.param({"age": "2y"}, ".age: '2y' is not an amount; write " + _AGE, id="age in years"),
        pytest.param({"age": ""}, ".age: '' is not an amount; write " + _AGE, id="empty age"),
        pytest.param(
            {"age": "-0"},
            ".age: '-0' matches no message: every message is older. Use an age such as -10m.",
            id="no age",
        ),
        pytest.param(
            {"age": "2811w"},
            ".age: '2811w' matches no message: that is before 1970. Use an age such as 2d.",
            id="before time began",
        ),
        pytest.param({"age": True}, ".age: True is not an amount; write " + _AGE, id="age yes"),
        pytest.param({"age": {"since": 5}}, ".age: {'since': 5} is not an age, such as 2d or -10m", id="age, mapping"),
        pytest.param({"age": {}}, ".age: {} is not an age, such as 2d or -10m", id="age, empty mapping"),
        pytest.param(
            {"age": {"before": "x"}}, ".age: {'before': 'x'} is not an age, such as 2d or -10m", id="age, no second"
        ),
        pytest.param(
            {"age": {"before": 1, "after": 2}},
            ".age: {'before': 1, 'after': 2} is not an age, such as 2d or -10m",
            id="age, two bounds",
        ),
        pytest.param({"size": "1.5m"}, ".size: '1.5m' is not an amount; write " + _SIZE, id="size, fraction"),
        pytest.param({"size": "--5"}, ".size: '--5' is not an amount; write " + _SIZE, id="size, two signs"),
        pytest.param(
            {"size": "1" * 16}, ".size: '%s' is not an amount; write " % ("1" * 16) + _SIZE, id="size, too many digits"
        ),
        pytest.param(
            {"recipient_count": "5k"}, ".recipient_count: '5k' is not an amount; write " + _COUNT, id="count with unit"
        ),
        pytest.param({"origin": "SMTP"}, ".origin: 'SMTP' is no origin; known are smtp, local, bounce", id="origin"),
        pytest.param({"origin": 5}, ".origin: 5 is no origin; known are smtp, local, bounce", id="origin, number"),
        pytest.param(
            {"header": "Subject"},
            ".header: 'Subject' is not a mapping of header names, such as {Subject: text}",
            id="header, text",
        ),
        pytest.param(
            {"header": {}}, ".header: {} is not a mapping of header names, such as {Subject: text}", id="header, empty"
        ),
        pytest.param(
            {"header": {"Subject:": "x"}},
            '.header: "Subject:" is the name of no header field. Use "Subject".',
            id="header, name with colon",
        ),
        pytest.param(
            {"header": {"X-*": "x"}},
            '.header: "X-*" is the name of no header field. Write one name, as in {Subject: text}.',
            id="header, wildcard",
        ),
        pytest.param(
            {"header": {"Subject": "a\nb"}},
            r'.header.Subject: "a\x0ab" has a line end, which this text never has. Write it in one line, in quotes or after >-.',
            id="header, two lines",
        ),
        pytest.param({"header": {"Subject": []}}, ".header.Subject: " + _EMPTY_LIST, id="header, empty list"),
        pytest.param(
            {"header": {"Subject": None}}, ".header.Subject: None is not text; put it in quotes", id="header, no value"
        ),
        pytest.param(
            {"header": {"Subject": "/(/"}},
            ".header.Subject: /(/ is not a regular expression: missing ), unterminated subpattern at position 0",
            id="header, regex",
        ),
        pytest.param({"message_id": ""}, '.message_id: "" ' + _ID_ADVICE, id="message_id, empty"),
        pytest.param(
            {"message_id": ["a@b", " \t"]}, r'.message_id: " \x09" ' + _ID_ADVICE, id="message_id, blanks only"
        ),
        pytest.param({"message_id": "<>"}, '.message_id: "<>" ' + _ID_ADVICE, id="message_id, brackets only"),
        pytest.param(
            {"message_id": " < > "}, '.message_id: " < > " ' + _ID_ADVICE, id="message_id, blanks in brackets"
        ),
        pytest.param({"message_id": 5}, ".message_id: 5 is not text; put it in quotes", id="message_id, number"),
        pytest.param(
            {"message_id": "message-id=<a@b>"},
            '.message_id: "message-id=<a@b>" matches no Message-ID. Use "<a@b>".',
            id="message_id, as a line of the log",
        ),
        pytest.param({"message_id": "/^<a@b/"}, '.message_id: "/^<a@b/" ' + _ID_REGEX, id="message_id, regex with <"),
        pytest.param({"message_id": "/@b>$/"}, '.message_id: "/@b>$/" ' + _ID_REGEX, id="message_id, regex with >"),
        pytest.param(
            {"header": {"": "x"}},
            ".header: a header field without a name. Write a name, as in {Subject: text}.",
            id="header, empty name",
        ),
    ],
)
def test_a_rule_that_is_refused(rule: Any, message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse([{"sender": "sender@"}, rule])
    assert str(caught.value) == "match[1]" + message
    with pytest.raises(SelectionError) as caught:
        parse([], [rule])
    assert str(caught.value) == "exclude[0]" + message


# --- amounts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("90", 90), (90, 90), ("2m", 120), (" 1H ", 3600), ("1d", DAY), ("1w", 7 * DAY), ("0", 0)],
)
def test_parse_age(value: object, seconds: int) -> None:
    assert criteria.parse_age(value, "plan_max_age") == seconds


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("-1d", "'-1d' must not be negative"),
        ("soon", "'soon' is not an amount; write " + _AGE),
        (None, "None is not an amount; write " + _AGE),
    ],
)
def test_parse_age_refuses(value: object, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        criteria.parse_age(value, "plan_max_age")
    assert str(caught.value) == "plan_max_age: " + problem
