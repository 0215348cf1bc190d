# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _locked_spool, queue_purge
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import unpack
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions, moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool import scan as scanning
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.rest import Rest
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue_purge
from tests.unit.support.acting import between, killed_before
from tests.unit.support.module import ModuleRun
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.runner import said
from tests.unit.support.spool import MadeUpSpool

NOW = int(time.time())
ARRIVAL = b"%d 0" % (NOW - 3600)
SPAM = QueueFile(
    sender=b"spammer@example.net",
    after_sender=[b"client_address=192.0.2.7"],
    recipients=todo(b"a@example.org", b"b@example.org"),
    arrival=ARRIVAL,
)
HAM = QueueFile(sender=b"user@example.com", arrival=ARRIVAL)
MATCH = [{"sender": "example.net"}]


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", "4A0F9AC", SPAM.write())
    spool.put("active", "4A0F9AD", SPAM.write())
    spool.put("hold", "4A0F9AE", SPAM.write())
    spool.put("deferred", "4A0F9AF", HAM.write())
    return spool


@pytest.fixture
def postsuper(made: MadeUpSpool) -> FakePostsuper:
    return FakePostsuper(made)


@pytest.fixture
def run(
    made: MadeUpSpool, postsuper: FakePostsuper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "ops")
    running = ModuleRun(postfix_queue_purge.main, monkeypatch, capsys, made.path)

    def act(command: Sequence[str]) -> Output:
        # postsuper -c DIRECTORY ACTION - QUEUE ...
        return postsuper.run(command[3], running.runner.ran[-1][1].split(), command[5:])

    running.answers.update(postsuper=act, postlog=said())
    return running


def standing(made: MadeUpSpool) -> dict[str, str]:
    """Return {queue ID: queue} of all messages."""
    files = (
        path
        for queue in ("maildrop", "incoming", "active", "deferred", "hold")
        for path in (made.path / queue).rglob("*")
    )
    return {path.name: path.relative_to(made.path).parts[0] for path in files if path.is_file()}


def outcomes(**counts: int) -> dict[str, int]:
    return {**dict.fromkeys(map(str, queue_purge.OUTCOMES), 0), **counts}


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run have in common."""
    left_out = ("plan", "scan", "invocation", "warnings")
    return {key: value for key, value in result.items() if key not in left_out}


def test_check_mode_real_run_and_second_run(run: ModuleRun, made: MadeUpSpool) -> None:
    before = standing(made)
    predicted = run(check=True, match=MATCH)
    assert standing(made) == before
    result = run(match=MATCH)
    assert comparable(predicted) == comparable(result)
    assert result["changed"] is True
    assert result["outcomes"] == outcomes(purged=3)
    assert result["matched"] == {
        "messages": 3,
        "bytes": result["purged"]["bytes"],
        "recipients": 6,
        "partial": 0,
        "undecided": 0,
    }
    assert result["purged"]["messages"] == 3
    assert standing(made) == {"4A0F9AF": "deferred"}
    again = run(match=MATCH)
    assert again["changed"] is False
    assert again["outcomes"] == outcomes()
    assert sorted(os.listdir(made.path / "pid")) == ["mailops.deleted", "mailops.lock"]


def test_the_mail_log_names_what_was_deleted_and_who_did_it(run: ModuleRun) -> None:
    result = run(match=MATCH, reason="ticket\n4711")
    said_to = [(command[0].rpartition("/")[2], command[3:], stdin) for command, stdin in run.runner.ran[1:]]
    audit = "method=delete, purged=3, matched=3, user=ops, selection=%s, reason=ticket\\x0a4711\n"
    tag = ["-p", "info", "-t", "mailops/postfix_queue_purge"]
    assert [(name, arguments) for name, arguments, _stdin in said_to] == [("postlog", tag)] * 2
    assert sorted(said_to[0][2].split()) == ["4A0F9AC", "4A0F9AD", "4A0F9AE", "deleted:"]
    assert said_to[1][2] == audit % result["selection_digest"]


def test_an_audit_line_that_cannot_be_logged_is_a_warning(run: ModuleRun) -> None:
    run.answers["postlog"] = said(status=1, err="no")
    assert run(match=MATCH)["changed"] is True
    assert [warning.partition(": ")[0] for warning in run.warnings] == ["The mail log could not be written to"] * 2


def test_an_id_that_is_used_again_before_the_hold(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reuse() -> None:
        made.file("deferred", "4A0F9AC").unlink()
        made.put("deferred", "4A0F9AC", HAM.write())

    between(monkeypatch, reuse)
    result = run(match=MATCH)
    assert result["outcomes"] == outcomes(purged=2, changed=1)
    assert result["purged"]["messages"] == 2
    assert standing(made) == {"4A0F9AC": "deferred", "4A0F9AF": "deferred"}
    assert made.file("deferred", "4A0F9AC").read_bytes() == HAM.write()


def test_an_id_that_is_used_again_just_as_it_is_held(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = moves.rename
    spam = [made.file("active", "4A0F9AD")]

    def reuse_and_rename(source: str, target: str, **directories: int) -> None:
        if spam and source == spam[0].name:
            # The open file keeps its inode, so the other one has another.
            spam.pop().unlink()
            made.put("active", source, HAM.write())
        rename(source, target, **directories)

    monkeypatch.setattr(moves, "rename", reuse_and_rename)
    assert run(match=MATCH)["outcomes"] == outcomes(purged=2, changed=1)
    # It went to hold and came back.
    assert standing(made) == {"4A0F9AD": "active", "4A0F9AF": "deferred"}
    assert made.file("active", "4A0F9AD").read_bytes() == HAM.write()


def test_another_message_that_was_on_hold_stays_there(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reuse() -> None:
        made.file("hold", "4A0F9AE").unlink()
        made.put("hold", "4A0F9AE", HAM.write())

    between(monkeypatch, reuse)
    assert run(match=MATCH)["outcomes"] == outcomes(purged=2, changed=1)
    assert standing(made) == {"4A0F9AE": "hold", "4A0F9AF": "deferred"}


def test_a_file_that_is_being_written_under_the_id_stays(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    between(monkeypatch, lambda: made.file("deferred", "4A0F9AC").chmod(0o600))
    assert run(match=MATCH)["outcomes"] == outcomes(purged=2, changed=1)
    assert standing(made) == {"4A0F9AC": "deferred", "4A0F9AF": "deferred"}


def test_messages_that_vanish(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    between(monkeypatch, made.file("deferred", "4A0F9AC").unlink)
    result = run(match=MATCH)
    assert result["outcomes"] == outcomes(purged=2, vanished=1)
    assert standing(made) == {"4A0F9AF": "deferred"}


@pytest.mark.parametrize("queue", ["incoming", "hold"])
def test_a_message_that_goes_to_another_queue_is_followed(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, queue: str
) -> None:
    remove_logs = QueueDirectory.remove_logs

    def move_on_and_remove(live: QueueDirectory, queue_id: str) -> None:
        path = made.file("deferred", "4A0F9AC")
        if queue_id == path.name and path.exists():
            path.rename(made.file(queue, path.name))
        remove_logs(live, queue_id)

    monkeypatch.setattr(QueueDirectory, "remove_logs", move_on_and_remove)
    assert run(match=MATCH)["outcomes"] == outcomes(purged=3)
    assert standing(made) == {"4A0F9AF": "deferred"}


def test_a_message_that_cannot_be_caught(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = moves.rename

    def lose(source: str, target: str, **directories: int) -> None:
        if source == "4A0F9AD":
            raise FileNotFoundError
        rename(source, target, **directories)

    monkeypatch.setattr(moves, "rename", lose)
    result = run(match=MATCH)
    assert result["failed"] is True
    assert result["msg"] == (
        "1 of the selected messages are still in the queue. The first is 4A0F9AD: It moved between queues during the run, or is not where Postfix "
        "looks for it. Run this again; if that does not help, run postfix check and postsuper -s first."
    )
    assert result["outcomes"] == outcomes(purged=2, failed=1)
    assert result["changed"] is True
    assert standing(made) == {"4A0F9AD": "active", "4A0F9AF": "deferred"}


def test_a_message_that_the_administrator_releases_meanwhile(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_from = actions.remove_from

    def release_and_remove(
        live: QueueDirectory, queue: str, wanted: Mapping[str, str], record: Deletions
    ) -> dict[str, FileState]:
        made.file("hold", "4A0F9AD").rename(made.file("deferred", "4A0F9AD"))
        return remove_from(live, queue, wanted, record)

    monkeypatch.setattr(actions, "remove_from", release_and_remove)
    result = run(match=MATCH)
    assert result["outcomes"] == outcomes(purged=2, failed=1)
    assert result["purged"]["messages"] == 2
    assert standing(made) == {"4A0F9AD": "deferred", "4A0F9AF": "deferred"}


@pytest.mark.parametrize(
    ("queue", "owner", "call"), [("active", moves, "rename"), ("deferred", os, "unlink"), ("hold", os, "unlink")]
)
def test_a_filesystem_that_refuses(
    run: ModuleRun,
    made: MadeUpSpool,
    monkeypatch: pytest.MonkeyPatch,
    queue: str,
    owner: object,
    call: str,
) -> None:
    for other, name in (("deferred", "4A0F9AC"), ("active", "4A0F9AD"), ("hold", "4A0F9AE")):
        made.file(other, name).unlink()
    made.put(queue, "4A0F9AD", SPAM.write())

    def refuse(*_names: object, **_directories: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(owner, call, refuse)
        assert run.fails(match=MATCH) == (
            "1 of the selected messages are still in the queue. The first is 4A0F9AD: It cannot be taken out of %s: Read-only file system. The "
            "kernel log says why the filesystem is read-only. Mount it read-write, then run this again." % queue
        )
    assert run(match=MATCH)["outcomes"] == outcomes(purged=1)
    assert standing(made) == {"4A0F9AF": "deferred"}


def test_logs_go_with_their_message(run: ModuleRun, made: MadeUpSpool) -> None:
    logs = [made.put_defer_log(queue_id, a="full") for queue_id in ("4A0F9AC", "4A0F9AD")]
    logs += [made.put(queue, "4A0F9AE", b"", mode=0o600, depth=0) for queue in ("bounce", "trace")]
    kept = made.put_defer_log("4A0F9AF", a="full")
    assert run(match=MATCH)["outcomes"] == outcomes(purged=3)
    assert [path for path in (*logs, kept) if path.exists()] == [kept]


def test_hold_may_be_hashed(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    run.parameters["hash_queue_names"] = "deferred, defer, hold"
    run.parameters["hash_queue_depth"] = "2"
    log = made.put_defer_log("4A0F9AD", depth=2, a="full")
    with killed_before(monkeypatch, actions, "remove_from"):
        run(match=MATCH)
    assert made.file("hold", "4A0F9AD", depth=2).exists()
    assert run(match=MATCH)["outcomes"] == outcomes(purged=1)
    assert not log.exists()


def test_a_delivery_that_does_not_end(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_locked_spool, "IN_FLIGHT_SECONDS", 0.2)
    with made.file("active", "4A0F9AD").open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        assert run(match=MATCH)["outcomes"] == outcomes(purged=2, in_flight=1)
    assert standing(made) == {"4A0F9AF": "deferred"}


def test_a_delivery_that_ends_in_time(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    with made.file("active", "4A0F9AD").open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _seconds: fcntl.flock(agent, fcntl.LOCK_UN))
        assert run(match=MATCH)["outcomes"] == outcomes(purged=3)


def test_a_run_that_is_killed_is_undone_by_the_next(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_before(monkeypatch, actions, "remove_from"):
        run(match=MATCH)
    # What lay at rest is gone, what may have been in delivery is on hold.
    assert standing(made) == {"4A0F9AD": "hold", "4A0F9AF": "deferred"}
    held = "An earlier run was interrupted; 1 messages that it had put on hold "
    run(check=True, match=[{"sender": "nobody@"}])
    assert run.warnings == [held + "are still there. The next real run releases them first."]
    assert run(match=[{"sender": "nobody@"}])["changed"] is False
    assert run.warnings == [held + "were released."]
    assert standing(made) == {"4A0F9AD": "deferred", "4A0F9AF": "deferred"}
    assert run(match=MATCH)["outcomes"] == outcomes(purged=1)
    assert run.warnings == []


@pytest.mark.parametrize("stray", ["hold", "deferred"])
def test_many_are_held_and_removed_in_several_processes(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, stray: str
) -> None:
    monkeypatch.setattr(actions, "_WORTH_PROCESSES", 0)
    monkeypatch.setattr(actions, "worth_processes", lambda _spool, _queues: 3)
    for number in range(60):
        made.put(("deferred", "incoming", "hold")[number % 3], "%05X1234" % (number * 16000), SPAM.write())
    made.put(stray, "F00001234", HAM.write())
    assert run(match=MATCH, max_percent=100)["outcomes"] == outcomes(purged=63)
    assert standing(made) == {"4A0F9AF": "deferred", "F00001234": stray}


# --- plans ----------------------------------------------------------------------------------------------------------


def test_a_plan_touches_its_messages_only(run: ModuleRun, made: MadeUpSpool) -> None:
    plan = run(check=True, match=MATCH)["plan"]
    assert sorted(unpack(plan["messages"])) == ["4A0F9AC", "4A0F9AD", "4A0F9AE"]
    made.put("deferred", "4A0F9B0", SPAM.write())
    made.file("hold", "4A0F9AE").unlink()
    made.file("deferred", "4A0F9AC").unlink()
    made.put("deferred", "4A0F9AC", SPAM._replace(arrival=b"%d 5" % NOW).write())
    predicted, result = run(check=True, plan=plan), run(plan=plan)
    assert comparable(predicted) == comparable(result)
    assert result["outcomes"] == outcomes(purged=1, vanished=1, changed=1)
    assert standing(made) == {"4A0F9AC": "deferred", "4A0F9AF": "deferred", "4A0F9B0": "deferred"}


# --- expiring -------------------------------------------------------------------------------------------------------


def test_expiring(run: ModuleRun, made: MadeUpSpool) -> None:
    options: dict[str, Any] = {"method": "expire", "match": MATCH, "expire_forged": True}
    predicted, result = run(check=True, **options), run(**options)
    assert comparable(predicted) == comparable(result)
    assert result["outcomes"] == outcomes(purged=3)
    assert standing(made)["4A0F9AE"] == "deferred"
    assert {path.name for path in made.path.rglob("4A0F9A*") if path.stat().st_mode & 0o010} == {
        "4A0F9AC",
        "4A0F9AD",
        "4A0F9AE",
    }
    assert run(**options)["changed"] is False


def test_a_message_that_changed_is_not_expired(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = scanning.scan

    def scan_and_change(*arguments: Any, **options: Any) -> Any:
        share = scan(*arguments, **options)
        made.file("deferred", "4A0F9AC").unlink()
        made.put("deferred", "4A0F9AC", HAM.write())
        made.file("hold", "4A0F9AE").unlink()
        return share

    monkeypatch.setattr(scanning, "scan", scan_and_change)
    result = run(method="expire", match=MATCH, expire_forged=True)
    assert result["outcomes"] == outcomes(purged=1, vanished=1, changed=1)


def test_expiring_what_postsuper_does_not_find(run: ModuleRun, postsuper: FakePostsuper) -> None:
    postsuper.blind = {"4A0F9AC"}
    result = run(method="expire", match=MATCH, expire_forged=True)
    assert result["failed"] is True
    assert result["outcomes"] == outcomes(purged=2, failed=1)


# --- what is refused, and leaves everything as it was ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {},
            "match: it is missing. Add a rule, or set match_all: true to select every message",
            id="no selection",
        ),
        pytest.param(
            {"match": MATCH, "match_all": True},
            "match_all: it cannot be combined with match. Use only one of them",
            id="both",
        ),
        pytest.param(
            {"match": MATCH, "max_messages": 2},
            "The selection has 3 messages, max_messages allows 2; nothing was touched. Narrow the selection or raise "
            "max_messages.",
            id="too many",
        ),
        pytest.param(
            {"match": MATCH, "max_percent": 74.5},
            "The selection has 3 of the 4 messages in the chosen queues, which is 75.0 percent, max_percent allows 74.5; nothing "
            "was touched. Narrow the selection or raise max_percent.",
            id="too large a part",
        ),
        pytest.param({"match": MATCH, "max_messages": -1}, "max_messages: -1 must not be negative", id="negative"),
        pytest.param(
            {"match": MATCH, "plan": {"version": 1}},
            "plan: it cannot be combined with match. Use only one of them",
            id="plan and match",
        ),
        pytest.param(
            {"plan": {"version": 1}},
            "The plan has no host: it is not a plan, or was cut; nothing was touched. Make a new plan (run the module in check mode).",
            id="no plan",
        ),
        pytest.param(
            {"method": "expire", "match": MATCH},
            "method: expire returns each message to its sender, and 3 of the selected messages have an unverified sender (a null "
            "sender, or one that did not log in here): the notices would be backscatter; nothing was touched. Use method: delete, or "
            "set expire_forged: true if you mean that",
            id="backscatter",
        ),
        pytest.param(
            {"method": "expire", "match": MATCH, "queues": ["maildrop"]},
            "queues: Postfix does not expire messages in maildrop; leave it out, or use method: delete",
            id="expiring maildrop",
        ),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_is_refused(run: ModuleRun, made: MadeUpSpool, check: bool, options: dict[str, Any], message: str) -> None:
    before = standing(made)
    assert run.fails(check=check, **options) == message
    assert standing(made) == before
    assert [command[0] for command, _stdin in run.runner.ran if not command[0].endswith("postconf")] == []


def test_an_old_postfix_does_not_expire(run: ModuleRun) -> None:
    run.parameters["mail_version"] = "3.4.29"
    assert run.fails(method="expire", match=MATCH) == (
        "method: expire needs Postfix 3.5 or newer, this is 3.4.29; use method: delete."
    )


def test_limits_may_be_reached(run: ModuleRun) -> None:
    assert run(match=MATCH, max_messages=3, max_percent=75)["changed"] is True


@pytest.mark.parametrize(
    ("sender", "forged"),
    [
        (b"bob@victim.example", True),
        (b"bob@mail.example.com", False),
        (b"Bob@Example.COM", False),
        (b"other@example.com", True),
        (b"bob", True),
    ],
)
def test_a_login_without_a_domain_is_that_of_the_hosts_own_domains(
    run: ModuleRun, made: MadeUpSpool, sender: bytes, forged: bool
) -> None:
    run.parameters.update(myhostname="mail.example.com", mydomain="example.com", myorigin="/etc/mailname")
    spec = SPAM._replace(sender=sender, before_sender=[b"sasl_username=bob"])
    made.put("deferred", "4A0F9B0", spec.write())
    result = run(check=True, method="expire", match=[{"queue_id": "4A0F9B0"}])
    assert result.get("failed", False) is forged
    assert ("have an unverified sender" in result.get("msg", "")) is forged


# --- drift, and what stays ------------------------------------------------------------------------------------------


def test_a_plan_of_which_too_much_has_changed_is_refused(run: ModuleRun, made: MadeUpSpool) -> None:
    plan = run(check=True, match=MATCH)["plan"]
    made.file("deferred", "4A0F9AC").unlink()
    made.file("active", "4A0F9AD").unlink()
    made.put("active", "4A0F9AD", HAM.write())
    before = standing(made)
    refused = run(plan=plan, max_drift=60)
    assert refused["msg"] == (
        "2 of the 3 planned messages are no longer as planned (1 are gone, 1 have another message under their queue ID), which is 66.7 "
        "percent, max_drift allows 60; nothing was touched. Make a new plan, or raise max_drift."
    )
    assert (refused["changed"], refused["drift"]) == (False, {"planned": 3, "vanished": 1, "changed": 1})
    assert standing(made) == before
    result = run(plan=plan, max_drift=67)
    assert result["outcomes"] == outcomes(purged=1, vanished=1, changed=1)
    assert standing(made) == {"4A0F9AD": "active", "4A0F9AF": "deferred"}


def test_what_the_same_plan_removed_is_no_drift(run: ModuleRun) -> None:
    plan = run(check=True, match=MATCH)["plan"]
    assert run(plan=plan, max_drift=0)["outcomes"] == outcomes(purged=3)
    assert run(plan=plan, max_drift=0)["outcomes"] == outcomes(already_purged=3)


def test_the_rest_is_compared_if_that_is_requested(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "rest" not in run(check=True, match=MATCH, verify_rest=True)
    assert run(match=MATCH, verify_rest=True)["rest"] == {"before": 1, "kept": 1, "gone": 0, "changed": 0, "new": 0}
    assert "rest" not in run(match=MATCH)

    def refuse(_rest: object) -> None:
        raise InstanceError("It is gone.")

    monkeypatch.setattr(Rest, "compare", refuse)
    assert run(match=MATCH, verify_rest=True)["rest"] is None
    assert run.warnings == ["Whether the other messages stayed as they were could not be verified: It is gone."]
