# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods and innocent bulk mail that were written without knowledge of how suggestions are made.

Keep it so: who changes how suggestions are made reads the results of these kinds, and does not tune to them.
"""

from __future__ import annotations

from tests.suggestions.blind import floods_in_disguise, floods_out, floods_taken, innocent_in, innocent_out

FLOODS = (*floods_out.OUTGOING, *floods_in_disguise.INCOMING, *floods_taken.TAKEN)
INNOCENT = (*innocent_out.OUTGOING, *innocent_in.INCOMING)
