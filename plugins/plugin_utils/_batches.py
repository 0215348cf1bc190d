# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The order of a cleanup: the canary first, then the batches, each only if the ones before it are as they should be. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Collection, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import HostState
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import RunNotes
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import and_more

AUTO, NONE = "auto", "none"
# With fewer hosts to clean, AUTO chooses no canary. If the others are to wait after it, it is enough that there are others.
AUTO_HOSTS = 4
AUTO_HOSTS_WITH_PAUSE = 2
PROMPT, APPROVAL = "prompt", "approval"
_PAUSES = "a number of seconds, prompt or approval"


class BatchError(MailopsError):
    """A canary or a pause that cannot be."""


@dataclass(frozen=True)
class Batch:
    """Whether a batch may begin, and which of its hosts are left to clean.

    stop: why no host of it may be touched, empty if they may. waiting: whether it may after an approval. pause: how to wait before it:
    a number of seconds, C(prompt), or empty.
    """

    left: Sequence[str]
    stop: str = ""
    waiting: bool = False
    pause: str = ""
    resumed: Sequence[str] = field(default_factory=list)
    """Those of left on which an earlier process began to act, so that its own work is no drift."""


def choose_canary(wanted: str | Sequence[str], planned: Sequence[str], *, pause: str) -> list[str]:
    """Return the hosts to clean first.

    wanted: AUTO, NONE, or hosts. planned: the hosts that have something to clean, in order. pause: as check_pause() returned it.
    Raises BatchError if hosts are wanted and none of them has anything to clean, although others have, and if there is a pause after none.
    """
    if wanted == AUTO:
        least = AUTO_HOSTS_WITH_PAUSE if pause else AUTO_HOSTS
        return list(planned[:1]) if len(planned) >= least else []
    if wanted in (NONE, "", []):
        if pause:
            raise BatchError(
                "queue_cleanup_canary_pause: %r is the pause after a canary, and queue_cleanup_canary is none; nothing was touched. Leave "
                "one of them out." % pause
            )
        return []
    if not planned:
        return []
    hosts = [wanted] if isinstance(wanted, str) else wanted
    chosen = [host for host in planned if host in hosts]
    if not chosen:
        raise BatchError(
            "queue_cleanup_canary: none of these hosts has anything to clean (%s); nothing was touched. Name one of %s, or set it to auto "
            "or none." % (and_more(list(hosts)), and_more(list(planned)))
        )
    return chosen


def check_pause(pause: str) -> str:
    """Return a pause as Batch has it. Raises BatchError for what is none."""
    if pause in (PROMPT, APPROVAL):
        return pause
    if not pause.isdecimal():
        raise BatchError("queue_cleanup_canary_pause: %r is not %s; nothing was touched." % (pause, _PAUSES))
    return "" if int(pause) == 0 else pause


def next_batch(
    run: RunNotes,
    hosts: Sequence[str],
    *,
    canary: Collection[str],
    pause: str,
    stop_on_failure: bool,
    approved: bool,
) -> Batch:
    """Return what to do with the hosts of a batch. Hosts that are done, or that have nothing to clean, are not left.

    canary: as choose_canary() returned it. pause: as check_pause() returned it. approved: whether the plan was approved after the canary.
    """
    done = set(run.hosts_in(HostState.DONE))
    left = [host for host in hosts if host not in done and run.has_messages(host)]
    go = Batch(left, resumed=[host for host in left if run.hosts[host].attempts])
    if run.waiting:
        return replace(go, stop="the other hosts wait", waiting=True)
    failed = run.tried_by_last(HostState.FAILED, HostState.DRIFT)
    if stop_on_failure and failed:
        return replace(go, stop="%s failed or has drifted" % and_more(failed))
    if not canary or all(host in canary for host in left):
        return go
    missing = [host for host in canary if host not in done and run.has_messages(host)]
    if stop_on_failure and missing and not set(missing) <= set(left):
        return replace(go, stop="the canary %s is not clean" % and_more(missing))
    return _after_canary(run, go, canary=canary, pause=pause, approved=approved)


def _after_canary(run: RunNotes, go: Batch, *, canary: Collection[str], pause: str, approved: bool) -> Batch:
    """Return what to do with a batch after the canary."""
    others = [host for host in run.acted_on if host not in canary]
    if pause == APPROVAL:
        if others or approved:
            return go
        return replace(go, stop="the plan is to be approved again after the canary", waiting=True)
    last = len(run.processes) - 1
    is_first = not any(run.hosts[host].process == last for host in others)
    is_fresh = any(host in run.hosts and run.hosts[host].process == last for host in canary)
    return replace(go, pause=pause) if is_first and is_fresh else go


def canary_ended(run: RunNotes, canary: Collection[str]) -> int | None:
    """Return when the last host of the canary was done, in seconds since the epoch; None if one is not."""
    notes = [run.hosts.get(host) for host in canary]
    if any(known is None or known.state is not HostState.DONE for known in notes):
        return None
    return max((known.noted for known in notes if known is not None), default=None)
