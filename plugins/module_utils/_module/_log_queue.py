# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The join of the queue with the log: which login each message in the queue came with."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.attribution import SubmissionLog
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.received import login_in_received
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import read_queues
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import (
    Collector,
    Verdicts,
    make_job,
    make_visitor,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import open_messages
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Tally

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# How a message is attributed, the most certain first.
QUEUE_FILE, LOG, RECEIVED = "queue_file", "log", "received"
# So many messages without a login are looked up in the log, and so many of them are opened for their Received header.
MAX_UNKNOWN = 50000
MAX_OPENED = 20000


class QueuedMessage(NamedTuple):
    """A message in the queue. They sort by arrival, in seconds since the epoch."""

    arrival: int
    queue_id: str
    queue: str


class Attribution(NamedTuple):
    """A message with its login, and what says so."""

    message: QueuedMessage
    sasl_username: bytes
    attributed_by: str


@dataclass
class QueueLogins(Collector):
    """The logins in the queue files; plain data, which adds up."""

    number: int
    """How many of the oldest messages with a login to keep."""
    names: frozenset[bytes] | None
    """Only these accounts; None: all."""
    verdicts: Verdicts = field(default_factory=Verdicts)
    logins: Tally = field(default_factory=Tally)
    messages: int = 0
    by_file: int = 0
    oldest: list[tuple[QueuedMessage, bytes]] = field(default_factory=list)
    unknown: list[QueuedMessage] = field(default_factory=list)
    """Messages whose files have no login."""
    missed: int = 0
    """How many of those are not kept."""

    def add(self, message: SpoolMessage, is_selected: bool) -> None:
        """Take the login of a message."""
        self.messages += is_selected
        envelope = message.envelope
        login = envelope.sasl_username
        found = QueuedMessage(envelope.arrival, message.queue_id, message.queue)
        if login is None:
            # Nobody logs in for a notice that Postfix itself makes.
            if envelope.origin != "bounce":
                self.unknown.append(found)
                self._bound()
        elif self.names is None or login.lower() in self.names:
            self.by_file += 1
            self.logins.update({login: 1})
            self.oldest.append((found, login))
            if len(self.oldest) >= 2 * self.number + 64:
                self.finish()

    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Leave out a file that is still being written."""

    def finish(self) -> None:
        """Keep only the oldest messages."""
        self.oldest = heapq.nsmallest(self.number, self.oldest)

    def merge(self, other: QueueLogins) -> None:
        """Add what another process found."""
        self.logins.merge(other.logins)
        self.verdicts.merge(other.verdicts)
        self.messages += other.messages
        self.by_file += other.by_file
        self.missed += other.missed
        self.oldest += other.oldest
        self.unknown += other.unknown
        self.finish()
        self._bound()

    def _bound(self) -> None:
        if len(self.unknown) > MAX_UNKNOWN:
            self.missed += len(self.unknown) - MAX_UNKNOWN
            del self.unknown[MAX_UNKNOWN:]


@dataclass(frozen=True)
class QueueJoin:
    """The messages of the queue with their logins."""

    rows: Sequence[Attribution]
    """Those that the log or a header attributes first, then the oldest."""
    truncated: bool
    messages: int
    """All messages in the queue."""
    attributed: Mapping[str, int]
    """{what attributes messages: how many}"""
    logins: Tally
    missed: int
    """How many messages without a login in their file were not looked up."""


class QueueReader:
    """Reads the queue first, then the log, then the headers that are still needed."""

    def __init__(
        self, module: AnsibleModule, source: QueueSource, *, host: str, number: int, names: frozenset[bytes] | None
    ) -> None:
        """Read the queue. host: myhostname. number: the most rows. Raises MailopsError."""
        self._source = source
        self._host = host.encode("utf-8", "surrogateescape")
        job = make_job(lambda: QueueLogins(number, names), make_visitor(None), queues=DEFAULT_QUEUES, may_miss=True)
        reading = read_queues(module, source.spool, job, path=source.path)
        self._found: QueueLogins = reading.collector
        self.submissions = SubmissionLog([message.queue_id.encode("utf-8") for message in self._found.unknown])
        """What has to read the log."""

    def join(self) -> QueueJoin:
        """Return the messages with their logins, after the log was read. Raises MailopsError."""
        found = self._found
        later: list[Attribution] = []
        unknown: list[QueuedMessage] = []
        for message in found.unknown:
            login = self.submissions.find(message.queue_id.encode("utf-8"), message.arrival)
            if login is None:
                unknown.append(message)
            else:
                later.append(Attribution(message, login, LOG))
        later += _read_received(self._source.spool, unknown[:MAX_OPENED], self._host)
        later = sorted(row for row in later if found.names is None or row.sasl_username.lower() in found.names)
        logins = Tally()
        logins.merge(found.logins)
        logins.waiting.extend(row.sasl_username for row in later)
        rows = [*later, *(Attribution(message, login, QUEUE_FILE) for message, login in found.oldest)]
        total = found.by_file + len(later)
        return QueueJoin(
            rows=rows[: found.number],
            truncated=total > found.number,
            messages=found.messages,
            attributed={
                QUEUE_FILE: found.by_file,
                **{name: sum(row.attributed_by == name for row in later) for name in (LOG, RECEIVED)},
            },
            logins=logins,
            missed=found.missed + self.submissions.missed + max(0, len(unknown) - MAX_OPENED),
        )


def _read_received(spool: Spool, messages: Collection[QueuedMessage], host: bytes) -> list[Attribution]:
    """Return those of the messages whose first Received header has a login."""
    found = []
    wanted = {(message.queue_id, message.queue): message for message in messages}
    queue_ids = frozenset(message.queue_id for message in messages)
    for queue in sorted({message.queue for message in messages}):
        for queue_id, opened in open_messages(spool, queue, queue_ids):
            message = wanted.get((queue_id, queue))
            # It may be another message with the same queue ID by now.
            if message is None or opened is None or opened.envelope.arrival != message.arrival:
                continue
            window = next(iter(opened.text_windows()), None)
            login = None
            if window is not None:
                login = login_in_received(window.text, queue_id=queue_id.encode("utf-8"), host=host)
            if login is not None:
                found.append(Attribution(message, login, RECEIVED))
    return found
