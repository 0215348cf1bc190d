# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The one way in which every module decides about a message, and how a result shows what could not be decided or read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Sequence, Union

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap, first_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import clip

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import ListedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

    Message = Union[SpoolMessage, ListedMessage]

# A sentence names so many messages.
_NAMED = 3


@dataclass
class Verdicts:
    """What was decided about the messages that are not selected; it adds up."""

    partial: int = 0
    undecided: int = 0
    examples: list[Gap] = field(default_factory=list)
    """Some of the undecided messages, with what could not be read."""

    def merge(self, other: Verdicts) -> None:
        """Add what another process decided."""
        self.partial += other.partial
        self.undecided += other.undecided
        self.examples = first_gaps({*self.examples, *other.examples})

    def add(self, verdict: Verdict, message: Message) -> None:
        """Count a message that is not selected."""
        if verdict is Verdict.PARTIAL:
            self.partial += 1
        elif verdict is Verdict.UNDECIDED:
            self.undecided += 1
            gap = Gap(message.queue, message.queue_id, message.envelope.size, message.problem or "cannot be decided")
            self.examples = first_gaps({*self.examples, gap})


def selector(selection: Selection) -> Callable[[Message, Verdicts], bool] | None:
    """Return what says whether a message is selected, and counts it where it is not; None where every message is."""
    if selection.everything:
        return None
    decide = selection.decide

    def selects(message: Message, verdicts: Verdicts) -> bool:
        verdict = decide(message)
        if verdict is Verdict.YES:
            return True
        if verdict is not Verdict.NO:
            verdicts.add(verdict, message)
        return False

    return selects


def show_gaps(gaps: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return messages that could not be read or decided, as a result shows them."""
    return [
        {
            "queue_id": gap.queue_id or None,
            "queue": gap.queue,
            "size": gap.size,
            "problem": clip(printable(gap.problem)),
        }
        for gap in gaps
    ]


def name_gaps(gaps: Sequence[Gap]) -> str:
    """Return the first of these messages for a sentence, as C(4A0F9AC in deferred: the file ends within a record)."""
    named = [
        "%s in %s: %s" % (gap.queue_id or "a directory", gap.queue, printable(gap.problem)) for gap in gaps[:_NAMED]
    ]
    return "; ".join(named) + ("; and more" if len(gaps) > _NAMED else "")
