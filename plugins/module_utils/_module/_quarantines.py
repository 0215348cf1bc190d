# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What the modules that know quarantines share: where they are, and the queue directory they belong to."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING, Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Look
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Layout

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._arguments import ArgumentSpec
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance

DIRECTORY: ArgumentSpec = {"directory": {"type": "path"}}


def base_of(params: Mapping[str, Any], instance: Instance) -> str:
    """Return the directory that quarantines are kept in. Raises QuarantineError for one that is not absolute."""
    base: str = params["directory"] or quarantines.default_base(instance.queue_directory)
    if not os.path.isabs(base):
        raise QuarantineError("directory %s is not an absolute path; write it from / on." % base)
    return os.path.normpath(base)


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
