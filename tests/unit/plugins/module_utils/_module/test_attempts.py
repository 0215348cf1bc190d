# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of messages: each end, by queue and log; and lines in the log that only look like a daemon's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _attempts
from ansible_collections.mailops.postfix.plugins.module_utils._module._attempts import Attempts
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_tail import LogTail
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from tests.unit.support.spool import MadeUpSpool

DUE = 1700000000
FLUSHED = "Nov 21 12:00:00 mx01 postfix/"


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.fixture
def spool(made: MadeUpSpool) -> Iterator[Spool]:
    with Spool(str(made.path)) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text(FLUSHED + "bounce[1]: 4A0F9AF: sender non-delivery notification: 4A0F9B0\n")
    return path


@pytest.fixture
def log(path: Path) -> Iterator[LogTail]:
    tail = LogTail(str(path))
    yield tail
    tail.close()


def say(path: Path, *lines: str) -> None:
    with path.open("a") as stream:
        stream.writelines(FLUSHED + line + "\n" for line in lines)


def ends(**counts: int | None) -> dict[str, int | None]:
    shown: dict[str, int | None] = dict.fromkeys(_attempts.ENDS, 0)
    return {**shown, **counts}


def test_each_end_of_a_try(made: MadeUpSpool, spool: Spool, path: Path, log: LogTail) -> None:
    untried = made.put("deferred", "4A0F9AA", b"").stat().st_ctime_ns
    made.put("deferred", "4A0F9AB", b"")
    made.put("active", "4A0F9AC", b"")
    made.put("hold", "4A0F9AD", b"")
    say(path, "bounce[12]: 4A0F9AE: sender non-delivery notification: 4A0F9B1")
    # That one was returned before this run.
    followed = dict.fromkeys(("4A0F9AA", "4A0F9AB", "4A0F9AC", "4A0F9AD", "4A0F9AE", "4A0F9AF"), DUE)
    followed["4A0F9AA"] = untried
    after = Attempts(followed, frozenset(), log).wait(spool, 0)
    assert after == ends(pending=3, deferred=1, bounced=1, left=1)


def test_a_requeued_message_is_followed_under_its_new_id(
    made: MadeUpSpool, spool: Spool, path: Path, log: LogTail
) -> None:
    made.put("maildrop", "4A0F9AA", b"")
    made.put("deferred", "4A0F9BB", b"", mtime=DUE)
    say(
        path,
        "pickup[3]: 4A0F9BB: uid=109 from=<a@example.org> orig_id=4A0F9AB",
        "pickup[3]: 4A0F9BC: uid=109 from=<> orig_id=4A0F9AC",
        "pickup[3]: 4A0F9BD: uid=109 from=<x> orig_id=4A0F9AD",
        "bounce[4]: 4A0F9BD: sender non-delivery notification: 4A0F9BF",
        "pickup[3]: 4A0F9CC: uid=0 from=<root>",
    )
    followed = dict.fromkeys(("4A0F9AA", "4A0F9AB", "4A0F9AC", "4A0F9AD", "4A0F9AE"), DUE)
    after = Attempts(followed, frozenset(followed), log).wait(spool, 0)
    assert after == ends(pending=2, deferred=1, left=1, bounced=1)


def test_without_a_log_some_things_are_unknown(made: MadeUpSpool, spool: Spool) -> None:
    made.put("maildrop", "4A0F9AA", b"")
    followed = dict.fromkeys(("4A0F9AA", "4A0F9AB", "4A0F9AC"), DUE)
    after = Attempts(followed, frozenset(("4A0F9AA", "4A0F9AB")), None).wait(spool, 0)
    assert after == ends(pending=1, unknown=1, left=1, bounced=None)


HOSTILE = [
    "smtp[5]: 4A0F9AA: to=<x>, status=deferred (a/bounce[1]: 4A0F9AA: sender non-delivery notification: 4A0F9AB",
    "smtp[5]: 4A0F9AA: host [192.0.2.1] said: x/bounce[1]: 4A0F9AA: sender non-delivery notification: 4A0F9AB",
    "bounce[1]: 4A0F9AA: sender non-delivery notification: 4A0F9AB and more",
    "bounce[1]: 4A0F9AA: sender delay notification: 4A0F9AB",
    "bounce[x]: 4A0F9AA: sender non-delivery notification: 4A0F9AB",
]


@pytest.mark.parametrize("line", HOSTILE)
def test_a_line_that_quotes_a_stranger_is_not_believed(spool: Spool, path: Path, log: LogTail, line: str) -> None:
    say(path, line)
    assert Attempts({"4A0F9AA": DUE}, frozenset(), log).wait(spool, 0) == ends(left=1)


def test_waiting_ends_when_all_are_settled(
    made: MadeUpSpool, spool: Spool, log: LogTail, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            made.file("active", "4A0F9AC").unlink()

    made.put("active", "4A0F9AC", b"")
    monkeypatch.setattr(time, "sleep", sleep)
    assert Attempts({"4A0F9AC": DUE}, frozenset(), log).wait(spool, 60) == ends(left=1)
    assert len(waited) == 3


def test_a_message_that_vanishes_while_the_queues_are_read(
    made: MadeUpSpool, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.put("deferred", "4A0F9AC", b"")
    walk = Spool.walk

    def walk_and_remove(self: Spool, queue: str) -> Iterator[object]:
        for entry in walk(self, queue):
            path.unlink()
            yield entry

    monkeypatch.setattr(Spool, "walk", walk_and_remove)
    assert Attempts({"4A0F9AC": DUE}, frozenset(), None).wait(spool, 0) == ends(left=1, bounced=None)


def test_messages_of_others_are_not_followed(made: MadeUpSpool, spool: Spool, path: Path, log: LogTail) -> None:
    made.put("deferred", "4A0F9AD", b"")
    say(
        path,
        "pickup[3]: 4A0F9BB: uid=109 from=<a@example.org> orig_id=4A0F9AD",
        "bounce[12]: 4A0F9AD: sender non-delivery notification: 4A0F9B1",
    )
    attempts = Attempts({"4A0F9AC": DUE}, frozenset(), log)
    assert attempts.wait(spool, 0) == ends(left=1)
    assert (attempts.renamed, attempts.returned) == ({}, set())
