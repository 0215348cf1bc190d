# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Patterns of a selection: text, /regex/, addresses, names and networks, compiled once and asked for each message."""

from __future__ import annotations

import ipaddress
import re
from typing import Callable

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import NULL_SENDER, fold, unquote

_REGEX = re.compile(r"/(.*)/([A-Za-z]*)\Z", re.DOTALL)
_POSIX_CLASS = re.compile(r"\[\[:\^?[a-z]+:\]")
# Verdicts on values that come again are kept, so many at the most, and none on longer ones.
_MAX_REMEMBERED = 20000
_MAX_LENGTH = 512


class Remembered:
    """A test whose verdicts are remembered, for a queue repeats its addresses."""

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
        raise SelectionError(
            place, "an empty text matches everything; leave the key out, or write <> for the null sender"
        )
    return value


def split_regex(text: str, place: str) -> tuple[str, int] | None:
    """Return pattern and flags of a C(/regex/), None for other text. Raises SelectionError for a bad flag or class.

    As in regexp_table(5), case does not count, unless the flag C(i) toggles that.
    """
    found = _REGEX.match(text)
    if found is None:
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
    """Return a test for text that contains the value exactly, or a C(/regex/). Raises SelectionError."""
    text = require_text(value, place)
    regex = compile_regex(text, place)
    if regex is None:
        return lambda subject: text in subject
    search = regex.search
    return lambda subject: search(subject) is not None


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


def exact_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for a value in any case, or a C(/regex/). Raises SelectionError."""
    text = require_text(value, place)
    regex = compile_regex(text, place)
    if regex is None:
        wanted = text.casefold()
        return Remembered(lambda subject: fold(subject) == wanted)
    search = regex.search
    return Remembered(lambda subject: search(subject.decode("utf-8", "surrogateescape")) is not None)


def name_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for a host name, a C(.domain) with all below it, or a C(/regex/). Raises SelectionError."""
    text = require_text(value, place)
    if not text.startswith("."):
        return exact_test(text, place)
    suffix = text.casefold()
    return Remembered(lambda subject: fold(subject).endswith(suffix))


def address_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for addresses, in the pattern forms of access(5). Raises SelectionError.

    C(user@example.com), C(example.com) (that domain only), C(.example.com) (its subdomains), C(user@) (that local part
    anywhere), C(<>) (the null sender), C(/regex/) over the address as stored, without quotes.
    """
    text = require_text(value, place)
    if text == NULL_SENDER:
        return lambda subject: not subject
    if text.startswith("/"):
        regex = compile_regex(text, place)
        if regex is None:
            raise SelectionError(place, "%s starts like a /regex/ but does not end like one" % text)
        search = regex.search
        return Remembered(lambda subject: search(subject.decode("utf-8", "surrogateescape")) is not None)
    return Remembered(_plain_address_test(fold(unquote(text.encode("utf-8"))), place))


def _plain_address_test(wanted: str, place: str) -> Callable[[bytes], bool]:
    if wanted.startswith("."):
        return lambda subject: "@" in fold(subject) and fold(subject).rpartition("@")[2].endswith(wanted)
    if "@" not in wanted:
        return lambda subject: "@" in fold(subject) and fold(subject).rpartition("@")[2] == wanted
    if wanted == "@":
        raise SelectionError(place, "@ is neither an address nor a domain")
    if wanted.startswith("@"):
        raise SelectionError(place, "%s: write a domain without @, as %s" % (wanted, wanted[1:]))
    if wanted.endswith("@"):
        local = wanted[:-1]
        return lambda subject: _local_part(fold(subject)) == local
    return lambda subject: fold(subject) == wanted


def _local_part(address: str) -> str:
    local, at, _domain = address.rpartition("@")
    return local if at else address


def network_test(value: object, place: str) -> Callable[[bytes], bool]:
    """Return a test for an IPv4 or IPv6 address or CIDR network. Raises SelectionError."""
    text = require_text(value, place)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SelectionError(place, "%s is neither an address nor a network: %s" % (text, error)) from error

    def test(subject: bytes) -> bool:
        try:
            return ipaddress.ip_address(subject.decode("ascii", "replace")) in network
        except ValueError:
            return False

    return Remembered(test)
