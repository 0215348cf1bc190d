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
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils import _arguments
from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, PlanError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._queue import listing, plan
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._queue.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._queue.selection import (
    Selection,
    Verdict,
    parse_selection,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.summary import Summary
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import DELIVERY
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import Envelope
    from ansible_collections.mailops.postfix.plugins.module_utils._queue.summary import Totals
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

    class Identified(Protocol):
        """What a plan is for: an instance, or a quarantine of one."""

        @property
        def identity(self) -> dict[str, str]: ...


_SUMMARY_ROWS = 10
_MAX_DIGITS = 15


class Target(NamedTuple):
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
class Selected:
    """The selection of a host; plain data, which adds up."""

    targets: dict[str, Target]
    partial: int
    in_queues: dict[str, int]
    """Messages in the chosen queues, selected or not."""
    summary: Summary
    messages: listing.MessageList
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

    def merge(self, other: Selected) -> None:
        """Add what another process selected."""
        self.targets.update(other.targets)
        self.partial += other.partial
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
        self.targets[message.queue_id] = Target(
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
            vouched=_vouched(envelope),
        )
        if known is None:
            self.summary.add(envelope)
            self.messages.offer(message)


@dataclass(frozen=True)
class Selecting:
    """What to select, and how a queue file is judged. planned: {queue ID: fingerprint} of a plan."""

    selection: Selection
    planned: Mapping[str, str] | None
    limit: int
    now: int

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues to read. A planned message is followed from one delivery queue to the next."""
        chosen = self.selection.queues
        if self.planned is None or not set(DELIVERY).intersection(chosen):
            return chosen
        return tuple(dict.fromkeys((*DELIVERY, *chosen)))

    def job(self, *, tops: bool = True) -> Job[Selected]:
        """Return the work of reading the queues. tops: whether a plan is to be made of it, which tells them."""
        return Job(
            queues=self.queues,
            make_result=partial(self.nothing, tops=tops),
            visit=self._visit,
            pass_over=self._pass_over,
            settle=Selected.settle,
            wanted=None if self.planned is None else self.planned.__contains__,
        )

    def nothing(self, *, tops: bool = True) -> Selected:
        """Return an empty selection."""
        return Selected(
            targets={},
            partial=0,
            in_queues=dict.fromkeys(self.queues, 0),
            summary=Summary(now=self.now, tops=tops, shape=False),
            messages=listing.MessageList(self.limit),
        )

    def _visit(self, message: SpoolMessage, selected: Selected) -> None:
        selected.in_queues[message.queue] += 1
        if self.planned is None and self.selection.rules_out(message):
            return
        if not message.readable:
            return
        if self.planned is not None:
            if self.planned[message.queue_id] == message.fingerprint:
                selected.take(message)
            else:
                selected.changed.append(message.queue_id)
            return
        verdict = Verdict.YES if self.selection.everything else self.selection.decide(message)
        if verdict is Verdict.PARTIAL:
            selected.partial += 1
        elif verdict is Verdict.YES:
            selected.take(message)

    def _pass_over(self, found: Found, incomplete: bool, selected: Selected) -> None:
        if not incomplete:
            selected.in_queues[found.queue] += 1


def selecting_of(params: Mapping[str, Any], instance: Identified) -> Selecting:
    """Return what the options of a changing module select. Raises SelectionError and PlanError."""
    now = int(time.time())
    _arguments.check_not_negative(params, "limit", "max_messages", "max_percent")
    if params["plan"] is None:
        selection = _arguments.selection_of(params, now=now)
        _arguments.require_narrowing(selection, params)
        return Selecting(selection=selection, planned=None, limit=params["limit"], now=now)
    given = [name for name in ("match", "exclude", "match_all") if params[name]]
    if given:
        raise SelectionError("plan", "it is a finished selection; leave out %s" % " and ".join(given))
    max_age = parse_age(params["plan_max_age"], "plan_max_age")
    plan.check_plan(params["plan"], host=platform.node(), instance=instance.identity, now=now, max_age=max_age)
    try:
        selection = parse_selection(now=now, **params["plan"]["selection"])
    except (SelectionError, TypeError) as error:
        raise PlanError("The plan's selection cannot be read: %s." % error) from error
    planned = {message.queue_id: message.fingerprint for message in plan.unpack(params["plan"]["messages"])}
    return Selecting(selection=selection, planned=planned, limit=params["limit"], now=now)


def make_plan(selected: Selected, selecting: Selecting, instance: Identified) -> dict[str, Any]:
    """Return the plan that does to this selection, and to nothing else, what a real run would do now."""
    in_queue: dict[str, int] = {}
    for target in selected.targets.values():
        in_queue[target.queue] = in_queue.get(target.queue, 0) + 1
    tops = listing.show_tops(selected.summary, _SUMMARY_ROWS)
    return plan.make_plan(
        host=platform.node(),
        instance=instance.identity,
        created=selecting.now,
        selection=selecting.selection.frozen(),
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


def show_matched(selected: Selected) -> dict[str, int]:
    """Return the counts of the selection as a result has them."""
    totals = selected.totals
    return {
        "messages": totals.messages,
        "bytes": totals.size,
        "recipients": totals.recipients,
        "partial": selected.partial,
    }


def check_limits(selected: Selected, params: Mapping[str, Any]) -> None:
    """Raise LimitError where the selection is larger than the operator allowed."""
    matched = selected.totals.messages
    total = sum(selected.in_queues.values())
    most, percent = params["max_messages"], params["max_percent"]
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


def _created(envelope: Envelope) -> int:
    """Return the second from which on qmgr(8) counts a lifetime: cleanup(8) writes it anew when a message is requeued.

    Source: src/qmgr/qmgr_message.c; without that attribute it is the arrival.
    """
    value = envelope.attribute(b"create_time") or b""
    return int(value) if value.isdigit() and len(value) < _MAX_DIGITS else envelope.arrival


def _vouched(envelope: Envelope) -> bool:
    """Return whether the sender of a message is surely one of this host's own."""
    sender = envelope.sender
    if not sender:
        return False
    login = envelope.sasl_username
    if login is None:
        return envelope.origin == "local"
    login, folded = login.lower(), sender.lower()
    if b"@" in login:
        return login == folded or domain_of(login) == domain_of(folded)
    return folded.rpartition(b"@")[0] == login
