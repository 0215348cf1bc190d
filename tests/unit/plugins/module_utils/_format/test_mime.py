# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import time

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import mime


@pytest.mark.parametrize(
    ("block", "fields"),
    [
        pytest.param(b"", [], id="none"),
        pytest.param(b"Subject: a test\n", [("Subject", "a test")], id="one"),
        pytest.param(b"subject:a\nSUBJECT:  b \n", [("subject", "a"), ("SUBJECT", "b")], id="names as written"),
        pytest.param(b"Subject: a\n b\n\tc\n", [("Subject", "a b\tc")], id="folded"),
        pytest.param(b" lost\nSubject: a\n", [("Subject", "a")], id="a fold of nothing"),
        pytest.param(b"no header\nBad : x\n: y\nTo: z\n", [("Bad", "x"), ("To", "z")], id="lines that are none"),
        pytest.param(b"To: z\r\n", [("To", "z")], id="carriage return"),
        pytest.param("Subject: grüße\n".encode(), [("Subject", "grüße")], id="raw UTF-8"),
        pytest.param(b"Subject: gr\xfc\n", [("Subject", "gr\ufffd")], id="raw bytes"),
        pytest.param(b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n", [("Subject", "grüße")], id="quoted-printable word"),
        pytest.param(
            b"Subject: =?utf-8?b?Z3LDvA==?= =?utf-8?b?w59l?=\n", [("Subject", "grüße")], id="two words are one"
        ),
        pytest.param(b"Subject: =?utf-8?b?Z3LDvA==?=\n =?utf-8?b?w59l?=\n", [("Subject", "grüße")], id="folded words"),
        pytest.param(b"Subject: =?iso-8859-1?q?gr=FC?= x\n", [("Subject", "grü x")], id="another charset"),
        pytest.param(b"Subject: =?no-such?q?gr=FC?=\n", [("Subject", "grü")], id="unknown charset"),
        pytest.param(
            b"Subject: =?utf-8?q?gr=FC?=\n", [("Subject", "gr\ufffd")], id="bytes that are not of the charset"
        ),
        pytest.param(b"Subject: =?utf-8?b?A?=\n", [("Subject", "=?utf-8?b?A?=")], id="broken base64 stays"),
        pytest.param(b"Subject: 1 =? 2\n", [("Subject", "1 =? 2")], id="no word"),
    ],
)
def test_parse_headers(block: bytes, fields: list[tuple[str, str]]) -> None:
    assert mime.parse_headers(block) == fields


_MULTIPART = b"""\
Content-Type: multipart/mixed; boundary=edge

--edge
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

gr=FC=DFe
--edge
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAEC
--edge
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

%s
--edge--
""" % base64.b64encode("<b>grüße</b>".encode())


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        pytest.param(b"Subject: a\n\nplain text\n", ["plain text\n"], id="no MIME"),
        pytest.param(b"Subject: a\n\n", [""], id="no body"),
        pytest.param(b"", [""], id="nothing"),
        pytest.param(_MULTIPART, ["grüße", "<b>grüße</b>"], id="text parts in order"),
        pytest.param(b"Content-Type: image/png\n\nx\n", [], id="no text"),
        pytest.param(b"Content-Type: text/plain; charset=no-such\n\ngr\xfc\n", ["grü\n"], id="unknown charset"),
        pytest.param(
            b"Content-Type: text/plain; charset=utf-8\n\ngr\xfc\n", ["gr\ufffd\n"], id="bytes of another charset"
        ),
        pytest.param(b"\n\xff\n", ["\ufffd\n"], id="any bytes"),
    ],
)
def test_text_parts(content: bytes, parts: list[str]) -> None:
    assert mime.text_parts(content) == (parts, None)


def test_a_text_part_that_contains_parts_has_no_text_of_its_own() -> None:
    content = b"Content-Type: message/rfc822\n\nContent-Type: text/plain\n\ninner\n"
    assert mime.text_parts(content) == (["inner\n"], None)


def test_structure() -> None:
    inner = b"Content-Type: message/rfc822\n\nSubject: inner\n\nx\n"
    name = b"Content-Disposition: Attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.txt\n"
    content = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        + _MULTIPART
        + b"--b\n"
        + inner
        + b"--b\n"
        + name
        + b"\nx\n--b--"
    )
    rows = [
        (part.number, part.content_type, part.charset, part.encoding, part.size) for part in mime.structure(content)[0]
    ]
    assert rows == [
        ("0", "multipart/mixed", None, None, 0),
        ("1", "multipart/mixed", None, None, 0),
        ("1.1", "text/plain", "iso-8859-1", "quoted-printable", 5),
        ("1.2", "application/octet-stream", None, "base64", 3),
        ("1.3", "text/html", "utf-8", "base64", 14),
        ("2", "message/rfc822", None, None, 0),
        ("2.1", "text/plain", None, None, 1),
        ("3", "text/plain", None, None, 1),
    ]
    last = mime.structure(content)[0][-1]
    assert (last.disposition, last.filename) == ("attachment", "grüße.txt")


def test_an_encoded_word_as_a_file_name_is_decoded() -> None:
    ((part,), _problem) = mime.structure(b'Content-Type: text/plain; name="=?utf-8?q?=C3=BC?="\n\nx\n')
    assert part.filename == "ü"


def test_structure_is_bounded() -> None:
    content = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (mime.MAX_PARTS + 50) + b"--b--"
    assert len(mime.structure(content)[0]) == mime.MAX_PARTS


def _nested(depth: int, *, lines: int = 0) -> bytes:
    heads = b"".join(b"Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n" % (n, n) for n in range(depth))
    return heads + b"Content-Type: text/plain\n\ninnermost\n" + b"x\n" * lines


def test_parts_are_found_at_any_depth_within_the_bound() -> None:
    assert mime.text_parts(_nested(mime.MAX_DEPTH)) == (["innermost\n"], None)
    parts, problem = mime.text_parts(_nested(mime.MAX_DEPTH + 1))
    assert problem == "parts nested more than 300 deep"
    # What is not taken apart is there as it is written.
    assert parts == ["--b300x\nContent-Type: text/plain\n\ninnermost\n"]
    assert mime.structure(_nested(2000))[1] is None
    assert len(mime.structure(_nested(2000))[0]) == mime.MAX_PARTS


def test_many_parts_are_bounded() -> None:
    content = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * mime.MAX_TEXT_PARTS
    parts, problem = mime.text_parts(content)
    assert problem == "more than 10000 parts"
    assert len(parts) == 1


_HARD = {
    "punycode": b"Content-Type: text/plain; charset=punycode\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(b"x-" * 300000),
    "idna": b"Content-Type: text/plain; charset=idna\n\n" + b"x" * 800000,
    "unicode_escape": b"Content-Type: text/plain; charset=unicode_escape\n\n" + rb"\N{DIGIT ONE}" * 60000,
    "nested": _nested(250, lines=400000),
    "boundaries that begin alike": b"".join(
        b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n" % (b"a" * n, b"a" * n) for n in range(1, 250)
    )
    + (b"--" + b"a" * 250 + b"\n") * 15000,
    "many parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 900000,
    "many fields": b"a:\n" * 1300000,
    "many charsets": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"".join(b"--b\nContent-Type: text/plain; charset=c%d\n\nx\n" % n for n in range(9000)),
    "padding": b"Content-Transfer-Encoding: base64\n\n" + b"QQ==" * 1000000,
    "soft line ends": b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n" * 2000000,
    "blanks": b"Content-Type: multipart/mixed; boundary=b\n\n" + (b"--b" + b" " * 100000 + b"x\n") * 40,
    "parameters": b"Content-Type: text/plain" + b'; a="\\' * 100000 + b"\n\nx",
    "comments": b"Content-Type: " + b"(" * 60000 + b"\nContent-Transfer-Encoding: " + b"(" * 60000 + b"\n\nx",
    "messages": b"Content-Type: message/rfc822\n\n" * 100000,
    "encoded messages": b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n" * 50000,
    "sections": b"Content-Type: text/plain" + b"; charset*1*=%41" * 50000 + b"\n\nx",
    "two bytes a line": b"a\n" * 2000000,
}


@pytest.mark.parametrize("name", _HARD)
def test_untrusted_input_takes_little_time(name: str) -> None:
    data = _HARD[name][: 4 << 20]

    def seconds_for(size: int) -> float:
        started = time.process_time()
        parts, problem = mime.text_parts(data[:size])
        mime.structure(data[:size])
        assert parts or problem
        return time.process_time() - started

    # Four times the input takes four times as long, and would take 16 times as long if the time was quadratic.
    quarter = seconds_for(len(data) // 4)
    assert seconds_for(len(data)) < 8 * quarter + 1


def test_header_words_that_do_not_end_take_little_time() -> None:
    unfinished = "=?a?q?x " * 12000
    started = time.process_time()
    assert mime.decode_header(unfinished) == unfinished
    assert mime.decode_header(unfinished + "=?utf-8?q?=C3=BC?=").endswith("ü")
    # The decoder alone takes seconds.
    assert time.process_time() - started < 1


def test_a_character_may_be_split_between_words() -> None:
    assert mime.decode_header("a =?utf-8?b?w7w=?=  =?utf-8?q?=C3?= =?utf-8?q?=BC?= b") == "a üü b"


def test_a_word_with_a_line_end_in_it_is_not_decoded() -> None:
    # A file name of a part may have one.
    assert mime.decode_header("=?utf-8?q?a\nb?=") == "=?utf-8?q?a\nb?="


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
def test_text_that_mail_programs_show_is_found(content: bytes) -> None:
    parts, problem = mime.text_parts(content)
    assert "the needle" in "".join(parts)
    assert problem is None


@pytest.mark.parametrize("charset", ["cp999", "mac_none"])
def test_an_encoding_that_this_python_lacks_is_read_as_latin_1(charset: str) -> None:
    assert mime.decode_text(b"gr\xfc", charset) == "grü"


def test_an_embedded_report_is_not_text() -> None:
    assert mime.text_parts(b"Content-Type: message/delivery-status\n\nStatus: 5.0.0\n") == ([], None)
