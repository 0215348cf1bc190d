# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SMTP client with one session that stays open: a login, then one message for each line that it reads.

    python3 smtp_client.py HOST PORT [LOGIN PASSWORD]

A line is a JSON mapping of sender, recipient, text, and perhaps client (an address for XCLIENT, which needs a new session). For each line
it prints what the server answered: C(250), the code and text of a refusal, or C(closed) if the session has ended.
"""

from __future__ import annotations

import json
import smtplib
import sys
from typing import Any


def connect(host: str, port: int, login: list[str]) -> smtplib.SMTP:
    """Return an open session; print the answer to the login."""
    client = smtplib.SMTP(host, port, local_hostname="client.example", timeout=20)
    client.ehlo()
    if login:
        client.login(*login)
    print("250", flush=True)
    return client


def send(client: smtplib.SMTP, message: dict[str, Any]) -> str:
    """Send one message and return the answer."""
    try:
        for step, value in ((client.mail, "sender"), (client.rcpt, "recipient"), (client.data, "text")):
            code, answer = step(message[value])
            if code >= 400:
                client.rset()
                return f"{code} {answer.decode()}"
    except smtplib.SMTPDataError as error:
        return f"{error.smtp_code} {error.smtp_error!r}"
    except (smtplib.SMTPServerDisconnected, ConnectionError):
        return "closed"
    return "250"


def main() -> None:
    host, port, *login = sys.argv[1:]
    try:
        client = connect(host, int(port), login)
    except smtplib.SMTPAuthenticationError as error:
        print(error.smtp_code, flush=True)
        return
    for line in sys.stdin:
        message = json.loads(line)
        if "client" in message:
            client.close()
            client = smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=20)
            client.docmd("XCLIENT", f"ADDR={message['client']}")
            client.ehlo()
        print(send(client, message), flush=True)


if __name__ == "__main__":
    main()
