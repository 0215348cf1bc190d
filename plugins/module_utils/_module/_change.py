# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One run of a module that changes messages: select, check the limits, act, count the outcomes, and show and log the result.

A module says what it does to which messages, and hands that over as an Effect. Everything else happens here.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterator, Mapping, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import DriftError, MailopsError, OutcomeError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination, make_diff, show_sums
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import (
    MOVED,
    LockedSpool,
    open_spool,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._memory import return_large_blocks
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import Request, make_plan
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import (
    Reading,
    name_gaps,
    read_queues,
    show_gaps,
    show_matched,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import MAX_GAPS, ScanCounts
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.rest import Rest
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._module._request import PlanOwner
    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

    # An outcome, and what returns how many of the missing messages of a plan ({queue ID: fingerprint}) had it in an earlier run.
    FindEarlier = Tuple[Outcome, Callable[[Mapping[str, str]], int]]


@dataclass(frozen=True)
class Effect:
    """What a run did to the selected messages, or would do in check mode."""

    outcomes: Mapping[str, Outcome]
    """By queue ID, of the messages that the run acts on."""
    changed: Collection[SelectedMessage]
    """The messages that are changed."""
    destinations: Mapping[str, Destination]
    """Where messages are afterwards, by queue ID, for the diff."""
    sums_name: str
    """The key of the result that has the sums over the changed messages."""
    failed_state: str
    """Where a message is whose outcome is failed, as C(still in the queue)."""
    failed_remedy: str = ""
    """What to do about such a message, if the problem does not say it."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """What the result has in addition."""
    log_fields: Mapping[str, object] = field(default_factory=dict)
    """What the line in the mail log says of the run."""
    is_logged: bool = True
    """Whether a real run leaves that line."""
    broken: MailopsError | None = None
    """What ended the act before all messages were tried."""


@dataclass
class Change:
    """One run of a module that changes messages."""

    audit_log: AuditLog
    request: Request
    spool: Spool
    locked: LockedSpool | None
    """What a real run acts with; None in check mode."""
    outcomes: Sequence[Outcome]
    """The outcomes that the module counts."""
    plan_for: PlanOwner | None
    """What a plan of this run is made for; None if it makes no plan."""
    method: str | None = None
    problems: dict[str, str] = field(default_factory=dict)
    """Why messages could not be changed, by queue ID."""
    _reading: Reading[SelectedMessages] | None = None
    _rest: Rest | None = None

    @property
    def module(self) -> AnsibleModule:
        """The module that runs."""
        return self.audit_log.module

    @property
    def reading(self) -> Reading[SelectedMessages]:
        """What select() has read; an empty selection if it has read nothing."""
        return self._reading or Reading(self.request.new_collector(), ScanCounts(), (), time.monotonic())

    @property
    def selected(self) -> SelectedMessages:
        """The selection."""
        return self.reading.collector

    @property
    def messages(self) -> Mapping[str, SelectedMessage]:
        """The selected messages by queue ID."""
        return self.selected.by_id

    def select(
        self,
        spool: Spool | None = None,
        *,
        ignored: Collection[str] = (),
        is_limited: bool = True,
        is_narrow: bool = True,
        with_times: bool = True,
    ) -> Mapping[str, SelectedMessage]:
        """Read the queues and return the selected messages by queue ID.

        spool: read this directory, not the instance's. ignored: queue IDs that are treated as if they were not there. is_limited:
        whether the limits hold. is_narrow: whether a selection of nearly every message needs match_all or a limit. with_times:
        whether to keep the times of each message. Raises LimitError, and OutcomeError for messages that cannot be decided.
        """
        spool = spool or self.spool
        if self.locked is None:
            return_large_blocks()
        # A plan shows what the selection consists of, and only check mode makes one.
        job = self.request.job(with_tops=self.locked is None, with_times=with_times, ignored=ignored)
        self._reading = read_queues(self.module, spool, job, path=spool.path)
        self._check_undecided()
        if is_limited:
            self.request.limits.check(self.selected, is_narrow=is_narrow)
        return self.messages

    def forget_selection(self) -> None:
        """Have an empty selection, as before select()."""
        self._reading = None

    def _check_undecided(self) -> None:
        """Warn of messages that cannot be decided. Raises OutcomeError instead if the operator wants that."""
        verdicts = self.selected.verdicts
        if not verdicts.undecided:
            return
        text = "Whether %d messages match cannot be decided (%s)." % (verdicts.undecided, name_gaps(verdicts.examples))
        if self.module.params["on_undecided"] == "fail":
            raise OutcomeError(
                text + " Nothing was touched. Select or exclude them by queue_id, or set on_undecided: skip.",
                result={"changed": False, "undecided": show_gaps(verdicts.examples)},
            )
        self.module.warn(text + " They are left alone.")

    def find_not_as_planned(self) -> dict[str, Outcome]:
        """Return the messages of a plan that are not as planned, {queue ID: outcome}: they are gone, or another has their queue ID."""
        # A reused queue ID may have been read together with the planned message, which then has an outcome of its own.
        changed = set(self.selected.verdicts.changed).difference(self.messages)
        return {
            queue_id: Outcome.CHANGED if queue_id in changed else Outcome.VANISHED
            for queue_id in (self.request.planned or {})
            if queue_id not in self.messages
        }

    def show_not_as_planned(self) -> list[dict[str, str]]:
        """Return some of these messages by queue ID, as many as messages are listed at most, each with its outcome."""
        found = sorted(self.find_not_as_planned().items())
        return [{"queue_id": queue_id, "outcome": outcome.value} for queue_id, outcome in found[: self.request.limit]]

    def count_outcomes(
        self,
        outcomes: Mapping[str, Outcome],
        *,
        find_earlier: FindEarlier | None = None,
    ) -> dict[Outcome, int]:
        """Return how many messages had each outcome. Messages of a plan that are not as planned count too.

        find_earlier: an outcome, and what returns how many of the missing messages of a plan had it in an earlier run.
        """
        counted = Counter(outcomes.values())
        counted.update(self._count_drift(find_earlier))
        counted[Outcome.UNDECIDED] = self.selected.verdicts.undecided
        return {outcome: counted[outcome] for outcome in self.outcomes}

    def _count_drift(self, find_earlier: FindEarlier | None) -> Counter[Outcome]:
        """Return how many messages of a plan are not selected, because they are not as planned, by outcome."""
        planned = self.request.planned
        counted: Counter[Outcome] = Counter()
        if planned is None:
            return counted
        # A reused queue ID may have been read together with the planned message, which then has an outcome of its own.
        changed = set(self.selected.verdicts.changed).difference(self.messages)
        missing = {queue_id: planned[queue_id] for queue_id in planned.keys() - self.messages.keys() - changed}
        counted[Outcome.CHANGED] += len(changed)
        counted[Outcome.VANISHED] += len(missing)
        if find_earlier is not None and missing:
            outcome, count = find_earlier
            earlier = count(missing)
            counted[outcome] += earlier
            counted[Outcome.VANISHED] -= earlier
        return counted

    def check_drift(self, find_earlier: FindEarlier) -> None:
        """Raise DriftError if more messages of a plan are gone or changed than max_drift allows. find_earlier: as in count_outcomes()."""
        planned, most = self.request.planned, self.module.params["max_drift"]
        if not planned or most is None:
            return
        counted = self._count_drift(find_earlier)
        vanished, changed = counted[Outcome.VANISHED], counted[Outcome.CHANGED]
        if (vanished + changed) * 100 > most * len(planned):
            raise DriftError(
                "%d of the %d planned messages are no longer as planned (%d are gone, %d have another message under their queue ID), "
                "which is %.1f percent, max_drift allows %g; nothing was touched. Make a new plan, or raise max_drift."
                % (
                    vanished + changed,
                    len(planned),
                    vanished,
                    changed,
                    (vanished + changed) * 100 / len(planned),
                    most,
                ),
                result={
                    "changed": False,
                    "drift": {"planned": len(planned), "vanished": vanished, "changed": changed},
                },
            )

    def watch_rest(self) -> None:
        """Note the messages that are not selected, so that the result counts which of them stayed, if verify_rest requests that."""
        if self.locked is not None and self.module.params["verify_rest"]:
            queues = tuple(dict.fromkeys((*DEFAULT_QUEUES, *self.request.queues)))
            self._rest = Rest(self.spool, queues, self.messages)

    def _show_rest(self) -> dict[str, Any]:
        """Return the counts of the messages that were not selected, if they were noted. Warn if they cannot be read again."""
        if self._rest is None:
            return {}
        try:
            return {"rest": self._rest.compare()._asdict()}
        except MailopsError as error:
            self.module.warn("Whether the other messages stayed as they were could not be verified: %s" % error)
            return {"rest": None}

    def finish(self, effect: Effect, counted: Mapping[Outcome, int] | None = None) -> dict[str, Any]:
        """Return the result of the run. A real run also leaves a line in the mail log; check mode makes the plan of the selection.

        Call it last: after a plan was made, the selection is empty.

        counted: as of count_outcomes(), by default what that returns. Raises OutcomeError for messages whose outcome is failed.
        """
        counted = self.count_outcomes(effect.outcomes) if counted is None else counted
        result = self._show(effect, counted)
        if self.locked is not None:
            self.locked.deletions.flush()
            if effect.is_logged:
                self._log(effect)
        elif self.plan_for is not None and self.request.planned is None:
            result["plan"] = make_plan(self.request, self.selected, self.plan_for, method=self.method)
        if effect.broken is not None:
            raise OutcomeError(str(effect.broken), result=result)
        if counted[Outcome.FAILED]:
            raise OutcomeError(self._describe_failed(effect, counted, result["failures"]), result=result)
        return result

    def _show(self, effect: Effect, counted: Mapping[Outcome, int]) -> dict[str, Any]:
        """Return the result: what all modules that change messages have in common, and what this one has in addition."""
        selected, selection = self.selected, self.request.selection
        listed = [
            {**row, "outcome": getattr(effect.outcomes.get(row["queue_id"]), "value", None)}
            for row in selected.listed.rows()
        ]
        rows = listing.fit_rows(listed, limit=self.request.limit)
        return {
            "changed": bool(effect.changed),
            effect.sums_name: show_sums(effect.changed),
            "outcomes": {outcome.value: number for outcome, number in counted.items()},
            "matched": show_matched(selected.totals, selected.verdicts),
            "messages": rows,
            "truncated": len(rows) < selected.totals.messages,
            "undecided": show_gaps(selected.verdicts.examples),
            "failures": self._show_failures(effect.outcomes),
            "selection": selection.frozen(),
            "selection_digest": selection.digest(),
            "scan": self.reading.show(),
            "diff": make_diff(selected, rows, effect.destinations),
            **self._show_rest(),
            **effect.fields,
        }

    def _show_failures(self, outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
        """Return some of the messages whose outcome is failed, by queue ID, and why."""
        problems = {**(self.locked.problems if self.locked else {}), **self.problems}
        failed = sorted(queue_id for queue_id in problems if outcomes.get(queue_id) is Outcome.FAILED)
        return [
            {
                "queue_id": queue_id,
                "queue": self.messages[queue_id].queue,
                "problem": clip(printable(problems[queue_id])),
            }
            for queue_id in failed[:MAX_GAPS]
        ]

    def _describe_failed(
        self, effect: Effect, counted: Mapping[Outcome, int], failures: Sequence[Mapping[str, Any]]
    ) -> str:
        number = counted[Outcome.FAILED]
        text = "%d of the selected messages are %s." % (number, effect.failed_state)
        if not failures:
            return "%s %s" % (text, MOVED)
        problem = failures[0]["problem"].rstrip(".")
        others = "See failures for others." if number > 1 else ""
        parts = (text, "The first is %s: %s." % (failures[0]["queue_id"], problem), others, effect.failed_remedy)
        return " ".join(part for part in parts if part)

    def _log(self, effect: Effect) -> None:
        """Leave a line in the mail log: who did what to how many messages, by which selection, and why."""
        self.audit_log.add_summary(
            {
                **effect.log_fields,
                "matched": self.selected.totals.messages,
                "user": operator(),
                "selection": self.request.selection.digest(),
            },
            self.request.reason,
        )


@contextmanager
def open_change(
    module: AnsibleModule,
    instance: Instance,
    request: Request,
    *,
    name: str,
    outcomes: Sequence[Outcome],
    plan_for: PlanOwner | None,
    method: str | None = None,
) -> Iterator[Change]:
    """Open the queue directory for one run, locked in a real one. name: the name of the module. Raises BusyError and MailopsError."""
    audit_log = AuditLog(module, instance, name)
    with open_spool(audit_log) as (spool, locked):
        yield Change(audit_log, request, spool, locked, outcomes, plan_for, method)
