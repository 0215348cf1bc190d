# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Locks: what can be locked, and the form of each of them. A lock's ID is made from what it locks, so it is the same on every host."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    NULL_SENDER,
    printable,
    undisplay,
    undisplay_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import pattern_forms, patterns

ACTIONS = ("reject", "discard", "hold")
"""What a lock does with mail, the strictest first: if two locks of a table fit, the first of these counts."""
KEYS = ("sasl_username", "client_address", "sender", "recipient", "header", "body")
MAX_LOCKS = 1000
"""The most locks that an instance may have."""
MAX_VALUE = 512
MAX_TEXT = 200
"""The most characters of a text or a reason."""
_ID = re.compile(r"(?:%s)-[0-9a-f]{8}\Z" % "|".join(KEYS))


class Target(NamedTuple):
    """What is locked: the key, and the value as the operator wrote it: a text, for header a mapping of one name to a text."""

    key: str
    value: Any

    @property
    def id(self) -> str:
        """The ID, such as C(sasl_username-1a2b3c4d)."""
        identity = json.dumps([self.key, _identity(self.key, self.value)], sort_keys=True)
        return "%s-%s" % (self.key, hashlib.sha256(identity.encode("ascii")).hexdigest()[:8])

    @property
    def shown(self) -> str:
        """The value as one text, for sentences."""
        if isinstance(self.value, Mapping):
            return "; ".join("%s: %s" % item for item in self.value.items())
        return str(self.value)


@dataclass(frozen=True)
class Lock:
    """A lock of an instance. Times are in seconds since the epoch."""

    key: str
    value: Any
    action: str
    text: str | None
    reason: str | None
    created: int
    created_by: str
    expires: int | None
    """None for a lock without an end."""
    asked: str | None = None
    """The end as the operator wrote it, such as C(2d): the same text again does not move the end."""

    @property
    def target(self) -> Target:
        """What is locked."""
        return Target(self.key, self.value)

    @property
    def id(self) -> str:
        """The ID."""
        return self.target.id

    def has_expired(self, now: float) -> bool:
        """Return whether the lock has come to its end."""
        return self.expires is not None and self.expires <= now

    def show(self) -> dict[str, Any]:
        """Return the lock as a result has it."""
        return {
            "id": self.id,
            "key": self.key,
            "value": self.value,
            "action": self.action,
            "text": self.text,
            "reason": self.reason,
            "created": self.created,
            "created_by": self.created_by,
            "expires": self.expires,
        }

    def record(self) -> dict[str, Any]:
        """Return the lock as the journal has it. lock_of_record() is the inverse."""
        return {**self.show(), "asked": self.asked}


def lock_of_record(record: Any) -> Lock:
    """Return the lock that record() made. Raises ValueError for anything else: what is in the journal becomes part of tables."""
    try:
        fields = {name: record[name] for name in Lock.__dataclass_fields__}
        target = parse_target({record["key"]: record["value"]}, "locks")
        check_text(record["text"], "text")
        check_text(record["reason"], "reason")
        lock = Lock(**fields)
        if lock.id != record["id"] or target != lock.target or lock.action not in ACTIONS:
            raise ValueError("its ID or action is wrong")
        if not isinstance(record["created"], int) or not isinstance(record["expires"], (int, type(None))):
            raise ValueError("its time is no number")
    except (KeyError, TypeError, AttributeError, SelectionError) as error:
        raise ValueError("a lock is damaged: %s" % error) from error
    return lock


def parse_target(item: object, place: str) -> Target:
    """Return what an item of the option locks names. Raises SelectionError."""
    if not isinstance(item, Mapping) or len(item) != 1:
        raise SelectionError(
            place, "a lock is a mapping of exactly one key, such as {sasl_username: user@example.com}. Split it up"
        )
    key, value = next(iter(item.items()))
    if key not in KEYS:
        raise SelectionError(
            place, "%s cannot be locked. Use one of %s" % (pattern_forms.quoted(str(key)), ", ".join(KEYS))
        )
    _CHECKS[key](value, "%s.%s" % (place, key))
    return Target(key, dict(value) if isinstance(value, Mapping) else value)


def parse_targets(items: Sequence[object], place: str) -> list[Target]:
    """Return what a list names, each target once. Raises SelectionError."""
    targets = {
        target.id: target for target in (parse_target(item, "%s[%d]" % (place, n)) for n, item in enumerate(items))
    }
    return list(targets.values())


def check_id(text: str, place: str) -> str:
    """Return the ID of a lock. Raises SelectionError for another text."""
    if not _ID.match(text):
        raise SelectionError(
            place,
            "%s is not the ID of a lock. postfix_lock_info shows the IDs, such as sasl_username-1a2b3c4d"
            % pattern_forms.quoted(text),
        )
    return text


def check_text(text: object, place: str) -> str | None:
    """Return a text for a table or a log, None for an empty one. Raises SelectionError for an unsafe one."""
    if not text:
        return None
    if not isinstance(text, str) or not text.isprintable() or text != text.strip():
        raise SelectionError(
            place,
            "%s has a line end, another control character, or blanks around it. Write it in one line"
            % pattern_forms.quoted(str(text)[:MAX_TEXT]),
        )
    if len(text) > MAX_TEXT:
        raise SelectionError(place, "it has %d characters. Write at most %d" % (len(text), MAX_TEXT))
    return text


# --- values ---------------------------------------------------------------------------------------------------------


def account_of(value: str) -> str:
    """Return an account in the form that Postfix looks up (dict(3): keys of indexed tables are folded)."""
    return undisplay(value).decode("utf-8", "surrogateescape").lower()


def _identity(key: str, value: Any) -> Any:
    """Return the value in a form that is equal for values that lock the same."""
    if key == "sasl_username":
        return account_of(value)
    if key == "client_address":
        return str(patterns.parse_network(value, key))
    if isinstance(value, Mapping):
        return {name.lower(): text for name, text in value.items()}
    if key in ("sender", "recipient") and patterns.split_regex(value, key) is None:
        return undisplay_address(value).lower()
    return value


def _check_plain(value: object, place: str) -> str:
    """Return a text of one line. Raises SelectionError."""
    text = patterns.require_text(value, place)
    if not text.isprintable():
        raise SelectionError(
            place,
            "%s has a control character or an invisible one, which no table can hold"
            % pattern_forms.quoted(text[:MAX_VALUE]),
        )
    if len(text) > MAX_VALUE:
        raise SelectionError(place, "it has %d characters. Write at most %d" % (len(text), MAX_VALUE))
    return text


def _check_account(value: object, place: str) -> None:
    text = _check_plain(value, place)
    if patterns.split_regex(text, place) is not None:
        raise SelectionError(
            place,
            "%s is a regular expression, and it could lock more accounts than you mean. Name each account"
            % pattern_forms.quoted(text),
        )
    patterns.login_test(text, place)
    account = account_of(text)
    if not account.isprintable() or re.search(r"\s|\A[#\"]", account):
        raise SelectionError(
            place,
            "%s has a character that cannot be in a key of a table. Lock its client or its sender"
            % pattern_forms.quoted(text),
        )


def _check_client(value: object, place: str) -> None:
    text = _check_plain(value, place)
    if text.lower() == patterns.UNKNOWN_CLIENT or "%" in text:
        raise SelectionError(
            place, "%s is neither an address nor a network. Use a form such as 192.0.2.1" % pattern_forms.quoted(text)
        )
    if not patterns.parse_network(text, place).prefixlen:
        raise SelectionError(place, "%s is every client. Lock a network" % pattern_forms.quoted(text))


def _check_sender(value: object, place: str) -> None:
    text = _check_plain(value, place)
    patterns.sender_test(text, place)
    if text != NULL_SENDER and patterns.split_regex(text, place) is None and not undisplay_address(text).isprintable():
        raise SelectionError(place, "%s has a control character, which no table can hold" % pattern_forms.quoted(text))
    bare = pattern_forms.bare(text)
    if pattern_forms.QUOTED in bare and "@" not in bare:
        raise SelectionError(
            place, "%s has no domain, and Postfix gives every address one. Add @ and the domain" % text
        )


def _check_recipient(value: object, place: str) -> None:
    if value == NULL_SENDER:
        raise SelectionError(place, "<> is the null sender and no recipient. Use sender")
    _check_sender(value, place)


def _check_header(value: object, place: str) -> None:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise SelectionError(place, "it is not a mapping of one header name to a text, such as {Subject: casino}")
    name, text = next(iter(value.items()))
    patterns.header_name(str(name), place)
    _check_body(text, "%s.%s" % (place, printable(str(name))))


def _check_body(value: object, place: str) -> None:
    patterns.line_test(_check_plain(value, place), place)


_CHECKS = {
    "sasl_username": _check_account,
    "client_address": _check_client,
    "sender": _check_sender,
    "recipient": _check_recipient,
    "header": _check_header,
    "body": _check_body,
}
