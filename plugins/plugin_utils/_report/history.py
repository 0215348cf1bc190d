# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Earlier audits of a directory: trend points of the fleet, and how much the queues have grown since. read_history() alone reads files."""

from __future__ import annotations

import calendar
import json
import re
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import VERSION, Report

DEFAULT_LIMIT = 30
# An audit of 1,000 hosts with everything gathered has about 60 MiB.
_MOST_BYTES = 128 << 20
_MOST_BYTES_TOGETHER = 512 << 20
# Of a directory with more files, the newest are read.
_MOST_FILES = 1000
# _run_files.new_id() makes the time in the name.
_NAME = re.compile(r"audit-([0-9]{8}T[0-9]{6})\.[0-9]{6}Z\.json")
# A report is written at most so many seconds after it was made. A file whose point is known already is not read.
_WRITING = 10

Point = dict[str, Any]


class History(NamedTuple):
    """Earlier audits. points: as point_of() makes them, the oldest first. warnings: which files could not be used, and why."""

    points: Sequence[Point]
    warnings: Sequence[str]


NO_HISTORY = History([], [])


# --- points ---------------------------------------------------------------------------------------------------------


def point_of(report: Report) -> Point:
    """Return the trend point of an audit: when, the messages of the fleet and of each host, when its oldest message arrived.

    hosts has only the hosts that answered. oldest_age is in seconds, None without a message. Raises ValueError, KeyError or TypeError if
    the report is none.
    """
    created = _number(report["created"])
    hosts = {}
    for row in report["hosts"]:
        total = (row["facts"] or {}).get("total")
        if total is not None:
            hosts[_text(row["host"])] = _number(total["messages"])
    oldest = report["fleet"]["total"]["oldest"]
    return {
        "created": created,
        "messages": sum(hosts.values()),
        "oldest_age": None if oldest is None else max(created - _number(oldest), 0),
        "hosts": hosts,
    }


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("%r is no number" % (value,))
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("%r is no text" % (value,))
    return value


def _check_point(point: Mapping[str, Any]) -> Point:
    """Return a point that a report has. Raises ValueError, KeyError, TypeError or AttributeError if it is none."""
    age = point["oldest_age"]
    return {
        "created": _number(point["created"]),
        "messages": _number(point["messages"]),
        "oldest_age": None if age is None else _number(age),
        "hosts": {_text(host): _number(messages) for host, messages in point["hosts"].items()},
    }


# --- growth ---------------------------------------------------------------------------------------------------------


def host_growth(host: str, messages: int, points: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return how much a host has grown since the last audit that it answered, None if there is none.

    messages may be negative. percent is of what there was, at least of one message. since: seconds since the epoch. before: messages.
    """
    earlier = _last_with(host, points)
    return None if earlier is None else _grown(earlier["hosts"][host], messages, earlier["created"])


def fleet_growth(now: Mapping[str, int], points: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return how much the hosts together have grown, each since the last audit that it answered; None if no host has an earlier one.

    now: {host: messages}. Hosts that had no audit before do not count.
    """
    grown = [growth for growth in (host_growth(host, now[host], points) for host in now) if growth is not None]
    if not grown:
        return None
    before = sum(growth["before"] for growth in grown)
    return _grown(
        before, before + sum(growth["messages"] for growth in grown), min(growth["since"] for growth in grown)
    )


def _last_with(host: str, points: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return max((point for point in points if host in point["hosts"]), key=lambda point: point["created"], default=None)


def _grown(before: int, messages: int, since: int) -> dict[str, Any]:
    grown = messages - before
    return {"messages": grown, "percent": round(100 * grown / max(before, 1), 1), "before": before, "since": since}


# --- files ----------------------------------------------------------------------------------------------------------


def read_history(directory: Path, *, limit: int, until: int) -> History:
    """Return the newest audits of a directory, at most limit of them and none after the second until.

    Each report holds the points of the audits before it, so that usually one file is read. Files that are no audit report are named in the
    warnings.
    """
    if limit < 1:
        return NO_HISTORY
    points: dict[int, Point] = {}
    warnings: list[str] = []
    left = _MOST_BYTES_TOGETHER
    for path in _newest_first(directory)[:_MOST_FILES]:
        if len(points) >= limit:
            break
        if any(_time_of(path) - _WRITING <= created <= _time_of(path) for created in points):
            continue
        try:
            size, report = read_report(path, left)
            left -= size
            for point in (point_of(report), *map(_check_point, report.get("history") or ())):
                if point["created"] <= until:
                    points.setdefault(point["created"], point)
        except _TooLargeError as error:
            warnings.append("%s %s. It is left out of the history." % (path, error))
        except OSError as error:
            warnings.append("%s could not be read: %s. It is left out of the history." % (path, error.strerror))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            warnings.append("%s is no audit report of this collection. It is left out of the history." % path)
    kept = [points[created] for created in sorted(points)][-limit:]
    return History(kept, warnings)


def _newest_first(directory: Path) -> list[Path]:
    paths: list[Path] = []
    with suppress(OSError):
        paths = [path for path in directory.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(paths, key=lambda path: path.name, reverse=True)


def _time_of(path: Path) -> int:
    """Return when a file was written, as its name says, in seconds since the epoch; 0 for a time that does not exist."""
    found = _NAME.fullmatch(path.name)
    with suppress(ValueError):
        return calendar.timegm(time.strptime(found.group(1), "%Y%m%dT%H%M%S")) if found else 0
    return 0


class _TooLargeError(ValueError):
    """A file is too large to be read."""


def read_report(path: Path, most: int) -> tuple[int, dict[str, Any]]:
    """Return the size of a file in bytes, and the audit report in it. Raises OSError, or ValueError for a file that is none or too large."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("no regular file")
    if status.st_size > min(_MOST_BYTES, most):
        raise _TooLargeError("is too large: %d bytes" % status.st_size)
    with path.open("rb") as file:
        report = json.loads(file.read(status.st_size))
    if not isinstance(report, dict) or report.get("kind") != "audit" or report.get("version") != VERSION:
        raise ValueError("no audit report")
    return status.st_size, report
