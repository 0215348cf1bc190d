# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Headers and text of a message, decoded as far as they can be (RFC 5322, 2045, 2047)."""

from __future__ import annotations

import email.errors
import email.header
import email.message
import email.parser
import email.policy
import re
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError

# What the email package raises for input that nobody foresaw; each means that the message cannot be decoded.
_UNFORESEEN = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    email.errors.MessageError,
)


# More parts than that are counted, not described.
MAX_PARTS = 200


# Words that stand together are decoded together, for a character may be split between them. The decoder gets whole words only: with
# words that do not end, its time grows with their number squared.
_WORD = r"=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*\?="
_WORDS = re.compile(r"%s(?:\s*%s)*" % (_WORD, _WORD))


class Part(NamedTuple):
    """A part of a message, as its MIME headers describe it."""

    number: str
    """Its place, as C(1.2): the second part of the first. The message itself is C(0)."""
    content_type: str
    charset: str | None
    encoding: str | None
    """The Content-Transfer-Encoding."""
    disposition: str | None
    filename: str | None
    size: int
    """Bytes once decoded; 0 of a part that only holds others."""


def parse_headers(block: bytes) -> list[tuple[str, str]]:
    """Return the header fields in order: name as written, value unfolded and RFC 2047 decoded; no other lines."""
    fields: list[tuple[str, list[str]]] = []
    for line in block.split(b"\n"):
        text = line.decode("utf-8", "replace").rstrip("\r")
        name, colon, value = text.partition(":")
        if text[:1] in (" ", "\t"):
            if fields:
                fields[-1][1].append(text)
        elif colon and name.strip() == name and name:
            fields.append((name, [value.strip()]))
    return [(name, decode_header("".join(lines))) for name, lines in fields]


def decode_header(value: str) -> str:
    """Return a header value with its RFC 2047 words decoded; what cannot be decoded stays as it is."""
    return _WORDS.sub(_decode_words, value) if "=?" in value else value


def _decode_words(found: re.Match[str]) -> str:
    try:
        parts = email.header.decode_header(found.group())
        return "".join(_decode(part, charset) for part, charset in parts)
    except _UNFORESEEN:
        return found.group()


def text_parts(content: bytes) -> list[str]:
    """Return the decoded text parts of a message, in order. Raises ContentError for one that cannot be taken apart."""
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(content)
        return [_payload(part) for part in message.walk() if part.get_content_maintype() == "text"]
    except _UNFORESEEN as error:
        raise _unreadable(error) from error


def structure(content: bytes) -> list[Part]:
    """Return the parts of a message in order, MAX_PARTS at most. Raises ContentError for one that cannot be taken apart."""
    try:
        message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(content)
        return _describe(message)
    except _UNFORESEEN as error:
        raise _unreadable(error) from error


def _describe(message: email.message.Message) -> list[Part]:
    parts: list[Part] = []
    # The next one is at the end.
    waiting = [("0", message)]
    while waiting and len(parts) < MAX_PARTS:
        number, part = waiting.pop()
        parts.append(_part(number, part))
        prefix = "" if number == "0" else number + "."
        below = part.get_payload() if part.is_multipart() else []
        waiting += [("%s%d" % (prefix, index), child) for index, child in enumerate(below, 1)][::-1]
    return parts


def _part(number: str, part: email.message.Message) -> Part:
    payload = None if part.is_multipart() else part.get_payload(decode=True)
    filename = part.get_filename()
    encoding = part.get("Content-Transfer-Encoding")
    return Part(
        number=number,
        content_type=part.get_content_type(),
        charset=part.get_content_charset(),
        encoding=None if encoding is None else str(encoding).strip().lower(),
        disposition=part.get_content_disposition(),
        filename=None if filename is None else decode_header(filename),
        size=len(payload) if isinstance(payload, bytes) else 0,
    )


def _unreadable(error: Exception) -> ContentError:
    return ContentError("its MIME structure cannot be read: %s" % error)


def _payload(part: email.message.Message) -> str:
    payload = part.get_payload(decode=True)
    return _decode(payload, part.get_content_charset()) if isinstance(payload, bytes) else str(payload or "")


def _decode(text: bytes | str, charset: str | None) -> str:
    if isinstance(text, str):
        return text
    try:
        return text.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return text.decode("latin-1")
