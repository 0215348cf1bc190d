# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.kinds import KINDS, Basis, make_report_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import DOCUMENTS
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from tests.unit.support.results import by_host
from tests.unit.support.sample_plan import sample_plan

# What a kind needs as a minimum.
LEAST: dict[str, dict[str, Any]] = {"quarantine": {"run": {"name": "spam"}}, "hold": {"run": {"state": "held"}}}


def test_each_kind_can_be_shown() -> None:
    assert list(KINDS) == list(DOCUMENTS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_names_the_hosts_that_were_queried(kind: str) -> None:
    report = make_report_of(kind, Basis({}, 5, ["mx01"]), LEAST.get(kind))
    assert report["kind"] == kind
    assert report["created"] == 5
    assert [row["state"] for row in report["hosts"]] == ["missing"]
    assert make_report_of(kind, Basis({"mx02": {}}, 5), LEAST.get(kind))["hosts"][0]["host"] == "mx02"


def test_a_host_without_later_results_was_not_touched() -> None:
    basis = Basis(by_host("plan", {"mx01": {"plan": sample_plan()}}), 5)
    assert make_report_of("cleanup", basis)["hosts"][0]["state"] == "stopped"


def test_limits_of_plans_may_be_text() -> None:
    basis = Basis(by_host("plan", {"mx01": {"plan": sample_plan()}}), 5)
    limits = {"max_messages": "0", "max_percent": "12.5", "fleet_max_messages": "0", "mixed": False}
    report = make_report_of("plan", basis, {"limits": limits})
    assert [text.partition(", ")[2] for text in refusal_texts(report)] == [
        "queue_cleanup_max_messages allows 0.",
        "queue_cleanup_max_percent allows 12.5 percent.",
        "queue_cleanup_fleet_max_messages allows 0.",
    ]


def test_limits_of_what_is_restored_may_be_text() -> None:
    sums = {"messages": 2, "bytes": 100, "recipients": 2, "partial": 0}
    preview = {"ansible_facts": {"postfix_queue": {"matched": sums, "total": sums}}}
    limits = {"max_messages": "1", "max_percent": "12.5", "fleet_max_messages": None}
    basis = Basis({"mx01": {"quarantine": {"changed": False}, "preview": preview}}, 5)
    report = make_report_of("quarantine", basis, {"run": {"name": "spam", "rules": True}, "limits": limits})
    assert [text.partition(", ")[2] for text in refusal_texts(report)] == [
        "spool_quarantine_max_messages allows 1.",
        "spool_quarantine_max_percent allows 12.5 percent.",
    ]


def test_limits_of_a_lockout_may_be_text() -> None:
    preview = {
        "matched": {"messages": 5},
        "coverage": {"patterns": [{"messages": 5}], "combinations": [{"patterns": [0], "messages": 5}]},
    }
    settings = {
        "run": {"locks": [{"sender": "example.com"}]},
        "limits": {"max_messages": "1", "max_percent": "12.5", "fleet_max_messages": "2"},
    }
    report = make_report_of("lockout", Basis(by_host("preview", {"mx01": preview}), 5), settings)
    assert refusal_texts(report) == [
        "mx01: The locks select 5 messages in the queues, lockout_max_messages allows 1.",
        "The locks select 5 messages on 1 hosts, lockout_fleet_max_messages allows 2.",
        (
            'The lock {"sender": "example.com"} selects ALL 5 messages in the queues, which is more than 12.5 percent. Narrow it, or '
            "set lockout_max_percent: 100 if you mean that."
        ),
    ]


@pytest.mark.parametrize(("kind", "role"), [("hold", "queue_hold"), ("flush", "queue_flush")])
def test_limits_of_holds_and_flushes_may_be_text(kind: str, role: str) -> None:
    plan = {"matched": {"messages": 5}, "outcomes": {}}
    settings = {**LEAST.get(kind, {}), "limits": {"fleet_max_messages": "2"}}
    report = make_report_of(kind, Basis(by_host("plan", {"mx01": plan}), 5), settings)
    assert refusal_texts(report) == [
        (
            f"5 messages are selected on 1 hosts, {role}_fleet_max_messages allows 2. Narrow the selection, or raise "
            f"{role}_fleet_max_messages."
        )
    ]


# The kind, its settings, and what is wrong with them.
WRONG: list[tuple[str, dict[str, Any], str]] = [
    (
        "audit",
        {"selecton": {}},
        "settings: there is no key 'selecton'; known are selection, thresholds, history, inventory.",
    ),
    ("quarantines", {"run": {}}, "settings: there is no key 'run'; known are none."),
    ("quarantine", {}, "settings: the key run is missing."),
    ("quarantine", {"run": {}}, "run: the key name is missing."),
    (
        "cleanup",
        {"run": {"methd": "delete"}},
        "run: there is no key 'methd'; known are method, reason, check, quarantine, canary, waiting, started, not_chosen, interrupted, nothing_left.",
    ),
    (
        "plan",
        {"limits": {"most": 5}},
        "limits: there is no key 'most'; known are max_messages, max_percent, fleet_max_messages, mixed.",
    ),
    ("plan", {"limits": {"max_messages": "x"}}, "limits.max_messages: 'x' is no number."),
    ("suspects", {"thresholds": {"logins_per_hour": "x"}}, "thresholds.logins_per_hour: 'x' is no number."),
    (
        "quarantine",
        {"run": {"name": "spam"}, "limits": {"most": 5}},
        "limits: there is no key 'most'; known are max_messages, max_percent, fleet_max_messages, expire_max_messages.",
    ),
]


@pytest.mark.parametrize(("kind", "settings", "message"), WRONG)
def test_wrong_settings_are_refused(kind: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^(settings|run|limits|thresholds)\b") as refused:
        make_report_of(kind, Basis({}, 5), settings)
    assert str(refused.value) == message


def test_an_age_that_is_none_is_refused() -> None:
    with pytest.raises(SelectionError, match=r"^expire: "):
        make_report_of("quarantine", Basis({}, 5), {"run": {"name": "spam", "expire": "soon"}})
