# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _locked_spool
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import LockedSpool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import read_journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from tests.unit.support.acting import between
from tests.unit.support.quarantine_runs import QuarantineHost, outcomes
from tests.unit.support.queue_file import QueueFile

BAD = [{"sender": "bad.example"}]
SPAM, HAM = QueueFile(sender=b"a@bad.example").write(), QueueFile(sender=b"a@good.example").write()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> QuarantineHost:
    monkeypatch.setattr(_locked_spool, "IN_FLIGHT_SECONDS", 0.2)
    host = QuarantineHost(tmp_path, monkeypatch, capsys)
    host.made.put("active", "4A0F9AC", SPAM)
    host.made.put("deferred", "4A0F9AD", SPAM)
    host.made.put("hold", "4A0F9AE", HAM)
    return host


def test_messages_of_all_queues_are_taken(host: QuarantineHost) -> None:
    host.made.put("maildrop", "4A0F9AF", SPAM)
    host.made.put("hold", "4A0F9B0", SPAM)
    options: dict[str, Any] = {"match": BAD, "queues": ["maildrop", "active", "deferred", "hold"]}
    predicted, done = host(check=True, **options), host(**options)
    assert predicted["outcomes"] == done["outcomes"] == outcomes(quarantined=4)
    assert predicted["diff"] == done["diff"]
    taken = {"4A0F9AC": "active", "4A0F9AD": "deferred", "4A0F9AF": "maildrop", "4A0F9B0": "hold"}
    assert (host.quarantined(), host.made.standing()) == (taken, {"4A0F9AE": "hold"})
    assert read_journal(str(host.made.path)).messages == []


@pytest.mark.parametrize("check", [True, False])
def test_an_empty_selection_makes_no_quarantine(host: QuarantineHost, check: bool) -> None:
    result = host(match=[{"sender": "nobody.example"}], check=check)
    assert (result["changed"], result["outcomes"]) == (False, outcomes())
    assert not host.place.parent.exists()


def test_messages_that_change_or_vanish_meanwhile(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def happen() -> None:
        host.made.file("active", "4A0F9AC").unlink()
        host.made.file("deferred", "4A0F9AD").unlink()
        host.made.put("deferred", "4A0F9AD", HAM)

    between(monkeypatch, happen)
    result = host(match=BAD)
    assert (result["changed"], result["outcomes"]) == (False, outcomes(vanished=1, changed=1))
    assert host.made.standing() == {"4A0F9AD": "deferred", "4A0F9AE": "hold"}


def test_a_message_in_maildrop_that_changes_meanwhile(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    path = host.made.put("maildrop", "4A0F9AF", SPAM)

    def reuse() -> None:
        path.unlink()
        host.made.put("maildrop", "4A0F9AF", HAM)

    between(monkeypatch, reuse)
    result = host(match=BAD, queues=["maildrop", "active", "deferred"])
    assert result["outcomes"] == outcomes(quarantined=2, changed=1)
    assert host.made.standing() == {"4A0F9AF": "maildrop", "4A0F9AE": "hold"}


@pytest.mark.parametrize("is_far", [False, True])
def test_a_message_in_delivery(host: QuarantineHost, is_far: bool) -> None:
    if is_far:
        host.separate()
    with host.made.file("active", "4A0F9AC").open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        result = host(match=BAD)
    assert result["outcomes"] == outcomes(quarantined=1, in_flight=1)
    # A copy would not learn which recipients got the message, so the original stays.
    assert result["quarantined"]["messages"] == (1 if is_far else 2)
    assert host.quarantined().keys() == ({"4A0F9AD"} if is_far else {"4A0F9AC", "4A0F9AD"})
    assert host.made.standing().get("4A0F9AC") == ("deferred" if is_far else None)


def test_only_a_message_in_delivery_that_stays(host: QuarantineHost) -> None:
    host.separate()
    with host.made.file("active", "4A0F9AC").open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        result = host(match=[{"queue_id": "4A0F9AC"}])
    assert (result["changed"], result["outcomes"], host.quarantined()) == (False, outcomes(in_flight=1), {})


def test_messages_that_cannot_be_held_fail(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    really = LockedSpool.hold

    def hold(locked: LockedSpool, messages: Any, **options: Any) -> dict[str, FileState]:
        states = really(locked, [message for message in messages if message.queue_id != "4A0F9AC"], **options)
        locked.problems["4A0F9AC"] = "It is stuck."
        return {**states, "4A0F9AC": FileState(same=True, busy=False, problem="It is stuck.")}

    monkeypatch.setattr(LockedSpool, "hold", hold)
    result = host(match=BAD)
    assert result["msg"] == (
        "1 of the selected messages are still in the queue. The first is 4A0F9AC: It is stuck. Fix that, then run this again."
    )
    assert result["outcomes"] == outcomes(quarantined=1, failed=1)


@pytest.mark.parametrize("queue", ["hold", "maildrop"])
def test_a_move_that_broke_off_is_not_followed_by_another(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    host.made.put("maildrop", "4A0F9AF", SPAM)
    really, asked = Quarantine.quarantine_messages, []

    def take(quarantine: Quarantine, live: Any, wanted: Any, **said: Any) -> Any:
        source = next(iter(wanted.values())).source
        asked.append(source)
        if source == queue:
            raise MailopsError("The disk is full.")
        return really(quarantine, live, wanted, **said)

    monkeypatch.setattr(Quarantine, "quarantine_messages", take)
    result = host(match=BAD, queues=["maildrop", "active", "deferred"])
    assert result["msg"] == "The disk is full."
    failed = 3 if queue == "hold" else 1
    assert result["outcomes"] == outcomes(quarantined=3 - failed, failed=failed)
    assert asked == (["hold"] if queue == "hold" else ["hold", "maildrop"])
    assert {row["problem"] for row in result["failures"]} == {"The disk is full."}
    assert host.made.standing().get("4A0F9AC") == ("deferred" if queue == "hold" else None)


def test_what_cannot_be_released_is_released_by_the_next_run(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(*_arguments: Any, **_said: Any) -> Any:
        raise MailopsError("The disk is full.")

    def release(_locked: LockedSpool, messages: Any) -> dict[str, FileState]:
        return {message.queue_id: FileState(same=True, busy=False, problem="It is stuck.") for message in messages}

    with monkeypatch.context() as patched:
        patched.setattr(Quarantine, "quarantine_messages", take)
        patched.setattr(LockedSpool, "release", release)
        result = host(match=BAD)
    assert (result["msg"], result["changed"]) == ("The disk is full.", True)
    assert host.made.standing() == dict.fromkeys(("4A0F9AC", "4A0F9AD", "4A0F9AE"), "hold")
    assert host(match=BAD)["outcomes"] == outcomes(quarantined=2)
    assert host.run.warnings == ["An earlier run was interrupted; 2 messages that it had put on hold were released."]
