# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Mail addresses as Postfix stores and shows them (src/global/quote_822_local.c), and untrusted text as a result shows it.

A value that a result shows can be used in a rule: undisplay() is the inverse of display(). What a rule would take for a pattern is
shown in quotes or as an escape, and the rule takes that for the text itself.
"""

from __future__ import annotations

import re
from typing import Sequence

NULL_SENDER = "<>"

# is_822_dot_string(): what a local part must not contain without quotes, in addition to control characters and space.
_SPECIALS = frozenset(b'()<>@,;:\\"[] ')

# Every module imports this file, so regular expressions are compiled when they are first used (re caches them).
# An escape in a text that is shown: bytes, which may be one character together, or one character.
_ESCAPE = (
    r"(?P<bytes>(?:\\x[0-9A-Fa-f]{2})+)|\\u(?P<short>[0-9A-Fa-f]{4})|\\U(?P<long>000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4})"
)
_ANY_ESCAPE = r"(?:(?:\\x[0-9A-Fa-f]{2})+|\\u[0-9A-Fa-f]{4}|\\U(?:000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4}))"
# A quoted string in the external form of an address, and what a backslash escapes in it.
QUOTED_STRING = r'(?s)"((?:\\.|[^"\\])*)"'
_IN_QUOTES = r"(?s)\\?(%s)|\\(.)" % _ANY_ESCAPE
# A backslash that looks like the start of an escape.
_BACKSLASH = r"\\(?=x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U(?:000[0-9A-Fa-f]{5}|0010[0-9A-Fa-f]{4}))"
# For Python these are printable, but no terminal shows them (Unicode's Default_Ignorable_Code_Point).
_INVISIBLE = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
# What a rule reads as a regular expression, or refuses because it is nearly one.
REGEX_LIKE = r"(?s)\s*/.*/[A-Za-z]*\s*\Z"

# What the plain value of a rule must not contain, by the kind of value. A result shows it as an escape, which means the text itself.
_NO_HOST = r"[\x00-,/:-@\[-^`{-\x7f]|\A\.|\.\Z"
DOMAIN_SPECIAL = r"(?s)%s|%s" % (_NO_HOST, _BACKSLASH)
NAME_SPECIAL = r"(?s)%s|\A[0-9](?=[0-9.]*\Z)|%s" % (_NO_HOST, _BACKSLASH)
HELO_SPECIAL = r"(?s)[*<>]|\A[./\s]|\s\Z|%s" % _BACKSLASH
LOGIN_SPECIAL = r"(?s)[*<>,;]|\A[@/%%\s]|\A\.(?!.*@.)|[@\s]\Z|%s" % _BACKSLASH
# Neither an IP address nor what Postfix stores for a client without one.
_NO_CLIENT = r"\A(?!(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%[^/\s\[\]]+)?|unknown)\Z)."
CLIENT_SPECIAL = "(?s)%s|%s" % (_NO_CLIENT, _BACKSLASH)
HEADER_SPECIAL = r"(?s)[\x00- */:\x7f]|%s" % _BACKSLASH
# A literal domain, such as [192.0.2.1] or [IPv6:2001:db8::1].
DOMAIN_LITERAL = r"\[[0-9A-Za-z.:%-]+\]\Z"
# Local parts that a rule refuses although Postfix needs no quotes for them: wildcards and regular expressions of other tools.
LOCAL_SPECIAL = r"\*|\A\^|\A(?:%|\.\+)\Z"
_BLANKS = r"[ \t\r\n]+"
MAILER_DAEMON = "mailer-daemon"
# The end of a value that a result had to cut. Such a value has at least SHORTEST_CUT bytes of JSON.
CUT = "…"
SHORTEST_CUT = 200


def unquote(address: bytes) -> bytes:
    """Return the internal form of an address in external form: C("john doe"@example.com) becomes C(john doe@example.com)."""
    if b'"' not in address and b"\\" not in address:
        return address
    plain = bytearray()
    local_end, domain_start = -1, len(address)
    in_quotes = False
    position = 0
    while position < len(address):
        byte = address[position]
        if byte == ord('"'):
            in_quotes = not in_quotes
        else:
            if byte == ord("@") and not in_quotes:
                local_end, domain_start = len(plain), position
            elif byte == ord("\\") and position + 1 < len(address):
                position += 1
            plain.append(address[position])
        position += 1
    # The part after the last unquoted @ is no local part and is kept unchanged.
    return bytes(plain) if local_end < 0 else bytes(plain[:local_end]) + address[domain_start:]


def quote(address: bytes) -> bytes:
    """Return the external form of an address, as postqueue(1) shows it."""
    local, at, domain = address.rpartition(b"@")
    if not at:
        local, domain = address, b""
    if not address or _is_dot_string(local):
        return address
    escaped = local.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\r", b"\\\r")
    return b'"' + escaped + b'"' + at + domain


def _is_dot_string(local: bytes) -> bool:
    if not local or local.startswith(b".") or local.endswith(b".") or b".." in local:
        return False
    return not any(byte in _SPECIALS or byte < 0x20 or byte == 0x7F for byte in local)


def domain_of(address: bytes) -> bytes:
    """Return the domain of an address in lower case, b"" if it has none."""
    return address.rpartition(b"@")[2].lower() if b"@" in address else b""


def domains_of(addresses: Sequence[bytes]) -> list[bytes]:
    """Return domain_of() of each address, all together in a quarter of the time that they take one by one."""
    parts = b"@\n".join(addresses).lower().split(b"@")
    domains = parts[1::2]
    # If only local parts begin with a line end, each address has one at sign.
    if len(parts) == 2 * len(addresses) and b"\n" not in b"".join(domains):
        return domains
    return [domain_of(address) for address in addresses]


def text_of(text: bytes) -> str:
    """Return bytes as the text that rules are compared with; a byte that is not UTF-8 becomes one surrogate."""
    return text.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Return the bytes of a text that text_of() returned."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a pair of surrogates, which text_of() never returns.
        return text.encode("utf-8", "surrogatepass")


def fold(text: bytes) -> str:
    """Return the text in the form for comparing: in lower case, also beyond ASCII."""
    return text_of(text).lower()


def printable(text: str) -> str:
    """Return the text with an escape for everything that could control a terminal, break a line or be invisible."""
    if text.isprintable() and (text.isascii() or re.search(_INVISIBLE, text) is None):
        return text
    return "".join(
        character
        if character.isprintable() and (character.isascii() or re.match(_INVISIBLE, character) is None)
        else _escaped(character)
        for character in text
    )


def printable_lines(text: str) -> str:
    """Return the text as printable() does, but keep line ends and tabs."""
    return "".join(piece if piece in "\n\t" else printable(piece) for piece in re.split(r"([\n\t])", text))


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        # A byte that is not UTF-8.
        number -= 0xDC00
    elif number > 0x7F:
        return ("\\u%04x" if number <= 0xFFFF else "\\U%08x") % number
    return "\\x%02x" % number


def escape_special(text: str, special: str) -> str:
    """Return the text for a result, with an escape for everything that is special in a rule."""
    return printable(re.sub(special, lambda found: _escaped(found.group()), text))


def display_text(text: str) -> str:
    """Return untrusted text for a result. undisplay_text() is the inverse, and no rule takes it for a regular expression."""
    return printable(_unmistakable(text))


def display_lines(text: str) -> str:
    """Return untrusted text of several lines for a result, as display_text() does, but keep line ends and tabs."""
    return printable_lines(_unmistakable(text.replace("\r\n", "\n")))


def _unmistakable(text: str) -> str:
    """Return the text so that no part of it looks like an escape or a regular expression."""
    shown = re.sub(_BACKSLASH, r"\\x5c", text) if "\\" in text else text
    return shown.replace("/", r"\x2f", 1) if "/" in shown and re.match(REGEX_LIKE, shown) else shown


def display(text: bytes) -> str:
    """Return untrusted bytes for a result: C(\\xNN) is a byte, C(\\uNNNN) and C(\\UNNNNNNNN) are characters.

    undisplay() is the inverse.
    """
    return display_text(text_of(text))


def undisplay_text(text: str) -> str:
    """Return the text that display_text() shows as this. Other text stays the same except for escapes."""
    return re.sub(_ESCAPE, _unescaped, text) if "\\" in text else text


def _unescaped(found: re.Match[str]) -> str:
    several = found.group("bytes")
    if several is not None:
        return text_of(bytes.fromhex(several.replace("\\x", "")))
    return chr(int(found.group("short") or found.group("long"), 16))


def undisplay(text: str) -> bytes:
    """Return the bytes that display() shows as this."""
    return bytes_of(undisplay_text(text))


def undisplay_address(text: str) -> str:
    """Return the internal form of an address, or of a pattern for addresses, that display_address() shows as this."""
    pieces = re.split(QUOTED_STRING, text)
    # Every second piece was in quotes.
    pieces[::2] = map(undisplay_text, pieces[::2])
    pieces[1::2] = [re.sub(_IN_QUOTES, _unquoted, piece) for piece in pieces[1::2]]
    return text_of(bytes_of("".join(pieces)))


def _unquoted(found: re.Match[str]) -> str:
    escape, character = found.groups()
    return str(character) if escape is None else undisplay_text(escape)


def mask_escapes(text: str) -> str:
    """Return the text with a plain letter in place of each escape: an escape is never special in a rule."""
    # Not an x, because a backslash before it would make another escape.
    return re.sub(_ESCAPE, "q", text) if "\\" in text else text


def display_address(address: bytes) -> str:
    """Return an address for a result, in external form, the null sender as C(<>). In a rule it matches this address only.

    A local part is quoted if Postfix quotes it, or if a rule would take it for something else.
    """
    if not address:
        return NULL_SENDER
    local, at, domain = text_of(address).rpartition("@")
    if not at or not domain:
        whole = text_of(address)
        plain = re.search(DOMAIN_SPECIAL, whole) is None and whole.lower() != MAILER_DAEMON
        return printable(whole) if plain else _quoted(whole)
    plain = _is_dot_string(bytes_of(local)) and re.search(LOCAL_SPECIAL, local) is None
    return (printable(local) if plain else _quoted(local)) + at + _display_host(domain)


def _quoted(local: str) -> str:
    escaped = local.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\\r")
    return printable('"%s"' % re.sub(_BACKSLASH, r"\\x5c", escaped))


def _display_host(domain: str) -> str:
    return domain if re.match(DOMAIN_LITERAL, domain) else escape_special(domain, DOMAIN_SPECIAL)


def display_domain(domain: bytes) -> str:
    """Return a domain for a result. In a rule on addresses it matches this domain."""
    shown = _display_host(text_of(domain))
    return shown.replace("-", r"\x2d") if shown.lower() == MAILER_DAEMON else shown


def display_login(login: bytes) -> str:
    """Return a login for a result. In a rule on logins it matches this login only."""
    return escape_special(text_of(login), LOGIN_SPECIAL)


def display_name(name: bytes) -> str:
    """Return a client's host name for a result. In a rule on client names it matches this name only."""
    return escape_special(text_of(name), NAME_SPECIAL)


def display_helo(name: bytes) -> str:
    """Return a HELO name for a result. In a rule on HELO names it matches this name only."""
    return escape_special(text_of(name), HELO_SPECIAL)


def display_client(address: bytes) -> str:
    """Return a client's IP address for a result. In a rule on client addresses it matches this address only."""
    return escape_special(text_of(address), CLIENT_SPECIAL)


def one_line(text: str) -> str:
    """Return the text with each run of blanks, tabs and line ends as one blank."""
    return re.sub(_BLANKS, " ", text)


def display_header_name(name: str) -> str:
    """Return the name of a header field for a result. In a rule on headers it matches this name only."""
    return escape_special(name, HEADER_SPECIAL)
