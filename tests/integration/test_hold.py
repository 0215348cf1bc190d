# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_queue_hold: what it says it held or released is looked up in the spool, in the mail log and at the sink."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.fleet.grow import arrival_place
from tests.fleet.lab import SPOOL, Host, Lab, wait_until
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.faults import KILL, fault_before, kill_at
from tests.integration.test_purge import path_of, send, wait_for_agent

if TYPE_CHECKING:
    from tests.integration.controller import Controller

LOG = "/var/log/mail.log"
NOTHING = {
    "held": 0,
    "released": 0,
    "requeued": 0,
    "vanished": 0,
    "changed": 0,
    "in_flight": 0,
    "failed": 0,
    "undecided": 0,
}


def outcomes(**counts: int) -> dict[str, int]:
    """Return the outcomes of a run: those, and none of the others."""
    return {**NOTHING, **counts}


def hold(controller: Controller, host: Host, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """Return what postfix_queue_hold says."""
    return controller.module(host.name, "postfix_queue_hold", options, check=check)


def flags(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "matched" in result, result
    keys = ("changed", "state", "matched", "moved", "outcomes", "messages", "selection", "diff", "truncated")
    return {key: result[key] for key in keys}


def places(host: Host) -> dict[str, str]:
    """Return {queue ID: queue}, as Postfix lists them."""
    return {message["queue_id"]: message["queue_name"] for message in host.postqueue()}


def requeued(host: Host) -> dict[str, str]:
    """Return {old queue ID: new one}, as pickup(8) logged it."""
    found = re.findall(r"pickup\[\d+\]: (\w+): uid=\d+ from=<.*?> orig_id=(\w+)$", host.get(LOG).decode(), re.MULTILINE)
    return {old: new for new, old in found}


# --- the main job ---------------------------------------------------------------------------------------------------


def test_hold_and_release_are_predicted_and_done_once(empty_host: Host, controller: Controller) -> None:
    records = empty_host.fill("incident", 200, seed=7)
    empty_host.settle(200)
    spam = {record.queue_id for record in records if record.is_spam}
    before = empty_host.spool_files()
    rules: dict[str, Any] = {"match": SPAM_MATCH, "exclude": SPAM_EXCLUDE, "reason": "a test", "limit": 5}
    for state, queue, back in (("held", "hold", "deferred"), ("released", "deferred", "hold")):
        as_before = empty_host.spool_files()
        predicted = hold(controller, empty_host, check=True, state=state, **rules)
        assert empty_host.spool_files() == as_before
        done = hold(controller, empty_host, state=state, **rules)
        assert flags(done) == flags(predicted)
        assert done["changed"] is True
        assert done["outcomes"] == outcomes(**{state: len(spam)})
        assert done["moved"]["messages"] == done["matched"]["messages"] == len(spam)
        assert len(done["messages"]) == 5
        assert {queue_id for queue_id, place in places(empty_host).items() if place == queue} >= spam
        assert not {queue_id for queue_id, place in places(empty_host).items() if place == back} & spam
        again = hold(controller, empty_host, state=state, **rules)
        again_predicted = hold(controller, empty_host, check=True, state=state, **rules)
        assert flags(again) == flags(again_predicted)
        assert again["changed"] is False
        assert again["outcomes"] == NOTHING
        # What is held already is part of the selection; what is not on hold is nothing to release.
        assert again["matched"]["messages"] == (len(spam) if state == "held" else 0)
    # Everything is where it was, byte for byte.
    assert empty_host.spool_files() == before


def test_everything_is_held_and_what_matches_is_released(either_host: Host, controller: Controller) -> None:
    spam = send(either_host, "spam@bad.example", "a@dest.example.org")
    ham = send(either_host, "ham@good.example", "b@dest.example.org")
    either_host.settle(2)
    assert hold(controller, either_host, state="held", match_all=True)["outcomes"] == outcomes(held=2)
    assert places(either_host) == {spam: "hold", ham: "hold"}
    # Held mail is not tried.
    either_host.run(["postqueue", "-f"])
    done = hold(
        controller, either_host, state="released", match=[{"sender": "good.example"}], max_percent=50, max_messages=1
    )
    assert done["outcomes"] == outcomes(released=1)
    assert places(either_host)[spam] == "hold"
    assert places(either_host)[ham] != "hold"


def test_queues_and_limits(either_host: Host, controller: Controller) -> None:
    ids = [send(either_host, f"s{number}@bad.example", "a@dest.example.org") for number in range(2)]
    send(either_host, "s@bad.example", "a@dest.example.org", "b@other.example.org")
    either_host.settle(3)
    either_host.run(["postsuper", "-h", ids[0]])
    elsewhere = hold(controller, either_host, state="held", match_all=True, queues=["incoming", "active"])
    assert (elsewhere["changed"], elsewhere["matched"]["messages"]) == (False, 1)
    refused = hold(controller, either_host, state="held", match_all=True, max_messages=2)
    assert refused["msg"] == (
        "The selection has 3 messages, max_messages allows 2; nothing was touched. Narrow the selection or raise max_messages."
    )
    part = hold(controller, either_host, state="held", match=[{"recipient": "other.example.org"}])
    assert (part["matched"]["messages"], part["matched"]["partial"]) == (0, 1)
    scope: dict[str, Any] = {"match": [{"recipient": "other.example.org"}], "recipient_scope": "any"}
    assert hold(controller, either_host, check=True, state="held", **scope)["matched"]["messages"] == 1
    nobody = hold(controller, either_host, state="held")
    assert nobody["msg"].startswith("match: it is missing")
    assert Counter(places(either_host).values()) == {"deferred": 2, "hold": 1}


def test_a_plan_is_held_and_released_to_the_letter(either_host: Host, controller: Controller) -> None:
    planned = [send(either_host, f"s{number}@bad.example", "a@dest.example.org") for number in range(3)]
    either_host.settle(3)
    # A plan of the purge will do as well.
    plan = controller.purge(either_host.name, check=True, match=[{"sender": "bad.example"}])["plan"]
    later = send(either_host, "s9@bad.example", "a@dest.example.org")
    either_host.settle(4)
    either_host.run(["postsuper", "-d", planned[0]])
    for state, queue in (("held", "hold"), ("released", "deferred")):
        predicted = hold(controller, either_host, check=True, state=state, plan=plan)
        done = hold(controller, either_host, state=state, plan=plan)
        assert flags(done) == flags(predicted)
        assert "plan" not in predicted
        assert done["outcomes"] == outcomes(vanished=1, **{state: 2})
        assert places(either_host) == {planned[1]: queue, planned[2]: queue, later: "deferred"}
    own = hold(controller, either_host, check=True, state="held", match=[{"queue_id": later}])["plan"]
    assert hold(controller, either_host, state="held", plan=own)["outcomes"] == outcomes(held=1)
    altered = hold(controller, either_host, state="held", plan={**own, "created": own["created"] + 1})
    assert altered["msg"].startswith("The plan was altered")
    time.sleep(2)
    old = hold(controller, either_host, state="held", plan=own, plan_max_age="1s")
    assert re.match(r"The plan is \d+ seconds old, plan_max_age allows 1;", old["msg"])


# --- races ----------------------------------------------------------------------------------------------------------


def test_another_message_under_the_queue_id_is_not_held(empty_host: Host, controller: Controller) -> None:
    spam = send(empty_host, "spam@bad.example", "a@dest.example.org")
    ham = send(empty_host, "ham@good.example", "b@dest.example.org")
    empty_host.settle(2)
    spam_path, ham_path = path_of(empty_host, spam), path_of(empty_host, ham)
    content = empty_host.get(ham_path)
    reused = fault_before("the act", f"mv {ham_path} {spam_path}")
    done = hold(controller, empty_host, state="held", match=[{"sender": "bad.example"}], **reused)
    assert (done["changed"], done["outcomes"]) == (False, outcomes(changed=1))
    assert list(empty_host.spool_files()) == [("deferred", spam)]
    assert empty_host.get(path_of(empty_host, spam)) == content


def test_another_message_under_a_planned_queue_id_is_not_released(either_host: Host, controller: Controller) -> None:
    spam = send(either_host, "spam@bad.example", "a@dest.example.org")
    ham = send(either_host, "ham@good.example", "b@dest.example.org")
    either_host.settle(2)
    either_host.run(["postsuper", "-h", "ALL"])
    plan = hold(controller, either_host, check=True, state="released", match=[{"sender": "bad.example"}])["plan"]
    either_host.run(["mv", f"{SPOOL}/hold/{ham}", f"{SPOOL}/hold/{spam}"])
    before = either_host.spool_files()
    done = hold(controller, either_host, state="released", plan=plan)
    assert (done["changed"], done["outcomes"]) == (False, outcomes(changed=1))
    assert either_host.spool_files() == before


def test_what_a_killed_run_held_stays_held(empty_host: Host, controller: Controller) -> None:
    spam = send(empty_host, "spam@bad.example", "a@dest.example.org")
    more = send(empty_host, "more@bad.example", "a@dest.example.org")
    ham = send(empty_host, "ham@good.example", "b@dest.example.org")
    empty_host.settle(3)
    options: dict[str, Any] = {"state": "held", "match": [{"sender": "bad.example"}]}
    assert "outcomes" not in hold(controller, empty_host, **options, **fault_before("the end", KILL))
    held = {spam: "hold", more: "hold", ham: "deferred"}
    assert places(empty_host) == held
    # Any other module does not release what was to be held.
    repaired = controller.purge(empty_host.name, match=[{"sender": "nobody.example"}])
    assert "warnings" not in repaired
    assert places(empty_host) == held
    again = hold(controller, empty_host, **options)
    assert (again["changed"], again["outcomes"], again["matched"]["messages"]) == (False, NOTHING, 2)
    assert "warnings" not in again


def test_a_killed_release_is_finished_by_the_next_run(either_host: Host, controller: Controller) -> None:
    ids = [send(either_host, f"s{number}@bad.example", "a@dest.example.org") for number in range(2)]
    either_host.settle(2)
    either_host.run(["postsuper", "-h", "ALL"])
    either_host.run(["rm", "-f", "/root/count"])
    killed = fault_before("a release", kill_at(2))
    assert "outcomes" not in hold(controller, either_host, state="released", match_all=True, **killed)
    assert sorted(places(either_host).values()) == ["deferred", "hold"]
    done = hold(controller, either_host, state="released", match_all=True)
    assert done["outcomes"] == outcomes(released=1)
    assert places(either_host) == dict.fromkeys(ids, "deferred")


def test_a_message_that_postsuper_cannot_find_is_held(either_host: Host, controller: Controller) -> None:
    queue_id = send(either_host, "spam@bad.example", "a@dest.example.org")
    either_host.settle(1)
    either_host.run(["mv", path_of(either_host, queue_id), f"{SPOOL}/deferred/{queue_id}"])
    done = hold(controller, either_host, state="held", match_all=True)
    assert (done["changed"], done["outcomes"]) == (True, outcomes(held=1))
    assert places(either_host) == {queue_id: "hold"}
    log = either_host.get("/var/log/mail.log").decode().splitlines()
    assert log[-2].endswith(f": held: {queue_id}")


def test_a_message_in_delivery_is_sent_once(empty_host: Host, controller: Controller, lab: Lab) -> None:
    lab.sink.mode("accept", data_delay=3600)
    already = len(lab.sink.received())
    queue_id = send(empty_host, "s@bad.example", "a@dest.example.org")
    lab.sink.wait_for_delivery()
    done = hold(controller, empty_host, state="held", match_all=True)
    assert done["outcomes"] == outcomes(in_flight=1)
    assert list(empty_host.spool_files()) == [("hold", queue_id)]
    # A requeue would send it again, and is put off.
    refused = hold(controller, empty_host, state="released", release_by="requeue", match_all=True)
    assert refused["outcomes"] == outcomes(failed=1)
    assert list(empty_host.spool_files()) == [("hold", queue_id)]
    lab.sink.mode(data_delay=0)
    wait_for_agent(empty_host, f"{SPOOL}/hold/{queue_id}")
    assert len(lab.sink.received()) == already + 1
    assert hold(controller, empty_host, state="released", match_all=True)["outcomes"] == outcomes(released=1)
    empty_host.run(["postqueue", "-f"])
    empty_host.settle(0)
    assert len(lab.sink.received()) == already + 1


# --- releasing after a long hold ------------------------------------------------------------------------------------

LIFETIME = 3600
NOTICE_LIFETIME = 1800
RUN_DELAY = 3


def make_older(host: Host, queue_id: str, seconds: int) -> None:
    """Have a message on hold have arrived so much earlier: nobody waits for it to grow old."""
    path = f"{SPOOL}/hold/{queue_id}"
    data = host.get(path)
    created = re.search(rb"create_time=(\d+)", data)
    assert created is not None
    for place in (arrival_place(data), slice(*created.span(1))):
        earlier = str(int(data[place]) - seconds).encode()
        # The file stays the same one, and as long.
        options = [f"seek={place.start}", "oflag=seek_bytes", "conv=notrunc", "status=none"]
        host.run_bytes(["dd", f"of={path}", *options], data=earlier)


def test_what_outlived_its_queue_lifetime_is_tried_and_not_returned(empty_host: Host, controller: Controller) -> None:
    short = dict.fromkeys(("minimal_backoff_time", "maximal_backoff_time"), f"{RUN_DELAY}s")
    lifetimes = {"maximal_queue_lifetime": f"{LIFETIME}s", "bounce_queue_lifetime": f"{NOTICE_LIFETIME}s"}
    empty_host.configure(**lifetimes, **short)
    try:
        old = send(empty_host, "old@own.example", "a@dest.example.org")
        moved = send(empty_host, "moved@own.example", "a@dest.example.org")
        young = send(empty_host, "young@own.example", "a@dest.example.org")
        notice = send(empty_host, "", "a@dest.example.org")
        empty_host.settle(4)
        assert hold(controller, empty_host, state="held", match_all=True)["outcomes"] == outcomes(held=4)
        # Not before: a message that is just being tried cannot be held.
        empty_host.configure(queue_run_delay=f"{RUN_DELAY}s")
        for queue_id in (old, moved):
            make_older(empty_host, queue_id, LIFETIME)
        make_older(empty_host, notice, NOTICE_LIFETIME - RUN_DELAY)
        options: dict[str, Any] = {"state": "released", "match_all": True, "exclude": [{"sender": "moved@own.example"}]}
        predicted = hold(controller, empty_host, check=True, **options)
        done = hold(controller, empty_host, **options)
        assert flags(done) == flags(predicted)
        # A notice has a lifetime of its own, which will be over by its next try.
        assert done["outcomes"] == outcomes(released=1, requeued=2)
        wait_until(lambda: {old, notice} <= set(requeued(empty_host)), "not both are submitted again")
        as_new = requeued(empty_host)
        tried = f" {as_new[old]}: to=<a@dest.example.org>"
        wait_until(lambda: tried in empty_host.get(LOG).decode(), "it is not tried")
        # postqueue may miss what moves from queue to queue.
        wait_until(lambda: {as_new[old], young, moved} <= set(places(empty_host)), "one is gone")
        log = empty_host.get(LOG).decode()
        assert f" {as_new[old]}: from=<old@own.example>, status=expired" not in log
        assert not re.search(rf" ({old}|{as_new[old]}): sender non-delivery notification", log)
        # The same message, moved, is what it was spared: tried once, and returned.
        by_hand = hold(controller, empty_host, state="released", release_by="move", match=[{"queue_id": moved}])
        assert by_hand["outcomes"] == outcomes(released=1)
        returned = f" {moved}: sender non-delivery notification"
        wait_until(lambda: returned in empty_host.get(LOG).decode(), "it is not returned")
    finally:
        empty_host.run(["postsuper", "-d", "ALL"])
        empty_host.configure(
            maximal_queue_lifetime="5d",
            bounce_queue_lifetime="5d",
            queue_run_delay="300s",
            minimal_backoff_time="2h",
            maximal_backoff_time="4h",
        )


def test_requeue_by_hand_submits_anew(either_host: Host, controller: Controller) -> None:
    queue_id = send(either_host, "s@own.example", "a@dest.example.org")
    either_host.settle(1)
    either_host.run(["postsuper", "-h", queue_id])
    options: dict[str, Any] = {"state": "released", "release_by": "requeue", "match_all": True}
    predicted = hold(controller, either_host, check=True, **options)
    # pickup(8) gets a request: it would not look by itself.
    with either_host.unwoken("pickup"):
        done = hold(controller, either_host, **options)
        assert flags(done) == flags(predicted)
        assert done["outcomes"] == outcomes(requeued=1)
        wait_until(lambda: queue_id in requeued(either_host), "it is not submitted again")
    either_host.settle(1)
    assert set(places(either_host)) == {requeued(either_host)[queue_id]}


# --- many -----------------------------------------------------------------------------------------------------------

MANY = 5000
# Far fewer than that, so that the queue manager takes them in several turns, as it takes 30,000 with its usual limit of 20,000.
AT_ONCE = 1000


def test_thousands_are_neither_lost_nor_doubled(host: Host, controller: Controller) -> None:
    # Nothing is delivered: the queue manager defers at once what it gets.
    host.fill("incident", 300, seed=3)
    host.settle(300)
    host.grow(MANY)
    host.configure(defer_transports="smtp", qmgr_message_active_limit=str(AT_ONCE))
    try:
        before = host.spool_files()
        assert len(before) == MANY
        held = hold(controller, host, state="held", match_all=True)
        assert held["outcomes"] == outcomes(held=MANY)
        assert host.spool_files() == {("hold", queue_id): digest for (_queue, queue_id), digest in before.items()}
        released = hold(controller, host, state="released", release_by="move", match_all=True)
        assert released["outcomes"] == outcomes(released=MANY)
        assert host.spool_files() == before
        assert hold(controller, host, state="held", match_all=True)["outcomes"] == outcomes(held=MANY)
        again = hold(controller, host, state="released", release_by="requeue", match_all=True)
        assert again["outcomes"] == outcomes(requeued=MANY)
        host.settle(MANY, seconds=240 + MANY / 20)
        renamed = requeued(host)
        ids = {queue_id for _queue, queue_id in before}
        assert ids <= set(renamed)
        now = [queue_id for _queue, queue_id in host.spool_files()]
        # Each has one successor, and there is nothing else.
        assert sorted(now) == sorted(renamed[queue_id] for queue_id in ids)
    finally:
        host.run(["postsuper", "-d", "ALL"])
        host.configure(defer_transports="", qmgr_message_active_limit="20000")


# --- the audit line -------------------------------------------------------------------------------------------------


def test_the_mail_log_says_who_held_what_and_why(either_host: Host, controller: Controller) -> None:
    send(either_host, "x@bad.example", "a@dest.example.org")
    either_host.settle(1)
    done = hold(controller, either_host, state="held", match=[{"sender": "bad.example"}], reason="ticket 4711")
    lines = [line for line in either_host.get(LOG).decode().splitlines() if "mailops/postfix_queue_hold[" in line]
    assert lines[-1].partition("]: ")[2] == (
        f"state=held, moved=1, matched=1, user=ops, selection={done['selection_digest']}, reason=ticket 4711"
    )
