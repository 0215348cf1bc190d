# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.suggestions.bulk import INNOCENT
from tests.suggestions.floods import FLOODS
from tests.suggestions.kinds import MESSAGES, SHARES, Kind, scene_of

KINDS = FLOODS + INNOCENT


def test_names_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_kinds_are_in_their_table() -> None:
    assert all(kind.is_flood for kind in FLOODS)
    assert not any(kind.is_flood for kind in INNOCENT)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_each_share_is_made_as_it_is_wanted(kind: Kind) -> None:
    for share in SHARES:
        letters = scene_of(kind, share).letters()
        assert len(letters) == MESSAGES
        assert sum(letter.is_spam for letter in letters) == (MESSAGES * share // 100 if kind.is_flood else 0)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.name) for kind in KINDS])
def test_the_other_mail_comes_from_many_networks_and_writes_many_subjects(kind: Kind) -> None:
    letters = [letter for letter in scene_of(kind, 5).letters() if not letter.is_spam]
    networks = {letter.client[0].rsplit(".", 2)[0] for letter in letters if letter.client}
    assert len(networks) >= 40
    assert len({letter.subject for letter in letters}) >= len(letters) / 2


def test_the_same_queue_is_made_again() -> None:
    scene = scene_of(KINDS[0], 25)
    assert scene.letters() == scene.letters()
