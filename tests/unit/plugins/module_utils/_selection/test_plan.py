# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, strategies

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, fingerprint
from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan as plans
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from tests.unit.support.subject import make_envelope

CREATED = 1700000000
INSTANCE = {"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"}
MESSAGES = [Planned("4A0F9AE", "0123456789abcdef"), Planned("3Vgspm0WfDz30Dy", "fedcba9876543210")]
REMEDY = "nothing was touched. Make a new plan (run the module in check mode)."


def make(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "host": "mx01.example.com",
        "instance": INSTANCE,
        "created": CREATED,
        "selection": {"match": [{"sender": ["jürgen@example.com"]}]},
        "reason": "ticket 4711",
        "limits": {"max_messages": 10, "max_percent": None},
        "method": "delete",
        "counts": {"messages": 2},
        "summary": {"senders": []},
        "messages": MESSAGES,
        **changes,
    }
    return plans.make_plan(**values)


def read(plan: dict[str, Any], **changes: Any) -> dict[str, str]:
    values: dict[str, Any] = {
        "host": "mx01.example.com",
        "instance": INSTANCE,
        "now": CREATED + 60,
        "max_age": 86400,
        **changes,
    }
    return plans.read_plan(plan, **values)


def resealed(plan: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the plan with changes and a digest that fits them."""
    altered = {**plan, **changes}
    return {**altered, "digest": plans.digest(altered)}


def test_a_plan_goes_through_json_and_back() -> None:
    plan = json.loads(json.dumps(make()))
    assert plan == make()
    assert read(plan) == dict(MESSAGES)


def test_what_a_plan_holds() -> None:
    plan = make()
    assert {key: plan[key] for key in plan if key not in ("messages", "digest")} == {
        "version": 1,
        "host": "mx01.example.com",
        "instance": INSTANCE,
        "created": CREATED,
        "selection": {"match": [{"sender": ["jürgen@example.com"]}]},
        "reason": "ticket 4711",
        "limits": {"max_messages": 10, "max_percent": None},
        "method": "delete",
        "counts": {"messages": 2},
        "summary": {"senders": []},
    }


def test_a_plan_is_as_old_as_it_may_be() -> None:
    assert read(make(), now=CREATED + 86400) == dict(MESSAGES)


def test_clocks_may_differ_a_little() -> None:
    assert read(make(created=CREATED + 360)) == dict(MESSAGES)


@pytest.mark.parametrize(
    ("method", "made"), [("delete", "delete"), ("expire", "expire"), (None, "delete"), ("delete", None)]
)
def test_a_plan_is_carried_out_in_the_way_that_it_was_made_for(method: str | None, made: str | None) -> None:
    plans.check_method(make(method=made), method)


def test_a_plan_that_was_made_for_another_way_is_refused() -> None:
    with pytest.raises(PlanError) as caught:
        plans.check_method(make(method="expire"), "delete")
    assert str(caught.value) == (
        "The plan was made with method: expire, and this run has method: delete; nothing was touched. Use the same method, or "
        "make a new plan (run the module in check mode)."
    )


_ALTERED = "The plan was altered: its content does not fit its digest; " + REMEDY


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        pytest.param({}, "The plan has no version: it is not a plan, or was cut; " + REMEDY, id="nothing"),
        pytest.param(
            {key: value for key, value in make().items() if key != "messages"},
            "The plan has no messages: it is not a plan, or was cut; " + REMEDY,
            id="cut",
        ),
        pytest.param(
            resealed(make(), version=2),
            "The plan has version 2, this collection knows version 1; " + REMEDY,
            id="version",
        ),
        pytest.param(
            resealed(make(), instance="/etc/postfix"),
            "The plan's instance is not a dictionary: it is not a plan, or was altered; " + REMEDY,
            id="instance",
        ),
        pytest.param({**make(), "messages": plans.pack(MESSAGES[:1])}, _ALTERED, id="a message less"),
        pytest.param({**make(), "counts": {"messages": 3}}, _ALTERED, id="another count"),
        pytest.param({**make(), "host": "mx02.example.com"}, _ALTERED, id="another host, written in"),
        pytest.param({**make(), "created": CREATED + 1}, _ALTERED, id="made younger"),
        pytest.param({**make(), "digest": "0" * 64}, _ALTERED, id="another digest"),
        pytest.param({**make(), "note": "x"}, _ALTERED, id="something added"),
        pytest.param(
            make(host="mx02.example.com"),
            "The plan was made on mx02.example.com, this is mx01.example.com; nothing was touched. Apply it there.",
            id="of another host",
        ),
        pytest.param(
            make(instance={"config_directory": "/etc/postfix-out", "queue_directory": "/var/spool/postfix-out"}),
            "The plan was made for the instance in /etc/postfix-out, this one is in /etc/postfix; nothing was touched. Name that instance.",
            id="of another instance",
        ),
        pytest.param(
            make(created=CREATED + 60 - 86401),
            "The plan is 86401 seconds old, plan_max_age allows 86400; " + REMEDY,
            id="too old",
        ),
        pytest.param(
            make(created=4102444800),
            "The plan was made 2402444740 seconds in the future of this host; nothing was touched. Set the clocks right, "
            "or make a new plan (run the module in check mode).",
            id="of the year 2100",
        ),
        pytest.param(
            make(created="yesterday"),
            "The plan has no time at which it was made: it is not a plan, or was altered; " + REMEDY,
            id="of no time",
        ),
        pytest.param(
            make(counts={"messages": 1}),
            "The plan lists 2 messages, and its counts say 1; " + REMEDY,
            id="more messages than it counts",
        ),
        *(
            pytest.param(
                resealed(make(), **{key: value}),
                "The plan's reason, limits or method cannot be read: it was altered; " + REMEDY,
                id="%s %r" % (key, value),
            )
            for key, value in (
                ("reason", 1),
                ("method", ["delete"]),
                ("limits", "none"),
                ("limits", {"max_messages": "5"}),
                ("limits", {"max_messages": True}),
                ("limits", {"max_percent": -1}),
            )
        ),
        pytest.param(
            make(counts={}), "The plan lists 2 messages, and its counts say None; " + REMEDY, id="counts nothing"
        ),
    ],
)
def test_a_plan_that_is_refused(plan: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        read(plan)
    assert str(caught.value) == message


def packed(text: bytes) -> str:
    return base64.b64encode(zlib.compress(text)).decode()


_WHOLE = base64.b64decode(plans.pack(MESSAGES))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "ä", "'ascii' codec can't encode character '\\xe4' in position 0: ordinal not in range(128)", id="no ASCII"
        ),
        pytest.param("####", "", id="no base64"),
        pytest.param("AAAA", "Error -3 while decompressing data: ", id="not deflated"),
        pytest.param("", "it is cut, or has more than 1000000 messages", id="empty"),
        pytest.param(base64.b64encode(_WHOLE[:-6]).decode(), "it is cut, or has more than 1000000 messages", id="cut"),
        pytest.param(packed(b"4A0F9AC\n"), "", id="no fingerprint"),
        pytest.param(packed(b"4A0F9AC 1 2\n"), "", id="three fields"),
        pytest.param(packed(b"../etc/passwd 1\n"), "it lists something other than queue IDs", id="a path"),
        pytest.param(packed(b" 1\n"), "it lists something other than queue IDs", id="no queue ID"),
        pytest.param(
            packed(b"4A0F9AC 1\n4A0F9AC 2\n"),
            "it lists something other than queue IDs, or a queue ID twice",
            id="twice",
        ),
        pytest.param(
            packed(b"\xff 1\n"),
            "'ascii' codec can't decode byte 0xff in position 0: ordinal not in range(128)",
            id="bytes",
        ),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_list_of_messages_that_is_refused(text: object, problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        plans.unpack(text)
    message = str(caught.value)
    assert message.startswith("The plan's list of messages cannot be read (" + problem)
    assert message.endswith("); " + REMEDY)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_MAX_UNPACKED", 1 << 20)
    with pytest.raises(PlanError) as caught:
        plans.unpack(packed(b"4A0F9AC 1\n" * (1 << 17)))
    assert str(caught.value) == (
        "The plan's list of messages cannot be read (it is cut, or has more than 1000000 messages); " + REMEDY
    )


def test_too_many_messages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "MAX_MESSAGES", 1)
    with pytest.raises(PlanError) as caught:
        plans.unpack(plans.pack(MESSAGES))
    assert str(caught.value) == ("The plan's list of messages cannot be read (it has more than 1 messages); " + REMEDY)


def test_a_long_list_fits() -> None:
    messages = [Planned("%05X%X" % (number, number), "%016x" % number) for number in range(10000)]
    assert plans.unpack(plans.pack(messages)) == dict(messages)
    assert plans.unpack(plans.pack([])) == {}


MESSAGE = make_envelope(arrival=CREATED, microseconds=5, size=1000, sender=b"a@example.com")


def test_a_fingerprint_does_not_change_with_delivery_or_release() -> None:
    assert fingerprint(MESSAGE, inode=7) == fingerprint(MESSAGE._replace(pending=[], done=1), inode=7)
    assert fingerprint(MESSAGE, inode=7) == "92cbc041ecd8e125"


@pytest.mark.parametrize(
    ("other", "inode"),
    [
        pytest.param(MESSAGE, 8, id="inode"),
        pytest.param(MESSAGE._replace(arrival=CREATED + 1), 7, id="arrival"),
        pytest.param(MESSAGE._replace(microseconds=6), 7, id="microseconds"),
        pytest.param(MESSAGE._replace(size=1001), 7, id="size"),
        pytest.param(MESSAGE._replace(sender=b"b@example.com"), 7, id="sender"),
        pytest.param(MESSAGE._replace(sender=b""), 7, id="null sender"),
        pytest.param(MESSAGE._replace(sender=None), 7, id="no sender"),
    ],
)
def test_a_fingerprint_tells_messages_apart(other: Envelope, inode: int) -> None:
    assert fingerprint(other, inode=inode) != fingerprint(MESSAGE, inode=7)


# --- large plans ----------------------------------------------------------------------------------------------------

texts = strategies.text()
values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | texts,
    lambda inner: strategies.lists(inner) | strategies.dictionaries(texts, inner),
)


@given(plan=strategies.dictionaries(texts, values), part=strategies.integers(1, 10))
def test_the_digest_is_that_of_the_whole_json(plan: dict[str, Any], part: int) -> None:
    content = {key: value for key, value in plan.items() if key != "digest"}
    whole = json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "_PART", part)
        assert plans.digest({**plan, "digest": "another"}) == hashlib.sha256(whole).hexdigest()


@given(
    names=strategies.lists(strategies.text("0123456789ABCDEF", min_size=6, max_size=12), unique=True, max_size=30),
    portion=strategies.integers(1, 10),
)
def test_a_packed_list_has_every_message_once_and_in_order(names: list[str], portion: int) -> None:
    messages = [Planned(name, "%016x" % number) for number, name in enumerate(names)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "_PORTION", portion)
        patch.setattr(plans, "_PART", 3)
        text = plans.pack(messages)
    unpacked = zlib.decompress(base64.b64decode(text, validate=True)).decode("ascii")
    assert unpacked == "".join("%s %s\n" % message for message in sorted(messages))
    assert list(plans.unpack(text).items()) == sorted(messages)
