# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of the modules: what each of them supports."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - Python 3.7 or newer on the managed host, with its standard library
attributes:
  action_group:
    description: Use C(group/mailops.postfix.postfix) in C(module_defaults) to set defaults for all modules of the collection.
    support: full
    membership:
      - mailops.postfix.postfix
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
"""

    FACTS = r"""
options: {}
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: The module never changes anything.
  facts:
    description: Returns facts that the host keeps for the rest of the play.
    support: full
"""

    CHANGE = r"""
options: {}
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: full
"""
