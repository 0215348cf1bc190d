# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until this lab host's Postfix has come to rest: it has reloaded, or all its mail is deferred.

    python3 rest.py reload
    python3 rest.py settle COUNT [--no-reminder] [--seconds SECONDS]

Runs inside the host, as root, with nothing but Python 3.9.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SPOOL = Path("/var/spool/postfix")
# Long enough for the minute of wait_for_queue() on a machine that is busy with something else.
PATIENCE_SECONDS = 240.0
REMINDER_SECONDS = 5.0
PAUSE_SECONDS = 0.02


class RestError(Exception):
    """Postfix did not come to rest."""


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition is true; raise RestError when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RestError(f"after {seconds:.0f} s Postfix has still not finished: {what}")
        time.sleep(PAUSE_SECONDS)


def wait_for_queue(
    condition: Callable[[], bool], what: str, *, remind: bool = True, seconds: float = PATIENCE_SECONDS
) -> None:
    """Wait until the queue is as the condition wants it, and remind the queue manager of incoming mail meanwhile.

    A queue manager that starts, as after a reload, puts back into incoming, for a minute, what an agent of its predecessor still
    has locked (qmgr_active_feed() in src/qmgr/qmgr_active.c), and reads it when it gets a request. In this lab there is
    none then. Nothing that is deferred is tried because of a reminder.
    """
    start = reminded = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > start + seconds:
            raise RestError(f"after {seconds:.0f} s Postfix has still not finished: {what}; there are {_listing()}")
        if remind and now > reminded + REMINDER_SECONDS:
            # Its exit status says nothing.
            subprocess.run(["postkick", "public", "qmgr", "I"], check=False, stderr=subprocess.DEVNULL)
            reminded = now
        # A look at thousands of files takes its time, which Postfix needs too.
        time.sleep(max(PAUSE_SECONDS, time.monotonic() - now))


def _count(*queues: str) -> int:
    return sum(len(files) for name in queues for _path, _directories, files in os.walk(SPOOL / name))


def _listing() -> str:
    queues = ("maildrop", "incoming", "active", "deferred", "hold")
    return ", ".join(f"{_count(queue)} {queue}" for queue in queues)


def wait_until_quiet() -> None:
    """Wait until Postfix has tried all that is in the queue: everything is deferred, held or gone."""
    wait_for_queue(lambda: not _count("maildrop", "incoming", "active"), "incoming and active mail")


def settle(count: int, *, remind: bool = True, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until that many messages are in the queue, all of them deferred."""

    def settled() -> bool:
        # In this order, what leaves the deferred queue meanwhile is seen.
        return _count("deferred") == count and not _count("maildrop", "incoming", "active", "hold")

    wait_for_queue(settled, f"deferring {count} messages", remind=remind, seconds=seconds)


def _old_processes() -> set[str]:
    """Return the processes that a reload ends at once; there is always a queue manager."""
    names = {"qmgr\n", "trivial-rewrite\n"}
    return {path.parent.name for path in Path("/proc").glob("[0-9]*/comm") if _content(path) in names}


def _content(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""


def reload_postfix() -> None:
    """Have Postfix read its configuration again; it has, and whoever rewrote addresses before is gone.

    What is being delivered is waited for: the next queue manager would let it lie for a minute (see wait_for_queue()).
    """
    wait_until_quiet()
    old = _old_processes()
    subprocess.run(["postfix", "reload"], check=True, stderr=subprocess.DEVNULL)
    wait_until(lambda: not old & _old_processes(), "reloading")


def main() -> int:
    parser = argparse.ArgumentParser(description="Wait until this lab host's Postfix has come to rest.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("reload")
    settling = commands.add_parser("settle")
    settling.add_argument("count", type=int)
    settling.add_argument("--no-reminder", dest="remind", action="store_false")
    settling.add_argument("--seconds", type=float, default=PATIENCE_SECONDS)
    options = parser.parse_args()
    try:
        if options.command == "reload":
            reload_postfix()
        else:
            settle(options.count, remind=options.remind, seconds=options.seconds)
    except RestError as error:
        sys.exit(f"rest.py: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
