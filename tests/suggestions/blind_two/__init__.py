# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second blind set: kinds of bulk mail by somebody who did not know how suggestions are made.

Do not tune anything to it.
"""

from __future__ import annotations

from tests.suggestions.blind_two import (
    floods_inside,
    floods_outside,
    floods_side_effects,
    innocent_people,
    innocent_programs,
)

FLOODS = (*floods_inside.FLOODS, *floods_outside.FLOODS, *floods_side_effects.FLOODS)
INNOCENT = (*innocent_programs.INNOCENT, *innocent_people.INNOCENT)
