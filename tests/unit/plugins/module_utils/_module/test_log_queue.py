# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _log_queue
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_queue import (
    Attribution,
    QueueJoin,
    QueueReader,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource
from ansible_collections.mailops.postfix.plugins.module_utils._spool import scan as scanning
from tests.unit.support.host import Host
from tests.unit.support.mail_log import CLOCK, START, log
from tests.unit.support.queue_file import QueueFile

MESSAGE = QueueFile(arrival=b"%d 1" % START)
BY_FILE = MESSAGE._replace(after_sender=(b"sasl_username=a@example.com",))
RECEIVED = MESSAGE._replace(
    headers=(
        b"Received: from client.example (unknown [203.0.113.5])",
        b"\t(Authenticated sender: c@example.com)",
        b"\tby mx01.example.com (Postfix) with ESMTPA id 4A0F004",
        b"\tfor <x@example.org>; Fri, 20 Nov 2026 13:14:00 +0000 (UTC)",
        b"Subject: x",
    )
)
NOTICE = MESSAGE._replace(before_sender=(b"log_message_origin=local", b"trace_flags=0"))
LINES = log(
    "00 smtpd[1]: 4A0F003: client=x[203.0.113.5], sasl_method=PLAIN, sasl_username=b@example.com",
    "00 smtpd[1]: 4A0F006: client=x[203.0.113.5], sasl_method=PLAIN, sasl_username=b@example.com",
)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.made.put("deferred", "4A0F001", BY_FILE._replace(arrival=b"%d 1" % (START + 9)).write())
    host.made.put("hold", "4A0F002", BY_FILE.write())
    host.made.put("active", "4A0F003", MESSAGE.write())
    host.made.put("deferred", "4A0F004", RECEIVED.write())
    host.made.put("deferred", "4A0F005", MESSAGE.write())
    host.made.put("deferred", "4A0F006", NOTICE.write())
    return host


def join(host: Host, *, number: int = 100, names: frozenset[bytes] | None = None) -> QueueJoin:
    source = QueueSource.of_instance(str(host.made.path))
    with source.spool:
        reader = QueueReader(host.module(), source, host="mx01.example.com", number=number, names=names)
        reader.submissions.add_block(LINES, CLOCK)
        return reader.join()


def shown(rows: Any) -> list[tuple[str, str, str, str]]:
    return [(row.message.queue_id, row.message.queue, row.sasl_username.decode(), row.attributed_by) for row in rows]


EXPECTED = [
    ("4A0F003", "active", "b@example.com", "log"),
    ("4A0F004", "deferred", "c@example.com", "received"),
    ("4A0F002", "hold", "a@example.com", "queue_file"),
    ("4A0F001", "deferred", "a@example.com", "queue_file"),
]


@pytest.mark.parametrize("processes", [1, 3])
def test_each_message_has_its_account(host: Host, monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    monkeypatch.setattr(scanning, "worth_processes", lambda _spool, _queues: processes)
    found = join(host)
    assert shown(found.rows) == EXPECTED
    assert not found.truncated
    assert (found.messages, found.missed) == (6, 0)
    assert found.attributed == {"queue_file": 2, "log": 1, "received": 1}
    assert found.logins.top(9) == [(b"a@example.com", 2), (b"b@example.com", 1), (b"c@example.com", 1)]


def test_few_rows_and_all_counts(host: Host) -> None:
    found = join(host, number=3)
    assert shown(found.rows) == EXPECTED[:3]
    assert found.truncated
    assert sum(found.attributed.values()) == 4


def test_only_some_accounts(host: Host) -> None:
    found = join(host, names=frozenset((b"c@example.com", b"nobody")))
    assert shown(found.rows) == EXPECTED[1:2]
    assert found.attributed == {"queue_file": 0, "log": 0, "received": 1}
    assert found.messages == 6


def test_the_oldest_of_many(host: Host) -> None:
    for number in range(100):
        host.made.put("deferred", "4B0F%03d" % number, BY_FILE._replace(arrival=b"%d 1" % (START - number)).write())
    found = join(host, number=4)
    assert [row.message.queue_id for row in found.rows] == ["4A0F003", "4A0F004", "4B0F099", "4B0F098"]
    assert found.attributed["queue_file"] == 102


def test_what_is_looked_up_is_bounded(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_log_queue, "MAX_UNKNOWN", 1)
    assert join(host).missed == 2
    monkeypatch.setattr(_log_queue, "MAX_UNKNOWN", 100)
    monkeypatch.setattr(_log_queue, "MAX_OPENED", 0)
    assert join(host).missed == 2


def test_another_message_with_the_same_queue_id_is_not_attributed(host: Host) -> None:
    source = QueueSource.of_instance(str(host.made.path))
    with source.spool:
        reader = QueueReader(host.module(), source, host="mx01.example.com", number=9, names=None)
        os.unlink(str(host.made.file("deferred", "4A0F004")))
        host.made.put("deferred", "4A0F004", RECEIVED._replace(arrival=b"%d 1" % (START + 1)).write())
        assert [row.attributed_by for row in reader.join().rows] == ["queue_file", "queue_file"]


def test_rows_sort_by_arrival() -> None:
    assert Attribution(_log_queue.QueuedMessage(1, "B", "q"), b"z", "log") < Attribution(_log_queue.QueuedMessage(2, "A", "q"), b"a", "log")  # fmt: skip
