# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import Table, Types, make_tables
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import (
    Journal,
    LockStore,
    find_indexed_type,
)
from tests.unit.support.lock_host import LockHost
from tests.unit.support.runner import said

LOCKS = [
    Lock("sasl_username", "A@b.example", "reject", None, None, 1, "ops", None),
    Lock("sender", "b.example", "hold", None, None, 1, "ops", None),
]


@pytest.fixture
def host(tmp_path: Path) -> LockHost:
    return LockHost(tmp_path)


@pytest.fixture
def store(host: LockHost) -> LockStore:
    return LockStore(host.instance)


def tables(*locks: Lock) -> list[Table]:
    return make_tables(locks or LOCKS, Types("hash", "pcre"), null_key="<>")


def test_the_journal(store: LockStore, host: LockHost) -> None:
    assert store.read() == Journal()
    for journal in (Journal(LOCKS, pending=True, since=1.5), Journal(LOCKS)):
        store.write(journal)
        assert store.read() == journal
    path = host.config / "mailops" / "locks.json"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o755)
    store.remove()
    store.remove()
    assert sorted(host.files()) == ["main.cf", "master.cf"]
    (host.config / "mailops").mkdir()
    assert store.has_leftovers()
    (host.config / "mailops").rmdir()
    assert not store.has_leftovers()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2}', '{"version": 1, "locks": [1], "pending": 0, "since": 0}']
)
def test_a_damaged_journal(store: LockStore, host: LockHost, text: str) -> None:
    store.write(Journal())
    (host.config / "mailops" / "locks.json").write_text(text)
    with pytest.raises(MailopsError) as caught:
        store.read()
    assert "locks.json is damaged: " in str(caught.value)
    assert str(caught.value).endswith(
        'there ({"version": 1, "locks": [], "pending": true, "since": 0}), and run this again to remove all locks.'
    )


def test_a_journal_that_cannot_be_read_or_written(store: LockStore, host: LockHost) -> None:
    (host.config / "mailops" / "locks.json").mkdir(parents=True)
    with pytest.raises(SystemRefusal, match=r"locks\.json cannot be read"):
        store.read()
    with pytest.raises(SystemRefusal, match=r"locks\.json cannot be written"):
        store.write(Journal())
    with pytest.raises(SystemRefusal, match="mailops cannot be removed"):
        store.remove()
    (host.config / "mailops" / "locks.json").rmdir()
    (host.config / "mailops").rmdir()
    (host.config / "mailops").write_text("")
    with pytest.raises(SystemRefusal, match=r"locks\.json cannot be read: Not a directory"):
        store.read()


def test_a_directory_that_cannot_be_made(host: LockHost) -> None:
    instance = Instance("/usr/sbin", {"config_directory": str(host.config / "none")}, host.runner)
    with pytest.raises(SystemRefusal, match="none/mailops cannot be made"):
        LockStore(instance).write(Journal())


def test_what_was_left_without_a_journal(store: LockStore, host: LockHost) -> None:
    store.write(Journal())
    (host.config / "mailops" / "sender").write_text("x")
    (host.config / "mailops" / "locks.json").unlink()
    assert store.read() == Journal(pending=True)
    (host.config / "mailops" / "mine").write_text("x")
    assert store.has_leftovers()
    store.remove()
    assert not store.has_leftovers()
    assert sorted(host.files()) == ["mailops", "mailops/mine", "main.cf", "master.cf"]


def test_tables(store: LockStore, host: LockHost) -> None:
    store.write(Journal(LOCKS))
    accounts, senders = tables()
    for table in (accounts, senders):
        assert not store.is_as_wanted(table)
        store.write_table(table)
        assert store.is_as_wanted(table)
        assert store.table_text(table.key) == table.text
    (host.config / "mailops" / "sasl_username.db").unlink()
    assert not store.is_as_wanted(accounts)
    store.write_table(accounts)
    assert [store.has_others(kept) for kept in ([accounts, senders], [accounts])] == [False, True]
    store.remove_tables(keep=[accounts])
    assert sorted(host.files()) == [
        *("mailops", "mailops/locks.json", "mailops/sasl_username", "mailops/sasl_username.db", "main.cf", "master.cf"),
    ]
    store.remove_tables(keep=[])
    (host.config / "mailops" / "body").mkdir()
    with pytest.raises(SystemRefusal, match="mailops/body cannot be removed"):
        store.remove_tables(keep=[])


def test_a_table_that_postmap_does_not_make(store: LockStore, host: LockHost) -> None:
    store.write(Journal(LOCKS))
    host.types = "cidr"
    with pytest.raises(CommandError, match="unsupported type hash"):
        store.write_table(tables()[0])
    host.types = "hash pcre"
    host.runner.answers = {"postmap": said()}
    with pytest.raises(InstanceError) as caught:
        store.write_table(tables()[1])
    assert str(caught.value) == (
        "postmap -q does not find user@b.example in pcre:%s/mailops/sender. Look at that file and at the mail log."
        % host.config
    )


def test_patterns_are_tried(store: LockStore, tmp_path: Path) -> None:
    store.check_patterns(tables()[1], str(tmp_path))
    bad = Lock("body", "/a(b/", "hold", None, None, 1, "ops", None)
    with pytest.raises(InstanceError) as caught:
        store.check_patterns(tables(bad)[0], str(tmp_path))
    assert str(caught.value) == (
        "Postfix does not accept a pattern of body: line 1: missing ), unterminated subpattern at position 1: skipping this rule. Nothing "
        "was changed. Correct the pattern, and try it with postmap -q."
    )
    assert [name for name in os.listdir(str(tmp_path)) if name.startswith("postfix_lock")] == []


def test_a_text_that_its_pattern_does_not_find(store: LockStore, host: LockHost, tmp_path: Path) -> None:
    host.runner.answers = {"postmap": said()}
    with pytest.raises(InstanceError) as caught:
        store.check_patterns(tables()[1], str(tmp_path))
    assert str(caught.value) == (
        "Postfix does not find user@b.example in the table that was made of it. Nothing was changed. Write the value as a regular expression."
    )


def test_the_type_of_indexed_tables(host: LockHost, tmp_path: Path) -> None:
    assert find_indexed_type(host.instance, str(tmp_path), ["btree", "hash", "pcre"]) == "hash"
    assert [name for name in os.listdir(str(tmp_path)) if name.startswith("postfix_lock")] == []
    with pytest.raises(InstanceError) as caught:
        find_indexed_type(host.instance, str(tmp_path), ["pcre"])
    assert str(caught.value) == (
        "This Postfix can make none of the tables lmdb, hash, btree, cdb, which locks of accounts need. postconf -m lists pcre. Install "
        "Postfix's support for one of them (such as postfix-lmdb)."
    )


def test_a_path_that_no_list_of_tables_can_have(host: LockHost) -> None:
    with pytest.raises(InstanceError) as caught:
        LockStore(Instance("/usr/sbin", {"config_directory": "/etc/post fix"}, host.runner))
    assert str(caught.value) == (
        "/etc/post fix/mailops has characters that cannot be in the name of a table. Give the instance a config_directory of letters, digits "
        "and the signs . _ + - only."
    )
