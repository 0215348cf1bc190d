# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stand-ins for Postfix's commands that do on a made-up spool what the real ones do. They start no process."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.host import LOGS, OWNER
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.spool import HASHED, QUEUES, MadeUpSpool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.host import Host

_STALE_SECONDS = 7 * 86400
_READY = 0o700
# The other instance of the host, which is not asked for: there is nothing of it.
_DEFAULT = {
    "config_directory": "/etc/postfix",
    "queue_directory": "/var/spool/no-postfix",
    "data_directory": "/var/lib/no-postfix",
}
_Said = tuple[int, str, str]


class Commands:
    """Answers what a module runs on one host."""

    def __init__(self, host: Host) -> None:
        self.host = host
        # Made already; it is only asked where files belong.
        self._spool = MadeUpSpool.__new__(MadeUpSpool)
        self._spool.path = host.spool
        self._parameters = {
            "config_directory": str(host.config),
            "command_directory": str(host.commands),
            "queue_directory": str(host.spool),
            "data_directory": str(host.near / "data"),
            "mail_version": "3.7.11",
            "mail_owner": OWNER,
            "setgid_group": "nogroup",
            "empty_address_recipient": "MAILER-DAEMON",
            "hash_queue_names": ", ".join(HASHED),
            "hash_queue_depth": "1",
            "enable_long_queue_ids": "no",
            "maximal_queue_lifetime": "5d",
            "bounce_queue_lifetime": "5d",
            "maillog_file": "",
            "multi_instance_name": "",
            "multi_instance_directories": "",
        }

    def run_command(self, command: Sequence[str], **options: Any) -> _Said:
        """Stand in for the method of AnsibleModule."""
        text = options.get("data") or b""
        stdin = text if isinstance(text, str) else text.decode()
        name = Path(command[0]).name
        answer = getattr(self, "_" + name, None)
        if answer is None:
            return 127, "", "no such command: %s" % name
        said: _Said = answer(list(command[1:]), stdin)
        return said

    def _postconf(self, arguments: list[str], _stdin: str) -> _Said:
        names = [word for word in arguments if not word.startswith(("-", "/"))]
        known = {**self._parameters, **({} if str(self.host.config) in arguments else _DEFAULT)}
        shown = {name: value for name, value in known.items() if not names or name in names}
        return 0, "".join("%s = %s\n" % item for item in shown.items()), ""

    def _postlog(self, arguments: list[str], stdin: str) -> _Said:
        tag = arguments[arguments.index("-t") + 1]
        with self.host.mail_log.open("a", encoding="utf-8") as stream:
            stream.writelines("%s: %s\n" % (tag, line) for line in stdin.splitlines())
        return 0, "", ""

    def _postkick(self, _arguments: list[str], _stdin: str) -> _Said:
        return 1, "", "postkick: fatal: mail system is down"

    def _postfix(self, arguments: list[str], _stdin: str) -> _Said:
        # Stopped from the beginning, and nobody starts it.
        return (1 if arguments[-1] == "status" else 0), "", ""

    def _postqueue(self, _arguments: list[str], _stdin: str) -> _Said:
        return 0, "", ""

    def _postsuper(self, arguments: list[str], stdin: str) -> _Said:
        words = arguments[2:] if arguments[:1] == ["-c"] else arguments
        if words[1:2] != ["-"]:
            self._tidy(words)
            return 0, "", ""
        output = FakePostsuper(self._spool).run(words[0], stdin.split(), words[2:])
        return output.status, output.out, output.err

    def _tidy(self, options: Sequence[str]) -> None:
        """Do what postsuper -p and -s do to stale and to misplaced files."""
        for queue in (*QUEUES, *LOGS):
            for path in [path for path in (self.host.spool / queue).rglob("*") if path.is_file()]:
                status = path.stat()
                is_stale = status.st_mode & _READY != _READY and status.st_mtime < time.time() - _STALE_SECONDS
                if "-p" in options and queue not in LOGS and is_stale:
                    path.unlink()
                elif "-s" in options and path != self._spool.file(queue, path.name):
                    self._move(path, self._spool.file(queue, path.name))

    def _move(self, path: Path, place: Path) -> None:
        if not place.parent.exists():
            place.parent.mkdir(mode=0o700)
            owner = path.stat()
            os.chown(place.parent, owner.st_uid, owner.st_gid)
        path.rename(place)
