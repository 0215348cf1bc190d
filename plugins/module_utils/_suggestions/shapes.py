# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The pieces of texts that messages can have in common, and values as rules of a selection need them.

A piece is a row of words that follow each other in a subject or in a text (a shingle: Broder, On the resemblance and containment of
documents, 1997), or of segments that follow each other in the path of a URL. In a piece, "0" is any number.
"""

from __future__ import annotations

import re
from typing import Iterator, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import MAILER_DAEMON

# Words, or segments of a path.
Piece = Tuple[str, ...]

_MAX_SUBJECT = 400
_MAX_WORDS = 400
_MAX_WORD = 64
_MAX_URLS = 20
_MAX_SEGMENTS = 8
# So many words make a piece of a text. One word that is so long is a piece alone, such as the address of a wallet.
_TEXT_WORDS = 4
_LONG_WORD = 20
# Chinese, Japanese and Thai have no blanks between words. So many of their letters are a piece.
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{6}")
# All that \d+ matches in a rule. Otherwise two such runs could share digits, and a search would take exponential time.
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]")
_URL = re.compile(r"https?://([A-Za-z0-9._-]{3,200})(?::[0-9]{1,5})?(/[^\s?#\"'<>\\]{1,300})?", re.IGNORECASE)
# What ends a row of words in a text: tags and URLs.
_NO_WORD = re.compile(r"[<>]|//")
_MAX_REASON = 120
# What names a server in an answer: a host, an address, a queue ID or another token. An asterisk is one, too, because it is the sign for a
# token in a shape: a rule with several of them in a row would take exponential time.
_TOKEN = re.compile(r"\S*[0-9*]\S*|\S+\.\S+|<\S*>|\[\S*\]")
_PLAIN_ADDRESS = re.compile(r"[a-z0-9][a-z0-9!#$&'+=?^_`|~.-]*@[a-z0-9](?:[a-z0-9.-]*[a-z0-9-])?\Z")
_PLAIN_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?\Z")
_PLAIN_NAME = re.compile(r"[a-z0-9](?:[a-z0-9@+=_.:-]*[a-z0-9+=_.:-])?\Z")


def escape(text: str) -> str:
    r"""Return a regular expression that matches the text. It is printable and has no braces, so that it is never a template."""
    return "".join(
        "\\x%02x" % ord(character)
        if character in "{}"
        else re.escape(character)
        if character.isprintable()
        else "\\U%08x" % ord(character)
        for character in text
    )


def address(text: str) -> str:
    """Return the value of an address criterion that matches this address only, which is in lower case."""
    return text if _PLAIN_ADDRESS.match(text) else r"/\A%s\Z/" % escape(text)


def domain(text: str) -> str:
    """Return the value of an address criterion that matches this domain only, which is in lower case."""
    return text if _PLAIN_DOMAIN.match(text) and text != MAILER_DAEMON else r"/@%s\Z/" % escape(text)


def name(text: str) -> str:
    """Return the value of a criterion on a login or a host name that matches this name only, which is in lower case."""
    return text if _PLAIN_NAME.match(text) else r"/\A%s\Z/" % escape(text)


def names_below(organisation: str) -> list[str]:
    """Return the values of a criterion on a host name that match this name and all names below it."""
    if _PLAIN_NAME.match(organisation):
        return [organisation, ".%s" % organisation]
    return [r"/(?:\A|\.)%s\Z/" % escape(organisation)]


def urls(text: str) -> tuple[tuple[str, str], ...]:
    """Return host, in lower case, and path of the URLs in a text, without the query, each once, at most _MAX_URLS."""
    found: dict[tuple[str, str], None] = {}
    for match in _URL.finditer(text):
        found[match.group(1).lower(), match.group(2) or ""] = None
        if len(found) >= _MAX_URLS:
            break
    return tuple(found)


def subject_pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a subject: up to four words that follow each other. One word alone has at least four letters."""
    words = _generalised(text[:_MAX_SUBJECT]).split()
    for start in range(len(words)):
        for length in range(1, 5):
            piece = tuple(words[start : start + length])
            if len(piece) == length and (length > 1 or len(_LETTERS.findall(piece[0])) > 3):
                yield piece


def path_pieces(path: str) -> Iterator[Piece]:
    """Yield the pieces of a URL's path: one to three segments that follow each other. Where a slash follows, the piece ends with one."""
    parts = [_generalised(segment) for segment in path.split("/") if segment]
    segments = parts[:_MAX_SEGMENTS]
    is_open = not path.endswith("/") and len(parts) == len(segments)
    for start in range(len(segments)):
        for end in range(start + 1, min(start + 3, len(segments)) + 1):
            piece = tuple(segments[start:end])
            yield piece if is_open and end == len(segments) else (*piece, "/")


def text_pieces(text: str) -> Iterator[Piece]:
    """Yield the pieces of a text: four words that follow each other, and long words. Tags and URLs have none."""
    row: list[str] = []
    for word in text.split(None, _MAX_WORDS)[:_MAX_WORDS]:
        if len(word) > _MAX_WORD or _NO_WORD.search(word):
            row = []
            continue
        general = _generalised(word)
        if len(word) >= _LONG_WORD:
            yield (general,)
        if _UNSPACED.search(word):
            yield from ((found,) for found in _UNSPACED.findall(word))
        row = [*row, general][-_TEXT_WORDS:]
        if len(row) == _TEXT_WORDS and sum(len(_LETTERS.findall(other)) for other in row) > 7:
            yield tuple(row)


def words_regex(piece: Piece) -> str:
    """Return the regular expression for texts that contain the words of a piece."""
    if len(piece) == 1 and _UNSPACED.match(piece[0]):
        return "/%s/" % _numbers(piece[0])
    return r"/(?<!\S)%s(?!\S)/" % r"\s+".join(map(_numbers, piece))


def path_regex(piece: Piece) -> str:
    """Return the regular expression for texts that contain the segments of a piece in a path."""
    segments, after = (piece[:-1], "/") if piece[-1] == "/" else (piece, r"(?![^\s?#\x22'<>\\])")
    return "//%s%s/" % ("/".join(map(_numbers, segments)), after)


def _generalised(text: str) -> str:
    return _DIGITS.sub("0", text.lower())


def _numbers(word: str) -> str:
    return r"\d+".join(map(escape, word.split("0")))


def name_shape(name_: str) -> str:
    """Return the shape of a host name, in which each run of digits is 0."""
    return _DIGITS.sub("0", name_)


def name_regex(shape: str) -> str:
    """Return the regular expression for host names of a shape."""
    return r"/\A%s\Z/" % _numbers(shape)


def reason_shape(reason: str) -> str:
    """Return a delay reason, in lower case, in which * is a name, an address, a number or another token."""
    # What is behind the end of the shape makes no difference, and the search takes quadratic time.
    return _TOKEN.sub("*", reason[: 2 * _MAX_REASON].lower())[:_MAX_REASON]


def reason_regex(shape: str) -> str:
    """Return the regular expression for reasons of a shape."""
    return "/%s/" % r"\S+".join(map(escape, shape.split("*")))
