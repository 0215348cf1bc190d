# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports laid out for a terminal and as Markdown. Pure.

A report becomes a sheet: a title, a summary in our own words, a table, and lists. Both layouts are made from that.
"""

from __future__ import annotations

import re
import time
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import rule_text, some_hosts
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import (
    Column,
    Table,
    age,
    clip,
    code,
    markdown_table,
    one_line,
    size,
    text_table,
)

# Queues with a column of their own whenever a report has counts; others have one where something is in them.
_USUAL_QUEUES = ("incoming", "active", "deferred", "hold")
_QUEUES = ("maildrop", *_USUAL_QUEUES, "corrupt")
_TOP_WIDTH = 32
_REASON_WIDTH = 96
_PROBLEM_WIDTH = 320
_RULE_WIDTH = 240
# Of a host's messages that failed or could not be read, so many have a line; the JSON has more.
_LISTED = 5
# How smtp(8) begins what a remote host answered (src/smtp/smtp_proto.c): in a narrow column the answer matters more.
_REMOTE = re.compile(r"^host \S+ said: ")
_FLEET_TOP = 3
_FLEET_TOPS = {
    "senders": "senders",
    "sasl_usernames": "SASL logins",
    "client_addresses": "clients",
    "recipient_domains": "recipient domains",
    "reasons": "reasons",
}
_HOST = Column("host", foreign=True)


class Item(NamedTuple):
    """A line of a list: a label in our own words or a host's name, and text of strangers."""

    label: str
    text: str


class Sheet(NamedTuple):
    """A report laid out, before it becomes text."""

    title: str
    summary: Sequence[str]
    table: Table
    lists: Sequence[tuple[str, Sequence[Item]]]


def _number(count: int | None) -> str:
    return "-" if count is None else str(count)


def _problems(report: Mapping[str, Any]) -> tuple[str, Sequence[Item]]:
    return "Problems", [Item(host, clip(text, _PROBLEM_WIDTH)) for host, text in report["problems"].items()]


def _of_messages(title: str, lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[str, Sequence[Item]]:
    """Return a list of messages with what is wrong with each, by host, a few of each host."""
    items = []
    for host, messages in lists.items():
        for message in messages[:_LISTED]:
            text = "%s in %s: %s" % (message.get("queue_id"), message.get("queue"), message.get("problem"))
            items.append(Item(host, clip(text, _PROBLEM_WIDTH)))
        if len(messages) > _LISTED:
            items.append(Item(host, "and %d more" % (len(messages) - _LISTED)))
    return title, items


def _rule_items(report: Mapping[str, Any]) -> list[Item]:
    """Return the rules that plans were made by; with their hosts, where not all have the same."""
    rules = report.get("rules") or ()
    return [
        Item("rule" if len(rules) == 1 else some_hosts(group["hosts"]), clip(rule_text(group["rule"]), _RULE_WIDTH))
        for group in rules
    ]


def _undecided(count: int | None) -> list[str]:
    if not count:
        return []
    return [
        "%d messages are undecided, because the rules ask for what could not be read in them; they are left alone."
        % count
    ]


def _worst_first(
    rows: Sequence[Mapping[str, Any]], weight: Callable[[Mapping[str, Any]], int]
) -> list[Mapping[str, Any]]:
    """Return the rows by weight, the greatest first; the inventory's order where it is equal."""
    return sorted(rows, key=lambda row: -weight(row))


# --- audit ----------------------------------------------------------------------------------------------------------


def _audit_sheet(report: Mapping[str, Any]) -> Sheet:
    fleet = report["fleet"]
    total = fleet["total"]
    summary = [
        "%d of %d hosts answered." % (fleet["answered"], fleet["hosts"]),
        "%d messages (%s) to %d recipients, the oldest %s old."
        % (total["messages"], size(total["bytes"]), total["recipients"], age(_since(report, total["oldest"]))),
    ]
    if _has_rules(report):
        matched = fleet["matched"]
        summary.append("The selection has %d messages to %d recipients." % (matched["messages"], matched["recipients"]))
        summary += _undecided(matched.get("undecided"))
    if fleet.get("damaged"):
        summary.append("%d queue files are damaged." % fleet["damaged"])
    lists = (
        ("Top of the fleet", _fleet_tops(fleet)),
        _of_messages("Undecided", _from_facts(report, lambda facts: facts.get("undecided"))),
        _of_messages("Damaged", _from_facts(report, lambda facts: (facts.get("scan") or {}).get("damaged"))),
        _problems(report),
    )
    return Sheet("Mail queues", summary, _audit_table(report), lists)


def _from_facts(
    report: Mapping[str, Any], part: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]] | None]
) -> dict[str, Sequence[Mapping[str, Any]]]:
    return {row["host"]: part(row["facts"] or {}) or () for row in report["hosts"]}


def _fleet_tops(fleet: Mapping[str, Any]) -> list[Item]:
    """Return the first values of each top; reasons are long, and have a line each."""
    items = []
    for name, label in _FLEET_TOPS.items():
        values = fleet["top"].get(name, ())[:_FLEET_TOP]
        if name == "reasons":
            items += [Item("reason", _top_text(value, _REASON_WIDTH)) for value in values]
        elif values:
            items.append(Item(label, ", ".join(map(_top_text, values))))
    return items


def _has_rules(report: Mapping[str, Any]) -> bool:
    return any(report["selection"].get(key) for key in ("match", "exclude"))


def _since(report: Mapping[str, Any], second: int | None) -> int | None:
    return None if second is None else int(report["created"]) - second


def _ago(report: Mapping[str, Any], second: int | None) -> str:
    return "-" if second is None else "%s ago" % age(_since(report, second))


def _audit_table(report: Mapping[str, Any]) -> Table:
    queues = [name for name in _QUEUES if name in _USUAL_QUEUES or report["fleet"]["queues"].get(name)]
    selected = _has_rules(report)
    columns = [
        _HOST,
        Column("state"),
        *(Column(name, numbers=True) for name in queues),
        *([Column("selected", numbers=True)] if selected else []),
        Column("oldest", numbers=True),
        Column("top sender", foreign=True),
        Column("top recipient domain", foreign=True),
        Column("top reason", foreign=True),
    ]
    rows = [
        _audit_row(report, row, queues, selected)
        for row in _worst_first(
            report["hosts"], lambda row: ((row["facts"] or {}).get("total") or {}).get("messages", -1)
        )
    ]
    return Table(columns, rows)


def _audit_row(report: Mapping[str, Any], row: Mapping[str, Any], queues: Sequence[str], selected: bool) -> list[str]:
    facts = row["facts"] or {}
    counts = facts.get("queues") or {}
    figures = [_number((counts.get(name) or {}).get("messages")) for name in queues]
    if selected:
        figures.append(_number((facts.get("matched") or {}).get("messages")))
    oldest = age(_since(report, (facts.get("total") or {}).get("oldest")))
    tops = [_first(facts.get("top"), name) for name in ("senders", "recipient_domains", "reasons")]
    return [row["host"], row["state"], *figures, oldest, *tops]


def _first(tops: Mapping[str, Any] | None, name: str) -> str:
    """Return the first value of a top with its count, C(-) where there is none."""
    values = (tops or {}).get(name)
    return _top_text(values[0]) if values else "-"


def _top_text(value: Mapping[str, Any], width: int = _TOP_WIDTH) -> str:
    return "%s (%d)" % (clip(_REMOTE.sub("", one_line(value["value"])), width), value["messages"])


# --- plan -----------------------------------------------------------------------------------------------------------


def _plan_sheet(report: Mapping[str, Any]) -> Sheet:
    fleet = report["fleet"]
    summary = [
        "%d of %d hosts have a plan." % (fleet["planned"], fleet["hosts"]),
        "To be cleaned: %d messages (%s) to %d recipients, of %d messages in the chosen queues."
        % (fleet["messages"], size(fleet["bytes"]), fleet["recipients"], fleet["in_queues"]),
    ]
    if fleet["messages"] and fleet["messages"] == fleet["in_queues"]:
        summary.append("That is ALL of the messages in the chosen queues.")
    if fleet["partial"]:
        summary.append("%d messages match for some of their recipients only, and are left alone." % fleet["partial"])
    summary += _undecided(fleet["undecided"])
    columns = [
        _HOST,
        Column("state"),
        Column("messages", numbers=True),
        Column("of", numbers=True),
        Column("recipients", numbers=True),
        Column("size", numbers=True),
        Column("partial", numbers=True),
        Column("oldest", numbers=True),
        Column("youngest", numbers=True),
        Column("plan made", numbers=True),
        Column("top sender", foreign=True),
        Column("top recipient domain", foreign=True),
    ]
    rows = _worst_first(report["hosts"], lambda row: (row["counts"] or {}).get("messages", -1))
    refusals = [Item("refused", clip(text, _PROBLEM_WIDTH)) for text in report["refusals"]]
    lists = (("Rules", _rule_items(report)), ("Refused", refusals), _problems(report))
    return Sheet("Cleanup plan", summary, Table(columns, [_plan_row(report, row) for row in rows]), lists)


def _plan_row(report: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    counts, summary = row["counts"] or {}, row["summary"] or {}
    return [
        row["host"],
        row["state"],
        _number(counts.get("messages")),
        _of(counts),
        _number(counts.get("recipients")),
        size(counts["bytes"]) if counts else "-",
        _number(counts.get("partial")),
        *(age(_since(report, summary.get(name))) for name in ("oldest", "youngest")),
        _ago(report, row["planned_at"]),
        *(_first(summary, name) for name in ("senders", "recipient_domains")),
    ]


def _of(counts: Mapping[str, Any]) -> str:
    """Return of how many messages those of a plan are, in words where they are all."""
    messages, everything = counts.get("messages"), counts.get("in_queues")
    return "ALL %d" % messages if messages and messages == everything else _number(everything)


# --- cleanup --------------------------------------------------------------------------------------------------------

_OUTCOMES = ("vanished", "changed", "in_flight", "failed")


def _cleanup_sheet(report: Mapping[str, Any]) -> Sheet:
    fleet, purged = report["fleet"], report["fleet"]["purged"]
    verb = {"delete": "deleted", "expire": "expired"}[report["method"]]
    summary = [
        "%s: %d of %d planned messages (%s) to %d recipients."
        % (
            ("would be %s" % verb if report["check"] else verb).capitalize(),
            purged["messages"],
            fleet["planned"],
            size(purged["bytes"]),
            purged["recipients"],
        )
    ]
    if fleet["arrived"]:
        summary.append("%d more like them have arrived since; run the cleanup again." % fleet["arrived"])
    if report["broken_off"]:
        summary.append("The run was broken off. What it did is known of the hosts that it had finished with.")
    outcomes = (*_OUTCOMES, *_more_outcomes(report["hosts"], (*_OUTCOMES, "purged")))
    columns = [
        _HOST,
        Column("state"),
        *(Column(title, numbers=True) for title in ("planned", "purged", "recipients", "size")),
        *(Column(title.replace("_", " "), numbers=True) for title in (*outcomes, "left", "arrived", "plan made")),
    ]
    rows = _worst_first(report["hosts"], lambda row: (row["purged"] or {}).get("messages", -1))
    reason = [Item("reason", report["reason"])] if report["reason"] else []
    table = Table(columns, [_cleanup_row(report, row, outcomes) for row in rows])
    lists = (("Why", reason), ("Rules", _rule_items(report)), *_message_lists(rows), _problems(report))
    return Sheet("Cleanup, broken off" if report["broken_off"] else "Cleanup", summary, table, lists)


def _message_lists(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Sequence[Item]]]:
    names = (("Failed", "failures"), ("Undecided", "undecided"))
    return [_of_messages(title, {row["host"]: row.get(name) or () for row in rows}) for title, name in names]


def _more_outcomes(rows: Sequence[Mapping[str, Any]], known: Sequence[str]) -> list[str]:
    """Return the outcomes that have no column of their own and that some message had."""
    counted = [row["outcomes"] or {} for row in rows]
    return list(dict.fromkeys(name for counts in counted for name in counts if counts[name] and name not in known))


def _cleanup_row(report: Mapping[str, Any], row: Mapping[str, Any], outcomes: Sequence[str]) -> list[str]:
    purged, counted = row["purged"] or {}, row["outcomes"] or {}
    return [
        row["host"],
        row["state"],
        _number((row["planned"] or {}).get("messages")),
        *(_number(purged.get(name)) for name in ("messages", "recipients")),
        size(purged["bytes"]) if purged else "-",
        *(_number(counted.get(name)) for name in outcomes),
        _number(row["left"]),
        _number(row["arrived"]),
        _ago(report, row["planned_at"]),
    ]


# --- quarantine -----------------------------------------------------------------------------------------------------

_MAIL = {True: "runs", False: "down", None: "-"}


def _expiry_columns(report: Mapping[str, Any]) -> list[str]:
    return ([] if report["expire"] is None else ["to delete"]) + ["deleted"]


def _quarantine_sheet(report: Mapping[str, Any]) -> Sheet:
    outcomes = _more_outcomes(report["hosts"], ("restored", "collision"))
    columns = [
        _HOST,
        Column("state"),
        Column("mail"),
        Column("seconds down", numbers=True),
        *(Column(title, numbers=True) for title in ("quarantined", "to restore", "restored", "collisions", "left")),
        *(Column(title, numbers=True) for title in _expiry_columns(report)),
        *(Column(name.replace("_", " "), numbers=True) for name in outcomes),
        *([Column("top sender to restore", foreign=True)] if report["looking"] else []),
    ]
    rows = _worst_first(report["hosts"], lambda row: -1 if row["left"] is None else row["left"])
    what = [Item("quarantine", report["name"]), *([Item("reason", report["reason"])] if report["reason"] else [])]
    refusals = [Item("refused", clip(text, _PROBLEM_WIDTH)) for text in report["refusals"]]
    table = Table(columns, [_quarantine_row(report, row, outcomes) for row in rows])
    lists = (("What", what), ("Nothing is restored or deleted", refusals), *_message_lists(rows), _problems(report))
    title = "Quarantine, before anything is restored or deleted" if report["looking"] else "Quarantine"
    if report["broken_off"]:
        title = "Quarantine, broken off"
    return Sheet(title, _quarantine_summary(report), table, lists)


def _quarantine_summary(report: Mapping[str, Any]) -> list[str]:
    fleet = report["fleet"]
    would = "would be " if report["check"] else ""
    counts = [("%squarantined" % would, fleet["quarantined"])]
    counts.append(
        ("to be restored", fleet["selected"]) if report["looking"] else ("%srestored" % would, fleet["restored"])
    )
    if fleet["deleted"]["messages"]:
        counts.append(("%sdeleted" % would, fleet["deleted"]))
    summary = [
        "%s: %d messages (%s) to %d recipients."
        % (verb.capitalize(), sums["messages"], size(sums["bytes"]), sums["recipients"])
        for verb, sums in counts
    ]
    summary.append("%d messages %s in quarantine." % (fleet["left"], "would be left" if report["check"] else "are"))
    if report["looking"]:
        summary += _announced(report)
    if fleet["down"]:
        summary.append("Mail was down for %.1f seconds at the most." % fleet["down"])
    return summary


def _announced(report: Mapping[str, Any]) -> list[str]:
    """Return what an operator must know before anything is restored or deleted."""
    fleet = report["fleet"]
    announced = []
    if fleet["selected"]["messages"] and fleet["selected"]["messages"] == fleet["left"]:
        announced.append("ALL of them are to be restored.")
    if fleet["to_delete"]:
        announced.append(
            "%d of them are to be DELETED at the end, because nothing was moved into their quarantine for %s."
            % (fleet["to_delete"], report["expire"])
        )
    if fleet["partial"]:
        announced.append("%d messages match for some of their recipients only, and stay there." % fleet["partial"])
    return announced + _undecided(fleet["undecided"])


def _quarantine_row(report: Mapping[str, Any], row: Mapping[str, Any], outcomes: Sequence[str]) -> list[str]:
    selected = (row["selected"] or {}).get("messages")
    return [
        row["host"],
        row["state"],
        _MAIL[row["mail_runs"]],
        "-" if row["down"] is None else "%.1f" % row["down"],
        _number((row["quarantined"] or {}).get("messages")),
        "ALL %d" % selected if report["looking"] and selected and selected == row["left"] else _number(selected),
        _number((row["restored"] or {}).get("messages")),
        _number(row["collisions"]),
        _number(row["left"]),
        *([] if report["expire"] is None else [_number(row["to_delete"])]),
        _number((row["deleted"] or {}).get("messages")),
        *(_number((row["outcomes"] or {}).get(name)) for name in outcomes),
        *([_first(row["top"] if row["selected"] else None, "senders")] if report["looking"] else []),
    ]


def _quarantines_sheet(report: Mapping[str, Any]) -> Sheet:
    columns = [
        _HOST,
        Column("quarantine", foreign=True),
        Column("filled", numbers=True),
        *(Column(title, numbers=True) for title in ("messages", "size", "oldest", "restored", "deleted", "collisions")),
        Column("unfinished", foreign=True),
        Column("by", foreign=True),
        Column("reason", foreign=True),
    ]
    pairs = [(row, one) for row in report["hosts"] for one in row["quarantines"]]
    hosts = sum(bool(row["quarantines"]) for row in report["hosts"])
    summary = ["%d quarantines on %d of %d hosts." % (len(pairs), hosts, len(report["hosts"]))]
    rows = [_quarantines_row(report, row["host"], one) for row, one in pairs]
    return Sheet("Quarantines", summary, Table(columns, rows), (_problems(report),))


def _quarantines_row(report: Mapping[str, Any], host: str, one: Mapping[str, Any]) -> list[str]:
    last = one["runs"][-1] if one["runs"] else {}
    return [
        host,
        one["name"],
        age(_since(report, one["filled"])),
        _number(one["total"]["messages"]),
        size(one["total"]["bytes"]),
        age(_since(report, one["total"]["oldest"])),
        *(_number(one[name]) for name in ("restored", "deleted")),
        _number(len(one["collisions"])),
        one["unfinished"] or "-",
        one["created_by"] or "-",
        clip(one_line(last.get("reason") or "-"), _TOP_WIDTH),
    ]


# --- layouts --------------------------------------------------------------------------------------------------------

_SHEETS: Mapping[str, Callable[[Mapping[str, Any]], Sheet]] = {
    "audit": _audit_sheet,
    "plan": _plan_sheet,
    "cleanup": _cleanup_sheet,
    "quarantine": _quarantine_sheet,
    "quarantines": _quarantines_sheet,
}


def _sheet(report: Mapping[str, Any]) -> Sheet:
    """Return a report as a sheet. Raises ValueError for what is no report."""
    kind = report.get("kind")
    if kind not in _SHEETS:
        raise ValueError("%r is no kind of report; known are %s" % (kind, ", ".join(_SHEETS)))
    return _SHEETS[str(kind)](report)


def _made(report: Mapping[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(report["created"]))


def report_text(report: Mapping[str, Any]) -> list[str]:
    """Return the lines of a report for a terminal. Raises ValueError for what is no report."""
    sheet = _sheet(report)
    lines = ["%s, %s" % (sheet.title, _made(report)), *sheet.summary, "", *text_table(sheet.table)]
    for title, items in sheet.lists:
        if items:
            lines += ["", "%s:" % title, *("  %s: %s" % (one_line(item.label), one_line(item.text)) for item in items)]
    return lines


def report_markdown(report: Mapping[str, Any]) -> str:
    """Return a report as a Markdown document. Raises ValueError for what is no report."""
    sheet = _sheet(report)
    lines = ["# %s" % sheet.title, "", _made(report), "", *("- %s" % line for line in sheet.summary), ""]
    lines += markdown_table(sheet.table)
    for title, items in sheet.lists:
        if items:
            lines += ["", "## %s" % title, "", *("- %s: %s" % (code(item.label), code(item.text)) for item in items)]
    return "\n".join(lines) + "\n"
