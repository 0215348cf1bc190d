# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._batches import (
    Batch,
    BatchError,
    canary_ended,
    check_pause,
    choose_canary,
    next_batch,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import HostState
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import HostNotes, Process, RunNotes
from tests.unit.support.results import plan_of

HOSTS = ["mx01", "mx02", "mx03", "mx04"]
CANARIES: list[tuple[Any, list[str], str, list[str]]] = [
    ("auto", HOSTS, "", ["mx01"]),
    ("auto", HOSTS[:3], "", []),
    ("auto", HOSTS[:3], "prompt", ["mx01"]),
    ("auto", HOSTS[:2], "60", ["mx01"]),
    ("auto", HOSTS[:1], "approval", []),
    ("none", HOSTS, "", []),
    ("", HOSTS, "", []),
    ([], HOSTS, "", []),
    ("mx02", HOSTS, "", ["mx02"]),
    (["mx03", "mx02", "other"], HOSTS, "prompt", ["mx02", "mx03"]),
    (["mx03"], [], "prompt", []),
]


@pytest.mark.parametrize(("wanted", "planned", "pause", "canary"), CANARIES)
def test_which_hosts_are_the_canary(wanted: Any, planned: list[str], pause: str, canary: list[str]) -> None:
    assert choose_canary(wanted, planned, pause=pause) == canary


def test_a_pause_after_no_canary_is_refused() -> None:
    with pytest.raises(BatchError) as caught:
        choose_canary("none", HOSTS, pause="prompt")
    assert str(caught.value) == (
        "queue_cleanup_canary_pause: 'prompt' is the pause after a canary, and queue_cleanup_canary is none; nothing was touched. Leave one "
        "of them out."
    )


def test_a_canary_that_has_nothing_to_clean_is_refused() -> None:
    with pytest.raises(BatchError) as caught:
        choose_canary(["mx09"], HOSTS, pause="")
    assert str(caught.value) == (
        "queue_cleanup_canary: none of these hosts has anything to clean (mx09); nothing was touched. Name one of mx01, mx02, mx03, mx04, "
        "or set it to auto or none."
    )


def test_how_to_wait() -> None:
    assert [check_pause(pause) for pause in ("0", "60", "prompt", "approval")] == ["", "60", "prompt", "approval"]
    with pytest.raises(BatchError) as caught:
        check_pause("1h")
    assert str(caught.value) == (
        "queue_cleanup_canary_pause: '1h' is not a number of seconds, prompt or approval; nothing was touched."
    )


def run_of(processes: int = 1, **states: HostState) -> RunNotes:
    """Return the notes of a run: the hosts that its first process acted on."""
    known = [Process({}, 0, frozenset(HOSTS)) for _number in range(processes)]
    plan = {"plan": plan_of()}
    hosts = {host: HostNotes(earlier=plan) for host in HOSTS}
    hosts.update(
        {host: HostNotes(state, process=0, earlier=plan, attempts=1, noted=50) for host, state in states.items()}
    )
    return RunNotes(Path("/run"), processes=known, hosts=hosts)


def planless() -> RunNotes:
    """Return the notes of a run of which one host has no plan and one has an empty plan."""
    run = run_of()
    run.hosts["mx02"] = HostNotes(earlier={"plan": plan_of(messages=0)})
    run.hosts["mx09"] = HostNotes()
    return run


def waiting() -> RunNotes:
    """Return the notes of a run whose other hosts wait."""
    return replace(run_of(mx01=HostState.DONE), waiting=True)


DONE, FAILED, DRIFT, STARTED = HostState.DONE, HostState.FAILED, HostState.DRIFT, HostState.STARTED
CLEAN = run_of(mx01=DONE)
# name, run, hosts, options, batch
BATCHES: list[tuple[str, RunNotes, list[str], dict[str, Any], Batch]] = [
    ("the canary", run_of(), ["mx01"], {}, Batch(["mx01"])),
    ("after it", CLEAN, HOSTS[1:], {}, Batch(HOSTS[1:])),
    ("after a pause", CLEAN, HOSTS[1:], {"pause": "60"}, Batch(HOSTS[1:], pause="60")),
    ("one pause only", run_of(mx01=DONE, mx02=DONE), ["mx03"], {"pause": "60"}, Batch(["mx03"])),
    ("no pause for a canary of an earlier process", run_of(2, mx01=DONE), ["mx02"], {"pause": "60"}, Batch(["mx02"])),
    ("without a canary", run_of(), ["mx02"], {"canary": [], "pause": "60"}, Batch(["mx02"])),
    (
        "after an approval only",
        CLEAN,
        ["mx02"],
        {"pause": "approval"},
        Batch(["mx02"], stop="the plan is to be approved again after the canary", waiting=True),
    ),
    ("approved", CLEAN, ["mx02"], {"pause": "approval", "approved": True}, Batch(["mx02"])),
    (
        "approved before",
        run_of(2, mx01=DONE, mx02=STARTED),
        ["mx02"],
        {"pause": "approval"},
        Batch(["mx02"], resumed=["mx02"]),
    ),
    ("the canary failed", run_of(mx01=FAILED), ["mx02"], {}, Batch(["mx02"], stop="mx01 failed or has drifted")),
    (
        "the canary is not clean",
        run_of(mx01=STARTED),
        ["mx02"],
        {},
        Batch(["mx02"], stop="the canary mx01 is not clean"),
    ),
    (
        "a host has drifted",
        run_of(mx01=DONE, mx02=DRIFT),
        ["mx03"],
        {},
        Batch(["mx03"], stop="mx02 failed or has drifted"),
    ),
    ("going on nevertheless", run_of(mx01=FAILED), ["mx02"], {"stop_on_failure": False}, Batch(["mx02"])),
    ("a failure of an earlier process", run_of(2, mx01=FAILED), ["mx01"], {}, Batch(["mx01"], resumed=["mx01"])),
    (
        "only what is left",
        run_of(2, mx01=DONE, mx02=DONE, mx03=STARTED),
        HOSTS,
        {},
        Batch(["mx03", "mx04"], resumed=["mx03"]),
    ),
    ("no plan, or nothing in it", planless(), ["mx01", "mx02", "mx09"], {}, Batch(["mx01"])),
    ("waiting", waiting(), ["mx02"], {}, Batch(["mx02"], stop="the other hosts wait", waiting=True)),
    ("a canary of another slice", run_of(), ["mx02"], {"canary": ["mx09"]}, Batch(["mx02"])),
]


@pytest.mark.parametrize(
    ("run", "hosts", "options", "batch"), [row[1:] for row in BATCHES], ids=[row[0] for row in BATCHES]
)
def test_what_to_do_with_a_batch(run: RunNotes, hosts: list[str], options: dict[str, Any], batch: Batch) -> None:
    defaults: dict[str, Any] = {"canary": ["mx01"], "pause": "", "stop_on_failure": True, "approved": False}
    assert next_batch(run, hosts, **{**defaults, **options}) == batch


def test_when_the_canary_ended() -> None:
    assert canary_ended(run_of(mx01=DONE, mx02=DONE), ["mx01", "mx02"]) == 50
    assert canary_ended(run_of(mx01=DONE), ["mx01", "mx02"]) is None
    assert canary_ended(run_of(), []) is None
