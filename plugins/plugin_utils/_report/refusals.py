# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Why a run is refused: codes and values. render/refusals.py has the sentences. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Any


class RefusalCode(str, Enum):
    """Why a run is refused. Its value is what report data has. Each name lists the values of such a refusal."""

    REFUSED_BY_HOST = "refused_by_host"
    """problem: the text of the host's own error."""
    MAX_MESSAGES = "max_messages"
    """messages, allowed."""
    MAX_PERCENT = "max_percent"
    """messages, total, allowed."""
    NEARLY_ALL = "nearly_all"
    """messages, total, allowed: no limit is set, and the selection has more than this percentage."""
    FLEET_MAX_MESSAGES = "fleet_max_messages"
    """messages, hosts, allowed."""
    EXPIRE_MAX_MESSAGES = "expire_max_messages"
    """messages, allowed."""
    DIFFERENT_RULES = "different_rules"
    """groups: each with a rule and the hosts whose plans have it."""
    DIFFERENT_TIMES = "different_times"
    """groups: each with planned_at, in seconds since the epoch, and the hosts whose plans were made then."""
    NO_SUCH_QUARANTINE = "no_such_quarantine"
    """name."""
    LOCK_STOPS_QUEUE = "lock_stops_queue"
    """lock, messages, total, allowed: the lock selects more than this percentage of the messages in the queues."""
    LOCK_STOPS_LOG = "lock_stops_log"
    """lock, messages, total, allowed: the lock would have stopped more than this percentage of the messages in the logs."""


def make_refusal(code: RefusalCode, *, host: str | None = None, **values: Any) -> dict[str, Any]:
    """Return a refusal. host: the host that causes it, None if the hosts together do."""
    return {"code": code.value, "host": host, **values}
