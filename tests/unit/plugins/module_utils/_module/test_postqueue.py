# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    PrivilegeError,
    UnlistedCriterionError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._postqueue import UNKNOWN, read_listing
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import ScanCounts
from tests.unit.support.runner import FakeRunner, said

NOW = 1700000000
JSON = json.dumps(
    {
        "queue_name": "deferred",
        "queue_id": "4A0F9AC",
        "arrival_time": NOW - 7200,
        "message_size": 3000,
        "forced_expire": False,
        "sender": "MAILER-DAEMON",
        "recipients": [{"address": "victim@example.org", "delay_reason": "mailbox full"}],
    }
)
# Postfix before 3.1 has no option -j.
LISTING = """-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------
4A0F9AC     3000 Tue Nov 14 22:13:20  MAILER-DAEMON
                                         victim@example.org

-- 3 Kbytes in 1 Request.
"""


def listed(text: str, *, version: str = "3.7.11", status: int = 0, err: str = "", **rule: Any) -> tuple[Any, Any]:
    parameters = {"config_directory": "/etc/postfix", "queue_directory": "/nowhere", "mail_version": version}
    runner = FakeRunner({"postqueue": said(text, status=status, err=err)})
    instance = Instance("/usr/sbin", parameters, runner)
    selection = parse_selection(match=[rule] if rule else [], now=NOW)
    seen: list[tuple[str, int, bytes | None]] = []
    counts = read_listing(
        instance,
        selection,
        lambda message, seen: seen.append((message.queue_id, message.envelope.size, message.envelope.sender)),
        seen,
        now=NOW,
    )
    assert runner.ran == [(["/usr/sbin/postqueue", "-c", "/etc/postfix", "-j" if version > "3" else "-p"], "")]
    return counts, seen


@pytest.mark.parametrize(("text", "version"), [(JSON + "\n", "3.7.11"), (LISTING, "2.10.1")])
def test_each_message_is_visited(text: str, version: str) -> None:
    assert listed(text, version=version) == (ScanCounts(files=1), [("4A0F9AC", 3000, b"")])


def test_what_cannot_be_parsed_is_counted() -> None:
    assert listed("garbage\n" + JSON + "\n")[0] == ScanCounts(files=1, unparsed=1)


def test_a_rule_that_needs_more_than_postqueue_shows_is_refused() -> None:
    assert "content" in UNKNOWN
    with pytest.raises(UnlistedCriterionError):
        listed(JSON, content="pills")


@pytest.mark.parametrize(
    ("status", "error"), [(69, InstanceError), (77, PrivilegeError), (70, CommandError), (1, CommandError)]
)
def test_a_failure_of_postqueue_is_explained(status: int, error: type[MailopsError]) -> None:
    with pytest.raises(error):
        listed("", status=status, err="postqueue: fatal: no")
