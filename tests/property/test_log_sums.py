# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of frequent forms are counted like all others, whatever a stranger wrote into them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import sums
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sums import LogSums
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

_NOTHING = re.compile(rb"(?!)")
_UNTRUSTED = (
    ", sasl_username=victim",
    "sasl_method=PLAIN, sasl_username=victim",
    ">, size=1, nrcpt=9 (queue active)",
    "; from=<victim>",
    "status=bounced (x)",
    ">, relay=x, delay=1, delays=1/1/1/1, dsn=5.0.0, status=bounced (",
    "[192.0.2.9]",
    ": client=x[192.0.2.9]",
    "4AAAAA: removed",
    " orig_id=4AAAAA",
    '"',
    "\\",
    ">",
    "(",
)
_TEXT = st.lists(
    st.one_of(st.sampled_from(_UNTRUSTED), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=5)),
    max_size=4,
).map("".join)
_ID = st.sampled_from(("4AAAAA", "4BBBBB", "4CCCCC", "NOQUEUE"))
# A stamp that is no time is noticed only where the time is needed, so none is here.
_STAMP = st.sampled_from(
    ("Nov 26 12:00:00", "Nov  6 12:00:00", "2026-11-26T12:00:00.123456+01:00", "2026-11-26T12:00:00Z")
)


def quoted(address: str) -> str:
    """Return an address as Postfix logs it: what is special is in quotes (src/global/quote_822_local.c)."""
    if re.fullmatch(r"[0-9A-Za-z.=_-]*", address):
        return address
    return '"' + re.sub(r'(["\\])', r"\\\1", address) + '"'


_FORMS = (
    "submission/smtpd[7]: {id}: client=unknown[192.0.2.1], sasl_method=PLAIN, sasl_username={text}",
    "smtpd[7]: {id}: client=unknown[192.0.2.1]",
    "smtpd[7]: connect from unknown[192.0.2.1]",
    "smtpd[7]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <{text}>: no; from=<{text}> helo=<{text}>",
    "smtpd[7]: warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: no, sasl_username={text}",
    "cleanup[7]: {id}: message-id={text}",
    "cleanup[7]: {id}: warning: header Subject: {text} from unknown[192.0.2.1]; from=<x>",
    "qmgr[7]: {id}: from=<{address}>, size=50, nrcpt=2 (queue active)",
    "qmgr[7]: {id}: removed",
    "smtp[7]: {id}: to=<{address}>, relay=x[192.0.2.1]:25, delay=1.2, delays=1/0/0/0.2, dsn=2.0.0, status=sent ({text})",
    "smtp[7]: {id}: to=<{address}>, relay=x[192.0.2.1]:25, delay=1.2, delays=1/0/0/0.2, dsn=4.0.0, status=deferred ({text})",
    "local[7]: {id}: to=<{address}>, relay=local, delay=1.2, delays=1/0/0/0.2, dsn=5.0.0, status=bounced ({text})",
    "pickup[7]: {id}: uid=0 from=<{address}>",
    "{text}",
)


@st.composite
def log_lines(draw: st.DrawFn) -> str:
    form = draw(st.sampled_from(_FORMS))
    text = draw(_TEXT)
    values = {"id": draw(_ID), "text": text, "address": quoted(text)}
    return f"{draw(_STAMP)} mx01 postfix/{form.format(**values)}\n"


def outcome(counted: LogSums) -> dict[str, Any]:
    """Return all that was counted."""
    return {
        "accounts": [
            (
                account.sasl_username,
                account.logins,
                account.messages,
                account.bounced,
                account.senders,
                account.addresses,
            )
            for account in counted.accounts()
        ],
        "clients": counted.clients.top(99),
        "senders": counted.senders.top(99),
        "reasons": {status: tally.top(99) for status, tally in counted.reasons.items()},
        "rejects": counted.rejects.top(99),
        "lines": (counted.other_lines, counted.unparsed),
    }


@given(st.lists(log_lines(), max_size=12))
def test_frequent_forms_are_counted_as_line_by_line(lines: list[str]) -> None:
    block = "".join(lines).encode("ascii")
    counted = LogSums()
    counted.add_block(block, Clock(1795694400))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "_FREQUENT", _NOTHING)
        slowly = LogSums()
        slowly.add_block(block, Clock(1795694400))
    assert outcome(counted) == outcome(slowly)
    # A stranger can try to log in by any name, but has an account only if Postfix says so.
    assert b"victim" not in {name for name, *_counts in outcome(counted)["accounts"]}
    assert all(recipients == 2 * messages for _value, messages, recipients in counted.senders.top(99))
