# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import scan as scanning
from ansible_collections.mailops.postfix.plugins.modules import postfix_message_info
from tests.unit.support.module import ModuleRun
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.spool import MadeUpSpool

SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"), body=[b"buy pills"])
OLD = SPAM._replace(arrival=b"1600000000 1", body=[b"old pills"])


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", "4A0F9AC", SPAM.write())
    spool.put("hold", "4A0F9AD", OLD.write())
    return spool


@pytest.fixture
def run(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    return ModuleRun(postfix_message_info.main, monkeypatch, capsys, made.path)


def test_the_oldest_are_opened(run: ModuleRun) -> None:
    result = run(limit=1)
    assert result["changed"] is False
    assert [row["queue_id"] for row in result["messages"]] == ["4A0F9AD"]
    assert result["truncated"] is True
    assert result["matched"]["messages"] == 2
    assert "pills" not in json.dumps(result)
    assert not {"coverage", "eml", "ansible_facts"}.intersection(result)


def test_several_processes_try_the_patterns_too(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"patterns": ["/buy p.lls/", {"body": "/PILLS/"}], "limit": 2}
    alone = run(**options)
    monkeypatch.setattr(scanning, "worth_processes", lambda _spool, _queues: 3)
    shared = run(**options)
    assert [row["messages"] for row in shared["coverage"]["patterns"]] == [1, 2]
    assert {**shared, "scan": None} == {**alone, "scan": None}


def test_a_queue_id_in_two_queues(run: ModuleRun, made: MadeUpSpool, tmp_path: Path) -> None:
    made.put("hold", "4A0F9AC", OLD.write())
    standing = [(row["queue_id"], row["queue"]) for row in run()["messages"]]
    assert sorted(standing[:2]) == [("4A0F9AC", "hold"), ("4A0F9AD", "hold")]
    assert standing[2:] == [("4A0F9AC", "deferred")]
    place = tmp_path / "eml"
    for made_before in (False, True):
        if made_before:
            place.mkdir(0o700)
        predicted = run(eml_directory=str(place), check=True)
        done = run(eml_directory=str(place))
        assert predicted["eml"] == done["eml"]
        assert (done["eml"]["written"], done["eml"]["not_written"], done["eml"]["vanished"]) == (2, ["4A0F9AC"], 0)
        shutil.rmtree(str(place))


def test_a_message_that_moves_is_shown_once(run: ModuleRun, made: MadeUpSpool) -> None:
    # A second link is what a reader sees of a message that moved to a queue which it reads later.
    os.link(str(made.path / "hold" / "4A0F9AD"), str(made.path / "active" / "4A0F9AD"))
    rows = run(queues=["hold", "active"])["messages"]
    assert [row["queue_id"] for row in rows] == ["4A0F9AD"]


def test_none_are_opened(run: ModuleRun) -> None:
    assert run(limit=0)["messages"] == []


def test_a_selection(run: ModuleRun) -> None:
    result = run(
        match=[{"recipient": "example.org"}, {"content": "old"}], patterns=["pills", "buy"], queues=["deferred"]
    )
    assert result["matched"] == {"messages": 0, "bytes": 0, "recipients": 0, "partial": 1, "undecided": 0}
    result = run(match=[{"content": "old"}], patterns=["pills", "buy"], excerpt=100)
    (row,) = result["messages"]
    assert (row["hits"], row["excerpt"]) == ([1, 0], "old pills\n")
    assert [row["messages"] for row in result["coverage"]["patterns"]] == [1, 0]


def test_content_that_cannot_be_read_is_not_decided(run: ModuleRun, made: MadeUpSpool) -> None:
    whole = SPAM.write()
    made.put("deferred", "4A0F9AE", whole[: whole.index(b"buy")])
    result = run(match=[{"queue_id": "4A0F9AE"}], patterns=["buy"], eml_directory=str(made.path.parent / "eml"))
    (row,) = result["messages"]
    assert row["hits"] == [None]
    assert row["problem"].startswith("the file ends before its content does at offset ")
    assert result["coverage"]["patterns"][0]["undecided"] == 1
    assert (result["eml"]["unreadable"], result["eml"]["not_written"]) == (1, ["4A0F9AE"])


def test_damaged_files_are_named_and_opened_like_others(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("deferred", "4A0F9AE", b"junk")
    made.put("deferred", "4A0F9AF", SPAM.write(), mode=0o600)
    made.put("corrupt", "4A0F9B0", b"junk")
    result = run()
    assert result["matched"]["messages"] == 3
    damaged = {
        "queue_id": "4A0F9AE",
        "queue": "deferred",
        "size": 4,
        "problem": "the file ends within a record at offset 0",
    }
    assert result["scan"]["damaged"] == [damaged]
    assert run.warnings == [
        "%s: 0 queue files could not be read and 1 are damaged (4A0F9AE in deferred: the file ends within a record at offset 0). Only a "
        "rule that does not need what is missing selects them, such as queue_id." % made.path
    ]
    (row,) = run(match=[{"queue_id": "4A0F9AE"}])["messages"]
    assert row["problem"] == "the file ends within a record at offset 0"
    result = run(match=[{"sender": "x@example.com"}])
    assert (result["matched"]["messages"], result["matched"]["undecided"]) == (0, 1)
    assert result["undecided"] == [damaged]
    (corrupt,) = run(queues=["corrupt"])["messages"]
    assert corrupt["problem"] == "the file ends within a record at offset 0"


def test_files(run: ModuleRun, tmp_path: Path) -> None:
    place = tmp_path / "eml"
    predicted = run(eml_directory=str(place), eml_limit=1, limit=0, check=True)
    assert not place.exists()
    done = run(eml_directory=str(place), eml_limit=1, limit=0)
    assert {**predicted, "scan": 0, "invocation": 0} == {**done, "scan": 0, "invocation": 0}
    assert done["changed"] is True
    assert (place / "4A0F9AD.eml").read_bytes() == OLD.content()
    assert run(eml_directory=str(place), eml_limit=1, limit=0)["changed"] is False
    (place / "4A0F9AC.eml").write_text("other")
    assert run.fails(eml_directory=str(place)) == (
        "1 messages were not written to %s, where other files have their names. Existing files are not overwritten. Move those away, or "
        "name another eml_directory." % place
    )


@pytest.mark.parametrize(("limit", "eml_limit", "written"), [(5, 1, 1), (1, 5, 2), (5, 0, 0)])
def test_what_was_not_to_be_written_did_not_vanish(
    run: ModuleRun, tmp_path: Path, limit: int, eml_limit: int, written: int
) -> None:
    files = run(eml_directory=str(tmp_path / "eml"), limit=limit, eml_limit=eml_limit)["eml"]
    assert (files["written"], files["vanished"]) == (written, 0)


def test_a_directory_of_queue_files(run: ModuleRun, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    (saved / "4").mkdir(parents=True)
    (saved / "4" / "4A0F9AC").write_bytes(SPAM.write())
    (saved / "4A0F9AD").write_bytes(OLD.write())
    (tmp_path / "link").symlink_to("saved")
    for path in ("saved", "saved/", "link"):
        result = run(spool="%s/%s" % (tmp_path, path))
        assert [(row["queue_id"], row["queue"]) for row in result["messages"]] == [
            ("4A0F9AD", "saved"),
            ("4A0F9AC", "saved"),
        ]
    assert run.runner.ran == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": -1}, "limit: -1 must not be negative"),
        ({"excerpt": 65537}, "excerpt: 65537 is more than 65536 bytes"),
    ],
)
def test_options_that_are_refused(run: ModuleRun, options: dict[str, Any], message: str) -> None:
    assert run.fails(**options) == message
