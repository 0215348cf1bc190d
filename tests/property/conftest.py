# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How hypothesis works here: no time limit of its own, for the machine may be busy; no files; the same examples in CI each time."""

from __future__ import annotations

import os
import sys

from hypothesis import HealthCheck, settings

# Reports are made on the controller, which has Python 3.10 or newer.
collect_ignore = [] if sys.version_info >= (3, 10) else ["test_redaction.py", "test_reports.py"]

settings.register_profile(
    "mailops",
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    max_examples=int(os.environ.get("MAILOPS_EXAMPLES", "100")),
    print_blob=True,
    # How fast examples are made depends on what else the machine does.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mailops")
