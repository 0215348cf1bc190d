# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A message in a queue directory: the subject that a selection decides about."""

from __future__ import annotations

import fcntl
import os
import stat
from typing import TYPE_CHECKING, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import envelope as stored
from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import MAX_LOG
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import (
    check_end,
    read_envelope,
    read_identity,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_defer_log
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool

# Most runs read no content. So what reads it is imported by the methods that need it, and other runs do not wait for that.
if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
    from ansible_collections.mailops.postfix.plugins.module_utils._format.mime import Part
    from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import Recipients

# src/global/mail_queue.h: the owner bits say that a file is complete, one group bit that the message must expire at once.
READY = stat.S_IRUSR | stat.S_IWUSR | stat.S_IXUSR
FORCED_EXPIRE = stat.S_IXGRP


class SpoolMessage:
    """An open queue file. Its content can be read until close(); what was read before stays.

    Content that cannot be read is left out, and named in C(missing).
    """

    __slots__ = (
        "_descriptor",
        "_envelope",
        "_head",
        "_identity",
        "_reasons",
        "_spool",
        "_text_parts",
        "_withheld",
        "damaged",
        "directory",
        "missing",
        "problem",
        "queue",
        "queue_id",
        "ready",
        "status",
    )

    def __init__(self, spool: Spool, found: QueueEntry) -> None:
        """Open the file and read its first bytes. Raises OSError if there is no such regular file."""
        self._spool = spool
        self._reasons: Mapping[bytes, bytes] | None = None
        self._envelope: stored.Envelope | None = None
        self._identity: stored.Identity | None = None
        self._text_parts: Sequence[str] | None = None
        self._withheld: str | None = None
        # Whether the part of the file that was read is damaged.
        self.damaged = False
        # The requested content that could not be read, and the first reason.
        self.missing: frozenset[stored.Input] = stored.NOTHING
        self.problem: str | None = None
        self.queue = found.queue
        self.queue_id = found.name
        # Open until the next name is requested (Spool.walk()).
        self.directory = found.directory
        self._descriptor, self.status, self._head = spool.open_quickly(found)
        # Whether the file is complete: one that is still being written has no execute bit.
        self.ready = self.status.st_mode & READY == READY

    @property
    def envelope(self) -> stored.Envelope:
        """The envelope, read on first use. Raises ContentError if the file cannot be read."""
        return self._envelope or self._read()

    @property
    def readable(self) -> bool:
        """Whether the envelope can be read in full. Raises ContentError."""
        if self._envelope is None:
            self._read()
        return not self.damaged

    def _read(self) -> stored.Envelope:
        status = self.status
        envelope = read_envelope(self._fetch, file_size=status.st_size, head=self._head)
        if self.queue == "maildrop":
            # There the C record may be preliminary. showq(8) uses the size of the file, too.
            envelope = envelope._replace(size=status.st_size)
        self._envelope = envelope
        self.damaged = envelope.unparsed is not None or envelope.sender is None
        self.missing |= envelope.missing
        self.problem = self.problem or envelope.problem
        return envelope

    @property
    def identity(self) -> stored.Identity | stored.Envelope:
        """The data that identifies the message; the envelope if less is not enough. Raises ContentError."""
        if self._envelope is None and self._identity is None and self.queue != "maildrop":
            self._identity = read_identity(self._head, file_size=self.status.st_size)
        return self._envelope or self._identity or self.envelope

    @property
    def forced_expire(self) -> bool:
        """Whether the message was expired by hand (postsuper -e or -f, since Postfix 3.5)."""
        return bool(self.status.st_mode & FORCED_EXPIRE)

    @property
    def next_retry(self) -> int | None:
        """The time of the next attempt for a deferred message, in seconds since the epoch: the file's mtime (src/qmgr/qmgr_active.c)."""
        return int(self.status.st_mtime) if self.queue == "deferred" else None

    @property
    def origin(self) -> str | None:
        """How the message came in."""
        return self.envelope.origin

    @property
    def fingerprint(self) -> str:
        """The text that distinguishes this message from another one with the same queue ID. Raises ContentError."""
        return stored.fingerprint(self.identity, inode=self.status.st_ino)

    def in_delivery(self) -> bool:
        """Return whether a process of Postfix has a lock on the file: a delivery agent a shared one, the queue manager an exclusive one.

        Sources: src/global/deliver_request.c, src/qmgr/qmgr_active.c. The lock that this check takes ends with close().
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False

    def make_due(self, now: int) -> int:
        """Let the queue manager's next scan take the message: it skips messages whose mtime is in the future (src/qmgr/qmgr_active.c).

        Returns the new ctime of the file, in nanoseconds. Raises OSError.
        """
        os.utime(self._descriptor, (now, now))
        return os.fstat(self._descriptor).st_ctime_ns

    def close(self) -> None:
        """Close the file, and drop the content that was read."""
        os.close(self._descriptor)
        # A later read raises an error, and does not read another file.
        self._descriptor = -1
        self._head = b""
        self._text_parts = None

    def check_end(self) -> None:
        """Check what is behind the content, which nothing else reads, and note in C(damaged) and C(problem) what is wrong there.

        Raises ContentError.
        """
        envelope = self.envelope
        if self.damaged:
            return
        unparsed = check_end(self._fetch, envelope, file_size=self.status.st_size)
        if unparsed is not None:
            self.damaged = True
            self.problem = self.problem or stored.describe(unparsed)

    def withhold_content(self, problem: str) -> None:
        """Return no more content, for this reason: from now on all of it counts as missing."""
        self._withheld = problem

    def _is_withheld(self, what: stored.Input) -> bool:
        """Return whether the content is withheld, and note that."""
        if self._withheld is None:
            return False
        self._miss(what, self._withheld)
        return True

    def _miss(self, what: stored.Input, problem: object) -> None:
        """Note which content could not be read completely, and why."""
        self.missing |= {what}
        self.problem = self.problem or str(problem)

    def reasons(self) -> Mapping[bytes, bytes]:
        """Return the delay reasons by recipient."""
        if self._reasons is None:
            log = self.defer_log()
            self._reasons = parse_defer_log(log)
            if len(log) >= MAX_LOG:
                self._miss(stored.Input.REASONS, "more than %d bytes of delay reasons" % MAX_LOG)
        return self._reasons

    def headers(self) -> Sequence[tuple[str, str]]:
        """Return the decoded header fields."""
        # Most runs never read content, and the import takes time.
        from ansible_collections.mailops.postfix.plugins.module_utils._format import content, mime  # noqa: PLC0415

        if self._is_withheld(stored.Input.HEADERS):
            return ()
        try:
            block, problem = content.read_headers(self._fetch, self.envelope)
        except ContentError as error:
            block, problem = b"", str(error)
        if problem is not None:
            self._miss(stored.Input.HEADERS, problem)
        return mime.parse_headers(block)

    def text_windows(self) -> Iterator[Window]:
        """Yield the message as it is stored, one record on each line, in windows."""
        from ansible_collections.mailops.postfix.plugins.module_utils._format import content  # noqa: PLC0415

        if self._is_withheld(stored.Input.CONTENT):
            return
        try:
            yield from content.text_windows(self._fetch)
        except ContentError as error:
            self._miss(stored.Input.CONTENT, error)

    def holds(self, text: bytes) -> bool:
        """Return whether the stored text contains this text."""
        from ansible_collections.mailops.postfix.plugins.module_utils._format import content  # noqa: PLC0415

        held = content.holds(self._head, self.envelope, text) if len(self._head) == self.status.st_size else None
        if held is not None:
            return held
        return any(0 <= window.find(text, start) < limit for window, start, limit in self.text_windows())

    def text_parts(self) -> Sequence[str]:
        """Return the decoded text parts."""
        if self._is_withheld(stored.Input.BODY):
            return ()
        if self._text_parts is None:
            from ansible_collections.mailops.postfix.plugins.module_utils._format import mime  # noqa: PLC0415

            parts, problem = mime.text_parts(self._start_of_content())
            if problem is not None:
                self._miss(stored.Input.BODY, problem)
            self._text_parts = parts
        return self._text_parts

    def structure(self) -> Sequence[Part]:
        """Return the parts of the message as their MIME headers describe them."""
        from ansible_collections.mailops.postfix.plugins.module_utils._format import mime  # noqa: PLC0415

        parts, problem = mime.structure(self._start_of_content())
        if problem is not None:
            self._miss(stored.Input.BODY, problem)
        return parts

    def _start_of_content(self) -> bytes:
        """Return the part of headers and body that is decoded."""
        from ansible_collections.mailops.postfix.plugins.module_utils._format import content  # noqa: PLC0415

        try:
            start, problem = content.read_start_of_content(self._fetch, self.envelope, most=content.MAX_DECODED)
        except ContentError as error:
            start, problem = b"", str(error)
        if problem is not None:
            self._miss(stored.Input.BODY, problem)
        return start

    def content(self) -> bytes:
        """Return headers and body with LF line ends. Raises ContentError."""
        from ansible_collections.mailops.postfix.plugins.module_utils._format import content  # noqa: PLC0415

        return content.read_content(self._fetch, self.envelope)

    def recipients(self, *, most: int) -> Recipients:
        """Return all recipients with their states. most: the number of recipients of each state to name."""
        # Only postfix_message_info needs it, and the import takes time.
        from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import read_recipients  # noqa: PLC0415

        return read_recipients(self._fetch, most=most)

    def defer_log(self) -> bytes:
        """Return the defer log of the message, b"" if there is none."""
        return self._spool.read_defer_log(self.queue_id)

    def _fetch(self, offset: int, size: int) -> bytes:
        if len(self._head) == self.status.st_size:
            # The first read has got the whole file.
            return self._head[offset : offset + size]
        try:
            return os.pread(self._descriptor, size, offset)
        except OverflowError:
            # No file is that large.
            return b""
        except OSError as error:
            problem = "reading stopped at offset %d: %s" % (offset, error)
            self.problem = self.problem or problem
            raise ContentError(problem) from error
