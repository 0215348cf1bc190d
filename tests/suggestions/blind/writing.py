# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write messages as mail programs write them: headers, MIME parts, encodings."""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import NamedTuple, Sequence

from tests.suggestions.letters import NOW, Letter

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class File(NamedTuple):
    """An attachment."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Draft:
    """What is written: envelope, headers, and parts."""

    sender: str
    recipients: Sequence[str]
    subject: str
    text: str
    author: str = ""
    """Display name."""
    from_address: str = ""
    """The address in From, if it is not the envelope sender."""
    to: str = ""
    """The whole To header, if it is not the first recipient."""
    html: str = ""
    files: Sequence[File] = ()
    headers: Sequence[str] = ()
    transfer: str = "8bit"
    only_html: bool = False
    report: str = ""
    """The type of the report, if this is one; then the files are its other parts."""


@dataclass(frozen=True)
class Way:
    """How a message came into the queue, and why it is still there."""

    host: str
    """The name of the Postfix server."""
    age: float
    reason: str
    client: tuple[str, str, str] | None = None
    login: str | None = None
    user_id: int = 0
    """Of a local submission."""
    is_spam: bool = False


def code(rng: random.Random, length: int, letters: str = _LETTERS) -> str:
    """Return random letters."""
    return "".join(rng.choice(letters) for _turn in range(length))


def data(rng: random.Random, size: int) -> bytes:
    """Return random bytes."""
    return rng.getrandbits(8 * size).to_bytes(size, "big")


def in_header(text: str) -> str:
    """Return the text as encoded words (RFC 2047), if it needs them."""
    if all(" " <= character <= "~" for character in text):
        return text
    pieces = [text[start : start + 13] for start in range(0, len(text), 13)]
    words = ["=?UTF-8?B?%s?=" % base64.b64encode(piece.encode()).decode() for piece in pieces]
    return "\n ".join(words)


def quoted(name: str) -> str:
    """Return a display name for a header."""
    encoded = in_header(name)
    return '"%s"' % name if encoded == name and not name.replace(" ", "").isalpha() else encoded


def send(draft: Draft, way: Way, rng: random.Random) -> Letter:
    """Return the letter of a draft."""
    draft = replace(draft, subject=" ".join(draft.subject.split()))
    stored = "\n".join((*_received(draft, way, rng), *_headers(draft, way, rng))).encode() + b"\n"
    stored += _content(draft, rng)
    return Letter(
        sender=draft.sender,
        recipients=draft.recipients,
        subject=draft.subject,
        text=draft.text,
        age=way.age,
        is_spam=way.is_spam,
        client=way.client,
        login=way.login,
        reason=way.reason,
        stored=stored,
    )


def _received(draft: Draft, way: Way, rng: random.Random) -> list[str]:
    """Return the header that smtpd(8) or pickup(8) adds."""
    date = formatdate(NOW - way.age)
    queue_id = code(rng, 10, "0123456789ABCDEF")
    if way.client is None:
        return ["Received: by %s (Postfix, from userid %d)" % (way.host, way.user_id), "\tid %s; %s" % (queue_id, date)]
    address, name, helo = way.client
    shown = "IPv6:" + address if ":" in address else address
    line = "Received: from %s (%s [%s])" % (helo, name, shown)
    kind = "ESMTPSA" if way.login else "ESMTPS"
    tail = "\tfor <%s>; %s" % (draft.recipients[0], date) if len(draft.recipients) == 1 else "\t" + date
    by = "\tby %s (Postfix) with %s id %s%s" % (way.host, kind, queue_id, "" if len(draft.recipients) == 1 else ";")
    return [line, by, tail]


def _headers(draft: Draft, way: Way, rng: random.Random) -> list[str]:
    """Return the headers of the writer."""
    address = draft.from_address or draft.sender or "MAILER-DAEMON@" + way.host
    author = "%s <%s>" % (quoted(draft.author), address) if draft.author else address
    ordered = [
        "From: " + author,
        "To: " + (draft.to or draft.recipients[0]),
        "Subject: " + in_header(draft.subject),
        "Date: " + formatdate(NOW - way.age - rng.randint(0, 5)),
        "MIME-Version: 1.0",
    ]
    if not any(line.lower().startswith("message-id:") for line in draft.headers):
        ordered.append("Message-ID: <%s@%s>" % (code(rng, 20).lower(), address.rpartition("@")[2]))
    return ordered + list(draft.headers)


def _text_part(text: str, media_type: str, transfer: str) -> bytes:
    """Return the headers and the body of one text."""
    raw = text.encode() + b"\n"
    if transfer == "base64":
        raw = base64.encodebytes(raw)
    elif transfer == "quoted-printable":
        raw = quopri.encodestring(raw)
    head = "Content-Type: %s; charset=utf-8\nContent-Transfer-Encoding: %s\n\n" % (media_type, transfer)
    return head.encode() + raw


def _file_part(file: File) -> bytes:
    """Return an attachment with its headers."""
    if file.media_type.startswith("message/") or file.media_type == "text/rfc822-headers":
        return b"Content-Type: %s\n\n%s\n" % (file.media_type.encode(), file.content)
    if file.media_type.startswith("text/calendar"):
        return b"Content-Type: %s; charset=utf-8\n\n%s\n" % (file.media_type.encode(), file.content)
    head = 'Content-Type: %s; name="%s"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="%s"\n\n'
    return (head % (file.media_type, file.name, file.name)).encode() + base64.encodebytes(file.content)


def _join(kind: str, parts: Sequence[bytes], rng: random.Random) -> bytes:
    """Return parts in a multipart."""
    number = code(rng, 16, "0123456789abcdef")
    boundary = rng.choice(("----=_Part_%s", "=_%s", "Apple-Mail=_%s", "000000000000%s", "--_004_%s_", "b1_%s")) % number
    opening = b"--%s\n" % boundary.encode()
    head = 'Content-Type: multipart/%s;\n boundary="%s"\n\n' % (kind, boundary)
    return head.encode() + b"".join(opening + part + b"\n" for part in parts) + b"--%s--\n" % boundary.encode()


def _content(draft: Draft, rng: random.Random) -> bytes:
    """Return the last headers and the body."""
    text = _text_part(draft.text, "text/plain", draft.transfer)
    if draft.html:
        html = _text_part(draft.html, "text/html", draft.transfer)
        text = html if draft.only_html else _join("alternative", (text, html), rng)
    if draft.report:
        return _join("report; report-type=" + draft.report, [text, *map(_file_part, draft.files)], rng)
    if draft.files:
        return _join("mixed", [text, *map(_file_part, draft.files)], rng)
    return text


def as_html(text: str, *, style: str = "font-family:Arial") -> str:
    """Return the text as HTML."""
    paragraphs = "".join("<p>%s</p>\n" % part.replace("\n", "<br>\n") for part in text.split("\n\n"))
    return '<html><body style="%s">\n%s</body></html>' % (style, paragraphs)


def pdf(rng: random.Random, name: str, *, size: int = 900) -> File:
    """Return a document; every one has other bytes."""
    return File(name, "application/pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + data(rng, rng.randint(size, 3 * size)))
