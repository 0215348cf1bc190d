# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters as Ansible sees them: what they return is no template, what they refuse fails the task."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible import template as ansible_template
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.mailops.postfix.plugins.filter import (
    audit_report,
    cleanup_report,
    lockout_report,
    locks_report,
    parse_plan,
    plan_report,
    quarantine_list,
    quarantine_report,
    refusal_text,
    report_markdown,
    report_text,
    suspects_report,
    trace_report,
)
from tests.unit.support.results import by_host
from tests.unit.support.sample_plan import forged_plan, sample_plan

MODULES = (
    audit_report,
    cleanup_report,
    lockout_report,
    locks_report,
    parse_plan,
    plan_report,
    quarantine_list,
    quarantine_report,
    refusal_text,
    report_markdown,
    report_text,
    suspects_report,
    trace_report,
)
FILTERS: dict[str, Callable[..., Any]] = {
    name: function for module in MODULES for name, function in module.FilterModule().filters().items()
}
TEMPLATE = "{{ 7 * 7 }}"
# Since 2.19 a text is a template only where it says so.
TRUSTED: Callable[[str], str] = getattr(ansible_template, "trust_as_template", str)


def test_each_file_is_one_filter_of_its_name() -> None:
    stems = {path.stem for path in Path(audit_report.__file__).parent.glob("*.py")}
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
    report = FILTERS["audit_report"]({TEMPLATE: {"facts": failed}})
    texts = {
        "report": report,
        "lines": FILTERS["report_text"](report),
        "document": FILTERS["report_markdown"](report),
        "plan": FILTERS["parse_plan"](json.dumps(sample_plan(TEMPLATE))),
    }
    templar = Templar(loader=DataLoader(), variables=texts)
    assert str(templar.template(TRUSTED(TEMPLATE))) == "49"
    for name, value in texts.items():
        assert TEMPLATE in str(value)
        assert templar.template(TRUSTED("{{ %s }}" % name)) == value
        # As a variable that is looked at again would be.
        assert templar.template(value) == value


def test_a_plan_survives_json() -> None:
    assert FILTERS["parse_plan"](json.dumps(sample_plan(), indent=4)) == sample_plan()


NO_PLANS: list[tuple[str, str]] = [
    ("{}", "The file holds no plan; make a new plan."),
    (forged_plan(counts={"messages": 0}), "The plan lists 1 messages, and its counts say 0; make a new plan."),
]


@pytest.mark.parametrize(("text", "message"), NO_PLANS)
def test_what_is_no_plan_is_refused(text: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS["parse_plan"](text)
    assert str(refused.value) == message


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS["report_text"]({})
    assert str(refused.value) == (
        "None is no kind of report; known are audit, plan, cleanup, quarantine, quarantines, suspects, lockout, locks, trace, hold, flush"
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


def test_limits_of_what_is_restored_may_be_text() -> None:
    sums = {"messages": 2, "bytes": 100, "recipients": 2, "partial": 0}
    preview = {"ansible_facts": {"postfix_queue": {"matched": sums, "total": sums}}}
    limits = {"max_messages": "1", "max_percent": "12.5", "fleet_max_messages": None}
    report = FILTERS["quarantine_report"](
        {"mx01": {"quarantine": {"changed": False}, "preview": preview}},
        run={"name": "spam", "rules": True},
        limits=limits,
        created=5,
    )
    assert [text.partition(", ")[2] for text in FILTERS["refusal_text"](report)] == [
        "spool_quarantine_max_messages allows 1.",
        "spool_quarantine_max_percent allows 12.5 percent.",
    ]


def test_limits_of_a_lockout_may_be_text() -> None:
    preview = {
        "matched": {"messages": 5},
        "coverage": {"patterns": [{"messages": 5}], "combinations": [{"patterns": [0], "messages": 5}]},
    }
    report = FILTERS["lockout_report"](
        by_host("preview", {"mx01": preview}),
        run={"locks": [{"sender": "example.com"}]},
        limits={"max_messages": "1", "max_percent": "12.5", "fleet_max_messages": "2"},
        created=5,
    )
    assert FILTERS["refusal_text"](report) == [
        "mx01: The locks select 5 messages in the queues, lockout_max_messages allows 1.",
        "The locks select 5 messages on 1 hosts, lockout_fleet_max_messages allows 2.",
        (
            'The lock {"sender": "example.com"} selects ALL 5 messages in the queues, which is more than 12.5 percent. Narrow it, or '
            "set lockout_max_percent: 100 if you mean that."
        ),
    ]


def test_a_host_without_later_results_was_not_touched() -> None:
    report = FILTERS["cleanup_report"](by_host("plan", {"mx01": {"plan": sample_plan()}}), created=5)
    assert report["hosts"][0]["state"] == "stopped"


def test_reports_are_made_now_by_default() -> None:
    assert FILTERS["audit_report"]({})["created"] > 1_700_000_000


def test_a_report_names_the_hosts_that_were_queried() -> None:
    for name in (
        "audit_report",
        "plan_report",
        "cleanup_report",
        "quarantine_list",
        "suspects_report",
        "lockout_report",
        "locks_report",
        "trace_report",
    ):
        assert [row["state"] for row in FILTERS[name]({}, hosts=["mx01"])["hosts"]] == ["missing"], name
    report = FILTERS["quarantine_report"]({}, hosts=["mx01"], run={"name": "spam"})
    assert [row["state"] for row in report["hosts"]] == ["missing"]


# The filter, its options, and what is wrong with them.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "cleanup_report",
        {"run": {"methd": "delete"}},
        "run: there is no key 'methd'; known are method, reason, check.",
    ),
    ("quarantine_report", {"run": {}}, "run: the key name is missing."),
    (
        "quarantine_report",
        {"run": {"name": "spam"}, "limits": {"most": 5}},
        "limits: there is no key 'most'; known are max_messages, max_percent, fleet_max_messages, expire_max_messages.",
    ),
]


@pytest.mark.parametrize(("name", "options", "message"), WRONG)
def test_wrong_options_are_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS[name]({}, **options)
    assert str(refused.value) == message


def test_an_age_that_is_none_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match=r"^expire: "):
        FILTERS["quarantine_report"]({}, run={"name": "spam", "expire": "soon"})
