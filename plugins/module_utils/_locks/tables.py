# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The tables of locks, and the text by which main.cf and master.cf refer to them.

Each key has a table of its own, so that only the checks that are needed run. All are in one directory below config_directory.
"""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._locks.expressions import (
    PCRE,
    REGEXP,
    Expression,
    address_expression,
    body_expression,
    header_expression,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import (
    ACTIONS,
    KEYS,
    Lock,
    Target,
    account_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

DIRECTORY = "mailops"
"""The name of the directory below config_directory."""
RESTRICTIONS = "smtpd_recipient_restrictions"
SASL_CHECK = "check_sasl_access"
PARAMETERS = (RESTRICTIONS, "header_checks", "body_checks")
"""The parameters that refer to tables."""
ACCESS_KEYS = ("sasl_username", "client_address", "sender", "recipient")
"""The keys that smtpd(8) checks; cleanup(8) checks the others."""

# {key: (parameter, the restriction that makes the lookup)}
_PLACES = {
    "sasl_username": (RESTRICTIONS, SASL_CHECK),
    "client_address": (RESTRICTIONS, "check_client_access"),
    "sender": (RESTRICTIONS, "check_sender_access"),
    "recipient": (RESTRICTIONS, "check_recipient_access"),
    "header": ("header_checks", None),
    "body": ("body_checks", None),
}
_HEADING = "# Written by mailops.postfix (postfix_lock). Do not edit: the next run writes it again.\n"


class Types(NamedTuple):
    """The types of tables that a host has: the one for keys that are looked up, and the one for patterns."""

    indexed: str
    patterns: str


class Entry(NamedTuple):
    """A line of a table. probe: a key that must be found then, None if none is known."""

    line: str
    probe: str | None
    result: str
    lock: Lock


class Table(NamedTuple):
    """A table: the key of its locks, its type, and its entries, the strictest actions first."""

    key: str
    type: str
    entries: Sequence[Entry]

    @property
    def text(self) -> str:
        """The content of the file."""
        return _HEADING + "".join(entry.line for entry in self.entries)

    @property
    def is_indexed(self) -> bool:
        """Whether postmap(1) makes a second file of it."""
        return self.key == "sasl_username"

    def reference(self, directory: str) -> str:
        """Return the table as parameters name it. directory: the one of the tables."""
        return "%s:%s/%s" % (self.type, directory, self.key)


def make_tables(locks: Iterable[Lock], types: Types, *, null_key: str) -> list[Table]:
    """Return the tables of these locks, one for each key that has a lock. Raises SelectionError for what this host cannot have."""
    ordered = sorted(locks, key=lambda lock: (ACTIONS.index(lock.action), lock.id))
    tables = []
    for key in KEYS:
        entries = [_entry(lock, types, null_key) for lock in ordered if lock.key == key]
        if entries:
            tables.append(Table(key, table_type(key, types), entries))
    return tables


def table_type(key: str, types: Types) -> str:
    """Return the type of the table of a key."""
    return {"sasl_username": types.indexed, "client_address": "cidr"}.get(key, types.patterns)


def result_of(lock: Lock) -> str:
    """Return what the table says (access(5), header_checks(5)). In the log, held and discarded mail shows the ID of the lock."""
    text = lock.text if lock.action == "reject" else "%s (lock %s)" % (lock.text or "mailops.postfix", lock.id)
    return "%s %s" % (lock.action.upper(), text) if text else lock.action.upper()


def _entry(lock: Lock, types: Types, null_key: str) -> Entry:
    result = result_of(lock)
    if lock.key == "sasl_username":
        account = account_of(lock.value)
        return Entry("%s %s\n" % (account, result), account, result, lock)
    if lock.key == "client_address":
        network = patterns.parse_network(lock.value, lock.key)
        return Entry("%s %s\n" % (network, result), str(network.network_address), result, lock)
    expression = expression_of(lock.target, types.patterns, lock.key, null_key=null_key)
    return Entry(expression.line(result), expression.sample, result, lock)


def expression_of(target: Target, dialect: str, place: str, *, null_key: str) -> Expression:
    """Return the pattern of a lock on a sender, recipient, header or body. Raises SelectionError."""
    if target.key == "header":
        name, text = next(iter(target.value.items()))
        return header_expression(name, text, dialect, "%s.%s" % (place, name))
    if target.key == "body":
        return body_expression(target.value, dialect, place)
    return address_expression(target.value, dialect, place, null_key=null_key)


def choose_patterns(types: Iterable[str]) -> str:
    """Return the type for patterns on a host that has these types."""
    return PCRE if PCRE in types else REGEXP


def references_of(tables: Iterable[Table], directory: str, *, has_sasl: bool) -> Mapping[str, str]:
    """Return {parameter: the references to tables that stand in front of its value}. has_sasl: whether the service takes logins.

    Without logins, smtpd(8) would log a warning about check_sasl_access for each recipient. A comma separates everything, because master.cf
    may have no blanks there.
    """
    references: dict[str, str] = {}
    for table in tables:
        parameter, check = _PLACES[table.key]
        if check == SASL_CHECK and not has_sasl:
            continue
        references[parameter] = "%s%s%s," % (
            references.get(parameter, ""),
            check + "," if check else "",
            table.reference(directory),
        )
    return references
