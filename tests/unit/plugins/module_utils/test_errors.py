# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils import _errors


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (_errors.RecordError("missing end record", offset=693), "missing end record at offset 693"),
        (_errors.QueueIdError("not a queue ID", queue_id="x\n"), "not a queue ID: 'x\\n'"),
        (_errors.ShowqError("no part of it", line=3), "postqueue output, line 3: no part of it"),
        (_errors.SelectionError("match[0].sender", "it has no value"), "match[0].sender: it has no value"),
        (_errors.LimitError("too many", matched=5, allowed=3), "too many"),
        (_errors.OutcomeError("1 failed", result={"changed": True}), "1 failed"),
        (
            _errors.CommandError(["/usr/sbin/postsuper", "-d", "-"], status=1, output="fatal: no\n"),
            "/usr/sbin/postsuper -d - failed with exit status 1: fatal: no",
        ),
        (
            _errors.CommandError(["postqueue"], status=69, output=" \n"),
            "postqueue failed with exit status 69: no output",
        ),
    ],
)
def test_messages(error: _errors.MailopsError, message: str) -> None:
    assert str(error) == message


def test_errors_carry_what_they_are_about() -> None:
    limit = _errors.LimitError("too many", matched=5, allowed=3.5)
    assert (limit.matched, limit.allowed) == (5, 3.5)
    command = _errors.CommandError(["postqueue"], status=69, output="down")
    assert (command.command, command.status, command.output) == (["postqueue"], 69, "down")
    assert _errors.OutcomeError("1 failed", result={"changed": True}).result == {"changed": True}


def test_everything_has_one_root() -> None:
    errors = [error for error in vars(_errors).values() if isinstance(error, type)]
    assert len(errors) > 10
    assert all(issubclass(error, _errors.MailopsError) for error in errors)


@pytest.mark.parametrize(
    ("number", "uid", "remedy"),
    [
        (errno.EACCES, 1000, "Run this as root (become: true)."),
        (
            errno.EPERM,
            0,
            (
                "This process is root, so it lacks a capability (such as CAP_DAC_OVERRIDE in a container), or SELinux or AppArmor forbids "
                "it. Change that, then run this again."
            ),
        ),
        (errno.ENOSPC, 0, "Make room for data and inodes (df, df -i), then run this again."),
        (errno.EBUSY, 0, "Fix that, then run this again."),
    ],
)
def test_a_refusal_has_the_real_reason_and_the_right_remedy(
    monkeypatch: pytest.MonkeyPatch, number: int, uid: int, remedy: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    error = OSError(number, os.strerror(number))
    refusal = _errors.SystemRefusal("The queue hold in /x cannot be read", error)
    assert str(refusal) == "The queue hold in /x cannot be read: %s. %s" % (os.strerror(number), remedy)
    assert refusal.error is error


def test_an_error_without_a_number_has_its_own_text() -> None:
    assert str(_errors.SystemRefusal("x", OSError("not a file"))) == "x: not a file. Fix that, then run this again."
