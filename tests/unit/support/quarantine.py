# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A queue directory with a quarantine, for tests."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

INSTANCE = {"config_directory": "/etc/postfix"}
NAME = "spam"


def put_message(made: MadeUpSpool, queue: str = "deferred", *, log: bool = False) -> str:
    """Write a message under an ID that fits its inode, with a defer log if wanted, and return the ID."""
    path = made.put(queue, "4A0F9FFFFFF", QueueFile().write())
    queue_id = "4A0F9%X" % path.stat().st_ino
    path.rename(path.parent / queue_id)
    if log:
        made.put_defer_log(queue_id, someone="later")
    return queue_id


def fingerprints(path: Path) -> dict[str, str]:
    """Return the fingerprints of all messages in a queue directory, by queue ID."""
    found = {}
    with Spool(str(path)) as spool:
        for queue in ("maildrop", "incoming", "active", "deferred", "hold"):
            for entry in spool.walk(queue):
                message = SpoolMessage(spool, entry)
                found[message.queue_id] = message.fingerprint
                message.close()
    return found


class QuarantineHost:
    """A queue directory and the directory of its quarantines. The user of the tests is who root is elsewhere."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = MadeUpSpool(place / "spool")
        self.base = str(place / "spool.quarantine")
        self.path = place / "spool.quarantine" / NAME
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(quarantine_place, "OWNER", os.getuid())
        monkeypatch.setattr(quarantine_place, "PRIVATE", FileAttributes(os.getuid(), os.getgid(), 0o700, ()))

    def quarantine(self) -> Quarantine:
        """Return the quarantine, made if it is missing."""
        return Quarantine.make(self.base, NAME, host="mx1.example.com", instance=INSTANCE)

    def queues(self) -> QueueDirectory:
        """Return the queue directory, open for moves."""
        return QueueDirectory(self.made.layout())

    def separate(self) -> None:
        """Put the quarantine on another filesystem, as far as renames show that."""
        really = moves.rename

        def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
            sides = [
                os.readlink("/proc/self/fd/%d" % side).startswith(str(self.made.path) + "/")
                for side in (source_dir, target_dir)
            ]
            if sides[0] != sides[1]:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            really(source, target, source_dir=source_dir, target_dir=target_dir)

        self._monkeypatch.setattr(moves, "rename", rename)

    def files(self) -> list[str]:
        """Return the paths of all files but the journal, from the directory above both, without hash directories."""
        top = self.made.path.parent
        paths = [path.relative_to(top).parts for path in top.rglob("*") if path.is_file() and path.name != "journal"]
        return sorted("/".join(part for part in parts if len(part) > 1) for parts in paths)
