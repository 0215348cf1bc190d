# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every report that a test below this directory makes must fit the published schema of its kind."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.iso_times import with_iso_times
from tests.schemas.kinds import DIRECTORY, KINDS

# Only the environment that checks everything has it.
HAS_VALIDATOR = importlib.util.find_spec("jsonschema") is not None

_PACKAGE = "ansible_collections.mailops.postfix.plugins.plugin_utils._report"
_MAKERS = {
    "audit": ("audit", "audit_report"),
    "plan": ("plan", "plan_report"),
    "cleanup": ("cleanup", "cleanup_report"),
    "quarantine": ("quarantine", "quarantine_report"),
    "quarantines": ("quarantine_list", "quarantine_list"),
    "suspects": ("suspects", "suspects_report"),
    "lockout": ("lockout", "lockout_report"),
    "locks": ("locks", "locks_report"),
    "trace": ("trace", "trace_report"),
    "hold": ("hold", "hold_report"),
    "flush": ("flush", "flush_report"),
}
# Larger reports have more of the same.
_MOST_HOSTS = 100


def _validated(make: Callable[..., dict[str, Any]], kind: str) -> Callable[..., dict[str, Any]]:
    jsonschema = importlib.import_module("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads((DIRECTORY / f"{kind}.json").read_text(encoding="utf-8")))

    @functools.wraps(make)
    def make_and_validate(*arguments: Any, **options: Any) -> dict[str, Any]:
        report = make(*arguments, **options)
        if len(report["hosts"]) <= _MOST_HOSTS:
            validator.validate(json.loads(json.dumps(with_iso_times(report))))
        return report

    return make_and_validate


# Before any test imports a maker. A kind without a file fails in test_schemas.py.
if HAS_VALIDATOR:
    for _kind in KINDS:
        _module = importlib.import_module(f"{_PACKAGE}.{_MAKERS[_kind][0]}")
        setattr(_module, _MAKERS[_kind][1], _validated(getattr(_module, _MAKERS[_kind][1]), _kind))
