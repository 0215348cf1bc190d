# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The check of a queue directory: what postsuper(1) -p and -s would change (src/postsuper/postsuper.c, super()), and wrong owners.

It only reads."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for, id_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import CHECKED_QUEUES, LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import READY
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import open_below
from ansible_collections.mailops.postfix.plugins.module_utils._spool.orphans import Orphans, id_in
from ansible_collections.mailops.postfix.plugins.module_utils._spool.owners import (
    OWNED,
    SOCKETS,
    Owner,
    judge_owner,
    judge_queue,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_walk import (
    StatEntry,
    is_hash_directory,
    walk,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout

# MAX_TEMP_AGE in src/postsuper/postsuper.c.
STALE_SECONDS = 7 * 24 * 60 * 60
# Kinds of findings whose repair removes the file or directory.
_REMOVED = frozenset(("stale_files", "surplus_directories", "not_files", "alien_directories"))


@dataclass(frozen=True)
class Rules:
    """What a queue directory must look like. now: in seconds since the epoch."""

    layout: Layout
    purging: bool
    """Whether stale files will be removed. Then their names do not matter."""
    now: int
    owner: Owner


def list_findings(spool: Spool, rules: Rules, orphans: Orphans) -> Iterator[Finding]:
    """Yield all findings in a queue directory, one after the other, so that their number takes no memory.

    A path that cannot be read is a finding, too, and the check goes on with the others.
    """
    unread = set()
    for queue in (*CHECKED_QUEUES, *OWNED, *SOCKETS):
        finding = judge_queue(spool, queue, rules.owner)
        if finding is not None:
            yield finding
    for queue in (*CHECKED_QUEUES, *OWNED):
        for entry in walk(spool, queue):
            if isinstance(entry, Finding):
                unread.add(entry.path)
                yield entry
            else:
                yield from _judge(entry, rules, orphans)
    yield from (entry.finding("orphan_logs") for entry in orphans.entries(spool))
    yield from (finding for path, finding in orphans.unread.items() if path not in unread)


def _judge(entry: StatEntry, rules: Rules, orphans: Orphans) -> Iterator[Finding]:
    """Yield the findings about an entry: the first one that postsuper would act on, and a wrong owner."""
    wrong = _judge_structure(entry, rules) if entry.queue in CHECKED_QUEUES else None
    fixed_by = ("orphan_logs",) if orphans.has(entry) else ()
    if wrong is not None:
        yield wrong._replace(fixed_by=fixed_by)
        if wrong.kind in _REMOVED and not wrong.stays:
            fixed_by = (*fixed_by, wrong.kind)
    owner = judge_owner(entry, rules.owner)
    if owner is not None:
        yield owner._replace(fixed_by=fixed_by)


def _judge_structure(entry: StatEntry, rules: Rules) -> Finding | None:
    mode = entry.status.st_mode
    if stat.S_ISDIR(mode):
        return _judge_directory(entry, rules)
    if not stat.S_ISREG(mode):
        return entry.finding("not_files")
    wrong = _judge_name(entry, rules)
    if _is_stale(entry, rules.now) and (rules.purging or wrong is None):
        return entry.finding("stale_files")
    return wrong


def _judge_directory(entry: StatEntry, rules: Rules) -> Finding | None:
    if not is_hash_directory(entry):
        problem = _why_it_stays(entry)
        return entry.finding("alien_directories", problem, stays=problem is not None)
    return entry.finding("surplus_directories") if entry.depth >= rules.layout.depth(entry.queue) else None


def _why_it_stays(entry: StatEntry) -> str | None:
    """Return why postsuper cannot remove a directory, None if it can."""
    try:
        descriptor = open_below(entry.name, entry.directory)
        if descriptor is None:
            return None
        try:
            with os.scandir(descriptor) as names:
                return "it is not empty and stays" if next(names, None) is not None else None
        finally:
            os.close(descriptor)
    except OSError as error:
        return "it cannot be read (%s) and stays" % reason_of(error)


def _judge_name(entry: StatEntry, rules: Rules) -> Finding | None:
    name = id_in(entry.name)
    unfinished = name != entry.name
    is_message = entry.queue in LISTED_QUEUES
    if not is_valid(name):
        return entry.finding("bogus_names", "no queue file has such a name")
    if is_message:
        wanted = id_for(name, inode=entry.status.st_ino, long_queue_ids=rules.layout.long_queue_ids)
        if wanted is None or (unfinished and wanted != name):
            return entry.finding("bogus_names", "the name has no inode number, or that of another file")
        if wanted != name:
            return entry.finding("misnamed", wanted)
    place = directory_for(name, rules.layout.depth(entry.queue))
    wanted_path = "/".join(part for part in (entry.queue, place, name) if part)
    if unfinished:
        return entry.finding("unfinished", wanted_path)
    return entry.finding("misplaced", wanted_path) if place != entry.below else None


def _is_stale(entry: StatEntry, now: int) -> bool:
    """Return whether postsuper -p removes a file: it is in a queue of messages, not complete, and unchanged for a week."""
    ready = entry.status.st_mode & READY == READY
    return entry.queue in LISTED_QUEUES and not ready and now > entry.status.st_mtime + STALE_SECONDS
