# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._display import show_lines


def test_lines_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines(["a {{ 1 }}", "", "b"])
    assert capsys.readouterr().out == "\na {{ 1 }}\n\nb\n\n"


def test_no_lines_are_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show_lines([])
    assert capsys.readouterr().out == ""
