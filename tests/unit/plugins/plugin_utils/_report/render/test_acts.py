# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import ActLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.flush import FlushRun, flush_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hold import HoldRun, hold_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.acts import flush_document, hold_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_lines
from tests.unit.support.acts import NOW, REFUSED, flushed_of, held_of, message_of
from tests.unit.support.results import UNREACHABLE


def test_a_hold_as_text() -> None:
    listed = [message_of("4A0F9AC", "held", more=3), message_of("4A0F9AD", None, sender="")]
    results = {
        "mx02": {"plan": UNREACHABLE},
        "mx01": {"plan": held_of(3), "act": held_of(3, messages=listed)},
    }
    run = HoldRun("held", reason="ticket 4711", record="reports/runs/1", match=[{"sender": "a@example.com"}])
    assert text_lines(hold_document(hold_report(results, created=NOW, run=run))) == [
        "Hold, 2026-11-20 12:00:00 UTC",
        "Held: 3 of 5 selected messages (3.0 KiB) to 6 recipients, on 1 of 2 hosts.",
        "",
        "host  state        selected  held     size",
        "mx01  held                5     3  3.0 KiB",
        "mx02  unreachable         -     -        -",
        "",
        "Why:",
        "  reason: ticket 4711",
        "",
        "Rules:",
        '  rule: {"sender": "a@example.com"}',
        "",
        "Record:",
        "  directory: reports/runs/1",
        "",
        "Messages:",
        "  mx01: 4A0F9AC held 2h 0m a@example.com -> b@example.org +3",
        "  mx01: 4A0F9AD unchanged 2h 0m <> -> b@example.org",
        "  mx01: and 3 more",
        "",
        "Problems:",
        "  mx02: unreachable: no route to host",
    ]


def test_a_release_of_what_holds_held_as_text() -> None:
    missing = [{"queue_id": "4A0F9%02d" % number, "outcome": "vanished"} for number in range(11)]
    steps = {
        "record": {"plan": {}, "problem": None},
        "plan": held_of(3, "released", not_as_planned=missing, messages=[]),
    }
    steps["plan"]["matched"].update(partial=1, undecided=2)
    run = HoldRun("released", own=True, record="reports/runs/1", check=True)
    text = text_lines(hold_document(hold_report({"mx01": steps}, created=NOW, run=run)))
    # A line that is too long is continued below itself.
    assert " ".join(" ".join(text[:6]).split()) == (
        "Release, 2026-11-20 12:00:00 UTC "
        "Would be released: 3 of 5 selected messages (3.0 KiB) to 6 recipients, on 1 of 1 hosts. "
        "1 messages match for some of their recipients only, and are left alone. "
        "2 messages are undecided, because parts of them that the rules need could not be read; they are left alone. "
        "Only what earlier holds of this collection held is released."
    )
    start = text.index("Not as planned:")
    assert text[start + 1] == "  mx01: 4A0F900: vanished"
    assert text[start + 11] == "  mx01: and 1 more"


def test_a_flush_as_text() -> None:
    act = flushed_of(3, after={"gone": 2, "deferred": 1})
    report = flush_report({"mx01": {"plan": flushed_of(3), "act": act}}, created=NOW, run=FlushRun(wait=60))
    assert text_lines(flush_document(report))[:6] == [
        "Flush, 2026-11-20 12:00:00 UTC",
        "Tried: 3 of 5 selected messages (3.0 KiB) to 6 recipients, on 1 of 1 hosts.",
        "What became of them within 60 seconds: 2 gone, 1 deferred.",
        "",
        "host  state    selected  tried  under way     size",
        "mx01  flushed         5      3          2  3.0 KiB",
    ]
    requeued = flush_report({"mx01": {"plan": act, "act": act}}, created=NOW, run=FlushRun(requeue=True))
    assert text_lines(flush_document(requeued))[1].startswith("Requeued: 3 of 5 ")


def test_a_refused_run_says_why() -> None:
    results = {"mx01": {"plan": held_of(3)}, "mx02": {"plan": REFUSED}}
    report = hold_report(results, created=NOW, run=HoldRun("held"), limits=ActLimits(4))
    text = text_lines(hold_document(report))
    assert text[1].startswith("Would be held: 3 of 5 ")
    assert " ".join(" ".join(text[text.index("Refused:") + 1 :][:3]).split()) == (
        "refused: mx02: The selection has 9 messages, max_messages allows 5. refused: 5 messages are selected on 1 hosts, "
        "queue_hold_fleet_max_messages allows 4. Narrow the selection, or raise queue_hold_fleet_max_messages."
    )


def test_the_list_of_messages_is_bounded_and_narrow() -> None:
    long: dict[str, Any] = {"sender": "s" * 300 + "@example.com", "recipients": ["r" * 300 + "@example.org"]}
    listed = [{**message_of("3RzZsM4Vw5zBrDvq%02d" % number, "in_flight", more=900), **long} for number in range(40)]
    results = {"mx%02d" % host: {"plan": held_of(50, messages=listed)} for host in range(30)}
    text = text_lines(hold_document(hold_report(results, created=NOW, run=HoldRun("held", check=True))))
    messages = text[text.index("Messages, with what would be done:") + 1 :]
    assert len([line for line in messages if " in flight " in line]) == 100
    assert messages[10] == "  mx00: and 42 more"
    assert messages[-1] == "  mx29: and 52 more"
    assert max(map(len, text)) <= 100
