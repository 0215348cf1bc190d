# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import (
    Reading,
    select_time,
    whole_lines,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.journal import line_of_entry
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import log_source
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import LogFile
from tests.unit.support.log_lines import NOW, log_line

contents = st.lists(st.sampled_from([b"", b"x", b"\r", b"y" * 90, b"\0"])).map(b"\n".join)
# Lines in order but for a minute, and some without a time.
offsets = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 59)), max_size=200).map(
    lambda pairs: [second + disorder for second, disorder in sorted(pairs)]
)
limits = st.none() | st.integers(-100, 2200).map(lambda second: NOW + second)
values = st.recursive(
    st.none() | st.integers(-5, 300) | st.text(max_size=20) | st.sampled_from(["a\nb", "Nov 26 13:14:54 mx01 x: y"]),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=8,
)
keys = st.sampled_from(["MESSAGE", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "_COMM", "_PID", "_HOSTNAME"])


@given(contents, st.lists(st.integers(1, 50)))
def test_whole_lines_are_the_text_up_to_its_last_end(text: bytes, sizes: list[int]) -> None:
    chunks, start = [], 0
    for size in [*sizes, len(text)]:
        chunks.append(text[start : start + size])
        start += size
    reading = Reading()
    found = list(whole_lines(chunks, reading, limit=64))
    lines = text.split(b"\n")[:-1]
    assert b"".join(found) == b"".join(line[:64] + b"\n" for line in lines)
    assert reading.cut_lines == sum(len(line) > 64 for line in lines)


@given(offsets, limits, limits, st.integers(1, 50))
def test_lines_of_a_time_are_those_that_a_look_at_each_line_finds(
    seconds: list[int], since: int | None, until: int | None, size: int
) -> None:
    lines = [log_line(NOW + second) for second in seconds]
    parts = [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]
    found = b"".join(select_time(parts, Clock(NOW), Reading(), since=since, until=until))
    times = [NOW + second for second in seconds]
    wanted = [time for time in times if (since is None or time >= since) and (until is None or time <= until)]
    assert found == b"".join(map(log_line, wanted))


@given(offsets, limits, limits, st.booleans(), st.sampled_from([b"", b"no time\n", b"z" * 3000 + b"\n"]))
def test_a_search_in_a_file_misses_and_adds_no_line(
    seconds: list[int], since: int | None, until: int | None, compressed: bool, other: bytes
) -> None:
    text = b"".join(log_line(NOW + second) + other for second in seconds)
    times = [NOW + second for second in seconds]
    wanted = [time for time in times if (since is None or time >= since) and (until is None or time <= until)]
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        # Small parts, so that there is something to search for.
        for name, size in (("_SEARCHED_BYTES", 200), ("_WINDOW_BYTES", 500), ("BLOCK_BYTES", 700)):
            patch.setattr(log_source, name, size)
        path = Path(directory, "mail.log")
        path.write_bytes(gzip.compress(text) if compressed else text)
        os.utime(path, (NOW + 3000, NOW + 3000))
        source = LogFile(str(path))
        found = b"".join(source.blocks(since, until))
        source.close()
    assert found == b"".join(log_line(time) + other for time in wanted)
    assert source.reading.lines == found.count(b"\n")


@given(st.dictionaries(keys, values), st.integers(0, 2**62))
def test_any_entry_of_a_journal_is_at_most_one_printable_line(fields: dict[str, object], time: int) -> None:
    line = line_of_entry(json.dumps({"__REALTIME_TIMESTAMP": str(time), **fields}).encode())
    if line is not None:
        assert not any(byte < 32 or byte == 127 for byte in line)
        stamp, _host, program, *_text = line.split(b" ", 3)
        assert Clock(0).seconds(stamp) == time // 1000000
        assert program.endswith(b":")
    assert (line is None) == (time >= 10**17)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_none(data: bytes) -> None:
    assert line_of_entry(data) is None


@given(st.binary(max_size=300), st.integers(1, 100))
def test_damage_is_never_an_error(data: bytes, size: int) -> None:
    compressed = gzip.compress(log_line(NOW) * 50)
    with tempfile.TemporaryDirectory() as directory:
        for number, content in enumerate((compressed[:size] + data, data, b"BZh9" + data, b"\xfd7zXZ\0" + data)):
            path = Path(directory, str(number))
            path.write_bytes(content)
            source = LogFile(str(path))
            assert all(block.endswith(b"\n") for block in source.blocks(None, None))
            assert bool(source.warnings) == source.reading.truncated
            source.close()
