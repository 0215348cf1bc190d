# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a message is written: patterns with alternatives, identifiers, headers and MIME parts."""

from __future__ import annotations

import base64
import quopri
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from hashlib import sha256
from typing import Callable, Mapping, Sequence, Tuple
from zlib import crc32

from tests.suggestions.letters import NOW, Letter

Client = Tuple[str, str, str]

_INNER = re.compile(r"\{([^{}]*)\}")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_QUEUE = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_FIRST = (
    *(5, 23, 31, 37, 45, 46, 51, 62, 77, 78, 80, 81, 82, 83, 84, 85, 87, 88, 89, 91, 93, 94, 95, 103, 109, 116, 134),
    *(139, 141, 145, 151, 154, 159, 164, 176, 178, 181, 185, 188, 190, 193, 194, 195, 201, 212, 213, 217),
)


def token(rng: random.Random, length: int) -> str:
    """Return letters and digits."""
    return "".join(rng.choices(_BASE62, k=length))


def hexes(rng: random.Random, length: int) -> str:
    """Return hexadecimal digits."""
    return "%0*x" % (length, rng.getrandbits(4 * length))


def _digits(length: int) -> Callable[[random.Random], str]:
    return lambda rng: "%0*d" % (length, rng.randrange(10 ** (length - 1), 10**length))


def _hexes(length: int) -> Callable[[random.Random], str]:
    return lambda rng: hexes(rng, length)


def _token(length: int) -> Callable[[random.Random], str]:
    return lambda rng: token(rng, length)


_FILL: dict[str, Callable[[random.Random], str]] = {
    **{"n%d" % length: _digits(length) for length in range(1, 13)},
    **{"x%d" % length: _hexes(length) for length in (4, 6, 8, 12, 16, 24, 32, 40)},
    **{"t%d" % length: _token(length) for length in (4, 6, 8, 10, 12, 16, 22, 32)},
    "day": lambda rng: "%d" % rng.randint(1, 28),
    "month": lambda rng: "%02d" % rng.randint(1, 12),
    "clock": lambda rng: "%02d:%02d" % (rng.randint(7, 20), rng.choice((0, 15, 30, 45))),
    "eur": lambda rng: "%d,%02d" % (rng.randint(4, 400), rng.randrange(100)),
    "usd": lambda rng: "%d.%02d" % (rng.randint(4, 900), rng.randrange(100)),
    "kilo": lambda rng: "%d,%03d" % (rng.randint(1, 95), rng.randrange(1000)),
}


def spin(pattern: str, rng: random.Random, values: Mapping[str, str] | None = None) -> str:
    """Return the pattern with one of each {alternatives|like|these}, which may nest, and with {values} filled in."""

    def one(match: re.Match[str]) -> str:
        inner: str = match.group(1)
        if "|" in inner:
            return rng.choice(inner.split("|"))
        if values is not None and inner in values:
            return values[inner]
        return _FILL[inner](rng)

    count = 1
    while count:
        pattern, count = _INNER.subn(one, pattern)
    return pattern


def numbers(rng: random.Random) -> dict[str, str]:
    """Return values for the numbers and identifiers of a message, so that each is the same everywhere in it."""
    return {name: fill(rng) for name, fill in _FILL.items() if name[0] in "nt" and name not in ("n1", "n2")}


def address_of(name: str) -> str:
    """Return the IPv4 address that goes with a name, always the same."""
    number = crc32(name.encode()) ^ 0x5A17C3
    first = _FIRST[number % len(_FIRST)]
    return "%d.%d.%d.%d" % (first, number >> 8 & 255, number >> 16 & 255, 2 + (number >> 24) % 250)


def network_of(name: str) -> str:
    """Return the first three numbers of the network of that name."""
    return address_of("net " + name).rpartition(".")[0]


def six_of(name: str, rng: random.Random) -> str:
    """Return an IPv6 address in the network of that name."""
    number = crc32(b"6" + name.encode())
    return "2a%02x:%x:%x::%x" % (number % 16, number >> 8 & 0xFFF | 1, number >> 20 | 1, rng.randint(2, 0xFFF))


def anywhere(rng: random.Random) -> str:
    """Return the address of any host of the world."""
    return "%d.%d.%d.%d" % (rng.choice(_FIRST), rng.randrange(256), rng.randrange(256), rng.randint(2, 252))


def queue_id(rng: random.Random) -> str:
    """Return a long queue ID."""
    return "4" + "".join(rng.choices(_QUEUE, k=10)) + "z" + "".join(rng.choices(_QUEUE, k=3))


def when(age: float, zone: int = 2) -> str:
    """Return the date of a message of that age."""
    return format_datetime(datetime.fromtimestamp(NOW - int(age), timezone(timedelta(hours=zone))))


def _stamp(age: float) -> str:
    return datetime.fromtimestamp(NOW - int(age), timezone.utc).strftime("%Y%m%d%H%M%S")


def message_id(rng: random.Random, style: str, domain: str, age: float) -> str:
    """Return a message ID as that program writes it."""
    if style == "uuid":
        return _uuid(rng) % domain
    if style == "apple":
        return (_uuid(rng) % "").upper().replace(">", domain + ">")
    if style == "cloud":
        cell = "AM%dPR%02dMB%04d" % (rng.randint(0, 9), rng.randint(1, 20), rng.randrange(10**4))
        return "<%s%s@%s.mailcloud.example>" % (cell, hexes(rng, 28).upper(), cell.lower())
    if style == "work":
        return "<CA%s%s@mail.workmail.test>" % (rng.choice("+KDLN"), token(rng, 44))
    if style == "outlook":
        return "<%s$%s$%s$@%s>" % ("00%s" % hexes(rng, 4), "01d%s" % hexes(rng, 5), hexes(rng, 8), domain)
    if style == "php":
        return "<%s@%s>" % (token(rng, 40), domain)
    if style == "java":
        return "<%d.%d.%d@%s>" % (rng.randrange(10**9), rng.randrange(900), (NOW - int(age)) * 1000 + 3, domain)
    if style == "python":
        return "<%d.%d.%d@%s>" % ((NOW - int(age)) * 10**6, rng.randint(800, 60000), rng.getrandbits(63), domain)
    if style == "postfix":
        return "<%s.%s@%s>" % (_stamp(age), hexes(rng, 10).upper(), domain)
    return "<%s@%s>" % (hexes(rng, 32), domain)


def _uuid(rng: random.Random) -> str:
    return "<%s-%s-4%s-a%s-%s@%%s>" % tuple(hexes(rng, length) for length in (8, 4, 3, 3, 12))


def encoded(text: str) -> str:
    """Return a text for a header, in encoded words if need be."""
    if text.isascii():
        return text
    words, chunk = [], ""
    for char in text:
        if len((chunk + char).encode()) > 39:
            words.append(chunk)
            chunk = ""
        chunk += char
    return "\n ".join("=?UTF-8?B?%s?=" % base64.b64encode(word.encode()).decode() for word in (*words, chunk) if word)


def named(name: str, address: str) -> str:
    """Return an address with a display name."""
    shown = encoded(name) if not name.isascii() else '"%s"' % name if re.search(r"[^\w ]", name) else name
    return "%s <%s>" % (shown, address) if name else "<%s>" % address


@dataclass(frozen=True)
class File:
    """An attachment."""

    name: str
    kind: str
    data: bytes


def same_bytes(name: str, length: int) -> bytes:
    """Return bytes that look like anything, always the same for a name."""
    return b"".join(sha256(b"%s %d" % (name.encode(), turn)).digest() for turn in range(length // 32 + 1))[:length]


def other_bytes(rng: random.Random, length: int) -> bytes:
    """Return bytes that look like anything."""
    return rng.getrandbits(8 * length).to_bytes(length, "big")


# How programs begin and end the body of a page.
_LOOKS = (
    ("<body>", "</body>"),
    ('<body style="font-family:Arial,sans-serif;font-size:14px;color:#333">', "</body>"),
    (
        '<body bgcolor="#f4f4f4"><table width="100%" cellpadding="0"><tr><td align="center"><table width="600"><tr><td>',
        "</td></tr></table></td></tr></table></body>",
    ),
    ('<body lang="EN-GB" link="#0563C1"><div class="WordSection1">', "</div></body>"),
    ('<body dir="ltr"><div style="font-family:Calibri,Helvetica,sans-serif;font-size:12pt">', "</div></body>"),
    (
        '<body style="margin:0;padding:0"><center><div style="max-width:640px;text-align:left">',
        "</div></center></body>",
    ),
    ('<body><div dir="auto">', "<br></div></body>"),
)


@dataclass(frozen=True)
class Draft:
    """A message before it is written."""

    sender: str
    to: Sequence[str]
    subject: str
    text: str = ""
    html: str = ""
    age: float = 0.0
    author: str = ""
    """The From header, by default the sender."""
    shown: str = ""
    """The To header, by default the recipients."""
    client: Client | None = None
    login: str | None = None
    headers: Sequence[str] = ()
    reason: str = Letter.reason
    ident: str = "hex"
    """The style of the message ID; empty: none."""
    id_domain: str = ""
    coding: str = ""
    """The transfer encoding: qp, base64, or empty for 8bit."""
    files: Sequence[File] = ()
    hops: Sequence[str] = ()
    """Received headers that it came with."""
    server: str = "mx.local.invalid"
    zone: int = 2
    spam: bool = False
    calendar: str = ""
    look: str = ""
    """What the look of its page depends on, by default the domain of its author."""

    def letter(self, rng: random.Random) -> Letter:
        """Return it as a message of the queue."""
        head = [*self._received(rng), *self._head(rng), *self.headers, "MIME-Version: 1.0"]
        lines = "\n".join((*head, *self._body(rng)))
        return Letter(
            sender=self.sender,
            recipients=list(self.to),
            subject=self.subject,
            text=self.text or self._styled(),
            age=self.age,
            is_spam=self.spam,
            client=self.client,
            login=self.login,
            reason=self.reason.replace("<recipient>", "<%s>" % self.to[0]),
            stored=lines.encode(),
        )

    def _received(self, rng: random.Random) -> list[str]:
        moment = when(self.age)
        if not self.sender:
            top = "Received: by %s (Postfix)\n\tid %s; %s" % (self.server, queue_id(rng), moment)
        elif self.client is None:
            uid = 30 + crc32(self.server.encode()) % 1200
            top = "Received: by %s (Postfix, from userid %d)\n\tid %s; %s" % (self.server, uid, queue_id(rng), moment)
        else:
            address, name, helo = self.client
            shown = "IPv6:" + address if ":" in address else address
            how = "ESMTPSA" if self.login else "ESMTPS" if rng.random() < 0.8 else "ESMTP"
            top = "Received: from %s (%s [%s])\n\tby %s (Postfix) with %s id %s" % (
                *(helo, name, shown, self.server, how, queue_id(rng)),
            )
            top += "\n\tfor <%s>; %s" % (self.to[0], moment) if len(self.to) == 1 else "; %s" % moment
        return [top, *self.hops]

    def _head(self, rng: random.Random) -> list[str]:
        author = self.author or "<%s>" % (self.sender or "MAILER-DAEMON@" + self.server)
        domain = self.id_domain or (self.sender.rpartition("@")[2] if self.sender else self.server)
        lines = [
            "Date: " + when(self.age + rng.randint(0, 4), self.zone),
            "From: " + author,
            "To: " + (self.shown or ",\n\t".join("<%s>" % address for address in self.to)),
            "Subject: " + encoded(self.subject),
        ]
        if self.ident:
            lines.append("Message-ID: " + message_id(rng, self.ident, domain, self.age))
        return lines

    def _body(self, rng: random.Random) -> list[str]:
        """Return the headers of the content, an empty line and the content."""
        parts = [_part("text/%s" % kind, body, self.coding) for kind, body in self._texts() if body]
        if self.calendar:
            parts.append(_part('text/calendar; method="REQUEST"', self.calendar, "base64"))
        lines = parts[0] if len(parts) == 1 else _several("alternative", parts, rng)
        return _several("mixed", [lines, *map(_attached, self.files)], rng) if self.files else lines

    def _texts(self) -> tuple[tuple[str, str], ...]:
        return ("plain", self.text), ("html", self._styled())

    def _styled(self) -> str:
        """Return the HTML page as its author's program makes it."""
        author = self.look or (self.author or self.sender).rpartition("@")[2]
        opened, closed = _LOOKS[crc32(b"look" + author.encode()) % len(_LOOKS)]
        return self.html.replace("<body>", opened, 1).replace("</body>", closed, 1)


def _part(kind: str, body: str, coding: str) -> list[str]:
    """Return a part with text: its headers, an empty line and its lines."""
    charset = "us-ascii" if body.isascii() and not coding else "utf-8"
    if coding == "base64":
        name, content = coding, base64.encodebytes(body.encode()).decode().rstrip("\n")
    elif coding == "qp":
        name, content = "quoted-printable", quopri.encodestring(body.encode()).decode()
    else:
        name, content = ("7bit" if body.isascii() else "8bit"), body
    return ["Content-Type: %s; charset=%s" % (kind, charset), "Content-Transfer-Encoding: " + name, "", content]


def _attached(file: File) -> list[str]:
    return [
        'Content-Type: %s; name="%s"' % (file.kind, file.name),
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="%s"' % file.name,
        "",
        base64.encodebytes(file.data).decode().rstrip("\n"),
    ]


def _several(kind: str, parts: Sequence[Sequence[str]], rng: random.Random) -> list[str]:
    boundary = "%s_%s" % (rng.choice(("----=_Part", "--==Mime", "_000", "b1", "------------")), token(rng, 22))
    lines = ['Content-Type: multipart/%s;\n\tboundary="%s"' % (kind, boundary), ""]
    for part in parts:
        lines += ["--" + boundary, *part]
    return [*lines, "--%s--" % boundary]


def page(*paragraphs: str, footer: str = "", button: tuple[str, str] | None = None) -> str:
    """Return a small HTML page; the button is a link and its label."""
    lines = ["<html><body>"]
    lines += ["<p>%s</p>" % paragraph.replace("\n", "<br>\n") for paragraph in paragraphs]
    if button:
        style = "background:#1769aa;color:#fff;padding:10px 22px;text-decoration:none"
        lines.append('<p><a href="%s" style="%s">%s</a></p>' % (button[0], style, button[1]))
    if footer:
        lines.append('<p style="font-size:11px;color:#999">%s</p>' % footer.replace("\n", "<br>\n"))
    return "\n".join((*lines, "</body></html>"))


def signed(rng: random.Random, domain: str, selector: str = "s1") -> str:
    """Return a DKIM signature."""
    value = base64.b64encode(other_bytes(rng, 96)).decode()
    digest = base64.b64encode(other_bytes(rng, 32)).decode()
    return (
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s;\n\ts=%s; h=from:to:subject:date:message-id;\n"
        "\tbh=%s;\n\tb=%s\n\t %s" % (domain, selector, digest, value[:64], value[64:])
    )
