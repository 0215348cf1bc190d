# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import LockoutLimits
from tests.unit.support.lockout import lock_of, locked_of, matched_of, sweep_of, tried_of
from tests.unit.support.results import NOW, UNREACHABLE, left_of, purged_of
from tests.unit.support.tables import wide_text

RUN = LockoutRun(locks=[{"sasl_username": "stolen@example.com"}], cleanup="purge", since="1d", reason="ticket 4711")
LOCK = lock_of("stolen@example.com")
BEFORE = {"preview": tried_of(40), "log": matched_of(300, 1000)}
RESULTS: dict[str, dict[str, Any]] = {
    "mx01": {
        **BEFORE,
        "lock": locked_of(LOCK, added=[LOCK]),
        "sweep": sweep_of(3, held=40, sessions=2),
        "clean": purged_of(40),
        "left": left_of(0),
    },
    "mx02": {"preview": UNREACHABLE},
}
LOCKS = [
    "Locks:",
    (
        '  lock: {"sasl_username": "stolen@example.com"}: 40 messages in the queues before, would have stopped 300 messages in '
        "the last 1d"
    ),
    "",
]
PROBLEMS = [
    "Problems:",
    "  mx02: unreachable: no route to host. Nothing is locked here. Run it again when the host answers.",
]


def test_a_lockout() -> None:
    assert wide_text(lockout_report(RESULTS, created=NOW, run=RUN)) == [
        "Lockout, 2026-11-20 10:39:09 UTC",
        "1 of 2 hosts are locked.",
        "2 sessions ended, 40 messages held, 40 deleted.",
        "",
        "host  state        added  updated  removed  expired  sessions  held  deleted  left",
        "mx01  locked           1        0        0        0         2    40       40     0",
        "mx02  unreachable      0        0        0        0         -     -        -     -",
        "",
        "Why:",
        "  reason: ticket 4711",
        "",
        *LOCKS,
        *PROBLEMS,
    ]


def test_a_preview_has_its_refusals() -> None:
    before = {host: {"preview": steps["preview"], "log": steps.get("log", {})} for host, steps in RESULTS.items()}
    report = lockout_report(before, created=NOW, run=RUN, limits=LockoutLimits(max_messages=5))
    text = wide_text(report)
    assert text[:2] == [
        "Lockout, before anything is touched, 2026-11-20 10:39:09 UTC",
        "1 of 2 hosts would be locked.",
    ]
    assert text[text.index("Locks:") :] == [
        *LOCKS,
        "Refused:",
        "  refused: mx01: The locks select 40 messages in the queues, lockout_max_messages allows 5.",
        "",
        *PROBLEMS,
    ]


def test_the_name_of_a_quarantine_and_what_is_not_known_are_shown() -> None:
    steps = {**RESULTS["mx01"], "sweep": sweep_of(unknown_sessions=3), "clean": {"quarantined": {"messages": 7}}}
    run = RUN._replace(cleanup="quarantine", quarantine="lockout-12345678", reason=None)
    text = wide_text(lockout_report({"mx01": steps}, created=NOW, run=run))
    assert text[2:5] == [
        "0 sessions ended, 0 messages held, 7 quarantined.",
        (
            "3 sessions that began before have sent nothing so far, or are not in the mail log, so their account is not known. Run it "
            "again to end them if they send."
        ),
        "The quarantine is lockout-12345678.",
    ]
    assert "Why:" not in text


def test_locks_that_are_removed() -> None:
    run = RUN._replace(unlock=True, cleanup="none", ids=["sender-1a2b3c4d"], check=True)
    removed = [LOCK, {**LOCK, "id": "sasl_username-06745913"}, {**LOCK, "id": "sender-1a2b3c4d"}]
    steps = {"lock": locked_of(removed=removed), "left": left_of(7)}
    text = wide_text(lockout_report({"mx01": steps}, created=NOW, run=run))
    assert text[:6] == [
        "Unlocked, 2026-11-20 10:39:09 UTC",
        "1 of 1 hosts would be unlocked.",
        "7 messages are still on hold. Unlocking does not release them: examine them, then release or delete them.",
        "",
        "host  state         added  updated  removed  expired  sessions  held  on hold",
        "mx01  would unlock      0        0        3        0         -     -        7",
    ]
    assert text[-2:] == ['  lock: {"sasl_username": "stolen@example.com"}', "  ID: sender-1a2b3c4d"]


def test_what_is_on_no_host_is_named_when_it_should_be_removed() -> None:
    run = RUN._replace(unlock=True, cleanup="none", ids=["sender-1a2b3c4d"])
    steps = {"lock": locked_of(), "left": left_of(0)}
    text = wide_text(lockout_report({"mx01": steps}, created=NOW, run=run))
    assert text[1:4] == [
        "1 of 1 hosts are unlocked.",
        (
            "No host that answered had sasl_username-06745913, sender-1a2b3c4d. The playbook mailops.postfix.locks lists the locks."
        ),
        "",
    ]


def test_a_lock_that_selects_nothing_and_check_mode() -> None:
    steps = {**RESULTS["mx01"], "preview": tried_of(0), "log": matched_of(0, 1000)}
    run = RUN._replace(cleanup="hold", check=True)
    assert wide_text(lockout_report({"mx01": steps}, created=NOW, run=run))[2:4] == [
        "2 sessions would be ended, 40 messages would be held.",
        "Some locks select no message in the queues and in the logs. If you expected some, check how they are written.",
    ]


def test_an_interrupted_run() -> None:
    text = wide_text(lockout_report(RESULTS, created=NOW, run=RUN._replace(cleanup="hold"), started=["mx01"]))
    assert text[0] == "Lockout, interrupted, 2026-11-20 10:39:09 UTC"
    assert text[2:4] == [
        "2 sessions ended, 40 messages held.",
        "The run was interrupted. Its results are known only for the hosts that it had finished.",
    ]
