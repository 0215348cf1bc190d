# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP client that keeps trying: it sends one message after the other until its input ends.

    python probe.py 10.99.0.11 friend@probe.example you@accept.example.org

It prints a line once the first message was accepted. At the end it prints, as JSON, when which message was accepted:
[[seconds since the epoch, Message-ID], ...].
"""

from __future__ import annotations

import json
import select
import smtplib
import sys
import time

# Often enough that the time between two tries counts for little, seldom enough to leave the machine its cores.
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 5.0
LAST_SECONDS = 60.0


def attempt(address: str, sender: str, recipient: str, message_id: str) -> bool:
    """Return whether a message was accepted."""
    text = f"From: {sender}\r\nTo: {recipient}\r\nMessage-ID: {message_id}\r\nSubject: are you there\r\n\r\nhello\r\n"
    try:
        with smtplib.SMTP(address, 25, "probe.example", timeout=PATIENCE_SECONDS) as client:
            client.sendmail(sender, [recipient], text)
    except (OSError, smtplib.SMTPException):
        return False
    return True


class Client:
    """Tries, and remembers when which message was accepted."""

    def __init__(self, address: str, sender: str, recipient: str) -> None:
        self._arguments = (address, sender, recipient)
        self.accepted: list[tuple[float, str]] = []

    def try_once(self) -> bool:
        message_id = f"<{time.time_ns()}@probe.example>"
        accepted = attempt(*self._arguments, message_id)
        if accepted:
            self.accepted.append((time.time(), message_id))
        return accepted

    def try_until_accepted(self) -> None:
        deadline = time.monotonic() + LAST_SECONDS
        while not self.try_once() and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)


def main() -> int:
    client = Client(*sys.argv[1:])
    client.try_until_accepted()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        client.try_once()
    # An outage has an end, too.
    client.try_until_accepted()
    print(json.dumps(client.accepted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
