# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.iso_times import with_iso_times


def test_each_time_of_a_report_has_its_form_in_iso_8601_beside_it() -> None:
    report = {"created": 60, "hosts": [{"facts": {"total": {"oldest": None}, "queues": {"hold": {"oldest": 3600}}}}]}
    assert with_iso_times(report) == {
        "created": 60,
        "created_iso": "1970-01-01T00:01:00Z",
        "hosts": [
            {
                "facts": {
                    "total": {"oldest": None},
                    "queues": {"hold": {"oldest": 3600, "oldest_iso": "1970-01-01T01:00:00Z"}},
                }
            }
        ],
    }


# Values that are no times.
NO_TIMES: list[dict[str, Any]] = [
    {"since": "1d"},
    {"time": True},
    {"expires": -1},
    {"expires": 1e30},
    {"messages": 5},
]


@pytest.mark.parametrize("value", NO_TIMES)
def test_what_is_no_time_stays_alone(value: dict[str, Any]) -> None:
    assert with_iso_times(value) == value


def test_what_is_there_already_stays() -> None:
    assert with_iso_times({"time": 0, "time_iso": "theirs"}) == {"time": 0, "time_iso": "theirs"}
