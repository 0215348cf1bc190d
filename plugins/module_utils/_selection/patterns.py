# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Patterns of a selection: text, /regex/, addresses, names and networks. They are compiled once and applied to each message."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Callable

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    CUT,
    NULL_SENDER,
    REGEX_LIKE,
    SHORTEST_CUT,
    display_address,
    display_domain,
    display_helo,
    display_login,
    display_name,
    display_text,
    domain_of,
    fold,
    mask_escapes,
    one_line,
    text_of,
    undisplay,
    undisplay_address,
    undisplay_text,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import pattern_forms as forms

_REGEX = re.compile(r"/(.*)/([A-Za-z]*)\Z", re.DOTALL)
_POSIX_CLASS = re.compile(r"\[\[:\^?[a-z]+:\]")
# Results for values that repeat are kept: the most results, and the most bytes of a value.
_MAX_REMEMBERED = 20000
_MAX_LENGTH = 512


class CachedTest:
    """A test whose results are remembered, because addresses repeat in a queue."""

    def __init__(self, test: Callable[[bytes], bool]) -> None:
        self._test = test
        self._verdicts: dict[bytes, bool] = {}

    def __call__(self, value: bytes) -> bool:
        verdict = self._verdicts.get(value)
        if verdict is None:
            if len(value) > _MAX_LENGTH:
                return self._test(value)
            if len(self._verdicts) >= _MAX_REMEMBERED:
                self._verdicts.clear()
            verdict = self._verdicts[value] = self._test(value)
        return verdict


def require_text(value: object, place: str) -> str:
    """Return the value as text. Raises SelectionError for anything else, and for an empty text."""
    if not isinstance(value, str):
        raise SelectionError(place, "%r is not text; put it in quotes" % (value,))
    if not value:
        raise SelectionError(place, "the text is empty; leave the key out or give it a value")
    return value


def split_regex(text: str, place: str) -> tuple[str, int] | None:
    """Return pattern and flags of a C(/regex/), None for other text. Raises SelectionError for a bad flag or class.

    As in regexp_table(5), case does not count, unless the flag C(i) toggles that.
    """
    found = _REGEX.match(text)
    if found is None:
        if re.match(REGEX_LIKE, text):
            raise SelectionError(
                place,
                "%s has blanks or a line end around the regular expression. Use %s."
                % (forms.quoted(text), forms.quoted(text.strip())),
            )
        return None
    pattern, letters = found.groups()
    if letters.strip("i"):
        raise SelectionError(place, "%s has a flag other than i, the only one" % text)
    if not pattern:
        raise SelectionError(place, "an empty regular expression matches everything")
    if _POSIX_CLASS.search(pattern):
        raise SelectionError(
            place, r"%s uses a POSIX class; these are Python's regular expressions: write \d, \s, \w or a range" % text
        )
    return pattern, 0 if "i" in letters else re.IGNORECASE


def _compile(pattern: str, flags: int, place: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, flags | re.MULTILINE)
    except (ValueError, re.error, RecursionError, OverflowError) as error:
        raise SelectionError(place, "/%s/ is not a regular expression: %s" % (pattern, error)) from error


def compile_regex(text: str, place: str) -> re.Pattern[str] | None:
    """Return the compiled C(/regex/), None for other text. Raises SelectionError for a bad one."""
    parts = split_regex(text, place)
    return None if parts is None else _compile(parts[0], parts[1], place)


def text_test(value: object, place: str) -> Callable[[str], bool]:
    """Return a test for text that contains the value exactly, or a C(/regex/). Raises SelectionError.

    A value in the form that a result shows matches the text that is shown. A value that a result had to cut matches every text that
    contains what is left of it.
    """
    text = require_text(value, place)
    regex = compile_regex(text, place)
    if regex is not None:
        search = regex.search
        return lambda subject: search(subject) is not None
    plain, cut = undisplay_text(text), _cut_part(text)
    if plain == text and cut is None:
        return lambda subject: text in subject
    return lambda subject: plain in subject or text in subject or (cut is not None and cut in display_text(subject))


def line_test(value: object, place: str) -> Callable[[str], bool]:
    """Return what text_test() does, for text of one line. Raises SelectionError."""
    text = require_text(value, place)
    if not text.startswith("/") and re.search(r"[\r\n]", text):
        raise SelectionError(
            place,
            "%s has a line end, which this text never has. Write it in one line, in quotes or after >-."
            % forms.quoted(text),
        )
    return text_test(text, place)


def _cut_part(text: str) -> str | None:
    """Return the start of a value that a result had to cut, None for a whole one."""
    if not text.endswith(CUT) or len(json.dumps(text)) < SHORTEST_CUT:
        return None
    return text[: -len(CUT)]


def compile_bytes_regex(text: str, place: str) -> re.Pattern[bytes] | None:
    """Return the C(/regex/) compiled for bytes of any encoding, None for other text. Raises SelectionError for a bad one."""
    parts = split_regex(text, place)
    if parts is None:
        return None
    _compile(parts[0], parts[1], place)
    try:
        return re.compile(parts[0].encode("utf-8"), parts[1] | re.MULTILINE)
    except (ValueError, re.error) as error:
        raise SelectionError(place, "%s does not work on bytes: %s" % (text, error)) from error


def contained_bytes(text: str) -> tuple[bytes, ...]:
    """Return the byte strings of which stored bytes must contain one to contain the plain text, as written or as a result shows it."""
    return tuple(dict.fromkeys((undisplay(text), text.encode("utf-8", "surrogatepass"))))


def login_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for a login in any case, or a C(/regex/). Raises SelectionError."""
    return _whole_test(value, place, forms.refuse_login, display_login)


def client_name_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for a client's host name, a C(.domain) with all below it, or a C(/regex/). Raises SelectionError."""
    return _whole_test(value, place, forms.refuse_client_name, display_name, domains=True)


def helo_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for the name in a client's HELO: a name, a C(.domain) with all below it, or a C(/regex/).

    Raises SelectionError.
    """
    return _whole_test(value, place, forms.refuse_helo, display_helo, domains=True)


def _regex_test(regex: re.Pattern[str]) -> Callable[[bytes], bool]:
    search = regex.search
    return CachedTest(lambda subject: search(text_of(subject)) is not None)


def _whole_test(
    value: object,
    place: str,
    refuse: Callable[[str, str], None],
    show: Callable[[bytes], str],
    *,
    domains: bool = False,
) -> Callable[[bytes], bool]:
    """Return a test for a whole value in any case. domains: whether one that starts with a dot stands for all names below it."""
    text = require_text(value, place)
    regex = compile_regex(text, place)
    if regex is not None:
        return _regex_test(regex)
    cut = _cut_part(text)
    if cut is not None:
        start = cut.lower()
        return CachedTest(lambda subject: show(subject).lower().startswith(start))
    refuse(text, place)
    plain = fold(undisplay(text))
    if not domains:
        wanted = (plain, text.lower())
        return CachedTest(lambda subject: fold(subject) in wanted)
    names = forms.host_forms(plain)
    if text.startswith("."):
        return CachedTest(lambda subject: fold(subject).endswith(names))
    return CachedTest(lambda subject: fold(subject) in names)


def sender_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for senders, as address_test() makes it. Raises SelectionError."""
    if value == "":
        raise SelectionError(place, "the text is empty; leave the key out, or write <> for the null sender")
    return address_test(value, place)


def address_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for addresses, in the pattern forms of access(5). Raises SelectionError.

    C(user@example.com), C(example.com) (that domain only, or the address without a domain), C(.example.com) (its subdomains),
    C(user@) (that local part anywhere), C(<>) (the null sender), C(/regex/) over the address as stored, without quotes.
    What is in quotes or shown as an escape is never special.
    """
    text = require_text(value, place)
    if text == NULL_SENDER:
        return lambda subject: not subject
    regex = compile_regex(text, place)
    if regex is not None:
        return _regex_test(regex)
    cut = _cut_part(text)
    if cut is not None:
        return CachedTest(_cut_address_test(cut.lower()))
    forms.refuse_address(text, place)
    return CachedTest(_plain_address_test(undisplay_address(text).lower(), forms.bare(text)))


def _cut_address_test(start: str) -> Callable[[bytes], bool]:
    def test(subject: bytes) -> bool:
        return display_address(subject).lower().startswith(start) or display_domain(
            domain_of(subject)
        ).lower().startswith(start)

    return test


def _plain_address_test(wanted: str, bare: str) -> Callable[[bytes], bool]:
    """Return the test for a pattern. wanted: in internal form and in lower case. bare: with what is quoted or escaped replaced."""
    local, at, domain = wanted.rpartition("@")
    if "@" in bare:
        if bare.endswith("@"):
            return lambda subject: _local_part(fold(subject)) == local
        addresses = [local + at + form for form in forms.host_forms(domain)]
        return lambda subject: fold(subject) in addresses
    if forms.QUOTED in bare or at:
        # In quotes, it is the whole address.
        return lambda subject: fold(subject) == wanted
    hosts = forms.host_forms(wanted)
    if bare.startswith("."):
        return lambda subject: "@" in fold(subject) and fold(subject).rpartition("@")[2].endswith(hosts)
    return lambda subject: fold(subject).rpartition("@")[2] in hosts


def _local_part(address: str) -> str:
    local, at, _domain = address.rpartition("@")
    return local if at else address


# --- networks -------------------------------------------------------------------------------------------------------

UNKNOWN_CLIENT = "unknown"
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_PREFIX = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})(?:\.\*)*\.?\Z")


def network_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for an IPv4 or IPv6 address or CIDR network, or for C(unknown). Raises SelectionError.

    An IPv6 address may have a zone, such as C(fe80::1%eth0). Without a zone it matches in every zone. An IPv4 address and the IPv6 address
    that is mapped to it are the same.
    """
    text = require_text(value, place)
    if text.lower() == UNKNOWN_CLIENT or mask_escapes(text) != text:
        wanted = fold(undisplay(text))
        return CachedTest(lambda subject: fold(subject) == wanted)
    address, percent, zone = _bare_address(text).partition("%")
    network = _network(address, text, place)
    if percent and network.prefixlen < network.max_prefixlen:
        raise SelectionError(place, "%s has both a zone and a prefix length. Leave one out." % forms.quoted(text))

    def test(subject: bytes) -> bool:
        shown, sign, its_zone = text_of(subject).partition("%")
        try:
            found = ipaddress.ip_address(_bare_address(shown))
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        if percent and (not sign or its_zone != zone):
            return False
        return found in network or (mapped is not None and mapped in network)

    return CachedTest(test)


def parse_network(text: str, place: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Return an address or CIDR network, of which an IPv6 address that is mapped to IPv4 is an IPv4 address. Raises SelectionError."""
    return _network(_bare_address(text), text, place)


def _bare_address(text: str) -> str:
    """Return an address without the brackets and the prefix that it has in mail (RFC 5321)."""
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    return text[5:] if text[:5].lower() == "ipv6:" else text


def _network(address: str, text: str, place: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        if re.search(r"(?:\A|\.)0[0-9]", address) and ":" not in address:
            # Python took these for decimal until 3.9.5, and other software takes them for octal.
            raise ValueError("a leading zero is ambiguous")
        network = ipaddress.ip_network(address, strict=False)
    except ValueError as error:
        raise SelectionError(place, _no_network(address, text, error)) from error
    if (
        isinstance(network, ipaddress.IPv6Network)
        and network.prefixlen >= _MAPPED.prefixlen
        and network.network_address in _MAPPED
    ):
        mapped = network.network_address.ipv4_mapped
        return ipaddress.ip_network("%s/%d" % (mapped, network.prefixlen - _MAPPED.prefixlen))
    return network


def _no_network(address: str, text: str, error: ValueError) -> str:
    """Return what is wrong with a text that is not a network, and what to write."""
    problem = "%s is neither an address nor a network" % forms.quoted(text)
    prefix = _PREFIX.match(address)
    parts = prefix.group(1).split(".") if prefix is not None else []
    if parts and all(int(part) < 256 for part in parts):
        return "%s. Use %s." % (
            problem,
            forms.quoted("%s/%d" % (".".join(parts + ["0"] * (4 - len(parts))), 8 * len(parts))),
        )
    first, minus, last = address.partition("-")
    try:
        networks = [*ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last))]
    except (ValueError, TypeError):
        if minus or re.search(r"[0-9:]", address):
            return "%s: %s. Use a form such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32." % (problem, error)
        return "%s. Use client_name for a host name." % problem
    return "%s. Use %s." % (problem, ", ".join(map(str, networks[:8])))


# --- exact values of other criteria ----------------------------------------------------------------------------------

# A line of the mail log or a header line, of which only the value was meant.
_MESSAGE_ID_LINE = re.compile(r"\s*message-id\s*[=:]\s*(<.+)", re.IGNORECASE | re.DOTALL)
_BRACKET_IN_REGEX = re.compile(r"\A\^?\\?<(?![?*{])|>\$?\Z")


def bare_message_id(text: str) -> str:
    """Return a Message-ID in one line and without the angle brackets, which are not part of it (RFC 5322, section 3.6.4)."""
    return re.sub(r"\A<|>\Z", "", one_line(text).strip()).strip()


def message_id_test(value: object, place: str) -> Callable[[str], bool]:
    """Return a test for what bare_message_id() returns: the whole Message-ID, case-sensitive, or a C(/regex/). Raises SelectionError."""
    if isinstance(value, str):
        _refuse_message_id(value, place)
    text = require_text(value, place)
    regex = compile_regex(text, place)
    if regex is not None:
        search = regex.search
        return lambda subject: search(subject) is not None
    cut = _cut_part(text)
    if cut is not None:
        start = cut[1:] if cut.startswith("<") else cut
        return lambda subject: display_text(subject).startswith(start)
    bare = bare_message_id(text)
    wanted = (undisplay_text(bare), bare)
    return lambda subject: subject in wanted


def _refuse_message_id(text: str, place: str) -> None:
    """Raise SelectionError for a value that can match no Message-ID."""
    advice = None
    line = _MESSAGE_ID_LINE.match(text)
    regex = split_regex(text, place)
    if not bare_message_id(text).strip("<> "):
        advice = 'Write it as the mail log shows it, as in "<20261126101500.4A0F9AC@mx.example.com>".'
    elif line is not None:
        advice = "Use %s." % forms.quoted(line.group(1))
    elif regex is not None and "|" not in regex[0] and _BRACKET_IN_REGEX.search(regex[0]):
        advice = "A regular expression is applied without the angle brackets. Leave them out."
    if advice is not None:
        raise SelectionError(place, "%s matches no Message-ID. %s" % (forms.quoted(text), advice))


def header_name(name: str, place: str) -> str:
    """Return the name of a header field in lower case. Raises SelectionError for a name that no header field has."""
    forms.refuse_header_name(name, place)
    return text_of(undisplay(name)).lower()
