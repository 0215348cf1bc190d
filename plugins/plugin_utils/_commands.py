# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The command that an operator needs next, with the options of the command that runs now."""

from __future__ import annotations

import shlex
from typing import Sequence, Tuple

from ansible import context

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import command_lines

Option = Tuple[str, str]


def inventory_sources() -> list[str]:
    """Return the sources of the inventory of this command."""
    return list(context.CLIARGS.get("inventory") or ())


def inventory_options() -> list[Option]:
    """Return the options that name the inventory of this command."""
    return [("-i", source) for source in inventory_sources()]


def playbook_lines(name: str, options: Sequence[Option]) -> list[str]:
    """Return the lines of a command that runs a playbook of this collection, quoted for the shell."""
    return command_lines(["ansible-playbook mailops.postfix.%s" % name, *(shlex.join(option) for option in options)])


def resume_lines(run: str) -> list[str]:
    """Return how to do the rest of a cleanup. run: the path of its directory."""
    options = [*inventory_options(), ("-e", "queue_cleanup_run=%s" % run)]
    return ["To do the rest:", *playbook_lines("cleanup", options)]
