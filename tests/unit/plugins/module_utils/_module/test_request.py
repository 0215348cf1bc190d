# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError, PlanError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import (
    Limits,
    Request,
    make_plan,
    request_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts
from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan as plans
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from tests.unit.support.host import DEFAULTS, Host
from tests.unit.support.queue_file import QueueFile, todo

NOW = 1700000000
MATCH = [{"sender": "bad.example"}]
SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"))
HAM = QueueFile(sender=b"a@good.example")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setattr("time.time", lambda: NOW + 0.5)
    host = Host(tmp_path)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    host.made.put("active", "4A0F9AD", SPAM.write())
    host.made.put("hold", "4A0F9AE", HAM.write())
    return host


def asked(host: Host, *, method: str | None = None, **params: Any) -> Request:
    return request_of({**DEFAULTS, **params}, host.instance, method=method)


def select(host: Host, request: Request, **options: Any) -> SelectedMessages:
    with Spool(str(host.made.path)) as spool:
        return scan(spool, request.job(**options), processes=1).result


def plan_of(host: Host, *, method: str | None = None, **params: Any) -> dict[str, Any]:
    request = asked(host, method=method, **{"match": MATCH, **params})
    return make_plan(request, select(host, request), host.instance, method=method)


def altered(plan: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a plan with other fields and the digest that fits them."""
    made = {**plan, **fields}
    made["digest"] = plans.digest(made)
    return made


# --- limits ---------------------------------------------------------------------------------------------------------


class Selected:
    """A selection of so many of all messages."""

    def __init__(self, matched: int, total: int) -> None:
        self.totals = self
        self.messages = matched
        self.in_queues = {"deferred": total - total // 2, "hold": total // 2}


RAISE = "; nothing was touched. Narrow the selection or raise "


@pytest.mark.parametrize(
    ("limits", "matched", "total", "text", "allowed"),
    [
        pytest.param(
            Limits(max_messages=2),
            3,
            9,
            "The selection has 3 messages, max_messages allows 2" + RAISE + "max_messages.",
            2,
            id="messages",
        ),
        pytest.param(
            Limits(max_messages=0),
            1,
            9,
            "The selection has 1 messages, max_messages allows 0" + RAISE + "max_messages.",
            0,
            id="none",
        ),
        pytest.param(
            Limits(max_percent=33.3),
            3,
            9,
            "The selection has 3 of the 9 messages in the chosen queues, which is 33.3 percent, max_percent allows 33.3"
            + RAISE
            + "max_percent.",
            33.3,
            id="percent",
        ),
        pytest.param(
            Limits(match_all=True, max_percent=50.0),
            9,
            9,
            "The selection has 9 of the 9 messages in the chosen queues, which is 100.0 percent, max_percent allows 50"
            + RAISE
            + "max_percent.",
            50.0,
            id="percent of all",
        ),
        pytest.param(
            Limits(),
            21,
            21,
            "The selection has ALL of the 21 messages in the chosen queues; nothing was touched. To allow that, set max_percent: "
            "100; otherwise narrow the selection.",
            95.0,
            id="all",
        ),
        pytest.param(
            Limits(),
            96,
            100,
            "The selection has 96 of the 100 messages in the chosen queues; nothing was touched. To allow that, set max_percent: "
            "100; otherwise narrow the selection.",
            95.0,
            id="nearly all",
        ),
    ],
)
def test_a_selection_that_is_too_large(limits: Limits, matched: int, total: int, text: str, allowed: float) -> None:
    selected: Any = Selected(matched, total)
    with pytest.raises(LimitError) as caught:
        limits.check(selected, is_narrow=True)
    assert (str(caught.value), caught.value.matched, caught.value.allowed) == (text, matched, allowed)


@pytest.mark.parametrize(
    ("limits", "matched", "total", "is_narrow"),
    [
        pytest.param(Limits(max_messages=3, max_percent=75), 3, 4, True, id="limits are reached"),
        pytest.param(Limits(max_percent=0), 0, 0, True, id="empty queues"),
        pytest.param(Limits(), 20, 20, True, id="few messages"),
        pytest.param(Limits(), 95, 100, True, id="not nearly all"),
        pytest.param(Limits(), 100, 100, False, id="need not be narrow"),
        pytest.param(Limits(match_all=True), 100, 100, True, id="match_all"),
        pytest.param(Limits(max_messages=100), 100, 100, True, id="max_messages"),
        pytest.param(Limits(max_percent=100), 100, 100, True, id="max_percent"),
    ],
)
def test_a_selection_within_the_limits(limits: Limits, matched: int, total: int, is_narrow: bool) -> None:
    selected: Any = Selected(matched, total)
    limits.check(selected, is_narrow=is_narrow)


# --- options --------------------------------------------------------------------------------------------------------


def test_what_the_options_ask_for(host: Host) -> None:
    params = {"match": MATCH, "max_messages": 5, "max_percent": 10.0, "reason": "ticket", "limit": 7}
    request = request_of({**DEFAULTS, **params}, host.instance, own_domains={"Own.Example", "b\udcfccher.example"})
    assert request == Request(
        selection=parse_selection(match=MATCH, now=NOW),
        planned=None,
        limit=7,
        now=NOW,
        limits=Limits(5, 10.0, match_all=False),
        reason="ticket",
        own_domains=frozenset((b"own.example", b"b\xfccher.example")),
    )
    assert request.queues == ("incoming", "active", "deferred", "hold")


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param({"limit": -1, "match": MATCH}, "limit: -1 must not be negative", id="limit"),
        pytest.param({"max_percent": -0.5, "match": MATCH}, "max_percent: -0.5 must not be negative", id="percent"),
        pytest.param(
            {},
            "match: it is missing. Add a rule, or set match_all: true to select every message",
            id="no match",
        ),
        pytest.param(
            {"plan": {}, "match": MATCH, "exclude": MATCH, "match_all": True},
            "plan: it cannot be combined with match and exclude and match_all. Use only one of them",
            id="plan and match",
        ),
        pytest.param(
            {"plan": {}},
            "The plan has no version: it is not a plan, or was cut; nothing was touched. Make a new plan (run the module in check mode).",
            id="no plan",
        ),
        pytest.param(
            {"plan": {}, "plan_max_age": "soon"},
            "plan_max_age: 'soon' is not an amount; write a number and one of s, m, h, d, w, with a minus sign for that much or less",
            id="no age",
        ),
    ],
)
def test_options_that_are_refused(host: Host, params: dict[str, Any], text: str) -> None:
    with pytest.raises((SelectionError, PlanError)) as caught:
        asked(host, **params)
    assert str(caught.value) == text


# --- plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_keeps_what_was_asked_for(host: Host) -> None:
    plan = plan_of(host, method="delete", max_messages=5, max_percent=80.0, reason="ticket")
    request = asked(host, plan=plan, method="delete")
    planned = {
        "4A0F9AC": host.fingerprint("deferred", "4A0F9AC"),
        "4A0F9AD": host.fingerprint("active", "4A0F9AD"),
    }
    assert request == Request(
        selection=parse_selection(match=MATCH, now=NOW),
        planned=planned,
        limit=100,
        now=NOW,
        limits=Limits(5, 80.0, match_all=True),
        reason="ticket",
    )
    assert select(host, request).by_id == select(host, asked(host, match=MATCH)).by_id
    assert (plan["host"], plan["instance"], plan["created"]) == (platform.node(), host.instance.identity, NOW)
    counts = plan["counts"]
    assert (counts["messages"], counts["recipients"], counts["partial"], counts["undecided"], counts["in_queues"]) == (
        2,
        4,
        0,
        0,
        3,
    )
    assert plan["summary"]["queues"] == {"active": 1, "deferred": 1}
    assert plan["summary"]["senders"] == [{"value": "a@bad.example", "messages": 2, "recipients": 4}]
    assert (plan["summary"]["oldest"], plan["summary"]["youngest"]) == (1700000000, 1700000000)


def test_options_win_over_a_plan(host: Host) -> None:
    plan = plan_of(host, max_messages=5, max_percent=80.0, reason="ticket")
    request = asked(host, plan=plan, max_messages=1, reason="other")
    assert (request.limits, request.reason) == (Limits(1, 80.0, match_all=True), "other")


def test_a_plan_without_limits(host: Host) -> None:
    plan = altered({key: value for key, value in plan_of(host).items() if key != "limits"})
    assert asked(host, plan=plan).limits == Limits(None, None, match_all=True)


@pytest.mark.parametrize(
    ("fields", "params", "text"),
    [
        pytest.param(
            {"host": "other"},
            {},
            "The plan was made on other, this is %s; nothing was touched. Apply it there." % platform.node(),
            id="host",
        ),
        pytest.param(
            {"created": NOW - 61},
            {"plan_max_age": "1m"},
            "The plan is 61 seconds old, plan_max_age allows 60; nothing was touched. Make a new plan (run the module in check mode).",
            id="old",
        ),
        pytest.param(
            {"method": "expire"},
            {},
            "The plan was made with method: expire, and this run has method: delete; nothing was touched. Use the same method, or "
            "make a new plan (run the module in check mode).",
            id="method",
        ),
        pytest.param(
            {"selection": {"match": [{"no": 1}], "queues": ["hold"]}},
            {},
            "The plan's selection cannot be read: match[0].no: there is no such criterion; known are ",
            id="selection",
        ),
        pytest.param({"selection": []}, {}, "The plan's selection cannot be read: ", id="no mapping"),
        pytest.param({"selection": {"match": 5}}, {}, "The plan's selection cannot be read: ", id="no list"),
        pytest.param({"selection": {"now": 5}}, {}, "The plan's selection cannot be read: ", id="another key"),
    ],
)
def test_a_plan_that_is_refused(host: Host, fields: dict[str, Any], params: dict[str, Any], text: str) -> None:
    plan = altered(plan_of(host, method="delete"), **fields)
    with pytest.raises(PlanError) as caught:
        asked(host, plan=plan, method="delete", **params)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("queues", "is_planned", "read"),
    [
        pytest.param(["hold"], False, ("hold",), id="rules"),
        pytest.param(["hold", "deferred"], False, ("hold", "deferred"), id="rules in several queues"),
        pytest.param(
            ["hold", "deferred"], True, ("incoming", "active", "deferred", "hold"), id="a plan follows messages"
        ),
        pytest.param(["hold"], True, ("hold",), id="a plan of messages on hold"),
    ],
)
def test_the_queues_that_are_read(queues: list[str], is_planned: bool, read: tuple[str, ...]) -> None:
    selection = parse_selection(match=MATCH, queues=queues, now=NOW)
    request = Request(selection, {} if is_planned else None, 100, NOW)
    assert request.queues == read
    assert request.new_collector().in_queues == dict.fromkeys(read, 0)


# --- the job --------------------------------------------------------------------------------------------------------


def test_a_plan_selects_no_other_message(host: Host) -> None:
    request = asked(host, plan=plan_of(host))
    host.made.put("incoming", "4A0F9AF", SPAM.write())
    host.made.file("active", "4A0F9AD").unlink()
    host.made.put("active", "4A0F9AD", HAM.write())
    selected = select(host, request)
    assert list(selected.by_id) == ["4A0F9AC"]
    assert selected.verdicts == Verdicts(changed=["4A0F9AD"])
    assert sum(selected.in_queues.values()) == 4


@pytest.mark.parametrize("is_planned", [False, True])
def test_ignored_messages_are_not_selected_and_not_counted(host: Host, is_planned: bool) -> None:
    # Both at once happen when a quarantine is restored by a plan after an interrupted run.
    request = asked(host, **({"plan": plan_of(host)} if is_planned else {"match": MATCH}))
    selected = select(host, request, ignored=frozenset(("4A0F9AC", "4A0F9AE")))
    assert list(selected.by_id) == ["4A0F9AD"]
    assert selected.verdicts == Verdicts()
    assert selected.in_queues == {"incoming": 0, "active": 1, "deferred": 0, "hold": 0}


def test_only_a_plan_needs_the_most_frequent_values(host: Host) -> None:
    request = asked(host, match=MATCH)
    assert select(host, request).summary.tops["senders"].top(1) == [(b"a@bad.example", 2)]
    assert select(host, request, with_tops=False).summary.tops["senders"].top(1) == []


def test_own_domains_verify_the_sender_of_a_login(host: Host) -> None:
    spec = SPAM._replace(sender=b"bob@own.example", before_sender=[b"sasl_username=bob"])
    host.made.put("hold", "4A0F9AF", spec.write())
    for own, is_verified in ((("own.example",), True), ((), False)):
        params = {**DEFAULTS, "match": [{"queue_id": "4A0F9AF"}]}
        [message] = select(host, request_of(params, host.instance, own_domains=own)).by_id.values()
        assert message.is_verified is is_verified


def test_the_defaults_of_the_limits() -> None:
    assert (plans.DEFAULT_PERCENT, plans.DEFAULT_EXEMPT) == (95.0, 20)
    assert Limits(3, 50.0, match_all=True).show() == {"max_messages": 3, "max_percent": 50.0}
