#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_run_files
short_description: Keep and read the files of a run on the controller
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Keeps reports and plans under names that no other run has, and lets a link point to the newest. Nothing is ever written over, also
    where two runs use one directory at once.
  - Remembers what a run has done so far, so that the next one can report on a run that was broken off.
  - The roles of this collection use it. It runs on the controller as the user who runs Ansible, and connects to no host. Directories that
    it makes have mode 0700, files 0600.
  - In check mode nothing is written.
options:
  operation:
    description:
      - V(report) keeps O(report) as C(KIND-TIME.json) and C(KIND-TIME.md), with the links C(KIND.json) and C(KIND.md) to the newest. The
        run O(run), if it is not empty, has ended with it.
      - V(plans) keeps the plans in O(results), whose only step is C(planned), and O(limits) with them, as C(plans/TIME/HOST.json), with
        the link C(plans/latest) to the newest.
      - V(locate) returns the directory that has the plans. O(directory) is one with plans, or one with plans of several runs, of which
        the newest are taken.
      - V(plan) returns the plan of O(host) in O(directory), if there is one.
      - V(begin) remembers that a run begins, what it is to do (O(about)), and what it knows already (O(results)).
      - V(note) remembers what came of O(run) on O(hosts) (O(results)), and whether it starts to act on them (O(starting)).
      - V(broken_off) makes the reports of runs that were begun in O(directory), do not run any more, and have no report.
      - Each operation takes the options that are named here and O(directory), and no others.
    type: str
    required: true
    choices: [report, plans, locate, plan, begin, note, broken_off]
  directory:
    description: The directory. A relative path starts where C(ansible-playbook) runs.
    type: path
    required: true
  report:
    description: A report, as the filters of this collection make it.
    type: dict
  run:
    description: The name of a run, as RV(run) of V(begin); empty for none.
    type: str
  limits:
    description: Limits on all plans together, by name.
    type: dict
  host:
    description: The name of a host in the inventory.
    type: str
  about:
    description: What a run is to do; its C(kind) is C(cleanup) or C(quarantine).
    type: dict
  hosts:
    description: The hosts that O(results) are of.
    type: list
    elements: str
  starting:
    description: Whether the run starts to act on O(hosts).
    type: bool
  results:
    description: The variables that tasks registered on each of O(hosts), by the name of the step.
    type: dict
attributes:
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: none
  platform:
    description: The systems it runs on.
    support: full
    platforms: posix
seealso:
  - plugin: mailops.postfix.report_text
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Keep a report
  mailops.postfix.postfix_run_files:
    operation: report
    directory: mailops-reports
    report: "{{ queue_audit_report }}"
    run: ''
  run_once: true
"""

RETURN = r"""
path:
  description: Where a report is, without C(.json) and C(.md), or the directory of plans.
  returned: with O(operation=report), O(operation=plans) and O(operation=locate)
  type: str
  sample: /home/ops/mailops-reports/audit-20261126T064038.123456Z
limits:
  description: The limits that were kept with the plans.
  returned: with O(operation=locate)
  type: dict
  sample: {fleet_max_messages: 50000}
plan:
  description: The plan of the host.
  returned: with O(operation=plan), where there is one
  type: dict
run:
  description: The name of the run.
  returned: with O(operation=begin)
  type: str
  sample: 20261126T064038.123456Z
lines:
  description: The reports on runs that were broken off, as lines for a terminal.
  returned: with O(operation=broken_off)
  type: list
  elements: str
  sample: []
"""
