# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on an ordinary bad day: a full disk, damaged files, messages that cannot be handled, plans that are used again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection import plan as plans
from tests.fleet.lab import SPOOL, Host
from tests.integration.test_purge import deleted_by_the_log, flags, outcomes, path_of, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.controller import Controller

SMALL = "/mnt/small"
BAD = [{"sender": "bad.example"}]


def moved(result: dict[str, Any]) -> dict[str, int]:
    """Return the outcomes of postfix_queue_hold that are not zero."""
    assert "outcomes" in result, result
    return {outcome: number for outcome, number in result["outcomes"].items() if number}


# --- a full disk ----------------------------------------------------------------------------------------------------


@contextmanager
def small_spool(host: Host, options: str) -> Iterator[None]:
    """Have the queue directory on a small file system of its own. Postfix is stopped meanwhile."""
    host.run(["postfix", "stop"])
    host.run(["mkdir", "-p", SMALL])
    host.run(["mount", "-t", "tmpfs", "-o", f"mode=755,{options}", "tmpfs", SMALL])
    try:
        host.run(["sh", "-c", f"cp -a {SPOOL}/. {SMALL}/ && mount --bind {SMALL} {SPOOL}"])
        try:
            yield
        finally:
            host.run(["umount", SPOOL])
    finally:
        host.run(["umount", SMALL])
        host.start_postfix()


FILL = {
    "bytes": f"dd if=/dev/zero of={SPOOL}/filler bs=4k 2>/dev/null; ! sh -c 'echo x > {SPOOL}/more && test -s {SPOOL}/more'",
    "inodes": f"i=0; while touch {SPOOL}/filler.$i; do i=$((i + 1)); done 2>/dev/null; ! touch {SPOOL}/more",
}


@pytest.mark.parametrize("full", sorted(FILL))
def test_the_clean_up_of_a_full_disk_works(host: Host, controller: Controller, full: str) -> None:
    spam = [send(host, f"{number}@bad.example", "a@dest.example.org") for number in range(4)]
    ham = send(host, "ham@good.example", "a@dest.example.org")
    host.settle(5)
    host.run(["sh", "-c", f"rm -f {SPOOL}/pid/mailops.*"])
    with small_spool(host, "size=8m" if full == "bytes" else "size=8m,nr_inodes=300"):
        # One waits in active, from where it goes to hold before it is removed.
        host.run(["mv", path_of(host, spam[0]), f"{SPOOL}/active/{spam[0]}"])
        host.run(["sh", "-c", FILL[full]])
        held = controller.module(host.name, "postfix_queue_hold", {"state": "held", "match": [{"queue_id": spam[1]}]})
        assert moved(held) == {"held": 1}
        predicted = controller.purge(host.name, check=True, match=BAD)
        done = controller.purge(host.name, match=BAD)
        assert flags(done) == flags(predicted)
        assert done["outcomes"] == outcomes(purged=4)
        assert {queue_id for _queue, queue_id in host.spool_files()} == {ham}
        left = host.run(["ls", f"{SPOOL}/pid"]).stdout.split()
        assert not [name for name in left if name.endswith(".new") or name == "mailops.journal"]
        assert controller.purge(host.name, match=BAD)["changed"] is False
    assert deleted_by_the_log(host) >= set(spam)


def test_a_read_only_disk_is_an_error_in_check_mode_too(host: Host, controller: Controller) -> None:
    send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    host.run(["postfix", "stop"])
    before = host.spool_files()
    host.run(["mount", "--bind", SPOOL, SPOOL])
    host.run(["mount", "-o", "remount,ro,bind", SPOOL])
    try:
        for check in (True, False):
            for module, options in (
                ("postfix_queue_purge", {"match": BAD}),
                ("postfix_queue_hold", {"match": BAD, "state": "held"}),
            ):
                assert controller.module(host.name, module, options, check=check)["msg"] == (
                    f"Nothing can be changed in {SPOOL}: Read-only file system. The kernel log says why the filesystem is read-only. "
                    "Mount it read-write, then run this again."
                )
        assert controller.facts(host.name)["total"]["messages"] == 1
    finally:
        host.run(["umount", SPOOL])
        host.start_postfix()
    assert host.spool_files() == before


# --- damaged files --------------------------------------------------------------------------------------------------


def test_damaged_files_are_named_and_can_be_removed(empty_host: Host, controller: Controller) -> None:
    host = empty_host
    text = "Subject: x\r\n\r\n" + "a line of text\r\n" * 2000
    names = ("zero", "cut", "envelope", "nulled")
    ids = {name: send(host, f"{name}@bad.example", "a@dest.example.org", text=text) for name in names}
    whole = send(host, "whole@bad.example", "a@dest.example.org", text=text)
    host.settle(5)
    host.run(["postfix", "stop"])
    host.run(["truncate", "-s", "0", path_of(host, ids["zero"])])
    host.run(["truncate", "-s", "20000", path_of(host, ids["cut"])])
    host.run(["truncate", "-s", "120", path_of(host, ids["envelope"])])
    nulled = path_of(host, ids["nulled"])
    host.run(["dd", "if=/dev/zero", f"of={nulled}", "bs=4096", "count=1", "conv=notrunc"])
    facts = controller.facts(host.name)
    assert {row["queue_id"] for row in facts["scan"]["damaged"]} == set(ids.values())
    assert all(row["problem"] and row["queue"] == "deferred" for row in facts["scan"]["damaged"])
    assert facts["total"]["messages"] == 5
    # By what was not read of them nothing is decided, and nothing is done.
    before = host.spool_files()
    options: dict[str, Any] = {"match": [{"sasl_username": "nobody"}]}
    undecided = controller.purge(host.name, **options)
    assert undecided["outcomes"]["undecided"] == undecided["matched"]["undecided"] == len(undecided["undecided"]) == 3
    refused = controller.purge(host.name, **options, on_undecided="fail")
    assert refused["failed"] is True
    assert refused["msg"].startswith("Whether 3 messages match cannot be decided (")
    assert refused["msg"].endswith(
        "Nothing was touched. Select or exclude them by queue_id, or set on_undecided: skip."
    )
    assert host.spool_files() == before
    opened = controller.opened(host.name, match=[{"queue_id": ids["zero"]}])
    assert [row["queue_id"] for row in opened["messages"]] == [ids["zero"]]
    options = {"match": [{"queue_id": list(ids.values())}]}
    predicted = controller.purge(host.name, check=True, **options)
    done = controller.purge(host.name, **options)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(purged=4)
    assert [queue_id for _queue, queue_id in host.spool_files()] == [whole]
    host.start_postfix()


# --- messages that cannot be handled --------------------------------------------------------------------------------


def test_what_is_planted_beside_a_message_stops_nobody(host: Host, controller: Controller) -> None:
    spam = [send(host, f"{number}@bad.example", "a@dest.example.org") for number in range(3)]
    host.settle(3)
    logs = [host.run(["find", f"{SPOOL}/defer", "-name", queue_id]).stdout.strip() for queue_id in spam]
    host.run(["sh", "-c", f"rm {' '.join(logs)}; mkdir {logs[0]}; mkfifo {logs[1]}; ln -s /etc/passwd {logs[2]}"])
    host.run(["chown", "-h", "postfix", *logs])
    done = controller.purge(host.name, match=BAD)
    assert done["outcomes"] == outcomes(purged=3)
    assert host.spool_files() == {}
    assert host.run(["test", "-s", "/etc/passwd"]).returncode == 0
    host.run(["sh", "-c", f"rm -rf {' '.join(logs)}"])


def test_one_message_that_fails_does_not_stop_the_others(host: Host, controller: Controller) -> None:
    spam = [send(host, f"{number}@bad.example", "a@dest.example.org") for number in range(4)]
    host.settle(4)
    # Even root may not remove a file on which another file system is mounted.
    stuck = path_of(host, spam[2])
    host.run(["mount", "--bind", stuck, stuck])
    try:
        result = controller.purge(host.name, match=BAD)
    finally:
        host.run(["umount", stuck])
    assert result["failed"] is True
    assert result["changed"] is True
    assert result["outcomes"] == outcomes(purged=3, failed=1)
    problem = "It cannot be taken out of deferred: Device or resource busy. Fix that, then run this again."
    assert result["failures"] == [{"queue_id": spam[2], "queue": "deferred", "problem": problem}]
    assert result["msg"] == f"1 of the selected messages are still in the queue. The first is {spam[2]}: {problem}"
    assert [queue_id for _queue, queue_id in host.spool_files()] == [spam[2]]
    log = host.get("/var/log/mail.log").decode().splitlines()
    assert "method=delete, purged=3, matched=4" in log[-1]
    assert deleted_by_the_log(host) >= {*spam} - {spam[2]}
    assert controller.purge(host.name, match=BAD)["outcomes"] == outcomes(purged=1)


def test_a_message_in_delivery_is_not_requeued(host: Host, controller: Controller) -> None:
    queue_id = send(host, "x@good.example", "a@dest.example.org")
    host.settle(1)
    host.run(["postsuper", "-h", queue_id])
    path = path_of(host, queue_id)
    lock = f"flock --shared {path} sleep 60 > /dev/null 2>&1 & echo $!"
    agent = host.run(["sh", "-c", lock]).stdout.strip()
    options = {"state": "released", "release_by": "requeue", "match_all": True}
    try:
        result = controller.module(host.name, "postfix_queue_hold", options)
    finally:
        host.run(["pkill", "-P", agent])
    problem = "A delivery agent is sending it at this moment. Run this again when the delivery has ended."
    assert result["msg"] == f"1 of the selected messages are still on hold. The first is {queue_id}: {problem}"
    assert result["failures"] == [{"queue_id": queue_id, "queue": "hold", "problem": problem}]
    assert moved(controller.module(host.name, "postfix_queue_hold", options)) == {"requeued": 1}


# --- plans and limits -----------------------------------------------------------------------------------------------


def test_a_plan_that_is_used_again_knows_what_it_deleted(host: Host, controller: Controller) -> None:
    spam = [send(host, f"{number}@bad.example", "a@dest.example.org") for number in range(3)]
    host.settle(3)
    plan = controller.purge(host.name, check=True, match=BAD, max_messages=5, reason="ticket 4711")["plan"]
    assert (plan["reason"], plan["limits"]) == ("ticket 4711", {"max_messages": 5, "max_percent": None})
    host.run(["postsuper", "-d", spam[0]])
    assert controller.purge(host.name, plan=plan)["outcomes"] == outcomes(purged=2, vanished=1)
    assert "reason=ticket 4711" in host.get("/var/log/mail.log").decode().splitlines()[-1]
    for check in (True, False):
        again = controller.purge(host.name, check=check, plan=plan)
        assert again["outcomes"] == outcomes(already_purged=2, vanished=1)
        assert again["changed"] is False


def test_a_plan_that_does_not_say_the_truth_is_refused(host: Host, controller: Controller) -> None:
    for number in range(3):
        send(host, f"{number}@bad.example", "a@dest.example.org")
    host.settle(3)
    before = host.spool_files()
    plan = controller.purge(host.name, check=True, match=BAD)["plan"]

    def resealed(**changes: Any) -> dict[str, Any]:
        altered = {**plan, **changes}
        return {**altered, "digest": plans.digest(altered)}

    counts = {**plan["counts"], "messages": 1}
    refused = {
        "The plan lists 3 messages, and its counts say 1; ": resealed(counts=counts),
        "in the future of this host; nothing was touched. ": resealed(created=4102444800),
        "The selection has 3 messages, max_messages allows 2; ": resealed(limits={"max_messages": 2}),
    }
    for message, altered in refused.items():
        for check in (True, False):
            assert message in controller.purge(host.name, check=check, plan=altered)["msg"]
    # A limit of the run counts, too.
    assert "max_messages allows 1;" in controller.purge(host.name, plan=plan, max_messages=1)["msg"]
    assert host.spool_files() == before


def test_nearly_everything_needs_a_word(host: Host, controller: Controller) -> None:
    for number in range(21):
        send(host, f"{number}@bad.example", "a@dest.example.org")
    host.settle(21)
    before = host.spool_files()
    rule = [{"recipient": "/@/"}]
    for check in (True, False):
        assert controller.purge(host.name, check=check, match=rule)["msg"] == (
            "The selection has ALL of the 21 messages in the chosen queues; nothing was touched. To allow that, set "
            "max_percent: 100; otherwise narrow the selection."
        )
    assert host.spool_files() == before
    # To release is no harm, and to ask for all is a word.
    assert controller.purge(host.name, check=True, match=rule, max_percent=100)["outcomes"] == outcomes(purged=21)
    assert controller.purge(host.name, check=True, match_all=True)["outcomes"] == outcomes(purged=21)


# --- directories of queue files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hashed", [False, True], ids=["flat", "hashed"])
def test_facts_read_a_queue_that_was_moved_away(host: Host, controller: Controller, hashed: bool) -> None:
    for number in range(3):
        send(host, f"{number}@bad.example", "a@dest.example.org")
    host.settle(3)
    host.run(["rm", "-rf", "/root/incoming.spamfull"])
    copy = f"cp -a {SPOOL}/deferred /root/incoming.spamfull"
    flatten = "find /root/incoming.spamfull -mindepth 2 -type f -exec mv -t /root/incoming.spamfull {} +"
    host.run(["sh", "-c", copy if hashed else f"{copy} && {flatten}"])
    facts = controller.facts(host.name, spool="/root/incoming.spamfull", match=[{"sender": "0@bad.example"}])
    assert facts["total"]["messages"] == facts["queues"]["incoming.spamfull"]["messages"] == 3
    assert facts["matched"]["messages"] == 1
    assert facts["queues"]["deferred"] is None
    opened = controller.opened(host.name, spool="/root/incoming.spamfull", match=[{"sender": "0@bad.example"}])
    assert opened["matched"] == facts["matched"]
    host.run(["rm", "-rf", "/root/incoming.spamfull"])
