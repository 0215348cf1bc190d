# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The input of reports: what tasks returned, as {host: {step: result}}. Pure.

Each kind of report names its steps in a NamedTuple. A result is as Ansible registers it, and empty if the task did not run.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, TypeVar

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

Result = Mapping[str, Any]
Steps = Mapping[str, Result]
Results = Mapping[str, Steps]

_Steps = TypeVar("_Steps")

NO_RESULT: Result = {}
# What OpenSSH says if a host is up and lets nobody in (sshconnect.c and sshconnect2.c), and what connect(2) says.
_REFUSALS = ("Connection refused", "Permission denied", "Host key verification failed")
_NOT_QUERIED = "The host failed in an earlier task or play and was not queried."


class Problem(NamedTuple):
    """What is wrong on a host: the state that it has for that, and the text that explains it."""

    state: State
    text: str


def select_hosts(results: Results, hosts: Iterable[str] | None) -> Iterator[tuple[str, Steps]]:
    """Yield each host with its steps. hosts: those that were queried, in the order of the report; by default those of the results."""
    for host in results if hosts is None else hosts:
        yield host, results.get(host) or {}


def read_steps(
    results: Results, hosts: Iterable[str] | None, kind: Callable[..., _Steps]
) -> Iterator[tuple[str, _Steps]]:
    """Yield each host with its steps as the NamedTuple that a kind of report has for them. hosts: as in select_hosts()."""
    names = list(inspect.signature(kind).parameters)
    for host, steps in select_hosts(results, hosts):
        yield host, kind(**choose_steps(steps, names))


def choose_steps(steps: Steps, names: Iterable[str]) -> dict[str, Result]:
    """Return the named steps of a host, empty ones if the host has none."""
    return {name: steps.get(name) or NO_RESULT for name in names}


def find_problem(result: Result) -> Problem | None:
    """Return why a host has no answer, None if it has one."""
    if not result:
        return Problem(State.MISSING, _NOT_QUERIED)
    if result.get("unreachable"):
        text = message_of(result)
        is_refused = any(words in text for words in _REFUSALS)
        return Problem(State.CONNECTION_REFUSED if is_refused else State.UNREACHABLE, text)
    if result.get("timed_out"):
        return Problem(State.TIMED_OUT, message_of(result))
    if result.get("failed"):
        return Problem(State.FAILED, message_of(result))
    return None


def first_problem(*results: Result) -> Problem | None:
    """Return the problem of the first result that has one. Tasks that did not run do not count."""
    problems = (find_problem(result) for result in results if result)
    return next((problem for problem in problems if problem), None)


def message_of(result: Result) -> str:
    """Return the error message of a result."""
    return str(result.get("msg") or "no message")


def queue_facts(result: Result) -> Mapping[str, Any]:
    """Return what postfix_queue_facts found, whether it set facts or not; empty if it found nothing."""
    facts: Mapping[str, Any] = result.get("postfix_queue") or result.get("ansible_facts", {}).get("postfix_queue", {})
    return facts


def count_matched(result: Result) -> int | None:
    """Return how many messages postfix_queue_facts selected; None if it did not run or failed."""
    matched = queue_facts(result).get("matched")
    return None if matched is None else int(matched["messages"])


def plan_of(result: Result) -> Mapping[str, Any] | None:
    """Return the plan in a result, of the module or of the task that read it from a file; None if there is none."""
    plan = result.get("plan")
    return plan if isinstance(plan, Mapping) else None
