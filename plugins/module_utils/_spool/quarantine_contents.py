# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The content of a quarantine's directory: which files belong to the quarantine, as its journal proves, and which are foreign.

Foreign files are never removed. No link is followed, and no directory is entered that is deeper than MAX_HASH_DEPTH.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS, MAX_HASH_DEPTH
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves

_KNOWN = frozenset((*LISTED_QUEUES, *LOGS))


@dataclass(frozen=True)
class Proof:
    """What a quarantine has, according to its journal."""

    queue_ids: frozenset[str]
    """The messages that were moved into it."""
    whole_logs: bool
    """Whether whole log directories were moved into it. These also have logs of messages that were gone already."""
    working: frozenset[str]
    """Names of directories at the top with files of an unfinished move. They are not read."""

    def covers(self, queue: str, name: str) -> bool:
        """Return whether a regular file of that name in a queue or log directory belongs to the quarantine."""
        if name in self.queue_ids:
            return True
        return self.whole_logs and queue in LOGS and is_valid(name)


class QuarantineEntry(NamedTuple):
    """A file or directory in a quarantine, in an open directory. is_own: whether the journal proves that it belongs to the quarantine."""

    directory: int
    name: str
    path: str
    is_directory: bool
    is_own: bool


def walk(root: int, proof: Proof) -> Iterator[QuarantineEntry]:
    """Yield the entries of a quarantine except the journal, each directory after its content. Raises OSError."""
    for name in os.listdir(root):
        if name == "journal" and stat.S_ISREG(_mode(name, root)):
            continue
        if name in proof.working and stat.S_ISDIR(_mode(name, root)):
            continue
        yield from _walk_one(QuarantineEntry(root, name, name, is_directory=False, is_own=False), proof, depth=0)


def _walk_one(entry: QuarantineEntry, proof: Proof, *, depth: int) -> Iterator[QuarantineEntry]:
    """Yield an entry after its content. depth: the number of directories between it and the top."""
    mode = _mode(entry.name, entry.directory)
    if not stat.S_ISDIR(mode):
        queue = entry.path.split("/", 1)[0]
        yield entry._replace(is_own=depth > 0 and stat.S_ISREG(mode) and proof.covers(queue, entry.name))
    elif entry.name in _KNOWN if not depth else len(entry.name) == 1 and depth <= MAX_HASH_DEPTH:
        yield from _walk_below(entry, proof, depth=depth)
        yield entry._replace(is_directory=True, is_own=True)
    else:
        yield entry._replace(is_directory=True, is_own=_is_unfinished(entry, depth))


def _walk_below(entry: QuarantineEntry, proof: Proof, *, depth: int) -> Iterator[QuarantineEntry]:
    descriptor = os.open(entry.name, moves.OPEN_DIRECTORY, dir_fd=entry.directory)
    try:
        for name in os.listdir(descriptor):
            below = QuarantineEntry(descriptor, name, entry.path + "/" + name, is_directory=False, is_own=False)
            yield from _walk_one(below, proof, depth=depth + 1)
    finally:
        os.close(descriptor)


def _is_unfinished(entry: QuarantineEntry, depth: int) -> bool:
    """Return whether an entry is an empty directory that make_directory() was interrupted with."""
    if not entry.name.startswith(moves.UNFINISHED):
        return False
    name = entry.name[len(moves.UNFINISHED) :]
    if name not in _KNOWN if not depth else len(name) != 1:
        return False
    descriptor = os.open(entry.name, moves.OPEN_DIRECTORY, dir_fd=entry.directory)
    try:
        return not os.listdir(descriptor)
    finally:
        os.close(descriptor)


def _mode(name: str, directory: int) -> int:
    """Return the type and permissions of an entry, 0 if it is gone."""
    try:
        return os.lstat(name, dir_fd=directory).st_mode
    except FileNotFoundError:
        return 0


def give_to(attributes: moves.FileAttributes, name: str, directory: int, *, depth: int = 0) -> None:
    """Give a directory and its hash directories that owner and these permissions. Raises OSError."""
    try:
        descriptor = os.open(name, moves.OPEN_DIRECTORY, dir_fd=directory)
    except OSError as error:
        # Files and links are left as they are.
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise
        return
    try:
        os.fchown(descriptor, attributes.uid, attributes.gid)
        os.fchmod(descriptor, attributes.mode)
        for below in os.listdir(descriptor) if depth < MAX_HASH_DEPTH else ():
            if len(below) == 1:
                give_to(attributes, below, descriptor, depth=depth + 1)
    finally:
        os.close(descriptor)
