# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_lock: what it locks, a real SMTP client can no longer send; what it does not lock, and what comes after, flows."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import HERE, NEWEST_RELEASE, OLDEST_RELEASE, Host, wait_until
from tests.integration.conftest import empty
from tests.integration.faults import KILL

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.fleet.lab import Lab
    from tests.integration.controller import Controller

FILES = ("/etc/postfix/main.cf", "/etc/postfix/master.cf")
CLIENT = HERE / "smtp_client.py"
SUBMISSION = "587"
STOLEN = "stolen@example.test"
# What a site may have, in forms that Postfix reads and that are easily damaged.
SITE = """
# the site's own
smtpd_recipient_restrictions =
    # first this
    check_recipient_access inline:{refused@site.example=REJECT}

  , permit_mynetworks
header_checks=pcre:/etc/postfix/site_checks"""
SITE_CHECKS = "/^Subject: site/ REJECT by the site\n/^X-Mark:/ REPLACE X-Marked: yes\n"
MESSAGE = "Subject: {subject}\r\nFrom: a@b.example\r\n\r\n{body}\r\n"


def message(
    sender: str = "a@b.example",
    recipient: str = "c@d.example",
    *,
    subject: str = "hello",
    body: str = "text",
    **more: str,
) -> dict[str, str]:
    """Return a message for the client."""
    return {"sender": sender, "recipient": recipient, "text": MESSAGE.format(subject=subject, body=body), **more}


class Session:
    """An SMTP session from outside the host that stays open."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.login = self._answer()

    def send(self, **fields: str) -> str:
        """Send a message and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message(**fields)) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextlib.contextmanager
def session(lab: Lab, host: Host, user: str | None = None, *, port: str = SUBMISSION) -> Iterator[Session]:
    """Open a session, of a user if one is given."""
    login = [] if user is None else [f"{user}@example.test", "secret"]
    with lab.started([sys.executable, str(CLIENT), host.address, port, *login]) as process:
        yield Session(process)
        process.communicate()


def answers(host: Host, *messages: dict[str, str]) -> list[str]:
    """Send messages from the host itself, where XCLIENT is allowed, and return the answers."""
    host.put("/root/smtp_client.py", CLIENT.read_bytes())
    lines = "".join(json.dumps({"client": "198.51.100.1", **one}) + "\n" for one in messages)
    return host.run(["python3", "/root/smtp_client.py", "127.0.0.1", "25"], input=lines).stdout.splitlines()[1:]


def held(host: Host) -> list[str]:
    """Return the senders of mail on hold, sorted."""
    return sorted(found["sender"] for found in host.postqueue() if found["queue_name"] == "hold")


def contents(host: Host) -> dict[str, bytes]:
    """Return main.cf and master.cf."""
    return {path: host.get(path) for path in FILES}


def trees(host: Host) -> str:
    """Return all that there is below /etc/postfix, with times and digests."""
    script = "cd /etc/postfix && find . -printf '%p %m %u %T@\\n' | sort && find . -type f | sort | xargs sha256sum"
    return host.run(["sh", "-c", script]).stdout


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without what is another one a second later, and what only the real run can know."""
    same = {name: value for name, value in result.items() if name not in ("invocation", "warnings", "unknown_sessions")}
    for name in ("locks", "added", "updated"):
        same[name] = [{**row, "created": 0, "expires": bool(row["expires"])} for row in same[name]]
    return same


@pytest.fixture(params=(OLDEST_RELEASE, NEWEST_RELEASE))
def lockable(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Host]:
    """The hosts of two releases in turn, with an empty queue, and with their configuration as before afterwards."""
    host = lab.host_of(request.param)
    lab.sink.reset()
    empty(host)
    before = contents(host)
    yield host
    for path, data in before.items():
        host.put(path, data)
    host.age(*FILES)
    host.run(["rm", "-rf", "/etc/postfix/mailops", "/etc/postfix/site_checks"])
    host.run(["postfix", "reload"])
    empty(host)


@pytest.fixture
def lock(controller: Controller, lockable: Host) -> Callable[..., dict[str, Any]]:
    """Return a function that runs the module in check mode and for real, and compares the results.

    again: whether to run it once more, which must change nothing.
    """

    def run(*, again: bool = False, **options: Any) -> dict[str, Any]:
        before = trees(lockable)
        predicted = controller.module(lockable.name, "postfix_lock", options, check=True)
        assert trees(lockable) == before
        done = controller.module(lockable.name, "postfix_lock", options)
        assert not done["failed"], done["msg"]
        assert _comparable(done) == _comparable(predicted)
        if again:
            after = trees(lockable)
            repeated = controller.module(lockable.name, "postfix_lock", options)
            assert (repeated["changed"], repeated["locks"]) == (False, done["locks"])
            assert trees(lockable) == after
        return done

    return run


def test_holding_for_a_time(lockable: Host, lock: Callable[..., dict[str, Any]], controller: Controller) -> None:
    lockable.put("/etc/postfix/site_checks", SITE_CHECKS)
    lockable.put(FILES[0], lockable.get(FILES[0]) + SITE.encode())
    lockable.age(FILES[0])
    lockable.reload()
    before = contents(lockable)
    locks = [
        {"client_address": "192.0.2.0/24"},
        {"sender": "spam.example"},
        {"header": {"subject": "/you (have|'ve) won/"}},
    ]
    result = lock(again=True, locks=locks, action="hold", expires="1h", reason="ticket 4711")
    assert [(row["key"], row["reason"], row["created_by"]) for row in result["locks"]] == [
        ("client_address", "ticket 4711", "ops"),
        ("header", "ticket 4711", "ops"),
        ("sender", "ticket 4711", "ops"),
    ]
    letters = [
        message("net@x.example", client="192.0.2.77"),
        message("one@Spam.Example"),
        message("won@x.example", subject="Look:\r\n YOU HAVE won"),
        message("sub@mail.spam.example"),
        message("other@x.example", client="192.0.3.1"),
        message("free@x.example", subject="you won"),
    ]
    site = [message(recipient="refused@site.example"), message(subject="site rules")]
    assert answers(lockable, *letters) == ["250"] * 6
    refused = answers(lockable, *site)
    assert ["Access denied" in refused[0], "by the site" in refused[1]] == [True, True]
    assert held(lockable) == ["net@x.example", "one@Spam.Example", "won@x.example"]
    log = lockable.get("/var/log/mail.log").decode()
    assert "act=added, lock=sender-" in log
    assert "user=ops, reason=ticket 4711" in log
    # What the operator writes meanwhile stays.
    lockable.run(["sed", "-i", "1i # earlier", FILES[0]])
    shorter = controller.module(lockable.name, "postfix_lock", {"locks": locks, "action": "hold", "expires": "1s"})
    assert (len(shorter["updated"]), shorter["added"], shorter["reloaded"]) == (3, [], True)
    time.sleep(1.1)
    [listed] = {row["expired"] for row in controller.module(lockable.name, "postfix_lock_info", {})["locks"]}
    assert listed is True
    ended = lock()
    assert (ended["locks"], len(ended["expired"]), ended["reloaded"]) == ([], 3, True)
    assert contents(lockable) == {**before, FILES[0]: b"# earlier\n" + before[FILES[0]]}
    assert lockable.run(["ls", "/etc/postfix/mailops"], check=False).returncode
    lockable.run(["postsuper", "-d", "ALL"])
    assert answers(lockable, *letters) == ["250"] * 6
    assert held(lockable) == []


def test_a_stolen_account(
    lab: Lab, lockable: Host, lock: Callable[..., dict[str, Any]], controller: Controller
) -> None:
    before = contents(lockable)
    with (
        session(lab, lockable, "stolen") as thief,
        session(lab, lockable, "user1") as owner,
        session(lab, lockable, "user2") as idle,
    ):
        assert [thief.login, owner.login, idle.login] == ["250"] * 3
        assert [thief.send(), owner.send()] == ["250", "250"]
        locks = [{"sasl_username": "STOLEN@Example.Test"}]
        result = lock(again=True, locks=locks, text="5.7.1 Call $1 the help desk", expires="2d")
        [ended] = result["sessions"]
        assert (ended["sasl_username"], ended["client_address"], ended["outcome"]) == (STOLEN, f"{lab.net}.1", "ended")
        assert (result["caches"], result["unknown_sessions"]) == ([], 1)
        assert thief.send() == "closed"
        assert [owner.send(), idle.send()] == ["250", "250"]
    with session(lab, lockable, "stolen") as thief, session(lab, lockable, "user1") as owner:
        assert thief.send() == f"554 5.7.1 <{STOLEN}>: Sender address rejected: Call $1 the help desk".replace(
            "Sender address", "SASL login name"
        )
        assert owner.send() == "250"
    kinds = {"bullseye": "hash", "sid": "cdb"}
    table = f"{kinds[lockable.release]}:/etc/postfix/mailops/sasl_username"
    assert "help desk" in lockable.run(["postmap", "-q", "Stolen@EXAMPLE.test", table]).stdout
    # Without logins, smtpd would warn about it at each message.
    assert "check_sasl_access" not in lockable.run(["postconf", "-h", "smtpd_recipient_restrictions"]).stdout
    [row] = controller.module(lockable.name, "postfix_lock_info", {})["locks"]
    longer = lock(locks=locks, text="5.7.1 Call $1 the help desk", expires="3d")
    assert 86400 <= longer["updated"][0]["expires"] - row["expires"] < 86500
    lock(state="absent", ids=[row["id"]])
    assert contents(lockable) == before
    with session(lab, lockable, "stolen") as thief:
        assert thief.send() == "250"


@pytest.mark.parametrize("lockable", [OLDEST_RELEASE], indirect=True)
def test_sessions_that_the_log_does_not_have(lab: Lab, lockable: Host, controller: Controller) -> None:
    locks = {"locks": [{"sasl_username": STOLEN}], "config_directory": "/etc/postfix"}
    with session(lab, lockable, "stolen") as thief:
        assert thief.send() == "250"
        lockable.run(["mv", "/var/log/mail.log", "/var/log/other.name"])
        left = controller.module(lockable.name, "postfix_lock", {**locks, "end_sessions": False})
        assert (left["changed"], left["sessions"], left["unknown_sessions"]) == (True, [], 0)
        missed = controller.module(lockable.name, "postfix_lock", locks)
        assert (missed["changed"], missed["sessions"], missed["unknown_sessions"]) == (False, [], 1)
        assert thief.send() == "250"
        found = controller.module(lockable.name, "postfix_lock", {**locks, "files": ["/var/log/other.*"]})
        assert ([row["outcome"] for row in found["sessions"]], found["unknown_sessions"]) == (["ended"], 0)
        assert thief.send() == "closed"
    lockable.run(["rm", "/var/log/other.name"])


@pytest.mark.parametrize("lockable", [OLDEST_RELEASE], indirect=True)
def test_recipients_bodies_and_the_null_sender(lab: Lab, lockable: Host, lock: Callable[..., dict[str, Any]]) -> None:
    before = contents(lockable)
    lock(locks=[{"recipient": "victim@"}], action="discard")
    with session(lab, lockable, port="25") as early:
        assert early.send(body="cheap (pills)") == "250"
        lock(
            again=True,
            locks=[{"body": "cheap (pills)"}, {"sender": "<>"}, {"sender": "/^\\w+[0-9]{3}@/"}],
            text="no more of this",
        )
        # Another process checks headers and bodies, so a session that was open has these locks.
        assert early.send(body="cheap (pills)").startswith("550")
    sent = answers(
        lockable,
        message(recipient="victim@x.example"),
        message(recipient="victim2@x.example"),
        message(body="buy cheap (pills) here"),
        message(body="buy cheap pills here"),
        message("", "a@b.example"),
        message("abc123@x.example"),
        message("abc12@x.example"),
    )
    assert [answer[:3] for answer in sent] == ["250", "250", "550", "250", "554", "554", "250"]
    assert [answer.endswith("no more of this") or "no more of this'" in answer for answer in sent] == [
        False, False, True, False, True, True, False,
    ]  # fmt: skip
    wait_until(lambda: len(lockable.postqueue()) == 4, "four messages should be in the queue")
    lock(state="absent", locks=[{"recipient": "VICTIM@"}])
    lock(state="absent", locks=[{"body": "cheap (pills)"}, {"sender": "<>"}, {"sender": "/^\\w+[0-9]{3}@/"}])
    assert contents(lockable) == before


KILLED_BEFORE = (
    ("_postfix.lock_store", "LockStore.write"),
    ("_postfix.lock_store", "LockStore.write_table"),
    ("_postfix.files", "replace_text"),
    ("_module._lock_state", "Files._verify"),
    ("_postfix.smtpd_processes", "reload"),
    ("_module._lock_state", "Files._finish"),
)


@pytest.mark.parametrize("lockable", [NEWEST_RELEASE], indirect=True)
def test_a_run_that_is_killed_is_finished_by_the_next(controller: Controller, lockable: Host) -> None:
    before = contents(lockable)
    present = {"locks": [{"sender": "spam.example"}, {"sasl_username": STOLEN}]}
    absent = {**present, "state": "absent"}
    for where, name in KILLED_BEFORE:
        fault = {"_fault": {"where": where, "name": name, "script": KILL}}
        killed, *others = controller.modules(
            lockable.name, "postfix_lock", [{**present, **fault}, {}, present, present]
        )
        assert killed["msg"] == "MODULE FAILURE", name
        assert [run["failed"] for run in others] == [False] * 3
        # The run before has finished it, although it was about nothing; only a kill before the journal left nothing to finish.
        assert [run["changed"] for run in others[1:]] == [name == "LockStore.write", False], name
        assert answers(lockable, message("a@spam.example"))[0][:3] == "554"
        killed, *others = controller.modules(lockable.name, "postfix_lock", [{**absent, **fault}, {}, absent, absent])
        assert killed.get("msg") == "MODULE FAILURE" or name == "LockStore.write_table", name
        assert [run["failed"] for run in others] == [False] * 3
        assert others[2]["changed"] is False, name
        assert contents(lockable) == before, name
        assert "mailops" not in lockable.run(["find", "/etc/postfix"]).stdout, name


@pytest.mark.parametrize("lockable", [NEWEST_RELEASE], indirect=True)
def test_what_somebody_removed_is_repaired_and_what_cannot_be_is_refused(
    controller: Controller, lockable: Host, lock: Callable[..., dict[str, Any]]
) -> None:
    before = contents(lockable)
    locks = [{"sender": "spam.example"}, {"sasl_username": STOLEN}]
    lock(locks=locks)
    lockable.put(FILES[0], before[FILES[0]])
    lockable.run(["sh", "-c", "rm /etc/postfix/mailops/s*"])
    repaired = lock()
    assert (repaired["changed"], repaired["added"], repaired["reloaded"]) == (True, [], True)
    assert answers(lockable, message("a@spam.example"))[0].startswith("554")
    bad = controller.module(lockable.name, "postfix_lock", {"locks": [{"body": "/a(?R{/"}]})
    assert bad["failed"]
    never = controller.module(
        lockable.name, "postfix_lock", {"locks": [{"client_address": "192.0.2.0/24"}], "never": ["192.0.2.7"]}
    )
    assert never["msg"] == (
        'locks[0].client_address: "192.0.2.0/24" must not be locked: "192.0.2.7" in never protects it. Nothing was changed'
    )
    lockable.run(["postconf", "-P", "submission/inet/smtpd_proxy_filter=127.0.0.1:1"])
    proxied = controller.module(lockable.name, "postfix_lock", {"locks": [{"sender": "x.example"}], "action": "hold"})
    assert proxied["msg"].startswith(
        "submission/inet has smtpd_proxy_filter, and with it smtpd can neither hold nor discard mail."
    )
    lockable.run(["postconf", "-PX", "submission/inet/smtpd_proxy_filter"])
    lock(state="absent", locks=locks)
    assert contents(lockable)[FILES[0]] == before[FILES[0]]
