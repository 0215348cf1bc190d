# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What an interrupted run left in a queue directory: messages on hold, and deletions that the mail log does not name yet."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import read_journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import open_messages

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import (
        Deletions,
        InterruptedDeletions,
    )
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import HoldJournal
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

_MAX_NAMED = 3


def recover_held(audit_log: AuditLog, directory: QueueDirectory) -> bool:
    """Release what an interrupted run had put on hold and not finished. Return whether there was a journal of such a run.

    The selection then decides about the messages again. Raises MailopsError if they cannot be released.
    """
    journal = read_journal(audit_log.instance.queue_directory)
    if not journal.messages:
        return False
    left = _find_held(directory.spool, journal)
    if left:
        states = actions.release(directory, left)
        problems = [state.problem for state in states.values() if state.problem]
        if problems:
            raise MailopsError(
                "An earlier run was interrupted, and %d of the %d messages that it had put on hold cannot be released: %s"
                % (len(problems), len(left), problems[0])
            )
        audit_log.add_queue_ids("released", sorted(left))
        audit_log.module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold were released." % len(left)
        )
    return True


def recover_deletions(audit_log: AuditLog, spool: Spool, deletions: Deletions) -> None:
    """Write to the mail log what a run deleted that was interrupted before it could do so, and warn of it."""
    interrupted = deletions.interrupted()
    if interrupted is None:
        return
    deleted = _find_deleted(spool, interrupted)
    if deleted:
        audit_log.add_queue_ids("deleted by an interrupted run", deleted)
        audit_log.add_fields(
            {
                "interrupted": interrupted.about.get("purpose"),
                "deleted": len(deleted),
                "user": interrupted.about.get("user"),
            }
        )
        audit_log.module.warn(_describe(interrupted, deleted) + " Their queue IDs are in the mail log.")
    deletions.close_interrupted()


def warn_of_interrupted(module: AnsibleModule, spool: Spool, deletions: Deletions) -> None:
    """Warn of what the next real run does about an interrupted one."""
    left = _find_held(spool, read_journal(spool.path))
    if left:
        module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold are still there. The next real run releases "
            "them first." % len(left)
        )
    interrupted = deletions.interrupted()
    deleted = _find_deleted(spool, interrupted) if interrupted else ()
    if interrupted and deleted:
        module.warn(_describe(interrupted, deleted) + " The next real run writes their queue IDs to the mail log.")


def _find_held(spool: Spool, journal: HoldJournal) -> dict[str, str]:
    """Return {queue ID: fingerprint} of the messages that are on hold because of an interrupted run and must not stay there.

    These are the messages of its journal. If those stay on hold, it is other messages that were held because they had the same
    queue ID.
    """
    fingerprints = {message.queue_id: message.fingerprint for message in journal.messages}
    held = {}
    for queue_id, message in open_messages(spool, "hold", fingerprints):
        if message is not None and (message.fingerprint == fingerprints[queue_id]) is not journal.stays:
            held[queue_id] = message.fingerprint
    return held


def _find_deleted(spool: Spool, interrupted: InterruptedDeletions) -> list[str]:
    """Return the queue IDs of the messages that an interrupted run had recorded for deletion and that are gone."""
    present = {
        queue_id
        for queue in LISTED_QUEUES
        for queue_id, message in open_messages(spool, queue, interrupted.messages)
        if message is None or message.fingerprint == interrupted.messages[queue_id]
    }
    return sorted(interrupted.messages.keys() - present)


def _describe(interrupted: InterruptedDeletions, deleted: Sequence[str]) -> str:
    about = interrupted.about
    since = about.get("since")
    when = "an unknown time"
    if isinstance(since, int):
        with suppress(ValueError, OverflowError, OSError):
            when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(since))
    return "A run of %s by %s that began at %s was interrupted. It had deleted %d messages (%s)." % (
        printable(str(about.get("purpose"))),
        printable(str(about.get("user"))),
        when,
        len(deleted),
        ", ".join(deleted[:_MAX_NAMED]) + (" and more" if len(deleted) > _MAX_NAMED else ""),
    )
