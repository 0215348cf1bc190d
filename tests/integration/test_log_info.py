# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_log_info against what was sent, grep, and postqueue: real logins, a content filter, requeued and returned mail."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import NEWEST_RELEASE
from tests.integration.test_purge import path_of, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.lab import Host, Lab
    from tests.fleet.sasl import Client
    from tests.integration.controller import Controller

LOG = "/var/log/mail.log"
RESULT_BOUND = 64 * 1024
USER, OTHER, STOLEN = (f"{name}@example.test" for name in ("user1", "user2", "stolen"))
HOME, OFFICE = "203.0.113.5", "198.51.100.7"
FILTER = "127.0.0.1:10026"


@pytest.fixture
def logged(either_host: Host) -> Host:
    """The oldest and the newest release in turn, with an empty queue and an empty log."""
    either_host.run(["truncate", "--size=0", LOG])
    return either_host


def log_of(controller: Controller, host: Host, **options: Any) -> dict[str, Any]:
    """Return what postfix_log_info says."""
    return logs_of(controller, host, options)[0]


def logs_of(controller: Controller, host: Host, *several: dict[str, Any], check: bool = False) -> list[dict[str, Any]]:
    """Return what postfix_log_info says with each of several sets of options."""
    results = controller.modules(host.name, "postfix_log_info", several, check=check)
    for result in results:
        assert not result["failed"], json.dumps(result)
        assert result["changed"] is False
        assert len(json.dumps(result)) < RESULT_BOUND
    return [result["log"] for result in results]


def grep(host: Host, pattern: str, *files: str) -> list[str]:
    """Return the lines that grep finds in the log."""
    return host.run(["grep", "-E", pattern, *(files or (LOG,))], check=False).stdout.splitlines()


def send_logged_in(host: Host, account: str, *messages: dict[str, Any], client_address: str = HOME) -> list[str]:
    """Send messages in one session with a login, and return their queue IDs."""
    with host.submitting() as client:
        return submit(client, account, *messages, client_address=client_address)


def submit(client: Client, account: str, *messages: dict[str, Any], client_address: str = HOME) -> list[str]:
    """Do the same with a client that is there."""
    assert client.open("session", account, client_address=client_address).accepted
    replies = client.send("session", *messages)
    client.close("session")
    assert all(reply.accepted for reply in replies), replies
    return [reply.text.rpartition(" ")[2] for reply in replies]


def message(*recipients: str, sender: str = USER) -> dict[str, Any]:
    return {"sender": sender, "recipients": list(recipients)}


@contextlib.contextmanager
def filtering(host: Host, **settings: str) -> Iterator[None]:
    """Have mail of the submission service come back through a second smtpd on the loopback interface, as from a content filter."""
    host.run(["cp", "-p", "/etc/postfix/main.cf", "/etc/postfix/master.cf", "/root"])
    try:
        host.run(["postconf", "-M", f"{FILTER}/inet={FILTER} inet n - n - - smtpd"])
        host.run(["postconf", "-P", f"submission/inet/content_filter=smtp:[127.0.0.1]:{FILTER.rpartition(':')[2]}"])
        if settings:
            host.run(["postconf", "-e", *(f"{name}={value}" for name, value in settings.items())])
        host.age("/etc/postfix/main.cf", "/etc/postfix/master.cf")
        host.reload()
        yield
    finally:
        host.run(["mv", "/root/main.cf", "/root/master.cf", "/etc/postfix"])
        host.age("/etc/postfix/main.cf", "/etc/postfix/master.cf")
        host.reload()


def forget_login(host: Host, queue_id: str) -> None:
    """Rename the attribute in a queue file, in place, so that it has no login."""
    script = (
        "import sys; file = open(sys.argv[1], 'r+b'); data = file.read(); at = data.index(b'sasl_username=');"
        "file.seek(at); file.write(b'xasl_username='); file.close()"
    )
    host.run(["python3", "-c", script, path_of(host, queue_id)])


def test_accounts_are_what_was_sent(logged: Host, controller: Controller) -> None:
    with logged.submitting() as client:
        first = submit(
            client,
            USER,
            message("a@dest.example.org"),
            message("b@dest.example.org", "c@accept.example.org"),
            message("d@reject.example.org", sender="somebody@example.net"),
        )
        for _number in range(2):
            assert not client.log_in(OTHER, "wrong", client_address=OFFICE).accepted
        [second] = submit(client, OTHER, message("e@accept.example.org", sender=OTHER), client_address=OFFICE)
    refused = "import smtplib; c = smtplib.SMTP('127.0.0.1', 587); c.ehlo(); c.mail('x@example.net'); print(c.rcpt('y@example.org'))"
    assert "554" in logged.run(["python3", "-c", refused]).stdout
    # Two that are deferred, and the notice about the one that was returned.
    logged.settle(3)
    log = log_of(controller, logged)
    assert logs_of(controller, logged, {}, check=True) == [log]
    assert log["lines"] == log["sources"][0]["lines"] == len(grep(logged, ""))
    first_rows = log_of(controller, logged, top=1, config_directory="/etc/postfix")
    tables = ("accounts", "clients", "senders", "reasons", "rejects")
    assert [first_rows[name] for name in tables] == [log[name][:1] for name in tables]
    user, other = log["accounts"]
    assert user["sasl_username"] == USER
    assert user["logins"] == len(grep(logged, f"client=.*sasl_username={USER}")) == 3
    assert (user["messages"], user["recipients"], user["bounced"]) == (3, 4, 1)
    assert user["senders"] == [{"value": USER, "messages": 2}, {"value": "somebody@example.net", "messages": 1}]
    assert user["addresses"] == [{"value": HOME, "logins": 3}]
    # The queue manager takes messages that arrive together in any order.
    assert sorted(user["queue_ids"]) == sorted(first)
    assert (user["methods"], user["network_count"], user["truncated"]) == (["PLAIN"], 1, False)
    assert (other["sasl_username"], other["queue_ids"], other["logins"]) == (OTHER, [second], 1)
    # Older releases do not log the name.
    named = len(grep(logged, f"authentication failed.*sasl_username={OTHER}"))
    assert named in (0, 2)
    assert (other["failed_logins"], other["failed_then_successful"]) == (named, named)
    assert {row["value"]: row["recipients"] for row in log["clients"]} == {HOME: 4, OFFICE: 1}
    assert sum(row["times"] for row in log["rejects"]) == len(grep(logged, "NOQUEUE: reject")) == 1
    counted = {status: len(grep(logged, f"status={status} ")) for status in ("deferred", "bounced")}
    for status, number in counted.items():
        assert sum(row["deliveries"] for row in log["reasons"] if row["status"] == status) == number > 0
    [deferred] = {line.partition("status=deferred (")[2][:-1] for line in grep(logged, "to=<a@dest.*status=deferred")}
    assert deferred in [row["value"] for row in log["reasons"]]
    assert (log["suspects"], log["unparsed"], log["approximate"], log["truncated"]) == ([], [], {}, [])


def test_only_some_accounts_and_other_thresholds(logged: Host, controller: Controller) -> None:
    with logged.submitting() as client:
        for number in range(3):
            submit(client, STOLEN, message("a@accept.example.org"), client_address=f"198.51.{number}.7")
        submit(client, USER, message("a@accept.example.org"))
    logged.settle(0)
    thresholds = {"networks_per_day": 3, "logins_per_hour": 3}
    rules: list[dict[str, Any]] = [
        {"sasl_username": STOLEN},
        {"client_address": "198.51.0.0/16"},
        {"sender": "/^/"},
        {"recipient": "nobody@example.org"},
    ]
    found, off, only, tried = logs_of(
        controller,
        logged,
        {"thresholds": thresholds},
        {"thresholds": {**thresholds, "networks_per_day": None}},
        {"sasl_username": [USER]},
        {"gather": [], "match": rules},
    )
    [suspect] = found["suspects"]
    assert suspect["sasl_username"] == STOLEN
    assert [(row["threshold"], row["value"], row["limit"]) for row in suspect["evidence"]] == [
        ("networks_per_day", 3, 3),
        ("logins_per_hour", 3, 3),
    ]
    assert suspect["evidence"][0]["lines"] == grep(logged, f"client=.*sasl_username={STOLEN}")
    assert off["suspects"] == []
    assert [row["sasl_username"] for row in only["accounts"]] == [USER]
    assert [(row["messages"], row["recipients"]) for row in tried["matched"]] == [(3, 3), (3, 3), (4, 4), (0, 0)]
    assert "accounts" not in tried


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="without XFORWARD"),
        pytest.param(
            {"smtp_send_xforward_command": "yes", "smtpd_authorized_xforward_hosts": "127.0.0.0/8"}, id="with XFORWARD"
        ),
    ],
)
def test_messages_in_the_queue_have_their_accounts(
    logged: Host, controller: Controller, settings: dict[str, str]
) -> None:
    with filtering(logged, **settings):
        [before] = send_logged_in(logged, STOLEN, message("a@dest.example.org", sender="x@example.net"))
        logged.settle(1)
    [passed_on] = [listed["queue_id"] for listed in logged.postqueue()]
    assert passed_on != before
    assert "sasl_username" not in logged.run(["postcat", "-eq", passed_on]).stdout
    kept, edited = send_logged_in(logged, USER, message("b@dest.example.org"), message("c@dest.example.org"))
    nobody = send(logged, "d@example.net", "e@dest.example.org")
    logged.settle(4)
    forget_login(logged, edited)
    expected = {passed_on: (STOLEN, "log"), edited: (USER, "log"), kept: (USER, "queue_file")}
    log, only, before_trace, after_trace = logs_of(
        controller,
        logged,
        {"gather": ["queue"]},
        {"gather": ["queue"], "sasl_username": [STOLEN]},
        {"trace": {"queue_id": before}},
        {"trace": {"queue_id": passed_on}},
    )
    assert logs_of(controller, logged, {"gather": ["queue"]}, check=True) == [log]
    rows = {row["queue_id"]: (row["sasl_username"], row["attributed_by"]) for row in log["queue"]}
    assert rows == expected
    assert {row["queue"] for row in log["queue"]} == {"deferred"}
    assert nobody not in rows
    assert log["queue_counts"] == {"messages": 4, "queue_file": 1, "log": 2, "received": 0}
    assert log["queue_accounts"] == [
        {"sasl_username": USER, "messages": 2},
        {"sasl_username": STOLEN, "messages": 1},
    ]
    assert [row["queue_id"] for row in only["queue"]] == [passed_on]
    # The whole message in one trace: both queue IDs, and both sessions.
    lines = [row["line"] for row in before_trace["trace"]]
    assert set(lines) >= set(grep(logged, f" ({before}|{passed_on}): "))
    assert not any(other in line for line in lines for other in (kept, edited, nobody))
    assert after_trace == before_trace


def test_without_the_log_a_header_says_the_account(logged: Host, controller: Controller) -> None:
    logged.configure(smtpd_sasl_authenticated_header="yes")
    try:
        queue_id, forged = send_logged_in(logged, USER, message("b@dest.example.org"), message("c@dest.example.org"))
    finally:
        logged.run(["postconf", "-X", "smtpd_sasl_authenticated_header"])
        logged.reload()
    logged.settle(2)
    forget_login(logged, queue_id)
    forget_login(logged, forged)
    logged.run(["sed", "-i", f"s/id {forged}/id 4AAAAAAA{'Z' * (len(forged) - 8)}/", path_of(logged, forged)])
    logged.put("/root/empty.log", "")
    log = log_of(controller, logged, gather=["queue"], files=["/root/empty.log"])
    assert log["queue"] == [
        {"queue_id": queue_id, "queue": "deferred", "sasl_username": USER, "attributed_by": "received"}
    ]


def test_a_queue_id_that_was_used_twice(logged: Host, controller: Controller) -> None:
    [queue_id] = send_logged_in(logged, USER, message("b@dest.example.org"))
    logged.settle(1)
    forget_login(logged, queue_id)
    lines = grep(logged, f" {queue_id}: ")
    # Yesterday another message had this queue ID. It was delivered.
    earlier = [line.replace(USER, STOLEN).replace("(deferred)", "(sent)") for line in lines]
    host, name = re.match(r"\S+ +\S+ \S+ (\S+) (\S+?)/", lines[0]).groups()  # type: ignore[union-attr]
    stamp = logged.run(["date", "--date=yesterday", "+%b %e %T"]).stdout.strip()
    earlier = [stamp + line[15:] for line in earlier] + [f"{stamp} {host} {name}/qmgr[7]: {queue_id}: removed"]
    logged.put("/root/earlier.log.gz", gzip.compress("".join(line + "\n" for line in earlier).encode()))
    files = ["/root/earlier.log.*", LOG]
    log, traced, recent, old = logs_of(
        controller,
        logged,
        {"gather": ["queue", "accounts"], "files": files},
        {"trace": {"queue_id": queue_id}, "files": files},
        {"since": "2h", "files": files},
        {"until": "2h", "files": files},
    )
    assert [(row["queue_id"], row["sasl_username"], row["attributed_by"]) for row in log["queue"]] == [
        (queue_id, USER, "log")
    ]
    assert {row["sasl_username"] for row in log["accounts"]} == {USER, STOLEN}
    assert [row["path"] for row in log["sources"]] == ["/root/earlier.log.gz", LOG]
    assert [row["line"] for row in traced["trace"] if row["message"] == 1] == earlier
    assert [row["line"] for row in traced["trace"] if row["message"] == 2] == lines
    assert [row["sasl_username"] for row in recent["accounts"]] == [USER]
    assert [row["sasl_username"] for row in old["accounts"]] == [STOLEN]


def test_requeued_and_returned_mail_is_followed(logged: Host, controller: Controller) -> None:
    queue_id = send(logged, "a@example.net", "b@dest.example.org", "c@reject.example.org")
    other = send(logged, "a@example.net", "other@dest.example.org")
    logged.settle(3)
    logged.run(["postsuper", "-r", queue_id])
    # SIGPIPE ends it if pickup was fast.
    logged.run(["postkick", "public", "pickup", "W"], check=False)
    logged.settle(3)
    [requeued] = [re.search(r" (\w+): uid=", line).group(1) for line in grep(logged, f"orig_id={queue_id}$")]  # type: ignore[union-attr]
    [notice] = [line.rpartition(" ")[2] for line in grep(logged, f"{queue_id}: sender non-delivery notification")]
    expected = grep(logged, f" ({queue_id}|{requeued}|{notice}): ")
    log = log_of(controller, logged, trace={"queue_id": queue_id})
    session = [row["line"] for row in log["trace"] if row["queue_id"] is None]
    assert [row["line"] for row in log["trace"] if row["queue_id"] is not None] == expected
    assert len(session) == 2
    assert "]: connect from localhost" in session[0] or "]: connect from unknown" in session[0]
    assert "]: disconnect from " in session[1]
    assert log["trace"][0]["line"] == session[0]
    assert {row["message"] for row in log["trace"]} == {None, 1, 2, 3}
    assert {"accepted", "picked_up", "notice", "moved", "delivery", "message_id"} <= {
        row["event"] for row in log["trace"]
    }
    assert not any(other in row["line"] for row in log["trace"])
    requests = [
        {"queue_id": requeued},
        {"queue_id": notice},
        {"sender": "A@example.net", "recipient": "b@Dest.example.org"},
    ]
    for other_log in logs_of(controller, logged, *({"trace": trace} for trace in requests)):
        assert other_log["trace"] == log["trace"]
    few = log_of(controller, logged, trace={"queue_id": queue_id}, limit=3)
    assert (few["trace"], few["truncated"]) == (log["trace"][:3], ["trace"])


def test_who_may_read_the_log(host: Host, controller: Controller) -> None:
    send(host, "a@example.net", "b@accept.example.org")
    host.run(["chmod", "600", LOG])
    refused = controller.module(host.name, "postfix_log_info", {}, become=False)
    assert refused["msg"] == f"{LOG} cannot be read: Permission denied. Run this as root (become: true)."
    host.run(["chmod", "644", LOG])
    assert not controller.module(host.name, "postfix_log_info", {}, become=False)["failed"]
    queue = controller.module(host.name, "postfix_log_info", {"gather": ["queue"]}, become=False)
    assert queue["msg"] == "Only root may read and change the queue: run this task with become: true."


def test_the_result_is_bounded(lab: Lab, controller: Controller) -> None:
    host = lab.host_of(NEWEST_RELEASE)
    stamp = host.run(["date", "+%b %e %T"]).stdout.strip()
    lines = []
    for number in range(300):
        name = ("\u202e\U0001f4a9" * 30) + str(number)
        queue_id = f"4{number:07d}"
        head = f"{stamp} mx postfix/"
        lines += [
            f"{head}smtpd[1]: {queue_id}: client=x[192.0.2.{number % 250}], sasl_method=PLAIN, sasl_username={name}",
            f"{head}cleanup[1]: {queue_id}: message-id=<{name}@x>",
            f"{head}qmgr[1]: {queue_id}: from=<{name}@x.example>, size=1, nrcpt=99 (queue active)",
            f"{head}smtp[1]: {queue_id}: to=<t@x.example>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred ({name})",
            f"{head}{name[:40]}[1]: {name}",
        ]
    host.put("/root/long.log", "".join(line + "\n" for line in lines))
    options: dict[str, Any] = {"files": ["/root/long.log"], "thresholds": {"logins_per_hour": 1, "networks_per_day": 1}}
    for more in ({}, {"trace": {"sender": "x@x", "recipient": "t@x.example"}}, {"gather": ["queue", "accounts"]}):
        log_of(controller, host, **options, **more)
    log = log_of(controller, host, **options)
    assert log["truncated"] == ["suspects"]
    assert 10 == len(log["accounts"]) < len(log["suspects"])
