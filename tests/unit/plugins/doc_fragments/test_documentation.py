# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables and their documentation say the same."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, Mapping, Sequence

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.module_utils._format import queues
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import ACTIONS, KEYS
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import event_types
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import DEFAULTS, THRESHOLDS
from ansible_collections.mailops.postfix.plugins.module_utils._module import (
    _attempts,
    _log_request,
    _log_show,
    message_info,
    queue_facts,
    queue_flush,
    queue_hold,
    queue_purge,
    spool_quarantine,
    spool_repair,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection import criteria, rule_parser, selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool import eml
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import ScanCounts
from ansible_collections.mailops.postfix.plugins.module_utils._summary import candidates, detail
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import MAX_DISTINCT, SHAPE_MINUTES, TOPS
from tests.unit.support.documentation import (
    PLUGINS,
    argument_spec,
    documented_options,
    fragment,
    module_names,
    sections,
)

FACTS = sections("postfix_queue_facts")
ACTING: Mapping[str, Sequence[str]] = {
    "postfix_queue_flush": [*map(str, queue_flush.OUTCOMES)],
    "postfix_queue_hold": [*map(str, queue_hold.OUTCOMES)],
    "postfix_queue_purge": [*map(str, queue_purge.OUTCOMES)],
    "postfix_spool_quarantine": [*map(str, spool_quarantine.OUTCOMES)],
}
QUEUE = FACTS["RETURN"]["ansible_facts"]["contains"]["postfix_queue"]["contains"]


def test_every_module_is_named_after_its_file() -> None:
    assert {name: sections(name)["DOCUMENTATION"]["module"] for name in module_names()} == {
        name: name for name in module_names()
    }
    assert {"postfix_queue_facts", "postfix_queue_purge"} <= set(module_names())


def test_the_action_group_has_every_module() -> None:
    runtime = yaml.safe_load((PLUGINS.parent / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"] == {"postfix": module_names()}


@pytest.mark.parametrize("module", module_names())
def test_every_module_says_that_it_is_in_the_action_group(module: str) -> None:
    attributes: dict[str, Any] = {}
    documentation = sections(module)["DOCUMENTATION"]
    for name in documentation["extends_documentation_fragment"]:
        attributes.update(fragment(name).get("attributes", {}))
    assert attributes["action_group"]["membership"] == ["mailops.postfix.postfix"]


def as_documented(option: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an argument spec and a documentation both say of an option."""
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "choices": option.get("choices"),
        "default": option.get("default"),
        "required": option.get("required", False),
        "aliases": option.get("aliases", []),
    }


@pytest.mark.parametrize("module", module_names())
def test_options_are_those_of_the_argument_spec(module: str) -> None:
    documented = {name: as_documented(option) for name, option in documented_options(module).items()}
    taken = {name: as_documented(option) for name, option in argument_spec(module).items()}
    assert documented == taken


# --- the selection --------------------------------------------------------------------------------------------------

SELECTION = fragment("mailops.postfix._selection")["options"]


def test_every_criterion_is_documented() -> None:
    documented = []
    for text in SELECTION["match"]["description"]:
        head = re.match(r"((C\(\w+\)(, )?)+):", text)
        if head:
            documented += re.findall(r"C\((\w+)\)", head.group(1))
    assert sorted(documented) == sorted([*criteria.CRITERIA, *rule_parser.OPERATORS])


def test_rules_in_the_documentation_are_rules() -> None:
    text = (PLUGINS.parent / "docs" / "rules.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert blocks
    for block in blocks:
        # The rules of all roles have the names of the options after a prefix.
        rules = {name.replace("mailops_", ""): value for name, value in yaml.safe_load(block).items()}
        assert not selection.parse_selection(**rules, now=1700000000).everything
    written = re.findall(r"`(\{.*?\})`", text) + [
        found for text in SELECTION["match"]["description"] for found in re.findall(r"V\((\{.*?\})\)", text)
    ]
    assert len(written) > len(rule_parser.OPERATORS)
    for rule in written:
        assert rule_parser.parse_rule(yaml.safe_load(rule), "match[0]", 1700000000).criteria
    named = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert set(rule_parser.OPERATORS) <= named


def test_the_bounds_of_rules_within_rules_are_documented() -> None:
    (text,) = (text for text in SELECTION["match"]["description"] if "levels" in text and "criteria" in text)
    assert "at most %d levels" % rule_parser.MAX_LEVELS in text
    assert "%d rules and criteria" % rule_parser.MAX_WITHIN in text


def test_every_origin_is_documented() -> None:
    (text,) = (text for text in SELECTION["match"]["description"] if text.startswith("C(origin):"))
    assert re.findall(r"V\((\w+)\)", text) == list(criteria.ORIGINS)


def test_the_recipient_scopes_are_documented() -> None:
    assert SELECTION["recipient_scope"]["choices"] == list(selection.RECIPIENT_SCOPES)
    (per_recipient, *_rest) = SELECTION["recipient_scope"]["description"]
    named = set(re.findall(r"C\((\w+)\)", per_recipient))
    assert named == {key for key, row in criteria.CRITERIA.items() if row.per_recipient}


# --- facts ----------------------------------------------------------------------------------------------------------


def test_what_can_be_gathered_is_documented() -> None:
    option = documented_options("postfix_queue_facts")["gather"]
    assert option["choices"] == list(queue_facts.GATHER)
    assert option["default"] == list(queue_facts.DEFAULT_GATHER)
    gated = {match for row in QUEUE.values() for match in re.findall(r"V\((\w+)\)", str(row["returned"]))}
    # Reasons are no result of their own: they add to tops and messages.
    assert gated == set(queue_facts.GATHER) - {"reasons"}


def test_every_top_is_documented() -> None:
    assert sorted(QUEUE["top"]["sample"]) == sorted(TOPS)


def test_the_bound_of_the_tops_is_documented() -> None:
    assert "Of more than %d distinct values" % MAX_DISTINCT in QUEUE["top_missed"]["description"][0]


def test_the_shape_is_documented() -> None:
    minutes = QUEUE["shape"]["sample"]["minutes"]
    assert minutes == [*map(str, SHAPE_MINUTES), "%d+" % SHAPE_MINUTES[-1]]
    assert len(QUEUE["shape"]["sample"]["total"]) == len(minutes)


def test_the_counts_of_a_scan_are_documented() -> None:
    counts = {row.name for row in fields(ScanCounts)}
    assert set(QUEUE["scan"]["sample"]) == counts | {"source", "seconds", "unknown", "damaged"}


# --- the modules that act -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", sorted(ACTING))
def test_every_outcome_is_documented(module: str) -> None:
    documented = sections(module)["RETURN"]["outcomes"]
    text = " ".join(documented["description"])
    assert re.findall(r"C\((\w+)\) (?:are|were)", text) == list(ACTING[module])
    assert list(documented["sample"]) == list(ACTING[module])


@pytest.mark.parametrize(
    "name", ["failures", "messages", "scan", "selection", "selection_digest", "truncated", "undecided"]
)
def test_returned_values_that_all_have_are_documented_alike(name: str) -> None:
    """A fragment cannot hold RETURN, so each module has its own copy of these texts."""
    first, *others = [sections(module)["RETURN"][name] for module in sorted(ACTING)]
    assert others == [first] * len(others)


def test_the_counts_of_a_selection_are_documented_alike() -> None:
    documented = [
        QUEUE["matched"],
        *(sections(module)["RETURN"]["matched"] for module in ("postfix_message_info", *ACTING)),
    ]
    assert len({row["description"][0] for row in documented}) == 1
    assert all(row["sample"] == QUEUE["matched"]["sample"] for row in documented)


@pytest.mark.parametrize("outcome", ["vanished", "changed", "failed", "undecided"])
def test_outcomes_that_all_have_are_documented_alike(outcome: str) -> None:
    texts = [
        text
        for module in ACTING
        for text in sections(module)["RETURN"]["outcomes"]["description"]
        if text.startswith("C(%s) " % outcome)
    ]
    assert len(texts) == len(ACTING)
    # A module may add a sentence of its own at the end.
    assert all(text.startswith(min(texts, key=len)) for text in texts)


def test_everything_that_becomes_of_messages_is_documented() -> None:
    documented = sections("postfix_queue_flush")["RETURN"]["after"]
    text = " ".join(documented["description"])
    assert re.findall(r"C\((\w+)\) (?:are|were)", text) == list(_attempts.ENDS)
    assert list(documented["sample"]) == list(_attempts.ENDS)


def test_how_many_are_few_is_documented() -> None:
    assert "up to %d selected" % queue_flush.FEW in " ".join(
        sections("postfix_queue_flush")["DOCUMENTATION"]["description"]
    )


def test_states_and_ways_of_release_are_documented() -> None:
    options = documented_options("postfix_queue_hold")
    for name, table in (("state", queue_hold.STATES), ("release_by", ("move", "requeue", "auto"))):
        heads = [
            match.group(1)
            for text in options[name]["description"]
            for match in [re.match(r"V\((\w+)\)", text)]
            if match
        ]
        assert heads == list(table)


def test_every_method_is_documented() -> None:
    option = documented_options("postfix_queue_purge")["method"]
    assert re.findall(r"V\((\w+)\)", " ".join(option["description"])) == list(queue_purge.METHODS)


# --- message info ---------------------------------------------------------------------------------------------------

INFO = sections("postfix_message_info")


def test_the_lists_of_a_message_are_documented() -> None:
    assert set(detail.BUDGETS) <= set(INFO["RETURN"]["messages"]["contains"])


def test_the_bounds_of_message_info_are_documented() -> None:
    options = INFO["DOCUMENTATION"]["options"]
    assert "at most %d." % candidates.MAX_CANDIDATES in options["patterns"]["description"][0]
    assert "at most %d." % message_info.MAX_EXCERPT in options["excerpt"]["description"][0]


def test_what_becomes_of_files_is_documented() -> None:
    sample = INFO["RETURN"]["eml"]["sample"]
    assert set(sample) == {"directory", *eml.OUTCOMES, "unreadable", "vanished", "files", "not_written"}


# --- repair -----------------------------------------------------------------------------------------------------------

REPAIR = sections("postfix_spool_repair")


def test_every_repair_is_documented() -> None:
    option = documented_options("postfix_spool_repair")["repairs"]
    assert option["choices"] == list(spool_repair.REPAIRS)
    described = dict(re.findall(r"V\((\w+)\) is C\(postsuper (-\w)\)", " ".join(option["description"])))
    assert described == {repair: flag for repair, flag in spool_repair.REPAIRS.items() if flag is not None}


def test_every_kind_of_finding_is_documented() -> None:
    text = " ".join(REPAIR["RETURN"]["found"]["description"])
    assert re.findall(r"C\((\w+)\) are", text) == list(spool_repair.KINDS)
    for name in ("found", "repaired"):
        assert list(REPAIR["RETURN"][name]["sample"]) == list(spool_repair.KINDS)


@pytest.mark.parametrize(
    ("module", "choices", "default"),
    [
        ("postfix_queue_facts", queues.SELECTABLE_QUEUES, queues.DEFAULT_QUEUES),
        ("postfix_queue_purge", queues.LISTED_QUEUES, queues.DEFAULT_QUEUES),
        ("postfix_queue_hold", queues.DELIVERY_QUEUES, queues.DELIVERY_QUEUES),
    ],
)
def test_modules_document_these_names(module: str, choices: tuple[str, ...], default: tuple[str, ...]) -> None:
    option = sections(module)["DOCUMENTATION"]["options"]["queues"]
    assert sorted(option["choices"]) == sorted(choices)
    assert option["default"] == list(default)


def test_the_documentation_has_all_thresholds_with_their_defaults() -> None:
    documented = documented_options("postfix_log_info")["thresholds"]["description"]
    found = re.findall(r"C\((\w+)\) \((\d+)\)", " ".join(documented))
    assert {name: float(default) for name, default in found} == dict(DEFAULTS)
    assert documented_options("postfix_log_info")["gather"]["choices"] == list(_log_request.GATHER)


def test_the_page_about_suspects_has_all_thresholds_with_their_defaults() -> None:
    page = (PLUGINS.parent / "docs" / "suspects.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| .* \| (yes)? ?\|$", page, re.MULTILINE)
    assert {name: (float(default), sign == "yes") for name, default, sign in rows} == {
        name: (threshold.default, threshold.is_sign) for name, threshold in THRESHOLDS.items()
    }


def test_the_documentation_has_all_events_of_a_trace() -> None:
    contains = sections("postfix_log_info")["RETURN"]["log"]["contains"]["trace"]["contains"]
    documented = re.findall(r"V\((\w+)\)", " ".join(contains["event"]["description"]))
    assert documented == list(_log_show.EVENTS.values())
    assert set(_log_show.EVENTS) == set(event_types.Event.__args__)  # type: ignore[attr-defined]


def test_the_documentation_has_all_keys_and_actions_of_locks() -> None:
    described = " ".join(documented_options("postfix_lock")["locks"]["description"])
    # Such as "C(sender), C(recipient): ..."
    heads = re.findall(r"((?:C\(\w+\)(?:, )?)+):", described)
    assert tuple(re.findall(r"C\((\w+)\)", " ".join(heads))) == KEYS
    listed = sections("postfix_lock_info")["RETURN"]["locks"]["contains"]
    assert tuple(re.findall(r"C\((\w+)\)", listed["key"]["description"])) == KEYS
    assert tuple(re.findall(r"C\((\w+)\)", listed["action"]["description"])) == ACTIONS
