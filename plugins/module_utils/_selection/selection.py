# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The selection: which messages a module acts on. All modules use this code, so that all give the same answer.

It is what the options say, checked and compiled. decision.py gives the verdict on a message.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, SELECTABLE_QUEUES

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.decision import Decision
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Rule, Subject, Verdict

RECIPIENT_SCOPES = ("all", "any")


@dataclass(frozen=True)
class Selection:
    """What to act on: messages in the queues that any match rule selects and no exclude rule protects."""

    match: tuple[Rule, ...]
    exclude: tuple[Rule, ...]
    queues: tuple[str, ...]
    recipient_scope: str
    decision: Decision | None = field(compare=False)
    """How messages are decided, None if no rule narrows the selection."""

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
        return self.decision is not None and self.decision.rules_out(subject)

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message; UNDECIDED if what could not be read of it may select or protect it."""
        if self.decision is not None:
            return self.decision.decide(subject)
        # A run without rules does not ask.
        from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict  # noqa: PLC0415

        return Verdict.YES


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
    return Selection(
        match=match_rules,
        exclude=exclude_rules,
        queues=tuple(dict.fromkeys(queues)),
        recipient_scope=recipient_scope,
        decision=_decide_by(match_rules, exclude_rules, recipient_scope),
    )


def _parse_rules(
    match: Sequence[Mapping[str, Any]], exclude: Sequence[Mapping[str, Any]], now: int
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    if not match and not exclude:
        return (), ()
    # Most runs of facts have no rules, and need neither criteria nor patterns.
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import (  # noqa: PLC0415
        parse_rules,
    )

    return parse_rules(match, exclude, now=now)


def _decide_by(match: Sequence[Rule], exclude: Sequence[Rule], recipient_scope: str) -> Decision | None:
    if not match and not exclude:
        return None
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.decision import Decision  # noqa: PLC0415

    return Decision(match, exclude, recipient_scope=recipient_scope)
