# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.locks import locks_report
from tests.unit.support.lockout import NOW, lock_of, locked_of
from tests.unit.support.results import UNREACHABLE
from tests.unit.support.tables import wide_text


def test_locks_are_listed_with_who_and_when_and_where_they_are_missing() -> None:
    stolen = lock_of("stolen@example.com", expires=NOW + 7200)
    subject = lock_of({"Subject": "x"}, key="header", created=None, created_by=None, reason=None, expires=NOW - 5)
    results = {
        "mx01": {"locks": locked_of(stolen, subject)},
        "mx02": {"locks": locked_of({**stolen, "action": "hold"}, expired=[lock_of("a", key="sender")])},
        "mx03": {"locks": UNREACHABLE},
    }
    assert wide_text(locks_report(results, created=NOW)) == [
        "Locks, 2026-11-20 10:39:09 UTC",
        "2 of 3 hosts answered. They have 2 locks.",
        "1 locks are missing on some hosts. Run the lockout again for them, or unlock them.",
        "1 locks have another action or text on some hosts.",
        "",
        "lock                    value               action  hosts       made      ends  by   reason       missing on",
        'header-1a2b3c4d         {"Subject": "x"}    reject      1          -   expired  -    -            mx02',
        "sasl_username-1a2b3c4d  stolen@example.com  reject      2  1h 0m ago  in 2h 0m  ops  ticket 4711  -",
        "",
        "Expired:",
        "  mx02: removed: sender-1a2b3c4d",
        "",
        "Problems:",
        "  mx03: unreachable: no route to host",
    ]


def test_check_mode_removes_nothing() -> None:
    results = {"mx01": {"locks": locked_of(lock_of("a"), expired=[lock_of("b")])}}
    text = wide_text(locks_report(results, created=NOW, check=True))
    assert text[1] == "1 of 1 hosts answered. They have 1 locks."
    assert text[4].split()[4:] == ["1h", "0m", "ago", "-", "ops", "ticket", "4711", "-"]
    assert text[-1] == "  mx01: would be removed: sasl_username-1a2b3c4d"
