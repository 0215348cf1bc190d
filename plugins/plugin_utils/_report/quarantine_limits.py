# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The limits on what is restored from quarantines and deleted in them. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_PERCENT
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Row, count_messages
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.limits import (
    exceeds_percent,
    is_nearly_all,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


class QuarantineLimits(NamedTuple):
    """What may be restored and deleted; None for no limit. expire_max_messages: how many messages of a host may be deleted."""

    max_messages: float | None = None
    max_percent: float | None = None
    fleet_max_messages: float | None = None
    expire_max_messages: float | None = None


def refuse_restore(
    rows: Sequence[Row], limits: QuarantineLimits, *, name: str, everything: bool
) -> list[dict[str, Any]]:
    """Return why nothing must be restored or deleted on any host, an empty list if it may be.

    rows: those of a preview. name: the quarantine. everything: whether everything is restored that no rule excludes.
    """
    refusals = [
        refusal
        for row in rows
        for refusal in (*_refuse_host(row, limits, everything=everything), *_refuse_expiry(row, limits))
    ]
    selected = [count_messages(row["selected"]) for row in rows]
    messages, max_messages = sum(selected), limits.fleet_max_messages
    if max_messages is not None and messages > max_messages:
        hosts = sum(count > 0 for count in selected)
        refusals.append(
            make_refusal(RefusalCode.FLEET_MAX_MESSAGES, messages=messages, hosts=hosts, allowed=max_messages)
        )
    answered = [row for row in rows if not row["problem"]]
    if answered and all(row["state"] == State.NO_QUARANTINE for row in answered):
        refusals.append(make_refusal(RefusalCode.NO_SUCH_QUARANTINE, name=name))
    return refusals


def _refuse_host(row: Row, limits: QuarantineLimits, *, everything: bool) -> list[dict[str, Any]]:
    if not row["selected"]:
        return []
    refuse = partial(make_refusal, host=row["host"])
    messages, total = row["selected"]["messages"], row["left"] or 0
    max_messages, max_percent = limits.max_messages, limits.max_percent
    refusals = []
    if max_messages is not None and messages > max_messages:
        refusals.append(refuse(RefusalCode.MAX_MESSAGES, messages=messages, allowed=max_messages))
    if max_percent is not None and exceeds_percent(messages, total, max_percent):
        refusals.append(refuse(RefusalCode.MAX_PERCENT, messages=messages, total=total, allowed=max_percent))
    if max_messages is None and max_percent is None and not everything and is_nearly_all(messages, total):
        refusals.append(refuse(RefusalCode.NEARLY_ALL, messages=messages, total=total, allowed=DEFAULT_PERCENT))
    return refusals


def _refuse_expiry(row: Row, limits: QuarantineLimits) -> list[dict[str, Any]]:
    max_messages, messages = limits.expire_max_messages, row["to_delete"] or 0
    if max_messages is None or messages <= max_messages:
        return []
    return [make_refusal(RefusalCode.EXPIRE_MAX_MESSAGES, host=row["host"], messages=messages, allowed=max_messages)]
