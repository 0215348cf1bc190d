# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_list import quarantine_list
from tests.unit.support.report_samples import NOW, listed_quarantine
from tests.unit.support.results import by_host
from tests.unit.support.tables import wide_text


def test_list_of_quarantines() -> None:
    found: dict[str, Any] = {"mx01": {"quarantines": [listed_quarantine("ticket 4711")]}, "mx02": {"quarantines": []}}
    assert wide_text(quarantine_list(by_host("listing", found), created=NOW)) == [
        "Quarantines, 2026-11-20 12:00:00 UTC",
        "1 quarantines on 1 of 2 hosts.",
        "",
        ("host  quarantine  filled  messages     size  oldest  restored  deleted  collisions  unfinished  by   reason"),
        "mx01  spam         2h 0m        32  3.1 KiB   3h 0m         8        0           1  -           ops  ticket 4711",
    ]
