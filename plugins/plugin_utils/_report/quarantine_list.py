# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on which quarantines a fleet has. Pure."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import make_report, make_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Result,
    Results,
    find_problem,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


class QuarantineListSteps(NamedTuple):
    """The steps of a list of quarantines. listing: what postfix_quarantine_info returned."""

    listing: Result = NO_RESULT


def quarantine_list(results: Results, *, created: int, hosts: Iterable[str] | None = None) -> dict[str, Any]:
    """Return which quarantines there are on a fleet.

    results: {host: {step: result}}, with the steps of QuarantineListSteps. hosts: as in select_hosts(). created: seconds since the
    epoch.
    """
    rows = [_make_row(host, steps.listing) for host, steps in read_steps(results, hosts, QuarantineListSteps)]
    return make_report("quarantines", created, rows)


def _make_row(host: str, listing: Result) -> dict[str, Any]:
    problem = find_problem(listing)
    if problem:
        return make_row(host, *problem, quarantines=[])
    quarantines = listing["quarantines"]
    return make_row(host, State.OK if quarantines else State.NO_QUARANTINE, quarantines=quarantines)
