# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_flush does: have Postfix try messages now, and look what became of them.

Four ways, by what is asked for: postqueue -f for everything, -s for a site, -i for a few messages; and for many what -s does, where
it would take a process and a scan for each: let them be due, forget dead destinations once, and have the deferred queue scanned.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    SelectionError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _acting, _options, _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Act, Destination, Seen
from ansible_collections.mailops.postfix.plugins.module_utils._module._aftermath import Aftermath
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Request
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.mail_log import open_log
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import open_file, read_all

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.mail_log import LogTail
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

OUTCOMES = ("tried", "requeued", "under_way", "unlisted", "vanished", "changed", "failed", "undecided")

_NAME = "postfix_queue_flush"
# From so many on one scan of the deferred queue costs less than a process, and a scan of the incoming queue, for each.
FEW = 50
# What qmgr(8) is asked for (src/global/mail_proto.h): forget dead destinations, scan the deferred and the incoming queue.
_TRY_WHAT_IS_DUE = "FDI"
# flush(8) puts messages into the incoming queue, where the queue manager has been seen to overlook one until its next scan.
_LOOK_AGAIN = "I"
_WAITING = ("incoming", "deferred")
# src/postqueue/postqueue.c: EX_UNAVAILABLE, with that text for a site that flush(8) keeps no list of.
_NOT_CONFIGURED = "Flush service is not configured"
_SITE = re.compile(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*|\[[0-9A-Fa-f:.]+\]")
_MAX_LIST = 64 << 20

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.queues_option(*DELIVERY_QUEUES, default=DELIVERY_QUEUES),
    _options.LIMIT,
    _options.CHANGE,
    {
        "site": {"type": "str"},
        "requeue": {"type": "bool", "default": False},
        "wait": {"type": "int", "default": 0},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    instance = _options.instance_of(module)
    if instance.running() is False:
        raise InstanceError(
            "Postfix does not run on %s, so nothing can be tried. Start it (postfix start), then run this again."
            % instance.queue_directory
        )
    instance.require_postsuper()
    _options.check_not_negative(params, "wait")
    request = _of_options(params, instance) if params["site"] is None else _of_site(params)
    with _acting.acting(module, instance, purpose=_NAME) as (spool, act):
        seen = _acting.look(module, instance, spool, request, narrow=False)
        way = WAYS[_name_of_way(params, seen)]
        outcomes = _predict(module, seen, way, spool)
        chosen = {queue_id: seen.selected.targets[queue_id] for queue_id in outcomes if outcomes[queue_id] == way.fate}
        after = None
        if act is not None:
            log = open_log(instance) if params["wait"] else None
            happened, touched = _try(act, way, chosen, params["site"])
            outcomes.update(happened)
            if params["wait"]:
                after = _wait(act, seen, outcomes, touched, log, params["wait"])
        return _finish(module, instance, _Tried(seen, way, chosen, outcomes, after, act))


# --- what is to be tried --------------------------------------------------------------------------------------------


def _of_options(params: Mapping[str, Any], instance: Instance) -> Request:
    """Return the selection; a plan of any module will do, but what it has on hold is not tried."""
    request = _selected.request_of(params, instance)
    return replace(request, selection=replace(request.selection, queues=tuple(params["queues"])))


def _of_site(params: Mapping[str, Any]) -> Request:
    """Return the selection of the mail to a site. Raises SelectionError."""
    site = params["site"]
    given = [name for name in ("match", "exclude", "match_all", "plan", "requeue") if params[name]]
    if given:
        raise SelectionError("site", "it says already what is tried; leave out %s" % " and ".join(given))
    if not _SITE.fullmatch(site):
        raise SelectionError("site", "%r is no domain and no [address], in ASCII" % (site,))
    _options.check_not_negative(params, "limit", "max_messages", "max_percent")
    now = int(time.time())
    selection = parse_selection(match=[{"recipient": site}], queues=params["queues"], recipient_scope="any", now=now)
    limits = _selected.Limits(params["max_messages"], params["max_percent"])
    return Request(selection, None, params["limit"], now, limits, params["reason"])


def _name_of_way(params: Mapping[str, Any], seen: Seen) -> str:
    if params["site"] is not None:
        return "site"
    if params["requeue"]:
        return "requeue"
    if (
        seen.request.planned is None
        and seen.request.selection.everything
        and set(DELIVERY_QUEUES) <= set(params["queues"])
    ):
        return "all"
    return "few" if len(seen.selected.targets) <= FEW else "many"


def _predict(module: AnsibleModule, seen: Seen, way: Way, spool: Spool) -> dict[str, str]:
    """Return the outcome that is to be expected for each selected message."""
    targets = seen.selected.targets
    outcomes = {queue_id: "under_way" if target.queue == "active" else way.fate for queue_id, target in targets.items()}
    site = module.params["site"]
    if site is not None:
        listed = _listed(spool, site)
        unlisted = [
            queue_id for queue_id, outcome in outcomes.items() if outcome == way.fate and queue_id not in listed
        ]
        outcomes.update(dict.fromkeys(unlisted, "unlisted"))
        if unlisted:
            module.warn(
                "%d messages for %s are not on the list that Postfix keeps of its deferred mail, and are not tried. It lists what was "
                "deferred since fast_flush_domains has the site; to try them, select them by match."
                % (len(unlisted), site)
            )
    return outcomes


def _listed(spool: Spool, site: str) -> frozenset[str]:
    """Return the queue IDs in flush(8)'s list for a site; its name is the site's, with _ for what is no letter or digit."""
    name = re.sub("[^0-9a-z]", "_", site.lower())
    for found in spool.walk("flush"):
        if found.name == name:
            with open_file(name, found.directory) as descriptor:
                return frozenset(read_all(descriptor, _MAX_LIST).decode("ascii", "replace").split())
    return frozenset()


# --- trying ---------------------------------------------------------------------------------------------------------

_Chosen = Mapping[str, "SelectedMessage"]


def _try(act: Act, way: Way, chosen: _Chosen, site: str | None) -> tuple[dict[str, str], dict[str, int]]:
    """Have messages tried; return {queue ID: outcome}, and {queue ID: the ctime that it has in deferred until then}."""
    waiting: dict[str, FileState] = {}
    for queue in _WAITING:
        waiting.update(_acting.verify(act.spool, queue, chosen))
    standing = {**waiting, **_acting.verify(act.spool, "active", chosen)}
    outcomes = {queue_id: "changed" if queue_id in standing else "vanished" for queue_id in chosen}
    outcomes.update((queue_id, "under_way") for queue_id, what in standing.items() if what.same)
    # What an agent or the queue manager has locked is being tried; pickup(8) does not look for locks, and would send it twice.
    ready = {queue_id: chosen[queue_id] for queue_id, what in waiting.items() if what.same and not what.busy}
    outcomes.update(dict.fromkeys(ready, way.fate))
    touched: dict[str, int] = {}
    try:
        touched = way.act(act, ready, site) if ready or way.always else {}
        outcomes.update(way.look(act.spool, ready))
    except SelectionError:
        raise
    except MailopsError as error:
        # Some may have been tried; nothing shows which.
        act.problems.update((queue_id, str(error)) for queue_id in ready if queue_id not in act.problems)
    outcomes.update((queue_id, "failed") for queue_id in ready if queue_id in act.problems)
    return outcomes, touched


def _see_nothing(_spool: Spool, _targets: _Chosen) -> dict[str, str]:
    return {}


def _see_as_before(spool: Spool, targets: _Chosen) -> dict[str, str]:
    """Return as failed the messages that stand in deferred, untouched."""
    return {
        queue_id: "failed"
        for queue_id, message in _acting.messages(spool, "deferred", targets)
        if message is not None and message.status.st_ctime_ns == targets[queue_id].touched
    }


def _see_in_delivery(spool: Spool, targets: _Chosen) -> dict[str, str]:
    """Return what is still in delivery under its old queue ID: postsuper may have come too late for it."""
    return {
        queue_id: "under_way" if queue == "active" else "failed"
        for queue in (*_WAITING, "active")
        for queue_id, what in _acting.verify(spool, queue, targets).items()
        if what.same
    }


def _try_all(act: Act, targets: _Chosen, _site: str | None) -> dict[str, int]:
    _postqueue(act, "-f")
    return _touched(targets)


def _try_site(act: Act, targets: _Chosen, site: str | None) -> dict[str, int]:
    _postqueue(act, "-s", str(site))
    _kick(act, "qmgr", _LOOK_AGAIN)
    return _touched(targets)


def _try_few(act: Act, targets: _Chosen, _site: str | None) -> dict[str, int]:
    for queue_id in targets:
        try:
            _postqueue(act, "-i", queue_id)
        except MailopsError as error:
            act.problems[queue_id] = str(error)
    _kick(act, "qmgr", _LOOK_AGAIN)
    return _touched(targets)


def _try_many(act: Act, targets: _Chosen, _site: str | None) -> dict[str, int]:
    """Let the messages be due through their open files, so that no other message can be meant, and have the queues scanned."""
    now = int(time.time())
    touched = _touched(targets)
    for queue in _WAITING:
        for queue_id, message in _acting.messages(act.spool, queue, targets):
            if message is not None and message.fingerprint == targets[queue_id].fingerprint:
                try:
                    touched[queue_id] = message.make_due(now)
                except OSError as error:
                    act.problems[queue_id] = str(SystemRefusal("%s cannot be made due" % queue_id, error))
    _kick(act, "qmgr", _TRY_WHAT_IS_DUE)
    return touched


def _requeue(act: Act, targets: _Chosen, _site: str | None) -> dict[str, int]:
    act.instance.postsuper("-r", targets, *_WAITING)
    _kick(act, "pickup", "W")
    return _touched(targets)


def _touched(targets: _Chosen) -> dict[str, int]:
    return {queue_id: target.touched for queue_id, target in targets.items()}


def _kick(act: Act, daemon: str, request: str) -> None:
    if not act.instance.kick(daemon, request):
        raise InstanceError("Postfix's %s does not take requests; see the mail log, and run postfix check." % daemon)


def _postqueue(act: Act, *arguments: str) -> None:
    output = act.instance.postqueue(*arguments)
    if _NOT_CONFIGURED in output.err:
        raise SelectionError(
            "site",
            "Postfix keeps no list of the mail for %s, which is not in fast_flush_domains; nothing was tried. Add it there, or "
            "select its mail: match: [{recipient: %s}], recipient_scope: any" % (arguments[-1], arguments[-1]),
        )
    if output.status:
        raise CommandError(act.instance.command("postqueue", *arguments), status=output.status, output=output.err)


@dataclass(frozen=True)
class Way:
    """How messages that are not being delivered yet get their try."""

    fate: str
    """The outcome of those that do."""
    act: Callable[[Act, _Chosen, str | None], dict[str, int]]
    look: Callable[[Spool, _Chosen], dict[str, str]]
    """Finds those that show at once that they did not; where none can, Postfix was told, and that is all that is known."""
    always: bool = False
    """Whether to do it even where nothing is selected: it may do more than this module can see."""


WAYS: Mapping[str, Way] = {
    "all": Way("tried", _try_all, _see_nothing, always=True),
    "site": Way("tried", _try_site, _see_as_before, always=True),
    "few": Way("tried", _try_few, _see_as_before),
    "many": Way("tried", _try_many, _see_nothing),
    "requeue": Way("requeued", _requeue, _see_in_delivery),
}


# --- the result -----------------------------------------------------------------------------------------------------


def _wait(
    act: Act,
    seen: Seen,
    outcomes: Mapping[str, str],
    touched: Mapping[str, int],
    log: LogTail | None,
    seconds: int,
) -> dict[str, int | None] | None:
    """Return what became of the messages that were tried or being tried, within that time; None where that cannot be found out."""
    followed = {
        queue_id: touched.get(queue_id, seen.selected.targets[queue_id].touched)
        for queue_id, outcome in outcomes.items()
        if outcome in ("tried", "requeued", "under_way")
    }
    requeued = frozenset(queue_id for queue_id in followed if outcomes[queue_id] == "requeued")
    try:
        return Aftermath(followed, requeued, log).settle(act.spool, seconds)
    except (MailopsError, OSError) as error:
        act.module.warn("What became of the messages could not be found out: %s" % error)
        return None


@dataclass(frozen=True)
class _Tried:
    """What a run did: what it saw, in which way it had which messages tried, and what came of each."""

    seen: Seen
    way: Way
    chosen: _Chosen
    outcomes: Mapping[str, str]
    after: Mapping[str, int | None] | None
    act: Act | None


def _finish(module: AnsibleModule, instance: Instance, run: _Tried) -> dict[str, Any]:
    """Return the result of a run, real or predicted, and leave the audit line of a real one. Raises OutcomeError."""
    params = module.params
    fate = run.way.fate
    tried = [target for queue_id, target in run.chosen.items() if run.outcomes[queue_id] == fate]
    fates = {
        queue_id: Destination(fate if params["requeue"] else target.queue, " (%s)" % fate)
        for queue_id, target in run.chosen.items()
    }
    result = {
        "changed": bool(tried),
        "tried": _acting.show_sums(tried),
        "outcomes": _acting.count_outcomes(run.seen, run.outcomes, OUTCOMES),
        **_acting.show_common(run.seen, fates, run.act),
    }
    if run.after is not None:
        result["after"] = dict(run.after)
    if module.check_mode:
        if params["plan"] is None and params["site"] is None:
            result["plan"] = _selected.make_plan(run.seen.selected, run.seen.request, instance)
    elif run.chosen:
        _acting.audit(module, instance, _NAME, result, {fate: len(tried)}, run.seen)
    _acting.check_failed(result, "not tried")
    return result
