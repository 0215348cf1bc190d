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
from .rest import RestError, reload_postfix, wait_until, wait_until_quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOG = Path("/var/log/mail.log")
PASSWORD = "secret"
PORTS = {SUBMISSION: 587}
# Without it Postfix completes a sender that has no domain (trivial-rewrite(8)).
UNQUALIFIED = "mailer-daemon-bare"

_QUEUED = re.compile(r"queued as (\w+)")
_MESSAGE_ID = re.compile(r"cleanup\[\d+\]: (\w+): message-id=(<.*>)$", re.MULTILINE)
_NOTICE = re.compile(r"bounce\[\d+\]: (\w+): sender non-delivery notification: (\w+)$", re.MULTILINE)


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


class Log:
    """The part of the mail log that was written since."""

    def __init__(self) -> None:
        self._start = LOG.stat().st_size if LOG.exists() else 0

    def _text(self) -> str:
        with LOG.open("rb") as log:
            log.seek(self._start)
            return log.read().decode("utf-8", "replace")

    def queue_ids(self) -> dict[str, str]:
        """Return the newest queue ID of each Message-ID."""
        return {message_id: queue_id for queue_id, message_id in _MESSAGE_ID.findall(self._text())}

    def notices(self) -> dict[str, str]:
        """Return the queue ID of each refused message's notice, by the refused message's own."""
        return dict(_NOTICE.findall(self._text()))

    def senders(self, queue_ids: Iterable[str]) -> dict[str, str]:
        text = self._text()
        found = {queue_id: re.search(rf" {queue_id}: from=<(.*?)>,", text) for queue_id in queue_ids}
        return {queue_id: sender.group(1) for queue_id, sender in found.items() if sender}


def has_ipv6() -> bool:
    try:
        socket.socket(socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _postfix(*command: str) -> None:
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def send_unqualified(batch: Sequence[Message], log: Log) -> list[tuple[Message, str]]:
    """Send what Postfix would otherwise complete, and makes sure that it did not."""
    if not batch:
        return []
    _postfix("postconf", "-P", "rewrite/unix/append_at_myorigin=no")
    reload_postfix()
    try:
        sent = send_by_smtp(batch, workers=1)
        ids = [queue_id for _message, queue_id in sent]
        wait_until(lambda: len(log.senders(ids)) == len(ids), "messages with a bare sender")
        wrong = {queue_id: sender for queue_id, sender in log.senders(ids).items() if "@" in sender or not sender}
        if wrong:
            raise FillError(f"Postfix rewrote a bare sender: {wrong}")
        return sent
    finally:
        _postfix("postconf", "-PX", "rewrite/unix/append_at_myorigin")
        reload_postfix()


def _records_of_local(batch: Sequence[Message], log: Log) -> list[Record]:
    wanted = {message.message_id for message in batch}
    wait_until(lambda: wanted <= set(log.queue_ids()), "mail from sendmail")
    ids = log.queue_ids()
    return [record_of(message, ids[message.message_id]) for message in batch]


def _records_of_notices(sent: Sequence[tuple[Message, str]], log: Log) -> list[Record]:
    wanted = {queue_id for _message, queue_id in sent}
    wait_until(lambda: wanted <= set(log.notices()), "notices of refused mail (is the sink up?)")
    notices = log.notices()
    message_ids = {queue_id: message_id for message_id, queue_id in log.queue_ids().items()}
    return [
        record_of_notice(message, queue_id=notices[queue_id], message_id=message_ids[notices[queue_id]])
        for message, queue_id in sent
    ]


def fill(batch: Sequence[Message], *, workers: int) -> list[Record]:
    """Send the messages and return what is in the queue because of them, once nothing moves any more."""
    log = Log()
    local = [message for message in batch if message.origin == LOCAL]
    bare = [message for message in batch if message.kind == UNQUALIFIED]
    rest = [message for message in batch if message.origin != LOCAL and message.kind != UNQUALIFIED]
    sent = send_by_smtp(rest, workers=workers)
    for message in local:
        send_by_sendmail(message)
    records = [record_of(message, queue_id) for message, queue_id in sent if message.origin != BOUNCE]
    records += _records_of_notices([pair for pair in sent if pair[0].origin == BOUNCE], log)
    records += _records_of_local(local, log)
    # Last: a reload ends the delivery processes, which would slow down what is still being delivered.
    wait_until_quiet()
    records += [record_of(message, queue_id) for message, queue_id in send_unqualified(bare, log)]
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
