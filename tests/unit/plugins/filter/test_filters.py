# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as Ansible sees them: what they return is no template, what they refuse fails the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible import template as ansible_template
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.mailops.postfix.plugins.filter import (
    cleanup_report,
    plan_report,
    refusal_text,
    report_text,
)
from tests.unit.support.results import by_host
from tests.unit.support.sample_plan import sample_plan

MODULES = (
    cleanup_report,
    plan_report,
    refusal_text,
    report_text,
)
FILTERS: dict[str, Callable[..., Any]] = {
    name: function for module in MODULES for name, function in module.FilterModule().filters().items()
}
TEMPLATE = "{{ 7 * 7 }}"
# Since 2.19 a text is a template only where it says so.
TRUSTED: Callable[[str], str] = getattr(ansible_template, "trust_as_template", str)


def test_each_file_is_one_filter_of_its_name() -> None:
    stems = {path.stem for path in Path(report_text.__file__).parent.glob("*.py")}
    assert set(FILTERS) == stems
    for module in MODULES:
        assert yaml.safe_load(module.DOCUMENTATION)["name"] == module.__name__.rpartition(".")[2]


def test_each_option_of_a_filter_is_documented() -> None:
    for module in MODULES:
        (function,) = module.FilterModule().filters().values()
        names = function.__wrapped__.__code__.co_varnames
        count = function.__wrapped__.__code__.co_argcount + function.__wrapped__.__code__.co_kwonlyargcount
        documented = set(yaml.safe_load(module.DOCUMENTATION)["options"])
        assert {"_input", *names[1:count]} == documented, module.__name__


def test_nothing_that_a_filter_returns_is_a_template() -> None:
    failed = {"failed": True, "msg": TEMPLATE}
    report = FILTERS["plan_report"]({TEMPLATE: {"plan": failed}})
    texts = {"report": report, "lines": FILTERS["report_text"](report)}
    templar = Templar(loader=DataLoader(), variables=texts)
    assert str(templar.template(TRUSTED(TEMPLATE))) == "49"
    for name, value in texts.items():
        assert TEMPLATE in str(value)
        assert templar.template(TRUSTED("{{ %s }}" % name)) == value
        # As a variable that is looked at again would be.
        assert templar.template(value) == value


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS["report_text"]({})
    assert str(refused.value) == (
        "None is no kind of report; known are audit, plan, cleanup, quarantine, quarantines, suspects, lockout, locks, trace"
    )


def test_limits_may_be_text() -> None:
    results = by_host("plan", {"mx01": {"plan": sample_plan()}})
    report = FILTERS["plan_report"](results, max_messages="0", max_percent="12.5", fleet_max_messages="0", created=5)
    assert [text.partition(", ")[2] for text in FILTERS["refusal_text"](report)] == [
        "queue_cleanup_max_messages allows 0.",
        "queue_cleanup_max_percent allows 12.5 percent.",
        "queue_cleanup_fleet_max_messages allows 0.",
    ]
    assert report["created"] == 5


def test_a_host_without_later_results_was_not_touched() -> None:
    report = FILTERS["cleanup_report"](by_host("plan", {"mx01": {"plan": sample_plan()}}), created=5)
    assert report["hosts"][0]["state"] == "stopped"


def test_reports_are_made_now_by_default() -> None:
    assert FILTERS["plan_report"]({})["created"] > 1_700_000_000


def test_a_report_names_the_hosts_that_were_queried() -> None:
    for name in ("plan_report", "cleanup_report"):
        assert [row["state"] for row in FILTERS[name]({}, hosts=["mx01"])["hosts"]] == ["missing"], name


def test_wrong_options_are_refused() -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS["cleanup_report"]({}, run={"methd": "delete"})
    assert str(refused.value) == "run: there is no key 'methd'; known are method, reason, check."
