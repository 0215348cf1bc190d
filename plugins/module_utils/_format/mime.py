# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Headers and text of a message, decoded as far as possible (RFC 5322, 2045, 2046, 2047, 2231).

Python's email package is not used: its time and memory have no bound for untrusted input, and it does not decode some parts that mail
programs show. Here the time grows with the size of the message, and each step that could repeat is counted against a budget.
"""

from __future__ import annotations

import binascii
import itertools
import quopri
import re
from encodings.aliases import aliases
from typing import Iterator, NamedTuple
from urllib.parse import unquote_to_bytes

# No more parts are described.
MAX_PARTS = 200
# No more parts are read, and none that are nested deeper.
MAX_TEXT_PARTS = 10000
MAX_DEPTH = 300
# The budget for separating the parts of a message, in bytes that are searched. Slower steps count for more bytes.
MAX_WORK = 256 << 20
_WORK_OF_A_DELIMITER = 1024
_WORK_OF_A_LINE = 600
# RFC 2046 allows 70 characters.
_MAX_BOUNDARY = 200
_LINE_FEED = 10
_MAX_FIELD = 1 << 16
# Pieces of base64, each with its own padding.
_MAX_PIECES = 1000

# Adjacent words are decoded together, because a character may be split between them. The decoder gets complete words only: for words
# that do not end, its time would grow with the square of their number.
_WORD = r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?\n]*)\?="
_A_WORD = re.compile(_WORD)
_WORDS = re.compile(r"{0}(?:\s*{0})*".format(_WORD.replace("(", "(?:")))

# Encodings of text that mail uses, by the names of Python's modules. Python has others, and the time of some grows with the square of
# the text's length.
_TEXT_ENCODINGS = re.compile(
    r"ascii|utf_(?:7|8|8_sig|16|16_be|16_le|32|32_be|32_le)|latin_1|iso8859_\d{1,2}|cp\d{3,4}|koi8_[rut]|gb2312|gbk|gb18030|big5"
    r"|big5hkscs|euc_(?:jp|jis_2004|jisx0213|kr)|shift_jis(?:_2004|x0213)?|iso2022_(?:jp(?:_1|_2|_2004|_3|_ext)?|kr)|johab|hz"
    r"|mac_[a-z0-9]{1,12}|tis_620|ptcp154|kz1048|hp_roman8"
)
_NO_NAME = re.compile(r"[^a-z0-9]+")

_HEADER_LINE = re.compile(rb"(?:([!-9;-~]+)[ \t]*:|[ \t]|>?From )([^\n]*)(?:\n|\Z)")
_EMPTY_LINE = re.compile(rb"\r?\n")
_REST_OF_LINE = re.compile(rb"[ \t]*\r?(?:\n|\Z)")
_FIELDS = (b"content-type", b"content-transfer-encoding", b"content-disposition")
_PARAMETER = re.compile(r";\s*([^\s=;\"]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*?)\Z")
_TYPE = re.compile(r"\s*([^\s;()/]+/[^\s;()/]+)\s*(?:;|\Z)")
_TOKEN = re.compile(r"[\s\"']*([a-z0-9-]+)")
# Messages about a message. They have fields and no text of their own.
_REPORTS = frozenset(("message/delivery-status", "message/disposition-notification", "message/feedback-report"))
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))


class Part(NamedTuple):
    """A part of a message, as its MIME headers describe it."""

    number: str
    """Its place, as C(1.2) for the second part in the first part. The message itself is C(0)."""
    content_type: str
    charset: str | None
    encoding: str | None
    """The Content-Transfer-Encoding."""
    disposition: str | None
    filename: str | None
    size: int
    """Bytes after decoding; 0 for a part that only contains other parts."""


# --- headers --------------------------------------------------------------------------------------------------------


def parse_headers(block: bytes) -> list[tuple[str, str]]:
    """Return the header fields in order: name as written, value unfolded and RFC 2047 decoded. Other lines are ignored."""
    fields: list[tuple[str, list[str]]] = []
    for line in block.split(b"\n"):
        text = line.decode("utf-8", "replace").rstrip("\r")
        name, colon, value = text.partition(":")
        if text[:1] in (" ", "\t"):
            if fields:
                fields[-1][1].append(text)
        elif colon and name.rstrip(" \t").strip() == name.rstrip(" \t") and name.strip():
            fields.append((name.rstrip(" \t"), [value.strip()]))
    return [(name, decode_header("".join(lines))) for name, lines in fields]


def decode_header(value: str) -> str:
    """Return a header value with its RFC 2047 words decoded. Words that cannot be decoded stay the same."""
    return _WORDS.sub(_decode_words, value) if "=?" in value else value


def _decode_words(found: re.Match[str]) -> str:
    words = _A_WORD.findall(found.group())
    try:
        decoded = [(charset.partition("*")[0].lower(), _decode_word(way, text)) for charset, way, text in words]
    except ValueError:
        return found.group()
    return "".join(
        decode_text(b"".join(text for _charset, text in together), charset)
        for charset, together in itertools.groupby(decoded, key=lambda word: word[0])
    )


def _decode_word(way: str, text: str) -> bytes:
    """Return the bytes of a word. Raises ValueError if it is not base64."""
    raw = text.encode("utf-8")
    if way in "qQ":
        return quopri.decodestring(raw, header=True)
    letters = raw.translate(None, _NOT_BASE64).rstrip(b"=")
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def decode_text(text: bytes, charset: str | None) -> str:
    """Return text in the charset that a message names: UTF-8 for None, ISO 8859-1 for a charset that mail does not use."""
    encoding = "utf_8" if charset is None else _encoding_of(charset)
    # Text that claims to be US-ASCII and has other bytes is most often UTF-8.
    if encoding == "ascii":
        encoding = "utf_8"
    try:
        return text.decode(encoding or "latin_1", "replace")
    except (LookupError, ValueError):
        return text.decode("latin_1")


def _encoding_of(charset: str) -> str | None:
    """Return the name of Python's module for a charset, None for one that mail does not use.

    Python's own look-up is not used: it searches for a file for each unknown name, and keeps the name in memory forever.
    """
    name = _NO_NAME.sub("_", charset[:80].lower()).strip("_")
    for prefix in ("x_", "cs"):
        name = name[len(prefix) :] if name.startswith(prefix) and name not in aliases else name
    # RFC 1556: the direction of the text, which does not change the bytes.
    if name.endswith(("8859_8_i", "8859_8_e", "8859_6_i", "8859_6_e")):
        name = name[:-2]
    name = aliases.get(name, name)
    return name if _TEXT_ENCODINGS.fullmatch(name) else None


# --- parts ----------------------------------------------------------------------------------------------------------


def text_parts(content: bytes) -> tuple[list[str], str | None]:
    """Return the decoded text parts of a message, in order, and why these are not all (None if they are).

    Text parts are those of any type text/..., HTML with its tags, and a multipart without parts, which mail programs show as text.
    """
    entities = _PartIterator(content)
    parts = [entity.text() for entity in entities if entity.is_text]
    return parts, entities.problem


def structure(content: bytes) -> tuple[list[Part], str | None]:
    """Return the parts of a message in order, MAX_PARTS at most, and why one could not be read (None if all could)."""
    entities = _PartIterator(content)
    parts = [entity.describe() for entity in itertools.islice(entities, MAX_PARTS)]
    return parts, entities.problem


class _Entity:
    """A message or a part of one: its fields and the place of its body."""

    def __init__(self, number: str, content: bytes, span: tuple[int, int], fields: dict[bytes, str]) -> None:
        self.number = number
        self.content = content
        self.start, self.end = span
        self._disposition = fields.get(b"content-disposition")
        given = fields.get(b"content-type", "")
        found = _TYPE.match(_COMMENT.sub(" ", given.partition(";")[0]))
        self.content_type = found.group(1).lower() if found is not None else "text/plain"
        self.parameters = _parameters(given)
        way = fields.get(b"content-transfer-encoding")
        named = None if way is None else _TOKEN.match(_COMMENT.sub(" ", way).lower())
        self.encoding = way if named is None else named.group(1)
        self.holds_others = False

    @property
    def is_text(self) -> bool:
        """Whether mail programs show it as text."""
        return not self.holds_others and self.content_type.startswith(("text/", "multipart/"))

    def body(self) -> bytes:
        """Return the body, decoded."""
        body = self.content[self.start : self.end]
        if self.encoding == "base64":
            return _decode_base64(body)
        return quopri.decodestring(body) if self.encoding == "quoted-printable" else body

    def text(self) -> str:
        """Return the body as text."""
        return decode_text(self.body(), self.parameters.get("charset"))

    def describe(self) -> Part:
        """Return its description by its headers."""
        disposition, filename = None, None
        if self._disposition is not None:
            disposition = self._disposition.partition(";")[0].strip().lower()
            filename = _parameters(self._disposition).get("filename")
        filename = self.parameters.get("name") if filename is None else filename
        charset = self.parameters.get("charset")
        return Part(
            number=self.number,
            content_type=self.content_type,
            charset=None if charset is None else charset.lower(),
            encoding=self.encoding,
            disposition=disposition,
            filename=None if filename is None else decode_header(filename),
            size=0 if self.holds_others else len(self.body()),
        )


class _PartIterator:
    """Iterates over the parts of a message in order, each before its own parts. Afterwards C(problem) says why some were not read."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._work = 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[_Entity]:
        # The next part is the last element.
        waiting = [("0", 0, self._content, 0, len(self._content))]
        number = 0
        while waiting:
            place, depth, content, start, end = waiting.pop()
            fields, start = self._read_fields(content, start, end)
            entity = _Entity(place, content, (start, end), fields)
            content, spans = self._parts_of(entity)
            number += 1
            if spans and depth >= MAX_DEPTH:
                self._stop("parts nested more than %d deep" % MAX_DEPTH)
            elif len(spans) + number + len(waiting) > MAX_TEXT_PARTS:
                self._stop("more than %d parts" % MAX_TEXT_PARTS)
            else:
                entity.holds_others = bool(spans)
                prefix = "" if place == "0" else place + "."
                inside = [("%s%d" % (prefix, index), depth + 1, content, *span) for index, span in enumerate(spans, 1)]
                waiting += inside[::-1]
            yield entity

    def _stop(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _spend(self, work: int) -> bool:
        """Take so much work from the budget and return whether that was left."""
        self._work += work
        if self._work > MAX_WORK:
            self._stop("too much work to separate its parts")
        return self._work <= MAX_WORK

    def _read_fields(self, content: bytes, start: int, end: int) -> tuple[dict[bytes, str], int]:
        """Return the fields in _FIELDS, the first of each name, and where the body starts."""
        found: dict[bytes, list[bytes]] = {}
        current: list[bytes] | None = None
        while start < end:
            line = _HEADER_LINE.match(content, start, end)
            if line is None or not self._spend(_WORK_OF_A_LINE + line.end() - start):
                break
            name, value = line.groups()
            if name is not None:
                name = name.lower()
                current = found.setdefault(name, []) if name in _FIELDS and name not in found else None
            if current is not None:
                current.append(value)
            start = line.end()
        empty = _EMPTY_LINE.match(content, start, end)
        fields = {name: b" ".join(lines)[:_MAX_FIELD].decode("utf-8", "replace") for name, lines in found.items()}
        return fields, start if empty is None else empty.end()

    def _parts_of(self, entity: _Entity) -> tuple[bytes, list[tuple[int, int]]]:
        """Return the bytes in which the parts of a part are, and the start and end of each part."""
        kind = entity.content_type
        whole = (entity.content, [(entity.start, entity.end)])
        if kind.startswith("message/") and kind not in _REPORTS:
            return self._decoded(entity) or whole
        boundary = entity.parameters.get("boundary", "").rstrip().encode("utf-8")[:_MAX_BOUNDARY]
        if not kind.startswith("multipart/") or not boundary:
            return entity.content, []
        spans = self._split(entity.content, entity.start, entity.end, boundary)
        if spans:
            return entity.content, spans
        # RFC 2045 forbids to encode a multipart, but some programs decode it.
        content, inside = self._decoded(entity) or (b"", [])
        return content, self._split(content, 0, len(content), boundary) if inside else []

    def _decoded(self, entity: _Entity) -> tuple[bytes, list[tuple[int, int]]] | None:
        """Return the decoded body of a part that contains other parts; None if it is not encoded, or the budget is spent."""
        if entity.encoding not in ("base64", "quoted-printable") or not self._spend(entity.end - entity.start):
            return None
        body = entity.body()
        return body, [(0, len(body))]

    def _split(self, content: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
        """Return start and end of each part between the delimiter lines. The last part may lack its delimiter."""
        delimiter = b"--" + boundary
        spans: list[tuple[int, int]] = []
        opened: int | None = None
        position = start
        while True:
            at = content.find(delimiter, position, end)
            if not self._spend((end if at < 0 else at) - position + _WORK_OF_A_DELIMITER) or at < 0:
                break
            position = at + len(delimiter)
            final = content[position : position + 2] == b"--"
            line = _REST_OF_LINE.match(content, position + 2 * final, end)
            if line is None or (at > start and content[at - 1] != _LINE_FEED):
                continue
            if opened is not None:
                spans.append((opened, max(_before_line_end(content, at), opened)))
            opened = None if final else line.end()
            if final:
                break
            position = line.end()
        if opened is not None:
            spans.append((opened, end))
        return spans


def _before_line_end(content: bytes, position: int) -> int:
    """Return where the line end before a position starts. This line end belongs to the delimiter."""
    return position - 2 if content[position - 2 : position] == b"\r\n" else position - 1


def _parameters(value: str) -> dict[str, str]:
    """Return the parameters of a field by their names in lower case, the first of each name, RFC 2231 decoded."""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in _PARAMETER.findall(value):
        found = _SECTION.match(name.lower())
        given = _unquote(text)
        if found is None or (found.group(2) is None and not found.group(3)):
            plain.setdefault(name.lower(), given)
        else:
            number = int(found.group(2) or 0)
            sections.setdefault(found.group(1), {}).setdefault(number, (given, bool(found.group(3))))
    for name, numbered in sections.items():
        plain[name] = _join_sections([numbered[number] for number in sorted(numbered)])
    return plain


def _unquote(text: str) -> str:
    """Return the value of a parameter without its quotes, which may be of any kind or incomplete."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return _ESCAPED.sub(r"\1", text[1:-1])
    return text.strip("\"'") if text[:1] in "\"'" else text.partition(" (")[0].rstrip()


def _join_sections(sections: list[tuple[str, bool]]) -> str:
    """Return the value of a parameter in sections. sections: text, and whether percent signs encode bytes in it."""
    charset = None
    first, encoded = sections[0]
    if encoded and first.count("'") >= 2:
        charset, _language, first = first.split("'", 2)
    rest = [(first, encoded), *sections[1:]]
    raw = b"".join(unquote_to_bytes(text) if quoted else text.encode("utf-8", "replace") for text, quoted in rest)
    return decode_text(raw, charset or None)


def _decode_base64(body: bytes) -> bytes:
    """Return a base64 body decoded. Bytes that are not base64 are ignored, and text after padding is decoded too."""
    pieces = [piece for piece in body.translate(None, _NOT_BASE64).split(b"=", _MAX_PIECES) if piece]
    return b"".join(_decode_piece(piece.replace(b"=", b"")) for piece in pieces)


def _decode_piece(letters: bytes) -> bytes:
    # One letter alone is not a byte.
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
