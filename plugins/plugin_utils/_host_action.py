# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The action of modules that run on hosts: that of Ansible, and in addition it says which host has not answered yet.

Two variables are for all modules: C(mailops_notice_after), after how many seconds of waiting there is a notice (30; 0 for never), and
C(mailops_timeout), after how many seconds the wait ends (0 for never).
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display

from ansible_collections.mailops.postfix.plugins.plugin_utils import _waiting

TaskResult = dict[str, Any]

NOTICE_AFTER = "mailops_notice_after"
TIMEOUT = "mailops_timeout"
_DEFAULTS: Mapping[str, int] = {NOTICE_AFTER: 30, TIMEOUT: 0}
_MOST_SECONDS = 10_000_000
_display = Display()


class HostAction(NormalAction):
    """Runs the module as Ansible does, watches over the wait, and ends it if it takes longer than it may."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> TaskResult:  # noqa: ARG002  Ansible gives it
        """Return the result of the module, or one with C(timed_out). Raises AnsibleActionFail for a wrong variable."""
        variables = task_vars or {}
        after, most = (self._read_seconds(name, variables) for name in (NOTICE_AFTER, TIMEOUT))
        if self._task.async_val:
            # The module only starts, and Ansible asks for its result later.
            return self._run_module(variables)
        # The time limit of the task itself, if there is one, uses the same timer.
        most = 0 if self._task.timeout else most
        host = str(variables.get("inventory_hostname", "The host"))
        try:
            with _waiting.notices(lambda waited: self._say(host, waited, most), after=after), _waiting.time_limit(most):
                return self._run_module(variables)
        except _waiting.WaitEnded:
            self._give_up()
            return _timeout_result(host, most)

    def _run_module(self, variables: dict[str, Any]) -> TaskResult:
        result: TaskResult = super().run(None, variables)  # type: ignore[no-untyped-call]
        return result

    def _read_seconds(self, name: str, variables: Mapping[str, Any]) -> int:
        value = self._templar.template(variables.get(name, _DEFAULTS[name]))
        try:
            seconds = int(value)
        except (TypeError, ValueError):
            seconds = -1
        if not 0 <= seconds <= _MOST_SECONDS:
            raise AnsibleActionFail(
                "%s: %s is not a number of seconds from 0 to %d; nothing was touched. Write it without a unit, such as 300."
                % (name, _printable(str(value)), _MOST_SECONDS)
            )
        return seconds

    def _say(self, host: str, waited: int, most: int) -> None:
        rest = "The wait ends after %d s." % most if most else "%s sets a time after which the wait ends." % TIMEOUT
        task = _printable(str(self._task.get_name()))
        text = "[WARNING]: %s has not answered for %d s (%s). %s" % (_printable(host), waited, task, rest)
        # Display.warning() would show it together with the result, which may never come.
        _display.display(text, color=constants.config.get_config_value("COLOR_WARN"), stderr=True)

    def _give_up(self) -> None:
        """End what still waits for the host, and ask nothing more of the host."""
        _waiting.end_children()
        # Removing the temporary directory would wait for the host again.
        self._connection._shell.tmpdir = None  # noqa: SLF001


def _printable(text: str) -> str:
    # Hardly any task shows a text, and Ansible compiles the plugins of collections in each run.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable  # noqa: PLC0415

    return printable(text)


def _timeout_result(host: str, seconds: int) -> TaskResult:
    text = (
        "%s did not answer within %d seconds (%s), so the wait was ended. The module may still be running there: look at the host before "
        "you run this again." % (host, seconds, TIMEOUT)
    )
    return {"failed": True, "timed_out": True, "msg": text}
