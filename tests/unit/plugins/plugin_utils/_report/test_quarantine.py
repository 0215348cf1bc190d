# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    QuarantineSteps,
    quarantine_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import QuarantineLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from tests.unit.support.results import (
    FAILED,
    NOTHING,
    NOW,
    SKIPPED,
    UNREACHABLE,
    preview_of,
    quarantined_of,
    restored_of,
    service_of,
)

RUN = QuarantineOptions(name="spam", reason=None, rules=True, must_run=True, check=False)


ALL_WELL = QuarantineSteps(
    quarantine=quarantined_of(40),
    source=NOTHING,
    listing=SKIPPED,
    preview=preview_of(8, 40),
    restore=restored_of(8),
    left=preview_of(0, 32),
    expiry=SKIPPED,
    service=service_of(True),
)
NO_MORE = ALL_WELL._replace(quarantine=quarantined_of(0), preview=preview_of(0, 32), restore=SKIPPED)
ONLY_FOUND = NO_MORE._replace(quarantine=NOTHING, listing={"quarantines": [{"path": "/q/spam"}]})
LEFT_OVER = (
    "2 messages of the selection are still in the quarantine, 1 of them because a file in the queue has their queue ID; "
    "check these messages, then restore again."
)
# name, what the tasks returned, state, problem, left
QUARANTINES: list[tuple[str, QuarantineSteps, str, str | None, int | None]] = [
    ("all well", ALL_WELL, "restored", None, 32),
    ("a second run", NO_MORE, "nothing_to_do", None, 32),
    ("no good mail in it", NO_MORE._replace(quarantine=quarantined_of(32)), "quarantined", None, 32),
    ("old", NO_MORE._replace(expiry={"deleted": {"messages": 32}}), "deleted", None, 0),
    ("restored later", ONLY_FOUND._replace(preview=preview_of(8, 40), restore=restored_of(8)), "restored", None, 32),
    (
        "none of that name",
        QuarantineSteps(listing={"quarantines": []}, preview=SKIPPED, restore=SKIPPED, left=SKIPPED, expiry=SKIPPED),
        "no_quarantine",
        None,
        None,
    ),
    (
        "collided",
        ALL_WELL._replace(restore=restored_of(6, collisions=1), left=preview_of(2, 34)),
        "left_over",
        LEFT_OVER,
        34,
    ),
    (
        "Postfix does not start",
        QuarantineSteps(
            quarantine=FAILED, listing=SKIPPED, preview=SKIPPED, restore=SKIPPED, service=service_of(False)
        ),
        "mail_down",
        "there is no Postfix",
        None,
    ),
    (
        "Postfix stopped later",
        ALL_WELL._replace(service=service_of(False)),
        "mail_down",
        "Postfix does not run on this host; start it.",
        32,
    ),
    (
        "Postfix does not stop",
        QuarantineSteps(quarantine=FAILED, listing=SKIPPED, preview=SKIPPED, restore=SKIPPED, service=service_of(True)),
        "failed",
        "there is no Postfix",
        None,
    ),
    (
        "the source goes on",
        QuarantineSteps(quarantine=SKIPPED, source=FAILED, listing=SKIPPED, preview=SKIPPED, restore=SKIPPED),
        "failed",
        "The source was not stopped, so nothing was touched here: there is no Postfix",
        None,
    ),
    (
        "not begun",
        QuarantineSteps(quarantine=SKIPPED, listing=SKIPPED, preview=SKIPPED, restore=SKIPPED),
        "stopped",
        "Nothing was touched here, because an earlier host failed.",
        None,
    ),
    (
        "not restored",
        ALL_WELL._replace(restore=SKIPPED, left=SKIPPED),
        "stopped",
        "Nothing was restored here, because an earlier host failed.",
        40,
    ),
    ("the restoration failed", ALL_WELL._replace(restore=FAILED, left=SKIPPED), "failed", "there is no Postfix", 40),
    (
        "unreachable for the verification",
        ALL_WELL._replace(left=UNREACHABLE),
        "not_verified",
        "The result could not be verified: no route to host",
        32,
    ),
    ("unreachable", QuarantineSteps(quarantine=UNREACHABLE), "unreachable", "no route to host", None),
    (
        "never queried",
        QuarantineSteps(),
        "missing",
        "The host failed in an earlier task or play and was not queried.",
        None,
    ),
]


@pytest.mark.parametrize(
    ("steps", "state", "problem", "left"), [row[1:] for row in QUARANTINES], ids=[row[0] for row in QUARANTINES]
)
def test_quarantine_states(steps: QuarantineSteps, state: str, problem: str | None, left: int | None) -> None:
    report = quarantine_report({"a": steps._asdict()}, created=NOW, run=RUN)
    (row,) = report["hosts"]
    assert (row["state"], row["problem"], row["left"]) == (state, problem, left)
    assert report["problems"] == ({"a": problem} if problem else {})


def test_a_postfix_that_somebody_stopped_may_stay_stopped() -> None:
    steps = ALL_WELL._replace(service=service_of(False))
    report = quarantine_report({"a": steps._asdict()}, created=NOW, run=RUN._replace(must_run=False))
    assert (report["hosts"][0]["state"], report["hosts"][0]["mail_runs"]) == ("restored", False)


def test_quarantine_in_check_mode() -> None:
    check = RUN._replace(check=True)
    first = ALL_WELL._replace(restore=SKIPPED, left=NOTHING)
    (row,) = quarantine_report({"a": first._asdict()}, created=NOW, run=check)["hosts"]
    assert (row["state"], row["restored"]["messages"], row["left"]) == ("would_restore", 8, 32)
    # What is to be deleted was counted before the rest was restored.
    sums = {"messages": 40, "bytes": 4000, "recipients": 80}
    later = ALL_WELL._replace(quarantine=quarantined_of(0), left=NOTHING, expiry={"deleted": sums})
    (row,) = quarantine_report({"a": later._asdict()}, created=NOW, run=check)["hosts"]
    assert (row["state"], row["deleted"], row["left"]) == (
        "would_delete",
        {"messages": 32, "bytes": 3200, "recipients": 64},
        0,
    )


RESTORE_LIMITS: list[tuple[dict[str, float], list[str]]] = [
    ({"max_messages": 8, "max_percent": 20, "fleet_max_messages": 16}, []),
    ({"max_messages": 7}, ["%s: The rules would restore 8 messages, spool_quarantine_max_messages allows 7."]),
    (
        {"max_percent": 19.5},
        ["%s: The rules would restore 8 of 40 messages, spool_quarantine_max_percent allows 19.5 percent."],
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), RESTORE_LIMITS)
def test_limits_of_what_is_restored(limits: dict[str, float], refusals: list[str]) -> None:
    steps = ALL_WELL._replace(restore=NOTHING, left=NOTHING)
    report = quarantine_report(
        {"a": steps._asdict(), "b": steps._asdict()}, created=NOW, run=RUN, limits=QuarantineLimits(**limits)
    )
    assert refusal_texts(report) == [text % host for host in ("a", "b") for text in refusals]


def test_limit_of_what_is_restored_in_all() -> None:
    steps = ALL_WELL._replace(restore=NOTHING, left=NOTHING)
    hosts = {"a": steps._asdict(), "b": steps._asdict()}
    report = quarantine_report(hosts, created=NOW, run=RUN, limits=QuarantineLimits(fleet_max_messages=15))
    assert refusal_texts(report) == [
        "The rules would restore 16 messages, spool_quarantine_fleet_max_messages allows 15."
    ]


def test_a_quarantine_that_nobody_has_is_refused() -> None:
    none = QuarantineSteps(listing={"quarantines": []}, preview=SKIPPED)
    report = quarantine_report({"a": none._asdict()}, created=NOW, run=RUN, limits=QuarantineLimits())
    assert refusal_texts(report) == [
        "No host has a quarantine spam; run the playbook without a name to see which there are."
    ]
    both = quarantine_report(
        {"a": none._asdict(), "b": ALL_WELL._asdict()}, created=NOW, run=RUN, limits=QuarantineLimits()
    )
    assert both["refusals"] == []
