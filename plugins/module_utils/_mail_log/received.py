# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The login in the Received header that smtpd(8) of this host wrote (smtpd_sasl_authenticated_header)."""

from __future__ import annotations

import re

_FIRST = re.compile(rb"^Received:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE | re.IGNORECASE)


def login_in_received(text: bytes, *, queue_id: bytes, host: bytes) -> bytes | None:
    """Return the login in the first Received header, None if this host did not write it or it has none.

    text: the headers with LF line ends. host: myhostname. Only the first header counts, and only if it has the queue ID of the message:
    a client can write any other, but does not know the queue ID in advance. src/smtpd/smtpd.c, receive_data_message(): each part is on a
    line of its own, and what the client says has no line ends. Parentheses in the login are replaced there (comment_sanitize()).
    """
    first = _FIRST.search(text)
    if first is None:
        return None
    match = re.match(
        rb"Received: from [^\n]*\n(?:\t\([^\n]*\)\n)*\t\(Authenticated sender: ([^\n]*)\)\n\tby "
        + re.escape(host)
        + rb" \([^\n]*\) with [A-Z0-9]+ id "
        + re.escape(queue_id)
        + rb";?(?:\n|\Z)",
        first.group(),
    )
    return None if match is None else match.group(1)
