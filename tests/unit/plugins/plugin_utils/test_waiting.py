# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _waiting


def test_notices_come_at_growing_intervals() -> None:
    intervals: list[int] = []

    class Clock:
        def wait(self, seconds: int) -> bool:
            intervals.append(seconds)
            return len(intervals) == 5

    said: list[int] = []
    _waiting._say_until(Clock(), said.append, 30)  # type: ignore[arg-type]  # noqa: SLF001
    assert intervals == [30, 30, 60, 120, 240]
    assert said == [30, 60, 120, 240]


def test_a_short_wait_has_no_notice() -> None:
    said: list[int] = []
    for after in (0, 5):
        with _waiting.notices(said.append, after=after):
            pass
    assert said == []


def test_a_long_wait_has_a_notice() -> None:
    said: list[int] = []
    was_said = threading.Event()

    def say(seconds: int) -> None:
        said.append(seconds)
        was_said.set()

    with _waiting.notices(say, after=1):
        assert was_said.wait(60)
    assert said[0] == 1


def test_a_wait_ends_after_its_limit() -> None:
    before = signal.getsignal(signal.SIGALRM)
    begun = time.monotonic()
    with pytest.raises(_waiting.WaitEnded), _waiting.time_limit(1):
        time.sleep(30)
    assert time.monotonic() - begun < 5
    with _waiting.time_limit(1), _waiting.time_limit(0):
        pass
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert not issubclass(_waiting.WaitEnded, Exception)


def test_children_are_asked_to_end() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        _waiting.end_children()
        assert child.wait(10) == -signal.SIGTERM
    assert os.getpid()
