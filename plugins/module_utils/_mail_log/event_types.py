# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""The events of a mail log: what one line says. The texts in them are untrusted."""

from __future__ import annotations

from typing import NamedTuple, Union

# mail_queue_id_ok() accepts 255 characters (src/global/mail_queue.c); a real queue ID has five at least. NO_QUEUE has this form, too.
QUEUE_ID = rb"[0-9A-Za-z]{5,255}"
"""The pattern of a queue ID in a line."""
NO_QUEUE = b"NOQUEUE"
"""What smtpd(8) logs in place of the queue ID of a message that is not in the queue."""


class Accepted(NamedTuple):
    """A server accepted the first recipient of a message (src/smtpd/smtpd.c, mail_open_stream(); src/qmqpd/qmqpd.c)."""

    queue_id: bytes
    """C(NOQUEUE) if the message goes through a content filter before it is queued (smtpd_proxy_filter)."""
    client_name: bytes
    client_address: bytes
    sasl_method: bytes | None
    sasl_username: bytes | None
    original_queue_id: bytes | None
    """The queue ID that the message had before a content filter, if the filter passed it on (XFORWARD)."""


class PickedUp(NamedTuple):
    """A message came from sendmail(1), or from the queue after C(postsuper -r) (src/pickup/pickup.c)."""

    queue_id: bytes
    uid: int
    sender: bytes
    original_queue_id: bytes | None
    """The queue ID that the message had before it was requeued."""


class Identified(NamedTuple):
    """A message has this Message-ID (src/cleanup/cleanup_message.c)."""

    queue_id: bytes
    message_id: bytes


class Activated(NamedTuple):
    """A message entered the active queue, for the first time or to be tried again (src/qmgr/qmgr_active.c)."""

    queue_id: bytes
    sender: bytes
    recipients: int


class Delivery(NamedTuple):
    """An attempt to deliver to one recipient ended (src/global/log_adhoc.c). status: such as C(sent), C(deferred), C(bounced)."""

    queue_id: bytes
    recipient: bytes
    relay: bytes
    status: bytes
    reason: bytes


class Expired(NamedTuple):
    """A message is returned to its sender, because it is too old or was expired (src/qmgr/qmgr_active.c)."""

    queue_id: bytes
    sender: bytes


class Noticed(NamedTuple):
    """A notice about a message was put into the queue (src/bounce/). notice_id: the queue ID of the notice."""

    queue_id: bytes
    kind: bytes
    notice_id: bytes


class Removed(NamedTuple):
    """A message left the queue (src/qmgr/qmgr_active.c, src/postsuper/postsuper.c, src/cleanup/cleanup_api.c)."""

    queue_id: bytes


class Moved(NamedTuple):
    """An operator moved a message (src/postsuper/postsuper.c). action: such as C(placed on hold)."""

    queue_id: bytes
    action: bytes


class Restricted(NamedTuple):
    """A restriction, a header or body check, or a filter acted on mail. action: such as C(reject), C(hold), C(milter-discard).

    src/smtpd/smtpd_check.c (log_whatsup()), src/cleanup/cleanup_message.c and cleanup_milter.c, src/smtp/smtp_proto.c (smtp_hbc_logger()),
    src/postscreen/postscreen.c and postscreen_smtpd.c.
    """

    queue_id: bytes | None
    action: bytes
    stage: bytes
    """Where it acted, such as C(RCPT), C(header Subject)."""
    client_address: bytes | None
    text: bytes
    """The answer with its codes; what follows it is untrusted, and is left out."""


class FailedLogin(NamedTuple):
    """An authentication failed. source: C(postfix), C(dovecot) or C(password check); more than one may log the same attempt.

    src/smtpd/smtpd_sasl_glue.c, with a name since Postfix 3.6; see password_checks for the others.
    """

    source: str
    client_address: bytes | None
    sasl_method: bytes | None
    sasl_username: bytes | None


class Known(NamedTuple):
    """A line that says nothing about messages and logins. queue_id: of the message that it is about, if any."""

    queue_id: bytes | None


Event = Union[
    Accepted,
    PickedUp,
    Identified,
    Activated,
    Delivery,
    Expired,
    Noticed,
    Removed,
    Moved,
    Restricted,
    FailedLogin,
    Known,
]
