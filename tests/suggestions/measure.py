# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill a queue directory with a scene, run postfix_queue_facts on it, and compare what it suggests with the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from tests.suggestions.letters import Scene
from tests.unit.support.spool import MadeUpSpool

_MODULE = "ansible_collections.mailops.postfix.plugins.modules.postfix_queue_facts"
LIKELY = "likely"
GOOD_RECALL, GOOD_PRECISION = 0.9, 0.95


@dataclass(frozen=True)
class Worth:
    """What some suggestions select together."""

    suggestions: int
    covered: int
    """Messages that they select together."""
    spam_covered: int
    spam: int
    """Messages of the queue that are spam."""

    @property
    def precision(self) -> float | None:
        """Spam among what is covered; None where nothing is."""
        return self.spam_covered / self.covered if self.covered else None

    @property
    def recall(self) -> float | None:
        """The share of the spam that is covered; None where there is none."""
        return self.spam_covered / self.spam if self.spam else None

    @property
    def is_good(self) -> bool:
        """Whether an operator may follow them: they cover the flood, and hardly anything else."""
        return (self.recall or 0) >= GOOD_RECALL and (self.precision or 0) >= GOOD_PRECISION


@dataclass(frozen=True)
class Part:
    """The messages of a queue that one maker gave."""

    name: str
    is_spam: bool
    messages: int
    covered: int
    likely: int
    """Messages that likely suggestions cover."""


@dataclass(frozen=True)
class Measured:
    """What the suggestions for a scene are worth."""

    name: str
    is_flooded: bool
    messages: int
    spam: int
    groups: Sequence[dict[str, Any]]
    suggestions: Sequence[dict[str, Any]]
    note: str
    all: Worth
    """Of all suggestions that are listed, together."""
    likely: Worth
    """Of the likely ones."""
    by_rule: Sequence[frozenset[str]]
    """The queue IDs that each suggestion selects."""
    spam_by_rule: Sequence[int]
    """How many of these are spam."""
    parts: Sequence[Part]

    @property
    def false_likely(self) -> int:
        """How many likely suggestions select more other mail than spam."""
        return sum(
            row["confidence"] == LIKELY and 2 * spam < len(ids)
            for row, ids, spam in zip(self.suggestions, self.by_rule, self.spam_by_rule, strict=True)
        )


class _Ids:
    """The queue IDs that a selection selects."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def merge(self, other: _Ids) -> None:
        self.ids |= other.ids


def selected(spool: Path, match: Sequence[dict[str, Any]]) -> frozenset[str]:
    """Return the queue IDs of the messages that rules select, as every module selects."""
    selection = parse_selection(match=match, now=0)
    return frozenset(scan(Spool(str(spool)), _job(selection), processes=1).result.ids)


def _job(selection: Selection) -> Job[_Ids]:
    def visit(message: SpoolMessage, found: _Ids) -> None:
        if selection.decide(message) is Verdict.YES:
            found.ids.add(message.queue_id)

    return Job(queues=selection.queues, make_result=_Ids, visit=visit, pass_over=_pass_over)


def _pass_over(_found: QueueEntry, _incomplete: bool, _ids: _Ids) -> None:
    raise AssertionError("a made-up queue has whole messages only")


@dataclass(frozen=True)
class Truth:
    """What is in a made-up queue: the queue IDs of its messages by what made them, and of its spam."""

    by_maker: Mapping[tuple[str, bool], frozenset[str]]
    """The key has the name of the maker, and whether the messages are spam."""

    @property
    def spam(self) -> frozenset[str]:
        """The queue IDs of the spam."""
        return frozenset().union(*(ids for (_name, is_spam), ids in self.by_maker.items() if is_spam))


def fill(spool: MadeUpSpool, scene: Scene) -> Truth:
    """Write a scene into a queue directory and return what is in it."""
    by_maker: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for number, (letter, maker) in enumerate(scene.labelled()):
        queue_id = "%05X%04X" % (number * 7919 % 1000000, number)
        spool.put("deferred", queue_id, letter.queue_file())
        spool.put("defer", queue_id, letter.defer_log(), mode=0o600)
        by_maker[maker, letter.is_spam].add(queue_id)
    return Truth({key: frozenset(ids) for key, ids in by_maker.items()})


def ask(spool: Path) -> dict[str, Any]:
    """Return the facts that the module gathers, run as Ansible runs it on a host."""
    arguments = {"spool": str(spool), "gather": ["counts", "reasons", "suggestions"]}
    done = subprocess.run(
        [sys.executable, "-m", _MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    facts: dict[str, Any] = json.loads(done.stdout)["ansible_facts"]["postfix_queue"]
    return facts


def measure(scene: Scene) -> Measured:
    """Return what the suggestions for a scene are worth."""
    with tempfile.TemporaryDirectory() as directory:
        spool = MadeUpSpool(Path(directory) / "spool")
        truth = fill(spool, scene)
        facts = ask(spool.path)
        by_rule = [selected(spool.path, row["match"]) for row in facts["suggestions"]]
    return compare(scene, truth, facts, by_rule)


def compare(scene: Scene, truth: Truth, facts: dict[str, Any], by_rule: Sequence[frozenset[str]]) -> Measured:
    """Return what the suggestions are worth. by_rule: the queue IDs that each of them selects."""
    rows = list(zip(facts["suggestions"], by_rule, strict=True))
    likely = [ids for row, ids in rows if row["confidence"] == LIKELY]
    covered, surely = (frozenset[str]().union(*ids) for ids in (by_rule, likely))
    return Measured(
        name=scene.name,
        is_flooded=scene.is_flooded,
        messages=facts["matched"]["messages"],
        spam=len(truth.spam),
        groups=facts["groups"],
        suggestions=facts["suggestions"],
        note=facts["suggestions_note"],
        all=_worth(by_rule, truth.spam),
        likely=_worth(likely, truth.spam),
        by_rule=by_rule,
        spam_by_rule=[len(ids & truth.spam) for ids in by_rule],
        parts=[
            Part(name, is_spam, len(ids), len(ids & covered), len(ids & surely))
            for (name, is_spam), ids in sorted(truth.by_maker.items())
        ],
    )


def _worth(by_rule: Sequence[frozenset[str]], spam: frozenset[str]) -> Worth:
    covered = frozenset[str]().union(*by_rule)
    return Worth(len(by_rule), len(covered), len(covered & spam), len(spam))
