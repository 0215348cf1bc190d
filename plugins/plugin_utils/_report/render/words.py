# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The words for identifiers, rules and hosts in reports, for people who read text or Markdown. Pure."""

from __future__ import annotations

import json
import time
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

STATES: Mapping[State, str] = {
    State.OK: "ok",
    State.MISSING: "missing",
    State.UNREACHABLE: "unreachable",
    State.TIMED_OUT: "timed out",
    State.CONNECTION_REFUSED: "connection refused",
    State.FAILED: "failed",
    State.NOTHING_TO_DO: "nothing to do",
    State.STOPPED: "stopped",
    State.UNKNOWN: "unknown",
    State.NOT_VERIFIED: "not verified",
    State.LEFT_OVER: "left over",
    State.PLANNED: "planned",
    State.REFUSED: "refused",
    State.NO_PLAN: "no plan",
    State.CLEANED: "cleaned",
    State.DRIFT: "drift",
    State.WOULD_CLEAN: "would clean",
    State.QUARANTINED: "quarantined",
    State.WOULD_QUARANTINE: "would quarantine",
    State.RESTORED: "restored",
    State.WOULD_RESTORE: "would restore",
    State.DELETED: "deleted",
    State.WOULD_DELETE: "would delete",
    State.NO_QUARANTINE: "no quarantine",
    State.MAIL_DOWN: "mail is down",
    State.LOCKED: "locked",
    State.WOULD_LOCK: "would lock",
    State.UNLOCKED: "unlocked",
    State.WOULD_UNLOCK: "would unlock",
    State.HELD: "held",
    State.WOULD_HOLD: "would hold",
    State.RELEASED: "released",
    State.WOULD_RELEASE: "would release",
    State.NO_RECORD: "no record",
    State.FLUSHED: "flushed",
    State.WOULD_FLUSH: "would flush",
    State.NOT_FOUND: "not found",
}
# What a cleanup does to messages, by its method.
METHODS: Mapping[str, str] = {"delete": "deleted", "expire": "expired", "quarantine": "quarantined"}
# What a lockout does to messages beyond putting them on hold.
CLEANUPS: Mapping[str, str] = {"purge": "deleted", "quarantine": "quarantined"}
# Whether Postfix runs.
MAIL: Mapping[bool | None, str] = {True: "runs", False: "down", None: "-"}
# The tops of a fleet, in this order.
TOPS: Mapping[str, str] = {
    "senders": "senders",
    "sasl_usernames": "SASL logins",
    "client_addresses": "clients",
    "recipients": "recipients",
    "recipient_domains": "recipient domains",
    "reasons": "reasons",
}

# The last second of the year 9999. ISO 8601 has four digits for a year.
LAST_SECOND = 253_402_300_799
# So many hosts of a group are named.
_HOSTS_NAMED = 10


def state_word(state: str) -> str:
    """Return the words for a state. Raises ValueError for a state that is not known."""
    return STATES[State(state)]


def outcome_word(outcome: str) -> str:
    """Return the words for an outcome. The modules name outcomes by words with underscores."""
    return outcome.replace("_", " ")


def time_text(second: int) -> str:
    """Return a time in UTC. second: since the epoch. What a host returns may be no time at all; then it is the first or last one."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(min(max(second, 0), LAST_SECOND)))


def iso_text(second: int) -> str:
    """Return a time in UTC as ISO 8601 writes it. second: since the epoch, as for time_text()."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(second, 0), LAST_SECOND)))


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return a selection on one line: what matches, what is excluded, and the method."""
    matched = " or ".join(json.dumps(part, ensure_ascii=False) for part in rule["match"]) or "every message"
    excluded = " or ".join(json.dumps(part, ensure_ascii=False) for part in rule["exclude"])
    method = "" if rule["method"] in (None, "delete") else ", to %s" % rule["method"]
    return matched + (", but not %s" % excluded if excluded else "") + method


def hosts_text(hosts: list[str]) -> str:
    """Return the names of hosts; of many, the first ones and how many more there are."""
    more = len(hosts) - _HOSTS_NAMED
    return ", ".join(hosts[:_HOSTS_NAMED]) + (" and %d more" % more if more > 0 else "")
