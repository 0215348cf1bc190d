# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import time

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _processes

# No process has that number: it is above what Linux ever gives out.
NOBODY = 1 << 30


def noted(monkeypatch: pytest.MonkeyPatch, pid: int) -> dict[str, object]:
    """Return what a task whose parent has that number would note."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "getppid", lambda: pid)
        return _processes.this_process()


def test_a_process_that_goes_on_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _processes.exists(noted(monkeypatch, os.getpid()), noted=0)


def test_a_process_of_another_user_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    process = noted(monkeypatch, os.getpid())

    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert _processes.exists(process, noted=0)


def test_a_process_that_ended_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _processes.exists(noted(monkeypatch, NOBODY), noted=0)


def test_another_process_with_its_number_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    process = noted(monkeypatch, os.getpid())
    assert not _processes.exists({**process, "since": "another time"}, noted=0)


@pytest.mark.parametrize(("seconds", "found"), [(86300, True), (86500, False)])
def test_a_process_of_another_controller_is_given_a_day(
    monkeypatch: pytest.MonkeyPatch, seconds: int, found: bool
) -> None:
    process = noted(monkeypatch, NOBODY)
    monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere.example")
    assert _processes.exists(process, noted=int(time.time()) - seconds) is found
