# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html import report_html
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_suggestions import (
    Group,
    Suggested,
    groups_shown,
    suggested_rule,
)
from tests.unit.support.audits import STOLEN, one_in_trouble


def test_groups_have_bars_and_words() -> None:
    row = one_in_trouble()["hosts"][1]
    assert groups_shown(row["groups"]) == [
        Group(
            "70%",
            70,
            "4,200 messages",
            '{"sasl_username": "%s"}' % STOLEN,
            ["login %s (100%%, elsewhere 0%%)" % STOLEN, "subject You have won (50.2%, elsewhere 0%)"],
        ),
        Group("10%", 10, "about 600 messages", '{"recipient": "office@example.com"}', []),
    ]
    (unknown, *_others) = groups_shown([{**row["groups"][0], "share": None}])
    assert (unknown.share, unknown.length) == ("-", 0)


def test_a_suggestion_says_how_sure_it_is_in_words() -> None:
    report = one_in_trouble()
    report["inventory"] = ["hosts"]
    likely, possible = (suggested_rule(report, "mx02", rule) for rule in report["hosts"][1]["suggestions"])
    assert likely == Suggested(
        confidence="likely",
        level="trouble",
        text="4,200 messages (70%), selects no other mail",
        reasons=["352 senders of other domains than the login's", "352 senders write the same subject"],
        doubts=[],
        lines=["mailops_match:", '  - sasl_username: "%s"' % STOLEN],
        command=[
            "ansible mx02 -i hosts --become -m mailops.postfix.postfix_message_info \\",
            """  -a '{"match": [{"sasl_username": "%s"}], "limit": 20}'""" % STOLEN,
        ],
    )
    assert (possible.confidence, possible.level, possible.doubts) == (
        "possible",
        "notice",
        ["the notices are of many servers"],
    )
    assert suggested_rule({**report, "redacted": True}, "mx02", report["hosts"][1]["suggestions"][0]).command == []


def test_the_page_has_them_all() -> None:
    page = report_html(one_in_trouble())
    for text in (
        "What the queues of mx02 consist of; groups can overlap",
        "What the queues of the fleet consist of; groups can overlap",
        '<span class="badge trouble">likely</span> 4,200 messages (70%), selects no other mail',
        '<span class="badge notice">possible</span> about 600 messages (10%), selects at most 3.2% other mail',
        "<dt>against</dt><dd>the notices are of many servers</dd>",
        'aria-label="Command that tries rule 2 on mx02"',
        "Look at what a rule selects before you act on it.",
    ):
        assert text in page
