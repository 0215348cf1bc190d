# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Plain lines of text on the terminal."""

from __future__ import annotations

from typing import Iterable

from ansible.utils.display import Display


def show_lines(lines: Iterable[str]) -> None:
    """Show lines as they are, whatever callback shows the results of tasks. Nothing in them may control a terminal."""
    shown = list(lines)
    if not shown:
        return
    display = Display()
    for line in ("", *shown, ""):
        display.display(line)
