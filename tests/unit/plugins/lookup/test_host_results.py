# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.mailops.postfix.plugins.lookup.host_results import LookupModule


class HostVars:
    """Variables of hosts, as Ansible has them."""

    def raw_get(self, host: str) -> Mapping[str, Any]:
        return {"mx01": {"found": {"changed": False}}}.get(host, {})


VARIABLES = {"hostvars": HostVars(), "ansible_play_hosts_all": ["mx01", "mx02"]}


def test_each_host_of_the_play_is_in_it() -> None:
    assert LookupModule().run([{"facts": "found"}], variables=VARIABLES) == [
        {"mx01": {"facts": {"changed": False}}, "mx02": {"facts": {}}}
    ]


def test_hosts_may_be_named() -> None:
    assert LookupModule().run([{"facts": "found"}], variables=VARIABLES, hosts=["mx01"]) == [
        {"mx01": {"facts": {"changed": False}}}
    ]


@pytest.mark.parametrize("terms", [[], ["found"], [{}, {}]])
def test_anything_else_is_refused(terms: list[Any]) -> None:
    with pytest.raises(AnsibleLookupError) as refused:
        LookupModule().run(terms, variables=VARIABLES)
    assert str(refused.value) == "Give one mapping of steps to variables, such as {'facts': 'queue_result'}."
