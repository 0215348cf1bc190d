# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader of log lines understands what Postfix itself writes, also about a client that imitates it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next imports
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    Accepted,
    Activated,
    Delivery,
    Event,
    Identified,
    Restricted,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from tests.fleet.lab import wait_until

if TYPE_CHECKING:
    from tests.fleet.lab import Host

LOG = "/var/log/mail.log"
SENDER = '"x>, size=1, nrcpt=99 (queue active)"@example.com'
RECIPIENT = '"y>, relay=evil[192.0.2.66]:25, delay=1, status=x"@example.com'
# Postfix would log this domain without quotes, but it does not accept it.
DOMAIN = 'z@"b>, relay=evil[192.0.2.66]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 Ok"'
HELO = "x>,sasl_username=victim"
MESSAGE_ID = "<a@b>, sasl_username=victim"
# A session that says this, one reply for each command.
SESSION = """
import socket, sys
client = socket.create_connection(("127.0.0.1", 25))
replies = client.makefile("rb")

def reply():
    line = replies.readline()
    while line[3:4] == b"-":
        line = replies.readline()
    return line.decode("latin-1").strip()

print(reply())
for command in sys.stdin.read().split("\\n\\n"):
    client.sendall(command.replace("\\n", "\\r\\n").encode() + b"\\r\\n")
    print(reply())
"""


def converse(host: Host, *commands: str) -> list[str]:
    """Return Postfix's replies."""
    host.put("/root/session.py", SESSION)
    return host.run(["python3", "/root/session.py"], input="\n\n".join(commands)).stdout.splitlines()


def read_log(host: Host, start: int) -> tuple[list[Event], list[bytes]]:
    """Return the events of the log from this place on, and the lines that are not understood."""
    clock = Clock(time.time())
    lines = host.get(LOG)[start:].splitlines()
    read = [(text, parse_line(text, clock)) for text in lines]
    events = [(text, None if line is None else read_event(line)) for text, line in read]
    return [event for _text, event in events if event is not None], [text for text, event in events if event is None]


def test_a_client_that_imitates_postfix(either_host: Host) -> None:
    start = len(either_host.get(LOG))
    replies = converse(
        either_host,
        "EHLO " + HELO,
        "MAIL FROM:<%s>" % SENDER,
        "RCPT TO:<%s>" % RECIPIENT,
        "RCPT TO:<%s>" % DOMAIN,
        "RCPT TO:<nobody>",
        "DATA",
        "Message-ID: %s\nSubject: x\n\nbody\n.".replace("\n\n", "\n") % MESSAGE_ID,
        "BAD (status=sent",
        "QUIT",
    )
    assert [reply[:3] for reply in replies[:5]] == ["220", "250", "250", "250", "501"], replies
    wait_until(lambda: either_host.get(LOG)[start:].count(b": to=<") >= 2, "Postfix tried no delivery", seconds=60)
    events, unparsed = read_log(either_host, start)
    accepted = [event for event in events if isinstance(event, Accepted)]
    assert accepted
    assert all(event.client_address == b"127.0.0.1" and event.sasl_username is None for event in accepted)
    queue_id = accepted[0].queue_id
    activated = {(event.sender, event.recipients) for event in events if isinstance(event, Activated)}
    assert (SENDER.encode(), replies.count("250 2.1.5 Ok")) in activated
    assert Identified(queue_id, MESSAGE_ID.encode()) in events
    assert all(event.client_address == b"127.0.0.1" for event in events if isinstance(event, Restricted))
    deliveries = [event for event in events if isinstance(event, Delivery) and event.queue_id == queue_id]
    assert b"evil" not in b"".join(event.relay for event in deliveries)
    assert RECIPIENT.encode() in {event.recipient for event in deliveries}
    assert not unparsed


def test_what_postfix_says_when_it_starts_and_stops(either_host: Host) -> None:
    start = len(either_host.get(LOG))
    for command in ("reload", "stop", "start", "status"):
        either_host.run(["postfix", command], check=False)
    converse(either_host, "HELO a", "QUIT")
    wait_until(lambda: b"disconnect from" in either_host.get(LOG)[start:], "Postfix logged no session")
    events, unparsed = read_log(either_host, start)
    assert events
    assert not unparsed
