# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""From options to the messages to act on: by selection or by plan, within the operator's limits."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Collection, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, PlanError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts, selector
from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import (
    Selection,
    parse_selection,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

    class Identified(Protocol):
        """What a plan is for: an instance, or a quarantine of one."""

        @property
        def identity(self) -> dict[str, str]: ...


_SUMMARY_ROWS = 10
_MAX_DIGITS = 15
# Without a limit of the operator's, a selection that takes more than so many percent of the messages is refused ...
DEFAULT_PERCENT = 95.0
# ... if it has more messages than that: what is left of a flood may well be all that is in the queue.
DEFAULT_EXEMPT = 20


class SelectedMessage(NamedTuple):
    """A selected message: what must still hold when it is acted on, and what it counts for."""

    queue_id: str
    queue: str
    fingerprint: str
    size: int
    recipients: int
    forced_expire: bool
    created: int
    """The second from which on Postfix counts its lifetime."""
    retry: int
    """The second before which Postfix does not try it: the file's mtime."""
    touched: int
    """When its file was moved or changed last: the ctime, in nanoseconds, for an mtime may be the same after a try."""
    null_sender: bool
    vouched: bool
    """Whether somebody vouches for the sender: the host itself, or a login that the sender belongs to."""


@dataclass
class SelectedMessages:
    """The selection of a host; plain data, which adds up."""

    targets: dict[str, SelectedMessage]
    verdicts: Verdicts
    in_queues: dict[str, int]
    """Messages in the chosen queues, selected or not."""
    summary: Summary
    messages: listing.MessageList
    own_domains: frozenset[bytes] = frozenset()
    """The domains of the host itself, in lower case."""
    changed: list[str] = field(default_factory=list)
    """Queue IDs of a plan under which another message stands now."""

    @property
    def totals(self) -> Totals:
        """What the selected messages are together."""
        return self.summary.totals

    def settle(self) -> None:
        """Sum up what waits for that."""
        self.summary.settle()
        self.messages.settle()

    def merge(self, other: SelectedMessages) -> None:
        """Add what another process selected."""
        self.targets.update(other.targets)
        self.verdicts.merge(other.verdicts)
        for queue, count in other.in_queues.items():
            self.in_queues[queue] += count
        self.summary.merge(other.summary)
        self.messages.merge(other.messages)
        self.changed += other.changed

    def take(self, message: SpoolMessage) -> None:
        """Select a message; one that moved while the queues were read is taken once."""
        envelope = message.envelope
        fingerprint = message.fingerprint
        known = self.targets.get(message.queue_id)
        self.targets[message.queue_id] = SelectedMessage(
            queue_id=message.queue_id,
            queue=message.queue,
            fingerprint=fingerprint,
            size=envelope.size,
            recipients=len(envelope.pending),
            forced_expire=message.forced_expire,
            created=_created(envelope),
            retry=int(message.status.st_mtime),
            touched=message.status.st_ctime_ns,
            null_sender=not envelope.sender,
            vouched=_vouched(envelope, self.own_domains),
        )
        if known is None:
            self.summary.add(envelope)
            self.messages.offer(message)


class Limits(NamedTuple):
    """How large a selection may be. None: the operator set no limit."""

    max_messages: int | None = None
    max_percent: float | None = None
    match_all: bool = False
    """Whether the operator asked for every message."""

    def show(self) -> dict[str, float | None]:
        """Return the limits as a plan keeps them."""
        return {"max_messages": self.max_messages, "max_percent": self.max_percent}


@dataclass(frozen=True)
class Request:
    """What to select, within which limits, and why. planned: {queue ID: fingerprint} of a plan."""

    selection: Selection
    planned: Mapping[str, str] | None
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

    def job(self, *, tops: bool = True) -> Job[SelectedMessages]:
        """Return the work of reading the queues. tops: whether a plan is to be made of it, which has them."""
        return Job(
            queues=self.queues,
            make_result=partial(self.nothing, tops=tops),
            visit=self._visit_by_rules() if self.planned is None else self._visit_by_plan,
            pass_over=self._pass_over,
            settle=SelectedMessages.settle,
            wanted=None if self.planned is None else self.planned.__contains__,
        )

    def nothing(self, *, tops: bool = True) -> SelectedMessages:
        """Return an empty selection."""
        return SelectedMessages(
            targets={},
            verdicts=Verdicts(),
            in_queues=dict.fromkeys(self.queues, 0),
            summary=Summary(now=self.now, tops=tops, shape=False),
            messages=listing.MessageList(self.limit),
            own_domains=self.own_domains,
        )

    def _visit_by_rules(self) -> Callable[[SpoolMessage, SelectedMessages], None]:
        """Return what selects a message by the rules."""
        rules_out = self.selection.rules_out
        selects = selector(self.selection)

        def visit(message: SpoolMessage, selected: SelectedMessages) -> None:
            selected.in_queues[message.queue] += 1
            if not rules_out(message) and (selects is None or selects(message, selected.verdicts)):
                selected.take(message)

        return visit

    def _visit_by_plan(self, message: SpoolMessage, selected: SelectedMessages) -> None:
        """Select a message that is as planned."""
        selected.in_queues[message.queue] += 1
        if self.planned is not None and self.planned[message.queue_id] == message.fingerprint:
            selected.take(message)
        else:
            selected.changed.append(message.queue_id)

    def _pass_over(self, found: QueueEntry, incomplete: bool, selected: SelectedMessages) -> None:
        if not incomplete:
            selected.in_queues[found.queue] += 1


def request_of(
    params: Mapping[str, Any], instance: Identified, *, own_domains: Collection[str] = (), method: str | None = None
) -> Request:
    """Return what the options of a changing module select.

    own_domains: the domains of the host itself. method: how the module deletes; a plan that was made for another way is refused.
    Raises SelectionError and PlanError.
    """
    now = int(time.time())
    _options.check_not_negative(params, "limit", "max_messages", "max_percent")
    domains = frozenset(domain.lower().encode("utf-8", "surrogateescape") for domain in own_domains)
    limits = Limits(params["max_messages"], params["max_percent"], bool(params["match_all"]))
    if params["plan"] is None:
        selection = _options.selection_of(params, now=now)
        _options.require_narrowing(selection, params)
        return Request(selection, None, params["limit"], now, limits, params["reason"], domains)
    given = [name for name in ("match", "exclude", "match_all") if params[name]]
    if given:
        raise SelectionError("plan", "it is a finished selection; leave out %s" % " and ".join(given))
    max_age = parse_age(params["plan_max_age"], "plan_max_age")
    made = params["plan"]
    planned = plan.read_plan(made, host=platform.node(), instance=instance.identity, now=now, max_age=max_age)
    plan.check_method(made, method)
    try:
        selection = parse_selection(now=now, **made["selection"])
    except (SelectionError, TypeError) as error:
        raise PlanError("The plan's selection cannot be read: %s." % error) from error
    # The plan was within what is allowed without a limit when it was made.
    limits = _limits_of(made, limits)._replace(match_all=True)
    reason = params["reason"] or made.get("reason")
    return Request(selection, planned, params["limit"], now, limits, reason, domains)


def _limits_of(made: Mapping[str, Any], given: Limits) -> Limits:
    """Return the limits of the options, and in place of those that are not given the ones of the plan."""
    kept = made.get("limits") or {}
    return Limits(
        kept.get("max_messages") if given.max_messages is None else given.max_messages,
        kept.get("max_percent") if given.max_percent is None else given.max_percent,
    )


def make_plan(
    selected: SelectedMessages, request: Request, instance: Identified, *, method: str | None = None
) -> dict[str, Any]:
    """Return the plan that does to this selection, and to nothing else, what a real run would do now. method: as of request_of()."""
    in_queue: dict[str, int] = {}
    for target in selected.targets.values():
        in_queue[target.queue] = in_queue.get(target.queue, 0) + 1
    tops = listing.show_tops(selected.summary, _SUMMARY_ROWS)
    return plan.make_plan(
        host=platform.node(),
        instance=instance.identity,
        created=request.now,
        selection=request.selection.frozen(),
        reason=request.reason,
        limits=request.limits.show(),
        method=method,
        counts={**show_matched(selected), "in_queues": sum(selected.in_queues.values())},
        summary={
            "queues": in_queue,
            "senders": tops["senders"],
            "recipient_domains": tops["recipient_domains"],
            "oldest": selected.totals.oldest,
            "youngest": selected.totals.youngest,
        },
        messages=(plan.Planned(target.queue_id, target.fingerprint) for target in selected.targets.values()),
    )


def show_matched(selected: SelectedMessages) -> dict[str, int]:
    """Return the counts of the selection as a result has them."""
    totals = selected.totals
    return {
        "messages": totals.messages,
        "bytes": totals.size,
        "recipients": totals.recipients,
        "partial": selected.verdicts.partial,
        "undecided": selected.verdicts.undecided,
    }


def check_limits(selected: SelectedMessages, request: Request, *, narrow: bool) -> None:
    """Raise LimitError where the selection is larger than the operator allowed.

    narrow: whether a selection of nearly everything needs the operator's word: match_all, or a limit that allows it.
    """
    limits = request.limits
    matched = selected.totals.messages
    total = sum(selected.in_queues.values())
    most, percent = limits.max_messages, limits.max_percent
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
    unlimited = most is None and percent is None and not limits.match_all
    if narrow and unlimited and matched > DEFAULT_EXEMPT and matched * 100 > DEFAULT_PERCENT * total:
        raise LimitError(
            "The selection has %s of the %d messages in the chosen queues; nothing was touched. If you mean that, set "
            "max_percent: 100; otherwise narrow the selection." % ("ALL" if matched == total else matched, total),
            matched=matched,
            allowed=DEFAULT_PERCENT,
        )


def _created(envelope: Envelope) -> int:
    """Return the second from which on qmgr(8) counts a lifetime: cleanup(8) writes it anew when a message is requeued.

    Source: src/qmgr/qmgr_message.c; without that attribute it is the arrival.
    """
    value = envelope.attribute(b"create_time") or b""
    return int(value) if value.isdigit() and len(value) < _MAX_DIGITS else envelope.arrival


def _vouched(envelope: Envelope, own_domains: frozenset[bytes]) -> bool:
    """Return whether the sender of a message is surely one of this host's own.

    A login without a domain is only that of an address in a domain of the host itself.
    """
    sender = envelope.sender
    if not sender:
        return False
    login = envelope.sasl_username
    if login is None:
        return envelope.origin == "local"
    login, folded = login.lower(), sender.lower()
    if b"@" in login:
        return login == folded or domain_of(login) == domain_of(folded)
    local, _at, domain = folded.rpartition(b"@")
    return local == login and domain in own_domains
