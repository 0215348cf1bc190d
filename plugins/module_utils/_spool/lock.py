# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The locks that allow one run at a time on a queue and on a configuration, and the journal of messages that a run puts on hold.

All are in the queue directory's pid/, where Postfix has its own locks. It belongs to root, so no other user can make a link there.
A lock needs no room on the disk: if no file can be made, the directory itself is locked.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import time
from contextlib import suppress
from typing import Iterable, NamedTuple, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import BusyError, MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.files import sync_directory
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned

_Lock = TypeVar("_Lock", bound="RunLock")

_JOURNAL = "mailops.journal"
# The first line of the journal if the messages will stay on hold.
_STAYS = "stays"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_NO_TRACE = getattr(os, "O_NOATIME", 0)
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT))
_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.1


def operator() -> str:
    """Return the user who runs this: the one who called sudo, or the user of the process."""
    name = os.environ.get("SUDO_USER")
    if not name:
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = "uid %d" % os.getuid()
    return printable(name)


class HoldJournal(NamedTuple):
    """The messages that an interrupted run put on hold or was about to."""

    messages: Sequence[Planned]
    stays: bool
    """Whether they must stay on hold. Otherwise the hold was one step of the run, and the next run releases them."""


class RunLock:
    """A lock of one run, as a context manager. Only root can open its file, so no other user can take the lock."""

    name = "mailops.lock"
    """The name of its file."""
    subject = "works on the queue"
    """What the run does, for the error that another one gets."""

    def __init__(self, queue_directory: str, *, purpose: str) -> None:
        """purpose: the name of the module."""
        self._queue_directory = queue_directory
        self._directory = os.path.join(queue_directory, "pid")
        self._purpose = purpose
        self._descriptor = -1

    def __enter__(self: _Lock) -> _Lock:
        """Take the lock. Raises BusyError, with the holder, and MailopsError if the lock cannot be made."""
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
        """Return the open file or directory to lock. Raises OSError, and BusyError if a run on a full disk has locked the directory."""
        path = os.path.join(self._directory, self.name)
        with suppress(FileNotFoundError):
            return os.open(path, os.O_RDWR | _FLAGS)
        # The file does not exist yet. An earlier run may have found no room for it and locked the directory.
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
            raise self._busy("the owner of the lock is unknown") from error
        finally:
            os.close(directory)
        return made

    def _busy(self, holder: str) -> BusyError:
        return BusyError(
            "Another run %s in %s: %s. Wait until it has ended, then run this again."
            % (self.subject, self._queue_directory, holder)
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
        """Write the holder of the lock to its file, if there is room on the disk."""
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
            return "the owner of the lock is unknown"


class ConfigurationLock(RunLock):
    """The lock of a run that changes main.cf, master.cf and the tables of locks. It waits for another run, which takes seconds."""

    name = "mailops.locks.lock"
    subject = "changes the locks of the instance with the queue"

    def __enter__(self) -> ConfigurationLock:
        """Take the lock. Raises BusyError, with the holder, if it is not free after half a minute, and MailopsError as RunLock does."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return super().__enter__()
            except BusyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)


class QueueLock(RunLock):
    """The lock of one run on a queue, and the journal of that run."""

    def write_journal(self, messages: Iterable[Planned], *, stays: bool = False) -> None:
        """Record which messages will be put on hold. The record is on disk when this returns, before the first one moves.

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
        # Otherwise a power loss could lose the journal while messages are on hold.
        sync_directory(self._directory)

    def clear_journal(self) -> None:
        """Record that no message needs to be released any more. Raises OSError."""
        try:
            os.unlink(os.path.join(self._directory, _JOURNAL))
        except FileNotFoundError:
            return
        sync_directory(self._directory)


def read_journal(queue_directory: str) -> HoldJournal:
    """Return the messages that an interrupted run may have left on hold. Raises MailopsError for a damaged journal."""
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
