# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grow a lab host's deferred queue by copying the messages that are in it, logs of deferral included.

    python3 grow.py 100000 [--long-ids] [--spread SECONDS]

Every copy has a queue ID that fits its inode, so that Postfix takes it for its own: unless long IDs are switched on,
it renames long ones when it starts or reloads.  Runs inside the host, as root,
with nothing but Python 3.9.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pwd
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SPOOL = Path("/var/spool/postfix")
LARGEST = 65536  # a few big messages copied thousands of times would only fill the memory

# mail_queue.h: digits without vowels; base 52 for the time, base 51 (no "z") for the inode.
DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def _in_base(number: int, base: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = DIGITS[digit] + digits
    return digits


def long_id(seconds: int, microseconds: int, inode: int) -> str:
    return f"{_in_base(seconds, 52):0>6}{_in_base(microseconds, 52):0>4}z{_in_base(inode, 51)}"


def short_id(microseconds: int, inode: int) -> str:
    return f"{microseconds:05X}{inode:X}"


@dataclass(frozen=True)
class Original:
    """A deferred message: its file around the seconds of its arrival record, its retry time and its defer log."""

    head: bytes
    arrival: int
    tail: bytes
    retry: float
    log: bytes


def arrival_place(data: bytes) -> slice:
    """Return where the seconds of the first T record stand (record.c: type, length in 7-bit groups, data)."""
    position = 0
    while position < len(data):
        kind = data[position : position + 1]
        position += 1
        length = shift = 0
        while True:
            group = data[position]
            position += 1
            length |= (group & 0x7F) << shift
            shift += 7
            if group < 0x80:
                break
        if kind == b"T":
            return slice(position, data.index(b" ", position))
        position += length
    raise ValueError("no arrival record")


def _read_original(path: Path, log: Path) -> Original:
    data = path.read_bytes()
    place = arrival_place(data)
    return Original(
        head=data[: place.start],
        arrival=int(data[place]),
        tail=data[place.stop :],
        retry=path.stat().st_mtime,
        log=log.read_bytes() if log.exists() else b"",
    )


def _setting(name: str) -> str:
    return subprocess.run(["postconf", "-h", name], check=True, capture_output=True, text=True).stdout.strip()


class Queue:
    """A queue directory, hashed as Postfix hashes it (mail_queue_dir.c)."""

    def __init__(self, name: str) -> None:
        self._root = SPOOL / name
        hashed = name in _setting("hash_queue_names").replace(",", " ").split()
        self._depth = int(_setting("hash_queue_depth")) if hashed else 0
        self._made: set[str] = set()

    def files(self) -> list[Path]:
        return sorted(path for path in self._root.rglob("*") if path.is_file())

    def place(self, queue_id: str, hash_name: str) -> str:
        """Return the path for a message, whose directory now exists."""
        directory = "/".join([str(self._root), *hash_name[: self._depth].ljust(self._depth, "_")])
        if directory not in self._made:
            os.makedirs(directory, mode=0o700, exist_ok=True)
            self._made.add(directory)
        return f"{directory}/{queue_id}"


class Copier:
    """Makes copies under valid queue IDs."""

    def __init__(self, *, long_ids: bool, spread: int, seed: int) -> None:
        self._deferred = Queue("deferred")
        self._defer = Queue("defer")
        self._long_ids = long_ids
        self._spread = spread
        self._random = random.Random(seed)
        # A name that is no queue ID: Postfix does not look at it.
        self._unfinished = str(SPOOL / "deferred" / "grow.tmp")

    def originals(self) -> Iterator[Original]:
        logs = {path.name: path for path in self._defer.files()}
        for path in self._deferred.files():
            if path.stat().st_size <= LARGEST:
                yield _read_original(path, logs.get(path.name, SPOOL / "no such log"))

    def present(self) -> int:
        return len(self._deferred.files())

    def copy(self, original: Original) -> None:
        arrival = original.arrival - (self._random.randrange(self._spread) if self._spread else 0)
        inode = _write(self._unfinished, original.head + str(arrival).encode() + original.tail, 0o700)
        os.utime(self._unfinished, (original.retry, original.retry))
        microseconds = self._random.randrange(10**6)
        short = short_id(microseconds, inode)
        queue_id = long_id(arrival, microseconds, inode) if self._long_ids else short
        # Both kinds are hashed on the microseconds in hexadecimal, where short IDs begin.
        os.rename(self._unfinished, self._deferred.place(queue_id, short))
        if original.log:
            _write(self._defer.place(queue_id, short), original.log, 0o600)


def _write(path: str, data: bytes, mode: int) -> int:
    """Write a new file and returns its inode number."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(descriptor, data)
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _become_mail_owner() -> None:
    # Files then have the right owner from the start.
    owner = pwd.getpwnam(_setting("mail_owner"))
    os.umask(0)
    os.setegid(owner.pw_gid)
    os.seteuid(owner.pw_uid)


def main() -> int:
    parser = argparse.ArgumentParser(description="Grow this lab host's deferred queue.")
    parser.add_argument("count", type=int, help="how many messages there are to be")
    parser.add_argument("--long-ids", action="store_true")
    parser.add_argument(
        "--spread", type=int, default=0, help="let the copies have arrived up to so many seconds earlier"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.long_ids and _setting("enable_long_queue_ids") != "yes":
        sys.exit("grow.py: enable_long_queue_ids is off; Postfix would rename the copies at its next reload")
    copier = Copier(long_ids=options.long_ids, spread=options.spread, seed=options.seed)
    originals = list(copier.originals())
    if not originals:
        sys.exit("grow.py: no deferred message to copy")
    missing = options.count - copier.present()
    _become_mail_owner()
    for original in itertools.islice(itertools.cycle(originals), max(0, missing)):
        copier.copy(original)
    return 0


if __name__ == "__main__":
    sys.exit(main())
