# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A source of log lines: a file, compressed or not."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from typing import Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import (
    BLOCK_BYTES,
    MAX_LINE_BYTES,
    SLACK_SECONDS,
    Reading,
    middle_time,
    select_time,
    time_of_line,
    whole_lines,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_compression import (
    MAGIC_BYTES,
    DamagedError,
    Format,
    UnreadableError,
    decompress,
    format_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_names import open_regular

# The search for the start ends with a part of a file that is read quickly.
_SEARCHED_BYTES = BLOCK_BYTES // 4
_WINDOW_BYTES = MAX_LINE_BYTES
_MAX_WINDOWS = 16
# After damage, no more than this is lost.
_COMPRESSED_BYTES = 1 << 15
# A file was last changed when its last line was written, give or take this.
MTIME_SLACK = 3600
# A file that was not written for so long has no line that is being written.
_QUIET_SECONDS = 5


class LogSource(ABC):
    """Where lines come from. path: the file, or C(journal)."""

    def __init__(self, path: str, clock: Clock) -> None:
        self.path = path
        self.clock = clock
        self.reading = Reading()
        """What was read so far, for the result."""
        self.warnings: list[str] = []

    def blocks(self, since: float | None, until: float | None) -> Iterator[bytes]:
        """Yield the lines of a time in blocks of about 1 MiB, each line with its end. Each call reads the source again.

        Damage is no error: what can be read is yielded, and reading.truncated and warnings say so. Raises LogError if the journal cannot
        be read.
        """
        self.reading = Reading()
        self.warnings = []
        lines = whole_lines(self._chunks(since, until), self.reading)
        yield from select_time(lines, self.clock, self.reading, since=since, until=until)

    @abstractmethod
    def close(self) -> None:
        """Close the source."""

    @abstractmethod
    def _chunks(self, since: float | None, until: float | None) -> Iterator[bytes]:
        """Yield the bytes of the source, at least those of that time."""

    def _note_damage(self, warning: str) -> None:
        self.reading.truncated = True
        # The path has what a user could put into a name.
        self.warnings.append(printable(warning))


class LogFile(LogSource):
    """A log in a file, which stays open: it is the same one when syslog renames or removes it."""

    def __init__(self, path: str) -> None:
        """Open the file. Raises OSError, also if it is not a regular file."""
        self._descriptor = open_regular(path)
        self.status = os.fstat(self._descriptor)
        super().__init__(path, Clock(self.status.st_mtime))
        self._format = format_of(os.pread(self._descriptor, MAGIC_BYTES, 0))

    @property
    def key(self) -> tuple[int, int]:
        """The device and inode: equal for two names of one file."""
        return self.status.st_dev, self.status.st_ino

    def start(self) -> float:
        """Return the time of the first line, the time of the file's last change if its first lines have no time stamp."""
        for block in whole_lines(self._chunks(None, None), Reading()):
            for line in block.split(b"\n", 20)[:20]:
                found = time_of_line(line, self.clock)
                if found is not None:
                    return found
            break
        return self.status.st_mtime

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _chunks(self, since: float | None, _until: float | None) -> Iterator[bytes]:
        if since is not None and os.fstat(self._descriptor).st_mtime < since - MTIME_SLACK:
            return
        try:
            if self._format is not None:
                yield from self._decompressed(self._format)
            else:
                yield from self._lines_from(0 if since is None else self._find(since - SLACK_SECONDS))
        except OSError as error:
            self._note_damage("%s could not be read to its end: %s." % (self.path, reason_of(error)))

    def _decompressed(self, known: Format) -> Iterator[bytes]:
        last = b"\n"
        try:
            for chunk in decompress(known, self._descriptor, self._bytes(0, None, _COMPRESSED_BYTES)):
                last = chunk[-1:]
                yield chunk
        except UnreadableError:
            self._note_damage(
                "%s was not read: it is compressed with %s, and this host has no %s command. Install it, or decompress the file and name "
                "it in files." % (self.path, known.name, known.command)
            )
        except DamagedError as error:
            self._note_damage(
                "%s is damaged or not complete: %s. The lines before that were read. Check it with %s -t."
                % (self.path, error, known.command)
            )
        else:
            if last != b"\n":
                yield b"\n"

    def _bytes(self, start: int, end: int | None, size: int) -> Iterator[bytes]:
        """Yield the bytes of a part of the file, end None for the end of the file."""
        while end is None or start < end:
            found = os.pread(self._descriptor, size if end is None else min(size, end - start), start)
            if not found:
                return
            start += len(found)
            yield found

    def _lines_from(self, start: int) -> Iterator[bytes]:
        """Yield the bytes from an offset to what is the end of the file now, and the rest of the line there."""
        end, last = os.fstat(self._descriptor).st_size, b"\n"
        for chunk in self._bytes(start, end, BLOCK_BYTES):
            start += len(chunk)
            last = chunk[-1:]
            yield chunk
        if start < end:
            self._note_damage("%s became shorter while it was read. Read it again." % self.path)
        elif last != b"\n":
            rest = os.pread(self._descriptor, MAX_LINE_BYTES, end)
            if b"\n" in rest:
                yield rest[: rest.index(b"\n") + 1]
            elif os.fstat(self._descriptor).st_mtime < time.time() - _QUIET_SECONDS:
                yield b"\n"

    def _find(self, since: float) -> int:
        """Return an offset of the start of a line, before which all lines are earlier, but for some disorder."""
        start, low, high = 0, 0, os.fstat(self._descriptor).st_size
        while high - low > _SEARCHED_BYTES:
            middle = (low + high) // 2
            found = self._time_after(middle, high)
            # A part without a time stamp is read, not passed over.
            if found is not None and found[1] < since:
                low = start = found[0]
            else:
                high = middle
        return start

    def _time_after(self, offset: int, end: int) -> tuple[int, int] | None:
        """Return where a line with a time stamp follows an offset, and its time; None if there is none near."""
        for place in range(offset, min(end, offset + _MAX_WINDOWS * _WINDOW_BYTES), _WINDOW_BYTES):
            found = middle_time(os.pread(self._descriptor, _WINDOW_BYTES, place), self.clock)
            if found is not None:
                return place + found[0], found[1]
        return None
