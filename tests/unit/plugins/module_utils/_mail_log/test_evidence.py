# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import evidence
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.evidence import LINES, LoginLines
from tests.unit.support.mail_log import CLOCK, log


def login(number: int, address: str, name: str = "a@example.com") -> str:
    return "%02d smtpd[1]: 4A0F%03d: client=x[%s], sasl_method=PLAIN, sasl_username=%s" % (
        number,
        number,
        address,
        name,
    )


def test_lines_from_different_networks() -> None:
    block = log(
        login(1, "192.0.2.1"),
        login(2, "192.0.2.2"),
        login(3, "198.51.100.1", "a@example.com.evil.example"),
        "04 cleanup[1]: 4A0F004: message-id=<sasl_username=a@example.com>",
        login(5, "203.0.113.1"),
        login(6, "2001:db8::1"),
        login(7, "192.0.0.1"),
    )
    lines = LoginLines([b"a@example.com", b"b@example.com"])
    lines.add_block(block, CLOCK)
    whole = block.splitlines()
    assert lines.lines == {b"a@example.com": [whole[0], whole[4], whole[5]], b"b@example.com": []}
    assert len(lines.lines[b"a@example.com"]) == LINES
    lines.add_block(log(login(8, "192.0.1.1")), CLOCK)
    assert len(lines.lines[b"a@example.com"]) == LINES
    # The other one has none so far.
    assert not lines.is_complete


def test_only_so_many_lines_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "_MAX_TRIES", 2)
    lines = LoginLines([b"a@example.com"])
    lines.add_block(log(login(1, "192.0.2.1"), login(2, "192.0.2.1"), login(3, "203.0.113.1")), CLOCK)
    assert len(lines.lines[b"a@example.com"]) == 1
    assert lines.is_complete
