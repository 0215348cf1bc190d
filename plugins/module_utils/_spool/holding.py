# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Putting messages on hold, each verified in the same step, and removing what was verified there.

What postsuper(1) -h and -d do, but for two things. postsuper goes by queue ID alone, and a short ID is used again as soon as its file
is gone; here a file is open while it is compared and renamed, so its inode cannot be anybody else's meanwhile, and what is on hold
then is looked at once more. And postsuper writes a line to the mail log for each message; whoever calls this logs many at once.

On hold nothing but the administrator moves a message (src/qmgr/qmgr.c scans the other queues only).
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import DELIVERY, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import in_shares, worth_processes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import Live
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# As often as postsuper(1) looks for a message, which may go from one queue to the next meanwhile.
_TRIES = 2
# Fewer messages than that are done with sooner than a process is started.
_WORTH_PROCESSES = 1000


class Standing(NamedTuple):
    """What stands in a queue under the ID of a selected message."""

    same: bool
    """Whether it is that message."""
    busy: bool
    """Whether Postfix has it open for delivery."""


ANOTHER = Standing(same=False, busy=False)


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
    standings = _Standings()
    for _try in range(_TRIES):
        left = wanted.keys() - standings.by_id.keys()
        if not left:
            break
        job = Job(
            # First what is there already, so that what comes to it is not read again.
            queues=("hold", *DELIVERY),
            make_result=_Standings,
            visit=partial(_hold, live, wanted),
            pass_over=_pass_over,
            wanted=left.__contains__,
        )
        standings.merge(scan(live.spool, job, processes=_processes(live.spool, job.queues, len(left))).result)
    return standings.by_id


def _hold(live: Live, wanted: Mapping[str, str], message: SpoolMessage, standings: _Standings) -> None:
    """Put the open message on hold if it is the wanted one. Raises MailopsError."""
    queue_id = message.queue_id
    if queue_id in standings.by_id:
        return
    if message.fingerprint != wanted[queue_id] or message.damaged:
        standings.by_id[queue_id] = ANOTHER
        return
    try:
        if message.queue != "hold" and not _move(live, message):
            standings.by_id[queue_id] = ANOTHER
            return
    except FileNotFoundError:
        # It was delivered, or went to another queue: the next try finds it there.
        return
    except OSError as error:
        raise MailopsError(
            "%s in %s cannot be put on hold: %s. Mend that, then run this again: what it left half done is then put right."
            % (queue_id, message.queue, error.strerror)
        ) from error
    standings.by_id[queue_id] = Standing(same=True, busy=message.in_delivery())


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


class _Removed:
    """The queue IDs whose messages were removed; it adds up."""

    def __init__(self) -> None:
        self.queue_ids: set[str] = set()

    def merge(self, other: _Removed) -> None:
        """Add what another process removed."""
        self.queue_ids |= other.queue_ids


def remove(spool: Spool, queue: str, queue_ids: Collection[str]) -> set[str]:
    """Remove messages of a queue, and before them their logs, as postsuper(1) -d does; return the IDs of those that were there.

    Only messages that were verified in a queue where nobody moves them may be removed by their names. Raises MailopsError.
    """
    work = partial(_remove_share, spool, queue, queue_ids)
    return in_shares(work, _processes(spool, (queue,), len(queue_ids))).queue_ids


def _remove_share(spool: Spool, queue: str, queue_ids: Collection[str], which: int, number: int) -> _Removed:
    removed = _Removed()
    for directory in (*LOGS, queue):
        for found in spool.walk(directory, share=(which, number)):
            if found.name in queue_ids and _remove(found) and directory == queue:
                removed.queue_ids.add(found.name)
    return removed


def _remove(found: Found) -> bool:
    """Remove a file and return whether there was one. Raises MailopsError."""
    try:
        return moves.remove(found.name, found.directory)
    except OSError as error:
        raise MailopsError(
            "%s in %s cannot be removed: %s. Mend that, then run this again."
            % (found.name, found.queue, error.strerror)
        ) from error


def _processes(spool: Spool, queues: Sequence[str], number: int) -> int:
    """Return how many processes to use for so many messages of these queues."""
    return 1 if number < _WORTH_PROCESSES else worth_processes(spool, queues)
