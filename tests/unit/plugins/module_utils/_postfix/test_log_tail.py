# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._postfix import log_names
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_tail import LogTail, open_log
from tests.unit.support.runner import FakeRunner


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text("from before\n")
    return path


@pytest.fixture
def log(path: Path) -> Iterator[LogTail]:
    tail = LogTail(str(path))
    yield tail
    tail.close()


def test_only_finished_lines_are_returned(path: Path, log: LogTail) -> None:
    with path.open("a") as stream:
        stream.write("one\ntw")
        stream.flush()
        assert list(log.lines()) == [b"one"]
        stream.write("o\n")
    assert list(log.lines()) == [b"two"]
    assert list(log.lines()) == []


def instance(**parameters: str) -> Instance:
    return Instance("/usr/sbin", parameters, FakeRunner({}))


def test_the_log_that_postfix_writes_is_opened(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for parameters, usual, found in (
        ({"maillog_file": str(path)}, (), True),
        ({"maillog_file": str(tmp_path / "none")}, (str(path),), False),
        ({"maillog_file": str(tmp_path)}, (), False),
        ({"maillog_file": ""}, (str(tmp_path / "none"), str(path)), True),
        ({}, (), False),
    ):
        monkeypatch.setattr(log_names, "USUAL_LOGS", usual)
        tail = open_log(instance(**parameters))
        assert (tail is not None) is found
        if tail is not None:
            tail.close()
