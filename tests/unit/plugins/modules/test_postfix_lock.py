# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _lock_sessions
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import login_caches
from ansible_collections.mailops.postfix.plugins.modules import postfix_lock
from tests.unit.support.lock_host import LockHost
from tests.unit.support.module import ModuleRun

SENDER = {"sender": "b.example"}
ACCOUNT = {"sasl_username": "a@b.example"}


@pytest.fixture
def host(tmp_path: Path) -> LockHost:
    return LockHost(tmp_path)


@pytest.fixture
def run(host: LockHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("MAIL_CONFIG", str(host.config))
    monkeypatch.setenv("SUDO_USER", "ops")
    module = ModuleRun(postfix_lock.main, monkeypatch, capsys, host.queue)
    module.runner = host.runner
    host.lies = {**module.parameters, "config_directory": str(host.config), "default_database_type": "hash"}
    return module


def times_apart(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what is another one a second later."""
    rows = {
        name: [{**row, "created": 0, "expires": 0} for row in result[name]] for name in ("locks", "added", "updated")
    }
    return {**result, **rows, "invocation": 0}


def test_a_lock_and_its_end(run: ModuleRun, host: LockHost) -> None:
    before = host.files()
    options: dict[str, Any] = {"locks": [SENDER, ACCOUNT], "expires": "2d", "reason": "ticket 1", "text": "no $"}
    predicted = run(check=True, **options)
    assert host.files() == before
    done = run(**options)
    assert times_apart(predicted) == times_apart(done)
    assert [row["id"] for row in done["added"]] == [row["id"] for row in done["locks"]]
    assert (done["changed"], done["reloaded"], done["left_out"], done["caches"]) == (True, False, 0, [])
    assert [part["before_header"].rpartition("/")[2] for part in done["diff"]] == [
        *("main.cf", "master.cf", "sasl_username", "sender"),
    ]
    assert done["diff"][3]["after"].splitlines()[1] == r"/@b\.example$/ REJECT no $$"
    logged = host.runner.ran[-1][1].splitlines()
    assert logged[1].startswith("act=added, lock=sender-")
    assert logged[1].endswith(", sender=b.example, action=reject, user=ops, reason=ticket 1")
    after = host.files()
    again = run(**options)
    assert (again["changed"], again["diff"], host.files()) == (False, [], after)
    removed = run(state="absent", ids=[row["id"] for row in done["locks"]])
    assert (len(removed["removed"]), removed["locks"], host.files()) == (2, [], before)


def test_locks_expire(run: ModuleRun, host: LockHost) -> None:
    before = host.files()
    run(locks=[SENDER], expires="1h")
    path = host.config / "mailops" / "locks.json"
    journal = json.loads(path.read_text())
    journal["locks"][0]["expires"] = int(time.time()) - 1
    path.write_text(json.dumps(journal))
    assert run(check=True)["expired"][0]["value"] == "b.example"
    assert (len(run()["expired"]), host.files()) == (1, before)


def test_what_is_refused_changes_nothing(run: ModuleRun, host: LockHost) -> None:
    before = host.files()
    for check in (True, False):
        assert run.fails(check=check, locks=[SENDER], never=["*@b.example"]) == (
            'locks[0].sender: "b.example" must not be locked: "*@b.example" in never protects it. Nothing was changed'
        )
        host.types = "cidr regexp"
        assert run.fails(check=check, locks=[ACCOUNT]).startswith("This Postfix can make none of the tables lmdb")
        host.types = "hash cidr pcre regexp"
    assert host.files() == before


def test_a_service_that_will_log_warnings(run: ModuleRun, host: LockHost) -> None:
    host.master.write_text("smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes\n")
    run(locks=[ACCOUNT])
    assert run.warnings[-1:] == [
        (
            "smtp/inet takes no logins and has no smtpd_recipient_restrictions of its own, so it logs a warning about check_sasl_access for each "
            "recipient while an account is locked."
        )
    ]


def test_caches_of_what_is_locked_and_unlocked(run: ModuleRun, host: LockHost) -> None:
    host.main.write_text(host.main.read_text() + "smtpd_sasl_type = dovecot\n")
    caches = [{"cache": "dovecot", "sasl_usernames": ["a@b.example"]}]
    assert run(locks=[ACCOUNT, SENDER])["caches"] == caches
    assert run(locks=[ACCOUNT, SENDER])["caches"] == []
    assert run(state="absent", locks=[SENDER])["caches"] == []
    assert run(state="absent", locks=[ACCOUNT], check=True)["caches"] == caches
    assert run(state="absent", locks=[ACCOUNT])["caches"] == caches
    assert run(state="absent", locks=[ACCOUNT])["caches"] == []


def test_other_names_with_the_same_password(
    run: ModuleRun, host: LockHost, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sasl").mkdir()
    (tmp_path / "sasl" / "smtpd.conf").write_text("pwcheck_method: saslauthd\n")
    settings = "smtpd_sasl_type = cyrus\ncyrus_sasl_config_path = %s/sasl\n" % tmp_path
    host.main.write_text(host.main.read_text() + settings)
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cmdline").write_text("/usr/sbin/saslauthd\0-a\0pam\0")
    monkeypatch.setattr(login_caches, "_PROC", str(tmp_path / "proc"))
    assert run(locks=[ACCOUNT])["caches"] == [{"cache": "saslauthd", "sasl_usernames": ["a@b.example"]}]
    warning = (
        "saslauthd runs without -r, so it may accept the password of a locked account for the same name with any domain, such as stolen@x for "
        "stolen. Locks do not stop these names. Change the password or refuse the login as well."
    )
    assert run.warnings[-1:] == [warning]
    run(locks=[ACCOUNT])
    assert warning not in run.warnings


def test_sessions(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"pid": 7, "sasl_username": "a@b.example", "client_address": None, "outcome": "failed"}
    found = _lock_sessions.Found([row], unknown=2, ended=1)
    monkeypatch.setattr(_lock_sessions, "end_sessions", lambda *_arguments, **_options: found)
    result = run(locks=[ACCOUNT])
    assert result["msg"] == (
        "1 sessions of locked accounts or clients did not end: processes 7. Everything else is done. Run this again."
    )
    assert (result["failed"], result["sessions"], result["unknown_sessions"]) == (True, [row], 2)
    assert run(locks=[ACCOUNT], end_sessions=False)["sessions"] == []
    row["outcome"] = "ended"
    assert run(locks=[ACCOUNT])["changed"] is True


def test_many_locks_are_left_out(run: ModuleRun) -> None:
    result = run(locks=[{"sender": "a%d@b.example" % number} for number in range(300)])
    assert result["left_out"] == 300 - len(result["locks"]) > 100
    assert len(json.dumps(result)) < 64 << 10
