# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries are what journalctl 252 printed of a journal that systemd-journal-remote wrote, with texts of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.journal import line_of_entry
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

ENTRIES = Path(__file__).resolve().parents[4] / "fixtures" / "journal_entries.jsonl"
TIME = b"2026-11-26T13:14:"


def test_real_entries_are_lines() -> None:
    lines = [line_of_entry(entry) for entry in ENTRIES.read_bytes().splitlines()]
    assert lines == [
        TIME
        + b"54.000000+00:00 mx01 postfix/smtpd[123]: 4XYZ: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=bob",
        TIME + b"54.654321+00:00 mx01 postfix/smtpd[123]: bytes \xff\xfe here",
        TIME + b"55.654321+00:00 mx01 dovecot[123]: line one#012Nov 26 13:14:54 mx01 postfix/smtpd[1]: forged#011tab",
        TIME + b"56.654321+00:00 mx01 dovecot[123]: imap-login: Login: user=<j\xc3\xbcrgen>",
        TIME + b"57.000000+00:00 mx01 saslauthd[123]: do_auth : auth failure: [user=bob]",
        TIME + b"58.000000+00:00 mx01 postfix/smtpd[123]: " + b"x" * 6000,
        TIME + b"59.000000+00:00 mx01 postfix/smtpd[123]: two",
        b"2026-11-26T13:15:00.000000+00:00 mx01 postfix/smtpd[123]: esc #033[31m nul",
        b"2026-11-26T13:15:01.000000+00:00 mx01 postfix/smtpd[123]: zero #000 byte #177",
        b"2026-11-26T13:15:02.000000+00:00 - post?fix: ident with newline",
        b"2026-11-26T13:15:03.000000+00:00 - x[7]: ",
    ]
    assert Clock(0).seconds((lines[0] or b"").partition(b" ")[0]) == 1795698894


def entry(**fields: object) -> bytes:
    return json.dumps({"__REALTIME_TIMESTAMP": "1795698894000000", **fields}).encode()


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        pytest.param({"MESSAGE": None}, b"- -: ", id="no text"),
        pytest.param({"MESSAGE": "text\n\n"}, b"- -: text", id="newlines at the end"),
        pytest.param({"MESSAGE": [[97, 10, 255], "b"]}, b"- -: a#012\xff", id="several values"),
        pytest.param({"MESSAGE": [97, 1000, -1, "x", 98]}, b"- -: ab", id="numbers that are no bytes"),
        pytest.param({"MESSAGE": []}, b"- -: ", id="an empty list"),
        pytest.param({"MESSAGE": [{}]}, b"- -: ", id="a list of something else"),
        pytest.param({"MESSAGE": 5}, b"- -: ", id="a number"),
        pytest.param({"MESSAGE": "\ud800"}, b"- -: ?", id="half a character"),
        pytest.param({"SYSLOG_IDENTIFIER": "a b[1]: c", "MESSAGE": "x"}, b"- a?b?1???c: x", id="a name with a text"),
        pytest.param({"SYSLOG_PID": "1]: x", "_PID": "5", "MESSAGE": "x"}, b"- -: x", id="no process ID"),
        pytest.param({"SYSLOG_PID": "", "_PID": "5", "MESSAGE": "x"}, b"- -[5]: x", id="the process ID of the journal"),
        pytest.param({"_HOSTNAME": "mx 01", "MESSAGE": "x"}, b"mx?01 -: x", id="a host name with a blank"),
    ],
)
def test_any_values_are_one_line(fields: dict[str, object], end: bytes) -> None:
    assert line_of_entry(entry(**fields)) == b"2026-11-26T13:14:54.000000+00:00 " + end


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-- No entries --",
        b"{",
        b"[]",
        b"5",
        b"[" * 100000,
        b"{}",
        b'{"__REALTIME_TIMESTAMP": "x"}',
        b'{"__REALTIME_TIMESTAMP": "-5"}',
        b'{"__REALTIME_TIMESTAMP": "100000000000000000"}',
    ],
)
def test_other_text_is_no_line(text: bytes) -> None:
    assert line_of_entry(text) is None
