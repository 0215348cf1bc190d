# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The journal of a quarantine: a line a record, only ever added to, each with a checksum.

A record is on disk (fsync) before append() returns. An intent must be: were the first rename to reach the disk before the intent,
a power loss would leave a move that nobody knows of. Where the machine died while it wrote, the last line is cut; it was not
acted on yet, so it counts for nothing, and the next record takes its place.
"""

from __future__ import annotations

import json
import os
import zlib
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError

if TYPE_CHECKING:
    from typing import Any, Mapping

    Record = Mapping[str, Any]

NAME = "journal"
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC


def encode(record: Record) -> bytes:
    """Return a record as a line."""
    text = json.dumps(record, separators=(",", ":")).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def decode(data: bytes) -> tuple[list[Record], int]:
    """Return the records, and how many bytes of the data they take: less than all where the last one is cut.

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
    record: Record = json.loads(text.decode("ascii"))
    return record


class Journal:
    """The journal in an open directory."""

    def __init__(self, directory: int, path: str) -> None:
        self._directory = directory
        self._path = path

    def read(self) -> list[Record]:
        """Return all records, none where there is no journal yet. Raises QuarantineError."""
        return self._read()[0]

    def _read(self) -> tuple[list[Record], int]:
        try:
            descriptor = os.open(NAME, os.O_RDONLY | _FLAGS, dir_fd=self._directory)
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise QuarantineError("The journal of %s cannot be read: %s." % (self._path, error.strerror)) from error
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read()
        try:
            return decode(data)
        except ValueError as error:
            raise QuarantineError(
                "The journal of %s cannot be read: %s. Its messages are where they are; look at the directory, and move it "
                "aside if need be." % (self._path, error)
            ) from error

    def append(self, record: Record) -> None:
        """Add a record, on disk when this returns. Raises QuarantineError, and then the journal is as it was."""
        end = self._read()[1]
        try:
            descriptor = os.open(NAME, os.O_WRONLY | os.O_CREAT | _FLAGS, 0o600, dir_fd=self._directory)
            try:
                _write_from(descriptor, encode(record), end)
            finally:
                os.close(descriptor)
            if not end:
                os.fsync(self._directory)
        except OSError as error:
            raise QuarantineError(
                "The journal of %s cannot be written: %s. Nothing is moved without it; make room or mend that, then run this again."
                % (self._path, error.strerror)
            ) from error


def _write_from(descriptor: int, data: bytes, start: int) -> None:
    """Write at that place and end the file there, or leave it as it was and raise OSError."""
    os.ftruncate(descriptor, start)
    try:
        done = 0
        while done < len(data):
            done += os.pwrite(descriptor, data[done:], start + done)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, start)
        raise
