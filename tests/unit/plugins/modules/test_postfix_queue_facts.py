# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA, UNLISTED_CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import OPERATORS
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue_facts
from tests.unit.support.module import ModuleRun
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.runner import said
from tests.unit.support.spool import MadeUpSpool

NOW = int(time.time())
SPAM = QueueFile(
    sender=b"",
    recipients=todo(b"victim@example.org", b"other@example.net"),
    before_sender=[b"sasl_username=stolen@example.com"],
    after_sender=[b"log_client_address=192.0.2.7", b"log_client_name=unknown"],
    arrival=b"%d 0" % (NOW - 7200),
    body=[b"buy pills"],
)
HAM = QueueFile(sender=b"a@example.com", recipients=todo(b"b@example.org"), arrival=b"%d 0" % (NOW - 60))


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", "4A0F9AC", SPAM.write(), mtime=NOW + 300)
    spool.put_defer_log("4A0F9AC", victim="mailbox full")
    spool.put("active", "4A0F9AD", HAM.write())
    spool.put("hold", "4A0F9AE", HAM.write(), mode=0o710)
    spool.put("incoming", "4A0F9AF", HAM.write(), mode=0o600)
    return spool


@pytest.fixture
def run(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    return ModuleRun(postfix_queue_facts.main, monkeypatch, capsys, made.path)


def facts(result: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of a run that went well."""
    assert result["changed"] is False
    assert "failed" not in result
    found: dict[str, Any] = result["ansible_facts"]["postfix_queue"]
    return found


# --- from the spool -------------------------------------------------------------------------------------------------


def test_counts(run: ModuleRun) -> None:
    found = facts(run())
    empty = {"messages": 0, "bytes": 0, "incomplete": 0, "oldest": None}
    queues = found["queues"]
    assert {name: row["messages"] for name, row in queues.items()} == {
        "maildrop": 0,
        "incoming": 0,
        "active": 1,
        "deferred": 1,
        "hold": 1,
        "saved": 0,
        "corrupt": 0,
    }
    assert queues["maildrop"] == queues["saved"] == empty
    assert queues["incoming"] == {**empty, "incomplete": 1}
    assert queues["deferred"]["oldest"] == NOW - 7200
    assert found["total"]["messages"] == 3
    assert found["total"]["recipients"] == 4
    assert found["total"]["oldest"] == NOW - 7200
    assert found["total"]["bytes"] == sum(row["bytes"] for row in queues.values())
    assert found["matched"] == {
        **{key: found["total"][key] for key in ("messages", "bytes", "recipients")},
        "partial": 0,
        "undecided": 0,
    }


def test_tops_and_shape(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    # However long the tests before this one took.
    monkeypatch.setattr(time, "time", lambda: NOW + 1.0)
    found = facts(run())
    assert found["top"] == {
        "senders": [
            {"value": "a@example.com", "messages": 2, "recipients": 2},
            {"value": "<>", "messages": 1, "recipients": 2},
        ],
        "sender_domains": [{"value": "example.com", "messages": 2}],
        "recipients": [
            {"value": "b@example.org", "messages": 2},
            {"value": "other@example.net", "messages": 1},
            {"value": "victim@example.org", "messages": 1},
        ],
        "recipient_domains": [{"value": "example.org", "messages": 3}, {"value": "example.net", "messages": 1}],
        "reasons": [{"value": "mailbox full", "messages": 1}],
        "sasl_usernames": [{"value": "stolen@example.com", "messages": 1, "recipients": 2}],
        "client_addresses": [{"value": "192.0.2.7", "messages": 1, "recipients": 2}],
    }
    assert found["top_missed"] == {}
    assert found["shape"]["total"] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 0]


def test_messages(run: ModuleRun) -> None:
    found = facts(run())
    assert [row["queue_id"] for row in found["messages"]] == ["4A0F9AC", "4A0F9AD", "4A0F9AE"]
    assert found["truncated"] is False
    spam = found["messages"][0]
    assert spam.pop("size") > 0
    assert spam == {
        "queue_id": "4A0F9AC",
        "queue": "deferred",
        "arrival_time": NOW - 7200,
        "sender": "<>",
        "recipients": ["victim@example.org", "other@example.net"],
        "recipient_count": 2,
        "reason": "mailbox full",
        "sasl_username": "stolen@example.com",
        "client_address": "192.0.2.7",
        "client_name": "unknown",
        "origin": "smtp",
        "next_retry": NOW + 300,
        "forced_expire": False,
    }
    assert found["messages"][2]["forced_expire"] is True


def test_scan_and_instance(run: ModuleRun, made: MadeUpSpool) -> None:
    found = facts(run())
    assert found["scan"].pop("seconds") >= 0
    assert found["scan"] == {
        "source": "spool",
        "files": 4,
        "vanished": 0,
        "unreadable": 0,
        "incomplete": 1,
        "unparsed": 0,
        "damaged": [],
        "not_files": 0,
        "unknown": [],
    }
    assert found["instance"] == {
        "name": "-",
        "config_directory": "/etc/postfix",
        "queue_directory": str(made.path),
        "version": "3.7.11",
        "running": False,
        "long_queue_ids": False,
    }
    assert [command[0].rpartition("/")[2] for command, _stdin in run.runner.ran] == ["postconf"]


def test_check_mode_makes_no_difference(run: ModuleRun) -> None:
    real, check = facts(run()), facts(run(check=True))
    for found in (real, check):
        del found["scan"]["seconds"]
    assert real == check


def test_a_result_without_facts(run: ModuleRun) -> None:
    result = run(gather=["counts"], set_facts=False)
    assert "ansible_facts" not in result
    scan = result["postfix_queue"].pop("scan")
    found = facts(run(gather=["counts"]))
    assert scan["files"] == found.pop("scan")["files"]
    assert result["postfix_queue"] == found


def test_a_selection(run: ModuleRun) -> None:
    found = facts(run(match=[{"sender": "<>"}]))
    assert found["matched"]["messages"] == 1
    assert found["top"]["senders"] == [{"value": "<>", "messages": 1, "recipients": 2}]
    # Counts are of everything.
    assert found["total"]["messages"] == 3
    partial = facts(run(match=[{"recipient": "example.org"}], exclude=[{"sender": "example.com"}]))
    assert partial["matched"]["messages"] == 0
    assert partial["matched"]["partial"] == 1
    assert facts(run(match=[{"recipient": "example.org"}], recipient_scope="any"))["matched"]["messages"] == 3
    assert facts(run(match=[{"content": "pills"}]))["matched"]["messages"] == 1
    assert facts(run(queues=["hold"]))["matched"]["messages"] == 1


@pytest.mark.parametrize(
    ("gather", "keys"),
    [
        (["counts"], {"queues", "total"}),
        (["top"], {"top", "top_missed"}),
        (["shape"], {"shape"}),
        (["reasons"], set()),
        (["messages"], {"messages", "truncated"}),
        ([], set()),
    ],
)
def test_only_what_is_to_be_gathered(run: ModuleRun, gather: list[str], keys: set[str]) -> None:
    assert set(facts(run(gather=gather))) == {"instance", "scan", "matched", "undecided"} | keys


def test_bounds_on_rows(run: ModuleRun) -> None:
    found = facts(run(limit=1, top=1))
    assert [row["queue_id"] for row in found["messages"]] == ["4A0F9AC"]
    assert found["truncated"] is True
    assert {len(rows) for rows in found["top"].values()} == {1}
    assert len(found["shape"]["domains"]) == 1
    assert facts(run(limit=0))["messages"] == []


def test_reasons_are_read_only_when_they_are_wanted(run: ModuleRun) -> None:
    found = facts(run(gather=["top", "messages"]))
    assert found["top"]["reasons"] == []
    assert {row["reason"] for row in found["messages"]} == {None}


def test_a_directory_at_rest_needs_no_postfix(run: ModuleRun, made: MadeUpSpool) -> None:
    found = facts(run(spool=str(made.path)))
    assert found["instance"] == {
        "name": None,
        "config_directory": None,
        "queue_directory": str(made.path),
        "version": None,
        "running": None,
        "long_queue_ids": None,
    }
    assert found["total"]["messages"] == 3
    assert run.runner.ran == []


def test_a_running_instance(run: ModuleRun, made: MadeUpSpool) -> None:
    with (made.path / "pid" / "master.pid").open("w") as master:
        fcntl.flock(master, fcntl.LOCK_EX)
        assert facts(run())["instance"]["running"] is True


def test_damaged_files_are_counted_and_warned_of(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("deferred", "4A0F9B0", b"damaged")
    result = run(match=[{"size": "0"}])
    assert facts(result)["scan"]["unparsed"] == 1
    assert facts(result)["queues"]["deferred"]["messages"] == 2
    assert facts(result)["matched"]["messages"] == 4
    assert facts(result)["scan"]["damaged"] == [
        {"queue_id": "4A0F9B0", "queue": "deferred", "size": 7, "problem": "the file ends within a record at offset 0"}
    ]
    assert run.warnings == [
        "%s: 0 queue files could not be read and 1 are damaged (4A0F9B0 in deferred: the file ends within a record at offset 0). Only a "
        "rule that does not need what is missing selects them, such as queue_id." % made.path
    ]


def test_a_hostile_queue_makes_no_large_result(run: ModuleRun, made: MadeUpSpool) -> None:
    text = "\U0001f4a9".encode() * 500
    for number in range(120):
        own = b"%d" % number + text
        spam = QueueFile(
            sender=own + b"@" + own,
            recipients=todo(*(b"%d" % index + own + b"@" + own for index in range(9))),
            before_sender=[b"sasl_username=" + own],
            after_sender=[b"log_client_address=" + own, b"log_client_name=" + own],
        )
        made.put("hold", "%05X1234" % number, spam.write())
        made.put("defer", "%05X1234" % number, b"recipient=x@y\nreason=%s\n" % own, mode=0o600)
    result = run()
    assert facts(result)["matched"]["messages"] == 123
    assert len(facts(result)["messages"]) >= 10
    assert len(json.dumps(result)) < 64 << 10


# --- suggestions ----------------------------------------------------------------------------------------------------

STOLEN = {"sasl_username": "thief@example.com"}


def steal(made: MadeUpSpool) -> None:
    """Add what comes through a stolen account, and something that is too large to be read."""
    for number in range(30):
        name = b"%s@d%d.example" % (b"abcdefghijklmnopqrstuvwxyz1234"[number : number + 1] * 3, number)
        text = [b"Content-Type: multipart/mixed; boundary=\xff"] if number == 1 else []
        body = [b"x" * 1000] * 300 if number == 0 else [b"http://a.example/claim.php"]
        spam = QueueFile(
            sender=name,
            recipients=[(rec.RECIPIENT, b"victim%d@v%d.example" % (number, number))],
            before_sender=[b"sasl_username=thief@example.com"],
            after_sender=[b"log_client_address=192.0.2.7", b"log_client_name=unknown"],
            headers=[b"Subject: Your invoice %d is overdue" % number, *text],
            body=body,
            arrival=b"%d 0" % (NOW - 600 + number),
        )
        made.put("hold", "%05X1234" % number, spam.write())


def test_suggestions_are_asked_for(run: ModuleRun) -> None:
    assert not {"groups", "suggestions", "suggestions_note"} & set(facts(run()))


def test_suggestions(run: ModuleRun, made: MadeUpSpool) -> None:
    steal(made)
    found = facts(run(gather=["suggestions"]))
    group = {
        "match": [STOLEN],
        "messages": 30,
        "exact": True,
        "share": round(30 / 33, 4),
        "concentration": {"share": 0.8, "since": NOW - 600, "seconds": 23},
        "traits": [
            {"trait": "sasl_username", "value": "thief@example.com", "share": 1.0, "elsewhere": 0.0},
            {"trait": "subject", "value": "invoice 0 is overdue", "share": 1.0, "elsewhere": 0.0},
            {"trait": "url_path", "value": "/claim.php", "share": 0.9667, "elsewhere": 0.0},
            {"trait": "client_address", "value": "192.0.2.7", "share": 1.0, "elsewhere": 0.3333},
            {"trait": "size", "value": "less than 128 bytes", "share": 0.9667, "elsewhere": 0.6667},
        ],
        "other": {"share": 0.0, "at_most": 0.0, "counted": True},
    }
    assert found["groups"] == [group]
    assert found["suggestions"] == [
        {
            **group,
            "confidence": "likely",
            "evidence_for": [
                "one login sends under 30 foreign domains",
                "senders of 30 domains write the same subject and link",
                "80% arrived within 0 minutes, of the other messages within 119",
            ],
            "evidence_against": [],
        }
    ]
    assert found["suggestions_note"] == (
        "Look at what a rule selects before you act on it: postfix_message_info with match and limit opens such messages. Reasons were "
        "not gathered."
    )
    assert "top" not in found
    assert facts(run(match=[STOLEN], gather=["counts"]))["matched"]["messages"] == 30


def test_suggestions_for_a_copy_and_for_a_selection(run: ModuleRun, made: MadeUpSpool) -> None:
    steal(made)
    asked: dict[str, Any] = {"spool": str(made.path), "gather": ["reasons", "suggestions"]}
    assert facts(run(**asked))["suggestions"][0]["match"] == [STOLEN]
    left = facts(run(**asked, exclude=[STOLEN]))
    assert left["groups"] == left["suggestions"] == []
    assert left["suggestions_note"] == (
        "Nothing looks like a flood in 3 messages, so no rule is suggested. 3 of them are for example.org; mail that waits for its "
        "destination is no flood."
    )


def test_an_empty_queue_has_no_suggestions(run: ModuleRun) -> None:
    found = facts(run(gather=["reasons", "suggestions"], queues=["corrupt"]))
    assert found["groups"] == found["suggestions"] == []
    assert found["suggestions_note"] == "Nothing looks like a flood in 0 messages, so no rule is suggested."


def test_suggestions_from_a_listing(run: ModuleRun) -> None:
    rows = [{**LISTED[0], "queue_id": "4A0F%03X" % number} for number in range(20)]
    run.answers["postqueue"] = said("".join(json.dumps(row) + "\n" for row in rows))
    found = facts(run(source="postqueue", gather=["suggestions"]))
    assert [row["match"] for row in found["suggestions"]] == [[{"sender": "<>", "recipient": "victim@example.org"}]]
    assert found["suggestions_note"] == (
        "Look at what a rule selects before you act on it: postfix_message_info with match and limit opens such messages. postqueue "
        "shows no login, client and content: only senders, recipients and reasons were looked at."
    )


# --- from postqueue -------------------------------------------------------------------------------------------------

LISTED = [
    {
        "queue_name": "deferred",
        "queue_id": "4A0F9AC",
        "arrival_time": NOW - 7200,
        "message_size": 3000,
        "forced_expire": False,
        "sender": "MAILER-DAEMON",
        "recipients": [{"address": "victim@example.org", "delay_reason": "mailbox full"}],
    },
    {
        "queue_name": "hold",
        "queue_id": "4A0F9AE",
        "arrival_time": NOW - 60,
        "message_size": 2000,
        "forced_expire": True,
        "sender": "a@example.com",
        "recipients": [{"address": "b@example.org"}],
    },
]
JSON = "".join(json.dumps(row) + "\n" for row in LISTED)


def test_a_listing(run: ModuleRun) -> None:
    run.answers["postqueue"] = said(JSON)
    found = facts(run(source="postqueue"))
    assert found["queues"]["deferred"] == {"messages": 1, "bytes": 3000, "incomplete": None, "oldest": NOW - 7200}
    assert found["queues"]["saved"] is found["queues"]["corrupt"] is None
    assert found["total"] == {"messages": 2, "bytes": 5000, "recipients": 2, "oldest": NOW - 7200}
    assert found["top"]["sasl_usernames"] is found["top"]["client_addresses"] is None
    assert found["top"]["senders"] == [
        {"value": "<>", "messages": 1, "recipients": 1},
        {"value": "a@example.com", "messages": 1, "recipients": 1},
    ]
    assert found["top"]["reasons"] == [{"value": "mailbox full", "messages": 1}]
    assert [row["queue_id"] for row in found["messages"]] == ["4A0F9AC", "4A0F9AE"]
    assert {row[key] for row in found["messages"] for key in ("origin", "next_retry", "sasl_username")} == {None}
    assert found["scan"]["source"] == "postqueue"
    assert found["scan"]["unknown"] == sorted([*UNLISTED_CRITERIA, "incomplete", "next_retry"])
    assert run.runner.ran[-1][0][1:] == ["-c", "/etc/postfix", "-j"]


def test_a_postfix_without_json(run: ModuleRun) -> None:
    run.parameters["mail_version"] = "2.10.1"
    stamp = time.asctime(time.localtime(NOW - 60))[:19]
    run.answers["postqueue"] = said(
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
        "4A0F9AE!    2000 %s  a@example.com\n%41sb@example.org\n\n-- 2 Kbytes in 1 Request.\n" % (stamp, "")
    )
    found = facts(run(source="postqueue"))
    assert found["total"] == {"messages": 1, "bytes": 2000, "recipients": 1, "oldest": NOW - 60}
    assert run.runner.ran[-1][0][-1] == "-p"


def test_lines_that_cannot_be_read_are_warned_of(run: ModuleRun) -> None:
    run.answers["postqueue"] = said(JSON + "garbage\n")
    result = run(source="postqueue")
    assert facts(result)["scan"]["unparsed"] == 1
    assert facts(result)["total"]["messages"] == 2
    assert run.warnings == [
        (
            "postqueue: 0 queue files could not be read and 1 are damaged (none named). Only a rule that does not need what is missing "
            "selects them, such as queue_id."
        )
    ]


def test_who_may_not_read_the_spool_asks_postqueue(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access

    def deny(path: Any, mode: int, **options: Any) -> bool:
        return not (path == "deferred" and mode & os.R_OK) and access(path, mode, **options)

    run.answers["postqueue"] = said(JSON)
    assert facts(run())["scan"]["source"] == "spool"
    monkeypatch.setattr(os, "access", deny)
    assert facts(run())["scan"]["source"] == "postqueue"


def test_a_spool_that_this_user_may_not_open(run: ModuleRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run.answers["postqueue"] = said(JSON)
    closed = tmp_path / "closed"
    closed.mkdir()
    run.parameters["queue_directory"] = str(closed)
    real_open = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if path == str(closed):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    found = facts(run())
    assert found["scan"]["source"] == "postqueue"
    assert found["instance"]["running"] is False


def test_a_queue_directory_that_does_not_exist(run: ModuleRun, tmp_path: Path) -> None:
    run.parameters["queue_directory"] = str(tmp_path / "absent")
    assert run.fails() == (
        "queue_directory = %s in /etc/postfix/main.cf: there is no such directory. Correct main.cf, or mount or create the directory "
        "and run postfix check." % (tmp_path / "absent")
    )


# --- what fails -----------------------------------------------------------------------------------------------------

_UNKNOWN = "The criterion %s needs the queue files, and postqueue does not show them. Run this as root (become: true) with source: spool."


@pytest.mark.parametrize("key", UNLISTED_CRITERIA)
def test_a_criterion_that_a_listing_does_not_have(run: ModuleRun, key: str) -> None:
    value: Any = {"header": {"Subject": "x"}, "client_address": "192.0.2.1", "origin": "smtp"}.get(key, "x")
    assert run.fails(source="postqueue", match=[{"sender": "a@", key: value}]) == _UNKNOWN % key
    assert [command[0].rpartition("/")[2] for command, _stdin in run.runner.ran] == ["postconf"]


@pytest.mark.parametrize(
    ("status", "message"),
    [
        pytest.param(
            77,
            "This user may neither read the spool nor ask postqueue. Run this as root (become: true), or list the user in "
            "authorized_mailq_users in main.cf.",
            id="not allowed",
        ),
        pytest.param(
            69,
            "This user may not read the spool, and postqueue cannot answer because Postfix is stopped. Run this as root "
            "(become: true), or start Postfix.",
            id="mail system down",
        ),
        pytest.param(
            70, "{}/postqueue -c /etc/postfix -j failed with exit status 70: postqueue: fatal: no", id="something else"
        ),
    ],
)
def test_a_postqueue_that_fails(run: ModuleRun, status: int, message: str) -> None:
    run.answers["postqueue"] = said(JSON, status=status, err="postqueue: fatal: no\n")
    assert run.fails(source="postqueue") == message.format(run.parameters["command_directory"])


def named(names: Iterable[str]) -> str:
    return ", ".join(names)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(
            {"match": [{"from": "x"}]},
            "match[0].from: there is no such criterion; known are "
            + named(CRITERIA)
            + ", and the operators "
            + named(OPERATORS),
            id="criterion",
        ),
        pytest.param(
            {"exclude": [{}]},
            "exclude[0]: an empty rule would select every message; give it at least one criterion",
            id="empty rule",
        ),
        pytest.param({"limit": -1}, "limit: -1 must not be negative", id="negative limit"),
        pytest.param({"top": -1}, "top: -1 must not be negative", id="negative top"),
        pytest.param(
            {"queues": []},
            "queues: name at least one of maildrop, incoming, active, deferred, hold, corrupt",
            id="no queue",
        ),
        pytest.param(
            {"spool": "/usr"},
            "/usr is no queue directory and holds no queue files. Name a queue directory, or a directory of queue files such as a "
            "queue that was moved away.",
            id="no queue directory",
        ),
        pytest.param(
            {"config_directory": "/etc/postfix", "instance": "-"},
            "parameters are mutually exclusive: config_directory|instance",
            id="two instances",
        ),
        pytest.param(
            {"command_directory": "/nonexistent"},
            "There is no Postfix here: no postconf command in /nonexistent. Install Postfix, or set command_directory "
            "to the directory that holds Postfix's commands.",
            id="no Postfix",
        ),
    ],
)
def test_what_is_refused(run: ModuleRun, options: dict[str, Any], message: str) -> None:
    assert run.fails(**options) == message


# --- what a run imports ---------------------------------------------------------------------------------------------

# A host compiles each file that a run imports.
_IMPORTED = """
import json, sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.argv[1].encode(), "legacy"
before = set(sys.modules)
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue_facts
try:
    postfix_queue_facts.main()
finally:
    print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""
_FOR_EMPTY_QUEUES = """
    _errors _format.bounds _format.queue_id _format.queues _format.units
    _module._entry _module._options _module._result _module._source _module._visitor _module.queue_facts
    _postfix.commands _postfix.instance _postfix.search
    _selection.selection _spool.directory _spool.job _spool.opening _summary.listing _summary.summary
"""
_FOR_MESSAGES = """
    _format.address _format.envelope _format.envelope_reader _format.reasons _format.record
    _spool.io_priority _spool.message _spool.parallel _spool.read_ahead _spool.scan _summary.shown
"""


_OURS = "ansible_collections.mailops.postfix.plugins.module_utils."


def imported(path: Path) -> list[str]:
    """Return the modules that a run imports."""
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": {"spool": str(path)}})
    run = subprocess.run(
        [sys.executable, "-c", _IMPORTED, arguments],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return run.stderr.decode().splitlines()[-1].split()


def ours(modules: Iterable[str]) -> list[str]:
    """Return the files of module_utils among modules, and not its rooms."""
    names = [name[len(_OURS) :] for name in modules if name.startswith(_OURS)]
    return [name for name in names if "." in name or name == "_errors"]


def test_an_empty_queue_imports_nothing_that_reads_messages(tmp_path: Path) -> None:
    assert ours(imported(MadeUpSpool(tmp_path / "empty").path)) == _FOR_EMPTY_QUEUES.split()


def test_a_small_queue_without_rules_imports_nothing_for_rules_and_content(made: MadeUpSpool) -> None:
    found = imported(made.path)
    assert ours(found) == sorted([*_FOR_EMPTY_QUEUES.split(), *_FOR_MESSAGES.split()])
    assert {"multiprocessing", "ctypes"}.isdisjoint(found)
