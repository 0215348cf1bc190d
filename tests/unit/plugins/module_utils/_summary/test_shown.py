# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("x" * 320, "x" * 320, id="fits"),
        pytest.param("x" * 321, "x" * 314 + "…", id="a byte more"),
        pytest.param("ü" * 53, "ü" * 53, id="six bytes each, fits"),
        pytest.param("ü" * 9999, "ü" * 52 + "…", id="six bytes each"),
        pytest.param('"' * 161, '"' * 157 + "…", id="two bytes each"),
    ],
)
def test_clip(text: str, shown: str) -> None:
    assert clip(text) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(0, ""), (1, ""), (5, ""), (6, "…"), (8, "xx…"), (9, "xxx…"), (100, "xxxxxxxxxx")]
)
def test_clip_to_a_few_bytes(size: int, shown: str) -> None:
    assert clip("x" * 10, size) == shown
