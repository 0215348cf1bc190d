# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Looking at messages once more, just before they are changed: whether a queue ID still names the same message."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Container, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import ANOTHER, FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

_POLL_SECONDS = 0.1


def open_messages(spool: Spool, queue: str, queue_ids: Container[str]) -> Iterator[tuple[str, SpoolMessage | None]]:
    """Yield the queue ID and the open message of each file with one of these IDs in a queue; it is closed afterwards.

    The message is None if its envelope cannot be read.
    """
    for entry in spool.walk(queue):
        if entry.name not in queue_ids:
            continue
        try:
            message = SpoolMessage(spool, entry)
        except FileNotFoundError:
            continue
        except OSError:
            yield entry.name, None
            continue
        try:
            yield entry.name, message if _has_envelope(message) else None
        finally:
            message.close()


def _has_envelope(message: SpoolMessage) -> bool:
    """Return whether the envelope can be read, damaged or not."""
    try:
        return bool(message.envelope)
    except ContentError:
        return False


def find_states(spool: Spool, queue: str, fingerprints: Mapping[str, str]) -> dict[str, FileState]:
    """Return the state of each file in a queue that has one of these queue IDs. fingerprints: {queue ID: fingerprint}.

    In C(active) no file is tested for a lock: a delivery agent that meets our lock there ends with a fatal error
    (src/global/deliver_request.c).
    """
    return {
        queue_id: ANOTHER
        if message is None
        else FileState(
            message.fingerprint == fingerprints[queue_id],
            queue != "active" and message.in_delivery(),
        )
        for queue_id, message in open_messages(spool, queue, fingerprints)
    }


def wait_for_delivery(spool: Spool, queue: str, queue_ids: frozenset[str], *, seconds: float) -> frozenset[str]:
    """Wait until no delivery agent has these messages open, at most so long. Return the messages that an agent still has open."""
    deadline = time.monotonic() + seconds
    while queue_ids and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        try:
            queue_ids = frozenset(
                queue_id
                for queue_id, message in open_messages(spool, queue, queue_ids)
                if message and message.in_delivery()
            )
        except MailopsError:
            # A queue that cannot be read says nothing about its messages.
            break
    return queue_ids
