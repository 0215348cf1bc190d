# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compose messages as mail programs do: headers, encodings, parts. Pure, and the same on all releases of Python."""

from __future__ import annotations

import base64
import random
import time
import zlib
from dataclasses import dataclass
from typing import Sequence

from tests.suggestions.letters import NOW, Letter

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = ("+0000", "+0200", "+0100", "-0400", "-0700")

REASONS = (
    "450 4.2.0 <%s>: Recipient address rejected: Greylisted, see http://postgrey.example/help",
    "connect to %s[198.18.44.9]:25: Connection timed out",
    "host %s[203.0.113.80] refused to talk to me: 421 4.7.0 Too many connections, try again later",
    "452 4.2.2 The mailbox of %s is over its quota",
    "451 4.7.1 %s: Please try again later",
    "Host or domain name not found. Name service error for name=%s type=MX: Host not found, try again",
    "lost connection with mx.%s[192.0.2.77] while receiving the initial server greeting",
)


@dataclass(frozen=True)
class File:
    """An attachment."""

    name: str
    kind: str
    data: bytes
    cid: str = ""


@dataclass(frozen=True)
class Body:
    """What a message says."""

    text: str
    html: str | None = None
    files: Sequence[File] = ()
    encoding: str = "auto"
    """One of auto, base64, quoted-printable."""
    parts: Sequence[tuple[str, str]] = ()
    """More parts: content type, text."""


@dataclass(frozen=True)
class Route:
    """How a message came in."""

    client: tuple[str, str, str] | None = None
    login: str | None = None
    server: str = "mail.invalid"
    """The name of this server."""
    uid: int = 0
    """Who ran sendmail, if there is no client."""


def number_of(text: str) -> int:
    """Return a number that is always the same for a text."""
    return zlib.crc32(text.encode())


def token(rng: random.Random, length: int, letters: str = "0123456789abcdef") -> str:
    """Return random letters."""
    return "".join(rng.choice(letters) for _turn in range(length))


def pick(choices: Sequence[str], text: str) -> str:
    """Return the choice that always belongs to a text."""
    return choices[number_of(text) % len(choices)]


def date_of(age: float, zone: str = "+0000") -> str:
    """Return the date of a message so many seconds old."""
    offset = (int(zone[1:3]) * 60 + int(zone[3:])) * (-60 if zone[0] == "-" else 60)
    at = time.gmtime(int(NOW - age) + offset)
    return "%s, %d %s %d %02d:%02d:%02d %s" % (
        _DAYS[at.tm_wday],
        at.tm_mday,
        _MONTHS[at.tm_mon - 1],
        at.tm_year,
        at.tm_hour,
        at.tm_min,
        at.tm_sec,
        zone,
    )


def encoded(text: str, way: str = "auto") -> str:
    """Return a header value, as RFC 2047 words if it needs them. way: auto, b, q."""
    if way == "auto":
        if text.isascii():
            return text
        way = "b" if number_of(text) % 3 else "q"
    words = []
    for start in range(0, len(text), 16):
        piece = text[start : start + 16].encode()
        if way == "b":
            words.append("=?UTF-8?B?%s?=" % base64.b64encode(piece).decode())
        else:
            letters = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else "=%02X" % byte for byte in piece)
            words.append("=?UTF-8?Q?%s?=" % letters)
    return "\n ".join(words)


def named(name: str, address: str) -> str:
    """Return a name and an address for a header."""
    return "%s <%s>" % (encoded(name) if not name.isascii() else name, address) if name else "<%s>" % address


def lines_of(data: bytes) -> str:
    """Return data in base64 lines."""
    text = base64.b64encode(data).decode()
    return "\n".join(text[start : start + 76] for start in range(0, len(text), 76))


def quoted(text: str) -> str:
    """Return text as quoted-printable."""
    done = []
    for line in text.split("\n"):
        piece = ""
        for byte in line.encode():
            letter = chr(byte) if 32 <= byte < 127 and byte != 61 else "=%02X" % byte
            if len(piece) + len(letter) > 75:
                done.append(piece + "=")
                piece = ""
            piece += letter
        done.append(piece[:-1] + "=20" if piece.endswith(" ") else piece)
    return "\n".join(done)


def _part(kind: str, text: str, encoding: str) -> str:
    if encoding == "auto":
        encoding = "7bit" if text.isascii() and max(map(len, text.split("\n"))) < 900 else "quoted-printable"
    shown = {"base64": lambda: lines_of(text.encode()), "quoted-printable": lambda: quoted(text)}.get(
        encoding, lambda: text
    )()
    charset = (
        ""
        if "charset" in kind or not kind.startswith("text/")
        else "; charset=%s" % ("us-ascii" if encoding == "7bit" else "UTF-8")
    )
    return "Content-Type: %s%s\nContent-Transfer-Encoding: %s\n\n%s" % (kind, charset, encoding, shown)


def _file(file: File) -> str:
    inline = (
        "Content-ID: <%s>\nContent-Disposition: inline" % file.cid if file.cid else "Content-Disposition: attachment"
    )
    return 'Content-Type: %s; name="%s"\nContent-Transfer-Encoding: base64\n%s; filename="%s"\n\n%s' % (
        file.kind,
        file.name,
        inline,
        file.name,
        lines_of(file.data),
    )


def _together(kind: str, parts: Sequence[str], boundary: str) -> str:
    body = "".join("--%s\n%s\n" % (boundary, part) for part in parts)
    return 'Content-Type: multipart/%s; boundary="%s"\n\n%s--%s--' % (kind, boundary, body, boundary)


def _mime(body: Body, rng: random.Random, program: str) -> str:
    """Return content type and body. program: what always marks the boundaries in the same way."""
    boundary = pick(("----=_Part_%s", "=-%s", "------------%s", "_000_%s_", "b1_%s"), program) % token(rng, 20)
    entity = _part("text/plain", body.text, body.encoding) if body.text or body.html is None else ""
    if body.html is not None:
        html = _part("text/html", body.html, body.encoding)
        entity = _together("alternative", [entity, html], boundary + "a") if entity else html
    parts = [entity, *(_part(kind, text, "auto") for kind, text in body.parts), *map(_file, body.files)]
    if body.parts and body.parts[0][0] == "message/delivery-status":
        return _together("report; report-type=delivery-status", parts, boundary)
    kind = "related" if any(file.cid for file in body.files) else "mixed"
    return _together(kind, parts, boundary) if len(parts) > 1 else entity


def _received(route: Route, recipient: str, age: float, rng: random.Random) -> str:
    queue_id = token(rng, 10, "0123456789ABCDEF")
    date = date_of(age, _ZONES[number_of(route.server) % 3])
    if route.client is None:
        return "Received: by %s (Postfix, from userid %d)\n\tid %s; %s" % (route.server, route.uid, queue_id, date)
    address, name, helo = route.client
    shown = "IPv6:" + address if ":" in address else address
    how = "ESMTPSA" if route.login else rng.choice(("ESMTPS", "ESMTPS", "ESMTP"))
    who = "\n\t(Authenticated sender: %s)" % route.login if route.login else ""
    return "Received: from %s (%s [%s])%s\n\tby %s (Postfix) with %s id %s\n\tfor <%s>; %s" % (
        helo,
        name,
        shown,
        who,
        route.server,
        how,
        queue_id,
        recipient,
        date,
    )


def post(
    rng: random.Random,
    *,
    sender: str,
    to: Sequence[str],
    subject: str,
    body: Body,
    age: float,
    route: Route,
    author: str = "",
    shown_to: str = "",
    headers: Sequence[str] = (),
    reason: str = "",
    is_spam: bool = False,
    message_id: str = "",
    received: bool = True,
) -> Letter:
    """Return a message. author, shown_to: the values of From and To, if the envelope's addresses are not meant."""
    author = author or "<%s>" % sender
    zone = pick(_ZONES, sender.rpartition("@")[2])
    head = [_received(route, to[0], age, rng)] if received else []
    head += [
        "Date: " + date_of(age + rng.randint(1, 20), zone),
        "From: " + author,
        "To: " + (shown_to or to[0]),
        "Subject: " + encoded(subject),
        "Message-ID: <%s>" % (message_id or "%s@%s" % (token(rng, 24), author.rpartition("@")[2].strip("<> "))),
        "MIME-Version: 1.0",
        *headers,
    ]
    domain = to[0].rpartition("@")[2]
    reason = reason or pick(REASONS, domain)
    reason = reason % domain if "%s" in reason else reason
    return Letter(
        sender,
        to,
        subject,
        body.text,
        age,
        is_spam,
        route.client,
        route.login,
        reason=reason,
        stored=("\n".join(head) + "\n" + _mime(body, rng, author)).encode(),
    )
