# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import email.header
import email.mime.multipart
import email.mime.text

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format import mime

_pieces = st.sampled_from(
    [
        b"Subject: ",
        b"Content-Type: ",
        b"Content-Transfer-Encoding: ",
        b"text/plain",
        b"multipart/mixed",
        b"message/rfc822",
        b"message/delivery-status",
        b"message/external-body",
        b"; charset=",
        b"; boundary=",
        b"; boundary*0=a; boundary*1*=utf-8''%ff",
        b"utf-8",
        b"utf-7",
        b"punycode",
        b"idna",
        b"undefined",
        b"unicode_escape",
        b"hex",
        b"zip",
        b"no\x00such",
        b'"',
        b"\xff",
        b"base64",
        b"quoted-printable",
        b"x-uuencode",
        b"begin 644 x\n#86)C\n",
        b"=?utf-8?b?",
        b"=?zip?q?",
        b"?=",
        b"A===",
        b"=E9=",
        b"--edge",
        b"--",
        b"edge",
        b"\n",
        b"\n\n",
        b"\r\n",
        b" ",
        b":",
        b"\x0c",
    ]
)
mails = st.lists(_pieces | st.binary(max_size=4), max_size=25).map(b"".join) | st.binary(max_size=100)


@given(mails)
def test_any_bytes_are_headers(block: bytes) -> None:
    for name, value in mime.parse_headers(block):
        assert name == name.strip()
        assert ":" not in name
        assert isinstance(value, str)


@given(mails)
def test_any_bytes_are_text(content: bytes) -> None:
    parts, problem = mime.text_parts(content)
    assert problem is None
    assert all(isinstance(part, str) for part in parts)
    described, _problem = mime.structure(content)
    assert sum(part.content_type.startswith("text/") for part in described) <= len(parts)


@given(st.lists(st.text(st.characters(blacklist_categories=["C"]), max_size=30), min_size=1, max_size=4), st.data())
def test_a_message_from_python_is_read_back(texts: list[str], draw: st.DataObject) -> None:
    message = email.mime.multipart.MIMEMultipart()
    for text in texts:
        charset = draw.draw(st.sampled_from(["utf-8", "utf-16", "utf-7"]))
        message.attach(email.mime.text.MIMEText(text, draw.draw(st.sampled_from(["plain", "html"])), charset))
    outer = email.mime.multipart.MIMEMultipart()
    outer.attach(message)
    outer.attach(email.mime.text.MIMEText("end"))
    parts, problem = mime.text_parts(outer.as_bytes())
    assert problem is None
    assert [part.rstrip("\n") for part in parts] == [text.rstrip("\n") for text in [*texts, "end"]]


@given(mails, mails)
def test_headers_stand_before_the_first_empty_line(block: bytes, body: bytes) -> None:
    block = b"".join(line for line in block.splitlines(keepends=True) if line.strip())
    parts, _problem = mime.text_parts(b"X: y\n\n" + block + body)
    assert "".join(parts) == mime.decode_text(block + body, None)


_words = st.text(st.characters(blacklist_categories=["C", "Z"]), max_size=20).filter(lambda text: "=?" not in text)


@given(_words, st.sampled_from(["utf-8", "koi8-r", "iso-8859-15"]))
def test_encoded_words_are_decoded(text: str, charset: str) -> None:
    try:
        encoded = email.header.Header(text, charset).encode(linesep="\n")
    except UnicodeError:
        encoded = email.header.Header(text, "utf-8").encode(linesep="\n")
    fields = mime.parse_headers(b"Subject: " + encoded.encode() + b"\n")
    assert fields == [("Subject", text)]


@given(st.lists(_words, min_size=1, max_size=5))
def test_a_folded_header_is_joined(words: list[str]) -> None:
    block = "X-Test: " + "\n ".join(words) + "\n"
    assert mime.parse_headers(block.encode()) == [("X-Test", " ".join(words))]
