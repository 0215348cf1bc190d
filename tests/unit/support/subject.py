# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages made up for tests of selections, summaries and listings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window, whole_window
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import NOTHING, Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA


def make_envelope(
    *,
    arrival: int = 1700000000,
    size: int = 1000,
    sender: bytes | None = b"sender@example.com",
    pending: Sequence[bytes] = (b"recipient@example.org",),
    done: int = 0,
    attributes: Sequence[bytes] = (),
    microseconds: int = 0,
) -> Envelope:
    """Return an envelope."""
    return Envelope(
        arrival=arrival,
        microseconds=microseconds,
        size=size,
        sender=sender,
        pending=list(pending),
        done=done,
        attribute_records=b"".join(rec.encode_record(rec.ATTRIBUTE, attribute) for attribute in attributes),
        data_offset=0,
        unparsed=None,
    )


def content_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return the test of the criterion content, as one on a stored text."""
    test = CRITERIA["content"].compile([value], place)
    return lambda text: bool(test(MadeUpMessage(stored_text_=text)))


@dataclass
class MadeUpMessage:
    """A message that writes down what it was asked for: asking is what costs."""

    envelope_: Envelope = field(default_factory=make_envelope)
    queue_id: str = "4A0F9AC"
    queue: str = "deferred"
    reasons_: Mapping[bytes, bytes] = field(default_factory=dict)
    headers_: Sequence[tuple[str, str]] = ()
    stored_text_: bytes = b""
    text_parts_: Sequence[str] = ()
    forced_expire: bool = False
    next_retry: int | None = None
    origin: str | None = None
    problem: str | None = None
    missing: frozenset[Input] = NOTHING
    asked: list[str] = field(default_factory=list)

    @property
    def identity(self) -> Envelope:
        """What SpoolMessage needs the start of its file for."""
        if "identity" not in self.asked:
            self.asked.append("identity")
        return self.envelope_

    @property
    def envelope(self) -> Envelope:
        """What SpoolMessage decodes."""
        if "envelope" not in self.asked:
            self.asked.append("envelope")
        return self.envelope_

    def reasons(self) -> Mapping[bytes, bytes]:
        """What SpoolMessage reads the defer log for."""
        self.asked.append("reasons")
        return self.reasons_

    def headers(self) -> Sequence[tuple[str, str]]:
        """What SpoolMessage reads the content for."""
        self.asked.append("headers")
        return self.headers_

    def holds(self, text: bytes) -> bool:
        """What SpoolMessage looks into the whole file for."""
        self.asked.append("stored_text")
        return text in self.stored_text_

    def text_windows(self) -> Iterable[Window]:
        """What SpoolMessage reads the whole file for."""
        self.asked.append("stored_text")
        return [whole_window(self.stored_text_)]

    def text_parts(self) -> Sequence[str]:
        """What SpoolMessage reads and decodes the content for."""
        self.asked.append("text_parts")
        return self.text_parts_
