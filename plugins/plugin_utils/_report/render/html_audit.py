# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What the page of an audit shows: figures, charts and texts, without mark-up. Pure.

The texts hold untrusted text. The template escapes it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import can_be_locked
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.charts import (
    Part,
    bar_length,
    column_path,
    heat_level,
    stack_parts,
    trend_points,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_suggestions import (
    Group,
    Suggested,
    groups_shown,
    suggested_rule,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import seconds_since
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.reason_groups import (
    ReasonGroup,
    group_reasons,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trouble import (
    NO_ANSWER,
    NOTICE,
    QUIET,
    TROUBLE,
    HostTrouble,
    find_trouble,
    headlines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import iso_text, state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line, size

# So many hosts have a section of their own; every host has a row.
PANELS = 24
# Of more hosts in trouble, the sections of these are open.
_OPEN_PANELS = 3
# The worst hosts are compared at the beginning.
_COMPARED = 12
_TREND_POINTS = 30
_HOST_TREND_POINTS = 20
_TOP_VALUES = 5
_FLEET_VALUES = 10
_DOMAINS = 8
_FLEET_DOMAINS = 12
_SUGGESTIONS = 5
_VALUE_WIDTH = 160
_CAUSE_WIDTH = 90
_NOTE_WIDTH = 320
_BAR = 100.0
_TOPS: Mapping[str, str] = {
    "sasl_usernames": "Logins",
    "client_addresses": "Clients",
    "senders": "Senders",
    "sender_domains": "Sender domains",
    "recipients": "Recipients",
    "recipient_domains": "Recipient domains",
    "reasons": "Reasons",
}
# How the connection plugin ssh of ansible-core begins what ssh said.
_SSH = re.compile(r"^Failed to connect to the host via ssh: (ssh: )?")
_LEVEL_WORDS = {NO_ANSWER: "no answer", TROUBLE: "in trouble", NOTICE: "worth a look", QUIET: "quiet"}


class Bar(NamedTuple):
    """A value with its count, and the length of its bar in percent."""

    text: str
    messages: int
    length: float


class Top(NamedTuple):
    """The most frequent values of one kind. is_long: whether they need the whole width."""

    title: str
    bars: Sequence[Bar]
    is_long: bool


class Cell(NamedTuple):
    """A cell of a heat map: the figure, and how strong its colour is."""

    text: str
    level: int


class HeatRow(NamedTuple):
    """A row of a heat map: a domain, its recipients, and a cell for each age."""

    name: str
    recipients: int
    cells: Sequence[Cell]


class Heat(NamedTuple):
    """Recipients by domain and by age in minutes."""

    minutes: Sequence[str]
    rows: Sequence[HeatRow]


class QueuePart(NamedTuple):
    """A queue, its messages, and its part of the bar in percent."""

    name: str
    messages: int
    part: Part


class Trend(NamedTuple):
    """A line over several audits. points: of SVG. text: what it shows, in words. rows: time and value of each point."""

    title: str
    points: str
    text: str
    rows: Sequence[tuple[str, str]]


class HostRow(NamedTuple):
    """A host in the table of all hosts."""

    host: str
    level: str
    state: str
    messages: str
    oldest: str
    share: float
    columns: str
    ages: str
    trend: str
    text: str


class Panel(NamedTuple):
    """The section of a host in trouble."""

    host: str
    level: str
    state: str
    signs: Sequence[str]
    figures: Sequence[tuple[str, str]]
    queues: Sequence[QueuePart]
    heat: Heat | None
    tops: Sequence[Top]
    groups: Sequence[Group]
    suggestions: Sequence[Suggested]
    note: str


class AuditPage(NamedTuple):
    """Everything that the page of an audit shows."""

    headlines: Sequence[tuple[str, str]]
    figures: Sequence[tuple[str, str]]
    silent: Sequence[tuple[str, str, str]]
    panels: Sequence[Panel]
    open_panels: int
    more_panels: int
    trends: Sequence[Trend]
    heat: Heat | None
    tops: Sequence[Top]
    groups: Sequence[Group]
    reasons: Sequence[ReasonGroup]
    suspects: Sequence[tuple[str, int]]
    locks: Sequence[str]
    first_rows: Sequence[HostRow]
    rows: Sequence[HostRow]


def audit_page(report: Report) -> AuditPage:
    """Return what the page of an audit shows."""
    hosts = find_trouble(report)
    silent = [host for host in hosts if host.level == NO_ANSWER]
    troubled = [host for host in hosts if host.level in (TROUBLE, NOTICE)]
    suspects = report["fleet"].get("suspects") or ()
    names = [str(suspect["value"]) for suspect in suspects]
    history = _history_of(report)
    fleet_top = report["fleet"].get("top") or {}
    rows = list(_host_rows(report, hosts, history))
    return AuditPage(
        headlines=headlines(report, hosts),
        figures=_fleet_figures(report),
        silent=[(host.host, state_word(host.row["state"]), " ".join(host.signs)) for host in silent[:PANELS]],
        panels=[_make_panel(report, host) for host in troubled[:PANELS]],
        open_panels=_OPEN_PANELS,
        more_panels=max(0, len(troubled) - PANELS) + max(0, len(silent) - PANELS),
        trends=_fleet_trends(history),
        heat=_heat_of(_merge_shapes(_facts_of(hosts)), _FLEET_DOMAINS),
        tops=_tops_of(fleet_top, _FLEET_VALUES, without=("reasons",)),
        groups=groups_shown(report["fleet"].get("groups") or ()),
        reasons=_fleet_reasons(_facts_of(hosts)),
        suspects=[(_shown(suspect["value"]), suspect["hosts"]) for suspect in suspects],
        locks=_lock_lines(names),
        first_rows=rows[:_COMPARED],
        rows=rows,
    )


def _facts_of(hosts: Iterable[HostTrouble]) -> list[Mapping[str, Any]]:
    return [host.row["facts"] for host in hosts if host.row["facts"]]


def _shown(value: object, width: int = _VALUE_WIDTH) -> str:
    # Only the beginning of a long text is looked at.
    return clip(one_line(str(value)[: 4 * width]), width)


def _number(count: int | None) -> str:
    return "-" if count is None else format(count, ",")


def _lock_lines(names: Sequence[str]) -> list[str]:
    """Return the suspects as locks, as the file of a suspects report has them."""
    locks = [{"sasl_username": name} for name in names if can_be_locked({"sasl_username": name})]
    known = {lock["sasl_username"] for lock in locks}
    others = ["# This name cannot be locked: %s" % json.dumps(name) for name in names if name not in known]
    return [*variable_lines("lockout_locks", locks), *others]


# --- figures --------------------------------------------------------------------------------------------------------


def _fleet_figures(report: Report) -> list[tuple[str, str]]:
    fleet = report["fleet"]
    total, held = fleet["total"], fleet.get("held") or {}
    figures = [
        ("hosts answered", "%s of %s" % (_number(fleet["answered"]), _number(fleet["hosts"]))),
        ("messages", _number(total["messages"])),
        ("recipients", _number(total["recipients"])),
        ("size", size(total["bytes"])),
        ("oldest", age(seconds_since(report, total["oldest"]))),
        ("on hold", _number(held.get("messages") or 0)),
    ]
    if any((report.get("selection") or {}).get(key) for key in ("match", "exclude")):
        figures.append(("selected", _number(fleet["matched"]["messages"])))
    if fleet.get("damaged"):
        figures.append(("damaged files", _number(fleet["damaged"])))
    return figures


def _host_figures(report: Report, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    total = facts.get("total") or {}
    return [
        ("messages", _number(total.get("messages"))),
        ("recipients", _number(total.get("recipients"))),
        ("size", size(total.get("bytes") or 0)),
        ("oldest", age(seconds_since(report, total.get("oldest")))),
    ]


# --- tops and shapes ------------------------------------------------------------------------------------------------


def _tops_of(tops: Mapping[str, Any], count: int, without: Sequence[str] = ()) -> list[Top]:
    found = []
    for name, title in _TOPS.items():
        values = [] if name in without else _values_of(tops, name)[:count]
        greatest = max((value["messages"] for value in values), default=0)
        bars = [
            Bar(
                _shown(value["value"]),
                value["messages"],
                bar_length(value["messages"], greatest, _BAR),
            )
            for value in values
        ]
        if bars:
            found.append(Top(title, bars, name == "reasons"))
    return found


def _values_of(tops: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the values of a top; reasons that differ only in names and addresses are one."""
    values = tops.get(name) or ()
    return [group._asdict() for group in group_reasons([values])] if name == "reasons" else list(values)


def _fleet_reasons(facts: Iterable[Mapping[str, Any]]) -> list[ReasonGroup]:
    groups = group_reasons((fact.get("top") or {}).get("reasons") or () for fact in facts)
    return [group._replace(value=_shown(group.value)) for group in groups[:_FLEET_VALUES]]


def _merge_shapes(facts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the shapes of all hosts added up, empty if no host has one."""
    minutes: list[str] = []
    total: list[int] = []
    domains: dict[str, list[int]] = {}
    for shape in (fact.get("shape") for fact in facts):
        if not shape or (minutes and shape["minutes"] != minutes):
            continue
        minutes = minutes or list(shape["minutes"])
        total = _add(total, shape["total"])
        for row in shape["domains"]:
            domains[row["domain"]] = _add(domains.get(row["domain"], []), row["buckets"])
    ordered = sorted(domains.items(), key=lambda row: -sum(row[1]))
    rows = [{"domain": name, "buckets": buckets} for name, buckets in ordered]
    return {"minutes": minutes, "total": total, "domains": rows} if minutes else {}


def _add(some: Sequence[int], others: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(some, others)] if some else list(others)


def _heat_of(shape: Mapping[str, Any] | None, domains: int) -> Heat | None:
    if not shape or not sum(shape["total"]):
        return None
    rows = [row for row in shape["domains"] if sum(row["buckets"])][:domains]
    greatest = max((count for row in rows for count in row["buckets"]), default=0)
    named = [_heat_row(row["domain"], row["buckets"], greatest) for row in rows]
    minutes = ["more" if label.endswith("+") else label for label in map(str, shape["minutes"])]
    return Heat(minutes, [_heat_row("all domains", shape["total"], max(shape["total"])), *named])


def _heat_row(name: str, buckets: Sequence[int], greatest: int) -> HeatRow:
    cells = [Cell(_short_number(count), heat_level(count, greatest)) for count in buckets]
    return HeatRow(_shown(name, 60), sum(buckets), cells)


def _short_number(count: int) -> str:
    """Return a number in at most four characters, as far as that is possible; nothing for 0."""
    if count < 1000:
        return str(count or "")
    for unit in ("k", "M"):
        count, rest = divmod(count, 1000)
        if count < 1000:
            return "%d.%d%s" % (count, rest // 100, unit) if count < 10 else "%d%s" % (count, unit)
    return "%dG" % (count // 1000)


# --- hosts in trouble -----------------------------------------------------------------------------------------------


def _make_panel(report: Report, host: HostTrouble) -> Panel:
    facts = host.row["facts"] or {}
    return Panel(
        host=_shown(host.host),
        level=host.level,
        state=_LEVEL_WORDS[host.level],
        signs=list(dict.fromkeys([*(["%s." % host.cause] if host.cause else []), *host.signs])),
        figures=_host_figures(report, facts),
        queues=_queue_parts(facts),
        heat=_heat_of(facts.get("shape"), _DOMAINS),
        tops=_tops_of(facts.get("top") or {}, _TOP_VALUES),
        groups=groups_shown(host.row.get("groups") or ()),
        suggestions=[
            suggested_rule(report, host.host, rule) for rule in (host.row.get("suggestions") or ())[:_SUGGESTIONS]
        ],
        note=_shown(facts.get("suggestions_note") or "", _NOTE_WIDTH),
    )


def _queue_parts(facts: Mapping[str, Any]) -> list[QueuePart]:
    queues = facts.get("queues") or {}
    counts = {name: (queues.get(name) or {}).get("messages") or 0 for name in SELECTABLE_QUEUES}
    filled = {name: count for name, count in counts.items() if count}
    parts = stack_parts(list(filled.values()), sum(filled.values()), _BAR)
    return [QueuePart(name, count, part) for (name, count), part in zip(filled.items(), parts)]


# --- all hosts ------------------------------------------------------------------------------------------------------


def _host_rows(report: Report, hosts: Sequence[HostTrouble], history: Sequence[Mapping[str, Any]]) -> Iterator[HostRow]:
    greatest = max((host.messages or 0 for host in hosts), default=0)
    for host in hosts:
        facts = host.row["facts"] or {}
        shape = facts.get("shape") or {}
        counts = [point["hosts"].get(host.host) for point in history[-_HOST_TREND_POINTS:]]
        yield HostRow(
            host=_shown(host.host),
            level=host.level,
            state=state_word(host.row["state"]) if host.level == NO_ANSWER else _LEVEL_WORDS[host.level],
            messages=_number(host.messages),
            oldest=age(seconds_since(report, (facts.get("total") or {}).get("oldest"))),
            share=bar_length(host.messages or 0, greatest, _BAR),
            columns=column_path(shape.get("total") or (), width=60, height=16),
            ages=_ages_text(shape),
            trend=trend_points(counts, width=60, height=16),
            text=_row_text(host),
        )


def _row_text(host: HostTrouble) -> str:
    if host.level == NO_ANSWER:
        return clip(_SSH.sub("", " ".join(host.signs)), _CAUSE_WIDTH)
    return clip(host.cause or " ".join(host.signs[:1]), _CAUSE_WIDTH)


def _ages_text(shape: Mapping[str, Any]) -> str:
    """Return the recipients by age in words, such as C(5: 12, 1280+: 3)."""
    pairs = zip(shape.get("minutes") or (), shape.get("total") or ())
    return ", ".join("%s: %d" % (minutes, count) for minutes, count in pairs if count)


# --- history --------------------------------------------------------------------------------------------------------


def _history_of(report: Report) -> list[dict[str, Any]]:
    """Return the audits before this one, and this one, the oldest first."""
    points = [{"hosts": {}, **point} for point in report.get("history") or () if point["created"] < report["created"]]
    if not points:
        return []
    total = report["fleet"]["total"]
    hosts = {host["host"]: (host["facts"] or {}).get("total") for host in report["hosts"]}
    now = {
        "created": report["created"],
        "messages": total["messages"],
        "oldest_age": seconds_since(report, total["oldest"]),
        "hosts": {name: figures["messages"] for name, figures in hosts.items() if figures},
    }
    return [*sorted(points, key=lambda point: int(point["created"])), now]


def _fleet_trends(history: Sequence[Mapping[str, Any]]) -> list[Trend]:
    kept = history[-_TREND_POINTS:]
    if not kept:
        return []
    missing = list(_missing_hosts(kept))
    return [
        trend
        for trend in (
            _make_trend("Messages in the fleet", kept, missing, "messages", _number),
            _make_trend("Age of the oldest message", kept, missing, "oldest_age", age),
        )
        if trend.points
    ]


def _missing_hosts(history: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield for each audit the host that is missing and that an earlier one has, how many there are, or nothing.

    Without them a line falls, although no queue got shorter.
    """
    known: set[str] = set()
    for point in history:
        missing = known.difference(point["hosts"])
        if len(missing) > 1:
            yield "%s hosts" % _number(len(missing))
        else:
            yield "".join(missing)
        known.update(point["hosts"])


def _make_trend(
    title: str, history: Sequence[Mapping[str, Any]], missing: Sequence[str], key: str, text_of: Any
) -> Trend:
    values = [point.get(key) for point in history]
    known = [value for value in values if value is not None]
    rows = [
        (iso_text(int(point["created"])), text_of(value) + (" (without %s)" % without if without else ""))
        for point, value, without in zip(history, values, missing)
    ]
    figures = (rows[-1][1], text_of(max(known, default=None)), len(values), rows[0][0])
    text = "now %s, at most %s in %d audits since %s" % figures
    partial = sum(map(bool, missing))
    if partial:
        text += ", %d of them without hosts that answered before" % partial
    return Trend(title, trend_points(values, width=300, height=60), text, rows)
