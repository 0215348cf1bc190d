# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a flush: which messages were tried on which host, and what became of them. Pure."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

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
    Results,
    choose_steps,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


class FlushRun(NamedTuple):
    """What a run does.

    site: the site whose mail is tried, if any. requeue: whether messages are submitted again. wait: how many seconds it waits to see what
    becomes of the messages. match, exclude: the rules. check: whether it only predicts, in check mode.
    """

    site: str | None = None
    requeue: bool = False
    wait: int = 0
    match: Any = ()
    exclude: Any = ()
    reason: str | None = None
    check: bool = False


def flush_report(
    results: Results,
    *,
    created: int,
    run: FlushRun,
    hosts: Iterable[str] | None = None,
    limits: ActLimits | None = None,
) -> dict[str, Any]:
    """Return the report on a flush.

    results: {host: {step: result}}, with the steps of Act. hosts: as in select_hosts(). created: seconds since the epoch.
    limits: given for a preview, before anything is touched. Its refusals are the reasons why nothing must be touched.
    """
    predicts = run.check or limits is not None
    rows = [
        _make_row(host, Act(**choose_steps(steps, Act._fields)), predicts=predicts)
        for host, steps in select_hosts(results, hosts)
    ]
    after = [row["after"] for row in rows if row["after"] is not None]
    ends = {name: sum(end.get(name) or 0 for end in after) for end in after for name in end}
    return make_act_report("flush", created, rows, about=run._asdict(), limits=limits, after=ends or None)


def _make_row(host: str, steps: Act, *, predicts: bool) -> dict[str, Any]:
    result = shown_result(steps, predicts=predicts)
    figures = {**figures_of(result, "tried"), "after": result.get("after")}
    problem = find_act_problem(steps, predicts=predicts)
    if problem:
        return make_row(host, *problem, **figures)
    if not count_messages(figures["changed"]):
        return make_row(host, State.NOTHING_TO_DO, **figures)
    return make_row(host, State.WOULD_FLUSH if predicts else State.FLUSHED, **figures)
