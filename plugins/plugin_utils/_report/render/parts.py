# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The parts that the documents of several kinds of reports have. Pure."""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Item,
    Section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    hosts_text,
    rule_text,
    state_word,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import over_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line

HOST = Column("host", untrusted=True)
STATE = Column("state")
TOP_WIDTH = 32
_TEXT_WIDTH = 320
RULE_WIDTH = 240
# So many messages of a host have a line in a list of messages; the JSON has more.
_MESSAGES_LISTED = 5
# How smtp(8) begins what a remote host answered (src/smtp/smtp_proto.c): in a narrow column the answer matters more.
_REMOTE = re.compile(r"^host \S+ said: ")


# --- cells ----------------------------------------------------------------------------------------------------------


def number_columns(titles: Sequence[str]) -> list[Column]:
    """Return a column of numbers for each title."""
    return [Column(title, numbers=True) for title in titles]


def number_text(count: int | None) -> str:
    """Return a number, C(-) for none."""
    return "-" if count is None else str(count)


def seconds_since(report: Report, second: int | None) -> int | None:
    """Return how many seconds before the report that was, None for none."""
    return None if second is None else int(report["created"]) - second


def ago_text(report: Report, second: int | None) -> str:
    """Return how long before the report that was, C(-) for none."""
    return "-" if second is None else "%s ago" % age(seconds_since(report, second))


def first_top(tops: Mapping[str, Any] | None, name: str, width: int = TOP_WIDTH) -> str:
    """Return the first value of a top with its count, C(-) if there is none."""
    values = (tops or {}).get(name)
    return top_text(values[0], width) if values else "-"


def top_text(value: Mapping[str, Any], width: int = TOP_WIDTH) -> str:
    """Return a value of a top with its count."""
    return "%s (%d)" % (clip(_REMOTE.sub("", one_line(value["value"])), width), value["messages"])


# --- rows -----------------------------------------------------------------------------------------------------------


def sort_rows(report: Report, weight: Callable[[Row], int | None]) -> list[Row]:
    """Return the rows of a report by weight, the greatest first and those without one last, otherwise in the order of the report."""
    return sorted(report["hosts"], key=lambda row: _heaviest_first(weight(row)))


def _heaviest_first(weight: int | None) -> int:
    return 1 if weight is None else -weight


def more_outcomes(rows: Sequence[Row], known: Sequence[str]) -> list[str]:
    """Return the outcomes that some message has and that have no column of their own."""
    counted = [row["outcomes"] or {} for row in rows]
    return list(dict.fromkeys(name for counts in counted for name in counts if counts[name] and name not in known))


# --- sections and lines ---------------------------------------------------------------------------------------------


def problem_section(report: Report) -> Section:
    """Return what is wrong on which hosts."""
    texts = {
        row["host"]: "%s: %s" % (state_word(row["state"]), row["problem"]) for row in report["hosts"] if row["problem"]
    }
    return Section("Problems", [Item(host, clip(text, _TEXT_WIDTH)) for host, text in texts.items()])


def over_section(report: Report) -> Section:
    """Return what is over a threshold, of the fleet and of each host."""
    items = [Item(item["host"] or "fleet", over_text(item)) for item in report.get("over") or ()]
    return Section("Over the thresholds", items)


def refusal_section(report: Report, title: str) -> Section:
    """Return why a run is refused."""
    return Section(title, [Item("refused", clip(text, _TEXT_WIDTH)) for text in refusal_texts(report)])


def rule_section(report: Report) -> Section:
    """Return the rules of plans, with their hosts if there are several rules."""
    groups = report["rules"]
    items = [
        Item("rule" if len(groups) == 1 else hosts_text(group["hosts"]), clip(rule_text(group["rule"]), RULE_WIDTH))
        for group in groups
    ]
    return Section("Rules", items)


def message_section(
    title: str, rows: Sequence[Row], messages_of: Callable[[Row], Sequence[Mapping[str, Any]] | None]
) -> Section:
    """Return a list of messages with the problem of each. Of each host the first ones are listed."""
    items = []
    for row in rows:
        messages = messages_of(row) or ()
        for message in messages[:_MESSAGES_LISTED]:
            text = "%s in %s: %s" % (message.get("queue_id"), message.get("queue"), message.get("problem"))
            items.append(Item(row["host"], clip(text, _TEXT_WIDTH)))
        if len(messages) > _MESSAGES_LISTED:
            items.append(Item(row["host"], "and %d more" % (len(messages) - _MESSAGES_LISTED)))
    return Section(title, items)


def undecided_lines(count: int | None) -> list[str]:
    """Return a line about the messages that the rules could not decide about, none if there are no such messages."""
    if not count:
        return []
    return [
        "%d messages are undecided, because parts of them that the rules need could not be read; they are left alone."
        % count
    ]
