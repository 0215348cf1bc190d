# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The selection: which messages a module acts on. One code for all modules, so that all give the same answer.

What a rule can ask for stands in criteria.py; each criterion says how dear its input is, and a message is read no further than the
rules that are still undecided need.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    Iterable,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, SELECTABLE_QUEUES

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Identity

    class Subject(Protocol):
        """A message to decide about. What is dear to get is a method, called only when it is needed.

        Methods give what can be read. What they could not give stands in C(missing), and the first reason in C(problem), which is
        None while nothing is missing. They may raise ContentError instead.
        """

        @property
        def queue_id(self) -> str: ...
        @property
        def problem(self) -> str | None: ...
        @property
        def missing(self) -> AbstractSet[Input]: ...
        @property
        def identity(self) -> Identity | Envelope: ...
        @property
        def envelope(self) -> Envelope: ...
        def reasons(self) -> Mapping[bytes, bytes]: ...
        def headers(self) -> Sequence[tuple[str, str]]: ...
        def holds(self, text: bytes) -> bool: ...
        def text_windows(self) -> Iterable[Window]: ...
        def text_parts(self) -> Sequence[str]: ...


RECIPIENT_SCOPES = ("all", "any")


class Stage(enum.IntEnum):
    """What a criterion has to look at, cheapest first."""

    NAME = 0
    IDENTITY = 1
    ENVELOPE = 2
    REASONS = 3
    CONTENT = 4


class Verdict(enum.Enum):
    """What the selection says of a message.

    PARTIAL: a rule holds for some of its pending recipients, but not for all. UNDECIDED: it depends on what could not be read.
    """

    NO = "no"
    YES = "yes"
    PARTIAL = "partial"
    UNDECIDED = "undecided"


# A message criterion answers yes or no; a recipient criterion names the pending recipients it holds for, by index. Both answer by what
# can be read: a yes is sure, anything else only where what the criterion needs is not missing. ContentError says that neither is sure.
MessageTest = Callable[["Subject"], bool]
RecipientTest = Callable[["Subject"], "set[int]"]


class MessageCheck(NamedTuple):
    """The test of a message criterion, and what it needs to be sure of a no."""

    stage: Stage
    test: MessageTest
    need: Input | None


class RecipientCheck(NamedTuple):
    """The test of a recipient criterion, and what it needs beside the recipients."""

    stage: Stage
    test: RecipientTest
    need: Input | None


@dataclass(frozen=True)
class Rule:
    """A compiled rule. spec is its frozen, JSON-ready form."""

    place: str
    spec: Mapping[str, Any]
    beyond_listing: tuple[str, ...]
    """The keys that need more than postqueue shows."""
    message_tests: tuple[MessageCheck, ...] = field(compare=False)
    """Cheapest first."""
    early_tests: tuple[MessageTest, ...] = field(compare=False)
    """Those that the name and the start of a file answer."""
    recipient_tests: tuple[RecipientCheck, ...] = field(compare=False)
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
    only_tests: tuple[MessageTest, ...] | None = field(compare=False)
    """All tests, cheapest first, of one rule that asks about no recipients and is all there is: the usual case, and soon decided."""

    @property
    def everything(self) -> bool:
        """Whether no rule narrows the selection."""
        return not self.match and not self.exclude

    def keys_beyond_listing(self) -> list[str]:
        """Return the keys in use that need more than postqueue shows, in order of use."""
        return list(dict.fromkeys(key for rule in self.match + self.exclude for key in rule.beyond_listing))

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
        try:
            for rule in self.match:
                for test in rule.early_tests:
                    if not test(subject):
                        break
                else:
                    return False
        except ContentError:
            return False
        return bool(self.match) and subject.problem is None

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message; UNDECIDED where what could not be read of it may select or protect it."""
        try:
            if self.only_tests is None:
                verdict = self._decide_by_stage(subject)
            else:
                verdict = Verdict.YES
                for test in self.only_tests:
                    if not test(subject):
                        verdict = Verdict.NO
                        break
            if subject.problem is None:
                return verdict
        except ContentError:
            pass
        return self._decide_by_what_is_known(subject)

    def _decide_by_stage(self, subject: Subject) -> Verdict:
        """Return the verdict on a message of which nothing is missing. Raises ContentError."""
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

    def _decide_by_what_is_known(self, subject: Subject) -> Verdict:
        """Return the verdict on a message of which something may be missing, by three-valued logic: every rule is asked."""
        verdict = Verdict.NO if self.match else Verdict.YES
        for rule in self.match:
            verdict = max(verdict, _truth(rule, subject, scope=self.recipient_scope), key=_STRENGTH.index)
            if verdict is Verdict.YES:
                break
        if verdict is Verdict.NO:
            return verdict
        for rule in self.exclude:
            protects = _truth(rule, subject, scope="any")
            if protects is Verdict.YES:
                return Verdict.NO
            # What is selected for some recipients only is left alone in any case.
            if protects is Verdict.UNDECIDED and verdict is Verdict.YES:
                verdict = Verdict.UNDECIDED
        return verdict


# Of what several rules say, the last of these counts.
_STRENGTH = (Verdict.NO, Verdict.PARTIAL, Verdict.UNDECIDED, Verdict.YES)


def _truth(rule: Rule, subject: Subject, *, scope: str) -> Verdict:
    """Return what a rule by itself says of a message of which something may be missing."""
    undecided = False
    for check in rule.message_tests:
        answer = _answer(check, subject)
        if answer is False:
            return Verdict.NO
        undecided = undecided or answer is None
    truth = _truth_of_recipients(rule, subject, scope=scope) if rule.recipient_tests else Verdict.YES
    return Verdict.UNDECIDED if undecided and truth is not Verdict.NO else truth


def _answer(check: MessageCheck, subject: Subject) -> bool | None:
    """Return what a test says, None where it cannot be sure."""
    try:
        if check.test(subject):
            return True
    except ContentError:
        return None
    return None if check.need in subject.missing else False


def _truth_of_recipients(rule: Rule, subject: Subject, *, scope: str) -> Verdict:
    """Return what the recipient criteria of a rule say together."""
    try:
        hits = [check.test(subject) for check in rule.recipient_tests]
        everybody = len(subject.envelope.pending)
    except ContentError:
        return Verdict.UNDECIDED
    held = set.intersection(*hits)
    unsure = not subject.missing.isdisjoint(check.need for check in rule.recipient_tests)
    more = Input.RECIPIENTS in subject.missing
    if held and (scope == "any" or (len(held) == everybody and not more)):
        return Verdict.YES
    if held and len(held) < everybody and not unsure:
        return Verdict.PARTIAL
    return Verdict.UNDECIDED if unsure or more else Verdict.NO


def _survivors(alive: Sequence[_Alive], stage: Stage, subject: Subject) -> list[_Alive]:
    """Return the rules that the tests of a stage leave, each with the recipients it still holds for.

    One recipient is enough to stay: an exclude rule protects the message then, and a match rule makes it a partial one.
    """
    survivors: list[_Alive] = []
    for rule, held in alive:
        if not all(check.test(subject) for check in rule.message_tests if check.stage == stage):
            continue
        still_held = _recipients_held(rule, held, stage, subject)
        if still_held is None or still_held:
            survivors.append((rule, still_held))
    return survivors


def _recipients_held(rule: Rule, held: set[int] | None, stage: Stage, subject: Subject) -> set[int] | None:
    """Return the recipients that a rule still holds for after a stage, None where it has not asked about any."""
    for check in rule.recipient_tests:
        if check.stage == stage and held != set():
            hits = check.test(subject)
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
        if queue not in SELECTABLE_QUEUES:
            raise SelectionError("queues", "there is no queue %r; known are %s" % (queue, ", ".join(SELECTABLE_QUEUES)))
    if not queues:
        raise SelectionError("queues", "name at least one of %s" % ", ".join(SELECTABLE_QUEUES))
    if recipient_scope not in RECIPIENT_SCOPES:
        raise SelectionError("recipient_scope", "%r is neither all nor any" % (recipient_scope,))
    match_rules = _parse_rules(match, "match", now)
    exclude_rules = _parse_rules(exclude, "exclude", now)
    stages: set[Stage] = set()
    for rule in match_rules + exclude_rules:
        stages |= rule.stages
    alone = len(match_rules) == 1 and not exclude_rules and not match_rules[0].recipient_tests
    return Selection(
        match=match_rules,
        exclude=exclude_rules,
        queues=tuple(dict.fromkeys(queues)),
        recipient_scope=recipient_scope,
        stages=tuple(sorted(stages)),
        only_tests=tuple(check.test for check in match_rules[0].message_tests) if alone else None,
    )


def _parse_rules(rules: Sequence[Mapping[str, Any]], name: str, now: int) -> tuple[Rule, ...]:
    if not rules:
        return ()
    # It is compiled anew for each run, and most runs of facts have no rules.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_rule  # noqa: PLC0415

    return tuple(parse_rule(rule, "%s[%d]" % (name, index), now) for index, rule in enumerate(rules))
