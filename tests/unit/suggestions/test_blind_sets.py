# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test that the second and the third blind set are well formed: files that the collection reads, and the truth about each message."""

from __future__ import annotations

import random
import re
from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import content, envelope_reader, mime
from tests.suggestions import blind_three, blind_two
from tests.suggestions.blind_three.places import BIG_FREE
from tests.suggestions.kinds import SHARES, Kind, scene_of
from tests.suggestions.letters import NOW, Letter
from tests.unit.support.queue_file import fetch_from

SETS = {"second": (*blind_two.FLOODS, *blind_two.INNOCENT), "third": (*blind_three.FLOODS, *blind_three.INNOCENT)}
EACH_SET = pytest.mark.parametrize("kinds", SETS.values(), ids=SETS)
EACH_KIND = pytest.mark.parametrize(
    "kind", [pytest.param(kind, id="%s: %s" % (name, kind.name)) for name, kinds in SETS.items() for kind in kinds]
)
_MADE_UP = re.compile(r"[\w.+=-]+@(?:[a-z0-9-]+\.){1,3}(?:example|test|invalid)", re.ASCII)
# In the third set recipients may be at providers that everybody knows.
_AT_PROVIDER = re.compile(r"[\w.-]+@(?:%s)" % "|".join(map(re.escape, sorted(set(BIG_FREE)))), re.ASCII)


def _some(kind: Kind) -> list[Letter]:
    """Return a few messages of each maker."""
    rng = random.Random(7)
    return [maker(kind.world, rng) for maker in (*kind.bulk, *kind.background) for _turn in range(9)]


@EACH_SET
def test_there_are_fourteen_of_each_with_names_of_their_own(kinds: Sequence[Kind]) -> None:
    assert [kind.is_flood for kind in kinds] == [True] * 14 + [False] * 14
    assert len({kind.name for kind in kinds}) == 28


@EACH_SET
def test_the_ordinary_mail_is_of_at_least_six_worlds(kinds: Sequence[Kind]) -> None:
    assert len({kind.world.own for kind in kinds}) >= 6


@EACH_KIND
def test_the_collection_reads_each_file(kind: Kind) -> None:
    for letter in _some(kind):
        data = letter.queue_file()
        envelope = envelope_reader.read_envelope(fetch_from(data), file_size=len(data))
        text = content.read_content(fetch_from(data), envelope)
        fields = dict(mime.parse_headers(text.partition(b"\n\n")[0]))

        assert (envelope.problem, envelope.sender) == (None, letter.sender.encode())
        assert [address.decode() for address in envelope.pending] == list(letter.recipients)
        assert envelope.arrival == int(NOW - letter.age)
        assert " ".join(fields["Subject"].split()) == " ".join(letter.subject.split())
        parts, problem = mime.text_parts(text)
        assert problem is None
        assert parts or fields["Content-Type"].startswith("multipart/")
        assert letter.text.strip() in parts[0] if letter.text.strip() else True


@EACH_KIND
def test_only_the_bulk_of_a_flood_is_spam(kind: Kind) -> None:
    rng = random.Random(3)
    assert {maker(kind.world, rng).is_spam for maker in kind.bulk for _turn in range(30)} == {kind.is_flood}
    assert {maker(kind.world, rng).is_spam for maker in kind.background for _turn in range(6)} == {False}


@EACH_KIND
def test_all_addresses_are_made_up(kind: Kind) -> None:
    senders = {letter.sender for letter in _some(kind) if letter.sender}
    recipients = {address for letter in _some(kind) for address in letter.recipients}
    if kind in SETS["third"]:
        recipients = {address for address in recipients if not _AT_PROVIDER.fullmatch(address)}
    assert [address for address in senders | recipients if not _MADE_UP.fullmatch(address)] == []


@EACH_SET
def test_a_scene_has_the_share_of_its_bulk_and_is_always_the_same(kinds: Sequence[Kind]) -> None:
    kind = kinds[0]
    for share in SHARES:
        letters = scene_of(kind, share, messages=200).letters()
        assert sum(letter.is_spam for letter in letters) == 2 * share
        assert [letter.queue_file() for letter in letters] == [
            letter.queue_file() for letter in scene_of(kind, share, messages=200).letters()
        ]
