# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of an audit report. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    STATE,
    TOP_WIDTH,
    first_top,
    message_section,
    number_columns,
    number_text,
    over_section,
    problem_section,
    seconds_since,
    sort_rows,
    top_text,
    undecided_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import (
    group_section,
    suggestion_section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import TOPS, state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line, size

# Who sends: the first of these tops that the queue of a host knows, and what it is called.
_SENDING = {"sasl_usernames": "login", "client_addresses": "client", "senders": "sender"}
# A login with so many messages, and with so large a part of the messages of the fleet, is worth a look.
_LOGIN_MESSAGES = 100
_LOGIN_SHARE = 0.5
_REASON_WIDTH = 84
_FLEET_TOP = 3


def audit_document(report: Report) -> Document:
    """Return an audit report laid out."""
    sections = (
        over_section(report),
        _top_section(report["fleet"]),
        group_section(report),
        _suspect_section(report["fleet"]),
        suggestion_section(report),
        message_section("Undecided", report["hosts"], lambda row: (row["facts"] or {}).get("undecided")),
        message_section("Damaged", report["hosts"], _damaged),
        problem_section(report),
    )
    return Document("Mail queues", report["created"], _summary(report), _table(report), sections)


def _suspect_section(fleet: Mapping[str, Any]) -> Section:
    """Return the logins that may be stolen, from the logs or, without them, from what is in the queues."""
    items = [
        Item(
            "login",
            "%s (stands out in the log of %d hosts)" % (clip(one_line(suspect["value"]), TOP_WIDTH), suspect["hosts"]),
        )
        for suspect in fleet.get("suspects") or ()
    ]
    known = {suspect["value"] for suspect in fleet.get("suspects") or ()}
    for value in fleet["top"].get("sasl_usernames", ())[:1]:
        messages, total = value["messages"], fleet["total"]["messages"]
        if value["value"] not in known and messages >= _LOGIN_MESSAGES and messages > _LOGIN_SHARE * total:
            items.append(Item("login", "%s, of %d messages in the queues" % (top_text(value), total)))
    if items:
        items.append(
            Item("next", "the playbook mailops.postfix.lockout shows the evidence, and locks an account that you name")
        )
    return Section("Accounts that may be stolen", items)


def _damaged(row: Row) -> Sequence[Mapping[str, Any]] | None:
    damaged: Sequence[Mapping[str, Any]] | None = ((row["facts"] or {}).get("scan") or {}).get("damaged")
    return damaged


def _has_rules(report: Report) -> bool:
    return any(report["selection"].get(key) for key in ("match", "exclude"))


def _summary(report: Report) -> list[str]:
    fleet = report["fleet"]
    total = fleet["total"]
    lines = [
        "%d of %d hosts answered." % (fleet["answered"], fleet["hosts"]),
        "%d messages (%s) to %d recipients%s."
        % (total["messages"], size(total["bytes"]), total["recipients"], _oldest_text(report, total["oldest"])),
    ]
    held = fleet.get("held")
    if fleet.get("growth"):
        lines.append(_growth_text(report, fleet["growth"]))
    if held and held["messages"]:
        lines.append("%d messages are on hold on %d hosts." % (held["messages"], held["hosts"]))
    if _has_rules(report):
        matched = fleet["matched"]
        lines.append("The selection has %d messages to %d recipients." % (matched["messages"], matched["recipients"]))
        lines += undecided_lines(matched.get("undecided"))
    if fleet.get("damaged"):
        lines.append("%d queue files are damaged." % fleet["damaged"])
    return lines


def _growth_text(report: Report, growth: Mapping[str, Any]) -> str:
    figures = (abs(growth["messages"]), "more" if growth["messages"] >= 0 else "less")
    return "%d messages %s than in the last audit, %s before." % (*figures, age(seconds_since(report, growth["since"])))


def _oldest_text(report: Report, oldest: int | None) -> str:
    """Return how old the oldest message is, an empty text if there is none. oldest: when it arrived, in seconds since the epoch."""
    return "" if oldest is None else ", the oldest %s old" % age(seconds_since(report, oldest))


def _top_section(fleet: Mapping[str, Any]) -> Section:
    """Return the first values of each top. Reasons are long, so each has a line."""
    items = []
    for name, label in TOPS.items():
        values = fleet["top"].get(name, ())[:_FLEET_TOP]
        if name == "reasons":
            items += [Item("reason", top_text(value, _REASON_WIDTH)) for value in values]
        elif values:
            items.append(Item(label, ", ".join(map(top_text, values))))
    return Section("Top of the fleet", items)


def _table(report: Report) -> Table:
    queues = [name for name in SELECTABLE_QUEUES if name in DEFAULT_QUEUES or report["fleet"]["queues"].get(name)]
    selected = _has_rules(report)
    has_growth = any(row.get("growth") for row in report["hosts"])
    columns = [
        HOST,
        STATE,
        *number_columns(queues),
        *number_columns(["selected"] if selected else []),
        *number_columns(["change"] if has_growth else []),
        *number_columns(["oldest"]),
        Column("who sends", untrusted=True, splits=True),
        *number_columns(["messages", "to recipients"]),
        Column("top recipient", untrusted=True),
        Column("top reason", untrusted=True, long=True),
    ]
    rows = sort_rows(report, lambda row: ((row["facts"] or {}).get("total") or {}).get("messages"))
    cells = [_make_cells(report, row, queues, selected=selected, has_growth=has_growth) for row in rows]
    return Table(columns, cells)


def _make_cells(report: Report, row: Row, queues: Sequence[str], *, selected: bool, has_growth: bool) -> list[str]:
    facts = row["facts"] or {}
    counts = facts.get("queues") or {}
    figures = [number_text((counts.get(name) or {}).get("messages")) for name in queues]
    if selected:
        figures.append(number_text((facts.get("matched") or {}).get("messages")))
    if has_growth:
        figures.append(_change_text(row.get("growth")))
    oldest = age(seconds_since(report, (facts.get("total") or {}).get("oldest")))
    return [
        row["host"],
        state_word(row["state"]),
        *figures,
        oldest,
        *_who_sends(facts.get("top") or {}),
        first_top(facts.get("top"), "recipients"),
        first_top(facts.get("top"), "reasons", _REASON_WIDTH),
    ]


def _change_text(growth: Mapping[str, Any] | None) -> str:
    """Return how many messages more or less a host has than in the audit before."""
    return "-" if growth is None else "%+d" % growth["messages"]


def _who_sends(tops: Mapping[str, Any]) -> list[str]:
    """Return who sends most of what is in a queue, its messages, and their recipients if they were counted."""
    for name, title in _SENDING.items():
        for value in (tops.get(name) or ())[:1]:
            who = "%s %s" % (title, clip(one_line(value["value"]), TOP_WIDTH))
            return [who, number_text(value["messages"]), number_text(value.get("recipients"))]
    return ["-", "-", "-"]
