# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for, fitted_id, id_for

# Second 1335759296, microsecond 74788, inode 398615 (src/global/mail_queue.h); 74788 is 12424 in hexadecimal.
LONG = "3Vgspm0WfDz30Dy"


@pytest.mark.parametrize(
    ("name", "inode", "long_queue_ids", "wanted"),
    [
        pytest.param("4A0F9AC", 0xAC, False, "4A0F9AC", id="fits"),
        pytest.param("4A0F9AC", 0xAC, True, "4A0F9AC", id="short where long ones are on"),
        pytest.param("4A0F9AC", 0x1234, False, "4A0F91234", id="another inode"),
        pytest.param("4a0f9ac", 0xAC, False, "4a0f9ac", id="small letters are a number, too"),
        pytest.param("4A0F90xAC", 0xAC, False, "4A0F90xAC", id="so is a prefix"),
        pytest.param(LONG, 1, True, LONG, id="long ones need not fit"),
        pytest.param(LONG, 0xABC, False, "12424ABC", id="long where they are off"),
        pytest.param("4A0F9XY", 1, False, None, id="no number"),
        pytest.param("4A0F9", 1, False, None, id="nothing behind the microseconds"),
        pytest.param("", 1, False, None, id="nothing"),
    ],
)
def test_id_for(name: str, inode: int, long_queue_ids: bool, wanted: str | None) -> None:
    assert id_for(name, inode=inode, long_queue_ids=long_queue_ids) == wanted


@pytest.mark.parametrize(
    ("name", "depth", "directory"),
    [
        ("4A0F9AC", 0, ""),
        ("4A0F9AC", 1, "4"),
        ("4A0F9AC", 2, "4/A"),
        (LONG, 2, "1/2"),
        ("a", 3, "a/_/_"),
        ("AAAAAAAAAAzB", 2, "0/0"),
    ],
)
def test_directory_for(name: str, depth: int, directory: str) -> None:
    assert directory_for(name, depth) == directory


@pytest.mark.parametrize(
    ("name", "inode", "long_queue_ids", "wanted"),
    [
        ("4A0F9AC", 0xAC, False, "4A0F9AC"),
        ("4A0F9AC", 0xBD, True, "4A0F9BD"),
        (LONG, 398615, True, LONG),
        # 50 is the last digit to the base 51.
        (LONG, 398616, True, "3Vgspm0WfDz30F0"),
        (LONG, 0xABC, False, "12424ABC"),
        ("4a0f9ac", 0xAC, True, "4a0f9ac"),
        ("example_com", 7, False, "example_com"),
    ],
)
def test_fitted_id(name: str, inode: int, long_queue_ids: bool, wanted: str) -> None:
    assert fitted_id(name, inode=inode, long_queue_ids=long_queue_ids) == wanted
