# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results with everything that a report shows, among it text of strangers."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.flush import FlushRun, flush_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hold import HoldRun, hold_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import LockoutLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.locks import locks_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    QuarantineSteps,
    quarantine_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import QuarantineLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_list import quarantine_list
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.trace import trace_report
from tests.unit.support.acts import flushed_of, held_of, message_of
from tests.unit.support.audits import group_of, suggestion_of
from tests.unit.support.lockout import (
    account_of,
    lock_of,
    locked_of,
    log_of,
    matched_of,
    suspect_of,
    sweep_of,
    tried_of,
)
from tests.unit.support.results import by_host, cleanup_steps

# 2026-11-20 12:00:00 UTC
NOW = 1_795_176_000
UNTRUSTED = '"\x1b]0;owned\x07{{ 7 * 7 }}|<script>`*[x](http://evil.example)"@example.com'


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


def purged_of(messages: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge."""
    return {
        "purged": {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages},
        "outcomes": {"purged": messages, "vanished": 1, "changed": 0, "in_flight": 2, "failed": 0},
    }


def left_of(messages: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds of the selection afterwards."""
    return {"ansible_facts": {"postfix_queue": {"matched": {"messages": messages}}}}


def sums_of(messages: int) -> dict[str, int]:
    """Return the sums of so many messages."""
    return {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}


def preview_of(matched: int, total: int, sender: str = "a@example.com") -> dict[str, Any]:
    """Return what postfix_queue_facts finds in a quarantine."""
    top = {"senders": [{"value": sender, "messages": matched}]}
    return {
        "ansible_facts": {
            "postfix_queue": {"matched": {**sums_of(matched), "partial": 3}, "total": sums_of(total), "top": top}
        }
    }


def restored_steps(sender: str = "a@example.com") -> QuarantineSteps:
    """Return what the tasks return where 40 messages were taken and 8 restored."""
    running = {"ansible_facts": {"postfix_queue": {"instance": {"running": True}}}}
    return QuarantineSteps(
        quarantine={"changed": True, "path": "/q/spam", "down": 1.482, "quarantined": sums_of(40)},
        source={},
        listing={"skipped": True},
        preview=preview_of(8, 40, sender),
        restore={"restored": sums_of(8), "outcomes": {"restored": 8, "collision": 0}, "renamed": []},
        left=preview_of(0, 32),
        expiry={"skipped": True},
        service=running,
    )


def listed_quarantine(reason: str | None) -> dict[str, Any]:
    """Return a quarantine as postfix_quarantine_info lists it."""
    return {
        "name": "spam",
        "filled": NOW - 7200,
        "total": {**sums_of(32), "oldest": NOW - 10800},
        "restored": 8,
        "deleted": 0,
        "collisions": ["3F1C2A0D55"],
        "unfinished": None,
        "created_by": "ops",
        "runs": [{"reason": reason}],
    }


def lockout_steps() -> dict[str, Any]:
    """Return what the tasks of a lockout returned where an untrusted name is locked."""
    lock = lock_of(UNTRUSTED, reason=UNTRUSTED)
    failure = {"queue_id": "4A", "queue": "hold", "problem": UNTRUSTED}
    return {
        "preview": tried_of(30),
        "log": matched_of(30, 100),
        "lock": locked_of(lock, added=[lock]),
        "sweep": sweep_of(held=30, unknown_sessions=1, failures=[failure]),
    }


def untrusted_reports() -> list[dict[str, Any]]:
    """Return a report of each kind that has a stranger's text wherever one can be."""
    run = QuarantineOptions(name="spam", reason=UNTRUSTED, rules=True)
    trouble = {"failed": True, "msg": UNTRUSTED}
    return [
        audit_report(
            by_host("facts", {"mx01": _with_suggestions(facts_of(5, sender=UNTRUSTED)), "mx02": trouble}),
            created=NOW,
            inventory=["hosts of mx"],
        ),
        plan_report(by_host("plan", {"mx01": plan_of(5, UNTRUSTED), "mx02": trouble}), created=NOW),
        cleanup_report(
            {"mx01": cleanup_steps(plan_of(5, UNTRUSTED), trouble)}, created=NOW, run=CleanupRun(reason=UNTRUSTED)
        ),
        quarantine_report(
            {"mx01": restored_steps(UNTRUSTED)._asdict(), "mx02": {"quarantine": trouble}}, created=NOW, run=run
        ),
        quarantine_report(
            {"mx01": restored_steps(UNTRUSTED)._asdict()}, created=NOW, run=run, limits=QuarantineLimits(max_messages=1)
        ),
        quarantine_list(
            by_host("listing", {"mx01": {"quarantines": [listed_quarantine(UNTRUSTED)]}, "mx02": trouble}), created=NOW
        ),
        *_untrusted_locks(trouble),
        *_untrusted_acts(trouble),
    ]


def _with_suggestions(result: dict[str, Any]) -> dict[str, Any]:
    facts = result["ansible_facts"]["postfix_queue"]
    rule = {"header": {"Subject": UNTRUSTED}}
    traits = [{"trait": name, "value": UNTRUSTED, "share": 1.0, "elsewhere": 0.0} for name in ("subject", UNTRUSTED)]
    evidence = {"evidence_for": [UNTRUSTED], "evidence_against": [UNTRUSTED]}
    facts["groups"] = [group_of(rule, traits=traits)]
    facts["suggestions"] = [
        suggestion_of(rule, confidence="likely", **evidence),
        suggestion_of({"sender": UNTRUSTED}, **evidence),
    ]
    facts["suggestions_note"] = UNTRUSTED
    facts["instance"] = {"name": "-", "config_directory": UNTRUSTED}
    return result


def _untrusted_acts(trouble: dict[str, Any]) -> list[dict[str, Any]]:
    listed = [{**message_of("4A0F9AC", "held", sender=UNTRUSTED), "recipients": [UNTRUSTED]}]
    hold = {"plan": held_of(1), "act": held_of(1, messages=listed)}
    flush = {"plan": flushed_of(1), "act": flushed_of(1, messages=listed)}
    run = HoldRun("held", reason=UNTRUSTED, record=UNTRUSTED, match=[{"sender": UNTRUSTED}])
    return [
        hold_report({"mx01": hold, "mx02": {"plan": trouble}}, created=NOW, run=run),
        flush_report({"mx01": flush, "mx02": {"plan": trouble}}, created=NOW, run=FlushRun(reason=UNTRUSTED)),
    ]


def _untrusted_locks(trouble: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        suspects_report(
            by_host(
                "log",
                {"mx01": log_of([account_of(UNTRUSTED)], [suspect_of(UNTRUSTED, 30, UNTRUSTED)]), "mx02": trouble},
            ),
            created=NOW,
        ),
        lockout_report(
            {"mx01": lockout_steps(), "mx02": {"preview": trouble}},
            created=NOW,
            run=LockoutRun(locks=[{"sasl_username": UNTRUSTED}], ids=[UNTRUSTED], reason=UNTRUSTED, since="1d"),
        ),
        lockout_report(
            {"mx01": lockout_steps()},
            created=NOW,
            run=LockoutRun(locks=[{"sender": UNTRUSTED}], reason=UNTRUSTED, since="1d"),
            limits=LockoutLimits(max_messages=1, max_percent=1.0),
        ),
        locks_report(
            by_host(
                "locks",
                {
                    "mx01": locked_of(
                        lock_of({"Subject": UNTRUSTED}, key="header", created_by=UNTRUSTED), lock_of(UNTRUSTED)
                    ),
                    "mx02": trouble,
                },
            ),
            created=NOW,
        ),
        trace_report(
            by_host(
                "first",
                {
                    "mx01": {
                        "log": {
                            "trace": [{"time": NOW, "program": UNTRUSTED, "queue_id": UNTRUSTED, "line": UNTRUSTED}]
                        }
                    },
                    "mx02": trouble,
                },
            ),
            created=NOW,
            trace={"sender": UNTRUSTED, "recipient": UNTRUSTED},
        ),
    ]
