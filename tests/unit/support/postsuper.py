# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for postsuper(1) that does on a made-up spool what the real one does: by queue ID alone, silently for unknown ones."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from tests.unit.support.runner import said
from tests.unit.support.spool import READY, MadeUpSpool

EVERYWHERE = ("maildrop", "incoming", "active", "deferred", "hold")
FORCED_EXPIRE = 0o010


class FakePostsuper:
    """Moves files and marks them."""

    def __init__(self, spool: MadeUpSpool) -> None:
        self.spool = spool
        self.blind: set[str] = set()
        """Queue IDs that it does not find, as if they stood in a wrong hash directory."""

    def run(self, action: str, queue_ids: Sequence[str], queues: Sequence[str]) -> Output:
        """Act on the messages of these IDs in these queues, by default in all."""
        for queue_id in queue_ids:
            for path in self._files(queue_id, queues or EVERYWHERE):
                self._act(action, path, queue_id)
        return said()

    def _files(self, queue_id: str, queues: Sequence[str]) -> list[Path]:
        if queue_id in self.blind:
            return []
        paths = (self.spool.file(queue, queue_id) for queue in queues)
        return [path for path in paths if path.exists()]

    def _act(self, action: str, path: Path, queue_id: str) -> None:
        in_hold = path.parent == self.spool.path / "hold"
        if action == "-r":
            path = path.rename(self.spool.file("maildrop", queue_id))
        elif action in ("-H", "-f") and in_hold:
            target = self.spool.file("deferred", queue_id)
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            path = target
        if action == "-f":
            path.chmod(READY | FORCED_EXPIRE)
