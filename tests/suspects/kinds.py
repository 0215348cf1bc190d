# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All kinds, by the table of docs/suspects.md that they are in. A new file of kinds gets a row here."""

from __future__ import annotations

from typing import Mapping, Sequence

from tests.suspects.development import DEVELOPMENT
from tests.suspects.held_out import HELD_OUT
from tests.suspects.plan import Kind

GROUPS: Mapping[str, Sequence[Kind]] = {"Development": DEVELOPMENT, "Held out": HELD_OUT}
