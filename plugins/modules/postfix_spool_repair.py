#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_spool_repair
short_description: Check and repair the queue directory of Postfix
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Looks for what is wrong in a queue directory, and repairs it with C(postsuper -p) and C(postsuper -s), or by itself. What was
    repaired is found out by looking again.
  - Check mode looks, changes nothing, not even times of access, and does not run C(postsuper).
  - One file or directory that cannot be read or repaired does not stop the rest. It is named, and the task fails in the end if a
    repair failed.
  - Names damaged queue files. No repair changes them; see the examples for how to quarantine or delete them.
  - Lists the files in C(corrupt), where Postfix puts what it cannot read, with what can still be read of them. They are never
    touched.
  - C(postfix start) does V(stale) and V(structure) of O(repairs) by itself, and C(postfix reload) does them in the background. Run this
    after a queue was copied or restored, after a change of C(hash_queue_names) or C(hash_queue_depth), or to see what a start would do.
options:
  repairs:
    description:
      - What to repair. What is wrong is reported whatever this says.
      - V(stale) is C(postsuper -p). It removes files of messages that were never finished and not written to for 7 days.
      - V(structure) is C(postsuper -s). It gives files the queue ID that fits their inode, moves files into the hash directory in
        which Postfix looks for them, and removes hash directories that are not used any more.
      - Both also remove from the queues what is neither a file nor a directory, and empty directories that do not belong there.
      - V(orphan_logs) removes logs in C(defer), C(bounce) and C(trace) of messages that are in no queue. C(postsuper) does not do that.
        Where not all messages can be read, no log is removed.
      - V(ownership) gives files and directories of the queues to C(mail_owner), and C(maildrop) to C(setgid_group), too. It also adds
        what Postfix needs to the mode of a queue's own directory. Postfix does not start without that, for instance after the user ID of
        C(postfix) has changed. Files in C(maildrop) stay with the users who submitted them. It does not need Postfix to run, and no
        link is followed. A file that has several names (hard links) stays and is named. Outside the queue directory, run
        C(postfix set-permissions).
    type: list
    elements: str
    choices: [stale, structure, orphan_logs, ownership]
    default: [stale, structure]
  orphan_age:
    description:
      - Leave alone logs that were written to since, as V(2h) or V(1d). While Postfix runs, a log may be there before its message is seen.
    type: str
    default: 1d
  reason:
    description: Why this is done, for the line that the run leaves in the mail log.
    type: str
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._limit
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_message_info
    description: Opens messages, those in C(corrupt) too.
  - module: mailops.postfix.postfix_queue_purge
    description: Deletes damaged files by their queue ID.
  - module: mailops.postfix.postfix_spool_quarantine
    description: Moves damaged files away by their queue ID.
notes:
  - The module needs root.
  - Hash directories are looked into 16 deep. Postfix itself makes as many as C(hash_queue_depth).
  - A queue may be a symbolic link, if the link and all directories on its way belong to root and are writable for nobody else.
    Another link is not followed, and is reported as unreadable.
  - The whole envelope of each message is read, to find damaged files. On a queue of 100,000 messages that takes some seconds.
  - While Postfix runs, it refuses to give messages another queue ID, for Postfix would lose sight of what it is delivering. All other
    repairs can be done then.
"""

EXAMPLES = r"""
- name: What would be repaired, and what is corrupt or damaged
  mailops.postfix.postfix_spool_repair:
  become: true
  check_mode: true

- name: Put files where the new hash_queue_depth has them
  mailops.postfix.postfix_spool_repair:
    repairs: [structure]
  become: true

- name: Remove the logs of messages that are gone for a week
  mailops.postfix.postfix_spool_repair:
    repairs: [orphan_logs]
    orphan_age: 7d
    reason: ticket 4711
  become: true

- name: Let Postfix start again after its user ID has changed
  mailops.postfix.postfix_spool_repair:
    repairs: [ownership, stale, structure]
  become: true

- name: Find damaged queue files
  mailops.postfix.postfix_spool_repair:
    limit: 1000
  become: true
  check_mode: true
  register: spool

- name: Put them aside by their queue IDs (postfix_queue_purge deletes them in the same way)
  mailops.postfix.postfix_spool_quarantine:
    name: damaged
    match:
      - queue_id: "{{ spool.findings | selectattr('kind', 'equalto', 'damaged') | map(attribute='path') | map('basename') | list }}"
  become: true
  when: spool.found.damaged > 0
"""

RETURN = r"""
found:
  description:
    - How many findings there are of each kind.
    - C(stale_files) are files of messages that were never finished, not written to for 7 days.
    - C(misnamed) are messages whose queue ID does not fit their inode, or is long while C(enable_long_queue_ids) is off.
    - C(unfinished) are files that an interrupted C(postsuper -s) left under a name that ends with C(#FIX).
    - C(misplaced) are files in another hash directory than the one in which Postfix looks for them.
    - C(surplus_directories) are hash directories deeper than they should be.
    - C(not_files) are links, sockets, pipes and devices.
    - C(alien_directories) are directories whose name is no hash directory's. One that is not empty stays.
    - C(bogus_names) are files that no queue ID names. C(postsuper) leaves them alone; while Postfix runs, some are there for a moment.
    - C(orphan_logs) are logs of messages that are in no queue.
    - C(wrong_owner) are files and directories of another user than C(mail_owner), and queues whose directory has another group or a
      mode that does not let C(mail_owner) work there.
    - C(damaged) are files of messages that cannot be read to their end (empty, cut short, or overwritten).
    - C(unreadable) are files and directories that the system did not let this module read. What is wrong in them is not known.
    - C(too_deep) are directories below 16 hash directories. They are not looked into.
  returned: success
  type: dict
  sample:
    {
      "stale_files": 2,
      "misnamed": 0,
      "unfinished": 0,
      "misplaced": 5210,
      "surplus_directories": 16,
      "not_files": 0,
      "alien_directories": 0,
      "bogus_names": 1,
      "orphan_logs": 12,
      "wrong_owner": 0,
      "damaged": 1,
      "unreadable": 0,
      "too_deep": 0,
    }
repaired:
  description: How many of them were repaired, found out by looking again. In check mode, how many would be.
  returned: success
  type: dict
  sample:
    {
      "stale_files": 2,
      "misnamed": 0,
      "unfinished": 0,
      "misplaced": 5210,
      "surplus_directories": 16,
      "not_files": 0,
      "alien_directories": 0,
      "bogus_names": 0,
      "orphan_logs": 0,
      "wrong_owner": 0,
      "damaged": 0,
      "unreadable": 0,
      "too_deep": 0,
    }
findings:
  description:
    - The findings, at most O(limit). C(path) is relative to the queue directory, C(modified) in seconds since the epoch, null for what
      could not be looked at.
    - C(detail) is the queue ID that a C(misnamed) file gets, the path of one that is C(misplaced) or C(unfinished), and otherwise says what
      is wrong (for C(damaged) also at which offset in the file, in bytes) or why something stays.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: misplaced
      path: deferred/4A0F9AC
      detail: deferred/4/4A0F9AC
      modified: 1795171149
      repaired: true
failures:
  description: What could not be repaired, at most 20. An empty C(path) stands for C(postsuper).
  returned: success
  type: list
  elements: dict
  sample:
    - path: defer/4/4A0F9AC
      problem: Input/output error
corrupt:
  description:
    - The files in C(corrupt), and messages as M(mailops.postfix.postfix_queue_facts) lists them, as far as they can be read, at most
      O(limit). C(problem) says where reading ended, C(modified) when the file was last written to.
  returned: success
  type: dict
  sample:
    {
      "files": 1,
      "messages":
        [
          {
            "queue_id": "4A0F9AC",
            "queue": "corrupt",
            "arrival_time": 1795171149,
            "size": 3310,
            "sender": "a@example.com",
            "recipients": ["b@example.org"],
            "recipient_count": 1,
            "reason": null,
            "sasl_username": null,
            "client_address": "192.0.2.7",
            "client_name": "unknown",
            "origin": "smtp",
            "next_retry": null,
            "forced_expire": false,
            "problem": "the file ends within a record at offset 1200",
            "modified": 1795171149,
          },
        ],
    }
truncated:
  description: Whether there is more than RV(findings) and RV(corrupt) list.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.spool_repair import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
