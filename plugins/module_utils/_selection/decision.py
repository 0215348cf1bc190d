# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The verdict of the rules of a selection on one message.

criteria.py says what a rule can ask for, and what each criterion costs. A message is read no further than the rules that are still open
need. There are three ways to a verdict. One rule of message criteria is a list of tests. Several plain rules are decided by stage, here.
Rules with operators are decided by stage in tree.py, which also decides what cannot be read in full.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence, Set, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import MessageTest, Rule, Stage, Verdict

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Subject
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.tree import Trees

# A rule that no test has ruled out yet, and the recipients it still holds for (None: it has not asked about recipients).
_OpenRule = Tuple[Rule, Optional[Set[int]]]


class Decision:
    """Decides about messages by rules, of which there is at least one: what any match rule selects and no exclude rule protects."""

    def __init__(self, match: Sequence[Rule], exclude: Sequence[Rule], *, recipient_scope: str) -> None:
        self.match = match
        self.exclude = exclude
        self.recipient_scope = recipient_scope
        rules = (*match, *exclude)
        # The stages that any rule has tests in, cheapest first.
        self._stages: Sequence[Stage] = sorted(set().union(*(rule.stages for rule in rules)))
        plain = not any(rule.branches for rule in rules)
        alone = plain and len(match) == 1 and not exclude and not match[0].recipient_tests
        # All tests, cheapest first, if there is one plain rule without recipient criteria and nothing else: the usual case.
        self._only_tests: Sequence[MessageTest] | None = (
            tuple(check.test for check in match[0].message_tests) if alone else None
        )
        self._trees = None if plain else _make_trees(match, exclude, recipient_scope)

    def rules_out(self, subject: Subject) -> bool:
        """Return whether the start of a message's file says that no rule selects it, so that its envelope need not be read."""
        try:
            for rule in self.match:
                for test in rule.early_tests:
                    if not test(subject):
                        break
                else:
                    if self._trees is None or self._trees.may_select(subject):
                        return False
                    break
        except ContentError:
            return False
        return bool(self.match) and subject.problem is None

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message; UNDECIDED if what could not be read of it may select or protect it."""
        try:
            if self._only_tests is not None:
                verdict = Verdict.YES
                for test in self._only_tests:
                    if not test(subject):
                        verdict = Verdict.NO
                        break
            elif self._trees is None:
                verdict = self._decide_by_stage(subject)
            else:
                verdict = self._trees.decide(subject)
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
        stages = iter(self._stages)
        is_open = True
        # After the last stage no rule is open.
        while is_open:
            stage = next(stages)
            protecting = _survivors(protecting, stage, subject)
            if any(rule.last_stage == stage for rule, _held in protecting):
                return Verdict.NO
            if verdict is not Verdict.YES:
                matching = _survivors(matching, stage, subject)
                verdict = self._verdict_of(matching, stage, subject, verdict)
                matching = [alive for alive in matching if alive[0].last_stage != stage]
            may_be_selected = verdict is not Verdict.YES and matching
            # What nothing selects needs no protection.
            is_open = bool(may_be_selected or (verdict is not Verdict.NO and protecting))
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


def _make_trees(match: Sequence[Rule], exclude: Sequence[Rule], recipient_scope: str) -> Trees:
    # Few selections have operators.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.tree import Trees  # noqa: PLC0415

    return Trees(match, exclude, recipient_scope=recipient_scope)
