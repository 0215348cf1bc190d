# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""From an instance's parameters to the layout of its queue directory."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import Layout
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Look

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance


def layout_of(instance: Instance) -> Layout:
    """Return where an instance has its queue files. Raises InstanceError where its mail owner does not exist."""
    parameters = instance.parameters
    owner = parameters.get("mail_owner", "postfix")
    try:
        account = pwd.getpwnam(owner)
    except KeyError:
        raise InstanceError(
            "There is no user %s, whom mail_owner in %s names; make that user, or mend main.cf."
            % (owner, instance.config_directory)
        ) from None
    return Layout(
        queue_directory=instance.queue_directory,
        hash_names=frozenset(parameters.get("hash_queue_names", "deferred, defer").replace(",", " ").split()),
        hash_depth=int(parameters.get("hash_queue_depth", "1")),
        long_ids=instance.long_queue_ids,
        owner=Look(account.pw_uid, account.pw_gid, 0o700, ()),
    )
