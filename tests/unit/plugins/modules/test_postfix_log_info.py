# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module._log_request import SUMS
from ansible_collections.mailops.postfix.plugins.modules import postfix_log_info
from tests.unit.support.module import ModuleRun
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.spool import MadeUpSpool

DAY = "2026-11-20T13:14:"
T0 = 1795180440
"""The time of the stamp with no seconds."""
LOG = """\
00 mx01 postfix/submission/smtpd[100]: connect from unknown[203.0.113.5]
01 mx01 postfix/submission/smtpd[100]: 4A0F9AC: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=a@example.com
01 mx01 postfix/cleanup[101]: 4A0F9AC: message-id=<1@example.com>
01 mx01 postfix/qmgr[102]: 4A0F9AC: from=<a@example.com>, size=300, nrcpt=2 (queue active)
02 mx01 postfix/smtp[103]: 4A0F9AC: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, \
status=sent (250 2.0.0 Ok: queued as 4B0F9AC)
02 mx01 postfix/smtp[103]: 4A0F9AC: to=<y@example.org>, relay=none, delay=0.1, delays=0/0/0/0.1, dsn=4.4.1, status=deferred (connect \
to mx.example.org[192.0.2.1]:25: Connection refused)
03 mx01 postfix/submission/smtpd[100]: disconnect from unknown[203.0.113.5] ehlo=1 auth=1 mail=1 rcpt=2 data=1 quit=1 commands=7
04 mx01 postfix/smtpd[110]: connect from mail.example.net[192.0.2.9]
05 mx01 postfix/smtpd[110]: NOQUEUE: reject: RCPT from mail.example.net[192.0.2.9]: 554 5.7.1 <z@example.org>: Relay access denied; \
from=<b@example.net> to=<z@example.org> proto=ESMTP helo=<mail.example.net>
05 mx01 postfix/smtpd[110]: 4B0F9AC: client=mail.example.net[192.0.2.9]
05 mx01 postfix/cleanup[101]: 4B0F9AC: message-id=<2@example.net>
05 mx01 postfix/qmgr[102]: 4B0F9AC: from=<b@example.net>, size=300, nrcpt=1 (queue active)
06 mx01 postfix/local[104]: 4B0F9AC: to=<u@example.com>, relay=local, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (delivered)
06 mx01 postfix/qmgr[102]: 4B0F9AC: removed
07 mx01 postfix/nonsense[105]: what is that
08 mx01 cron[200]: (root) CMD (true)
09 mx01 postfix/submission/smtpd[120]: warning: unknown[203.0.113.9]: SASL PLAIN authentication failed: bad, sasl_username=a@example.com
"""
LINES = "".join("%s%sZ%s\n" % (DAY, line[:2], line[2:]) for line in LOG.splitlines())
MESSAGE = QueueFile(sender=b"a@example.com", recipients=todo(b"y@example.org"), body=[b"text"])


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text(LINES)
    os.utime(path, (T0 + 10, T0 + 10))
    return path


@pytest.fixture
def run(made: MadeUpSpool, log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setenv("TZ", "UTC")
    module = ModuleRun(postfix_log_info.main, monkeypatch, capsys, made.path)
    module.parameters.update({"maillog_file": str(log), "myhostname": "mx01.example.com"})
    return module


def test_the_log_is_summed_up(run: ModuleRun, log: Path) -> None:
    result = run()
    assert result == run(check=True)
    assert result["changed"] is False
    found = result["log"]
    assert found["sources"] == [{"path": str(log), "lines": 17, "from": T0, "to": T0 + 9, "truncated": False}]
    assert (found["lines"], found["since"], found["until"], found["other_lines"]) == (17, None, None, 1)
    assert (found["truncated"], found["approximate"], found["suspects"]) == ([], {}, [])
    assert found["unparsed"] == [
        {"program": "nonsense", "lines": 1, "samples": [DAY + "07Z mx01 postfix/nonsense[105]: what is that"]}
    ]
    assert found["accounts"] == [ACCOUNT]
    assert found["clients"] == [
        {"value": "203.0.113.5", "messages": 1, "recipients": 2},
        {"value": "192.0.2.9", "messages": 1, "recipients": 1},
    ]
    assert found["senders"] == [
        {"value": "a@example.com", "messages": 1, "recipients": 2},
        {"value": "b@example.net", "messages": 1, "recipients": 1},
    ]
    assert found["reasons"] == [
        {
            "value": "connect to mx.example.org[192.0.2.1]:25: Connection refused",
            "status": "deferred",
            "deliveries": 1,
        }
    ]
    assert found["rejects"] == [{"value": "reject RCPT: 554 5.7.1 Relay access denied", "times": 1}]
    assert not {"queue", "trace", "matched", "ansible_facts"}.intersection([*found, *result])


ACCOUNT = {
    "sasl_username": "a@example.com",
    "logins": 1,
    "messages": 1,
    "recipients": 2,
    "senders": [{"value": "a@example.com", "messages": 1}],
    "sender_count": 1,
    "addresses": [{"value": "203.0.113.5", "logins": 1}],
    "address_count": 1,
    "network_count": 1,
    "methods": ["PLAIN"],
    "first": T0 + 1,
    "last": T0 + 1,
    "busiest_minute": {"start": T0, "logins": 1},
    "busiest_hour": {"start": T0 - 840, "logins": 1},
    "busiest_recipients_hour": {"start": T0 - 840, "recipients": 2},
    "failed_logins": 1,
    "failed_then_successful": 0,
    "bounced": 0,
    "queue_ids": ["4A0F9AC"],
    "truncated": False,
}


def test_a_period_and_only_some_lists(run: ModuleRun) -> None:
    found = run(since=str(T0 + 2), until=str(T0 + 5), gather=["accounts"])["log"]
    assert (found["since"], found["until"]) == (T0 + 2, T0 + 5)
    assert (found["lines"], found["accounts"]) == (8, [])
    assert "clients" not in found
    assert run(sasl_username=["b"], gather=["accounts"])["log"]["accounts"] == []


def test_lines_that_were_cut_are_counted(run: ModuleRun, log: Path) -> None:
    log.write_text(LINES + "%s10Z mx01 postfix/smtpd[1]: %s\n" % (DAY, "x" * 70000))
    assert run()["log"]["approximate"] == {"cut_lines": 1}


def test_suspects_have_lines_of_the_log(run: ModuleRun) -> None:
    found = run(thresholds={"networks_per_day": 1, "logins_per_hour": 1})["log"]
    [suspect] = found["suspects"]
    assert suspect["sasl_username"] == "a@example.com"
    assert suspect["evidence"] == [
        {"threshold": "networks_per_day", "value": 1, "limit": 1, "lines": [LINES.splitlines()[1]]},
        {"threshold": "logins_per_hour", "value": 1, "limit": 1, "lines": []},
    ]
    assert not run(thresholds={"networks_per_day": None, "logins_per_hour": 1})["log"]["suspects"]


def test_files_are_read_without_postfix(run: ModuleRun, log: Path) -> None:
    run.parameters["command_directory"] = "/nonexistent"
    found = run(files=[str(log)], command_directory="/nonexistent")["log"]
    assert found["lines"] == 17
    assert run.fails(files=[str(log)], gather=["queue"], command_directory="/nonexistent").startswith(
        "There is no Postfix here"
    )


def test_a_trace(run: ModuleRun) -> None:
    found = run(trace={"queue_id": "4A0F9AC"}, limit=4)["log"]
    assert [(row["event"], row["queue_id"], row["message"]) for row in found["trace"]] == [
        ("other", None, None),
        ("accepted", "4A0F9AC", 1),
        ("message_id", "4A0F9AC", 1),
        ("activated", "4A0F9AC", 1),
    ]
    assert found["truncated"] == ["trace"]
    assert "accounts" not in found
    # An answer of a stranger that names another message does not lead there.
    whole = run(trace={"queue_id": "4A0F9AC"})["log"]["trace"]
    assert [row["line"] for row in whole] == LINES.splitlines()[:7]


def test_rules_on_the_log(run: ModuleRun) -> None:
    rules: list[dict[str, Any]] = [
        {"sender": "/^/"},
        {"sasl_username": "A@example.com"},
        {"client_address": ["192.0.2.0/24"]},
    ]
    found = run(gather=[], match=rules)["log"]
    assert found["matched"] == [
        {"rule": rules[0], "messages": 2, "recipients": 3},
        {"rule": rules[1], "messages": 1, "recipients": 2},
        {"rule": rules[2], "messages": 1, "recipients": 1},
    ]
    assert "unparsed" not in found


def test_the_queue_and_the_log(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("deferred", "4A0F9AC", MESSAGE._replace(arrival=b"%d 1" % T0).write())
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = run(gather=["queue"])["log"]
    row = {"queue_id": "4A0F9AC", "queue": "deferred", "sasl_username": "a@example.com", "attributed_by": "log"}
    assert found["queue"] == [row]
    assert found["queue_accounts"] == [{"sasl_username": "a@example.com", "messages": 1}]
    assert found["queue_counts"] == {"messages": 1, "queue_file": 0, "log": 1, "received": 0}
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert run.fails(gather=["queue"]) == ("Only root may read and change the queue: run this task with become: true.")


def test_damaged_files_are_named(run: ModuleRun, tmp_path: Path) -> None:
    paths = []
    for number in range(22):
        path = tmp_path / ("mail.log.%d.gz" % number)
        path.write_bytes(gzip.compress(LINES.encode())[:-9])
        paths.append(str(path))
    found = run(files=paths)["log"]
    assert all(source["truncated"] for source in found["sources"])
    assert len(run.warnings) == 21
    assert run.warnings[-1] == "There are 2 more warnings about files of the mail log."


def test_what_is_refused(run: ModuleRun, tmp_path: Path) -> None:
    assert (
        run.fails(trace={}) == "trace: it has no key. Give queue_id, or message_id, or sender together with recipient"
    )
    missing = str(tmp_path / "none")
    assert run.fails(files=[missing]).startswith("files[0]: %s cannot be read: No such file or directory." % missing)


def test_the_result_is_bounded(run: ModuleRun, log: Path) -> None:
    text = "\U000e0100" * 60
    lines = []
    for number in range(200):
        name, queue_id = "%s%d" % (text, number), "4A0%04d" % number
        lines += [
            "submission/smtpd[1]: %s: client=x[203.0.%d.5], sasl_method=PLAIN, sasl_username=%s"
            % (queue_id, number, name),
            "cleanup[1]: %s: message-id=<%s>" % (queue_id, name),
            "qmgr[1]: %s: from=<%s@example.com>, size=1, nrcpt=2 (queue active)" % (queue_id, name),
            "smtp[1]: %s: to=<x@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (%s)"
            % (queue_id, name),
            "p%d[1]: %s" % (number, name),
        ]
    log.write_text("".join(DAY + "01Z mx01 postfix/" + line + "\n" for line in lines), encoding="utf-8")
    os.utime(log, (T0 + 10, T0 + 10))
    thresholds = {"networks_per_day": 1, "logins_per_hour": 1}
    several: tuple[dict[str, Any], ...] = (
        {"thresholds": thresholds},
        {"trace": {"message_id": text + "7"}},
        {"gather": [*SUMS, "trace"], "trace": {"sender": text + "7@example.com", "recipient": "x@example.org"}},
    )
    for options in several:
        result = run(**options)
        assert len(json.dumps(result)) < 64 * 1024
        assert result["log"]["lines"] == 1000
        assert result["log"].get("trace", [1])
