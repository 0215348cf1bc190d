# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make, find, approve and check the fleet plan of a run, on the controller: see plugins/modules/postfix_fleet_plan.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Mapping, NamedTuple

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _fleet_run, _run_files
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted, to_plain

TaskResult = Dict[str, Any]


class Operation(NamedTuple):
    """An operation: the function, and the options that it needs and may have. writes: whether it is left out in check mode."""

    work: Callable[..., TaskResult]
    needed: frozenset[str]
    optional: frozenset[str] = frozenset()
    writes: bool = False


OPERATIONS: Mapping[str, Operation] = {
    "begin": Operation(_fleet_run.begin_run, frozenset(("directory",)), frozenset(("about",)), writes=True),
    "make": Operation(
        _fleet_run.make_plan,
        frozenset(("run", "hosts", "step", "method")),
        frozenset(("limits", "reason")),
        writes=True,
    ),
    "find": Operation(
        _fleet_run.find_plan, frozenset(("run",)), frozenset(("hosts", "protected", "min_age", "max_age"))
    ),
    "read": Operation(_fleet_run.read_plan, frozenset(("run", "host", "digest"))),
    "read_all": Operation(_fleet_run.read_plans, frozenset(("run", "digest"))),
    "approve": Operation(
        _fleet_run.approve_plan,
        frozenset(("run", "digest", "expires")),
        frozenset(("approval_file", "approved_by", "note", "signing_key")),
        writes=True,
    ),
    "check": Operation(
        _fleet_run.check_approval,
        frozenset(("run", "digest", "approval")),
        frozenset(("approve", "approval_file", "allowed_signers")),
    ),
}


class ActionModule(ActionBase):
    """The action plugin."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> TaskResult:
        """Return the result of the task. Raises AnsibleActionFail for what is refused, and for files that cannot be used."""
        result: TaskResult = super().run(tmp, task_vars)
        operation, options = self._read_options()
        if operation.writes and self._task.check_mode:
            return {**result, "changed": False}
        if "step" in options:
            steps = {"plan": options.pop("step")}
            options["results"] = collect_results(options.pop("hosts"), steps, task_vars or {})
        try:
            made = operation.work(**options)
        except OSError as error:
            where = Path(str(options.get("directory", options.get("run"))))
            raise AnsibleActionFail(_run_files.refusal_text(where, error)) from None
        except (ValueError, MailopsError) as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(mark_untrusted(made), changed=False)
        return result

    def _read_options(self) -> tuple[Operation, dict[str, Any]]:
        """Return the operation and its options. An optional one that is empty counts as not given."""
        options: dict[str, Any] = to_plain(self._task.args)
        name = options.pop("operation", None)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise AnsibleActionFail("operation: %r is none of %s." % (name, ", ".join(OPERATIONS)))
        known = operation.needed | operation.optional
        if not operation.needed <= options.keys() <= known:
            raise AnsibleActionFail(
                "The operation %s takes %s; it needs %s."
                % (name, ", ".join(sorted(known)), ", ".join(sorted(operation.needed)))
            )
        return operation, {
            key: value for key, value in options.items() if key in operation.needed or value not in (None, "", [])
        }
