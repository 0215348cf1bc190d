# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suggestions of postfix_queue_facts for queues that Postfix itself filled, against the recorded mixture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fleet.mixture import FORGED_ADDRESS, STOLEN_ACCOUNT, Record

if TYPE_CHECKING:
    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

MESSAGES = 600
STOLEN = {"sasl_username": STOLEN_ACCOUNT}
BACKSCATTER = {"sender": "<>", "recipient": FORGED_ADDRESS}


def listed(controller: Controller, host: Host, suggestion: dict[str, Any]) -> set[str]:
    """Return the queue IDs that a suggestion selects, pasted as it is."""
    found = controller.facts(host.name, match=suggestion["match"], limit=MESSAGES, gather=["messages"])
    return {message["queue_id"] for message in found["messages"]}


def counted(records: list[Record], kind: str) -> int:
    return sum(record.kind == kind for record in records)


def test_a_flood_is_explained(empty_host: Host, controller: Controller) -> None:
    records = empty_host.fill("incident", MESSAGES)
    before = empty_host.spool_files()
    facts = controller.facts(empty_host.name, gather=["counts", "top", "shape", "reasons", "messages", "suggestions"])
    assert len(json.dumps(facts)) < 64 * 1024
    stolen, backscatter, *others = facts["suggestions"]
    assert stolen["match"] == [STOLEN]
    assert stolen["messages"] == counted(records, "stolen-account") + counted(records, "stolen-owner")
    assert backscatter["match"] == [BACKSCATTER]
    assert backscatter["messages"] == counted(records, "backscatter")
    assert stolen["exact"] is backscatter["exact"] is True
    # What the botnet's messages have in common stands in their content alone, and their senders are unrelated.
    assert not [suggestion for suggestion in others if {"body", "header"} & set(suggestion["match"][0])]
    spam = {record.queue_id for record in records if record.is_spam and record.kind != "botnet"}
    botnet = {record.queue_id for record in records if record.kind == "botnet"}
    covered = {queue_id for row in facts["suggestions"] for queue_id in listed(controller, empty_host, row)}
    assert len(covered & spam) >= 0.9 * len(spam)
    assert len(covered & (spam | botnet)) >= 0.98 * len(covered)
    again = controller.facts(empty_host.name, gather=["reasons", "suggestions"])
    assert again["suggestions"] == facts["suggestions"]
    assert empty_host.spool_files() == before


def test_what_a_listing_allows_to_see(host: Host, controller: Controller) -> None:
    records = host.fill("incident", MESSAGES)
    facts = controller.facts(host.name, source="postqueue", gather=["suggestions"])
    (backscatter,) = (row for row in facts["suggestions"] if row["match"] == [BACKSCATTER])
    assert backscatter["messages"] == counted(records, "backscatter")
    assert "postqueue shows no login, client and content" in facts["suggestions_note"]


def test_ordinary_mail_is_left_alone(host: Host, controller: Controller) -> None:
    host.fill("ham", MESSAGES)
    facts = controller.facts(host.name, gather=["reasons", "suggestions"])
    assert facts["suggestions"] == []
    assert facts["suggestions_note"].startswith("Nothing stands out in ")
