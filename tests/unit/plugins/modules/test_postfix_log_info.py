# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

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
    assert result == {**run(check=True)}
    log_of = [
        result,
        run(trace={"queue_id": "4A0F9AC"}),
        run(trace={"sender": "b@example.net", "recipient": "z@example.org"}),
        run(trace={"sender": "a@example.com", "recipient": "y@example.org"}),
        run(trace={"message_id": "1@example.com"}),
    ]
    Path("/tmp/dbg.json").write_text(json.dumps([x["log"] for x in log_of], indent=1))
