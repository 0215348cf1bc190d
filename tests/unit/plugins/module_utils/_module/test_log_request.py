# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import TraceRequest
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_request import (
    GATHER,
    OPTIONS,
    SUMS,
    parse_thresholds,
    request_of,
)

DEFAULTS: Mapping[str, Any] = {name: option.get("default") for name, option in OPTIONS.items()}
KNOWN = (
    "known are networks_per_day, foreign_senders, failed_then_successful, bounced_percent, new_network_logins, logins_per_hour, "
    "recipients_per_hour, recipients_per_day"
)


@pytest.mark.parametrize(
    ("options", "gather"),
    [
        pytest.param({}, set(SUMS), id="default"),
        pytest.param({"gather": []}, set(), id="nothing"),
        pytest.param({"gather": ["queue"]}, {"queue"}, id="one"),
        pytest.param({"trace": {"queue_id": "4A0F9AC"}}, {"trace"}, id="trace"),
        pytest.param({"trace": {"queue_id": "4A0F9AC"}, "gather": ["clients"]}, {"clients", "trace"}, id="trace too"),
    ],
)
def test_what_is_gathered(options: dict[str, Any], gather: set[str]) -> None:
    assert set(GATHER) >= gather
    request = request_of({**DEFAULTS, **options})
    assert request.gather == gather
    assert request.needs_sums is not gather.isdisjoint(SUMS)


def test_names_and_times() -> None:
    request = request_of({**DEFAULTS, "sasl_username": [r"a\x0a", "b"], "since": 1700000000, "until": "1700000001"})
    assert request.names == frozenset((b"a\n", b"b"))
    assert (request.since, request.until) == (1700000000, 1700000001)


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        pytest.param({"queue_id": "4A0F9AC", "sender": None}, TraceRequest(queue_id=b"4A0F9AC"), id="queue ID"),
        pytest.param({"message_id": "<1@x>"}, TraceRequest(message_id=b"1@x"), id="Message-ID"),
        pytest.param({"message_id": r"1\xff@x"}, TraceRequest(message_id=b"1\xff@x"), id="escape"),
        pytest.param(
            {"sender": '"a b"@x', "recipient": "root"}, TraceRequest(sender=b"a b@x", recipient=b"root"), id="addresses"
        ),
        pytest.param(
            {"sender": "<>", "recipient": "a@x"}, TraceRequest(sender=b"", recipient=b"a@x"), id="null sender"
        ),
    ],
)
def test_what_is_traced(trace: dict[str, Any], expected: TraceRequest) -> None:
    assert request_of({**DEFAULTS, "trace": trace}).trace == expected


def test_thresholds() -> None:
    assert parse_thresholds({"logins_per_hour": "12", "bounced_percent": None, "foreign_senders": 2.5}) == {
        "logins_per_hour": 12,
        "bounced_percent": None,
        "foreign_senders": 2.5,
    }


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param(
            {"gather": ["trace"]},
            "gather: trace needs the option trace. Give it, such as trace: {queue_id: 4A0F9AC}, or leave trace out",
            id="no trace",
        ),
        pytest.param({"top": -1}, "top: -1 must not be negative", id="top"),
        pytest.param({"limit": -1}, "limit: -1 must not be negative", id="limit"),
        pytest.param(
            {"sasl_username": [""]},
            "sasl_username[0]: the text is empty. Write a name, or leave it out",
            id="empty name",
        ),
        pytest.param(
            {"thresholds": {"logins": 1}},
            "thresholds.logins: there is no such threshold; " + KNOWN,
            id="unknown threshold",
        ),
        pytest.param(
            {"thresholds": {"logins_per_hour": "x"}},
            "thresholds.logins_per_hour: 'x' is not a number of 0 or more. Write one, or null to switch it off; "
            + KNOWN,
            id="text",
        ),
        pytest.param(
            {"thresholds": {"logins_per_hour": -1}},
            "thresholds.logins_per_hour: -1 is not a number of 0 or more. Write one, or null to switch it off; "
            + KNOWN,
            id="negative",
        ),
        pytest.param(
            {"thresholds": {"logins_per_hour": True}},
            "thresholds.logins_per_hour: True is not a number of 0 or more. Write one, or null to switch it off; "
            + KNOWN,
            id="bool",
        ),
        pytest.param(
            {"thresholds": {"logins_per_hour": [1]}},
            "thresholds.logins_per_hour: [1] is not a number of 0 or more. Write one, or null to switch it off; "
            + KNOWN,
            id="list",
        ),
        pytest.param(
            {"thresholds": {"logins_per_hour": "inf"}},
            "thresholds.logins_per_hour: 'inf' is not a number of 0 or more. Write one, or null to switch it off; "
            + KNOWN,
            id="infinite",
        ),
        pytest.param(
            {"trace": {}},
            "trace: it has no key. Give queue_id, or message_id, or sender together with recipient",
            id="no key",
        ),
        pytest.param(
            {"trace": {"sender": "a@x"}},
            "trace: it has sender. Give queue_id, or message_id, or sender together with recipient",
            id="only a sender",
        ),
        pytest.param(
            {"trace": {"queue_id": "4A0F9AC", "x": 1}},
            "trace: it has queue_id, x. Give queue_id, or message_id, or sender together with recipient",
            id="unknown key",
        ),
        pytest.param(
            {"trace": {"queue_id": 12345678}},
            "trace.queue_id: 12345678 is not a value to look for. Write it in full, in quotes",
            id="number",
        ),
        pytest.param(
            {"trace": {"message_id": "<>"}},
            "trace.message_id: '<>' is not a value to look for. Write it in full, in quotes",
            id="empty Message-ID",
        ),
        pytest.param(
            {"trace": {"queue_id": "4A.0F"}},
            "trace.queue_id: '4A.0F' is not a queue ID. Copy it from the log or from mailq",
            id="no queue ID",
        ),
        pytest.param(
            {"trace": {"queue_id": "NOQUEUE"}},
            "trace.queue_id: 'NOQUEUE' is not a queue ID. Copy it from the log or from mailq",
            id="NOQUEUE",
        ),
        pytest.param(
            {"trace": {"queue_id": "4A"}},
            "trace.queue_id: '4A' is not a queue ID. Copy it from the log or from mailq",
            id="short",
        ),
        pytest.param(
            {"trace": {"sender": "example.com", "recipient": "a@x"}},
            "trace.sender: 'example.com' is not an address. Write the whole address, or <> for the null sender",
            id="domain",
        ),
        pytest.param(
            {"match": [{"helo_name": "x"}]},
            "match[0].helo_name: the log cannot be searched for it. Use one of sasl_username, client_address, sender, recipient",
            id="rule",
        ),
        pytest.param(
            {"since": "x"},
            'since: "x" is not a time. Use an age such as "2h" (units: s, m, h, d, w), a time such as "2026-11-26 13:00" or '
            '"2026-11-26T13:00:00Z", or seconds since the epoch.',
            id="time",
        ),
    ],
)
def test_what_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(MailopsError) as caught:
        request_of({**DEFAULTS, **options})
    assert str(caught.value) == problem
