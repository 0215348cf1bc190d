# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import blocks
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import (
    BLOCK_BYTES,
    MAX_LINE_BYTES,
    Reading,
    middle_time,
    select_time,
    time_of_line,
    whole_lines,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from tests.unit.support.log_lines import NOW, log_line, log_lines

CLOCK = Clock(NOW)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        (b"2026-11-26T13:14:54.123456+00:00 mx01 x: y", NOW),
        (b"2026-11-26T13:14:54Z", NOW),
        (b"not a time", None),
        (b"    at line 5", None),
        (b"\tindented", None),
        (b"", None),
        (b"\0" * 100, None),
    ],
)
def test_a_line_has_a_time_or_none(line: bytes, time: int | None) -> None:
    assert time_of_line(line, CLOCK) == time


def test_a_line_may_have_a_traditional_stamp() -> None:
    assert time_of_line(b"Nov 26 13:14:54 mx01 postfix/smtpd[1]: x", CLOCK) == CLOCK.seconds(b"Nov 26 13:14:54")


# --- whole lines ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([b"", b"one\n"], [b"one\n"], id="an empty chunk"),
        pytest.param([b"one\ntwo\nth", b"ree\n"], [b"one\ntwo\n", b"three\n"], id="a line in two chunks"),
        pytest.param([b"o", b"n", b"e\n\n"], [b"one\n\n"], id="a line in three chunks"),
        pytest.param([b"one\nrest"], [b"one\n"], id="no end"),
        pytest.param([b"rest", b"\n"], [b"rest\n"], id="the end alone"),
        pytest.param([b"\r\n\x0b\n\x85"], [b"\r\n\x0b\n"], id="only newlines end a line"),
    ],
)
def test_blocks_are_whole_lines(chunks: list[bytes], found: list[bytes]) -> None:
    reading = Reading()
    assert list(whole_lines(chunks, reading)) == found
    assert reading.cut_lines == 0


@pytest.mark.parametrize("size", [500, 1000, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, BLOCK_BYTES])
@pytest.mark.parametrize("length", [MAX_LINE_BYTES - 1, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES])
def test_long_lines_are_cut_and_counted(size: int, length: int) -> None:
    text = b"one\n" + b"x" * length + b"\ntwo\n"
    reading = Reading()
    chunks = (text[start : start + size] for start in range(0, len(text), size))
    assert b"".join(whole_lines(chunks, reading)) == b"one\n" + b"x" * min(length, MAX_LINE_BYTES) + b"\ntwo\n"
    assert reading.cut_lines == (length > MAX_LINE_BYTES)


# --- the time -------------------------------------------------------------------------------------------------------


def select(found: list[bytes], since: float | None, until: float | None) -> tuple[bytes, Reading]:
    reading = Reading()
    return b"".join(select_time(found, CLOCK, reading, since=since, until=until)), reading


def blocks_of(lines: list[bytes], size: int) -> list[bytes]:
    return [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize(
    ("since", "until"),
    [(None, None), (-500, None), (None, -500), (-700, -300), (-400, -400), (-5000, None), (None, -5000), (10, 20)],
)
def test_the_lines_of_a_time_are_selected(size: int, since: int | None, until: int | None) -> None:
    times = range(NOW - 1000, NOW)
    start, end = (None if limit is None else NOW + limit for limit in (since, until))
    wanted = [time for time in times if (start is None or time >= start) and (end is None or time <= end)]
    found, reading = select(blocks_of(log_lines(times), size), start, end)
    assert found == b"".join(log_lines(wanted))
    ends = (wanted[0], wanted[-1]) if wanted else (None, None)
    assert (reading.lines, reading.first, reading.last) == (len(wanted), *ends)


def test_lines_in_some_disorder_are_selected_by_their_own_time() -> None:
    times = [NOW - 1000 + second + (90 if second % 2 else 0) for second in range(1000)]
    found, _counts = select(blocks_of(log_lines(times), 10), NOW - 600, NOW - 400)
    assert found == b"".join(log_lines([time for time in times if NOW - 600 <= time <= NOW - 400]))


def test_a_line_without_a_time_belongs_to_the_line_before_it() -> None:
    early, late = log_line(NOW - 100), log_line(NOW)
    found, reading = select([b"first\n" + early + b"second\n" + late + b"third\n", b"fourth\n"], NOW - 50, None)
    assert found == late + b"third\nfourth\n"
    assert (reading.lines, reading.first, reading.last) == (3, NOW, NOW)
    assert select([b"first\n" + early + b"second\n" + late], None, NOW - 50)[0] == b"first\n" + early + b"second\n"
    assert select([b"first\n"], None, None) == (b"first\n", Reading(lines=1))
    assert select([b"first\n"], NOW, None) == (b"", Reading())


def test_one_line_of_a_wrong_clock_ends_nothing() -> None:
    wrong = [log_line(NOW + 9999), log_line(5)]
    for size in (1, 3, 1000):
        lines = [*log_lines(range(NOW - 100, NOW - 50)), *wrong, *log_lines(range(NOW - 50, NOW))]
        found, _counts = select(blocks_of(lines, size), NOW - 80, NOW - 20)
        assert found == b"".join(log_lines(range(NOW - 80, NOW - 19)))


def test_the_time_is_not_looked_for_in_many_lines_without_one() -> None:
    others = b"no time\n" * 50
    block = others + log_line(NOW) + others
    assert select([block], NOW - 50, None)[0] == b""
    assert select([block], None, NOW + 50) == (block, Reading(lines=101))


def test_nothing_is_read_after_the_time() -> None:
    read = []

    def blocks_read() -> object:
        for number in range(100):
            read.append(number)
            yield log_line(NOW + 60 * number)

    reading = Reading()
    assert list(select_time(blocks_read(), CLOCK, reading, since=None, until=NOW + 60))  # type: ignore[arg-type]
    assert (reading.lines, len(read)) == (2, 6)


def test_the_lines_of_a_block_in_the_middle_are_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    # A line that is far from its place is seen only near a limit.
    rogue = log_line(NOW - 5000)
    lines = [*log_lines(range(NOW - 1000, NOW - 501)), rogue, *log_lines(range(NOW - 500, NOW))]
    monkeypatch.setattr(blocks, "SLACK_SECONDS", 100)
    assert select([b"".join(lines)], NOW - 2000, None)[0] == b"".join(lines)


# --- the search -----------------------------------------------------------------------------------------------------


def test_the_time_in_the_middle_is_that_of_the_next_lines() -> None:
    lines = log_lines([NOW, NOW + 1, 5, NOW + 2, NOW + 3, NOW + 4])
    assert middle_time(b"rest\n" + b"".join(lines), CLOCK) == (5, NOW + 1)
    assert middle_time(b"rest\nno time\n" + lines[0], CLOCK) == (5, NOW)
    assert middle_time(b"\n" + lines[0] + lines[1][:20], CLOCK) == (1, NOW)


@pytest.mark.parametrize("window", [b"", b"rest", b"rest\n", b"rest\n" + log_line(NOW)[:-1], b"\n" * 50])
def test_there_may_be_no_time_in_the_middle(window: bytes) -> None:
    assert middle_time(window, CLOCK) is None
