# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a real message came from, according to its own headers, and the message as the server that got it has it in its queue."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from typing import Iterator

Client = tuple[str, str, str]

# What servers and programs add after delivery, or when a message is collected; a message in a queue does not have it.
_ADDED_LATER = re.compile(
    rb"(?:return-path|delivered-to|envelope-to|x-envelope-to|x-original-to|status|x-status|x-keywords|x-uidl?|x-mozilla-status2?"
    rb"|x-spam(?:-[a-z-]+)?|x-sieve|x-mail-from|x-delivered-to|delivery-date|x-from|lines|xref|archived-at|x-gnus-[a-z-]+|replied|forwarded)\Z"
)
# A name of a host, or an address in brackets, as HELO names are.
_NAME = r"\[?[A-Za-z0-9][A-Za-z0-9._:-]*\]?"
_FROM = re.compile(r"from\s+(%s)" % _NAME)
_HELO = re.compile(r"\b(?:helo|ehlo)[=\s]+(%s)" % _NAME, re.IGNORECASE)
_VERIFIED = re.compile(r"\((?:[^()\s@]+@)?(%s)\s+[(\[]" % _NAME)
_IP = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_ADDRESS = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


@dataclass(frozen=True)
class RealMessage:
    """A message and its envelope."""

    sender: str
    """Empty for a notice."""
    client: Client
    """Address, name and HELO name."""
    headers: tuple[bytes, ...]
    """Each header with its continuation lines, from the one on that the receiving server wrote."""
    body: bytes

    @property
    def domain(self) -> str:
        """The domain of the sender, or a made-up one where there is none."""
        return self.sender.rpartition("@")[2] or "example.net"

    @property
    def stored(self) -> bytes:
        """Headers and body, with line feeds."""
        return b"\n".join((*self.headers, b"", self.body))

    def header(self, name: str) -> bytes:
        """Return the value of the first header of that name, on one line; empty where there is none."""
        return next((value for each, value in map(_split, self.headers) if each == name.lower().encode()), b"")

    def without(self, *names: str) -> tuple[bytes, ...]:
        """Return the headers of other names."""
        left_out = {name.lower().encode() for name in names}
        return tuple(header for header in self.headers if _split(header)[0] not in left_out)


def real_message(content: bytes) -> RealMessage:
    """Return a message (headers and body, with line feeds) with the envelope that its headers give.

    The client is the one of the topmost Received header that names a public address; the headers above it were added after that server
    and are left out. Where there is none, the client is made up for the sender's domain. The sender is the one of Return-Path, else of
    Sender, else of From.
    """
    head, _empty, body = content.partition(b"\n\n")
    headers = tuple(re.split(rb"\n(?![ \t])", head.strip(b"\n")))
    sender = _sender(headers)
    hops = ((number, client) for number, header in enumerate(headers) for client in _client(header))
    first, client = next(hops, (0, made_up_client(sender.rpartition("@")[2] or "example.net")))
    kept = tuple(header for header in headers[first:] if not _ADDED_LATER.match(_split(header)[0]))
    return RealMessage(sender, client, kept or (b"Subject:",), body.rstrip(b"\n"))


def made_up_client(domain: str) -> Client:
    """Return a client for a domain, always the same one, in the network for benchmarks (RFC 2544)."""
    digest = hashlib.sha256(domain.encode()).digest()
    name = "mail.%s" % domain
    return "198.%d.%d.%d" % (18 + digest[0] % 2, digest[1], digest[2]), name, name


def _split(header: bytes) -> tuple[bytes, bytes]:
    """Return a header's name in lower case, and its value on one line."""
    name, _colon, value = header.partition(b":")
    return name.strip().lower(), b" ".join(value.split())


def _sender(headers: tuple[bytes, ...]) -> str:
    """Return the envelope sender."""
    values: dict[bytes, bytes] = {}
    for name, value in map(_split, headers):
        values.setdefault(name, value)
    if values.get(b"return-path", b"").replace(b" ", b"") == b"<>":
        return ""
    for name in (b"return-path", b"sender", b"from"):
        found = _ADDRESS.search(values.get(name, b""))
        if found:
            return found.group().decode("ascii")
    return "unknown@example.net"


def _client(header: bytes) -> Iterator[Client]:
    """Yield the client that a Received header names, if its address is a public one."""
    name, value = _split(header)
    said = re.split(r"\sby\s", value.decode("ascii", "replace"), maxsplit=1)[0]
    token = _FROM.match(said)
    if name != b"received" or token is None:
        return
    for address in _IP.findall(said):
        if _is_public(address):
            helo, verified = _HELO.search(said), _VERIFIED.search(said)
            host = verified.group(1) if verified else token.group(1)
            known = not _IP.search(host) and "." in host
            greeting = helo.group(1) if helo else token.group(1)
            yield address, host.rstrip(".") if known else "unknown", greeting.rstrip(".")
            return


def _is_public(address: str) -> bool:
    try:
        return ipaddress.IPv4Address(address).is_global
    except ValueError:
        return False
