# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of the blind measure are well-formed, and say the truth about themselves."""

from __future__ import annotations

import functools
import random

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_defer_log
from tests.suggestions.blind import FLOODS, INNOCENT
from tests.suggestions.kinds import SHARES, scene_of
from tests.suggestions.letters import NOW, Letter
from tests.unit.support.opened import Opened

KINDS = (*FLOODS, *INNOCENT)
NAMES = [kind.name for kind in KINDS]
# Of the worlds' reserved names and addresses.
DOMAINS = (".example", ".test", ".example.com", ".example.net", ".example.org")
NETWORKS = ("10.", "100.", "192.0.2.", "198.18.", "198.19.", "198.51.100.", "203.0.113.", "2001:db8:")


@functools.lru_cache(maxsize=None)
def letters_of(number: int) -> list[tuple[Letter, bool]]:
    """Return some letters of each maker of the kind with that number, and whether each is bulk."""
    kind = KINDS[number]
    rng = random.Random(kind.name)
    bulk = [(maker(kind.world, rng), True) for maker in kind.bulk for _turn in range(30)]
    return bulk + [(maker(kind.world, rng), False) for maker in kind.background for _turn in range(5)]


def test_there_are_enough_kinds_and_each_has_a_name() -> None:
    assert len(FLOODS) >= 12
    assert len(INNOCENT) >= 12
    assert len(set(NAMES)) == len(KINDS)
    assert len({kind.about for kind in KINDS}) == len(KINDS)
    assert len({kind.world.own for kind in KINDS}) >= 6


@pytest.mark.parametrize("number", range(len(KINDS)), ids=NAMES)
def test_a_flood_is_spam_and_other_mail_is_not(number: int) -> None:
    kind = KINDS[number]
    assert kind.is_flood == (kind in FLOODS)
    assert not set(kind.bulk) & set(kind.background)
    for letter, is_bulk in letters_of(number):
        assert letter.is_spam == (is_bulk and kind.is_flood)


@pytest.mark.parametrize("number", range(len(KINDS)), ids=NAMES)
def test_queue_files_are_well_formed(number: int) -> None:
    for letter, _is_bulk in letters_of(number)[::4]:
        message = Opened(letter.queue_file(), letter.defer_log())
        envelope = message.envelope
        assert envelope.problem is None
        assert envelope.sender == letter.sender.encode()
        assert envelope.pending == [address.encode() for address in letter.recipients]
        assert 0 < NOW - envelope.arrival <= 72 * 3600
        assert envelope.sasl_username == (letter.login.encode() if letter.login else None)
        assert envelope.origin == ("smtp" if letter.client else "local")
        headers = dict(message.headers())
        assert headers["Subject"] == letter.subject
        assert {"Received", "From", "To", "Date", "Message-ID", "Content-Type"} <= set(headers)
        assert message.text_parts()
        assert set(parse_defer_log(letter.defer_log())) == {address.encode() for address in letter.recipients}


@pytest.mark.parametrize("number", range(len(KINDS)), ids=NAMES)
def test_names_and_addresses_are_reserved(number: int) -> None:
    for letter, _is_bulk in letters_of(number):
        for address in (*letter.recipients, *([letter.sender] if letter.sender else [])):
            assert address.isascii()
            assert address.count("@") == 1
            assert address.endswith(DOMAINS)
        if letter.client:
            assert letter.client[0].startswith(NETWORKS)


@pytest.mark.parametrize("number", range(len(KINDS)), ids=NAMES)
def test_texts_are_complete(number: int) -> None:
    for letter, _is_bulk in letters_of(number):
        for text in (letter.subject, letter.text, letter.reason):
            assert not any(mark in text for mark in ("%s", "%d", "%n", "%%", "{", "}", "|"))
        assert "\n" not in letter.subject + letter.reason


def test_the_same_scene_has_the_same_letters() -> None:
    scene = scene_of(FLOODS[0], 25, messages=40)
    assert scene.letters() == scene.letters()


@pytest.mark.parametrize("share", SHARES)
def test_the_share_of_a_flood_is_as_asked(share: int) -> None:
    scene = scene_of(FLOODS[0], share, messages=100)
    assert sum(letter.is_spam for letter in scene.letters()) == share
