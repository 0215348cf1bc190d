# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report import history
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.history import (
    NO_HISTORY,
    fleet_growth,
    host_growth,
    point_of,
    read_history,
)
from tests.unit.support.results import NOW, UNREACHABLE, by_host, facts_of

HOUR = 3600


def audit(created: int, points: Any = (), **messages: int) -> dict[str, Any]:
    """Return the report of an audit of hosts with so many messages."""
    facts = {host: facts_of(count, oldest=created - 60) for host, count in messages.items()}
    return audit_report(by_host("facts", {**facts, "down": UNREACHABLE}), created=created, history=points)


def point(created: int, **hosts: int) -> dict[str, Any]:
    """Return a trend point."""
    return {"created": created, "messages": sum(hosts.values()), "oldest_age": 60, "hosts": hosts}


def keep(directory: Path, report: Any, *, created: int, micro: int = 0) -> Path:
    """Write a report as the role keeps it."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(created))
    path = directory / f"audit-{stamp}.{micro:06}Z.json"
    path.write_text(report if isinstance(report, str) else json.dumps(report), encoding="utf-8")
    return path


# --- points and growth ----------------------------------------------------------------------------------------------


def test_a_point_has_the_hosts_that_answered() -> None:
    assert point_of(audit(NOW, a=5, b=7)) == point(NOW, a=5, b=7)
    empty = audit_report(by_host("facts", {"a": facts_of(0, oldest=None)}), created=NOW)
    assert point_of(empty) == {"created": NOW, "messages": 0, "oldest_age": None, "hosts": {"a": 0}}


def test_a_host_has_grown_since_the_last_audit_that_it_answered() -> None:
    points = [point(NOW - 3 * HOUR, a=100), point(NOW - 2 * HOUR, a=40, b=1), point(NOW - HOUR, b=9)]
    assert host_growth("a", 50, points) == {"messages": 10, "percent": 25.0, "before": 40, "since": NOW - 2 * HOUR}
    assert host_growth("b", 0, points) == {"messages": -9, "percent": -100.0, "before": 9, "since": NOW - HOUR}
    assert host_growth("c", 5, points) is None
    assert host_growth("a", 5, []) is None


def test_growth_from_nothing_is_counted_from_one_message() -> None:
    assert host_growth("a", 30, [point(NOW, a=0)]) == {"messages": 30, "percent": 3000.0, "before": 0, "since": NOW}


def test_the_fleet_grows_by_the_hosts_that_are_known() -> None:
    points = [point(NOW - 2 * HOUR, a=100), point(NOW - HOUR, b=10)]
    grown = {"messages": 55, "percent": 50.0, "before": 110, "since": NOW - 2 * HOUR}
    assert fleet_growth({"a": 150, "b": 15, "new": 5000}, points) == grown
    assert fleet_growth({"new": 5000}, points) is None


def test_an_audit_shows_growth_and_history() -> None:
    points = [point(NOW - HOUR, a=4, b=10)]
    report = audit(NOW, points, a=5, c=2)
    assert report["history"] == points
    assert [row["growth"] and row["growth"]["messages"] for row in report["hosts"]] == [1, None, None]
    assert report["fleet"]["growth"] == {"messages": 1, "percent": 25.0, "before": 4, "since": NOW - HOUR}


# --- files ----------------------------------------------------------------------------------------------------------


def test_the_newest_report_has_the_points_of_those_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points: list[dict[str, Any]] = []
    for hour in range(5):
        created = NOW + hour * HOUR
        found = read_history(tmp_path, limit=3, until=created)
        assert found.points == points[-3:]
        keep(tmp_path, audit(created, found.points, a=hour), created=created)
        points.append(point(created, a=hour))
    read: list[str] = []
    real = history.read_report

    def count(path: Path, most: int) -> tuple[int, dict[str, Any]]:
        read.append(path.name)
        return real(path, most)

    monkeypatch.setattr(history, "read_report", count)
    assert read_history(tmp_path, limit=3, until=NOW + 9 * HOUR).points == points[-3:]
    assert len(read) == 1
    # The oldest points are those of older files.
    assert read_history(tmp_path, limit=30, until=NOW + 9 * HOUR).points == points
    assert len(read) == 3


def test_later_audits_do_not_count(tmp_path: Path) -> None:
    keep(tmp_path, audit(NOW, a=1), created=NOW)
    keep(tmp_path, audit(NOW + HOUR, a=2), created=NOW + HOUR)
    assert read_history(tmp_path, limit=30, until=NOW + 60).points == [point(NOW, a=1)]


def test_no_history_without_a_directory_or_if_none_is_wanted(tmp_path: Path) -> None:
    keep(tmp_path, audit(NOW, a=1), created=NOW)
    assert read_history(tmp_path, limit=0, until=NOW) == NO_HISTORY
    assert read_history(tmp_path / "missing", limit=30, until=NOW) == NO_HISTORY


NO_REPORTS: list[tuple[str, str]] = [
    ("empty", ""),
    ("cut off", '{"kind": "audit", "version": 1, "creat'),
    ("a list", "[]"),
    ("another kind", '{"kind": "plan", "version": 1}'),
    ("another version", '{"kind": "audit", "version": 99}'),
    ("nothing in it", '{"kind": "audit", "version": 1}'),
    (
        "wrong types",
        '{"kind": "audit", "version": 1, "created": "x", "hosts": [], "fleet": {"total": {"oldest": null}}}',
    ),
    (
        "a wrong host",
        (
            '{"kind": "audit", "version": 1, "created": 1, "hosts": [{"host": 5, "facts": {"total": {"messages": 1}}}], '
            '"fleet": {"total": {"oldest": null}}}'
        ),
    ),
    (
        "a wrong point",
        (
            '{"kind": "audit", "version": 1, "created": 1, "hosts": [], "fleet": {"total": {"oldest": null}}, '
            '"history": [{"created": 1, "messages": true, "oldest_age": null, "hosts": []}]}'
        ),
    ),
    ("deep", "[" * 100_000),
    ("bytes", "\udc80"),
]


@pytest.mark.parametrize("text", [row[1] for row in NO_REPORTS], ids=[row[0] for row in NO_REPORTS])
def test_a_file_that_is_no_report_is_named(tmp_path: Path, text: str) -> None:
    keep(tmp_path, audit(NOW - HOUR, a=1), created=NOW - HOUR)
    path = keep(tmp_path, "", created=NOW)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    found = read_history(tmp_path, limit=30, until=NOW)
    assert found.points == [point(NOW - HOUR, a=1)]
    assert found.warnings == [f"{path} is no audit report of this collection. It is left out of the history."]


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "audit-20261126T064038.123456Z.json"
    os.mkfifo(path)
    found = read_history(tmp_path, limit=30, until=NOW)
    assert found.warnings == [f"{path} is no audit report of this collection. It is left out of the history."]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(tmp_path, audit(NOW, a=1), created=NOW)

    def refuse(*_arguments: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    found = read_history(tmp_path, limit=30, until=NOW)
    assert found.warnings == [f"{path} could not be read: Permission denied. It is left out of the history."]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = keep(tmp_path, "", created=NOW)
    os.truncate(path, (128 << 20) + 1)
    found = read_history(tmp_path, limit=30, until=NOW)
    assert found.warnings == [f"{path} is too large: 134217729 bytes. It is left out of the history."]


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    for name in ("audit.json", "audit-x.json", "plan-20261126T064038.123456Z.json", "audit-20261126T064038.123456Z.md"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert read_history(tmp_path, limit=30, until=NOW) == NO_HISTORY


def test_a_time_that_does_not_exist_is_no_reason_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "audit-20269999T999999.123456Z.json"
    path.write_text(json.dumps(audit(NOW, a=1)), encoding="utf-8")
    keep(tmp_path, audit(NOW - HOUR, a=2), created=NOW - HOUR)
    assert read_history(tmp_path, limit=30, until=NOW).points == [point(NOW - HOUR, a=2), point(NOW, a=1)]
