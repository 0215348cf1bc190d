# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import Journal, LockStore
from ansible_collections.mailops.postfix.plugins.modules import postfix_lock_info
from tests.unit.support.lock_host import LockHost
from tests.unit.support.module import ModuleRun

LOCK = Lock("sender", "b.example", "hold", None, "ticket 1", 1, "ops", 100, "99s")


@pytest.fixture
def host(tmp_path: Path) -> LockHost:
    return LockHost(tmp_path)


@pytest.fixture
def run(host: LockHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("MAIL_CONFIG", str(host.config))
    module = ModuleRun(postfix_lock_info.main, monkeypatch, capsys, host.queue)
    module.parameters["config_directory"] = str(host.config)
    return module


def test_no_locks(run: ModuleRun) -> None:
    result = run()
    assert (result["locks"], result["left_out"], result["changed"], run.warnings) == ([], 0, False, run.warnings)


def test_locks(run: ModuleRun, host: LockHost) -> None:
    LockStore(host.instance).write(Journal([LOCK, replace(LOCK, value="c.example", expires=None)]))
    before = host.files()
    assert [row["expired"] for row in run()["locks"]] == [True, False]
    assert run()["locks"][0] == {**LOCK.show(), "expired": True}
    assert host.files() == before


def test_an_interrupted_run(run: ModuleRun, host: LockHost) -> None:
    LockStore(host.instance).write(Journal([LOCK], pending=True))
    run()
    assert run.warnings[-1] == (
        "An interrupted run has not finished its changes of locks. Run postfix_lock, also without locks, to finish them."
    )


def test_many_locks(run: ModuleRun, host: LockHost) -> None:
    LockStore(host.instance).write(Journal([replace(LOCK, value="a%d.example" % number) for number in range(900)]))
    result = run()
    assert result["left_out"] == 900 - len(result["locks"]) > 0
