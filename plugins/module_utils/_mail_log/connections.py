# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The lines that smtpd(8) writes when a client connects and when it leaves. For read_event() they are no events.

src/smtpd/smtpd.c, smtpd_proto() and smtpd_service(): C(connect from NAME[ADDRESS]), C(disconnect from NAME[ADDRESS] ehlo=1 ...). The name
was checked by valid_hostname() (src/smtpd/smtpd_peer.c), so it has no brackets. smtpd_client_port_logging adds the port.
"""

from __future__ import annotations

import re

_CONNECT = re.compile(rb"connect from [^\[\]]*\[([^\]\n]*)\](?::\d+)?\Z")
_DISCONNECT = re.compile(rb"disconnect from [^\[\]]*\[([^\]\n]*)\]")


def connected_address(text: bytes) -> bytes | None:
    """Return the address of the client that connects, None if the text of a line of smtpd(8) does not say that one does."""
    match = _CONNECT.match(text)
    return None if match is None else match.group(1)


def disconnected_address(text: bytes) -> bytes | None:
    """Return the address of the client that has left, None if the text of a line of smtpd(8) does not say that one has."""
    match = _DISCONNECT.match(text)
    return None if match is None else match.group(1)
