# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import io
import random
import re
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import pytest

from tests.suggestions.corpus import archive as archive_module
from tests.suggestions.corpus.archive import CorpusError, messages, normal
from tests.suggestions.corpus.campaigns import HOST
from tests.suggestions.corpus.deck import Deck
from tests.suggestions.corpus.download import Mails, archive, fetch, read, source_lines
from tests.suggestions.corpus.envelope import made_up_client, real_message
from tests.suggestions.corpus.kinds import Corpus, corpus, corpus_floods, corpus_innocent, list_name
from tests.suggestions.corpus.sources import SOURCES, Registry, Sort, Source
from tests.suggestions.corpus.table import table
from tests.suggestions.kinds import SHARES, Kind, scene_of

SOURCE = Source(
    registry=Registry.NPM,
    package="mails",
    version="1.0",
    file="mails-1.0.tgz",
    sha256="",
    license="MIT",
    about="mails of a test",
    mails={Sort.HAM: re.compile(r"a/ham/[^/]+"), Sort.SPAM: re.compile(r"a/spam/[^/]+")},
)


def tar(*files: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return a compressed archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for path, content in files:
            member = tarfile.TarInfo(path)
            member.size, member.type = len(content), kind
            member.linkname = "a/target" if kind != tarfile.REGTYPE else ""
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


def pinned(data: bytes) -> Source:
    return replace(SOURCE, sha256=hashlib.sha256(data).hexdigest())


# --- archives --------------------------------------------------------------------------------------------------------


def test_messages_come_once_sorted_and_with_line_feeds() -> None:
    data = tar(
        ("a/ham/2", b"Subject: two\r\n\r\ntext\r\n"),
        ("a/ham/1", b"From a@b Mon Jan  1 00:00:00 2001\nSubject: one\n\ntext\n\n"),
        ("a/ham/3", b"Subject: one\n\ntext\n"),
        ("a/ham/4", b"no header here\n"),
        ("a/spam/1", b"Subject: buy\n\nnow"),
        ("a/README", b"Subject: not a message\n"),
        ("../a/ham/5", b"Subject: elsewhere\n"),
    )
    assert messages(SOURCE, data) == {
        Sort.HAM: [b"Subject: one\n\ntext\n", b"Subject: two\n\ntext\n"],
        Sort.SPAM: [b"Subject: buy\n\nnow\n"],
        Sort.BOUNCE: [],
    }


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_only_files_are_messages(kind: bytes) -> None:
    assert messages(SOURCE, tar(("a/ham/1", b""), kind=kind))[Sort.HAM] == []


def test_a_message_that_is_too_large_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "MESSAGE_BYTES", 20)
    data = tar(("a/ham/1", b"Subject: a\n\n" + b"x" * 20), ("a/ham/2", b"Subject: b\n\nx\n"))
    assert messages(SOURCE, data)[Sort.HAM] == [b"Subject: b\n\nx\n"]


@pytest.mark.parametrize(("bound", "value"), [("MEMBERS", 1), ("ARCHIVE_BYTES", 1024)])
def test_an_archive_that_is_too_large_is_refused(bound: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, bound, value)
    with pytest.raises(CorpusError) as raised:
        messages(SOURCE, tar(("x", b"1" * 600), ("y", b"2" * 600), ("z", b"3" * 600)))
    assert str(raised.value) == "mails-1.0.tgz: has more than %d files or %d bytes. Check where it comes from." % (
        archive_module.MEMBERS,
        archive_module.ARCHIVE_BYTES,
    )


@pytest.mark.parametrize("data", [b"", b"no archive", tar(("a/ham/1", b"Subject: a\n" * 9999))[:120]])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(CorpusError) as raised:
        messages(SOURCE, data)
    assert re.fullmatch(
        r"mails-1\.0\.tgz: cannot be read as a tar archive: .+\. Remove it, and run the command again\.",
        str(raised.value),
    )


def test_a_message_has_line_feeds_only() -> None:
    assert normal(b"\n>From x\nSubject: a\r\n\r\nb\rc\n\n\n") == b"Subject: a\n\nb\nc\n"


# --- downloads -------------------------------------------------------------------------------------------------------


def test_what_is_there_is_not_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tar(("a/ham/1", b"Subject: a\n"))
    (tmp_path / SOURCE.file).write_bytes(data)
    monkeypatch.setenv("PATH", "")
    source = pinned(data)
    assert fetch(tmp_path, sources=[source]) == [Mails(source, ham=[b"Subject: a\n"], spam=[], bounces=[])]


def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / SOURCE.file).write_bytes(b"changed")
    with pytest.raises(CorpusError) as raised:
        archive(pinned(b"as released"), tmp_path)
    assert str(raised.value) == (
        "%s: its SHA-256 is %s, not %s. Remove the file, and run the command again; if that does not help, the package was changed: do"
        " not use it."
        % (tmp_path / SOURCE.file, hashlib.sha256(b"changed").hexdigest(), hashlib.sha256(b"as released").hexdigest())
    )


def test_a_registry_that_has_no_client_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError) as raised:
        archive(SOURCE, tmp_path / "corpus")
    assert str(raised.value) == (
        "mails 1.0 of npm cannot be downloaded: [Errno 2] No such file or directory: 'npm'. Make sure that this machine reaches npm; if"
        " the version is gone, put another one with its SHA-256 in tests/suggestions/corpus/sources.py."
    )
    assert list((tmp_path / "corpus").iterdir()) == []


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 404 no such package; exit 3", "npm ended with 3: 404 no such package"),
        ("exit 0", "the client did not write mails-1.0.tgz"),
    ],
)
def test_a_client_that_fails_is_quoted(script: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "npm"
    client.write_text("#!/bin/sh\n%s\n" % script, encoding="utf-8")
    client.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CorpusError) as raised:
        archive(SOURCE, tmp_path / "corpus")
    assert str(raised.value) == (
        "mails 1.0 of npm cannot be downloaded: %s. Make sure that this machine reaches npm; if the version is gone, put another one"
        " with its SHA-256 in tests/suggestions/corpus/sources.py." % why
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("deb http://a.example/debian trixie main\n", ["deb-src http://a.example/debian trixie main"]),
        (
            "# deb http://b.example trixie main\ndeb [arch=amd64] http://a.example/d trixie contrib main\n",
            ["deb-src [arch=amd64] http://a.example/d trixie main"],
        ),
        ("deb http://a.example/debian bookworm main\ndeb http://a.example/x trixie other\n", []),
        (
            (
                "Types: deb\n# a comment\nURIs: http://a.example/d http://b.example/d\nSuites: trixie trixie-updates\nComponents: main\n"
                "Signed-By: /k.gpg\n\nTypes: deb\nURIs: http://c.example/d\nSuites: trixie-security\nComponents: main\n"
            ),
            [
                "deb-src [signed-by=/k.gpg] http://a.example/d trixie main",
                "deb-src [signed-by=/k.gpg] http://b.example/d trixie main",
            ],
        ),
        ("Types: deb\nURIs: http://a.example/d\nSuites: trixie\nComponents: main\nEnabled: no\n", []),
    ],
)
def test_the_machines_own_sources_give_those_of_source_packages(text: str, lines: list[str]) -> None:
    assert source_lines([text, text], codename="trixie") == lines


def test_each_source_is_pinned_and_has_a_license() -> None:
    for source in SOURCES:
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert source.license
        assert source.version
    assert len({source.file for source in SOURCES}) == len(SOURCES)


def test_the_table_counts_each_sort() -> None:
    one = read(SOURCE, tar(("a/ham/1", b"Subject: a\n"), ("a/ham/2", b"Subject: b\n"), ("a/spam/1", b"Subject: c\n")))
    assert table([one, Mails(SOURCE, bounces=[b"x"])]) == (
        "| source | version | license | ham | spam | bounces |\n|---|---|---|---|---|---|\n"
        "| mails (npm) | 1.0 | MIT | 2 | 1 | 0 |\n"
        "| mails (npm) | 1.0 | MIT | 0 | 0 | 1 |\n"
        "| all |  |  | 2 | 1 | 1 |\n"
    )


# --- envelopes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "client"),
    [
        (
            "from helo.example (mail.example.org [8.8.4.4])\n\tby mx.example (Postfix) with ESMTP id 1",
            ("8.8.4.4", "mail.example.org", "helo.example"),
        ),
        ("from lugh (postfix@lugh.example [8.8.4.4]) by mx", ("8.8.4.4", "lugh.example", "lugh")),
        ("from pc (unknown [8.8.4.4]) by mx", ("8.8.4.4", "unknown", "pc")),
        ("from unknown (HELO pc.example) (8.8.4.4) by mx", ("8.8.4.4", "unknown", "pc.example")),
        ("from [8.8.4.4] (helo=pc.example) by mx", ("8.8.4.4", "unknown", "pc.example")),
        ("from mail.example ([8.8.4.4]) by mx", ("8.8.4.4", "mail.example", "mail.example")),
        ("from mail.example. (mail.example. [8.8.4.4]) by mx", ("8.8.4.4", "mail.example", "mail.example")),
    ],
)
def test_the_client_is_the_one_of_the_topmost_public_hop(received: str, client: tuple[str, str, str]) -> None:
    content = (
        "Return-Path: <a@sender.example>\nReceived: from localhost (jalapeno [127.0.0.1]) by mx\nReceived: %s; Mon\n"
        "Received: from first.example (first.example [1.1.1.1]) by other\nX-Spam-Status: Yes\nSubject: a\n b\n\ntext\n\n"
    ) % received
    message = real_message(content.encode())
    assert message.client == client
    assert message.sender == "a@sender.example"
    assert message.stored.decode() == (
        "Received: %s; Mon\nReceived: from first.example (first.example [1.1.1.1]) by other\nSubject: a\n b\n\ntext"
        % received
    )
    assert message.header("subject") == b"a b"


@pytest.mark.parametrize(
    "received",
    ["by mx with local", "from x (x [10.0.0.1]) by mx", "from x (x [999.8.7.6]) by mx", "from x by mx (8.8.4.4)"],
)
def test_a_client_is_made_up_where_no_hop_has_one(received: str) -> None:
    message = real_message(b"Received: %s\nFrom: a@sender.example\n\n" % received.encode())
    assert message.client == made_up_client("sender.example")
    assert message.client[0].startswith(("198.18.", "198.19."))
    assert message.header("Received") == received.encode()


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ("Return-Path: <>\nFrom: a@b.example", ""),
        ("Return-Path: <a+c=d@b.example>\nFrom: x@y.example", "a+c=d@b.example"),
        ("From: x@y.example\nSender: <list-admin@b.example>", "list-admin@b.example"),
        ('From: "A. B." <a@b.example>', "a@b.example"),
        ("Return-Path: <broken>\nFrom: a@b.example", "a@b.example"),
        ("From: nobody", "unknown@example.net"),
        ("", "unknown@example.net"),
    ],
)
def test_the_sender_is_the_one_that_the_headers_name(headers: str, sender: str) -> None:
    assert real_message(headers.encode() + b"\n\ntext\n").sender == sender


def test_a_message_without_headers_that_stay_gets_an_empty_subject() -> None:
    assert real_message(b"Status: RO\n\ntext\n").stored == b"Subject:\n\ntext"


# --- kinds -----------------------------------------------------------------------------------------------------------


def test_a_deck_gives_each_card_once_a_round_and_the_same_for_the_same_seed() -> None:
    deck = Deck(range(10))
    one, other = random.Random(1), random.Random(1)
    drawn = [deck.draw(one) for _turn in range(20)]
    assert sorted(drawn[:10]) == sorted(drawn[10:]) == list(range(10))
    assert [deck.draw(other) for _turn in range(20)] == drawn


def test_a_deck_without_cards_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a deck has no cards\. Give it at least one\.$"):
        Deck(())


def _mail(number: int, text: str, *headers: str) -> bytes:
    lines = (
        "Received: from h%d.example (h%d.example [8.8.%d.4]) by mx" % (number, number, number % 250),
        "From: <user%d@d%d.example>" % (number, number),
        "To: <reader@example.com>",
        "Subject: message %d" % number,
        *headers,
    )
    return ("%s\n\n%s\n" % ("\n".join(lines), text)).encode()


_TEXT = "this is some text that people write to each other about nothing at all\n" * 10


def _small() -> list[Mails]:
    ham = [_mail(n, "%s%d" % (_TEXT, n)) for n in range(220)]
    private = [_mail(n, "%s%d" % (_TEXT, n), "User-Agent: x") for n in range(220, 300)]
    lists = [_mail(n, "%s%d" % (_TEXT, n), "List-Id: A list <%s.example>" % ("abc"[n % 3])) for n in range(300, 400)]
    news = [_mail(400, _TEXT + "unsubscribe at http://news.example/leave")]
    spam = [_mail(n, "%shttp://spam%d.example/buy?n=%d" % (_TEXT, n, n)) for n in range(500, 510)]
    letter = [_mail(600, _TEXT + "write to me")]
    bounces = [_mail(n, _TEXT + "user %d unknown" % n) for n in range(700, 720)]
    return [Mails(SOURCE, ham=ham + private + lists), Mails(SOURCE, ham=news, spam=spam + letter, bounces=bounces)]


@pytest.fixture(scope="module", name="real")
def _real() -> Corpus:
    return corpus(_small())


def _kinds(real: Corpus) -> Sequence[Kind]:
    return (*corpus_floods(real), *corpus_innocent(real))


def test_each_kind_gives_the_same_queue_each_time_at_each_share(real: Corpus) -> None:
    kinds, again = _kinds(real), _kinds(real)
    assert len({kind.name for kind in kinds}) == len(kinds) == 14
    for kind, same in zip(kinds, again):
        for share in SHARES:
            letters = scene_of(kind, share, messages=200).letters()
            assert (
                letters
                == scene_of(kind, share, messages=200).letters()
                == scene_of(same, share, messages=200).letters()
            )
            assert sum(letter.is_spam for letter in letters) == (2 * share if kind.is_flood else 0)
            assert all(letter.stored and letter.queue_file() for letter in letters)


def test_background_messages_come_once(real: Corpus) -> None:
    for kind in (corpus_floods(real)[0], corpus_innocent(real)[4]):
        letters = scene_of(kind, 5, messages=200).letters()
        bodies = [(letter.stored or b"").partition(b"\n\n")[2] for letter in letters if not letter.is_spam]
        assert len(set(bodies)) == len(bodies) >= 190


def test_campaigns_vary_their_text_and_hosts_and_keep_the_path(real: Corpus) -> None:
    botnet = corpus_floods(real)[0]
    spam = [letter for letter in scene_of(botnet, 25, messages=200).letters() if letter.is_spam]
    bodies = [(letter.stored or b"").partition(b"\n\n")[2] for letter in spam]
    assert len({letter.sender for letter in spam}) == len({letter.client for letter in spam}) == len(spam)
    assert len({host for body in bodies for host in HOST.findall(body)}) > len(spam) // 2
    assert len({body.rpartition(b".test")[2] for body in bodies}) == 1
    assert not any(b"Received:" in (letter.stored or b"") for letter in spam)


def test_a_stolen_account_has_one_login(real: Corpus) -> None:
    stolen = next(kind for kind in corpus_floods(real) if "stolen" in kind.name)
    letters = scene_of(stolen, 25, messages=200).letters()
    assert {(letter.login, letter.sender) for letter in letters if letter.is_spam} == {("peter", "peter@example.com")}
    assert len({letter.login for letter in letters if letter.login}) > 5


@pytest.mark.parametrize(
    ("name", "victims"), [("real bounces to one address", 1), ("real bounces to two addresses", 2)]
)
def test_backscatter_has_null_senders_and_its_victims(name: str, victims: int, real: Corpus) -> None:
    kind = next(kind for kind in corpus_floods(real) if kind.name == name)
    spam = [letter for letter in scene_of(kind, 25, messages=200).letters() if letter.is_spam]
    assert {letter.sender for letter in spam} == {""}
    assert len({tuple(letter.recipients) for letter in spam}) == victims
    assert all(b"To: <%s>" % letter.recipients[0].encode() in (letter.stored or b"") for letter in spam)


def test_a_list_that_is_the_bulk_is_not_in_the_background(real: Corpus) -> None:
    kind = next(kind for kind in corpus_innocent(real) if kind.name == "the largest real list")
    stored = [real_message(letter.stored or b"") for letter in scene_of(kind, 25, messages=200).letters()]
    assert sum(list_name(message) == b"a.example" for message in stored) == 50


def test_a_corpus_without_what_is_needed_is_refused() -> None:
    first, second = _small()
    without_spam = corpus([first, replace(second, spam=())])
    with pytest.raises(CorpusError) as raised:
        corpus_floods(without_spam)
    assert str(raised.value) == (
        "the corpus has 0 messages of the sort has_links, and 8 are needed. Check the patterns in tests/suggestions/corpus/sources.py."
    )
    without_lists = corpus([replace(first, ham=first.ham[:300]), second])
    with pytest.raises(CorpusError) as raised:
        corpus_innocent(without_lists)
    assert str(raised.value) == (
        "the corpus has messages of 0 mailing lists, and 2 are needed. Check the patterns in tests/suggestions/corpus/sources.py."
    )
    without_private = corpus([replace(first, ham=[*first.ham[:220], *first.ham[300:]]), second])
    with pytest.raises(CorpusError) as raised:
        corpus_floods(without_private)
    assert str(raised.value) == (
        "the corpus has no private mail. Check the patterns in tests/suggestions/corpus/sources.py."
    )
