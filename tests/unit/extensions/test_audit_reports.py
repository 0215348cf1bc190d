# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The event source audit_reports: which events it gives, each once, and what it does with files that it cannot use."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import WITHOUT_ANSWER

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "extensions" / "eda" / "plugins" / "event_source" / "audit_reports.py"
NOW = 1_800_000_000


def load_source() -> Any:
    """Return the source as a module. It is no part of a package: ansible-rulebook runs the file."""
    spec = importlib.util.spec_from_file_location("audit_reports", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


audit_reports = load_source()


def over(host: str | None, threshold: str = "messages", value: object = 5000, limit: object = 1000) -> dict[str, Any]:
    """Return an entry of a report's list of what was over a threshold."""
    return {"host": host, "threshold": threshold, "value": value, "limit": limit}


class Reports:
    """A directory of reports, and the source that watches it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.count = 0
        self.watcher = self.watch()

    def watch(self, **options: Any) -> Any:
        """Return a source that has seen nothing yet."""
        self.watcher = audit_reports.Watcher(audit_reports.Options(self.directory, **options))
        return self.watcher

    def write(self, *entries: dict[str, Any], created: int = NOW, **states: str) -> None:
        """Write the next report. states: {host: state}."""
        rows = [{"host": host, "state": state} for host, state in states.items()]
        self.write_text(json.dumps({"kind": "audit", "created": created, "hosts": rows, "over": list(entries)}))

    def write_text(self, text: str) -> Path:
        """Write a file with the name of the next report."""
        self.count += 1
        path = self.directory / f"audit-{self.count:03}.json"
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(self.count * 10**9, self.count * 10**9))
        return path

    def look(self) -> list[tuple[str, str | None]]:
        """Return the kind and the host of the events of one look."""
        events = [event["mailops"] for event in self.watcher.look(NOW + 60)]
        return [(event["kind"], event.get("host")) for event in events]


@pytest.fixture
def reports(tmp_path: Path) -> Reports:
    return Reports(tmp_path)


def test_what_an_event_has(reports: Reports) -> None:
    reports.write(over("mx01"), over("mx01", "oldest_age", 90000.5, 86400), over(None, "fleet_messages"), mx01="ok")
    named = {"report": "audit-001.json", "created": NOW, "created_iso": "2027-01-15T08:00:00Z"}
    fleet = [{"threshold": "fleet_messages", "value": 5000, "limit": 1000}]
    host = [
        {"threshold": "messages", "value": 5000, "limit": 1000},
        {"threshold": "oldest_age", "value": 90000.5, "limit": 86400},
    ]
    assert reports.watcher.look(NOW) == [
        {"mailops": {"kind": "over", "over": fleet, "fleet": True, **named}},
        {
            "mailops": {"kind": "over", "over": host, "fleet": False, "host": "mx01", **named},
            "meta": {"hosts": ["mx01"]},
        },
    ]


def test_the_states_without_an_answer_are_those_of_reports() -> None:
    assert tuple(state.value for state in WITHOUT_ANSWER) == audit_reports.WITHOUT_ANSWER


@pytest.mark.parametrize("state", [state.value for state in WITHOUT_ANSWER])
def test_a_host_without_an_answer_gives_an_event_with_its_state(reports: Reports, state: str) -> None:
    reports.write(mx01="ok", mx02=state)
    (event,) = reports.watcher.look(NOW)
    assert (event["mailops"]["kind"], event["mailops"]["state"]) == ("no_answer", state)
    assert event["meta"] == {"hosts": ["mx02"]}


def test_a_host_gives_no_second_event_until_it_was_well(reports: Reports) -> None:
    reports.write(over("mx01"), mx01="ok")
    assert reports.look() == [("over", "mx01")]
    assert reports.look() == []
    reports.write(over("mx01", "oldest_age"), mx01="ok")
    assert reports.look() == []
    reports.write(mx01="ok")
    assert reports.look() == []
    reports.write(over("mx01"), mx01="ok")
    assert reports.look() == [("over", "mx01")]


def test_a_report_without_a_host_or_without_its_answer_does_not_say_that_it_is_well(reports: Reports) -> None:
    reports.write(over("mx01"), mx01="ok", mx02="ok")
    assert reports.look() == [("over", "mx01")]
    reports.write(mx02="ok")
    assert reports.look() == []
    reports.write(mx01="unreachable")
    assert reports.look() == [("no_answer", "mx01")]
    reports.write(over("mx01"), mx01="ok")
    assert reports.look() == []
    reports.write(over("mx01"), mx01="unreachable")
    assert reports.look() == [("no_answer", "mx01")]


def test_the_events_of_a_large_report_come_in_parts(reports: Reports) -> None:
    reports.watch(max_events=2)
    reports.write(over("mx03"), over("mx01"), mx01="ok", mx02="failed", mx03="ok")
    assert reports.look() == [("over", "mx01"), ("over", "mx03")]
    assert reports.look() == [("no_answer", "mx02")]
    assert reports.look() == []


def test_only_the_newest_report_counts_and_not_if_it_is_old(reports: Reports) -> None:
    reports.write(over("mx01"), mx01="ok")
    reports.write(mx01="ok")
    assert reports.look() == []
    reports.write(over("mx01"), mx01="ok", created=NOW - 10)
    assert reports.look() == [], "this report was copied here later"
    reports.watch(max_age=60)
    reports.write(over("mx01"), mx01="ok", created=NOW - 1)
    assert reports.look() == []
    reports.watch(max_age=0)
    assert reports.look() == [("over", "mx01")]


def test_links_and_empty_files_are_not_reports(reports: Reports, tmp_path: Path) -> None:
    reports.write(over("mx01"), mx01="ok")
    (tmp_path / "audit-997.json").touch()
    (tmp_path / "audit-999.json").symlink_to("audit-001.json")
    (tmp_path / "audit-998.json").mkdir()
    assert audit_reports.find_newest(tmp_path) == tmp_path / "audit-001.json"
    assert audit_reports.find_newest(tmp_path / "audit-998.json") is None


@pytest.mark.parametrize(
    "host", ["all:!mx01", "@/etc/passwd", "mx*", "{{ lookup('pipe', 'id') }}", "", "-e", "a" * 254, "mx01\n", 7, None]
)
def test_a_name_that_could_select_other_hosts_gives_no_event(
    reports: Reports, host: object, caplog: pytest.LogCaptureFixture
) -> None:
    reports.write_text(
        json.dumps(
            {"kind": "audit", "created": NOW, "hosts": [{"host": host, "state": "failed"}], "over": [over("other")]}
        )
    )
    assert reports.look() == []
    assert "%.100r cannot be used as the name of a host, so it gives no event" % (host,) in caplog.text


@pytest.mark.parametrize(
    "entry",
    [
        "mx01",
        over("mx01", "{{ x }}"),
        over("mx01", value="5000"),
        over("mx01", limit=None),
        over("mx01", value=True),
        over("mx01", value=float("nan")),
        {**over("mx01"), "host": 7},
        {"host": "mx01"},
    ],
)
def test_an_entry_that_is_not_of_the_form_is_ignored(reports: Reports, entry: object) -> None:
    report = {"kind": "audit", "created": NOW, "hosts": [{"host": "mx01", "state": "ok"}], "over": [entry]}
    reports.write_text(json.dumps(report))
    assert reports.look() == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{", "this is not JSON. The file is ignored.", id="cut off"),
        pytest.param("[" * 100_000, "this is not JSON. The file is ignored.", id="nested"),
        pytest.param('{"kind": "plan"}', "this is not a report of an audit. The file is ignored.", id="plan"),
        pytest.param("[]", "this is not a report of an audit. The file is ignored.", id="list"),
        pytest.param(
            '{"kind": "audit", "hosts": [], "created": "now"}',
            "this is not a report of an audit. The file is ignored.",
            id="time",
        ),
        pytest.param(
            '{"kind": "audit", "hosts": [], "created": Infinity}',
            "this is not a report of an audit. The file is ignored.",
            id="no time",
        ),
    ],
)
def test_a_file_that_is_no_report_is_named_once(
    reports: Reports, text: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = reports.write_text(text)
    assert reports.look() == reports.look() == []
    assert caplog.messages == [f"audit_reports: {path}: {reason}"]
    reports.write(over("mx01"), mx01="ok")
    assert reports.look() == [("over", "mx01")]


def test_a_report_is_read_only_up_to_a_bound(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_reports, "MAX_BYTES", 10)
    path = reports.write_text(" " * 11)
    with pytest.raises(audit_reports.UnusableReportError) as error:
        audit_reports.read_report(path)
    assert str(error.value) == f"{path}: the report has more than 10 bytes. It is ignored."


def test_a_directory_that_is_not_there_yet_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reports = Reports(tmp_path / "later")
    assert reports.look() == []
    assert caplog.messages == [f"audit_reports: {tmp_path}/later: No such file or directory. It is tried again."]
    reports.directory.mkdir()
    reports.write(over("mx01"), mx01="ok")
    assert reports.look() == [("over", "mx01")]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "directory: the option is missing. Set it to the directory of the audit reports."),
        (
            {"directory": "reports"},
            "directory: reports is not an absolute path. Use one such as /var/lib/mailops.",
        ),
        (
            {"directory": "/r", "intervall": 3},
            "intervall: unknown option of audit_reports. Use directory, interval, max_age, max_events.",
        ),
        ({"directory": "/r", "interval": "soon"}, "interval: 'soon' is not a number of 0 or more."),
        ({"directory": "/r", "max_age": -1}, "max_age: -1 is not a number of 0 or more."),
        ({"directory": "/r", "max_events": "inf"}, "max_events: 'inf' is not a number of 0 or more."),
    ],
)
def test_wrong_options_are_refused(args: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole text is compared
        audit_reports.read_options(args)
    assert str(error.value) == message


def test_options_are_read() -> None:
    read = audit_reports.read_options({"directory": "/r", "interval": "5", "max_events": 0})
    assert read == audit_reports.Options(Path("/r"), 5.0, 3600.0, 1)


def test_the_documentation_has_the_options_and_their_defaults() -> None:
    documented = yaml.safe_load(audit_reports.DOCUMENTATION)["options"]
    assert tuple(documented) == audit_reports.Options._fields
    defaults = {name: option["default"] for name, option in documented.items() if "default" in option}
    assert defaults == audit_reports.Options._field_defaults
    ((name, args),) = yaml.safe_load(audit_reports.EXAMPLES)[0].items()
    assert name == "mailops.postfix." + SOURCE.stem
    audit_reports.read_options(args)


def test_the_source_runs_until_it_is_ended(reports: Reports) -> None:
    async def first_events() -> list[dict[str, Any]]:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        options = {"directory": str(reports.directory), "interval": 0, "max_age": 0}
        task = asyncio.create_task(audit_reports.main(queue, options))
        events = [await asyncio.wait_for(queue.get(), 10)]
        reports.write(over("mx01"), over("mx02"), mx01="ok", mx02="ok")
        events.append(await asyncio.wait_for(queue.get(), 10))
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return events

    reports.write(over("mx01"), mx01="ok", mx02="ok")
    assert [event["mailops"]["host"] for event in asyncio.run(first_events())] == ["mx01", "mx02"]
