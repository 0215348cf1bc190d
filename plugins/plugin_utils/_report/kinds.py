# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The table of all kinds of reports: what each needs, and how it is made. Pure.

``settings` is what a task gives for its kind of report. Each kind has a NamedTuple for it.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import ActLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.flush import FlushRun, flush_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hold import HoldRun, hold_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import LockoutLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.locks import locks_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import PlanLimits, plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    quarantine_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import QuarantineLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_list import quarantine_list
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_numbers, read_options
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.trace import trace_report


class Basis(NamedTuple):
    """What every report is made from.

    results: {host: {step: result}}. created: seconds since the epoch. hosts: those that were queried, in the order of the report.
    """

    results: Results
    created: int
    hosts: Iterable[str] | None = None


class AuditSettings(NamedTuple):
    """The settings of an audit. selection: the match and exclude rules that the messages were selected by.

    thresholds: see thresholds.py. history: the points of earlier audits, see history.py. inventory: the sources of the inventory.
    """

    selection: Mapping[str, Any] | None = None
    thresholds: Mapping[str, Any] | None = None
    history: Sequence[Mapping[str, Any]] = ()
    inventory: Sequence[str] = ()


class PlanSettings(NamedTuple):
    """The settings of a plan. limits: see PlanLimits. fleet_plan: the digest of the fleet plan, and the directory of its run."""

    limits: Mapping[str, Any] | None = None
    fleet_plan: Mapping[str, Any] | None = None


class CleanupSettings(NamedTuple):
    """The settings of a cleanup. run: see CleanupRun."""

    run: Mapping[str, Any] | None = None


class QuarantineSettings(NamedTuple):
    """The settings of a quarantine. run: see QuarantineOptions. limits: see QuarantineLimits; only a preview has some."""

    run: Mapping[str, Any]
    limits: Mapping[str, Any] | None = None


class NoSettings(NamedTuple):
    """The settings of a kind of report that needs none."""


class SuspectsSettings(NamedTuple):
    """The settings of a search for suspects. thresholds: those that the operator set, as for postfix_log_info."""

    thresholds: Mapping[str, Any] | None = None


class LockoutSettings(NamedTuple):
    """The settings of a lockout. run: see LockoutRun. limits: see LockoutLimits; only a preview has some."""

    run: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None


class LocksSettings(NamedTuple):
    """The settings of a list of locks. check: whether expired locks were not removed, in check mode."""

    check: bool = False


class TraceSettings(NamedTuple):
    """The settings of a trace. trace: what was asked for."""

    trace: Mapping[str, Any] | None = None


class HoldSettings(NamedTuple):
    """The settings of a hold or a release. run: see HoldRun. limits: see ActLimits; only a preview has some."""

    run: Mapping[str, Any]
    limits: Mapping[str, Any] | None = None


class FlushSettings(NamedTuple):
    """The settings of a flush. run: see FlushRun. limits: see ActLimits; only a preview has some."""

    run: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] | None = None


def _make_audit(basis: Basis, settings: AuditSettings) -> dict[str, Any]:
    return audit_report(**basis._asdict(), **settings._asdict())


def _make_plan(basis: Basis, settings: PlanSettings) -> dict[str, Any]:
    given = dict(settings.limits or {})
    mixed = {"mixed": given.pop("mixed")} if "mixed" in given else {}
    limits = read_options(PlanLimits, "limits", {**read_numbers("limits", given), **mixed})
    return plan_report(**basis._asdict(), limits=limits, fleet_plan=settings.fleet_plan)


def _make_cleanup(basis: Basis, settings: CleanupSettings) -> dict[str, Any]:
    return cleanup_report(**basis._asdict(), run=read_options(CleanupRun, "run", settings.run))


def _make_quarantine(basis: Basis, settings: QuarantineSettings) -> dict[str, Any]:
    limits = settings.limits
    return quarantine_report(
        **basis._asdict(),
        run=read_options(QuarantineOptions, "run", settings.run),
        limits=None if limits is None else read_options(QuarantineLimits, "limits", read_numbers("limits", limits)),
    )


def _make_quarantine_list(basis: Basis, _settings: NoSettings) -> dict[str, Any]:
    return quarantine_list(**basis._asdict())


def _make_suspects(basis: Basis, settings: SuspectsSettings) -> dict[str, Any]:
    return suspects_report(**basis._asdict(), thresholds=read_numbers("thresholds", settings.thresholds))


def _make_lockout(basis: Basis, settings: LockoutSettings) -> dict[str, Any]:
    limits = settings.limits
    return lockout_report(
        **basis._asdict(),
        run=read_options(LockoutRun, "run", settings.run),
        limits=None if limits is None else read_options(LockoutLimits, "limits", read_numbers("limits", limits)),
    )


def _make_locks(basis: Basis, settings: LocksSettings) -> dict[str, Any]:
    return locks_report(**basis._asdict(), check=settings.check)


def _make_trace(basis: Basis, settings: TraceSettings) -> dict[str, Any]:
    return trace_report(**basis._asdict(), trace=settings.trace)


def _make_hold(basis: Basis, settings: HoldSettings) -> dict[str, Any]:
    run = read_options(HoldRun, "run", settings.run)
    return hold_report(**basis._asdict(), run=run, limits=_read_act_limits(settings.limits))


def _make_flush(basis: Basis, settings: FlushSettings) -> dict[str, Any]:
    run = read_options(FlushRun, "run", settings.run)
    return flush_report(**basis._asdict(), run=run, limits=_read_act_limits(settings.limits))


def _read_act_limits(limits: Mapping[str, Any] | None) -> ActLimits | None:
    return None if limits is None else read_options(ActLimits, "limits", read_numbers("limits", limits))


class Kind(NamedTuple):
    """A kind of report: the class of its settings, and the function that makes it."""

    settings: Callable[..., Any]
    make: Callable[[Basis, Any], dict[str, Any]]


KINDS: Mapping[str, Kind] = {
    "audit": Kind(AuditSettings, _make_audit),
    "plan": Kind(PlanSettings, _make_plan),
    "cleanup": Kind(CleanupSettings, _make_cleanup),
    "quarantine": Kind(QuarantineSettings, _make_quarantine),
    "quarantines": Kind(NoSettings, _make_quarantine_list),
    "suspects": Kind(SuspectsSettings, _make_suspects),
    "lockout": Kind(LockoutSettings, _make_lockout),
    "locks": Kind(LocksSettings, _make_locks),
    "trace": Kind(TraceSettings, _make_trace),
    "hold": Kind(HoldSettings, _make_hold),
    "flush": Kind(FlushSettings, _make_flush),
}


def make_report_of(kind: str, basis: Basis, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the report of a kind in KINDS. Raises ValueError for settings that the kind does not have, or that it lacks."""
    chosen = KINDS[kind]
    return chosen.make(basis, read_options(chosen.settings, "settings", settings))
