# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module on the host, with its plans in files: see plugins/plugin_utils/_plan_action.py."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.errors import AnsibleActionFail

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _plans
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_action import TaskResult
from ansible_collections.mailops.postfix.plugins.plugin_utils._plan_action import PlanAction
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import to_plain

_OPTION = "release_plan_dest"


class ActionModule(PlanAction):
    """The action plugin of postfix_queue_hold."""

    def _run_module(self, variables: dict[str, Any]) -> TaskResult:
        given: dict[str, Any] = self._task.args
        target = to_plain(given.get(_OPTION))
        self._task.args = {name: value for name, value in given.items() if name != _OPTION}
        try:
            result = super()._run_module(variables)
        finally:
            self._task.args = given
        plan = result.get("release_plan")
        if not target or not isinstance(plan, Mapping):
            return result
        path = _plans.plan_path(target, str(variables.get("inventory_hostname")))
        try:
            _plans.write_plan_file(path, to_plain(plan))
        except MailopsError as error:
            # The messages are on hold all the same, so that the result says what was held.
            raise AnsibleActionFail(str(error), result=to_plain(result)) from None
        return {**result, "release_plan": {**_plans.without_messages(plan), "path": str(path)}}
