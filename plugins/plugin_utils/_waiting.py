# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Waiting for something that may never come: notices while one waits, and an end to the wait."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable, Iterator

_CHILDREN = "/proc/self/task"


class WaitEnded(BaseException):
    """The wait took as long as it may. It is no Exception, so that the retries of connection plugins let it through."""


@contextmanager
def notices(say: Callable[[int], None], *, after: int) -> Iterator[None]:
    """Say for how many seconds the block has run: after so many seconds, then when it is twice as long, and so on. 0: never."""
    ended = threading.Event()
    thread = threading.Thread(target=_say_until, args=(ended, say, after), daemon=True)
    if after:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if after:
            thread.join()


def _say_until(ended: threading.Event, say: Callable[[int], None], after: int) -> None:
    waited, interval = 0, after
    while not ended.wait(interval):
        waited += interval
        interval = waited
        say(waited)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise WaitEnded in the block when it has run for so many seconds. 0: no limit. Only for the main thread of a process."""
    if not seconds:
        yield
        return

    def end(_signal: int, _frame: Any) -> None:
        raise WaitEnded

    # ansible-core ends a task with the keyword timeout in the same way.
    old_handler = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)


def end_children() -> None:
    """Ask the child processes of this process to end. Where proc(5) does not list them, they stay."""
    for path in Path(_CHILDREN).glob("*/children"):
        with suppress(OSError):
            for child in path.read_text(encoding="ascii").split():
                os.kill(int(child), signal.SIGTERM)
