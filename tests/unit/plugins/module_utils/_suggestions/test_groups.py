# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import groups as mining
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import (
    Binding,
    Group,
    Universe,
    by_family,
    members_of,
    size_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits
from tests.unit.support.sampled import bound, names, several

PILLS: dict[str, Any] = {"subject_pieces": frozenset([("cheap", "pills")])}
ONE_CLIENT: dict[str, Any] = {"address": "198.51.100.7", "networks": ("198.51.100.0/24",)}


def others(number: int = 60, **changes: Any) -> list[Traits]:
    """Return mail that has nothing in common."""
    changes = {
        "subject_pieces": lambda at: frozenset([("note", str(at))]),
        "address": lambda at: "10.0.%d.1" % at,
        "networks": lambda at: ("10.0.%d.0/24" % at,),
        "client_name": None,
        "helo": lambda at: "mx.p%s.example" % "".join(chr(97 + int(digit)) for digit in str(at)),
        "recipients": lambda at: ("q%d@s%d.example" % (at, at),),
        "size": lambda at: 2 ** (at % 9),
        **changes,
    }
    return several(number, **{**names("p"), **changes})


def flood(number: int = 20, **changes: Any) -> list[Traits]:
    """Return mail of many senders, of one client and with one subject."""
    return several(
        number,
        **{
            **names(),
            **ONE_CLIENT,
            **PILLS,
            "client_organisation": lambda at: "c%d.example" % at,
            "helo": lambda at: "h%s.example" % chr(97 + at),
            "size": lambda at: 2 ** (at % 9),
            **changes,
        },
    )


def first(number: int) -> int:
    """Return the set of the first messages."""
    return (1 << number) - 1


def shown(group: Group) -> list[tuple[str, tuple[Any, ...], float, float]]:
    return [(row.field, row.values, round(row.share, 3), round(row.elsewhere, 3)) for row in group.bindings]


def test_sets() -> None:
    assert [size_of(mask) for mask in (0, 1, 0b1011)] == [0, 1, 3]
    assert [members_of(mask) for mask in (0, 1, 0b1011)] == [[], [0], [0, 1, 3]]


# --- items ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "needed"), [(0, 5), (250, 5), (299, 5), (300, 6)])
def test_values_that_few_messages_have_are_not_looked_at(number: int, needed: int) -> None:
    assert Universe(several(number)).needed == needed


def items(messages: Sequence[Traits], name: str) -> list[tuple[Any, int, int]]:
    return [(item.value, item.cover, item.size) for item in Universe(messages).items[name]]


def test_values_with_their_messages() -> None:
    messages = several(11, login=lambda at: "b" if at < 5 else "a" if at < 10 else "c")
    # Of equally frequent values the first one comes first.
    assert items(messages, "sasl_username") == [("a", 0b1111100000, 5), ("b", 0b11111, 5)]


def test_values_of_the_same_messages_are_one() -> None:
    pieces = frozenset([("cheap",), ("cheap", "pills"), ("pills",)])
    messages = several(10, subject_pieces=lambda at: pieces if at else frozenset([("cheap",)]))
    # All three are alike. The one that most messages have stays.
    assert items(messages, "subject") == [(("cheap",), first(10), 10)]
    # Of equally frequent ones the longest one stays.
    assert items(messages[1:], "subject") == [(("cheap", "pills"), first(9), 9)]
    messages = several(20, subject_pieces=lambda at: pieces if at > 2 else frozenset([("cheap",)]))
    assert [value for value, _cover, _size in items(messages, "subject")] == [("cheap",), ("cheap", "pills")]


def test_the_most_frequent_values_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "_PER_FIELD", 2)
    messages = several(18, login=lambda at: "aaaaabbbbbbccccccc"[at])
    assert [value for value, _cover, _size in items(messages, "sasl_username")] == ["c", "b"]


# --- bindings -------------------------------------------------------------------------------------------------------


def test_what_binds_messages() -> None:
    universe = Universe(flood() + others())
    found = universe.binding("subject", first(20))
    assert found is not None
    assert found.bits == pytest.approx(132.07, abs=0.01)
    assert found._replace(bits=0.0) == Binding(
        field="subject",
        values=(("cheap", "pills"),),
        cover=first(20),
        share=1.0,
        elsewhere=0.0,
        bits=0.0,
        first_share=1.0,
    )
    assert universe.binding("sender", first(20)) is None


def test_a_value_that_the_rest_has_as_often_binds_nothing() -> None:
    universe = Universe(flood(login="x") + others(login="x"))
    assert universe.binding("sasl_username", first(20)) is None


def test_several_values_bind_together() -> None:
    logins = "aaaaaaaabbbbbbccccc-"
    universe = Universe(flood(login=lambda at: logins[at]) + others(login=lambda at: "c" if at < 10 else None))
    found = universe.binding("sasl_username", first(20))
    assert found is not None
    # The rest has the third one too often for its small share.
    assert (found.values, found.cover, found.share, found.first_share) == (("a", "b"), first(14), 0.7, 0.4)
    assert (found.elsewhere, found.is_strong, found.is_common) == (0.0, True, False)


def test_a_value_that_adds_no_message_is_left_out() -> None:
    pieces = frozenset([("cheap", "pills"), ("pills", "here")])
    messages = flood(subject_pieces=lambda at: pieces if at < 14 else frozenset([("cheap", "pills")]))
    found = Universe(messages + others()).binding("subject", first(20))
    assert found is not None
    assert found.values == (("cheap", "pills"),)


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mining, "_MAX_VALUES", 2)
    universe = Universe(flood(login=lambda at: "abcd"[at % 4]) + others())
    found = universe.binding("sasl_username", first(20))
    assert found is not None
    assert (found.values, found.share) == (("a", "b"), 0.5)


def test_the_best_field_of_each_family() -> None:
    universe = Universe(flood(helo="x", size=77) + others())
    found = universe.bindings(first(20))
    # The address, its network and the HELO name say the same. Of equals the earlier one comes first.
    assert [row.field for row in found] == ["client_address", "subject", "size"]
    universe = Universe(flood(size=77, address=str, networks=("198.51.100.0/24",)) + others())
    assert [row.field for row in universe.bindings(first(20))] == ["client_network", "subject", "size"]


def test_what_binds_a_group_strongly() -> None:
    strong, weak = bound("client_address", "a", elsewhere=0.3), bound("subject", ("x",), elsewhere=0.34)
    assert [strong.is_strong, weak.is_strong] == [True, False]
    assert [strong.is_common, weak.is_common] == [False, True]
    assert by_family(Group(first(20), (strong, weak))) == {"client": strong}
    assert Group(first(20), (strong, weak)).bits == 200.0


# --- groups ---------------------------------------------------------------------------------------------------------


def found(messages: Sequence[Traits]) -> list[Group]:
    return Universe(messages).groups()


def test_a_group() -> None:
    (group,) = found(flood() + others())
    assert group.core == first(20)
    assert shown(group) == [
        ("client_address", ("198.51.100.7",), 1.0, 0.0),
        ("subject", (("cheap", "pills"),), 1.0, 0.0),
    ]


def test_two_groups() -> None:
    second = flood(
        10,
        **{**names("e"), "address": "203.0.113.9", "networks": (), "subject_pieces": frozenset([("your", "parcel")])},
    )
    one, other = found(flood() + second + others())
    assert (one.core, other.core) == (first(20), first(30) & ~first(20))
    assert shown(other) == [
        ("client_address", ("203.0.113.9",), 1.0, 0.0),
        ("subject", (("your", "parcel"),), 1.0, 0.0),
    ]


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([], id="nothing"),
        pytest.param(others(), id="nothing in common"),
        pytest.param(flood(4) + others(), id="too few"),
        pytest.param(flood(address=str, networks=()) + others(), id="one family"),
        pytest.param(flood(subject_pieces=frozenset(), helo="x") + others(), id="several fields of one family"),
        pytest.param(flood(address=str, networks=(), size=77) + others(), id="the size is unspecific"),
        pytest.param(
            flood(
                size=5000,
                login=lambda at: "x" if at < 7 else None,
                subject_pieces=lambda at: PILLS["subject_pieces"] if 7 <= at < 14 else frozenset(),
                address=str,
                networks=(),
            )
            + others(),
            id="a size with thirds of other things",
        ),
    ],
)
def test_what_is_no_group(messages: list[Traits]) -> None:
    assert found(messages) == []


def test_a_queue_of_one_thing_is_a_group() -> None:
    (group,) = found(flood() + others(**PILLS, **ONE_CLIENT))
    assert group.core == first(80)


def test_a_common_subject_makes_no_group_of_several_clients() -> None:
    messages = flood(
        21,
        subject_pieces=frozenset([("invoice",)]),
        address=lambda at: "198.51.100.%d" % (at % 3),
        networks=(),
    )
    clients = [sum(1 << at for at in range(21) if at % 3 == client) for client in range(3)]
    assert [group.core for group in found(messages + others())] == clients


TEXT: dict[str, Any] = {"text_pieces": frozenset([("one", "two", "three", "four")])}


@pytest.mark.parametrize(
    ("changes", "core"),
    [
        pytest.param(
            {"subject_pieces": lambda at: PILLS["subject_pieces"] if at < 18 else frozenset()},
            first(20),
            id="without one of two",
        ),
        pytest.param(
            {**TEXT, "subject_pieces": lambda at: PILLS["subject_pieces"] if at < 18 else frozenset()},
            first(20),
            id="without one of three",
        ),
        pytest.param(
            {
                "text_pieces": lambda at: TEXT["text_pieces"] if at < 18 else frozenset(),
                "subject_pieces": lambda at: PILLS["subject_pieces"] if at < 18 else frozenset(),
            },
            first(18),
            id="without two of three",
        ),
    ],
)
def test_messages_that_lack_something(changes: dict[str, Any], core: int) -> None:
    assert [group.core for group in found(flood(**changes) + others())] == [core]


def test_a_group_within_another() -> None:
    # Eight others use the client.
    rest = others(
        address=lambda at: "198.51.100.7" if at < 8 else "10.0.%d.1" % at,
        networks=lambda at: ("198.51.100.0/24" if at < 8 else "10.0.%d.0/24" % at,),
    )
    client, inner = found(flood(**TEXT) + rest)
    assert (client.core, inner.core) == (first(28), first(20))
    assert shown(inner) == [
        ("subject", (("cheap", "pills"),), 1.0, 0.0),
        ("text", (("one", "two", "three", "four"),), 1.0, 0.0),
        ("client_address", ("198.51.100.7",), 1.0, 0.133),
    ]


def test_rounds_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = flood(**TEXT, subject_pieces=lambda at: PILLS["subject_pieces"] if at < 17 else frozenset()) + others()
    (group,) = found(messages)
    monkeypatch.setattr(mining, "_ROUNDS", 1)
    assert found(messages) == [group]
    assert group.core == first(20)


@pytest.mark.parametrize("bound_name", ["MAX_GROUPS", "_MAX_TRIED"])
def test_groups_are_bounded(bound_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    second = flood(
        10, **{**names("e"), "address": "203.0.113.9", "networks": (), "subject_pieces": frozenset([("x", "y")])}
    )
    assert len(found(flood() + second + others())) == 2
    monkeypatch.setattr(mining, bound_name, 1)
    assert [group.core for group in found(flood() + second + others())] == [first(20)]
