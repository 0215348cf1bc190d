#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_fleet_report
short_description: Make one report on a fleet, show it and keep it
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Makes one report from what tasks returned on all hosts, shows it as plain lines of text, and writes it in several formats.
  - The roles of this collection use it. It runs on the controller as the user who runs Ansible, and connects to no host. Give the task
    C(run_once).
  - Files are written under names that no other run has, with mode 0600, and the links C(KIND.json), C(KIND.md) and so on point to the
    newest. Directories that it makes have mode 0700.
  - In check mode nothing is written.
options:
  kind:
    description:
      - The kind of report. The steps and the settings that each kind takes are below.
      - V(audit) is on the queues. The step C(facts) is from M(mailops.postfix.postfix_queue_facts), and C(log) from
        M(mailops.postfix.postfix_log_info) with C(suspects). Setting C(selection) has the C(match) and C(exclude) rules that messages
        were selected by. Setting C(thresholds) has the values above which the report lists a host or the fleet in RV(over); see the
        variable C(queue_audit_thresholds) of the role P(mailops.postfix.queue_audit#role).
      - V(plan) is on plans. The step C(plan) is from M(mailops.postfix.postfix_queue_purge) in check mode. Setting C(limits) has
        C(max_messages), C(max_percent), C(fleet_max_messages), and C(mixed), which is whether plans of different rules and ages may be
        carried out together.
      - V(cleanup) is on a cleanup. The step C(plan) is the same, C(purge) is from M(mailops.postfix.postfix_queue_purge), C(left) from
        M(mailops.postfix.postfix_queue_facts) afterwards, and C(left_old) from the same module, only of messages that were there when
        the plan was made. Setting C(run) has C(method), C(reason), C(check), C(quarantine), which is the
        name of a quarantine, C(canary), which are the hosts that were cleaned first, C(waiting), which is whether the run waits for an
        approval after them, C(started), which are the hosts whose results are unknown, C(not_chosen), which are hosts that the run was
        not to clean, and C(interrupted).
      - V(quarantine) is on a quarantine. The steps C(quarantine), C(restore) and C(expiry) are from
        M(mailops.postfix.postfix_spool_quarantine), C(listing) is from M(mailops.postfix.postfix_quarantine_info), C(preview) from
        M(mailops.postfix.postfix_queue_facts) of the quarantine before anything is restored, C(left) from the same module afterwards,
        C(service) from the same module of the running instance, and C(source) is why the source was not stopped. Setting C(run) has
        C(name), C(reason), C(rules), C(everything), C(must_run), C(expire) and C(check). With setting C(limits) it is a preview.
        C(limits) has C(max_messages), C(max_percent), C(fleet_max_messages) and C(expire_max_messages).
      - V(quarantines) lists quarantines. The step C(listing) is from M(mailops.postfix.postfix_quarantine_info).
      - V(suspects) is on accounts that stand out. The step C(log) is from M(mailops.postfix.postfix_log_info) with C(accounts),
        C(suspects) and C(queue), and C(locks) from M(mailops.postfix.postfix_lock) without locks. Setting C(thresholds) has those that
        were set for M(mailops.postfix.postfix_log_info).
      - V(lockout) is on locks that were made or removed. The step C(preview) is from M(mailops.postfix.postfix_message_info), C(log) from
        M(mailops.postfix.postfix_log_info), C(lock) from M(mailops.postfix.postfix_lock), C(plan) and C(clean) from
        M(mailops.postfix.postfix_queue_purge) or M(mailops.postfix.postfix_spool_quarantine), and C(left) from
        M(mailops.postfix.postfix_queue_facts). C(login), C(flush) and C(sweep) are made by the role P(mailops.postfix.lockout#role).
        Setting C(run) has C(locks), C(ids), C(unlock), C(cleanup), C(quarantine), C(since), C(reason) and C(check). With setting
        C(limits) it is a preview. C(limits) has C(max_messages), C(max_percent) and C(fleet_max_messages).
      - V(locks) lists locks. The step C(locks) is from M(mailops.postfix.postfix_lock), and C(allow) is why a login was not allowed.
        Setting C(check) is whether expired locks were not removed, in check mode.
      - V(trace) is on a message. The step C(first) is from M(mailops.postfix.postfix_log_info), and C(followed) from the same module in
        a loop over C(message_ids) of a report on the first step. Setting C(trace) has what was asked for.
      - V(hold) is on messages that were put on hold or released. The step C(plan) is from M(mailops.postfix.postfix_queue_hold) in check
        mode, and C(act) from the same module afterwards. If a release releases what earlier holds held, C(record) is from
        M(mailops.postfix.postfix_run_files) with V(read_hold). Setting C(run) has C(state), C(own), C(record), C(match), C(exclude),
        C(reason) and C(check). With setting C(limits) it is a preview. C(limits) has C(fleet_max_messages).
      - V(flush) is on messages that were tried. The step C(plan) is from M(mailops.postfix.postfix_queue_flush) in check mode, and C(act)
        from the same module afterwards. Setting C(run) has C(site), C(requeue), C(wait), C(match), C(exclude), C(reason) and C(check).
        With setting C(limits) it is a preview. C(limits) has C(fleet_max_messages).
    type: str
    required: true
    choices: [audit, plan, cleanup, quarantine, quarantines, suspects, lockout, locks, trace, hold, flush]
  results:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step. An empty or missing result stands for
        a task that did not run.
      - Give this or O(steps). Without both, the report is made from the notes of O(run).
    type: dict
  steps:
    description:
      - The name of the variable that tasks register on each host, by step.
      - Give this or O(results). This is faster if the results are large, because they are not templated.
    type: dict
  hosts:
    description:
      - The hosts that were queried, in the order of the report.
      - By default those of O(results), and with O(steps) all hosts of the play, C(ansible_play_hosts_all), also those that failed.
    type: list
    elements: str
  settings:
    description: What the kind of report needs besides results; see O(kind).
    type: dict
    default: {}
  directory:
    description:
      - The directory of the files. A relative path starts where C(ansible-playbook) runs.
      - By default no files are written.
    type: path
  formats:
    description:
      - The formats of the files.
      - V(prometheus) is for O(kind=audit) only. Its file has mode 0644, because metrics have no addresses.
      - A report of O(kind=audit) with suggested rules is also kept as C(audit-TIME.yml), with the rules as C(mailops_match), unless it is
        redacted. Rules that are only possible are comments in it.
      - A report of O(kind=suspects) is also kept as C(suspects-TIME.yml), with the suspects as locks for the role
        P(mailops.postfix.lockout#role), unless it is redacted.
    type: list
    elements: str
    choices: [json, markdown, html, prometheus]
    default: [json, markdown, html]
  keep:
    description: Whether files are written always, or only if limits refuse what the report previews (RV(refusals)).
    type: str
    choices: [always, refused]
    default: always
  show:
    description: Whether to show the text of the report.
    type: bool
    default: true
  run:
    description:
      - The path of a run that ends with this report, which M(mailops.postfix.postfix_run_files) returned for C(begin_run). When the
        report was kept, the directory of a run without plans is deleted.
      - By default there is none.
    type: str
    default: ''
  history:
    description:
      - With O(kind=audit), how many earlier audits in O(directory) count for growth and for C(history) in the report. With V(0) none do.
      - Files that are no reports of this collection are left out, and a warning names them.
    type: int
    default: 30
  keep_newest:
    description:
      - How many reports of the same kind are kept in O(directory), with this one. The files of older ones are deleted.
      - By default, and with V(0), all are kept.
    type: int
  textfile:
    description:
      - With O(kind=audit), the path of a file with the metrics of the fleet, for the textfile collector of node_exporter on the
        controller. It has mode 0644, always the same name, and is replaced in one step. Its directory must exist.
      - By default there is none.
    type: path
  host_metrics:
    description: With O(kind=audit), whether to return RV(metrics).
    type: bool
    default: false
  redact_key:
    description:
      - The key of pseudonyms that replace addresses, domains, accounts, clients, and the values of rules on headers and content, in
        all that is returned, shown and kept. At least 16 characters.
      - With the same key the same value has the same pseudonym in every report. The names of hosts stay.
      - What other tasks return and what Ansible shows of them is not changed.
      - By default nothing is replaced.
    type: str
extends_documentation_fragment:
  - mailops.postfix._attributes.controller
seealso:
  - module: mailops.postfix.postfix_run_files
"""

EXAMPLES = r"""
- name: Read the queues
  mailops.postfix.postfix_queue_facts:
  register: queue_result
  ignore_errors: true
  ignore_unreachable: true

- name: Report on the fleet
  mailops.postfix.postfix_fleet_report:
    kind: audit
    steps:
      facts: queue_result
    directory: mailops-reports
  register: audit
  run_once: true

- name: Fail if a host has a problem, or if the report was not kept
  ansible.builtin.fail:
    msg: "{{ audit.problems[inventory_hostname] }}"
  when: inventory_hostname in audit.problems
"""

RETURN = r"""
report:
  description:
    - The report. C(kind) is its kind, C(created) when it was made, in seconds since the epoch. C(hosts) has a row for each host with its
      C(state), which is an identifier such as C(ok), C(unreachable), C(connection_refused), C(timed_out), C(failed), C(missing),
      C(cleaned) or C(left_over), and its C(problem), if any. C(fleet) has the sums of all hosts.
    - Times are in seconds since the epoch. The file in JSON has each time also in ISO 8601, in UTC, as C(NAME_iso).
  returned: success
  type: dict
lines:
  description: The text of the report, and where it was kept. Lines of the report have at most 100 columns, apart from commands to copy, and cannot
    control a terminal.
  returned: success
  type: list
  elements: str
problems:
  description:
    - The problem of each host that has one. It also says what is over a threshold on the host. What the fleet is over, the first host of
      the play has as a problem.
    - If the report could not be kept, every host of the report has a problem. The task does not fail.
  returned: success
  type: dict
  sample: {mx02: no route to host}
over:
  description:
    - What is over a threshold, first of the fleet and then of each host. C(host) is null for the fleet. C(name) is the sender, account or
      client that a share is of. Lengths of time are seconds, shares are from 0 to 1.
  returned: success
  type: list
  elements: dict
  sample: [{host: mx01, threshold: messages, value: 5310, limit: 5000, name: null}]
metrics:
  description: The metrics of each host that could be reached, in the text format of Prometheus, by host.
  returned: with O(host_metrics=true)
  type: dict
refusals:
  description: Sentences that say why a limit does not allow what the report previews. Empty if nothing is refused.
  returned: success
  type: list
  elements: str
path:
  description: The path of the files, without suffix.
  returned: if the report was kept
  type: str
  sample: /home/ops/mailops-reports/audit-20261126T064038.123456Z
paths:
  description: The path of each file, by format. The rules of O(kind=audit) are C(rules), and the locks of
    O(kind=suspects) are C(locks).
  returned: if the report was kept
  type: dict
  sample: {json: /home/ops/mailops-reports/audit-20261126T064038.123456Z.json}
"""
