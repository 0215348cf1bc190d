# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _reports
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Cleanup, QuarantineRun, Quarantining

NOW = 1_795_171_149
UNREACHABLE = {"unreachable": True, "msg": "no route to host"}
FAILED = {"failed": True, "msg": "there is no Postfix"}
COUNTS = {"messages": 40, "bytes": 4000, "recipients": 80, "partial": 1, "in_queues": 100}


def facts_of(messages: int, *, oldest: int | None = NOW, **top: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_facts."""
    figures = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    queue_facts = {
        "queues": {"deferred": {"messages": messages}, "hold": {"messages": 1}, "corrupt": None},
        "total": {**figures, "oldest": oldest},
        "matched": {**figures, "partial": 3},
        "top": top,
    }
    return {"changed": False, "ansible_facts": {"postfix_queue": queue_facts}}


def plan_of(**counts: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge in check mode."""
    summary = {"queues": {"deferred": 40}, "senders": [], "recipient_domains": [], "oldest": NOW, "youngest": NOW}
    return {"changed": True, "plan": {"created": NOW, "counts": {**COUNTS, **counts}, "summary": summary}}


def purged_of(messages: int, **outcomes: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge."""
    counted = {"purged": messages, "vanished": 0, "changed": 0, "in_flight": 0, "failed": 0, **outcomes}
    return {
        "changed": messages > 0,
        "purged": {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages},
        "outcomes": counted,
        "selection_digest": "abc",
    }


def left_of(messages: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds of the selection afterwards."""
    return {"ansible_facts": {"postfix_queue": {"matched": {"messages": messages}}}}


# --- audit ----------------------------------------------------------------------------------------------------------


def test_audit_names_every_host_and_why_it_has_no_figures() -> None:
    report = _reports.audit_report({"a": facts_of(5), "b": UNREACHABLE, "c": FAILED, "d": {}}, created=NOW)
    assert [(row["host"], row["state"], row["problem"]) for row in report["hosts"]] == [
        ("a", "ok", None),
        ("b", "unreachable", "no route to host"),
        ("c", "failed", "there is no Postfix"),
        ("d", "missing", "An earlier task or play lost this host, so it was not asked."),
    ]
    assert report["problems"] == {
        "b": "unreachable: no route to host",
        "c": "failed: there is no Postfix",
        "d": "missing: An earlier task or play lost this host, so it was not asked.",
    }
    assert [row["facts"] is None for row in report["hosts"]] == [False, True, True, True]


def test_audit_adds_up_what_answered() -> None:
    top_a = {"senders": [{"value": "x", "messages": 3}, {"value": "y", "messages": 2}], "sasl_usernames": None}
    top_b = {"senders": [{"value": "y", "messages": 4}]}
    results = {"a": facts_of(5, oldest=100, **top_a), "b": facts_of(7, oldest=None, **top_b), "c": UNREACHABLE}
    report = _reports.audit_report(results, created=NOW, selection={"match": [{"sender": "x"}]})
    assert report["fleet"] == {
        "hosts": 3,
        "answered": 2,
        "queues": {"deferred": 12, "hold": 2},
        "total": {"messages": 12, "bytes": 1200, "recipients": 24, "oldest": 100},
        "matched": {"messages": 12, "bytes": 1200, "recipients": 24, "partial": 6, "undecided": 0},
        "damaged": 0,
        "top": {
            "senders": [{"value": "y", "messages": 6}, {"value": "x", "messages": 3}],
            "sasl_usernames": [],
        },
    }
    assert report["selection"] == {"match": [{"sender": "x"}]}


def test_audit_bears_facts_that_were_not_gathered() -> None:
    bare = {
        "ansible_facts": {"postfix_queue": {"matched": {"messages": 2, "bytes": 20, "recipients": 2, "partial": 0}}}
    }
    report = _reports.audit_report({"a": bare}, created=NOW)
    assert report["fleet"]["total"] == {"messages": 0, "bytes": 0, "recipients": 0, "oldest": None}
    assert report["fleet"]["matched"]["messages"] == 2
    assert report["fleet"]["queues"] == {}


def test_audit_of_no_host() -> None:
    report = _reports.audit_report({}, created=NOW)
    assert (report["kind"], report["version"], report["created"]) == ("audit", 1, NOW)
    assert report["fleet"]["hosts"] == 0
    assert report["hosts"] == []


# --- plan -----------------------------------------------------------------------------------------------------------


def test_plan_adds_up_and_names_who_has_none() -> None:
    results = {
        "a": plan_of(),
        "b": plan_of(messages=0, bytes=0, recipients=0, partial=0),
        "c": FAILED,
        "d": {"skipped": True},
    }
    report = _reports.plan_report(results, created=NOW)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("a", "planned"),
        ("b", "nothing to do"),
        ("c", "failed"),
        ("d", "no plan"),
    ]
    assert report["fleet"] == {
        "hosts": 4,
        "planned": 2,
        "messages": 40,
        "bytes": 4000,
        "recipients": 80,
        "partial": 1,
        "undecided": 0,
        "in_queues": 200,
    }
    assert report["problems"] == {
        "c": "failed: there is no Postfix",
        "d": "no plan: There is no plan for this host: make one, or leave the host out.",
    }
    assert report["refusals"] == []


def test_plan_that_was_read_from_a_file_counts_the_same() -> None:
    read = {"plan": plan_of()["plan"], "changed": False}
    assert _reports.plan_report({"a": read}, created=NOW) == _reports.plan_report({"a": plan_of()}, created=NOW)


LIMITS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("within", {"max_messages": 40, "max_percent": 40.0, "fleet_max_messages": 80}, []),
    (
        "a host has too many",
        {"max_messages": 39},
        [
            "a: The plan has 40 messages, queue_cleanup_max_messages allows 39.",
            "b: The plan has 40 messages, queue_cleanup_max_messages allows 39.",
        ],
    ),
    (
        "too large a part of a host",
        {"max_percent": 39.5},
        [
            "a: The plan has 40 of the 100 messages in the chosen queues, queue_cleanup_max_percent allows 39.5 percent.",
            "b: The plan has 40 of the 100 messages in the chosen queues, queue_cleanup_max_percent allows 39.5 percent.",
        ],
    ),
    (
        "too many in all",
        {"fleet_max_messages": 79},
        ["The plans have 80 messages on 2 hosts, queue_cleanup_fleet_max_messages allows 79."],
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_plan_limits(limits: Mapping[str, Any], refusals: list[str]) -> None:
    assert _reports.plan_report({"a": plan_of(), "b": plan_of()}, created=NOW, **limits)["refusals"] == refusals


def ruled(match: list[dict[str, Any]], *, created: int = NOW, messages: int = 40, **more: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_purge in check mode that has a selection as Selection.frozen() gives it."""
    result = plan_of(messages=messages)
    selection = {"match": match, "exclude": [], "queues": ["deferred"], "recipient_scope": "all"}
    result["plan"].update(selection=selection, created=created, **more)
    return result


AGED = [{"age": [{"before": NOW - 2 * 86400}], "sender": ["x@example.com"]}]
LATER = [{"age": [{"before": NOW + 50 - 2 * 86400}], "sender": ["x@example.com"]}]


def test_plan_says_its_rule_as_the_operator_wrote_it() -> None:
    rule = [{"age": [{"after": NOW - 3600}], "header": {"Subject": ["a", "b"]}, "sender": ["x@example.com"]}]
    report = _reports.plan_report({"a": ruled(rule)}, created=NOW)
    (group,) = report["rules"]
    assert group["hosts"] == ["a"]
    assert group["rule"]["match"] == [{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}]
    assert _reports.rule_text({**group["rule"], "exclude": [{"sender": "y@example.com"}], "method": "expire"}) == (
        '{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}, but not {"sender": "y@example.com"}, to expire'
    )


def test_plans_of_one_rule_go_together_although_their_ages_are_absolute() -> None:
    results = {"a": ruled(AGED), "b": ruled(LATER, created=NOW + 50)}
    report = _reports.plan_report(results, created=NOW, mixed=False)
    assert [group["hosts"] for group in report["rules"]] == [["a", "b"]]
    assert report["refusals"] == []


REMEDY = "Make new plans for all hosts, leave hosts out with --limit, or set queue_cleanup_mixed_plans: true if you mean that."
MIXTURES: list[tuple[str, dict[str, dict[str, Any]], list[str]]] = [
    (
        "rules",
        {"a": ruled([{"sender": ["x@"]}]), "b": ruled([{"recipient": ["/@/"]}]), "c": ruled([{"sender": ["x@"]}])},
        [
            "The plans are of 2 different rules. " + REMEDY,
            'a, c: {"sender": "x@"}',
            'b: {"recipient": "/@/"}',
        ],
    ),
    (
        "methods",
        {"a": ruled([{"sender": ["x@"]}], method="delete"), "b": ruled([{"sender": ["x@"]}], method="expire")},
        [
            "The plans are of 2 different rules. " + REMEDY,
            'a: {"sender": "x@"}',
            'b: {"sender": "x@"}, to expire',
        ],
    ),
    (
        "ages",
        {"a": ruled([{"sender": ["x@"]}]), "b": ruled([{"sender": ["x@"]}], created=NOW - 3601)},
        [
            "The plans were made at different times. " + REMEDY,
            "b: planned 60 minutes ago",
            "a: planned 0 minutes ago",
        ],
    ),
    (
        "an hour is one time",
        {"a": ruled([{"sender": ["x@"]}]), "b": ruled([{"sender": ["x@"]}], created=NOW - 3600)},
        [],
    ),
]


@pytest.mark.parametrize(("results", "refusals"), [row[1:] for row in MIXTURES], ids=[row[0] for row in MIXTURES])
def test_plans_that_do_not_belong_together(results: dict[str, dict[str, Any]], refusals: list[str]) -> None:
    assert _reports.plan_report(results, created=NOW, mixed=False)["refusals"] == refusals
    assert _reports.plan_report(results, created=NOW)["refusals"] == []


def test_of_many_hosts_the_first_are_named() -> None:
    assert _reports.some_hosts([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


ANY = [{"recipient": ["/@/"]}]
# name, planned, limits given, limits in the plan, refusals
SHARES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    (
        "a rule takes all",
        ruled(ANY, messages=100),
        {},
        {},
        [
            (
                "a: The plan has ALL 100 messages in the chosen queues, which is more than 95 percent. Narrow the rule, or set "
                "queue_cleanup_max_percent: 100 if you mean that."
            )
        ],
    ),
    (
        "a rule takes nearly all",
        ruled(ANY, messages=96),
        {},
        {},
        [
            (
                "a: The plan has 96 of the 100 messages in the chosen queues, which is more than 95 percent. Narrow the rule, or set "
                "queue_cleanup_max_percent: 100 if you mean that."
            )
        ],
    ),
    ("95 percent", ruled(ANY, messages=95), {}, {}, []),
    ("match_all", ruled([], messages=100), {}, {}, []),
    ("allowed by percent", ruled(ANY, messages=100), {"max_percent": 100.0}, {}, []),
    ("allowed by number", ruled(ANY, messages=100), {"max_messages": 100}, {}, []),
    ("allowed by the plan", ruled(ANY, messages=100), {}, {"max_percent": 100.0, "max_messages": None}, []),
    (
        "beyond what the plan allows",
        ruled(ANY, messages=40),
        {},
        {"max_percent": None, "max_messages": 39},
        ["a: The plan has 40 messages, queue_cleanup_max_messages allows 39."],
    ),
    ("what is given counts", ruled(ANY, messages=40), {"max_messages": 40}, {"max_messages": 39}, []),
]


@pytest.mark.parametrize(
    ("result", "given", "planned", "refusals"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES]
)
def test_plan_that_takes_nearly_everything(
    result: dict[str, Any], given: dict[str, Any], planned: dict[str, Any], refusals: list[str]
) -> None:
    limited = {"plan": {**result["plan"], "limits": planned}}
    assert _reports.plan_report({"a": limited}, created=NOW, **given)["refusals"] == refusals


@pytest.mark.parametrize(("messages", "refused"), [(20, False), (21, True)])
def test_few_messages_may_be_all_there_are(messages: int, refused: bool) -> None:
    few = ruled(ANY, messages=messages)
    few["plan"]["counts"] = {**few["plan"]["counts"], "in_queues": messages}
    assert bool(_reports.plan_report({"a": few}, created=NOW)["refusals"]) is refused


def test_plan_that_a_host_itself_refused() -> None:
    over = {
        "failed": True,
        "msg": "The selection has 40 messages, max_messages allows 39.",
        "matched": {"messages": 40},
    }
    report = _reports.plan_report({"a": over, "b": FAILED}, created=NOW)
    assert [row["state"] for row in report["hosts"]] == ["refused", "failed"]
    assert report["refusals"] == ["a: The selection has 40 messages, max_messages allows 39."]


# --- cleanup --------------------------------------------------------------------------------------------------------

NOTHING: dict[str, Any] = {}
SKIPPED = {"skipped": True, "changed": False}
# name, what the tasks returned, state, problem, left, arrived
CLEANUPS: list[tuple[str, Cleanup, str, str | None, int | None, int | None]] = [
    ("clean", Cleanup(plan_of(), purged_of(40), left_of(0), SKIPPED), "cleaned", None, 0, 0),
    ("more has come", Cleanup(plan_of(), purged_of(40), left_of(7), left_of(0)), "cleaned", None, 0, 7),
    (
        "something is left",
        Cleanup(plan_of(), purged_of(38), left_of(7), left_of(2)),
        "left over",
        "2 messages of the selection are still in the queue; run the cleanup again.",
        2,
        5,
    ),
    ("nothing planned", Cleanup(plan_of(messages=0), SKIPPED, SKIPPED, SKIPPED), "nothing to do", None, None, None),
    (
        "all gone already",
        Cleanup(plan_of(), purged_of(0, vanished=40), left_of(0), SKIPPED),
        "nothing to do",
        None,
        0,
        0,
    ),
    (
        "stopped",
        Cleanup(plan_of(), SKIPPED, SKIPPED, SKIPPED),
        "stopped",
        "Nothing was touched here, because a host before this one failed.",
        None,
        None,
    ),
    (
        "the purge failed",
        Cleanup(plan_of(), {**FAILED, **purged_of(3, failed=37)}, SKIPPED, SKIPPED),
        "failed",
        "there is no Postfix",
        None,
        None,
    ),
    (
        "gone before the purge",
        Cleanup(plan_of(), UNREACHABLE, SKIPPED, SKIPPED),
        "unreachable",
        "no route to host",
        None,
        None,
    ),
    (
        "gone before the first look",
        Cleanup(plan_of(), purged_of(40), UNREACHABLE, SKIPPED),
        "not verified",
        "It was cleaned, but could not be looked at again: no route to host",
        None,
        None,
    ),
    (
        "gone before the second look",
        Cleanup(plan_of(), purged_of(40), left_of(2), UNREACHABLE),
        "not verified",
        "It was cleaned, but could not be looked at again: no route to host",
        None,
        None,
    ),
    ("expired", Cleanup(plan_of(), purged_of(40), SKIPPED, SKIPPED), "cleaned", None, None, None),
    ("unreachable", Cleanup(UNREACHABLE, NOTHING, NOTHING, NOTHING), "unreachable", "no route to host", None, None),
    ("not planned", Cleanup(FAILED, SKIPPED, SKIPPED, SKIPPED), "no plan", "there is no Postfix", None, None),
    (
        "never asked",
        Cleanup(NOTHING, NOTHING, NOTHING, NOTHING),
        "missing",
        "An earlier task or play lost this host, so it was not asked.",
        None,
        None,
    ),
]


@pytest.mark.parametrize(
    ("cleanup", "state", "problem", "left", "arrived"), [row[1:] for row in CLEANUPS], ids=[row[0] for row in CLEANUPS]
)
def test_cleanup_states(
    cleanup: Cleanup, state: str, problem: str | None, left: int | None, arrived: int | None
) -> None:
    report = _reports.cleanup_report({"a": cleanup}, created=NOW, method="delete")
    (row,) = report["hosts"]
    assert (row["state"], row["problem"], row["left"], row["arrived"]) == (state, problem, left, arrived)
    assert report["problems"] == ({"a": "%s: %s" % (state, problem)} if problem else {})


PREDICTIONS: list[tuple[int, str]] = [(40, "would clean"), (0, "nothing to do")]


@pytest.mark.parametrize(("messages", "state"), PREDICTIONS)
def test_cleanup_in_check_mode(messages: int, state: str) -> None:
    cleanup = Cleanup(plan_of(), purged_of(messages), SKIPPED, SKIPPED)
    report = _reports.cleanup_report({"a": cleanup}, created=NOW, method="delete", check=True)
    assert report["hosts"][0]["state"] == state
    assert report["check"] is True


def test_cleanup_that_was_broken_off() -> None:
    cleanups = {
        "a": Cleanup(plan_of(), purged_of(40), NOTHING, NOTHING),
        "b": Cleanup(plan_of(), NOTHING, NOTHING, NOTHING),
        "c": Cleanup(plan_of(), NOTHING, NOTHING, NOTHING),
    }
    report = _reports.cleanup_report(cleanups, created=NOW, method="delete", started=frozenset(("a", "b")))
    assert report["broken_off"] is True
    assert [(row["state"], row["purged"] and row["purged"]["messages"]) for row in report["hosts"]] == [
        ("cleaned", 40),
        ("unknown", None),
        ("stopped", None),
    ]
    assert report["problems"] == {
        "b": (
            "unknown: The run was broken off while this host was cleaned, so what it deleted here is not known: the mail log of the host "
            "has it, in the lines of mailops/postfix_queue_purge."
        ),
        "c": "stopped: Nothing was touched here, because the run was broken off before.",
    }


def test_cleanup_takes_its_reason_from_the_plans() -> None:
    cleanups = {
        host: Cleanup(ruled(ANY, reason=reason), purged_of(40), left_of(0), SKIPPED)
        for host, reason in (("a", "ticket 1"), ("b", "ticket 2"), ("c", "ticket 1"))
    }
    assert _reports.cleanup_report(cleanups, created=NOW, method="delete")["reason"] == "ticket 1; ticket 2"
    assert _reports.cleanup_report(cleanups, created=NOW, method="delete", reason="mine")["reason"] == "mine"


def test_cleanup_adds_up() -> None:
    cleanups = {
        "a": Cleanup(plan_of(), purged_of(40), left_of(7), left_of(0)),
        "b": Cleanup(plan_of(), purged_of(30), left_of(4), left_of(3)),
        "c": Cleanup(UNREACHABLE, NOTHING, NOTHING, NOTHING),
    }
    report = _reports.cleanup_report(cleanups, created=NOW, method="delete", reason="ticket")
    assert report["fleet"] == {
        "hosts": 3,
        "planned": 80,
        "purged": {"messages": 70, "bytes": 7000, "recipients": 140},
        "left": 3,
        "arrived": 8,
    }
    assert (report["method"], report["reason"], report["check"]) == ("delete", "ticket", False)
    assert report["hosts"][0]["selection_digest"] == "abc"
    assert report["hosts"][0]["outcomes"]["purged"] == 40


# --- quarantine -----------------------------------------------------------------------------------------------------

RUN = QuarantineRun(name="spam", reason=None, rules=True, must_run=True, check=False)


def looked_of(matched: int, total: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds in a quarantine."""
    sums = {"messages": matched, "bytes": 100 * matched, "recipients": 2 * matched}
    return {"ansible_facts": {"postfix_queue": {"matched": sums, "total": {**sums, "messages": total}}}}


def mail_of(running: bool) -> dict[str, Any]:
    """Return what postfix_queue_facts says of the running instance."""
    return {"ansible_facts": {"postfix_queue": {"instance": {"running": running}}}}


def taken_of(messages: int) -> dict[str, Any]:
    """Return what postfix_spool_quarantine returns of whole queues."""
    sums = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    return {"changed": messages > 0, "path": "/q/spam", "down": 1.5 if messages else 0.0, "quarantined": sums}


def restored_of(messages: int, collisions: int = 0) -> dict[str, Any]:
    """Return what postfix_spool_quarantine returns of a restoration."""
    sums = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    return {"changed": messages > 0, "restored": sums, "outcomes": {"collision": collisions}, "renamed": []}


ALL_WELL = Quarantining(
    taken=taken_of(40),
    source=NOTHING,
    found=SKIPPED,
    looked=looked_of(8, 40),
    restored=restored_of(8),
    left=looked_of(0, 32),
    expired=SKIPPED,
    mail=mail_of(True),
)
NO_MORE = ALL_WELL._replace(taken=taken_of(0), looked=looked_of(0, 32), restored=SKIPPED)
ONLY_FOUND = NO_MORE._replace(taken=NOTHING, found={"quarantines": [{"path": "/q/spam"}]})
LEFT_OVER = (
    "2 messages of the selection are still in the quarantine, 1 of them because a file in the queue has their queue ID; "
    "look at those, then restore again."
)
# name, what the tasks returned, state, problem, left
QUARANTINES: list[tuple[str, Quarantining, str, str | None, int | None]] = [
    ("all well", ALL_WELL, "restored", None, 32),
    ("a second run", NO_MORE, "nothing to do", None, 32),
    ("no good mail in it", NO_MORE._replace(taken=taken_of(32)), "quarantined", None, 32),
    ("old", NO_MORE._replace(expired={"deleted": {"messages": 32}}), "deleted", None, 0),
    ("restored later", ONLY_FOUND._replace(looked=looked_of(8, 40), restored=restored_of(8)), "restored", None, 32),
    (
        "none of that name",
        Quarantining(NOTHING, NOTHING, {"quarantines": []}, SKIPPED, SKIPPED, SKIPPED, SKIPPED, NOTHING),
        "no quarantine",
        None,
        None,
    ),
    (
        "collided",
        ALL_WELL._replace(restored=restored_of(6, collisions=1), left=looked_of(2, 34)),
        "left over",
        LEFT_OVER,
        34,
    ),
    (
        "Postfix does not start",
        Quarantining(FAILED, NOTHING, SKIPPED, SKIPPED, SKIPPED, NOTHING, NOTHING, mail_of(False)),
        "mail is down",
        "there is no Postfix",
        None,
    ),
    (
        "Postfix stopped later",
        ALL_WELL._replace(mail=mail_of(False)),
        "mail is down",
        "Postfix does not run on this host; start it.",
        32,
    ),
    (
        "Postfix does not stop",
        Quarantining(FAILED, NOTHING, SKIPPED, SKIPPED, SKIPPED, NOTHING, NOTHING, mail_of(True)),
        "failed",
        "there is no Postfix",
        None,
    ),
    (
        "the source goes on",
        Quarantining(SKIPPED, FAILED, SKIPPED, SKIPPED, SKIPPED, NOTHING, NOTHING, NOTHING),
        "failed",
        "The source was not stopped, so nothing was touched here: there is no Postfix",
        None,
    ),
    (
        "not begun",
        Quarantining(SKIPPED, NOTHING, SKIPPED, SKIPPED, SKIPPED, NOTHING, NOTHING, NOTHING),
        "stopped",
        "Nothing was touched here, because a host before this one failed.",
        None,
    ),
    (
        "not restored",
        ALL_WELL._replace(restored=SKIPPED, left=SKIPPED),
        "stopped",
        "Nothing was restored here, because a host before this one failed.",
        40,
    ),
    ("the restoration failed", ALL_WELL._replace(restored=FAILED, left=SKIPPED), "failed", "there is no Postfix", 40),
    (
        "gone before the last look",
        ALL_WELL._replace(left=UNREACHABLE),
        "not verified",
        "It could not be looked at again: no route to host",
        32,
    ),
    ("unreachable", Quarantining(UNREACHABLE, *[NOTHING] * 7), "unreachable", "no route to host", None),
    (
        "never asked",
        Quarantining(*[NOTHING] * 8),
        "missing",
        "An earlier task or play lost this host, so it was not asked.",
        None,
    ),
]


@pytest.mark.parametrize(
    ("steps", "state", "problem", "left"), [row[1:] for row in QUARANTINES], ids=[row[0] for row in QUARANTINES]
)
def test_quarantine_states(steps: Quarantining, state: str, problem: str | None, left: int | None) -> None:
    report = _reports.quarantine_report({"a": steps}, created=NOW, run=RUN)
    (row,) = report["hosts"]
    assert (row["state"], row["problem"], row["left"]) == (state, problem, left)
    assert report["problems"] == ({"a": "%s: %s" % (state, problem)} if problem else {})


def test_a_postfix_that_somebody_stopped_may_stay_stopped() -> None:
    steps = ALL_WELL._replace(mail=mail_of(False))
    report = _reports.quarantine_report({"a": steps}, created=NOW, run=RUN._replace(must_run=False))
    assert (report["hosts"][0]["state"], report["hosts"][0]["mail_runs"]) == ("restored", False)


def test_quarantine_in_check_mode() -> None:
    check = RUN._replace(check=True)
    first = ALL_WELL._replace(restored=SKIPPED, left=NOTHING)
    (row,) = _reports.quarantine_report({"a": first}, created=NOW, run=check)["hosts"]
    assert (row["state"], row["restored"]["messages"], row["left"]) == ("would restore", 8, 32)
    # What is to be deleted was counted before the rest was restored.
    sums = {"messages": 40, "bytes": 4000, "recipients": 80}
    later = ALL_WELL._replace(taken=taken_of(0), left=NOTHING, expired={"deleted": sums})
    (row,) = _reports.quarantine_report({"a": later}, created=NOW, run=check)["hosts"]
    assert (row["state"], row["deleted"], row["left"]) == (
        "would delete",
        {"messages": 32, "bytes": 3200, "recipients": 64},
        0,
    )


RESTORE_LIMITS: list[tuple[dict[str, float], list[str]]] = [
    ({"max_messages": 8, "max_percent": 20, "fleet_max_messages": 16}, []),
    ({"max_messages": 7}, ["%s: The rules would restore 8 messages, spool_quarantine_max_messages allows 7."]),
    (
        {"max_percent": 19.5},
        ["%s: The rules would restore 8 of 40 messages, spool_quarantine_max_percent allows 19.5 percent."],
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), RESTORE_LIMITS)
def test_limits_of_what_is_restored(limits: dict[str, float], refusals: list[str]) -> None:
    steps = ALL_WELL._replace(restored=NOTHING, left=NOTHING)
    report = _reports.quarantine_report({"a": steps, "b": steps}, created=NOW, run=RUN, limits=limits)
    assert report["refusals"] == [text % host for host in ("a", "b") for text in refusals]


def test_limit_of_what_is_restored_in_all() -> None:
    steps = ALL_WELL._replace(restored=NOTHING, left=NOTHING)
    hosts = {"a": steps, "b": steps}
    report = _reports.quarantine_report(hosts, created=NOW, run=RUN, limits={"fleet_max_messages": 15})
    assert report["refusals"] == ["The rules would restore 16 messages, spool_quarantine_fleet_max_messages allows 15."]


def test_a_quarantine_that_nobody_has_is_refused() -> None:
    none = Quarantining(NOTHING, NOTHING, {"quarantines": []}, SKIPPED, NOTHING, NOTHING, NOTHING, NOTHING)
    report = _reports.quarantine_report({"a": none}, created=NOW, run=RUN, limits={})
    assert report["refusals"] == [
        "No host has a quarantine spam; run the playbook without a name to see which there are."
    ]
    both = _reports.quarantine_report({"a": none, "b": ALL_WELL}, created=NOW, run=RUN, limits={})
    assert both["refusals"] == []


def test_list_of_quarantines_names_every_host() -> None:
    found: dict[str, Any] = {"a": {"quarantines": [{"name": "spam"}]}, "b": {"quarantines": []}, "c": UNREACHABLE}
    report = _reports.quarantine_list(found, created=NOW)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("a", "ok"),
        ("b", "no quarantine"),
        ("c", "unreachable"),
    ]
    assert report["problems"] == {"c": "unreachable: no route to host"}
