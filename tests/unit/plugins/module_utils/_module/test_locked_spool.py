# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import types
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import BusyError, MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._module import _locked_spool
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import (
    MOVED,
    LockedSpool,
    fingerprints_of,
    open_spool,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import request_of
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock, read_journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from tests.unit.support.host import DEFAULTS, Host
from tests.unit.support.queue_file import QueueFile

SPAM, HAM = QueueFile(sender=b"a@bad.example").write(), QueueFile(sender=b"a@good.example").write()
PLACES = {"4A0F9AC": "deferred", "4A0F9AD": "active", "4A0F9AE": "hold", "4A0F9AF": "incoming"}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    for queue_id, queue in PLACES.items():
        host.made.put(queue, queue_id, SPAM)
    return host


def log_of(host: Host, *, check: bool = False) -> AuditLog:
    return AuditLog(host.module(check=check), host.instance, "postfix_queue_purge")


@pytest.fixture
def locked(host: Host) -> Iterator[LockedSpool]:
    with open_spool(log_of(host)) as (_spool, opened):
        assert opened is not None
        yield opened


@pytest.fixture
def messages(host: Host, locked: LockedSpool) -> dict[str, SelectedMessage]:
    request = request_of({**DEFAULTS, "match_all": True}, host.instance)
    return dict(scan(locked.spool, request.job(), processes=1).result.by_id)


# --- opening --------------------------------------------------------------------------------------------------------


def test_check_mode_takes_no_lock_and_leaves_nothing(host: Host) -> None:
    with QueueLock(str(host.made.path), purpose="another run"):
        before = sorted(host.made.path.rglob("*"))
        with open_spool(log_of(host, check=True)) as (spool, locked):
            assert sorted(entry.name for entry in spool.walk("deferred")) == ["4A0F9AC"]
            assert locked is None
        assert sorted(host.made.path.rglob("*")) == before
        with pytest.raises(BusyError), open_spool(log_of(host)):
            pass


def test_a_real_run_first_undoes_what_an_interrupted_one_left(host: Host) -> None:
    with open_spool(log_of(host)) as (_spool, locked):
        assert locked is not None
        request = request_of({**DEFAULTS, "match_all": True}, host.instance)
        messages = scan(locked.spool, request.job(), processes=1).result.by_id
        locked.hold([messages["4A0F9AD"]])
    assert (host.made.standing()["4A0F9AD"], len(read_journal(str(host.made.path)).messages)) == ("hold", 1)
    with open_spool(log_of(host, check=True)):
        assert host.made.standing()["4A0F9AD"] == "hold"
    with open_spool(log_of(host)):
        assert host.made.standing()["4A0F9AD"] == "deferred"
    assert read_journal(str(host.made.path)).messages == []
    assert [warning.rpartition(" ")[2] for warning in host.warnings] == ["first.", "released."]


@pytest.mark.parametrize("check", [True, False])
def test_a_read_only_filesystem_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: types.SimpleNamespace(f_flag=os.ST_RDONLY))
    with pytest.raises(SystemRefusal) as caught, open_spool(log_of(host, check=check)):
        pass
    assert str(caught.value) == (
        "Nothing can be changed in %s: Read-only file system. The kernel log says why the filesystem is read-only. Mount it "
        "read-write, then run this again." % host.made.path
    )


@pytest.mark.parametrize("check", [True, False])
def test_a_directory_that_cannot_be_used_is_refused(host: Host, monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    monkeypatch.setattr(os, "statvfs", _refuse)
    with pytest.raises(SystemRefusal) as caught, open_spool(log_of(host, check=check)):
        pass
    assert str(caught.value).startswith("The queue directory %s cannot be used: Input/output error. " % host.made.path)


def _refuse(*_arguments: Any, **_options: Any) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


# --- changing -------------------------------------------------------------------------------------------------------


def test_messages_are_held_and_released(host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage]) -> None:
    states = locked.hold([*messages.values()])
    assert {queue_id: (state.same, state.problem) for queue_id, state in states.items()} == dict.fromkeys(
        PLACES, (True, None)
    )
    assert host.made.standing() == dict.fromkeys(PLACES, "hold")
    # Those that were on hold before are in no journal.
    journal = read_journal(str(host.made.path))
    assert ({message.queue_id for message in journal.messages}, journal.stays) == (
        {"4A0F9AC", "4A0F9AD", "4A0F9AF"},
        False,
    )
    locked.release([messages["4A0F9AC"]])
    assert host.made.standing()["4A0F9AC"] == "deferred"
    locked.clear_journal()
    locked.hold([messages["4A0F9AE"]], stays=True)
    assert read_journal(str(host.made.path)).messages == []


def test_nothing_is_recorded_for_no_messages(host: Host, locked: LockedSpool) -> None:
    assert (locked.remove([]), locked.remove_from("hold", [])) == ({}, {})
    assert not (host.made.path / "pid" / "mailops.deleted").exists()


def test_messages_are_removed(host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage]) -> None:
    states = locked.remove([*messages.values()])
    assert {queue_id for queue_id, state in states.items() if state.removed} == {"4A0F9AC", "4A0F9AE"}
    assert host.made.standing() == {"4A0F9AD": "hold", "4A0F9AF": "hold"}
    states = locked.remove_from("hold", [messages["4A0F9AD"]])
    assert (states["4A0F9AD"].removed, host.made.standing()) == (True, {"4A0F9AF": "hold"})
    locked.deletions.flush()
    assert sorted(" ".join(line.partition(": ")[2] for line in host.logged).split()) == [
        "4A0F9AC",
        "4A0F9AD",
        "4A0F9AE",
    ]


def test_states_are_found(host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage]) -> None:
    host.made.put("hold", "4A0F9AC", HAM)
    states = locked.find("hold", messages)
    assert {queue_id: state.same for queue_id, state in states.items()} == {"4A0F9AC": False, "4A0F9AE": True}
    assert locked.wait_for_delivery("hold", frozenset()) == frozenset()
    assert fingerprints_of(messages.values()) == {
        queue_id: message.fingerprint for queue_id, message in messages.items()
    }


# --- messages that were not on hold ---------------------------------------------------------------------------------


def test_the_outcomes_of_missing_messages(
    host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage]
) -> None:
    host.made.file("deferred", "4A0F9AC").unlink()
    host.made.file("incoming", "4A0F9AF").unlink()
    host.made.put("active", "4A0F9AF", HAM)
    assert locked.find_missing(messages) == {
        "4A0F9AC": Outcome.VANISHED,
        "4A0F9AD": Outcome.FAILED,
        "4A0F9AE": Outcome.VANISHED,
        "4A0F9AF": Outcome.CHANGED,
    }
    assert locked.problems == {"4A0F9AD": MOVED}


def test_nothing_is_read_if_none_is_missing(locked: LockedSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_locked_spool, "find_states", _refuse)
    assert locked.find_missing({}) == {}


def test_a_queue_that_cannot_be_read_says_nothing(
    locked: LockedSpool, messages: dict[str, SelectedMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_spool: object, queue: str, _fingerprints: object) -> dict[str, Any]:
        if queue == "incoming":
            raise MailopsError("incoming cannot be read.")
        return {}

    monkeypatch.setattr(_locked_spool, "find_states", refuse)
    assert locked.find_missing(messages) == dict.fromkeys(PLACES, Outcome.FAILED)
    assert locked.problems == dict.fromkeys(PLACES, "incoming cannot be read.")


def test_the_first_problem_of_a_message_is_kept(locked: LockedSpool) -> None:
    outcomes: dict[str, Outcome] = {}
    locked.fail(outcomes, "4A0F9AC", "first")
    locked.fail(outcomes, "4A0F9AC", "second")
    assert (outcomes, locked.problems) == ({"4A0F9AC": Outcome.FAILED}, {"4A0F9AC": "first"})


# --- the journal ----------------------------------------------------------------------------------------------------

CANNOT_WRITE = (
    "The journal of the run cannot be written to pid/mailops.journal: Input/output error. The disk has an error: look at the kernel log "
    "and check the disk, then run this again."
)


def test_a_run_goes_on_without_a_journal(
    host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QueueLock, "write_journal", _refuse)
    assert locked.hold([messages["4A0F9AD"]])["4A0F9AD"].same
    assert host.warnings == [
        CANNOT_WRITE
        + " If this run is killed, messages that it put on hold stay there (postqueue -p shows them with an exclamation mark)."
    ]


def test_a_run_that_needs_the_journal_ends_without_one(
    host: Host, locked: LockedSpool, messages: dict[str, SelectedMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QueueLock, "write_journal", _refuse)
    with pytest.raises(SystemRefusal) as caught:
        locked.hold([messages["4A0F9AD"]], needs_journal=True)
    assert str(caught.value) == CANNOT_WRITE
    assert (host.made.standing(), host.warnings) == (PLACES, [])


def test_a_journal_that_cannot_be_removed_is_a_warning(
    host: Host, locked: LockedSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QueueLock, "clear_journal", _refuse)
    locked.clear_journal()
    [warning] = host.warnings
    assert warning == (
        "The journal in pid/mailops.journal cannot be removed: Input/output error. The disk has an error: look at the kernel log and "
        "check the disk, then run this again."
    )
