# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_spool_quarantine, killed at any step: no message is lost, and the next run finishes the work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.test_purge import send
from tests.integration.test_quarantine import BAD, BASE, PLACE, clear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

# Every fourth step, in some three minutes; MAILOPS_CRASH_STRIDE=1 takes every one, in ten.
STRIDE = int(os.environ.get("MAILOPS_CRASH_STRIDE", "4"))
TAKE = {"name": "spam", "match": BAD}
WHOLE = {"name": "spam", "mode": "queues"}
SELECTED_BACK = {"name": "spam", "state": "restored", "match": BAD}
# Scenario: what comes before, what is killed, how many messages it deletes, whether the quarantine is another filesystem.
CRASHES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], int, bool]] = {
    "messages": ([], TAKE, 0, False),
    "queues": ([], WHOLE, 0, False),
    "queues but hold": ([], {**WHOLE, "queues": ["incoming", "active", "deferred"]}, 0, False),
    "restored": ([TAKE], SELECTED_BACK, 0, False),
    "restored from queues": ([WHOLE], SELECTED_BACK, 0, False),
    "absent selection": ([TAKE], {"name": "spam", "state": "absent", "match": BAD}, 4, False),
    "absent": ([TAKE], {"name": "spam", "state": "absent", "match_all": True}, 4, False),
    "messages elsewhere": ([], TAKE, 0, True),
    "restored from elsewhere": ([TAKE], SELECTED_BACK, 0, True),
}


@pytest.fixture
def clean(host: Host) -> Iterator[Host]:
    """A host with an empty queue and no quarantine, before and afterwards."""
    clear(host)
    yield host
    clear(host)


@pytest.mark.parametrize("name", CRASHES)
def test_a_kill_at_any_step_loses_nothing(clean: Host, controller: Controller, name: str) -> None:
    prepare, arguments, deletes, elsewhere = CRASHES[name]
    if elsewhere:
        clean.run(["mkdir", "-m", "700", BASE])
        clean.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", BASE])
    for number in range(4):
        send(clean, f"{number}@bad.example", "a@dest.example.org")
    held = send(clean, "held@good.example", "b@dest.example.org")
    send(clean, "ham@good.example", "b@dest.example.org")
    clean.settle(6)
    clean.run(["postsuper", "-h", held])
    scenario = {
        "quarantine": PLACE,
        "prepare": prepare,
        "arguments": arguments,
        "deletes": deletes,
        "first": 1 + list(CRASHES).index(name) % STRIDE,
        "stride": STRIDE,
    }
    [result] = controller.crash(clean.name, "postfix_spool_quarantine", [scenario])
    print(f"{name}: killed {result['kills']} times")
    assert "\n".join(result["wrong"]) == ""
    assert result["kills"] >= 15 // STRIDE
