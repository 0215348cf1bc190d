# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import event_types
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.lives import LogRecord
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sums import LogSums
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import find_suspects
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import TracedLine
from ansible_collections.mailops.postfix.plugins.module_utils._module import _log_show as shown
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_show import Section, show_sections
from tests.unit.support.mail_log import CLOCK, log

# Each character has twelve bytes of JSON.
UNTRUSTED = "\U000e0100" * 60


def sums_of(number: int) -> LogSums:
    """Return sums of so many accounts, with texts that are as long as they can be."""
    sums = LogSums()
    for count in range(number):
        name = "%s%03d" % (UNTRUSTED, count)
        sums.add_block(
            log(
                "01 smtpd[1]: 4A0F%03d: client=x[2001:db8::%d], sasl_method=PLAIN, sasl_username=%s" % (count, count, name),
                "02 qmgr[1]: 4A0F%03d: from=<%s@x>, size=1, nrcpt=9 (queue active)" % (count, name),
                "03 smtp[1]: 4A0F%03d: to=<x@y>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (%s)" % (count, name * 5),
                "04 smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 %s" % name,
                "05 %s[1]: %s" % ("p%d" % count, name),
            ),
            CLOCK,
        )  # fmt: skip
    return sums


def test_every_list_is_bounded_and_names_what_it_lacks() -> None:
    sums = sums_of(150)
    suspects = find_suspects(sums.accounts(), {"networks_per_day": 1, "logins_per_hour": 1})
    assert len(suspects) == 150
    lines = {suspect.account.sasl_username: [UNTRUSTED.encode() * 5] * 3 for suspect in suspects}
    sections = {
        "sources": Section([{"path": "x" * 320}] * 400),
        "accounts": shown.show_accounts(sums.accounts(10)),
        "clients": shown.show_clients(sums, 10),
        "senders": shown.show_senders(sums, 10),
        "reasons": shown.show_reasons(sums, 10),
        "rejects": shown.show_rejects(sums, 10),
        "suspects": shown.show_suspects(suspects, 100, lines),
        "unparsed": shown.show_unparsed(sums),
    }
    assert all(section.rows for section in sections.values())
    result = show_sections(sections, top=10, limit=100)
    assert len(json.dumps(result)) < 60 * 1024
    assert {"sources", "suspects", "unparsed"} <= set(result["truncated"])
    assert all(result[name] for name in sections)
    more = show_sections(sections, top=1000, limit=10000)
    assert more["truncated"] == ["suspects"]
    assert len(more["suspects"]) == 100


def test_one_list_has_all_the_room() -> None:
    rows = [{"line": "x" * 500}] * 100
    assert len(show_sections({"trace": Section(rows)}, top=10, limit=100)["trace"]) == 100
    both = show_sections({"trace": Section(rows), "queue": Section(rows)}, top=10, limit=100)
    assert both["truncated"] == ["trace", "queue"]


def record(event: Any, line: bytes = b"line") -> LogRecord:
    return LogRecord(1, 0, b"mx01", b"postfix", b"smtpd", 7, getattr(event, "queue_id", None), event, line)


@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param(event_types.Removed(b"4A0F001"), "removed", id="known"),
        pytest.param(event_types.Known(None), "other", id="other"),
        pytest.param(None, "other", id="not understood"),
    ],
)
def test_lines_of_a_trace(event: Any, name: str) -> None:
    lines = [TracedLine(record(event, b"a\x1b\xff"), 1), TracedLine(record(event), None)]
    section = shown.show_trace(lines, 1, truncated=False)
    assert section.truncated
    assert section.rows == [
        {
            "time": 1,
            "host": "mx01",
            "program": "postfix/smtpd",
            "queue_id": None if name == "other" else "4A0F001",
            "message": 1,
            "event": name,
            "line": r"a\x1b\xff",
        }
    ]
    assert shown.show_trace(lines, 2, truncated=True).truncated
    assert not shown.show_trace(lines, 2, truncated=False).truncated


def test_every_event_has_a_name() -> None:
    events = {value for value in vars(event_types).values() if isinstance(value, type) and hasattr(value, "_fields")}
    assert set(shown.EVENTS) == events
