# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import queue_flush
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue_flush
from tests.unit.support.module import ModuleRun
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said
from tests.unit.support.spool import MadeUpSpool

NOW = int(time.time())
LATER = NOW + 4000
MAIL = QueueFile(sender=b"user@example.com", arrival=b"%d 0" % (NOW - 3600)).write()
OTHER = QueueFile(sender=b"other@example.com", arrival=b"%d 0" % (NOW - 60)).write()


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", "4A0F9AC", MAIL, mtime=LATER)
    spool.put("deferred", "4A0F9AD", OTHER, mtime=LATER)
    spool.put("active", "4A0F9AE", MAIL)
    spool.put("hold", "4A0F9AF", MAIL)
    return spool


@pytest.fixture
def run(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(Instance, "running", lambda _instance: True)
    running = ModuleRun(postfix_queue_flush.main, monkeypatch, capsys, made.path)
    postsuper = FakePostsuper(made)

    def act(command: Sequence[str]) -> Output:
        return postsuper.run(command[3], running.runner.ran[-1][1].split(), command[5:])

    def flush(command: Sequence[str]) -> Output:
        # postqueue -c DIRECTORY -i ID
        if command[3] == "-i":
            made.file("deferred", command[4]).rename(made.file("incoming", command[4]))
        return said()

    running.answers.update(postsuper=act, postqueue=flush, postlog=said(), postkick=said())
    return running


def outcomes(**counts: int) -> dict[str, int]:
    return {**dict.fromkeys(map(str, queue_flush.OUTCOMES), 0), **counts}


def commands(run: ModuleRun) -> list[list[str]]:
    """Return what was run, but for asking and logging."""
    ran = ([command[0].rpartition("/")[2], *command[3:]] for command, _stdin in run.runner.ran)
    return [command for command in ran if command[0] not in ("postconf", "postlog")]


def many(made: MadeUpSpool) -> list[str]:
    """Put more messages into deferred than are tried one by one, and return their IDs."""
    ids = ["4B%05X" % number for number in range(queue_flush.FEW + 1)]
    for queue_id in ids:
        made.put("deferred", queue_id, MAIL, mtime=LATER)
    return ids


LOOK_AGAIN = ["postkick", "public", "qmgr", "I"]
WAYS: list[tuple[str, dict[str, Any], list[list[str]]]] = [
    ("all", {"match_all": True}, [["postqueue", "-f"]]),
    ("few", {"match": [{"sender": "user@example.com"}]}, [["postqueue", "-i", "4A0F9AC"], LOOK_AGAIN]),
    (
        "all but some",
        {"match_all": True, "exclude": [{"sender": "other@"}]},
        [["postqueue", "-i", "4A0F9AC"], LOOK_AGAIN],
    ),
    ("some queues", {"match_all": True, "queues": ["active"]}, []),
    (
        "requeue",
        {"match": [{"sender": "user@example.com"}], "requeue": True},
        [["postsuper", "-r", "-", "incoming", "deferred"], ["postkick", "public", "pickup", "W"]],
    ),
    ("nothing", {"match": [{"sender": "nobody@"}]}, []),
]


@pytest.mark.parametrize(("options", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_each_way(run: ModuleRun, options: dict[str, Any], expected: list[list[str]]) -> None:
    predicted = run(check=True, **options)
    assert commands(run) == []
    result = run(**options)
    assert commands(run) == expected
    assert result["outcomes"] == predicted["outcomes"]
    assert result["changed"] is predicted["changed"] is bool(expected)


def test_many_are_made_due_and_only_those(run: ModuleRun, made: MadeUpSpool) -> None:
    ids = many(made)
    before = int(time.time())
    result = run(match=[{"sender": "user@example.com"}])
    assert result["outcomes"] == outcomes(tried=len(ids) + 1, under_way=1)
    due = {queue_id: int(made.file("deferred", queue_id).stat().st_mtime) for queue_id in [*ids, "4A0F9AC", "4A0F9AD"]}
    assert due.pop("4A0F9AD") == LATER
    assert all(before <= mtime <= time.time() for mtime in due.values())
    assert commands(run) == [["postkick", "public", "qmgr", "FDI"]]


def test_services_have_the_names_that_they_are_configured_to_have(run: ModuleRun, made: MadeUpSpool) -> None:
    run.parameters.update(queue_service_name="queues", pickup_service_name="drop")
    run(match_all=True, requeue=True)
    many(made)
    run(match=[{"sender": "user@example.com"}])
    assert [command for command in commands(run) if command[0] == "postkick"] == [
        ["postkick", "public", "drop", "W"],
        ["postkick", "public", "queues", "FDI"],
    ]


def test_a_service_that_does_not_answer(run: ModuleRun, made: MadeUpSpool) -> None:
    many(made)
    run.answers["postkick"] = said(status=1)
    assert run.fails(match=[{"sender": "user@example.com"}]) == (
        "52 of the selected messages are not tried. The first is 4A0F9AC: Postfix's qmgr does not take requests; see the mail log, and "
        "run postfix check. See failures for others."
    )


def test_a_postqueue_that_fails(run: ModuleRun) -> None:
    run.answers["postqueue"] = said(status=69, err="postqueue: fatal: Cannot flush mail queue - mail system is down\n")
    assert run.fails(match_all=True).endswith(
        "/postqueue -c /etc/postfix -f failed with exit status 69: postqueue: fatal: Cannot flush mail queue - mail system is down. "
        "See failures for others."
    )


def change(made: MadeUpSpool) -> None:
    made.file("deferred", "4A0F9AC").unlink()
    made.put("deferred", "4A0F9AC", OTHER, mtime=LATER)


def vanish(made: MadeUpSpool) -> None:
    made.file("deferred", "4A0F9AC").unlink()


def move(made: MadeUpSpool) -> None:
    made.file("deferred", "4A0F9AC").rename(made.file("active", "4A0F9AC"))


@pytest.mark.parametrize(
    ("event", "expected"),
    [(change, "changed"), (vanish, "vanished"), (move, "under_way")],
    ids=["change", "vanish", "move"],
)
@pytest.mark.parametrize("requeue", [False, True])
def test_what_happens_between_look_and_act(
    run: ModuleRun,
    made: MadeUpSpool,
    monkeypatch: pytest.MonkeyPatch,
    event: Callable[[MadeUpSpool], None],
    expected: str,
    requeue: bool,
) -> None:
    select = Change.select

    def select_and_change(*arguments: Any, **options: Any) -> Any:
        messages = select(*arguments, **options)
        event(made)
        return messages

    monkeypatch.setattr(Change, "select", select_and_change)
    result = run(match=[{"queue_id": "4A0F9AC"}], requeue=requeue)
    assert (result["changed"], result["outcomes"]) == (False, outcomes(**{expected: 1}))


SITES: list[tuple[dict[str, Any], str]] = [
    ({"site": "example.org", "requeue": True}, "site: it cannot be combined with requeue. Use only one of them"),
    ({"site": "/./"}, "site: '/./' is no domain and no [address], in ASCII"),
    ({"site": "example.org", "wait": -1}, "wait: -1 must not be negative"),
]


def test_a_site_goes_by_the_list_of_flush(run: ModuleRun, made: MadeUpSpool) -> None:
    directory = made.path / "flush"
    directory.mkdir()
    (directory / "example_org").write_text("4A0F9AC\n4A0F9AC\nFFFFF\n../../x\n")

    def flush(command: Sequence[str]) -> Output:
        assert command[3:] == ["-s", "example.org"]
        made.file("deferred", "4A0F9AC").rename(made.file("incoming", "4A0F9AC"))
        return said()

    run.answers["postqueue"] = flush
    predicted, result = run(check=True, site="example.org"), run(site="example.org")
    assert result["outcomes"] == predicted["outcomes"] == outcomes(tried=1, unlisted=1, under_way=1)


@pytest.mark.parametrize(("options", "message"), SITES)
def test_sites_that_are_refused(run: ModuleRun, options: dict[str, Any], message: str) -> None:
    assert run.fails(**options) == message


def test_a_stopped_postfix_is_refused(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Instance, "running", lambda _instance: False)
    assert run.fails(check=True, match_all=True) == (
        "Postfix does not run on %s, so nothing can be tried. Start it (postfix start), then run this again."
        % made.path
    )
