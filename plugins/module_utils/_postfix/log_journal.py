# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The systemd journal as a source of log lines, read with journalctl(1)."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import (
    BLOCK_BYTES,
    Reading,
    whole_lines,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.journal import line_of_entry
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import ENVIRONMENT, start_command
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import LogSource

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

# The names of syslog_facility (src/util/msg_syslog.c) with the numbers of syslog(3). The default of Postfix and Dovecot is mail.
_NAMES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")
_FACILITIES = {
    **{name: number for number, name in enumerate(_NAMES)},
    **{"local%d" % number: 16 + number for number in range(8)},
    "security": 4,
}
# saslauthd(8) logs as auth, like sshd(8).
_OTHER_PROGRAMS = ("saslauthd",)
_FIELDS = "MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_COMM,_PID,_HOSTNAME"
# An entry whose text is a list of numbers has up to four bytes for each of its bytes.
_MAX_ENTRY_BYTES = 1 << 20
_ERROR_BYTES = 1000


def has_journal() -> bool:
    """Return whether the host has journalctl."""
    return _journalctl() is not None


def _journalctl() -> str | None:
    return shutil.which("journalctl", path=ENVIRONMENT["PATH"])


class SystemdJournal(LogSource):
    """The entries of the mail facility, and those of saslauthd."""

    def __init__(self, instance: Instance) -> None:
        """Raises LogError if the host has no journalctl."""
        super().__init__("journal", Clock(time.time()))
        path = _journalctl()
        if path is None:
            raise LogError(
                "The journal cannot be read: there is no journalctl in %s. Name the files of the mail log in files."
                % ENVIRONMENT["PATH"].replace(":", ", ")
            )
        self._command = path
        facility = instance.parameters.get("syslog_facility") or "mail"
        self._facilities = sorted({_FACILITIES["mail"], _FACILITIES.get(facility, _FACILITIES["mail"])})

    def close(self) -> None:
        """Do nothing: journalctl ends with each reading."""

    def command(self, since: float | None, until: float | None) -> list[str]:
        """Return the argv that prints the entries."""
        command = [self._command, "--no-pager", "--all", "--output=json", "--output-fields=" + _FIELDS]
        if since is not None:
            command.append("--since=@%d" % math.floor(since))
        if until is not None:
            command.append("--until=@%d" % math.ceil(until))
        command += ["SYSLOG_FACILITY=%d" % number for number in self._facilities]
        for program in _OTHER_PROGRAMS:
            command += ["+", "SYSLOG_IDENTIFIER=" + program]
        return command

    def _chunks(self, since: float | None, until: float | None) -> Iterator[bytes]:
        entries = Reading()
        for block in whole_lines(self._output(self.command(since, until)), entries, limit=_MAX_ENTRY_BYTES):
            lines = [line_of_entry(entry) for entry in block.split(b"\n") if entry.startswith(b"{")]
            known = [line for line in lines if line is not None]
            entries.lines += len(lines) - len(known)
            yield b"\n".join([*known, b""])
        if entries.lines:
            self._note_damage("%d entries of the journal were not read: they are longer than 1 MiB." % entries.lines)

    def _output(self, command: list[str]) -> Iterator[bytes]:
        """Yield the output of journalctl while it runs. Raises LogError if it fails."""
        with tempfile.TemporaryFile() as errors, start_command(
            command, stdin=subprocess.DEVNULL, stderr=errors
        ) as process:
            try:
                yield from _read(process.stdout)
            except GeneratorExit:
                process.kill()
                raise
            status = process.wait()
            errors.seek(0)
            text = errors.read(_ERROR_BYTES).decode("utf-8", "replace").strip()
        if status:
            raise LogError(
                "The journal cannot be read: %s failed with status %d: %s. Run this as root (become: true), or name the files of the mail "
                "log in files." % (command[0], status, printable(text) or "no error text")
            )
        if text:
            self.warnings.append("journalctl: %s" % printable(" ".join(text.split())))


def _read(stream: IO[bytes] | None) -> Iterator[bytes]:
    while stream is not None:
        # A pipe gives less at a time.
        parts, size = [], 0
        while size < BLOCK_BYTES:
            part = stream.read(BLOCK_BYTES - size)
            if not part:
                break
            parts.append(part)
            size += len(part)
        if not parts:
            return
        yield b"".join(parts)
