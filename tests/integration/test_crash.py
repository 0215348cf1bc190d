# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_spool_quarantine, killed at any step: no message is lost, and the next run finishes the work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.integration.test_purge import send
from tests.integration.test_quarantine import BAD, BASE, PLACE, clear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

# Every fifth step, in some three minutes; MAILOPS_CRASH_STRIDE=1 takes every one, in some twelve.
STRIDE = int(os.environ.get("MAILOPS_CRASH_STRIDE", "5"))
TAKE = {"name": "spam", "match": BAD}
WHOLE = {"name": "spam", "mode": "queues"}
SELECTED_BACK = {"name": "spam", "state": "restored", "match": BAD}
SOME = {"name": "spam", "match": [{"sender": "0@bad.example"}]}
FAR = {"directory": "/srv/far"}


class Scenario(NamedTuple):
    """What comes before, and what is killed."""

    prepare: list[dict[str, Any]]
    arguments: dict[str, Any]
    deletes: int = 0
    """How many messages it deletes."""
    elsewhere: bool = False
    """Whether the quarantine is on another filesystem."""
    twins: bool = False
    """Whether there is another one of that name, in another directory, which a run works on before the next run."""
    empty_pid: bool = False
    """Whether somebody empties pid/ after the kill."""


SCENARIOS: dict[str, Scenario] = {
    "messages": Scenario([], TAKE),
    "queues": Scenario([], WHOLE),
    "queues but hold": Scenario([], {**WHOLE, "queues": ["incoming", "active", "deferred"]}),
    "restored": Scenario([TAKE], SELECTED_BACK),
    "restored from queues": Scenario([WHOLE], SELECTED_BACK),
    "absent selection": Scenario([TAKE], {"name": "spam", "state": "absent", "match": BAD}, deletes=4),
    "absent": Scenario([TAKE], {"name": "spam", "state": "absent", "match_all": True}, deletes=4),
    "messages elsewhere": Scenario([], TAKE, elsewhere=True, empty_pid=True),
    "restored from elsewhere": Scenario([TAKE], SELECTED_BACK, elsewhere=True),
    "restored from elsewhere, and pid emptied": Scenario([TAKE], SELECTED_BACK, elsewhere=True, empty_pid=True),
    "one of two": Scenario([SOME, {**TAKE, **FAR}], {**SELECTED_BACK, **FAR}, twins=True),
}


@pytest.fixture
def clean(host: Host) -> Iterator[Host]:
    """A host with an empty queue and no quarantine, before and afterwards."""
    clear(host)
    host.run(["mkdir", "-p", "-m", "700", "/srv/far"])
    yield host
    clear(host)
    host.run(["sh", "-c", "umount /srv/far; rm -rf /srv/far"], check=False)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_kill_at_any_step_loses_nothing(clean: Host, controller: Controller, name: str) -> None:
    chosen = SCENARIOS[name]
    if chosen.elsewhere:
        clean.run(["mkdir", "-m", "700", BASE])
    if chosen.elsewhere or chosen.twins:
        clean.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", BASE if chosen.elsewhere else FAR["directory"]])
    for number in range(4):
        send(clean, f"{number}@bad.example", "a@dest.example.org")
    held = send(clean, "held@good.example", "b@dest.example.org")
    send(clean, "ham@good.example", "b@dest.example.org")
    clean.settle(6)
    clean.run(["postsuper", "-h", held])
    scenario = {
        "quarantine": f"{FAR['directory']}/spam" if chosen.twins else PLACE,
        "others": [PLACE] if chosen.twins else [],
        "prepare": chosen.prepare,
        "arguments": chosen.arguments,
        "between": [{"name": "spam", "match": [{"sender": "nobody.example"}]}] if chosen.twins else [],
        "empty_pid": chosen.empty_pid,
        "deletes": chosen.deletes,
        "first": 1 + list(SCENARIOS).index(name) % STRIDE,
        "stride": STRIDE,
    }
    [result] = controller.crash(clean.name, "postfix_spool_quarantine", [scenario])
    print(f"{name}: killed {result['kills']} times")
    assert "\n".join(result["wrong"]) == ""
    assert result["kills"] >= 15 // STRIDE
