# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection import selection as sel
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection

NOW = 1700000000
DAY = 86400

Rules = Sequence[Mapping[str, Any]]


def parse(match: Rules = (), exclude: Rules = (), *, scope: str = "all", now: int = NOW) -> Selection:
    return sel.parse_selection(match=match, exclude=exclude, recipient_scope=scope, now=now)


SOMEBODY = {"sender": "sender@"}
NOBODY = {"sender": "nobody@"}

# --- the selection as data ------------------------------------------------------------------------------------------


def test_frozen_ages_are_absolute_and_all_values_are_lists() -> None:
    selection = sel.parse_selection(
        match=[{"age": ["2d", "-10m"], "sender": "a@b", "size": 5, "header": {"Subject": "x", "To": ("y", "z")}}],
        exclude=[{"queue_id": ("4A0F9AC",)}],
        queues=["hold", "deferred", "hold"],
        recipient_scope="any",
        now=NOW,
    )
    assert selection.frozen() == {
        "match": [
            {
                "age": [{"before": NOW - 2 * DAY}, {"after": NOW - 600}],
                "sender": ["a@b"],
                "size": [5],
                "header": {"Subject": ["x"], "To": ["y", "z"]},
            }
        ],
        "exclude": [{"queue_id": ["4A0F9AC"]}],
        "queues": ["hold", "deferred"],
        "recipient_scope": "any",
    }
    again = sel.parse_selection(**selection.frozen(), now=NOW + DAY)
    assert again == selection
    assert again.digest() == selection.digest()


def test_the_digest_is_of_the_frozen_selection() -> None:
    # sha256sum of its JSON.
    assert parse([SOMEBODY]).digest() == "642b87622af7972d522cdb61203d0be9d688dda7d6a54179580f548e0510a969"
    assert parse([{"age": "1d"}], now=NOW).digest() == parse([{"age": "2d"}], now=NOW + DAY).digest()
    assert len({parse(rules).digest() for rules in ([], [SOMEBODY], [NOBODY], [SOMEBODY, NOBODY])}) == 4


def test_everything() -> None:
    assert parse().everything
    assert not parse([SOMEBODY]).everything
    assert not parse([], [SOMEBODY]).everything


def test_keys_beyond_the_listing() -> None:
    selection = parse(
        [{"sender": "x@", "body": "x"}, {"helo_name": "x"}],
        [{"body": "y", "content": "z", "reason": "r", "origin": "smtp"}],
    )
    assert selection.unlisted_criteria() == ["body", "helo_name", "content", "origin"]
    assert parse([{"queue_id": "4A0F9AC", "age": "1d", "size": 1, "recipient_count": 1}]).unlisted_criteria() == []


def test_keys_beyond_the_listing_within_rules() -> None:
    within = {"any": [{"sender": "x@"}, {"not": {"body": "x"}}], "at_least": {"number": 1, "of": [{"origin": "smtp"}]}}
    assert parse([{"size": 1, "all": [{"age": "1d"}]}], [within]).unlisted_criteria() == ["body", "origin"]
    assert parse([{"all": [{"header": {"Subject": "x"}}, {"header": {"To": "y"}}]}]).unlisted_criteria() == ["header"]
    assert parse([{"not": {"recipient": "x@"}}]).unlisted_criteria() == []


# --- the start of a run ---------------------------------------------------------------------------------------------

_IMPORTED = """
import sys
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
parse_selection(match=%r, now=0)
print(*sorted(name.rpartition(".")[2] for name in sys.modules if "._selection." in name))
"""
_FOR_RULES = ["criteria", "decision", "pattern_forms", "patterns", "rule", "rule_parser"]


@pytest.mark.parametrize(
    ("match", "imported"),
    [
        pytest.param([], [], id="no rule"),
        pytest.param([SOMEBODY], _FOR_RULES, id="a plain rule"),
        pytest.param([{"not": SOMEBODY}], [*_FOR_RULES, "tree"], id="an operator"),
    ],
)
def test_a_run_imports_no_more_than_its_rules_need(match: Rules, imported: list[str]) -> None:
    # Modules are sent as source, and compiled on each run.
    path = os.pathsep.join(sys.path)
    run = subprocess.run(
        [sys.executable, "-c", _IMPORTED % (match,)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert run.stdout.decode().split() == sorted([*imported, "selection"])


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"queues": ["deferred", "spam"]},
            "queues: there is no queue 'spam'; known are maildrop, incoming, active, deferred, hold, corrupt",
            id="queue",
        ),
        pytest.param(
            {"queues": []},
            "queues: name at least one of maildrop, incoming, active, deferred, hold, corrupt",
            id="no queue",
        ),
        pytest.param({"recipient_scope": "some"}, "recipient_scope: 'some' is neither all nor any", id="scope"),
    ],
)
def test_a_selection_that_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        sel.parse_selection(match=[], now=NOW, **options)
    assert str(caught.value) == message
