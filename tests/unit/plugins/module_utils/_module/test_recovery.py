# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._recovery import (
    recover_deletions,
    recover_held,
    warn_of_interrupted,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile

SPAM = QueueFile(sender=b"a@bad.example").write()
IDS = ("4A0F9AC", "4A0F9AD", "4A0F9AE", "4A0F9AF", "4A0F9B0")
SINCE = 1700000000
RUN = "A run of postfix_queue_purge by ops that began at 2023-11-14 22:13:20 UTC was interrupted. It had deleted "


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def directory(host: Host) -> Iterator[QueueDirectory]:
    with QueueDirectory(layout_of(host.instance)) as opened:
        yield opened


def log_of(host: Host) -> AuditLog:
    return AuditLog(host.module(), host.instance, "postfix_queue_purge")


def hold(host: Host, *queue_ids: str) -> list[Planned]:
    for queue_id in queue_ids:
        host.made.put("hold", queue_id, SPAM)
    return [Planned(queue_id, host.fingerprint("hold", queue_id)) for queue_id in queue_ids]


def leave_journal(host: Host, messages: Sequence[Planned], *, stays: bool = False) -> None:
    with QueueLock(str(host.made.path), purpose="postfix_queue_purge") as lock:
        lock.write_journal(messages, stays=stays)


def record_of(host: Host) -> Deletions:
    return Deletions(str(host.made.path), log=lambda _queue_ids: None)


def leave_record(host: Host, *queue_ids: str, **about: Any) -> dict[str, str]:
    """Leave the record of a killed run that was about to delete messages, which are in deferred."""
    record = record_of(host)
    record.begin({"purpose": "postfix_queue_purge", "user": "ops", "since": SINCE, **about})
    fingerprints = {}
    for queue_id in queue_ids:
        host.made.put("deferred", queue_id, SPAM)
        fingerprints[queue_id] = host.fingerprint("deferred", queue_id)
        record.announce(queue_id, fingerprints[queue_id])
    return fingerprints


# --- messages on hold -----------------------------------------------------------------------------------------------


def test_without_a_journal_nothing_is_released(host: Host, directory: QueueDirectory) -> None:
    hold(host, "4A0F9AC")
    assert recover_held(log_of(host), directory) is False
    assert host.made.standing() == {"4A0F9AC": "hold"}
    assert (host.warnings, host.logged) == ([], [])


def test_messages_of_the_journal_are_released(host: Host, directory: QueueDirectory) -> None:
    planned = hold(host, "4A0F9AC", "4A0F9AD", "4A0F9AE", "4A0F9AF")
    # One was reused, and one was on hold before and is in no journal.
    host.made.file("hold", "4A0F9AE").unlink()
    host.made.put("hold", "4A0F9AE", QueueFile().write())
    leave_journal(host, planned[:3])
    assert recover_held(log_of(host), directory) is True
    assert host.made.standing() == {"4A0F9AC": "deferred", "4A0F9AD": "deferred", "4A0F9AE": "hold", "4A0F9AF": "hold"}
    assert host.warnings == ["An earlier run was interrupted; 2 messages that it had put on hold were released."]
    assert host.logged == ["released: 4A0F9AC 4A0F9AD"]


def test_of_messages_that_stay_on_hold_only_other_ones_are_released(host: Host, directory: QueueDirectory) -> None:
    planned = hold(host, "4A0F9AC", "4A0F9AD")
    host.made.file("hold", "4A0F9AD").unlink()
    host.made.put("hold", "4A0F9AD", QueueFile().write())
    leave_journal(host, planned, stays=True)
    assert recover_held(log_of(host), directory) is True
    assert host.made.standing() == {"4A0F9AC": "hold", "4A0F9AD": "deferred"}
    assert host.logged == ["released: 4A0F9AD"]


def test_a_journal_of_messages_that_are_gone_is_done_with(host: Host, directory: QueueDirectory) -> None:
    leave_journal(host, [Planned("4A0F9AC", "0" * 16)])
    assert recover_held(log_of(host), directory) is True
    assert (host.warnings, host.logged) == ([], [])


def test_messages_that_cannot_be_released_end_the_run(
    host: Host, directory: QueueDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_journal(host, hold(host, "4A0F9AC", "4A0F9AD"))
    states = {
        "4A0F9AC": FileState(same=True, busy=False),
        "4A0F9AD": FileState(same=True, busy=False, problem="It cannot be taken out of hold."),
    }
    monkeypatch.setattr(actions, "release", lambda *_arguments: states)
    with pytest.raises(MailopsError) as caught:
        recover_held(log_of(host), directory)
    assert str(caught.value) == (
        "An earlier run was interrupted, and 1 of the 2 messages that it had put on hold cannot be released: It cannot be taken out of "
        "hold."
    )
    assert (host.warnings, host.logged) == ([], [])


# --- deletions ------------------------------------------------------------------------------------------------------


def test_without_a_record_nothing_is_reported(host: Host, directory: QueueDirectory) -> None:
    recover_deletions(log_of(host), directory.spool, record_of(host))
    assert (host.warnings, host.logged) == ([], [])


def test_deleted_messages_are_written_to_the_mail_log_once(host: Host, directory: QueueDirectory) -> None:
    leave_record(host, *IDS)
    host.made.file("deferred", "4A0F9AC").unlink()
    # Another message has the queue ID of this one.
    host.made.file("deferred", "4A0F9AD").unlink()
    host.made.put("hold", "4A0F9AD", QueueFile().write())
    # One moved on, and one cannot be read, so that nothing is known about it.
    host.made.file("deferred", "4A0F9AE").rename(host.made.file("hold", "4A0F9AE"))
    host.made.file("deferred", "4A0F9AF").unlink()
    host.made.file("deferred", "4A0F9AF").mkdir()
    for _run in range(2):
        recover_deletions(log_of(host), directory.spool, record_of(host))
    assert host.warnings == [RUN + "2 messages (4A0F9AC, 4A0F9AD). Their queue IDs are in the mail log."]
    assert host.logged == [
        "deleted by an interrupted run: 4A0F9AC 4A0F9AD",
        "interrupted=postfix_queue_purge, deleted=2, user=ops",
    ]


def test_a_run_that_had_deleted_nothing_is_closed_without_a_word(host: Host, directory: QueueDirectory) -> None:
    leave_record(host, "4A0F9AC")
    recover_deletions(log_of(host), directory.spool, record_of(host))
    assert (host.warnings, host.logged) == ([], [])
    host.made.file("deferred", "4A0F9AC").unlink()
    assert record_of(host).interrupted() is None


@pytest.mark.parametrize(
    ("about", "text"),
    [
        pytest.param({}, "A run of postfix_queue_purge by ops that began at 2023-11-14 22:13:20 UTC", id="known"),
        pytest.param(
            {"since": "now"}, "A run of postfix_queue_purge by ops that began at an unknown time", id="no time"
        ),
        pytest.param(
            {"since": 10**30}, "A run of postfix_queue_purge by ops that began at an unknown time", id="too far"
        ),
        pytest.param(
            {"purpose": "a\x1b", "user": None, "since": SINCE},
            "A run of a\\x1b by None that began at 2023-11-14 22:13:20 UTC",
            id="odd names",
        ),
    ],
)
def test_the_interrupted_run_is_described(
    host: Host, directory: QueueDirectory, about: dict[str, Any], text: str
) -> None:
    leave_record(host, *IDS[:4], **about)
    for queue_id in IDS[:4]:
        host.made.file("deferred", queue_id).unlink()
    recover_deletions(log_of(host), directory.spool, record_of(host))
    assert host.warnings == [
        text
        + " was interrupted. It had deleted 4 messages (4A0F9AC, 4A0F9AD, 4A0F9AE and more). Their queue IDs are in the mail log."
    ]


# --- check mode -----------------------------------------------------------------------------------------------------


def test_check_mode_only_warns(host: Host, directory: QueueDirectory) -> None:
    leave_journal(host, hold(host, "4A0F9AC"))
    leave_record(host, "4A0F9AD")
    host.made.file("deferred", "4A0F9AD").unlink()
    before = {path: path.read_bytes() for path in host.made.path.rglob("*") if path.is_file()}
    for _run in range(2):
        host.warnings.clear()
        warn_of_interrupted(host.module(check=True), directory.spool, record_of(host))
        assert host.warnings == [
            "An earlier run was interrupted; 1 messages that it had put on hold are still there. The next real run releases them first.",
            RUN + "1 messages (4A0F9AD). The next real run writes their queue IDs to the mail log.",
        ]
    assert {path: path.read_bytes() for path in host.made.path.rglob("*") if path.is_file()} == before
    assert host.logged == []


def test_check_mode_has_nothing_to_warn_of(host: Host, directory: QueueDirectory) -> None:
    leave_record(host, "4A0F9AD")
    warn_of_interrupted(host.module(check=True), directory.spool, record_of(host))
    assert host.warnings == []
