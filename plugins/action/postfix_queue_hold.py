# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module on the host, with its plan in a file: see plugins/plugin_utils/_plan_action.py."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._plan_action import PlanAction


class ActionModule(PlanAction):
    """The action plugin of postfix_queue_hold."""
