# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _reports, _sheets
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Cleanup, QuarantineRun, Quarantining

# 2026-11-20 12:00:00 UTC
NOW = 1_795_176_000
HOSTILE = '"\x1b]0;owned\x07{{ 7 * 7 }}|<script>`*[x](http://evil.example)"@example.com'


def facts_of(messages: int, *, sender: str = "a@example.com", hold: int = 0, maildrop: int = 0) -> dict[str, Any]:
    """Return a result of postfix_queue_facts."""
    figures = {"messages": messages, "bytes": 1024 * messages, "recipients": 2 * messages}
    reason = "host mx.example.org[192.0.2.1] said: 450 4.2.0 Greylisted, please try again later"
    queue_facts = {
        "queues": {
            "maildrop": {"messages": maildrop},
            "incoming": {"messages": 0},
            "active": {"messages": 0},
            "deferred": {"messages": messages},
            "hold": {"messages": hold},
            "corrupt": None,
        },
        "total": {**figures, "oldest": NOW - 7200},
        "matched": {**figures, "partial": 0},
        "top": {
            "senders": [{"value": sender, "messages": messages}],
            "recipient_domains": [{"value": "example.org", "messages": 3}, {"value": "example.net", "messages": 2}],
            "reasons": [{"value": reason, "messages": messages}],
            "sasl_usernames": [],
        },
    }
    return {"ansible_facts": {"postfix_queue": queue_facts}}


RESULTS: dict[str, dict[str, Any]] = {
    "mx01": facts_of(5),
    "mx02": {"unreachable": True, "msg": "ssh: connect to host mx02\nport 22: timed out"},
    "mx03": facts_of(12, sender="<>", maildrop=2),
}


def test_audit_text() -> None:
    report = _reports.audit_report(RESULTS, created=NOW)
    assert _sheets.report_text(report) == [
        "Mail queues, 2026-11-20 12:00:00 UTC",
        "2 of 3 hosts answered.",
        "17 messages (17.0 KiB) to 34 recipients, the oldest 2h 0m old.",
        "",
        (
            "host  state        maildrop  incoming  active  deferred  hold  oldest  top sender         top recipient domain  "
            "top reason"
        ),
        (
            "mx03  ok                  2         0       0        12     0   2h 0m  <> (12)            example.org (3)       "
            "450 4.2.0 Greylisted, please tr… (12)"
        ),
        (
            "mx01  ok                  0         0       0         5     0   2h 0m  a@example.com (5)  example.org (3)       "
            "450 4.2.0 Greylisted, please tr… (5)"
        ),
        "mx02  unreachable         -         -       -         -     -       -  -                  -                     -",
        "",
        "Top of the fleet:",
        "  senders: <> (12), a@example.com (5)",
        "  recipient domains: example.org (6), example.net (4)",
        "  reason: 450 4.2.0 Greylisted, please try again later (17)",
        "",
        "Problems:",
        "  mx02: unreachable: ssh: connect to host mx02 port 22: timed out",
    ]


def test_audit_of_a_selection_has_a_column_for_it() -> None:
    report = _reports.audit_report(
        {"mx01": facts_of(5)}, created=NOW, selection={"match": [{"sender": "a@"}], "exclude": []}
    )
    text = _sheets.report_text(report)
    assert text[3] == "The selection has 5 messages to 10 recipients."
    assert text[5].split()[:8] == ["host", "state", "incoming", "active", "deferred", "hold", "selected", "oldest"]
    assert text[6].split()[:7] == ["mx01", "ok", "0", "0", "5", "0", "5"]


def test_audit_without_counts_and_tops() -> None:
    bare = {"ansible_facts": {"postfix_queue": {"matched": {"messages": 2, "bytes": 2, "recipients": 2, "partial": 0}}}}
    text = _sheets.report_text(_reports.audit_report({"mx01": bare}, created=NOW))
    assert text[2] == "0 messages (0 B) to 0 recipients, the oldest - old."
    assert text[-1].split() == ["mx01", "ok", "-", "-", "-", "-", "-", "-", "-", "-"]


def test_audit_markdown() -> None:
    report = _reports.audit_report({"mx01": facts_of(5), "mx02": RESULTS["mx02"]}, created=NOW)
    assert _sheets.report_markdown(report).splitlines() == [
        "# Mail queues",
        "",
        "2026-11-20 12:00:00 UTC",
        "",
        "- 1 of 2 hosts answered.",
        "- 5 messages (5.0 KiB) to 10 recipients, the oldest 2h 0m old.",
        "",
        "| host | state | incoming | active | deferred | hold | oldest | top sender | top recipient domain | top reason |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- | --- |",
        (
            "| `mx01` | ok | 0 | 0 | 5 | 0 | 2h 0m | `a@example.com (5)` | `example.org (3)` "
            "| `450 4.2.0 Greylisted, please tr… (5)` |"
        ),
        "| `mx02` | unreachable | - | - | - | - | - | - | - | - |",
        "",
        "## Top of the fleet",
        "",
        "- `senders`: `a@example.com (5)`",
        "- `recipient domains`: `example.org (3), example.net (2)`",
        "- `reason`: `450 4.2.0 Greylisted, please try again later (5)`",
        "",
        "## Problems",
        "",
        "- `mx02`: `unreachable: ssh: connect to host mx02 port 22: timed out`",
    ]


def plan_of(messages: int, sender: str = "a@example.com") -> dict[str, Any]:
    """Return a result of postfix_queue_purge in check mode."""
    counts = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages, "partial": 1, "in_queues": 50}
    summary = {
        "queues": {"deferred": messages},
        "senders": [{"value": sender, "messages": messages}] if messages else [],
        "recipient_domains": [{"value": "example.org", "messages": messages}] if messages else [],
        "oldest": NOW - 7200 if messages else None,
        "youngest": NOW - 60 if messages else None,
    }
    selection = {"match": [{"sender": [sender]}], "exclude": [], "queues": ["deferred"], "recipient_scope": "all"}
    return {"plan": {"created": NOW, "counts": counts, "summary": summary, "selection": selection}}


def test_plan_that_takes_everything_says_so_in_words() -> None:
    text = _sheets.report_text(_reports.plan_report({"mx01": plan_of(50)}, created=NOW + 7500, max_percent=100))
    assert text[3] == "That is ALL of the messages in the chosen queues."
    assert re.split(r" {2,}", text[7])[:4] == ["mx01", "planned", "50", "ALL 50"]
    assert re.split(r" {2,}", text[7])[9] == "2h 5m ago"


def test_plans_of_different_rules_are_shown_with_their_hosts() -> None:
    results = {"mx01": plan_of(5), "mx02": plan_of(5, "x" * 400), "mx03": plan_of(5)}
    text = _sheets.report_text(_reports.plan_report(results, created=NOW))
    start = text.index("Rules:")
    assert text[start + 1] == '  mx01, mx03: {"sender": "a@example.com"}'
    assert text[start + 2] == '  mx02: {"sender": "%s…' % ("x" * 227)


def test_plan_text() -> None:
    results = {"mx01": plan_of(0), "mx02": plan_of(40), "mx03": {"skipped": True}}
    report = _reports.plan_report(results, created=NOW, fleet_max_messages=39)
    assert _sheets.report_text(report) == [
        "Cleanup plan, 2026-11-20 12:00:00 UTC",
        "2 of 3 hosts have a plan.",
        "To be cleaned: 40 messages (3.9 KiB) to 80 recipients, of 100 messages in the chosen queues.",
        "2 messages match for some of their recipients only, and are left alone.",
        "",
        (
            "host  state          messages  of  recipients     size  partial  oldest  youngest  plan made  top sender          "
            "top recipient domain"
        ),
        (
            "mx02  planned              40  50          80  3.9 KiB        1   2h 0m        1m     0s ago  a@example.com (40)  "
            "example.org (40)"
        ),
        "mx01  nothing to do         0  50           0      0 B        1       -         -     0s ago  -                   -",
        "mx03  no plan               -   -           -        -        -       -         -          -  -                   -",
        "",
        "Rules:",
        '  rule: {"sender": "a@example.com"}',
        "",
        "Refused:",
        "  refused: The plans have 40 messages on 1 hosts, queue_cleanup_fleet_max_messages allows 39.",
        "",
        "Problems:",
        "  mx03: no plan: There is no plan for this host: make one, or leave the host out.",
    ]


def purged_of(messages: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge."""
    return {
        "purged": {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages},
        "outcomes": {"purged": messages, "vanished": 1, "changed": 0, "in_flight": 2, "failed": 0},
    }


def left_of(messages: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds of the selection afterwards."""
    return {"ansible_facts": {"postfix_queue": {"matched": {"messages": messages}}}}


def test_cleanup_text() -> None:
    cleanups = {
        "mx01": Cleanup(plan_of(40), purged_of(39), left_of(3), left_of(0)),
        "mx02": Cleanup({"unreachable": True, "msg": "timed out"}, {}, {}, {}),
    }
    report = _reports.cleanup_report(cleanups, created=NOW, method="delete", reason="ticket 4711")
    assert _sheets.report_text(report) == [
        "Cleanup, 2026-11-20 12:00:00 UTC",
        "Deleted: 39 of 40 planned messages (3.8 KiB) to 78 recipients.",
        "3 more like them have arrived since; run the cleanup again.",
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
    report = _reports.cleanup_report(
        {"mx01": Cleanup(plan_of(40), purged, left_of(0), {})}, created=NOW, method="delete"
    )
    text = _sheets.report_text(report)
    assert re.split(r" {2,}", text[3])[10:13] == ["already purged", "undecided", "left"]
    assert re.split(r" {2,}", text[4])[10:13] == ["7", "2", "0"]
    start = text.index("Failed:")
    assert text[start + 1] == "  mx01: 0A in deferred: EIO"
    assert text[start + 6] == "  mx01: and 2 more"
    assert text[text.index("Undecided:") + 1] == "  mx01: 4B in hold: its body is too long"


def test_cleanup_that_was_broken_off_says_so() -> None:
    cleanups = {"mx01": Cleanup(plan_of(40), {}, {}, {})}
    text = _sheets.report_text(
        _reports.cleanup_report(cleanups, created=NOW, method="delete", started=frozenset(("mx01",)))
    )
    assert text[0] == "Cleanup, broken off, 2026-11-20 12:00:00 UTC"
    assert text[2] == "The run was broken off. What it did is known of the hosts that it had finished with."


VERBS: list[tuple[str, bool, str]] = [
    ("delete", True, "Would be deleted: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
    ("expire", False, "Expired: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
    ("expire", True, "Would be expired: 39 of 40 planned messages (3.8 KiB) to 78 recipients."),
]


@pytest.mark.parametrize(("method", "check", "line"), VERBS)
def test_cleanup_says_what_was_done(method: str, check: bool, line: str) -> None:
    cleanup = Cleanup(plan_of(40), purged_of(39), {}, {})
    report = _reports.cleanup_report({"mx01": cleanup}, created=NOW, method=method, check=check)
    assert _sheets.report_text(report)[1] == line


def _sums_of(messages: int) -> dict[str, int]:
    return {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}


def _looked(matched: int, total: int, sender: str = "a@example.com") -> dict[str, Any]:
    """Return what postfix_queue_facts finds in a quarantine."""
    top = {"senders": [{"value": sender, "messages": matched}]}
    return {
        "ansible_facts": {
            "postfix_queue": {"matched": {**_sums_of(matched), "partial": 3}, "total": _sums_of(total), "top": top}
        }
    }


def _restored(sender: str = "a@example.com") -> Quarantining:
    """Return what the tasks return where 40 messages were taken and 8 restored."""
    running = {"ansible_facts": {"postfix_queue": {"instance": {"running": True}}}}
    return Quarantining(
        taken={"changed": True, "path": "/q/spam", "down": 1.482, "quarantined": _sums_of(40)},
        source={},
        found={"skipped": True},
        looked=_looked(8, 40, sender),
        restored={"restored": _sums_of(8), "outcomes": {"restored": 8, "collision": 0}, "renamed": []},
        left=_looked(0, 32),
        expired={"skipped": True},
        mail=running,
    )


def trouble_at_first(trouble: dict[str, Any]) -> Quarantining:
    """Return what the tasks return where the queues could not be taken."""
    return Quarantining(trouble, {}, {}, {}, {}, {}, {}, {})


def _quarantine_report(
    hosts: dict[str, Quarantining], *, reason: str | None = None, check: bool = False, limits: Any = None
) -> dict[str, Any]:
    run = QuarantineRun(name="spam", reason=reason, rules=True, must_run=True, check=check)
    return _reports.quarantine_report(hosts, created=NOW, run=run, limits=limits)


def _listed(reason: str | None) -> dict[str, Any]:
    """Return a quarantine as postfix_quarantine_info tells of it."""
    return {
        "name": "spam",
        "filled": NOW - 7200,
        "total": {**_sums_of(32), "oldest": NOW - 10800},
        "restored": 8,
        "deleted": 0,
        "collisions": ["3F1C2A0D55"],
        "unfinished": None,
        "created_by": "ops",
        "runs": [{"reason": reason}],
    }


def test_quarantine_text() -> None:
    unreachable = trouble_at_first({"unreachable": True, "msg": "timed out"})
    hosts = {"mx01": _restored(), "mx02": unreachable}
    assert _sheets.report_text(_quarantine_report(hosts, reason="ticket 4711")) == [
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
    hosts = {"mx01": _restored()._replace(restored={}, left={})}
    assert _sheets.report_text(_quarantine_report(hosts, limits={"max_messages": 7})) == [
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
    hosts = {"mx01": _restored()._replace(found=found, restored={}, left={})}
    run = QuarantineRun(name="spam", rules=True, expire="14d", expire_seconds=14 * 86400)
    report = _reports.quarantine_report(hosts, created=NOW, run=run, limits={"expire_max_messages": 31})
    text = _sheets.report_text(report)
    announced = (
        "%d of them are to be DELETED at the end, because nothing was moved into their quarantine for 14d." % count
    )
    assert (announced in text) is bool(count)
    head = next(number for number, line in enumerate(text) if line.startswith("host "))
    assert re.split(r" {2,}", text[head])[9:11] == ["to delete", "deleted"]
    assert re.split(r" {2,}", text[head + 1])[9:11] == [str(count), "-"]
    assert report["refusals"] == (
        ["mx01: spool_quarantine_expire would delete 32 messages, spool_quarantine_expire_max_messages allows 31."]
        if count
        else []
    )


@pytest.mark.parametrize("everything", [False, True])
def test_restoring_everything_is_said_in_words_and_must_be_allowed(everything: bool) -> None:
    hosts = {"mx01": _restored()._replace(looked=_looked(40, 40), restored={}, left={})}
    run = QuarantineRun(name="spam", rules=True, everything=everything)
    report = _reports.quarantine_report(hosts, created=NOW, run=run, limits={})
    text = _sheets.report_text(report)
    assert text[4] == "ALL of them are to be restored."
    row = next(line for line in text if line.startswith("mx01 "))
    assert re.split(r" {2,}", row)[5] == "ALL 40"
    refusal = (
        "mx01: The rules would restore ALL 40 messages, which is more than 95 percent. Narrow the rules, or set "
        "spool_quarantine_max_percent: 100 if you mean that."
    )
    assert report["refusals"] == ([] if everything else [refusal])


def test_quarantine_text_of_a_prediction() -> None:
    hosts = {"mx01": _restored()._replace(restored={"skipped": True}, left={})}
    assert _sheets.report_text(_quarantine_report(hosts, check=True))[1:4] == [
        "Would be quarantined: 40 messages (3.9 KiB) to 80 recipients.",
        "Would be restored: 8 messages (800 B) to 16 recipients.",
        "32 messages would be left in quarantine.",
    ]


def test_quarantine_text_of_what_was_deleted() -> None:
    deleted = {"deleted": _sums_of(32)}
    text = _sheets.report_text(_quarantine_report({"mx01": _restored()._replace(expired=deleted)}))
    assert text[3:5] == ["Deleted: 32 messages (3.1 KiB) to 64 recipients.", "0 messages are in quarantine."]


def test_list_of_quarantines() -> None:
    found: dict[str, Any] = {"mx01": {"quarantines": [_listed("ticket 4711")]}, "mx02": {"quarantines": []}}
    assert _sheets.report_text(_reports.quarantine_list(found, created=NOW)) == [
        "Quarantines, 2026-11-20 12:00:00 UTC",
        "1 quarantines on 1 of 2 hosts.",
        "",
        ("host  quarantine  filled  messages     size  oldest  restored  deleted  collisions  unfinished  by   reason"),
        "mx01  spam         2h 0m        32  3.1 KiB   3h 0m         8        0           1  -           ops  ticket 4711",
    ]


def hostile_reports() -> list[dict[str, Any]]:
    """Return a report of each kind that has a stranger's text wherever one can be."""
    trouble = {"failed": True, "msg": HOSTILE}
    return [
        _reports.audit_report({"mx01": facts_of(5, sender=HOSTILE), "mx02": trouble}, created=NOW),
        _reports.plan_report({"mx01": plan_of(5, HOSTILE), "mx02": trouble}, created=NOW),
        _reports.cleanup_report(
            {"mx01": Cleanup(plan_of(5, HOSTILE), trouble, {}, {})}, created=NOW, method="delete", reason=HOSTILE
        ),
        _quarantine_report({"mx01": _restored(HOSTILE), "mx02": trouble_at_first(trouble)}, reason=HOSTILE),
        _quarantine_report({"mx01": _restored(HOSTILE)}, reason=HOSTILE, limits={"max_messages": 1}),
        _reports.quarantine_list({"mx01": {"quarantines": [_listed(HOSTILE)]}, "mx02": trouble}, created=NOW),
    ]


@pytest.mark.parametrize("report", hostile_reports(), ids=lambda report: report["kind"])
def test_a_strangers_text_steers_no_terminal(report: dict[str, Any]) -> None:
    lines = _sheets.report_text(report)
    assert all(line.isprintable() for line in lines)
    assert any("owned" in line for line in lines)


@pytest.mark.parametrize("report", hostile_reports(), ids=lambda report: report["kind"])
def test_a_strangers_text_is_no_markdown(report: dict[str, Any]) -> None:
    lines = _sheets.report_markdown(report).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    # Outside of code there is nothing of it at all.
    outside = re.sub(r"`[^`]*`|<code>[^<]*</code>", "", "\n".join(lines))
    assert "owned" not in outside
    assert "<" not in outside
    assert any("owned" in line for line in lines)


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^'x' is no kind of report; known are audit, plan, cleanup, quarantine, quarantines$"
    ):
        _sheets.report_text({"kind": "x"})
