# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What rules for locks would have stopped in the time that the log covers.

Locks act on mail that comes over SMTP. So a message counts if smtpd(8) accepted it in that time. A message that a content filter
passed on is the same message, if the filter says its queue ID (XFORWARD).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import unquote
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.deliveries import original_recipient
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    QUEUE_ID,
    Accepted,
    Activated,
    Delivery,
    Removed,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import find_lines, pattern_hits
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

    _Test = Callable[[bytes], bool]

MAX_RULES = 500
# So many messages that were not removed yet are known at the same time.
MAX_MESSAGES = 50000
# So many recipients of a rule are distinguished at the same time.
_MAX_RECIPIENTS = 50000
# {key of a rule: what makes its test}
_TESTS: Mapping[str, Callable[[object, str], Callable[[bytes], bool]]] = {
    "sasl_username": patterns.login_test,
    "client_address": patterns.network_test,
    "sender": patterns.sender_test,
    "recipient": patterns.address_test,
}
KEYS = tuple(_TESTS)
_NEEDED = rb": " + QUEUE_ID + rb": (?:client=|from=<|removed\n%b)"
_DELIVERIES = rb"|to=<"


class TrialRule(NamedTuple):
    """A rule of one key. spec: as the operator wrote it."""

    spec: Mapping[str, Any]
    key: str
    test: Callable[[bytes], bool]


def parse_rules(rules: Sequence[object]) -> tuple[TrialRule, ...]:
    """Return the compiled rules. Raises SelectionError with the place, such as C(match[0].sender)."""
    if len(rules) > MAX_RULES:
        raise SelectionError("match", "it has %d rules, and at most %d are tried at once" % (len(rules), MAX_RULES))
    return tuple(_parse_rule(rule, "match[%d]" % index) for index, rule in enumerate(rules))


def _parse_rule(rule: object, place: str) -> TrialRule:
    if not isinstance(rule, Mapping) or len(rule) != 1:
        raise SelectionError(
            place, "%r is not a mapping with exactly one key. Write one, such as {sender: example.com}" % (rule,)
        )
    [(key, value)] = rule.items()
    if key not in _TESTS:
        raise SelectionError(
            "%s.%s" % (place, key), "the log cannot be searched for it. Use one of %s" % ", ".join(KEYS)
        )
    place = "%s.%s" % (place, key)
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise SelectionError(place, "the list is empty. Write at least one value")
    return TrialRule(rule, key, _any_of([_TESTS[key](item, place) for item in values]))


def _any_of(tests: Sequence[_Test]) -> _Test:
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


class TrialCount(NamedTuple):
    """What a rule would have stopped."""

    messages: int
    recipients: int


class Trial:
    """Tries rules on the log, in one pass and bounded memory."""

    def __init__(self, rules: Sequence[TrialRule]) -> None:
        self.rules = rules
        has_recipients = any(rule.key == "recipient" for rule in rules)
        self._needed = re.compile(_NEEDED % (_DELIVERIES if has_recipients else b""))
        self.missed = 0
        """How many messages or recipients were forgotten to save memory. The counts may be wrong by so many."""
        self._messages = [0] * len(rules)
        self._recipients = [0] * len(rules)
        # {queue ID: the rules that stop it, as bits}. The bit above those says whether its recipients were counted.
        self._known: dict[bytes, int] = {}
        self._counted = 1 << len(rules)
        # {queue ID: {(rule, recipient)}}
        self._seen: dict[bytes, set[tuple[int, bytes]]] = {}
        self._seen_count = 0

    def add_block(self, block: bytes, clock: Clock) -> None:
        """Read whole lines of the log."""
        for found in find_lines(block, pattern_hits(block, self._needed), clock):
            event = found.event
            if isinstance(event, Accepted):
                self._accept(event)
            elif isinstance(event, Activated):
                self._activate(event)
            elif isinstance(event, Delivery):
                self._deliver(event, original_recipient(found.line.text))
            elif isinstance(event, Removed):
                self._known.pop(event.queue_id, None)
                self._seen_count -= len(self._seen.pop(event.queue_id, ()))

    def counts(self) -> list[TrialCount]:
        """Return the counts of each rule, in the order of the rules."""
        return [TrialCount(*pair) for pair in zip(self._messages, self._recipients)]

    def _accept(self, event: Accepted) -> None:
        self._seen_count -= len(self._seen.pop(event.queue_id, ()))
        if event.original_queue_id is not None and event.original_queue_id != NO_QUEUE:
            self._known.pop(event.queue_id, None)
            return
        values = {"sasl_username": event.sasl_username, "client_address": event.client_address}
        self._known[event.queue_id] = self._stop(values, 0)
        if len(self._known) > MAX_MESSAGES:
            self._known.pop(next(iter(self._known)))
            self.missed += 1

    def _stop(self, values: Mapping[str, bytes | None], stopped: int) -> int:
        """Count a message for the rules that one of these values fits, once for each. stopped: the rules that it has counted for."""
        for number, rule in enumerate(self.rules):
            value = values.get(rule.key)
            if value is not None and not stopped >> number & 1 and rule.test(value):
                stopped |= 1 << number
                self._messages[number] += 1
        return stopped

    def _activate(self, event: Activated) -> None:
        stopped = self._known.get(event.queue_id)
        # Each further attempt to deliver it activates it again.
        if stopped is None or stopped & self._counted:
            return
        stopped = self._stop({"sender": unquote(event.sender)}, stopped)
        for number, rule in enumerate(self.rules):
            if stopped >> number & 1 and rule.key != "recipient":
                self._recipients[number] += event.recipients
        self._known[event.queue_id] = stopped | self._counted

    def _deliver(self, event: Delivery, original: bytes | None) -> None:
        stopped = self._known.get(event.queue_id)
        if stopped is None:
            return
        # A restriction sees the recipient before aliases.
        recipient = unquote(event.recipient if original is None else original)
        for number, rule in enumerate(self.rules):
            if rule.key != "recipient" or not rule.test(recipient):
                continue
            seen = self._seen.setdefault(event.queue_id, set())
            if (number, recipient) in seen:
                continue
            self._remember(seen, number, recipient)
            self._recipients[number] += 1
            if not stopped >> number & 1:
                stopped |= 1 << number
                self._messages[number] += 1
        self._known[event.queue_id] = stopped

    def _remember(self, seen: set[tuple[int, bytes]], number: int, recipient: bytes) -> None:
        if self._seen_count >= _MAX_RECIPIENTS:
            # A recipient that is tried again counts again.
            self.missed += 1
            return
        seen.add((number, recipient))
        self._seen_count += 1
