# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
from ansible_collections.mailops.postfix.plugins.modules import postfix_quarantine_info
from tests.unit.support.module import ModuleRun
from tests.unit.support.quarantine import NAME, QuarantineHost, put_message

ABOUT: dict[str, Any] = {"reason": "ticket 1", "selection": {"match": []}, "digest": "0" * 64}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


@pytest.fixture
def run(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    module = ModuleRun(postfix_quarantine_info.main, monkeypatch, capsys, host.made.path)
    module.parameters["mail_owner"] = pwd.getpwuid(os.getuid()).pw_name
    return module


def take(host: QuarantineHost, *queue_ids: str) -> None:
    """Move messages of deferred into the quarantine."""
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.quarantine_messages(queues, dict.fromkeys(queue_ids, Move("deferred", "deferred")), **ABOUT)


def test_without_quarantines_the_list_is_empty(run: ModuleRun, host: QuarantineHost) -> None:
    result = run()
    assert (result["changed"], result["directory"]) == (False, host.base)
    assert (result["quarantines"], result["left_out"]) == ([], 0)
    assert not host.path.parent.exists()


def test_a_quarantine_has_its_history_and_its_totals(run: ModuleRun, host: QuarantineHost) -> None:
    one, other, third = (put_message(host.made) for _number in range(3))
    sizes = host.made.file("deferred", third).stat().st_size
    take(host, one, other, third)
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.restore_messages(queues, {one: Move("deferred", "deferred")})
        quarantine.delete_messages({other: "deferred"})
        made = quarantine.records[0]
    (row,) = run()["quarantines"]
    assert (row["name"], row["path"], row["host"]) == (NAME, str(host.path), "mx1.example.com")
    assert (row["created"], row["created_by"]) == (made["time"], made["by"])
    assert (row["quarantined"], row["restored"], row["deleted"]) == (3, 1, 1)
    assert row["queues"] == {"deferred": {"messages": 1, "bytes": row["total"]["bytes"]}}
    assert (row["total"]["messages"], row["total"]["recipients"], row["total"]["bytes"] <= sizes) == (1, 1, True)
    assert (row["collisions"], row["unfinished"]) == ([], None)
    (shown,) = row["runs"]
    assert (shown["mode"], shown["reason"], shown["selection_digest"]) == ("messages", "ticket 1", "0" * 64)


def test_a_message_that_could_not_be_restored_is_listed_while_it_is_there(run: ModuleRun, host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    take(host, queue_id)
    taken = host.made.put("incoming", queue_id, b"another one")
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.restore_messages(queues, {queue_id: Move("deferred", "deferred")})
    assert run()["quarantines"][0]["collisions"] == [queue_id]
    taken.unlink()
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.restore_messages(queues, {queue_id: Move("deferred", "deferred")})
    assert run()["quarantines"][0]["collisions"] == []


@pytest.mark.parametrize(
    ("operation", "words"),
    [("take", "quarantining messages"), ("give", "restoring messages"), ("swap", "quarantining queues")],
)
def test_an_interrupted_run_is_named(run: ModuleRun, host: QuarantineHost, operation: str, words: str) -> None:
    with host.quarantine() as quarantine:
        quarantine.write(operation, messages={}, queues=[], earlier=[], **ABOUT)
    before = (host.path / "journal").read_bytes()
    assert run()["quarantines"][0]["unfinished"] == words
    assert (host.path / "journal").read_bytes() == before


def test_an_interrupted_copy_is_named(run: ModuleRun, host: QuarantineHost) -> None:
    host.quarantine().__exit__()
    (host.path / "staging").mkdir(mode=0o700)
    assert run()["quarantines"][0]["unfinished"] == "moving"


def test_a_quarantine_that_cannot_be_read_is_a_warning_and_the_others_are_shown(
    run: ModuleRun, host: QuarantineHost
) -> None:
    host.quarantine().__exit__()
    broken = host.path.parent / "broken"
    broken.mkdir(mode=0o700)
    data = (host.path / "journal").read_bytes()
    (broken / "journal").write_bytes(data + b"0" * 9 + b"\n" + data)
    result = run()
    assert ([row["name"] for row in result["quarantines"]], result["left_out"]) == ([NAME], 0)
    problem = (
        "The journal of %s cannot be read: record 2 is damaged. Its messages stay where they are. Look at the directory, and move it to "
        "another place." % broken
    )
    assert run.warnings == [problem]
    assert run.fails(name="broken") == problem


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"directory": "relative"}, "directory relative is not an absolute path", id="a relative path"),
        pytest.param({"name": "../spam"}, "name: '../spam' cannot be the name of a quarantine. ", id="a path"),
    ],
)
def test_what_is_no_quarantine_is_refused(run: ModuleRun, options: dict[str, Any], message: str) -> None:
    assert run.fails(**options).startswith(message)


def test_a_directory_with_other_files_is_no_quarantine(run: ModuleRun, host: QuarantineHost) -> None:
    host.path.mkdir(parents=True, mode=0o700)
    host.path.parent.chmod(0o700)
    (host.path / "notes.txt").touch()
    assert run()["quarantines"] == []
    assert run.fails(name=NAME).startswith("%s is not a quarantine and is not empty: it holds notes.txt. " % host.path)
