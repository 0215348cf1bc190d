# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The one way in which every module decides about the messages of a queue: facts, message_info, and all that change messages.

A visitor is called with each queue file. It asks a selector whether the message is selected, and gives message and answer to a
collector, which counts. Each module has its own collector.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Collection, Mapping, Sequence, TypeVar, Union

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Gap, Job, first_gaps

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import ListedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

    Message = Union[SpoolMessage, ListedMessage]
    # A selector takes the kind of message that its source gives.
    Selector = Callable[[Any, "Verdicts"], bool]


@dataclass
class Verdicts:
    """What was decided about the messages that are not selected; plain data, which adds up."""

    partial: int = 0
    undecided: int = 0
    examples: list[Gap] = field(default_factory=list)
    """Some of the undecided messages, with what could not be read."""
    changed: list[str] = field(default_factory=list)
    """Queue IDs of a plan that another message has now."""

    def merge(self, other: Verdicts) -> None:
        """Add what another process decided."""
        self.partial += other.partial
        self.undecided += other.undecided
        self.examples = first_gaps({*self.examples, *other.examples})
        self.changed += other.changed

    def add_undecided(self, message: Message) -> None:
        """Count a message that cannot be decided. Raises ContentError if it cannot be read; it is counted all the same."""
        self.undecided += 1
        size = None
        try:
            size = message.envelope.size
        finally:
            gap = Gap(message.queue, message.queue_id, size, message.problem or "cannot be decided")
            self.examples = first_gaps({*self.examples, gap})


class Collector(ABC):
    """What one module counts while the queues are read; plain data, which adds up over the processes that share the reading."""

    verdicts: Verdicts

    @abstractmethod
    def add(self, message: Any, is_selected: bool) -> None:
        """Count a message of the queues that are read. Raises ContentError if it needs what cannot be read."""

    @abstractmethod
    def merge(self, other: Any) -> None:
        """Add what another process counted."""

    @abstractmethod
    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Count a file that was not opened, or that is still being written (is_incomplete)."""

    @abstractmethod
    def finish(self) -> None:
        """Sum up what waits for that, once for each process."""


_Collector = TypeVar("_Collector", bound=Collector)


def select_by_rules(selection: Selection, *, is_early: bool) -> Selector | None:
    """Return a selector that decides by the rules of a selection, None if the selection is every message.

    is_early: whether the start of a file may rule out a message whose envelope is not read then. A module that must report damaged
    files reads every envelope.
    """
    if selection.decision is None:
        return None
    # A run without rules needs no verdict.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict  # noqa: PLC0415

    rules_out = selection.decision.rules_out if is_early else None
    decide = selection.decision.decide

    def selects(message: Message, verdicts: Verdicts) -> bool:
        if rules_out is not None and rules_out(message):
            return False
        verdict = decide(message)
        if verdict is Verdict.YES:
            return True
        if verdict is Verdict.PARTIAL:
            verdicts.partial += 1
        elif verdict is Verdict.UNDECIDED:
            verdicts.add_undecided(message)
        return False

    return selects


def select_by_plan(planned: Mapping[str, str]) -> Selector:
    """Return a selector that decides by a plan. planned: {queue ID: fingerprint}. It is asked about these queue IDs only."""

    def selects(message: SpoolMessage, verdicts: Verdicts) -> bool:
        if planned[message.queue_id] == message.fingerprint:
            return True
        verdicts.changed.append(message.queue_id)
        return False

    return selects


def make_visitor(
    selects: Selector | None, *, queues: Collection[str] | None = None
) -> Callable[[Any, _Collector], None]:
    """Return the visitor. selects: None selects every message. queues: select only in these; None: in all that are read."""
    chosen = None if queues is None else frozenset(queues)

    def visit_all(message: Message, collector: _Collector) -> None:
        collector.add(message, True)

    def visit(message: Message, collector: _Collector) -> None:
        try:
            is_selected = (chosen is None or message.queue in chosen) and (
                selects is None or selects(message, collector.verdicts)
            )
        except ContentError:
            # It is undecided and counts as a message of its queue.
            collector.add(message, False)
            raise
        collector.add(message, is_selected)

    return visit_all if selects is None and chosen is None else visit


def make_job(
    make_collector: Callable[[], _Collector],
    visit: Callable[[SpoolMessage, _Collector], None],
    *,
    queues: Sequence[str],
    wanted: Callable[[str], bool] | None = None,
    any_mode: bool = False,
    may_miss: bool = False,
) -> Job[_Collector]:
    """Return the work of reading these queues with a visitor. wanted, any_mode: as in Job.

    may_miss: whether a directory that cannot be read is only reported. Otherwise it ends the run: a module that changes messages
    must not conclude from what it could not see.
    """
    return Job(
        queues=queues,
        make_result=make_collector,
        visit=visit,
        pass_over=_pass_over,
        wanted=wanted,
        finish=_finish,
        any_mode=any_mode,
        note_gap=_note_nothing if may_miss else None,
    )


def _pass_over(entry: QueueEntry, is_incomplete: bool, collector: Collector) -> None:
    collector.pass_over(entry, is_incomplete=is_incomplete)


def _finish(collector: Collector) -> None:
    collector.finish()


def _note_nothing(_gap: Gap, _collector: Collector) -> None:
    """Go on: the scan itself keeps what could not be read."""
