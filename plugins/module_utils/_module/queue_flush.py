# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_flush does: attempt delivery now, of all mail, of the mail to a site, or of the selection.

Postfix has a command for each: postqueue -f for all mail, -s for a site, -i for one message. For many messages -i would take a process and
a scan of the queue for each. So they are made due, and the queue manager is asked to forget dead destinations and to scan the
deferred queue, which is what -s does.
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
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._attempts import Attempts
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change, Effect, open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import Limits, Request, request_of
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_tail import open_log
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import open_file, read_all
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import open_messages

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import LockedSpool
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_tail import LogTail
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

OUTCOMES = (
    Outcome.TRIED,
    Outcome.REQUEUED,
    Outcome.UNDER_WAY,
    Outcome.UNLISTED,
    Outcome.VANISHED,
    Outcome.CHANGED,
    Outcome.FAILED,
    Outcome.UNDECIDED,
)

# From so many messages on, one scan of the deferred queue costs less than a process and a scan of the incoming queue for each.
FEW = 50
# Requests to qmgr(8) (src/global/mail_proto.h): forget dead destinations, scan the deferred and the incoming queue.
_TRY_DUE_MESSAGES = "FDI"
# flush(8) puts messages into the incoming queue, where the queue manager has been seen to overlook one until its next scan.
_SCAN_INCOMING = "I"
_WAITING_QUEUES = ("incoming", "deferred")
# src/postqueue/postqueue.c: EX_UNAVAILABLE, with that text for a site that flush(8) keeps no list of.
_NOT_CONFIGURED = "Flush service is not configured"
_SITE = re.compile(r"[0-9A-Za-z_-]+(\.[0-9A-Za-z_-]+)*|\[[0-9A-Fa-f:.]+\]")
_MAX_LIST = 64 << 20

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
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
    site = params["site"]
    request = _request_of(params, instance) if site is None else _request_of_site(params)
    plan_for = instance if site is None else None
    with open_change(
        module, instance, request, name="postfix_queue_flush", outcomes=OUTCOMES, plan_for=plan_for
    ) as change:
        change.select(is_narrow=False)
        method = METHODS[_choose_method(change)]
        outcomes = _expect(change, method)
        chosen = {queue_id: change.messages[queue_id] for queue_id in outcomes if outcomes[queue_id] is method.outcome}
        ends = None
        if change.locked is not None:
            log = open_log(instance) if params["wait"] else None
            tried, changed_at = _try(change.locked, method, chosen, site)
            outcomes.update(tried)
            if params["wait"]:
                ends = _wait(change, change.locked, outcomes, changed_at, log)
        return _finish(change, method, chosen, outcomes, ends)


# --- what to try ----------------------------------------------------------------------------------------------------


def _request_of(params: Mapping[str, Any], instance: Instance) -> Request:
    """Return what to select. A plan of any module is accepted, but messages on hold are not tried."""
    request = request_of(params, instance)
    return replace(request, selection=replace(request.selection, queues=tuple(params["queues"])))


def _request_of_site(params: Mapping[str, Any]) -> Request:
    """Return what selects the mail to a site. Raises SelectionError."""
    site = params["site"]
    given = [name for name in ("match", "exclude", "match_all", "plan", "requeue") if params[name]]
    if given:
        raise SelectionError("site", "it cannot be combined with %s. Use only one of them" % " and ".join(given))
    if not _SITE.fullmatch(site):
        raise SelectionError("site", "%r is no domain and no [address], in ASCII" % (site,))
    _options.check_not_negative(params, "limit", "max_messages", "max_percent")
    now = int(time.time())
    selection = parse_selection(match=[{"recipient": site}], queues=params["queues"], recipient_scope="any", now=now)
    limits = Limits(params["max_messages"], params["max_percent"])
    return Request(selection, None, params["limit"], now, limits, params["reason"])


def _choose_method(change: Change) -> str:
    params, request = change.module.params, change.request
    if params["site"] is not None:
        return "site"
    if params["requeue"]:
        return "requeue"
    if request.planned is None and request.selection.everything and set(DELIVERY_QUEUES) <= set(params["queues"]):
        return "all"
    return "few" if len(change.messages) <= FEW else "many"


def _expect(change: Change, method: Method) -> dict[str, Outcome]:
    """Return the expected outcome of each selected message."""
    outcomes = {
        queue_id: Outcome.UNDER_WAY if message.queue == "active" else method.outcome
        for queue_id, message in change.messages.items()
    }
    site = change.module.params["site"]
    if site is not None:
        listed = _read_flush_list(change.spool, site)
        unlisted = [
            queue_id for queue_id, outcome in outcomes.items() if outcome is method.outcome and queue_id not in listed
        ]
        outcomes.update(dict.fromkeys(unlisted, Outcome.UNLISTED))
        if unlisted:
            change.module.warn(
                "%d messages for %s are not on the list that Postfix keeps of its deferred mail, and are not tried. It lists what was "
                "deferred since fast_flush_domains has the site; to try them, select them by match."
                % (len(unlisted), site)
            )
    return outcomes


def _read_flush_list(spool: Spool, site: str) -> frozenset[str]:
    """Return the queue IDs in flush(8)'s list for a site. Its name is the site, with _ for each character but letters and digits."""
    name = re.sub("[^0-9a-z]", "_", site.lower())
    for entry in spool.walk("flush"):
        if entry.name == name:
            with open_file(name, entry.directory) as descriptor:
                return frozenset(read_all(descriptor, _MAX_LIST).decode("ascii", "replace").split())
    return frozenset()


# --- trying ---------------------------------------------------------------------------------------------------------

_Messages = Mapping[str, "SelectedMessage"]


def _try(
    locked: LockedSpool, method: Method, messages: _Messages, site: str | None
) -> tuple[dict[str, Outcome], dict[str, int]]:
    """Attempt delivery. Return {queue ID: outcome}, and {queue ID: the ctime that the file has in deferred until it is tried}."""
    waiting: dict[str, FileState] = {}
    for queue in _WAITING_QUEUES:
        waiting.update(locked.find(queue, messages))
    states = {**waiting, **locked.find("active", messages)}
    outcomes = {queue_id: Outcome.CHANGED if queue_id in states else Outcome.VANISHED for queue_id in messages}
    outcomes.update((queue_id, Outcome.UNDER_WAY) for queue_id, state in states.items() if state.same)
    # A message that an agent or the queue manager has locked is being tried. pickup(8) does not look for locks, and would send it twice.
    ready = {queue_id: messages[queue_id] for queue_id, state in waiting.items() if state.same and not state.busy}
    outcomes.update(dict.fromkeys(ready, method.outcome))
    changed_at: dict[str, int] = {}
    try:
        changed_at = method.act(locked, ready, site) if ready or method.always else {}
        outcomes.update(method.check(locked, ready))
    except SelectionError:
        raise
    except MailopsError as error:
        # Some may have been tried; nothing shows which.
        locked.problems.update((queue_id, str(error)) for queue_id in ready if queue_id not in locked.problems)
    outcomes.update((queue_id, Outcome.FAILED) for queue_id in ready if queue_id in locked.problems)
    return outcomes, changed_at


def _check_nothing(_locked: LockedSpool, _messages: _Messages) -> dict[str, Outcome]:
    return {}


def _find_unchanged(locked: LockedSpool, messages: _Messages) -> dict[str, Outcome]:
    """Return as failed the messages that are in deferred as they were before."""
    return {
        queue_id: Outcome.FAILED
        for queue_id, message in open_messages(locked.spool, "deferred", messages)
        if message is not None and message.status.st_ctime_ns == messages[queue_id].changed_at
    }


def _find_not_requeued(locked: LockedSpool, messages: _Messages) -> dict[str, Outcome]:
    """Return the messages that are in delivery under their old queue ID: postsuper may have come too late for them."""
    return {
        queue_id: Outcome.UNDER_WAY if queue == "active" else Outcome.FAILED
        for queue in (*_WAITING_QUEUES, "active")
        for queue_id, state in locked.find(queue, messages).items()
        if state.same
    }


def _try_all(locked: LockedSpool, messages: _Messages, _site: str | None) -> dict[str, int]:
    _run_postqueue(locked, "-f")
    return _change_times(messages)


def _try_site(locked: LockedSpool, messages: _Messages, site: str | None) -> dict[str, int]:
    _run_postqueue(locked, "-s", str(site))
    _kick(locked, "qmgr", _SCAN_INCOMING)
    return _change_times(messages)


def _try_few(locked: LockedSpool, messages: _Messages, _site: str | None) -> dict[str, int]:
    for queue_id in messages:
        try:
            _run_postqueue(locked, "-i", queue_id)
        except MailopsError as error:
            locked.problems[queue_id] = str(error)
    _kick(locked, "qmgr", _SCAN_INCOMING)
    return _change_times(messages)


def _try_many(locked: LockedSpool, messages: _Messages, _site: str | None) -> dict[str, int]:
    """Make the messages due, each through its open file so that it cannot be another message, and have the queues scanned."""
    now = int(time.time())
    changed_at = _change_times(messages)
    for queue in _WAITING_QUEUES:
        for queue_id, message in open_messages(locked.spool, queue, messages):
            if message is not None and message.fingerprint == messages[queue_id].fingerprint:
                try:
                    changed_at[queue_id] = message.make_due(now)
                except OSError as error:
                    locked.problems[queue_id] = str(SystemRefusal("%s cannot be made due" % queue_id, error))
    _kick(locked, "qmgr", _TRY_DUE_MESSAGES)
    return changed_at


def _requeue(locked: LockedSpool, messages: _Messages, _site: str | None) -> dict[str, int]:
    locked.audit_log.instance.postsuper("-r", messages, *_WAITING_QUEUES)
    _kick(locked, "pickup", "W")
    return _change_times(messages)


def _change_times(messages: _Messages) -> dict[str, int]:
    return {queue_id: message.changed_at for queue_id, message in messages.items()}


def _kick(locked: LockedSpool, daemon: str, request: str) -> None:
    if not locked.audit_log.instance.kick(daemon, request):
        raise InstanceError("Postfix's %s does not take requests; see the mail log, and run postfix check." % daemon)


def _run_postqueue(locked: LockedSpool, *arguments: str) -> None:
    instance = locked.audit_log.instance
    output = instance.postqueue(*arguments)
    if _NOT_CONFIGURED in output.err:
        raise SelectionError(
            "site",
            "Postfix keeps no list of the mail for %s, which is not in fast_flush_domains; nothing was tried. Add it there, or "
            "select its mail: match: [{recipient: %s}], recipient_scope: any" % (arguments[-1], arguments[-1]),
        )
    if output.status:
        raise CommandError(instance.command("postqueue", *arguments), status=output.status, output=output.err)


@dataclass(frozen=True)
class Method:
    """How delivery is attempted for messages that are not being delivered."""

    outcome: Outcome
    """The outcome of those that are tried."""
    act: Callable[[LockedSpool, _Messages, str | None], dict[str, int]]
    check: Callable[[LockedSpool, _Messages], dict[str, Outcome]]
    """Returns the outcome of messages that show at once that they were not tried. If nothing can show it, that Postfix was asked is all
    that is known."""
    always: bool = False
    """Whether to act even if nothing is selected: it may reach more mail than this module can see."""


METHODS: Mapping[str, Method] = {
    "all": Method(Outcome.TRIED, _try_all, _check_nothing, always=True),
    "site": Method(Outcome.TRIED, _try_site, _find_unchanged, always=True),
    "few": Method(Outcome.TRIED, _try_few, _find_unchanged),
    "many": Method(Outcome.TRIED, _try_many, _check_nothing),
    "requeue": Method(Outcome.REQUEUED, _requeue, _find_not_requeued),
}


# --- the result -----------------------------------------------------------------------------------------------------


def _wait(
    change: Change,
    locked: LockedSpool,
    outcomes: Mapping[str, Outcome],
    changed_at: Mapping[str, int],
    log: LogTail | None,
) -> dict[str, int | None] | None:
    """Return how the attempts ended, as far as the option wait gives time; None if that cannot be found out."""
    followed = {
        queue_id: changed_at.get(queue_id, change.messages[queue_id].changed_at)
        for queue_id, outcome in outcomes.items()
        if outcome in (Outcome.TRIED, Outcome.REQUEUED, Outcome.UNDER_WAY)
    }
    requeued = frozenset(queue_id for queue_id in followed if outcomes[queue_id] is Outcome.REQUEUED)
    try:
        return Attempts(followed, requeued, log).wait(locked.spool, change.module.params["wait"])
    except (MailopsError, OSError) as error:
        change.module.warn("What became of the messages could not be found out: %s" % error)
        return None


def _finish(
    change: Change,
    method: Method,
    chosen: _Messages,
    outcomes: Mapping[str, Outcome],
    ends: Mapping[str, int | None] | None,
) -> dict[str, Any]:
    """Return the result of a run, real or predicted. Raises OutcomeError."""
    requeue = change.module.params["requeue"]
    tried = [message for queue_id, message in chosen.items() if outcomes[queue_id] is method.outcome]
    mark = " (%s)" % method.outcome
    effect = Effect(
        outcomes=outcomes,
        changed=tried,
        destinations={
            queue_id: Destination(method.outcome.value if requeue else message.queue, mark)
            for queue_id, message in chosen.items()
        },
        sums_name="tried",
        failed_state="not tried",
        fields={
            **({} if ends is None else {"after": dict(ends)}),
            **({} if change.request.planned is None else {"not_as_planned": change.show_not_as_planned()}),
        },
        log_fields={method.outcome.value: len(tried)},
        is_logged=bool(chosen),
    )
    return change.finish(effect)
