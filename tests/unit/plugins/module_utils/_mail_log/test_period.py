# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.period import parse_period

NOW = 1795698894.5


def test_a_period_has_two_ends() -> None:
    assert parse_period("2h", None, now=NOW) == (NOW - 7200, None)
    assert parse_period("2h", "1h", now=NOW) == (NOW - 7200, NOW - 3600)
    assert parse_period(None, "", now=NOW) == (None, None)
    assert parse_period(None, "2030-01-01T00:00Z", now=NOW) == (None, 1893456000)


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [
        ("1h", "2h", 'since: "1h" is later than until: "2h". Exchange them, or correct one.'),
        (None, "2026-02-30", 'until: "2026-02-30" is not in the calendar. Correct the date or the time.'),
        ("2027-01-01", None, 'since: "2027-01-01" is in the future, so there are no lines yet. Use an earlier time.'),
    ],
)
def test_a_period_that_is_refused(since: str | None, until: str | None, problem: str) -> None:
    with pytest.raises(LogError) as caught:
        parse_period(since, until, now=NOW)
    assert str(caught.value) == problem
