# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send a mixture through a lab host's own Postfix and record every message's queue ID.

    python3 fill.py MIXTURE COUNT SEED RECORD.json

Runs inside the host, as root, beside mixture.py and rest.py, with nothing but Python 3.9.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import re
import socket
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .mixture import BOUNCE, LOCAL, SUBMISSION, Client, Message, Record, messages, record_of, record_of_notice
from .rest import RestError, reload_postfix, wait_until_quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PASSWORD = "secret"
PORTS = {SUBMISSION: 587}
# Without it Postfix completes a sender that has no domain (trivial-rewrite(8)).
UNQUALIFIED = "mailer-daemon-bare"

_QUEUED = re.compile(r"queued as (\w+)")
# How postcat(1) begins each file, and how it tells an envelope's sender.
_FILE = re.compile(r"^\*\*\* ENVELOPE RECORDS (?:\S+/)?(\w+) \*\*\*$", re.MULTILINE)
_SENDER = re.compile(r"^sender: (.*)$", re.MULTILINE)
_MESSAGE_ID = re.compile(r"^message-id:\s*(<.*>)$", re.MULTILINE | re.IGNORECASE)
_FILES_AT_ONCE = 200


class FillError(Exception):
    """The host did not do what the mixture needs."""


@dataclass(frozen=True)
class Route:
    """What messages must have in common to share a connection."""

    port: int
    user: str | None
    client: Client | None


class Connection:
    """A pipelining SMTP client; it says what it expects and fails with what it got."""

    def __init__(self, route: Route) -> None:
        self._socket = socket.create_connection(("127.0.0.1", route.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")
        self._expect("220")
        if route.client:
            self._introduce(route.client)
        self._ask("250", f"EHLO {route.client.helo if route.client else 'localhost'}")
        if route.user:
            secret = base64.b64encode(f"\0{route.user}\0{PASSWORD}".encode()).decode()
            self._ask("235", f"AUTH PLAIN {secret}")

    def _introduce(self, client: Client) -> None:
        # XCLIENT is announced, and allowed, only after a greeting.
        self._ask("250", "EHLO localhost")
        address = f"IPV6:{client.address}" if ":" in client.address else client.address
        self._ask("220", f"XCLIENT NAME={client.name or '[UNAVAILABLE]'} ADDR={address}")

    def _expect(self, code: str) -> str:
        lines = []
        while True:
            line = self._answers.readline().decode("utf-8", "replace").rstrip()
            lines.append(line)
            if line[3:4] != "-":
                break
        if not line.startswith(code):
            raise FillError(f"expected {code} from Postfix, got: {' '.join(lines) or 'end of connection'}")
        return line

    def _ask(self, code: str, command: str) -> str:
        self._socket.sendall(command.encode() + b"\r\n")
        return self._expect(code)

    def send(self, message: Message) -> str:
        """Return the queue ID that Postfix gave the message."""
        addresses = (message.sender, *message.recipients)
        options = " BODY=8BITMIME" + ("" if all(map(str.isascii, addresses)) else " SMTPUTF8")
        commands = [f"MAIL FROM:<{message.sender}>{options}"]
        commands += [f"RCPT TO:<{recipient}>" for recipient in message.recipients]
        self._socket.sendall("\r\n".join([*commands, "DATA", ""]).encode())
        for _turn in commands:
            self._expect("250")
        self._expect("354")
        text = message.text.replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
        self._socket.sendall(text + b".\r\n")
        answer = self._expect("250")
        queued = _QUEUED.search(answer)
        if not queued:
            raise FillError(f"no queue ID in Postfix's answer: {answer}")
        return queued.group(1)

    def close(self) -> None:
        self._ask("221", "QUIT")
        self._answers.close()
        self._socket.close()


def _send_group(group: tuple[Route, list[Message]]) -> list[tuple[Message, str]]:
    route, batch = group
    connection = Connection(route)
    sent = [(message, connection.send(message)) for message in batch]
    connection.close()
    return sent


def send_by_smtp(batch: Iterable[Message], *, workers: int) -> list[tuple[Message, str]]:
    """Return each message with its queue ID; one connection for each client and account."""
    groups: dict[Route, list[Message]] = defaultdict(list)
    for message in batch:
        groups[Route(PORTS.get(message.origin, 25), message.sasl_username, message.client)].append(message)
    with ThreadPoolExecutor(workers) as pool:
        return list(itertools.chain.from_iterable(pool.map(_send_group, groups.items())))


def send_by_sendmail(message: Message) -> None:
    command = ["/usr/sbin/sendmail", "-i", "-f", message.sender, "--", *message.recipients]
    subprocess.run(command, input=message.text, check=True)


def _opened(queue_ids: Sequence[str]) -> dict[str, str]:
    """Return what postcat(1) shows of each message: its envelope, then its content."""
    opened: dict[str, str] = {}
    for start in range(0, len(queue_ids), _FILES_AT_ONCE):
        command = ["postcat", "-q", *queue_ids[start : start + _FILES_AT_ONCE]]
        shown = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")
        _nothing, *parts = _FILE.split(shown)
        opened.update(zip(parts[::2], parts[1::2]))
    return opened


def _queued() -> list[str]:
    listing = subprocess.run(["postqueue", "-j"], check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line)["queue_id"] for line in listing.splitlines()]


def has_ipv6() -> bool:
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _postfix(*command: str) -> None:
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def send_unqualified(batch: Sequence[Message]) -> list[tuple[Message, str]]:
    """Send what Postfix would otherwise complete, and make sure that it did not."""
    if not batch:
        return []
    _postfix("postconf", "-P", "rewrite/unix/append_at_myorigin=no")
    reload_postfix()
    try:
        sent = send_by_smtp(batch, workers=1)
        wait_until_quiet()
        senders = {queue_id: _SENDER.findall(text) for queue_id, text in _opened([pair[1] for pair in sent]).items()}
        wrong = {queue_id: found for queue_id, found in senders.items() if len(found) != 1 or "@" in found[0]}
        if wrong or len(senders) != len(sent):
            raise FillError(f"Postfix rewrote a bare sender: {wrong or senders}")
        return sent
    finally:
        _postfix("postconf", "-PX", "rewrite/unix/append_at_myorigin")
        reload_postfix()


def _records_of_others(local: Sequence[Message], refused: Sequence[Message], known: Iterable[str]) -> list[Record]:
    """Return the records of what is in the queue under an ID that nobody was told: mail from sendmail, and notices."""
    sent = {message.message_id: message for message in local}
    returned = {message.message_id: message for message in refused}
    records = []
    for queue_id, text in _opened(sorted(set(_queued()).difference(known))).items():
        # A notice has a Message-ID of its own, and then, in what it returns, the refused message's.
        own, *others = _MESSAGE_ID.findall(text)
        about = [message_id for message_id in others if message_id in returned]
        if own in sent:
            records.append(record_of(sent.pop(own), queue_id))
        elif about:
            records.append(record_of_notice(returned.pop(about[0]), queue_id=queue_id, message_id=own))
        else:
            raise FillError(f"nobody sent what is in the queue as {queue_id}")
    if sent or returned:
        raise FillError(
            f"not in the queue: {len(sent)} messages from sendmail, notices of {len(returned)} refused ones (is the sink up?)"
        )
    return records


def fill(batch: Sequence[Message], *, workers: int) -> list[Record]:
    """Send the messages and return what is in the queue because of them, once nothing moves any more."""
    before = _queued()
    local = [message for message in batch if message.origin == LOCAL]
    bare = [message for message in batch if message.kind == UNQUALIFIED]
    rest = [message for message in batch if message.origin != LOCAL and message.kind != UNQUALIFIED]
    sent = send_by_smtp(rest, workers=workers)
    for message in local:
        send_by_sendmail(message)
    records = [record_of(message, queue_id) for message, queue_id in sent if message.origin != BOUNCE]
    wait_until_quiet()
    refused = [message for message in rest if message.origin == BOUNCE]
    records += _records_of_others(local, refused, [*before, *(record.queue_id for record in records)])
    # Last: a reload ends the delivery processes, which would slow down what is still being delivered.
    records += [record_of(message, queue_id) for message, queue_id in send_unqualified(bare)]
    wait_until_quiet()
    return records


def main() -> int:
    parser = argparse.ArgumentParser(description="Fill this lab host's queue with a mixture.")
    parser.add_argument("mixture")
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("record", type=Path)
    parser.add_argument("--workers", type=int, default=8, help="SMTP connections at a time")
    options = parser.parse_args()
    try:
        batch = messages(options.mixture, count=options.count, seed=options.seed, ipv6=has_ipv6())
        records = fill(batch, workers=options.workers)
    except (FillError, RestError, ValueError) as error:
        sys.exit(f"fill.py: {error}")
    options.record.write_text(json.dumps([record.as_json() for record in records]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
