# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One run at a time on a queue, and a journal of what an interrupted one left half done.

Both live in the queue directory's pid/, where Postfix keeps its own locks: it belongs to root, so nobody else can plant a link. The lock needs
no room on the disk: where not even an empty file can be made, the directory itself is locked.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import time
from contextlib import suppress
from typing import Iterable, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import BusyError, MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned

_LOCK = "mailops.lock"
_JOURNAL = "mailops.journal"
# Its first line where the messages are put on hold to stay there.
_STAYS = "stays"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_NO_TRACE = getattr(os, "O_NOATIME", 0)
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))


def operator() -> str:
    """Return who runs this: the user behind sudo, else the user of the process."""
    name = os.environ.get("SUDO_USER")
    if not name:
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = "uid %d" % os.getuid()
    return printable(name)


class HoldJournal(NamedTuple):
    """What an interrupted run was about to put on hold."""

    messages: Sequence[Planned]
    stays: bool
    """Whether to be on hold is what was wanted of them, and not a step on the way."""


class QueueLock:
    """Holds a queue for one run, as a context manager, and keeps that run's journal."""

    def __init__(self, queue_directory: str, *, purpose: str) -> None:
        self._queue_directory = queue_directory
        self._directory = os.path.join(queue_directory, "pid")
        self._purpose = purpose
        self._descriptor = -1

    def __enter__(self) -> QueueLock:
        """Take the lock. Raises BusyError, naming the holder, and MailopsError where there is no place for it."""
        try:
            self._descriptor = self._open()
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            busy = self._descriptor >= 0 and error.errno == errno.EWOULDBLOCK
            holder = self._holder() if busy else ""
            self._close()
            if busy:
                raise self._busy(holder) from error
            raise SystemRefusal(
                "No lock can be made in %s, which Postfix sets up (postfix check)" % self._directory, error
            ) from error
        self._sign()
        return self

    def _open(self) -> int:
        """Return what is to be locked, open. Raises OSError, and BusyError where a run on a full disk has locked the directory."""
        path = os.path.join(self._directory, _LOCK)
        with suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | _FLAGS)
        # Made for the first time: before, somebody may have found no room for it, and locked the directory.
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
        try:
            made = os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o600)
        except OSError as error:
            if error.errno in _NO_ROOM:
                return directory
            os.close(directory)
            raise
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(made)
            os.unlink(path)
            if error.errno != errno.EWOULDBLOCK:
                raise
            raise self._busy("its holder left no name") from error
        finally:
            os.close(directory)
        return made

    def _busy(self, holder: str) -> BusyError:
        return BusyError(
            "Another run works on the queue in %s: %s. Wait until it has ended, then run this again."
            % (self._queue_directory, holder)
        )

    def __exit__(self, *_exc: object) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _sign(self) -> None:
        """Write down who holds the lock, where there is room for that."""
        holder = {"user": operator(), "pid": os.getpid(), "purpose": self._purpose, "since": int(time.time())}
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(holder).encode("ascii"), 0)

    def _holder(self) -> str:
        try:
            holder = json.loads(os.pread(self._descriptor, 4096, 0).decode("ascii", "replace"))
            since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(holder["since"]))
            return "%s of user %s, process %d, since %s" % (
                printable(str(holder["purpose"])),
                printable(str(holder["user"])),
                holder["pid"],
                since,
            )
        except (ValueError, KeyError, TypeError, OverflowError, OSError):
            return "its holder left no name"

    def write_journal(self, messages: Iterable[Planned], *, stays: bool = False) -> None:
        """Record which messages are about to be put on hold, safe on disk before the first of them moves.

        stays: as in HoldJournal. Raises OSError, and then there is no journal.
        """
        path = os.path.join(self._directory, _JOURNAL)
        try:
            descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                if stays:
                    stream.write(_STAYS + "\n")
                stream.writelines("%s %s\n" % message for message in messages)
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(path + ".new", path)
        except OSError:
            with suppress(OSError):
                os.unlink(path + ".new")
            raise
        self._sync_directory()

    def clear_journal(self) -> None:
        """Record that nothing is half done any more. Raises OSError."""
        try:
            os.unlink(os.path.join(self._directory, _JOURNAL))
        except FileNotFoundError:
            return
        self._sync_directory()

    def _sync_directory(self) -> None:
        """Make a rename or removal last: after a power loss, a journal that is gone too early would hide held mail."""
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | _FLAGS)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_journal(queue_directory: str) -> HoldJournal:
    """Return what an interrupted run may have left on hold. Raises MailopsError for a journal that is none."""
    path = os.path.join(queue_directory, "pid", _JOURNAL)
    try:
        descriptor = os.open(path, os.O_RDONLY | _FLAGS | _NO_TRACE)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as stream:
            lines = [line.split() for line in stream]
    except FileNotFoundError:
        return HoldJournal([], stays=False)
    except OSError as error:
        raise SystemRefusal("The journal %s cannot be read" % path, error) from error
    stays = lines[:1] == [[_STAYS]]
    if stays:
        del lines[0]
    if not all(len(fields) == 2 and is_valid(fields[0]) for fields in lines):
        raise MailopsError(
            "The journal %s is damaged. Look at what is on hold (postqueue -p), release what should not be, and remove the "
            "journal." % path
        )
    return HoldJournal([Planned(queue_id, fingerprint) for queue_id, fingerprint in lines], stays)
