# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The states of hosts in reports. Report data, JSON and metrics have these identifiers; render/words.py has the words for them."""

from __future__ import annotations

from enum import Enum


class State(str, Enum):
    """The state of a host. Its value is what report data has."""

    # In every report: whether the host answered. One that timed out was connected, and then did not answer in time. One that refused
    # the connection is up.
    OK = "ok"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    CONNECTION_REFUSED = "connection_refused"
    FAILED = "failed"
    # Nothing failed, and nothing had to be done.
    NOTHING_TO_DO = "nothing_to_do"
    # A run did not come to this host, or did not finish there.
    STOPPED = "stopped"
    UNKNOWN = "unknown"
    NOT_VERIFIED = "not_verified"
    LEFT_OVER = "left_over"
    # Plans and cleanups.
    PLANNED = "planned"
    REFUSED = "refused"
    NO_PLAN = "no_plan"
    CLEANED = "cleaned"
    DRIFT = "drift"
    WOULD_CLEAN = "would_clean"
    # Quarantines.
    QUARANTINED = "quarantined"
    WOULD_QUARANTINE = "would_quarantine"
    RESTORED = "restored"
    WOULD_RESTORE = "would_restore"
    DELETED = "deleted"
    WOULD_DELETE = "would_delete"
    NO_QUARANTINE = "no_quarantine"
    MAIL_DOWN = "mail_down"
    # Locks.
    LOCKED = "locked"
    WOULD_LOCK = "would_lock"
    UNLOCKED = "unlocked"
    WOULD_UNLOCK = "would_unlock"
    # Holds, releases and flushes.
    HELD = "held"
    WOULD_HOLD = "would_hold"
    RELEASED = "released"
    WOULD_RELEASE = "would_release"
    NO_RECORD = "no_record"
    FLUSHED = "flushed"
    WOULD_FLUSH = "would_flush"
    # Traces.
    NOT_FOUND = "not_found"


# The states of hosts of which an audit knows nothing.
WITHOUT_ANSWER = (State.MISSING, State.UNREACHABLE, State.TIMED_OUT, State.CONNECTION_REFUSED, State.FAILED)
