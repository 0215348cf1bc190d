# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The names of Postfix's queues (src/global/mail_queue.h), each set of them once.

A queue is a directory of that name in the queue directory.
"""

from __future__ import annotations

# The queue manager moves a message between these (qmgr(8)).
DELIVERY_QUEUES = ("incoming", "active", "deferred")
# What a selection reads if the operator does not name queues.
DEFAULT_QUEUES = (*DELIVERY_QUEUES, "hold")
# What postqueue(1) lists (showq(8)).
LISTED_QUEUES = ("maildrop", *DEFAULT_QUEUES)
# What a selection can read: corrupt holds the files that qmgr(8) refused.
SELECTABLE_QUEUES = (*LISTED_QUEUES, "corrupt")
# No daemon reads these, so their files are in no total.
UNLISTED_QUEUES = ("saved", "corrupt")
# Every queue that holds messages.
ALL_QUEUES = (*LISTED_QUEUES, *UNLISTED_QUEUES)
# The logs of messages, one file for each message (bounce(8), defer(8), trace(8)).
LOGS = ("bounce", "defer", "trace")
# What postsuper(1) checks, in the order in which it reads them. It reads trace/ only if that is named.
CHECKED_QUEUES = ("defer", "bounce", *LISTED_QUEUES, "flush")
# The deepest hash directories that are read. Postfix has one or two levels of them. A deeper tree is somebody's mistake or trap.
MAX_HASH_DEPTH = 16
