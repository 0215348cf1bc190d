# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The limits on what is restored from quarantines and deleted in them. Pure."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_PERCENT
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Row, count_messages
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.limits import (
    exceeds_percent,
    is_nearly_all,
    share_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


class QuarantineLimits(NamedTuple):
    """What may be restored and deleted; None for no limit. expire_max_messages: how many messages of a host may be deleted."""

    max_messages: float | None = None
    max_percent: float | None = None
    fleet_max_messages: float | None = None
    expire_max_messages: float | None = None


def refuse_restore(rows: Sequence[Row], limits: QuarantineLimits, *, name: str, everything: bool) -> list[str]:
    """Return why nothing must be restored or deleted on any host, an empty list if it may be.

    rows: those of a preview. name: the quarantine. everything: whether all is restored that no rule excludes.
    """
    refusals = [
        "%s: %s" % (row["host"], text)
        for row in rows
        for text in (*_refuse_host(row, limits, everything=everything), *_refuse_expiry(row, limits))
    ]
    selected = sum(count_messages(row["selected"]) for row in rows)
    max_messages = limits.fleet_max_messages
    if max_messages is not None and selected > max_messages:
        refusals.append(
            "The rules would restore %d messages, spool_quarantine_fleet_max_messages allows %d."
            % (selected, max_messages)
        )
    answered = [row for row in rows if not row["problem"]]
    if answered and all(row["state"] == State.NO_QUARANTINE for row in answered):
        refusals.append("No host has a quarantine %s; run the playbook without a name to see which there are." % name)
    return refusals


def _refuse_host(row: Row, limits: QuarantineLimits, *, everything: bool) -> list[str]:
    if not row["selected"]:
        return []
    selected, total = row["selected"]["messages"], row["left"] or 0
    max_messages, max_percent = limits.max_messages, limits.max_percent
    texts = []
    if max_messages is not None and selected > max_messages:
        texts.append(
            "The rules would restore %d messages, spool_quarantine_max_messages allows %d." % (selected, max_messages)
        )
    if max_percent is not None and exceeds_percent(selected, total, max_percent):
        texts.append(
            "The rules would restore %d of %d messages, spool_quarantine_max_percent allows %g percent."
            % (selected, total, max_percent)
        )
    if max_messages is None and max_percent is None and not everything and is_nearly_all(selected, total):
        texts.append(
            "The rules would restore %s messages, which is more than %d percent. Narrow the rules, or set "
            "spool_quarantine_max_percent: 100 if you mean that." % (share_text(selected, total), DEFAULT_PERCENT)
        )
    return texts


def _refuse_expiry(row: Row, limits: QuarantineLimits) -> list[str]:
    max_messages = limits.expire_max_messages
    if max_messages is None or (row["to_delete"] or 0) <= max_messages:
        return []
    return [
        "spool_quarantine_expire would delete %d messages, spool_quarantine_expire_max_messages allows %d."
        % (row["to_delete"], max_messages)
    ]
