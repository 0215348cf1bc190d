# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What modules leave in the mail log: who changed what, why, and each queue ID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

# A line of the log has at most so many characters of the operator's reason.
MAX_REASON = 200
# Long queue IDs have up to 20 characters, and a line of the log has at most 1024 bytes (RFC 3164).
_IDS_IN_LINE = 40


@dataclass(frozen=True)
class AuditLog:
    """The mail log of an instance, as one module writes to it. A log that cannot be written to gives a warning."""

    module: AnsibleModule
    instance: Instance
    name: str
    """The name of the module, such as C(postfix_queue_purge)."""

    def add_queue_ids(self, action: str, queue_ids: Sequence[str]) -> None:
        """Write the queue IDs of the messages that a run has changed, many in a line.

        A line for each, as postsuper(1) writes them, takes about fifteen times as long, and journald drops lines that come in such
        numbers (RateLimitBurst in journald.conf(5)).
        """
        parts = [queue_ids[start : start + _IDS_IN_LINE] for start in range(0, len(queue_ids), _IDS_IN_LINE)]
        self._write(["%s: %s" % (action, " ".join(part)) for part in parts])

    def add_summary(self, fields: Mapping[str, object], reason: str | None) -> None:
        """Write one line with these fields and the operator's reason."""
        self.add_rows([fields], reason)

    def add_rows(self, rows: Sequence[Mapping[str, object]], reason: str | None) -> None:
        """Write a line for each row of fields, with the operator's reason."""
        shown = printable(reason or "")[:MAX_REASON] or "none given"
        self._write([_line({**fields, "reason": shown}) for fields in rows])

    def add_fields(self, fields: Mapping[str, object]) -> None:
        """Write one line with these fields."""
        self._write([_line(fields)])

    def _write(self, lines: Sequence[str]) -> None:
        try:
            self.instance.log("mailops/" + self.name, lines)
        except MailopsError as error:
            self.module.warn("The mail log could not be written to: %s" % error)


def _line(fields: Mapping[str, object]) -> str:
    return ", ".join("%s=%s" % field for field in fields.items())
