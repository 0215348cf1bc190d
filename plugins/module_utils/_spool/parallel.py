# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Work on whole queues in several processes: each does a share, and the results are merged."""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SystemRefusal

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkContext
    from multiprocessing.process import BaseProcess
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

    _Self = TypeVar("_Self")

    class Mergeable(Protocol):
        """The result of a share: plain data, which a process can send to another one."""

        def merge(self: _Self, other: _Self) -> None: ...


_Result = TypeVar("_Result", bound="Mergeable")

# For fewer files, starting a process takes longer than the work.
WORTH_A_PROCESS = 3000
_MAX_PROCESSES = 4
_NICENESS = 10
# From this one on, long data are neither copied to be sent nor to be received (since Python 3.8).
_PROTOCOL = min(5, pickle.HIGHEST_PROTOCOL)
# PR_SET_PDEATHSIG in linux/prctl.h.
_PR_SET_PDEATHSIG = 1


def in_shares(work: Callable[[int, int], _Result], number: int) -> _Result:
    """Return the merged results of C(work(index, number)) for each share. All but the first run in processes of their own.

    Raises MailopsError if one fails.
    """
    helpers: list[tuple[BaseProcess, Connection]] = []
    try:
        for index in range(1, number):
            helpers.append(_start(work, index, number))
        whole = work(0, number)
        for _process, receiver in helpers:
            whole.merge(_receive(receiver))
    finally:
        for process, receiver in helpers:
            receiver.close()
            process.terminate()
            process.join()
    return whole


def _start(work: Callable[[int, int], _Result], index: int, number: int) -> tuple[BaseProcess, Connection]:
    """Start a process for a share, and return it with the connection that its result comes from. Raises SystemRefusal."""
    context = _fork_context()
    try:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_help, args=(sender, work, index, number, os.getpid()))
        process.start()
    except OSError as error:
        raise SystemRefusal("No process can be started for a part of the queue", error) from error
    sender.close()
    return process, receiver


def worth_processes(spool: Spool, queues: Sequence[str]) -> int:
    """Return the number of processes to use: one for a small queue, and on a busy host."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    # A mail server with twice as many runnable processes as cores needs them all.
    if cores == 1 or os.getloadavg()[0] > 2 * cores:
        return 1
    seen = 0
    for queue in queues:
        # If a queue cannot be read, the code that reads it says why.
        with suppress(MailopsError):
            for _found in spool.walk(queue, unreadable=_pass_over):
                seen += 1
                if seen >= WORTH_A_PROCESS:
                    return min(cores, _MAX_PROCESSES)
    return 1


def _pass_over(_path: str, _error: OSError) -> None:
    """Ignore a directory that cannot be read."""


def _fork_context() -> ForkContext:
    # Only large queues need it, and the import takes time.
    import multiprocessing  # noqa: PLC0415

    # Only fork gives the open spool and the compiled selection to the new process.
    return multiprocessing.get_context("fork")


def _help(sender: Connection, work: Callable[[int, int], _Result], index: int, number: int, parent: int) -> None:
    """Do a share in a helper process, with a lower priority than the mail system, and send the result back."""
    _die_with_parent(parent)
    os.nice(_NICENESS)
    try:
        part: object = work(index, number)
    except MailopsError as error:
        part = str(error)
    except OSError as error:
        part = str(SystemRefusal("A part of the queue cannot be read", error))
    _send(sender, part)


def _die_with_parent(parent: int) -> None:
    """Let the kernel end this process when its parent ends: after a kill no helper may go on moving files. Linux only."""
    try:
        # Only a helper process needs it, and the import takes time.
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _send(sender: Connection, part: object) -> None:
    """Send the result of a share, or the text of an error, as a stream: it is not in memory a second time."""
    with open(sender.fileno(), "wb", closefd=False) as stream:
        pickle.dump(part, stream, protocol=_PROTOCOL)


def _receive(receiver: Connection) -> Any:
    """Return the result that a helper process sent. Raises MailopsError."""
    try:
        with open(receiver.fileno(), "rb", closefd=False) as stream:
            # It comes from a process that this one has started.
            part = pickle.load(stream)  # noqa: S301
    except (EOFError, pickle.UnpicklingError) as error:
        raise MailopsError(
            "A worker process was killed (out of memory?). Run this again: the next run finishes or "
            "undoes what that process left."
        ) from error
    if isinstance(part, str):
        raise MailopsError(part)
    return part
