# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The suggestions of postfix_queue_facts for queues that Postfix itself filled, against the recorded mixture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fleet.mixture import FORGED_ADDRESS, Record

if TYPE_CHECKING:
    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

MESSAGES = 600
BACKSCATTER = {"sender": "<>", "recipient": FORGED_ADDRESS}


def listed(controller: Controller, host: Host, suggestion: dict[str, Any]) -> set[str]:
    """Return the queue IDs that a suggestion selects, pasted as it is."""
    found = controller.facts(host.name, match=suggestion["match"], limit=MESSAGES, gather=["messages"])
    return {message["queue_id"] for message in found["messages"]}


def row_of(rows: list[dict[str, Any]], rule: dict[str, Any]) -> dict[str, Any]:
    """Return the group or suggestion with that rule."""
    (row,) = (row for row in rows if row["match"] == [rule])
    return row


def counted(records: list[Record], kind: str) -> int:
    return sum(record.kind == kind for record in records)


def test_a_flood_is_explained(empty_host: Host, controller: Controller) -> None:
    records = empty_host.fill("incident", MESSAGES)
    before = empty_host.spool_files()
    facts = controller.facts(empty_host.name, gather=["counts", "top", "shape", "reasons", "messages", "suggestions"])
    assert len(json.dumps(facts)) < 64 * 1024
    shares = [group["share"] for group in facts["groups"]]
    assert shares == sorted(shares, reverse=True)
    # The group has all notices, and the suggestion only those to the forged address.
    assert row_of(facts["groups"], {"sender": "<>"})["messages"] >= counted(records, "backscatter")
    backscatter = row_of(facts["suggestions"], BACKSCATTER)
    assert backscatter["messages"] == counted(records, "backscatter")
    assert backscatter["exact"] is True
    assert backscatter["evidence_for"][0] == "the null sender writes to 1 recipient"
    spam = {record.queue_id for record in records if record.is_spam}
    stolen = {record.queue_id for record in records if record.kind == "stolen-account"}
    covered = {queue_id for row in facts["suggestions"] for queue_id in listed(controller, empty_host, row)}
    assert len(covered & stolen) >= 0.9 * len(stolen)
    assert len(covered & spam) >= 0.95 * len(covered)
    for row in facts["suggestions"]:
        selected = listed(controller, empty_host, row)
        assert abs(len(selected) - row["messages"]) <= 0.05 * MESSAGES
        assert len(selected - spam) <= (row["other"]["at_most"] + 0.05) * len(selected)
    again = controller.facts(empty_host.name, gather=["reasons", "suggestions"], read_ahead=False)
    assert again["suggestions"] == facts["suggestions"]
    assert again["groups"] == facts["groups"]
    assert empty_host.spool_files() == before


def test_what_a_listing_allows_to_see(host: Host, controller: Controller) -> None:
    records = host.fill("incident", MESSAGES)
    facts = controller.facts(host.name, source="postqueue", gather=["suggestions"])
    backscatter = row_of(facts["suggestions"], BACKSCATTER)
    assert backscatter["messages"] == counted(records, "backscatter")
    assert "postqueue shows no login, client and content" in facts["suggestions_note"]


def test_ordinary_mail_is_left_alone(host: Host, controller: Controller) -> None:
    host.fill("ham", MESSAGES)
    facts = controller.facts(host.name, gather=["reasons", "suggestions"])
    assert facts["suggestions"] == []
    assert facts["groups"]
    assert facts["suggestions_note"].startswith("Nothing looks like a flood in ")
