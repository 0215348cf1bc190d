# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A walk through a queue, as postsuper(1) goes through it: files, directories and links, each with its status."""

from __future__ import annotations

import os
import stat
from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import MAX_HASH_DEPTH
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding, unreadable
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import is_hash_name, open_below


class StatEntry(NamedTuple):
    """A name in a queue: the queue, the hash directories above it, the name, its status, and the open directory."""

    queue: str
    below: str
    name: str
    status: os.stat_result
    directory: int

    @property
    def path(self) -> str:
        """Its path in the queue directory."""
        return "/".join(part for part in (self.queue, self.below, self.name) if part)

    @property
    def depth(self) -> int:
        """The number of hash directories between its queue and it."""
        return self.below.count("/") + 1 if self.below else 0

    def finding(self, kind: str, detail: str | None = None, *, stays: bool = False) -> Finding:
        """Return a finding about it."""
        return Finding(kind, self.path, detail, self.status.st_ino, int(self.status.st_mtime), stays)


def walk(spool: Spool, queue: str) -> Iterator[StatEntry | Finding]:
    """Yield the entries of a queue, each hash directory before its content; nothing for a queue that does not exist.

    A path that cannot be read, and a hash directory that is too deep, is a finding. The directory of an entry is open until the
    next entry is requested.
    """
    try:
        top = spool.open_queue(queue)
    except FileNotFoundError:
        return
    except MailopsError as error:
        yield Finding("unreadable", queue, str(error), 0, 0)
        return
    yield from _walk_directory(queue, "", top)


def _walk_directory(queue: str, below: str, directory: int) -> Iterator[StatEntry | Finding]:
    inner = []
    try:
        with os.scandir(directory) as names:
            for listed in names:
                entry = _entry(queue, below, listed.name, directory)
                if entry is None:
                    continue
                yield entry
                # postsuper does not enter those of maildrop, which other users may write to.
                if isinstance(entry, StatEntry) and is_hash_directory(entry):
                    inner.append(entry)
        for entry in inner:
            yield from _walk_below(entry)
    except OSError as error:
        yield unreadable("/".join(part for part in (queue, below) if part), error)
    finally:
        os.close(directory)


def _walk_below(entry: StatEntry) -> Iterator[StatEntry | Finding]:
    """Yield the content of a hash directory."""
    if entry.depth >= MAX_HASH_DEPTH:
        yield entry.finding("too_deep", "too many directory levels; not checked")
        return
    try:
        child = open_below(entry.name, entry.directory)
    except OSError as error:
        yield unreadable(entry.path, error)
        return
    if child is not None:
        below = "/".join(part for part in (entry.below, entry.name) if part)
        yield from _walk_directory(entry.queue, below, child)


def _entry(queue: str, below: str, name: str, directory: int) -> StatEntry | Finding | None:
    """Return a name with its status, None if it is gone."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return unreadable("/".join(part for part in (queue, below, name) if part), error)
    return StatEntry(queue, below, name, status, directory)


def is_hash_directory(entry: StatEntry) -> bool:
    """Return whether an entry is a hash directory that postsuper enters."""
    return stat.S_ISDIR(entry.status.st_mode) and entry.queue != "maildrop" and is_hash_name(entry.name)
