# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine_removal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


@pytest.fixture
def queue_ids(host: QuarantineHost) -> list[str]:
    """Fill the quarantine with two messages and their logs, and return their queue IDs."""
    taken = [put_message(host.made, log=True) for _number in range(2)]
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.quarantine_messages(queues, dict.fromkeys(taken, Move("deferred", "deferred")))
    return taken


@pytest.mark.parametrize(
    ("records", "proved"),
    [
        pytest.param([], (set(), False), id="nothing"),
        pytest.param([("take", {"messages": {"hold": ["4A0F9AC"]}})], ({"4A0F9AC"}, False), id="taken"),
        pytest.param([("give", {"messages": {"hold": ["4A0F9AC"]}})], (set(), False), id="only restored"),
        pytest.param([("swap", {}), ("done", {"ids_in": ["4A0F9AD"]})], ({"4A0F9AD"}, True), id="whole queues"),
        pytest.param([("swap", {})], (set(), True), id="an unfinished swap"),
    ],
)
def test_what_the_journal_proves(
    host: QuarantineHost, records: list[tuple[str, dict[str, Any]]], proved: tuple[set[str], bool]
) -> None:
    with host.quarantine() as quarantine:
        for operation, fields in records:
            quarantine.write(operation, **fields)
        proof = quarantine_removal.proof_of(quarantine)
        assert (set(proof.queue_ids), proof.whole_logs) == proved
        assert not proof.working
        assert quarantine_removal.proof_of(quarantine, whole=False).working == {"staging", "fresh"}


def put_foreign(path: Path) -> None:
    (path / "notes.txt").touch()


def put_foreign_message(path: Path) -> None:
    (path / "deferred" / "4A0F9AC").touch()


@pytest.mark.parametrize(
    ("put", "foreign"),
    [
        pytest.param(put_foreign, "notes.txt", id="a file"),
        pytest.param(put_foreign_message, "deferred/4A0F9AC", id="a message that was not moved"),
    ],
)
def test_a_foreign_file_is_refused(
    host: QuarantineHost, queue_ids: list[str], put: Callable[[Path], None], foreign: str
) -> None:
    put(host.path)
    before = host.files()
    with host.quarantine() as quarantine:
        for act in (lambda: quarantine.check_proved(None, whole=True), quarantine.remove):
            with pytest.raises(QuarantineError) as caught:
                act()
            assert str(caught.value) == (
                "The quarantine %s holds what its journal does not name: %s. Nothing was touched. Move that to another place, then "
                "run this again." % (host.path, foreign)
            )
        quarantine.check_proved(set(queue_ids), whole=True)
    assert host.files() == before


def test_files_of_an_unfinished_move_may_be_left_out_of_the_check(host: QuarantineHost, queue_ids: list[str]) -> None:
    assert queue_ids
    (host.path / "staging").mkdir(mode=0o700)
    (host.path / "staging" / "notes.txt").touch()
    with host.quarantine() as quarantine:
        quarantine.check_proved(None, whole=False)
        with pytest.raises(QuarantineError, match="staging"):
            quarantine.check_proved(None, whole=True)


def test_many_foreign_files_are_not_all_named(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine:
        for number in range(9):
            (host.path / ("x%d" % number)).touch()
        with pytest.raises(QuarantineError) as caught:
            quarantine.check_proved(None, whole=True)
    assert str(caught.value).count(", ") == 5
    assert " and more. Nothing was touched." in str(caught.value)


def test_messages_are_deleted_with_their_logs(host: QuarantineHost, queue_ids: list[str]) -> None:
    one, other = queue_ids
    with host.quarantine() as quarantine:
        result = quarantine.delete_messages({one: "deferred", other: "hold", "4A0F9AC": "hold"}, reason="spam")
        assert (result.done, result.failed, result.touched, result.broken) == ({one}, {}, True, None)
        record = quarantine.records[-1]
        assert (record["op"], record["ids"], record["messages"], record["reason"]) == ("drop", [one], 1, "spam")
        assert quarantine.handled_ids("absent") == {one}
    assert HERE + "deferred/" + other in host.files()
    assert HERE + "deferred/" + one not in host.files()
    assert HERE + "defer/" + one not in host.files()


def test_a_message_that_cannot_be_deleted_stays_with_the_reason(
    host: QuarantineHost, queue_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = queue_ids
    remove = moves.remove

    def fail(name: str, directory: int) -> bool:
        if name == one and os.readlink("/proc/self/fd/%d" % directory).endswith("/deferred"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return remove(name, directory)

    monkeypatch.setattr(moves, "remove", fail)
    with host.quarantine() as quarantine:
        result = quarantine.delete_messages(dict.fromkeys(queue_ids, "deferred"))
    assert (result.done, result.failed, result.broken) == ({other}, {one: "Input/output error"}, None)


@pytest.mark.parametrize("error", [OSError(errno.EIO, os.strerror(errno.EIO)), MailopsError("no room")])
def test_an_error_that_ends_the_deletion_is_in_the_result(
    host: QuarantineHost, queue_ids: list[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(Quarantine, "messages", fail)
    with host.quarantine() as quarantine:
        result = quarantine.delete_messages(dict.fromkeys(queue_ids, "deferred"))
    assert isinstance(result.broken, MailopsError)
    assert (result.done, result.touched) == (set(), True)


def test_deleting_needs_no_room_for_the_record(
    host: QuarantineHost, queue_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise QuarantineError("no room")

    with host.quarantine() as quarantine:
        monkeypatch.setattr(Journal, "append", fail)
        result = quarantine.delete_messages(dict.fromkeys(queue_ids, "deferred"))
    assert (result.done, str(result.broken)) == (set(queue_ids), "no room")
    assert host.files() == []


def test_the_whole_quarantine_is_deleted(host: QuarantineHost, queue_ids: list[str]) -> None:
    with host.quarantine() as quarantine:
        result = quarantine.remove()
    assert (result.done, result.failed, result.broken) == (set(queue_ids), {}, None)
    assert not host.path.exists()
    assert host.path.parent.exists()


def test_a_foreign_file_that_was_made_meanwhile_keeps_the_journal(host: QuarantineHost, queue_ids: list[str]) -> None:
    (host.path / "notes.txt").write_text("precious")
    with host.quarantine() as quarantine:
        result = quarantine_removal.remove_all(quarantine)
    assert result.done == set(queue_ids)
    assert "holds what its journal does not name: notes.txt." in str(result.broken)
    assert sorted(path.name for path in host.path.iterdir()) == ["journal", "notes.txt"]


def test_what_cannot_be_deleted_keeps_the_journal(
    host: QuarantineHost, queue_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = moves.remove

    def fail(name: str, directory: int) -> bool:
        if name == queue_ids[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return remove(name, directory)

    monkeypatch.setattr(moves, "remove", fail)
    with host.quarantine() as quarantine:
        result = quarantine.remove()
    assert (result.done, result.failed) == ({queue_ids[1]}, {queue_ids[0]: "Input/output error"})
    assert " cannot be removed: Input/output error. " in str(result.broken)
    assert (host.path / "journal").exists()
