# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_queue_purge: what it says it did is looked up in the spool, and what it must not touch is compared byte by byte."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection import criteria
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import unpack
from tests.fleet.lab import SPOOL, Host, Lab, wait_until
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.faults import KILL, fault_before, kill_before_removal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.controller import Controller

NOTHING = {
    "purged": 0,
    "already_purged": 0,
    "vanished": 0,
    "changed": 0,
    "in_flight": 0,
    "failed": 0,
    "undecided": 0,
}


def outcomes(**counts: int) -> dict[str, int]:
    """Return the outcomes of a run: those, and none of the others."""
    return {**NOTHING, **counts}


def path_of(host: Host, queue_id: str) -> str:
    """Return where a queue file is."""
    found = host.run(["find", SPOOL, "-name", queue_id, "-not", "-path", "*/defer/*"]).stdout.split()
    assert len(found) == 1, found
    return found[0]


def send(
    host: Host, sender: str, *recipients: str, text: str = "Subject: test\r\n\r\nhello\r\n", options: str = ""
) -> str:
    """Send a message through the host's own SMTP server and return its queue ID."""
    script = """
import smtplib, sys
sender, options, text, *recipients = sys.argv[1:]
with smtplib.SMTP("127.0.0.1", 25) as client:
    client.ehlo("client.example")
    client.command_encoding = "utf-8"
    code, reply = client.docmd("MAIL FROM:<%s> %s" % (sender, options))
    assert code == 250, reply
    for recipient in recipients:
        code, reply = client.docmd("RCPT TO:<%s>" % recipient)
        assert code == 250, reply
    code, reply = client.data(text.encode())
    assert code == 250, reply
print(reply.split()[-1].decode())
"""
    return host.run(["python3", "-c", script, sender, options, text, *recipients]).stdout.strip()


def wait_for_agent(host: Host, path: str) -> None:
    """Wait until no delivery agent has that queue file any more: the result of the delivery is noted in it, and qmgr knows it."""
    wait_until(
        lambda: host.run(["flock", "--nonblock", path, "true"], check=False).returncode == 0, f"{path} is still locked"
    )


def flags(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "matched" in result, result
    return {
        key: result[key]
        for key in ("changed", "matched", "purged", "outcomes", "messages", "selection", "diff", "truncated")
    }


# --- the main job ---------------------------------------------------------------------------------------------------


def test_check_mode_predicts_the_run_and_the_second_run_changes_nothing(
    empty_host: Host, controller: Controller
) -> None:
    records = empty_host.fill("incident", 400, seed=7)
    empty_host.settle(400)
    spam = {record.queue_id for record in records if record.is_spam}
    before = empty_host.spool_files()
    options: dict[str, Any] = {"match": SPAM_MATCH, "exclude": SPAM_EXCLUDE, "reason": "a test", "limit": 5}
    predicted = controller.purge(empty_host.name, check=True, **options)
    assert empty_host.spool_files() == before
    done = controller.purge(empty_host.name, **options)
    assert flags(done) == flags(predicted)
    assert done["changed"] is True
    assert done["outcomes"] == outcomes(purged=len(spam))
    assert done["purged"]["messages"] == done["matched"]["messages"] == len(spam)
    ham = {place: digest for place, digest in before.items() if place[1] not in spam}
    assert empty_host.spool_files() == ham
    assert {message["queue_id"] for message in empty_host.postqueue()} == {queue_id for _queue, queue_id in ham}
    # Nothing of the deleted messages is left in the log directories either.
    logs = empty_host.run(
        ["find", f"{SPOOL}/defer", f"{SPOOL}/bounce", f"{SPOOL}/trace", "-type", "f", "-printf", "%f\n"]
    )
    assert not spam.intersection(logs.stdout.split())
    again = controller.purge(empty_host.name, **options)
    assert again["changed"] is False
    assert again["outcomes"] == NOTHING
    assert again["matched"]["messages"] == 0
    assert empty_host.spool_files() == ham


def test_a_plan_is_carried_out_to_the_letter(empty_host: Host, controller: Controller) -> None:
    planned = [send(empty_host, f"spam{number}@bad.example", "a@dest.example.org") for number in range(3)]
    empty_host.settle(3)
    plan = controller.purge(empty_host.name, check=True, match=[{"sender": "bad.example"}])["plan"]
    later = send(empty_host, "spam9@bad.example", "a@dest.example.org")
    empty_host.settle(4)
    # By now one message of the plan was taken away by somebody else.
    empty_host.run(["postsuper", "-d", planned[0]])
    predicted = controller.purge(empty_host.name, check=True, plan=plan)
    done = controller.purge(empty_host.name, plan=plan)
    assert flags(done) == flags(predicted)
    assert "plan" not in predicted
    assert done["outcomes"] == outcomes(purged=2, vanished=1)
    assert [message["queue_id"] for message in empty_host.postqueue()] == [later]
    again = controller.purge(empty_host.name, plan=plan)
    assert again["changed"] is False
    assert again["outcomes"] == outcomes(already_purged=2, vanished=1)


def test_a_plan_has_what_a_reviewer_needs(host: Host, controller: Controller) -> None:
    send(host, "a@bad.example", "x@one.example.org", "y@two.example.org")
    send(host, "b@bad.example", "x@one.example.org")
    send(host, "c@good.example", "x@one.example.org")
    host.settle(3)
    plan = controller.purge(host.name, check=True, match=[{"sender": "bad.example", "age": "-1h"}])["plan"]
    listed = [message for message in host.postqueue() if "@bad." in message["sender"]]
    arrivals = [message["arrival_time"] for message in listed]
    assert plan["host"] == "mx01.example.test"
    assert plan["instance"] == {"config_directory": "/etc/postfix", "queue_directory": SPOOL}
    assert plan["counts"] == {
        "messages": 2,
        "bytes": sum(message["message_size"] for message in listed),
        "recipients": 3,
        "partial": 0,
        "undecided": 0,
        "in_queues": 3,
    }
    assert plan["summary"] == {
        "queues": {"deferred": 2},
        "senders": [
            {"value": "a@bad.example", "messages": 1, "recipients": 2},
            {"value": "b@bad.example", "messages": 1, "recipients": 1},
        ],
        "recipient_domains": [{"value": "one.example.org", "messages": 2}, {"value": "two.example.org", "messages": 1}],
        "oldest": min(arrivals),
        "youngest": max(arrivals),
    }
    assert plan["selection"]["match"] == [{"sender": ["bad.example"], "age": [{"after": plan["created"] - 3600}]}]


def test_over_ssh_it_is_the_same(host: Host, controller: Controller) -> None:
    send(host, "spam@bad.example", "a@dest.example.org")
    ham = send(host, "ham@good.example", "a@dest.example.org")
    host.settle(2)
    before = host.spool_files()
    options: dict[str, Any] = {"match": [{"sender": "bad.example"}], "reason": "a test"}
    expected = controller.purge(host.name, check=True, **options)
    predicted = controller.over_ssh.purge(host.name, check=True, **options)
    assert host.spool_files() == before
    done = controller.over_ssh.purge(host.name, **options)
    assert set(predicted) == set(expected)
    assert flags(done) == flags(predicted) == flags(expected)
    assert (done["failed"], done["changed"], done["outcomes"]) == (False, True, outcomes(purged=1))
    assert list(host.spool_files()) == [("deferred", ham)]
    again, refused = controller.over_ssh.modules(host.name, "postfix_queue_purge", [options, {}])
    assert (again["failed"], again["changed"], again["outcomes"]) == (False, False, NOTHING)
    assert (refused["failed"], refused["msg"]) == (True, REFUSED[0][2])


# --- races ----------------------------------------------------------------------------------------------------------


def test_a_queue_id_that_is_used_again_costs_nobody_a_mail(empty_host: Host, controller: Controller) -> None:
    spam = send(empty_host, "spam@bad.example", "a@dest.example.org")
    ham = send(empty_host, "ham@good.example", "b@dest.example.org")
    empty_host.settle(2)
    spam_path, ham_path = path_of(empty_host, spam), path_of(empty_host, ham)
    # Between look and act the spam goes, and the ham's file gets its queue ID, as after a delivery.
    reused = fault_before("the act", f"mv {ham_path} {spam_path}")
    content = empty_host.get(ham_path)
    done = controller.purge(empty_host.name, match=[{"sender": "bad.example"}], **reused)
    assert done["changed"] is False
    assert done["outcomes"] == outcomes(changed=1)
    # What is there under the ID is the ham, byte for byte, ready for delivery.
    assert list(empty_host.spool_files()) == [("deferred", spam)]
    assert empty_host.get(path_of(empty_host, spam)) == content


def test_a_planned_queue_id_that_is_used_again_is_left_alone(host: Host, controller: Controller) -> None:
    spam = send(host, "spam@bad.example", "a@dest.example.org")
    ham = send(host, "ham@good.example", "b@dest.example.org")
    host.settle(2)
    plan = controller.purge(host.name, check=True, match=[{"sender": "bad.example"}])["plan"]
    host.run(["mv", path_of(host, ham), path_of(host, spam)])
    before = host.spool_files()
    done = controller.purge(host.name, plan=plan)
    assert done["changed"] is False
    assert done["outcomes"] == outcomes(changed=1)
    assert host.spool_files() == before


def test_a_message_that_is_delivered_meanwhile_vanished(empty_host: Host, controller: Controller, lab: Lab) -> None:
    gone = send(empty_host, "one@bad.example", "a@dest.example.org")
    send(empty_host, "two@bad.example", "b@other.example.org")
    empty_host.settle(2)
    lab.sink.mode("defer", rules={"dest.example.org": "accept"})
    # The queue manager delivers it just before it is to be held.
    script = f"postqueue -i {gone}; for i in $(seq 1200); do postqueue -j | grep -q {gone} || break; sleep 0.1; done"
    done = controller.purge(empty_host.name, match=[{"sender": "bad.example"}], **fault_before("the act", script))
    assert done["outcomes"] == outcomes(purged=1, vanished=1)
    assert done["purged"]["messages"] == 1
    assert empty_host.spool_files() == {}
    assert [message["sender"] for message in lab.sink.received()[-1:]] == ["one@bad.example"]


@pytest.mark.parametrize(("answered", "outcome"), [(True, "purged"), (False, "in_flight")])
def test_a_delivery_under_way_is_waited_for_and_told(
    host: Host, controller: Controller, lab: Lab, *, answered: bool, outcome: str
) -> None:
    lab.sink.mode("accept", data_delay=3600)
    queue_id = send(host, "spam@bad.example", "a@dest.example.org")
    lab.sink.wait_for_delivery()
    assert [message["queue_name"] for message in host.postqueue()] == ["active"]
    with ThreadPoolExecutor(1) as pool:
        purging = pool.submit(controller.purge, host.name, match=[{"sender": "bad.example"}])
        if answered:
            # Once it is held, the module waits for the delivery's end.
            wait_until(lambda: purging.done() or list(host.spool_files()) == [("hold", queue_id)], "it is not held")
            lab.sink.mode(data_delay=0)
        done = purging.result()
    assert done["outcomes"] == outcomes(**{outcome: 1})
    assert done["purged"]["messages"] == 1
    assert host.spool_files() == {}
    assert host.run(["find", f"{SPOOL}/defer", "-name", queue_id]).stdout == ""


def test_a_killed_run_leaves_nothing_on_hold(empty_host: Host, controller: Controller) -> None:
    spam = send(empty_host, "spam@bad.example", "a@dest.example.org")
    held = send(empty_host, "held@bad.example", "b@dest.example.org")
    empty_host.settle(2)
    empty_host.run(["postsuper", "-h", held])
    before = empty_host.spool_files()
    # What is to be delivered next is held first. While Postfix is stopped it waits for that.
    empty_host.run(["postfix", "stop"])
    with empty_host.logging_to_syslog():
        empty_host.run(["mv", path_of(empty_host, spam), f"{SPOOL}/incoming/{spam}"])
        options: dict[str, Any] = {"match": [{"sender": "bad.example"}], "queues": ["incoming", "deferred"]}
        broken = controller.purge(empty_host.name, **options, **fault_before("the removal of what is held", KILL))
        assert "outcomes" not in broken
        assert set(empty_host.spool_files()) == {("hold", spam), ("hold", held)}
        predicted = controller.purge(empty_host.name, check=True, **options)
        assert predicted["warnings"] == [
            "An earlier run was interrupted; 1 messages that it had put on hold are still there. The next real run releases them first."
        ]
        assert predicted["matched"]["messages"] == 0
        # Another selection, which has nothing to do with it, puts things right too.
        repaired = controller.purge(empty_host.name, match=[{"sender": "nobody.example"}])
        assert repaired["warnings"] == [
            "An earlier run was interrupted; 1 messages that it had put on hold were released."
        ]
        assert empty_host.spool_files() == before
        done = controller.purge(empty_host.name, **options)
        assert done["outcomes"] == outcomes(purged=1)
        assert set(empty_host.spool_files()) == {("hold", held)}


@pytest.mark.parametrize("kill_at", [1, 150, 400])
def test_a_kill_amid_thousands_loses_nothing(host: Host, controller: Controller, kill_at: int) -> None:
    host.fill("incident", 400, seed=3)
    host.settle(400)
    # So many that two processes share the work, of which either may be the one that is killed.
    host.grow(4000)
    host.run(["rm", "-f", "/root/count"])
    before = host.spool_files()
    options: dict[str, Any] = {"match": SPAM_MATCH, "exclude": SPAM_EXCLUDE}
    predicted = controller.purge(host.name, check=True, **options)
    spam = set(unpack(predicted["plan"]["messages"]))
    broken = controller.purge(host.name, **options, **kill_before_removal(kill_at))
    # What is gone was to go; the rest is where it was, byte for byte.
    left = host.spool_files()
    gone = {queue_id for _queue, queue_id in before.keys() - left.keys()}
    assert gone <= spam
    assert left.items() <= before.items()
    if "outcomes" in broken:
        # Another process than the module's own was killed, and the module's own did its work, too.
        assert gone == spam
        assert broken["outcomes"] == outcomes(purged=len(spam))
    else:
        assert kill_at - 2 <= len(gone) < len(spam)
    done = controller.purge(host.name, **options)
    said = [warning for warning in done.get("warnings", []) if f"It had deleted {len(gone)} messages (" in warning]
    assert len(said) == ("outcomes" not in broken and bool(gone))
    assert done["outcomes"] == outcomes(purged=len(spam) - len(gone))
    # The log has the messages of earlier tests, too.
    logged = deleted_by_the_log(host)
    assert spam <= logged
    assert logged.isdisjoint(queue_id for _queue, queue_id in host.spool_files())
    assert host.spool_files() == {place: digest for place, digest in before.items() if place[1] not in spam}


def deleted_by_the_log(host: Host) -> set[str]:
    """Return the queue IDs that the mail log names as deleted by the module, by a run that ended or one that did not."""
    log = host.get("/var/log/mail.log").decode().splitlines()
    lines = [line for line in log if " mailops/postfix_queue_purge[" in line and ": deleted" in line]
    return {queue_id for line in lines for queue_id in line.rpartition(": ")[2].split()}


def test_a_message_that_postsuper_cannot_find_is_purged(host: Host, controller: Controller) -> None:
    queue_id = send(host, "spam@bad.example", "a@dest.example.org")
    host.settle(1)
    # A file at the wrong hash level: a reader finds it, postsuper -d does not.
    host.run(["mv", path_of(host, queue_id), f"{SPOOL}/deferred/{queue_id}"])
    host.run(["postsuper", "-d", queue_id])
    assert list(host.spool_files()) == [("deferred", queue_id)]
    done = controller.purge(host.name, match=[{"sender": "bad.example"}])
    assert (done["changed"], done["outcomes"]) == (True, outcomes(purged=1))
    assert host.spool_files() == {}


def test_the_mail_log_names_what_was_deleted(host: Host, controller: Controller) -> None:
    spam = [send(host, f"spam{number}@bad.example", "a@dest.example.org") for number in range(45)]
    host.settle(45)
    controller.purge(host.name, match=[{"sender": "bad.example"}], max_percent=100, reason="a test")
    log = host.get("/var/log/mail.log").decode().splitlines()
    lines = [line.partition(": deleted: ")[2].split() for line in log if " mailops/postfix_queue_purge[" in line]
    assert [len(ids) for ids in lines[-3:]] == [40, 5, 0]
    assert {queue_id for ids in lines[-3:] for queue_id in ids} == set(spam)
    assert "reason=a test" in log[-1]


# --- the selection on real messages ---------------------------------------------------------------------------------


def test_recipients_that_match_in_part_make_a_partial_message(host: Host, controller: Controller) -> None:
    both = send(host, "s@bad.example", "a@victim.example.org", "b@other.example.org")
    one = send(host, "s@bad.example", "c@victim.example.org")
    host.settle(2)
    rule = [{"recipient": "victim.example.org"}]
    predicted = controller.purge(host.name, check=True, match=rule)
    assert predicted["matched"]["partial"] == 1
    assert controller.purge(host.name, check=True, match=rule, recipient_scope="any")["matched"]["messages"] == 2
    done = controller.purge(host.name, match=rule)
    assert [message["queue_id"] for message in done["messages"]] == [one]
    assert done["matched"]["partial"] == 1
    assert list(host.spool_files()) == [("deferred", both)]


def test_only_pending_recipients_count(host: Host, controller: Controller, lab: Lab) -> None:
    lab.sink.mode("defer", rules={"done.example.org": "accept"})
    queue_id = send(host, "s@bad.example", "a@done.example.org", "b@victim.example.org")
    host.settle(1)
    done = controller.purge(host.name, check=True, match=[{"recipient": "victim.example.org"}])
    assert done["matched"] == {
        "messages": 1,
        "bytes": done["matched"]["bytes"],
        "recipients": 1,
        "partial": 0,
        "undecided": 0,
    }
    assert (
        controller.purge(host.name, check=True, match=[{"recipient": "done.example.org"}])["matched"]["messages"] == 0
    )
    assert done["messages"][0]["queue_id"] == queue_id


SENDERS = [
    ("<>", ["null"]),
    ("MAILER-DAEMON@", ["bare", "daemon"]),
    ("/^MAILER-DAEMON$/", ["bare"]),
    ("example.com", ["domain", "quoted"]),
    (".example.com", ["below"]),
    ("badexample.com", ["lookalike"]),
    ("USER@Example.COM", ["domain"]),
    ('"john doe"@example.com', ["quoted"]),
    ("john doe@example.com", ["quoted"]),
    ("jürgen@bücher.example", ["utf8"]),
    ("JÜRGEN@BÜCHER.EXAMPLE", ["utf8"]),
    ("bücher.example", ["utf8"]),
    ("/@(bad|sub\\.)example\\.com$/", ["below", "lookalike"]),
]


def test_address_patterns_tell_neighbours_apart(empty_host: Host, controller: Controller) -> None:
    # With the default, Postfix appends its own domain, and takes MAILER-DAEMON there for the null sender.
    empty_host.configure(append_at_myorigin="no")
    bare = send(empty_host, "MAILER-DAEMON", "r@dest.example.org")
    empty_host.configure(append_at_myorigin="yes")
    ids = {
        "null": send(empty_host, "", "r@dest.example.org"),
        "bare": bare,
        "daemon": send(empty_host, "MAILER-DAEMON@mail.example.org", "r@dest.example.org"),
        "domain": send(empty_host, "user@example.com", "r@dest.example.org"),
        "below": send(empty_host, "user@sub.example.com", "r@dest.example.org"),
        "lookalike": send(empty_host, "user@badexample.com", "r@dest.example.org"),
        "quoted": send(empty_host, '"john doe"@example.com', "r@dest.example.org"),
        "utf8": send(empty_host, "jürgen@bücher.example", "r@dest.example.org", options="SMTPUTF8"),
    }
    empty_host.settle(len(ids))
    names = {queue_id: name for name, queue_id in ids.items()}
    rules = [{"match": [{"sender": pattern}]} for pattern, _expected in SENDERS]
    results = controller.modules(empty_host.name, "postfix_queue_purge", rules, check=True)
    found = [
        (pattern, sorted(names[message["queue_id"]] for message in result["messages"]))
        for (pattern, _expected), result in zip(SENDERS, results, strict=True)
    ]
    assert found == [(pattern, sorted(expected)) for pattern, expected in SENDERS]


def test_long_queue_ids_beside_short_ones(empty_host: Host, controller: Controller) -> None:
    short = send(empty_host, "one@bad.example", "a@dest.example.org")
    empty_host.configure(enable_long_queue_ids="yes")
    try:
        long = send(empty_host, "two@bad.example", "b@dest.example.org")
        ham = send(empty_host, "ham@good.example", "c@dest.example.org")
        empty_host.settle(3)
        assert len(short) < len(long)
        done = controller.purge(empty_host.name, match=[{"sender": "bad.example"}])
        assert controller.facts(empty_host.name, gather=["counts"])["instance"]["long_queue_ids"] is True
        left = list(empty_host.spool_files())
    finally:
        # Reloading runs postsuper, which renames long IDs to short ones now.
        empty_host.configure(enable_long_queue_ids="no")
    assert done["outcomes"] == outcomes(purged=2)
    assert left == [("deferred", ham)]


CRITERIA: list[tuple[dict[str, Any], str]] = [
    ({"reason": "Mailbox is full today"}, "full"),
    ({"reason": "/mailbox IS full/"}, "full"),
    ({"header": {"Subject": "Grüße"}}, "encoded"),
    ({"header": {"subject": "/^grüße aus/"}}, "encoded"),
    ({"message_id": "20261126101500.4A0F9AC@mx.example.com"}, "encoded"),
    ({"message_id": "<20261126101500.4A0F9AC@mx.example.com>"}, "encoded"),
    ({"message_id": r"/^2026.*@mx\.example\.com$/"}, "encoded"),
    ({"content": "SGVsbG8gd29ybGQ"}, "encoded"),
    ({"body": "Hello world"}, "encoded"),
    ({"size": "100k"}, "big"),
    ({"recipient_count": 3}, "many"),
    ({"origin": "local"}, "local"),
    ({"helo_name": "big.example"}, "big"),
    ({"content": "y" * 3000}, "big"),
]


def test_every_criterion_finds_its_message(empty_host: Host, controller: Controller, lab: Lab) -> None:
    lab.sink.mode("defer", rules={"full.example.org": "452 4.2.2 Mailbox is full today"})
    encoded = (
        "Subject: =?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: base64\r\nMessage-ID:\r\n <20261126101500.4A0F9AC@mx.example.com>\r\n\r\nSGVsbG8gd29ybGQK\r\n"
    )
    big = "Subject: big\r\n\r\n" + "y" * 4000 + "\r\n" + ("x" * 70 + "\r\n") * 2000
    names = {
        send(empty_host, "a@one.example", "r@full.example.org"): "full",
        send(empty_host, "b@one.example", "r@dest.example.org", text=encoded): "encoded",
        send(empty_host, "c@one.example", "r@dest.example.org", "s@dest.example.org", "t@dest.example.org"): "many",
    }
    empty_host.run(["sendmail", "-f", "local@one.example", "r@dest.example.org"], input="Subject: local\n\nhi\n")
    with_helo = """
import smtplib, sys
with smtplib.SMTP("127.0.0.1", 25, local_hostname="big.example") as client:
    client.sendmail("d@one.example", ["r@dest.example.org"], sys.stdin.read())
"""
    empty_host.run(["python3", "-c", with_helo], input=big)
    empty_host.settle(5)
    for message in empty_host.postqueue():
        names.setdefault(
            message["queue_id"], {"local@one.example": "local", "d@one.example": "big"}.get(message["sender"], "")
        )
    rules = [{"match": [rule]} for rule, _name in CRITERIA]
    results = controller.modules(empty_host.name, "postfix_queue_purge", rules, check=True)
    found = [
        (rule, [names[message["queue_id"]] for message in result["messages"]])
        for (rule, _name), result in zip(CRITERIA, results, strict=True)
    ]
    assert found == [(rule, [name]) for rule, name in CRITERIA]


# --- refusals: the whole message, and nothing touched ---------------------------------------------------------------

KNOWN = "%s, and the operators all, any, not, at_least" % ", ".join(criteria.CRITERIA)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        "no selection",
        {},
        "match: it is missing. Add a rule, or set match_all: true to select every message",
    ),
    (
        "an empty rule",
        {"match": [{"sender": "a@b.example"}, {}]},
        "match[1]: an empty rule would select every message; give it at least one criterion",
    ),
    (
        "an empty exclusion",
        {"match_all": True, "exclude": [{}]},
        "exclude[0]: an empty rule would select every message; give it at least one criterion",
    ),
    (
        "a bad regular expression",
        {"match": [{"sender": "/(/"}]},
        "match[0].sender: /(/ is not a regular expression: missing ), unterminated subpattern at position 0",
    ),
    (
        "an unknown key",
        {"match": [{"sendr": "a@b.example"}]},
        f"match[0].sendr: there is no such criterion; known are {KNOWN}",
    ),
    (
        "too many messages",
        {"match": [{"sender": "bad.example"}], "max_messages": 1},
        "The selection has 2 messages, max_messages allows 1; nothing was touched. Narrow the selection or raise max_messages.",
    ),
    (
        "too large a share",
        {"match": [{"sender": "bad.example"}], "max_percent": 50},
        (
            "The selection has 2 of the 3 messages in the chosen queues, which is 66.7 percent, max_percent allows 50; nothing was "
            "touched. Narrow the selection or raise max_percent."
        ),
    ),
    (
        "no Postfix",
        {"match": [{"sender": "bad.example"}], "command_directory": "/opt"},
        (
            "There is no Postfix here: no postconf command in /opt. Install Postfix, or set command_directory to the directory that holds "
            "Postfix's commands."
        ),
    ),
    (
        "no such instance",
        {"match": [{"sender": "bad.example"}], "instance": "postfix-out"},
        "There is no Postfix instance 'postfix-out'. Use one of the known names: -.",
    ),
    (
        "a directory that holds no main.cf",
        {"match": [{"sender": "bad.example"}], "config_directory": "/opt"},
        (
            "postconf fails for the instance in /opt: there is no main.cf in it. Name a directory that holds a main.cf, or restore "
            "that file."
        ),
    ),
    (
        "notices to people who sent nothing",
        {"match": [{"sender": "bad.example"}], "method": "expire"},
        (
            "method: expire returns each message to its sender, and 2 of the selected messages have an unverified sender (a null "
            "sender, or one that did not log in here): the notices would be backscatter; nothing was touched. Use method: delete, or "
            "set expire_forged: true if you mean that"
        ),
    ),
    (
        "maildrop, which cannot be expired",
        {"match_all": True, "method": "expire", "queues": ["maildrop"]},
        "queues: Postfix does not expire messages in maildrop; leave it out, or use method: delete",
    ),
]


@pytest.fixture(scope="module")
def three_messages(lab: Lab) -> Host:
    """A host with two messages that are spam and one that is not, all deferred."""
    host = lab.host("mx04")
    lab.sink.reset()
    host.run(["postsuper", "-d", "ALL"])
    send(host, "one@bad.example", "a@dest.example.org")
    send(host, "two@bad.example", "b@dest.example.org")
    send(host, "ham@good.example", "c@dest.example.org")
    host.settle(3)
    return host


@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
def test_a_refusal_names_the_thing_and_touches_nothing(
    three_messages: Host, controller: Controller, *, check: bool
) -> None:
    before = three_messages.spool_files()
    several = [options for _name, options, _message in REFUSED]
    results = controller.modules(three_messages.name, "postfix_queue_purge", several, check=check)
    said = [(name, result["failed"], result["msg"]) for (name, *_rest), result in zip(REFUSED, results, strict=True)]
    assert said == [(name, True, message) for name, _options, message in REFUSED]
    assert three_messages.spool_files() == before


def altered(plan: dict[str, Any]) -> dict[str, Any]:
    return {**plan, "counts": {**plan["counts"], "messages": 1}}


def shortened(plan: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plan.items() if key != "messages"}


AGAIN = "nothing was touched. Make a new plan (run the module in check mode)."
BAD_PLANS: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    ("altered", altered, f"The plan was altered: its content does not fit its digest; {AGAIN}"),
    ("cut", shortened, f"The plan has no messages: it is not a plan, or was cut; {AGAIN}"),
]


def test_a_plan_that_is_not_sound_is_refused(three_messages: Host, controller: Controller) -> None:
    rule: dict[str, Any] = {"match": [{"sender": "bad.example"}]}
    plan = controller.purge(three_messages.name, check=True, **rule)["plan"]
    before = three_messages.spool_files()
    several: list[dict[str, Any]] = [{"plan": change(plan)} for _name, change, _message in BAD_PLANS]
    results = controller.modules(three_messages.name, "postfix_queue_purge", [*several, {"plan": plan, **rule}])
    assert [result["msg"] for result in results] == [
        *(message for _name, _change, message in BAD_PLANS),
        "plan: it cannot be combined with match. Use only one of them",
    ]
    assert three_messages.spool_files() == before


def test_an_old_plan_is_refused(three_messages: Host, controller: Controller) -> None:
    plan = controller.purge(three_messages.name, check=True, match=[{"sender": "bad.example"}])["plan"]
    before = three_messages.spool_files()
    time.sleep(max(0.0, plan["created"] + 2 - time.time()))
    result = controller.purge(three_messages.name, plan=plan, plan_max_age="1s")
    words = result["msg"].split()
    assert int(words[3]) > 1
    words[3] = "N"
    assert " ".join(words) == f"The plan is N seconds old, plan_max_age allows 1; {AGAIN}"
    assert three_messages.spool_files() == before


def test_a_plan_of_another_host_is_refused(three_messages: Host, controller: Controller, lab: Lab) -> None:
    plan = controller.purge(three_messages.name, check=True, match=[{"sender": "bad.example"}])["plan"]
    other = lab.host("mx02")
    before = other.spool_files()
    result = controller.purge(other.name, plan=plan)
    assert (
        result["msg"]
        == "The plan was made on mx04.example.test, this is mx02.example.test; nothing was touched. Apply it there."
    )
    assert other.spool_files() == before


def test_no_privilege_is_refused(three_messages: Host, controller: Controller) -> None:
    before = three_messages.spool_files()
    options: dict[str, Any] = {"match": [{"sender": "bad.example"}]}
    result = controller.module(three_messages.name, "postfix_queue_purge", options, become=False)
    assert result["msg"] == "Only root may read and change the queue: run this task with become: true."
    assert three_messages.spool_files() == before


def test_a_second_operator_is_told_who_holds_the_queue(three_messages: Host, controller: Controller) -> None:
    before = three_messages.spool_files()
    three_messages.put("/root/hold.py", HOLD_LOCK)
    options: dict[str, Any] = {"match": [{"sender": "bad.example"}]}
    lock = f"{SPOOL}/pid/mailops.lock"
    three_messages.run(
        [
            "sh",
            "-c",
            f"setsid python3 /root/hold.py {lock} >/root/hold.out 2>&1 & until [ -s /root/hold.out ]; do sleep 0.02; done",
        ]
    )
    process = three_messages.get("/root/hold.out").decode().strip()
    try:
        result = controller.purge(three_messages.name, **options)
        looked = controller.purge(three_messages.name, check=True, **options)
    finally:
        three_messages.run(["kill", process])
    assert result["msg"] == (
        f"Another run works on the queue in {SPOOL}: postfix_queue_purge of user alice, process {process}, since 2026-11-20 10:00:00 UTC. "
        "Wait until it has ended, then run this again."
    )
    # To look is always allowed.
    assert looked["matched"]["messages"] == 2
    assert three_messages.spool_files() == before


HOLD_LOCK = """
import fcntl, json, os, sys, time
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(descriptor, fcntl.LOCK_EX)
holder = {"user": "alice", "pid": os.getpid(), "purpose": "postfix_queue_purge", "since": 1795168800}
os.ftruncate(descriptor, 0)
os.pwrite(descriptor, json.dumps(holder).encode(), 0)
print(os.getpid(), flush=True)
time.sleep(3600)
"""


def test_a_pattern_that_would_hang_is_stopped(three_messages: Host, controller: Controller) -> None:
    # No other line ends like this. A queue ID can end in A, and the Received header with it.
    body = "Subject: x\r\n\r\nzz" + "a" * 60 + "!\r\n"
    queue_id = send(three_messages, "slow@good.example", "c@dest.example.org", text=body)
    three_messages.settle(4)
    before = three_messages.spool_files()
    result = controller.purge(three_messages.name, match=[{"content": "/zz(a+)+$/", "queue_id": queue_id}])
    three_messages.run(["postsuper", "-d", queue_id])
    assert result.get("msg", result) == (
        f"The patterns of the selection took more than 5 seconds of CPU time on message {queue_id}. Make them simpler (no repeat "
        "within a repeat, such as (a+)+), or exclude that message by its queue_id. Nothing was changed."
    )
    assert set(before) - set(three_messages.spool_files()) == {("deferred", queue_id)}


# --- expiring, other places, the audit line -------------------------------------------------------------------------


def test_expire_returns_messages_of_own_users(empty_host: Host, controller: Controller) -> None:
    empty_host.run(["sendmail", "-f", "user@example.test", "a@dest.example.org"], input="Subject: mine\n\nhi\n")
    other = send(empty_host, "x@good.example", "b@dest.example.org")
    empty_host.settle(2)
    [mine] = [message["queue_id"] for message in empty_host.postqueue() if message["queue_id"] != other]
    options: dict[str, Any] = {"match": [{"sender": "example.test"}], "method": "expire"}
    predicted = controller.purge(empty_host.name, check=True, **options)
    assert not any(message["forced_expire"] for message in empty_host.postqueue())
    done = controller.purge(empty_host.name, **options)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(purged=1)
    expired = {message["queue_id"]: message["forced_expire"] for message in empty_host.postqueue()}
    assert expired == {mine: True, other: False}
    again = controller.purge(empty_host.name, **options)
    assert again["changed"] is False
    assert again["matched"]["messages"] == 1
    # The next try returns it: a notice to the sender stands in its place.
    empty_host.run(["postqueue", "-f"])
    logged = f" {mine}: sender non-delivery notification: "
    wait_until(lambda: logged in empty_host.get("/var/log/mail.log").decode(), "it is not returned")
    empty_host.settle(2)
    [notice] = [message for message in empty_host.postqueue() if message["sender"] == "MAILER-DAEMON"]
    assert [recipient["address"] for recipient in notice["recipients"]] == ["user@example.test"]
    assert mine not in {message["queue_id"] for message in empty_host.postqueue()}


def test_expire_releases_what_is_held(host: Host, controller: Controller) -> None:
    queue_id = send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    host.run(["postsuper", "-h", queue_id])
    options: dict[str, Any] = {"match_all": True, "method": "expire", "expire_forged": True}
    predicted = controller.purge(host.name, check=True, **options)
    done = controller.purge(host.name, **options)
    assert flags(done) == flags(predicted)
    assert [(message["queue_name"], message["forced_expire"]) for message in host.postqueue()] == [("deferred", True)]


def test_everything_and_maildrop_while_postfix_is_stopped(host: Host, controller: Controller) -> None:
    send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    log = host.run(["postconf", "-h", "maillog_file"]).stdout.strip()
    host.run(["postfix", "stop"])
    host.run(["sendmail", "-f", "x@bad.example", "b@dest.example.org"], input="Subject: dropped\n\nhi\n")
    files = host.spool_files()
    assert {queue for queue, _queue_id in files} == {"deferred", "maildrop"}
    # Only what needs postsuper needs the daemon that it logs through.
    expire = {"match_all": True, "method": "expire", "expire_forged": True}
    for check in (True, False):
        assert controller.purge(host.name, check=check, **expire)["msg"] == (
            f"Postfix is stopped. Without postlogd, postsuper cannot log to {log} (maillog_file) and would fail after the first "
            "message. Start Postfix, or empty maillog_file so that Postfix logs through syslog."
        )
    assert host.spool_files() == files
    options: dict[str, Any] = {"match_all": True, "queues": ["maildrop", "incoming", "active", "deferred", "hold"]}
    predicted = controller.purge(host.name, check=True, **options)
    done = controller.purge(host.name, **options)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(purged=2)
    assert host.spool_files() == {}
    assert "warnings" not in done
    assert deleted_by_the_log(host) >= {queue_id for _queue, queue_id in files}
    assert controller.purge(host.name, **options)["changed"] is False


def test_another_instance_by_name_and_by_directory(host: Host, controller: Controller) -> None:
    host.run(["postmulti", "-e", "init"])
    host.age("/etc/postfix/main.cf")
    host.run(["postmulti", "-I", "postfix-out", "-e", "create"])
    try:
        config = "/etc/postfix-out"
        host.run(["postconf", "-c", config, "-e", "master_service_disable=inet", "authorized_submit_users=root"])
        host.age("/etc/postfix/main.cf", f"{config}/main.cf")
        host.run(
            ["postmulti", "-i", "postfix-out", "-x", "sendmail", "-f", "x@bad.example", "a@dest.example.org"],
            input="Subject: out\n\nhi\n",
        )
        own = send(host, "x@bad.example", "a@dest.example.org")
        host.settle(1)
        by_name = controller.facts(host.name, instance="postfix-out", gather=["counts"])
        assert by_name["instance"]["name"] == "postfix-out"
        assert by_name["queues"]["maildrop"]["messages"] == 1
        assert by_name["total"]["messages"] == 1
        done = controller.purge(host.name, config_directory=config, match_all=True, queues=["maildrop"])
        assert done["outcomes"] == outcomes(purged=1)
        assert controller.facts(host.name, instance="-", gather=["counts"])["total"]["messages"] == 1
        assert list(host.spool_files()) == [("deferred", own)]
    finally:
        host.run(["postmulti", "-i", "postfix-out", "-e", "disable"], check=False)
        host.run(["rm", "-rf", "/etc/postfix-out", "/var/spool/postfix-out", "/var/lib/postfix-out"])
        host.postconf("-X", "multi_instance_directories", "multi_instance_enable", "multi_instance_wrapper")


def test_the_mail_log_says_who_did_what_and_why(empty_host: Host, controller: Controller) -> None:
    send(empty_host, "x@bad.example", "a@dest.example.org")
    empty_host.settle(1)
    done = controller.purge(
        empty_host.name, match=[{"sender": "bad.example"}], reason="ticket 4711\x1b[2J\nforged line"
    )
    lines = [
        line
        for line in empty_host.get("/var/log/mail.log").decode().splitlines()
        if "mailops/postfix_queue_purge[" in line
    ]
    assert lines[-1].partition("]: ")[2] == (
        f"method=delete, purged=1, matched=1, user=ops, selection={done['selection_digest']}, reason=ticket 4711\\x1b[2J\\x0aforged line"
    )


def test_a_check_run_leaves_no_trace(host: Host, controller: Controller) -> None:
    send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    host.run(["rm", "-f", f"{SPOOL}/pid/mailops.lock"])
    listing = [
        "find",
        SPOOL,
        "-not",
        "-name",
        "unix.*",
        "-not",
        "-name",
        "inet.*",
        "-not",
        "-path",
        "*/private*",
        "-not",
        "-path",
        "*/public*",
    ]
    listing += ["-printf", "%p %i %s %m %T@ %C@\n"]
    before = host.run(listing).stdout
    # A directory's time of access shows when this read it; and Postfix's own processes read what is not a queue.
    queues = [
        f"{SPOOL}/{queue}" for queue in ("maildrop", "incoming", "active", "deferred", "hold", "corrupt", "defer")
    ]
    accessed = ["find", *queues, "-type", "f", "-printf", "%p %A@\n"]
    last_read = host.run(accessed).stdout
    log = host.get("/var/log/mail.log")
    controller.purge(host.name, check=True, match_all=True)
    controller.over_ssh.modules(host.name, "postfix_queue_facts", [{"match": [{"reason": "x", "content": "y"}]}])
    assert host.run(listing).stdout == before
    assert host.run(accessed).stdout == last_read
    assert host.get("/var/log/mail.log") == log
