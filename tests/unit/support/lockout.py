# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules for locks and logs return, as Ansible registers it."""

from __future__ import annotations

from typing import Any, Sequence

NOW = 1_795_171_149


def account_of(name: str, **counts: Any) -> dict[str, Any]:
    """Return an account as postfix_log_info returns it."""
    return {"sasl_username": name, "logins": 10, "messages": 10, "recipients": 10, "sender_count": 1, **counts}


def suspect_of(name: str, value: int, *lines: str) -> dict[str, Any]:
    """Return a suspect as postfix_log_info returns it."""
    return {
        "sasl_username": name,
        "evidence": [{"threshold": "networks", "value": value, "limit": 20, "lines": list(lines)}],
    }


def log_of(
    accounts: Sequence[dict[str, Any]] = (), suspects: Sequence[dict[str, Any]] = (), **more: Any
) -> dict[str, Any]:
    """Return a result of postfix_log_info."""
    log = {"lines": 100, "since": NOW - 86400, "accounts": list(accounts), "suspects": list(suspects), **more}
    return {"changed": False, "log": log}


def lock_of(value: Any, *, key: str = "sasl_username", **more: Any) -> dict[str, Any]:
    """Return a lock as postfix_lock returns it."""
    return {
        "id": "%s-1a2b3c4d" % key,
        "key": key,
        "value": value,
        "action": "reject",
        "text": None,
        "reason": "ticket 4711",
        "created": NOW - 3600,
        "created_by": "ops",
        "expires": None,
        **more,
    }


def locked_of(*locks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a result of postfix_lock that has these locks in force."""
    empty: dict[str, Any] = {"added": [], "updated": [], "removed": [], "expired": [], "sessions": [], "caches": []}
    return {"changed": False, "locks": list(locks), **empty, **more}


def tried_of(*messages: int, total: int = 100) -> dict[str, Any]:
    """Return a result of postfix_message_info with so many messages for each pattern, each of them for one pattern only."""
    combinations = [{"patterns": [index], "messages": count} for index, count in enumerate(messages)]
    rest = {"patterns": [], "messages": total - sum(messages)}
    patterns = [{"messages": count} for count in messages]
    return {"matched": {"messages": total}, "coverage": {"patterns": patterns, "combinations": [*combinations, rest]}}


def matched_of(*messages: int) -> dict[str, Any]:
    """Return a result of postfix_log_info with what each rule would have stopped."""
    return {"log": {"matched": [{"messages": count, "recipients": 2 * count} for count in messages]}}


def sweep_of(rounds: int = 2, *, held: int = 0, **more: Any) -> dict[str, Any]:
    """Return what the sweeps did together."""
    return {
        "rounds": rounds,
        "quiet_enough": True,
        "sessions": 0,
        "held": {"messages": held, "bytes": 100 * held, "recipients": 2 * held},
        "changed": held > 0,
        **more,
    }
