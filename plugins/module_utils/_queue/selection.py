# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The selection: which messages a module acts on. One code for all modules, so that all give the same answer.

Criteria stand in one table, CRITERIA; each says how dear its input is, and a message is read no further than the rules that
are still undecided need.
"""

from __future__ import annotations

import enum
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._queue import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import display
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import is_valid

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import Envelope, Identity

    class Subject(Protocol):
        """A message to decide about. What is dear to get is a method, called only when it is needed."""

        @property
        def queue_id(self) -> str: ...
        @property
        def identity(self) -> Identity | Envelope: ...
        @property
        def envelope(self) -> Envelope: ...
        def reasons(self) -> Mapping[bytes, bytes]: ...
        def headers(self) -> Sequence[tuple[str, str]]: ...
        def holds(self, text: bytes) -> bool: ...
        def stored_text(self) -> bytes: ...
        def text_parts(self) -> Sequence[str]: ...


QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
DEFAULT_QUEUES = ("incoming", "active", "deferred", "hold")
RECIPIENT_SCOPES = ("all", "any")
ORIGINS = ("smtp", "local", "bounce")

_AGE_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZE_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Stage(enum.IntEnum):
    """What a criterion has to look at, cheapest first."""

    NAME = 0
    IDENTITY = 1
    ENVELOPE = 2
    REASONS = 3
    CONTENT = 4


class Verdict(enum.Enum):
    """What the selection says of a message. PARTIAL: a rule holds for some of its pending recipients, but not for all."""

    NO = "no"
    YES = "yes"
    PARTIAL = "partial"


# A message criterion answers yes or no; a recipient criterion names the pending recipients it holds for, by index.
MessageTest = Callable[["Subject"], bool]
RecipientTest = Callable[["Subject"], "set[int]"]


class Criterion(NamedTuple):
    """A row of the table: what a key looks at, how its test is made, and what its value becomes in a frozen selection."""

    stage: Stage
    per_recipient: bool
    compile: Callable[[Any, str], Any]
    # Whether postqueue shows what the criterion needs.
    in_listing: bool = True


@dataclass(frozen=True)
class Rule:
    """A compiled rule. spec is its frozen, JSON-ready form."""

    place: str
    spec: Mapping[str, Any]
    message_tests: tuple[tuple[Stage, MessageTest], ...] = field(compare=False)
    recipient_tests: tuple[tuple[Stage, RecipientTest], ...] = field(compare=False)
    stages: frozenset[Stage]
    last_stage: Stage


# A rule that no test has ruled out yet, and the recipients it still holds for (None: it has not asked about recipients).
_Alive = Tuple[Rule, Optional[Set[int]]]


@dataclass(frozen=True)
class Selection:
    """What to act on: messages in the queues that any match rule selects and no exclude rule protects."""

    match: tuple[Rule, ...]
    exclude: tuple[Rule, ...]
    queues: tuple[str, ...]
    recipient_scope: str
    stages: tuple[Stage, ...]
    """The stages that any rule has tests in, cheapest first."""

    @property
    def everything(self) -> bool:
        """Whether no rule narrows the selection."""
        return not self.match and not self.exclude

    def keys_beyond_listing(self) -> list[str]:
        """Return the keys in use that need more than postqueue shows, in order of use."""
        used = [key for rule in self.match + self.exclude for key in rule.spec]
        return [key for key in dict.fromkeys(used) if not CRITERIA[key].in_listing]

    def frozen(self) -> dict[str, Any]:
        """Return the selection as JSON-ready data, with ages made absolute: the same messages tomorrow as today."""
        return {
            "match": [dict(rule.spec) for rule in self.match],
            "exclude": [dict(rule.spec) for rule in self.exclude],
            "queues": list(self.queues),
            "recipient_scope": self.recipient_scope,
        }

    def digest(self) -> str:
        """Return the SHA-256 of the frozen selection, in hexadecimal."""
        return hashlib.sha256(json.dumps(self.frozen(), sort_keys=True).encode("utf-8")).hexdigest()

    def rules_out(self, subject: Subject) -> bool:
        """Return whether the start of a message's file says that no rule selects it, so that its envelope need not be read."""
        return bool(self.match) and not any(
            all(test(subject) for stage, test in rule.message_tests if stage <= Stage.IDENTITY) for rule in self.match
        )

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message whose envelope can be read. Raises ContentError where what a rule asks for cannot be read."""
        matching: list[_Alive] = [(rule, None) for rule in self.match]
        protecting: list[_Alive] = [(rule, None) for rule in self.exclude]
        verdict = Verdict.NO if self.match else Verdict.YES
        for stage in self.stages:
            protecting = _survivors(protecting, stage, subject)
            if any(rule.last_stage == stage for rule, _held in protecting):
                return Verdict.NO
            if verdict is not Verdict.YES:
                matching = _survivors(matching, stage, subject)
                verdict = self._verdict_of(matching, stage, subject, verdict)
                matching = [alive for alive in matching if alive[0].last_stage != stage]
            still_open = verdict is not Verdict.YES and matching
            # What nothing selects needs no protection.
            if not still_open and (verdict is Verdict.NO or not protecting):
                break
        return verdict

    def _verdict_of(self, matching: Sequence[_Alive], stage: Stage, subject: Subject, verdict: Verdict) -> Verdict:
        for rule, held in matching:
            if rule.last_stage != stage:
                continue
            if held is None or self.recipient_scope == "any" or len(held) == len(subject.envelope.pending):
                return Verdict.YES
            verdict = Verdict.PARTIAL
        return verdict


def _survivors(alive: Sequence[_Alive], stage: Stage, subject: Subject) -> list[_Alive]:
    """Return the rules that the tests of a stage leave, each with the recipients it still holds for.

    One recipient is enough to stay: an exclude rule protects the message then, and a match rule makes it a partial one.
    """
    survivors: list[_Alive] = []
    for rule, held in alive:
        if not all(test(subject) for at, test in rule.message_tests if at == stage):
            continue
        still_held = _recipients_held(rule, held, stage, subject)
        if still_held is None or still_held:
            survivors.append((rule, still_held))
    return survivors


def _recipients_held(rule: Rule, held: set[int] | None, stage: Stage, subject: Subject) -> set[int] | None:
    """Return the recipients that a rule still holds for after a stage, None where it has not asked about any."""
    for at, test in rule.recipient_tests:
        if at == stage and held != set():
            hits = test(subject)
            held = hits if held is None else held & hits
    return held


# --- making rules ---------------------------------------------------------------------------------------------------


def parse_selection(
    *,
    match: Sequence[Mapping[str, Any]],
    exclude: Sequence[Mapping[str, Any]] = (),
    queues: Sequence[str] = DEFAULT_QUEUES,
    recipient_scope: str = "all",
    now: int,
) -> Selection:
    """Return the compiled selection. now: the second since the epoch that ages count from.

    Raises SelectionError, naming rule and key, for an empty rule, an unknown key or a bad value.
    """
    for queue in queues:
        if queue not in QUEUES:
            raise SelectionError("queues", "there is no queue %r; known are %s" % (queue, ", ".join(QUEUES)))
    if not queues:
        raise SelectionError("queues", "name at least one of %s" % ", ".join(QUEUES))
    if recipient_scope not in RECIPIENT_SCOPES:
        raise SelectionError("recipient_scope", "%r is neither all nor any" % (recipient_scope,))
    match_rules = tuple(_parse_rule(rule, "match[%d]" % index, now) for index, rule in enumerate(match))
    exclude_rules = tuple(_parse_rule(rule, "exclude[%d]" % index, now) for index, rule in enumerate(exclude))
    stages: set[Stage] = set()
    for rule in match_rules + exclude_rules:
        stages |= rule.stages
    return Selection(
        match=match_rules,
        exclude=exclude_rules,
        queues=tuple(dict.fromkeys(queues)),
        recipient_scope=recipient_scope,
        stages=tuple(sorted(stages)),
    )


def _parse_rule(rule: object, place: str, now: int) -> Rule:
    if not isinstance(rule, Mapping):
        raise SelectionError(place, "%r is not a rule; write a mapping of criteria, as {sender: example.com}" % (rule,))
    if not rule:
        raise SelectionError(place, "an empty rule would select every message; give it at least one criterion")
    unknown = [str(key) for key in rule if key not in CRITERIA]
    if unknown:
        raise SelectionError(
            "%s.%s" % (place, unknown[0]), "there is no such criterion; known are %s" % ", ".join(CRITERIA)
        )
    spec = {key: _freeze(key, rule[key], "%s.%s" % (place, key), now) for key in rule}
    compiled = [(CRITERIA[key], CRITERIA[key].compile(spec[key], "%s.%s" % (place, key))) for key in spec]
    stages = frozenset(row.stage for row, _test in compiled)
    return Rule(
        place=place,
        spec=spec,
        stages=stages,
        last_stage=max(stages),
        message_tests=tuple((row.stage, test) for row, test in compiled if not row.per_recipient),
        recipient_tests=tuple((row.stage, test) for row, test in compiled if row.per_recipient),
    )


def _freeze(key: str, value: Any, place: str, now: int) -> Any:
    """Return the value of a criterion as JSON-ready data that says the same at any later time."""
    if value is None:
        raise SelectionError(place, "it has no value")
    if key == "header":
        return _freeze_header(value, place)
    values = _freeze_values(value, place)
    return [_freeze_age(item, place, now) for item in values] if key == "age" else values


def _freeze_header(value: Any, place: str) -> dict[str, list[Any]]:
    if not isinstance(value, Mapping) or not value:
        raise SelectionError(place, "%r is not a mapping of header names, as {Subject: text}" % (value,))
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
    amount, at_most = parse_amount(value, _AGE_UNITS, place)
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
    """Return a length of time in seconds. Raises SelectionError for anything that is none, and for a minus sign."""
    amount, at_most = parse_amount(value, _AGE_UNITS, place)
    if at_most:
        raise SelectionError(place, "%r must not be negative" % (value,))
    return amount


# --- tests, one maker a key -----------------------------------------------------------------------------------------


def _any_of(
    make: Callable[[object, str], Callable[[Any], bool]], values: Sequence[object], place: str
) -> Callable[[Any], bool]:
    """Return a test that holds where one of the values' tests does."""
    tests = [make(value, place) for value in values]
    if len(tests) == 1:
        return tests[0]
    return lambda subject: any(test(subject) for test in tests)


def _queue_ids(values: Sequence[object], place: str) -> MessageTest:
    for value in values:
        if not is_valid(patterns.require_text(value, place)):
            raise SelectionError(place, "%r is not a queue ID" % (value,))
    wanted = frozenset(values)
    return lambda subject: subject.queue_id in wanted


def _sender(values: Sequence[object], place: str) -> MessageTest:
    test = _any_of(patterns.address_test, values, place)

    def holds(subject: Subject) -> bool:
        sender = subject.identity.sender
        return sender is not None and test(sender)

    return holds


def _recipient(values: Sequence[object], place: str) -> RecipientTest:
    test = _any_of(patterns.address_test, values, place)
    return lambda subject: {index for index, address in enumerate(subject.envelope.pending) if test(address)}


def _reason(values: Sequence[object], place: str) -> RecipientTest:
    test = _any_of(patterns.text_test, values, place)

    def holds_for(subject: Subject) -> set[int]:
        reasons = subject.reasons()
        return {
            index
            for index, address in enumerate(subject.envelope.pending)
            if address in reasons and test(display(reasons[address]))
        }

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
            raise SelectionError(place, "%r is not an age, as 2d or -10m" % (value,))
        bounds.append((value.get("after", 0), value.get("before", 1 << 62)))

    def holds(subject: Subject) -> bool:
        arrival = subject.identity.arrival
        # 0 is an unknown arrival, which is of no age.
        return arrival > 0 and any(after <= arrival <= before for after, before in bounds)

    return holds


def _amount(count: Callable[[Envelope], int], units: Mapping[str, int]) -> Callable[[Any, str], MessageTest]:
    """Return the maker of a test on a number of the envelope."""

    def compile_values(values: Sequence[object], place: str) -> MessageTest:
        bounds = [parse_amount(value, units, place) for value in values]

        def holds(subject: Subject) -> bool:
            number = count(subject.envelope)
            return any(number <= amount if at_most else number >= amount for amount, at_most in bounds)

        return holds

    return compile_values


def _origin(values: Sequence[object], place: str) -> MessageTest:
    for value in values:
        if value not in ORIGINS:
            raise SelectionError(place, "%r is no origin; known are %s" % (value, ", ".join(ORIGINS)))
    return lambda subject: subject.envelope.origin in values


def _header(fields: Mapping[str, Sequence[object]], place: str) -> MessageTest:
    # Not a mapping: names that differ in case only are two conditions on one header.
    tests = [
        (patterns.require_text(name, place).casefold(), _any_of(patterns.text_test, values, "%s.%s" % (place, name)))
        for name, values in fields.items()
    ]

    def holds(subject: Subject) -> bool:
        found = [(name.casefold(), value) for name, value in subject.headers()]
        return all(any(name == wanted and test(value) for name, value in found) for wanted, test in tests)

    return holds


def _content(values: Sequence[object], place: str) -> MessageTest:
    return _any_of(_content_test, values, place)


def _content_test(value: object, place: str) -> MessageTest:
    text = patterns.require_text(value, place)
    regex = patterns.compile_bytes_regex(text, place)
    if regex is None:
        needle = text.encode("utf-8")
        return lambda subject: subject.holds(needle)
    search = regex.search
    return lambda subject: search(subject.stored_text()) is not None


def _body(values: Sequence[object], place: str) -> MessageTest:
    test = _any_of(patterns.text_test, values, place)
    return lambda subject: any(test(part) for part in subject.text_parts())


CRITERIA: Mapping[str, Criterion] = {
    "queue_id": Criterion(Stage.NAME, False, _queue_ids),
    "sender": Criterion(Stage.IDENTITY, False, _sender),
    "recipient": Criterion(Stage.ENVELOPE, True, _recipient),
    "sasl_username": Criterion(Stage.ENVELOPE, False, _attribute("sasl_username", patterns.exact_test), False),
    "client_address": Criterion(Stage.ENVELOPE, False, _attribute("client_address", patterns.network_test), False),
    "client_name": Criterion(Stage.ENVELOPE, False, _attribute("client_name", patterns.name_test), False),
    "helo_name": Criterion(Stage.ENVELOPE, False, _attribute("helo_name", patterns.name_test), False),
    "reason": Criterion(Stage.REASONS, True, _reason),
    "header": Criterion(Stage.CONTENT, False, _header, False),
    "content": Criterion(Stage.CONTENT, False, _content, False),
    "body": Criterion(Stage.CONTENT, False, _body, False),
    "age": Criterion(Stage.IDENTITY, False, _age),
    "size": Criterion(Stage.ENVELOPE, False, _amount(lambda envelope: envelope.size, _SIZE_UNITS)),
    "recipient_count": Criterion(Stage.ENVELOPE, False, _amount(lambda envelope: len(envelope.pending), {})),
    "origin": Criterion(Stage.ENVELOPE, False, _origin, False),
}
