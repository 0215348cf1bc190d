# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What we find in queue directories that real Postfixes made is what Postfix lists there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job, ScanCounts, Share
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals
from tests.unit.support.real_files import QUEUE_FILES, REAL_FILES, RELEASES
from tests.unit.support.spool import QUEUES

NOW = 1800000000


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def spool_path(release: str, tmp_path: Path) -> Path:
    """Return a copy of a release's queue directory, with the modes and times that git does not keep."""
    path = tmp_path / "spool"
    shutil.copytree(QUEUE_FILES / release, path)
    for real in REAL_FILES:
        if real.release == release:
            (copy,) = (path / real.queue).rglob(real.queue_id)
            os.chmod(copy, real.mode)
            os.utime(copy, (real.mtime, real.mtime))
    return path


class Seen:
    """What is compared of each message."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.totals = Totals()

    def merge(self, other: Seen) -> None:
        self.rows.update(other.rows)
        self.totals.merge(other.totals)


def visit(message: SpoolMessage, seen: Seen) -> None:
    seen.totals.add(message.envelope)
    seen.rows[message.queue_id] = {
        "queue": message.queue,
        "size": message.envelope.size,
        "ready": message.ready,
        "readable": message.readable,
        "forced_expire": message.forced_expire,
        "next_retry": message.next_retry,
        "reasons": dict(message.reasons()),
    }


def pass_over(found: QueueEntry, incomplete: bool, _seen: Seen) -> None:
    raise AssertionError("%s is passed over, incomplete: %s" % (found.name, incomplete))


def scanned(path: Path, *queues: str) -> Share[Seen]:
    with Spool(str(path)) as spool:
        return scan(spool, Job(queues=queues, make_result=Seen, visit=visit, pass_over=pass_over), processes=1)


def test_every_message_is_found_as_postqueue_lists_it(release: str, spool_path: Path) -> None:
    share = scanned(spool_path, *QUEUES)
    real_files = [real for real in REAL_FILES if real.release == release]
    assert share.counts == ScanCounts(files=len(real_files))
    for real in real_files:
        row = share.result.rows[real.queue_id]
        assert row["ready"]
        assert row["readable"] == (real.queue != "corrupt")
        assert row["next_retry"] == (real.mtime if real.queue == "deferred" else None)
        if real.listed is None:
            continue
        assert row["queue"] == real.listed["queue_name"]
        assert row["size"] == real.listed["message_size"]
        reasons = [recipient["delay_reason"] for recipient in real.listed["recipients"] if "delay_reason" in recipient]
        assert sorted(reason.decode() for reason in row["reasons"].values()) == sorted(reasons)


def test_totals_are_those_of_postqueue(release: str, spool_path: Path) -> None:
    totals = scanned(spool_path, "maildrop", "incoming", "active", "deferred", "hold").result.totals
    rows = {real.queue_id: real.listed for real in REAL_FILES if real.release == release and real.listed}
    assert totals.messages == len(rows)
    assert totals.size == sum(row["message_size"] for row in rows.values())
    assert totals.oldest == min(row["arrival_time"] for row in rows.values())


@pytest.mark.parametrize(
    ("rule", "cases"),
    [
        ({"sender": "<>"}, {"bounce", "null_sender"}),
        ({"sender": '"MAILER-DAEMON"'}, set()),
        ({"sender": "john doe@example.com"}, {"quoted"}),
        ({"sender": "JÜRGEN@EXÄMPLE.COM"}, {"smtputf8"}),
        ({"recipient": "added@example.org"}, {"milter", "milter_sendmail_t"}),
        ({"recipient": "accept.example.org"}, set()),
        ({"sasl_username": "user1@example.test"}, {"sasl"}),
        ({"client_address": "2001:db8::/32"}, {"null_sender"}),
        ({"origin": "bounce"}, {"bounce"}),
        ({"origin": "local"}, {"sendmail_t", "sendmail_verbose", "milter_sendmail_t", "maildrop"}),
        ({"recipient_count": 5}, {"several"}),
        ({"reason": "/mailbox full/"}, {"milter", "milter_sendmail_t"}),
        ({"header": {"X-Milter-Added": "/./"}}, {"milter", "milter_sendmail_t"}),
        ({"header": {"Subject": "grüße"}}, {"smtputf8"}),
        ({"content": "x" * 2049}, {"long_lines"}),
        ({"body": "The body is another one"}, {"milter", "milter_sendmail_t"}),
    ],
)
def test_selections(release: str, spool_path: Path, rule: dict[str, Any], cases: set[str]) -> None:
    selection = parse_selection(match=[rule], recipient_scope="any", queues=QUEUES, now=NOW)
    selected: list[str] = []

    def select(message: SpoolMessage, _seen: Seen) -> None:
        if message.readable and selection.decide(message).value == "yes":
            selected.append(message.queue_id)

    with Spool(str(spool_path)) as spool:
        scan(spool, Job(queues=QUEUES, make_result=Seen, visit=select, pass_over=pass_over), processes=1)
    expected = {real.queue_id for real in REAL_FILES if real.release == release and real.case in cases}
    assert sorted(selected) == sorted(expected)
