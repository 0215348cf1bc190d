# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What the operator asks postfix_lock to lock and to unlock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.changes import Changes, LockOptions, change_locks
from ansible_collections.mailops.postfix.plugins.module_utils._locks.expiry import parse_expiry
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import (
    ACTIONS,
    Lock,
    Target,
    check_id,
    check_text,
    parse_targets,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.protection import check_allowed, parse_protection
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import ACCESS_KEYS

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._options import ArgumentSpec
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration

REQUEST: ArgumentSpec = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "locks": {"type": "list", "elements": "raw", "default": []},
    "ids": {"type": "list", "elements": "str", "default": []},
    "action": {"type": "str", "choices": list(ACTIONS), "default": "reject"},
    "text": {"type": "str"},
    "expires": {"type": "str"},
    "reason": {"type": "str"},
    "never": {"type": "list", "elements": "str", "default": []},
    "end_sessions": {"type": "bool", "default": True},
    "files": {"type": "list", "elements": "path", "default": []},
}


@dataclass(frozen=True)
class LockRequest:
    """What to lock, and the IDs of what to unlock."""

    present: Sequence[Target]
    absent: Sequence[str]
    options: LockOptions
    now: int

    def changes(self, locks: Sequence[Lock]) -> Changes:
        """Return what the request changes about these locks. Raises LimitError."""
        return change_locks(locks, present=self.present, options=self.options, absent=self.absent, now=self.now)

    def check_host(self, module: AnsibleModule, configuration: Configuration) -> None:
        """Raise InstanceError if this host cannot do what a lock asks, and warn of what escapes a lock."""
        keys = {target.key for target in self.present}
        proxying = configuration.proxying_services()
        if proxying and self.options.action != "reject" and keys.intersection(ACCESS_KEYS):
            raise InstanceError(
                "%s has smtpd_proxy_filter, and with it smtpd can neither hold nor discard mail. Nothing was changed. Use action: reject."
                % " and ".join(proxying)
            )
        if keys.difference(ACCESS_KEYS):
            unchecked = configuration.unchecked_services()
            if unchecked:
                module.warn(
                    "Mail through %s escapes locks of headers and bodies: receive_override_options has no_header_body_checks there."
                    % ", ".join(unchecked)
                )
            if any(not target.shown.isascii() for target in self.present if target.key in ("header", "body")):
                module.warn(
                    "A lock of a header or body has text beyond ASCII. Postfix compares it with the message as it is stored, so it "
                    "does not find text in encoded words, quoted-printable or base64."
                )


def parse_request(params: Mapping[str, Any], *, now: int, user: str) -> LockRequest:
    """Return what the options ask for. Raises SelectionError for options that contradict each other, and for bad values."""
    targets = parse_targets(params["locks"], "locks")
    ids = [check_id(text, "ids[%d]" % number) for number, text in enumerate(params["ids"])]
    protection = parse_protection(params["never"], "never")
    options = LockOptions(
        action=params["action"],
        text=check_text(params["text"], "text"),
        reason=check_text(params["reason"], "reason"),
        expires=None if params["expires"] is None else parse_expiry(params["expires"], "expires", now=now),
        asked=params["expires"],
        user=user,
    )
    if params["state"] == "absent":
        return LockRequest((), [*(target.id for target in targets), *ids], options, now)
    if ids:
        raise SelectionError("ids", "it names locks to remove. Use it with state: absent, and locks to lock something")
    for number, target in enumerate(targets):
        check_allowed(target, protection, "locks[%d].%s" % (number, target.key))
    return LockRequest(targets, (), options, now)
