# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from tests.unit.support.report_samples import NOW, left_of, plan_of, purged_of
from tests.unit.support.results import cleanup_steps
from tests.unit.support.tables import wide_text


def test_cleanup_text() -> None:
    results = {
        "mx01": cleanup_steps(plan_of(40), purged_of(39), left_of(3), left_of(0)),
        "mx02": cleanup_steps({"unreachable": True, "msg": "timed out"}),
    }
    report = cleanup_report(results, created=NOW, run=CleanupRun(reason="ticket 4711"))
    assert wide_text(report) == [
        "Cleanup, 2026-11-20 12:00:00 UTC",
        "Deleted: 39 of 40 planned messages (3.8 KiB) to 78 recipients.",
        "1 planned messages are no longer as planned; what was not deleted is left alone.",
        "3 more messages of the selection have arrived since; run the cleanup again.",
        "",
        (
            "host  state        planned  purged  recipients     size  vanished  changed  in flight  failed  left  arrived  "
            "plan made"
        ),
        "mx01  cleaned           40      39          78  3.8 KiB         1        0          2       0     0        3     0s ago",
        "mx02  unreachable        -       -           -        -         -        -          -       -     -        -          -",
        "",
        "Why:",
        "  reason: ticket 4711",
        "",
        "Rules:",
        '  rule: {"sender": "a@example.com"}',
        "",
        "Problems:",
        "  mx02: unreachable: timed out",
    ]


def test_cleanup_shows_every_outcome_and_what_failed() -> None:
    purged = purged_of(0)
    purged["outcomes"].update(already_purged=7, undecided=2)
    purged["failures"] = [{"queue_id": "%dA" % number, "queue": "deferred", "problem": "EIO"} for number in range(7)]
    purged["undecided"] = [{"queue_id": "4B", "queue": "hold", "problem": "its body is too long"}]
    report = cleanup_report({"mx01": cleanup_steps(plan_of(40), purged, left_of(0), {})}, created=NOW, run=CleanupRun())
    text = wide_text(report)
    assert re.split(r" {2,}", text[4])[10:13] == ["already purged", "undecided", "left"]
    assert re.split(r" {2,}", text[5])[10:13] == ["7", "2", "0"]
    start = text.index("Failed:")
    assert text[start + 1] == "  mx01: 0A in deferred: EIO"
    assert text[start + 6] == "  mx01: and 2 more"
    assert text[text.index("Undecided:") + 1] == "  mx01: 4B in hold: its body is too long"


def test_cleanup_that_was_interrupted_says_so() -> None:
    results = {"mx01": cleanup_steps(plan_of(40), {}, {}, {})}
    text = wide_text(cleanup_report(results, created=NOW, run=CleanupRun(started=["mx01"], interrupted=True)))
    assert text[0] == "Cleanup, interrupted, 2026-11-20 12:00:00 UTC"
    assert text[2] == "The run was interrupted. Its results are known only for the hosts that it had finished."


VERBS: list[tuple[str, bool, str]] = [
    ("delete", True, "Would be deleted: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
    ("expire", False, "Expired: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
    ("quarantine", False, "Quarantined: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
    ("expire", True, "Would be expired: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
]


@pytest.mark.parametrize(("method", "check", "line"), VERBS)
def test_cleanup_says_what_was_done(method: str, check: bool, line: str) -> None:
    cleanup = cleanup_steps(plan_of(40), purged_of(39), {}, {})
    report = cleanup_report({"mx01": cleanup}, created=NOW, run=CleanupRun(method=method, check=check))
    assert wide_text(report)[1] == line


@pytest.mark.parametrize(("problem", "said"), [(False, True), (True, False)])
def test_a_run_that_was_done_already_says_so(problem: bool, said: bool) -> None:
    results = {"mx01": cleanup_steps(plan_of(9), purged_of(9), left_of(0))}
    if problem:
        results["mx02"] = cleanup_steps(plan_of(4))
    text = wide_text(cleanup_report(results, created=NOW, run=CleanupRun(nothing_left=True)))
    assert ("Nothing was left to do. The figures are those of the whole run." in text) == said


def test_cleanup_says_what_stayed_and_what_was_done_before_it_was_resumed() -> None:
    rest = {"before": 60, "kept": 57, "gone": 3, "changed": 0, "new": 5}
    purge = {**purged_of(9), "rest": rest, "attempts": 2}
    purge["outcomes"].update(already_purged=30, vanished=0)
    left = left_of(0)
    left["ansible_facts"]["postfix_queue"]["total"] = {"messages": 62}
    results = {"mx01": cleanup_steps(plan_of(40), purge, left), "mx02": cleanup_steps(plan_of(40))}
    report = cleanup_report(results, created=NOW, run=CleanupRun(canary=["mx01"], waiting=True))
    text = wide_text(report)
    assert text[1:6] == [
        "Deleted: 9 of 80 planned messages (900 B) to 18 recipients.",
        "30 more were deleted before the run was cut off and resumed.",
        (
            "Not in the plan: 60 messages. 57 stayed as they were, 3 left the queue by themselves, 0 are not as they were, 5 arrived."
        ),
        "In the queues: %d before, 62 after." % plan_of(40)["plan"]["counts"]["in_queues"],
        (
            "The canary is clean, and the other hosts wait. Resume the run with queue_cleanup_run. With queue_cleanup_canary_pause=approval, "
            "approve the plan again first."
        ),
    ]
    assert re.split(r" {2,}", text[7])[-2:] == ["kept", "plan made"]
    assert [re.split(r" {2,}", line)[-2] for line in text[8:10]] == ["57 of 60", "-"]
