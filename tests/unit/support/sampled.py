# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of a sample, and their traits, made up for tests of suggestions."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Binding
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    Contents,
    Sample,
    SampledMessage,
    make_content,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Findings, find
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.subject import make_envelope

NOW = 1700000000
_WORD_LIST = "tea oil gas ink hay ore fur wax tin rye fig egg jam nut pea oat ash elm ivy bay fir yew box may"
WORDS = _WORD_LIST.split()

# Mail of one sender that has nothing suspicious, and nothing that explains a flood.
PLAIN = Traits(
    sender="anna@example.com",
    domain="example.com",
    sender_organisation="example.com",
    login=None,
    login_organisation=None,
    address="192.0.2.1",
    networks=("192.0.2.0/24", "192.0.0.0/20", "192.0.0.0/16"),
    client_name="relay.example.net",
    client_organisation="example.net",
    helo="relay.example.net",
    origin="smtp",
    recipients=("b@example.org",),
    recipient_count=1,
    is_rewritten=False,
    is_odd_client=False,
    is_inside=False,
    arrival=NOW,
    size=1000,
    is_delayed_as_spam=False,
    reason=None,
    bulk=None,
    from_address=None,
    reply_address=None,
    subject_pieces=frozenset(),
    text_pieces=frozenset(),
    hosts=frozenset(),
    paths=frozenset(),
    script="",
    program=None,
)


def several(number: int = 20, **changes: Any) -> list[Traits]:
    """Return the traits of messages to several recipients. A change is a value for all, or a function of a message's number."""
    changes = {"recipients": lambda at: ("r%d@t%d.example" % (at, at),), **changes}
    return [
        PLAIN._replace(**{name: value(at) if callable(value) else value for name, value in changes.items()})
        for at in range(number)
    ]


def names(prefix: str = "d") -> dict[str, Any]:
    """Return changes after which each message has a sender of a domain of its own."""
    return {
        "sender": lambda at: "u%d@%s%d.example" % (at, prefix, at),
        "domain": lambda at: "%s%d.example" % (prefix, at),
        "sender_organisation": lambda at: "%s%d.example" % (prefix, at),
    }


def bound(field: str, *values: Any, share: float = 1.0, elsewhere: float = 0.0, first_share: float = 1.0) -> Binding:
    """Return a binding."""
    return Binding(field, values, 0, share, elsewhere, 100.0, first_share)


def make_sampled(
    *,
    queue_id: str = "4A0F9AC",
    sender: bytes | None = b"a@example.com",
    pending: Sequence[bytes] = (b"b@example.org",),
    attributes: Sequence[bytes] = (),
    reasons: Sequence[bytes] = (),
    headers: Sequence[tuple[str, str]] = (),
    text: str | None = None,
) -> SampledMessage:
    """Return a message of a sample. text: None for one that was not opened."""
    return SampledMessage(
        order=0,
        queue_id=queue_id,
        envelope=make_envelope(sender=sender, pending=pending, attributes=attributes),
        recipients=len(pending),
        delays=dict(zip(pending, reasons)),
        content=None if text is None else make_content(headers, [text]),
    )


class Queue:
    """A made-up queue: its sample, its summary, and the content of its messages."""

    def __init__(self) -> None:
        self.sample = Sample()
        self.summary = Summary(now=NOW)
        self.contents = Contents()

    def put(
        self,
        sender: str,
        recipient: str = "b@example.org",
        *,
        login: str | None = None,
        client: str | None = None,
        helo: str = "mx.example.com",
        subject: str = "",
        text: str = "",
        reason: str = "",
    ) -> None:
        """Add a message."""
        number = self.sample.messages
        attributes = [b"sasl_username=" + login.encode()] if login else []
        if client:
            shown = ["log_client_name=" + helo, "log_client_address=" + client, "log_helo_name=" + helo]
            attributes += [name.encode() for name in shown]
        envelope = make_envelope(
            arrival=NOW - 60 * (number % 97),
            size=1000 + 100 * (number % 37),
            sender=sender.encode(),
            pending=[recipient.encode()],
            attributes=attributes,
        )
        reasons = {recipient.encode(): reason.encode()} if reason else {}
        queue_id = "4A%05X" % number
        self.sample.add(queue_id, envelope, reasons)
        self.summary.add(envelope, reasons)
        self.contents.by_id[queue_id] = make_content([("Subject", subject)], [text])

    def put_ordinary(self, number: int) -> None:
        """Add mail of everybody to everybody."""
        for at in range(number):
            self.put(
                "u%d@home%d.example" % (at, at),
                "v%d@away%d.example" % (at, at),
                client="10.%d.%d.1" % (at % 250, at // 250),
                helo="mx.home%d.example" % at,
                subject="%s and %s %s %s"
                % (WORDS[at % 24], WORDS[at * 7 % 23], WORDS[at * 5 % 19], WORDS[at * 3 % 17]),
            )

    def put_forged(self, number: int, *, login: str | None, subject: str, client: str = "198.51.100.7") -> None:
        """Add mail of many senders with one subject, in which %d is the number of the message."""
        for at in range(number):
            self.put(
                "%s@%s%d.example" % (WORDS[at % 24], WORDS[at % 24], self.sample.messages),
                "w%d@there%d.example" % (at, at),
                login=login,
                client=client,
                helo="x.y",
                subject=subject.replace("%d", str(at)),
            )

    def find(self) -> Findings:
        """Return what is found."""
        return find(self.sample, self.contents, self.summary)
