# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The selection: which messages a module acts on. All modules use this code, so that all give the same answer.

criteria.py says what a rule can ask for, and what each criterion costs. A message is read no further than the rules that are still open
need. There are three ways to a verdict. One rule of message criteria is a list of tests. Several plain rules are decided by stage, here.
Rules with operators are decided by stage in tree.py, which also decides what cannot be read in full.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import MessageTest, Rule, Stage, Verdict

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Subject
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.tree import Trees

RECIPIENT_SCOPES = ("all", "any")

# A rule that no test has ruled out yet, and the recipients it still holds for (None: it has not asked about recipients).
_OpenRule = Tuple[Rule, Optional[Set[int]]]


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
    """All tests, cheapest first, if there is one plain rule without recipient criteria and nothing else: the usual case."""
    trees: Trees | None = field(compare=False)
    """The rules as trees, if one of them has operators."""

    @property
    def everything(self) -> bool:
        """Whether no rule narrows the selection."""
        return not self.match and not self.exclude

    def unlisted_criteria(self) -> list[str]:
        """Return the criteria in use that need more than postqueue shows, each once and in order of use."""
        # Only source: postqueue asks for it.
        from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import (  # noqa: PLC0415
            UNLISTED_CRITERIA,
        )

        used = dict.fromkeys(key for rule in self.match + self.exclude for key in rule.criteria)
        return [key for key in used if key in UNLISTED_CRITERIA]

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
                    if self.trees is None or self.trees.may_select(subject):
                        return False
                    break
        except ContentError:
            return False
        return bool(self.match) and subject.problem is None

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message; UNDECIDED if what could not be read of it may select or protect it."""
        try:
            if self.only_tests is not None:
                verdict = Verdict.YES
                for test in self.only_tests:
                    if not test(subject):
                        verdict = Verdict.NO
                        break
            elif self.trees is None:
                verdict = self._decide_by_stage(subject)
            else:
                verdict = self.trees.decide(subject)
            if subject.problem is None:
                return verdict
        except ContentError:
            pass
        return self._decide_by_what_is_known(subject)

    def _decide_by_stage(self, subject: Subject) -> Verdict:
        """Return the verdict of plain rules on a message of which nothing is missing. Raises ContentError."""
        matching: list[_OpenRule] = [(rule, None) for rule in self.match]
        protecting: list[_OpenRule] = [(rule, None) for rule in self.exclude]
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

    def _verdict_of(self, matching: Sequence[_OpenRule], stage: Stage, subject: Subject, verdict: Verdict) -> Verdict:
        for rule, held in matching:
            if rule.last_stage != stage:
                continue
            if held is None or self.recipient_scope == "any" or len(held) == len(subject.envelope.pending):
                return Verdict.YES
            verdict = Verdict.PARTIAL
        return verdict

    def _decide_by_what_is_known(self, subject: Subject) -> Verdict:
        """Return the verdict on a message of which something may be missing, by three-valued logic: every rule is asked."""
        # Few messages cannot be read in full.
        from ansible_collections.mailops.postfix.plugins.module_utils._selection.tree import truth  # noqa: PLC0415

        verdict = Verdict.NO if self.match else Verdict.YES
        for rule in self.match:
            verdict = max(verdict, truth(rule, subject, scope=self.recipient_scope), key=_STRENGTH.index)
            if verdict is Verdict.YES:
                break
        if verdict is Verdict.NO:
            return verdict
        for rule in self.exclude:
            protects = truth(rule, subject, scope="any")
            if protects is Verdict.YES:
                return Verdict.NO
            # What is selected for some recipients only is left alone in any case.
            if protects is Verdict.UNDECIDED and verdict is Verdict.YES:
                verdict = Verdict.UNDECIDED
        return verdict


# Of what several rules say, the last of these counts.
_STRENGTH = (Verdict.NO, Verdict.PARTIAL, Verdict.UNDECIDED, Verdict.YES)


def _survivors(alive: Sequence[_OpenRule], stage: Stage, subject: Subject) -> list[_OpenRule]:
    """Return the rules that the tests of a stage leave, each with the recipients it still holds for.

    One recipient is enough to stay: an exclude rule protects the message then, and a match rule makes it a partial one.
    """
    survivors: list[_OpenRule] = []
    for rule, held in alive:
        if not all(check.test(subject) for check in rule.message_tests if check.stage == stage):
            continue
        still_held = _recipients_held(rule, held, stage, subject)
        if still_held is None or still_held:
            survivors.append((rule, still_held))
    return survivors


def _recipients_held(rule: Rule, held: set[int] | None, stage: Stage, subject: Subject) -> set[int] | None:
    """Return the recipients that a rule still holds for after a stage, None if it has not asked about any."""
    for check in rule.recipient_tests:
        if check.stage == stage and held != set():
            hits = check.test(subject)
            held = hits if held is None else held & hits
    return held


# --- from options ---------------------------------------------------------------------------------------------------


def parse_selection(
    *,
    match: Sequence[Mapping[str, Any]],
    exclude: Sequence[Mapping[str, Any]] = (),
    queues: Sequence[str] = DEFAULT_QUEUES,
    recipient_scope: str = "all",
    now: int,
) -> Selection:
    """Return the compiled selection. now: the second since the epoch that ages count from.

    Raises SelectionError with the path of the fault, such as C(match[0].all[1].content), for an empty rule, an unknown key, a bad value, and
    too many rules within rules.
    """
    for queue in queues:
        if queue not in SELECTABLE_QUEUES:
            raise SelectionError("queues", "there is no queue %r; known are %s" % (queue, ", ".join(SELECTABLE_QUEUES)))
    if not queues:
        raise SelectionError("queues", "name at least one of %s" % ", ".join(SELECTABLE_QUEUES))
    if recipient_scope not in RECIPIENT_SCOPES:
        raise SelectionError("recipient_scope", "%r is neither all nor any" % (recipient_scope,))
    match_rules, exclude_rules = _parse_rules(match, exclude, now)
    rules = match_rules + exclude_rules
    stages: set[Stage] = set()
    for rule in rules:
        stages |= rule.stages
    plain = not any(rule.branches for rule in rules)
    alone = plain and len(match_rules) == 1 and not exclude_rules and not match_rules[0].recipient_tests
    return Selection(
        match=match_rules,
        exclude=exclude_rules,
        queues=tuple(dict.fromkeys(queues)),
        recipient_scope=recipient_scope,
        stages=tuple(sorted(stages)),
        only_tests=tuple(check.test for check in match_rules[0].message_tests) if alone else None,
        trees=None if plain else _make_trees(match_rules, exclude_rules, recipient_scope),
    )


def _parse_rules(
    match: Sequence[Mapping[str, Any]], exclude: Sequence[Mapping[str, Any]], now: int
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    if not match and not exclude:
        return (), ()
    # A module is compiled on each run. Most runs of facts have no rules, and need neither criteria nor patterns.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import (  # noqa: PLC0415
        parse_rules,
    )

    return parse_rules(match, exclude, now=now)


def _make_trees(match: Sequence[Rule], exclude: Sequence[Rule], recipient_scope: str) -> Trees:
    # Few selections have operators.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.tree import Trees  # noqa: PLC0415

    return Trees(match, exclude, recipient_scope=recipient_scope)
