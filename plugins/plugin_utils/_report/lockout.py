# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a lockout, or its end: what was locked or unlocked on which host, and what became of the mail. Pure."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import id_of, log_places
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    SUMS,
    add_up,
    make_row,
    make_run_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import (
    LockoutLimits,
    refuse_locks,
    sum_effects,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    count_matched,
    find_problem,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import sentence

_RUN_AGAIN = "%s Nothing is %s here. Run it again when the host answers."
_NOT_BEGUN = "Nothing was touched here, because the run ended before."
_INTERRUPTED_HERE = "The run was interrupted while it worked on this host. Run it again; what it has done already, it does not do twice."
# A host that timed out may have been locked.
_NOT_ASKED = (State.MISSING, State.UNREACHABLE, State.CONNECTION_REFUSED)
_CHANGES = ("added", "updated", "removed", "expired")


class LockoutSteps(NamedTuple):
    """The steps of the role lockout.

    preview: what postfix_message_info found of each lock in the queue. log: what postfix_log_info found in the log. lock: what
    postfix_lock returned. login: why a hook of the site failed, empty if none did. flush: why a cache was not flushed. sweep: what the
    sweeps did together. plan: what postfix_queue_purge would delete. clean: what postfix_queue_purge or postfix_spool_quarantine did.
    left: what postfix_queue_facts found afterwards.
    """

    preview: Result = NO_RESULT
    log: Result = NO_RESULT
    lock: Result = NO_RESULT
    login: Result = NO_RESULT
    flush: Result = NO_RESULT
    sweep: Result = NO_RESULT
    plan: Result = NO_RESULT
    clean: Result = NO_RESULT
    left: Result = NO_RESULT


class LockoutRun(NamedTuple):
    """What a run does. locks: what is locked or unlocked, as the operator gave it. ids: the IDs of locks to remove.

    unlock: whether it removes locks. cleanup: what becomes of the mail in the queue. quarantine: the name of the quarantine, if any.
    since: how much of the log was read, such as C(1d). check: whether it only predicts, in check mode.
    """

    locks: Sequence[Mapping[str, Any]] = ()
    ids: Sequence[str] = ()
    unlock: bool = False
    cleanup: str = "none"
    quarantine: str | None = None
    since: str | None = None
    reason: str | None = None
    check: bool = False


class _ReportTime(NamedTuple):
    """preview: whether it is before anything is touched. started: for an interrupted run, the hosts on which it had begun."""

    preview: bool
    started: Collection[str] | None


def lockout_report(
    results: Results,
    *,
    created: int,
    run: LockoutRun,
    hosts: Iterable[str] | None = None,
    limits: LockoutLimits | None = None,
    started: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the report on a run of the role lockout.

    results: {host: {step: result}}, with the steps of LockoutSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    limits: given for a preview, before anything is touched. Its refusals are the reasons why nothing must be locked.
    started: for a run that was interrupted, the hosts on which it had begun.
    """
    report_time = _ReportTime(limits is not None, started)
    rows = [_make_row(host, steps, run, report_time) for host, steps in read_steps(results, hosts, LockoutSteps)]
    effects = sum_effects(run.locks, rows)
    about = {name: value for name, value in run._asdict().items() if name not in ("locks", "ids")}
    return make_run_report(
        "lockout",
        created,
        rows,
        refusals=None if limits is None else refuse_locks(rows, effects, limits),
        started=started,
        **about,
        locks=effects,
        ids=list(run.ids),
        not_found=[] if started is not None else _not_found(run, rows),
        fleet=_sum_up(rows),
    )


def _not_found(run: LockoutRun, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the IDs of the locks that should be removed and that were on no host."""
    if not run.unlock:
        return []
    found = {lock_id for row in rows for name in ("removed", "expired") for lock_id in row[name]}
    return [lock_id for lock_id in dict.fromkeys([*map(id_of, run.locks), *run.ids]) if lock_id not in found]


def _sum_up(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "hosts": len(rows),
        "done": sum(row["state"] in _DONE for row in rows),
        **{name: add_up((row[name] or {} for row in rows), SUMS) for name in ("held", "cleaned")},
        **{name: sum(row[name] or 0 for row in rows) for name in ("sessions", "unknown_sessions", "left", "on_hold")},
    }


_DONE = frozenset(
    state.value for state in (State.LOCKED, State.UNLOCKED, State.NOTHING_TO_DO, State.WOULD_LOCK, State.WOULD_UNLOCK)
)


def _make_row(host: str, steps: LockoutSteps, run: LockoutRun, report_time: _ReportTime) -> dict[str, Any]:
    figures = _figures_of(steps, run)
    if report_time.preview:
        problem = _problem_of(steps.preview, run)
        return make_row(host, *problem, **figures) if problem else make_row(host, State.WOULD_LOCK, **figures)
    problem = _find_lock_problem(host, steps, run, report_time.started) or _find_later_problem(steps, run, figures)
    if problem:
        return make_row(host, *problem, **figures)
    return make_row(host, _state_of(steps, run, figures), **figures)


def _figures_of(steps: LockoutSteps, run: LockoutRun) -> dict[str, Any]:
    lock, sweep, clean = (_done(step) for step in (steps.lock, steps.sweep, steps.clean))
    left = count_matched(_done(steps.left))
    failures = [*(sweep.get("failures") or ()), *(clean.get("failures") or ())]
    return {
        **_effects_of(steps, run),
        **{name: [item["id"] for item in lock.get(name) or ()] for name in _CHANGES},
        "sessions": sweep.get("sessions"),
        "unknown_sessions": sweep.get("unknown_sessions"),
        "caches": sorted({cache["cache"] for cache in lock.get("caches") or ()}),
        "held": sweep.get("held"),
        "sweeps": sweep.get("rounds"),
        "cleaned": clean.get("purged") or clean.get("quarantined"),
        "left": None if run.unlock else left,
        "on_hold": left if run.unlock else None,
        "failures": failures,
    }


def _done(result: Result) -> Result:
    return NO_RESULT if result.get("skipped") else result


def _effects_of(steps: LockoutSteps, run: LockoutRun) -> dict[str, Any]:
    """Return for each lock how many messages it selects in the queue and in the log, and how many there are."""
    coverage = steps.preview.get("coverage") or {}
    patterns = coverage.get("patterns") or ()
    matched = (steps.log.get("log") or {}).get("matched") or ()
    # After the locks that the log can show, the last rule selects everything.
    places = log_places(run.locks) if matched else []
    total = (steps.preview.get("matched") or {}).get("messages")
    return {
        "queue": [int(pattern["messages"]) for pattern in patterns],
        "queue_total": total,
        "selected": sum(row["messages"] for row in coverage.get("combinations") or () if row["patterns"])
        if patterns
        else None,
        "log": [None if place is None else int(matched[place]["messages"]) for place in places],
        "log_total": int(matched[-1]["messages"]) if matched else None,
    }


def _problem_of(result: Result, run: LockoutRun) -> Problem | None:
    """Return why a host has no answer; of an unreachable host also what to do."""
    problem = find_problem(result)
    if problem and problem.state in _NOT_ASKED:
        text = _RUN_AGAIN % (sentence(problem.text), "unlocked" if run.unlock else "locked")
        return Problem(problem.state, text)
    return problem


def _find_lock_problem(
    host: str, steps: LockoutSteps, run: LockoutRun, started: Collection[str] | None
) -> Problem | None:
    """Return why a host was not locked or unlocked."""
    if started is not None:
        if host not in started:
            return Problem(State.STOPPED, _NOT_BEGUN)
        return Problem(State.UNKNOWN, _INTERRUPTED_HERE)
    if not steps.lock or steps.lock.get("skipped"):
        return _problem_of(steps.preview, run) or Problem(State.STOPPED, _NOT_BEGUN)
    return _problem_of(steps.lock, run)


def _find_later_problem(steps: LockoutSteps, run: LockoutRun, figures: Mapping[str, Any]) -> Problem | None:
    """Return what failed on a host on which the locks are in place, the worst first."""
    for step, text in (_UNLOCK_STEPS if run.unlock else _LATER_STEPS).items():
        result = getattr(steps, step)
        if result and not result.get("skipped"):
            problem = find_problem(result)
            if problem:
                return Problem(problem.state, text % sentence(problem.text))
    if run.check or run.unlock:
        return None
    if steps.sweep and not steps.sweep.get("quiet_enough", True):
        text = "New mail was still found in each of %d sweeps. Run it again, or raise lockout_sweeps." % (
            figures["sweeps"] or 0
        )
        return Problem(State.LEFT_OVER, text)
    if figures["left"]:
        return Problem(State.LEFT_OVER, _LEFT_TEXT % figures["left"])
    return None


_LEFT_TEXT = "%d messages that the locks select are still there. Run it again."
_LATER_STEPS: Mapping[str, str] = {
    "login": "The account is locked in Postfix, but a task file of the site failed: %s",
    "flush": "The account is locked in Postfix, but a cache was not flushed, so an old password may still work. Flush it by hand: %s",
    "sweep": "The locks are in place, but not all sessions and messages were handled: %s",
    "plan": "The clean-up was refused, and the messages stay on hold: %s",
    "clean": "The clean-up failed, and messages may still be on hold: %s",
    "left": "The locks are in place, but the queue could not be read again: %s",
}

_UNLOCK_STEPS: Mapping[str, str] = {
    "login": "The locks are removed, but a task file of the site failed: %s",
    "flush": "The locks are removed, but a cache was not flushed, so a new password may not work yet. Flush it by hand: %s",
    "left": "The locks are removed, but the messages on hold could not be counted: %s",
}


def _state_of(steps: LockoutSteps, run: LockoutRun, figures: Mapping[str, Any]) -> State:
    changed = any(_done(step).get("changed") for step in (steps.lock, steps.sweep, steps.clean)) or any(
        figures[name] for name in _CHANGES
    )
    if not changed:
        return State.NOTHING_TO_DO
    if run.unlock:
        return State.WOULD_UNLOCK if run.check else State.UNLOCKED
    return State.WOULD_LOCK if run.check else State.LOCKED
