# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.lengths import problems

PLUGIN = Path("plugins/module_utils/_x.py")
TEST = Path("tests/unit/test_x.py")
TOO_LONG = 'more than 500. Divide it by subject, or give the reason in its docstring: "This file is long because ..."'


def function(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        pytest.param(PLUGIN, function(40), [], id="longest function of a plugin"),
        pytest.param(
            PLUGIN, function(41), ["plugins/module_utils/_x.py:1: f has 41 lines, more than 40"], id="function"
        ),
        pytest.param(
            PLUGIN,
            "\nclass C:\n    async " + function(41).replace("\n", "\n    "),
            ["plugins/module_utils/_x.py:3: f has 41 lines, more than 40"],
            id="async method",
        ),
        pytest.param(TEST, function(60), [], id="longest function of a test"),
        pytest.param(TEST, function(61), ["tests/unit/test_x.py:1: f has 61 lines, more than 60"], id="test function"),
        pytest.param(PLUGIN, "x = 1\n" * 500, [], id="longest file"),
        pytest.param(
            PLUGIN, "x = 1\n" * 501, ["plugins/module_utils/_x.py:1: the file has 501 lines, " + TOO_LONG], id="file"
        ),
        pytest.param(TEST, "x = 1\n" * 501, [], id="test file"),
        pytest.param(
            PLUGIN, '"""X.\n\nThis file is long\nbecause it is a table.\n"""\n' + "x = 1\n" * 501, [], id="reason"
        ),
        pytest.param(
            PLUGIN,
            '"""X."""\n# This file is long because\n' + "x = 1\n" * 501,
            ["plugins/module_utils/_x.py:1: the file has 503 lines, " + TOO_LONG],
            id="reason outside of the docstring",
        ),
        pytest.param(PLUGIN, 'EXAMPLES = r"""%s"""\n' % ("x\n" * 501) + "x = 1\n" * 500, [], id="documentation"),
        pytest.param(
            PLUGIN,
            'OTHER = r"""%s"""\n' % ("x\n" * 501),
            ["plugins/module_utils/_x.py:1: the file has 502 lines, " + TOO_LONG],
            id="another text",
        ),
    ],
)
def test_what_is_too_long(path: Path, source: str, found: list[str]) -> None:
    assert list(problems(path, source)) == found
