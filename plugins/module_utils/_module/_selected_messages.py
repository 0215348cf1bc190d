# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The messages that a module which changes messages has selected, with what it needs to find each of them again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Collection

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import (
    PackedMessages,
    SelectedMessage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Collector, Verdicts
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import MessageList
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

_MAX_DIGITS = 15


@dataclass
class SelectedMessages(Collector):
    """The selection of a host; plain data, which adds up."""

    in_queues: dict[str, int]
    """Messages in the chosen queues, selected or not."""
    summary: Summary
    listed: MessageList
    own_domains: frozenset[bytes] = frozenset()
    """The domains of the host itself, in lower case."""
    verdicts: Verdicts = field(default_factory=Verdicts)
    by_id: PackedMessages = field(default_factory=PackedMessages)
    ignored: Collection[str] = ()
    """Queue IDs that are treated as if they were not in the queues."""
    with_times: bool = True
    """Whether to keep the times of each message."""

    @property
    def totals(self) -> Totals:
        """The sums over the selected messages."""
        return self.summary.totals

    def add(self, message: SpoolMessage, is_selected: bool) -> None:
        """Count a message. One that moved while the queues were read is selected once."""
        self.in_queues[message.queue] += 1
        if not is_selected:
            return
        envelope = message.envelope
        fingerprint = message.fingerprint
        is_new = message.queue_id not in self.by_id
        self.by_id[message.queue_id] = SelectedMessage(
            queue_id=message.queue_id,
            queue=message.queue,
            fingerprint=fingerprint,
            size=envelope.size,
            recipients=len(envelope.pending),
            forced_expire=message.forced_expire,
            created=_created(envelope) if self.with_times else 0,
            retry=int(message.status.st_mtime) if self.with_times else 0,
            changed_at=message.status.st_ctime_ns if self.with_times else 0,
            null_sender=not envelope.sender,
            is_verified=_is_verified(envelope, self.own_domains),
        )
        if is_new:
            self.summary.add(envelope)
            self.listed.offer(message)

    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Count a message that is not selected by its queue ID alone."""
        if not is_incomplete and entry.name not in self.ignored:
            self.in_queues[entry.queue] += 1

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process, which needs no queue IDs that it does not read."""
        return {**self.__dict__, "ignored": ()}

    def finish(self) -> None:
        """Sum up what waits for that."""
        self.summary.add_up()
        self.listed.make_rows()

    def merge(self, other: SelectedMessages) -> None:
        """Add what another process selected."""
        # Both are large.
        self.by_id.take(other.by_id)
        self.verdicts.merge(other.verdicts)
        for queue, count in other.in_queues.items():
            self.in_queues[queue] += count
        self.summary.merge(other.summary)
        self.listed.merge(other.listed)


def _created(envelope: Envelope) -> int:
    """Return the second from which on qmgr(8) counts a lifetime; cleanup(8) sets it again when a message is requeued.

    Source: src/qmgr/qmgr_message.c. Without that attribute it is the arrival.
    """
    value = envelope.attribute(b"create_time") or b""
    return int(value) if value.isdigit() and len(value) < _MAX_DIGITS else envelope.arrival


def _is_verified(envelope: Envelope, own_domains: frozenset[bytes]) -> bool:
    """Return whether the sender of a message surely belongs to this host or to the login that sent the message.

    A login without a domain owns only the address with that name in a domain of the host itself.
    """
    sender = envelope.sender
    if not sender:
        return False
    login = envelope.sasl_username
    if login is None:
        return envelope.origin == "local"
    login, folded = login.lower(), sender.lower()
    if b"@" in login:
        return login == folded or domain_of(login) == domain_of(folded)
    local, _at, domain = folded.rpartition(b"@")
    return local == login and domain in own_domains
