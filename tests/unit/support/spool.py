# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make queue directories for tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import hash_directory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes

QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
# hash_queue_names as Postfix ships it.
HASHED = ("deferred", "defer")
READY = 0o700


class MadeUpSpool:
    """A queue directory with the queues that Postfix makes, and nothing in them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in (*QUEUES, "defer", "pid"):
            (path / name).mkdir(parents=True)
        # Who submits mail puts it there.
        (path / "maildrop").chmod(0o730)

    def layout(self, **changes: Any) -> Layout:
        """Return its layout: as Postfix ships, with the user of the tests as the mail owner."""
        values: dict[str, Any] = {
            "queue_directory": str(self.path),
            "hash_names": frozenset(HASHED),
            "hash_depth": 1,
            "long_queue_ids": False,
            "owner": FileAttributes(os.getuid(), os.getgid(), 0o700, ()),
        }
        return Layout(**{**values, **changes})

    def file(self, queue: str, queue_id: str, *, depth: int | None = None) -> Path:
        """Return where Postfix has that file; depth: of the hash directories, by default as Postfix ships."""
        if depth is None:
            depth = 1 if queue in HASHED else 0
        return self.path / queue / hash_directory(queue_id, depth) / queue_id

    def put(
        self,
        queue: str,
        queue_id: str,
        data: bytes,
        *,
        mode: int = READY,
        depth: int | None = None,
        mtime: int | None = None,
    ) -> Path:
        """Write a queue file and return its path."""
        path = self.file(queue, queue_id, depth=depth)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
        if mtime is not None:
            os.utime(path, (mtime, mtime))
        return path

    def put_defer_log(self, queue_id: str, *, depth: int = 1, **reasons: str) -> Path:
        """Write a defer log with a reason for each of the local parts at example.org, and return its path."""
        entries = ("recipient=%s@example.org\nreason=%s\n\n" % item for item in reasons.items())
        return self.put("defer", queue_id, "".join(entries).encode(), mode=0o600, depth=depth)

    def standing(self) -> dict[str, str]:
        """Return {queue ID: queue} of all messages."""
        files = (path for queue in QUEUES for path in (self.path / queue).rglob("*"))
        return {path.name: path.relative_to(self.path).parts[0] for path in files if path.is_file()}
