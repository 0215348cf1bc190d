# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""More of what the line of a delivery says: the original recipient, and the queue ID that the message got on this host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import QUEUE_ID

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Delivery

_ADDRESS = rb"(?:\"(?:[^\"\\]|\\.)*\"|[^\">])*"
# src/global/log_adhoc.c
_ORIGINAL = re.compile(rb"[0-9A-Za-z]+: to=<" + _ADDRESS + rb">, orig_to=<(" + _ADDRESS + rb")>, ")
# src/smtpd/smtpd.c: "250 2.0.0 Ok: queued as QUEUE_ID"; content filters pass it on, some with more text before it.
_QUEUED = re.compile(rb"250 .*\bqueued as (" + QUEUE_ID + rb")\)?\Z")
# src/smtp/smtp_session.c: NAME[ADDRESS]:PORT; the name comes from the DNS, the address is the connection's. A path is a local socket.
_LOCAL_RELAY = re.compile(rb"[^\[\]]*\[(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|/[^\]]*)\](?::\d+)?\Z")


def original_recipient(text: bytes) -> bytes | None:
    """Return the recipient before aliases, None if it is the same. text: of the line of a delivery."""
    match = _ORIGINAL.match(text)
    return None if match is None else match.group(1)


def next_queue_id(delivery: Delivery) -> bytes | None:
    """Return the queue ID that a content filter on this host says the message has now, None if there is none.

    Only an answer over the loopback interface or a local socket counts: any other server may name the queue ID of another message.
    """
    if delivery.status != b"sent" or not _LOCAL_RELAY.match(delivery.relay):
        return None
    match = _QUEUED.match(delivery.reason)
    return None if match is None else match.group(1)


def is_loopback(address: bytes | None) -> bool:
    """Return whether a client's address is one of the host itself."""
    return address is not None and (address.startswith(b"127.") or address == b"::1")
