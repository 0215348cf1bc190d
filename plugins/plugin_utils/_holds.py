# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The records of holds on the controller: what each run put on hold, so that a release releases that and nothing else.

    DIRECTORY/runs/RUN/record.json          the rules and the reason of the hold, and the hosts on which it acts
    DIRECTORY/runs/RUN/held.json            the hosts on which it ended, with the number of messages and the digest of the plan
    DIRECTORY/runs/RUN/planned/HOST.json    what was to be put on hold, until the hold has ended on all hosts
    DIRECTORY/runs/RUN/plans/HOST.json      what it put on hold there, as a plan for postfix_queue_hold
    DIRECTORY/runs/RUN/released/HOST.json   that this was released
    DIRECTORY/runs/latest_hold              a link to the newest hold that put something on hold

A file is never written again.
"""

from __future__ import annotations

import json
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan as plans
from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import read_plan_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RUNS
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_files import (
    file_name,
    make_directory,
    new_directory,
    set_link,
    write_new,
)

LATEST_HOLD = "latest_hold"
_RECORD = "record.json"
_HELD = "held.json"
_PLANNED = "planned"
_VERSION = 1
_WHAT = "The record of a hold"
# A host takes about 150 bytes.
_MAX_BYTES = 64 * 1024 * 1024
_NO_HOLD = (
    "There is no record of a hold in %s; nothing was touched. Name the directory of a hold in queue_hold_run, or set queue_hold_own: "
    "false and give rules to release messages whoever put them on hold."
)
_OTHER_RULES = (
    "The rules are not those of the hold in %s; nothing was touched. Leave the rules out to release what that hold put on hold, or set "
    "queue_hold_own: false to release what the rules select, whoever put it on hold."
)
_NOT_ENDED = (
    "The hold in %s did not end on this host, so there is no record of what it put on hold. The lines of mailops/postfix_queue_hold in the "
    "mail log of the host name the messages. Set queue_hold_own: false and give rules to release them."
)


@dataclass(frozen=True)
class Hold:
    """The record of a hold. rules: its match and exclude rules, as the operator wrote them. hosts: those on which it acts."""

    path: Path
    rules: Mapping[str, Any]
    hosts: Sequence[str]
    held: Mapping[str, Mapping[str, Any]]
    """{host: {messages, digest}} of the hosts on which it ended."""

    @property
    def has_ended(self) -> bool:
        """Whether it is known for each host what the hold put on hold."""
        return set(self.hosts) <= set(self.held)

    @property
    def is_empty(self) -> bool:
        """Whether it is known to have put nothing on hold."""
        return self.has_ended and not any(known["messages"] for known in self.held.values())


# --- a hold ---------------------------------------------------------------------------------------------------------


def make_hold(directory: Path) -> Path:
    """Make the directory of a hold, before it is known what it selects. Return it."""
    path = new_directory(make_directory(directory / RUNS))
    for name in (_PLANNED, "plans"):
        make_directory(path / name)
    return path


def begin_hold(path: Path, *, rules: Mapping[str, Any], reason: str | None, hosts: Sequence[str], created: int) -> None:
    """Note that a hold begins, with its rules, and the hosts on which it acts. created: in seconds since the epoch."""
    notes = {"version": _VERSION, "kind": "hold", "created": created, "rules": rules, "reason": reason}
    write_new(path / _RECORD, _to_json({**notes, "hosts": list(hosts)}))


def end_hold(path: Path, results: Mapping[str, Mapping[str, Any]]) -> Path | None:
    """Note what a hold put on hold, {host: what postfix_queue_hold returned}. Return its directory; None if it held nothing.

    A host is not noted if it has no result, no outcomes, or no file of its plan, because it is not known what is on hold there. The module
    has written the plans. The directory of a hold that never began, or that put nothing on hold, is removed.
    """
    if not (path / _RECORD).is_file():
        _remove(path)
        return None
    held: dict[str, dict[str, Any]] = {}
    for host, result in results.items():
        plan = result.get("release_plan") or {"counts": {"messages": 0}, "digest": None}
        if "outcomes" in result and (not plan["digest"] or (path / "plans" / file_name(host)).is_file()):
            held[host] = {"messages": plan["counts"]["messages"], "digest": plan["digest"]}
    write_new(path / _HELD, _to_json({"hosts": held}))
    hold = _read_hold(path)
    if hold.is_empty:
        _remove(path)
        return None
    if hold.has_ended:
        shutil.rmtree(path / _PLANNED)
    set_link(path.parent / LATEST_HOLD, path.name)
    return path


def _remove(path: Path) -> None:
    """Remove the directory of a hold, and nothing else that a wrong path may name. Raises OSError if it has other files."""
    for name in (_PLANNED, "plans"):
        shutil.rmtree(path / name)
    for name in (_RECORD, _HELD):
        (path / name).unlink(missing_ok=True)
    path.rmdir()


def _to_json(content: Any) -> str:
    return json.dumps(content, sort_keys=True) + "\n"


# --- a release ------------------------------------------------------------------------------------------------------


def find_holds(path: Path, rules: Mapping[str, Any]) -> list[Hold]:
    """Return the holds that a path names, the newest first.

    path: the directory of one hold, or one that has several. Of several, the newest is returned, and the earlier ones with the same
    rules, because a hold is run again until it finds nothing. rules: those of this run; empty ones are no rules. Raises ValueError if
    there is no hold, or if its rules are others.
    """
    if (path / _RECORD).is_file():
        holds = [_read_hold(path)]
    else:
        parent = path / RUNS if (path / RUNS).is_dir() else path
        paths = [found.parent for found in parent.glob("*/" + _RECORD) if not found.parent.is_symlink()]
        known = [_read_hold(found) for found in sorted(paths, reverse=True)]
        known = [hold for hold in known if not hold.is_empty]
        holds = [hold for hold in known if _to_json(hold.rules) == _to_json(known[0].rules)]
    if not holds:
        raise ValueError(_NO_HOLD % path)
    if any(rules.values()) and _to_json(rules) != _to_json(holds[0].rules):
        raise ValueError(_OTHER_RULES % holds[0].path)
    return holds


def _read_hold(path: Path) -> Hold:
    """Return the record in a directory. Raises FileError if it cannot be read, and ValueError if it is none."""
    begun = _read_json(path / _RECORD)
    held = _read_json(path / _HELD)["hosts"] if (path / _HELD).is_file() else {}
    return Hold(path, begun["rules"], begun["hosts"], held)


def _read_json(path: Path) -> dict[str, Any]:
    content = _files.read_json(path, most=_MAX_BYTES, what=_WHAT)
    # The rules are in the record only, the hosts in both files.
    if "hosts" not in content or (path.name == _RECORD and "rules" not in content):
        raise ValueError("%s is no record of a hold; nothing was touched. Name another hold." % path)
    return content


class HeldHere(NamedTuple):
    """What holds put on hold on a host and what was not released yet.

    path: the file of the plan, if there is one. plan: one plan of several. problem: why it is not known, if so. All are None if nothing
    is there.
    """

    path: Path | None = None
    plan: Mapping[str, Any] | None = None
    problem: str | None = None


def find_held(holds: Iterable[Hold], host: str) -> HeldHere:
    """Return what holds put on hold on a host. Raises FileError and PlanError if a plan cannot be read, or was altered."""
    found, problem = [], None
    for hold in holds:
        path = hold.path / "plans" / file_name(host)
        if (hold.path / "released" / file_name(host)).exists():
            continue
        if path.is_file():
            found.append(path)
        elif host in hold.hosts and host not in hold.held:
            problem = problem or _NOT_ENDED % hold.path
    if len(found) == 1:
        # The module reads it, so that it is never a variable.
        return HeldHere(path=found[0], problem=problem)
    plan = merge_release_plans([read_plan_file(path) for path in found]) if found else None
    return HeldHere(plan=plan, problem=problem)


def merge_release_plans(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return one plan with the messages of several plans of a host, the newest first.

    Raises ValueError if they do not belong together, and PlanError if a list of messages cannot be read.
    """
    newest = dict(found[0])
    if any(plan["host"] != newest["host"] or plan["instance"] != newest["instance"] for plan in found):
        raise ValueError(
            "The holds are of different instances of Postfix; nothing was touched. Name one in queue_hold_run."
        )
    messages: dict[str, str] = {}
    for plan in reversed(found):
        messages.update(plans.listed_messages(plan))
    sums = {name: sum(plan["counts"][name] for plan in found) for name in newest["counts"]}
    newest["counts"] = {**sums, "messages": len(messages)}
    newest["messages"] = plans.pack(plans.Planned(*message) for message in messages.items())
    newest["digest"] = plans.digest(newest)
    return newest


def end_release(holds: Iterable[Hold], results: Mapping[str, Mapping[str, Any]]) -> None:
    """Note on which hosts a release released everything, so that a later one does not release what is held again meanwhile."""
    done = [host for host, result in results.items() if "outcomes" in result and not result.get("failed")]
    for hold in holds:
        for host in done:
            if (hold.path / "plans" / file_name(host)).is_file():
                with suppress(FileExistsError):
                    note = make_directory(hold.path / "released") / file_name(host)
                    write_new(note, _to_json({"released": int(time.time())}))
