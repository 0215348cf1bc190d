# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of bulk mail that are made of real messages: floods, and innocent ones."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import Callable, Iterable, Mapping, Sequence

from tests.fleet.mixture import NAMES, VOCABULARY
from tests.suggestions.corpus.archive import CorpusError
from tests.suggestions.corpus.campaigns import (
    HOST,
    Campaign,
    backscatter,
    botnet,
    campaign,
    one_host,
    snowshoe,
    stolen,
    web_form,
)
from tests.suggestions.corpus.download import Mails
from tests.suggestions.corpus.envelope import RealMessage, real_message
from tests.suggestions.corpus.ordinary import delivered, forwarded, listed, newsletter, notices, submitted
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Maker, World

_WORLD = World(
    own="example.com",
    partners=["dest%d.example" % number for number in range(250)],
    people=NAMES.split(),
    words=VOCABULARY.split(),
)
# What is larger or smaller is left out of the choice for what is repeated: it would fill the disk, or says nothing.
_REPEATED_BYTES = range(600, 12_000)
# Left out of that choice as well: the measure prints what the spam has in common.
_ADULT = re.compile(rb"adult|fuck|milf|nude|porn|sex|smut|teen|xxx", re.IGNORECASE)
_LEAVE = re.compile(rb"unsubscribe|mailing list|newsletter", re.IGNORECASE)
_HIDDEN = re.compile(rb"://[^\s/\"'<>]*[%@]")
# What the programs of persons write, and those that send to many do not.
_OF_PERSONS = ("In-Reply-To", "References", "User-Agent", "X-Mailer")
_OF_PROGRAMS = ("List-Id", "List-Unsubscribe", "List-Post", "Precedence", "Mailing-List", "X-Loop", "X-BeenThere")
_LIST_NAME = re.compile(rb"<([^<>]+)>\Z")


@dataclass(frozen=True)
class Corpus:
    """The messages of all sources, with their envelopes."""

    ham: Sequence[RealMessage]
    spam: Sequence[RealMessage]
    bounces: Sequence[RealMessage]


def corpus(mails: Iterable[Mails]) -> Corpus:
    """Return the messages of all sources, each once."""
    found = list(mails)
    return Corpus(
        ham=_parsed(each.ham for each in found),
        spam=_parsed(each.spam for each in found),
        bounces=_parsed(each.bounces for each in found),
    )


def _parsed(contents: Iterable[Sequence[bytes]]) -> list[RealMessage]:
    return [real_message(content) for content in dict.fromkeys(content for each in contents for content in each)]


def corpus_floods(real: Corpus) -> tuple[Kind, ...]:
    """Return the floods of real spam and of real bounces. Raises CorpusError where the corpus has too little of a sort."""
    links = _chosen(real.spam, has_links, number=8)
    letters = _chosen(real.spam, has_only_text, number=1)
    bulks: Mapping[str, tuple[str, Maker]] = {
        "real spam of a botnet": (
            "One real spam from clients all over the world, with other words and another URL host in each message",
            campaign(Campaign(links[:1], start=6, hours=5, hosts=True, tail=True), botnet),
        ),
        "real spam through a stolen account": (
            "Three real spams through one login, under its own address",
            campaign(Campaign(links[1:4], start=3, hours=2.5), stolen(login="peter")),
        ),
        "real spam of a snowshoe network": (
            "One real spam from throw-away domains, whose servers are in one network",
            campaign(Campaign(links[4:5], start=9, hours=8, hosts=True), snowshoe),
        ),
        "real spam of one host": (
            "Two real spams from one host under forged senders",
            campaign(Campaign(links[5:7], start=4, hours=2, tail=True), one_host),
        ),
        "real spam through a web form": (
            "One real spam from a form on the server itself",
            campaign(Campaign(links[7:8], start=2, hours=1.5, words=5), web_form),
        ),
        "real letters without a link": (
            "One real spam without any URL from clients all over the world",
            campaign(Campaign(letters, start=10, hours=9, words=8), botnet),
        ),
        "real bounces to one address": (
            "Real bounces of many servers to an address that somebody forged",
            backscatter(real.bounces, victims=["%s@%s" % (_WORLD.people[3], _WORLD.own)]),
        ),
        "real bounces to two addresses": (
            "The same to two addresses",
            backscatter(real.bounces, victims=["%s@%s" % (_WORLD.people[n], _WORLD.own) for n in (5, 6)]),
        ),
    }
    background = _background(real.ham, real.bounces)
    return tuple(
        Kind(name, about, _WORLD, {maker: 1}, background, is_flood=True) for name, (about, maker) in bulks.items()
    )


def corpus_innocent(real: Corpus) -> tuple[Kind, ...]:
    """Return the bulk mail that is real and no flood. Raises CorpusError where the corpus has too little of a sort."""
    news = _chosen(real.ham, is_news, number=1)[0]
    first, second = _largest_lists(real.ham)
    to_pass_on = [message for message in real.ham if not is_private(message)][::2]
    all_lists = [message for message in real.ham if list_name(message)]
    bulks: Sequence[tuple[str, str, Maker, Sequence[RealMessage]]] = (
        ("a real newsletter", "One real newsletter to many readers", newsletter(news, hours=2), [news]),
        ("the largest real list", "The threads of one real mailing list", listed(first), first),
        ("the second real list", "The threads of another real mailing list", listed(second), second),
        ("many real lists", "The threads of all real mailing lists", listed(all_lists), all_lists),
        (
            "real mail that is forwarded",
            "Real mail to former students, passed on (SRS)",
            forwarded(to_pass_on),
            to_pass_on,
        ),
        (
            "real bounces after a mailing",
            "Real bounces, each to the sender address of one reader (VERP)",
            notices(real.bounces, local="news-bounces+{person}{n}=example.org"),
            (),
        ),
    )
    return tuple(
        Kind(name, about, _WORLD, {maker: 1}, _background(_others(real.ham, bulk), real.bounces), is_flood=False)
        for name, about, maker, bulk in bulks
    )


def _background(ham: Sequence[RealMessage], bounces: Sequence[RealMessage]) -> dict[Maker, int]:
    """Return the makers of real ordinary mail: to the users, from them, and notices."""
    private = [message for message in ham if is_private(message)]
    if not private:
        raise CorpusError("the corpus has no private mail. Check the patterns in tests/suggestions/corpus/sources.py.")
    return {delivered(_others(ham, private)): 80, submitted(private): 17, notices(bounces, local="{person}"): 3}


def _others(messages: Sequence[RealMessage], left_out: Sequence[RealMessage]) -> list[RealMessage]:
    identities = set(map(id, left_out))
    return [message for message in messages if id(message) not in identities]


def _chosen(messages: Sequence[RealMessage], fits: Callable[[RealMessage], bool], *, number: int) -> list[RealMessage]:
    """Return so many messages that fit, the first in an order that nobody chose: that of their checksums."""
    sized = [message for message in messages if len(message.body) in _REPEATED_BYTES]
    fitting = [message for message in sized if fits(message) and not _ADULT.search(message.stored)]
    if len(fitting) < number:
        raise CorpusError(
            "the corpus has %d messages of the sort %s, and %d are needed. Check the patterns in tests/suggestions/corpus/sources.py."
            % (len(fitting), fits.__name__, number)
        )
    return sorted(fitting, key=lambda message: hashlib.sha256(message.stored).digest())[:number]


def _largest_lists(messages: Sequence[RealMessage]) -> list[list[RealMessage]]:
    """Return the messages of the two lists that have the most."""
    counted = Counter(name for name in map(list_name, messages) if name).most_common(2)
    if len(counted) < 2:
        raise CorpusError(
            "the corpus has messages of %d mailing lists, and 2 are needed. Check the patterns in tests/suggestions/corpus/sources.py."
            % len(counted)
        )
    return [_of_list(messages, name) for name, _count in counted]


def _of_list(messages: Sequence[RealMessage], name: bytes) -> list[RealMessage]:
    return [message for message in messages if list_name(message) == name]


# --- what sort of message it is --------------------------------------------------------------------------------------


def list_name(message: RealMessage) -> bytes:
    """Return the name of the mailing list that a message came through (RFC 2919); empty where there is none."""
    found = _LIST_NAME.search(message.header("List-Id"))
    return found.group(1).lower() if found else b""


def is_plain(message: RealMessage) -> bool:
    """Whether the body is readable text of one part, and came through no list."""
    encoding = message.header("Content-Transfer-Encoding").lower()
    kind = message.header("Content-Type").lower()
    readable = encoding in {b"", b"7bit", b"8bit"} and not kind.startswith(b"multipart/")
    return readable and not list_name(message) and not message.header("Precedence")


def has_links(message: RealMessage) -> bool:
    """Whether it is readable text with URLs of one or two hosts, none of them hidden by escapes or a user name."""
    hosts = set(HOST.findall(message.body))
    return is_plain(message) and 1 <= len(hosts) <= 2 and not _HIDDEN.search(message.body)


def has_only_text(message: RealMessage) -> bool:
    """Whether it is readable text without any URL."""
    return is_plain(message) and b"://" not in message.body and b"www." not in message.body.lower()


def is_news(message: RealMessage) -> bool:
    """Whether it is a newsletter: it says how to leave, and comes through no list that its readers write to."""
    return is_plain(message) and bool(_LEAVE.search(message.body)) and HOST.search(message.body) is not None


def is_private(message: RealMessage) -> bool:
    """Whether a person wrote it with a mail program, and no list passed it on."""
    written = any(map(message.header, _OF_PERSONS)) and not any(map(message.header, _OF_PROGRAMS))
    return written and not _LEAVE.search(message.body)
