# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What is never locked: accounts, addresses, domains and networks that the operator protects.

A lock is refused if it could stop a protected account, address or client, not only if it names one.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    NULL_SENDER,
    bytes_of,
    undisplay_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import (
    MAX_VALUE,
    Target,
    account_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.pattern_forms import quoted

# A lock on a regular expression is tried on a protected value with this in place of each wildcard.
_SAMPLE = "x"


class Protection(NamedTuple):
    """What is never locked: globs in lower case, and networks, each with the text that the operator wrote."""

    globs: Sequence[tuple[str, str]]
    networks: Sequence[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, str]]


def parse_protection(values: Sequence[object], place: str) -> Protection:
    """Return the protection of a list of globs and networks. Raises SelectionError for a value that is neither."""
    globs, networks = [], []
    for number, value in enumerate(values):
        where = "%s[%d]" % (place, number)
        text = str(value).strip() if isinstance(value, (str, int)) else ""
        if re.match(r"[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:/[0-9]+)?\Z|[0-9]+(?:\.[0-9]+)+\.?(?:/[0-9.]+)?\Z", text):
            networks.append((patterns.parse_network(text, where), text))
        elif text and len(text) <= MAX_VALUE and not re.search(r"[\s\[\]]", text):
            globs.append((text.lower(), text))
        else:
            raise SelectionError(
                where,
                "%s is no account, address, domain or network. Write a form such as boss@example.com, *@example.com, example.com or "
                "192.0.2.0/24" % quoted(str(value)[:MAX_VALUE]),
            )
    return Protection(globs, networks)


def check_allowed(target: Target, protection: Protection, place: str) -> None:
    """Raise SelectionError, with both names, if a lock could stop something that is protected."""
    for text in _protected_by(target, protection):
        raise SelectionError(
            place,
            "%s must not be locked: %s in never protects it. Nothing was changed"
            % (quoted(target.shown), quoted(text)),
        )


def _protected_by(target: Target, protection: Protection) -> Iterator[str]:
    """Yield the protected values that a lock could stop."""
    if target.key == "client_address":
        network = patterns.parse_network(target.value, target.key)
        yield from (text for other, text in protection.networks if _overlap(network, other))
    elif target.key == "sasl_username":
        account = account_of(target.value)
        yield from (text for glob, text in protection.globs if _protects(glob, account))
    elif target.key in ("sender", "recipient"):
        yield from _protecting_addresses(target.value, protection)


def _overlap(
    one: ipaddress.IPv4Network | ipaddress.IPv6Network, other: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> bool:
    return one.version == other.version and one.overlaps(other)


def _protects(glob: str, account: str) -> bool:
    """Return whether a glob protects an account: as a whole, or by its domain."""
    return have_common_text(glob, account) or ("@" not in glob and have_common_text("*@" + glob, account))


def _protecting_addresses(value: str, protection: Protection) -> Iterator[str]:
    if patterns.split_regex(value, "value") is not None:
        test = patterns.address_test(value, "value")
        for glob, text in protection.globs:
            sample = glob if "@" in glob or glob == NULL_SENDER else "*@" + glob
            address = "" if sample == NULL_SENDER else sample.replace("*", _SAMPLE).replace("?", _SAMPLE)
            if test(bytes_of(address)):
                yield text
        return
    locked = _glob_of(value)
    for glob, text in protection.globs:
        if have_common_text(glob if "@" in glob or glob == NULL_SENDER else "*@" + glob, locked):
            yield text


def _glob_of(value: str) -> str:
    """Return a glob of the addresses that a plain value locks. A star or question mark in an address makes it wider, never narrower."""
    address = undisplay_address(value).lower()
    if address == NULL_SENDER or ("@" in address and not address.endswith("@")):
        return address
    if address.endswith("@"):
        return address + "*"
    return "*@*" + address if address.startswith(".") else "*@" + address


def have_common_text(one: str, other: str) -> bool:
    """Return whether a text exists that both globs match. C(*) stands for any text, C(?) for one character."""
    # Row by row: whether the rest of one, from here on, and the rest of other have a common text.
    below = [set(other[place:]) <= {"*"} for place in range(len(other) + 1)]
    for sign in reversed(one):
        row = [False] * (len(other) + 1)
        row[-1] = sign == "*" and below[-1]
        for place in range(len(other) - 1, -1, -1):
            if "*" in (sign, other[place]):
                row[place] = below[place] or row[place + 1]
            else:
                row[place] = (sign == other[place] or "?" in (sign, other[place])) and below[place + 1]
        below = row
    return below[0]
