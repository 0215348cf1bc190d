# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import trial
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trial import Trial, parse_rules
from tests.unit.support.mail_log import CLOCK, log, sent

RULES = (
    {"sasl_username": "A@example.com"},
    {"client_address": ["192.0.2.0/24", "2001:db8::/32"]},
    {"sender": ".example.net"},
    {"recipient": "example.org"},
    {"sender": "/^/"},
)
BLOCK = log(
    "01 submission/smtpd[1]: 4A0F001: client=x[203.0.113.5], sasl_method=PLAIN, sasl_username=a@example.com",
    "01 qmgr[2]: 4A0F001: from=<x@mail.example.net>, size=1, nrcpt=2 (queue active)",
    "02 " + "smtp[3]: " + sent("4A0F001", "mx[192.0.2.9]:25", "250 Ok"),
    "02 smtp[3]: 4A0F001: to=<z@example.com>, orig_to=<y@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (x)",
    # A retry, in which nothing is new.
    "03 qmgr[2]: 4A0F001: from=<x@mail.example.net>, size=1, nrcpt=2 (queue active)",
    "03 smtp[3]: 4A0F001: to=<z@example.com>, orig_to=<y@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (x)",
    "04 smtpd[1]: 4A0F002: client=x[192.0.2.7]",
    "04 qmgr[2]: 4A0F002: from=<>, size=1, nrcpt=1 (queue active)",
    "05 smtp[3]: " + sent("4A0F002", "mx[192.0.2.9]:25", "250 Ok", to="x@sub.example.org"),
    "05 qmgr[2]: 4A0F002: removed",
    # The same queue ID again; a message that a filter gives back; one that does not come over SMTP; one that came before the log begins.
    "06 smtpd[1]: 4A0F002: client=x[192.0.2.8]",
    "06 qmgr[2]: 4A0F002: from=<b@example.com>, size=1, nrcpt=1 (queue active)",
    "07 smtpd[1]: 4A0F003: client=localhost[127.0.0.1], orig_queue_id=4A0F002, orig_client=x[192.0.2.8]",
    "07 qmgr[2]: 4A0F003: from=<b@example.com>, size=1, nrcpt=1 (queue active)",
    "08 pickup[4]: 4A0F004: uid=0 from=<c@mail.example.net>",
    "08 qmgr[2]: 4A0F004: from=<c@mail.example.net>, size=1, nrcpt=1 (queue active)",
    "09 smtp[3]: " + sent("4A0F005", "mx[192.0.2.9]:25", "250 Ok"),
    # Text of strangers.
    "10 cleanup[5]: 4A0F006: message-id=<x: 4A0F007: client=x[192.0.2.7]>",
)


def tried(*blocks: bytes) -> Trial:
    found = Trial(parse_rules(RULES))
    for block in blocks:
        found.add_block(block, CLOCK)
    return found


def test_messages_and_recipients_that_rules_stop() -> None:
    expected = [(1, 2), (2, 2), (1, 2), (1, 2), (3, 4)]
    assert tried(BLOCK).counts() == expected
    assert tried(BLOCK).missed == 0
    lines = [line + b"\n" for line in BLOCK.splitlines()]
    assert tried(*lines).counts() == expected


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "MAX_MESSAGES", 1)
    found = tried(BLOCK)
    assert found.missed == 1
    monkeypatch.setattr(trial, "_MAX_RECIPIENTS", 0)
    again = tried(BLOCK)
    assert again.missed == 4
    assert again.counts()[3] == (1, 3)


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        pytest.param(
            ["x"],
            "match[0]: 'x' is not a mapping with exactly one key. Write one, such as {sender: example.com}",
            id="text",
        ),
        pytest.param(
            [{}],
            "match[0]: {} is not a mapping with exactly one key. Write one, such as {sender: example.com}",
            id="no key",
        ),
        pytest.param(
            [{"sender": "<>"}, {"body": "x"}],
            "match[1].body: the log cannot be searched for it. Use one of sasl_username, client_address, sender, recipient",
            id="body",
        ),
        pytest.param([{"sender": []}], "match[0].sender: the list is empty. Write at least one value", id="empty list"),
        pytest.param(
            [{"sender": "*@example.com"}],
            'match[0].sender: "*@example.com" matches no address. Use "example.com" for the domain.',
            id="value",
        ),
        pytest.param([{"sender": "<>"}] * 501, "match: it has 501 rules, and at most 500 are tried at once", id="many"),
    ],
)
def test_rules_that_are_refused(rules: list[Any], problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_rules(rules)
    assert str(caught.value) == problem
