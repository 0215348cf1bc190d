# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Reading the queue through postqueue(1), which shows less than the spool, and for a user who may not read that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Iterable, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    PrivilegeError,
    ShowqError,
    UnlistedCriterionError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import (
    ListedMessage,
    parse_json,
    parse_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import (
    UNLISTED_CRITERIA,
    UNLISTED_RESULTS,
    UNLISTED_TOPS,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import ScanCounts
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import PatternWatch

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection

_Collector = TypeVar("_Collector")

UNKNOWN = sorted([*UNLISTED_CRITERIA, *UNLISTED_RESULTS])
"""The criteria and results that postqueue does not show."""
UNKNOWN_TOPS = UNLISTED_TOPS
"""The tops that it does not show."""

# sysexits(3), as postqueue(1) exits.
_EX_UNAVAILABLE = 69
_EX_NOPERM = 77
_JSON_SINCE = (3, 1)


def read_listing(
    instance: Instance,
    selection: Selection,
    visit: Callable[[ListedMessage, _Collector], None],
    collector: _Collector,
    *,
    now: int,
) -> ScanCounts:
    """Call the visitor with each message that postqueue lists, and return how many lines could be read.

    Raises MailopsError if postqueue fails, if the selection needs what it does not show, and if a pattern takes too long.
    """
    unlisted = selection.unlisted_criteria()
    if unlisted:
        raise UnlistedCriterionError(unlisted[0])
    counts = ScanCounts()
    with_json = instance.version >= _JSON_SINCE
    command = instance.command("postqueue", "-j" if with_json else "-p")

    def add_listed(lines: Iterable[bytes]) -> None:
        if with_json:
            listed = parse_json(lines, null_sender=instance.null_sender)
        else:
            listed = parse_listing(lines, null_sender=instance.null_sender, now=now)
        with PatternWatch() as watch:
            for message in listed:
                if isinstance(message, ShowqError):
                    counts.unparsed += 1
                else:
                    watch.queue_id = message.queue_id
                    counts.files += 1
                    visit(message, collector)

    output = instance.runner.run(command, consume=add_listed)
    if output.status:
        raise _explain(CommandError(command, status=output.status, output=output.err))
    return counts


def _explain(error: CommandError) -> MailopsError:
    """Return the error that names the remedy for what postqueue said (src/postqueue/postqueue.c).

    It exits as sysexits(3) has it, but for a user who may not look Postfix 3.10 exits as for a mail system that is down.
    """
    if error.status == _EX_NOPERM or "is not allowed to view the mail queue" in error.output:
        return PrivilegeError(
            "This user may neither read the spool nor ask postqueue. Run this as root (become: true), or list the user in "
            "authorized_mailq_users in main.cf."
        )
    if error.status == _EX_UNAVAILABLE:
        return InstanceError(
            "This user may not read the spool, and postqueue cannot answer because Postfix is stopped. Run this as root "
            "(become: true), or start Postfix."
        )
    return error
