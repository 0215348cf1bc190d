# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports on runs that were broken off, made by a later run from what they had noted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import (
    Cleanup,
    QuarantineRun,
    Quarantining,
    cleanup_report,
    quarantine_report,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.plugin_utils._files import Run


def broken_off_report(run: Run, *, created: int) -> dict[str, Any]:
    """Return the report on a run that was broken off. Raises ValueError for a kind of run that is not known."""
    kind = run.about.get("kind")
    if kind not in _REPORTS:
        raise ValueError("%s: %r is no kind of run; known are %s." % (run.path, kind, ", ".join(_REPORTS)))
    return {**_REPORTS[str(kind)](run, created), "begun": run.begun}


def _cleanup(run: Run, created: int) -> dict[str, Any]:
    cleanups = {
        host: Cleanup(*(steps.get(step) or {} for step in Cleanup._fields)) for host, steps in run.results.items()
    }
    return cleanup_report(
        cleanups, created=created, method=run.about["method"], reason=run.about.get("reason"), started=run.started
    )


def _quarantine(run: Run, created: int) -> dict[str, Any]:
    hosts = {
        host: Quarantining(*((run.results.get(host) or {}).get(step) or {} for step in Quarantining._fields))
        for host in run.about["hosts"]
    }
    known = {name: run.about[name] for name in ("name", "reason", "rules", "must_run") if name in run.about}
    about = QuarantineRun(**known, broken_off=True, started=tuple(sorted(run.started)))
    return quarantine_report(hosts, created=created, run=about)


_REPORTS: Mapping[str, Callable[[Run, int], dict[str, Any]]] = {"cleanup": _cleanup, "quarantine": _quarantine}
