# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The forms of plain values in rules. A value that can match nothing is refused, with the form to write instead.

The bare text of a value decides on its form. Escapes and quoted strings are never special, because a result shows them to name one value.
"""

from __future__ import annotations

import re
from typing import Callable, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    DOMAIN_LITERAL,
    DOMAIN_SPECIAL,
    HEADER_SPECIAL,
    HELO_SPECIAL,
    LOCAL_SPECIAL,
    LOGIN_SPECIAL,
    MAILER_DAEMON,
    NAME_SPECIAL,
    QUOTED_STRING,
    mask_escapes,
    printable,
)

# Replaces each quoted string in a bare text. A line of YAML cannot contain it.
QUOTED = "\0"
# No domain has longer labels (RFC 1035), and Python's decoder is slow with them.
_MAX_LABEL = 63

# A form that is refused: a pattern for the bare text, and what makes the remedy of its match.
_Form = Tuple["re.Pattern[str]", Callable[["re.Match[str]"], str]]


def quoted(text: str) -> str:
    """Return the text in quotes for a message."""
    return '"%s"' % printable(text)


def bare(text: str) -> str:
    """Return a pattern for addresses with what is quoted or escaped replaced, so that only the rest decides on its form."""
    return re.sub(QUOTED_STRING, QUOTED, mask_escapes(text))


def host_forms(name: str) -> tuple[str, ...]:
    """Return the forms of a name of hosts, in lower case: as it is, and with its labels in ASCII and in Unicode (RFC 5890)."""
    labels = name.split(".")
    several = (name, ".".join(map(_ascii_label, labels)), ".".join(map(_unicode_label, labels)))
    return tuple(dict.fromkeys(several))


def _ascii_label(label: str) -> str:
    if label.isascii() or len(label) > _MAX_LABEL:
        return label
    # The codec idna would make one name of different ones: it writes ss for the German sharp s.
    return "xn--" + label.encode("punycode").decode("ascii")


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > _MAX_LABEL:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode").lower()
    except (UnicodeError, ValueError, OverflowError):
        return label


def _use(template: str) -> Callable[[re.Match[str]], str]:
    """Return a function that makes a remedy of the groups of a match, each in quotes."""
    return lambda found: template % tuple(map(quoted, found.groups()))


def _regex(template: str) -> Callable[[re.Match[str]], str]:
    """Return a function that makes a remedy of the groups of a match, as part of a regular expression."""
    return lambda found: "Use %s." % quoted(template % tuple(map(_escape, found.groups())))


def _escape(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\@", "@").replace(r"\-", "-").replace("/", r"\/")


def _glob(found: re.Match[str]) -> str:
    return "Use the regular expression %s." % quoted("/^%s$/" % _escape(found.string))


_EDGES: _Form = (
    re.compile(r"\A\s*(.*?)(?:\A\s|\s\Z)", re.DOTALL),
    lambda found: "It has a blank or a line end around it. Use %s." % quoted(found.string.strip()),
)
_BRACKETS: _Form = (re.compile(r"\A<(.+)>\Z", re.DOTALL), _use("Use %s, without the angle brackets."))
_SEVERAL: _Form = (re.compile(r"[,;]"), lambda _found: "Write several values as a list.")
_OPEN_REGEX: _Form = (re.compile(r"\A/"), lambda _found: "It starts like a /regex/ but does not end like one.")


def _refuse(text: str, looks: str, forms: Sequence[_Form], what: str, place: str) -> None:
    """Raise SelectionError if the bare text has one of the forms. The remedy is made of the text itself."""
    for form, remedy in forms:
        if form.search(looks) is not None:
            found = form.search(text)
            advice = "Write it in another way." if found is None else remedy(found)
            raise SelectionError(place, "%s matches no %s. %s" % (quoted(text), what, advice))


# --- addresses ------------------------------------------------------------------------------------------------------


def _split_list(_found: re.Match[str]) -> str:
    return 'Write several addresses as a list, and quote a local part that has such a character, as in "\\"john doe\\"@example.com".'


def _two_signs(found: re.Match[str]) -> str:
    local, _sign, domain = found.string.rpartition("@")
    return "Put the local part in quotes: %s." % quoted('\\"%s\\"@%s' % (local, domain))


def _below(found: re.Match[str]) -> str:
    local, _sign, domain = found.string.partition("@")
    return "Use the regular expression %s." % quoted(r"/^%s@.*%s$/" % (_escape(local), _escape(domain)))


_ADDRESS_FORMS: Sequence[_Form] = (
    _EDGES,
    _BRACKETS,
    (re.compile(r"<([^<>]*)>?"), _use("Use the address alone: %s.")),
    (re.compile(r"\Amailto:(.*)", re.IGNORECASE | re.DOTALL), _use("Use the address alone: %s.")),
    (re.compile(r"[,;]|@[^@]*\s|\A[^@]*\s[^@]*\Z|\.[^\s@]*\s"), _split_list),
    (
        re.compile(r"\A%s\Z" % MAILER_DAEMON, re.IGNORECASE),
        lambda _found: 'Use "<>" for the null sender, which mailq shows so, and "MAILER-DAEMON@" for that local part.',
    ),
    (re.compile(r"\A(?:\*|%|\.[*+])@(?:[*%]?\.)([^*%@]+)\Z"), lambda found: _subdomains(found.group(1))),
    (re.compile(r"\A(?:\*|%|\.[*+])@([^*%@]+)\Z"), _use("Use %s for the domain.")),
    (re.compile(r"\A([^*%@]+@)[*%]\Z"), _use("Use %s for that local part in any domain.")),
    (re.compile(r"\A[*%]\.([^*%@]+)\Z"), lambda found: _subdomains(found.group(1))),
    (re.compile(r"\A@\.([^*%@]+)\Z"), lambda found: _subdomains(found.group(1))),
    (re.compile(r"\A@([^*%@]+)\Z"), _use("Use %s for the domain.")),
    (
        re.compile(r"\A[*%@]*\Z"),
        lambda _found: "It is neither an address nor a domain. Leave the criterion out to match every address.",
    ),
    (re.compile(r"\*"), _glob),
    (re.compile(r"@.*@", re.DOTALL), _two_signs),
    (
        re.compile(r'"'),
        lambda _found: "It has a quotation mark without another one. Put the whole local part in quotes.",
    ),
    (re.compile(r"\A(.*[^.])\.+\Z", re.DOTALL), _use("Use %s, without the dot at the end.")),
    (re.compile(r"@\."), _below),
    (re.compile(r"\A\.*\Z|\A\.\.+(?=[^@]*\Z)"), lambda _found: 'Use a form such as ".example.com" for subdomains.'),
)
_LOCAL_CHARACTER = re.compile(r'[()<>,;:\\"\[\]\x01-\x1f\x7f]')


def _subdomains(domain: str) -> str:
    return "Use %s for the subdomains of %s." % (quoted("." + domain), printable(domain))


def refuse_address(text: str, place: str) -> None:
    """Raise SelectionError for a plain pattern that can match no address."""
    looks = bare(text)
    local, at, domain = looks.rpartition("@")
    if text.startswith("/") and not at:
        raise SelectionError(place, "%s starts like a /regex/ but does not end like one" % printable(text))
    _refuse(text, looks, _ADDRESS_FORMS, "address", place)
    if at and (_LOCAL_CHARACTER.search(local) or re.search(LOCAL_SPECIAL, local)):
        advice = "Put such a local part in quotes, or write a regular expression between slashes."
        raise SelectionError(place, "%s matches no address. %s" % (quoted(text), advice))
    host = domain if at else domain.lstrip(".")
    if looks != QUOTED and not re.match(DOMAIN_LITERAL, host) and re.search(DOMAIN_SPECIAL, host):
        raise SelectionError(place, "%s matches no address. %s" % (quoted(text), _host_advice(text)))


def _host_advice(text: str) -> str:
    """Return what to do about a domain with a character that no domain has."""
    found = re.search(r"(?:\A|@|//)([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)(?:[:/]|\Z)", text)
    if found is None:
        return "No domain has such a character. Write a domain, or a regular expression between slashes."
    return "Use %s." % quoted(found.group(1) if "@" not in text else text[: found.end(1)])


# --- names and logins -----------------------------------------------------------------------------------------------

_WILDCARD_NAME: Sequence[_Form] = (
    (re.compile(r"\A\*\.([^*]+)\Z"), lambda found: _names_below(found.group(1))),
    (re.compile(r"\A\*\Z"), lambda _found: "Leave the criterion out to match every name."),
    (re.compile(r"\*"), _glob),
)


def _names_below(domain: str) -> str:
    return "Use %s for all names below %s." % (quoted("." + domain), printable(domain))


_ADDRESS_ADVICE = "Use client_address for an IP address or a network."
_CLIENT_NAME_FORMS: Sequence[_Form] = (
    _EDGES,
    _BRACKETS,
    *_WILDCARD_NAME,
    (re.compile(r"@(.*)", re.DOTALL), _use("Use %s, without what stands in front.")),
    _SEVERAL,
    (re.compile(r"\A\[|\A[0-9][0-9.]*(?:/[0-9.]+)?\Z|:"), lambda _found: _ADDRESS_ADVICE),
    _OPEN_REGEX,
    (re.compile(r"\A(.*[^.])\.+\Z", re.DOTALL), _use("Use %s, without the dot at the end.")),
    (re.compile(r"\A\.*\Z|\A\.\."), lambda _found: 'Use a form such as ".example.com" for all names below it.'),
)
_HELO_FORMS: Sequence[_Form] = (
    _EDGES,
    _BRACKETS,
    *_WILDCARD_NAME,
    _OPEN_REGEX,
    (re.compile(r"\A\.*\Z|\A\.\."), lambda _found: 'Use a form such as ".example.com" for all names below it.'),
)
_LOGIN_FORMS: Sequence[_Form] = (
    _EDGES,
    _BRACKETS,
    (re.compile(r"\A[*%]?(@[^*]+)\Z"), _regex("/%s$/")),
    (re.compile(r"\A([^*]+@)\*?\Z"), _regex("/^%s/")),
    (re.compile(r"\A\*\Z"), lambda _found: "Leave the criterion out to match every login."),
    (re.compile(r"\A\*(\.[^*@]+)\Z"), _regex("/%s$/")),
    (re.compile(r"\*"), _glob),
    (re.compile(r"\A(\.[^@]*)\Z"), _regex("/%s$/")),
    _SEVERAL,
    _OPEN_REGEX,
)


def refuse_client_name(text: str, place: str) -> None:
    """Raise SelectionError for a plain pattern that can match no client's name."""
    looks = mask_escapes(text)
    _refuse(text, looks, _CLIENT_NAME_FORMS, "name of a client", place)
    if re.search(NAME_SPECIAL, looks.lstrip(".")):
        advice = "No host name has such a character. Write a host name, or a regular expression between slashes."
        raise SelectionError(place, "%s matches no name of a client. %s" % (quoted(text), advice))


def refuse_helo(text: str, place: str) -> None:
    """Raise SelectionError for a plain pattern that cannot be the name in a client's HELO."""
    looks = mask_escapes(text)
    _refuse(text, looks, _HELO_FORMS, "HELO name", place)
    _refuse_rest(text, looks.lstrip("."), HELO_SPECIAL, "HELO name", place)


def refuse_login(text: str, place: str) -> None:
    """Raise SelectionError for a plain pattern that cannot be a login. A login is compared as a whole and is never a domain."""
    looks = mask_escapes(text)
    _refuse(text, looks, _LOGIN_FORMS, "login", place)
    _refuse_rest(text, looks, LOGIN_SPECIAL, "login", place)


def _refuse_rest(text: str, looks: str, special: str, what: str, place: str) -> None:
    if re.search(special, looks):
        raise SelectionError(
            place, "%s matches no %s. Write it whole, or a regular expression between slashes." % (quoted(text), what)
        )


def refuse_header_name(name: str, place: str) -> None:
    """Raise SelectionError for a name that no header field has."""
    if not name:
        raise SelectionError(place, "a header field without a name. Write a name, as in {Subject: text}.")
    if re.search(HEADER_SPECIAL, mask_escapes(name)):
        found = re.match(r"\s*([A-Za-z0-9-]+)\s*:?\s*\Z", name)
        advice = "Use %s." % quoted(found.group(1)) if found else "Write one name, as in {Subject: text}."
        raise SelectionError(place, "%s is the name of no header field. %s" % (quoted(name), advice))
