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
  - Finds faults in a queue directory, and repairs them with C(postsuper -p) and C(postsuper -s), or by itself. It then checks the
    directory again to find out what was repaired.
  - Use it after a queue was copied or restored, after a change of C(hash_queue_names) or C(hash_queue_depth), or to see what a start of
    Postfix would change. C(postfix start) does the repairs V(stale) and V(structure) of O(repairs) as well, and C(postfix reload) does
    them in the background.
  - Check mode changes nothing, not even times of access, and does not run C(postsuper).
  - If a file or directory cannot be read or repaired, the module names it and goes on with the others. The task fails at the end if a
    repair failed.
  - It names damaged queue files, but does not change them. The examples show how to quarantine or delete them.
  - It lists the files in C(corrupt), with the data that can still be read. Postfix moves files there that it cannot read. The module never
    touches them.
options:
  repairs:
    description:
      - What to repair. By default V(stale) and V(structure). All faults are reported in any case.
      - V(stale) is C(postsuper -p). It removes files of messages that were never finished and were not written to for 7 days.
      - V(structure) is C(postsuper -s). It gives files the queue ID that fits their inode, moves files into the hash directory in
        which Postfix looks for them, and removes unused hash directories.
      - Both also remove empty directories that do not belong in a queue, and everything in a queue that is neither a file nor a directory.
      - V(orphan_logs) removes logs in C(defer), C(bounce) and C(trace) if their message is in no queue. C(postsuper) does not do this. If
        a message cannot be read, no log is removed.
      - V(ownership) sets the owner of the files and directories of the queues to C(mail_owner), and the group of C(maildrop) to
        C(setgid_group). It also adds the permissions that Postfix needs to the directory of each queue. Without them Postfix does not
        start, for example after the user ID of C(postfix) has changed. It works while Postfix is stopped. Files in C(maildrop) keep
        the users who submitted them as their owners. Links are not followed. A file that has several names (hard links) is named and not
        changed. For files outside the queue directory, run C(postfix set-permissions).
    type: list
    elements: str
    choices: [stale, structure, orphan_logs, ownership]
    default: [stale, structure]
  orphan_age:
    description:
      - The least age of a log that V(orphan_logs) removes, such as V(2h) or V(1d). The age counts from the last write.
      - While Postfix runs, a log may exist before the module can see its message. Such a log must not be removed.
    type: str
    default: 1d
  reason:
    description:
      - Why this is done. The run writes the reason to the mail log.
      - By default no reason is given.
    type: str
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._limit
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_message_info
    description: Opens messages, including those in C(corrupt).
  - module: mailops.postfix.postfix_queue_purge
    description: Deletes damaged files by their queue ID.
  - module: mailops.postfix.postfix_spool_quarantine
    description: Moves damaged files to a quarantine by their queue ID.
notes:
  - The module needs root.
  - The module reads at most 16 levels of hash directories. Postfix itself makes as many as C(hash_queue_depth).
  - A queue may be a symbolic link if the link and all directories on its path belong to root and nobody else can write to them. Any
    other link is not followed, and is reported as unreadable.
  - The module reads the whole envelope of each message to find damaged files. On a queue of 100,000 messages this takes some seconds.
  - While Postfix runs, the module refuses to change the queue ID of a message, because Postfix could not find the message that it is
    delivering. All other repairs are possible then.
"""

EXAMPLES = r"""
- name: Show what would be repaired, and what is corrupt or damaged
  mailops.postfix.postfix_spool_repair:
  become: true
  check_mode: true

- name: Move files to the directories that a new hash_queue_depth requires
  mailops.postfix.postfix_spool_repair:
    repairs: [structure]
  become: true

- name: Remove logs of deleted messages that were last written to a week ago or earlier
  mailops.postfix.postfix_spool_repair:
    repairs: [orphan_logs]
    orphan_age: 7d
    reason: ticket 4711
  become: true

- name: Repair the owners so that Postfix starts again after its user ID has changed
  mailops.postfix.postfix_spool_repair:
    repairs: [ownership, stale, structure]
  become: true

- name: Find damaged queue files
  mailops.postfix.postfix_spool_repair:
    limit: 1000
  become: true
  check_mode: true
  register: spool

- name: Quarantine them by their queue IDs (postfix_queue_purge deletes them in the same way)
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
    - C(stale_files) are files of messages that were never finished and were not written to for 7 days.
    - C(misnamed) are messages whose queue ID does not fit their inode, or is long while C(enable_long_queue_ids) is off.
    - C(unfinished) are files that an interrupted C(postsuper -s) left under a name that ends with C(#FIX).
    - C(misplaced) are files that are not in the hash directory in which Postfix looks for them.
    - C(surplus_directories) are hash directories deeper than they should be.
    - C(not_files) are links, sockets, pipes and devices.
    - C(alien_directories) are directories whose name is not the name of a hash directory. Only empty ones are removed.
    - C(bogus_names) are files whose name is not a queue ID. C(postsuper) leaves them alone. While Postfix runs, some of them exist for a
      moment.
    - C(orphan_logs) are logs of messages that are in no queue.
    - C(wrong_owner) are files and directories of another user than C(mail_owner), and queues whose directory has the wrong group or a
      mode that does not allow C(mail_owner) to work there.
    - C(damaged) are files of messages that cannot be read to their end (empty, cut short, or overwritten).
    - C(unreadable) are files and directories that the module could not read. Faults in them are not known.
    - C(too_deep) are directories below 16 levels of hash directories. The module does not read them.
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
  description: How many of the findings were repaired. The module checks this in the directory. In check mode, how many would be repaired.
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
    - The findings, at most O(limit). C(path) is relative to the queue directory. C(modified) is in seconds since the epoch, or null if it is
      not known.
    - For a C(misnamed) file, C(detail) is the queue ID that it gets. For a C(misplaced) or C(unfinished) file, C(detail) is the path that
      it gets. For the others, it says what is wrong or why something is not repaired. For a C(damaged) file it also has the offset of
      the fault in bytes.
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
  description: What could not be repaired, at most 20. If C(path) is empty, C(postsuper) failed.
  returned: success
  type: list
  elements: dict
  sample:
    - path: defer/4/4A0F9AC
      problem: Input/output error
corrupt:
  description:
    - C(files) is the number of files in C(corrupt). C(messages) lists at most O(limit) of them in the form of
      M(mailops.postfix.postfix_queue_facts), as far as they can be read. C(problem) says where reading ended. C(modified) is the time of
      the last write.
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
  description: Whether there are more findings or corrupt files than RV(findings) and RV(corrupt) list.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.spool_repair import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
