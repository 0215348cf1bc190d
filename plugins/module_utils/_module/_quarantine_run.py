# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One run on a quarantine: what its four actions share, from opening the quarantine to the result."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Collection, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import MAX_REASON
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change, Effect
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import service
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._change import FindEarlier
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult

MAX_LISTED = 100
_MAX_NAMED = 20
# The error that a refusal of the system has if nothing more is known.
UNREADABLE = "The queue directory cannot be read"
DONE = {"quarantined": Outcome.QUARANTINED, "restored": Outcome.RESTORED, "absent": Outcome.DELETED}

# The warnings about messages and files that a move could not decide about, by the field of its result.
_REMARKS = {
    "duplicates": (
        "%d messages are in the quarantine, but their originals were no longer in the queue: Postfix may have delivered or returned "
        "them: %s."
    ),
    "uncertain": (
        "%d messages were given back by an interrupted run and are no longer in the queue: Postfix may have delivered or returned "
        "them. They are still in the quarantine, and this run leaves them out: %s. The next run takes them in again."
    ),
    "removed_copies": (
        "%d messages are still in the quarantine, because somebody has removed their copies from pid/ in the queue directory. Postfix "
        "may have delivered some of them before: %s."
    ),
    "leftovers": (
        "%d files of an interrupted run stay where they are, because nothing proves that they are copies: %s. Look at them, then move "
        "or remove them."
    ),
    "stuck_logs": "%d logs of messages are no regular files or cannot be moved, and stay where they are: %s.",
}


@dataclass
class QuarantineRun:
    """One run on a quarantine."""

    change: Change
    instance: Instance
    layout: Layout
    base: str
    name: str
    params: Mapping[str, Any]
    left_out: set[str] = field(default_factory=set)
    """Queue IDs in the quarantine that this run does not read."""
    broken: MailopsError | None = None
    """What ended the act before all messages were tried."""
    is_touched: bool = False
    """Whether anything is no longer where it was, as far as the outcomes do not show it."""
    leaves_in_flight: bool = False
    """Whether messages in delivery stay in the queue."""
    fields: dict[str, Any] = field(default_factory=dict)
    """What the result has in addition to the fields of all actions."""

    @property
    def path(self) -> str:
        """The directory of the quarantine."""
        return os.path.join(self.base, self.name)

    @property
    def is_real(self) -> bool:
        """Whether this is no run in check mode."""
        return self.change.locked is not None

    @property
    def moves_queues(self) -> bool:
        """Whether whole queues are quarantined, not messages."""
        return bool(self.params["state"] == "quarantined" and self.params["mode"] == "queues")

    @property
    def find_earlier(self) -> FindEarlier:
        """What counts the messages of a plan that earlier runs have moved."""
        return Outcome.ALREADY, self._count_earlier

    def journal_fields(self) -> dict[str, Any]:
        """Return what the journal says of this run."""
        request = self.change.request
        return {
            "reason": printable(request.reason or "")[:MAX_REASON],
            "selection": request.selection.frozen(),
            "digest": request.selection.digest(),
        }

    def open(self) -> Quarantine:
        """Return the quarantine. Raises QuarantineError if there is none, and if it belongs to another instance."""
        quarantine = Quarantine(self.base, self.name)
        quarantine.check_owner(self.instance.identity)
        return quarantine

    def make(self) -> Quarantine:
        """Return the quarantine, and make it if there is none. Raises QuarantineError."""
        quarantine = Quarantine.make(self.base, self.name, host=platform.node(), instance=self.instance.identity)
        quarantine.check_owner(self.instance.identity)
        return quarantine

    def exists(self) -> bool:
        """Return whether there is a quarantine of that name. Raises MailopsError if something else has the name."""
        if quarantines.exists(self.base, self.name):
            return True
        if self.params["state"] == "quarantined" or quarantines.is_empty(self.base, self.name):
            # A directory that a killed run has emptied but not removed counts as no quarantine.
            quarantines.check_adoptable(self.base, self.name)
        elif os.path.lexists(self.path):
            self.open().__exit__()
            return True
        return False

    def recover(self) -> None:
        """Finish or undo what an interrupted run left; in check mode warn of it."""
        if not self.exists():
            return
        module = self.change.module
        with self.open() as quarantine, QueueDirectory(self.layout) as queue_directory:
            if not self.is_real:
                if not quarantine.is_finished(queue_directory):
                    module.warn(
                        "An earlier run on the quarantine %s was interrupted. The next real run first finishes or undoes it."
                        % self.name
                    )
                return
            recovered = self._recover(quarantine, queue_directory)
            if recovered is not None:
                module.warn(
                    "An earlier run on the quarantine %s was interrupted; it was finished or undone." % self.name
                )
                self.left_out = recovered.uncertain
                self.warn_of(recovered)

    def _recover(self, quarantine: Quarantine, queue_directory: QueueDirectory) -> MoveResult | None:
        """Return what finishing or undoing moved, None if there was nothing to do. Postfix runs afterwards if it ran before."""
        intent = quarantine.unfinished() or {}
        started: list[bool] = []

        def start() -> None:
            if intent.get("running") and not started and not self.instance.running():
                started.append(True)
                service.recorded_service(self.instance, intent["unit"]).start()

        try:
            return quarantine.recover(queue_directory, start=start)
        except (OSError, MailopsError) as error:
            start()
            if isinstance(error, OSError):
                raise quarantine.interruption_error(queue_directory, error) from error
            raise

    def warn_of(self, moved: MoveResult) -> None:
        """Warn of what a move has left in its place, or could not decide about."""
        for name, text in _REMARKS.items():
            listed = sorted(getattr(moved, name))
            if listed:
                shown = ", ".join(printable(one) for one in listed[:_MAX_NAMED])
                more = " and %d more" % (len(listed) - _MAX_NAMED) if len(listed) > _MAX_NAMED else ""
                self.change.module.warn(text % (len(listed), shown + more))

    @contextmanager
    def keep_errors(self, what: str) -> Iterator[None]:
        """Keep an error as what ended the act, so that the result still says what was done. what: as of SystemRefusal."""
        try:
            yield
        except (OSError, MailopsError) as error:
            self.keep_error(what, error)

    def keep_error(self, what: str, error: OSError | MailopsError) -> None:
        """Keep an error that ends the act. The first one counts. what: as of SystemRefusal."""
        self.broken = self.broken or (SystemRefusal(what, error) if isinstance(error, OSError) else error)

    def take_result(self, moved: MoveResult, queue_ids: Collection[str], done: Outcome) -> dict[str, Outcome]:
        """Return the outcomes of messages that were moved, by queue ID, and keep what went wrong."""
        self.broken = self.broken or moved.broken
        self.is_touched = self.is_touched or moved.touched
        self.change.problems.update(moved.failed)
        self.warn_of(moved)
        outcomes = dict.fromkeys(queue_ids, Outcome.VANISHED)
        outcomes.update(dict.fromkeys(moved.failed, Outcome.FAILED))
        outcomes.update(dict.fromkeys(moved.collisions, Outcome.COLLISION))
        outcomes.update(dict.fromkeys(moved.done, done))
        return outcomes

    def finish(self, outcomes: Mapping[str, Outcome], *, is_changed: bool = False) -> dict[str, Any]:
        """Return the result of the run, real or predicted. is_changed: whether more has changed than the outcomes show.

        Raises OutcomeError.
        """
        change = self.change
        done = DONE[self.params["state"]]
        counts_as_done = (done,) if self.leaves_in_flight else (done, Outcome.IN_FLIGHT)
        moved = [message for queue_id, message in change.messages.items() if outcomes.get(queue_id) in counts_as_done]
        counted = change.count_outcomes(outcomes, find_earlier=self.find_earlier)
        collisions = self._warn_of_collisions(outcomes)
        if self.is_real and done is Outcome.QUARANTINED and not self.moves_queues:
            change.audit_log.add_queue_ids(done.value, [message.queue_id for message in moved])
        effect = Effect(
            outcomes=outcomes,
            changed=moved,
            destinations={message.queue_id: Destination(None, "") for message in moved},
            sums_name=done.value,
            failed_state="still in the queue" if done is Outcome.QUARANTINED else "still in the quarantine",
            failed_remedy="Fix that, then run this again.",
            fields={
                "changed": bool(moved) or self.is_touched or (is_changed and self.broken is None),
                "name": self.name,
                "path": self.path,
                "state": self.params["state"],
                "collisions": collisions[:MAX_LISTED],
                "down": 0.0,
                **self.fields,
            },
            log_fields={"state": self.params["state"], "quarantine": self.name, done.value: len(moved)},
            is_logged=bool(moved or self.broken or self.is_touched),
            broken=self.broken,
        )
        return change.finish(effect, counted)

    def _warn_of_collisions(self, outcomes: Mapping[str, Outcome]) -> list[str]:
        """Return the messages whose queue IDs are taken in the queue, and warn of them."""
        collisions = sorted(queue_id for queue_id, outcome in outcomes.items() if outcome is Outcome.COLLISION)
        if collisions:
            self.change.module.warn(
                "%d messages stay in the quarantine %s, because their queue IDs are taken in the queue."
                % (len(collisions), self.name)
            )
        return collisions

    def _count_earlier(self, missing: Mapping[str, str]) -> int:
        """Return how many messages earlier runs have moved, as the quarantine and its journal say."""
        with self.keep_errors("The quarantine %s cannot be read" % self.path):
            if quarantines.exists(self.base, self.name):
                with self.open() as quarantine:
                    present = quarantine.present(set(missing))
                    if self.params["state"] == "quarantined":
                        return len(present)
                    ended = missing.keys() & quarantine.handled_ids(self.params["state"])
                    return len(ended - present)
        return 0
