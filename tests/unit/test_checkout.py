# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests import this checkout, not a copy of the collection that is installed elsewhere."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.mailops.postfix.plugins.module_utils import _errors


def test_the_tests_import_this_checkout() -> None:
    here = Path(__file__).resolve().parents[2]
    assert Path(_errors.__file__).resolve() == here / "plugins" / "module_utils" / "_errors.py"
