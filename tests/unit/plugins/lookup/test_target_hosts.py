# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.mailops.postfix.plugins.lookup import target_hosts
from ansible_collections.mailops.postfix.plugins.lookup.target_hosts import LookupModule

GROUPS = {"all": ["mx01", "mx02", "web"], "mx": ["mx01", "mx02"], "ungrouped": [], "empty": []}
OURS = {"args": ("mailops.postfix.cleanup",)}


def looked_up(
    monkeypatch: pytest.MonkeyPatch, *patterns: Any, groups: dict[str, list[str]] | None = None, **options: Any
) -> list[str]:
    """Return what the lookup does with these options on the command line."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"tags": ["all"], "skip_tags": [], **OURS, **options}))
    return LookupModule().run(list(patterns), variables={"groups": GROUPS if groups is None else groups})


MATCHING: list[tuple[str, dict[str, Any]]] = [
    ("all", {}),
    ("mx", {}),
    ("mx*:!mx02", {}),
    ("mx01,mx02", {"subset": "mx02"}),
    # Nothing runs, so nothing is missed.
    ("nowhere", {"syntax": True}),
    ("nowhere", {"listhosts": True}),
    ("all", {"tags": ["untagged"]}),
    ("all", {"skip_tags": ["slow"]}),
    # A play of the operator's own has tags of its own.
    ("all", {"args": ("site.yml",), "tags": ["mail"]}),
]


@pytest.mark.parametrize(("pattern", "options"), MATCHING)
def test_a_pattern_that_matches_is_returned(
    monkeypatch: pytest.MonkeyPatch, pattern: str, options: dict[str, Any]
) -> None:
    assert looked_up(monkeypatch, pattern, **options) == [pattern]


def test_a_list_of_patterns_is_returned_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked_up(monkeypatch, ["mx01", "mx02"]) == ["mx01", "mx02"]


MISSING: list[tuple[str, dict[str, Any], str]] = [
    (
        "nowhere",
        {},
        (
            "No host of the inventory matches mailops_hosts=nowhere, so nothing was done. Give mailops_hosts a group or a host that the "
            "inventory has; ansible-inventory --graph shows them."
        ),
    ),
    (
        "empty",
        {},
        (
            "No host of the inventory matches mailops_hosts=empty, so nothing was done. Give mailops_hosts a group or a host that the "
            "inventory has; ansible-inventory --graph shows them."
        ),
    ),
    (
        "mx",
        {"subset": "web"},
        (
            "No host of the inventory matches mailops_hosts=mx within --limit web, so nothing was done. Give mailops_hosts a group or a "
            "host that the inventory has; ansible-inventory --graph shows them."
        ),
    ),
    (
        "all",
        {"groups": {"all": [], "ungrouped": []}},
        "The inventory has no hosts, so nothing was done. Name the right one with -i.",
    ),
]
CUTS: list[tuple[dict[str, Any], str]] = [
    ({"tags": ["apply"]}, "--tags apply"),
    ({"tags": ["tagged"]}, "--tags tagged"),
    ({"skip_tags": ["untagged"]}, "--skip-tags untagged"),
    ({"skip_tags": ["all"]}, "--skip-tags all"),
    ({"start_at_task": "Purge what is planned"}, "--start-at-task"),
]


@pytest.mark.parametrize(("pattern", "options", "message"), MISSING)
def test_where_no_host_matches_the_run_fails(
    monkeypatch: pytest.MonkeyPatch, pattern: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        looked_up(monkeypatch, pattern, **options)
    assert str(refused.value) == message


@pytest.mark.parametrize("playbook", ["mailops.postfix.cleanup", str(target_hosts.PLAYBOOKS / "audit.yml")])
@pytest.mark.parametrize(("options", "cut"), CUTS)
def test_a_run_that_is_cut_to_pieces_fails(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], cut: str, playbook: str
) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        looked_up(monkeypatch, "all", args=(playbook,), **options)
    assert str(refused.value) == (
        "%s would leave out tasks of this playbook, such as the checks, the report, or all; nothing was touched. Run it without, or "
        "write a play with the role and its entry points." % cut
    )


def test_every_play_of_every_playbook_asks_for_its_hosts() -> None:
    playbooks = sorted(Path(target_hosts.PLAYBOOKS).glob("*.yml"))
    assert len(playbooks) == 14
    for path in playbooks:
        text = path.read_text(encoding="utf-8")
        targeted = len(
            re.findall(
                r"\n  hosts: .*lookup\('mailops.postfix.target_hosts', mailops_hosts \| default\('all'\)\)", text
            )
        )
        # A play that works on files of the controller only contacts no host.
        local = text.count("\n  hosts: localhost\n")
        assert targeted + local == text.count("\n- name: ") > 0
