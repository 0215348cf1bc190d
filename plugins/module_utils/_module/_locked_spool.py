# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The queue directory of an instance, locked for one run that changes messages.

Nothing here selects messages: it takes selected messages, compares each one again, and changes what is still the same message.
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._recovery import (
    recover_deletions,
    recover_held,
    warn_of_interrupted,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock, operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import find_states, wait_for_delivery

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState

# The run waits so long for a delivery that is under way when a message is held, so that the delivery leaves no log behind.
IN_FLIGHT_SECONDS = 5.0

MOVED = (
    "It moved between queues during the run, or is not where Postfix looks for it. Run this again; if that does not help, run "
    "postfix check and postsuper -s first."
)


@dataclass(frozen=True)
class LockedSpool:
    """A queue directory that this run has locked."""

    audit_log: AuditLog
    directory: QueueDirectory
    lock: QueueLock
    deletions: Deletions
    problems: dict[str, str] = field(default_factory=dict)
    """Why a message could not be changed, by queue ID."""

    @property
    def spool(self) -> Spool:
        """The open queue directory."""
        return self.directory.spool

    def hold(
        self, messages: Sequence[SelectedMessage], *, stays: bool = False, needs_journal: bool = False
    ) -> dict[str, FileState]:
        """Put the messages that are in delivery on hold. Return the state of each file that was found there or on hold.

        stays: whether the messages stay on hold if the run is interrupted; otherwise the next run releases them. needs_journal:
        whether a journal that cannot be written ends the run. Raises SystemRefusal then.
        """
        self._write_journal(messages, stays=stays, is_needed=needs_journal)
        return self._note_problems(actions.hold(self.directory, fingerprints_of(messages)))

    def release(self, messages: Sequence[SelectedMessage]) -> dict[str, FileState]:
        """Move messages from hold to deferred. Return the state of each file that was found on hold."""
        return self._note_problems(actions.release(self.directory, fingerprints_of(messages)))

    def remove(self, messages: Sequence[SelectedMessage]) -> dict[str, FileState]:
        """Remove the messages, but put those on hold that may be in delivery. Return the same as hold()."""
        if not messages:
            return {}
        self._write_journal(messages, stays=False)
        self._begin_deletions()
        return self._note_problems(actions.remove(self.directory, fingerprints_of(messages), self.deletions))

    def remove_from(self, queue: str, messages: Sequence[SelectedMessage]) -> dict[str, FileState]:
        """Remove the messages from one queue. Return the state of each file that was found there."""
        if not messages:
            return {}
        self._begin_deletions()
        fingerprints = fingerprints_of(messages)
        return self._note_problems(actions.remove_from(self.directory, queue, fingerprints, self.deletions))

    def find(self, queue: str, messages: Mapping[str, SelectedMessage]) -> dict[str, FileState]:
        """Return the state of each file in a queue that has the queue ID of one of the messages."""
        return find_states(self.spool, queue, fingerprints_of(messages.values()))

    def wait_for_delivery(self, queue: str, queue_ids: frozenset[str]) -> frozenset[str]:
        """Wait until no delivery agent has these messages open. Return those that are still open after IN_FLIGHT_SECONDS."""
        return wait_for_delivery(self.spool, queue, queue_ids, seconds=IN_FLIGHT_SECONDS)

    def find_missing(self, messages: Mapping[str, SelectedMessage]) -> dict[str, Outcome]:
        """Return the outcome of messages that were not on hold: failed if still in delivery, changed, or vanished."""
        outcomes = dict.fromkeys(messages, Outcome.VANISHED)
        for queue in DELIVERY_QUEUES if messages else ():
            try:
                states = self.find(queue, messages)
            except MailopsError as error:
                for queue_id in messages:
                    self.fail(outcomes, queue_id, str(error))
                continue
            for queue_id, state in states.items():
                if state.same:
                    self.fail(outcomes, queue_id, MOVED)
                else:
                    outcomes[queue_id] = Outcome.CHANGED
        return outcomes

    def fail(self, outcomes: dict[str, Outcome], queue_id: str, problem: str) -> None:
        """Record that a message could not be changed, and why."""
        outcomes[queue_id] = Outcome.FAILED
        self.problems.setdefault(queue_id, problem)

    def clear_journal(self) -> None:
        """Record that no message is half changed any more; warn if that cannot be recorded."""
        try:
            self.lock.clear_journal()
        except OSError as error:
            refusal = SystemRefusal("The journal in pid/mailops.journal cannot be removed", error)
            self.audit_log.module.warn(str(refusal))

    def _write_journal(self, messages: Sequence[SelectedMessage], *, stays: bool, is_needed: bool = False) -> None:
        """Record which messages the run puts on hold. On a full disk the run goes on without, because deleting makes room there.

        is_needed: whether it does not go on. Raises SystemRefusal then.
        """
        moving = [
            Planned(message.queue_id, message.fingerprint) for message in messages if message.queue in DELIVERY_QUEUES
        ]
        if not moving:
            return
        try:
            self.lock.write_journal(moving, stays=stays)
        except OSError as error:
            refusal = SystemRefusal("The journal of the run cannot be written to pid/mailops.journal", error)
            if is_needed:
                raise refusal from error
            self.audit_log.module.warn(
                "%s If this run is killed, messages that it put on hold stay there (postqueue -p shows them with an exclamation "
                "mark)." % refusal
            )

    def _begin_deletions(self) -> None:
        self.deletions.begin({"purpose": self.audit_log.name, "user": operator(), "since": int(time.time())})

    def _note_problems(self, states: dict[str, FileState]) -> dict[str, FileState]:
        """Keep why messages could not be changed. Return the states."""
        self.problems.update((queue_id, state.problem) for queue_id, state in states.items() if state.problem)
        return states


def outcome_of(state: FileState, done: Outcome) -> Outcome:
    """Return the outcome of a message after an action. done: the outcome if the action worked."""
    if state.problem:
        return Outcome.FAILED
    return done if state.same else Outcome.CHANGED


def fingerprints_of(messages: Iterable[SelectedMessage]) -> dict[str, str]:
    """Return {queue ID: fingerprint}."""
    return {message.queue_id: message.fingerprint for message in messages}


@contextmanager
def open_spool(audit_log: AuditLog) -> Iterator[tuple[Spool, LockedSpool | None]]:
    """Open the queue directory for a run.

    A real run takes the lock and undoes what an interrupted run left. Check mode warns of that, and takes no lock. Yields the open
    queue directory, and the locked one, which is None in check mode. Raises BusyError and MailopsError.
    """
    instance = audit_log.instance
    _require_writable(instance.queue_directory)
    layout = layout_of(instance)
    if audit_log.module.check_mode:
        with Spool(instance.queue_directory) as spool:
            warn_of_interrupted(audit_log.module, spool, Deletions(instance.queue_directory, log=_log_nothing))
            yield spool, None
        return
    with QueueLock(instance.queue_directory, purpose=audit_log.name) as lock, QueueDirectory(layout) as directory:
        deletions = Deletions(instance.queue_directory, log=partial(audit_log.add_queue_ids, "deleted"))
        locked = LockedSpool(audit_log, directory, lock, deletions)
        recover_deletions(audit_log, directory.spool, deletions)
        if recover_held(audit_log, directory):
            locked.clear_journal()
        try:
            yield directory.spool, locked
        finally:
            deletions.end()


def _require_writable(queue_directory: str) -> None:
    """Raise SystemRefusal for a filesystem that is mounted read-only: there nothing can be moved or deleted, in check mode either."""
    try:
        read_only = os.statvfs(queue_directory).f_flag & os.ST_RDONLY
    except OSError as error:
        raise SystemRefusal("The queue directory %s cannot be used" % queue_directory, error) from error
    if read_only:
        refusal = OSError(errno.EROFS, os.strerror(errno.EROFS))
        raise SystemRefusal("Nothing can be changed in %s" % queue_directory, refusal)


def _log_nothing(_queue_ids: Sequence[str]) -> None:
    """Write nothing: in check mode nothing is deleted."""
