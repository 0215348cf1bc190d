# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A labelled log: what was planned, through a real smtpd, with the planned times."""

from __future__ import annotations

import calendar
from typing import TYPE_CHECKING

from tests.suspects.logs import SINK_RULES, log_of
from tests.suspects.plan import HOUR, Plan, Submission
from tests.suspects.restamp import restamped

if TYPE_CHECKING:
    from tests.fleet.lab import Host, Lab

MIDNIGHT = calendar.timegm((2026, 3, 1, 0, 0, 0))
ANNA, THIEF = "192.0.2.10", "203.0.113.5"
PLAN = Plan(
    [
        Submission(1 * HOUR, "anna", ANNA, "anna@example.com", ["a@dest1.example.org", "b@reject.example.org"]),
        Submission(2 * HOUR, "anna", THIEF, password_is_right=False),
        Submission(3 * HOUR, "anna", THIEF, "x@example.net", ["a@dest1.example.org"]),
        Submission(26 * HOUR, None, ANNA, "y@example.net", ["anna@example.com"]),
    ]
)


def test_what_was_planned_is_logged_at_its_time(host: Host, lab: Lab) -> None:
    lab.sink.mode("accept", rules=SINK_RULES)
    with host.authenticating_by("sasldb") as accounts:
        lines = restamped(log_of(host, accounts, PLAN), PLAN.submissions, midnight=MIDNIGHT)

    def at(hour: str, text: str) -> int:
        return sum(line.startswith(f"{hour}:") and text in line for line in lines)

    assert at("Mar  1 01", f": client=unknown[{ANNA}], sasl_method=PLAIN, sasl_username=anna\n") == 1
    assert at("Mar  1 01", ": from=<anna@example.com>, ") == 1
    assert at("Mar  1 01", "to=<b@reject.example.org>, ") == at("Mar  1 01", ": from=<>, ") == 1
    assert at("Mar  1 02", f"unknown[{THIEF}]: SASL PLAIN authentication failed: ") == 1
    assert at("Mar  1 03", f": client=unknown[{THIEF}], sasl_method=PLAIN, sasl_username=anna\n") == 1
    assert at("Mar  2 02", "postfix/smtpd[") == at("Mar  2 02", f"[{ANNA}]") == 3
    hours = {line[:9] for line in lines}
    assert hours == {"Mar  1 01", "Mar  1 02", "Mar  1 03", "Mar  2 02"}
