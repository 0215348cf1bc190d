#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_fleet_plan
short_description: Make, find, approve and check the fleet plan of a run on the controller
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - A fleet plan is one file with the digests of the plans of all hosts. Its own digest stands for every message on every host, so that one
    approval of that digest is enough.
  - A run has a directory on the controller, C(DIRECTORY/runs/TIME). It has C(fleet_plan.json), C(plans/HOST.json) for each host, and
    C(approval.json). C(DIRECTORY/runs/latest) is a link to the newest run that made plans.
  - The role P(mailops.postfix.queue_cleanup#role) uses it. It runs on the controller as the user who runs Ansible, and connects to no host.
    Directories that it makes have mode 0700, files 0600.
  - In check mode nothing is written.
options:
  operation:
    description:
      - V(begin) makes the directory of a run in O(directory).
      - V(make) makes the fleet plan of the plans that O(hosts) registered as O(step).
      - V(find) returns the fleet plan in O(run), and refuses it if it is for none of O(hosts), is older than O(max_age), or does not
        exclude what O(protected) and O(min_age) say. It is also refused if the plan of one of O(hosts) was altered or replaced.
      - V(read) returns the plan of O(host) without its messages, and V(read_all) those of all hosts of the fleet plan.
      - V(approve) writes the approval of the fleet plan with O(digest).
      - V(check) fails if the fleet plan with O(digest) is not approved.
      - Each operation takes the options that are named with it, and O(run).
    type: str
    required: true
    choices: [begin, make, find, read, read_all, approve, check]
  directory:
    description: The directory of all runs and reports. A relative path starts where C(ansible-playbook) runs.
    type: path
  about:
    description: What the run is to do, with O(operation=begin).
    type: dict
  run:
    description:
      - The directory of a run, as V(begin) and V(find) return it.
      - With O(operation=find) it may also be the directory of all runs, or that of all reports. The newest plan in it is taken.
    type: path
  hosts:
    description: The hosts of the play.
    type: list
    elements: str
  step:
    description: The name of the variable that each host registered its plan as, with O(operation=make).
    type: str
  method:
    description: How the messages are to be cleaned, with O(operation=make).
    type: str
  limits:
    description: The limits of the plan by name, with O(operation=make).
    type: dict
  reason:
    description: Why it is done, with O(operation=make).
    type: str
  host:
    description: The name of a host in the inventory, with O(operation=read).
    type: str
  digest:
    description: The digest of the fleet plan. If the file has another one by now, it is refused.
    type: str
  protected:
    description: Rules that the plan must exclude, with O(operation=find).
    type: list
    elements: dict
  min_age:
    description: How old a message must be, such as V(1h), with O(operation=find). The plan must exclude younger ones.
    type: str
  max_age:
    description: How old the fleet plan may be, such as V(1d), with O(operation=find).
    type: str
  expires:
    description: How long the approval is valid, such as V(1d), with O(operation=approve).
    type: str
  approved_by:
    description: Who approves, with O(operation=approve). By default the user who runs Ansible, at the controller.
    type: str
  note:
    description: A text for the approval, with O(operation=approve).
    type: str
  signing_key:
    description:
      - A private key to sign the approval with, or the public key of one that C(ssh-agent) has, with O(operation=approve).
      - By default the approval is not signed.
    type: path
  approval:
    description:
      - Whether the fleet plan needs an approval, with O(operation=check).
      - V(none) needs none. V(required) needs O(approve), or an approval in a file. V(prompt) needs O(approve).
    type: str
    choices: [none, required, prompt]
  approve:
    description: The digest that the operator approves, or at least its first 12 digits, with O(operation=check).
    type: str
  approval_file:
    description: The file of the approval, with V(approve) and V(check). By default it is C(approval.json) in O(run).
    type: path
  allowed_signers:
    description:
      - A file of those who may sign approvals, as in ssh-keygen(1), with O(operation=check). The namespace is C(mailops-postfix).
      - If it is given, a signed approval in a file is needed.
    type: path
extends_documentation_fragment:
  - mailops.postfix._attributes.controller
seealso:
  - module: mailops.postfix.postfix_queue_purge
"""

EXAMPLES = r"""
- name: Find the newest plan
  mailops.postfix.postfix_fleet_plan:
    operation: find
    run: mailops-reports
    hosts: "{{ ansible_play_hosts_all }}"
  register: found
  run_once: true

- name: Refuse it unless one of the allowed signers has approved it
  mailops.postfix.postfix_fleet_plan:
    operation: check
    run: "{{ found.run }}"
    digest: "{{ found.digest }}"
    approval: required
    allowed_signers: approvers
  run_once: true
"""

RETURN = r"""
run:
  description: The directory of the run.
  returned: with V(begin), V(make) and V(find)
  type: str
  sample: /home/ops/mailops-reports/runs/20261126T064038.123456Z
plans:
  description: The directory of the plans, with a slash at its end, for O(mailops.postfix.postfix_queue_purge#module:plan_dest).
  returned: with O(operation=begin)
  type: str
digest:
  description: The SHA-256 of the fleet plan. It is empty if no host has a plan.
  returned: with V(make) and V(find)
  type: str
created:
  description: When the fleet plan was made, in seconds since the epoch.
  returned: with V(make) and V(find)
  type: int
method:
  description: How the messages are to be cleaned.
  returned: with V(make) and V(find)
  type: str
limits:
  description: The limits that the plan was made within.
  returned: with V(make) and V(find)
  type: dict
reason:
  description: Why it is done.
  returned: with V(make) and V(find)
  type: str
counts:
  description: The number of hosts that have a plan, and the sums over them.
  returned: with V(make) and V(find)
  type: dict
plan:
  description: The plan of the host without its messages, and its path.
  returned: with O(operation=read), if there is one
  type: dict
results:
  description: The plans of all hosts as results, for M(mailops.postfix.postfix_fleet_report).
  returned: with O(operation=read_all)
  type: dict
path:
  description: The file of the approval.
  returned: with O(operation=approve)
  type: str
approval:
  description: The approval.
  returned: with O(operation=approve), and with O(operation=check) if there is one in a file
  type: dict
"""
