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
      - By default the one that E(MAIL_CONFIG) names, as for Postfix's own commands, and else the one that Postfix is built for.
      - This directory is the instance for every command, whatever C(config_directory) in that C(main.cf) says. A contradiction is a
        warning, and so is a C(queue_directory) or C(data_directory) that another known instance has as well.
    type: path
  instance:
    description:
      - The name of the instance, as in C(postmulti -i); V(-) is the primary one.
      - A directory in C(multi_instance_directories) that cannot be read is skipped with a warning.
    type: str
  command_directory:
    description:
      - Where Postfix's commands are, when they are not in one of the usual places. Zimbra's place is a usual one.
    type: path
"""
