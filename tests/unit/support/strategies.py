# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What hypothesis makes up: queue files, valid and damaged, and what stands in them."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from tests.unit.support.queue_file import MilterEdits, QueueFile, pointer
from tests.unit.support.subject import make_envelope

# Any bytes may stand in an address, but no line end: SMTP and sendmail read lines.
addresses = st.binary(max_size=40) | st.sampled_from(
    [
        b"",
        b"a@example.com",
        b"b@example.org",
        b"MAILER-DAEMON",
        b"john doe@example.com",
        "jürgen@exämple.com".encode(),
        b"x" * 300,
    ]
)
_kinds = st.sampled_from([rec.RECIPIENT, rec.RECIPIENT, rec.RECIPIENT, rec.DONE, rec.CANCELLED])
_recipients = st.lists(st.tuples(_kinds, addresses), max_size=12)
# About as long as a line may be before it is stored in two records.
_long_lines = st.integers(2040, 4100).map(lambda size: b"x" * size)
_lines = st.lists(st.binary(max_size=40) | _long_lines, max_size=6)
# A header line is not empty and does not begin with a line end, because an empty line ends the headers. Postfix splits its input at
# line ends, so it writes no such record (src/global/rec_streamlf.c).
_header_lines = st.binary(min_size=1, max_size=30).filter(lambda line: line[:1] != b"\n")
_headers = st.lists(_header_lines | _long_lines, max_size=4)
_attributes = st.lists(st.binary(max_size=30), max_size=4)

_edits = st.builds(
    MilterEdits,
    sender=st.none() | addresses,
    added=st.lists(addresses, max_size=3),
    appended_headers=_headers,
    body=st.none() | _lines,
)


@st.composite
def queue_files(draw: st.DrawFn) -> QueueFile:
    """Make a message as Postfix may have stored it."""
    milters = draw(st.booleans())
    return QueueFile(
        sender=draw(addresses),
        recipients=draw(_recipients),
        extracted=draw(_recipients),
        before_sender=draw(_attributes),
        full_name=draw(st.sampled_from([b"", b"root", b"x" * 200])),
        after_sender=draw(_attributes),
        of_recipients=draw(_attributes),
        headers=draw(_headers),
        body=draw(_lines),
        arrival=b"%d %d" % (draw(st.integers(1, 2**40)), draw(st.integers(0, 999999))),
        milters=milters,
        edits=draw(_edits) if milters else MilterEdits(),
        size_fields=draw(st.integers(1, 6)),
    )


_record_kinds = st.sampled_from(b"CTcFILSDRO/WA>NwMpXEK")
_records = st.builds(
    rec.encode_record,
    _record_kinds,
    st.binary(max_size=30)
    | st.builds(lambda numbers: b" ".join(b"%15d" % n for n in numbers), st.lists(st.integers(0, 300), max_size=6)),
)
_pointers = st.builds(pointer, st.integers(0, 400))


def _overwrite(spec: QueueFile, place: int, junk: bytes, size: int) -> bytes:
    """Return a valid file with junk at a place of it, cut to a size."""
    data = spec.write()
    place %= len(data)
    return (data[:place] + junk + data[place + len(junk) :])[:size]


# Files that are more like queue files than any bytes are, so that they lead deeper into a reader.
damaged_files = st.one_of(
    st.binary(max_size=200),
    st.lists(_records | _pointers | st.binary(max_size=3), max_size=30).map(b"".join),
    st.builds(_overwrite, queue_files(), st.integers(0, 3000), st.binary(max_size=20), st.integers(0, 9000)),
)

# Few different values, so that summaries and rules have something to find.
_few_addresses = st.sampled_from(
    [b"", b"a@example.com", b"b@example.com", b"a@example.org", b"c@sub.example.com", b"postmaster"]
)


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Make an envelope that resembles others."""
    login = draw(st.sampled_from([None, b"a", b"b"]))
    return make_envelope(
        arrival=draw(st.integers(0, 20)) * 600,
        size=draw(st.integers(0, 5)) * 1000,
        sender=draw(st.none() | _few_addresses),
        pending=draw(st.lists(_few_addresses, max_size=5)),
        attributes=[]
        if login is None
        else [b"sasl_username=" + login, b"client_address=192.0.2." + login.replace(b"a", b"1").replace(b"b", b"2")],
    )
