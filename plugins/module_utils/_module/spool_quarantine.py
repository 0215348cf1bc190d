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
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils import _arguments, _service
from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _acting, _quarantines, _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Act, Fate, Seen
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Selecting
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._queue.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._queue.selection import DEFAULT_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import DELIVERY, QUEUES, Live
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine, Target
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import ScanCounts, scan

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._service import Outage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.holding import Standing
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import Layout

STATES = ("quarantined", "restored", "absent")
MODES = ("messages", "queues")
RESTORE_TO = ("original", "hold", "maildrop")
OUTCOMES = (
    "quarantined",
    "restored",
    "deleted",
    "vanished",
    "changed",
    "in_flight",
    "collision",
    "failed",
    "undecided",
)

_NAME = "postfix_spool_quarantine"
_MAX_LISTED = 100
# What the messages of these queues are looked for with: postkick(1), src/qmgr/qmgr.c, src/pickup/pickup.c.
_KICKS = {"incoming": ("qmgr", "I"), "deferred": ("qmgr", "D"), "maildrop": ("pickup", "W")}

ARGUMENTS = _arguments.compose(
    _arguments.INSTANCE,
    _arguments.SELECTION,
    _arguments.LIMIT,
    _arguments.CHANGE,
    _quarantines.DIRECTORY,
    {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "quarantined"},
        "mode": {"type": "str", "choices": list(MODES), "default": "messages"},
        "queues": {"type": "list", "elements": "str", "choices": list(QUEUES)},
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
    """One run: what it works on, and what it has to tell beside the common result."""

    module: AnsibleModule
    instance: Instance
    layout: Layout
    base: str
    name: str
    selecting: Selecting
    origin: Origin
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def params(self) -> Mapping[str, Any]:
        """The module's options."""
        params: Mapping[str, Any] = self.module.params
        return params

    def said(self) -> dict[str, Any]:
        """Return what the journal is to tell of this run."""
        return {
            "reason": printable(self.selecting.reason or "")[: _acting.MAX_REASON],
            "selection": self.selecting.selection.frozen(),
            "digest": self.selecting.selection.digest(),
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
        """Return whether there is a quarantine of that name. Raises QuarantineError."""
        return self.name in quarantines.names(self.base)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    quarantines.check_name(params["name"])
    instance = _arguments.instance_of(module)
    instance.require_root()
    state = params["state"]
    work = _WORK[state, params["mode"] if state == "quarantined" else "messages"]
    job = _job_of(module, instance)
    with _acting.acting(module, instance, purpose=_NAME) as (spool, act):
        _recover(job, act)
        result = work(job, spool, act)
    _acting.check_failed(result, "where they were" if state == "restored" else "still in the queue")
    return result


def _job_of(module: AnsibleModule, instance: Instance) -> Job:
    params = dict(module.params)
    state, name = params["state"], params["name"]
    whole = state == "quarantined" and params["mode"] == "queues"
    if params["queues"] is None:
        chosen = DEFAULT_QUEUES if state == "quarantined" else QUEUES
        params["queues"] = list(chosen)
    if whole:
        _check_whole(params)
        params["match_all"] = True
    elif state == "quarantined":
        instance.require_postsuper()
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
        selecting=_selected.selecting_of(params, origin),
        origin=origin,
    )


def _check_whole(params: Mapping[str, Any]) -> None:
    """Raise SelectionError for what does not go with whole queues."""
    given = [name for name in ("match", "exclude", "plan") if params[name]]
    if given:
        raise SelectionError(
            "mode", "queues moves whole queues; leave out %s, or use mode: messages" % " and ".join(given)
        )
    missing = [queue for queue in DELIVERY if queue not in params["queues"]]
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
    with job.open() as quarantine, Live(job.layout) as live:
        if act is None:
            if not quarantine.is_whole(live):
                job.module.warn(
                    "An earlier run on the quarantine %s was interrupted. The next real run first finishes or undoes it."
                    % job.name
                )
            return
        intent = quarantine.unfinished() or {}
        try:
            recovered = quarantine.recover(live)
        except OSError as error:
            raise quarantines.broken_off(quarantine, live, error) from error
        if intent.get("running") and not job.instance.running():
            _service.service_left(job.instance, intent["unit"]).start()
        if recovered:
            job.module.warn(
                "An earlier run on the quarantine %s was interrupted; it was finished or undone." % job.name
            )


# --- reading and telling --------------------------------------------------------------------------------------------


def _see(job: Job, spool: Spool) -> Seen:
    """Read the queues and return the selection. Raises LimitError where it is larger than allowed."""
    seen = _see_all(job, spool)
    _selected.check_limits(seen.selected, job.selecting, narrow=job.params["state"] != "restored")
    return seen


def _see_all(job: Job, spool: Spool, earlier: Collection[str] = ()) -> Seen:
    """Read the queues and return the selection. earlier: queue IDs that are left out as if they were not there."""
    started = time.monotonic()
    reading = job.selecting.job()
    if earlier:
        reading = replace(reading, wanted=lambda queue_id: queue_id not in earlier, pass_over=_pass_over)
    share = scan(spool, reading)
    warn_of_gaps(job.module, share.counts, share.gaps, spool.path)
    seen = Seen(job.selecting, share.result, share.counts, share.gaps, started)
    _acting.check_undecided(job.module, seen)
    return seen


def _pass_over(_found: Found, _incomplete: bool, _counted: _selected.Selected) -> None:
    """Count nothing."""


def _tell(job: Job, seen: Seen, outcomes: Mapping[str, str], act: Act | None) -> dict[str, Any]:
    """Return the result of a run, real or predicted, and leave a line in the mail log of a real one."""
    verb = {"quarantined": "quarantined", "restored": "restored", "absent": "deleted"}[job.params["state"]]
    reached = (verb, "in_flight") if not job.told.get("left_in_flight") else (verb,)
    targets = seen.selected.targets
    done = [target for target in targets.values() if outcomes.get(target.queue_id) in reached]
    collisions = sorted(queue_id for queue_id, outcome in outcomes.items() if outcome == "collision")
    result: dict[str, Any] = {
        "changed": bool(done),
        "name": job.name,
        "path": os.path.join(job.base, job.name),
        "state": job.params["state"],
        verb: _acting.show_sums(done),
        "outcomes": _acting.count_outcomes(seen, outcomes, OUTCOMES),
        "collisions": collisions[:_MAX_LISTED],
        "down": 0.0,
        **_acting.show_common(seen, {target.queue_id: Fate(None, "") for target in done}, act),
        **{key: value for key, value in job.told.items() if key != "left_in_flight"},
    }
    if collisions:
        job.module.warn(
            "%d messages stay in the quarantine %s, for their queue IDs are taken in the queue."
            % (len(collisions), job.name)
        )
    if act is not None and done:
        if job.params["state"] == "quarantined" and not _is_whole(job):
            _acting.log_ids(job.module, job.instance, _NAME, verb, [target.queue_id for target in done])
        said = {"state": job.params["state"], "quarantine": job.name, verb: len(done)}
        _acting.audit(job.module, job.instance, _NAME, result, said, seen)
    if act is None and job.params["plan"] is None and not _is_whole(job):
        result["plan"] = _selected.make_plan(seen.selected, job.selecting, job.origin)
    return result


def _is_whole(job: Job) -> bool:
    return bool(job.params["state"] == "quarantined" and job.params["mode"] == "queues")


def _nothing(job: Job) -> Seen:
    """Return what there is to tell where there is nothing to look at."""
    return Seen(job.selecting, job.selecting.nothing(), ScanCounts(), (), time.monotonic())


# --- quarantined ----------------------------------------------------------------------------------------------------


def _quarantine_messages(job: Job, spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move the selection out of the queue while Postfix runs."""
    seen = _see(job, spool)
    targets = seen.selected.targets
    if act is None:
        return _tell(job, seen, dict.fromkeys(targets, "quarantined"), act)
    outcomes: dict[str, str] = {}
    if targets:
        with job.make() as quarantine, Live(job.layout) as live:
            outcomes = _take(job, act, quarantine, live, targets)
    return _tell(job, seen, outcomes, act)


def _take(
    job: Job, act: Act, quarantine: Quarantine, live: Live, targets: Mapping[str, _selected.Target]
) -> dict[str, str]:
    """Hold, verify, move; return {queue ID: outcome}. Whatever happens, nothing stays on hold that was not there before."""
    in_maildrop = {queue_id: target for queue_id, target in targets.items() if target.queue == "maildrop"}
    others = [target for queue_id, target in targets.items() if queue_id not in in_maildrop]
    moving = {target.queue_id for target in others if target.queue in DELIVERY}
    try:
        outcomes = _take_verified(job, act, quarantine, live, targets, _acting.hold(act, others), "hold")
        standing = _acting.verify(act.spool, "maildrop", in_maildrop) if in_maildrop else {}
        outcomes.update(_take_verified(job, act, quarantine, live, targets, standing, "maildrop"))
    finally:
        _acting.put_back(act, [target for target in others if target.queue_id in moving])
        act.clear_journal()
    unseen = {queue_id: target for queue_id, target in targets.items() if queue_id not in outcomes}
    outcomes.update(_acting.look_in_delivery(act, unseen))
    return outcomes


def _take_verified(
    job: Job,
    act: Act,
    quarantine: Quarantine,
    live: Live,
    targets: Mapping[str, _selected.Target],
    standing: Mapping[str, Standing],
    queue: str,
) -> dict[str, str]:
    """Move from hold or maildrop what is still the selected message there, and return the outcome of each that was there."""
    outcomes = dict.fromkeys((queue_id for queue_id, what in standing.items() if not what.same), "changed")
    verified = [queue_id for queue_id, what in standing.items() if what.same]
    busy = frozenset(queue_id for queue_id in verified if standing[queue_id].busy)
    in_flight = _acting.wait_for_delivery(act.spool, queue, busy, seconds=_acting.IN_FLIGHT_SECONDS)
    if quarantine.is_elsewhere(live) and in_flight:
        # A copy would not learn which recipients were served meanwhile.
        job.told["left_in_flight"] = True
        outcomes.update(dict.fromkeys(in_flight, "in_flight"))
        verified = [queue_id for queue_id in verified if queue_id not in in_flight]
    if not verified:
        return outcomes
    moved = quarantine.take(
        live, {queue_id: Target(queue, targets[queue_id].queue) for queue_id in verified}, **job.said()
    )
    for queue_id in verified:
        outcome = "collision" if queue_id in moved.collisions else "vanished"
        outcomes[queue_id] = "quarantined" if queue_id in moved.done else outcome
        if queue_id in moved.done and queue_id in in_flight:
            outcomes[queue_id] = "in_flight"
    return outcomes


def _quarantine_queues(job: Job, spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move whole queues away and have Postfix go on with empty ones."""
    if job.exists():
        with job.open() as quarantine:
            if quarantine.swapped():
                return _tell(job, _nothing(job), {}, act)
    service = _service.service_of(job.params["service"], job.instance)
    _check_same_filesystem(job)
    if act is None:
        seen = _see(job, spool)
        return {**_tell(job, seen, dict.fromkeys(seen.selected.targets, "quarantined"), act), "changed": True}
    if job.params["max_messages"] is not None or job.params["max_percent"] is not None:
        _see(job, spool)
    outages: list[Outage] = []
    with job.make() as quarantine, Live(job.layout) as live:
        earlier = quarantine.present()

        @contextmanager
        def stopped() -> Iterator[None]:
            with _service.stopped(service, mend=lambda: quarantine.settle_swap(live)) as outage:
                outages.append(outage)
                yield

        left = {"running": service is not None, "unit": service.unit if service else None}
        quarantine.swap(live, job.selecting.selection.queues, stopped, **left, **job.said())
        job.told["down"] = outages[0].seconds
        # The limits were checked before.
        seen = _see_all(job, quarantine.spool, earlier)
    # The directories were moved, whatever was in them.
    return {**_tell(job, seen, dict.fromkeys(seen.selected.targets, "quarantined"), act), "changed": True}


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


# --- restored -------------------------------------------------------------------------------------------------------


def _restore(job: Job, _spool: Spool, act: Act | None) -> dict[str, Any]:
    """Move the selection back to Postfix."""
    with job.open() as quarantine, Live(job.layout) as live:
        seen = _see(job, quarantine.spool)
        wanted = {
            queue_id: Target(target.queue, _where_to(target.queue, job.params["restore_to"]))
            for queue_id, target in seen.selected.targets.items()
        }
        if act is None:
            taken = quarantine.collisions(live, wanted)
            return _tell(
                job, seen, {queue_id: "collision" if queue_id in taken else "restored" for queue_id in wanted}, act
            )
        outcomes: dict[str, str] = {}
        if wanted:
            moved = quarantine.give(live, wanted, to=job.params["restore_to"], **job.said())
            for queue_id in wanted:
                outcome = "collision" if queue_id in moved.collisions else "vanished"
                outcomes[queue_id] = "restored" if queue_id in moved.done else outcome
            job.told["renamed"] = [
                {"queue_id": new, "was": old} for old, new in sorted(moved.renamed.items())[:_MAX_LISTED]
            ]
            _kick(job, {wanted[queue_id].queue for queue_id in moved.done})
        return _tell(job, seen, outcomes, act)


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
    """Tell the daemons that must notice."""
    if not job.instance.running():
        return
    for daemon, request in sorted({_KICKS[queue] for queue in queues if queue in _KICKS}):
        if not job.instance.kick(daemon, request):
            job.module.warn(
                "%s could not be told of the restored messages. It looks by itself within queue_run_delay." % daemon
            )


# --- absent ---------------------------------------------------------------------------------------------------------


def _remove(job: Job, _spool: Spool, act: Act | None) -> dict[str, Any]:
    """Delete the selection in the quarantine; the quarantine as well where everything was selected."""
    if not job.exists():
        return _tell(job, _nothing(job), {}, act)
    with job.open() as quarantine:
        if _is_young(job, quarantine):
            return _tell(job, _nothing(job), {}, act)
        seen = _see(job, quarantine.spool)
        targets = seen.selected.targets
        outcomes = dict.fromkeys(targets, "deleted")
        whole = job.selecting.planned is None and job.selecting.selection.everything and job.params["queues"] is None
        if act is not None:
            if whole:
                quarantine.remove()
            elif targets:
                gone = quarantine.drop({queue_id: target.queue for queue_id, target in targets.items()}, **job.said())
                outcomes.update((queue_id, "vanished") for queue_id in targets if queue_id not in gone)
        result = _tell(job, seen, outcomes, act)
        return {**result, "changed": result["changed"] or whole}


def _is_young(job: Job, quarantine: Quarantine) -> bool:
    """Return whether the quarantine was filled later than older_than says. Raises SelectionError for what is no age."""
    text = job.params["older_than"]
    if text is None:
        return False
    return quarantine.filled() > job.selecting.now - parse_age(text, "older_than")


_Work = Callable[[Job, Spool, "Act | None"], "dict[str, Any]"]
_WORK: Mapping[tuple[str, str], _Work] = {
    ("quarantined", "messages"): _quarantine_messages,
    ("quarantined", "queues"): _quarantine_queues,
    ("restored", "messages"): _restore,
    ("absent", "messages"): _remove,
}
