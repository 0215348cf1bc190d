# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, MailopsError, OutcomeError
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run

UNSAFE = "a\x1b\u202e\u009bb\tc\nd"
SAFE = "a\\x1b\\u202e\\u009bb\tc\nd"


class Module:
    """What run() needs of a module: it keeps what it exits with."""

    def __init__(self) -> None:
        self.result: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.result = result

    def fail_json(self, **result: Any) -> None:
        self.result = {"failed": True, **result}


def result_of(outcome: Mapping[str, Any] | Exception) -> dict[str, Any]:
    """Return what a module exits with whose work has that outcome."""

    def work(_module: object) -> Mapping[str, Any]:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    module: Any = Module()
    run(module, work)
    return dict(module.result)


def test_no_text_of_a_result_steers_a_terminal() -> None:
    rows = [{"text": UNSAFE, UNSAFE: (UNSAFE, 5, None, True)}]
    assert result_of({"rows": rows, "text": SAFE}) == {
        "rows": [{"text": SAFE, SAFE: [SAFE, 5, None, True]}],
        "text": SAFE,
    }


def test_a_plan_is_returned_as_it_is() -> None:
    assert result_of({"plan": {"selection": UNSAFE}}) == {"plan": {"selection": UNSAFE}}


@pytest.mark.parametrize(
    ("error", "more"),
    [
        (MailopsError(UNSAFE), {}),
        (LimitError(UNSAFE, matched=5, allowed=2), {"matched": {"messages": 5}}),
        (OutcomeError(UNSAFE, result={"text": UNSAFE}), {"text": SAFE}),
    ],
)
def test_no_error_steers_a_terminal(error: Exception, more: dict[str, Any]) -> None:
    assert result_of(error) == {"failed": True, "msg": SAFE, **more}


def test_an_error_of_the_system_names_its_file_safely() -> None:
    result = result_of(OSError(5, "Input/output error", UNSAFE))
    assert result["msg"].startswith(r"a\x1b\u202e\u009bb\x09c\x0ad cannot be used: Input/output error. ")
