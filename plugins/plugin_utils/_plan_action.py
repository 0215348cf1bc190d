# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The action of modules that take plans: it reads and writes the files of plans on the controller.

A plan may be large. Here it is in the memory of the process that runs the task only, and never in a variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping

from ansible.errors import AnsibleActionFail

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _plans
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_action import HostAction, TaskResult
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import to_plain

_OPTIONS = ("plan_src", "plan_dest", "plan_digest")


class PlanAction(HostAction):
    """Runs the module with the plan in a file, or writes the plan that the module returns into a file."""

    def _run_module(self, variables: dict[str, Any]) -> TaskResult:
        given: Mapping[str, Any] = self._task.args
        source, target, digest = (to_plain(given.get(name)) or None for name in _OPTIONS)
        self._check_options(source, target, digest)
        options = {name: value for name, value in given.items() if name not in _OPTIONS}
        host = str(variables.get("inventory_hostname"))
        try:
            if source:
                options["plan"] = _plans.read_plan_file(_plans.plan_path(source, host), digest=digest)
            result = self._run_with(options, variables)
            if target:
                return _keep_plan(result, _plans.plan_path(target, host))
        except MailopsError as error:
            raise AnsibleActionFail(str(error)) from None
        return _without_messages(result) if source else result

    def _check_options(self, source: str | None, target: str | None, digest: str | None) -> None:
        """Raise AnsibleActionFail for options that do not fit together."""
        if sum(map(bool, (source, target, self._task.args.get("plan")))) > 1:
            raise AnsibleActionFail("Give only one of plan, plan_src and plan_dest; nothing was touched.")
        if digest and not source:
            raise AnsibleActionFail("plan_digest is for a plan in a file; nothing was touched. Give plan_src, too.")
        if target and not self._task.check_mode:
            raise AnsibleActionFail(
                "plan_dest needs check mode, because only then the module makes a plan; nothing was touched. Set check_mode: true on the "
                "task, or leave out plan_dest."
            )
        if target and self._task.async_val:
            raise AnsibleActionFail(
                "plan_dest cannot be used with the keyword async, because the plan would come after the task; nothing was touched. Leave out "
                "one of the two."
            )

    def _run_with(self, options: dict[str, Any], variables: dict[str, Any]) -> TaskResult:
        """Return what the module returns with these options. The task keeps its own, because it may run again."""
        given = self._task.args
        self._task.args = options
        try:
            return super()._run_module(variables)
        finally:
            self._task.args = given


def _keep_plan(result: TaskResult, path: Path) -> TaskResult:
    """Write the plan in a result, and return the result with everything of the plan but the messages, and with its path."""
    plan = result.get("plan")
    if not isinstance(plan, Mapping):
        return result
    _plans.write_plan_file(path, to_plain(plan))
    return {**result, "plan": {**_plans.without_messages(plan), "path": str(path)}}


def _without_messages(result: TaskResult) -> TaskResult:
    """Return the result of a module that was given a plan, without the plan among the options that it repeats."""
    invocation = result.get("invocation")
    options = invocation.get("module_args") if isinstance(invocation, Mapping) else None
    if not isinstance(options, Mapping) or not isinstance(options.get("plan"), Mapping):
        return result
    options = {**options, "plan": _plans.without_messages(options["plan"])}
    return {**result, "invocation": {"module_args": options}}
