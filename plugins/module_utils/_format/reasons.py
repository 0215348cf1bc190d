# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Delay reasons from the logs that bounce(8) keeps in defer/ (src/global/bounce_log.c, src/bounce/bounce_append_service.c)."""

from __future__ import annotations

import re
from typing import Mapping, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import unquote

# split_nameval() accepts white space around the sign. A search that begins with plain text is far faster than one with ^.
_LINE = re.compile(rb"\nre(cipient|ason)[ \t]*=[ \t]*(.*)")
_ENTRY_LINE = re.compile(rb"^([a-z_]+)[ \t]*=[ \t]*(.*)$", re.MULTILINE)
_OLD_STYLE = re.compile(rb"^<(.*?)>: (.*)$", re.MULTILINE)
# ISPRINT() of src/util/sys_defs.h accepts ASCII only.
_UNPRINTABLE = re.compile(rb"[^ -~]")
_NO_RECIPIENT = b"<>"
_Entry = TypeVar("_Entry")


def reason_for(reasons: Mapping[bytes, _Entry], recipient: bytes) -> _Entry | None:
    """Return the entry for a recipient, which is in internal form as in the queue file; None if there is no entry.

    bounce(8) writes a question mark for each byte that is not printable (printable() in src/util/printable.c,
    bounce_append_proto() in src/bounce/bounce.c). Which bytes are printable depends on smtputf8_enable at that time.
    """
    entry = reasons.get(recipient)
    if entry is not None or _UNPRINTABLE.search(recipient) is None:
        return entry
    return next((reasons[form] for form in _logged_forms(recipient) if form in reasons), None)


def _logged_forms(recipient: bytes) -> tuple[bytes, bytes]:
    """Return the recipient as the log shows it with and without SMTPUTF8."""
    text = recipient.decode("utf-8", "surrogateescape")
    with_utf8 = "".join("?" if _is_masked(character) else character for character in text)
    return with_utf8.encode("utf-8"), _UNPRINTABLE.sub(b"?", recipient)


def _is_masked(character: str) -> bool:
    return not " " <= character <= "~" and (character <= "\x7f" or "\ud800" <= character <= "\udfff")


def _internal(address: bytes) -> bytes:
    """Return an address of a log in internal form: without quotes, b"" for the empty address."""
    return b"" if address == _NO_RECIPIENT else unquote(address)


def parse_defer_log(log: bytes) -> dict[bytes, bytes]:
    """Return {recipient: reason} of a defer log; addresses in internal form, the last entry for a recipient counts.

    Raises no error: other lines are ignored, as bounce_log_read() ignores them.
    """
    reasons: dict[bytes, bytes] = {}
    recipient: bytes | None = None
    for name, value in _LINE.findall(b"\n" + log):
        if name == b"cipient":
            recipient = value
        elif recipient is not None:
            reasons[recipient] = value
            recipient = None
    if b'"' in log or b"\\" in log or _NO_RECIPIENT in reasons:
        reasons = {_internal(address): reason for address, reason in reasons.items()}
    # Entries of Postfix before 2.3 have the first line only; newer entries have it too.
    return reasons or {unquote(address): reason for address, reason in _OLD_STYLE.findall(log)}


def parse_log(log: bytes) -> dict[bytes, dict[bytes, bytes]]:
    """Return {recipient: {name: value}} of a defer log; addresses in internal form, the last entry counts.

    Names are those of src/global/mail_proto.h: C(status), C(action), C(diag_text), C(mta_mname), C(reason) and others. Raises no
    error, as parse_defer_log().
    """
    entries: dict[bytes, dict[bytes, bytes]] = {}
    entry: dict[bytes, bytes] = {}
    for name, value in _ENTRY_LINE.findall(log):
        if name == b"recipient":
            entry = entries[_internal(value)] = {}
        else:
            entry[name] = value
    return entries
