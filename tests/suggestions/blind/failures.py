# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notices that mail could not be delivered, as servers of several kinds write them."""

# The texts are not all English.
# ruff: noqa: RUF001

from __future__ import annotations

import random
from typing import Sequence

from tests.suggestions.blind.places import Person, from_domain
from tests.suggestions.blind.writing import Draft, File

_FAILURES: Sequence[tuple[str, str, str]] = (
    (
        "Mail Delivery System",
        "Undelivered Mail Returned to Sender",
        (
            "This is the mail system at host {host}.\n\nI'm sorry to have to inform you that your message could "
            "not\nbe delivered.\n\n<{lost}>: host said: 550 5.1.1 User unknown"
        ),
    ),
    (
        "Mail Delivery System",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\n  {lost}\n    Unrouteable address",
    ),
    (
        "postmaster",
        "Undeliverable: {subject}",
        (
            "Delivery has failed to these recipients or groups:\n\n{lost}\nThe address you entered could not be "
            "found.\n\nDiagnostic information for administrators:\nGenerating server: {host}"
        ),
    ),
    (
        "MAILER-DAEMON",
        "failure notice",
        (
            "Hi. This is the qmail-send program at {host}.\nI'm afraid I wasn't able to deliver your "
            "message.\n\n<{lost}>:\nSorry, no mailbox here by that name. (#5.1.1)"
        ),
    ),
    (
        "Mail-Zustellung",
        "Unzustellbar: {subject}",
        "Ihre Nachricht konnte nicht zugestellt werden.\n\n{lost}\nDas Postfach ist voll oder existiert nicht.",
    ),
    (
        "Postmaster",
        "Échec de la remise : {subject}",
        "Votre message n'a pas pu être remis aux destinataires suivants :\n\n{lost}\n\nServeur : {host}",
    ),
    (
        "Sistema de correo",
        "Correo no entregado",
        "No se pudo entregar su mensaje a:\n\n<{lost}>\n550 usuario desconocido",
    ),
    ("Почтовая система", "Недоставленное сообщение", "Письмо не доставлено: {lost}\nПользователь не найден."),
)


def failure(
    rng: random.Random, recipient: str, lost: Person, *, subject: str, message_id: str
) -> tuple[Draft, tuple[str, str, str]]:
    """Return a notice that mail to somebody (lost) failed, and the server that sends it."""
    client = from_domain(rng, lost.domain)
    author, title, text = _FAILURES[int(len(_FAILURES) * random.Random("failures of " + lost.domain).random() ** 1.6)]
    title, text = (
        part.replace("{host}", client[2]).replace("{lost}", lost.address).replace("{subject}", subject)
        for part in (title, text)
    )
    status = "Reporting-MTA: dns; %s\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.%d.%d\n" % (
        client[2],
        lost.address,
        rng.randint(1, 7),
        rng.randint(0, 2),
    )
    original = "From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\n" % (recipient, lost.address, subject, message_id)
    files = [
        File("", "message/delivery-status", status.encode()),
        File("", rng.choice(("text/rfc822-headers", "message/rfc822")), original.encode()),
    ]
    draft = Draft(
        "",
        [recipient],
        title,
        text,
        author=author,
        from_address=rng.choice(("MAILER-DAEMON", "postmaster", "Mailer-Daemon")) + "@" + client[2],
        report="delivery-status",
        files=files,
        headers=["Auto-Submitted: auto-replied"],
    )
    return (
        Draft(
            draft.sender,
            draft.recipients,
            title,
            text + "\n\n" + original,
            author=author,
            from_address=draft.from_address,
        )
        if rng.random() < 0.3
        else draft
    ), client
