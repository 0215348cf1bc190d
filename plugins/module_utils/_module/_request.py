# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What the operator asks a module to change: which messages, within which limits, and why. And the plan of it."""

from __future__ import annotations

import platform
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, PlanError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import show_sums
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import show_matched
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import (
    make_job,
    make_visitor,
    select_by_plan,
    select_by_rules,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_EXEMPT, DEFAULT_PERCENT
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary

if TYPE_CHECKING:
    from typing import Callable, Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job

    class PlanOwner(Protocol):
        """What a plan is made for: an instance, or a quarantine of one."""

        @property
        def identity(self) -> dict[str, str]: ...


_SUMMARY_ROWS = 10


class Limits(NamedTuple):
    """How large a selection may be. None: the operator set no limit."""

    max_messages: int | None = None
    max_percent: float | None = None
    match_all: bool = False
    """Whether the operator asked for every message."""

    def show(self) -> dict[str, float | None]:
        """Return the limits as a plan keeps them."""
        return {"max_messages": self.max_messages, "max_percent": self.max_percent}

    def check(self, selected: SelectedMessages, *, is_narrow: bool) -> None:
        """Raise LimitError if the selection is larger than the operator allowed.

        is_narrow: whether a selection of nearly every message needs match_all, or a limit that allows it.
        """
        matched = selected.totals.messages
        total = sum(selected.in_queues.values())
        most, percent, match_all = self
        if most is not None and matched > most:
            raise LimitError(
                "The selection has %d messages, max_messages allows %d; nothing was touched. Narrow the selection or raise "
                "max_messages." % (matched, most),
                matched=matched,
                allowed=most,
            )
        if percent is not None and matched * 100 > percent * total:
            raise LimitError(
                "The selection has %d of the %d messages in the chosen queues, which is %.1f percent, max_percent allows %g; nothing "
                "was touched. Narrow the selection or raise max_percent."
                % (matched, total, matched * 100 / total, percent),
                matched=matched,
                allowed=percent,
            )
        unlimited = most is None and percent is None and not match_all
        if is_narrow and unlimited and matched > DEFAULT_EXEMPT and matched * 100 > DEFAULT_PERCENT * total:
            raise LimitError(
                "The selection has %s of the %d messages in the chosen queues; nothing was touched. To allow that, set "
                "max_percent: 100; otherwise narrow the selection." % ("ALL" if matched == total else matched, total),
                matched=matched,
                allowed=DEFAULT_PERCENT,
            )


@dataclass(frozen=True)
class Request:
    """What to select, within which limits, and why."""

    selection: Selection
    planned: Mapping[str, str] | None
    """{queue ID: fingerprint} of a plan."""
    limit: int
    now: int
    limits: Limits = field(default_factory=Limits)
    reason: str | None = None
    own_domains: frozenset[bytes] = frozenset()
    """The domains of the host itself, in lower case."""

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues to read. A planned message is followed from one delivery queue to the next."""
        chosen = self.selection.queues
        if self.planned is None or not set(DELIVERY_QUEUES).intersection(chosen):
            return chosen
        return tuple(dict.fromkeys((*DELIVERY_QUEUES, *chosen)))

    def job(
        self, *, with_tops: bool = True, with_times: bool = True, ignored: Collection[str] = ()
    ) -> Job[SelectedMessages]:
        """Return the work of reading the queues.

        with_tops: whether a plan is made of the result. with_times: whether to keep the times of each message. ignored: queue IDs that
        are treated as if they were not in the queues.
        """
        planned = self.planned
        wanted: Callable[[str], bool] | None = None if planned is None else planned.__contains__
        if ignored:
            wanted = _without(ignored, wanted)
        make_collector = partial(self.new_collector, with_tops=with_tops, with_times=with_times, ignored=ignored)
        selects = select_by_rules(self.selection, is_early=True) if planned is None else select_by_plan(planned)
        return make_job(make_collector, make_visitor(selects), queues=self.queues, wanted=wanted)

    def new_collector(
        self, *, with_tops: bool = True, with_times: bool = True, ignored: Collection[str] = ()
    ) -> SelectedMessages:
        """Return an empty selection."""
        return SelectedMessages(
            in_queues=dict.fromkeys(self.queues, 0),
            summary=Summary(now=self.now, tops=with_tops, shape=False),
            listed=listing.MessageList(self.limit),
            own_domains=self.own_domains,
            ignored=ignored,
            with_times=with_times,
        )


def _without(ignored: Collection[str], wanted: Callable[[str], bool] | None) -> Callable[[str], bool]:
    """Return what says whether to open the file of a queue ID: not one of these."""
    return lambda queue_id: queue_id not in ignored and (wanted is None or wanted(queue_id))


def request_of(
    params: Mapping[str, Any], instance: PlanOwner, *, own_domains: Collection[str] = (), method: str | None = None
) -> Request:
    """Return what the options of a module that changes messages ask for.

    own_domains: the domains of the host itself. method: how the module deletes; a plan for another method is refused. Raises
    SelectionError and PlanError.
    """
    now = int(time.time())
    _options.check_not_negative(params, "limit", "max_messages", "max_percent")
    _options.refuse_controller_options(params)
    domains = frozenset(domain.lower().encode("utf-8", "surrogateescape") for domain in own_domains)
    limits = Limits(params["max_messages"], params["max_percent"], bool(params["match_all"]))
    if params["plan"] is None:
        selection = _options.selection_of(params, now=now)
        _options.require_narrowing(selection, params)
        return Request(selection, None, params["limit"], now, limits, params["reason"], domains)
    given = [name for name in ("match", "exclude", "match_all") if params[name]]
    if given:
        raise SelectionError("plan", "it cannot be combined with %s. Use only one of them" % " and ".join(given))
    max_age = parse_age(params["plan_max_age"], "plan_max_age")
    made = params["plan"]
    planned = plan.read_plan(made, host=platform.node(), instance=instance.identity, now=now, max_age=max_age)
    plan.check_method(made, method)
    try:
        selection = parse_selection(now=now, **made["selection"])
    except (SelectionError, TypeError) as error:
        raise PlanError("The plan's selection cannot be read: %s." % error) from error
    # The selection was within what is allowed without a limit when the plan was made.
    limits = _limits_of(made, limits)._replace(match_all=True)
    reason = params["reason"] or made.get("reason")
    return Request(selection, planned, params["limit"], now, limits, reason, domains)


def _limits_of(made: Mapping[str, Any], given: Limits) -> Limits:
    """Return the limits of the options, and the ones of the plan for those that are not given."""
    kept = made.get("limits") or {}
    return Limits(
        kept.get("max_messages") if given.max_messages is None else given.max_messages,
        kept.get("max_percent") if given.max_percent is None else given.max_percent,
    )


def make_plan(
    request: Request, selected: SelectedMessages, made_for: PlanOwner, *, method: str | None = None
) -> dict[str, Any]:
    """Return the plan of this selection: a run that is given the plan changes these messages and no others. method: see request_of().

    The messages are taken out of the selection meanwhile: a million of them and their plan take much memory together.
    """
    tops = listing.show_tops(selected.summary, _SUMMARY_ROWS)
    return plan.make_plan(
        host=platform.node(),
        instance=made_for.identity,
        created=request.now,
        selection=request.selection.frozen(),
        reason=request.reason,
        limits=request.limits.show(),
        method=method,
        counts={**show_matched(selected.totals, selected.verdicts), "in_queues": sum(selected.in_queues.values())},
        summary={
            "queues": dict(Counter(message.queue for message in selected.by_id.values())),
            "senders": tops["senders"],
            "recipient_domains": tops["recipient_domains"],
            "oldest": selected.totals.oldest,
            "youngest": selected.totals.youngest,
        },
        messages=(plan.Planned(message.queue_id, message.fingerprint) for message in selected.by_id.drain()),
    )


def make_plan_of(request: Request, messages: Sequence[SelectedMessage], made_for: PlanOwner) -> dict[str, Any]:
    """Return a plan of a part of the selection, with no limits, so that a later run is not limited by those of this one."""
    created = [message.created for message in messages]
    sums = show_sums(messages)
    return plan.make_plan(
        host=platform.node(),
        instance=made_for.identity,
        created=request.now,
        selection=request.selection.frozen(),
        reason=request.reason,
        limits=Limits().show(),
        method=None,
        counts={**sums, "partial": 0, "undecided": 0, "in_queues": len(messages)},
        summary={
            "queues": dict(Counter(message.queue for message in messages)),
            "senders": [],
            "recipient_domains": [],
            "oldest": min(created, default=None),
            "youngest": max(created, default=None),
        },
        messages=(plan.Planned(message.queue_id, message.fingerprint) for message in messages),
    )
