# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The traits of one message: what it can have in common with others, and what speaks for or against a flood."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections import Counter
from typing import Any, Iterable, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import text_of
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import (
    PATH_WORDS,
    is_common_host,
    organisation,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Content, SampledMessage
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import Piece

# Words in the answer of a server that treats the message as spam.
_SPAM_ANSWER = re.compile(
    r"spam|unsolicited|junk|phish|virus|malware|bulk mail|reputation|bl[ao]ck-?list|suspicious|abuse",
    re.IGNORECASE,
)
_REWRITTEN = re.compile(r"(?:srs[01]|prvs)[=+-]")
_MAX_VALUE = 200
_INSIDE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
_WIDTHS = {4: (24, 20, 16), 6: (64, 48, 32)}
_WORD = re.compile(r"[^\W\d_]+")
# An address in a header.
_ADDRESS = re.compile(r"([^\s<>@\",;:]+)@([A-Za-z0-9.-]+)")


class Traits(NamedTuple):
    """The traits of one message; None if a trait is unknown or absent. All text is in lower case."""

    sender: str | None
    """The sender; empty for the null sender."""
    domain: str | None
    sender_organisation: str | None
    login: str | None
    login_organisation: str | None
    address: str | None
    networks: tuple[str, ...]
    """The networks of the client, the smallest first."""
    client_name: str | None
    client_organisation: str | None
    """The organisation of the client's name, or of its HELO name."""
    helo: str | None
    origin: str
    recipients: tuple[str, ...]
    """One or two recipients: one address only if all recipients have it, one domain only if all have one."""
    recipient_count: int
    is_rewritten: bool
    """Whether a forwarder wrote its own domain into the sender (SRS)."""
    is_odd_client: bool
    """Whether the client has no name, or its HELO name is not that of a mail server."""
    is_inside: bool
    """Whether the client has a private address (RFC 1918, RFC 4193)."""
    arrival: int
    size: int
    is_delayed_as_spam: bool
    """Whether a delay reason says that the message is treated as spam."""
    reason: str | None
    """The first delay reason without names and numbers."""
    bulk: str | None
    """C(list) or C(automatic) if the headers are those of honest bulk mail."""
    from_address: str | None
    reply_address: str | None
    subject_pieces: frozenset[Piece]
    text_pieces: frozenset[Piece]
    hosts: frozenset[str]
    """The hosts in URLs, without those that everybody names."""
    paths: frozenset[Piece]
    script: str
    """The script of most letters in the subject and the text: latin, another one, or empty if there are too few letters."""
    program: tuple[str, str] | None
    """Name and value of the header that tells which program wrote the message."""

    @property
    def recipient(self) -> str | None:
        """The one recipient."""
        return self.recipients[0] if len(self.recipients) == 1 else None

    @property
    def recipient_domain(self) -> str | None:
        """The domain of all recipients."""
        domains = {address.rpartition("@")[2] for address in self.recipients}
        return next(iter(domains)) if len(domains) == 1 else None

    @property
    def is_null(self) -> bool:
        """Whether the sender is the null sender."""
        return self.sender == ""

    @property
    def own_organisations(self) -> frozenset[str]:
        """The organisations of the sender, the login and the client."""
        several = (self.sender_organisation, self.login_organisation, self.client_organisation)
        return frozenset(name for name in several if name)


def traits_of(message: SampledMessage) -> Traits:
    """Return the traits of a message of the sample."""
    envelope, content = message.envelope, message.content
    sender = "" if envelope.sender == b"" else _value(envelope.sender)
    login = _value(envelope.sasl_username)
    address = _value(envelope.client_address)
    networks = _networks(address)
    client, helo = _host(_value(envelope.client_name)), _value(envelope.helo_name)
    named_client = client or (helo if helo is not None and "." in helo and not helo.startswith("[") else None)
    answers = [text_of(text) for text in message.delays.values()]
    return Traits(
        sender=sender,
        domain=_domain(sender),
        sender_organisation=_organisation(_domain(sender)),
        login=login,
        login_organisation=_organisation(_domain(login)),
        # Mail that comes back from a content filter may have none (src/smtpd/smtpd.c, XFORWARD).
        address=address if networks else None,
        networks=networks,
        client_name=client,
        client_organisation=_organisation(named_client),
        helo=helo,
        origin=envelope.origin,
        recipients=tuple(sorted({_lower(item) for item in envelope.pending if len(item) <= _MAX_VALUE})),
        recipient_count=message.recipients,
        is_rewritten=sender is not None and _REWRITTEN.match(sender) is not None,
        # A mail program that logs in may use any HELO name.
        is_odd_client=address is not None and login is None and (client is None or _is_odd(helo)),
        is_inside=_is_inside(address),
        arrival=envelope.arrival,
        size=envelope.size,
        is_delayed_as_spam=any(map(_SPAM_ANSWER.search, answers)),
        reason=shapes.reason_shape(answers[0]) if answers else None,
        **_content_traits(content),
    )


def _content_traits(content: Content | None) -> dict[str, Any]:
    headers = dict(content.headers[::-1]) if content else {}
    text = content.text if content else ""
    found = shapes.urls(text)
    subject = headers.get("subject", "")
    programs = [(name, headers[name]) for name in _PROGRAMS if headers.get(name)]
    return {
        "bulk": content.bulk if content else None,
        "from_address": _header_address(headers.get("from")),
        "reply_address": _header_address(headers.get("reply-to")),
        "subject_pieces": frozenset(shapes.subject_pieces(subject)),
        "text_pieces": frozenset(shapes.text_pieces(text)),
        "hosts": frozenset(host for host, _path in found if not is_common_host(host)),
        "paths": frozenset(
            piece for host, path in found if not is_common_host(host) for piece in shapes.path_pieces(path)
        ),
        "script": _script_of(subject + " " + text[:_SCRIPT_TEXT]),
        "program": programs[0] if programs else None,
    }


def is_common_path(piece: Piece) -> bool:
    """Return whether a piece of a path has only segments that paths of unrelated senders have in common."""
    return all(map(_is_common_segment, piece))


def _is_common_segment(segment: str) -> bool:
    words = _WORD.findall(segment)
    # Letters and digits in turn are no word, such as a campaign's number.
    return (
        len(segment) < 2
        or not words
        or (len("".join(words)) > len(words) and {word for word in words if len(word) > 1} <= PATH_WORDS)
    )


# The first letters of the scripts that are not Latin, by their blocks (Unicode, Blocks.txt).
_SCRIPTS = (
    (0x0370, "greek"),
    (0x0400, "cyrillic"),
    (0x0530, "armenian or hebrew"),
    (0x0600, "arabic"),
    (0x0900, "indic"),
    (0x0E00, "thai"),
    (0x1000, "other"),
    (0x1E00, "latin"),
    (0x2E80, "chinese, japanese or korean"),
    (0xFB00, "other"),
)
_SCRIPT_TEXT = 400
_FEW_LETTERS = 12


def _script_of(text: str) -> str:
    counted = Counter(_script_of_letter(letter) for letter in text if letter.isalpha())
    if sum(counted.values()) < _FEW_LETTERS:
        return ""
    # A text in another script has Latin names and addresses, too.
    other = [(number, script) for script, number in counted.items() if script != "latin"]
    number, script = max(other, default=(0, ""))
    return script if number >= 0.3 * sum(counted.values()) else "latin"


def _script_of_letter(letter: str) -> str:
    found = "latin"
    for first, script in _SCRIPTS:
        if ord(letter) < first:
            break
        found = script
    return found


_PROGRAMS = ("x-php-originating-script", "x-mailer", "user-agent")


def _header_address(value: str | None) -> str | None:
    # The search takes quadratic time.
    found = _ADDRESS.search((value or "")[: 2 * _MAX_VALUE])
    return found.group(0).lower() if found and len(found.group(0)) <= _MAX_VALUE else None


def _value(value: bytes | None) -> str | None:
    return _lower(value) if value is not None and 0 < len(value) <= _MAX_VALUE else None


def _lower(value: bytes) -> str:
    # Not case-folded: for a regular expression that ignores case, ss is not the same as a sharp s.
    return value.decode("utf-8", "surrogateescape").lower()


def _domain(address: str | None) -> str | None:
    return address.rpartition("@")[2] or None if address and "@" in address else None


def _host(name: str | None) -> str | None:
    # Postfix stores "unknown" for a client without a name (src/smtpd/smtpd_peer.c).
    return None if name == "unknown" else name


@functools.lru_cache(maxsize=4096)
def _organisation(name: str | None) -> str | None:
    return organisation(name) if name else None


@functools.lru_cache(maxsize=4096)
def _networks(address: str | None) -> tuple[str, ...]:
    """Return the networks of an address."""
    try:
        version = ipaddress.ip_address(address or "").version
        return tuple(str(ipaddress.ip_network("%s/%d" % (address, width), strict=False)) for width in _WIDTHS[version])
    except ValueError:
        return ()


@functools.lru_cache(maxsize=4096)
def _is_inside(address: str | None) -> bool:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return any(found.version == network.version and found in network for network in _INSIDE)


def _is_odd(helo: str | None) -> bool:
    return helo is None or "." not in helo or helo.startswith("[")


def organisations_of(hosts: Iterable[str]) -> set[str]:
    """Return the organisations of hosts in URLs."""
    return {organisation(host) for host in hosts}
