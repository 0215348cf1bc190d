# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    BusyError,
    LimitError,
    MailopsError,
    OutcomeError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change, Effect, open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import request_of
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile

SPAM = QueueFile(sender=b"a@bad.example")
HAM = QueueFile(sender=b"a@good.example")
MATCH = [{"sender": "bad.example"}]
SHOWN = (Outcome.PURGED, Outcome.ALREADY_PURGED, Outcome.VANISHED, Outcome.CHANGED, Outcome.FAILED, Outcome.UNDECIDED)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setenv("SUDO_USER", "ops")
    host = Host(tmp_path)
    for queue, queue_id in (("deferred", "4A0F9AC"), ("active", "4A0F9AD"), ("hold", "4A0F9AE")):
        host.made.put(queue, queue_id, SPAM.write())
    host.made.put("hold", "4A0F9AF", HAM.write())
    return host


def pretend(_change: Change, messages: Mapping[str, Any]) -> Effect:
    """Return the effect of a run that purges the selected messages, without doing it."""
    return Effect(
        outcomes=dict.fromkeys(messages, Outcome.PURGED),
        changed=list(messages.values()),
        destinations=dict.fromkeys(messages, Destination(None, "")),
        sums_name="purged",
        failed_state="still in the queue",
        fields={"method": "delete"},
        log_fields={"method": "delete", "purged": len(messages)},
    )


def ran(
    host: Host, *, check: bool = False, effect: Callable[[Change, Mapping[str, Any]], Effect] = pretend, **params: Any
) -> dict[str, Any]:
    module = host.module(check=check, **({} if "plan" in params else {"match": MATCH}), **params)
    request = request_of(module.params, host.instance)
    with open_change(
        module, host.instance, request, name="postfix_queue_purge", outcomes=SHOWN, plan_for=host.instance
    ) as change:
        return change.finish(effect(change, change.select()))


def outcomes(**counts: int) -> dict[str, int]:
    return {**{outcome.value: 0 for outcome in SHOWN}, **counts}


# --- the result -----------------------------------------------------------------------------------------------------


def test_check_mode_and_a_real_run_give_the_same_result(host: Host) -> None:
    predicted, done = ran(host, check=True), ran(host)
    assert "plan" not in done
    assert predicted.pop("plan")["counts"]["messages"] == 3
    for result in (predicted, done):
        result["scan"].pop("seconds")
    assert predicted == done
    assert (done["changed"], done["outcomes"], done["method"]) == (True, outcomes(purged=3), "delete")
    assert done["purged"]["messages"] == done["matched"]["messages"] == 3
    assert [row["queue_id"] for row in done["messages"]] == ["4A0F9AC", "4A0F9AD", "4A0F9AE"]
    assert (done["truncated"], done["undecided"], done["failures"]) == (False, [], [])
    assert done["diff"]["after"] == "incoming: 0 messages\nactive: 0 messages\ndeferred: 0 messages\nhold: 1 messages\n"


def test_a_list_that_is_cut_says_so(host: Host) -> None:
    result = ran(host, check=True, limit=1)
    assert ([row["queue_id"] for row in result["messages"]], result["truncated"]) == (["4A0F9AC"], True)


def test_only_check_mode_without_a_plan_makes_a_plan(host: Host) -> None:
    plan = ran(host, check=True)["plan"]
    assert "plan" not in ran(host, check=True, plan=plan)
    module = host.module(check=True, match=MATCH)
    request = request_of(module.params, host.instance)
    with open_change(module, host.instance, request, name="x", outcomes=SHOWN, plan_for=None) as change:
        assert "plan" not in change.finish(pretend(change, change.select()))


def test_the_mail_log_says_what_was_done(host: Host) -> None:
    digest = ran(host, reason="ticket\n1")["selection_digest"]
    assert host.logged == ["method=delete, purged=3, matched=3, user=ops, selection=%s, reason=ticket\\x0a1" % digest]


@pytest.mark.parametrize("check", [True, False])
def test_check_mode_and_a_run_that_is_not_logged_leave_no_line(host: Host, check: bool) -> None:
    def effect(change: Change, messages: Mapping[str, Any]) -> Effect:
        made = pretend(change, messages)
        return Effect(**{**vars(made), "is_logged": check})

    ran(host, check=check, effect=effect)
    assert host.logged == []


# --- selecting ------------------------------------------------------------------------------------------------------


def test_a_limit_holds_unless_the_caller_says_otherwise(host: Host) -> None:
    module = host.module(match=MATCH, max_messages=2)
    request = request_of(module.params, host.instance)
    with open_change(module, host.instance, request, name="x", outcomes=SHOWN, plan_for=None) as change:
        with pytest.raises(LimitError):
            change.select()
        assert len(change.select(is_limited=False)) == 3


def test_another_directory_and_ignored_messages(host: Host, tmp_path: Path) -> None:
    other = Host(tmp_path / "other")
    other.made.put("hold", "4A0F9B0", SPAM.write())
    other.made.put("hold", "4A0F9B1", SPAM.write())
    module = host.module(match=MATCH)
    request = request_of(module.params, host.instance)
    with open_change(module, host.instance, request, name="x", outcomes=SHOWN, plan_for=None) as change:
        assert dict(change.messages) == {}
        with Spool(str(other.made.path)) as spool:
            assert list(change.select(spool, ignored=["4A0F9B1"])) == ["4A0F9B0"]
        change.forget_selection()
        assert (dict(change.messages), change.selected.totals.messages) == ({}, 0)
        assert change.reading.show()["files"] == 0


UNDECIDED = (
    "Whether 1 messages match cannot be decided (4A0F9B0 in deferred: the file ends within a record at offset 0)."
)


@pytest.mark.parametrize("check", [True, False])
def test_undecided_messages_are_left_alone(host: Host, check: bool) -> None:
    host.made.put("deferred", "4A0F9B0", b"no queue file")
    result = ran(host, check=check)
    assert host.warnings[1:] == [UNDECIDED + " They are left alone."]
    assert result["outcomes"] == outcomes(purged=3, undecided=1)
    assert [row["queue_id"] for row in result["undecided"]] == ["4A0F9B0"]


@pytest.mark.parametrize("check", [True, False])
def test_undecided_messages_end_the_run_on_request(host: Host, check: bool) -> None:
    host.made.put("deferred", "4A0F9B0", b"no queue file")
    with pytest.raises(OutcomeError) as caught:
        ran(host, check=check, on_undecided="fail")
    assert str(caught.value) == (
        UNDECIDED + " Nothing was touched. Select or exclude them by queue_id, or set on_undecided: skip."
    )
    problem = "the file ends within a record at offset 0"
    row = {"queue_id": "4A0F9B0", "queue": "deferred", "size": 13, "problem": problem}
    assert caught.value.result == {"changed": False, "undecided": [row]}
    assert ran(host, check=check, on_undecided="fail", exclude=[{"queue_id": "4A0F9B0"}])["changed"] is True


# --- the outcomes of a plan -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [True, False])
def test_messages_of_a_plan_that_are_not_as_planned(host: Host, check: bool) -> None:
    plan = ran(host, check=True)["plan"]
    host.made.file("active", "4A0F9AD").unlink()
    host.made.file("hold", "4A0F9AE").unlink()
    host.made.put("hold", "4A0F9AE", HAM.write())
    assert ran(host, check=check, plan=plan)["outcomes"] == outcomes(purged=1, vanished=1, changed=1)


def test_messages_that_an_earlier_run_changed_did_not_vanish(host: Host) -> None:
    plan = ran(host, check=True)["plan"]
    fingerprint = host.fingerprint("active", "4A0F9AD")
    for queue, queue_id in (("active", "4A0F9AD"), ("hold", "4A0F9AE")):
        host.made.file(queue, queue_id).unlink()
    missing_ones: list[dict[str, str]] = []

    def count(missing: Mapping[str, str]) -> int:
        missing_ones.append(dict(missing))
        return sum(found == fingerprint for found in missing.values())

    module = host.module(plan=plan)
    request = request_of(module.params, host.instance)
    with open_change(module, host.instance, request, name="x", outcomes=SHOWN, plan_for=None) as change:
        done = dict.fromkeys(change.select(), Outcome.PURGED)
        counted = change.count_outcomes(done, find_earlier=(Outcome.ALREADY_PURGED, count))
        assert counted == {**dict.fromkeys(SHOWN, 0), Outcome.PURGED: 1, Outcome.ALREADY_PURGED: 1, Outcome.VANISHED: 1}
        assert change.finish(pretend(change, change.messages), counted)["outcomes"] == outcomes(
            purged=1, already_purged=1, vanished=1
        )
    assert [sorted(missing) for missing in missing_ones] == [["4A0F9AD", "4A0F9AE"]]


def test_nobody_is_asked_about_earlier_runs_if_nothing_is_missing(host: Host) -> None:
    module = host.module(plan=ran(host, check=True)["plan"])
    request = request_of(module.params, host.instance)

    def count(_missing: Mapping[str, str]) -> int:
        raise AssertionError

    with open_change(module, host.instance, request, name="x", outcomes=SHOWN, plan_for=None) as change:
        counted = change.count_outcomes(
            dict.fromkeys(change.select(), Outcome.PURGED), find_earlier=(Outcome.ALREADY_PURGED, count)
        )
        assert sum(counted.values()) == 3


def test_a_planned_message_whose_queue_id_is_in_two_queues_has_one_outcome(host: Host) -> None:
    plan = ran(host, check=True)["plan"]
    host.made.put("hold", "4A0F9AC", HAM.write())
    assert ran(host, plan=plan)["outcomes"] == outcomes(purged=3)


# --- failures -------------------------------------------------------------------------------------------------------


def failing(problems: Mapping[str, str], number: int, remedy: str = "") -> Callable[..., Effect]:
    """Return what makes an effect in which so many messages failed."""

    def effect(change: Change, messages: Mapping[str, Any]) -> Effect:
        failed = sorted(messages)[:number]
        change.problems.update(problems)
        return Effect(
            outcomes={queue_id: Outcome.FAILED if queue_id in failed else Outcome.PURGED for queue_id in messages},
            changed=[message for queue_id, message in messages.items() if queue_id not in failed],
            destinations={},
            sums_name="purged",
            failed_state="still in the queue",
            failed_remedy=remedy,
        )

    return effect


@pytest.mark.parametrize(
    ("number", "problems", "remedy", "text"),
    [
        pytest.param(
            1,
            {"4A0F9AC": "It is stuck."},
            "",
            "1 of the selected messages are still in the queue. The first is 4A0F9AC: It is stuck.",
            id="one",
        ),
        pytest.param(
            2,
            {"4A0F9AD": "Other", "4A0F9AC": "It is stuck"},
            "Fix that, then run this again.",
            "2 of the selected messages are still in the queue. The first is 4A0F9AC: It is stuck. See failures for others. Fix that, "
            "then run this again.",
            id="several",
        ),
        pytest.param(
            1,
            {},
            "",
            "1 of the selected messages are still in the queue. It moved between queues during the run, or is not where Postfix looks "
            "for it. Run this again; if that does not help, run postfix check and postsuper -s first.",
            id="none known",
        ),
    ],
)
def test_messages_that_could_not_be_changed(
    host: Host, number: int, problems: dict[str, str], remedy: str, text: str
) -> None:
    with pytest.raises(OutcomeError) as caught:
        ran(host, effect=failing(problems, number, remedy))
    assert str(caught.value) == text
    result = caught.value.result
    assert (result["outcomes"], result["changed"]) == (outcomes(purged=3 - number, failed=number), True)
    assert [row["queue_id"] for row in result["failures"]] == sorted(problems)
    # The line in the mail log comes before the error.
    assert len(host.logged) == 1


def test_only_messages_whose_outcome_is_failed_are_failures(host: Host) -> None:
    problems = {"4A0F9AC": "a\x1bb", "4A0F9AD": "It was stuck, and went on.", "5555555": "It is not selected."}
    with pytest.raises(OutcomeError) as caught:
        ran(host, effect=failing(problems, 1))
    assert caught.value.result["failures"] == [{"queue_id": "4A0F9AC", "queue": "deferred", "problem": "a\\x1bb"}]


def test_what_ended_the_act_comes_before_single_failures(host: Host) -> None:
    def effect(change: Change, messages: Mapping[str, Any]) -> Effect:
        made = failing({"4A0F9AC": "It is stuck."}, 1)(change, messages)
        return Effect(**{**vars(made), "broken": MailopsError("The disk is full.")})

    with pytest.raises(OutcomeError) as caught:
        ran(host, effect=effect)
    assert str(caught.value) == "The disk is full."
    assert caught.value.result["outcomes"] == outcomes(purged=2, failed=1)
    assert len(host.logged) == 1


def test_problems_of_the_locked_queue_directory_are_failures_too(host: Host) -> None:
    def effect(change: Change, messages: Mapping[str, Any]) -> Effect:
        assert change.locked is not None
        change.locked.problems.update({"4A0F9AC": "It is stuck.", "4A0F9AD": "It is stuck."})
        return failing({"4A0F9AD": "It is lost."}, 2)(change, messages)

    with pytest.raises(OutcomeError) as caught:
        ran(host, effect=effect)
    assert [row["problem"] for row in caught.value.result["failures"]] == ["It is stuck.", "It is lost."]


def test_a_second_run_waits_for_the_first(host: Host) -> None:
    with QueueLock(str(host.made.path), purpose="postfix_queue_hold"), pytest.raises(BusyError):
        ran(host)
    assert ran(host)["changed"] is True
