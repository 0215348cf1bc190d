# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: target_hosts
short_description: Return the hosts of a playbook, and fail if there are none
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Returns its pattern if hosts of the inventory match it within C(--limit), and fails otherwise. Ansible itself skips a play without
    hosts, and ends with status 0.
  - Also fails if C(--tags), C(--skip-tags) or C(--start-at-task) would leave out tasks of a playbook of this collection.
  - Use it for C(hosts) of a play.
options:
  _terms:
    description: A pattern of hosts, or several.
    required: true
"""

EXAMPLES = r"""
- name: Read the queues
  hosts: "{{ lookup('mailops.postfix.target_hosts', mailops_hosts | default('all')) }}"
  roles:
    - mailops.postfix.queue_audit
"""

RETURN = r"""
_list:
  description: The patterns as they were given.
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase

_COLLECTION = "mailops.postfix."
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
# Options with which Ansible runs no task.
_LISTING_OPTIONS = ("syntax", "listhosts", "listtasks", "listtags")


class LookupModule(LookupBase):
    """The lookup plugin."""

    def run(self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **_options: Any) -> list[str]:
        """Return the patterns. Raises AnsibleLookupError if no host matches, or if tasks would be left out."""
        patterns = [str(part) for term in terms for part in (term if isinstance(term, (list, tuple)) else [term])]
        options = context.CLIARGS
        if any(options.get(name) for name in _LISTING_OPTIONS):
            return patterns
        excluding_option = _find_excluding_option(options) if _is_collection_playbook(options.get("args", ())) else None
        if excluding_option:
            raise AnsibleLookupError(
                "%s would leave out tasks of this playbook, such as the checks, the report, or all; nothing was touched. Run it "
                "without, or write a play with the role and its entry points." % excluding_option
            )
        groups = (variables or {}).get("groups", {})
        if not self._matching(patterns, groups, options.get("subset")):
            raise AnsibleLookupError(_no_hosts_text(patterns, groups, options.get("subset")))
        return patterns

    def _matching(
        self, patterns: Sequence[str], groups: Mapping[str, Sequence[str]], limit: str | None
    ) -> Sequence[object]:
        inventory = InventoryManager(self._loader or DataLoader(), parse=False)
        for group, hosts in groups.items():
            inventory.add_group(group)
            for host in hosts:
                inventory.add_host(host, group=group)
        inventory.subset(limit)
        hosts_found: Sequence[object] = inventory.get_hosts(pattern=list(patterns))
        return hosts_found


def _is_collection_playbook(playbooks: Sequence[str]) -> bool:
    """Return whether a playbook of this collection was named on the command line: one of the operator's own may have tags."""
    return any(
        playbook.startswith(_COLLECTION) or Path(playbook).resolve().parent == PLAYBOOKS for playbook in playbooks
    )


def _find_excluding_option(options: Mapping[str, Any]) -> str | None:
    """Return the option that leaves out tasks without tags, as all tasks of this collection are."""
    tags, skipped = set(options.get("tags") or ()), set(options.get("skip_tags") or ())
    if tags and not tags & {"all", "untagged"}:
        return "--tags %s" % ",".join(sorted(tags))
    if skipped & {"all", "untagged"}:
        return "--skip-tags %s" % ",".join(sorted(skipped))
    if options.get("start_at_task"):
        return "--start-at-task"
    return None


def _no_hosts_text(patterns: Sequence[str], groups: Mapping[str, Sequence[str]], limit: str | None) -> str:
    if not groups.get("all"):
        return "The inventory has no hosts, so nothing was done. Name the right one with -i."
    within = " within --limit %s" % limit if limit else ""
    return (
        "No host of the inventory matches mailops_hosts=%s%s, so nothing was done. Give mailops_hosts a group or a host that "
        "the inventory has; ansible-inventory --graph shows them." % (",".join(patterns), within)
    )
