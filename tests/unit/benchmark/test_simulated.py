# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmark.simulated import find_controller, most_memory, require_hosts, size_of_reports
from tests.benchmark.target import BenchmarkError


def add_process(proc: Path, pid: int, name: str, *children: int) -> None:
    task = proc / str(pid) / "task" / str(pid)
    task.mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(name + "\n")
    (task / "children").write_text("".join("%d " % child for child in children))


def test_the_controller_is_the_first_process_that_is_no_wrapper(tmp_path: Path) -> None:
    add_process(tmp_path, 1, "nsenter", 2, 5)
    add_process(tmp_path, 2, "bash", 3)
    add_process(tmp_path, 3, "ansible-playboo", 4)
    add_process(tmp_path, 6, "nsenter")
    assert [find_controller(pid, tmp_path) for pid in (1, 2, 3, 6)] == [3, 3, 3, 6]
    with pytest.raises(OSError, match="comm"):
        find_controller(7, tmp_path)


def test_the_most_memory_is_that_of_the_whole_life_of_a_process() -> None:
    assert most_memory("Name:\tansible\nVmHWM:\t   61440 kB\nVmRSS:\t    1024 kB\n") == 61440
    assert most_memory("Name:\tkthreadd\n") == 0


def test_the_newest_reports_of_a_kind_count_in_all_formats(tmp_path: Path) -> None:
    (tmp_path / "audit-1.json").write_text("old, and longer")
    for suffix, text in ((".json", "12345"), (".html", "123")):
        (tmp_path / ("audit-2" + suffix)).write_text(text)
        (tmp_path / ("audit" + suffix)).symlink_to("audit-2" + suffix)
    (tmp_path / "plan.json").write_text("another kind")
    assert size_of_reports(tmp_path, "audit") == 8


def test_a_run_that_left_a_host_out_is_no_measurement() -> None:
    require_hosts("mx1: ok\nmx2: ok\n", ["mx1", "mx2"])
    with pytest.raises(BenchmarkError, match=r"\Ano word of mx2:\nmx1: ok\n\Z"):
        require_hosts("mx1: ok\n", ["mx1", "mx2"])
