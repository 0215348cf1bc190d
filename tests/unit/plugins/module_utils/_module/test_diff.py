# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination, make_diff, show_sums
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import Request
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import read_queues, show_totals
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile, todo

NOW = 1700000000
SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    host.made.put("hold", "4A0F9AD", SPAM.write())
    return host


def read(host: Host) -> SelectedMessages:
    selection = parse_selection(match=[], queues=("deferred", "hold"), now=NOW)
    with Spool(str(host.made.path)) as spool:
        job = Request(selection, None, 100, NOW).job()
        return read_queues(host.module(), spool, job, path="/var/spool/postfix").collector


def test_the_sums_of_messages(host: Host) -> None:
    selected = read(host)
    assert show_sums([*selected.by_id.values()]) == show_totals(selected.totals)
    assert show_sums([]) == {"messages": 0, "bytes": 0, "recipients": 0}


def diff_of(host: Host, destinations: dict[str, Destination]) -> tuple[list[str], list[str]]:
    selected = read(host)
    diff = make_diff(selected, selected.listed.rows(), destinations)
    assert (diff["before_header"], diff["after_header"]) == ("queues", "queues")
    before, after = diff["before"].splitlines(), diff["after"].splitlines()
    return [line for line in before if line not in after], [line for line in after if line not in before]


def line_of(queue: str, queue_id: str, size: int) -> str:
    return "%s %s, %d bytes, from a@bad.example to x@example.org and 1 more" % (queue, queue_id, size)


def size_of(host: Host) -> int:
    message: SelectedMessage = next(iter(read(host).by_id.values()))
    return message.size


@pytest.mark.parametrize(
    ("destinations", "removed", "added"),
    [
        pytest.param({}, [], [], id="nothing"),
        pytest.param(
            {"4A0F9AC": Destination(None, "")},
            ["deferred: 1 messages", "deferred 4A0F9AC"],
            ["deferred: 0 messages"],
            id="gone",
        ),
        pytest.param(
            {"4A0F9AC": Destination("hold", " (held)")},
            ["deferred: 1 messages", "hold: 1 messages", "deferred 4A0F9AC"],
            ["deferred: 0 messages", "hold: 2 messages", "deferred 4A0F9AC (held)"],
            id="to a queue that is read",
        ),
        pytest.param(
            {"4A0F9AD": Destination("released", " (released)")},
            ["hold: 1 messages", "hold 4A0F9AD"],
            ["hold: 0 messages", "released: 1 messages", "hold 4A0F9AD (released)"],
            id="to one that is not read",
        ),
        pytest.param(
            {"4A0F9AC": Destination("deferred", " (expired)")},
            ["deferred 4A0F9AC"],
            ["deferred 4A0F9AC (expired)"],
            id="marked in its queue",
        ),
    ],
)
def test_the_queues_before_and_after(
    host: Host, destinations: dict[str, Destination], removed: list[str], added: list[str]
) -> None:
    size = size_of(host)

    def whole(line: str) -> str:
        queue, _space, rest = line.partition(" ")
        queue_id, _space, mark = rest.partition(" ")
        return line if queue.endswith(":") else line_of(queue, queue_id, size) + (" " + mark if mark else "")

    before, after = diff_of(host, destinations)
    assert before == [whole(line) for line in removed]
    assert after == [whole(line) for line in added]


def test_a_line_of_the_diff_controls_no_terminal(host: Host) -> None:
    row = {
        "queue": "hold",
        "queue_id": "4A0F9AD",
        "size": 7,
        "sender": "a\x1b[2J",
        "recipients": [],
        "recipient_count": 0,
    }
    diff = make_diff(read(host), [row], {})
    assert diff["before"].splitlines()[-1] == "hold 4A0F9AD, 7 bytes, from a\\x1b[2J to nobody"
