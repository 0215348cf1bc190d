# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Messages and values as a result shows them: escaped, and no longer than a bound."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    CUT,
    display,
    display_address,
    display_client,
    display_domain,
    display_login,
    display_name,
)

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope

    class Listable(Protocol):
        """A message that can be listed, from the spool or from postqueue."""

        @property
        def queue_id(self) -> str: ...
        @property
        def queue(self) -> str: ...
        @property
        def envelope(self) -> Envelope: ...
        @property
        def forced_expire(self) -> bool: ...
        @property
        def next_retry(self) -> int | None: ...
        @property
        def origin(self) -> str | None: ...


# Every valid address and nearly every reason has 320 characters at most. Bounds on texts are in bytes of JSON.
_MAX_TEXT = 320
_MAX_RECIPIENTS = 5
# With the default options tops and shape have 80 values. Their JSON and that of the rows must fit in 64 KiB.
_MAX_VALUE = 240

# How the values of a top are shown if they are not just text.
_SHOWN: Mapping[str, Callable[[bytes], str]] = {
    "senders": display_address,
    "recipients": display_address,
    "sender_domains": display_domain,
    "recipient_domains": display_domain,
    "sasl_usernames": display_login,
    "client_addresses": display_client,
}


def clip(text: str, size: int = _MAX_TEXT) -> str:
    """Return the text, cut if it takes more than size bytes of JSON. There a character takes up to twelve bytes."""
    shown = text[: size + 1]
    excess = _json_bytes(shown) - size
    if excess <= 0:
        return text
    while excess > 0 and shown != CUT:
        shown = shown[: -(excess // 12) - 2] + CUT
        excess = _json_bytes(shown) - size
    # There may be no room even for CUT.
    return shown if excess <= 0 else ""


def _json_bytes(text: str) -> int:
    return len(json.dumps(text)) - len('""')


def show_value(top: str, value: bytes) -> str:
    """Return a value of a top."""
    return clip(_SHOWN.get(top, display)(value), _MAX_VALUE)


def make_row(message: Listable, reasons: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return a message as a row of a result."""
    envelope = message.envelope
    return {
        "queue_id": message.queue_id,
        "queue": message.queue,
        "arrival_time": envelope.arrival or None,
        "size": envelope.size,
        "sender": None if envelope.sender is None else clip(display_address(envelope.sender)),
        "recipients": [clip(display_address(address)) for address in envelope.pending[:_MAX_RECIPIENTS]],
        "recipient_count": len(envelope.pending),
        "reason": _most_common(reasons.values()),
        "sasl_username": _text(envelope.sasl_username, display_login),
        "client_address": _text(envelope.client_address, display_client),
        "client_name": _text(envelope.client_name, display_name),
        "origin": message.origin,
        "next_retry": message.next_retry,
        "forced_expire": message.forced_expire,
    }


def _text(value: bytes | None, show: Callable[[bytes], str]) -> str | None:
    return None if value is None else clip(show(value))


def _most_common(reasons: Iterable[bytes]) -> str | None:
    """Return the delay reason that most recipients have, the first of equally frequent ones; None if there is none."""
    counted = Counter(reasons).most_common(1)
    return clip(display(counted[0][0])) if counted else None
