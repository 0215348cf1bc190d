# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP client that logs in, from any address, and sends what it is asked to send; sessions stay open until it closes them.

    python3 submit.py [ADDRESS [PORT]]

It reads one request a line, as JSON, and prints one answer a line, until its input ends:

    {"open": "thief", "account": "stolen@example.test", "password": "secret", "client_address": "203.0.113.5"}
    {"send": "thief", "messages": [{"sender": "a@example.net", "recipients": ["b@example.org"]}]}
    {"close": "thief"}

Without an account it does not log in. "port", in a request to open, is another port than 587. The answer to "open" and "close" is [code,
text] of the server's last answer, that to "send" is a list of these, one for each message. The code is 0 if the server has closed the
connection. A login that fails for the time being (code 454) is tried again for PATIENCE_SECONDS, as mail clients do: saslauthd answers a
moment after its start command has ended (detach_tty() before listen() in its ipc_unix.c). client_address is any address, IPv4 or IPv6, that
the client connects from: it becomes one of the host's own, so the server sees a real connection. It runs inside the host, as root, with
nothing but Python 3.9; without client_address it runs anywhere.
"""

from __future__ import annotations

import ipaddress
import json
import smtplib
import subprocess
import sys
import time
from typing import Any

SUBMISSION_PORT = 587
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.1
TEMPORARY_AUTHENTICATION_FAILURE = 454
# A program may bind a socket to any address of a local route, but not so with IPv6.
_ADD_IPV4 = ("route", "replace", "local")
_ADD_IPV6 = ("-6", "address", "replace", "nodad")
CLOSED = (0, "the server has closed the connection")


def _text(reply: tuple[int, bytes]) -> tuple[int, str]:
    code, text = reply
    return code, text.decode("utf-8", "replace")


def _plain(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


class Submitter:
    """Sessions by name."""

    def __init__(self, address: str = "127.0.0.1", port: int = SUBMISSION_PORT) -> None:
        self._server = (address, port)
        self._sessions: dict[str, smtplib.SMTP] = {}
        self._addresses = {"", address}
        self._sent = 0

    def answer(self, request: dict[str, Any]) -> Any:
        """Do what a request says, and return the answer."""
        if "open" in request:
            return self._open(request)
        if "send" in request:
            return [self._send(request["send"], message) for message in request["messages"]]
        return self._close(request["close"])

    def _open(self, request: dict[str, Any]) -> tuple[int, str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            reply = self._open_once(request)
            if reply[0] != TEMPORARY_AUTHENTICATION_FAILURE or time.monotonic() > deadline:
                return reply
            self._close(request["open"])
            time.sleep(PAUSE_SECONDS)

    def _open_once(self, request: dict[str, Any]) -> tuple[int, str]:
        source = request.get("client_address") or ""
        self._own(source)
        client = smtplib.SMTP(timeout=PATIENCE_SECONDS, local_hostname="client.example.net", source_address=(source, 0))
        address, port = self._server
        if ":" in source and address == "127.0.0.1":
            address = "::1"
        self._sessions[request["open"]] = client
        try:
            code, text = client.connect(address, request.get("port") or port)
            if code != 220:
                return _text((code, text))
            reply = client.ehlo()
            if not request.get("account"):
                return _text(reply)
            client.user, client.password = request["account"], request["password"]
            # What smtplib's login() does, without a second attempt by another mechanism.
            return _text(client.auth("PLAIN", client.auth_plain))
        except smtplib.SMTPResponseException as error:
            return error.smtp_code, _plain(error.smtp_error)
        except (OSError, smtplib.SMTPServerDisconnected):
            return CLOSED

    def _own(self, source: str) -> None:
        """Make an address one of the host's own, where it is not yet. It stays: another client may be using it."""
        if source not in self._addresses and not ipaddress.ip_address(source).is_loopback:
            subprocess.run(["ip", *(_ADD_IPV6 if ":" in source else _ADD_IPV4), source, "dev", "lo"], check=True)
        self._addresses.add(source)

    def _send(self, session: str, message: dict[str, Any]) -> tuple[int, str]:
        client = self._sessions[session]
        try:
            return _text(self._send_by(client, message))
        except (OSError, smtplib.SMTPServerDisconnected):
            return CLOSED

    def _send_by(self, client: smtplib.SMTP, message: dict[str, Any]) -> tuple[int, bytes]:
        """Return the answer that accepts the message, or the first one that refuses something."""
        replies = [client.mail(message["sender"])]
        replies += [client.rcpt(recipient) for recipient in message["recipients"]]
        refused = [reply for reply in replies if reply[0] not in (250, 251)]
        if refused:
            client.rset()
            return refused[0]
        try:
            return client.data(self._content(message))
        except smtplib.SMTPDataError as error:
            return error.smtp_code, error.smtp_error if isinstance(
                error.smtp_error, bytes
            ) else error.smtp_error.encode()

    def _content(self, message: dict[str, Any]) -> bytes:
        self._sent += 1
        headers = {
            "From": "<%s>" % message["sender"],
            "To": "<%s>" % message["recipients"][0],
            "Subject": message.get("subject", "hello"),
            "Message-ID": "<%d.%d@client.example.net>" % (time.time_ns(), self._sent),
        }
        lines = ["%s: %s" % item for item in headers.items()]
        return "\r\n".join([*lines, "", "hello", ""]).encode()

    def _close(self, session: str) -> tuple[int, str]:
        client = self._sessions.pop(session)
        try:
            return _text(client.quit())
        except (OSError, smtplib.SMTPServerDisconnected):
            return CLOSED
        finally:
            client.close()


def main() -> int:
    """Answer until the input ends."""
    address, port = [*sys.argv[1:], *("127.0.0.1", str(SUBMISSION_PORT))[len(sys.argv) - 1 :]]
    submitter = Submitter(address, int(port))
    for line in sys.stdin:
        print(json.dumps(submitter.answer(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
