# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report import kinds
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import redact_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_json
from tests.schemas.kinds import DIRECTORY, KINDS, schema_of, texts
from tests.unit.support.report_samples import NOW, untrusted_reports

jsonschema = pytest.importorskip("jsonschema")
SETTINGS: dict[str, dict[str, Any]] = {
    "quarantine": {"run": {"name": "spam"}},
    "lockout": {"run": {"since": "1d"}},
    "hold": {"run": {"state": "held"}},
}


def validate(report: dict[str, Any]) -> None:
    """Validate a report as it is kept."""
    jsonschema.Draft202012Validator(schema_of(report["kind"])).validate(json.loads(report_json(report)))


def test_each_kind_of_report_has_a_schema_and_docs_schemas_is_up_to_date() -> None:
    assert set(KINDS) == set(kinds.KINDS)
    # `python -m tests.schemas` writes them.
    assert {path.name: path.read_text(encoding="utf-8") for path in DIRECTORY.iterdir()} == texts()


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_one(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_reports_of_no_host_and_of_hosts_without_an_answer(kind: str) -> None:
    no_hosts: dict[str, Any] = {}
    one_host: dict[str, Any] = {"mx01": {}}
    for results in (no_hosts, one_host):
        validate(kinds.make_report_of(kind, kinds.Basis(results, NOW), SETTINGS.get(kind)))


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_reports_with_text_of_strangers_redacted_or_not(report: dict[str, Any]) -> None:
    validate(report)
    validate(redact_report(report, "a key of a test, long enough"))


def test_reports_on_interrupted_runs_say_when_they_began() -> None:
    for kind in ("cleanup", "quarantine", "lockout"):
        validate({**kinds.make_report_of(kind, kinds.Basis({}, NOW), SETTINGS.get(kind)), "begun": NOW - 60})


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("another key", {"more": 1}),
    ("another kind", {"kind": "plan"}),
    ("a time that is none", {"created": "now"}),
    ("a state that is none", {"hosts": [{"host": "a", "state": "fine", "problem": None}]}),
    ("an over that is none", {"over": [{"host": None, "threshold": "x", "value": 1, "limit": 1, "name": None}]}),
]


@pytest.mark.parametrize("change", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_report_is_refused(change: dict[str, Any]) -> None:
    report = kinds.make_report_of("audit", kinds.Basis({}, NOW))
    with pytest.raises(jsonschema.ValidationError):
        validate({**report, **change})
