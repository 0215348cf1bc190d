# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The bounds on reading queue files and logs. They are untrusted, so there is a bound on everything."""

from __future__ import annotations

# Nearly every envelope is in so many first bytes of its file, so that one read is enough.
FIRST_READ = 8192
NEXT_READ = 65536
# What is within a bound is read and used; what is beyond is missing.
MAX_RECORD = 1 << 20
# So many bytes of a file are read for its envelope, and as many for its text.
MAX_WALK = 128 << 20
# The longest record with numbers is the C record (REC_TYPE_SIZE_FORMAT), with 95 bytes.
MAX_NUMBERS = 128
# An envelope with a longer address or attribute, or with more bytes of attributes, is heavy.
LONG_RECORD = 256
LONG_ATTRIBUTES = 1 << 16
# A longer log is cut. A log has a few hundred bytes for each recipient.
MAX_LOG = 16 << 20
