# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read of files that are longer than anything is, and what is decided then."""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import content, mime
from ansible_collections.mailops.postfix.plugins.module_utils._format import envelope as message
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.patterns import Remembered
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Sample
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import Remembering, parse_candidates
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.queue_file import QueueFile, fetch_from, todo
from tests.unit.support.subject import MadeUpMessage, make_envelope


def read(data: bytes) -> Envelope:
    return message.read_envelope(fetch_from(data), file_size=len(data))


# --- the envelope ---------------------------------------------------------------------------------------------------


def test_recipients_beyond_the_bound_are_missing_and_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_RECORDS_KEPT", 100)
    envelope = read(QueueFile(recipients=todo(*(b"user%d@example.org" % number for number in range(5000)))).write())
    assert (envelope.sender, envelope.unparsed, envelope.missing) == (
        b"sender@example.com",
        None,
        frozenset({Input.RECIPIENTS}),
    )
    assert envelope.problem == "only its first %d recipients were read" % len(envelope.pending)


def test_long_recipients_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_BYTES_KEPT", 1 << 20)
    envelope = read(QueueFile(recipients=todo(*[b"a" * 100000] * 40)).write())
    assert envelope.missing == {Input.RECIPIENTS}
    assert 10 <= len(envelope.pending) <= 13
    assert envelope.is_heavy


def test_content_that_cannot_be_passed_is_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in maildrop, where the size record does not say where the content ends.
    monkeypatch.setattr(message, "MAX_WALK", 100000)
    envelope = read(QueueFile(size_fields=1, body=[b"x" * 100] * 3000).write())
    assert (envelope.pending, envelope.unparsed) == ([b"recipient@example.org"], None)
    assert envelope.missing == {Input.RECIPIENTS}


def test_a_file_without_a_sender_says_so() -> None:
    data = rec.encode_record(rec.TIME, b"1700000000 1") + rec.encode_record(rec.END, b"")
    assert (read(data).problem, read(data).missing) == ("no sender record", frozenset({Input.SENDER}))


@pytest.mark.parametrize("size", [b"x", b"1 2", b"1 2 3"])
def test_an_end_that_no_record_tells_is_not_looked_at(size: bytes) -> None:
    data = rec.encode_record(rec.SIZE, size) + QueueFile().write()[97:]
    assert message.check_end(fetch_from(data), read(QueueFile().write())) is None


def test_the_end_of_the_content_is_looked_at() -> None:
    data = QueueFile().write()
    envelope = read(data)
    assert message.check_end(fetch_from(data), envelope) is None
    end = data.index(b"X\0")
    broken = data[:end] + b"\0\0" + data[end + 2 :]
    assert message.check_end(fetch_from(broken), envelope) == (end, "something else where the content should end")


# --- windows --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "WINDOW", 3000)
    monkeypatch.setattr(content, "OVERLAP", 200)
    monkeypatch.setattr(content, "_LINES_AT_ONCE", 100)


class Stored(MadeUpMessage):
    """A message whose text comes in windows."""

    data: bytes = b""

    def text_windows(self) -> Iterator[Window]:
        """Yield the windows of the file."""
        return content.text_windows(fetch_from(self.data))

    def holds(self, text: bytes) -> bool:
        """Return whether the text is in one of them."""
        return any(0 <= stored.find(text, start) < limit for stored, start, limit in self.text_windows())


def stored(*lines: bytes) -> Stored:
    made = Stored()
    made.data = QueueFile(body=lines).write()
    return made


FILLING = [b"filling %d" % number for number in range(700)]


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("place", [0, 250, 251, 252, 253, 254, 255, 400, 699])
@pytest.mark.parametrize(
    ("value", "hits"),
    [
        pytest.param("a needle", 1, id="text"),
        pytest.param("/^a needle$/", 1, id="a whole line"),
        pytest.param("/needle\\nfilling/", 1, id="two lines"),
        pytest.param("/(?<=a )needle/", 1, id="what stands before it"),
        pytest.param("/\\Aneedle/", 0, id="the start of all"),
        pytest.param("/^needle/", 0, id="no line starts so"),
        pytest.param("/a needl$/", 0, id="no line ends so"),
    ],
)
def test_what_is_found_does_not_depend_on_windows(place: int, value: str, hits: int) -> None:
    subject = stored(*FILLING[:place], b"a needle", *FILLING[place:], b"filling")
    (candidate,) = parse_candidates([value], recipient_scope="all", now=0)
    assert candidate.hits(subject) == hits
    assert candidate.hits(Remembering(subject)) == hits
    assert len(list(Remembering(subject).text_windows())) > 2


@pytest.mark.usefixtures("small_windows")
def test_a_line_longer_than_a_window_has_one_start_and_one_end() -> None:
    subject = stored(b"x" * 20000)
    whole = b"".join(text[start:limit] for text, start, limit in subject.text_windows())
    for value in ("/^x/", "/x$/"):
        (candidate,) = parse_candidates([value], recipient_scope="all", now=0)
        assert candidate.hits(subject) == len(re.findall(value.strip("/").encode(), whole, re.MULTILINE))
    assert Remembering(subject).holds(b"x" * 150)
    assert not Remembering(subject).holds(b"y")


# --- candidates -----------------------------------------------------------------------------------------------------


class Unreadable(MadeUpMessage):
    """A message of which the text cannot be read."""

    def text_windows(self) -> Iterable[Window]:
        """Raise ContentError."""
        raise ContentError("cut")

    def holds(self, text: bytes) -> bool:
        """Raise ContentError."""
        return any(text in window.text for window in self.text_windows())

    def reasons(self) -> Mapping[bytes, bytes]:
        """Raise ContentError."""
        raise ContentError("cut")


def test_hits_of_what_cannot_be_read() -> None:
    undecided, selected, other = parse_candidates(
        ["x", {"content": "x", "sender": "nobody.example"}, {"sender": "example.com"}], recipient_scope="all", now=0
    )
    assert [one.hits(Unreadable()) for one in (undecided, selected, other)] == [None, 0, 1]
    (fast,) = parse_candidates(["x"], recipient_scope="all", now=0)

    class Held(Unreadable):
        def holds(self, text: bytes) -> bool:
            return text == b"x"

    # It is there, but how often cannot be counted.
    assert fast.hits(Held()) == 1


def test_a_remembered_message_has_the_problem_of_the_message() -> None:
    message_ = MadeUpMessage(problem="cut", missing=frozenset({Input.BODY}))
    assert (Remembering(message_).problem, Remembering(message_).missing) == ("cut", {Input.BODY})


# --- decisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        pytest.param({"reason": "full"}, Verdict.UNDECIDED, id="reasons that cannot be read"),
        pytest.param({"reason": "full", "sender": "nobody.example"}, Verdict.NO, id="of another sender"),
        pytest.param({"reason": "full", "recipient": "nobody.example"}, Verdict.NO, id="of another recipient"),
    ],
)
def test_reasons_that_cannot_be_read(rule: dict[str, Any], verdict: Verdict) -> None:
    assert parse_selection(match=[rule], now=0).decide(Unreadable()) is verdict


class NoStart(MadeUpMessage):
    """A message whose file cannot be read at all."""

    @property
    def identity(self) -> Envelope:
        """Raise ContentError."""
        raise ContentError("reading stopped")


def test_what_cannot_be_read_at_all_is_not_ruled_out() -> None:
    selection = parse_selection(match=[{"sender": "nobody.example"}], now=0)
    assert not selection.rules_out(NoStart())
    assert selection.decide(NoStart()) is Verdict.UNDECIDED


def test_an_origin_is_sure_only_with_a_client() -> None:
    missing = frozenset({Input.ATTRIBUTES})
    local = MadeUpMessage(make_envelope()._replace(missing=missing), problem="cut", missing=missing)
    client = make_envelope(attributes=[b"client_address=192.0.2.1"])._replace(missing=missing)
    remote = MadeUpMessage(client, problem="cut", missing=missing)
    said = [
        parse_selection(match=[{"origin": origin}], now=0).decide(subject)
        for subject in (local, remote)
        for origin in ("local", "smtp")
    ]
    assert said == [Verdict.UNDECIDED, Verdict.UNDECIDED, Verdict.NO, Verdict.YES]


# --- sums -----------------------------------------------------------------------------------------------------------

LONG = b"a" * 100000


def heavy(recipients: Sequence[bytes], *, sender: bytes | None = LONG + b"@example.com") -> Envelope:
    envelope = make_envelope(sender=sender, pending=recipients, attributes=[b"sasl_username=" + LONG])
    return envelope._replace(is_heavy=True)


def test_long_values_are_counted_under_their_beginning() -> None:
    summary = Summary(now=1700000000)
    for number in range(3):
        summary.add(heavy([b"b", LONG + b"%d@example.org" % number, LONG, b"x@" + LONG]))
    summary.add(heavy([], sender=None), {b"b": LONG})
    tops = {name: tally.top(5) for name, tally in summary.tops.items()}
    assert tops["senders"] == [(b"a" * 244 + b"@example.com", 3)]
    assert tops["sender_domains"] == [(b"example.com", 3)]
    assert tops["recipients"] == [
        (b"a" * 244 + b"@example.org", 3),
        (b"a" * 256, 3),
        (b"b", 3),
        (b"x@" + b"a" * 254, 3),
    ]
    assert tops["sasl_usernames"] == [(b"a" * 256, 4)]
    assert tops["reasons"] == [(b"a" * 512, 1)]


def test_long_addresses_are_in_no_sample() -> None:
    sample = Sample()
    sample.add("4A0F9AC", heavy([b"b"]), None)
    sample.add("4A0F9AD", make_envelope(), None)
    assert [message_.queue_id for message_ in sample.kept()] == ["4A0F9AD"]
    assert (sample.kept()[0].problem, sample.kept()[0].missing) == (None, frozenset())


def test_verdicts_on_long_values_are_not_kept() -> None:
    asked = []

    def test(value: bytes) -> bool:
        asked.append(value)
        return True

    remembered = Remembered(test)
    assert all([remembered(b"short"), remembered(b"short"), remembered(LONG), remembered(LONG)])
    assert asked == [b"short", LONG, LONG]


# --- MIME -----------------------------------------------------------------------------------------------------------

_B64 = b"dGhlIG5lZWRsZQ==\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"Content-Transfer-Encoding: BASE64 \n\n" + _B64, id="a trailing blank"),
        pytest.param(b"Content-Transfer-Encoding: base64 (not\n so)\n\n" + _B64, id="a comment"),
        pytest.param(b'Content-Transfer-Encoding : "Base64"\n\n' + _B64, id="quotes, and a blank before the colon"),
        pytest.param(b"Content-Transfer-Encoding: base64\n\ndGhl\xff IG5l!ZWRsZQ=\n", id="8 bits and other junk in it"),
        pytest.param(b"Content-Transfer-Encoding: base64\n\ndGhlIA==bmVlZGxl", id="padding within"),
        pytest.param(b"Content-Type: text/html; charset='utf-8\n\nthe needle", id="half of a quote"),
        pytest.param(b'Content-Type: text/plain; charset="no such"\n\nthe needle', id="no such charset"),
        pytest.param(b"Content-Type: text/plain; charset=x-cp1252\n\nthe needle", id="a charset with x-"),
        pytest.param(b"Content-Type: text/plain; charset=iso-8859-8-i\n\nthe needle", id="a charset with an order"),
        pytest.param(b"Content-Type: text/plain; charset*=us-ascii'en'utf%2d8\n\nthe needle", id="RFC 2231"),
        pytest.param(b"Content-Type: text\n\nthe needle", id="a type that is none"),
        pytest.param(b"Content-Type: multipart/mixed\n\nthe needle", id="a multipart without boundary"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\nthe needle", id="a multipart without parts"),
        pytest.param(b"Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\nthe needle", id="no final boundary"),
        pytest.param(b'Content-Type: multipart/mixed; boundary="b "\n\n--b\n\nthe needle\n--b--', id="a blank in it"),
        pytest.param(
            b"Content-Type: multipart/mixed;\n boundary*0=b; boundary*1=c\n\n--bc\r\n\r\nthe needle\r\n--bc--",
            id="sections",
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nLS1iCgp0aGUgbmVlZGxl",
            id="an encoded multipart",
        ),
        pytest.param(
            b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nClRoZQp0aGUgbmVlZGxl",
            id="an encoded message",
        ),
        pytest.param(
            b"Content-Type: multipart/mixed; boundary=b\n\n--bb\n x--b\n--b\n\nthe needle", id="lines that are alike"
        ),
    ],
)
def test_what_mail_programs_show_is_text(content: bytes) -> None:
    parts, problem = mime.text_parts(content)
    assert "the needle" in "".join(parts)
    assert problem is None


@pytest.mark.parametrize("charset", ["cp999", "mac_none"])
def test_an_encoding_that_this_python_lacks_is_none(charset: str) -> None:
    assert mime.decode_text(b"gr\xfc", charset) == "grü"


def test_an_embedded_report_is_no_text() -> None:
    assert mime.text_parts(b"Content-Type: message/delivery-status\n\nStatus: 5.0.0\n") == ([], None)


def test_the_start_of_a_file_that_is_cut_tells_no_identity() -> None:
    data = QueueFile().write()
    assert message.read_identity(data, file_size=len(data)) == read(data)[:4]
    assert message.read_identity(data, file_size=len(data) - 10) is None


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        pytest.param(2, Verdict.YES, id="so many are known"),
        pytest.param(-1, Verdict.NO, id="more are known"),
        pytest.param([5, -1], Verdict.UNDECIDED, id="there may be more"),
    ],
)
def test_a_count_of_recipients_that_are_not_all_known(count: object, verdict: Verdict) -> None:
    missing = frozenset({Input.RECIPIENTS})
    envelope = make_envelope(pending=[b"a", b"b"])._replace(missing=missing)
    subject = MadeUpMessage(envelope, problem="cut", missing=missing)
    assert parse_selection(match=[{"recipient_count": count}], now=0).decide(subject) is verdict
