# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a hold, or on a release: which messages were put on hold or released on which host. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import (
    Act,
    ActLimits,
    figures_of,
    find_act_problem,
    make_act_report,
    shown_result,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    count_messages,
    make_row,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    choose_steps,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

# The state of a host on which messages were moved, and on which they would be.
_DONE: Mapping[str, tuple[State, State]] = {
    "held": (State.HELD, State.WOULD_HOLD),
    "released": (State.RELEASED, State.WOULD_RELEASE),
}


class HoldSteps(NamedTuple):
    """The steps of a hold or a release.

    record: what the task returned that read what earlier holds held; only for a release of that. plan: what postfix_queue_hold returned
    in check mode. act: what it returned when it acted.
    """

    record: Result = NO_RESULT
    plan: Result = NO_RESULT
    act: Result = NO_RESULT


class HoldRun(NamedTuple):
    """What a run does.

    state: held or released. own: whether it releases what earlier holds held, and nothing else. record: the directory of the run that
    holds the messages, or that held them. match, exclude: the rules. check: whether it only predicts, in check mode.
    """

    state: str
    own: bool = False
    record: str | None = None
    match: Any = ()
    exclude: Any = ()
    reason: str | None = None
    check: bool = False


def hold_report(
    results: Results,
    *,
    created: int,
    run: HoldRun,
    hosts: Iterable[str] | None = None,
    limits: ActLimits | None = None,
) -> dict[str, Any]:
    """Return the report on a hold or a release. Raises ValueError for a state that is not known.

    results: {host: {step: result}}, with the steps of HoldSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    limits: given for a preview, before anything is touched. Its refusals are the reasons why nothing must be touched.
    """
    if run.state not in _DONE:
        raise ValueError("state: %r is none of %s." % (run.state, ", ".join(_DONE)))
    predicts = run.check or limits is not None
    rows = [
        _make_row(host, HoldSteps(**choose_steps(steps, HoldSteps._fields)), run, predicts=predicts)
        for host, steps in select_hosts(results, hosts)
    ]
    return make_act_report("hold", created, rows, about=run._asdict(), limits=limits)


def _make_row(host: str, steps: HoldSteps, run: HoldRun, *, predicts: bool) -> dict[str, Any]:
    act = Act(steps.plan, steps.act)
    figures = figures_of(shown_result(act, predicts=predicts), "moved")
    if steps.record.get("problem"):
        return make_row(host, State.NO_RECORD, str(steps.record["problem"]), **figures)
    # Nothing of an earlier hold is on this host, so that the module did not run.
    is_empty = bool(steps.record) and steps.plan.get("skipped")
    problem = None if is_empty else _find_problem(steps, act, predicts=predicts)
    if problem:
        return make_row(host, *problem, **figures)
    if not count_messages(figures["changed"]):
        return make_row(host, State.NOTHING_TO_DO, **figures)
    return make_row(host, _DONE[run.state][predicts], **figures)


def _find_problem(steps: HoldSteps, act: Act, *, predicts: bool) -> Problem | None:
    """Return why nothing was, or would be, held or released on a host."""
    if steps.record.get("failed"):
        return Problem(State.NO_RECORD, str(steps.record.get("msg") or "no message"))
    return find_act_problem(act, predicts=predicts)
