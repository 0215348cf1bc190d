# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands in docs/migration.md, typed as they stand there on one host.

tests/unit/test_pages.py checks the rules and the variables of all of them. One command of each kind runs here, in check mode.
"""

from __future__ import annotations

import re
import shlex

from tests.integration.controller import ROOT
from tests.integration.desk import Desk, desk

__all__ = ["desk"]

COMMANDS = re.findall(r"`(ansible(?:-playbook)? [^`]*)`", (ROOT / "docs" / "migration.md").read_text(encoding="utf-8"))
# A part of the command, and what its output has. The mixture of the desk has 40 messages, all deferred.
RUN: list[tuple[str, str]] = [
    ('-e \'{"queue_audit_gather":', "1 of 1 hosts answered."),
    ('"excerpt": 500', '"queue_id": "4A0F9AC"'),
    ("mailops.postfix.trace", "Trace"),
    ("mailops.postfix.lockout", "1 of 1 hosts answered."),
    ('"age": "7d"', "nothing to do"),
    ("queue_hold_match_all=true", "Would be held: 40 of 40 selected messages"),
    ("queue_flush_match_all=true", "Would be tried: 40 of 40 selected messages"),
    ("spool_quarantine_name=ticket-4711", "would quarantine"),
    ("postfix_spool_repair", "mx01 | SUCCESS"),
]


def test_a_command_of_each_kind_does_what_it_says(desk: Desk) -> None:
    ran = set()
    for part, shown in RUN:
        command = next(command for command in COMMANDS if part in command)
        ran.add(shlex.split(command)[1])
        typed = desk.type(f"{command} --check")
        assert typed.done.returncode == 0, (command, typed.done.stdout, typed.done.stderr)
        assert desk.adapted(shown) in typed.done.stdout, (command, typed.done.stdout)
        assert not typed.changed
    # What runs is of each kind that the page has.
    assert {shlex.split(command)[1] for command in COMMANDS} - ran == {"mailops.postfix.release"}
