# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from tests.unit.support.opened import envelope_of
from tests.unit.support.queue_file import QueueFile

_SMTP = [
    b"log_client_name=mx.example.net",
    b"log_client_address=192.0.2.1",
    b"log_message_origin=mx.example.net[192.0.2.1]",
    b"log_helo_name=helo.example.net",
    b"client_name=filter.example.com",
    b"client_address=127.0.0.1",
    b"helo_name=localhost",
]


def with_attributes(*attributes: bytes) -> Envelope:
    return envelope_of(QueueFile(before_sender=[], after_sender=attributes).write())


def test_the_client_from_xforward_comes_before_the_content_filter() -> None:
    envelope = with_attributes(*_SMTP)
    assert envelope.client_name == b"mx.example.net"
    assert envelope.client_address == b"192.0.2.1"
    assert envelope.helo_name == b"helo.example.net"
    assert envelope.sasl_username is None


def test_the_client_itself_without_xforward() -> None:
    envelope = with_attributes(*_SMTP[4:])
    assert envelope.client_name == b"filter.example.com"
    assert envelope.client_address == b"127.0.0.1"
    assert envelope.helo_name == b"localhost"


@pytest.mark.parametrize(
    ("stored", "address"),
    [
        pytest.param(b"IPv6:2001:db8::1", b"2001:db8::1", id="from XFORWARD"),
        pytest.param(b"ipv6:::1", b"::1", id="in any case"),
        pytest.param(b"2001:db8::1", b"2001:db8::1", id="IPv6"),
        pytest.param(b"unknown", b"unknown", id="unknown"),
    ],
)
def test_client_addresses(stored: bytes, address: bytes) -> None:
    assert with_attributes(b"client_address=" + stored).client_address == address


def test_an_attribute_is_found_by_its_whole_name() -> None:
    envelope = with_attributes(b"xsasl_username=a", b"sasl_username_x=b", b"sasl_username=c=d")
    assert envelope.sasl_username == b"c=d"
    assert envelope.attribute(b"absent") is None


@pytest.mark.parametrize(
    ("attributes", "origin"),
    [
        pytest.param(_SMTP, "smtp", id="smtpd"),
        pytest.param([b"client_address=192.0.2.1"], "smtp", id="smtpd of long ago"),
        pytest.param([b"log_message_origin=local"], "local", id="pickup"),
        pytest.param([b"log_message_origin=local", b"trace_flags=0"], "bounce", id="made by Postfix"),
        pytest.param([b"trace_flags=1"], "local", id="sendmail -v"),
        pytest.param([], "local", id="nothing known"),
    ],
)
def test_origin(attributes: list[bytes], origin: str) -> None:
    assert with_attributes(*attributes).origin == origin
