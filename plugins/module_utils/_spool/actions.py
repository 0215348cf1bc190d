# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Putting messages on hold, releasing them and removing them. Each is compared with the selected message in the same step.

It does what postsuper(1) -h, -H and -d do, with two differences. postsuper knows only the queue ID, and Postfix may use a short ID
again as soon as its file is gone. Here the file is open while it is compared and moved or removed: the name of a queue file contains
its inode number (src/global/mail_queue.h), and an open file keeps its inode, so meanwhile no other message can have that name. And
postsuper writes one line to the mail log for each message, for which postlogd(8) must run (src/global/maillog_client.c). Here many
queue IDs are logged at once.

Only the administrator moves a message that is on hold (src/qmgr/qmgr.c scans the other queues only).

If a message cannot be handled, its FileState has the problem, and the others are handled.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import worth_processes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Gap
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

    _Act = Callable[["QueueDirectory", SpoolMessage], "FileState"]

# postsuper(1) also searches twice for a message: it may move from one queue to the next meanwhile.
_TRIES = 2
# For fewer messages, starting a process takes longer than the work.
_WORTH_PROCESSES = 1000
# In these queues no delivery starts.
_AT_REST = ("deferred", "hold")


class FileState(NamedTuple):
    """The file in a queue that has the ID of a selected message."""

    same: bool
    """Whether it is the selected message."""
    busy: bool
    """Whether Postfix has it open for delivery."""
    removed: bool = False
    """Whether it was removed."""
    problem: str | None = None
    """Why it could not be handled. It stays where it is."""


ANOTHER = FileState(same=False, busy=False)
_REMOVED = FileState(same=True, busy=False, removed=True)


class _FileStates:
    """The state of each file, by queue ID, and the problems with directories that could not be read."""

    def __init__(self) -> None:
        self.by_id: dict[str, FileState] = {}
        self.problems: list[str] = []

    def merge(self, other: _FileStates) -> None:
        """Add the result of another process."""
        self.by_id.update(other.by_id)
        self.problems += other.problems


def hold(postfix_queues: QueueDirectory, wanted: Mapping[str, str]) -> dict[str, FileState]:
    """Put messages on hold, and return the state of each file that was found, by queue ID.

    They are searched in the queues of delivery and in hold. wanted: fingerprints by queue ID. Another message under the same ID
    stays where it is.
    """
    return _act_on_each(postfix_queues, wanted, ("hold", *DELIVERY_QUEUES), _hold)


def release(postfix_queues: QueueDirectory, wanted: Mapping[str, str]) -> dict[str, FileState]:
    """Move messages from hold to deferred. wanted and result: as in hold(), for files that were on hold."""
    return _act_on_each(postfix_queues, wanted, ("hold",), _release)


def remove(postfix_queues: QueueDirectory, wanted: Mapping[str, str], record: Deletions) -> dict[str, FileState]:
    """Remove messages with their logs. A message that a delivery agent may have open is only put on hold.

    wanted and result: as in hold(). record: records each removal before it happens.
    """
    return _act_on_each(postfix_queues, wanted, ("hold", *DELIVERY_QUEUES), partial(_remove_at_rest, record), record)


def remove_from(
    postfix_queues: QueueDirectory, queue: str, wanted: Mapping[str, str], record: Deletions
) -> dict[str, FileState]:
    """Remove messages of one queue as remove() does, also those that a delivery agent has open."""
    return _act_on_each(postfix_queues, wanted, (queue,), partial(_remove, record), record)


def _act_on_each(
    postfix_queues: QueueDirectory,
    wanted: Mapping[str, str],
    queues: Sequence[str],
    act: _Act,
    record: Deletions | None = None,
) -> dict[str, FileState]:
    """Call C(act) for each of the messages, and return the state of each file that was found or could not be searched for."""
    states = _FileStates()
    for _try in range(_TRIES):
        left = wanted.keys() - states.by_id.keys()
        if not left:
            break
        job = Job(
            # hold is read first, so that messages which are put on hold are not read again.
            queues=queues,
            # One result for all shares of this process: it is complete even if another process ends early.
            make_result=lambda: states,
            visit=partial(_visit, postfix_queues, wanted, act),
            pass_over=_pass_over,
            wanted=left.__contains__,
            finish=None if record is None else lambda _states: record.flush_in_helper(),
            note_gap=_note_gap,
            changes_files=True,
        )
        try:
            scan(postfix_queues.spool, job, processes=_processes(postfix_queues.spool, queues, len(left)))
        except MailopsError as error:
            states.problems.append(str(error))
    return _with_problems(states, wanted, record)


def _with_problems(states: _FileStates, wanted: Mapping[str, str], record: Deletions | None) -> dict[str, FileState]:
    """Return the states by queue ID. If a directory could not be read, a message that was not found has that problem."""
    if states.problems:
        not_found = {queue_id: wanted[queue_id] for queue_id in wanted.keys() - states.by_id.keys()}
        removed = record.known(not_found) if record else ()
        for queue_id in not_found:
            problem = FileState(same=False, busy=False, problem=states.problems[0])
            states.by_id[queue_id] = _REMOVED if queue_id in removed else problem
    return states.by_id


def _visit(
    postfix_queues: QueueDirectory, wanted: Mapping[str, str], act: _Act, message: SpoolMessage, states: _FileStates
) -> None:
    """Call C(act) for the open message if it is the selected one."""
    queue_id = message.queue_id
    if queue_id in states.by_id:
        return
    state = ANOTHER
    try:
        if message.fingerprint == wanted[queue_id]:
            state = act(postfix_queues, message)
    except FileNotFoundError:
        # It was delivered, or it moved to another queue, where the next try finds it.
        return
    except OSError as error:
        refusal = SystemRefusal("It cannot be taken out of %s" % message.queue, error)
        state = FileState(same=True, busy=False, problem=str(refusal))
    except ContentError as error:
        state = FileState(
            same=False, busy=False, problem="It cannot be read: %s. Fix that, then run this again." % error
        )
    states.by_id[queue_id] = state


def _note_gap(gap: Gap, states: _FileStates) -> None:
    """Note a message or a directory that could not be opened."""
    if gap.queue_id:
        states.by_id.setdefault(gap.queue_id, FileState(same=False, busy=False, problem=gap.problem))
    else:
        states.problems.append(gap.problem)


def _hold(postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Put an open message on hold. Raises OSError."""
    if message.queue != "hold" and not _move(postfix_queues, message, "hold"):
        return ANOTHER
    try:
        busy = message.in_delivery()
    except OSError:
        # It is on hold now. The code that waits for its delivery checks again.
        busy = True
    return FileState(same=True, busy=busy)


def _release(postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Move an open message from hold to deferred, as postsuper(1) -H does. Raises OSError."""
    return FileState(same=True, busy=False) if _move(postfix_queues, message, "deferred") else ANOTHER


def _remove_at_rest(record: Deletions, postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Remove an open message, or put it on hold if a delivery agent may have it open. Raises OSError.

    That is not checked in C(active), because the check takes a lock that may end a delivery (src/global/deliver_request.c), nor in
    C(incoming), from which the queue manager may take the message at any moment.
    """
    if message.queue not in _AT_REST or message.in_delivery():
        return _hold(postfix_queues, message)
    return _remove(record, postfix_queues, message)


def _remove(record: Deletions, postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Remove an open message, its logs first, as postsuper(1) -d does. Raises OSError."""
    record.announce(message.queue_id, message.fingerprint)
    try:
        postfix_queues.remove_logs(message.queue_id)
        os.unlink(message.queue_id, dir_fd=message.directory)
    except OSError:
        record.retract(message.queue_id)
        raise
    record.confirm(message.queue_id)
    return _REMOVED


def _move(postfix_queues: QueueDirectory, message: SpoolMessage, queue: str) -> bool:
    """Move an open message to a queue, and return whether that message was moved. Another message is put back. Raises OSError."""
    name = message.queue_id
    postfix_queues.tree.trim()
    there = postfix_queues.directory(queue, name)
    moves.rename(name, name, source_dir=message.directory, target_dir=there)
    try:
        if os.lstat(name, dir_fd=there).st_ino == message.status.st_ino:
            return True
    except OSError:
        # The name has the inode number of the open file, so only the administrator can have put another file there.
        return True
    moves.rename(name, name, source_dir=there, target_dir=message.directory)
    return False


def _pass_over(found: QueueEntry, incomplete: bool, states: _FileStates) -> None:
    if incomplete:
        states.by_id.setdefault(found.name, ANOTHER)


def _processes(spool: Spool, queues: Sequence[str], number: int) -> int:
    """Return the number of processes to use for so many messages of these queues."""
    return 1 if number < _WORTH_PROCESSES else worth_processes(spool, queues)
