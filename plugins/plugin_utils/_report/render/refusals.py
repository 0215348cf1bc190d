# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The sentences for refusals. Pure."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import lock_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import hosts_text, rule_text

_MIXED_REMEDY = "Make new plans for all hosts, leave hosts out with --limit, or set queue_cleanup_mixed_plans: true if you mean that."
_PLAN_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.REFUSED_BY_HOST: "%(problem)s",
    RefusalCode.MAX_MESSAGES: "The plan has %(messages)d messages, queue_cleanup_max_messages allows %(allowed)d.",
    RefusalCode.MAX_PERCENT: (
        "The plan has %(messages)d of the %(total)d messages in the chosen queues, queue_cleanup_max_percent allows %(allowed)g percent."
    ),
    RefusalCode.NEARLY_ALL: (
        "The plan has %(share)s messages in the chosen queues, which is more than %(allowed)d percent. Narrow the rule, or set "
        "queue_cleanup_max_percent: 100 if you mean that."
    ),
    RefusalCode.FLEET_MAX_MESSAGES: (
        "The plans have %(messages)d messages on %(hosts)d hosts, queue_cleanup_fleet_max_messages allows %(allowed)d."
    ),
    RefusalCode.DIFFERENT_RULES: "The plans are of %(group_count)d different rules. " + _MIXED_REMEDY,
    RefusalCode.DIFFERENT_TIMES: "The plans were made at different times. " + _MIXED_REMEDY,
}
_QUARANTINE_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.MAX_MESSAGES: (
        "The rules would restore %(messages)d messages, spool_quarantine_max_messages allows %(allowed)d."
    ),
    RefusalCode.MAX_PERCENT: (
        "The rules would restore %(messages)d of %(total)d messages, spool_quarantine_max_percent allows %(allowed)g percent."
    ),
    RefusalCode.NEARLY_ALL: (
        "The rules would restore %(share)s messages, which is more than %(allowed)d percent. Narrow the rules, or set "
        "spool_quarantine_max_percent: 100 if you mean that."
    ),
    RefusalCode.FLEET_MAX_MESSAGES: (
        "The rules would restore %(messages)d messages, spool_quarantine_fleet_max_messages allows %(allowed)d."
    ),
    RefusalCode.EXPIRE_MAX_MESSAGES: (
        "spool_quarantine_expire would delete %(messages)d messages, spool_quarantine_expire_max_messages allows %(allowed)d."
    ),
    RefusalCode.NO_SUCH_QUARANTINE: (
        "No host has a quarantine %(name)s; run the playbook without a name to see which there are."
    ),
}
_LOCK_REMEDY = "Narrow it, or set lockout_max_percent: 100 if you mean that."
_LOCKOUT_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.MAX_MESSAGES: "The locks select %(messages)d messages in the queues, lockout_max_messages allows %(allowed)d.",
    RefusalCode.FLEET_MAX_MESSAGES: (
        "The locks select %(messages)d messages on %(hosts)d hosts, lockout_fleet_max_messages allows %(allowed)d."
    ),
    RefusalCode.LOCK_STOPS_QUEUE: (
        "The lock %(lock_text)s selects %(share)s messages in the queues, which is more than %(allowed)g percent. "
        + _LOCK_REMEDY
    ),
    RefusalCode.LOCK_STOPS_LOG: (
        "The lock %(lock_text)s would have stopped %(share)s messages in the logs, which is more than %(allowed)g percent. "
        + _LOCK_REMEDY
    ),
}
_HOLD_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.REFUSED_BY_HOST: "%(problem)s",
    RefusalCode.FLEET_MAX_MESSAGES: (
        "%(messages)d messages are selected on %(hosts)d hosts, queue_hold_fleet_max_messages allows %(allowed)d. Narrow the selection, "
        "or raise queue_hold_fleet_max_messages."
    ),
}
_FLUSH_SENTENCES: Mapping[RefusalCode, str] = {
    RefusalCode.REFUSED_BY_HOST: "%(problem)s",
    RefusalCode.FLEET_MAX_MESSAGES: (
        "%(messages)d messages are selected on %(hosts)d hosts, queue_flush_fleet_max_messages allows %(allowed)d. Narrow the selection, "
        "or raise queue_flush_fleet_max_messages."
    ),
}
_SENTENCES: Mapping[str, Mapping[RefusalCode, str]] = {
    "hold": _HOLD_SENTENCES,
    "flush": _FLUSH_SENTENCES,
    "plan": _PLAN_SENTENCES,
    "quarantine": _QUARANTINE_SENTENCES,
    "lockout": _LOCKOUT_SENTENCES,
}


def refusal_texts(report: Report) -> list[str]:
    """Return why a run is refused, one text for each reason, and one for each group of hosts that it names.

    A report without refusals has none. Raises ValueError for a code that is not known.
    """
    return [text for refusal in report.get("refusals") or () for text in _texts_of(report, refusal)]


def _texts_of(report: Report, refusal: Mapping[str, Any]) -> list[str]:
    code, groups = RefusalCode(refusal["code"]), refusal.get("groups", ())
    values = {
        **refusal,
        "share": _share_text(refusal),
        "group_count": len(groups),
        "lock_text": lock_text(refusal.get("lock") or {}),
    }
    text = _SENTENCES[report["kind"]][code] % values
    host = refusal["host"]
    return [text if host is None else "%s: %s" % (host, text), *(_GROUP_TEXTS[code](report, group) for group in groups)]


def _share_text(refusal: Mapping[str, Any]) -> str:
    """Return the text for a part of the messages, with the word ALL if it is all of them."""
    messages, total = refusal.get("messages"), refusal.get("total")
    return "ALL %s" % messages if messages == total else "%s of the %s" % (messages, total)


def _rule_group_text(_report: Report, group: Mapping[str, Any]) -> str:
    return "%s: %s" % (hosts_text(group["hosts"]), rule_text(group["rule"]))


def _time_group_text(report: Report, group: Mapping[str, Any]) -> str:
    minutes = (report["created"] - group["planned_at"]) // 60
    return "%s: planned %d minutes ago" % (hosts_text(group["hosts"]), minutes)


_GROUP_TEXTS: Mapping[RefusalCode, Callable[[Report, Mapping[str, Any]], str]] = {
    RefusalCode.DIFFERENT_RULES: _rule_group_text,
    RefusalCode.DIFFERENT_TIMES: _time_group_text,
}
