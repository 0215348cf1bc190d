#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_run_files
short_description: Write and read the files of a run on the controller
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Writes files under names that no other run has, and lets a link point to the newest. Files are never overwritten, even if two runs use
    one directory at the same time.
  - Notes what a run has done so far, so that the next one can report on a run that was interrupted.
  - The roles of this collection use it. It runs on the controller as the user who runs Ansible, and connects to no host. Directories that
    it makes have mode 0700, files 0600.
  - In check mode nothing is written.
options:
  operation:
    description:
      - V(begin_run) shows and writes reports as V(report_interrupted), and notes that a run begins, what it does (O(kind), O(about)), and
        what is known so far (O(results)). If O(run) is the path of a run, this one goes on. If the run has plans, and this process has not
        begun it, it is resumed; this fails if another process works on one of its hosts. The run starts to act on the hosts that
        O(starting) names.
      - V(note_results) notes what tasks of O(run) returned on O(hosts) (O(results)), and whether the run starts to act on them
        (O(starting)).
      - V(report_interrupted) shows and writes the reports of runs that began in O(directory), were interrupted, and have no report, but not that of
        O(run).
      - V(choose_canary) returns which hosts to clean first (O(canary)), of those whose plan in O(results) has messages, and fails if
        O(pause) is none.
      - V(check_batch) returns which of O(hosts) are left to clean in O(run), and whether they may be cleaned now. They may not if an
        earlier host failed (O(stop_on_failure)). After the canary (O(canary)) they may as O(pause) says.
      - V(note_waiting) notes that the other hosts wait after the canary.
      - V(merge_runs) makes one run of O(runs), which are of parts of a fleet, with one fleet plan.
      - V(make_hold) makes the directory of a hold, C(runs/RUN) in O(directory), and returns it.
      - V(begin_hold) notes that a hold (O(path)) begins, with its rules (O(rules)), its reason (O(reason)), and the hosts in O(results)
        whose step C(plan) selects messages.
      - V(end_hold) notes what a hold (O(path)) put on hold on each of O(hosts), from the step C(act) in O(results), and lets the link
        C(runs/latest_hold) point to it. The directory of a hold that put nothing on hold is removed.
      - V(find_holds) returns the directories of holds. O(directory) is that of one hold, or has several. Of several it returns the newest,
        and the earlier ones with the same rules. It fails if O(rules) are given, and the hold has others.
      - V(read_hold) returns what the holds in O(paths) put on hold on O(host) and what was not released yet, as the file of the plan, or as
        one plan of several.
      - V(end_release) notes on which of O(hosts) the holds in O(paths) are released, from the step C(act) in O(results).
      - Each operation takes O(directory) and the options that are named with it, and no others. V(begin_run) needs neither O(run) nor
        O(starting).
    type: str
    required: true
    choices:
      - begin_run
      - note_results
      - report_interrupted
      - choose_canary
      - check_batch
      - note_waiting
      - merge_runs
      - make_hold
      - begin_hold
      - end_hold
      - find_holds
      - read_hold
      - end_release
  directory:
    description: The directory. A relative path starts where C(ansible-playbook) runs.
    type: path
    required: true
  redact_key:
    description:
      - With V(begin_run) and V(report_interrupted), the key of pseudonyms, see O(mailops.postfix.postfix_fleet_report#module:redact_key).
      - By default reports have the addresses themselves.
    type: str
  run:
    description: The path of a run, which O(operation=begin_run) returned in RV(run). Empty for none.
    type: str
  runs:
    description: The paths of runs that have fleet plans.
    type: list
    elements: path
  canary:
    description: The hosts to clean first. V(auto) is the first of four or more, V(none) none.
    type: raw
  pause:
    description: How long to wait after the canary, in seconds. V(prompt) asks, V(approval) needs an approval that is newer.
    type: str
  stop_on_failure:
    description: Whether an earlier host that failed or has drifted stops the run.
    type: bool
  allowed_signers:
    description: The file of those who may sign an approval. Empty for none.
    type: path
  path:
    description: The directory of a hold, which O(operation=make_hold) returned in RV(path). With V(end_hold), empty for none.
    type: path
  paths:
    description: The directories of holds, which O(operation=find_holds) returned in RV(paths).
    type: list
    elements: path
  rules:
    description: The rules of a hold, with the keys C(match) and C(exclude).
    type: dict
  reason:
    description: Why messages are put on hold. Empty for no reason.
    type: str
  host:
    description: The name of a host in the inventory.
    type: str
  kind:
    description: The kind of a run.
    type: str
    choices: [cleanup, lockout, quarantine]
  about:
    description:
      - What a run does. It is the setting C(run) of a report of this kind, see O(mailops.postfix.postfix_fleet_report#module:kind).
    type: dict
  hosts:
    description: The hosts that O(results) are of.
    type: list
    elements: str
  starting:
    description:
      - With O(operation=note_results), whether the run starts to act on O(hosts).
      - With O(operation=begin_run), the list of the hosts that it starts to act on.
    type: raw
  results:
    description: The variables that tasks registered on each of O(hosts), by the name of the step.
    type: dict
extends_documentation_fragment:
  - mailops.postfix._attributes.controller
seealso:
  - module: mailops.postfix.postfix_fleet_report
"""

EXAMPLES = r"""
- name: Note that a cleanup begins
  mailops.postfix.postfix_run_files:
    operation: begin_run
    directory: mailops-reports
    kind: cleanup
    about: {method: delete}
    hosts: "{{ ansible_play_hosts_all }}"
    results: {plan: planned}
    starting: "{{ ansible_play_batch }}"
  register: begun
  run_once: true
"""

RETURN = r"""
path:
  description: The directory of a hold, or the file of a plan.
  returned: with O(operation=make_hold), O(operation=begin_hold), O(operation=end_hold) if messages were put on hold, and
    O(operation=read_hold) if there is one
  type: str
  sample: /home/ops/mailops-reports/runs/20261126T064038.123456Z
paths:
  description: The directories of holds, the newest first.
  returned: with O(operation=find_holds)
  type: list
  elements: str
problem:
  description: Why it is not known what a hold put on hold on the host. It is null if it is known.
  returned: with O(operation=read_hold)
  type: str
limits:
  description: The limits of the merged fleet plan.
  returned: with O(operation=merge_runs)
  type: dict
  sample: {fleet_max_messages: 50000}
plan:
  description: The plan of the host.
  returned: with O(operation=read_hold) if it is of several holds
  type: dict
run:
  description: The path of the run.
  returned: with O(operation=begin_run) and O(operation=merge_runs)
  type: str
  sample: /home/ops/mailops-reports/runs/20261126T064038.123456Z
digest:
  description: The digest of the fleet plan.
  returned: with O(operation=merge_runs)
  type: str
kind:
  description: The kind of report that the run can have, C(cleanup) if one of O(runs) has cleaned hosts, otherwise C(plan).
  returned: with O(operation=merge_runs)
  type: str
  sample: plan
canary:
  description: The hosts to clean first.
  returned: with O(operation=choose_canary)
  type: list
  elements: str
  sample: [mx01]
left:
  description: Those of O(hosts) that the run has not cleaned.
  returned: with O(operation=check_batch)
  type: list
  elements: str
  sample: [mx02, mx03]
stop:
  description: Why none of O(hosts) may be cleaned. Empty if they may.
  returned: with O(operation=check_batch)
  type: str
  sample: mx01 failed or has drifted
waiting:
  description: Whether they may be cleaned after an approval.
  returned: with O(operation=check_batch)
  type: bool
pause:
  description: How long to wait before them, in seconds, or C(prompt). Empty for not at all.
  returned: with O(operation=check_batch)
  type: str
lines:
  description: The reports on runs that were interrupted, as lines for a terminal.
  returned: with O(operation=report_interrupted)
  type: list
  elements: str
  sample: []
"""
