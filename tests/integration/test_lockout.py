# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stolen account on four releases: found by its traces in the logs, locked on every host, cleaned up after, and unlocked.

MAILOPS_STOLEN_MESSAGES=125 has the thief send 3,000 messages.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import wait_until
from tests.integration.conftest import empty
from tests.integration.controller import ROOT
from tests.integration.playbooks import Playbooks
from tests.integration.test_playbooks import unplugged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet.lab import Host, Lab
    from tests.fleet.sasl import Backend, Client
    from tests.integration.controller import Controller

STOLEN = "stolen@example.test"
OWNERS = ("user1@example.test", "user2@example.test")
LOCK = {"lockout_locks": [{"sasl_username": STOLEN}]}
BACKENDS = {"bullseye": "saslauthd", "bookworm": "dovecot", "trixie": "sasldb", "sid": "saslauthd"}
FILES = ("/etc/postfix/main.cf", "/etc/postfix/master.cf")
EXAMPLES = ROOT / "roles" / "lockout" / "examples"
# The thief comes from so many networks, and sends so many messages from each.
NETWORKS, MESSAGES = 6, int(os.environ.get("MAILOPS_STOLEN_MESSAGES", "10"))
# How the site of the test refuses a login: the accounts are in sasldb, or in SQLite for Dovecot.
REFUSE = """\
- name: Refuse the login in sasldb
  ansible.builtin.include_tasks: %s/sasldb_refuse.yml
- name: Refuse the login in the database of Dovecot
  ansible.builtin.command:
    argv: [python3, -c, "%s", "{{ lockout_account }}"]
    removes: /etc/dovecot/users.sqlite
  become: true
  register: site_deleted
  changed_when: site_deleted.stdout == "1"
"""
# How the test knows which account is allowed again.
ALLOW = """\
- name: Note the account
  ansible.builtin.copy:
    content: "{{ lockout_account }}"
    dest: /tmp/allowed
    mode: "0600"
  become: true
"""
DELETE = (
    "import sqlite3, sys; print(sqlite3.connect('/etc/dovecot/users.sqlite', isolation_level=None).execute("
    "'DELETE FROM users WHERE account = ?', sys.argv[1:]).rowcount)"
)


def fields(*senders: str, recipients: int = 2) -> list[dict[str, Any]]:
    """Return messages, one from each sender."""
    return [{"sender": sender, "recipients": [f"v{n}@example.org" for n in range(recipients)]} for sender in senders]


@dataclass
class Submission:
    """The submission service of a host while mail is sent through it."""

    host: Host
    accounts: Backend
    client: Client
    before: dict[str, bytes] = field(default_factory=dict)

    def send_all(self) -> None:
        """Send what the thief and the owners send, and leave a session of the thief open."""
        self.before = {path: self.host.get(path) for path in FILES}
        for owner in OWNERS:
            assert self.client.open(owner, owner, client_address="198.51.100.7").accepted
            assert all(reply.accepted for reply in self.client.send(owner, *fields(*[owner] * 5)))
            self.client.close(owner)
        for network in range(NETWORKS):
            assert self.client.open("thief", STOLEN, client_address=f"203.0.{113 + network}.5").accepted
            senders = [f"s{network}{n}@d{n}.example.net" for n in range(MESSAGES)]
            assert all(reply.accepted for reply in self.client.send("thief", *fields(*senders)))
            if network < NETWORKS - 1:
                self.client.close("thief")
        self.host.settle(5 * len(OWNERS) + NETWORKS * MESSAGES)

    def queued(self, *, stolen: bool) -> dict[str, int]:
        """Return how many messages of the thief, or of others, each queue has."""
        counts: dict[str, int] = {}
        for message in self.host.postqueue():
            if message["sender"].endswith("example.net") == stolen:
                counts[message["queue_name"]] = counts.get(message["queue_name"], 0) + 1
        return counts

    def queues(self) -> set[str]:
        """Return the queues that have messages."""
        return {message["queue_name"] for message in self.host.postqueue()}

    def check_locked(self) -> None:
        """Check that nobody sends with the stolen account: by a new session, by the open one, and by the cached login."""
        assert not self.client.send("thief", *fields("again@d1.example.net"))[0].accepted
        self.accounts.set_password(STOLEN, "new")
        assert self.client.log_in(STOLEN, client_address="203.0.113.5").code == 535
        # The lock stands by itself, too, as for an account whose login still works.
        assert self.client.open("new", STOLEN, "new", client_address="203.0.113.9").accepted
        (reply,) = self.client.send("new", *fields("more@d1.example.net"))
        assert reply == (554, f"5.7.1 <{STOLEN}>: SASL login name rejected: Access denied")
        self.client.close("new")

    def check_flow(self, *accounts: str) -> None:
        """Check that these accounts send."""
        for account in accounts:
            password = "new" if account == STOLEN else "secret"
            assert self.client.open("flow", account, password).accepted
            assert self.client.send("flow", *fields(account))[0].accepted
            self.client.close("flow")


@contextlib.contextmanager
def submission_of(host: Host) -> Iterator[Submission]:
    empty(host)
    with host.authenticating_by(BACKENDS[host.release]) as accounts, host.submitting() as client:
        # The log begins here, without what other tests sent.
        host.run(["truncate", "--size", "0", "/var/log/mail.log"])
        yield Submission(host, accounts, client)
    empty(host)


def all_at_once(submissions: list[Submission], method: str, *arguments: str) -> None:
    with ThreadPoolExecutor(len(submissions)) as pool:
        list(pool.map(lambda submission: getattr(submission, method)(*arguments), submissions))


@pytest.fixture(scope="module")
def submissions(lab: Lab) -> Iterator[list[Submission]]:
    """The submission service of each host, with a queue of spam and good mail, all of it deferred."""
    lab.sink.reset()
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(submission_of(host)) for host in lab.hosts]
        all_at_once(opened, "send_all")
        yield opened
    lab.sink.reset()


@pytest.fixture
def playbooks(controller: Controller, tmp_path: Path) -> Playbooks:
    return Playbooks(controller, tmp_path / "reports")


def states(run: Any) -> dict[str, str]:
    return {row["host"]: row["state"] for row in run.report("lockout")["hosts"]}


def test_the_thief_is_found_and_locked_out_and_nobody_else(
    playbooks: Playbooks, submissions: list[Submission], lab: Lab, tmp_path: Path
) -> None:
    names = [host.name for host in lab.hosts]
    found = playbooks.run("lockout")
    assert found.status == 0, found.output
    assert [suspect["sasl_username"] for suspect in found.report("suspects-*")["suspects"]] == [STOLEN]
    approved = playbooks.directory / "suspects.yml"
    assert found.lines[-1].endswith(f"-e @{approved.resolve()}")
    assert all(submission.host.get(path) == submission.before[path] for submission in submissions for path in FILES)
    assert found.recap("changed") == dict.fromkeys(names, 0)

    hook = tmp_path / "refuse.yml"
    hook.write_text(REFUSE % (EXAMPLES, DELETE), encoding="utf-8")
    others = {submission.host.name: submission.queued(stolen=False) for submission in submissions}
    variables = {
        "lockout_cleanup": "purge",
        "lockout_refuse_login": [str(hook)],
        "lockout_reason": "ticket 4711",
        "lockout_pause": 1,
    }
    last = lab.hosts[-1]
    with unplugged(last, lab):
        run = playbooks.run("lockout", "-e", f"@{approved}", **variables)
    assert run.status == 2
    assert states(run) == {**dict.fromkeys(names, "locked"), last.name: "unreachable"}
    report = run.report("lockout")
    assert report["problems"][last.name].endswith("Nothing is locked here. Run it again when the host answers.")
    spam = NETWORKS * MESSAGES
    reachable = len(names) - 1
    assert report["locks"] == [{"lock": LOCK["lockout_locks"][0], "queue": spam * reachable, "log": spam * reachable}]
    locked = report["hosts"][:-1]
    assert [(row["held"]["messages"], row["cleaned"]["messages"], row["left"]) for row in locked] == [
        (spam, spam, 0)
    ] * reachable
    assert all(row["sessions"] >= 1 for row in locked)

    again = playbooks.run("lockout", "--limit", f"{names[0]},{last.name}", "-e", f"@{approved}", **variables)
    assert again.status == 0, again.output
    assert states(again) == {names[0]: "nothing_to_do", last.name: "locked"}
    assert again.recap("changed")[names[0]] == 0
    for submission in submissions:
        assert submission.queued(stolen=True) == {}
        assert submission.queued(stolen=False) == others[submission.host.name]
    all_at_once(submissions, "check_locked")
    all_at_once(submissions, "check_flow", *OWNERS)


def test_locks_are_listed_and_removed_byte_for_byte(
    playbooks: Playbooks, submissions: list[Submission], lab: Lab
) -> None:
    names = [host.name for host in lab.hosts]
    listed = playbooks.run("locks")
    assert listed.status == 0, listed.output
    report = listed.report("locks")
    assert [(lock["value"], lock["reason"], lock["hosts"]) for lock in report["locks"]] == [
        (STOLEN, "ticket 4711", names)
    ]
    run = playbooks.run("unlock", lockout_ids=[report["locks"][0]["id"]])
    assert run.status == 0, run.output
    assert states(run) == dict.fromkeys(names, "unlocked")
    for submission in submissions:
        assert {path: submission.host.get(path) for path in FILES} == submission.before
    all_at_once(submissions, "check_flow", STOLEN, *OWNERS)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**LOCK, "lockout_never": ["*@example.test"]}, "must not be locked"),
    ({**LOCK, "lockout_max_accounts": 0}, "lockout_max_accounts allows 0"),
    ({"lockout_locks": [{"sender": "/./"}]}, "which is more than 95 percent"),
]


@pytest.mark.parametrize(("variables", "message"), REFUSED)
def test_what_is_refused_touches_nothing(
    playbooks: Playbooks, submissions: list[Submission], variables: dict[str, Any], message: str
) -> None:
    run = playbooks.run("lockout", "--limit", "mx01", **variables)
    assert run.status == 2
    assert message in json.loads(json.dumps(run.output))
    assert {path: submissions[0].host.get(path) for path in FILES} == submissions[0].before


def test_check_mode_predicts_and_the_owner_is_spared(
    playbooks: Playbooks, controller: Controller, submissions: list[Submission], tmp_path: Path
) -> None:
    submission = submissions[0]
    host = submission.host
    assert submission.client.open("again", STOLEN, "new", client_address="203.0.113.7").accepted
    own, spam = fields(*[STOLEN] * 3), fields(*["x@d1.example.net"] * 4)
    assert all(reply.accepted for reply in submission.client.send("again", *own, *spam))
    variables: dict[str, Any] = {
        **LOCK,
        "lockout_cleanup": "quarantine",
        "lockout_exclude": [{"sender": STOLEN}],
        "lockout_pause": 1,
    }
    wait_until(lambda: not {"incoming", "active"} & submission.queues(), "not all messages are deferred")
    before = host.spool_files()
    check = playbooks.run("lockout", "--limit", host.name, "--check", "--diff", **variables)
    assert check.status == 0, check.output
    assert check.row(host.name)[1] == "would lock"
    assert "+++ after" in check.output
    assert (host.spool_files(), {path: host.get(path) for path in FILES}) == (before, submission.before)
    assert not playbooks.directory.exists()

    run = playbooks.run("lockout", "--limit", host.name, **variables)
    assert run.status == 0, run.output
    (row,) = run.report("lockout")["hosts"]
    assert (row["state"], row["cleaned"]["messages"], row["left"]) == ("locked", 4, 0)
    (quarantine,) = controller.module(host.name, "postfix_quarantine_info", {})["quarantines"]
    assert (quarantine["name"], quarantine["total"]["messages"]) == (run.report("lockout")["quarantine"], 4)
    assert submission.queued(stolen=True) == {}
    assert not submission.client.send("again", *spam)[0].accepted

    allow = tmp_path / "allow.yml"
    allow.write_text(ALLOW, encoding="utf-8")
    unlocked = playbooks.run("unlock", "--limit", host.name, **LOCK, lockout_allow_login=[str(allow)])
    assert unlocked.status == 0, unlocked.output
    assert host.get("/tmp/allowed").decode() == STOLEN  # noqa: S108  a file of the lab host
    assert {path: host.get(path) for path in FILES} == submission.before


def test_the_other_variables(playbooks: Playbooks, submissions: list[Submission]) -> None:
    submission = submissions[0]
    host = submission.host
    variables: dict[str, Any] = {
        "lockout_locks": [{"sender": "only.example.net"}, {"header": {"Subject": "/you have won/"}}],
        "lockout_action": "hold",
        "lockout_text": "ask the help desk",
        "lockout_expires": "1h",
        "lockout_end_sessions": False,
        "lockout_cleanup": "none",
        "lockout_since": "2h",
        "lockout_files": ["/var/log/mail.log"],
        "lockout_config_directory": "/etc/postfix",
        "lockout_command_directory": "/usr/sbin",
        "lockout_sweeps": 1,
        "lockout_limit": 1,
    }
    assert submission.client.open("first", OWNERS[0]).accepted
    assert submission.client.send("first", *fields(*["x@only.example.net"] * 2))[0].accepted
    wait_until(lambda: not {"incoming", "active"} & submission.queues(), "not all messages are deferred")
    limits = dict.fromkeys(("lockout_max_messages", "lockout_fleet_max_messages", "lockout_max_percent"), 0)
    refused = playbooks.run("lockout", "--limit", host.name, **variables, **limits)
    assert refused.status == 2
    for text in ("lockout_max_messages allows 0", "lockout_fleet_max_messages allows 0", "more than 0 percent"):
        assert text in refused.output
    assert {path: host.get(path) for path in FILES} == submission.before
    run = playbooks.run("lockout", "--limit", host.name, **variables)
    assert [effect["queue"] for effect in run.report("lockout")["locks"]] == [2, 0]
    assert submission.client.open("later", OWNERS[0]).accepted
    letters = [*fields("x@only.example.net", OWNERS[0]), {**fields(OWNERS[0])[0], "subject": "You have WON"}]
    assert all(reply.accepted for reply in submission.client.send("later", *letters))
    held = [found["sender"] for found in host.postqueue() if found["queue_name"] == "hold"]
    assert sorted(held) == [OWNERS[0], "x@only.example.net"]
    assert "ask the help desk (lock sender-" in host.get("/var/log/mail.log").decode()
    listed = playbooks.run("locks", "--limit", host.name).report("locks")["locks"]
    assert all(lock["expires"] - lock["created"] == 3600 for lock in listed)
    unlocked = playbooks.run("unlock", "--limit", host.name, lockout_ids=[lock["id"] for lock in listed])
    assert (unlocked.status, unlocked.row(host.name)[1]) == (0, "unlocked")
    assert {path: host.get(path) for path in FILES} == submission.before
    host.run(["postsuper", "-d", "ALL", "hold"])


def test_a_message_is_followed_from_host_to_host(playbooks: Playbooks, submissions: list[Submission], lab: Lab) -> None:
    first, second = submissions[0], submissions[1]
    first.host.configure(relayhost=f"[{second.host.address}]")
    try:
        assert first.client.open("traced", OWNERS[0]).accepted
        (reply,) = first.client.send("traced", {"sender": OWNERS[0], "recipients": ["far@example.org"]})
        queue_id = reply.text.rpartition(" ")[2]
        wait_until(lambda: "far@example.org" in second.host.run(["postqueue", "-p"]).stdout, "it does not arrive")
        run = playbooks.run("trace", message_trace_queue_id=queue_id)
    finally:
        first.host.configure(relayhost=f"[{lab.net}.1]:2525")
    assert run.status == 0, run.output
    report = run.report("trace")
    assert {row["host"]: row["state"] for row in report["hosts"]} == {
        first.host.name: "ok",
        second.host.name: "ok",
        "mx03": "not_found",
        "mx04": "not_found",
    }
    assert report["events"][0]["from_host"] == first.host.name
    assert any(event["from_host"] == second.host.name and event["queue_id"] != queue_id for event in report["events"])
    assert run.recap("changed") == dict.fromkeys([host.name for host in lab.hosts], 0)


def test_an_expired_lock_ends_with_the_next_run(
    playbooks: Playbooks, controller: Controller, submissions: list[Submission]
) -> None:
    host = submissions[0].host
    lock = {"locks": [{"sender": "badexample.com"}], "action": "hold", "expires": "1s"}
    (added,) = controller.module(host.name, "postfix_lock", lock)["added"]
    wait_until(lambda: time.time() > added["expires"], "the time does not pass")
    ended = playbooks.run("locks", "--limit", host.name)
    assert ended.status == 0, ended.output
    (row,) = ended.report("locks")["hosts"]
    assert (row["expired"], row["locks"]) == ([added["id"]], [])
    assert {path: host.get(path) for path in FILES} == submissions[0].before
