# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Patterns of locks as regexp_table(5) and pcre_table(5) have them. A value means what it means as a criterion of a selection.

check_sender_access and check_recipient_access try a pattern on the whole address only, in external form first (MA_FORM_EXTERNAL_FIRST in
src/global/mail_addr_find.c). header_checks tries it on a whole header, in which lines are joined by line feeds, and body_checks on
one line (header_checks(5)). In both types of tables a dot matches a line feed, and the flag C(i) makes a pattern case-sensitive.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    NULL_SENDER,
    bytes_of,
    quote,
    text_of,
    undisplay_address,
    undisplay_text,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import pattern_forms, patterns

PCRE = "pcre"
REGEXP = "regexp"

_SPECIAL = re.compile(r"[\\.^$*+?()\[\]{}|]")
_BLANKS = re.compile(r"[ \t]+")
_ANY_BLANKS = "[[:space:]]+"
_DELIMITERS = "/~@%=,;:&"
# The parts of a regular expression of Python: an escape, a class, a group's start, a quantifier, any other character.
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?|(?:[*+?]|\{[0-9,]+\})[?+]?|.", re.DOTALL)
_POSIX_ESCAPES = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\s": "[[:space:]]",
    r"\S": "[^[:space:]]",
    r"\w": "[[:alnum:]_]",
    r"\W": "[^[:alnum:]_]",
    r"\A": "^",
    r"\Z": "$",
    r"\t": "\t",
}
_INSTALL = "Install Postfix's support for pcre tables on the host (postfix-pcre), or write it in another way"


class Expression(NamedTuple):
    """A pattern for a table. sample: a text that it must match, None if that is not known."""

    pattern: str
    is_case_sensitive: bool
    sample: str | None = None

    def line(self, result: str) -> str:
        """Return the line of a table. In the result, a dollar sign is doubled (regexp_table(5))."""
        delimiter = next((sign for sign in _DELIMITERS if sign not in self.pattern), None)
        pattern = self.pattern
        if delimiter is None:
            delimiter = "/"
            pattern = re.sub(r"(?s)(\\.)|/", lambda found: found.group(1) or r"\/", pattern)
        flags = "i" if self.is_case_sensitive else ""
        return "%s%s%s%s %s\n" % (delimiter, pattern, delimiter, flags, result.replace("$", "$$"))


def address_expression(value: str, dialect: str, place: str, *, null_key: str) -> Expression:
    """Return the pattern for a sender or recipient. null_key: smtpd_null_access_lookup_key. Raises SelectionError."""
    if value == NULL_SENDER:
        return Expression("^%s$" % _literal(null_key), False, null_key)
    regex = patterns.split_regex(value, place)
    if regex is not None:
        return Expression(_convert(regex[0], dialect, place), not regex[1])
    address = undisplay_address(value).lower()
    bare = pattern_forms.bare(value)
    local, at, domain = address.rpartition("@")
    if at and bare.endswith("@"):
        name = _external(local)
        return Expression("^%s@[^@]*$" % _literal(name), False, "%s@example.com" % name)
    if at:
        hosts = _either(pattern_forms.host_forms(domain))
        name = _external(local)
        return Expression("^%s@%s$" % (_literal(name), hosts), False, "%s@%s" % (name, domain))
    hosts = _either(pattern_forms.host_forms(address))
    if address.startswith("."):
        return Expression("@[^@]+%s$" % hosts, False, "user@host%s" % address)
    return Expression("@%s$" % hosts, False, "user@%s" % address)


def header_expression(name: str, value: str, dialect: str, place: str) -> Expression:
    """Return the pattern for a header with this name. Raises SelectionError.

    The criterion joins lines and runs of blanks, so a blank of the value matches any of these.
    """
    regex = patterns.split_regex(value, place)
    field = patterns.header_name(name, place)
    if regex is None:
        text = undisplay_text(value)
        start = "^%s:" % "".join("[%s%s]" % (c.upper(), c) if c.isalpha() else _literal(c) for c in field)
        return Expression(start + ".*" + _with_blanks(text), True, "%s: %s" % (name, text))
    pattern, flags = regex
    parts = [part.group() for part in _PART.finditer(pattern)]
    anchors = [number for number, part in enumerate(parts) if part in ("^", r"\A")]
    if anchors and (anchors != [0] or "|" in parts):
        raise SelectionError(
            place,
            "%s has ^ in another place than the start, or together with |. In the table it would be the start of the header's name. Lock "
            "several patterns, each with at most one ^ at its start" % pattern_forms.quoted(value),
        )
    rest = _convert("".join(parts[1:] if anchors else parts), dialect, place)
    group = "(?:%s)" if dialect == PCRE else "(%s)"
    start = "^%s:" % "".join("[%s%s]" % (c.upper(), c) if c.isalpha() else _literal(c) for c in field)
    return Expression("%s%s%s" % (start, "[[:space:]]*" if anchors else ".*", group % rest if rest else ""), not flags)


def body_expression(value: str, dialect: str, place: str) -> Expression:
    """Return the pattern for a line of the body, as it is stored. Raises SelectionError."""
    regex = patterns.split_regex(value, place)
    if regex is None:
        text = undisplay_text(value)
        return Expression(_literal(text), True, text)
    return Expression(_convert(regex[0], dialect, place), not regex[1])


def _external(local: str) -> str:
    """Return a local part as it is in the external form of an address."""
    return text_of(quote(bytes_of(local + "@x")))[:-2]


def _literal(text: str) -> str:
    """Return a pattern for this text."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def _with_blanks(text: str) -> str:
    return _ANY_BLANKS.join(_literal(piece) for piece in _BLANKS.split(text))


def _either(names: tuple[str, ...]) -> str:
    literals = [_literal(name) for name in names]
    return literals[0] if len(literals) == 1 else "(%s)" % "|".join(literals)


def _convert(pattern: str, dialect: str, place: str) -> str:
    """Return one of Python's regular expressions as the table has it. Raises SelectionError for what the table cannot have."""
    parts = [part.group() for part in _PART.finditer(pattern)]
    if dialect == PCRE:
        # For Python \Z is the very end, for PCRE \z is.
        return "".join(r"\z" if part == r"\Z" else part for part in parts)
    return "".join(_posix(part, pattern, place) for part in parts)


def _posix(part: str, pattern: str, place: str) -> str:
    """Return a part of a regular expression in the form of POSIX (regex(7)). Raises SelectionError."""
    if part in _POSIX_ESCAPES:
        return _POSIX_ESCAPES[part]
    problem = None
    if part.startswith("\\") and (part[1:].isalnum() or not part[1:]):
        problem = "the escape %s" % part
    elif part.startswith("[") and "\\" in part:
        problem = "a backslash within %s" % part
    elif part == "(?":
        problem = "a group that starts with (?"
    elif len(part) > 1 and part[-1] in "?+" and part[0] in "*+?{":
        problem = "the lazy or possessive repeat %s" % part
    if problem is not None:
        raise SelectionError(
            place,
            "/%s/ has %s, which regexp tables do not know, and this host has no pcre tables. %s"
            % (pattern, problem, _INSTALL),
        )
    return part
