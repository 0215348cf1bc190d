# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""What a line of a mail log says: one event, or a known line that says nothing about messages and logins.

Clients and servers wrote parts of most lines. So a value counts only at the place where Postfix itself writes it: each pattern covers the
text from its beginning, and what they wrote comes last, or is followed by more of Postfix's own text up to the end of the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Match, Pattern

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import other_lines
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    QUEUE_ID,
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

# Postfix cuts texts at 2000 bytes (MSG_SYSLOG_RECLEN, src/util/msg_syslog.c; MSG_LOGGER_RECLEN, src/util/msg_logger.c), and old syslog
# daemons cut lines at 1024 (RFC 3164, 4.1). What then seems to be Postfix's own end of the line may be the sender's. An honest line with
# an address is much shorter, except for what a server answered.
_CUT_LENGTH = 2000
_LONGEST_CERTAIN = 900

_Reading = Callable[["Match[bytes]"], "Event | None"]


def _read_accepted(match: Match[bytes]) -> Event:
    return Accepted(*match.groups())


def _read_picked_up(match: Match[bytes]) -> Event | None:
    queue_id, uid, sender, original = match.groups()
    return None if _is_long(match) else PickedUp(queue_id, int(uid), sender, original)


def _read_identified(match: Match[bytes]) -> Event:
    return Identified(*match.groups())


def _read_activated(match: Match[bytes]) -> Event | None:
    queue_id, sender, recipients = match.groups()
    return None if _is_long(match) else Activated(queue_id, sender, int(recipients))


def _read_delivery(match: Match[bytes]) -> Event | None:
    addresses, reason = match.string[: match.start("relay")], match["reason"]
    if len(match.string) >= _CUT_LENGTH or len(addresses) > _LONGEST_CERTAIN:
        return None
    # An address in its internal form, or a domain, can imitate what follows it (see read_event).
    if _IMITATION.search(addresses) or b">, relay=" in reason or b">, orig_to=<" in reason:
        return None
    return Delivery(match["id"], match["recipient"], match["relay"], match["status"], reason)


def _read_expired(match: Match[bytes]) -> Event | None:
    return None if _is_long(match) else Expired(*match.groups())


def _read_noticed(match: Match[bytes]) -> Event:
    return Noticed(*match.groups())


def _read_removed(match: Match[bytes]) -> Event:
    return Removed(*match.groups())


def _read_moved(match: Match[bytes]) -> Event:
    return Moved(*match.groups())


def _read_restricted(match: Match[bytes]) -> Event:
    queue_id, action, stage, _name, address, text = match.groups()
    return Restricted(None if queue_id == NO_QUEUE else queue_id, action, stage, address, _cut_answer(text))


def _read_proxy_reject(match: Match[bytes]) -> Event:
    action, stage, text = match.groups()
    return Restricted(None, action, stage, None, _cut_answer(text))


def _read_checked(match: Match[bytes]) -> Event:
    queue_id, action, stage = match.groups()
    return Restricted(queue_id, action, stage, None, b"")


def _read_failed_login(match: Match[bytes]) -> Event:
    _name, address, rest = match.groups()
    # The name is a client's, and last. The text before it is Postfix's or that of the service that checks passwords.
    found = _LOGIN.match(rest)
    method, text = (None, b"") if found is None else found.groups()
    name = text.partition(b", sasl_username=")[2]
    return FailedLogin("postfix", address, method, None if name in (b"", b"(unavailable)") else name)


def _is_long(match: Match[bytes]) -> bool:
    return len(match.string) > _LONGEST_CERTAIN


def _cut_answer(text: bytes) -> bytes:
    """Return the answer of a restriction without what smtpd_whatsup() appends after a semicolon."""
    return _CONTEXT.split(text, maxsplit=1)[0].rstrip(b";")


_ID = rb"(?P<id>" + QUEUE_ID + rb"): "
# state->namaddr, src/smtpd/smtpd_peer.c: the name was checked by valid_hostname(). smtpd_client_port_logging adds the port.
_CLIENT = rb"([^\[\n]*)\[([^\]\n]*)\](?::\d+)?"
# An address in its external form: special characters of the local part are in quotes (src/global/info_log_addr_form.c,
# src/global/quote_822_local.c). What is special in a domain is not quoted.
_UP_TO_NEXT = rb"[^>\n]*(?:>(?!, (?:orig_to=<|relay=))[^>\n]*)*"
_ADDRESS = rb"(?:\"[^\"\\\n]*(?:\\[^\n][^\"\\\n]*)*\"|(?!\"))" + _UP_TO_NEXT
# log_whatsup() and its callers, smtpd.c, cleanup_act_log(), cleanup_milter_hbc_log(), cleanup_milter_apply(), src/global/header_body_checks.c
_ACTIONS = (
    rb"((?:milter-)?(?:(?:header|body)-)?(?:reject|hold|discard|filter|redirect|bcc|prepend|replace|strip|ignore|delay|pass|warn|warning|"
    rb"info|permit|reject_warning|abort|hangup))"
)
# What follows "header" and "body" is up to 200 bytes of the message. Nothing behind that counts.
_CHECKED = _ID + _ACTIONS + rb": (header [!-9;-~]{1,100}|body|content|mime-error)[: ].*"
# "QUEUE-ID: reject: RCPT from NAME[ADDRESS]: ANSWER; from=<...> to=<...>"; postscreen has no name, and no queue ID before a greeting.
_RESTRICTED = (
    rb"(?:("
    + QUEUE_ID
    + rb"): )?"
    + _ACTIONS
    + rb": ([A-Za-z-]{1,30}(?: (?:content|command))?) from "
    + _CLIENT
    + rb": (.*)"
)
_CONTEXT = re.compile(rb"; (?:from=<|to=<|proto=|helo=<)")
_DELIVERY = (
    _ID
    + rb"to=<(?P<recipient>"
    + _ADDRESS
    + rb")>, (?:orig_to=<"
    + _ADDRESS
    + rb">, )?relay=(?P<relay>[^,\n]*), (?:conn_use=\d+, )?delay=[\d.]+, (?:delays=[\d./]+, )?(?:tls=[^,\n]*, )?"
    rb"(?:dsn=[\d.]+, )?status=(?P<status>[\w-]+) \((?P<reason>.*)\)"
)
_IMITATION = re.compile(rb">, relay=[^\n]*, status=[\w-]+ \(")
_ACCEPTED = (
    rb"(" + QUEUE_ID + rb"): client=" + _CLIENT + rb"(?:, sasl_method=([^,\n]*))?"
    rb"(?:, sasl_username=([^,\n]*(?:,(?! (?:sasl_sender|orig_queue_id|orig_client)=)[^,\n]*)*))?"
    rb"(?:, sasl_sender=[^, \n]*)?(?:, orig_queue_id=([^, \n]*))?(?:, orig_client=[^, \n]*)?"
)
_FAILED_LOGIN = rb"warning: " + _CLIENT + rb": SASL (.*authentication (?:failed|failure|aborted).*)"
# RFC 4422, 3.1: a mechanism has at most 20 such characters. Postfix logs up to 100 of what the client says instead.
_LOGIN = re.compile(rb"([A-Za-z0-9_.-]{1,100}) authentication (?:failed|failure|aborted)(.*)\Z")
_QMGR = (
    (_ID + rb"from=<(.*)>, size=\d+, nrcpt=(\d{1,9}) \(queue \w+\)", _read_activated),
    (_ID + rb"removed", _read_removed),
    (_ID + rb"from=<(.*)>, status=[\w-]+, returned to sender", _read_expired),
    (_DELIVERY, _read_delivery),
)
_AGENT = ((_DELIVERY, _read_delivery), (_CHECKED, _read_checked))
# {program: what its lines say}. A line that no pattern covers may be in other_lines.
_TABLE: dict[bytes, tuple[tuple[bytes, _Reading], ...]] = {
    b"smtpd": (
        (_ACCEPTED, _read_accepted),
        (_FAILED_LOGIN, _read_failed_login),
        (_RESTRICTED, _read_restricted),
        (rb"(proxy-reject): ([A-Z-]{1,30}(?: content)?): (.*)", _read_proxy_reject),
    ),
    b"qmqpd": ((_ACCEPTED, _read_accepted),),
    b"postscreen": ((_RESTRICTED, _read_restricted),),
    b"pickup": ((_ID + rb"uid=(-?\d{1,10}) from=<(.*)>(?: orig_id=([0-9A-Za-z]+))?", _read_picked_up),),
    b"cleanup": (
        (_ID + rb"(?:resent-)?message-id=(.*)", _read_identified),
        (_CHECKED, _read_checked),
        (_RESTRICTED, _read_restricted),
        (_DELIVERY, _read_delivery),
        (_ID + rb"removed \((?:canceled|discarded)\)", _read_removed),
    ),
    **dict.fromkeys((b"qmgr", b"nqmgr", b"oqmgr"), _QMGR),
    b"bounce": (
        (
            _ID + rb"((?:sender|postmaster) (?:non-delivery|delay|delivery status) notification): (" + QUEUE_ID + rb")",
            _read_noticed,
        ),
    ),
    b"postsuper": (
        (_ID + rb"removed", _read_removed),
        (_ID + rb"(placed on hold|released from hold|requeued|expired)", _read_moved),
    ),
    **dict.fromkeys((b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"retry", b"discard"), _AGENT),
}
_PATTERNS: dict[bytes, tuple[tuple[Pattern[bytes], _Reading], ...]] = {
    program: tuple((re.compile(pattern + rb"\Z"), reading) for pattern, reading in rows)
    for program, rows in _TABLE.items()
}


def read_event(line: Line) -> Event | None:
    """Return what a line says, None for a line of Postfix, Dovecot or saslauthd that is not understood.

    A line that can be read in two ways is not understood. Addresses are logged without quotes before Postfix 3.5 and with
    C(info_log_address_format = internal). Then an address with C(>, relay=) in it looks like the end of the address. A domain with such characters
    does so in either form, but the SMTP server refuses it. An address with C(>, orig_to=<) in such a place is read as two addresses of the
    sender's own message.

    A login name with C(, sasl_sender=), C(, orig_queue_id=) or C(, orig_client=) is read up to there. That can only be an account that exists:
    Postfix logs C(client=) with its name after a successful login.
    """
    if line.syslog_name:
        for pattern, reading in _PATTERNS.get(line.program, ()):
            match = pattern.match(line.text)
            if match is not None:
                return reading(match)
    return other_lines.read(line)
