# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _audit_log
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from tests.unit.support.host import Host
from tests.unit.support.runner import said


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def log(host: Host) -> AuditLog:
    return AuditLog(host.module(), host.instance, "postfix_queue_purge")


def test_lines_have_the_name_of_the_module(host: Host, log: AuditLog) -> None:
    log.add_fields({"state": "held", "moved": 3})
    command = ["/usr/sbin/postlog", "-c", "/etc/postfix", "-p", "info", "-t", "mailops/postfix_queue_purge"]
    assert host.runner.ran == [(command, "state=held, moved=3\n")]


@pytest.mark.parametrize(
    ("number", "lengths"),
    [
        pytest.param(0, [], id="none"),
        pytest.param(1, [1], id="one"),
        pytest.param(40, [40], id="a full line"),
        pytest.param(81, [40, 40, 1], id="three lines"),
    ],
)
def test_many_queue_ids_stand_in_a_line(host: Host, log: AuditLog, number: int, lengths: list[int]) -> None:
    queue_ids = ["3Vgspm0WfDz30Dy%05X" % number for number in range(number)]
    log.add_queue_ids("deleted", queue_ids)
    assert all(line.startswith("deleted: ") and len(line) < 1000 for line in host.logged)
    named = [line.split(" ")[1:] for line in host.logged]
    assert [len(names) for names in named] == lengths
    assert [name for names in named for name in names] == queue_ids


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        pytest.param(None, "none given", id="none"),
        pytest.param("", "none given", id="empty"),
        pytest.param("ticket 4711", "ticket 4711", id="text"),
        pytest.param("one\ntwo\x1b[2J", "one\\x0atwo\\x1b[2J", id="control characters"),
        pytest.param("x" * 300, "x" * _audit_log.MAX_REASON, id="long"),
    ],
)
def test_a_summary_ends_with_the_reason(host: Host, log: AuditLog, reason: str | None, shown: str) -> None:
    log.add_summary({"purged": 2}, reason)
    assert host.logged == ["purged=2, reason=" + shown]


def test_a_log_that_cannot_be_written_to_is_a_warning(host: Host, log: AuditLog) -> None:
    host.runner.answers = {"postlog": said(status=75, err="postlog: fatal: no\n")}
    log.add_queue_ids("deleted", ["4A0F9AC"])
    [warning] = host.warnings
    assert warning == (
        "The mail log could not be written to: /usr/sbin/postlog -c /etc/postfix -p info -t mailops/postfix_queue_purge failed with "
        "exit status 75: postlog: fatal: no"
    )
