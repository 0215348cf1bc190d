# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options that name a Postfix instance."""

    DOCUMENTATION = r"""
options:
  config_directory:
    description:
      - The directory of the instance's C(main.cf).
      - By default, as for Postfix's own commands, it is the directory that E(MAIL_CONFIG) names. If that is not set, it is the directory
        that Postfix was built for.
      - Every command acts on the instance in this directory, even if C(config_directory) in that C(main.cf) names another one. The module
        then returns a warning. It also warns if another known instance has the same C(queue_directory) or C(data_directory).
    type: path
  instance:
    description:
      - The name of the instance, as in C(postmulti -i). V(-) is the primary instance.
      - By default O(config_directory) decides which instance it is.
      - If a directory in C(multi_instance_directories) cannot be read, it is skipped with a warning.
    type: str
  command_directory:
    description:
      - The directory of Postfix's commands.
      - By default the module looks in the usual directories, including Zimbra's.
    type: path
"""
