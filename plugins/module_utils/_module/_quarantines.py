# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The place of quarantines, for the modules that use them: the option C(directory), its default, and its checks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._options import ArgumentSpec
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

DIRECTORY: ArgumentSpec = {"directory": {"type": "path"}}


def base_of(params: Mapping[str, Any], instance: Instance) -> str:
    """Return the directory of the quarantines. Raises QuarantineError for a path that is not absolute."""
    base: str = params["directory"] or quarantine_place.default_base(instance.queue_directory)
    if not os.path.isabs(base):
        raise QuarantineError("directory %s is not an absolute path; write it from / on." % base)
    return os.path.normpath(base)


def check_place(base: str, name: str, instance: Instance) -> None:
    """Raise QuarantineError for a name that a quarantine cannot have, and for a path that belongs to Postfix."""
    quarantine_place.check_name(name)
    parameters = ("config_directory", "data_directory")
    others = {parameter: instance.parameters.get(parameter, "") for parameter in parameters}
    quarantine_place.check_place(base, name, queue_directory=instance.queue_directory, others=others)
