# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import BusyError, MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool import lock
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import (
    ConfigurationLock,
    QueueLock,
    read_journal,
)
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

PLANNED = [Planned("4A0F9AC", "0123456789abcdef"), Planned("3Vgspm0WfDz30Dy", "fedcba9876543210")]


@pytest.fixture
def queue(tmp_path: Path) -> str:
    return str(MadeUpSpool(tmp_path / "spool").path)


def held_by(queue: str) -> str:
    return (Path(queue) / "pid" / "mailops.lock").read_text()


def test_the_holder_leaves_word_while_it_holds(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ops")
    monkeypatch.setattr("time.time", lambda: 1700000000.9)
    with QueueLock(queue, purpose="postfix_queue_purge"):
        holder = {"user": "ops", "pid": os.getpid(), "purpose": "postfix_queue_purge", "since": 1700000000}
        assert json.loads(held_by(queue)) == holder
    assert held_by(queue) == ""


def test_a_second_operator_is_told_who_was_first(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ops\x1b[31m")
    monkeypatch.setattr("time.time", lambda: 1700000000.9)
    before = open_descriptors()
    with QueueLock(queue, purpose="postfix_queue_purge"), pytest.raises(BusyError) as caught, QueueLock(
        queue, purpose="x"
    ):
        pass
    assert str(caught.value) == (
        "Another run works on the queue in %s: postfix_queue_purge of user ops\\x1b[31m, process %d, since 2023-11-14 22:13:20 "
        "UTC. Wait until it has ended, then run this again." % (queue, os.getpid())
    )
    assert open_descriptors() == before


@pytest.mark.parametrize("word", ["", "{}", "[]", "\x00", '{"purpose": 1, "user": 1, "pid": 1, "since": 1e999}'])
def test_a_holder_that_left_no_name(queue: str, word: str) -> None:
    with QueueLock(queue, purpose="x"):
        (Path(queue) / "pid" / "mailops.lock").write_text(word)
        with pytest.raises(BusyError) as caught, QueueLock(queue, purpose="y"):
            pass
    assert str(caught.value) == (
        "Another run works on the queue in %s: the owner of the lock is unknown. Wait until it has ended, then run this again."
        % queue
    )


def test_a_lock_is_free_again_after_its_holder(queue: str) -> None:
    for _round in range(3):
        with QueueLock(queue, purpose="x"):
            assert held_by(queue) != ""


def test_no_place_for_a_lock(tmp_path: Path) -> None:
    with pytest.raises(MailopsError) as caught, QueueLock(str(tmp_path), purpose="x"):
        pass
    assert str(caught.value) == (
        "No lock can be made in %s/pid, which Postfix sets up (postfix check): No such file or directory. Check the path, then run this "
        "again." % tmp_path
    )


def test_a_lock_that_is_a_link_is_not_followed(queue: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("x")
    (Path(queue) / "pid" / "mailops.lock").symlink_to(precious)
    with pytest.raises(MailopsError, match="Too many levels of symbolic links"), QueueLock(queue, purpose="x"):
        pass
    assert precious.read_text() == "x"


def test_the_lock_of_a_configuration_waits(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ops")
    monkeypatch.setattr("time.time", lambda: 1700000000.9)
    monkeypatch.setattr(lock, "_WAIT_SECONDS", 0.05)
    monkeypatch.setattr(lock, "_POLL_SECONDS", 0.01)
    with QueueLock(queue, purpose="postfix_queue_purge"), ConfigurationLock(
        queue, purpose="postfix_lock"
    ), pytest.raises(BusyError) as caught, ConfigurationLock(queue, purpose="postfix_lock"):
        pass
    assert str(caught.value) == (
        "Another run changes the locks of the instance with the queue in %s: postfix_lock of user ops, process %d, since 2023-11-14 "
        "22:13:20 UTC. Wait until it has ended, then run this again." % (queue, os.getpid())
    )
    # Other users must not be able to open it, because whoever can open a file can lock it.
    assert (Path(queue) / "pid" / "mailops.locks.lock").stat().st_mode & 0o777 == 0o600
    with ConfigurationLock(queue, purpose="postfix_lock") as held:
        assert isinstance(held, ConfigurationLock)


def test_the_operator_without_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert lock.operator() == pwd.getpwuid(os.getuid()).pw_name


def test_an_operator_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_uid: int) -> None:
        raise KeyError

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert lock.operator() == "uid %d" % os.getuid()


# --- the journal ----------------------------------------------------------------------------------------------------


def test_a_journal_is_read_back_until_it_is_cleared(queue: str) -> None:
    with QueueLock(queue, purpose="x") as held:
        held.write_journal(PLANNED)
        assert read_journal(queue) == (PLANNED, False)
        held.write_journal(PLANNED[:1], stays=True)
        assert read_journal(queue) == (PLANNED[:1], True)
        held.clear_journal()
        assert read_journal(queue) == ([], False)
        held.clear_journal()
    assert sorted(os.listdir(Path(queue) / "pid")) == ["mailops.lock"]


def test_a_journal_outlives_the_run_that_wrote_it(queue: str) -> None:
    with QueueLock(queue, purpose="x") as held:
        held.write_journal(PLANNED)
    assert read_journal(queue) == (PLANNED, False)
    assert (Path(queue) / "pid" / "mailops.journal").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["4A0F9AC\n", "4A0F9AC 1 2\n", "../../etc 1\n", "\n", "4A0F9AC 1\nhalf", "4A0F9AC 1\nstays\n"]
)
def test_a_damaged_journal_is_refused(queue: str, text: str) -> None:
    path = Path(queue) / "pid" / "mailops.journal"
    path.write_text(text)
    with pytest.raises(MailopsError) as caught:
        read_journal(queue)
    assert str(caught.value) == (
        "The journal %s is damaged. Look at what is on hold (postqueue -p), release what should not be, and remove the journal."
        % path
    )


def test_a_journal_that_is_a_link_is_refused(queue: str, tmp_path: Path) -> None:
    path = Path(queue) / "pid" / "mailops.journal"
    path.symlink_to(tmp_path / "other")
    (tmp_path / "other").write_text("4A0F9AC 1\n")
    with pytest.raises(MailopsError) as caught:
        read_journal(queue)
    assert str(caught.value) == (
        "The journal %s cannot be read: Too many levels of symbolic links. It is a symbolic link, which is not followed here. Put a "
        "file or directory in its place, then run this again." % path
    )
