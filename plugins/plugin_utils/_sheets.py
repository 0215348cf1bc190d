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
    return Sheet(
        "Mail queues", summary, _audit_table(report), (("Top of the fleet", _fleet_tops(fleet)), _problems(report))
    )


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
    if fleet["partial"]:
        summary.append("%d messages match for some of their recipients only, and are left alone." % fleet["partial"])
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
        Column("top sender", foreign=True),
        Column("top recipient domain", foreign=True),
    ]
    rows = _worst_first(report["hosts"], lambda row: (row["counts"] or {}).get("messages", -1))
    refusals = [Item("refused", clip(text, _PROBLEM_WIDTH)) for text in report["refusals"]]
    lists = (("Limits exceeded", refusals), _problems(report))
    return Sheet("Cleanup plan", summary, Table(columns, [_plan_row(report, row) for row in rows]), lists)


def _plan_row(report: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    counts, summary = row["counts"] or {}, row["summary"] or {}
    return [
        row["host"],
        row["state"],
        *(_number(counts.get(name)) for name in ("messages", "in_queues", "recipients")),
        size(counts["bytes"]) if counts else "-",
        _number(counts.get("partial")),
        *(age(_since(report, summary.get(name))) for name in ("oldest", "youngest")),
        *(_first(summary, name) for name in ("senders", "recipient_domains")),
    ]


# --- cleanup --------------------------------------------------------------------------------------------------------


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
    outcomes = ("vanished", "changed", "in_flight", "failed")
    columns = [
        _HOST,
        Column("state"),
        *(Column(title, numbers=True) for title in ("planned", "purged", "recipients", "size")),
        *(Column(title.replace("_", " "), numbers=True) for title in (*outcomes, "left", "arrived")),
    ]
    rows = _worst_first(report["hosts"], lambda row: (row["purged"] or {}).get("messages", -1))
    reason = [Item("reason", report["reason"])] if report["reason"] else []
    table = Table(columns, [_cleanup_row(row, outcomes) for row in rows])
    return Sheet("Cleanup", summary, table, (("Why", reason), _problems(report)))


def _cleanup_row(row: Mapping[str, Any], outcomes: Sequence[str]) -> list[str]:
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
    ]


# --- quarantine -----------------------------------------------------------------------------------------------------

_MAIL = {True: "runs", False: "down", None: "-"}


def _quarantine_sheet(report: Mapping[str, Any]) -> Sheet:
    columns = [
        _HOST,
        Column("state"),
        Column("mail"),
        Column("seconds down", numbers=True),
        *(Column(title, numbers=True) for title in ("quarantined", "to restore", "restored", "collisions", "left")),
        *([Column("top sender to restore", foreign=True)] if report["looking"] else []),
    ]
    rows = _worst_first(report["hosts"], lambda row: -1 if row["left"] is None else row["left"])
    what = [Item("quarantine", report["name"]), *([Item("reason", report["reason"])] if report["reason"] else [])]
    refusals = [Item("refused", clip(text, _PROBLEM_WIDTH)) for text in report["refusals"]]
    table = Table(columns, [_quarantine_row(row, top=report["looking"]) for row in rows])
    lists = (("What", what), ("Nothing is restored", refusals), _problems(report))
    title = "Quarantine, before anything is restored" if report["looking"] else "Quarantine"
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
    if report["looking"] and fleet["partial"]:
        summary.append("%d messages match for some of their recipients only, and stay there." % fleet["partial"])
    if fleet["down"]:
        summary.append("Mail was down for %.1f seconds at the most." % fleet["down"])
    return summary


def _quarantine_row(row: Mapping[str, Any], *, top: bool) -> list[str]:
    return [
        row["host"],
        row["state"],
        _MAIL[row["mail_runs"]],
        "-" if row["down"] is None else "%.1f" % row["down"],
        *(_number((row[name] or {}).get("messages")) for name in ("quarantined", "selected", "restored")),
        _number(row["collisions"]),
        _number(row["left"]),
        *([_first(row["top"] if row["selected"] else None, "senders")] if top else []),
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
