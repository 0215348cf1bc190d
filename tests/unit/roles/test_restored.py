# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With the rules of all roles, everything but the bad mail is restored from a quarantine."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from tests.unit.support.subject import MadeUpMessage, make_envelope

ROLE = Path(__file__).resolve().parents[3] / "roles" / "spool_quarantine"
NOW = 1_800_000_000
NAMES = ("spool_quarantine_restore_match", "spool_quarantine_restore_recipient_scope")


def defaults_with(**given: Any) -> dict[str, Any]:
    """Return what is restored by default, with these variables of the operator."""
    known = dict(given)
    environment = NativeEnvironment()
    environment.filters["bool"] = bool
    templates = {
        **yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8")),
        **yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8")),
    }
    for name in ("__spool_quarantine_good", *NAMES):
        known.setdefault(name, environment.from_string(templates[name]).render(known))
    return {name: known[name] for name in NAMES}


RULES: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([{"sender": "bad.example"}], []),
    ([{"recipient": "bad.example"}], []),
    ([{"recipient": "bad.example"}, {"sender": "bad.example"}], [{"recipient": "own.example"}]),
    ([{"recipient": "bad.example", "sender": "bad.example"}], [{"sender": "boss@bad.example"}]),
    ([{"not": {"recipient": "own.example"}}], [{"recipient": "other.example"}]),
]
SENDERS = (b"a@bad.example", b"boss@bad.example", b"a@own.example", b"")
RECIPIENTS = (b"a@bad.example", b"a@own.example", b"a@other.example")


@pytest.mark.parametrize(("match", "exclude"), RULES)
def test_everything_but_the_bad_mail_is_restored(match: list[dict[str, Any]], exclude: list[dict[str, Any]]) -> None:
    restored = defaults_with(mailops_match=match, mailops_exclude=exclude)
    cleanup = parse_selection(match=match, exclude=exclude, now=NOW)
    # Bad is also what several rules select together, each for some of the recipients.
    bad = parse_selection(match=[{"any": match}], exclude=exclude, now=NOW)
    good = parse_selection(
        match=restored["spool_quarantine_restore_match"],
        recipient_scope=restored["spool_quarantine_restore_recipient_scope"],
        now=NOW,
    )
    for sender, count in itertools.product(SENDERS, range(1, 4)):
        for recipients in itertools.combinations(RECIPIENTS, count):
            message = MadeUpMessage(make_envelope(sender=sender, pending=recipients))
            is_restored = good.decide(message) is Verdict.YES
            assert is_restored == (bad.decide(message) is not Verdict.YES)
            assert not (is_restored and cleanup.decide(message) is Verdict.YES)


@pytest.mark.parametrize(
    ("given", "match", "scope"),
    [
        ({}, [], "all"),
        ({"mailops_match": []}, [], "all"),
        ({"mailops_exclude": [{"sender": "x"}]}, [], "all"),
        ({"mailops_match": [{"sender": "x"}], "spool_quarantine_restore_match_all": True}, [], "all"),
        (
            {"mailops_match": [{"sender": "x"}], "spool_quarantine_restore_match": [{"sender": "y"}]},
            [{"sender": "y"}],
            "all",
        ),
        ({"mailops_match": [{"sender": "x"}]}, [{"not": {"any": [{"sender": "x"}]}}], "any"),
    ],
)
def test_a_variable_of_the_role_has_priority(given: dict[str, Any], match: list[dict[str, Any]], scope: str) -> None:
    assert list(defaults_with(**given).values()) == [match, scope]
