# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A log with planned times: each line keeps its text, and gets the time of its connection or message."""

from __future__ import annotations

import calendar

import pytest

from tests.suspects.plan import Submission
from tests.suspects.restamp import UnknownConnection, restamped

MIDNIGHT = calendar.timegm((2026, 3, 1, 0, 0, 0))
HOUR = 3600
FIRST = Submission(1 * HOUR, "anna@example.com", "203.0.113.5", "anna@example.com", ["you@example.org"])
SECOND = Submission(30 * HOUR, "anna@example.com", "203.0.113.5", "anna@example.com", ["you@example.org"])
OTHER = Submission(2 * HOUR, "ben@example.com", "203.0.113.6", password_is_right=False)

# Two connections at a time, the second one to the same process as a third; a queue ID that is used twice; a notice.
LOG = """\
Nov 26 13:00:00 mx01 postfix/master[1]: daemon started -- version 3.7.11, configuration /etc/postfix
Nov 26 13:00:00 mx01 postfix/submission/smtpd[7]: connect from unknown[203.0.113.5]
Nov 26 13:00:00 mx01 postfix/submission/smtpd[8]: connect from unknown[203.0.113.6]
Nov 26 13:00:00 mx01 postfix/submission/smtpd[7]: ABCDEF1: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=anna@example.com
Nov 26 13:00:01 mx01 postfix/submission/smtpd[8]: warning: unknown[203.0.113.6]: SASL PLAIN authentication failed: x
Nov 26 13:00:01 mx01 postfix/submission/smtpd[7]: disconnect from unknown[203.0.113.5] ehlo=1
Nov 26 13:00:02 mx01 postfix/qmgr[9]: ABCDEF1: from=<anna@example.com>, size=1, nrcpt=1 (queue active)
Nov 26 13:00:02 mx01 postfix/bounce[6]: ABCDEF1: sender non-delivery notification: ABCDEF2
Nov 26 13:00:03 mx01 postfix/qmgr[9]: ABCDEF2: removed
Nov 26 13:01:30 mx01 postfix/qmgr[9]: ABCDEF1: removed
Nov 26 13:01:31 mx01 postfix/submission/smtpd[8]: connect from unknown[203.0.113.5]
Nov 26 13:01:31 mx01 postfix/submission/smtpd[8]: ABCDEF1: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=anna@example.com
Nov 26 13:01:31 mx01 postfix/qmgr[9]: ABCDEF1: from=<anna@example.com>, size=2, nrcpt=1 (queue active)
""".splitlines(keepends=True)

RESTAMPED = """\
Mar  1 01:00:00 mx01 postfix/submission/smtpd[7]: connect from unknown[203.0.113.5]
Mar  1 01:00:00 mx01 postfix/submission/smtpd[7]: ABCDEF1: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=anna@example.com
Mar  1 01:00:01 mx01 postfix/submission/smtpd[7]: disconnect from unknown[203.0.113.5] ehlo=1
Mar  1 01:00:02 mx01 postfix/qmgr[9]: ABCDEF1: from=<anna@example.com>, size=1, nrcpt=1 (queue active)
Mar  1 01:00:02 mx01 postfix/bounce[6]: ABCDEF1: sender non-delivery notification: ABCDEF2
Mar  1 01:00:03 mx01 postfix/qmgr[9]: ABCDEF2: removed
Mar  1 01:00:05 mx01 postfix/qmgr[9]: ABCDEF1: removed
Mar  1 02:00:00 mx01 postfix/submission/smtpd[8]: connect from unknown[203.0.113.6]
Mar  1 02:00:01 mx01 postfix/submission/smtpd[8]: warning: unknown[203.0.113.6]: SASL PLAIN authentication failed: x
Mar  2 06:00:00 mx01 postfix/submission/smtpd[8]: connect from unknown[203.0.113.5]
Mar  2 06:00:00 mx01 postfix/submission/smtpd[8]: ABCDEF1: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=anna@example.com
Mar  2 06:00:00 mx01 postfix/qmgr[9]: ABCDEF1: from=<anna@example.com>, size=2, nrcpt=1 (queue active)
""".splitlines(keepends=True)


def test_a_line_about_a_notice_may_come_before_its_name() -> None:
    name = next(number for number, line in enumerate(LOG) if "notification" in line)
    swapped = [*LOG[:name], LOG[name + 1], LOG[name], *LOG[name + 2 :]]
    assert restamped(swapped, [FIRST, OTHER, SECOND], midnight=MIDNIGHT) == RESTAMPED


def test_each_line_gets_the_time_of_its_connection_or_message() -> None:
    assert restamped(LOG, [FIRST, OTHER, SECOND], midnight=MIDNIGHT) == RESTAMPED


@pytest.mark.parametrize(
    ("lines", "submissions", "message"),
    [
        pytest.param(
            LOG, [FIRST, SECOND], "the log has a connection from 203.0.113.6 that nobody planned", id="unplanned"
        ),
        pytest.param(LOG[:3], [FIRST, OTHER, SECOND], "1 planned connections are not in the log", id="missing"),
        pytest.param(["hello\n"], [], r"not a line of a log: 'hello\\n'", id="no log"),
    ],
)
def test_a_log_of_something_else_is_refused(lines: list[str], submissions: list[Submission], message: str) -> None:
    with pytest.raises(UnknownConnection, match="^%s$" % message):
        restamped(lines, submissions, midnight=MIDNIGHT)
