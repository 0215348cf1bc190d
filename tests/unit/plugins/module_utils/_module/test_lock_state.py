# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import Types
from ansible_collections.mailops.postfix.plugins.module_utils._module._lock_state import (
    Difference,
    Files,
    State,
    check_state,
    choose_types,
    find_difference,
    make_state,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import files
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import read_configuration
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import LockStore
from tests.unit.support.lock_host import LockHost

TYPES = Types("hash", "pcre")


def lock(key: str, value: object) -> Lock:
    return Lock(key, value, "reject", None, None, 1, "ops", None)


ACCOUNT, SENDER, HEADER = (
    lock("sasl_username", "a@b.example"),
    lock("sender", "b.example"),
    lock("header", {"Subject": "x"}),
)


@pytest.fixture
def host(tmp_path: Path) -> LockHost:
    return LockHost(tmp_path)


@pytest.fixture
def store(host: LockHost) -> LockStore:
    return LockStore(host.instance)


def state_of(host: LockHost, store: LockStore, *locks: Lock) -> State:
    return make_state(read_configuration(host.instance, store.path), locks, TYPES)


def difference(host: LockHost, store: LockStore, state: State) -> Difference:
    read = read_configuration(host.instance, store.path)
    return find_difference(store, host.instance, store.read(), state, read)


def files_of(host: LockHost, store: LockStore) -> Files:
    return Files(host.instance, store, store.read(), read_configuration(host.instance, store.path))


def bring_about(host: LockHost, store: LockStore, *locks: Lock) -> bool:
    state = state_of(host, store, *locks)
    return files_of(host, store).apply(state, difference(host, store, state))


def test_where_references_are_needed(host: LockHost, store: LockStore) -> None:
    place = store.path
    state = state_of(host, store, ACCOUNT, SENDER, HEADER)
    # Only services with logins ask for accounts.
    assert state.values == {
        "smtpd_recipient_restrictions": "check_sender_access,pcre:%s/sender,permit_mynetworks" % place,
        "header_checks": "pcre:%s/header," % place,
        "submission/inet/smtpd_recipient_restrictions": (
            "check_sasl_access,hash:%s/sasl_username,check_sender_access,pcre:%s/sender,permit_sasl_authenticated,reject"
            % (place, place)
        ),
    }
    assert state.noisy == []
    assert state_of(host, store, ACCOUNT).main_text == host.main.read_text()


def test_a_service_without_logins_that_shares_its_restrictions(host: LockHost, store: LockStore) -> None:
    host.master.write_text(
        host.master.read_text().replace(" -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject", "")
    )
    state = state_of(host, store, ACCOUNT)
    assert "check_sasl_access" in state.main_text
    assert state.noisy == ["smtp/inet"]


def test_a_change_and_its_undoing(host: LockHost, store: LockStore) -> None:
    before = host.files()
    assert bring_about(host, store, ACCOUNT, SENDER) is False
    assert list(store.read().locks) == [ACCOUNT, SENDER]
    assert not difference(host, store, state_of(host, store, ACCOUNT, SENDER)).is_any
    ran = len(host.runner.ran)
    assert bring_about(host, store, ACCOUNT, SENDER) is False
    assert not [
        command for command, _stdin in host.runner.ran[ran:] if command[-1].startswith("hash") and "-q" not in command
    ]
    bring_about(host, store, SENDER)
    assert sorted(host.files()) == ["mailops", "mailops/locks.json", "mailops/sender", "main.cf", "master.cf"]
    bring_about(host, store)
    assert host.files() == before
    assert not difference(host, store, state_of(host, store)).is_any


def test_a_reload(host: LockHost, store: LockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Instance, "running", lambda _instance: True)
    assert bring_about(host, store, SENDER) is True
    assert host.commands("postfix") == [["reload"]]
    assert store.read().since > 1e9
    assert store.read().pending is False


@pytest.mark.parametrize("earlier", [(), (SENDER,)], ids=["first", "second"])
def test_what_postfix_reads_in_another_way_is_put_back(
    host: LockHost, store: LockStore, earlier: tuple[Lock, ...]
) -> None:
    bring_about(host, store, *earlier)
    before = host.files()
    state = state_of(host, store, *earlier, ACCOUNT, lock("sender", "c.example"))
    todo = difference(host, store, state)
    changing = files_of(host, store)
    host.lies = {"smtpd_recipient_restrictions": "else"}
    with pytest.raises(InstanceError) as caught:
        changing.apply(state, todo)
    assert str(caught.value) == (
        "smtpd_recipient_restrictions is else now, and should be check_sender_access,pcre:%s/sender,permit_mynetworks. main.cf and "
        "master.cf were put back. Look at them for a line that Postfix reads in another way." % store.path
    )
    assert host.files() == before


def test_a_file_that_cannot_be_written_changes_nothing(
    host: LockHost, store: LockStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = host.files()
    real = files.replace_text

    def fail(path: str, text: str) -> None:
        if path.endswith("master.cf") and "mailops" in text:
            raise SystemRefusal("%s cannot be replaced" % path, OSError(28, "No space left on device"))
        real(path, text)

    monkeypatch.setattr(files, "replace_text", fail)
    with pytest.raises(SystemRefusal):
        bring_about(host, store, SENDER)
    assert host.files() == before


def test_patterns_of_new_locks_are_tried(host: LockHost, store: LockStore, tmp_path: Path) -> None:
    bad = lock("body", "/a(b/")
    state = state_of(host, store, ACCOUNT, bad)
    check_state(store, state, [ACCOUNT], str(tmp_path))
    with pytest.raises(InstanceError, match="Postfix does not accept a pattern of body"):
        check_state(store, state, [bad], str(tmp_path))


def test_types(host: LockHost, tmp_path: Path) -> None:
    assert choose_types(host.instance, [ACCOUNT], str(tmp_path)) == TYPES
    host.types = "regexp"
    assert choose_types(host.instance, [SENDER], str(tmp_path)) == Types("", "regexp")
