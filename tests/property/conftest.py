# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys

# Reports are made on the controller, which has Python 3.10 or newer.
collect_ignore = [] if sys.version_info >= (3, 10) else ["test_redaction.py", "test_reports.py"]
