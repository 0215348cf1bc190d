# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import Request
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import (
    Reading,
    name_gaps,
    read_queues,
    show_gaps,
    show_matched,
    show_totals,
    warn_of_gaps,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
from ansible_collections.mailops.postfix.plugins.module_utils._module._source import source_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Gap, ScanCounts
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile, todo

NOW = 1700000000
SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"))
CUT = Gap("deferred", "4A0F9AF", 100, "the file ends within a record")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    host.made.put("hold", "4A0F9AD", SPAM.write())
    return host


def request_for(*queues: str) -> Request:
    selection = parse_selection(match=[], queues=queues or ("deferred", "hold"), now=NOW)
    return Request(selection, None, 100, NOW)


def read(host: Host, *queues: str) -> Reading[SelectedMessages]:
    with Spool(str(host.made.path)) as spool:
        return read_queues(host.module(), spool, request_for(*queues).job(), path="/var/spool/postfix")


# --- reading --------------------------------------------------------------------------------------------------------


def test_how_reading_went_is_shown(host: Host) -> None:
    host.made.put("deferred", "4A0F9AF", SPAM.write()[:60])
    host.made.put("deferred", "4A0F9AE", b"", mode=0o600)
    reading = read(host)
    shown = reading.show()
    assert 0 <= shown.pop("seconds") < 60
    problem = "the file ends within a record at offset 0"
    assert shown == {
        "source": "spool",
        "files": 4,
        "vanished": 0,
        "unreadable": 0,
        "incomplete": 1,
        "unparsed": 1,
        "not_files": 0,
        "damaged": [{"queue_id": "4A0F9AF", "queue": "deferred", "size": 60, "problem": problem}],
    }
    assert reading.show(source="postqueue")["source"] == "postqueue"
    assert host.warnings == [
        "/var/spool/postfix: 0 queue files could not be read and 1 are damaged (4A0F9AF in deferred: %s). Only a rule that does not "
        "need what is missing selects them, such as queue_id." % problem
    ]


def test_reading_whole_files_gives_no_warning(host: Host) -> None:
    assert sorted(read(host).collector.by_id) == ["4A0F9AC", "4A0F9AD"]
    assert host.warnings == []


def test_a_directory_of_other_files_is_refused_before_the_warning(host: Host, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "4A0F9AC").write_bytes(b"no queue file")
    source = source_of(str(tmp_path / "notes"))
    job = request_for().job()
    with source.spool as spool, pytest.raises(MailopsError, match="holds no queue files"):
        read_queues(host.module(), spool, _in(job, "notes"), path=source.path, source=source)
    assert host.warnings == []


@pytest.mark.parametrize("read_ahead", [True, False])
def test_the_operator_may_switch_reading_ahead_off(host: Host, read_ahead: bool) -> None:
    with Spool(str(host.made.path)) as spool:
        read_queues(host.module(read_ahead=read_ahead), spool, request_for().job(), path="/var/spool/postfix")
        assert spool.reads_ahead is read_ahead


def _in(job: Any, queue: str) -> Any:
    def nothing() -> SelectedMessages:
        selected = request_for().new_collector()
        selected.in_queues = {queue: 0}
        return selected

    return replace(job, queues=(queue,), make_result=nothing, any_mode=True)


@pytest.mark.parametrize(
    ("counts", "gaps", "text"),
    [
        pytest.param(ScanCounts(files=3, vanished=1, incomplete=1), [], None, id="nothing"),
        pytest.param(
            ScanCounts(unreadable=2),
            [],
            "2 queue files could not be read and 0 are damaged (none named)",
            id="none named",
        ),
        pytest.param(
            ScanCounts(),
            [Gap("deferred/4", "", None, "It cannot be read")],
            "0 queue files could not be read and 0 are damaged (a directory in deferred/4: It cannot be read)",
            id="a directory",
        ),
    ],
)
def test_files_that_could_not_be_read_are_warned_of(
    host: Host, counts: ScanCounts, gaps: list[Gap], text: str | None
) -> None:
    warn_of_gaps(host.module(), counts, gaps, "/spool")
    rest = ". Only a rule that does not need what is missing selects them, such as queue_id."
    assert host.warnings == ([] if text is None else ["/spool: " + text + rest])


# --- gaps and sums --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gaps", "named"),
    [
        pytest.param([], "", id="none"),
        pytest.param([CUT], "4A0F9AF in deferred: the file ends within a record", id="one"),
        pytest.param(
            [Gap("hold", "A", None, "x\x1b")] * 3, "A in hold: x\\x1b; A in hold: x\\x1b; A in hold: x\\x1b", id="three"
        ),
        pytest.param(
            [Gap("hold", "A", 1, "x"), Gap("hold", "B", 1, "x"), Gap("hold", "C", 1, "x"), CUT],
            "A in hold: x; B in hold: x; C in hold: x; and more",
            id="more",
        ),
    ],
)
def test_gaps_in_a_sentence(gaps: list[Gap], named: str) -> None:
    assert name_gaps(gaps) == named


def test_gaps_in_a_result() -> None:
    assert show_gaps([CUT, Gap("deferred/4", "", None, "no\x07" + "x" * 2000)]) == [
        {"queue_id": "4A0F9AF", "queue": "deferred", "size": 100, "problem": "the file ends within a record"},
        {"queue_id": None, "queue": "deferred/4", "size": None, "problem": show_gaps([_LONG])[0]["problem"]},
    ]
    problem = show_gaps([_LONG])[0]["problem"]
    assert problem.startswith("no\\x07xxx")
    assert len(problem) < 400


_LONG = Gap("deferred/4", "", None, "no\x07" + "x" * 2000)


def test_the_counts_of_a_selection(host: Host) -> None:
    selected = read(host).collector
    sums = show_totals(selected.totals)
    assert (sums["messages"], sums["recipients"]) == (2, 4)
    assert show_matched(selected.totals, Verdicts(partial=3, undecided=1)) == {**sums, "partial": 3, "undecided": 1}
