# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import DONE, QuarantineRun
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import request_of
from ansible_collections.mailops.postfix.plugins.module_utils._module.spool_quarantine import OUTCOMES, STATES
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile

ID = "4A0F9AC"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.made.put("deferred", ID, QueueFile().write())
    return host


def run_on(host: Host, *, state: str = "quarantined", mode: str = "messages", check: bool = False) -> QuarantineRun:
    """Return a run on a quarantine that does not exist."""
    module = host.module(check=check, match_all=True, state=state, mode=mode, reason="ticket\n1")
    request = request_of(module.params, host.instance)
    with open_change(module, host.instance, request, name="x", outcomes=OUTCOMES, plan_for=None) as change:
        base = str(host.made.path) + ".quarantine"
        return QuarantineRun(change, host.instance, layout_of(host.instance), base, "spam", module.params)


def test_what_is_known_of_a_run(host: Host) -> None:
    run = run_on(host)
    assert run.path == str(host.made.path) + ".quarantine/spam"
    assert (run.is_real, run_on(host, check=True).is_real) == (True, False)
    fields = run.journal_fields()
    assert fields == {
        "reason": "ticket\\x0a1",
        "selection": run.change.request.selection.frozen(),
        "digest": run.change.request.selection.digest(),
    }
    assert set(DONE) == set(STATES)


@pytest.mark.parametrize(
    ("state", "mode", "moves_queues"),
    [("quarantined", "queues", True), ("quarantined", "messages", False), ("restored", "queues", False)],
)
def test_whole_queues_are_moved_one_way_only(host: Host, state: str, mode: str, moves_queues: bool) -> None:
    assert run_on(host, state=state, mode=mode).moves_queues is moves_queues


@pytest.mark.parametrize("state", STATES)
def test_there_is_no_quarantine_yet(host: Host, state: str) -> None:
    run = run_on(host, state=state)
    assert run.exists() is False
    run.recover()
    assert host.warnings == []


MANY = {"4A0F9%02X" % number for number in range(22)}
NAMED = ", ".join(sorted(MANY)[:20]) + " and 2 more"


@pytest.mark.parametrize(
    ("moved", "warnings"),
    [
        pytest.param(MoveResult(), [], id="nothing"),
        pytest.param(
            MoveResult(duplicates={ID}),
            [
                "1 messages are in the quarantine, but their originals were no longer in the queue: Postfix may have delivered or returned them: 4A0F9AC."
            ],
            id="duplicates",
        ),
        pytest.param(
            MoveResult(uncertain=MANY),
            [
                "22 messages were given back by an interrupted run and are no longer in the queue: Postfix may have delivered or returned "
                "them. They are still in the quarantine, and this run leaves them out: %s. The next run takes them in again."
                % NAMED
            ],
            id="uncertain",
        ),
        pytest.param(
            MoveResult(removed_copies={"B", "A"}, stuck_logs=["defer/\x1b"]),
            [
                (
                    "2 messages are still in the quarantine, because somebody has removed their copies from pid/ in the queue directory. "
                    "Postfix may have delivered some of them before: A, B."
                ),
                "1 logs of messages are no regular files or cannot be moved, and stay where they are: defer/\\x1b.",
            ],
            id="removed copies and stuck logs",
        ),
        pytest.param(
            MoveResult(leftovers=["pid/x"]),
            [
                "1 files of an interrupted run stay where they are, because nothing proves that they are copies: pid/x. Look at them, then move or remove them."
            ],
            id="leftovers",
        ),
    ],
)
def test_what_a_move_could_not_decide_is_warned_of(host: Host, moved: MoveResult, warnings: list[str]) -> None:
    run_on(host).warn_of(moved)
    assert host.warnings == warnings


def fail(error: Exception) -> None:
    raise error


def test_the_first_error_ends_the_act(host: Host) -> None:
    run = run_on(host)
    with run.keep_errors("The queue directory cannot be read"):
        fail(OSError(5, "Input/output error"))
    with run.keep_errors("Another thing"):
        fail(MailopsError("second"))
    assert str(run.broken) == (
        "The queue directory cannot be read: Input/output error. The disk has an error: look at the kernel log and check the disk, then "
        "run this again."
    )
    with pytest.raises(ZeroDivisionError), run.keep_errors("x"):
        fail(ZeroDivisionError())


def test_the_outcomes_of_a_move(host: Host) -> None:
    run = run_on(host)
    moved: Any = MoveResult(failed={"4A0F9AD": "It is stuck."}, collisions={"4A0F9AE"}, broken=MailopsError("full"))
    moved.put("4A0F9AC", "4A0F9AC")
    queue_ids = ["4A0F9AC", "4A0F9AD", "4A0F9AE", "4A0F9AF"]
    assert run.take_result(moved, queue_ids, Outcome.RESTORED) == {
        "4A0F9AC": Outcome.RESTORED,
        "4A0F9AD": Outcome.FAILED,
        "4A0F9AE": Outcome.COLLISION,
        "4A0F9AF": Outcome.VANISHED,
    }
    assert (str(run.broken), run.change.problems) == ("full", {"4A0F9AD": "It is stuck."})
    run.take_result(MoveResult(broken=MailopsError("later")), [], Outcome.RESTORED)
    assert str(run.broken) == "full"
