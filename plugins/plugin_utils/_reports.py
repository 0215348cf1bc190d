# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""From the results of the modules, host by host, to reports on a fleet. Pure: values in, JSON-ready values out.

A report names every host: one that gave no answer has a state and a problem instead of figures.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, Mapping, NamedTuple

VERSION = 1
TOP = 10

# A module's result as Ansible registers it, empty where the task never ran.
Result = Mapping[str, Any]
Results = Mapping[str, Result]

_COUNTS = ("messages", "bytes", "recipients")
_NO_ANSWER = "An earlier task or play lost this host, so it was not asked."


class Trouble(NamedTuple):
    """Why a host has no figures: a word for it, and the text that explains it."""

    state: str
    problem: str


def _trouble(result: Result) -> Trouble | None:
    """Return what kept a host from answering, None where it did answer."""
    if not result:
        return Trouble("missing", _NO_ANSWER)
    if result.get("unreachable"):
        return Trouble("unreachable", _message(result))
    if result.get("failed"):
        return Trouble("failed", _message(result))
    return None


def _message(result: Result) -> str:
    return str(result.get("msg") or "no message")


def _report(kind: str, created: int, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a report; rows are its hosts, each with host, state and problem."""
    problems = {row["host"]: "%s: %s" % (row["state"], row["problem"]) for row in rows if row["problem"]}
    return {"kind": kind, "version": VERSION, "created": created, **more, "hosts": rows, "problems": problems}


def _row(host: str, state: str, problem: str | None = None, **figures: Any) -> dict[str, Any]:
    return {"host": host, "state": state, "problem": problem, **figures}


def _sums(counts: Iterable[Mapping[str, Any]], names: Iterable[str] = _COUNTS) -> dict[str, int]:
    """Return the sum of each named count; what has none counts nothing."""
    known = list(counts)
    return {name: sum(count.get(name) or 0 for count in known) for name in names}


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


# --- audit ----------------------------------------------------------------------------------------------------------


def audit_report(results: Results, *, created: int, selection: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the report on the queues of a fleet.

    results: what postfix_queue_facts returned, by host. created: the second the report was made.
    selection: the match and exclude rules that were asked for, if any.
    """
    rows = [_audited(host, result) for host, result in results.items()]
    facts = [row["facts"] for row in rows if row["facts"] is not None]
    return _report("audit", created, rows, selection=dict(selection or {}), fleet=_fleet_facts(len(rows), facts))


def _audited(host: str, result: Result) -> dict[str, Any]:
    trouble = _trouble(result)
    if trouble:
        return _row(host, *trouble, facts=None)
    return _row(host, "ok", facts=result["ansible_facts"]["postfix_queue"])


def _fleet_facts(hosts: int, facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of all hosts that answered, added up."""
    totals = [fact["total"] for fact in facts if "total" in fact]
    return {
        "hosts": hosts,
        "answered": len(facts),
        "queues": _sum_queues(facts),
        "total": {**_sums(totals), "oldest": _least(total["oldest"] for total in totals)},
        "matched": _sums((fact["matched"] for fact in facts), (*_COUNTS, "partial")),
        "top": _merged_tops(facts),
    }


def _sum_queues(facts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return {queue: messages}; a queue that nobody could look into is not in it."""
    summed: Counter[str] = Counter()
    for fact in facts:
        for queue, figures in fact.get("queues", {}).items():
            if figures is not None:
                summed[queue] += figures["messages"]
    return dict(summed)


def _merged_tops(facts: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the tops of the fleet. A value below a host's own top is not counted there, so these are lower bounds."""
    merged: dict[str, Counter[str]] = {}
    for fact in facts:
        for name, values in fact.get("top", {}).items():
            tally = merged.setdefault(name, Counter())
            for value in values or ():
                tally[value["value"]] += value["messages"]
    return {
        name: [{"value": value, "messages": count} for value, count in tally.most_common(TOP)]
        for name, tally in merged.items()
    }


# --- plan -----------------------------------------------------------------------------------------------------------


def plan_report(
    results: Results,
    *,
    created: int,
    max_messages: int | None = None,
    max_percent: float | None = None,
    fleet_max_messages: int | None = None,
) -> dict[str, Any]:
    """Return the report on the plans of a fleet, with what forbids carrying them out as refusals.

    results: what postfix_queue_purge returned in check mode, by host, or the plans that were read from files.
    """
    rows = [_planned(host, result) for host, result in results.items()]
    planned = [row for row in rows if row["counts"] is not None]
    fleet = {
        "hosts": len(rows),
        "planned": len(planned),
        **_sums((row["counts"] for row in planned), (*_COUNTS, "partial", "in_queues")),
    }
    refusals = [text for row in rows for text in _refusals(row, max_messages, max_percent)]
    if fleet_max_messages is not None and fleet["messages"] > fleet_max_messages:
        refusals.append(
            "The plans have %d messages on %d hosts, queue_cleanup_fleet_max_messages allows %d."
            % (fleet["messages"], sum(row["counts"]["messages"] > 0 for row in planned), fleet_max_messages)
        )
    return _report("plan", created, rows, fleet=fleet, refusals=refusals)


def plan_of(result: Result) -> Mapping[str, Any] | None:
    """Return the plan in a result, of the module or of the task that read it from a file; None where there is none."""
    plan = result.get("plan") or result.get("ansible_facts", {}).get("__queue_cleanup_read_plan")
    return plan if isinstance(plan, Mapping) else None


def _planned(host: str, result: Result) -> dict[str, Any]:
    figures: dict[str, Any] = {"counts": None, "summary": None, "planned_at": None}
    trouble = _trouble(result)
    if trouble and trouble.state == "failed" and "matched" in result:
        # The module counts what it refuses only where a limit was exceeded.
        trouble = Trouble("refused", trouble.problem)
    if trouble:
        return _row(host, *trouble, **figures)
    plan = plan_of(result)
    if plan is None:
        return _row(host, "no plan", "There is no plan for this host: make one, or leave the host out.", **figures)
    figures = {"counts": dict(plan["counts"]), "summary": dict(plan["summary"]), "planned_at": plan["created"]}
    return _row(host, "planned" if plan["counts"]["messages"] else "nothing to do", **figures)


def _refusals(row: Mapping[str, Any], max_messages: int | None, max_percent: float | None) -> list[str]:
    """Return why this host's plan must not be carried out.

    The module checks the same limits, but on its own host, when others may have been cleaned already.
    """
    if row["state"] == "refused":
        return ["%s: %s" % (row["host"], row["problem"])]
    if row["counts"] is None:
        return []
    messages, in_queues = row["counts"]["messages"], row["counts"]["in_queues"]
    refusals = []
    if max_messages is not None and messages > max_messages:
        refusals.append(
            "%s: The plan has %d messages, queue_cleanup_max_messages allows %d."
            % (row["host"], messages, max_messages)
        )
    if max_percent is not None and messages * 100 > max_percent * in_queues:
        refusals.append(
            "%s: The plan has %d of the %d messages in the chosen queues, queue_cleanup_max_percent allows %g percent."
            % (row["host"], messages, in_queues, max_percent)
        )
    return refusals


# --- cleanup --------------------------------------------------------------------------------------------------------


class Cleanup(NamedTuple):
    """What the tasks of a cleanup returned on one host; each empty where it did not run."""

    planned: Result
    purged: Result
    left: Result
    left_old: Result


def cleanup_report(
    cleanups: Mapping[str, Cleanup], *, created: int, method: str, reason: str | None = None, check: bool = False
) -> dict[str, Any]:
    """Return the report on a cleanup of a fleet. check: whether it was only predicted."""
    rows = [_cleaned(host, cleanup, check) for host, cleanup in cleanups.items()]
    fleet = {
        "hosts": len(rows),
        "planned": sum((row["planned"] or {}).get("messages", 0) for row in rows),
        "purged": _sums(row["purged"] or {} for row in rows),
        "left": sum(row["left"] or 0 for row in rows),
        "arrived": sum(row["arrived"] or 0 for row in rows),
    }
    return _report("cleanup", created, rows, method=method, reason=reason, check=check, fleet=fleet)


def _cleaned(host: str, cleanup: Cleanup, check: bool) -> dict[str, Any]:
    planned = _planned(host, cleanup.planned)
    purged = {} if cleanup.purged.get("skipped") else cleanup.purged
    left, arrived = _left(cleanup)
    figures = {
        "planned": planned["counts"],
        "purged": purged.get("purged"),
        "outcomes": purged.get("outcomes"),
        "selection_digest": purged.get("selection_digest"),
        "left": left,
        "arrived": arrived,
    }
    if planned["state"] in ("failed", "refused"):
        return _row(host, "no plan", planned["problem"], **figures)
    if planned["problem"]:
        return _row(host, planned["state"], planned["problem"], **figures)
    return _row(host, *_state_of(planned, purged, cleanup, left, check), **figures)


def _state_of(
    planned: Mapping[str, Any], purged: Result, cleanup: Cleanup, left: int | None, check: bool
) -> tuple[str, str | None]:
    """Return the state of a host that had a plan, and its problem, if it has one."""
    if planned["state"] == "nothing to do":
        return "nothing to do", None
    if not purged:
        return "stopped", "Nothing was touched here, because a host before this one failed."
    trouble = _trouble(purged)
    if trouble:
        return trouble
    if check:
        return "would clean" if purged["purged"]["messages"] else "nothing to do", None
    if left:
        return "left over", "%d messages of the selection are still in the queue; run the cleanup again." % left
    for result in (cleanup.left, cleanup.left_old):
        unverified = None if not result or result.get("skipped") else _trouble(result)
        if unverified:
            return "not verified", "It was cleaned, but could not be looked at again: %s" % unverified.problem
    return "cleaned" if purged["purged"]["messages"] else "nothing to do", None


def _left(cleanup: Cleanup) -> tuple[int | None, int | None]:
    """Return how many messages of the selection are still in the queue, and how many have come since the plan."""
    everything = _matched(cleanup.left)
    if not everything:
        return everything, everything
    old = _matched(cleanup.left_old)
    return (None, None) if old is None else (old, max(0, everything - old))


def _matched(result: Result) -> int | None:
    try:
        return int(result["ansible_facts"]["postfix_queue"]["matched"]["messages"])
    except KeyError:
        return None


# --- quarantine -----------------------------------------------------------------------------------------------------


class Quarantining(NamedTuple):
    """What the tasks of the role spool_quarantine returned on one host; each empty where it did not run."""

    taken: Result
    source: Result
    found: Result
    looked: Result
    restored: Result
    left: Result
    expired: Result
    mail: Result


class QuarantineRun(NamedTuple):
    """What such a run was to do: the quarantine, why, whether rules say what is good, whether Postfix must run afterwards."""

    name: str
    reason: str | None
    rules: bool
    must_run: bool
    check: bool


def quarantine_report(
    hosts: Mapping[str, Quarantining],
    *,
    created: int,
    run: QuarantineRun,
    limits: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the report on a run of the role spool_quarantine.

    limits: max_messages, max_percent and fleet_max_messages where the report is on a dry look, before anything is restored. What
    forbids restoring is in refusals then.
    """
    looking = limits is not None
    rows = [_quarantined(host, steps, run, looking=looking) for host, steps in hosts.items()]
    fleet = {
        "hosts": len(rows),
        **{name: _sums(row[name] or {} for row in rows) for name in ("quarantined", "selected", "restored", "deleted")},
        **{name: sum(row[name] or 0 for row in rows) for name in ("collisions", "left")},
        "partial": sum((row["selected"] or {}).get("partial", 0) for row in rows),
        "down": max((row["down"] or 0.0 for row in rows), default=0.0),
    }
    refusals = _restore_refusals(rows, run, limits) if limits is not None else []
    return _report("quarantine", created, rows, **run._asdict(), looking=looking, fleet=fleet, refusals=refusals)


def _ran(result: Result) -> Result:
    """Return the result of a task that ran, an empty one otherwise."""
    return {} if result.get("skipped") else result


def _quarantined(host: str, steps: Quarantining, run: QuarantineRun, *, looking: bool) -> dict[str, Any]:
    """Return the row of a host."""
    held_back = bool(steps.taken.get("skipped"))
    steps = Quarantining(*map(_ran, steps))
    figures = _quarantine_figures(steps, run, looking=looking)
    trouble = _quarantine_trouble(steps, run, figures, held_back=held_back) or (
        None if looking else _not_ended(steps, run, figures)
    )
    return _row(host, *(trouble or (_quarantine_state(steps, run, figures, looking=looking), None)), **figures)


def _quarantine_figures(steps: Quarantining, run: QuarantineRun, *, looking: bool) -> dict[str, Any]:
    looked = _queue_facts(steps.looked)
    selected = looked.get("matched") if run.rules else None
    restored = steps.restored.get("restored")
    if run.check and steps.taken.get("changed") and not looking:
        # Nothing was moved away yet that could be restored: the look into the queue predicts it.
        restored = selected
    deleted = _deleted(steps, restored, check=run.check)
    return {
        "path": steps.taken.get("path") or _found_path(steps.found),
        "down": steps.taken.get("down"),
        "quarantined": steps.taken.get("quarantined"),
        "selected": selected,
        "top": looked.get("top"),
        "restored": restored,
        "outcomes": steps.restored.get("outcomes"),
        "collisions": (steps.restored.get("outcomes") or {}).get("collision"),
        "renamed": steps.restored.get("renamed"),
        "deleted": deleted,
        "left": _left_in_quarantine(steps, _messages(restored), _messages(deleted), run),
        "mail_runs": (_queue_facts(steps.mail).get("instance") or {}).get("running"),
    }


def _queue_facts(result: Result) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = result.get("ansible_facts", {}).get("postfix_queue", {})
    return facts


def _found_path(found: Result) -> str | None:
    return found["quarantines"][0]["path"] if found.get("quarantines") else None


def _messages(sums: Mapping[str, int] | None) -> int:
    return (sums or {}).get("messages", 0)


def _deleted(steps: Quarantining, restored: Mapping[str, int] | None, *, check: bool) -> Mapping[str, int] | None:
    """Return what was deleted. In check mode what would be restored before is still there, and was counted."""
    deleted: Mapping[str, int] | None = steps.expired.get("deleted")
    if check and _messages(deleted) and deleted and restored:
        return {name: max(0, count - restored.get(name, 0)) for name, count in deleted.items()}
    return deleted


def _left_in_quarantine(steps: Quarantining, restored: int, deleted: int, run: QuarantineRun) -> int | None:
    """Return how many messages are in the quarantine at the end; None where nobody could look."""
    after, before = _queue_facts(steps.left), _queue_facts(steps.looked)
    if after:
        return int(after["total"]["messages"]) - deleted
    if run.check and steps.taken.get("changed"):
        return int(steps.taken["quarantined"]["messages"]) - restored
    return int(before["total"]["messages"]) - restored - deleted if before else None


def _quarantine_trouble(
    steps: Quarantining, run: QuarantineRun, figures: Mapping[str, Any], *, held_back: bool
) -> Trouble | None:
    """Return what went wrong on a host."""
    if run.must_run and figures["mail_runs"] is False:
        said = _trouble(steps.taken) if steps.taken else None
        return Trouble("mail is down", said.problem if said else "Postfix does not run on this host; start it.")
    if steps.source:
        return Trouble("failed", "The source was not stopped, so nothing was touched here: %s" % _message(steps.source))
    if held_back:
        return Trouble("stopped", "Nothing was touched here, because a host before this one failed.")
    if not (steps.taken or steps.found):
        return Trouble("missing", _NO_ANSWER)
    return _first_trouble(steps.taken, steps.found, steps.looked, steps.restored, steps.expired)


def _first_trouble(*results: Result) -> Trouble | None:
    """Return what kept the first of these that did not succeed from it; those that did not run do not count."""
    troubles = (_trouble(result) for result in results if result)
    return next((trouble for trouble in troubles if trouble), None)


def _not_ended(steps: Quarantining, run: QuarantineRun, figures: Mapping[str, Any]) -> Trouble | None:
    """Return what is still to be done on a host where no task failed."""
    if _messages(figures["selected"]) and not figures["restored"]:
        return Trouble("stopped", "Nothing was restored here, because a host before this one failed.")
    unverified = _first_trouble(steps.left, steps.mail)
    if unverified:
        return Trouble("not verified", "It could not be looked at again: %s" % unverified.problem)
    left = _matched(steps.left) if run.rules else 0
    if left:
        return Trouble(
            "left over",
            "%d messages of the selection are still in the quarantine, %d of them because a file in the queue has their queue ID; "
            "look at those, then restore again." % (left, figures["collisions"] or 0),
        )
    return None


def _quarantine_state(steps: Quarantining, run: QuarantineRun, figures: Mapping[str, Any], *, looking: bool) -> str:
    """Return the state of a host on which all went well: the last of what was done there."""
    if steps.found and not steps.found["quarantines"]:
        return "no quarantine"
    if looking and _messages(figures["selected"]):
        return "would restore"
    done = (
        ("delete", "deleted", _messages(figures["deleted"])),
        ("restore", "restored", _messages(figures["restored"])),
        ("quarantine", "quarantined", steps.taken.get("changed")),
    )
    for verb, participle, happened in done:
        if happened:
            return "would %s" % verb if run.check else participle
    return "nothing to do"


def _restore_refusals(rows: list[dict[str, Any]], run: QuarantineRun, limits: Mapping[str, float]) -> list[str]:
    """Return why nothing must be restored on any host."""
    refusals = [text for row in rows for text in _row_refusals(row, limits)]
    wanted = sum(_messages(row["selected"]) for row in rows)
    most = limits.get("fleet_max_messages")
    if most is not None and wanted > most:
        refusals.append(
            "The rules would restore %d messages, spool_quarantine_fleet_max_messages allows %d." % (wanted, most)
        )
    answered = [row for row in rows if not row["problem"]]
    if answered and all(row["state"] == "no quarantine" for row in answered):
        refusals.append(
            "No host has a quarantine %s; run the playbook without a name to see which there are." % run.name
        )
    return refusals


def _row_refusals(row: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    if not row["selected"]:
        return []
    wanted, everything = row["selected"]["messages"], row["left"] or 0
    refusals = []
    if limits.get("max_messages") is not None and wanted > limits["max_messages"]:
        refusals.append(
            "%s: The rules would restore %d messages, spool_quarantine_max_messages allows %d."
            % (row["host"], wanted, limits["max_messages"])
        )
    if limits.get("max_percent") is not None and wanted * 100 > limits["max_percent"] * everything:
        refusals.append(
            "%s: The rules would restore %d of %d messages, spool_quarantine_max_percent allows %g percent."
            % (row["host"], wanted, everything, limits["max_percent"])
        )
    return refusals


def quarantine_list(results: Results, *, created: int) -> dict[str, Any]:
    """Return which quarantines there are on a fleet. results: what postfix_quarantine_info returned, by host."""
    rows = []
    for host, result in results.items():
        trouble = _trouble(result)
        state = trouble or (("ok" if result["quarantines"] else "no quarantine"), None)
        rows.append(_row(host, *state, quarantines=[] if trouble else result["quarantines"]))
    return _report("quarantines", created, rows)
