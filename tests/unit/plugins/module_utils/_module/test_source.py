# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource, source_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import ScanCounts
from tests.unit.support.spool import MadeUpSpool


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", "4A0F9AC", b"")
    return spool


def names_in(source: QueueSource, queue: str) -> list[str]:
    with source.spool as spool:
        return [entry.name for entry in spool.walk(queue)]


def test_the_queue_directory_of_an_instance(made: MadeUpSpool) -> None:
    source = QueueSource.of_instance(str(made.path))
    assert (source.path, source.queues, source.flat) == (str(made.path), (), False)
    assert names_in(source, "deferred") == ["4A0F9AC"]


def test_a_directory_with_queues_is_a_queue_directory(made: MadeUpSpool, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(made.path)
    source = source_of(str(link))
    assert (source.path, source.queues, source.flat) == (str(made.path), (), False)
    assert names_in(source, "deferred") == ["4A0F9AC"]


def test_any_other_directory_stands_for_one_queue(made: MadeUpSpool) -> None:
    source = source_of(str(made.path / "deferred"))
    assert (source.path, source.queues, source.flat) == (str(made.path / "deferred"), ("deferred",), True)
    assert names_in(source, "deferred") == ["4A0F9AC"]


def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(MailopsError) as caught:
        source_of(str(tmp_path / "none"))
    assert str(caught.value) == (
        "The queue directory %s/none cannot be opened: No such file or directory. Check the path, then run this again."
        % tmp_path
    )


@pytest.mark.parametrize(
    ("counts", "is_refused"),
    [
        pytest.param(ScanCounts(), False, id="empty"),
        pytest.param(ScanCounts(files=2, unparsed=1), False, id="a queue file and a damaged one"),
        pytest.param(ScanCounts(files=2, unparsed=2), True, id="damaged files only"),
        pytest.param(ScanCounts(not_files=3), True, id="no files"),
        pytest.param(ScanCounts(files=1, not_files=3), False, id="a queue file among other things"),
    ],
)
def test_a_directory_without_queue_files_is_refused(made: MadeUpSpool, counts: ScanCounts, is_refused: bool) -> None:
    source = source_of(str(made.path / "deferred"))
    try:
        source.check(counts)
    except MailopsError as error:
        assert is_refused
        assert str(error) == (
            "%s/deferred is no queue directory and holds no queue files. Name a queue directory, or a directory of queue files such as "
            "a queue that was moved away." % made.path
        )
    else:
        assert not is_refused
    finally:
        source.spool.close()
    with QueueSource.of_instance(str(made.path)).spool as spool:
        QueueSource(spool, str(made.path)).check(counts)
