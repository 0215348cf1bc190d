# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.support.answering_host import AnsweringHost
from tests.unit.support.documentation import PLUGINS, module_names

FACTS: dict[str, Any] = {"mailops.postfix.postfix_queue_facts": {}}


@pytest.fixture(name="host")
def fixture_host(tmp_path: Path) -> AnsweringHost:
    return AnsweringHost(tmp_path)


def test_each_module_has_the_action() -> None:
    for name in module_names():
        source = (PLUGINS / "action" / (name + ".py")).read_text(encoding="utf-8")
        assert re.search(r"^class ActionModule\((Host|Plan)Action\):", source, re.MULTILINE), name


def test_a_host_that_answers_late_is_named_while_one_waits(host: AnsweringHost) -> None:
    host.answer({"changed": True, "x": 1}, before="sleep 2.5")
    [result] = host.run(FACTS, mailops_notice_after="{{ 1 }}")
    assert (result["changed"], result["x"]) == (True, 1)
    for seconds in (1, 2):
        text = (
            "[WARNING]: mx01 has not answered for %d s (task 0). mailops_timeout sets a time after which the wait ends."
        )
        assert text % seconds in host.output.splitlines()


def test_the_wait_for_a_host_ends(host: AnsweringHost) -> None:
    host.answer({}, before="sleep 600")
    begun = time.monotonic()
    first, second = host.run(FACTS, FACTS, mailops_timeout=2, mailops_notice_after=1)
    assert time.monotonic() - begun < 300
    for result in (first, second):
        assert (result["failed"], result["timed_out"]) == (True, True)
        assert result["msg"] == (
            "mx01 did not answer within 2 seconds (mailops_timeout), so the wait was ended. The module may still be running there: look at "
            "the host before you run this again."
        )
    assert "mx01 has not answered for 1 s (task 0). The wait ends after 2 s." in host.output


@pytest.mark.parametrize("name", ["mailops_timeout", "mailops_notice_after"])
def test_a_length_of_time_with_a_unit_is_refused(host: AnsweringHost, name: str) -> None:
    [result] = host.run(FACTS, **{name: "5m"})
    assert result["msg"].endswith(
        "%s: 5m is not a number of seconds from 0 to 10000000; nothing was touched. Write it without a unit, such as 300."
        % name
    )
    assert host.module == ""


def test_what_works_with_a_module_works(host: AnsweringHost) -> None:
    """The keywords loop, until, delegate_to and timeout; check mode and diff mode; defaults of the group."""
    results = host.run(
        {**FACTS, "loop": [1, 2], "register": "looped"},
        {**FACTS, "check_mode": True, "diff": True, "delegate_to": "mx01"},
        {"mailops.postfix.postfix_queue_facts": {"limit": "{{ 3 }}"}, "until": "false", "retries": 1, "delay": 0},
        {**FACTS, "module_defaults": {"group/mailops.postfix.postfix": {"instance": "postfix-out"}}},
    )
    assert len(results[0]["results"]) == 2
    assert results[2]["attempts"] == 1
    assert "postfix-out" in host.module


def test_the_time_limit_of_a_task_comes_first(host: AnsweringHost) -> None:
    host.answer({}, before="sleep 600")
    [result] = host.run({**FACTS, "timeout": 1}, mailops_timeout=30)
    assert "timed_out" not in result or result["timed_out"] is not True
    assert result["failed"]
