# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of the system, put into the process of a module: its calls are counted, and from one of them on they fail, or it is the last.

Only calls that the collection itself makes count, also by way of the standard library; what ansible-core or a test does in the same
process works as ever. What a file object writes by itself counts, too: files are opened here as objects of Python.
"""

from __future__ import annotations

import builtins
import fcntl
import importlib
import io
import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

COLLECTION = "ansible_collections.mailops.postfix."
# Each is a step: what reads, what writes, and what looks.
CALLS = (
    *("open", "read", "pread", "write", "pwrite", "truncate", "ftruncate", "fsync", "fdatasync", "utime"),
    *("rename", "replace", "link", "symlink", "unlink", "remove", "mkdir", "rmdir", "listdir", "readlink"),
    *("stat", "lstat", "fstat", "statvfs", "chmod", "fchmod", "chown", "fchown", "lchown"),
)
FLOCK, SCANDIR, READDIR, RENAMEAT2 = "flock", "scandir", "readdir", "renameat2"
# An open that makes a file where there is none.
CREATE = "create"
# What changes nothing: a kill before it is a kill before the next call that does.
READING = frozenset(
    ("open", "read", "pread", "listdir", "readlink", "stat", "lstat", "fstat", "statvfs", SCANDIR, READDIR, FLOCK)
)
# What a full disk refuses; it still renames and removes.
FILLING = frozenset((CREATE, "write", "pwrite", "mkdir", "link", "symlink"))
# What a file system that is mounted read-only refuses.
CHANGING = frozenset((*CALLS, CREATE, RENAMEAT2)) - READING - {"fsync", "fdatasync"}
_RENAMEAT2_OF = COLLECTION + "plugins.module_utils._spool.moves"


@dataclass(frozen=True)
class Fault:
    """What happens at a step: the call fails with an error number, the process is killed before it, or something else runs first."""

    step: int
    number: int = 0
    """0 for no error."""
    lasting: bool = False
    """Whether all later calls fail as well."""
    only: frozenset[str] | None = None
    """The calls that fail, None for all: the first of them from the step on."""
    kills: bool = False


class Injector:
    """Counts the calls of one process, and has its fault happen."""

    def __init__(self, fault: Fault | None, tell: Callable[[str], None], meanwhile: Callable[[], None] | None) -> None:
        """tell: gets what the fault hit, before it happens. meanwhile: what runs at the step, for a fault that is none."""
        self.steps: list[str] = []
        """The name of each call."""
        self._fault = fault
        self._tell = tell
        self._meanwhile = meanwhile
        self._process = os.getpid()
        self._off = False
        self._hit = False

    def step(self, name: str, what: object) -> int:
        """Count a call and return the number of the error that it has to fail with, 0 for none."""
        if self._off or os.getpid() != self._process or not _is_of_the_collection():
            return 0
        self.steps.append(name)
        fault = self._fault
        if fault is None or len(self.steps) < fault.step or (fault.only is not None and name not in fault.only):
            return 0
        if self._hit:
            return fault.number if fault.lasting else 0
        self._hit = self._off = True
        self._tell("step %d, %s(%s)" % (len(self.steps), name, what if isinstance(what, str) else "..."))
        if fault.kills:
            os.kill(self._process, signal.SIGKILL)
        if self._meanwhile is not None:
            self._meanwhile()
        self._off = False
        return fault.number

    def stop(self) -> None:
        """Let everything work from now on."""
        self._off = True

    def raise_at(self, name: str, what: object) -> None:
        """Count a call. Raises OSError where it has to fail."""
        number = self.step(name, what)
        if number:
            raise OSError(number, os.strerror(number), what if isinstance(what, str) and what else None)


def _is_of_the_collection() -> bool:
    """Return whether the collection is nearest among the callers that are no standard library."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  the way to look at one's callers
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith(COLLECTION):
            return True
        if name.startswith(("ansible.", "tests.")) and name != __name__:
            return False
        frame = frame.f_back
    return False


class _Listing:
    """What os.scandir() returns, with a step for each entry."""

    def __init__(self, injector: Injector, entries: Any) -> None:
        self._injector = injector
        self._entries = entries

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self._injector.raise_at(READDIR, "")
        return next(self._entries)

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the directory."""
        self._entries.close()


def arm(injector: Injector) -> None:
    """Have the injector stand before the calls of this process, for good."""
    for name in CALLS:
        setattr(os, name, _before(injector, name, getattr(os, name)))
    scandir = os.scandir

    def listing(*arguments: Any) -> Any:
        injector.raise_at(SCANDIR, arguments[0] if arguments else "")
        return _Listing(injector, scandir(*arguments))

    setattr(os, SCANDIR, listing)
    setattr(fcntl, FLOCK, _before(injector, FLOCK, fcntl.flock))
    _arm_files(injector)
    _arm_renameat2(injector)


def _before(injector: Injector, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def stepping(*arguments: Any, **named: Any) -> Any:
        makes = name == "open" and (named.get("flags") or arguments[1]) & os.O_CREAT
        injector.raise_at(CREATE if makes else name, arguments[0] if arguments else "")
        return function(*arguments, **named)

    for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if function in known:
            known.add(stepping)
    return stepping


def _arm_files(injector: Injector) -> None:
    class File(io.FileIO):
        """A file whose reads and writes are steps."""

        def write(self, data: Any, /) -> int:
            injector.raise_at("write", "")
            return super().write(data)

        def readinto(self, buffer: Any, /) -> int:
            injector.raise_at("read", "")
            return super().readinto(buffer)

        def readall(self) -> bytes:
            injector.raise_at("read", "")
            return super().readall()

        def truncate(self, size: int | None = None, /) -> int:
            injector.raise_at("ftruncate", "")
            return super().truncate(size)

    really = io.open

    def opening(file: Any, mode: str = "r", buffering: int = -1, *more: Any, **named: Any) -> Any:
        if not _is_of_the_collection():
            return really(file, mode, buffering, *more, **named)
        raw = File(file, mode.replace("b", "").replace("t", ""), named.pop("closefd", True), named.pop("opener", _open))
        if buffering == 0:
            return raw
        kind = io.BufferedRandom if "+" in mode else io.BufferedReader if "r" in mode else io.BufferedWriter
        buffered: Any = kind(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *more, **named)

    builtins.open = opening
    setattr(io, "open", opening)  # noqa: B010  a final name for mypy


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o666)


def _arm_renameat2(injector: Injector) -> None:
    moves = importlib.import_module(_RENAMEAT2_OF)
    function: Callable[..., int] | None = getattr(moves, RENAMEAT2, None)
    if function is None:
        return

    def stepping(source_dir: int, source: str, *more: Any) -> int:
        return injector.step(RENAMEAT2, source) or function(source_dir, source, *more)

    setattr(moves, RENAMEAT2, stepping)
