# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The module postfix_lock_info: it reads the journal of locks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import LockStore
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import fit

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

ARGUMENTS = _options.compose(_options.INSTANCE)
# So that the result stays below 64 KiB.
_BUDGET = 56 << 10


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    instance = _options.instance_of(module)
    instance.require_root()
    journal = LockStore(instance).read()
    if journal.pending:
        module.warn(
            "An interrupted run has not finished its changes of locks. Run postfix_lock, also without locks, to finish them."
        )
    now = time.time()
    rows = fit([{**lock.show(), "expired": lock.has_expired(now)} for lock in journal.locks], _BUDGET)
    return {"changed": False, "locks": rows, "left_out": len(journal.locks) - len(rows)}
