# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The thresholds of an audit: how they are written, and what of a report is over them. Pure."""

from __future__ import annotations

import difflib
import math
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line, sentence

FLEET_PREFIX = "fleet_"
# Percentages and shares of fewer messages say nothing, so they count only from here on.
MIN_MESSAGES = "min_messages"
DEFAULT_MIN_MESSAGES = 100
_NAME_WIDTH = 64

Number = float | int


class Measure(NamedTuple):
    """A value that a threshold is compared with. name: the sender, account or client that the value is of, None if of none."""

    value: Number
    name: str | None = None


class Threshold(NamedTuple):
    """A threshold: how its limit is read, how a value is shown, and the values of a host and of the fleet; None if it has none.

    relative: whether the value is a part of something, so that it counts only from MIN_MESSAGES messages on.
    """

    read: Callable[[Any], Number]
    show: Callable[[Number], str]
    measure: Callable[[Report, Row], Measure | None]
    relative: bool = False


# --- limits ---------------------------------------------------------------------------------------------------------


def _read_count(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
        raise ValueError("%r is not a whole number. Write a number such as 5000" % (value,))
    return int(text)


def _read_age(value: Any) -> int:
    text = str(value).strip()
    if text.isdigit():
        raise ValueError("%s has no unit, and would be seconds. Write %sd for days, or %ss" % (text, text, text))
    try:
        return parse_age(value, "")
    except SelectionError as error:
        raise ValueError(str(error).lstrip(": ")) from None


def _read_percent(value: Any) -> float:
    number = _read_float(value)
    if number is None or number < 0:
        raise ValueError("%r is not a percentage. Write a number such as 200 for three times as many" % (value,))
    return number


def _read_share(value: Any) -> float:
    number = _read_float(value)
    if number is None or not 0 <= number <= 1:
        raise ValueError("%r is not a share from 0 to 1. Write 0.5 for one half" % (value,))
    return number


def _read_float(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if isinstance(value, bool) or not math.isfinite(number) else number


# --- values ---------------------------------------------------------------------------------------------------------


def _figures(row: Row) -> Mapping[str, Any]:
    """Return the figures of a host, or those of the fleet; empty if the host has none."""
    figures: Mapping[str, Any] = row.get("facts", row) or {}
    return figures


def _messages(_report: Report, row: Row) -> Measure | None:
    total = _figures(row).get("total")
    return None if total is None else Measure(total["messages"])


def _oldest_age(report: Report, row: Row) -> Measure | None:
    oldest = (_figures(row).get("total") or {}).get("oldest")
    return None if oldest is None else Measure(max(report["created"] - oldest, 0))


def _growth(key: str) -> Callable[[Report, Row], Measure | None]:
    def measure(_report: Report, row: Row) -> Measure | None:
        growth = row.get("growth")
        return None if growth is None else Measure(growth[key])

    return measure


def _share(top: str) -> Callable[[Report, Row], Measure | None]:
    def measure(_report: Report, row: Row) -> Measure | None:
        figures = _figures(row)
        # The tops are those of the selection.
        messages = (figures.get("matched") or {}).get("messages") or 0
        values = (figures.get("top") or {}).get(top)
        if not messages or not values:
            return None
        return Measure(round(min(values[0]["messages"] / messages, 1.0), 4), values[0]["value"])

    return measure


def _unanswered(_report: Report, row: Row) -> Measure | None:
    return Measure(row["hosts"] - row["answered"])


# --- the table ------------------------------------------------------------------------------------------------------


def _number_text(value: Number) -> str:
    return "%g" % value if isinstance(value, float) and not value.is_integer() else "%d" % value


def _percent_text(value: Number) -> str:
    return "%d %%" % value


def _share_text(value: Number) -> str:
    return "%g %%" % round(100 * value, 1)


def _age_text(value: Number) -> str:
    return age(int(value))


HOST_THRESHOLDS: Mapping[str, Threshold] = {
    "messages": Threshold(_read_count, _number_text, _messages),
    "oldest_age": Threshold(_read_age, _age_text, _oldest_age),
    "growth_messages": Threshold(_read_count, _number_text, _growth("messages")),
    "growth_percent": Threshold(_read_percent, _percent_text, _growth("percent"), relative=True),
    "sender_share": Threshold(_read_share, _share_text, _share("senders"), relative=True),
    "account_share": Threshold(_read_share, _share_text, _share("sasl_usernames"), relative=True),
    "client_share": Threshold(_read_share, _share_text, _share("client_addresses"), relative=True),
}
FLEET_THRESHOLDS: Mapping[str, Threshold] = {
    **{FLEET_PREFIX + name: threshold for name, threshold in HOST_THRESHOLDS.items()},
    FLEET_PREFIX + "unanswered": Threshold(_read_count, _number_text, _unanswered),
}
THRESHOLDS: Mapping[str, Threshold] = {**HOST_THRESHOLDS, **FLEET_THRESHOLDS}
NAMES = (*THRESHOLDS, MIN_MESSAGES)


def threshold_problems(place: str, given: Any) -> list[str]:
    """Return what is wrong with thresholds as an operator writes them. place: the variable that they are the value of."""
    if not isinstance(given, Mapping):
        example = '-e \'{"%s": {"messages": 5000, "oldest_age": "2d"}}\'' % place
        return ["%s is no mapping of thresholds; nothing was touched. Write JSON, such as %s." % (place, example)]
    problems = []
    for name, value in given.items():
        if name not in NAMES:
            problems.append("%s: there is no threshold %r. %s" % (place, name, _name_remedy(str(name))))
        elif value is not None:
            try:
                _reader_of(name)(value)
            except ValueError as error:
                problems.append("%s.%s: %s" % (place, name, sentence(str(error))))
    return problems


def _name_remedy(name: str) -> str:
    nearest = difflib.get_close_matches(name, NAMES, n=1)
    return "Did you mean %s?" % nearest[0] if nearest else "Known are %s." % ", ".join(NAMES)


def _reader_of(name: str) -> Callable[[Any], Number]:
    return _read_count if name == MIN_MESSAGES else THRESHOLDS[name].read


def read_thresholds(given: Mapping[str, Any] | None) -> dict[str, Number]:
    """Return thresholds as numbers: lengths of time in seconds, shares from 0 to 1, percentages as such. None turns a threshold off.

    Raises ValueError with all that threshold_problems() finds.
    """
    problems = threshold_problems("thresholds", given or {})
    if problems:
        raise ValueError("\n".join(problems))
    return {name: _reader_of(name)(value) for name, value in (given or {}).items() if value is not None}


# --- what is over ---------------------------------------------------------------------------------------------------


def find_over(report: Report, limits: Mapping[str, Number]) -> list[dict[str, Any]]:
    """Return what is over a threshold, first of the fleet and then of each host in the order of the report.

    limits: as read_thresholds() returns them. A value is over if it is more than the limit. host: None for the fleet. name: the sender,
    account or client that a share is of.
    """
    minimum = limits.get(MIN_MESSAGES, DEFAULT_MIN_MESSAGES)
    over = list(_over_of(report, report["fleet"], None, FLEET_THRESHOLDS, limits, minimum))
    for row in report["hosts"]:
        over += _over_of(report, row, row["host"], HOST_THRESHOLDS, limits, minimum)
    return over


def _over_of(
    report: Report,
    row: Row,
    host: str | None,
    thresholds: Mapping[str, Threshold],
    limits: Mapping[str, Number],
    minimum: Number,
) -> Iterator[dict[str, Any]]:
    for name, threshold in thresholds.items():
        limit = limits.get(name)
        if limit is None or (threshold.relative and _most_messages(row) < minimum):
            continue
        measure = threshold.measure(report, row)
        if measure is not None and measure.value > limit:
            yield {"host": host, "threshold": name, "value": measure.value, "limit": limit, "name": measure.name}


def _most_messages(row: Row) -> int:
    """Return how many messages a host or the fleet has."""
    figures = _figures(row)
    return max(((figures.get(key) or {}).get("messages") or 0 for key in ("total", "matched")), default=0)


def over_text(over: Mapping[str, Any]) -> str:
    """Return what is over a threshold in a few words, such as C(messages: 5310, allowed are 5000)."""
    # A report that was kept by another release may have other thresholds.
    known = THRESHOLDS.get(over["threshold"])
    show = _number_text if known is None else known.show
    name = "" if over.get("name") is None else " of %s" % clip(one_line(over["name"]), _NAME_WIDTH)
    shown = "%s%s, allowed are %s" % (show(over["value"]), name, show(over["limit"]))
    return "%s: %s" % (over["threshold"], shown)


def add_over_problems(problems: Mapping[str, str], report: Report, host: str) -> dict[str, str]:
    """Return the problems of hosts, {host: text}, with why the run fails for what is over a threshold.

    host: the host that fails if the fleet as a whole is over one.
    """
    added = dict(problems)
    for over_host, text in over_problems(report.get("over") or ()).items():
        name = host if over_host is None else over_host
        added[name] = "%s %s" % (added[name], text) if name in added else text
    return added


def over_problems(over: Iterable[Mapping[str, Any]]) -> dict[str | None, str]:
    """Return why the run fails, {host: text}; the key of the fleet is None."""
    texts: dict[str | None, list[str]] = {}
    for item in over:
        texts.setdefault(item["host"], []).append(over_text(item))
    return {
        host: "%s is over its thresholds: %s." % ("The fleet" if host is None else "The host", "; ".join(found))
        for host, found in texts.items()
    }
