# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's relay host: defers, accepts or refuses mail, recipient by recipient, and can be changed.

    python sink.py serve --listen 10.99.0.1:2525 --control CONTROL.sock --record DELIVERED.jsonl
    python sink.py tell CONTROL.sock '{"default": "accept"}'

Every message that it accepts becomes one line of JSON in the record.  It takes one JSON object a line through the
control socket; it answers with its settings and counts.  A waiting answer is given as soon as its delay is shortened.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import socket
import sys
import time
import zlib
from dataclasses import asdict, dataclass, field, replace
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

DEFERRALS = (
    "450 4.2.0 Greylisted, please try again later",
    "451 4.3.0 Temporary lookup failure",
    "452 4.2.2 Mailbox full",
    "450 4.7.1 Service unavailable; client host blocked by reputation.example",
    "451 4.7.500 Server busy, please try again later",
)
REPLIES = {"accept": "250 2.1.5 Ok", "reject": "550 5.1.1 User unknown"}

# Domains that answer the same in every mode, so that partly delivered messages and real bounces can be made.
ALWAYS = {"accept.example.org": "accept", "reject.example.org": "reject"}

GREETING = """250-sink.example.test\r
250-PIPELINING\r
250-SIZE 104857600\r
250-8BITMIME\r
250-SMTPUTF8\r
250 ENHANCEDSTATUSCODES"""
_PATH = re.compile(r"^(?:MAIL FROM|RCPT TO):\s*<(.*)>[^>]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """How the sink answers: accept, defer, reject, or a whole reply line; by address, by domain, or in general."""

    default: str = "defer"
    rules: dict[str, str] = field(default_factory=dict)
    rcpt_delay: float = 0.0
    data_delay: float = 0.0

    def changed(self, request: dict[str, Any]) -> Settings:
        """Return the settings with the request's keys replaced; raise ValueError for one that does not exist."""
        unknown = sorted(set(request) - set(asdict(self)))
        if unknown:
            raise ValueError(f"unknown setting: {', '.join(unknown)}")
        return replace(self, **request)

    def reply(self, recipient: str) -> str:
        """Return the answer to RCPT TO; one domain always gets the same deferral text."""
        address = recipient.lower()
        domain = address.rpartition("@")[2]
        answer = self.rules.get(address) or self.rules.get(domain) or ALWAYS.get(domain) or self.default
        if answer == "defer":
            return DEFERRALS[zlib.crc32(domain.encode()) % len(DEFERRALS)]
        return REPLIES.get(answer, answer)


@dataclass
class Counts:
    connections: int = 0
    accepted: int = 0
    deferred: int = 0
    rejected: int = 0
    delivered: int = 0
    waiting: int = 0

    def add_reply(self, reply: str) -> None:
        name = {"2": "accepted", "4": "deferred"}.get(reply[:1], "rejected")
        setattr(self, name, getattr(self, name) + 1)


def _normalised(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


def _delivery(sender: str, recipients: list[str], text: bytes) -> dict[str, Any]:
    text = _normalised(text)
    body = text.partition(b"\n\n")[2]
    return {
        "time": time.time(),
        "sender": sender,
        "recipients": recipients,
        "message_id": str(BytesHeaderParser().parsebytes(text).get("Message-ID", "")),
        "size": len(text),
        "sha256": hashlib.sha256(text).hexdigest(),
        "body_sha256": hashlib.sha256(body).hexdigest(),
    }


class Sink:
    """Settings, counts and the record; one for all connections."""

    def __init__(self, record: IO[str]) -> None:
        self.settings = Settings()
        self.counts = Counts()
        self.stopped = asyncio.Event()
        self._record = record
        self._changed = asyncio.Condition()

    async def change(self, request: dict[str, Any]) -> None:
        self.settings = self.settings.changed(request)
        async with self._changed:
            self._changed.notify_all()

    async def pause(self, delay: Callable[[], float]) -> None:
        """Wait until the delay has passed, reading it again whenever the settings change."""
        start = time.monotonic()
        self.counts.waiting += 1
        try:
            while (left := start + delay() - time.monotonic()) > 0:
                async with self._changed:
                    try:
                        await asyncio.wait_for(self._changed.wait(), left)
                    except TimeoutError:
                        break
        finally:
            self.counts.waiting -= 1

    def deliver(self, sender: str, recipients: list[str], text: bytes) -> None:
        self.counts.delivered += 1
        self._record.write(json.dumps(_delivery(sender, recipients, text)) + "\n")
        self._record.flush()


class Conversation:
    """Lines in, answers out; the answers to a pipelined group leave together."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._unread = b""
        self._answers: list[str] = []

    def say(self, answer: str) -> None:
        self._answers.append(answer + "\r\n")

    async def flush(self) -> None:
        self._writer.write("".join(self._answers).encode())
        self._answers.clear()
        await self._writer.drain()

    async def _read_more(self) -> bool:
        await self.flush()
        data = await self._reader.read(65536)
        self._unread += data
        return bool(data)

    async def line(self) -> str | None:
        """Return the next line, or None at the end of the connection."""
        while b"\n" not in self._unread:
            if not await self._read_more():
                return None
        line, _newline, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    async def text(self) -> bytes | None:
        """Return a message's text, transparency dots removed, or None where the connection ended before it did."""
        start = 0
        self._unread = b"\r\n" + self._unread
        while (end := self._unread.find(b"\r\n.\r\n", start)) < 0:
            start = max(0, len(self._unread) - 4)
            if not await self._read_more():
                return None
        text, self._unread = self._unread[2 : end + 2], self._unread[end + 5 :]
        text = text.replace(b"\r\n..", b"\r\n.")
        return text[1:] if text.startswith(b"..") else text


class Session:
    """One SMTP connection."""

    def __init__(self, sink: Sink, conversation: Conversation) -> None:
        self._sink = sink
        self._peer = conversation
        self._sender = ""
        self._recipients: list[str] = []
        self._open = True
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "EHLO": self._hello,
            "HELO": self._hello,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._reset,
            "QUIT": self._quit,
        }

    async def run(self) -> None:
        self._sink.counts.connections += 1
        self._peer.say("220 sink.example.test ESMTP")
        while self._open and (line := await self._peer.line()) is not None:
            handler = self._commands.get(line[:4].upper(), self._unknown)
            await handler(line)

    async def _hello(self, line: str) -> None:
        self._peer.say(GREETING if line[:4].upper() == "EHLO" else "250 sink.example.test")

    async def _mail(self, line: str) -> None:
        path = _PATH.match(line)
        self._sender, self._recipients = (path.group(1) if path else ""), []
        self._peer.say("250 2.1.0 Ok" if path else "501 5.5.4 Bad sender")

    async def _rcpt(self, line: str) -> None:
        path = _PATH.match(line)
        if not path:
            self._peer.say("501 5.5.4 Bad recipient")
            return
        await self._sink.pause(lambda: self._sink.settings.rcpt_delay)
        reply = self._sink.settings.reply(path.group(1))
        self._sink.counts.add_reply(reply)
        if reply.startswith("2"):
            self._recipients.append(path.group(1))
        self._peer.say(reply)

    async def _data(self, _line: str) -> None:
        if not self._recipients:
            self._peer.say("554 5.5.1 No valid recipients")
            return
        self._peer.say("354 End data with <CR><LF>.<CR><LF>")
        text = await self._peer.text()
        if text is None:
            self._open = False
            return
        await self._sink.pause(lambda: self._sink.settings.data_delay)
        self._sink.deliver(self._sender, self._recipients, text)
        self._recipients = []
        self._peer.say("250 2.0.0 Ok")

    async def _reset(self, _line: str) -> None:
        self._recipients = []
        self._peer.say("250 2.0.0 Ok")

    async def _quit(self, _line: str) -> None:
        self._peer.say("221 2.0.0 Bye")
        self._open = False

    async def _unknown(self, _line: str) -> None:
        self._peer.say("502 5.5.2 Command not recognized")


async def _serve_client(sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        conversation = Conversation(reader, writer)
        await Session(sink, conversation).run()
        await conversation.flush()
    except ConnectionError:
        pass  # Postfix may hang up at any time; what it had not finished was not delivered.
    finally:
        writer.close()


async def _obey(sink: Sink, line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
        if request.pop("stop", False):
            sink.stopped.set()
        await sink.change(request)
    except (ValueError, AttributeError, TypeError) as error:
        return {"error": str(error)}
    return {"settings": asdict(sink.settings), "counts": asdict(sink.counts)}


async def _serve_control(sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(json.dumps(await _obey(sink, line)).encode() + b"\n")
        await writer.drain()
    writer.close()


async def serve(*, listen: str, control: Path, record: Path) -> None:
    """Answer SMTP on listen (address:port) and requests on the control socket until a request stops it."""
    address, _colon, port = listen.rpartition(":")
    with record.open("a", encoding="utf-8") as lines:
        sink = Sink(lines)
        control.unlink(missing_ok=True)
        smtp = await asyncio.start_server(lambda r, w: _serve_client(sink, r, w), address, int(port), backlog=500)
        # The control socket comes last: who can connect to it knows that mail is answered.
        await asyncio.start_unix_server(lambda r, w: _serve_control(sink, r, w), control)
        await sink.stopped.wait()
        smtp.close()
        control.unlink(missing_ok=True)


def tell(control: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Return the sink's answer: settings and counts after the request; raise ValueError for one that it refuses."""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(60)
        channel.connect(str(control))
        channel.sendall(json.dumps(request).encode() + b"\n")
        with channel.makefile("rb") as answers:
            answer: dict[str, Any] = json.loads(answers.readline())
    if "error" in answer:
        raise ValueError(f"the sink refuses the request: {answer['error']}")
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description="A relay host that defers, accepts or refuses.")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve")
    server.add_argument("--listen", required=True)
    server.add_argument("--control", type=Path, required=True)
    server.add_argument("--record", type=Path, required=True)
    client = commands.add_parser("tell")
    client.add_argument("control", type=Path)
    client.add_argument("request", type=json.loads, nargs="?", default={})
    options = parser.parse_args()
    if options.command == "serve":
        asyncio.run(serve(listen=options.listen, control=options.control, record=options.record))
    else:
        print(json.dumps(tell(options.control, options.request), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
