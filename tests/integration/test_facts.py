# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_queue_facts against what Postfix itself says, and against the recorded mixture."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL, Host, Lab, wait_until
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.integration.controller import Controller

MESSAGES = 4000
RESULT_BOUND = 64 * 1024
# How senders are shown that a rule would take for something else.
SHOWN = {"": "<>", "MAILER-DAEMON": '"MAILER-DAEMON"'}
# More rows than any top has distinct values here, so that every figure can be compared.
ALL_ROWS = 100_000

pytestmark = pytest.mark.usefixtures("mixture")


@pytest.fixture(scope="module")
def mixture(lab: Lab) -> Iterator[dict[str, list[Record]]]:
    """4,000 mixed messages on each host, all deferred, and quiet."""
    lab.sink.reset()
    for host in lab.hosts:
        host.run(["postsuper", "-d", "ALL"])
    records = lab.fill("incident", MESSAGES)
    for host in lab.hosts:
        host.configure(queue_run_delay="1h", minimal_backoff_time="1h", maximal_backoff_time="1h")
    yield records
    for host in lab.hosts:
        host.run(["postsuper", "-d", "ALL"])
        host.configure(queue_run_delay="300s", minimal_backoff_time="2h", maximal_backoff_time="4h")


def rows(top: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Return a top as {value: messages}."""
    return {row["value"]: row["messages"] for row in top}


def counted(values: Iterable[Iterable[str]]) -> dict[str, int]:
    """Count each message's distinct values."""
    return dict(Counter(value for several in values for value in set(several)))


def domain(address: str) -> str:
    """Return what stands behind the last @, in lower case."""
    return address.rpartition("@")[2].lower()


def test_every_count_agrees_with_postqueue(each_host: Host, controller: Controller) -> None:
    facts = controller.facts(each_host.name, top=ALL_ROWS, gather=["counts"])
    listed = each_host.postqueue()
    assert facts["instance"]["version"] == each_host.postfix_version
    assert facts["instance"]["running"] is True
    for queue in ("maildrop", "incoming", "active", "deferred", "hold"):
        there = [message for message in listed if message["queue_name"] == queue]
        assert facts["queues"][queue] == {
            "messages": len(there),
            "bytes": sum(message["message_size"] for message in there),
            "incomplete": 0,
            "oldest": min((message["arrival_time"] for message in there), default=None),
        }
    assert facts["total"] == {
        "messages": len(listed),
        "bytes": sum(message["message_size"] for message in listed),
        "recipients": sum(len(message["recipients"]) for message in listed),
        "oldest": min(message["arrival_time"] for message in listed),
    }
    assert facts["total"]["messages"] == MESSAGES
    assert facts["scan"]["files"] == len(each_host.spool_files())


def test_every_top_agrees_with_postqueue_and_the_record(
    each_host: Host, controller: Controller, mixture: dict[str, list[Record]]
) -> None:
    facts = controller.facts(each_host.name, top=ALL_ROWS, gather=["top", "reasons"])
    top = facts["top"]
    listed = each_host.postqueue()
    records = mixture[each_host.name]
    addresses = [[recipient["address"] for recipient in message["recipients"]] for message in listed]
    reasons = [
        [recipient["delay_reason"] for recipient in message["recipients"] if "delay_reason" in recipient]
        for message in listed
    ]
    # postqueue shows the null sender and a literal MAILER-DAEMON alike; the record does not.
    by_postqueue = Counter(message["sender"] for message in listed)
    bare = sum(record.sender == "MAILER-DAEMON" for record in records)
    by_postqueue["<>"] = by_postqueue["MAILER-DAEMON"] - bare
    del by_postqueue["MAILER-DAEMON"]
    by_postqueue[SHOWN["MAILER-DAEMON"]] = bare
    assert rows(top["senders"]) == {value: count for value, count in by_postqueue.items() if count}
    assert rows(top["recipients"]) == counted(addresses)
    assert rows(top["recipient_domains"]) == counted(map(domain, several) for several in addresses)
    assert rows(top["reasons"]) == counted(reasons)
    assert rows(top["sender_domains"]) == counted(
        [domain(message["sender"])] for message in listed if "@" in message["sender"]
    )
    assert rows(top["sasl_usernames"]) == counted([record.sasl_username] for record in records if record.sasl_username)
    recipients = Counter(
        name for record in records if record.sasl_username for name in [record.sasl_username] * len(record.pending)
    )
    assert {row["value"]: row["recipients"] for row in top["sasl_usernames"]} == recipients
    assert rows(top["client_addresses"]) == counted(
        [record.client_address] for record in records if record.client_address
    )
    assert facts["top_missed"] == {}


def test_the_shape_agrees_with_qshape(each_host: Host, controller: Controller) -> None:
    def ask() -> tuple[list[int], dict[str, list[int]]]:
        text = each_host.run(["qshape", "-w", "200", "deferred"]).stdout
        table = [line.split() for line in text.splitlines()[1:]]
        shape = {fields[0]: [int(field) for field in fields[1:]] for fields in table}
        return shape.pop("TOTAL"), shape

    total: list[int] = []
    by_domain: dict[str, list[int]] = {}
    shape: dict[str, Any] = {}

    def ask_all() -> bool:
        nonlocal total, by_domain, shape
        total, by_domain = ask()
        shape = controller.facts(each_host.name, top=ALL_ROWS, gather=["shape"], queues=["deferred"])["shape"]
        return (total, by_domain) == ask()

    # Messages grow older: what lies between two equal answers of qshape has that answer too. There are none for a minute while those
    # of one minute cross the border of a bucket.
    wait_until(ask_all, "the answers of qshape differ", seconds=600)
    assert [sum(shape["total"]), *shape["total"]] == total
    assert {row["domain"]: [row["recipients"], *row["buckets"]] for row in shape["domains"]} == by_domain


def test_the_recorded_mixture_is_selected_exactly(
    each_host: Host, controller: Controller, mixture: dict[str, list[Record]]
) -> None:
    facts = controller.facts(
        each_host.name, match=SPAM_MATCH, exclude=SPAM_EXCLUDE, limit=MESSAGES, gather=["messages"]
    )
    spam = {record.queue_id for record in mixture[each_host.name] if record.is_spam}
    assert {message["queue_id"] for message in facts["messages"]} == spam
    assert facts["matched"]["messages"] == len(spam)
    assert facts["truncated"] is False


def test_messages_agree_with_the_record(
    each_host: Host, controller: Controller, mixture: dict[str, list[Record]]
) -> None:
    messages = controller.facts(each_host.name, limit=MESSAGES, gather=["messages", "reasons"])["messages"]
    listed = {message["queue_id"]: message for message in each_host.postqueue()}
    found = {message["queue_id"]: message for message in messages}
    assert len(found) == len(messages) == MESSAGES
    for record in mixture[each_host.name]:
        message, by_postqueue = found[record.queue_id], listed[record.queue_id]
        assert (message["queue"], message["arrival_time"], message["size"]) == (
            by_postqueue["queue_name"],
            by_postqueue["arrival_time"],
            by_postqueue["message_size"],
        )
        assert message["sender"] == SHOWN.get(record.sender, record.sender)
        assert message["recipient_count"] == len(record.pending)
        assert set(message["recipients"]) <= set(record.pending)
        assert message["sasl_username"] == record.sasl_username
        assert message["client_address"] == record.client_address
        assert message["origin"] == {"submission": "smtp"}.get(record.origin, record.origin)
        assert message["reason"] in {recipient.get("delay_reason") for recipient in by_postqueue["recipients"]}
        assert message["forced_expire"] is False
    arrivals = [message["arrival_time"] for message in messages]
    assert arrivals == sorted(arrivals)


def test_over_ssh_it_is_the_same(controller: Controller) -> None:
    direct = controller.module("mx01", "postfix_queue_facts", {})
    over_ssh = controller.over_ssh.module("mx01", "postfix_queue_facts", {})
    assert set(over_ssh) == set(direct)
    for result in (direct, over_ssh):
        assert (result["failed"], result["changed"]) == (False, False)
        result["ansible_facts"]["postfix_queue"]["scan"].pop("seconds")
        # Messages grow older meanwhile.
        result["ansible_facts"]["postfix_queue"].pop("shape")
    assert over_ssh["ansible_facts"] == direct["ansible_facts"]
    as_user = controller.over_ssh.facts("mx01", become=False)
    assert as_user["scan"]["source"] == "postqueue"


def test_a_default_result_stays_small(each_host: Host, controller: Controller) -> None:
    facts = controller.facts(each_host.name)
    assert len(json.dumps(facts)) < RESULT_BOUND
    assert 0 < len(facts["messages"]) <= 100
    assert facts["truncated"] is True


def test_it_works_while_postfix_is_stopped(each_host: Host, controller: Controller) -> None:
    running = controller.facts(each_host.name, gather=["counts", "top"])
    each_host.run(["postfix", "stop"])
    try:
        stopped = controller.facts(each_host.name, gather=["counts", "top"])
    finally:
        each_host.run(["postfix", "start"])
    assert stopped["instance"]["running"] is False
    assert {key: stopped[key] for key in ("queues", "total", "matched", "top")} == {
        key: running[key] for key in ("queues", "total", "matched", "top")
    }


def test_an_unprivileged_user_is_told_what_postqueue_tells(each_host: Host, controller: Controller) -> None:
    as_root = controller.facts(each_host.name, top=ALL_ROWS)
    as_user = controller.facts(each_host.name, top=ALL_ROWS, become=False)
    assert as_user["scan"]["source"] == "postqueue"
    assert as_user["scan"]["files"] == MESSAGES
    assert "content" in as_user["scan"]["unknown"]
    assert "sasl_username" in as_user["scan"]["unknown"]
    assert as_user["top"]["sasl_usernames"] is None
    assert as_user["top"]["client_addresses"] is None
    assert as_user["queues"]["corrupt"] is None
    assert as_user["queues"]["deferred"] == {**as_root["queues"]["deferred"], "incomplete": None}
    assert as_user["total"] == as_root["total"]
    assert rows(as_user["top"]["recipients"]) == rows(as_root["top"]["recipients"])
    assert rows(as_user["top"]["reasons"]) == rows(as_root["top"]["reasons"])


def test_a_criterion_that_postqueue_does_not_show_is_refused(controller: Controller) -> None:
    result = controller.module("mx01", "postfix_queue_facts", {"match": [{"sasl_username": "x"}]}, become=False)
    assert result["msg"] == (
        "The criterion sasl_username needs the queue files, and postqueue does not show them. Run this as root "
        "(become: true) with source: spool."
    )


def test_a_user_who_may_not_look_is_told_so(lab: Lab, controller: Controller) -> None:
    host = lab.host("mx02")
    host.configure(authorized_mailq_users="root")
    try:
        result = controller.module(host.name, "postfix_queue_facts", {}, become=False)
    finally:
        host.postconf("-X", "authorized_mailq_users")
        host.reload()
    assert result["msg"] == (
        "This user may neither read the spool nor ask postqueue. Run this as root (become: true), or list the user in "
        "authorized_mailq_users in main.cf."
    )


def test_a_user_is_told_when_postqueue_cannot_answer(lab: Lab, controller: Controller) -> None:
    host = lab.host("mx02")
    host.run(["postfix", "stop"])
    try:
        result = controller.module(host.name, "postfix_queue_facts", {}, become=False)
    finally:
        host.run(["postfix", "start"])
    assert result["msg"] == (
        "This user may not read the spool, and postqueue cannot answer because Postfix is stopped. Run this as root "
        "(become: true), or start Postfix."
    )


def test_a_directory_at_rest_gives_the_same_facts(lab: Lab, controller: Controller) -> None:
    host = lab.host("mx03")
    live = controller.facts(host.name, limit=20)
    host.run(["cp", "-a", SPOOL, "/root/copy"])
    try:
        # What it takes for the instance is not there: a copy needs no Postfix.
        copy = controller.facts(host.name, limit=20, spool="/root/copy", command_directory="/nonexistent")
    finally:
        host.run(["rm", "-r", "/root/copy"])
    assert copy["instance"] == {
        "name": None,
        "config_directory": None,
        "queue_directory": "/root/copy",
        "version": None,
        "running": None,
        "long_queue_ids": None,
    }
    for key in ("queues", "total", "matched", "top"):
        assert copy[key] == live[key]
    # A copy's files have other times of change, so a retry is not known as it was.
    without_retry = [{**message, "next_retry": None} for message in live["messages"]]
    assert [{**message, "next_retry": None} for message in copy["messages"]] == without_retry


def test_a_directory_that_is_no_spool_is_refused(controller: Controller) -> None:
    result = controller.module("mx01", "postfix_queue_facts", {"spool": "/etc"})
    assert result["msg"] == (
        "/etc is no queue directory and holds no queue files. Name a queue directory, or a directory of queue files such as a queue that "
        "was moved away."
    )
