# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a rule of a selection can ask for: one table, CRITERIA, and the test that each row makes of its values.

A new criterion is a row of the table and the function that makes its test. docs/architecture.md lists the files that it touches.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import one_line, printable, text_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import reason_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.units import SIZE_UNITS, TIME_UNITS
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import (
    MessageTest,
    RecipientTest,
    Stage,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Subject

ORIGINS = ("smtp", "local", "bounce")


class Criterion(NamedTuple):
    """A row of the table: what the criterion reads, and what makes its test of the values and the place of the key."""

    stage: Stage
    per_recipient: bool
    compile: Callable[[Any, str], Any]
    need: Input | None = None
    """What must not be missing for a certain no."""
    listed: bool = True
    """Whether postqueue lists what it reads."""


def freeze(key: str, value: Any, place: str, now: int) -> Any:
    """Return the value of a criterion as JSON-ready data that means the same at any later time. now: see parse_rule().

    Raises SelectionError for no value, an empty list and a bad age. CRITERIA[key].compile() checks the rest.
    """
    if value is None:
        raise SelectionError(place, "it has no value")
    if key == "header":
        return _freeze_header(value, place)
    values = _freeze_values(value, place)
    return [_freeze_age(item, place, now) for item in values] if key == "age" else values


def _freeze_header(value: Any, place: str) -> dict[str, list[Any]]:
    if not isinstance(value, Mapping) or not value:
        raise SelectionError(place, "%r is not a mapping of header names, such as {Subject: text}" % (value,))
    return {str(name): _freeze_values(item, "%s.%s" % (place, name)) for name, item in value.items()}


def _freeze_values(value: Any, place: str) -> list[Any]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise SelectionError(place, "an empty list matches nothing; leave the key out or give it a value")
    return values


def _freeze_age(value: Any, place: str, now: int) -> Any:
    """Return C({before: second}) or C({after: second}); both bounds are within."""
    if isinstance(value, Mapping):
        return dict(value)
    amount, at_most = parse_amount(value, TIME_UNITS, place)
    if at_most and not amount:
        raise SelectionError(
            place, "%r matches no message: every message is older. Use an age such as -10m." % (value,)
        )
    if not at_most and amount >= now:
        raise SelectionError(place, "%r matches no message: that is before 1970. Use an age such as 2d." % (value,))
    return {"after" if at_most else "before": now - amount}


def parse_amount(value: object, units: Mapping[str, int], place: str) -> tuple[int, bool]:
    """Return an amount in the smallest unit, and whether it had a minus sign (that much or less).

    The notation of ansible.builtin.find: C(2d), C(-10m), C(50). Raises SelectionError.
    """
    found = re.match(r"(-?)([0-9]{1,15})([a-z]?)\Z", str(value).strip().lower())
    if isinstance(value, bool) or found is None or (found.group(3) and found.group(3) not in units):
        known = "a number and one of %s" % ", ".join(units) if units else "a whole number"
        raise SelectionError(
            place, "%r is not an amount; write %s, with a minus sign for that much or less" % (value, known)
        )
    sign, number, unit = found.groups()
    return int(number) * units.get(unit, 1), bool(sign)


def parse_age(value: object, place: str) -> int:
    """Return a length of time in seconds. Raises SelectionError for any other value, and for a minus sign."""
    amount, at_most = parse_amount(value, TIME_UNITS, place)
    if at_most:
        raise SelectionError(place, "%r must not be negative" % (value,))
    return amount


# --- tests, one maker a key -----------------------------------------------------------------------------------------


def _any_of(
    make: Callable[[object, str], Callable[[Any], bool]], values: Sequence[object], place: str
) -> Callable[[Any], bool]:
    """Return a test that holds if one of the values' tests does."""
    tests = [make(value, place) for value in values]
    if len(tests) == 1:
        return tests[0]
    return lambda subject: any(test(subject) for test in tests)


def _queue_ids(values: Sequence[object], place: str) -> MessageTest:
    for value in values:
        text = patterns.require_text(value, place)
        if text == "ALL":
            raise SelectionError(place, '"ALL" is a word of postsuper and no queue ID. Use match_all for all messages.')
        if not is_valid(text):
            raise SelectionError(place, "%s is not a queue ID%s" % (repr(value), _queue_id_advice(text)))
    wanted = frozenset(values)
    return lambda subject: subject.queue_id in wanted


def _queue_id_advice(text: str) -> str:
    """Return what to write for a queue ID as mailq or the mail log shows it, "" for other text."""
    found = re.match(r"\s*([A-Za-z0-9_]{6,})\s*[*!]?#?:?\s*\Z", text)
    return "" if found is None else '. Use "%s", without blanks and the marks of mailq.' % found.group(1)


def _sender(values: Sequence[object], place: str) -> MessageTest:
    test = _any_of(patterns.sender_test, values, place)

    def holds(subject: Subject) -> bool:
        sender = subject.identity.sender
        return sender is not None and test(sender)

    return holds


def _recipient(values: Sequence[object], place: str) -> RecipientTest:
    test = _any_of(patterns.address_test, values, place)
    return lambda subject: {index for index, address in enumerate(subject.envelope.pending) if test(address)}


def _reason(values: Sequence[object], place: str) -> RecipientTest:
    test = _any_of(patterns.line_test, values, place)

    # Most recipients of a queue share a few reasons.
    known = patterns.CachedTest(lambda reason: test(text_of(reason)))

    def holds_for(subject: Subject) -> set[int]:
        reasons = subject.reasons()
        if not reasons:
            return set()
        get = reasons.get
        held = set()
        for index, address in enumerate(subject.envelope.pending):
            reason = get(address) or reason_for(reasons, address)
            if reason is not None and known(reason):
                held.add(index)
        return held

    return holds_for


def _attribute(name: str, make: Callable[[object, str], Callable[[bytes], bool]]) -> Callable[[Any, str], MessageTest]:
    """Return the maker of a test on one property of the envelope; a message without it does not match."""

    def compile_values(values: Sequence[object], place: str) -> MessageTest:
        test = _any_of(make, values, place)

        def holds(subject: Subject) -> bool:
            value: bytes | None = getattr(subject.envelope, name)
            return value is not None and test(value)

        return holds

    return compile_values


def _age(values: Sequence[Mapping[str, Any]], place: str) -> MessageTest:
    bounds = []
    for value in values:
        if len(value) != 1 or not set(value) <= {"before", "after"} or not isinstance(next(iter(value.values())), int):
            raise SelectionError(place, "%r is not an age, such as 2d or -10m" % (value,))
        bounds.append((value.get("after", 0), value.get("before", 1 << 62)))

    def holds(subject: Subject) -> bool:
        arrival = subject.identity.arrival
        # 0 is an unknown arrival, which has no age.
        return arrival > 0 and any(after <= arrival <= before for after, before in bounds)

    return holds


def _amount(count: Callable[[Subject], int], units: Mapping[str, int]) -> Callable[[Any, str], MessageTest]:
    """Return the maker of a test on a number of the message."""

    def compile_values(values: Sequence[object], place: str) -> MessageTest:
        bounds = [parse_amount(value, units, place) for value in values]

        def holds(subject: Subject) -> bool:
            number = count(subject)
            return any(number <= amount if at_most else number >= amount for amount, at_most in bounds)

        return holds

    return compile_values


def _origin(values: Sequence[object], place: str) -> MessageTest:
    for value in values:
        if value not in ORIGINS:
            raise SelectionError(place, "%r is no origin; known are %s" % (value, ", ".join(ORIGINS)))

    def holds(subject: Subject) -> bool:
        origin = subject.envelope.origin
        # If a client was read, no attribute that was not read can change the origin.
        if Input.ATTRIBUTES in subject.envelope.missing and origin != "smtp":
            raise ContentError("the attributes are not all known")
        return origin in values

    return holds


def _recipient_count(values: Sequence[object], place: str) -> MessageTest:
    bounds = [parse_amount(value, {}, place) for value in values]

    def holds(subject: Subject) -> bool:
        envelope = subject.envelope
        number = len(envelope.pending)
        if Input.RECIPIENTS not in envelope.missing:
            return any(number <= amount if at_most else number >= amount for amount, at_most in bounds)
        # There may be any number of others.
        if any(not at_most and number >= amount for amount, at_most in bounds):
            return True
        if all(at_most and number > amount for amount, at_most in bounds):
            return False
        raise ContentError("the recipients are not all known")

    return holds


def _header(fields: Mapping[str, Sequence[object]], place: str) -> MessageTest:
    # Names that differ only in case are two conditions on one header, so this is not a mapping.
    tests = [
        (patterns.header_name(name, place), _any_of(_header_test, values, "%s.%s" % (place, printable(name))))
        for name, values in fields.items()
    ]

    def holds(subject: Subject) -> bool:
        found = [(name.lower(), value) for name, value in subject.headers()]
        return all(any(name == wanted and test(value) for name, value in found) for wanted, test in tests)

    return holds


def _header_test(value: object, place: str) -> Callable[[str], bool]:
    """Return a test for the value of a header field, in which a run of blanks and tabs counts as one blank, because folding adds some."""
    test = patterns.line_test(value, place)
    one_blank = None
    if isinstance(value, str) and patterns.split_regex(value, place) is None and one_line(value) != value:
        one_blank = patterns.line_test(one_line(value), place)

    def holds(text: str) -> bool:
        if test(text) or (one_blank is not None and one_blank(text)):
            return True
        unfolded = one_line(text)
        return unfolded != text and (test(unfolded) or (one_blank is not None and one_blank(unfolded)))

    return holds


def _message_id(values: Sequence[object], place: str) -> MessageTest:
    test = _any_of(patterns.message_id_test, values, place)

    def holds(subject: Subject) -> bool:
        found = [patterns.bare_message_id(value) for name, value in subject.headers() if name.lower() == "message-id"]
        # A header field without a value is no Message-ID.
        return any(value and test(value) for value in found)

    return holds


def _content(values: Sequence[object], place: str) -> MessageTest:
    return _any_of(_content_test, values, place)


def _content_test(value: object, place: str) -> MessageTest:
    text = patterns.require_text(value, place)
    regex = patterns.compile_bytes_regex(text, place)
    if regex is None:
        needles = patterns.contained_bytes(text)
        if len(needles) == 1:
            needle = needles[0]
            return lambda subject: subject.holds(needle)
        return lambda subject: any(subject.holds(needle) for needle in needles)
    search = regex.search

    def holds(subject: Subject) -> bool:
        for text, start, limit in subject.text_windows():
            hit = search(text, start)
            if hit is not None and hit.start() < limit:
                return True
        return False

    return holds


def _body(values: Sequence[object], place: str) -> MessageTest:
    test = _any_of(patterns.text_test, values, place)
    return lambda subject: any(test(part.replace("\r\n", "\n")) for part in subject.text_parts())


CRITERIA: Mapping[str, Criterion] = {
    "queue_id": Criterion(Stage.NAME, False, _queue_ids),
    "sender": Criterion(Stage.IDENTITY, False, _sender, need=Input.SENDER),
    "recipient": Criterion(Stage.ENVELOPE, True, _recipient),
    "sasl_username": Criterion(
        Stage.ENVELOPE, False, _attribute("sasl_username", patterns.login_test), Input.ATTRIBUTES, listed=False
    ),
    "client_address": Criterion(
        Stage.ENVELOPE, False, _attribute("client_address", patterns.network_test), Input.ATTRIBUTES, listed=False
    ),
    "client_name": Criterion(
        Stage.ENVELOPE, False, _attribute("client_name", patterns.client_name_test), Input.ATTRIBUTES, listed=False
    ),
    "helo_name": Criterion(
        Stage.ENVELOPE, False, _attribute("helo_name", patterns.helo_test), Input.ATTRIBUTES, listed=False
    ),
    "reason": Criterion(Stage.REASONS, True, _reason, need=Input.REASONS),
    "header": Criterion(Stage.CONTENT, False, _header, Input.HEADERS, listed=False),
    "message_id": Criterion(Stage.CONTENT, False, _message_id, Input.HEADERS, listed=False),
    "content": Criterion(Stage.CONTENT, False, _content, Input.CONTENT, listed=False),
    "body": Criterion(Stage.CONTENT, False, _body, Input.BODY, listed=False),
    "age": Criterion(Stage.IDENTITY, False, _age, need=Input.ARRIVAL),
    "size": Criterion(Stage.IDENTITY, False, _amount(lambda subject: subject.identity.size, SIZE_UNITS)),
    "recipient_count": Criterion(Stage.ENVELOPE, False, _recipient_count),
    "origin": Criterion(Stage.ENVELOPE, False, _origin, listed=False),
}
# What postqueue(1) does not list: criteria, the most frequent values that a summary has for some of them, and other results.
UNLISTED_CRITERIA = tuple(key for key, row in CRITERIA.items() if not row.listed)
UNLISTED_TOPS = frozenset(("sasl_usernames", "client_addresses"))
UNLISTED_RESULTS = ("incomplete", "next_retry")
