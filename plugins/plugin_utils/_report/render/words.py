# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The words for identifiers in reports, for people who read text or Markdown. Pure."""

from __future__ import annotations

import time
from typing import Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

STATES: Mapping[State, str] = {
    State.OK: "ok",
    State.MISSING: "missing",
    State.UNREACHABLE: "unreachable",
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
    State.WOULD_CLEAN: "would clean",
    State.QUARANTINED: "quarantined",
    State.WOULD_QUARANTINE: "would quarantine",
    State.RESTORED: "restored",
    State.WOULD_RESTORE: "would restore",
    State.DELETED: "deleted",
    State.WOULD_DELETE: "would delete",
    State.NO_QUARANTINE: "no quarantine",
    State.MAIL_DOWN: "mail is down",
}
# What a cleanup does to messages, by its method.
METHODS: Mapping[str, str] = {"delete": "deleted", "expire": "expired"}
# Whether Postfix runs.
MAIL: Mapping[bool | None, str] = {True: "runs", False: "down", None: "-"}
# The tops of a fleet, in this order.
TOPS: Mapping[str, str] = {
    "senders": "senders",
    "sasl_usernames": "SASL logins",
    "client_addresses": "clients",
    "recipient_domains": "recipient domains",
    "reasons": "reasons",
}


def state_word(state: str) -> str:
    """Return the words for a state. Raises ValueError for a state that is not known."""
    return STATES[State(state)]


def outcome_word(outcome: str) -> str:
    """Return the words for an outcome. The modules name outcomes by words with underscores."""
    return outcome.replace("_", " ")


def time_text(second: int) -> str:
    """Return a time in UTC. second: since the epoch."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(second))
