# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What we read in queue files that real Postfixes wrote is what Postfix reads there."""

from __future__ import annotations

import itertools
import json

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import content, envelope_records, mime
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import (
    check_end,
    read_envelope,
    read_identity,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import ListedMessage, parse_json
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id_parts import decode
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_defer_log
from tests.unit.support.opened import envelope_of, stored_text
from tests.unit.support.queue_file import fetch_from
from tests.unit.support.real_files import QUEUE_FILES, REAL_FILES, REAL_IDS, RELEASES, RealFile, manifest

WHOLE = [real for real in REAL_FILES if real.content is not None]
LISTED = [real for real in WHOLE if real.listed is not None]


def ids(files: list[RealFile]) -> list[str]:
    return ["%s-%s" % (real.release, real.case) for real in files]


def read(real: RealFile) -> Envelope:
    return envelope_of(real.data)


def listed(real: RealFile) -> ListedMessage:
    """Return the message as postqueue lists it."""
    (found,) = parse_json([json.dumps(real.listed).encode()], null_sender="MAILER-DAEMON")
    assert isinstance(found, ListedMessage)
    return found


def test_releases() -> None:
    versions = {release: manifest(release)["postfix"].rpartition(".")[0] for release in RELEASES}
    assert versions == {"bullseye": "3.5", "bookworm": "3.7", "trixie": "3.10", "sid": "3.11"}
    cases = {real.case for real in REAL_FILES}
    assert {"smtp", "bounce", "milter", "partly", "sendmail_t", "long_id", "maildrop", "corrupt", "expired"} <= cases


def test_postcat_could_read_all_but_the_corrupt_ones() -> None:
    assert {real.case for real in REAL_FILES if real.content is None} == {"corrupt"}
    assert {real.case for real in REAL_FILES if real.listed is None} == {"corrupt"}


def test_files_are_small() -> None:
    sizes = {path: path.stat().st_size for path in QUEUE_FILES.glob("*/*/**/*") if path.is_file()}
    assert len(sizes) > 50
    assert max(sizes.values()) <= 8192


@pytest.mark.parametrize("real", WHOLE, ids=ids(WHOLE))
def test_the_envelope_is_what_postcat_prints(real: RealFile) -> None:
    envelope = read(real)
    assert envelope.unparsed is None
    assert envelope.arrival == real.arrival
    assert envelope.sender == real.values("sender")[0]
    assert envelope.pending == real.values("recipient")
    assert envelope.done == len(real.values("done_recipient"))
    names = [name for name, _value in real.records]
    before_recipients = list(itertools.takewhile(lambda name: name not in ("recipient", "done_recipient"), names))
    attributes = [item for item in envelope.attributes if not item.startswith(b"create_time=")]
    assert attributes == real.values("named_attribute")[: before_recipients.count("named_attribute")]
    for size_record in real.values("message_size"):
        content_size, data_offset = map(int, size_record.split()[:2])
        assert (envelope.size, envelope.data_offset) == (content_size, data_offset)


@pytest.mark.parametrize("real", WHOLE, ids=ids(WHOLE))
def test_the_content_is_what_postcat_prints(real: RealFile) -> None:
    fetch, envelope = fetch_from(real.data), read(real)
    assert real.content is not None
    assert content.read_content(fetch, envelope) == real.content
    assert content.read_headers(fetch, envelope) == (real.content.partition(b"\n\n")[0] + b"\n", None)
    stored = stored_text(fetch)
    assert real.content in stored
    for value in real.values("sender", "recipient", "named_attribute"):
        assert value + b"\n" in stored


@pytest.mark.parametrize("real", LISTED, ids=ids(LISTED))
def test_the_envelope_is_what_postqueue_lists(real: RealFile) -> None:
    envelope, row = read(real), listed(real)
    assert row.queue == real.queue
    assert row.envelope.arrival == envelope.arrival
    assert row.envelope.sender == envelope.sender
    assert row.forced_expire == bool(real.mode & 0o010)
    assert row.reasons() == parse_defer_log(real.defer_log)
    redirected = set(real.values("redirect_to"))
    assert set(row.envelope.pending) - redirected == set(envelope.pending)
    if real.queue == "maildrop":
        # The file has no size of its content yet.
        assert row.envelope.size == len(real.data)
    else:
        assert row.envelope.size == envelope.size


@pytest.mark.parametrize("real", REAL_FILES, ids=REAL_IDS)
def test_the_time_in_a_queue_id_is_the_arrival(real: RealFile) -> None:
    decoded = decode(real.queue_id)
    assert str(decoded) == real.queue_id
    assert decoded.long == (real.case == "long_id")
    if decoded.seconds is not None:
        assert decoded.seconds == real.arrival
    else:
        assert decoded.microseconds < 1000000


@pytest.mark.parametrize(
    ("case", "origin", "sasl_username", "client_address"),
    [
        ("smtp", "smtp", None, b"192.0.2.7"),
        ("null_sender", "smtp", None, b"2001:db8::7"),
        ("sasl", "smtp", b"user1@example.test", b"127.0.0.1"),
        ("bounce", "bounce", None, None),
        ("sendmail_t", "local", None, None),
        ("sendmail_verbose", "local", None, None),
        ("maildrop", "local", None, None),
        ("milter", "smtp", None, b"192.0.2.7"),
        ("requeued", "smtp", None, b"192.0.2.7"),
    ],
)
def test_the_origin_and_the_client(
    case: str, origin: str, sasl_username: bytes | None, client_address: bytes | None
) -> None:
    found = [read(real) for real in REAL_FILES if real.case == case]
    assert found
    for envelope in found:
        assert (envelope.origin, envelope.sasl_username, envelope.client_address) == (
            origin,
            sasl_username,
            client_address,
        )


@pytest.mark.parametrize(
    ("case", "sender", "pending"),
    [
        pytest.param("quoted", b"john doe@example.com", [b'a@b "c"@deferred.example.org'], id="quoted local parts"),
        pytest.param(
            "smtputf8", "jürgen@exämple.com".encode(), ["empfänger@deferred.example.org".encode()], id="SMTPUTF8"
        ),
        pytest.param("null_sender", b"", [b"recipient@deferred.example.org"], id="null sender"),
        pytest.param("partly", b"sender@example.com", [b"two@deferred.example.org"], id="partly delivered"),
        pytest.param(
            "milter",
            b"changed@example.com",
            [b"recipient@deferred.example.org", b"added@example.org"],
            id="changed by a milter",
        ),
        pytest.param(
            "sendmail_t",
            b"local@example.com",
            [b"to@deferred.example.org", b"other@deferred.example.org", b"copy@deferred.example.org"],
            id="recipients from the headers",
        ),
    ],
)
def test_addresses(case: str, sender: bytes, pending: list[bytes]) -> None:
    found = [read(real) for real in REAL_FILES if real.case == case]
    assert found
    for envelope in found:
        assert (envelope.sender, envelope.pending) == (sender, pending)


def test_a_milters_headers_and_body() -> None:
    found = [real for real in REAL_FILES if real.case == "milter"]
    assert len(found) == len(RELEASES)
    for real in found:
        fetch, envelope = fetch_from(real.data), read(real)
        headers = dict(mime.parse_headers(content.read_headers(fetch, envelope)[0]))
        assert headers["Subject"] == "changed by a milter"
        assert headers["X-Milter-Added"] == "added by a milter"
        assert headers["X-Milter-Inserted"].startswith("inserted by a milter")
        assert "X-Remove" not in headers
        assert mime.text_parts(content.read_content(fetch, envelope))[0] == [
            "The body is another one,\nof two lines.\n"
        ]


def test_a_file_in_the_corrupt_queue() -> None:
    found = [real for real in REAL_FILES if real.queue == "corrupt"]
    assert found
    for real in found:
        envelope = read(real)
        assert envelope.unparsed is not None
        assert envelope.sender == b"sender@example.com"
        with pytest.raises(ContentError):
            stored_text(fetch_from(real.data))


@pytest.mark.parametrize("real", REAL_FILES, ids=REAL_IDS)
def test_a_file_that_is_cut_anywhere_is_not_whole(real: RealFile) -> None:
    whole = read(real)
    for size in range(len(real.data)):
        data = real.data[:size]
        envelope = read_envelope(fetch_from(data), file_size=size)
        assert envelope.unparsed is not None or envelope == whole
        assert set(envelope.pending) <= set(whole.pending)


def is_whole(data: bytes) -> bool:
    envelope = envelope_of(data)
    return envelope.unparsed is None and check_end(fetch_from(data), envelope, file_size=len(data)) is None


@pytest.mark.parametrize("real", WHOLE, ids=ids(WHOLE))
def test_a_file_whose_end_is_lost_is_damaged(real: RealFile) -> None:
    data = real.data
    assert is_whole(data)
    for size in range(len(data.rstrip(b"\0"))):
        assert not is_whole(data[:size].ljust(len(data), b"\0"))
    # Edits of milters are behind the end record, each with a pointer back. A file that is cut there looks whole until its content is
    # read.
    for part in filter(is_whole, (data[:size] for size in range(len(data)))):
        assert part[-17:-15] == b"p\x0f"
        with pytest.raises(ContentError, match="missing end record"):
            content.read_content(fetch_from(part), envelope_of(part))


@pytest.mark.parametrize("real", WHOLE, ids=ids(WHOLE))
def test_the_start_of_a_file_has_its_identity(real: RealFile) -> None:
    envelope = read(real)
    identity = read_identity(real.data[:1000], file_size=len(real.data))
    # sendmail -v puts other records there; cleanup(8) is not done with what is in maildrop.
    records = list(itertools.takewhile(lambda one: one.kind in b"CTAFS", rec.iter_records(real.data[:1000])))
    kinds = bytes(record.kind for record in records)
    plain = kinds.startswith(b"CTA") and rec.SENDER in kinds
    ascii_only = (envelope.sender or b"").isascii()
    assert identity == (envelope[:4] if plain and ascii_only else None)


def test_only_few_files_are_read_record_by_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope_records, "_scan", None)
    slow = set()
    for real in WHOLE:
        try:
            read(real)
        except TypeError:
            slow.add(real.case)
    # A milter has given them another sender, or recipients stand behind the content; a record of sendmail -v; what is not ASCII; and
    # what cleanup(8) is not done with.
    expected = {
        "milter",
        "milter_sendmail_t",
        "sendmail_t",
        "header_checks",
        "sendmail_verbose",
        "smtputf8",
        "maildrop",
    }
    assert slow == expected


@pytest.mark.parametrize("real", WHOLE, ids=ids(WHOLE))
def test_a_search_in_the_bytes_says_what_the_stored_text_says(real: RealFile) -> None:
    envelope = read(real)
    subject = next((line for line in real.content.splitlines() if line), b"no such text") if real.content else b""
    for text in (subject, b"no such text"):
        held = content.holds(real.data, envelope, text)
        assert held in (None, text in stored_text(fetch_from(real.data)))
    # Only where lines were split or a milter moved them does it have to be read.
    behind = itertools.takewhile(lambda one: one.kind != rec.END, rec.iter_records(real.data, envelope.data_offset))
    dear = any(
        one.kind == rec.CONTINUED or (one.kind == rec.POINTER and rec.pointer_target(one.payload) > 0) for one in behind
    )
    assert (content.holds(real.data, envelope, b"no such text") is None) is dear
