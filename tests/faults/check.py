# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be true whatever fails: nothing lost that was not reported deleted, nothing hidden, no traceback, and so on."""

from __future__ import annotations

import errno
import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import remedy_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.faults.host import Host, Snapshot
    from tests.faults.run import Ended
    from tests.faults.scenarios import Scenario

# The kinds of what can go wrong. The first three are what the figures are about.
LOST, HIDDEN, TRACEBACK = "lost", "hidden", "traceback"
_WRONG_REMEDIES = re.compile("[Rr](un|ead) (this|it) as root")
_IDS = re.compile(r"^mailops/\w+: [a-z][a-z ]*: ([0-9A-Za-z]+(?: [0-9A-Za-z]+)*)$")
_AUDIT = re.compile(r"^mailops/\w+: .*\buser=")
_NAMED = ("unreadable", "unparsed", "incomplete", "damaged", "vanished")


class Problem(NamedTuple):
    """What is wrong after a run."""

    kind: str
    text: str


class Clean(NamedTuple):
    """How a scenario goes without a fault."""

    before: Snapshot
    after: Snapshot
    end: Snapshot
    """After everything that runs afterwards, too."""
    result: Mapping[str, object]
    logged: tuple[str, ...]
    steps: tuple[str, ...]


def check_ended(ended: Ended, number: int) -> Iterator[Problem]:
    """Yield what is wrong with how a run ended that was not killed. number: the error that hit it, 0 for none."""
    if ended.hung:
        yield Problem("hang", ended.output.strip()[-1500:])
        return
    if "Traceback (most recent call last)" in ended.output or ended.result is None:
        yield Problem(TRACEBACK, ended.output.strip()[-1500:])
        return
    if ended.left:
        yield Problem("process", "a process is left")
    if ended.leaked:
        yield Problem("descriptor", "left open: %s" % ", ".join(ended.leaked))
    if ended.failed:
        yield from _check_words(str(ended.result.get("msg", "")), json.dumps(ended.result), number)


def _check_words(said: str, everything: str, number: int) -> Iterator[Problem]:
    if not said:
        yield Problem("reason", "it failed without a word")
    elif _WRONG_REMEDIES.search(said):
        yield Problem("remedy", "root is asked to be root: %s" % said)
    elif number and number != errno.ENOENT:
        # For what is not there a module has words of its own.
        error = OSError(number, os.strerror(number))
        if os.strerror(number) not in everything:
            yield Problem("reason", "%r is not in: %s" % (os.strerror(number), said))
        elif remedy_of(error) not in everything and "run this again" not in said:
            yield Problem("remedy", "neither %r nor another is in: %s" % (remedy_of(error), said))


def check_outcome(host: Host, scenario: Scenario, clean: Clean, ended: Ended, after: Snapshot) -> Iterator[Problem]:
    """Yield where what a run says is not what it did; it was not killed."""
    result = ended.result or {}
    gone = after.lost() - clean.before.lost()
    deleted = deleted_by(result)
    if len(gone) > deleted:
        yield Problem(LOST, "%s gone, %d reported deleted: %s" % (sorted(gone), deleted, _short(result)))
    if len(gone) < deleted:
        yield Problem("false deletion", "%s gone, %d reported deleted: %s" % (sorted(gone), deleted, _short(result)))
    changed = after.homes() != clean.before.homes()
    if scenario.call.module == "postfix_spool_repair":
        changed = after.paths() != clean.before.paths()
    if changed and not result.get("changed"):
        yield Problem("changed", "not true though messages moved or are gone: %s" % _short(result))
    if (
        result.get("changed")
        and not changed
        and after.logs == clean.before.logs
        and "was interrupted" not in str(result)
    ):
        yield Problem("changed", "true though nothing is: %s" % _short(result))
    if changed:
        yield from _check_log(host, clean, after, host.logged())


def check_hidden(clean: Clean, ended: Ended, after: Snapshot, *, reads_only: bool) -> Iterator[Problem]:
    """Yield what a run that says it succeeded did not do, and did not name."""
    if ended.failed or ended.result is None:
        return
    result = ended.result
    short = after.homes() != clean.after.homes()
    if reads_only:
        short = _count(result) != _count(clean.result)
    warned = result.get("warnings") != clean.result.get("warnings")
    if short and not warned and not _names_something(result):
        yield Problem(HIDDEN, "a message was left out without a word: %s" % _short(result))


def _count(result: Mapping[str, object]) -> object:
    facts = result.get("ansible_facts")
    found = facts["postfix_queue"] if isinstance(facts, dict) else result
    matched = found.get("matched")
    return matched.get("messages") if isinstance(matched, dict) else None


def _names_something(result: Mapping[str, object]) -> bool:
    facts = result.get("ansible_facts")
    found = facts["postfix_queue"] if isinstance(facts, dict) else result
    if found.get("failures") or found.get("undecided"):
        return True
    numbers: dict[str, object] = {}
    for name in ("scan", "outcomes", "matched"):
        part = found.get(name)
        numbers.update(part if isinstance(part, dict) else {})
    names = (*_NAMED, "failed", "changed", "undecided", "collision", "in_flight")
    return any(numbers.get(name) for name in names)


def deleted_by(result: Mapping[str, object]) -> int:
    """Return how many messages a result says are gone for good."""
    for name in ("purged", "deleted"):
        sums = result.get(name)
        if isinstance(sums, dict):
            return int(sums["messages"])
    return 0


def logged_ids(lines: list[str]) -> set[str]:
    """Return the queue IDs in the lines that name them."""
    return {queue_id for line in lines for match in [_IDS.match(line)] if match for queue_id in match.group(1).split()}


def _check_log(host: Host, clean: Clean, after: Snapshot, lines: list[str]) -> Iterator[Problem]:
    """Yield what is missing in the mail log; what a clean run does not log nobody looks for."""
    before, now = clean.before.homes(), after.homes()
    moved = {host.ids[name] for name in now if now[name] != before[name]}
    reached = {host.ids[name] for name in now if now[name] != before[name] and now[name] == clean.after.homes()[name]}
    if logged_ids(list(clean.logged)) and not reached <= logged_ids(lines):
        yield Problem("log", "%s are not in the mail log" % ", ".join(sorted(reached - logged_ids(lines))))
    if moved and not any(map(_AUDIT.match, lines)):
        yield Problem("audit", "no line says who moved %s" % ", ".join(sorted(moved)))


def check_after(host: Host, clean: Clean, after: Snapshot, *, killed: bool, together: bool) -> Iterator[Problem]:
    """Yield what is not as it should be when all ran undisturbed once more. together: whether the runs came at once."""
    gone, wanted = after.lost(), clean.end.lost()
    if gone - wanted and not together:
        yield Problem(LOST, "%s gone after the next run" % sorted(gone - wanted))
    for name, places in after.homes().items():
        if len(places) > 1:
            yield Problem("doubled", "%s is in %s" % (name, " and ".join(places)))
    # Of two runs at once either may have come first.
    if not together and not gone - wanted and after.homes() != clean.end.homes():
        differs = {n: (p, clean.end.homes()[n]) for n, p in after.homes().items() if p != clean.end.homes()[n]}
        yield Problem("unfinished", "the next run leaves (found, wanted): %s" % differs)
    if after.others != clean.before.others:
        both = set(after.others.items()) ^ set(clean.before.others.items())
        yield Problem("outside", "changed: %s" % sorted(path for path, _looks in both))
    if after.stray_logs() != clean.end.stray_logs() and len(after.stray_logs()) > len(clean.end.stray_logs()):
        yield Problem("stray log", ", ".join(after.stray_logs()))
    if killed and logged_ids(list(clean.logged)):
        missing = {host.ids[name] for name in gone - clean.before.lost()} - logged_ids(host.logged())
        if missing:
            yield Problem(
                "log", "a killed run deleted %s, and the mail log does not say so" % ", ".join(sorted(missing))
            )


def _short(result: Mapping[str, object]) -> str:
    shown = {
        name: result[name]
        for name in ("failed", "msg", "changed", "outcomes", "matched", "scan", "failures", "undecided", "warnings")
        if name in result
    }
    return json.dumps(shown)[:900]
