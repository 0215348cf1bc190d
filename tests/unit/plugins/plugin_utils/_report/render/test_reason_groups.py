# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.reason_groups import (
    ReasonGroup,
    common_text,
    group_reasons,
)

REASONS = [
    (
        "an answer",
        "host mx.example.org[192.0.2.1] said: 450 4.2.0 <a@example.com>: Greylisted (in reply to RCPT TO command)",
        "450 4.2.0 <address>: Greylisted (in reply to RCPT TO command)",
    ),
    (
        "no connection",
        "connect to mx.example.org[2001:db8::1]:25: Connection refused",
        "connect to [server]: Connection refused",
    ),
    (
        "no name",
        "Host or domain name not found. Name service error for name=example.invalid type=MX: Host not found, try again",
        "Host or domain name not found. Name service error for name=[name] type=MX: Host not found, try again",
    ),
    ("several lines", "a\nb", "a b"),
    ("long", "x" * 600, "x" * 512),
]


@pytest.mark.parametrize(("reason", "text"), [row[1:] for row in REASONS], ids=[row[0] for row in REASONS])
def test_common_text(reason: str, text: str) -> None:
    assert common_text(reason) == text


def test_group_reasons() -> None:
    refused = "connect to mx%d.example.org[192.0.2.%d]:25: Connection refused"
    tops = [
        [{"value": refused % (1, 1), "messages": 5}, {"value": refused % (2, 2), "messages": 3}],
        [{"value": refused % (1, 1), "messages": 2}, {"value": "mailbox full", "messages": 4}],
        [],
    ]
    assert group_reasons(tops) == [
        ReasonGroup("connect to [server]: Connection refused", messages=10, hosts=2, variants=2),
        ReasonGroup("mailbox full", messages=4, hosts=1, variants=1),
    ]
