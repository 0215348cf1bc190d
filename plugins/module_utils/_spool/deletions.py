# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The record of the messages that were deleted from a queue. It is written before each removal and kept for later runs.

It is the file C(mailops.deleted) in the queue directory's pid/, which belongs to root. A line is added before each removal, so a run that
is killed leaves no deletion without a line. Its lines::

    run {"purpose": ..., "user": ..., "since": ...}
    QUEUE_ID FINGERPRINT        about to be removed
    kept QUEUE_ID               could not be removed after all
    end

If a run was killed, its C(end) is missing, and the next run reports it. A plan finds in the record which of its messages this
collection has deleted. On a full disk no line can be added at first: the lines wait in memory until a removal has made room.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid

_NAME = "mailops.deleted"
# In bytes. A run of 300,000 messages takes about 9 MB. Of a larger file only the end is kept.
MAX_SIZE = 32 << 20
_KEPT_SIZE = 16 << 20
# Queue IDs are written to the mail log for so many messages at once: one call of postlog(1) takes as long as hundreds of removals.
_BATCH = 5000
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | _FLAGS | getattr(os, "O_NOATIME", 0)
_END = b"end\n"


class InterruptedDeletions(NamedTuple):
    """A run that did not end: who started which module when, and the messages that it had removed or was about to remove."""

    about: Mapping[str, object]
    messages: Mapping[str, str]
    """Fingerprints by queue ID."""


class Deletions:
    """The record of one queue directory. log: writes queue IDs of removed messages to the mail log."""

    def __init__(self, queue_directory: str, log: Callable[[Sequence[str]], None]) -> None:
        self._path = os.path.join(queue_directory, "pid", _NAME)
        self._log = log
        self._descriptor = -1
        self._process = os.getpid()
        # Lines that are not written yet, and IDs of removed messages that are not in the mail log yet. Each process has its own.
        self._unwritten = b""
        self._unlogged: list[str] = []

    def begin(self, about: Mapping[str, object]) -> None:
        """Record the start of a run, before the first removal and before helper processes are started. A second call does nothing."""
        if self._descriptor >= 0:
            return
        with suppress(OSError):
            self._trim()
        self._open()
        self._write(b"run %b\n" % json.dumps(dict(about)).encode("ascii"))

    def announce(self, queue_id: str, fingerprint: str) -> None:
        """Record that a message is about to be removed."""
        self._write(b"%b %b\n" % (queue_id.encode("ascii"), fingerprint.encode("ascii")))

    def retract(self, queue_id: str) -> None:
        """Record that a message could not be removed after all."""
        self._write(b"kept %b\n" % queue_id.encode("ascii"))

    def confirm(self, queue_id: str) -> None:
        """Record that a message was removed. The mail log gets its ID before the next batch is removed."""
        self._unlogged.append(queue_id)
        if len(self._unlogged) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the waiting queue IDs to the mail log."""
        waiting, self._unlogged = self._unlogged, []
        if waiting:
            self._log(waiting)

    def flush_in_helper(self) -> None:
        """Write the waiting queue IDs to the mail log if this is a helper process."""
        if os.getpid() != self._process:
            self.flush()

    def end(self) -> None:
        """Record that the run has ended, and close the record."""
        self.flush()
        if self._descriptor >= 0:
            self._write(_END)
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        with suppress(OSError):
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _FLAGS, 0o600)

    def _write(self, line: bytes) -> None:
        """Add a line. If there is no room on the disk, it waits for the next call."""
        self._unwritten += line
        if self._descriptor < 0:
            self._open()
        if self._descriptor >= 0:
            with suppress(OSError):
                written = os.write(self._descriptor, self._unwritten)
                self._unwritten = self._unwritten[written:]

    def _trim(self) -> None:
        """Keep only the end of a large record."""
        if os.lstat(self._path).st_size <= MAX_SIZE:
            return
        kept = _read(self._path)[-_KEPT_SIZE:].partition(b"\n")[2]
        descriptor = os.open(self._path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(kept)
        os.rename(self._path + ".new", self._path)

    def interrupted(self) -> InterruptedDeletions | None:
        """Return the last run if it did not end, None if it did."""
        data = _read(self._path, at_least=_END)
        _earlier, start, last = (b"\n" + data).rpartition(b"\nrun ")
        head, _end, lines = last.partition(b"\n")
        if not start or (b"\n" + lines).endswith(b"\n" + _END):
            return None
        try:
            about = json.loads(head.decode("ascii"))
        except ValueError:
            about = {}
        return InterruptedDeletions(about if isinstance(about, dict) else {}, _messages(lines.splitlines()))

    def close_interrupted(self) -> None:
        """Record that the run which did not end was reported."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | _FLAGS)
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                # The last line may be cut, so it is ended first.
                stream.write(b"\n" + _END)

    def known(self, wanted: Mapping[str, str]) -> set[str]:
        """Return which of these messages were removed by this collection. wanted: fingerprints by queue ID."""
        return _known(self._path, wanted)


def known_deletions(queue_directory: str, wanted: Mapping[str, str]) -> set[str]:
    """Return which of these messages were removed by this collection, as far back as the record goes. wanted: as in known()."""
    return _known(os.path.join(queue_directory, "pid", _NAME), wanted)


def _known(path: str, wanted: Mapping[str, str]) -> set[str]:
    try:
        with os.fdopen(os.open(path, _READ), "rb") as stream:
            return set(_messages(stream, wanted))
    except OSError:
        # Without the record, a message that is gone has no explanation, which does no harm.
        return set()


def _read(path: str, *, at_least: bytes = b"") -> bytes:
    """Return the record, b"" if there is none or it cannot be read. at_least: return only this if the record ends with it."""
    try:
        with os.fdopen(os.open(path, _READ), "rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - len(at_least)))
            if at_least and stream.read() == at_least:
                return at_least
            stream.seek(0)
            return stream.read()
    except OSError:
        return b""


def _messages(lines: Iterable[bytes], wanted: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the messages of a record. wanted: only these. Lines that are cut or damaged are left out."""
    found: dict[str, str] = {}
    for line in lines:
        fields = line.decode("ascii", "replace").rstrip("\n").split(" ")
        if len(fields) != 2:
            continue
        queue_id, fingerprint = fields
        if queue_id == "kept":
            found.pop(fingerprint, None)
        elif is_valid(queue_id) and (wanted is None or wanted.get(queue_id) == fingerprint):
            found[queue_id] = fingerprint
    return found
