# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import BLOCK_BYTES
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_compression import (
    FORMATS,
    DamagedError,
    UnreadableError,
    decompress,
    format_of,
)

TEXT = bytes(random.Random(1).choices(b"abcdef \n", k=100000))
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda text: lzma.compress(text, format=lzma.FORMAT_ALONE),
}


def read(path: Path, data: bytes, *, size: int = 1 << 15, found: list[bytes] | None = None) -> list[bytes]:
    """Return the parts of the content; those before an error are in found."""
    path.write_bytes(data)
    known = format_of(data[:6])
    assert known is not None
    parts = [] if found is None else found
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        chunks = (data[start : start + size] for start in range(0, len(data), size))
        for part in decompress(known, descriptor, chunks):
            parts.append(part)
    finally:
        os.close(descriptor)
    return parts


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("size", [7, 1 << 15, 1 << 25])
def test_formats_are_read(tmp_path: Path, name: str, size: int) -> None:
    data = COMPRESS[name](TEXT)
    known = format_of(data)
    assert known is not None
    assert known.name == name
    assert b"".join(read(tmp_path / "log", data, size=size)) == TEXT


@pytest.mark.parametrize("name", COMPRESS)
def test_memory_is_bounded(tmp_path: Path, name: str) -> None:
    parts = read(tmp_path / "log", COMPRESS[name](b"\0" * 4 * BLOCK_BYTES))
    assert sum(map(len, parts)) == 4 * BLOCK_BYTES
    assert max(map(len, parts)) <= BLOCK_BYTES


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
@pytest.mark.parametrize("size", [5, 1 << 20])
def test_files_may_be_appended_to_each_other_and_padded(tmp_path: Path, name: str, size: int) -> None:
    parts = [COMPRESS[name](b"one\n"), COMPRESS[name](b""), COMPRESS[name](b"two\n"), b"\0" * 64]
    assert b"".join(read(tmp_path / "log", b"".join(parts), size=size)) == b"one\ntwo\n"


@pytest.mark.parametrize("name", COMPRESS)
def test_what_is_before_the_end_of_a_cut_file_is_read(tmp_path: Path, name: str) -> None:
    data = COMPRESS[name](TEXT)
    found: list[bytes] = []
    with pytest.raises(DamagedError, match="it ends too early"):
        read(tmp_path / "log", data[: len(data) * 3 // 4], found=found)
    text = b"".join(found)
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) // 2 or name == "bzip2"


@pytest.mark.parametrize("name", COMPRESS)
def test_damage_is_found(tmp_path: Path, name: str) -> None:
    data = bytearray(COMPRESS[name](TEXT))
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    found: list[bytes] = []
    with pytest.raises(DamagedError):
        read(tmp_path / "log", bytes(data), size=500, found=found)


def test_text_is_not_compressed() -> None:
    for start in (b"", b"N", b"Nov 26 13:14:54", b"2026-11-26T13:14:54", b"B", b"\0\0"):
        assert format_of(start) is None


# --- commands -------------------------------------------------------------------------------------------------------

ZSTD = next(known for known in FORMATS if known.name == "zstd")


def without_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the Python as one before 3.14, or as one that was built without bz2 and lzma."""

    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)


@pytest.mark.parametrize("command", [name for name in ("bzip2", "xz", "zstd") if shutil.which(name)])
def test_a_command_reads_what_this_python_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    path = shutil.which(command) or ""
    data = subprocess.run([path, "-c"], input=TEXT, stdout=subprocess.PIPE, check=True).stdout
    without_module(monkeypatch)
    assert b"".join(read(tmp_path / "log", data)) == TEXT
    with pytest.raises(DamagedError, match="%s failed with status [12]$" % path):
        read(tmp_path / "log", data[:-50])


def test_a_command_is_ended_when_no_more_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(bz2.compress(b"x" * 50 * BLOCK_BYTES))
    without_module(monkeypatch)
    known = format_of(b"BZh")
    assert known is not None
    descriptor = os.open(str(path), os.O_RDONLY)
    for _number in range(2):
        # The file is read from its start each time.
        parts = decompress(known, descriptor, ())
        assert next(parts).startswith(b"x")
        parts.close()  # type: ignore[attr-defined]
    os.close(descriptor)


def test_a_format_that_nothing_reads_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_module(monkeypatch)
    monkeypatch.setattr(shutil, "which", lambda _command, **_options: None)
    for magic in (ZSTD.magic, b"\x04\x22\x4d\x18", b"\x1f\x9d"):
        with pytest.raises(UnreadableError):
            read(tmp_path / "log", magic + b"data")
