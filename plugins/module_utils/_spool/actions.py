# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Putting messages on hold, releasing and removing them, each verified in the same step.

What postsuper(1) -h, -H and -d do, but for two things. postsuper goes by queue ID alone, and a short ID is used again as soon as its file
is gone; here a file is open while it is compared and moved or removed. The name of a queue file holds the number of its inode
(src/global/mail_queue.h), and an open file keeps its inode, so whatever Postfix does meanwhile, that name is no other message's. And
postsuper writes a line to the mail log for each message and needs a running postlogd(8) for that (src/global/maillog_client.c); here
many queue IDs are logged at once.

On hold nothing but the administrator moves a message (src/qmgr/qmgr.c scans the other queues only).

A message that cannot be handled has a problem in its FileState, and the others go on.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import worth_processes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap

    _Act = Callable[["QueueDirectory", SpoolMessage], "FileState"]

# As often as postsuper(1) looks for a message, which may go from one queue to the next meanwhile.
_TRIES = 2
# Fewer messages than that are done with sooner than a process is started.
_WORTH_PROCESSES = 1000
# Where no delivery begins.
_AT_REST = ("deferred", "hold")


class FileState(NamedTuple):
    """What stands in a queue under the ID of a selected message."""

    same: bool
    """Whether it is that message."""
    busy: bool
    """Whether Postfix has it open for delivery."""
    removed: bool = False
    """Whether it was removed, so that it stands there no more."""
    problem: str | None = None
    """Why it could not be handled; it stays where it is then."""


ANOTHER = FileState(same=False, busy=False)
_REMOVED = FileState(same=True, busy=False, removed=True)


class _FileStates:
    """What stands in a queue by queue ID, and what kept directories from being read; it adds up."""

    def __init__(self) -> None:
        self.by_id: dict[str, FileState] = {}
        self.problems: list[str] = []

    def merge(self, other: _FileStates) -> None:
        """Add what another process found."""
        self.by_id.update(other.by_id)
        self.problems += other.problems


def hold(postfix_queues: QueueDirectory, wanted: Mapping[str, str]) -> dict[str, FileState]:
    """Put messages on hold that are in delivery or on hold already; return what stands under each queue ID that was found.

    wanted: {queue ID: fingerprint}. What is another message stays where it is.
    """
    return _act_on_each(postfix_queues, wanted, ("hold", *DELIVERY_QUEUES), _hold)


def release(postfix_queues: QueueDirectory, wanted: Mapping[str, str]) -> dict[str, FileState]:
    """Move messages from hold to deferred, and return what stood under each queue ID that was found on hold. wanted: as of hold()."""
    return _act_on_each(postfix_queues, wanted, ("hold",), _release)


def remove(postfix_queues: QueueDirectory, wanted: Mapping[str, str], record: Deletions) -> dict[str, FileState]:
    """Remove messages in delivery or on hold, with their logs; what an agent may have open is only put on hold.

    wanted and result: as of hold(). record: gets each removal before it happens.
    """
    return _act_on_each(postfix_queues, wanted, ("hold", *DELIVERY_QUEUES), partial(_remove_at_rest, record), record)


def remove_from(
    postfix_queues: QueueDirectory, queue: str, wanted: Mapping[str, str], record: Deletions
) -> dict[str, FileState]:
    """Remove messages of one queue as remove() does, but whoever has them open."""
    return _act_on_each(postfix_queues, wanted, (queue,), partial(_remove, record), record)


def _act_on_each(
    postfix_queues: QueueDirectory,
    wanted: Mapping[str, str],
    queues: Sequence[str],
    act: _Act,
    record: Deletions | None = None,
) -> dict[str, FileState]:
    """Do that to each of the messages, and return what stands under each queue ID that was found or could not be looked for."""
    states = _FileStates()
    for _try in range(_TRIES):
        left = wanted.keys() - states.by_id.keys()
        if not left:
            break
        job = Job(
            # What is on hold comes first, so that what goes there is not read again.
            queues=queues,
            # The same for all: what was done is known even where another process ends early.
            make_result=lambda: states,
            visit=partial(_visit, postfix_queues, wanted, act),
            pass_over=_pass_over,
            wanted=left.__contains__,
            settle=None if record is None else lambda _states: record.flush_in_helper(),
            note_gap=_note_gap,
        )
        try:
            scan(postfix_queues.spool, job, processes=_processes(postfix_queues.spool, queues, len(left)))
        except MailopsError as error:
            states.problems.append(str(error))
    return _with_problems(states, wanted, record)


def _with_problems(states: _FileStates, wanted: Mapping[str, str], record: Deletions | None) -> dict[str, FileState]:
    """Return what stands under each queue ID; where not everything could be looked at, nothing is concluded from not being found."""
    if states.problems:
        unseen = {queue_id: wanted[queue_id] for queue_id in wanted.keys() - states.by_id.keys()}
        removed = record.known(unseen) if record else ()
        for queue_id in unseen:
            problem = FileState(same=False, busy=False, problem=states.problems[0])
            states.by_id[queue_id] = _REMOVED if queue_id in removed else problem
    return states.by_id


def _visit(
    postfix_queues: QueueDirectory, wanted: Mapping[str, str], act: _Act, message: SpoolMessage, states: _FileStates
) -> None:
    """Do that to the open message if it is the wanted one."""
    queue_id = message.queue_id
    if queue_id in states.by_id:
        return
    state = ANOTHER
    try:
        if message.fingerprint == wanted[queue_id]:
            state = act(postfix_queues, message)
    except FileNotFoundError:
        # It was delivered, or went to another queue: the next try finds it there.
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
    """Note what could not be opened: a message, or a directory."""
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
        # It is on hold by now; whoever waits for its delivery looks again.
        busy = True
    return FileState(same=True, busy=busy)


def _release(postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Move an open message from hold to deferred, as postsuper(1) -H does. Raises OSError."""
    return FileState(same=True, busy=False) if _move(postfix_queues, message, "deferred") else ANOTHER


def _remove_at_rest(record: Deletions, postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Remove an open message, or put it on hold where an agent may have it open. Raises OSError.

    Whether one has is not asked in C(active), where the question may end it (src/global/deliver_request.c), nor in C(incoming), from
    where the queue manager may take the message at any moment.
    """
    if message.queue not in _AT_REST or message.in_delivery():
        return _hold(postfix_queues, message)
    return _remove(record, postfix_queues, message)


def _remove(record: Deletions, postfix_queues: QueueDirectory, message: SpoolMessage) -> FileState:
    """Remove an open message, and before it its logs, as postsuper(1) -d does. Raises OSError."""
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
    """Move an open message to a queue; return whether that is what went there, and put another one back. Raises OSError."""
    name = message.queue_id
    postfix_queues.tree.trim()
    there = postfix_queues.directory(queue, name)
    moves.rename(name, name, source_dir=message.directory, target_dir=there)
    try:
        if os.lstat(name, dir_fd=there).st_ino == message.status.st_ino:
            return True
    except OSError:
        # The name holds the inode number of the open file, so nothing else can have been moved but by the administrator.
        return True
    moves.rename(name, name, source_dir=there, target_dir=message.directory)
    return False


def _pass_over(found: QueueEntry, incomplete: bool, states: _FileStates) -> None:
    if incomplete:
        states.by_id.setdefault(found.name, ANOTHER)


def _processes(spool: Spool, queues: Sequence[str], number: int) -> int:
    """Return how many processes to use for so many messages of these queues."""
    return 1 if number < _WORTH_PROCESSES else worth_processes(spool, queues)
