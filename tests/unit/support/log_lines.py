# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of a mail log with a time each."""

from __future__ import annotations

import time
from typing import Iterable

NOW = 1795698894


def log_line(second: int) -> bytes:
    """Return a line of a time, with its end."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode()
    return stamp + b".123456+00:00 mx01 postfix/smtpd[123]: connect from host[192.0.2.1] %d\n" % second


def log_lines(seconds: Iterable[int]) -> list[bytes]:
    """Return a line for each time."""
    return [log_line(second) for second in seconds]
