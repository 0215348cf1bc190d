# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A message of any bytes, opened without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format import content
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import read_envelope
from ansible_collections.mailops.postfix.plugins.module_utils._format.mime import (
    Part,
    parse_headers,
    structure,
    text_parts,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import Recipients, read_recipients
from tests.unit.support.queue_file import fetch_from
from tests.unit.support.subject import MadeUpMessage

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch


def envelope_of(data: bytes) -> Envelope:
    """Return the envelope in the bytes of a file."""
    return read_envelope(fetch_from(data), file_size=len(data))


def stored_text(fetch: Fetch) -> bytes:
    """Return the message as stored. Raises ContentError if it cannot be read to its end."""
    return b"".join(text[start:limit] for text, start, limit in content.text_windows(fetch))


class Opened(MadeUpMessage):
    """A message with the methods of SpoolMessage."""

    def __init__(self, data: bytes, log: bytes = b"") -> None:
        self.fetch = fetch_from(data)
        envelope = envelope_of(data)
        super().__init__(envelope, origin="local", problem=envelope.problem, missing=envelope.missing)
        self.log = log

    def recipients(self, *, most: int) -> Recipients:
        """Return all recipients."""
        return read_recipients(self.fetch, most=most)

    def defer_log(self) -> bytes:
        """Return the log."""
        return self.log

    def headers(self) -> list[tuple[str, str]]:
        """Return the decoded header fields. Raises ContentError."""
        return parse_headers(content.read_headers(self.fetch, self.envelope)[0])

    def content(self) -> bytes:
        """Return headers and body. Raises ContentError."""
        return content.read_content(self.fetch, self.envelope)

    def structure(self) -> Sequence[Part]:
        """Return the parts. Raises ContentError."""
        return structure(self.content())[0]

    def text_parts(self) -> Sequence[str]:
        """Return the text. Raises ContentError."""
        return text_parts(self.content())[0]
