# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports on runs that were interrupted, made by a later run from their notes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import (
    CleanupRun,
    cleanup_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    quarantine_report,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import RunNotes


def interrupted_report(run: RunNotes, *, created: int) -> dict[str, Any]:
    """Return the report on a run that was interrupted. Raises ValueError for a kind of run that is not known."""
    if run.kind not in _REPORTS:
        raise ValueError("%s: %r is no kind of run; known are %s." % (run.path, run.kind, ", ".join(_REPORTS)))
    return {**_REPORTS[run.kind](run, created), "begun": run.begun}


def _report_cleanup(run: RunNotes, created: int) -> dict[str, Any]:
    about = CleanupRun(**run.about)._replace(started=run.started, interrupted=True)
    return cleanup_report(run.results, created=created, run=about)


def _report_quarantine(run: RunNotes, created: int) -> dict[str, Any]:
    return quarantine_report(run.results, created=created, run=QuarantineOptions(**run.about), started=run.acted_on)


def _report_lockout(run: RunNotes, created: int) -> dict[str, Any]:
    return lockout_report(run.results, created=created, run=LockoutRun(**run.about), started=run.acted_on)


_REPORTS: Mapping[str, Callable[[RunNotes, int], dict[str, Any]]] = {
    "cleanup": _report_cleanup,
    "lockout": _report_lockout,
    "quarantine": _report_quarantine,
}
