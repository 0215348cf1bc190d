# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    QuarantineSteps,
    quarantine_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import QuarantineLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from tests.unit.support.report_samples import NOW, preview_of, restored_steps, sums_of
from tests.unit.support.tables import wide_text


def steps_of(hosts: dict[str, QuarantineSteps]) -> dict[str, dict[str, Any]]:
    """Return what the tasks returned, {host: {step: result}}."""
    return {host: steps._asdict() for host, steps in hosts.items()}


def _quarantine_report(
    hosts: dict[str, QuarantineSteps],
    *,
    reason: str | None = None,
    check: bool = False,
    limits: QuarantineLimits | None = None,
) -> dict[str, Any]:
    run = QuarantineOptions(name="spam", reason=reason, rules=True, must_run=True, check=check)
    return quarantine_report(steps_of(hosts), created=NOW, run=run, limits=limits)


def test_quarantine_text() -> None:
    unreachable = QuarantineSteps(quarantine={"unreachable": True, "msg": "timed out"})
    hosts = {"mx01": restored_steps(), "mx02": unreachable}
    assert wide_text(_quarantine_report(hosts, reason="ticket 4711")) == [
        "Quarantine, 2026-11-20 12:00:00 UTC",
        "Quarantined: 40 messages (3.9 KiB) to 80 recipients.",
        "Restored: 8 messages (800 B) to 16 recipients.",
        "32 messages are in quarantine.",
        "Mail was down for 1.5 seconds at the most.",
        "",
        "host  state        mail  seconds down  quarantined  to restore  restored  collisions  left  deleted",
        "mx01  restored     runs           1.5           40           8         8           0    32        -",
        "mx02  unreachable  -                -            -           -         -           -     -        -",
        "",
        "What:",
        "  quarantine: spam",
        "  reason: ticket 4711",
        "",
        "Problems:",
        "  mx02: unreachable: timed out",
    ]


def test_quarantine_text_of_a_dry_look() -> None:
    hosts = {"mx01": restored_steps()._replace(restore={}, left={})}
    assert wide_text(_quarantine_report(hosts, limits=QuarantineLimits(max_messages=7))) == [
        "Quarantine, before anything is restored or deleted, 2026-11-20 12:00:00 UTC",
        "Quarantined: 40 messages (3.9 KiB) to 80 recipients.",
        "To be restored: 8 messages (800 B) to 16 recipients.",
        "40 messages are in quarantine.",
        "3 messages match for some of their recipients only, and stay there.",
        "Mail was down for 1.5 seconds at the most.",
        "",
        (
            "host  state          mail  seconds down  quarantined  to restore  restored  collisions  left  deleted  "
            "top sender to restore"
        ),
        (
            "mx01  would restore  runs           1.5           40           8         -           -    40        -  "
            "a@example.com (8)"
        ),
        "",
        "What:",
        "  quarantine: spam",
        "",
        "Nothing is restored or deleted:",
        "  refused: mx01: The rules would restore 8 messages, spool_quarantine_max_messages allows 7.",
    ]


OLD = {"quarantines": [{"path": "/q/spam", "filled": NOW - 15 * 86400}]}
YOUNG = {"quarantines": [{"path": "/q/spam", "filled": NOW - 13 * 86400}]}
# name, what is known of the quarantine, to be deleted
EXPIRIES: list[tuple[str, dict[str, Any], int]] = [("old", OLD, 32), ("young", YOUNG, 0)]


@pytest.mark.parametrize(("found", "count"), [row[1:] for row in EXPIRIES], ids=[row[0] for row in EXPIRIES])
def test_what_is_to_be_deleted_is_announced_counted_and_limited(found: dict[str, Any], count: int) -> None:
    hosts = {"mx01": restored_steps()._replace(listing=found, restore={}, left={})}
    run = QuarantineOptions(name="spam", rules=True, expire="14d")
    report = quarantine_report(steps_of(hosts), created=NOW, run=run, limits=QuarantineLimits(expire_max_messages=31))
    text = wide_text(report)
    announced = (
        "%d of them would be DELETED at the end, because nothing was moved into their quarantine for 14d." % count
    )
    assert (announced in text) is bool(count)
    head = next(number for number, line in enumerate(text) if line.startswith("host "))
    assert re.split(r" {2,}", text[head])[9:11] == ["to delete", "deleted"]
    assert re.split(r" {2,}", text[head + 1])[9:11] == [str(count), "-"]
    assert refusal_texts(report) == (
        ["mx01: spool_quarantine_expire would delete 32 messages, spool_quarantine_expire_max_messages allows 31."]
        if count
        else []
    )


@pytest.mark.parametrize("everything", [False, True])
def test_restoring_everything_is_said_in_words_and_must_be_allowed(everything: bool) -> None:
    hosts = {"mx01": restored_steps()._replace(preview=preview_of(40, 40), restore={}, left={})}
    run = QuarantineOptions(name="spam", rules=True, everything=everything)
    report = quarantine_report(steps_of(hosts), created=NOW, run=run, limits=QuarantineLimits())
    text = wide_text(report)
    assert text[4] == "ALL of them would be restored."
    row = next(line for line in text if line.startswith("mx01 "))
    assert re.split(r" {2,}", row)[5] == "ALL 40"
    refusal = (
        "mx01: The rules would restore ALL 40 messages, which is more than 95 percent. Narrow the rules, or set "
        "spool_quarantine_max_percent: 100 if you mean that."
    )
    assert refusal_texts(report) == ([] if everything else [refusal])


def test_quarantine_text_of_a_prediction() -> None:
    hosts = {"mx01": restored_steps()._replace(restore={"skipped": True}, left={})}
    assert wide_text(_quarantine_report(hosts, check=True))[1:4] == [
        "Would be quarantined: 40 messages (3.9 KiB) to 80 recipients.",
        "Would be restored: 8 messages (800 B) to 16 recipients.",
        "32 messages would be left in quarantine.",
    ]


def test_quarantine_text_of_what_was_deleted() -> None:
    deleted = {"deleted": sums_of(32)}
    text = wide_text(_quarantine_report({"mx01": restored_steps()._replace(expiry=deleted)}))
    assert text[3:5] == ["Deleted: 32 messages (3.1 KiB) to 64 recipients.", "0 messages are in quarantine."]


def test_a_preview_without_problems_needs_no_more_lines() -> None:
    preview = preview_of(8, 40)
    preview["ansible_facts"]["postfix_queue"]["matched"]["partial"] = 0
    hosts = {"mx01": restored_steps()._replace(quarantine={}, listing=YOUNG, preview=preview, restore={}, left={})}
    text = wide_text(_quarantine_report(hosts, limits=QuarantineLimits()))
    assert text[:5] == [
        "Quarantine, before anything is restored or deleted, 2026-11-20 12:00:00 UTC",
        "Quarantined: 0 messages (0 B) to 0 recipients.",
        "To be restored: 8 messages (800 B) to 16 recipients.",
        "40 messages are in quarantine.",
        "",
    ]


def test_a_run_that_was_interrupted_says_so() -> None:
    run = QuarantineOptions(name="spam", rules=True)
    report = quarantine_report(steps_of({"mx01": restored_steps()}), created=NOW, run=run, started=["mx01"])
    assert wide_text(report)[0] == "Quarantine, interrupted, 2026-11-20 12:00:00 UTC"
