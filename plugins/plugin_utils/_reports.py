# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""From the results of the modules, host by host, to reports on a fleet. Pure: values in, JSON-ready values out.

A report names every host: one that gave no answer has a state and a problem instead of figures.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Iterable, Mapping, NamedTuple

VERSION = 1
TOP = 10

# A module's result as Ansible registers it, empty where the task never ran.
Result = Mapping[str, Any]
Results = Mapping[str, Result]

_COUNTS = ("messages", "bytes", "recipients")
_NO_ANSWER = "An earlier task or play lost this host, so it was not asked."
# A selection that takes nearly everything is a mistake more often than not: without limits of the operator's own it is refused,
# unless it has few messages. postfix_queue_purge has the same bounds.
NEARLY_ALL_PERCENT = 95
FEW_MESSAGES = 20
# Plans that were made in one run are as old as each other, within so many seconds.
SAME_AGE_SECONDS = 3600
_AGE_UNITS = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60))
_HOSTS_NAMED = 10


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
        "matched": _sums((fact["matched"] for fact in facts), (*_COUNTS, "partial", "undecided")),
        "damaged": sum(len((fact.get("scan") or {}).get("damaged") or ()) for fact in facts),
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
    mixed: bool = True,
) -> dict[str, Any]:
    """Return the report on the plans of a fleet, with what forbids carrying them out as refusals.

    results: what postfix_queue_purge returned in check mode, by host, or the plans that were read from files. mixed: whether plans of
    different rules and ages may be carried out together.
    """
    rows = [_planned(host, result) for host, result in results.items()]
    planned = [row for row in rows if row["counts"] is not None]
    fleet = {
        "hosts": len(rows),
        "planned": len(planned),
        **_sums((row["counts"] for row in planned), (*_COUNTS, "partial", "undecided", "in_queues")),
    }
    refusals = [text for row in rows for text in _refusals(row, max_messages, max_percent)]
    if fleet_max_messages is not None and fleet["messages"] > fleet_max_messages:
        refusals.append(
            "The plans have %d messages on %d hosts, queue_cleanup_fleet_max_messages allows %d."
            % (fleet["messages"], sum(row["counts"]["messages"] > 0 for row in planned), fleet_max_messages)
        )
    rules = _rules_of(planned)
    if not mixed:
        refusals += _mixtures(planned, rules, created)
    return _report("plan", created, rows, fleet=fleet, rules=rules, refusals=refusals)


def plan_of(result: Result) -> Mapping[str, Any] | None:
    """Return the plan in a result, of the module or of the task that read it from a file; None where there is none."""
    plan = result.get("plan")
    return plan if isinstance(plan, Mapping) else None


def _planned(host: str, result: Result) -> dict[str, Any]:
    figures: dict[str, Any] = {"counts": None, "summary": None, "planned_at": None, "rule": None, "reason": None}
    figures["limits"] = {}
    trouble = _trouble(result)
    if trouble and trouble.state == "failed" and "matched" in result:
        # The module counts what it refuses only where a limit was exceeded.
        trouble = Trouble("refused", trouble.problem)
    if trouble:
        return _row(host, *trouble, **figures)
    plan = plan_of(result)
    if plan is None:
        return _row(host, "no plan", "There is no plan for this host: make one, or leave the host out.", **figures)
    figures = {
        "counts": dict(plan["counts"]),
        "summary": dict(plan["summary"]),
        "planned_at": plan["created"],
        "rule": rule_of(plan),
        "reason": plan.get("reason"),
        "limits": dict(plan.get("limits") or {}),
    }
    return _row(host, "planned" if plan["counts"]["messages"] else "nothing to do", **figures)


def rule_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selection of a plan as an operator writes it; ages count from when the plan was made, as they did there."""
    selection = plan.get("selection") or {}
    rules = {name: [_rule(rule, plan["created"]) for rule in selection.get(name, ())] for name in ("match", "exclude")}
    more = {name: selection.get(name) for name in ("queues", "recipient_scope")}
    return {**rules, **more, "method": plan.get("method")}


def _rule(rule: Mapping[str, Any], created: int) -> dict[str, Any]:
    return {key: _value_of(key, value, created) for key, value in rule.items()}


def _value_of(key: str, value: Any, created: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _value_of(key, item, created) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [_value(key, item, created) for item in value]
    return items[0] if len(items) == 1 else items


def _value(key: str, item: Any, created: int) -> Any:
    if key != "age" or not isinstance(item, Mapping):
        return _rule(item, created) if isinstance(item, Mapping) else item
    ((name, second),) = item.items()
    return ("-" if name == "after" else "") + _length(created - second)


def _length(seconds: int) -> str:
    """Return a length of time in the largest unit that it is a whole number of, as C(2d)."""
    for unit, size in _AGE_UNITS:
        if seconds and seconds % size == 0:
            return "%d%s" % (seconds // size, unit)
    return "%ds" % seconds


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return a selection on one line: what it takes, and what it spares."""
    taken = " or ".join(json.dumps(part, ensure_ascii=False) for part in rule["match"]) or "every message"
    spared = " or ".join(json.dumps(part, ensure_ascii=False) for part in rule["exclude"])
    method = "" if rule["method"] in (None, "delete") else ", to %s" % rule["method"]
    return taken + (", but not %s" % spared if spared else "") + method


def _rules_of(planned: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each selection that hosts have plans of, with these hosts; the most frequent first."""
    hosts: dict[str, list[str]] = {}
    rules: dict[str, Mapping[str, Any]] = {}
    for row in planned:
        key = hashlib.sha256(json.dumps(row["rule"], sort_keys=True).encode("utf-8")).hexdigest()
        rules[key] = row["rule"]
        hosts.setdefault(key, []).append(row["host"])
    return [
        {"digest": key, "rule": rules[key], "hosts": hosts[key]}
        for key in sorted(rules, key=lambda key: -len(hosts[key]))
    ]


def some_hosts(hosts: list[str]) -> str:
    """Return the names of hosts, of many the first ones and how many more there are."""
    more = len(hosts) - _HOSTS_NAMED
    return ", ".join(hosts[:_HOSTS_NAMED]) + (" and %d more" % more if more > 0 else "")


def _mixtures(planned: list[dict[str, Any]], rules: list[dict[str, Any]], created: int) -> list[str]:
    """Return what is different among plans that are to be carried out together."""
    remedy = "Make new plans for all hosts, leave hosts out with --limit, or set queue_cleanup_mixed_plans: true if you mean that."
    texts = []
    if len(rules) > 1:
        texts.append("The plans are of %d different rules. %s" % (len(rules), remedy))
        texts += ["%s: %s" % (some_hosts(group["hosts"]), rule_text(group["rule"])) for group in rules]
    ages: dict[int, list[str]] = {}
    for row in sorted(planned, key=lambda row: int(row["planned_at"])):
        first = next((second for second in ages if row["planned_at"] - second <= SAME_AGE_SECONDS), row["planned_at"])
        ages.setdefault(first, []).append(row["host"])
    if len(ages) > 1:
        texts.append("The plans were made at different times. %s" % remedy)
        texts += [
            "%s: planned %d minutes ago" % (some_hosts(hosts), (created - second) // 60)
            for second, hosts in ages.items()
        ]
    return texts


def _refusals(row: Mapping[str, Any], max_messages: int | None, max_percent: float | None) -> list[str]:
    """Return why this host's plan must not be carried out.

    The module checks the same limits, but on its own host, when others may have been cleaned already. What is not given is taken from
    the plan.
    """
    if row["state"] == "refused":
        return ["%s: %s" % (row["host"], row["problem"])]
    if row["counts"] is None:
        return []
    messages, in_queues = row["counts"]["messages"], row["counts"]["in_queues"]
    most = _first_of(max_messages, row["limits"].get("max_messages"))
    percent = _first_of(max_percent, row["limits"].get("max_percent"))
    refusals = []
    if most is not None and messages > most:
        refusals.append(
            "%s: The plan has %d messages, queue_cleanup_max_messages allows %d." % (row["host"], messages, most)
        )
    if percent is not None and messages * 100 > percent * in_queues:
        refusals.append(
            "%s: The plan has %d of the %d messages in the chosen queues, queue_cleanup_max_percent allows %g percent."
            % (row["host"], messages, in_queues, percent)
        )
    if most is None and percent is None and row["rule"]["match"] and nearly_all(messages, in_queues):
        refusals.append(
            "%s: The plan has %s messages in the chosen queues, which is more than %d percent. Narrow the rule, or set "
            "queue_cleanup_max_percent: 100 if you mean that."
            % (row["host"], share_of(messages, in_queues), NEARLY_ALL_PERCENT)
        )
    return refusals


def _first_of(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def nearly_all(messages: int, everything: int) -> bool:
    """Return whether a selection takes so much that it must be allowed in words."""
    return messages > FEW_MESSAGES and messages * 100 > NEARLY_ALL_PERCENT * everything


def share_of(messages: int, everything: int) -> str:
    """Return how many of how many, in words where it is all."""
    return "ALL %d" % messages if messages == everything else "%d of the %d" % (messages, everything)


# --- cleanup --------------------------------------------------------------------------------------------------------


class Cleanup(NamedTuple):
    """What the tasks of a cleanup returned on one host; each empty where it did not run."""

    planned: Result
    purged: Result
    left: Result
    left_old: Result


class CleanupRun(NamedTuple):
    """How a cleanup ran: whether it was only predicted, whether a later run makes its report because it was broken off itself, and
    on which hosts it had begun to purge."""

    check: bool = False
    broken_off: bool = False
    started: frozenset[str] = frozenset()


_BROKEN_OFF_HERE = (
    "The run was broken off while this host was cleaned, so what it deleted here is not known: the mail log of the host has it, in the "
    "lines of mailops/postfix_queue_purge."
)
_BROKEN_OFF_BEFORE = "Nothing was touched here, because the run was broken off before."


def cleanup_report(
    cleanups: Mapping[str, Cleanup],
    *,
    created: int,
    method: str,
    reason: str | None = None,
    check: bool = False,
    started: frozenset[str] | None = None,
) -> dict[str, Any]:
    """Return the report on a cleanup of a fleet. check: whether it was only predicted.

    started: of a run that was broken off, the hosts on which it had begun to purge.
    """
    run = CleanupRun(check, started is not None, started or frozenset())
    rows = [_cleaned(host, cleanup, run) for host, cleanup in cleanups.items()]
    planned = [row for row in rows if row["rule"] is not None]
    fleet = {
        "hosts": len(rows),
        "planned": sum((row["planned"] or {}).get("messages", 0) for row in rows),
        "purged": _sums(row["purged"] or {} for row in rows),
        "left": sum(row["left"] or 0 for row in rows),
        "arrived": sum(row["arrived"] or 0 for row in rows),
    }
    reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
    return _report(
        "cleanup",
        created,
        rows,
        method=method,
        reason=reason or "; ".join(reasons) or None,
        check=run.check,
        broken_off=run.broken_off,
        rules=_rules_of(planned),
        fleet=fleet,
    )


def _cleaned(host: str, cleanup: Cleanup, run: CleanupRun) -> dict[str, Any]:
    planned = _planned(host, cleanup.planned)
    purged = {} if cleanup.purged.get("skipped") else cleanup.purged
    left, arrived = _left(cleanup)
    figures = {
        "planned": planned["counts"],
        "purged": purged.get("purged"),
        "outcomes": purged.get("outcomes"),
        "failures": purged.get("failures") or [],
        "undecided": purged.get("undecided") or [],
        "selection_digest": purged.get("selection_digest"),
        **{name: planned[name] for name in ("planned_at", "rule", "reason")},
        "left": left,
        "arrived": arrived,
    }
    if planned["state"] in ("failed", "refused"):
        return _row(host, "no plan", planned["problem"], **figures)
    if planned["problem"]:
        return _row(host, planned["state"], planned["problem"], **figures)
    return _row(host, *_state_of(planned, purged, cleanup, left, run), **figures)


def _state_of(
    planned: Mapping[str, Any], purged: Result, cleanup: Cleanup, left: int | None, run: CleanupRun
) -> tuple[str, str | None]:
    """Return the state of a host that had a plan, and its problem, if it has one."""
    if planned["state"] == "nothing to do":
        return "nothing to do", None
    if not purged:
        return _untouched(planned["host"], run)
    trouble = _trouble(purged)
    if trouble:
        return trouble
    if run.check:
        return "would clean" if purged["purged"]["messages"] else "nothing to do", None
    if left:
        return "left over", "%d messages of the selection are still in the queue; run the cleanup again." % left
    for result in (cleanup.left, cleanup.left_old):
        unverified = None if not result or result.get("skipped") else _trouble(result)
        if unverified:
            return "not verified", "It was cleaned, but could not be looked at again: %s" % unverified.problem
    return "cleaned" if purged["purged"]["messages"] else "nothing to do", None


def _untouched(host: str, run: CleanupRun) -> tuple[str, str]:
    """Return state and problem of a host whose purge returned nothing."""
    if not run.broken_off:
        return "stopped", "Nothing was touched here, because a host before this one failed."
    return ("unknown", _BROKEN_OFF_HERE) if host in run.started else ("stopped", _BROKEN_OFF_BEFORE)


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
    """What such a run was to do: the quarantine, why, whether rules say what is good, whether Postfix must run afterwards.

    everything: whether all is to be restored that no rule spares. expire: the age at which what is left is deleted, as the operator
    wrote it, and in seconds; None where nothing is. broken_off, started: as for a cleanup.
    """

    name: str
    reason: str | None = None
    rules: bool = False
    must_run: bool = True
    check: bool = False
    everything: bool = False
    expire: str | None = None
    expire_seconds: int | None = None
    broken_off: bool = False
    started: tuple[str, ...] = ()


def quarantine_report(
    hosts: Mapping[str, Quarantining],
    *,
    created: int,
    run: QuarantineRun,
    limits: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the report on a run of the role spool_quarantine.

    limits: max_messages, max_percent, fleet_max_messages and expire_max_messages, those that there are, where the report is on a dry
    look, before anything is restored. What forbids restoring is in refusals then.
    """
    looking = limits is not None
    rows = [_quarantined(host, steps, run, created, looking=looking) for host, steps in hosts.items()]
    fleet = {
        "hosts": len(rows),
        **{name: _sums(row[name] or {} for row in rows) for name in ("quarantined", "selected", "restored", "deleted")},
        **{name: sum(row[name] or 0 for row in rows) for name in ("collisions", "left", "to_delete")},
        **{name: sum((row["selected"] or {}).get(name) or 0 for row in rows) for name in ("partial", "undecided")},
        "down": max((row["down"] or 0.0 for row in rows), default=0.0),
    }
    refusals = _restore_refusals(rows, run, limits) if limits is not None else []
    return _report("quarantine", created, rows, **run._asdict(), looking=looking, fleet=fleet, refusals=refusals)


def _ran(result: Result) -> Result:
    """Return the result of a task that ran, an empty one otherwise."""
    return {} if result.get("skipped") else result


def _quarantined(host: str, steps: Quarantining, run: QuarantineRun, created: int, *, looking: bool) -> dict[str, Any]:
    """Return the row of a host."""
    held_back = bool(steps.taken.get("skipped"))
    steps = Quarantining(*map(_ran, steps))
    figures = _quarantine_figures(steps, run, created, looking=looking)
    trouble = (
        _broken_off(host, steps, run, figures)
        or _quarantine_trouble(steps, run, figures, held_back=held_back)
        or (None if looking else _not_ended(steps, run, figures))
    )
    return _row(host, *(trouble or (_quarantine_state(steps, run, figures, looking=looking), None)), **figures)


def _broken_off(host: str, steps: Quarantining, run: QuarantineRun, figures: Mapping[str, Any]) -> Trouble | None:
    """Return what is unknown of a host where a run was broken off while it was at work there, or before."""
    if not run.broken_off:
        return None
    if host not in run.started:
        return Trouble("stopped", _BROKEN_OFF_BEFORE)
    at_work = not (steps.taken or steps.source or steps.found)
    restoring = _messages(figures["selected"]) and not steps.restored
    if not (at_work or restoring):
        return None
    return Trouble(
        "unknown",
        "The run was broken off while it was at work on this host; the quarantine itself says what was moved and deleted: run the "
        "playbook mailops.postfix.restore without a name.",
    )


def _quarantine_figures(steps: Quarantining, run: QuarantineRun, created: int, *, looking: bool) -> dict[str, Any]:
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
        "to_delete": _to_delete(steps, run, _messages(selected), created),
        "top": looked.get("top"),
        "restored": restored,
        "outcomes": steps.restored.get("outcomes"),
        "failures": [
            failure for step in (steps.taken, steps.restored, steps.expired) for failure in step.get("failures") or ()
        ],
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


def _to_delete(steps: Quarantining, run: QuarantineRun, selected: int, created: int) -> int | None:
    """Return how many messages are old enough to be deleted at the end; None where nothing is to be deleted."""
    looked = _queue_facts(steps.looked)
    if run.expire_seconds is None or not looked or not steps.found.get("quarantines"):
        return None
    filled = steps.found["quarantines"][0].get("filled")
    if filled is None or filled > created - run.expire_seconds:
        return 0
    return int(looked["total"]["messages"]) - selected


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
    """Return why nothing must be restored or deleted on any host."""
    refusals = [text for row in rows for text in (*_row_refusals(row, run, limits), *_expiry_refusals(row, limits))]
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


def _row_refusals(row: Mapping[str, Any], run: QuarantineRun, limits: Mapping[str, float]) -> list[str]:
    if not row["selected"]:
        return []
    wanted, everything = row["selected"]["messages"], row["left"] or 0
    most, percent = limits.get("max_messages"), limits.get("max_percent")
    refusals = []
    if most is not None and wanted > most:
        refusals.append(
            "%s: The rules would restore %d messages, spool_quarantine_max_messages allows %d."
            % (row["host"], wanted, most)
        )
    if percent is not None and wanted * 100 > percent * everything:
        refusals.append(
            "%s: The rules would restore %d of %d messages, spool_quarantine_max_percent allows %g percent."
            % (row["host"], wanted, everything, percent)
        )
    if most is None and percent is None and not run.everything and nearly_all(wanted, everything):
        refusals.append(
            "%s: The rules would restore %s messages, which is more than %d percent. Narrow the rules, or set "
            "spool_quarantine_max_percent: 100 if you mean that."
            % (row["host"], share_of(wanted, everything), NEARLY_ALL_PERCENT)
        )
    return refusals


def _expiry_refusals(row: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    most = limits.get("expire_max_messages")
    if most is None or (row["to_delete"] or 0) <= most:
        return []
    return [
        "%s: spool_quarantine_expire would delete %d messages, spool_quarantine_expire_max_messages allows %d."
        % (row["host"], row["to_delete"], most)
    ]


def quarantine_list(results: Results, *, created: int) -> dict[str, Any]:
    """Return which quarantines there are on a fleet. results: what postfix_quarantine_info returned, by host."""
    rows = []
    for host, result in results.items():
        trouble = _trouble(result)
        state = trouble or (("ok" if result["quarantines"] else "no quarantine"), None)
        rows.append(_row(host, *state, quarantines=[] if trouble else result["quarantines"]))
    return _report("quarantines", created, rows)
