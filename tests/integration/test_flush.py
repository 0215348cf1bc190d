# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_queue_flush: what it says was tried is looked up at the sink, in the spool and in the mail log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import Host, Lab, wait_until
from tests.integration.faults import before_command
from tests.integration.test_hold import LOG, places, requeued
from tests.integration.test_purge import path_of, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.controller import Controller

NOTHING = {
    "tried": 0,
    "requeued": 0,
    "under_way": 0,
    "unlisted": 0,
    "vanished": 0,
    "changed": 0,
    "failed": 0,
    "undecided": 0,
}
ENDS = {"left": 0, "bounced": 0, "deferred": 0, "pending": 0, "unknown": 0}


def outcomes(**counts: int) -> dict[str, int]:
    """Return the outcomes of a run: those, and none of the others."""
    return {**NOTHING, **counts}


def ends(**counts: int | None) -> dict[str, int | None]:
    """Return what became of the messages: those, and none of the others."""
    return {**ENDS, **counts}


def flush(controller: Controller, host: Host, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """Return what postfix_queue_flush says."""
    return controller.module(host.name, "postfix_queue_flush", options, check=check)


def flags(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "matched" in result, result
    keys = ("changed", "matched", "tried", "outcomes", "messages", "selection", "diff", "truncated")
    return {key: result[key] for key in keys}


def retries(host: Host) -> dict[str, int]:
    """Return {queue ID: mtime} of what is deferred."""
    listing = host.run(["find", "/var/spool/postfix/deferred", "-type", "f", "-printf", "%f %Ts\\n"]).stdout
    return {queue_id: int(mtime) for queue_id, mtime in (line.split() for line in listing.splitlines())}


@pytest.fixture
def four(empty_host: Host, lab: Lab) -> dict[str, str]:
    """Messages to a destination that is back, one that refuses, one that is down, and to two recipients; all deferred."""
    ids = {
        "back": send(empty_host, "s@own.example", "a@back.example.org"),
        "refused": send(empty_host, "s@own.example", "a@gone.example.org"),
        "down": send(empty_host, "s@own.example", "a@down.example.org"),
        "other": send(empty_host, "other@own.example", "a@back.example.org"),
    }
    empty_host.settle(4)
    lab.sink.mode("defer", rules={"back.example.org": "accept", "gone.example.org": "reject"})
    return ids


def test_a_selection_is_tried_and_followed(
    empty_host: Host, four: dict[str, str], controller: Controller, lab: Lab
) -> None:
    already = len(lab.sink.received())
    before, due = empty_host.spool_files(), retries(empty_host)
    options: dict[str, Any] = {"match": [{"sender": "s@own.example"}], "wait": 120, "reason": "ticket 4711"}
    predicted = flush(controller, empty_host, check=True, **options)
    assert (empty_host.spool_files(), retries(empty_host)) == (before, due)
    assert "after" not in predicted
    done = flush(controller, empty_host, **options)
    assert flags(done) == flags(predicted)
    assert (done["changed"], done["outcomes"]) == (True, outcomes(tried=3))
    assert done["after"] == ends(left=1, bounced=1, deferred=1)
    # What was not selected is as it was, though its destination would take it.
    assert retries(empty_host)[four["other"]] == due[four["other"]]
    assert [message["recipients"] for message in lab.sink.received()[already:]] == [["a@back.example.org"]]
    notices = {queue_id for queue_id in places(empty_host) if queue_id not in four.values()}
    assert len(notices) == 1
    lines = [line for line in empty_host.get(LOG).decode().splitlines() if "mailops/postfix_queue_flush[" in line]
    assert lines[-1].partition("]: ")[2] == (
        f"tried=3, matched=3, user=ops, selection={done['selection_digest']}, reason=ticket 4711"
    )
    again = flush(controller, empty_host, **options)
    assert (again["changed"], again["outcomes"], again["after"]) == (True, outcomes(tried=1), ends(deferred=1))
    predicted = flush(controller, empty_host, check=True, **options)
    assert (predicted["changed"], predicted["outcomes"]) == (True, outcomes(tried=1))


def test_everything_is_tried(empty_host: Host, four: dict[str, str], controller: Controller) -> None:
    empty_host.run(["postsuper", "-h", four["other"]])
    predicted = flush(controller, empty_host, check=True, match_all=True)
    done = flush(controller, empty_host, match_all=True, wait=120)
    assert flags(done) == flags(predicted)
    assert (done["outcomes"], done["after"]) == (outcomes(tried=3), ends(left=1, bounced=1, deferred=1))
    assert places(empty_host)[four["other"]] == "hold"


def test_many_are_tried_without_a_process_for_each(empty_host: Host, controller: Controller, lab: Lab) -> None:
    ids = {send(empty_host, "s@own.example", f"r{number}@back.example.org") for number in range(60)}
    other = send(empty_host, "other@own.example", "a@back.example.org")
    empty_host.settle(61)
    due = retries(empty_host)
    lab.sink.mode("accept")
    already = len(lab.sink.received())
    options: dict[str, Any] = {"match": [{"sender": "s@own.example"}], "max_messages": 60}
    predicted = flush(controller, empty_host, check=True, **options)
    assert retries(empty_host) == due
    done = flush(controller, empty_host, wait=120, **options)
    assert flags(done) == flags(predicted)
    assert (done["outcomes"], done["after"]) == (outcomes(tried=60), ends(left=60))
    assert retries(empty_host) == {other: due[other]}
    assert len(lab.sink.received()) == already + 60
    assert not ids & set(places(empty_host))


def test_a_site_is_tried_by_its_list(empty_host: Host, controller: Controller, lab: Lab) -> None:
    unlisted = send(empty_host, "s@own.example", "a@back.example.org")
    empty_host.settle(1)
    refused = flush(controller, empty_host, site="back.example.org")
    assert refused["msg"] == (
        "site: Postfix keeps no list of the mail for back.example.org, which is not in fast_flush_domains; nothing was tried. Add "
        "it there, or select its mail: match: [{recipient: back.example.org}], recipient_scope: any"
    )
    empty_host.configure(fast_flush_domains="back.example.org")
    try:
        listed = send(empty_host, "s@own.example", "a@back.example.org", "b@down.example.org")
        elsewhere = send(empty_host, "s@own.example", "a@down.example.org")
        empty_host.settle(3)
        due = retries(empty_host)
        lab.sink.mode("defer", rules={"back.example.org": "accept"})
        warning = (
            "1 messages for back.example.org are not on the list that Postfix keeps of its deferred mail, and are not tried. It "
            "lists what was deferred since fast_flush_domains has the site; to try them, select them by match."
        )
        predicted = flush(controller, empty_host, check=True, site="Back.example.org")
        done = flush(controller, empty_host, site="back.example.org", wait=120)
        assert (done["outcomes"], done["after"]) == (outcomes(tried=1, unlisted=1), ends(deferred=1))
        assert {**flags(done), "selection": 0} == {**flags(predicted), "selection": 0}
        assert done["warnings"] == [warning]
        [message] = [message for message in empty_host.postqueue() if message["queue_id"] == listed]
        assert [recipient["address"] for recipient in message["recipients"]] == ["b@down.example.org"]
        assert {queue_id: retries(empty_host)[queue_id] for queue_id in (unlisted, elsewhere)} == {
            queue_id: due[queue_id] for queue_id in (unlisted, elsewhere)
        }
        nothing = flush(controller, empty_host, site="back.example.org", match_all=True)
        assert nothing["msg"] == "site: it cannot be combined with match_all. Use only one of them"
        bad = flush(controller, empty_host, site="../x")
        assert bad["msg"] == "site: '../x' is no domain and no [address], in ASCII"
    finally:
        empty_host.configure(fast_flush_domains="$relay_domains")


def test_a_requeue_submits_anew_and_is_followed(empty_host: Host, four: dict[str, str], controller: Controller) -> None:
    options: dict[str, Any] = {"match": [{"sender": "s@own.example"}], "requeue": True}
    predicted = flush(controller, empty_host, check=True, **options)
    done = flush(controller, empty_host, wait=120, **options)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(requeued=3)
    assert done["after"] == ends(left=1, bounced=1, deferred=1)
    as_new = requeued(empty_host)
    assert {four["back"], four["refused"], four["down"]} <= set(as_new)
    assert places(empty_host)[as_new[four["down"]]] == "deferred"
    assert places(empty_host)[four["other"]] == "deferred"


def test_what_cannot_be_told_is_said(either_host: Host, controller: Controller, lab: Lab) -> None:
    ids = [send(either_host, "s@own.example", f"r{number}@back.example.org") for number in range(2)]
    either_host.settle(2)
    lab.sink.mode("accept")
    try:
        either_host.run(["postconf", "-e", "maillog_file=/var/log/nothing.log"])
        done = flush(controller, either_host, match=[{"queue_id": ids[0]}], wait=20)
        again = flush(controller, either_host, match=[{"queue_id": ids[1]}], wait=20, requeue=True)
    finally:
        either_host.run(["postconf", "-e", "maillog_file=/var/log/mail.log"])
    assert done["after"] == ends(left=1, bounced=None)
    assert again["after"] == ends(unknown=1, bounced=None)


def test_a_message_that_is_being_delivered_is_left_alone(either_host: Host, controller: Controller, lab: Lab) -> None:
    lab.sink.mode("accept", data_delay=3600)
    already = len(lab.sink.received())
    send(either_host, "s@own.example", "a@back.example.org")
    lab.sink.wait_for_delivery()
    for options in ({}, {"requeue": True}):
        done = flush(controller, either_host, match=[{"sender": "own.example"}], wait=2, **options)
        assert (done["changed"], done["outcomes"]) == (False, outcomes(under_way=1))
        assert done["after"] == ends(pending=1)
    lab.sink.mode(data_delay=0)
    either_host.settle(0)
    assert len(lab.sink.received()) == already + 1


def test_a_plan_is_tried_to_the_letter(either_host: Host, controller: Controller) -> None:
    planned = [send(either_host, f"s{number}@own.example", "a@down.example.org") for number in range(3)]
    either_host.settle(3)
    plan = flush(controller, either_host, check=True, match=[{"sender": "own.example"}])["plan"]
    later = send(either_host, "s9@own.example", "a@down.example.org")
    either_host.settle(4)
    due = retries(either_host)
    either_host.run(["postsuper", "-d", planned[0]])
    either_host.run(["mv", path_of(either_host, later), path_of(either_host, planned[1])])
    predicted = flush(controller, either_host, check=True, plan=plan)
    done = flush(controller, either_host, plan=plan, wait=20)
    assert flags(done) == flags(predicted)
    assert (done["outcomes"], done["after"]) == (outcomes(tried=1, vanished=1, changed=1), ends(deferred=1))
    # What took the place of a planned message was not tried.
    assert retries(either_host)[planned[1]] == due[later]


def test_commands_are_taken_from_where_they_are_said_to_be(either_host: Host, controller: Controller) -> None:
    send(either_host, "s@own.example", "a@down.example.org")
    either_host.settle(1)
    directory = before_command(either_host, "postsuper", "-r", "touch /root/from-there")
    options: dict[str, Any] = {"match_all": True, "requeue": True, "command_directory": directory}
    assert flush(controller, either_host, **options)["outcomes"] == outcomes(requeued=1)
    either_host.run(["rm", "/root/from-there"])


def test_a_message_that_postfix_cannot_find_is_a_failure(either_host: Host, controller: Controller) -> None:
    queue_id = send(either_host, "s@own.example", "a@down.example.org")
    either_host.settle(1)
    either_host.run(["mv", path_of(either_host, queue_id), f"/var/spool/postfix/deferred/{queue_id}"])
    done = flush(controller, either_host, match=[{"sender": "own.example"}])
    assert done["msg"] == (
        "1 of the selected messages are not tried. It moved between queues during the run, or is not where Postfix looks for it. Run "
        "this again; if that does not help, run postfix check and postsuper -s first."
    )
    assert (done["changed"], done["outcomes"]) == (False, outcomes(failed=1))


def test_postfix_must_run(either_host: Host, controller: Controller) -> None:
    either_host.run(["postconf", "-e", "maillog_file="])
    either_host.run(["postfix", "stop"])
    try:
        for check in (False, True):
            assert flush(controller, either_host, check=check, match_all=True)["msg"] == (
                "Postfix does not run on /var/spool/postfix, so nothing can be tried. Start it (postfix start), then run this again."
            )
    finally:
        either_host.run(["postconf", "-e", "maillog_file=/var/log/mail.log"])
        either_host.run(["postfix", "start"])


def test_another_instance_is_held_released_and_flushed(either_host: Host, controller: Controller) -> None:
    own = send(either_host, "x@own.example", "a@dest.example.org")
    either_host.settle(1)
    either_host.run(["postmulti", "-e", "init"])
    either_host.run(["postmulti", "-I", "postfix-out", "-e", "create"])
    config = "/etc/postfix-out"
    log = "maillog_file=/var/log/postfix-out.log"
    options = ["master_service_disable=inet", "authorized_submit_users=root", "defer_transports=smtp", log]
    in_instance = ["postmulti", "-i", "postfix-out", "-x"]
    try:
        either_host.run(["postconf", "-c", config, "-e", *options])
        either_host.run(["postmulti", "-i", "postfix-out", "-e", "enable"])
        either_host.run(["postmulti", "-i", "postfix-out", "-p", "start"])
        either_host.run(
            [*in_instance, "sendmail", "-f", "x@own.example", "a@dest.example.org"], input="Subject: x\n\nhi\n"
        )

        def queues() -> list[str]:
            lines = either_host.run([*in_instance, "postqueue", "-j"]).stdout.splitlines()
            return [json.loads(line)["queue_name"] for line in lines]

        wait_until(lambda: queues() == ["deferred"], "the other instance does not defer")
        by_name: dict[str, Any] = {"instance": "postfix-out", "match_all": True}
        by_directory: dict[str, Any] = {"config_directory": config, "match_all": True}
        held = controller.module(either_host.name, "postfix_queue_hold", {"state": "held", **by_name})
        assert (held["outcomes"]["held"], queues()) == (1, ["hold"])
        released = controller.module(either_host.name, "postfix_queue_hold", {"state": "released", **by_directory})
        assert (released["outcomes"]["released"], queues()) == (1, ["deferred"])
        assert flush(controller, either_host, wait=120, **by_name)["after"] == ends(deferred=1)
        done = flush(controller, either_host, wait=120, requeue=True, **by_directory)
        assert (done["outcomes"], done["after"]) == (outcomes(requeued=1), ends(deferred=1))
        assert places(either_host) == {own: "deferred"}
    finally:
        either_host.run(["postmulti", "-i", "postfix-out", "-p", "stop"], check=False)
        either_host.run(["postmulti", "-i", "postfix-out", "-e", "disable"], check=False)
        either_host.run(["rm", "-rf", config, "/var/spool/postfix-out", "/var/lib/postfix-out"])
        either_host.run(
            ["postconf", "-X", "multi_instance_directories", "multi_instance_enable", "multi_instance_wrapper"]
        )


MANY = 5000
# Far fewer than that, so that the queue manager takes them in several turns, as it takes 30,000 with its usual limit of 20,000.
AT_ONCE = 1000


def test_thousands_are_tried_and_none_is_lost(host: Host, controller: Controller) -> None:
    host.fill("incident", 300, seed=3)
    host.settle(300)
    host.grow(MANY)
    ids = {queue_id for _queue, queue_id in host.spool_files()}
    due = retries(host)
    # The queue manager defers at once what it gets: this is about Postfix's queues, not about its speed of delivery.
    host.configure(defer_transports="smtp", qmgr_message_active_limit=str(AT_ONCE))
    try:
        everything: dict[str, Any] = {"match": [{"sender": ["/./", "<>"]}]}
        done = flush(controller, host, wait=400, **everything)
        assert done["outcomes"] == outcomes(tried=MANY)
        assert done["after"] == ends(deferred=MANY)
        now = retries(host)
        assert set(now) == ids
        assert not [queue_id for queue_id in ids if now[queue_id] == due[queue_id]]
    finally:
        host.run(["postsuper", "-d", "ALL"])
        host.configure(defer_transports="", qmgr_message_active_limit="20000")


@pytest.fixture(autouse=True)
def log_is_as_it_was(lab: Lab) -> Iterator[None]:
    """No test here leaves a host that logs elsewhere."""
    yield
    for host in lab.hosts:
        assert re.fullmatch(r"/var/log/mail\.log\n", host.run(["postconf", "-h", "maillog_file"]).stdout)
