# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the variables of a run on the controller, before any host is contacted: see plugins/modules/postfix_check_variables.py."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.plugin_utils import _variables
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import to_plain
from ansible_collections.mailops.postfix.plugins.plugin_utils._variables import Role

_OPTIONAL = ("locking", "problems", "task_files")


class ActionModule(ActionBase):
    """The action plugin."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of the task. Raises AnsibleActionFail if a variable is refused."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        roles = _variables.read_roles()
        role = roles.get(str(self._task.args.get("role")))
        if role is None or not {"role"} <= set(self._task.args) <= {"role", *_OPTIONAL}:
            raise AnsibleActionFail(
                "Give the option role, one of %s, and no others but %s."
                % (", ".join(sorted(roles)), ", ".join(_OPTIONAL))
            )
        locking = boolean(self._task.args.get("locking", True))
        hosts = [str(host) for host in variables.get("ansible_play_hosts_all", ())]
        digest = hashlib.sha256("\n".join(hosts).encode("utf-8", "surrogateescape")).hexdigest()
        variables_by_host = {} if self._checked_before(hosts, digest, variables) else _variables_of(hosts, variables)
        names = {str(name) for known in (variables, *variables_by_host.values()) for name in known}
        problems = _variables.name_problems(names, roles)
        checked = _variables.with_common_rules(role)
        problems += self._value_problems(checked, variables, variables_by_host, locking=locking)
        problems += to_plain(self._task.args.get("problems", []))
        problems += _missing_files(to_plain(self._task.args.get("task_files", [])))
        if problems:
            raise AnsibleActionFail("\n".join(dict.fromkeys(problems)))
        result.update(changed=False, hosts_digest=digest)
        return result

    def _checked_before(self, hosts: list[str], digest: str, variables: Mapping[str, Any]) -> bool:
        """Return whether an earlier batch or play of this run checked the variables of the same hosts, because that takes long."""
        registered = getattr(self._task, "register", None)
        if not hosts or not isinstance(registered, str):
            return False
        earlier = variables["hostvars"].raw_get(hosts[0]).get(registered)
        return isinstance(earlier, Mapping) and earlier.get("hosts_digest") == digest

    def _value_problems(
        self,
        role: Role,
        variables: Mapping[str, Any],
        variables_by_host: Mapping[str, Mapping[str, Any]],
        *,
        locking: bool,
    ) -> list[str]:
        now = int(time.time())
        play_values = {
            name: variables[name]
            for name in role.options
            if name in variables and str(variables[name]) != role.templates.get(name)
        }
        values = to_plain(self._templar.template(play_values))
        problems = _variables.value_problems(role, values, now=now) or _variables.type_problems(role, values)
        if _variables.REDACT_KEY in variables:
            problems += _variables.redact_key_problems(self._templar.template(variables[_variables.REDACT_KEY]))
        problems = problems or [
            *_variables.short_expiry_problems(role, values),
            *_variables.refused_lock_problems(role, values, now=now, locking=locking),
        ]
        own_values = variables_by_host.get(str(variables.get("inventory_hostname")), {})
        for host, host_variables in variables_by_host.items():
            differing = dict(_find_differing(role, play_values, own_values, host_variables))
            host_values = _template_values(host, differing, variables) if differing else {}
            found = _variables.value_problems(role, host_values, now=now) or _variables.type_problems(role, host_values)
            if host_values and not problems:
                # What must not be locked on one host is locked on none.
                merged = {**values, **host_values}
                found = found or _variables.refused_lock_problems(role, merged, now=now, locking=locking)
            problems += ["%s: %s" % (host, text) for text in found]
        return problems


def _missing_files(paths: Iterable[str]) -> list[str]:
    """Return which files of tasks do not exist on the controller."""
    text = "There is no file %s; nothing was touched. Relative paths start where ansible-playbook runs."
    return [text % path for path in paths if not Path(path).expanduser().is_file()]


def _variables_of(hosts: list[str], variables: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the variables of all hosts of the play, not templated."""
    return {host: variables["hostvars"].raw_get(host) for host in hosts}


def _find_differing(
    role: Role, play_values: Mapping[str, Any], own_values: Mapping[str, Any], host_values: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the variables of a role for which another host has a value of its own that nothing in the play overrides."""
    for name, option in role.options.items():
        play_value = play_values.get(name, option.get("default"))
        if name not in host_values or host_values[name] == play_value:
            continue
        # A value that is neither the host's own nor the default comes from the play, and holds for every host.
        if play_value == own_values.get(name, option.get("default")):
            yield name, host_values[name]


def _template_values(host: str, differing: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a host. One that is not known yet, because it comes from facts, fails on the host itself."""
    values = {}
    for name in differing:
        try:
            values[name] = to_plain(variables["hostvars"][host][name])
        except (AnsibleError, KeyError):
            continue
    return values
