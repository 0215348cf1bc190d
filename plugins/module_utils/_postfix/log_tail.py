# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What is appended to the mail log of an instance. Its lines are untrusted: clients and servers wrote parts of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import MAX_LINE_BYTES
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_names import log_paths, open_regular

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance


class LogTail:
    """The lines that are appended to a mail log after it was opened."""

    def __init__(self, path: str) -> None:
        """Open the log at its end. Raises OSError, also if it is not a regular file, such as C(/dev/stdout) in a container."""
        self._descriptor = open_regular(path)
        os.lseek(self._descriptor, 0, os.SEEK_END)
        self._rest = b""

    def lines(self) -> Iterator[bytes]:
        """Yield the new lines without their ends. An unfinished line is yielded once it has its end."""
        while True:
            data = os.read(self._descriptor, 1 << 20)
            if not data:
                return
            *whole, rest = (self._rest + data).split(b"\n")
            self._rest = rest[-MAX_LINE_BYTES:]
            yield from whole

    def close(self) -> None:
        """Close the log."""
        os.close(self._descriptor)


def open_log(instance: Instance) -> LogTail | None:
    """Return the mail log of an instance at its end, None if there is no file to read, as with the systemd journal."""
    for path in log_paths(instance):
        try:
            return LogTail(path)
        except OSError:
            continue
    return None
