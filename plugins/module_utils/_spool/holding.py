# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Putting messages on hold and removing them, each verified in the same step.

What postsuper(1) -h and -d do, but for two things. postsuper goes by queue ID alone, and a short ID is used again as soon as its file
is gone; here a file is open while it is compared and moved or removed. The name of a queue file holds the number of its inode
(src/global/mail_queue.h), and an open file keeps its inode, so whatever Postfix does meanwhile, that name is no other message's. And
postsuper writes a line to the mail log for each message; whoever calls this logs many at once.

On hold nothing but the administrator moves a message (src/qmgr/qmgr.c scans the other queues only).
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import DELIVERY
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import worth_processes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import Live
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

    _Act = Callable[["Live", SpoolMessage], "Standing"]

# As often as postsuper(1) looks for a message, which may go from one queue to the next meanwhile.
_TRIES = 2
# Fewer messages than that are done with sooner than a process is started.
_WORTH_PROCESSES = 1000
# Where no delivery begins.
_AT_REST = ("deferred", "hold")


class Standing(NamedTuple):
    """What stands in a queue under the ID of a selected message."""

    same: bool
    """Whether it is that message."""
    busy: bool
    """Whether Postfix has it open for delivery."""
    removed: bool = False
    """Whether it stands there no more, for it was removed."""


ANOTHER = Standing(same=False, busy=False)
_REMOVED = Standing(same=True, busy=False, removed=True)


class _Standings:
    """What stands in a queue by queue ID; it adds up."""

    def __init__(self) -> None:
        self.by_id: dict[str, Standing] = {}

    def merge(self, other: _Standings) -> None:
        """Add what another process found."""
        self.by_id.update(other.by_id)


def hold(live: Live, wanted: Mapping[str, str]) -> dict[str, Standing]:
    """Put messages on hold that are in delivery or on hold already; return what stands under each queue ID that was found.

    wanted: {queue ID: fingerprint}. What is another message stays where it is. Raises MailopsError where a message cannot be moved;
    then some are on hold and others are not.
    """
    return _each(live, wanted, ("hold", *DELIVERY), _hold)


def remove(live: Live, wanted: Mapping[str, str]) -> dict[str, Standing]:
    """Remove messages in delivery or on hold, with their logs; what an agent may have open is only put on hold.

    wanted, result and errors as of hold(); where one cannot be removed, some are gone and others are not.
    """
    return _each(live, wanted, ("hold", *DELIVERY), _remove_at_rest)


def remove_from(live: Live, queue: str, wanted: Mapping[str, str]) -> dict[str, Standing]:
    """Remove messages of one queue as remove() does, but whoever has them open."""
    return _each(live, wanted, (queue,), _remove)


def _each(live: Live, wanted: Mapping[str, str], queues: Sequence[str], act: _Act) -> dict[str, Standing]:
    """Do that to each of the messages, and return what stands under each queue ID that was found. Raises MailopsError."""
    standings = _Standings()
    for _try in range(_TRIES):
        left = wanted.keys() - standings.by_id.keys()
        if not left:
            break
        job = Job(
            # What is on hold comes first, so that what goes there is not read again.
            queues=queues,
            make_result=_Standings,
            visit=partial(_visit, live, wanted, act),
            pass_over=_pass_over,
            wanted=left.__contains__,
        )
        standings.merge(scan(live.spool, job, processes=_processes(live.spool, queues, len(left))).result)
    return standings.by_id


def _visit(live: Live, wanted: Mapping[str, str], act: _Act, message: SpoolMessage, standings: _Standings) -> None:
    """Do that to the open message if it is the wanted one. Raises MailopsError."""
    queue_id = message.queue_id
    if queue_id in standings.by_id:
        return
    standing = ANOTHER
    if message.fingerprint == wanted[queue_id] and not message.damaged:
        try:
            standing = act(live, message)
        except FileNotFoundError:
            # It was delivered, or went to another queue: the next try finds it there.
            return
        except OSError as error:
            raise MailopsError(
                "%s in %s cannot be %s: %s. Mend that, then run this again: what it left half done is then put right."
                % (queue_id, message.queue, "put on hold" if act is _hold else "removed", error.strerror)
            ) from error
    standings.by_id[queue_id] = standing


def _hold(live: Live, message: SpoolMessage) -> Standing:
    """Put an open message on hold. Raises OSError."""
    if message.queue != "hold" and not _move(live, message):
        return ANOTHER
    return Standing(same=True, busy=message.in_delivery())


def _remove_at_rest(live: Live, message: SpoolMessage) -> Standing:
    """Remove an open message, or put it on hold where an agent may have it open. Raises OSError.

    Whether one has is not asked in C(active), where the question may end it (src/global/deliver_request.c), nor in C(incoming), from
    where the queue manager may take the message at any moment.
    """
    if message.queue not in _AT_REST or message.in_delivery():
        return _hold(live, message)
    return _remove(live, message)


def _remove(live: Live, message: SpoolMessage) -> Standing:
    """Remove an open message, and before it its logs, as postsuper(1) -d does. Raises OSError."""
    live.remove_logs(message.queue_id)
    os.unlink(message.queue_id, dir_fd=message.directory)
    return _REMOVED


def _move(live: Live, message: SpoolMessage) -> bool:
    """Move an open message to hold; return whether that is what went there, and put another one back. Raises OSError."""
    name = message.queue_id
    live.tree.trim()
    there = live.directory("hold", name)
    moves.rename(name, name, source_dir=message.directory, target_dir=there)
    if os.lstat(name, dir_fd=there).st_ino == message.status.st_ino:
        return True
    moves.rename(name, name, source_dir=there, target_dir=message.directory)
    return False


def _pass_over(found: Found, incomplete: bool, standings: _Standings) -> None:
    if incomplete:
        standings.by_id.setdefault(found.name, ANOTHER)


def _processes(spool: Spool, queues: Sequence[str], number: int) -> int:
    """Return how many processes to use for so many messages of these queues."""
    return 1 if number < _WORTH_PROCESSES else worth_processes(spool, queues)
