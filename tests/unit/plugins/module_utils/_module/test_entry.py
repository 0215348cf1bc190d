# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, MailopsError, OutcomeError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _entry


class Module:
    """Keeps what a module says to Ansible."""

    def __init__(self) -> None:
        self.result: dict[str, Any] = {}
        self.warned: list[str] = []

    def warn(self, warning: str) -> None:
        self.warned.append(warning)

    def exit_json(self, **result: Any) -> None:
        self.result = result

    def fail_json(self, **result: Any) -> None:
        self.result = {"failed": True, **result}


def ran(work: Callable[[Any], dict[str, Any]]) -> Module:
    module = Module()
    _entry.run(module, work)  # type: ignore[arg-type]
    return module


def raising(error: Exception) -> Callable[[Any], dict[str, Any]]:
    def work(_module: Any) -> dict[str, Any]:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (MailopsError("bad \x1b[2J"), {"msg": "bad \\x1b[2J"}),
        (LimitError("too many", matched=5, allowed=3), {"msg": "too many", "matched": {"messages": 5}}),
        (
            OutcomeError("1 failed", result={"changed": True, "x": "\u202e"}),
            {"msg": "1 failed", "changed": True, "x": "\\u202e"},
        ),
        (
            OSError(errno.EIO, os.strerror(errno.EIO), "/x"),
            {
                "msg": "/x cannot be used: Input/output error. The disk has an error: look at the kernel log and check the disk, then run "
                "this again."
            },
        ),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            {
                "msg": "A file or directory cannot be used: No space left on device. Make room for data and inodes (df, df -i), then run "
                "this again."
            },
        ),
    ],
)
def test_an_error_becomes_a_failure_with_its_reason(error: Exception, result: dict[str, Any]) -> None:
    assert ran(raising(error)).result == {"failed": True, **result}


def test_what_is_returned_is_safe_on_a_terminal_but_for_a_plan() -> None:
    plan = {"selection": "a\x9bb"}
    result = ran(lambda _module: {"changed": False, "rows": [{"k\x85": ("\u200f", "two\nlines")}], "plan": plan}).result
    assert result == {"changed": False, "rows": [{"k\\u0085": ["\\u200f", "two\nlines"]}], "plan": plan}


def test_warnings_are_safe_on_a_terminal() -> None:
    def work(module: Any) -> dict[str, Any]:
        module.warn("said \x1b]0;x\x07")
        return {}

    assert ran(work).warned == ["said \\x1b]0;x\\x07"]
