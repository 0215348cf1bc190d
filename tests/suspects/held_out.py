# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds that are held out: the author had not seen the rules for suspects, and no rule may be changed because of them.

The stolen accounts are in held_out_stolen.py, the innocent days in held_out_innocent.py.
"""

from __future__ import annotations

from tests.suspects.held_out_innocent import INNOCENT
from tests.suspects.held_out_stolen import STOLEN

HELD_OUT = (*STOLEN, *INNOCENT)
