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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan
from tests.suggestions.letters import Scene
from tests.unit.support.spool import MadeUpSpool

_MODULE = "ansible_collections.mailops.postfix.plugins.modules.postfix_queue_facts"


@dataclass(frozen=True)
class Measured:
    """What the suggestions for a scene are worth: all that are listed, together."""

    scene: Scene
    suggestions: Sequence[dict[str, Any]]
    note: str
    messages: int
    spam: int
    covered: int
    """Messages that the suggestions select together."""
    spam_covered: int
    by_rule: Sequence[frozenset[str]]
    """The queue IDs that each suggestion selects."""

    @property
    def precision(self) -> float | None:
        """Spam among what is covered; None where nothing is."""
        return self.spam_covered / self.covered if self.covered else None

    @property
    def recall(self) -> float | None:
        """The share of the spam that is covered; None where there is none."""
        return self.spam_covered / self.spam if self.spam else None


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


def fill(spool: MadeUpSpool, scene: Scene) -> frozenset[str]:
    """Write a scene into a queue directory and return the queue IDs of its spam."""
    spam = set()
    for number, letter in enumerate(scene.letters()):
        queue_id = "%05X%04X" % (number * 7919 % 1000000, number)
        spool.put("deferred", queue_id, letter.queue_file())
        spool.put("defer", queue_id, letter.defer_log(), mode=0o600)
        if letter.is_spam:
            spam.add(queue_id)
    return frozenset(spam)


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
        spam = fill(spool, scene)
        facts = ask(spool.path)
        by_rule = [selected(spool.path, row["match"]) for row in facts["suggestions"]]
    covered = frozenset().union(*by_rule)
    return Measured(
        scene=scene,
        suggestions=facts["suggestions"],
        note=facts["suggestions_note"],
        messages=facts["matched"]["messages"],
        spam=len(spam),
        covered=len(covered),
        spam_covered=len(covered & spam),
        by_rule=by_rule,
    )
