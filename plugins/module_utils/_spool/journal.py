# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The journal of a quarantine. Each record is a line with a checksum; lines are only added.

A record is on disk (fsync) before append() returns. For an intent that is necessary: if the first rename reached the disk before the
intent, a power loss could leave a move without a record. If the machine stopped while it wrote, the last line is cut. No action
has followed such a record, so it is ignored, and the next record overwrites it.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError, reason_of, remedy_of

if TYPE_CHECKING:
    from typing import Any, Mapping

    Record = Mapping[str, Any]

NAME = "journal"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC
_CHECKSUM = 8
_HEXADECIMAL = frozenset(b"0123456789abcdef")
# Added to an error about a full disk.
_PURGE_WORKS = " postfix_queue_purge needs no room, and works on a full disk."
HINTS = {errno.ENOSPC: _PURGE_WORKS, errno.EDQUOT: _PURGE_WORKS}


def encode(record: Record) -> bytes:
    """Return a record as a line."""
    text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def decode(data: bytes) -> tuple[list[Record], int]:
    """Return the records, and the number of bytes that they take; that is less than all if the last one is cut.

    Raises ValueError for a damaged record that is not the last.
    """
    records: list[Record] = []
    end = 0
    for line in data.splitlines(keepends=True):
        record = _decode_line(line)
        if record is None:
            if end + len(line) < len(data):
                raise ValueError("record %d is damaged" % (len(records) + 1))
            break
        records.append(record)
        end += len(line)
    return records, end


def _decode_line(line: bytes) -> Record | None:
    checksum, _blank, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
        return None
    record = json.loads(text.decode("ascii"))
    return record if isinstance(record, dict) else None


def is_cut_beginning(data: bytes, beginning: bytes) -> bool:
    """Return whether a file has only the cut first record of a journal.

    beginning: the start of the text of a first record. A power loss may leave zeros in place of the text.
    """
    if not data.strip(b"\0"):
        return True
    checksum, text = data[:_CHECKSUM], data[_CHECKSUM + 1 :]
    return (
        b"\n" not in data
        and _HEXADECIMAL.issuperset(checksum)
        and data[_CHECKSUM : _CHECKSUM + 1] in (b"", b" ")
        and text[: len(beginning)] == beginning[: len(text)]
    )


class Journal:
    """The journal in an open directory."""

    def __init__(self, directory: int, path: str) -> None:
        self._directory = directory
        self._path = path
        # The end of the last record, in bytes, once it is known. Nobody else writes while the queue is locked.
        self._end: int | None = None

    def read(self) -> list[Record]:
        """Return all records, none if there is no journal. Raises QuarantineError."""
        data = self.read_bytes()
        try:
            records, self._end = decode(data or b"")
        except ValueError as error:
            raise QuarantineError(
                "The journal of %s cannot be read: %s. Its messages stay where they are. Look at the directory, and "
                "move it to another place." % (self._path, error)
            ) from error
        return records

    def read_bytes(self) -> bytes | None:
        """Return the content of the file, None if there is none. Raises QuarantineError."""
        try:
            descriptor = os.open(NAME, os.O_RDONLY | os.O_NONBLOCK | _FLAGS, dir_fd=self._directory)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            with os.fdopen(descriptor, "rb") as stream:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                return stream.read()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> QuarantineError:
        return QuarantineError(
            "The journal of %s cannot be read: %s. %s" % (self._path, reason_of(error), remedy_of(error))
        )

    def append(self, record: Record) -> None:
        """Add a record; it is on disk when this returns. Raises QuarantineError, and then the journal is unchanged."""
        if self._end is None:
            self.read()
        end = self._end or 0
        line = encode(record)
        try:
            self._write(line, end)
        except OSError as error:
            self._end = None
            raise QuarantineError(
                "The journal of %s cannot be written: %s. Nothing is moved without it. %s%s"
                % (self._path, reason_of(error), remedy_of(error), HINTS.get(error.errno or 0, ""))
            ) from error
        self._end = end + len(line)

    def _write(self, line: bytes, end: int) -> None:
        descriptor = os.open(NAME, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | _FLAGS, 0o600, dir_fd=self._directory)
        try:
            _write_from(descriptor, line, end)
            if not end:
                os.fsync(self._directory)
        except OSError:
            if not end:
                # A directory without a journal is no quarantine.
                with suppress(OSError):
                    os.unlink(NAME, dir_fd=self._directory)
            raise
        finally:
            os.close(descriptor)


def _write_from(descriptor: int, data: bytes, start: int) -> None:
    """Replace the end of the file, from that offset on. Raises OSError, and then the file ends at the offset."""
    os.ftruncate(descriptor, start)
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(descriptor, data[done:], start + done)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise
