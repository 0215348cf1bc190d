# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try every fault at every step of a scenario, and say what went wrong and how much was tried."""

from __future__ import annotations

import errno
import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tests.faults import check
from tests.faults.check import Clean, Problem
from tests.faults.host import Host, places
from tests.faults.inject import CHANGING, FILLING, READING, Fault
from tests.faults.run import ERRORS, Call, Ended, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.scenarios import Scenario


# How many of the faults are left out for each that is tried: all together are some eighty thousand.
STRIDE = int(os.environ.get("MAILOPS_FAULT_STRIDE", "96"))


class Way(NamedTuple):
    """A way in which a step can go wrong."""

    name: str
    fault: Fault
    """At the first step."""


FULL_DISK = Fault(1, errno.ENOSPC, lasting=True, only=FILLING)
FAILURES: Sequence[Way] = (
    *(Way(name, Fault(1, number)) for name, number in ERRORS.items()),
    *(Way(name + " from then on", Fault(1, number, lasting=True)) for name, number in ERRORS.items()),
    Way("a full disk from then on", FULL_DISK),
    Way("a read-only disk from then on", Fault(1, errno.EROFS, lasting=True, only=CHANGING)),
)
KILL = Way("SIGKILL", Fault(1, kills=True))
MEANWHILE = Way("another run", Fault(1))
# So many times as often as one of the failures.
_KILLS = 24


class Wrong(NamedTuple):
    """A problem, and how it is made again."""

    scenario: str
    way: str
    hit: str
    problem: Problem

    def __str__(self) -> str:
        return "%s, %s at %s: %s: %s" % (self.scenario, self.way, self.hit, *self.problem)


@dataclass
class Figures:
    """What was tried and what came of it."""

    steps: int = 0
    """How many calls the scenarios make without a fault."""
    faults: int = 0
    kills: int = 0
    seconds: int = 0
    """How often another run came in the middle."""
    took: float = 0.0
    wrong: list[Wrong] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """How often something went wrong, or another run came."""
        return self.faults + self.kills + self.seconds

    def __str__(self) -> str:
        counted = Counter(wrong.problem.kind for wrong in self.wrong)
        lost, hidden, tracebacks = (counted.pop(name, 0) for name in (check.LOST, check.HIDDEN, check.TRACEBACK))
        tried = "%d steps, %d faults, %d kills, %d second runs" % (self.steps, self.faults, self.kills, self.seconds)
        found = "lost %d, hidden %d, tracebacks %d" % (lost, hidden, tracebacks)
        more = "".join(", %s %d" % row for row in sorted(counted.items()))
        return "%s in %.0f s of CPU: %s%s" % (tried, self.took, found, more)

    def add(self, other: Figures) -> None:
        """Add those of another scenario."""
        for name in ("steps", "faults", "kills", "seconds", "took"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong


def explore(scenario: Scenario, *, stride: int, first: int = 0) -> Figures:
    """Try the faults of a scenario: of all pairs of a step and a way each stride-th, beginning with first."""
    host = Host(*places(), scenario.mails, scenario.orphan)
    try:
        return _Exploration(scenario, host).explore(stride, first)
    finally:
        host.remove()


def run_on_a_full_disk(scenario: Scenario) -> tuple[Ended, Sequence[Problem]]:
    """Return how a scenario ends where nothing can be written from the beginning, and what is wrong then."""
    host = Host(*places(), scenario.mails, scenario.orphan)
    try:
        return _Exploration(scenario, host).run_with(FULL_DISK)
    finally:
        host.remove()


class _Exploration:
    def __init__(self, scenario: Scenario, host: Host) -> None:
        self.scenario = scenario
        self.host = host
        self.figures = Figures()
        self.clean = self._run_cleanly()

    def explore(self, stride: int, first: int) -> Figures:
        """Try each stride-th pair."""
        start = time.process_time() + sum(_children())
        self.figures.steps = len(self.clean.steps)
        for step, way in self._tries(stride, first):
            self._try(replace(way.fault, step=step + 1), way.name)
        self.figures.took = time.process_time() + sum(_children()) - start
        return self.figures

    def _tries(self, stride: int, first: int) -> Iterator[tuple[int, Way]]:
        names = self.clean.steps
        changing = [step for step, name in enumerate(names) if name not in READING]
        often = max(1, stride // _KILLS)
        if self.scenario.second:
            yield from ((step, MEANWHILE) for step in range(first % often, len(names), often))
            return
        yield from ((step, KILL) for step in changing[first % often :: often])
        for at in range(first % stride, len(names) * len(FAILURES), stride):
            # So that a stride with a divisor in common with the number of ways meets each of them, too.
            step, number = divmod(at, len(FAILURES))
            yield step, FAILURES[(number + step) % len(FAILURES)]

    def _prepare(self) -> None:
        self.host.reset()
        for call in self.scenario.before:
            ended = run(self.host, self._placed(call))
            if ended.failed:
                raise AssertionError("the preparation failed: %s" % ended.output)
        self.host.mail_log.unlink(missing_ok=True)
        self.host.keep()

    def _placed(self, call: Call) -> Call:
        """Return the call with the directory of its quarantine."""
        directory = call.options.get("directory")
        return (
            call
            if directory is None
            else Call(call.module, {**call.options, "directory": str(self.host.bases[directory])})
        )

    def _afterwards(self) -> Iterator[Ended]:
        for call in self.scenario.after or [self.scenario.call]:
            yield run(self.host, self._placed(call))

    def _run_cleanly(self) -> Clean:
        self._prepare()
        before = self.host.look()
        ended = run(self.host, self._placed(self.scenario.call))
        if ended.failed or ended.leaked or ended.left or ended.result is None:
            raise AssertionError("it fails without any fault: %s %s" % (ended, ended.output))
        after, logged = self.host.look(), tuple(self.host.logged())
        for again in self._afterwards():
            if again.failed:
                raise AssertionError("what comes afterwards fails without any fault: %s" % again.output)
        return Clean(before, after, self.host.look(), ended.result, logged, ended.steps)

    def _try(self, fault: Fault, way: str) -> None:
        self.host.restore()
        second = self.scenario.second
        ended = run(self.host, self._placed(self.scenario.call), fault, second and self._placed(second))
        if not ended.hit:
            return
        problems = list(self._problems(ended, fault))
        if fault.kills:
            self.figures.kills += 1
        elif fault.number:
            self.figures.faults += 1
        else:
            self.figures.seconds += 1
        self.figures.wrong += [Wrong(self.scenario.name, way, ended.hit, problem) for problem in problems]

    def run_with(self, fault: Fault) -> tuple[Ended, Sequence[Problem]]:
        """Return how a run with a fault ends, and what is wrong then."""
        self.host.restore()
        ended = run(self.host, self._placed(self.scenario.call), fault)
        return ended, [*self._problems(ended, fault)]

    def _problems(self, ended: Ended, fault: Fault) -> Iterator[Problem]:
        if not fault.kills:
            yield from check.check_ended(ended, fault.number)
            after = self.host.look()
            if self.scenario.second:
                yield from self._check_both(ended)
            else:
                yield from check.check_outcome(self.host, self.scenario, self.clean, ended, after)
                if fault.number != errno.ENOENT:
                    yield from check.check_hidden(self.clean, ended, after, reads_only=self.scenario.reads_only)
            if not ended.failed and after.homes() == self.clean.after.homes() and not self.scenario.second:
                # It did its work all the same: nothing is left to do.
                return
            if (after.tree, after.others) == (self.clean.before.tree, self.clean.before.others):
                # It left everything as it was: what runs afterwards does as without a fault.
                return
        elif not ended.was_killed:
            yield Problem("kill", "the process did not die of it: %s" % ended.output)
        for again in self._afterwards():
            yield from (Problem("next run: " + kind, text) for kind, text in check.check_ended(again, 0))
            if again.failed and again.result is not None:
                yield Problem("next run fails", str(again.result.get("msg")))
        yield from check.check_after(
            self.host, self.clean, self.host.look(), killed=fault.kills, together=self.scenario.second is not None
        )

    def _check_both(self, ended: Ended) -> Iterator[Problem]:
        """Yield what is wrong where two runs came at once: together they say what happened."""
        second = ended.second
        if second is None:
            yield Problem("second run", "it left no word")
            return
        yield from check.check_ended(second, 0)
        gone = self.host.look().lost() - self.clean.before.lost()
        deleted = sum(check.deleted_by(one.result or {}) for one in (ended, second))
        if len(gone) != deleted:
            yield Problem(check.LOST, "%s gone, %d reported deleted by both" % (sorted(gone), deleted))


def _children() -> tuple[float, float]:
    times = os.times()
    return times.children_user, times.children_system
