# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import (
    MAX_GAPS,
    Gap,
    Job,
    ScanCounts,
    Share,
    first_gaps,
    is_empty,
    read_nothing,
)
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

QUEUES = ("deferred", "hold", "saved")


class Result:
    """Keeps what was done with it."""

    def __init__(self) -> None:
        self.finished = 0

    def merge(self, other: Result) -> None:
        self.finished += other.finished

    def finish(self) -> None:
        self.finished += 1


def nothing(*_arguments: Any) -> None:
    raise AssertionError("there is no file")


def job(**changes: Any) -> Job[Result]:
    return Job(queues=QUEUES, make_result=Result, visit=nothing, pass_over=nothing, **changes)


@pytest.mark.parametrize(
    ("path", "empty"),
    [
        pytest.param("deferred/A", True, id="a hash directory"),
        pytest.param("active/4A0F9AC", True, id="another queue"),
        pytest.param("deferred/A/4A0F9AC", False, id="in a hash directory"),
        pytest.param("hold/4A0F9AC", False, id="in the second queue"),
        pytest.param("saved/notes", False, id="no queue ID"),
    ],
)
def test_queues_without_files_are_empty(tmp_path: Path, path: str, empty: bool) -> None:
    made = MadeUpSpool(tmp_path / "spool")
    (made.path / path).mkdir(parents=True)
    with Spool(str(made.path)) as spool:
        assert is_empty(spool, QUEUES) is empty


def unsafe_link(path: Path) -> None:
    path.symlink_to("/nowhere")


def file(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("make", [unsafe_link, file])
def test_a_queue_that_cannot_be_read_is_not_empty(tmp_path: Path, make: Callable[[Path], None]) -> None:
    made = MadeUpSpool(tmp_path / "spool")
    make(made.path / "saved")
    with Spool(str(made.path)) as spool:
        assert not is_empty(spool, QUEUES)
        assert is_empty(spool, QUEUES[:-1])


def test_looking_for_files_leaves_no_directory_open(tmp_path: Path) -> None:
    made = MadeUpSpool(tmp_path / "spool")
    (made.path / "deferred" / "A" / "4A0F9AC").mkdir(parents=True)
    with Spool(str(made.path)) as spool:
        before = open_descriptors()
        assert not is_empty(spool, QUEUES)
        assert open_descriptors() == before


def test_the_result_of_nothing_is_finished() -> None:
    share = read_nothing(job(finish=Result.finish))
    assert (share.result.finished, share.counts, share.gaps) == (1, ScanCounts(), [])
    assert read_nothing(job()).result.finished == 0


def test_shares_add_up() -> None:
    gaps = [Gap("deferred", "4A0F9%02X" % number, 9, "damaged") for number in range(MAX_GAPS + 2)]
    share = Share(Result(), ScanCounts(files=1, unparsed=2), gaps[:1])
    other = Share(Result(), ScanCounts(files=3, vanished=4), gaps[1:])
    other.result.finish()
    share.merge(other)
    assert share.result.finished == 1
    assert share.counts == ScanCounts(files=4, unparsed=2, vanished=4)
    assert share.gaps == gaps[:MAX_GAPS] == first_gaps(reversed(gaps))


def test_a_gap_is_given_to_the_job() -> None:
    noted: list[Gap] = []
    share = Share(Result(), ScanCounts())
    gap = Gap("deferred", "4A0F9AC", None, "no")
    share.note(gap, job(note_gap=lambda gap, _result: noted.append(gap)))
    share.note(gap, job())
    assert noted == share.gaps == [gap]
