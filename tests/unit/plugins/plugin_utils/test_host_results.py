# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results


class HostVars:
    """Variables of hosts, as Ansible has them."""

    def __init__(self, variables: Mapping[str, Mapping[str, Any]]) -> None:
        self._variables = variables

    def raw_get(self, host: str) -> Mapping[str, Any]:
        return self._variables[host]


def test_each_host_has_each_step() -> None:
    variables = {"hostvars": HostVars({"a": {"planned": {"plan": {"digest": "x"}}, "other": 1}, "b": {}})}
    assert collect_results(["a", "b"], {"plan": "planned", "purge": "purged"}, variables) == {
        "a": {"plan": {"plan": {"digest": "x"}}, "purge": {}},
        "b": {"plan": {}, "purge": {}},
    }
