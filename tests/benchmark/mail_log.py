# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mail log of any length, as a busy server writes it: the same length and seed give the same lines."""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_IDS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_REASONS = (
    "connect to mx.example.net[192.0.2.7]:25: Connection timed out",
    "host mx1.example.org[198.51.100.9] said: 451 4.7.1 Greylisted, try again in 300 seconds (in reply to RCPT TO command)",
    "Host or domain name not found. Name service error for name=down.example type=MX: Host not found, try again",
)


class _Writer:
    """Makes the lines of one server, a message after the other, with a clock that goes on."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now = 1763700000.0

    def _line(self, program: str, text: str) -> str:
        self._now += self._random.random() * 0.05
        stamp = time.strftime("%b %e %H:%M:%S", time.gmtime(self._now))
        return f"{stamp} mx01 postfix/{program}[{self._random.randrange(1000, 60000)}]: {text}\n"

    def _queue_id(self) -> str:
        return "4" + "".join(self._random.choices(_IDS, k=9)) + "z" + "".join(self._random.choices(_IDS[:40], k=4))

    def _address(self) -> str:
        return f"user{self._random.randrange(20000)}@d{self._random.randrange(500)}.example"

    def _client(self) -> str:
        number = self._random.randrange(65536)
        name = self._random.choice((f"host{number}.example.com", "unknown"))
        return f"{name}[203.0.{number >> 8}.{number & 255}]"

    def lines(self) -> Iterator[str]:
        """Yield lines without end."""
        while True:
            kind = self._random.random()
            if kind < 0.55:
                yield from self._message("smtpd", "")
            elif kind < 0.75:
                user = f"account{min(int(self._random.expovariate(0.02)), 900)}@example.com"
                yield from self._message("submission/smtpd", f", sasl_method=PLAIN, sasl_username={user}")
            elif kind < 0.9:
                yield from self._rejected()
            else:
                yield from self._refused_login()

    def _message(self, service: str, login: str) -> Iterator[str]:
        client, queue_id, sender = self._client(), self._queue_id(), self._address()
        recipients = [self._address() for _number in range(min(1 + int(self._random.expovariate(1)), 9))]
        yield self._line(service, f"connect from {client}")
        yield self._line(service, f"{queue_id}: client={client}{login}")
        yield self._line("cleanup", f"{queue_id}: message-id=<{self._random.randrange(10**12)}.{sender}>")
        size = self._random.randrange(900, 90000)
        yield self._line("qmgr", f"{queue_id}: from=<{sender}>, size={size}, nrcpt={len(recipients)} (queue active)")
        counts = f"mail=1 rcpt={len(recipients)} data=1 quit=1"
        yield self._line(service, f"disconnect from {client} ehlo=1 {counts} commands={3 + len(recipients)}")
        for recipient in recipients:
            yield self._delivery(queue_id, recipient)
        yield self._line("qmgr", f"{queue_id}: removed")

    def _delivery(self, queue_id: str, recipient: str) -> str:
        relay = f"relay=mx.example.org[198.51.100.{self._random.randrange(256)}]:25"
        times = "delay=1.2, delays=0.1/0.01/0.5/0.6"
        if self._random.random() < 0.15:
            text = f"dsn=4.4.1, status=deferred ({self._random.choice(_REASONS)})"
        elif self._random.random() < 0.05:
            text = "dsn=5.1.1, status=bounced (host mx.example.org[198.51.100.9] said: 550 5.1.1 User unknown)"
        else:
            text = "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Xabc12345z1)"
        return self._line("smtp", f"{queue_id}: to=<{recipient}>, {relay}, {times}, {text}")

    def _rejected(self) -> Iterator[str]:
        client, sender, recipient = self._client(), self._address(), self._address()
        yield self._line("smtpd", f"connect from {client}")
        text = f"554 5.7.1 <{recipient}>: Relay access denied; from=<{sender}> to=<{recipient}> proto=ESMTP helo=<x.example>"
        yield self._line("smtpd", f"NOQUEUE: reject: RCPT from {client}: {text}")
        yield self._line("smtpd", f"disconnect from {client} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4")

    def _refused_login(self) -> Iterator[str]:
        client = self._client()
        yield self._line("smtpd", f"connect from {client}")
        text = f"{client}: SASL LOGIN authentication failed: authentication failure, sasl_username=guest"
        yield self._line("smtpd", f"warning: {text}")
        yield self._line("smtpd", f"disconnect from {client} ehlo=1 auth=0/1 commands=1/2")


def write(path: str, count: int, *, seed: int = 1) -> None:
    """Write that many lines."""
    lines = _Writer(seed).lines()
    with open(path, "w", encoding="ascii") as file:
        for _number in range(count):
            file.write(next(lines))


if __name__ == "__main__":
    write(sys.argv[1], int(sys.argv[2]))
