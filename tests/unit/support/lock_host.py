# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with main.cf and master.cf in a temporary directory, and stand-ins for postconf, postmap and postfix that read them."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Iterator, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._locks.configuration import parse_services
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from tests.unit.support.runner import FakeRunner, said

MAIN = "smtpd_recipient_restrictions = permit_mynetworks\nsmtpd_sasl_auth_enable = no\n"
MASTER = """smtp inet n - n - - smtpd
submission inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
cleanup unix n - n - 0 cleanup
"""
TYPES = "hash cidr pcre regexp"


class LockHost:
    """The configuration of an instance, and Postfix's commands for it."""

    def __init__(self, place: Path) -> None:
        self.config = place / "etc"
        self.config.mkdir()
        self.main, self.master = self.config / "main.cf", self.config / "master.cf"
        self.main.write_text(MAIN)
        self.master.write_text(MASTER)
        self.queue = place / "spool"
        (self.queue / "pid").mkdir(parents=True)
        self.types = TYPES
        self.lies = {}  # type: dict[str, str]
        """What postconf shows in place of what is in the files."""
        self.runner = FakeRunner(
            {"postconf": self._postconf, "postmap": self._postmap, "postfix": said(), "postlog": said()}
        )

    @property
    def instance(self) -> Instance:
        """The instance."""
        parameters = {
            "config_directory": str(self.config),
            "queue_directory": str(self.queue),
            "default_database_type": "cdb",
            "daemon_directory": "/usr/lib/postfix",
        }
        return Instance("/usr/sbin", parameters, self.runner)

    def commands(self, name: str) -> list[list[str]]:
        """Return the arguments of one of the commands, each time that it was run."""
        return [command[3:] for command, _stdin in self.runner.ran if command[0].endswith("/" + name)]

    def files(self) -> dict[str, bytes]:
        """Return all files below the configuration directory."""
        found = {str(path.relative_to(self.config)): path for path in self.config.rglob("*")}
        return {name: path.read_bytes() if path.is_file() else b"" for name, path in found.items()}

    def parameters(self) -> dict[str, str]:
        """Return main.cf as postconf shows it."""
        text = re.sub(r"\n[ \t]+", " ", re.sub(r"(?m)^#.*\n", "", self.main.read_text()))
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
        return {**{name.strip(): value.strip() for name, _sign, value in pairs}, **self.lies}

    def _postconf(self, command: Sequence[str]) -> Output:
        if command[3:] == ["-m"]:
            return said(self.types)
        if command[3:] == ["-P"]:
            return said("".join("%s = %s\n" % pair for pair in self._overrides()))
        return said("".join("%s = %s\n" % pair for pair in self.parameters().items()))

    def _overrides(self) -> Iterator[tuple[str, str]]:
        for service in parse_services(self.master.read_text()):
            for name, setting in service.settings.items():
                yield "%s/%s" % (service.shown, name), setting.value

    def _postmap(self, command: Sequence[str]) -> Output:
        kind, _colon, path = command[-1].partition(":")
        if kind not in self.types.split():
            return said(status=1, err="unsupported type %s" % kind)
        lines = [line for line in Path(path).read_text().splitlines() if not line.startswith("#")]
        if command[3] != "-q":
            Path(path + ".db").write_text("\n".join(lines))
            return said()
        if kind == "hash":
            lines = Path(path + ".db").read_text().splitlines() if Path(path + ".db").exists() else []
        if command[4] != "-":
            return said(status=1, err=_complaints(kind, path, lines))
        keys = self.runner.ran[-1][1].splitlines()
        found = ((key, next((line for line in lines if _fits(kind, line, key)), None)) for key in keys)
        return said("".join("%s\t%s\n" % (key, _result(kind, line)) for key, line in found if line is not None))


def _complaints(kind: str, path: str, lines: Sequence[str]) -> str:
    """Return a warning for a pattern that even Python does not understand."""
    for number, line in enumerate(lines, 1):
        try:
            _fits(kind, line, "x")
        except re.error as error:
            return "postmap: warning: %s map %s, line %d: %s: skipping this rule\n" % (kind, path, number, error)
    return ""


def _fits(kind: str, line: str, key: str) -> bool:
    pattern = line.partition(" ")[0]
    if kind == "cidr":
        return ipaddress.ip_address(key) in ipaddress.ip_network(pattern)
    if kind == "hash":
        return pattern == key.lower()
    body, flags = _split(line)[:2]
    return re.search(body.replace("[:space:]", r"\s"), key, 0 if flags else re.IGNORECASE) is not None


def _split(line: str) -> tuple[str, str, str]:
    delimiter = line[0]
    body, _sign, rest = line[1:].rpartition(delimiter)
    flags, _blank, result = rest.partition(" ")
    return body, flags, result


def _result(kind: str, line: str) -> str:
    return _split(line)[2].replace("$$", "$") if kind in ("pcre", "regexp") else line.partition(" ")[2]
