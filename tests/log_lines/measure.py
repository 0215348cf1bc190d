# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts how many lines of logs are understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterable

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next imports
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.other_lines import is_of_mail

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

_NO_LINE = "not a line of syslog"
# What differs between lines of one kind.
_VALUES = re.compile(rb"<[^>]*>|\[[^\]]*\]|[0-9A-Za-z_.-]*\d[0-9A-Za-z_.-]*")
_LONGEST_KIND = 60


@dataclass
class Counts:
    """The lines of one collection."""

    lines: int = 0
    other: int = 0
    """Lines of programs that have nothing to do with mail."""
    understood: int = 0
    kinds: dict[str, list[bytes]] = field(default_factory=dict)
    """{kind: the lines that were not understood}"""

    @property
    def share(self) -> float:
        """The share of lines of mail that are understood."""
        of_mail = self.lines - self.other
        return self.understood / of_mail if of_mail else 1.0


def count_lines(lines: Iterable[bytes], clock: Clock) -> Counts:
    """Read lines and count them."""
    counts = Counts()
    for text in lines:
        counts.lines += 1
        line = parse_line(text, clock)
        if line is not None and not is_of_mail(line):
            counts.other += 1
        elif line is not None and read_event(line) is not None:
            counts.understood += 1
        else:
            kind = _NO_LINE if line is None else _name_kind(line.program, line.text)
            counts.kinds.setdefault(kind, []).append(text)
    return counts


def _name_kind(program: bytes, text: bytes) -> str:
    return (program + b": " + _VALUES.sub(b"*", text)[:_LONGEST_KIND]).decode("ascii", "backslashreplace")
