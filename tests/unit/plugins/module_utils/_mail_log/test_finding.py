# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Removed
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import (
    LONGEST_LINE,
    find_lines,
    needle_hits,
    pattern_hits,
)
from tests.unit.support.mail_log import CLOCK, START, log

BLOCK = log("00 qmgr[1]: 4A0F9AC: removed", "01 qmgr[1]: 4A0F9AD: removed", "02 nonsense[1]: 4A0F9AC 4A0F9AC")


def test_each_line_is_found_once() -> None:
    first, last = find_lines(BLOCK, needle_hits(BLOCK, (b"4A0F9AC", b"4A0F")), CLOCK), BLOCK.rfind(b"2026-11")
    found = list(first)
    assert [item.line.time for item in found] == [START, START + 1, START + 2]
    assert [item.event for item in found] == [Removed(b"4A0F9AC"), Removed(b"4A0F9AD"), None]
    assert [item.offset for item in found] == [0, len(BLOCK[: BLOCK.index(b"\n") + 1]), last]
    assert b"".join(item.raw + b"\n" for item in found) == BLOCK


def test_hits_of_a_pattern_and_of_needles() -> None:
    assert list(pattern_hits(BLOCK, re.compile(b"4A0F9AC"))) == needle_hits(BLOCK, (b"4A0F9AC",))
    assert needle_hits(b"abab", (b"b", b"a")) == [0, 1, 2, 3]


def test_a_line_that_is_too_long_or_no_line_of_syslog_is_left_out() -> None:
    block = b"4A0F9AC\n" + b"4A0F9AC" * (LONGEST_LINE // 7) + b"xxxxxxxx\n"
    assert not list(find_lines(block, needle_hits(block, (b"4A0F9AC",)), CLOCK))


def test_a_last_line_without_an_end() -> None:
    block = BLOCK.rstrip(b"\n")
    assert len(list(find_lines(block, needle_hits(block, (b"4A0F9AC",)), CLOCK))) == 2
