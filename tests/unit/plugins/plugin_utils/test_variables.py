# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _variables

ROLES = _variables.read_roles()
NOW = 1_795_171_149


def test_the_roles_are_those_of_the_collection() -> None:
    assert sorted(ROLES) == [
        "lockout",
        "message_trace",
        "queue_audit",
        "queue_cleanup",
        "queue_flush",
        "queue_hold",
        "spool_quarantine",
    ]
    assert {"queue_cleanup_match", "queue_cleanup_report"} <= ROLES["queue_cleanup"].known


CLEANUP = "is not a variable of the role queue_cleanup; nothing was touched. "
QUARANTINE = "is not a variable of the role spool_quarantine; nothing was touched. "
GOOD = "Rules select the bad mail. Use spool_quarantine_restore_%s to select what is restored."
NAMES: list[tuple[str, str]] = [
    ("queue_cleanup_exlude", "queue_cleanup_exlude " + CLEANUP + "Did you mean queue_cleanup_exclude?"),
    ("queue_cleanup_maxmessages", "queue_cleanup_maxmessages " + CLEANUP + "Did you mean queue_cleanup_max_messages?"),
    ("Queue_Cleanup_Exclude", "Queue_Cleanup_Exclude " + CLEANUP + "Did you mean queue_cleanup_exclude?"),
    ("queue-cleanup-exclude", "queue-cleanup-exclude " + CLEANUP + "Did you mean queue_cleanup_exclude?"),
    ("queue_cleanpu_exclude", "queue_cleanpu_exclude " + CLEANUP + "Did you mean queue_cleanup_exclude?"),
    ("queue_clean_up_match", "queue_clean_up_match " + CLEANUP + "Did you mean queue_cleanup_match?"),
    ("spool_quarentine_name", "spool_quarentine_name " + QUARANTINE + "Did you mean spool_quarantine_name?"),
    (
        "spool_quarantine_exlude",
        "spool_quarantine_exlude " + QUARANTINE + GOOD % "exclude",
    ),
    ("spool_quarantine_match", "spool_quarantine_match " + QUARANTINE + GOOD % "match"),
    ("spool_quarantine_exclude", "spool_quarantine_exclude " + QUARANTINE + GOOD % "exclude"),
    ("spool_quarantine_match_all", "spool_quarantine_match_all " + QUARANTINE + GOOD % "match_all"),
    (
        "mailops_host",
        "mailops_host is not a variable of the playbooks; nothing was touched. Did you mean mailops_hosts?",
    ),
    (
        "mailops_zzz",
        (
            "mailops_zzz is not a variable of the playbooks; nothing was touched. Known are mailops_exclude, mailops_hosts, "
            "mailops_match, mailops_notice_after, mailops_redact_key, mailops_serial, mailops_timeout."
        ),
    ),
]


@pytest.mark.parametrize(("name", "problem"), NAMES, ids=[row[0] for row in NAMES])
def test_a_name_that_looks_like_one_of_ours_is_refused(name: str, problem: str) -> None:
    assert _variables.name_problems([name], ROLES) == [problem]


def test_other_names_are_left_alone() -> None:
    known = [name for role in ROLES.values() for name in role.known]
    others = [
        "__queue_cleanup_plan",
        "_queue_cleanup_match",
        "ansible_host",
        "my_queue_cleanup_match",
        "inventory_dir",
        "x",
    ]
    assert _variables.name_problems([*known, *others, "mailops_hosts", "mailops_serial"], ROLES) == []


def test_the_rules_of_all_roles_are_checked_as_rules() -> None:
    role = _variables.with_common_rules(ROLES["queue_audit"])
    values = {"mailops_match": [{"sender": "*@example.com"}, {"from": "x"}], "mailops_exclude": "x"}
    match, criterion, text = _variables.value_problems(role, values, now=0)
    assert match.startswith('mailops_match[0].sender: "*@example.com" matches no address.')
    assert criterion.startswith("mailops_match[1].from: there is no such criterion; known are ")
    assert text.startswith("mailops_exclude is the text 'x', and must be a list of rules. Write JSON, such as -e ")
    assert set(role.templates) == {"queue_audit_match", "queue_audit_exclude"}


def test_a_role_without_defaults_has_no_templates(tmp_path: Path) -> None:
    specs = tmp_path / "some_role" / "meta" / "argument_specs.yml"
    specs.parent.mkdir(parents=True)
    specs.write_text("argument_specs: {main: {options: {}}}", encoding="utf-8")
    assert _variables.read_roles(tmp_path)["some_role"].templates == {}


FORMS = (
    'Write JSON, such as -e \'{"queue_cleanup_match": [{"sasl_username": "x", "recipient_count": 2}]}\', or put the rules into a '
    "file and give it as -e @rules.yml."
)
VALUES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("rules", {"queue_cleanup_match": [{"sender": "x@example.com", "age": "2d"}], "queue_cleanup_exclude": []}, []),
    (
        "a text",
        {"queue_cleanup_match": "sasl_username=x,recipient_count=2"},
        ["queue_cleanup_match is the text 'sasl_username=x,recipient_count=2', and must be a list of rules. " + FORMS],
    ),
    (
        "a mapping",
        {"queue_cleanup_match": {"sender": "x"}},
        ["queue_cleanup_match is a mapping, and must be a list of rules. " + FORMS],
    ),
    (
        "a text in a list",
        {"queue_cleanup_match": ["sasl_username=x,recipient_count=2"]},
        [
            (
                "queue_cleanup_match[0] is the text 'sasl_username=x,recipient_count=2', and must be a rule: a mapping of criteria. "
                + FORMS
            )
        ],
    ),
    (
        "an empty rule",
        {"queue_cleanup_exclude": [{}]},
        ["queue_cleanup_exclude[0]: an empty rule would select every message; give it at least one criterion."],
    ),
    (
        "percent",
        {"queue_cleanup_max_percent": "101"},
        ["queue_cleanup_max_percent: 101 is not a percentage from 0 to 100."],
    ),
    (
        "no number",
        {"queue_cleanup_max_percent": "nan"},
        ["queue_cleanup_max_percent: nan is not a percentage from 0 to 100."],
    ),
    ("words", {"queue_cleanup_max_percent": "x"}, ["queue_cleanup_max_percent: 'x' is not a number."]),
    ("negative", {"queue_cleanup_max_messages": -1}, ["queue_cleanup_max_messages: -1 must not be negative."]),
    ("no count", {"queue_cleanup_max_messages": "1e3"}, ["queue_cleanup_max_messages: '1e3' is not a whole number."]),
    ("empty", {"queue_cleanup_run": ""}, ["queue_cleanup_run is empty; leave it out, or give it a value."]),
    ("no reason", {"queue_cleanup_reason": ""}, []),
    (
        "no unit",
        {"queue_cleanup_plan_max_age": 14},
        ["queue_cleanup_plan_max_age: 14 has no unit, and would be seconds; write 14d for days, or 14s."],
    ),
    ("as text", {"queue_cleanup_max_percent": "12.5", "queue_cleanup_max_messages": "10"}, []),
    ("absent", {"queue_cleanup_run": None}, []),
]


@pytest.mark.parametrize(("values", "problems"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_values_that_mean_nothing_are_refused(values: dict[str, Any], problems: list[str]) -> None:
    assert _variables.value_problems(ROLES["queue_cleanup"], values, now=NOW) == problems


def test_all_that_is_wrong_with_rules_is_said_at_once() -> None:
    rules = [{"sender": "x@", "sendr": "y", "recipient": "/(/"}, {"age": "2y"}]
    problems = _variables.value_problems(
        ROLES["queue_cleanup"], {"queue_cleanup_match": rules, "queue_cleanup_exclude": [{"size": "x"}]}, now=NOW
    )
    assert [problem.partition(":")[0] for problem in problems] == [
        "queue_cleanup_match[0].sendr",
        "queue_cleanup_match[0].recipient",
        "queue_cleanup_match[1].age",
        "queue_cleanup_exclude[0].size",
    ]


EXPIRIES: list[tuple[str, str, bool]] = [
    ("1s", "1h", True),
    ("59m", "1h", True),
    ("1h", "1h", False),
    ("1s", "0s", False),
]


@pytest.mark.parametrize(("expire", "least", "refused"), EXPIRIES)
def test_an_age_of_expiry_has_a_least(expire: str, least: str, refused: bool) -> None:
    values = {"spool_quarantine_expire": expire, "spool_quarantine_expire_min": least}
    problem = (
        "spool_quarantine_expire: %s is less than spool_quarantine_expire_min allows (%s); nothing was touched. Give it a longer time, "
        "or lower spool_quarantine_expire_min if you mean it." % (expire, least)
    )
    assert _variables.short_expiry_problems(ROLES["spool_quarantine"], values) == ([problem] if refused else [])


def test_a_role_without_expiry_has_no_least() -> None:
    assert _variables.short_expiry_problems(ROLES["queue_audit"], {}) == []
    assert _variables.short_expiry_problems(ROLES["spool_quarantine"], {"spool_quarantine_expire_min": "1h"}) == []


LOCK_FORMS = (
    "lockout_locks must be a list of locks, each a mapping of one key. Write JSON, such as -e "
    '\'{"lockout_locks": [{"sasl_username": "stolen@example.com"}]}\', or put the locks into a file and give it as -e @locks.yml.'
)


@pytest.mark.parametrize("value", ["stolen@example.com", {"sasl_username": "x"}, ["x"]])
def test_locks_of_another_form_are_refused(value: Any) -> None:
    assert _variables.value_problems(ROLES["lockout"], {"lockout_locks": value}, now=NOW) == [LOCK_FORMS]


@pytest.mark.parametrize("name", ["lockout_ids", "lockout_never", "lockout_refuse_login", "spool_quarantine_before"])
def test_a_text_in_the_place_of_a_list_is_refused(name: str) -> None:
    role = ROLES["lockout" if name.startswith("lockout") else "spool_quarantine"]
    problem = '%s is no list; nothing was touched. Write JSON, such as -e \'{"%s": ["some text"]}\'.' % (name, name)
    assert _variables.value_problems(role, {name: "some text"}, now=NOW) == [problem]
    assert _variables.value_problems(role, {name: ["some text"]}, now=NOW) == []


def test_locks_are_checked_by_the_role_that_has_some() -> None:
    values = {"lockout_locks": [{"sender": "x@example.com"}], "lockout_never": ["example.com"]}
    assert _variables.value_problems(ROLES["lockout"], values, now=NOW) == []
    (problem,) = _variables.refused_lock_problems(ROLES["lockout"], values, now=NOW, locking=True)
    assert problem.startswith("lockout_locks[0]: ")
    assert _variables.refused_lock_problems(ROLES["queue_cleanup"], values, now=NOW, locking=True) == []


def test_values_of_another_type_or_outside_the_choices_are_refused() -> None:
    role = _variables.read_roles()["queue_audit"]
    right = {"queue_audit_top": "5", "queue_audit_become": "yes", "queue_audit_instance": None, "theirs": 1}
    assert _variables.type_problems(role, right) == []
    wrong = {"queue_audit_source": "x", "queue_audit_gather": ["top", "all"]}
    assert sorted(_variables.type_problems(role, wrong)) == [
        "value of queue_audit_gather must be one or more of: counts, top, shape, reasons, messages, suggestions. Got no match for: all.",
        "value of queue_audit_source must be one of: auto, spool, postqueue, got: x.",
    ]


def test_thresholds_are_checked_before_any_host_is_contacted() -> None:
    values = {"queue_audit_thresholds": {"mesages": 1, "oldest_age": "x"}}
    assert [text.partition(". ")[0] for text in _variables.value_problems(ROLES["queue_audit"], values, now=NOW)] == [
        "queue_audit_thresholds: there is no threshold 'mesages'",
        (
            "queue_audit_thresholds.oldest_age: 'x' is not an amount; write a number and one of s, m, h, d, w, with a minus sign for that "
            "much or less."
        ),
    ]
    # Those of suspects are other ones.
    assert _variables.value_problems(ROLES["lockout"], {"lockout_thresholds": {"logins_per_hour": 5}}, now=NOW) == []


def test_a_key_of_pseudonyms_is_checked_before_any_host_is_contacted() -> None:
    assert _variables.redact_key_problems("long enough to be a key") == []
    assert _variables.redact_key_problems("short") == [
        (
            "mailops_redact_key: The key for pseudonyms has 5 characters, which could be found by trying. Give it at least 16, such as the "
            "output of `openssl rand -hex 32`."
        )
    ]
    assert len(_variables.redact_key_problems(None)) == 1


def test_a_lock_may_end_at_a_time() -> None:
    for expires in ("2d", "2027-01-01T00:00:00Z"):
        assert _variables.value_problems(ROLES["lockout"], {"lockout_expires": expires}, now=NOW) == []
