# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The published collections of log lines, and how each keeps them. None is part of this project."""

from __future__ import annotations

import gzip
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator

if TYPE_CHECKING:
    from pathlib import Path

_GO_STRING = re.compile(rb"[\"`]((?:[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\dT)[^\"`\n]*)[\"`]")
_PATTERN = re.compile(rb"^pattern: \"?\^%\{POSTFIX_([A-Z_]+)\}\$\"?$", re.MULTILINE)
_DATA = re.compile(rb"^data: (?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'|(.*))$", re.MULTILINE)
# The patterns whose name is not the program's, and those of a part of a line.
_PROGRAMS = {b"TLS": b"smtpd", b"TLS_FEATURES": None, b"SCRIPT": b"postfix-script", b"DELAYS": None, b"RELAY": None}


def _read_log(path: Path) -> Iterator[bytes]:
    """Yield the lines of a log file; comments begin with a number sign."""
    for line in path.read_bytes().splitlines():
        if line.strip() and not line.startswith(b"#"):
            yield line


def _read_archive(path: Path) -> Iterator[bytes]:
    """Yield the lines of the log files in an archive."""
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                text = file.read()
                yield from (gzip.decompress(text) if member.name.endswith(".gz") else text).splitlines()


def _read_go(path: Path) -> Iterator[bytes]:
    """Yield the texts in a test of a Go program that look like a line of a log."""
    for match in _GO_STRING.finditer(path.read_bytes()):
        yield match.group(1)


def _read_grok(path: Path) -> Iterator[bytes]:
    """Yield the text of a test of a grok pattern, as a line of the program that the pattern is for."""
    text = path.read_bytes()
    pattern, data = _PATTERN.search(text), _DATA.search(text)
    if pattern is None or data is None:
        return
    name = pattern.group(1)
    program = _PROGRAMS.get(name, name.lower().replace(b"_", b"-"))
    if program is not None:
        double, single, plain = data.groups()
        value = plain if plain is not None else single.replace(b"''", b"'") if double is None else double
        yield (
            b"Jan  1 00:00:00 host postfix/" + program + b"[1]: " + value.replace(b'\\"', b'"').replace(b"\\\\", b"\\")
        )


@dataclass(frozen=True)
class _Form:
    """Files that keep lines in the same way."""

    glob: str
    read: Callable[[Path], Iterator[bytes]]


_FORMS = (
    # fail2ban/fail2ban
    _Form("fail2ban/tests/files/logs/postfix", _read_log),
    _Form("fail2ban/tests/files/logs/dovecot", _read_log),
    # crowdsecurity/hub
    _Form(".tests/postfix*/*.log", _read_log),
    _Form(".tests/postscreen*/*.log", _read_log),
    _Form(".tests/dovecot*/*.log", _read_log),
    # whyscream/postfix-grok-patterns
    _Form("test/*.yaml", _read_grok),
    # kumina/postfix_exporter, Hsn723/postfix_exporter
    _Form("*_test.go", _read_go),
    _Form("exporter/*_test.go", _read_go),
    # sergeymakinen/postfix_exporter
    _Form("exporter/testdata/*.log", _read_log),
    # youyo/postfix-log-parser
    _Form("test/*.log", _read_log),
    # lightmeter ControlCenter
    _Form("test_files/postfix_logs/individual_files/*.log", _read_log),
    _Form("test_files/postfix_logs/*.tar.gz", _read_archive),
    _Form("pkg/postfix/logparser/corpus/*.txt", _read_log),
)


def read_lines(directory: Path) -> Iterator[bytes]:
    """Yield the lines of logs that a checkout of one of these projects has, each without its end. Other projects have none."""
    for form in _FORMS:
        for path in sorted(directory.glob(form.glob)):
            yield from form.read(path)
