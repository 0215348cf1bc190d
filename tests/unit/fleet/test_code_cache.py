# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.fleet import code_cache

START = "import sys; sys.path[:0] = [%r, %r]; import code_cache; code_cache.start(%r); import sent; print(sent.VALUE)"


def run(archive: Path, directory: Path) -> str:
    """Return what a module in a zip file prints in a Python that keeps compiled code."""
    program = START % (str(archive), str(Path(code_cache.__file__).parent), str(directory))
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, encoding="ascii").stdout


def send(path: Path, source: str) -> Path:
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr("sent.py", source)
    return path


def test_code_is_compiled_once_for_each_source(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    assert run(send(tmp_path / "1.zip", "VALUE = 'first'"), kept) == "first\n"
    [path] = kept.iterdir()
    status = path.stat()
    assert run(send(tmp_path / "2.zip", "VALUE = 'first'"), kept) == "first\n"
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    # It is what is used.
    path.write_bytes(path.read_bytes().replace(b"first", b"other"))
    assert run(send(tmp_path / "3.zip", "VALUE = 'first'"), kept) == "other\n"
    # Another source of the same length has code of its own.
    assert run(send(tmp_path / "4.zip", "VALUE = 'third'"), kept) == "third\n"
    assert len(list(kept.iterdir())) == 2


def test_what_cannot_be_kept_or_read_is_compiled(tmp_path: Path) -> None:
    archive = send(tmp_path / "1.zip", "VALUE = 'first'")
    assert run(archive, tmp_path / "absent") == "first\n"
    kept = tmp_path / "kept"
    kept.mkdir()
    assert run(archive, kept) == "first\n"
    [path] = kept.iterdir()
    for damaged in (b"", path.read_bytes()[:-3], b"no code"):
        path.write_bytes(damaged)
        assert run(archive, kept) == "first\n"
