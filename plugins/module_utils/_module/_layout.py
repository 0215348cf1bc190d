# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The layout of an instance's queue directory, from the parameters of the instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance


def layout_of(instance: Instance) -> Layout:
    """Return the layout of an instance's queue directory. Raises InstanceError for impossible values in main.cf."""
    owner = instance.mail_owner
    return Layout(
        queue_directory=instance.queue_directory,
        hash_names=instance.hash_queue_names,
        hash_depth=instance.hash_queue_depth,
        long_queue_ids=instance.long_queue_ids,
        owner=FileAttributes(owner.pw_uid, owner.pw_gid, 0o700, ()),
    )
