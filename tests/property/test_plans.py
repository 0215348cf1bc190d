# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, fingerprint
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan as plans
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from tests.property.test_trees import Case, cases
from tests.unit.support.strategies import envelopes

INSTANCE = {"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"}

queue_ids = st.text("0123456789ABCDEFbcdz_", min_size=1, max_size=20)
planned = st.dictionaries(queue_ids, st.integers(0, 2**64 - 1).map("{:016x}".format), max_size=20).map(
    lambda messages: [Planned(*message) for message in messages.items()]
)


@given(planned)
def test_a_list_is_unpacked_as_it_was_packed(messages: list[Planned]) -> None:
    assert plans.unpack(plans.pack(messages)) == dict(messages)


@given(planned, st.integers(0), st.integers(1, 255))
def test_a_list_that_was_damaged_is_never_another_list(messages: list[Planned], place: int, flip: int) -> None:
    data = bytearray(base64.b64decode(plans.pack(messages)))
    # The first two bytes say how it was deflated, and more than one way is right.
    data[2 + place % (len(data) - 2)] ^= flip
    try:
        found = plans.unpack(base64.b64encode(data).decode())
    except PlanError:
        return
    assert found == dict(messages)


_lists = st.binary(max_size=60) | st.lists(
    st.sampled_from([b"4A0F9AC", b" ", b"\n", b"0f", b"/", b"\r"]), max_size=12
).map(b"".join)


@given(st.text(max_size=60) | st.none() | _lists.map(lambda text: base64.b64encode(zlib.compress(text)).decode()))
def test_any_text_is_a_list_or_our_error(text: object) -> None:
    try:
        found = plans.unpack(text)
    except PlanError as error:
        assert str(error).startswith("The plan's list of messages cannot be read")
    else:
        assert all(map(is_valid, found))


def plan_of(messages: list[Planned]) -> dict[str, Any]:
    return plans.make_plan(
        host="mx01",
        instance=INSTANCE,
        created=1000,
        selection={"match": []},
        reason=None,
        limits={},
        method=None,
        counts={"messages": len(messages)},
        summary={},
        messages=messages,
    )


@given(planned)
def test_a_plan_stays_whole_in_a_file(messages: list[Planned]) -> None:
    plan = json.loads(json.dumps(plan_of(messages), indent=2, ensure_ascii=False))
    assert plans.read_plan(plan, host="mx01", instance=INSTANCE, now=1000, max_age=0) == dict(messages)


@given(cases)
def test_a_selection_in_a_plan_is_the_same_selection(case: Case) -> None:
    selection = case.selection
    plan = json.loads(json.dumps({**plan_of([]), "selection": selection.frozen()}))
    assert plan["selection"] == selection.frozen()
    later = parse_selection(**plan["selection"], now=10**9)
    assert (later, later.digest()) == (selection, selection.digest())
    assert later.decide(case.message) is selection.decide(case.message)


_data: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)


@given(planned, st.sampled_from(sorted(plan_of([]))), _data)
def test_whatever_is_altered_is_noticed(messages: list[Planned], key: str, value: Any) -> None:
    plan = plan_of(messages)
    altered = {**plan, key: value}
    try:
        plans.read_plan(altered, host="mx01", instance=INSTANCE, now=1000, max_age=0)
    except PlanError:
        return
    assert json.dumps(altered) == json.dumps(plan)


@given(envelopes(), envelopes(), st.integers(1, 3), st.integers(1, 3))
def test_a_fingerprint_is_of_what_delivery_leaves_alone(
    first: Envelope, second: Envelope, one: int, other: int
) -> None:
    same = (one, first.arrival, first.size, first.sender or b"") == (
        other,
        second.arrival,
        second.size,
        second.sender or b"",
    )
    assert (fingerprint(first, inode=one) == fingerprint(second, inode=other)) == same
