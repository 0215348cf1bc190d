# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import itertools
import os
import shutil
import time
import tracemalloc
from pathlib import Path
from typing import Iterable, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import BLOCK_BYTES, MAX_LINE_BYTES
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import LogFile, LogSource
from tests.unit.support.log_lines import NOW, log_line, log_lines


def write(path: Path, data: bytes, *, changed: float = NOW) -> Path:
    path.write_bytes(data)
    os.utime(path, (changed, changed))
    return path


def read(path: Path, since: float | None = None, until: float | None = None) -> tuple[bytes, LogFile]:
    source = LogFile(str(path))
    data = b"".join(source.blocks(since, until))
    # Each call reads the source again.
    assert b"".join(source.blocks(since, until)) == data
    source.close()
    return data, source


def pread_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return what will be read of files, in bytes."""
    sizes = []
    real = os.pread

    def pread(descriptor: int, size: int, offset: int) -> bytes:
        data = real(descriptor, size, offset)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(os, "pread", pread)
    return sizes


@pytest.mark.parametrize("source_class", [LogSource])
def test_a_source_has_to_say_what_its_bytes_are(source_class: type[LogSource]) -> None:
    with pytest.raises(TypeError, match="_chunks"):
        source_class("x", Clock(NOW))


def test_a_whole_file_is_read_in_blocks(tmp_path: Path) -> None:
    times = range(NOW - 40000, NOW + 1)
    text = b"".join(log_lines(times))
    source = LogFile(str(write(tmp_path / "log", text)))
    found = list(source.blocks(None, None))
    assert b"".join(found) == text
    assert [len(block) >> 20 for block in found[:-1]] == [0, 1, 1][: len(found) - 1] or max(
        map(len, found)
    ) <= 2 * BLOCK_BYTES
    assert all(block.endswith(b"\n") for block in found)
    reading = source.reading
    assert (reading.lines, reading.first, reading.last) == (40001, NOW - 40000, NOW)
    assert (reading.cut_lines, reading.truncated, source.warnings) == (0, False, [])
    source.close()


@pytest.mark.parametrize("text", [b"", b"\n"])
def test_an_empty_file_has_no_lines(tmp_path: Path, text: bytes) -> None:
    data, source = read(write(tmp_path / "log", text))
    assert data == text
    assert source.reading.first is None


@pytest.mark.parametrize(
    ("since", "until"), [(-100, None), (-30000, -29990), (None, -39990), (-39995, None), (5, None)]
)
@pytest.mark.parametrize("compressed", [False, True])
def test_the_lines_of_a_time_are_found(tmp_path: Path, since: int | None, until: int | None, compressed: bool) -> None:
    times = range(NOW - 40000, NOW + 1)
    text = b"".join(log_lines(times))
    path = write(tmp_path / "log", gzip.compress(text, 1) if compressed else text)
    start, end = (None if limit is None else NOW + limit for limit in (since, until))
    wanted = [time for time in times if (start is None or time >= start) and (end is None or time <= end)]
    data, source = read(path, start, end)
    assert data == b"".join(log_lines(wanted))
    assert source.reading.lines == len(wanted)


def test_the_start_is_searched_and_not_read_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = log_lines(range(NOW - 200000, NOW + 1))
    # Lines without a time, and long ones, are among them.
    lines[100000:100000] = [b"no time stamp here\n"] * 2000 + [b"x" * 5 * MAX_LINE_BYTES + b"\n"]
    path = write(tmp_path / "log", b"".join(lines))
    sizes = pread_sizes(monkeypatch)
    data, source = read(path, NOW - 100)
    assert data == b"".join(log_lines(range(NOW - 100, NOW + 1)))
    assert sum(sizes) / 2 < 3 * BLOCK_BYTES < path.stat().st_size / 5
    before = b"".join(lines[99000 : 101000 + 2001 + 1])
    data, source = read(path, NOW - 101000, NOW - 99000)
    assert data.count(b"no time stamp") == 2000
    assert len(data) == len(before) - 4 * MAX_LINE_BYTES
    assert source.reading.cut_lines == 1


def test_a_file_that_ended_before_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "log", log_line(NOW - 8000), changed=NOW - 8000)
    sizes = pread_sizes(monkeypatch)
    assert read(path, NOW - 4000)[0] == b""
    assert sizes == [6]
    # An hour is given to a clock that was set.
    assert read(path, NOW - 4500)[0] == b""
    assert len(sizes) > 2


def test_a_line_without_bounds_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as stream:
        stream.write(log_line(NOW - 1))
        stream.seek(1 << 27)
        stream.write(b"\n" + log_line(NOW))
    os.utime(str(path), (NOW, NOW))
    source = LogFile(str(path))
    tracemalloc.start()
    sizes = [len(block) for block in source.blocks(None, None)]
    assert tracemalloc.get_traced_memory()[1] < 8 * BLOCK_BYTES
    tracemalloc.stop()
    assert sum(sizes) == 2 * len(log_line(NOW)) + MAX_LINE_BYTES + 1
    assert (source.reading.lines, source.reading.cut_lines, source.reading.last) == (3, 1, NOW)
    source.close()


# --- the end of the file --------------------------------------------------------------------------------------------


def test_a_last_line_without_its_end_is_read_if_nobody_is_writing_it(tmp_path: Path) -> None:
    path = write(tmp_path / "log", log_line(NOW) + b"rest", changed=time.time() - 60)
    assert read(path)[0] == log_line(NOW) + b"rest\n"
    write(path, log_line(NOW) + b"rest", changed=time.time() + 3600)
    assert read(path)[0] == log_line(NOW)
    assert read(write(path, gzip.compress(b"one\nrest")))[0] == b"one\nrest\n"


def reading_until(source: LogFile, change: bytes | int) -> Iterator[bytes]:
    """Yield blocks of a file that is changed after the first one: to a size, or by more text."""
    blocks = source.blocks(None, None)
    yield from itertools.islice(blocks, 1)
    with open(source.path, "r+b") as stream:
        if isinstance(change, int):
            stream.truncate(change)
        else:
            stream.seek(0, os.SEEK_END)
            stream.write(change)
    yield from blocks


@pytest.mark.parametrize(
    ("more", "found"),
    [(b"st\nnext\nmore", b"rest\n"), (b"\n", b"rest\n"), (b"st", b"")],
)
def test_a_file_may_grow_while_it_is_read(tmp_path: Path, more: bytes, found: bytes) -> None:
    text = b"".join(log_lines(range(NOW - 20000, NOW)))
    source = LogFile(str(write(tmp_path / "log", text + b"re" + b"st" * (more == b"\n"))))
    assert b"".join(reading_until(source, more)) == text + found
    assert source.reading.truncated is False
    source.close()


def test_a_file_may_be_truncated_while_it_is_read(tmp_path: Path) -> None:
    text = b"".join(log_lines(range(NOW - 40000, NOW)))
    path = write(tmp_path / "log", text)
    source = LogFile(str(path))
    assert text.startswith(b"".join(reading_until(source, 5)))
    assert source.reading.truncated is True
    assert source.warnings == ["%s became shorter while it was read. Read it again." % path]
    source.close()


def test_a_file_stays_the_same_when_it_is_renamed(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"one\n")
    source = LogFile(str(path))
    path.rename(tmp_path / "log.1")
    write(path, b"two\n")
    assert b"".join(source.blocks(None, None)) == b"one\n"
    assert source.key == LogFile(str(tmp_path / "log.1")).key != LogFile(str(path)).key


# --- damage ---------------------------------------------------------------------------------------------------------


def test_what_can_be_read_of_a_damaged_file_counts(tmp_path: Path) -> None:
    text = b"".join(log_lines(range(NOW - 1000, NOW)))
    data = gzip.compress(text)
    path = write(tmp_path / "log.gz", data[: len(data) // 2])
    found, source = read(path)
    assert text.startswith(found)
    assert found.endswith(b"\n")
    assert source.reading.lines == found.count(b"\n") > 100
    assert source.reading.truncated is True
    assert source.warnings == [
        "%s is damaged or not complete: it ends too early. The lines before that were read. Check it with gzip -t."
        % path
    ]


def test_a_format_that_this_host_cannot_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _command, **_options: None)
    path = write(tmp_path / "log", b"\x04\x22\x4d\x18data")
    found, source = read(path)
    assert (found, source.reading.truncated) == (b"", True)
    assert source.warnings == [
        "%s was not read: it is compressed with lz4, and this host has no lz4 command. Install it, or decompress the file and name it "
        "in files." % path
    ]


def test_an_error_of_the_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "log", b"".join(log_lines(range(NOW - 20000, NOW))))
    source = LogFile(str(path))
    real = os.pread

    def pread(descriptor: int, size: int, offset: int) -> bytes:
        if offset:
            raise OSError(5, "Input/output error")
        return real(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", pread)
    assert sum(map(len, source.blocks(None, None))) > 0
    assert source.reading.truncated is True
    assert source.warnings == ["%s could not be read to its end: Input/output error." % path]
    source.close()


# --- the start of a file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "start"),
    [
        ([log_line(NOW - 50)], NOW - 50),
        ([b"x\n", log_line(NOW - 50)], NOW - 50),
        ([b"x\n"] * 30, NOW - 5),
        ([], NOW - 5),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_starts_with_its_first_line(
    tmp_path: Path, lines: Iterable[bytes], start: int, compressed: bool
) -> None:
    text = b"".join(lines)
    path = write(tmp_path / "log", gzip.compress(text) if compressed else text, changed=NOW - 5)
    source = LogFile(str(path))
    assert source.start() == start
    source.close()
