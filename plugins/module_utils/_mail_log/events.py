# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""What a line of a mail log says: one event, or a known line that says nothing about messages and logins.

Clients and servers wrote parts of most lines. So a value counts only at the place where Postfix itself writes it: each pattern covers the
text from its beginning, and what a stranger wrote comes last, or is followed by more of Postfix's own text up to the end of the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Match, Pattern

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import other_lines
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    Accepted,
    Activated,
    Delivery,
    Event,
    Expired,
    FailedLogin,
    Identified,
    Moved,
    Noticed,
    PickedUp,
    Removed,
    Restricted,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line

# mail_queue_id_ok() accepts 255 characters (src/global/mail_queue.c); a real queue ID has five at least. NOQUEUE has this form, too.
QUEUE_ID = rb"[0-9A-Za-z]{5,255}"
NO_QUEUE = b"NOQUEUE"

_Reading = Callable[["Match[bytes]"], Event]

_CLIENT = rb"([^\[\n]*)\[([^\]\n]*)\](?::\d+)?"


def _read_accepted(match: Match[bytes]) -> Event:
    return Accepted(*match.groups())


def _read_picked_up(match: Match[bytes]) -> Event:
    queue_id, uid, sender, original = match.groups()
    return PickedUp(queue_id, int(uid), sender, original)


def _read_identified(match: Match[bytes]) -> Event:
    return Identified(*match.groups())


def _read_activated(match: Match[bytes]) -> Event:
    queue_id, sender, recipients = match.groups()
    return Activated(queue_id, sender, int(recipients))


def _read_delivery(match: Match[bytes]) -> Event:
    return Delivery(*match.groups())


def _read_expired(match: Match[bytes]) -> Event:
    return Expired(*match.groups())


def _read_noticed(match: Match[bytes]) -> Event:
    return Noticed(*match.groups())


def _read_removed(match: Match[bytes]) -> Event:
    return Removed(*match.groups())


def _read_moved(match: Match[bytes]) -> Event:
    return Moved(*match.groups())


def _read_restricted(match: Match[bytes]) -> Event:
    queue_id, action, stage, _name, address, text = match.groups()
    return Restricted(None if queue_id in (None, NO_QUEUE) else queue_id, action, stage, address, _cut_answer(text))


def _read_checked(match: Match[bytes]) -> Event:
    queue_id, action, stage = match.groups()
    return Restricted(queue_id, action, stage.rstrip(b":"), None, b"")


def _read_failed_login(match: Match[bytes]) -> Event:
    address, method, name = match.groups()
    return FailedLogin("postfix", address, method, None if name in (None, b"(unavailable)") else name)


def _cut_answer(text: bytes) -> bytes:
    """Return the answer of a restriction without what smtpd_whatsup() appends after a semicolon."""
    return re.split(rb"; (?:from|to|proto|helo)=", text, maxsplit=1)[0].rstrip(b";")


_ID = rb"(" + QUEUE_ID + rb"): "
# An address in its external form, in which what is special is quoted (info_log_address_format, src/global/info_log_addr_form.c).
_ADDRESS = rb"(?:\"(?:[^\"\\]|\\.)*\"|[^\">])*"
_ACTIONS = (
    rb"((?:milter-|proxy-)?(?:reject|hold|discard|filter|redirect|bcc|prepend|replace|strip|ignore|delay|warn|warning|info|permit|accept|"
    rb"reject_warning|abort|hangup|quarantine))"
)
# What follows "header" and "body" is the sender's, up to 200 bytes of it, so that nothing behind it counts.
_CHECKED = _ID + _ACTIONS + rb": (header [!-9;-~]{1,100}:?|body|mime-error [a-z0-9.]+)[: ].*"
_RESTRICTED = (
    rb"(?:("
    + QUEUE_ID
    + rb"): )?"
    + _ACTIONS
    + rb": ([A-Za-z][A-Za-z-]{0,30}(?: command)?) from "
    + _CLIENT
    + rb"(?:[:;] ?)(.*)"
)
_DELIVERY = (
    _ID
    + rb"to=<("
    + _ADDRESS
    + rb")>, (?:orig_to=<"
    + _ADDRESS
    + rb">, )?relay=([^,]*), (?:conn_use=\d+, )?delay=[\d.]+, (?:delays=[\d./]+, )?(?:tls=[^,]*, )?"
    rb"(?:dsn=[\d.]+, )?status=([\w-]+) \((.*)\)"
)
_ACCEPTED = (
    _ID + rb"client=" + _CLIENT + rb"(?:, sasl_method=([^,]*))?(?:, sasl_username=(.*?))?(?:, sasl_sender=[^, ]*)?"
    rb"(?:, orig_queue_id=([^, ]*))?(?:, orig_client=[^ ]*)?"
)
_FAILED_LOGIN = rb"warning: [^\[]*\[([^\]]*)\](?::\d+)?: SASL (\S{1,100}) authentication (?:failed|failure|aborted)(?::.*?)??(?:, sasl_username=(.*))?"
_QMGR = (
    (_ID + rb"from=<(.*)>, size=\d+, nrcpt=(\d{1,9}) \(queue \w+\)", _read_activated),
    (_ID + rb"removed", _read_removed),
    (_ID + rb"from=<(.*)>, status=[\w-]+, returned to sender", _read_expired),
    (_DELIVERY, _read_delivery),
)
_AGENT = ((_DELIVERY, _read_delivery),)
# {program: what its lines say}. A line that no pattern covers may be in other_lines.
_TABLE: dict[bytes, tuple[tuple[bytes, _Reading], ...]] = {
    b"smtpd": (
        (_ACCEPTED, _read_accepted),
        (_FAILED_LOGIN, _read_failed_login),
        (_RESTRICTED, _read_restricted),
    ),
    b"postscreen": ((_RESTRICTED, _read_restricted),),
    b"pickup": ((_ID + rb"uid=(\d{1,10}) from=<(.*?)>(?: orig_id=([0-9A-Za-z]+))?", _read_picked_up),),
    b"cleanup": (
        (_ID + rb"(?:resent-)?message-id=(.*)", _read_identified),
        (_CHECKED, _read_checked),
        (_RESTRICTED, _read_restricted),
        (_DELIVERY, _read_delivery),
    ),
    b"qmgr": _QMGR,
    b"nqmgr": _QMGR,
    b"oqmgr": _QMGR,
    b"bounce": ((_ID + rb"((?:sender|postmaster) [a-z -]{5,30} notification): ([0-9A-Za-z]{5,255})", _read_noticed),),
    b"postsuper": (
        (_ID + rb"removed", _read_removed),
        (_ID + rb"(placed on hold|released from hold|requeued|expired)", _read_moved),
    ),
    **dict.fromkeys(
        (b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"retry", b"discard", b"spawn"), _AGENT
    ),
}
_PATTERNS: dict[bytes, tuple[tuple[Pattern[bytes], _Reading], ...]] = {
    program: tuple((re.compile(pattern + rb"\Z"), reading) for pattern, reading in rows)
    for program, rows in _TABLE.items()
}


def read_event(line: Line) -> Event | None:
    """Return what a line says, None for a line of Postfix, Dovecot or saslauthd that is not understood."""
    if line.syslog_name:
        for pattern, reading in _PATTERNS.get(line.program, ()):
            match = pattern.match(line.text)
            if match is not None:
                return reading(match)
    return other_lines.read(line)
