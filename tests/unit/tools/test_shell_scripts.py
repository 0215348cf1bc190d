# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from tests.tools.shell_scripts import shell_scripts


def test_a_shell_script_is_known_by_its_first_line(tmp_path: Path) -> None:
    lines = {
        "a": b"#!/bin/sh\n",
        "b": b"#!/usr/bin/env bash\nset -e\n",
        "c": b"#!/usr/bin/env python3\n",
        "d": b"\n#!/bin/sh\n",
        "e": b"",
        "f": b"\xff\xfe\n",
    }
    for name, content in lines.items():
        (tmp_path / name).write_bytes(content)
    assert shell_scripts(tmp_path, map(Path, lines)) == ["a", "b"]
