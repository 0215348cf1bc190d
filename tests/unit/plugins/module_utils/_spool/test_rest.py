# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.rest import Rest, RestCounts
from tests.unit.support.spool import MadeUpSpool

QUEUES = ("incoming", "active", "deferred", "hold")


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    made = MadeUpSpool(tmp_path / "spool")
    for queue, queue_id in (
        ("deferred", "4A0F9AC"),
        ("active", "4A0F9AD"),
        ("hold", "4A0F9AE"),
        ("incoming", "4A0F9AF"),
    ):
        made.put(queue, queue_id, b"text")
    return made


@pytest.fixture
def spool(made: MadeUpSpool) -> Iterator[Spool]:
    with Spool(str(made.path)) as spool:
        yield spool


def counts(**given: int) -> RestCounts:
    return RestCounts(**{**dict.fromkeys(RestCounts._fields, 0), **given})


def test_what_stays_is_kept_wherever_postfix_moves_it(made: MadeUpSpool, spool: Spool) -> None:
    rest = Rest(spool, QUEUES, {"4A0F9AC"})
    made.file("deferred", "4A0F9AC").unlink()
    moved = made.file("deferred", "4A0F9AD")
    moved.parent.mkdir(exist_ok=True)
    made.file("active", "4A0F9AD").rename(moved)
    # When it is tried next, and that a recipient is done.
    moved.write_bytes(b"tExt")
    os.utime(moved, (1, 1))
    assert rest.compare() == counts(before=3, kept=3)


def test_what_does_not_stay_is_counted(made: MadeUpSpool, spool: Spool) -> None:
    rest = Rest(spool, QUEUES, ())
    made.file("deferred", "4A0F9AC").unlink()
    made.file("active", "4A0F9AD").write_bytes(b"other text")
    made.put("incoming", "4A0F9B0", b"text")
    assert rest.compare() == counts(before=4, kept=2, gone=1, changed=1, new=1)


def test_only_complete_messages_count(made: MadeUpSpool, spool: Spool) -> None:
    made.put("incoming", "4A0F9B0", b"text", mode=0o600)
    (made.path / "hold" / "note.txt").write_text("text")
    (made.path / "hold" / "4A0F9B1").mkdir()
    rest = Rest(spool, QUEUES, ())
    assert rest.compare() == counts(before=4, kept=4)


def test_a_message_that_is_seen_twice_counts_once(made: MadeUpSpool, spool: Spool) -> None:
    rest = Rest(spool, QUEUES, ())
    made.put("hold", "4A0F9AF", b"text")
    assert rest.compare() == counts(before=4, kept=4)


def test_a_message_that_moves_during_the_reading_is_looked_for_again(
    made: MadeUpSpool, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = Rest(spool, QUEUES, ())
    walk = spool.walk

    def move_and_walk(queue: str) -> Iterator[object]:
        if queue == "deferred" and made.file("deferred", "4A0F9AC").exists():
            # The queue active was read just now.
            made.file("deferred", "4A0F9AC").rename(made.file("active", "4A0F9AC"))
        yield from walk(queue)

    monkeypatch.setattr(spool, "walk", move_and_walk)
    assert rest.compare() == counts(before=4, kept=4)


@pytest.mark.usefixtures("made")
def test_a_file_that_is_gone_when_it_is_looked_at_does_not_count(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = os.stat

    def refuse(name: str, **options: object) -> os.stat_result:
        if name == "4A0F9AC":
            raise FileNotFoundError(name)
        return stat(name, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)
    assert Rest(spool, QUEUES, ()).compare() == counts(before=3, kept=3)
