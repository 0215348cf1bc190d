# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.connections import (
    connected_address,
    disconnected_address,
)


@pytest.mark.parametrize(
    ("text", "connected", "disconnected"),
    [
        pytest.param(b"connect from mail.example[192.0.2.7]", b"192.0.2.7", None, id="connect"),
        pytest.param(b"connect from unknown[2001:db8::1]:2525", b"2001:db8::1", None, id="with the port"),
        pytest.param(b"connect from unknown[unknown]", b"unknown", None, id="a client that left at once"),
        pytest.param(b"disconnect from x[192.0.2.7] ehlo=1 quit=1 commands=2", None, b"192.0.2.7", id="disconnect"),
        pytest.param(b"disconnect from x[192.0.2.7]", None, b"192.0.2.7", id="disconnect before Postfix 3.0"),
        pytest.param(b"lost connection after RCPT from x[192.0.2.7]", None, None, id="another line"),
        pytest.param(b"warning: connect from x[192.0.2.7]", None, None, id="not at the beginning"),
        pytest.param(b"connect from x[192.0.2.7] and more", None, None, id="more text"),
    ],
)
def test_who_comes_and_leaves(text: bytes, connected: bytes | None, disconnected: bytes | None) -> None:
    assert connected_address(text) == connected
    assert disconnected_address(text) == disconnected
