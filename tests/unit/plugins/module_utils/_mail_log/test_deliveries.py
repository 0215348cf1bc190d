# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.deliveries import (
    is_loopback,
    next_queue_id,
    original_recipient,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Delivery


@pytest.mark.parametrize(
    ("text", "original"),
    [
        pytest.param(b"4A0F9AC: to=<a@example.org>, orig_to=<b@example.org>, relay=x", b"b@example.org", id="alias"),
        pytest.param(b"4A0F9AC: to=<a@example.org>, relay=x", None, id="none"),
        pytest.param(b'4A0F9AC: to=<"a>, orig_to=<b>, "@example.org>, relay=x', None, id="within a quoted address"),
        pytest.param(b'4A0F9AC: to=<a@x>, orig_to=<"b \\" c"@x>, relay=x', b'"b \\" c"@x', id="quoted"),
    ],
)
def test_original_recipient(text: bytes, original: bytes | None) -> None:
    assert original_recipient(text) == original


@pytest.mark.parametrize(
    ("relay", "status", "reason", "queue_id"),
    [
        pytest.param(b"127.0.0.1[127.0.0.1]:10026", b"sent", b"250 2.0.0 Ok: queued as 4B0F9AC", b"4B0F9AC", id="smtpd"),
        pytest.param(b"localhost[::1]:10024", b"sent", b"250 2.0.0 from MTA(smtp:[::1]:10025): 250 2.0.0 Ok: queued as 4B0F9AC", b"4B0F9AC", id="amavisd"),
        pytest.param(b"mx01[/run/filter]", b"sent", b"250 2.0.0 Ok: queued as 4B0F9AC", b"4B0F9AC", id="local socket"),
        pytest.param(b"mx.example.org[192.0.2.1]:25", b"sent", b"250 2.0.0 Ok: queued as 4B0F9AC", None, id="another host"),
        pytest.param(b"127.0.0.1.example.org[192.0.2.1]:25", b"sent", b"250 2.0.0 Ok: queued as 4B0F9AC", None, id="a name"),
        pytest.param(b"local", b"sent", b"250 2.0.0 Ok: queued as 4B0F9AC", None, id="no address"),
        pytest.param(b"127.0.0.1[127.0.0.1]:10026", b"deferred", b"250 2.0.0 Ok: queued as 4B0F9AC", None, id="not sent"),
        pytest.param(b"127.0.0.1[127.0.0.1]:10026", b"sent", b"250 queued as 4B0F9AC, or not", None, id="not at the end"),
        pytest.param(b"127.0.0.1[127.0.0.1]:10026", b"sent", b"250 2.0.0 Ok", None, id="no queue ID"),
    ],
)  # fmt: skip
def test_next_queue_id(relay: bytes, status: bytes, reason: bytes, queue_id: bytes | None) -> None:
    assert next_queue_id(Delivery(b"4A0F9AC", b"a@example.org", relay, status, reason)) == queue_id


@pytest.mark.parametrize(
    ("address", "expected"),
    [(b"127.0.0.1", True), (b"::1", True), (b"192.0.2.1", False), (b"unknown", False), (None, False)],
)
def test_is_loopback(address: bytes | None, expected: bool) -> None:
    assert is_loopback(address) is expected
