# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_spool_quarantine does: move messages or whole queues out of Postfix's sight, back, or away for good."""

from __future__ import annotations

import os
import platform
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    OutcomeError,
    PlanError,
    QuarantineError,
    SelectionError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import (
    DEFAULT_QUEUES,
    DELIVERY_QUEUES,
    LISTED_QUEUES,
    LOGS,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module import _acting, _options, _quarantines, _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Act, Destination, Seen
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Request
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import name_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import service as _service
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import ScanCounts, scan
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import Move, MoveResult

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.service import Outage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import Layout

STATES = ("quarantined", "restored", "absent")
MODES = ("messages", "queues")
RESTORE_TO = ("original", "hold", "maildrop")
OUTCOMES = (
    "quarantined",
    "restored",
    "deleted",
    "already",
    "vanished",
    "changed",
    "in_flight",
    "collision",
    "failed",
    "undecided",
)

_NAME = "postfix_spool_quarantine"
_MAX_LISTED = 100
_MAX_FAILURES = 20
# Messages that a warning names.
_MAX_NAMED = 20
# What is said of an error of the system that nothing more is known of.
_UNREADABLE = "The queue directory cannot be read"
_VERBS = {"quarantined": "quarantined", "restored": "restored", "absent": "deleted"}
# What the messages of these queues are looked for with: postkick(1), src/qmgr/qmgr.c, src/pickup/pickup.c.
_KICKS = {"incoming": ("qmgr", "I"), "deferred": ("qmgr", "D"), "maildrop": ("pickup", "W")}

# What is said of messages and files that a move notes, by where it notes them.
_REMARKS = {
    "duplicates": (
        "%d messages are in the quarantine, but their originals were no longer in the queue: Postfix may have delivered or returned "
        "them: %s."
    ),
    "uncertain": (
        "%d messages were given back by an interrupted run and are no longer in the queue: Postfix may have delivered or returned "
        "them. They are still in the quarantine, and this run leaves them out: %s. The next run takes them in again."
    ),
    "emptied": (
        "%d messages are still in the quarantine, because somebody has removed their copies from pid/ in the queue directory. Postfix "
        "may have delivered some of them before: %s."
    ),
    "leftovers": (
        "%d files of an interrupted run stay where they are, because nothing proves that they are copies: %s. Look at them, then move "
        "or remove them."
    ),
    "odd_logs": "%d logs of messages are no regular files or cannot be moved, and stay where they are: %s.",
}

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.LIMIT,
    _options.CHANGE,
    _quarantines.DIRECTORY,
    {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "quarantined"},
        "mode": {"type": "str", "choices": list(MODES), "default": "messages"},
        "queues": {"type": "list", "elements": "str", "choices": list(LISTED_QUEUES)},
        "service": {"type": "str", "choices": list(_service.SERVICES), "default": "auto"},
        "restore_to": {"type": "str", "choices": list(RESTORE_TO), "default": "original"},
        "older_than": {"type": "str"},
    },
)


@dataclass(frozen=True)
class Origin:
    """What a plan is for."""

    identity: dict[str, str]


@dataclass
class Job:
    """One run: what it works on, and what its result has in addition to the common one."""

    module: AnsibleModule
    instance: Instance
    layout: Layout
    base: str
    name: str
    request: Request
    origin: Origin
    extra: dict[str, Any] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    """Queue IDs in the quarantine that this run does not look at."""
    failures: dict[str, str] = field(default_factory=dict)
    """Why messages stayed where they were, by queue ID."""
    broken: MailopsError | None = None
    """What ended the act before all messages were tried."""
    touched: bool = False
    """Whether anything is no longer where it was, as far as the outcomes do not show it."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The module's options."""
        params: Mapping[str, Any] = self.module.params
        return params

    def said(self) -> dict[str, Any]:
        """Return what the journal is to say of this run."""
        return {
            "reason": printable(self.request.reason or "")[: _acting.MAX_REASON],
            "selection": self.request.selection.frozen(),
            "digest": self.request.selection.digest(),
        }

    def open(self) -> Quarantine:
        """Return the quarantine. Raises QuarantineError where there is none, and where it is another instance's."""
        quarantine = Quarantine(self.base, self.name)
        quarantine.check_owner(self.instance.identity)
        return quarantine

    def make(self) -> Quarantine:
        """Return the quarantine, made where there is none. Raises QuarantineError."""
        quarantine = Quarantine.make(self.base, self.name, host=platform.node(), instance=self.instance.identity)
        quarantine.check_owner(self.instance.identity)
        return quarantine

    def exists(self) -> bool:
        """Return whether there is a quarantine of that name. Raises MailopsError where anything else is there."""
        if quarantines.exists(self.base, self.name):
            return True
        if self.params["state"] == "quarantined" or quarantines.is_empty(self.base, self.name):
            # What a killed run left when it had removed everything else counts as nothing.
            quarantines.check_adoptable(self.base, self.name)
        elif os.path.lexists(os.path.join(self.base, self.name)):
            self.open().__exit__()
            return True
        return False


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    quarantines.check_name(params["name"])
    instance = _options.instance_of(module)
    instance.require_root()
    _quarantines.check_place(_quarantines.base_of(params, instance), params["name"], instance)
    state = params["state"]
    work = _WORK[state, params["mode"] if state == "quarantined" else "messages"]
    job = _job_of(module, instance)
    with _acting.acting(module, instance, purpose=_NAME) as (spool, act):
        _recover(job, act)
        result = work(job, spool, act)
    _check_failed(job, result)
    return result


def _check_failed(job: Job, result: dict[str, Any]) -> None:
    """Raise OutcomeError where the act broke off, or where messages had the outcome failed."""
    place = "still in the queue" if job.params["state"] == "quarantined" else "still in the quarantine"
    if job.broken is not None:
        raise OutcomeError(str(job.broken), result=result)
    if job.failures:
        queue_id, problem = next(iter(job.failures.items()))
        raise OutcomeError(
            "%d of the selected messages are %s. The first is %s: %s. See failures, fix that, then run this again."
            % (result["outcomes"]["failed"], place, queue_id, problem),
            result=result,
        )
    _acting.check_failed(result, place)


def _job_of(module: AnsibleModule, instance: Instance) -> Job:
    params = dict(module.params)
    state, name = params["state"], params["name"]
    whole = state == "quarantined" and params["mode"] == "queues"
    if params["queues"] is None:
        chosen = DEFAULT_QUEUES if state == "quarantined" else LISTED_QUEUES
        params["queues"] = list(chosen)
    if whole:
        _check_whole(params)
        instance.require_own_queue()
        _check_directories(params, instance)
        params["match_all"] = True
    identity = instance.identity
    if state != "quarantined":
        identity = {**identity, "quarantine": name}
    # What is no plan at all, check_plan() says.
    planned = (params["plan"] or {}).get("instance")
    if isinstance(planned, dict) and planned.get("quarantine") != identity.get("quarantine"):
        raise PlanError(
            "The plan was not made for state %s with this quarantine; make a new plan (run the module in check mode)."
            % state
        )
    origin = Origin(identity)
    return Job(
        module=module,
        instance=instance,
        layout=layout_of(instance),
        base=_quarantines.base_of(params, instance),
        name=name,
        request=_selected.request_of(params, origin),
        origin=origin,
    )


def _check_whole(params: Mapping[str, Any]) -> None:
    """Raise SelectionError for what does not go with whole queues."""
    given = [name for name in ("match", "exclude", "plan") if params[name]]
    if given:
        raise SelectionError(
            "mode", "queues moves whole queues; leave out %s, or use mode: messages" % " and ".join(given)
        )
    missing = [queue for queue in DELIVERY_QUEUES if queue not in params["queues"]]
    if missing:
        raise SelectionError(
            "queues",
            "mode: queues moves all of incoming, active and deferred, between which messages go by themselves; add %s"
            % " and ".join(missing),
        )


def _recover(job: Job, act: Act | None) -> None:
    """Finish or undo what an interrupted run left; in check mode warn of it."""
    if not job.exists():
        return
    with job.open() as quarantine, QueueDirectory(job.layout) as live:
        if act is None:
            if not quarantine.is_whole(live):
                job.module.warn(
                    "An earlier run on the quarantine %s was interrupted. The next real run first finishes or undoes it."
                    % job.name
                )
            return
        intent = quarantine.unfinished() or {}

        tried: list[bool] = []

        def start() -> None:
            if intent.get("running") and not tried and not job.instance.running():
                tried.append(True)
                _service.service_left(job.instance, intent["unit"]).start()

        try:
            recovered = quarantine.recover(live, start=start)
        except (OSError, MailopsError) as error:
            start()
            if isinstance(error, OSError):
                raise quarantines.broken_off(quarantine, live, error) from error
            raise
        if recovered is not None:
            job.module.warn(
                "An earlier run on the quarantine %s was interrupted; it was finished or undone." % job.name
            )
            job.left_out = recovered.uncertain
            _warn_of(job, recovered)


def _warn_of(job: Job, moved: MoveResult) -> None:
    """Warn of what a move has left where it is, or could not decide."""
    for name, text in _REMARKS.items():
        listed = sorted(getattr(moved, name))
        if listed:
            shown = ", ".join(printable(one) for one in listed[:_MAX_NAMED])
            more = " and %d more" % (len(listed) - _MAX_NAMED) if len(listed) > _MAX_NAMED else ""
            job.module.warn(text % (len(listed), shown + more))


# --- reading and the result -----------------------------------------------------------------------------------------


def _see(job: Job, spool: Spool) -> Seen:
    """Read the queues and return the selection. Raises LimitError where it is larger than allowed."""
    seen = _see_all(job, spool, job.left_out)
    _selected.check_limits(seen.selected, job.request, narrow=job.params["state"] != "restored")
    return seen


def _see_all(job: Job, spool: Spool, earlier: Collection[str] = ()) -> Seen:
    """Read the queues and return the selection. earlier: queue IDs that are left out as if they were not there."""
    started = time.monotonic()
    reading = job.request.job()
    if earlier:
        reading = replace(reading, wanted=lambda queue_id: queue_id not in earlier, pass_over=_pass_over)
    share = scan(spool, reading)
    warn_of_gaps(job.module, share.counts, share.gaps, spool.path)
    seen = Seen(job.request, share.result, share.counts, share.gaps, started)
    _acting.check_undecided(job.module, seen)
    return seen


def _pass_over(_found: QueueEntry, _incomplete: bool, _counted: _selected.SelectedMessages) -> None:
    """Count nothing."""


def _tell(job: Job, seen: Seen, outcomes: Mapping[str, str], act: Act | None) -> dict[str, Any]:
    """Return the result of a run, real or predicted, and leave a line in the mail log of a real one."""
    verb = _VERBS[job.params["state"]]
    reached = (verb, "in_flight") if not job.extra.get("left_in_flight") else (verb,)
    targets = seen.selected.targets
    done = [target for target in targets.values() if outcomes.get(target.queue_id) in reached]
    collisions = sorted(queue_id for queue_id, outcome in outcomes.items() if outcome == "collision")
    result: dict[str, Any] = {
        "changed": bool(done) or job.touched,
        "name": job.name,
        "path": os.path.join(job.base, job.name),
        "state": job.params["state"],
        verb: _acting.show_sums(done),
        "collisions": collisions[:_MAX_LISTED],
        "down": 0.0,
        **_acting.show_common(seen, {target.queue_id: Destination(None, "") for target in done}, act),
        "outcomes": _count_outcomes(job, seen, outcomes),
        "failures": _show_failures(job, seen, act),
        **{key: value for key, value in job.extra.items() if key != "left_in_flight"},
    }
    if collisions:
        job.module.warn(
            "%d messages stay in the quarantine %s, because their queue IDs are taken in the queue."
            % (len(collisions), job.name)
        )
    if act is not None and (done or job.broken or job.touched):
        if job.params["state"] == "quarantined" and not _is_whole(job):
            _acting.log_ids(job.module, job.instance, _NAME, verb, [target.queue_id for target in done])
        said = {"state": job.params["state"], "quarantine": job.name, verb: len(done)}
        _acting.audit(job.module, job.instance, _NAME, result, said, seen)
    if act is None and job.params["plan"] is None and not _is_whole(job):
        result["plan"] = _selected.make_plan(seen.selected, job.request, job.origin)
    return result


def _count_outcomes(job: Job, seen: Seen, outcomes: Mapping[str, str]) -> dict[str, int]:
    """Return how many messages had each outcome. Of a plan, what was moved by an earlier run did not vanish."""
    counted = _acting.count_outcomes(seen, outcomes, OUTCOMES)
    planned = job.request.planned
    if planned is not None:
        missing = set(planned).difference(seen.selected.targets, seen.selected.changed)
        already = 0
        with _keeping(job, "The quarantine %s cannot be read" % os.path.join(job.base, job.name)):
            already = len(_moved_before(job, missing)) if missing else 0
        counted["already"] += already
        counted["vanished"] -= already
    return counted


def _moved_before(job: Job, queue_ids: set[str]) -> set[str]:
    """Return which of these messages earlier runs have quarantined, restored or deleted, as the quarantine and its journal say."""
    if not quarantines.exists(job.base, job.name):
        return set()
    with job.open() as quarantine:
        present = quarantine.present(queue_ids)
        if job.params["state"] == "quarantined":
            return present
        return queue_ids.intersection(quarantine.ended_for(job.params["state"])) - present


def _show_failures(job: Job, seen: Seen, act: Act | None) -> list[dict[str, Any]]:
    """Return the first messages that stayed where they were, with the reason."""
    targets = seen.selected.targets
    failures = {**(act.problems if act else {}), **job.failures}
    return [
        {"queue_id": queue_id, "queue": targets[queue_id].queue, "problem": problem}
        for queue_id, problem in failures.items()
        if queue_id in targets
    ][:_MAX_FAILURES]


def _is_whole(job: Job) -> bool:
    return bool(job.params["state"] == "quarantined" and job.params["mode"] == "queues")


def _nothing(job: Job) -> Seen:
    """Return what was seen where there is nothing to look at."""
    return Seen(job.request, job.request.nothing(), ScanCounts(), (), time.monotonic())


# --- quarantined ----------------------------------------------------------------------------------------------------


def _quarantine_messages(job: Job, spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move the selection out of the queue while Postfix runs."""
    job.exists()
    seen = _see(job, spool)
    targets = seen.selected.targets
    if targets:
        quarantines.check_room(os.path.join(job.base, job.name))
    if act is None:
        return _tell(job, seen, dict.fromkeys(targets, "quarantined"), act)
    outcomes: dict[str, str] = {}
    if targets:
        with job.make() as quarantine, QueueDirectory(job.layout) as live:
            outcomes = _take(job, act, quarantine, live, targets)
    return _tell(job, seen, outcomes, act)


def _take(
    job: Job, act: Act, quarantine: Quarantine, live: QueueDirectory, targets: Mapping[str, _selected.SelectedMessage]
) -> dict[str, str]:
    """Hold, verify, move; return {queue ID: outcome}. Whatever happens, nothing stays on hold that was not there before."""
    # Asked before anything is put on hold.
    quarantine.is_elsewhere(live)
    in_maildrop = {queue_id: target for queue_id, target in targets.items() if target.queue == "maildrop"}
    others = [target for queue_id, target in targets.items() if queue_id not in in_maildrop]
    moving = [target for target in others if target.queue in DELIVERY_QUEUES]
    taking = _Taking(job, act, quarantine, live, targets)
    held: set[str] = set()
    try:
        with _keeping(job, _UNREADABLE):
            # Where what is moved cannot be recorded, it is not put on hold either.
            standing = _acting.hold(act, others, needs_journal=True)
            held.update(queue_id for queue_id, what in standing.items() if what.same and not what.problem)
            taking.take(standing, "hold")
        with _keeping(job, _UNREADABLE):
            # Where the first of them broke off, a second move would hide from the journal what is left of it.
            if in_maildrop and job.broken is None:
                taking.take(_acting.verify(act.spool, "maildrop", in_maildrop), "maildrop")
    finally:
        held.intersection_update(target.queue_id for target in moving)
        _release(job, act, moving, held - taking.moved)
    _settle_unseen(job, act, targets, taking.outcomes)
    return taking.outcomes


def _settle_unseen(
    job: Job, act: Act, targets: Mapping[str, _selected.SelectedMessage], outcomes: dict[str, str]
) -> None:
    """Say what became of the messages that have no outcome yet."""
    if job.broken is None:
        with _keeping(job, _UNREADABLE):
            unseen = {queue_id: target for queue_id, target in targets.items() if queue_id not in outcomes}
            outcomes.update(_acting.look_in_delivery(act, unseen))
    for queue_id in targets if job.broken is not None else ():
        if outcomes.setdefault(queue_id, "failed") == "failed":
            job.failures.setdefault(queue_id, act.problems.get(queue_id, str(job.broken)))


def _release(job: Job, act: Act, targets: Sequence[_selected.SelectedMessage], held: set[str]) -> None:
    """Give back to delivery what this run has put on hold and not moved. What cannot be given back, the next run gives back.

    held: what is on hold because of this run. Where any of it is not found there, the next run looks again.
    """
    released: set[str] = set()
    problem = None
    try:
        standing = _acting.release(act, targets)
        released.update(queue_id for queue_id, what in standing.items() if what.same and not what.problem)
        problem = next((what.problem for what in standing.values() if what.problem), None)
    except (OSError, MailopsError) as error:
        problem = str(SystemRefusal(_UNREADABLE, error) if isinstance(error, OSError) else error)
    job.touched = job.touched or bool(held - released)
    if problem is not None:
        text = "What was put on hold cannot be released, and the next run releases it. %s" % problem
        job.broken = job.broken or MailopsError(text)
    elif released.issuperset(held):
        act.clear_journal()


@contextmanager
def _keeping(job: Job, what: str) -> Iterator[None]:
    """Keep an error as what ended the act: the result then says what was done. what: as of SystemRefusal."""
    try:
        yield
    except (OSError, MailopsError) as error:
        _break(job, what, error)


def _break(job: Job, what: str, error: OSError | MailopsError) -> None:
    """Keep an error that ends the act. The result still says what was done. what: as of SystemRefusal."""
    job.broken = job.broken or (SystemRefusal(what, error) if isinstance(error, OSError) else error)


@dataclass
class _Taking:
    """What becomes of messages while they are taken out of the queue."""

    job: Job
    act: Act
    quarantine: Quarantine
    live: QueueDirectory
    targets: Mapping[str, _selected.SelectedMessage]
    outcomes: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    """The messages that are in the quarantine."""

    def take(self, standing: Mapping[str, FileState], queue: str) -> None:
        """Move from hold or maildrop what is still the selected message there. Raises OSError and MailopsError."""
        self.outcomes.update(
            (queue_id, "failed" if what.problem else "changed")
            for queue_id, what in standing.items()
            if what.problem or not what.same
        )
        verified = [queue_id for queue_id in standing if queue_id not in self.outcomes]
        busy = frozenset(queue_id for queue_id in verified if standing[queue_id].busy)
        in_flight = _acting.wait_for_delivery(self.act.spool, queue, busy, seconds=_acting.IN_FLIGHT_SECONDS)
        if self.quarantine.is_elsewhere(self.live) and in_flight:
            # A copy would not learn which recipients were served meanwhile.
            self.job.extra["left_in_flight"] = True
            self.outcomes.update(dict.fromkeys(in_flight, "in_flight"))
            verified = [queue_id for queue_id in verified if queue_id not in in_flight]
        if verified:
            self._move(verified, in_flight, queue)

    def _move(self, queue_ids: Sequence[str], in_flight: Collection[str], queue: str) -> None:
        wanted = {queue_id: Move(queue, self.targets[queue_id].queue) for queue_id in queue_ids}
        try:
            moved = self.quarantine.take(self.live, wanted, **self.job.said())
        except QuarantineError as error:
            moved = MoveResult(failed=dict.fromkeys(queue_ids, str(error)), broken=error)
        self.moved.update(moved.done)
        self.outcomes.update(_outcomes_of(self.job, moved, queue_ids, "quarantined"))
        self.outcomes.update((queue_id, "in_flight") for queue_id in in_flight if queue_id in moved.done)


def _outcomes_of(job: Job, moved: MoveResult, queue_ids: Collection[str], done: str) -> dict[str, str]:
    """Return what became of messages that were to be moved, by queue ID, and keep what went wrong."""
    job.broken = job.broken or moved.broken
    job.touched = job.touched or moved.touched
    job.failures.update(moved.failed)
    _warn_of(job, moved)
    outcomes = dict.fromkeys(queue_ids, "vanished")
    outcomes.update(dict.fromkeys(moved.failed, "failed"))
    outcomes.update(dict.fromkeys(moved.collisions, "collision"))
    outcomes.update(dict.fromkeys(moved.done, done))
    return outcomes


def _quarantine_queues(job: Job, spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move whole queues away and have Postfix go on with empty ones."""
    if job.exists():
        with job.open() as quarantine:
            if quarantine.swapped():
                return _tell(job, _nothing(job), {}, act)
    service = _service.service_of(job.params["service"], job.instance)
    _check_same_filesystem(job)
    quarantines.check_room(os.path.join(job.base, job.name))
    if act is None:
        seen = _see(job, spool)
        return {**_tell(job, seen, dict.fromkeys(seen.selected.targets, "quarantined"), act), "changed": True}
    if job.params["max_messages"] is not None or job.params["max_percent"] is not None:
        _see(job, spool)
    with job.make() as quarantine, QueueDirectory(job.layout) as live:
        earlier = quarantine.present()
        _swap(job, quarantine, live, service)
        seen = _see_swapped(job, quarantine, earlier)
    result = _tell(job, seen, dict.fromkeys(seen.selected.targets, "quarantined"), act)
    # The directories were moved, whatever was in them.
    return {**result, "changed": result["changed"] or job.broken is None}


def _see_swapped(job: Job, quarantine: Quarantine, earlier: Collection[str]) -> Seen:
    """Return what was moved into the quarantine, nothing where it cannot be read."""
    try:
        # The limits were checked before.
        return _see_all(job, quarantine.spool, earlier)
    except (OSError, MailopsError) as error:
        _break(job, "The quarantine %s cannot be read" % quarantine.path, error)
    return _nothing(job)


def _swap(job: Job, quarantine: Quarantine, live: QueueDirectory, service: _service.Service | None) -> None:
    """Move the queues away while Postfix is stopped. Raises MailopsError where it was not stopped; later errors are kept."""
    outages: list[Outage] = []
    moved = MoveResult()

    @contextmanager
    def stopped() -> Iterator[None]:
        with _service.stopped(service, prepare=lambda: quarantine.settle_swap(live)) as outage:
            outages.append(outage)
            yield

    left = {"running": service is not None, "unit": service.unit if service else None}
    try:
        quarantine.swap(live, job.request.selection.queues, stopped, moved, **left, **job.said())
    except MailopsError as error:
        if not outages:
            raise
        job.broken = error
    job.touched = moved.touched
    job.extra["down"] = outages[0].seconds


def _check_same_filesystem(job: Job) -> None:
    """Raise SelectionError where whole queues cannot be renamed into the quarantine."""
    place = job.base
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    if not quarantines.are_together(place, job.instance.queue_directory):
        raise SelectionError(
            "directory",
            "%s is on another filesystem than the queue directory %s, and mail would be down while whole queues are copied; nothing "
            "was touched. Name a directory on that filesystem, such as %s, or use mode: messages"
            % (job.base, job.instance.queue_directory, quarantines.default_base(job.instance.queue_directory)),
        )


def _check_directories(params: Mapping[str, Any], instance: Instance) -> None:
    """Raise SelectionError for a queue that a rename does not move away: a link, or a filesystem of its own."""
    top = instance.queue_directory
    for name in (*params["queues"], *LOGS):
        path = os.path.join(top, name)
        if os.path.islink(path):
            problem = "is a symbolic link, and Postfix would go on with the directory that it leads to"
        elif not quarantines.are_together(path, top):
            problem = "is a filesystem of its own, and a mounted directory cannot be renamed"
        else:
            continue
        raise SelectionError("queues", "%s in %s %s. Nothing was touched. Use mode: messages" % (name, top, problem))


# --- restored -------------------------------------------------------------------------------------------------------


def _restore(job: Job, _spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move the selection back to Postfix."""
    with job.open() as quarantine, QueueDirectory(job.layout) as live:
        seen = _see(job, quarantine.spool)
        wanted = {
            queue_id: Move(target.queue, _where_to(target.queue, job.params["restore_to"]))
            for queue_id, target in seen.selected.targets.items()
        }
        if wanted:
            _check_room_to_restore(job, quarantine, live)
        if act is None:
            taken = quarantine.collisions(live, wanted)
            return _tell(
                job, seen, {queue_id: "collision" if queue_id in taken else "restored" for queue_id in wanted}, act
            )
        outcomes: dict[str, str] = {}
        if wanted:
            moved = quarantine.give(live, wanted, to=job.params["restore_to"], **job.said())
            outcomes = _outcomes_of(job, moved, wanted, "restored")
            job.extra["renamed"] = [
                {"queue_id": new, "was": old} for old, new in sorted(moved.renamed.items())[:_MAX_LISTED]
            ]
            with _keeping(job, "The daemons of Postfix cannot be sent a request"):
                _kick(job, {wanted[queue_id].queue for queue_id in moved.done})
        return _tell(job, seen, outcomes, act)


def _check_room_to_restore(job: Job, quarantine: Quarantine, live: QueueDirectory) -> None:
    """Raise SystemRefusal where the journal, or copies of the messages, cannot be written."""
    quarantines.check_room(quarantine.path)
    if quarantine.is_elsewhere(live):
        quarantines.check_room(job.instance.queue_directory)


def _where_to(queue: str, restore_to: str) -> str:
    """Return the queue that a message goes back to."""
    # What is in maildrop was not looked at by cleanup(8) yet, and must not get around it (src/postsuper/postsuper.c, hold_one()).
    if queue == "maildrop" or restore_to == "maildrop":
        return "maildrop"
    if restore_to == "hold":
        return "hold"
    # qmgr(8) looks into active only when it starts.
    return "incoming" if queue == "active" else queue


def _kick(job: Job, queues: set[str]) -> None:
    """Send a request to the daemons that must notice."""
    if not job.instance.running():
        return
    for daemon, request in sorted({_KICKS[queue] for queue in queues if queue in _KICKS}):
        if not job.instance.kick(daemon, request):
            job.module.warn(
                "%s did not take the request to look for the restored messages. It looks by itself within queue_run_delay."
                % daemon
            )


# --- absent ---------------------------------------------------------------------------------------------------------


def _remove(job: Job, _spool: Spool, act: Act | None) -> dict[str, Any]:
    """Delete the selection in the quarantine; the quarantine as well where everything was selected."""
    if not job.exists():
        return _tell(job, _nothing(job), {}, act)
    with job.open() as quarantine:
        if _is_young(job, quarantine):
            return _tell(job, _nothing(job), {}, act)
        whole = job.request.planned is None and job.request.selection.everything and job.params["queues"] is None
        if whole:
            quarantine.check_proved(None, whole=act is not None)
        seen = _see(job, quarantine.spool)
        if whole and seen.counts.unreadable:
            # What could not be read was not counted, and nothing is deleted that is not counted.
            whole = False
            job.broken = MailopsError(
                "%d messages in the quarantine %s cannot be read, and stay there (%s). Fix that, then run this again."
                % (seen.counts.unreadable, job.name, name_gaps(seen.gaps))
            )
        targets = seen.selected.targets
        if not whole:
            quarantine.check_proved(targets, whole=True)
        outcomes = dict.fromkeys(targets, "deleted")
        if act is not None and (whole or targets):
            outcomes = _delete(job, quarantine, targets, whole=whole)
        result = _tell(job, seen, outcomes, act)
        return {**result, "changed": result["changed"] or (whole and job.broken is None)}


def _delete(
    job: Job, quarantine: Quarantine, targets: Mapping[str, _selected.SelectedMessage], *, whole: bool
) -> dict[str, str]:
    """Delete messages in the quarantine, or all of it, and return the outcome of each message."""
    if whole:
        deleted = quarantine.remove()
    else:
        deleted = quarantine.drop({queue_id: target.queue for queue_id, target in targets.items()}, **job.said())
    job.broken = job.broken or deleted.broken
    job.touched = deleted.touched
    if deleted.broken is not None:
        # Those that it did not come to.
        deleted.failed.update(
            (queue_id, str(deleted.broken))
            for queue_id in targets
            if queue_id not in deleted.gone and queue_id not in deleted.failed
        )
    job.failures.update(deleted.failed)
    outcomes = dict.fromkeys(targets, "vanished")
    outcomes.update((queue_id, "failed") for queue_id in targets if queue_id in deleted.failed)
    outcomes.update((queue_id, "deleted") for queue_id in targets if queue_id in deleted.gone)
    return outcomes


def _is_young(job: Job, quarantine: Quarantine) -> bool:
    """Return whether the quarantine was filled later than older_than says. Raises SelectionError for what is no age."""
    text = job.params["older_than"]
    if text is None:
        return False
    return quarantine.filled() > job.request.now - parse_age(text, "older_than")


_Work = Callable[[Job, Spool, "Act | None"], "dict[str, Any]"]
_WORK: Mapping[tuple[str, str], _Work] = {
    ("quarantined", "messages"): _quarantine_messages,
    ("quarantined", "queues"): _quarantine_queues,
    ("restored", "messages"): _restore,
    ("absent", "messages"): _remove,
}
