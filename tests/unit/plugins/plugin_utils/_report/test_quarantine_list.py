# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_list import quarantine_list
from tests.unit.support.results import NOW, UNREACHABLE, by_host


def test_list_of_quarantines_names_every_host() -> None:
    found: dict[str, Any] = {"a": {"quarantines": [{"name": "spam"}]}, "b": {"quarantines": []}, "c": UNREACHABLE}
    report = quarantine_list(by_host("listing", found), created=NOW)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("a", "ok"),
        ("b", "no_quarantine"),
        ("c", "unreachable"),
    ]
    assert report["problems"] == {"c": "no route to host"}
