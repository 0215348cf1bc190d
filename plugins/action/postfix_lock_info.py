# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module on the host, and watch over the wait: see plugins/plugin_utils/_host_action.py."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._host_action import HostAction


class ActionModule(HostAction):
    """The action plugin of postfix_lock_info."""
