# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import MessageList
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.spool import READY

NOW = 1700003600
SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def spool(host: Host) -> Iterator[Spool]:
    with Spool(str(host.made.path)) as opened:
        yield opened


def nothing(*own_domains: bytes, ignored: frozenset[str] = frozenset()) -> SelectedMessages:
    return SelectedMessages(
        in_queues={"deferred": 0, "hold": 0},
        summary=Summary(now=NOW),
        listed=MessageList(10),
        own_domains=frozenset(own_domains),
        ignored=ignored,
    )


def add(spool: Spool, selected: SelectedMessages, *queues: str, is_selected: bool = True) -> SelectedMessages:
    for queue in queues:
        for entry in spool.walk(queue):
            message = SpoolMessage(spool, entry)
            selected.add(message, is_selected)
            message.close()
    return selected


def only(selected: SelectedMessages) -> SelectedMessage:
    [message] = selected.by_id.values()
    return message


def test_what_is_kept_of_a_message(host: Host, spool: Spool) -> None:
    path = host.made.put("deferred", "4A0F9AC", SPAM.write(), mode=READY | 0o010, mtime=1700001000)
    selected = add(spool, nothing(), "deferred")
    assert only(selected) == SelectedMessage(
        queue_id="4A0F9AC",
        queue="deferred",
        fingerprint=host.fingerprint("deferred", "4A0F9AC"),
        size=only(selected).size,
        recipients=2,
        forced_expire=True,
        created=1700000001,
        retry=1700001000,
        changed_at=path.stat().st_ctime_ns,
        null_sender=False,
        is_verified=True,
    )
    assert selected.in_queues == {"deferred": 1, "hold": 0}
    assert (selected.totals.messages, selected.totals.recipients) == (1, 2)
    assert selected.totals.size == only(selected).size > 0


def test_the_times_are_left_out_if_the_run_does_not_need_them(host: Host, spool: Spool) -> None:
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    kept = only(add(spool, nothing(), "deferred"))
    selected = nothing()
    selected.with_times = False
    assert only(add(spool, selected, "deferred")) == kept._replace(created=0, retry=0, changed_at=0)


def test_a_message_that_is_not_selected_is_only_counted(host: Host, spool: Spool) -> None:
    host.made.put("hold", "4A0F9AC", b"no queue file")
    selected = add(spool, nothing(), "hold", is_selected=False)
    assert (selected.in_queues, list(selected.by_id), selected.totals.messages) == ({"deferred": 0, "hold": 1}, [], 0)


def test_a_message_that_moved_while_the_queues_were_read_is_selected_once(host: Host, spool: Spool) -> None:
    path = host.made.put("deferred", "4A0F9AC", SPAM.write())
    selected = add(spool, nothing(), "deferred")
    path.rename(host.made.file("hold", "4A0F9AC"))
    add(spool, selected, "hold")
    assert (only(selected).queue, selected.totals.messages, len(selected.listed.rows())) == ("hold", 1, 1)


def test_a_message_that_cannot_be_read_is_not_selected(host: Host, spool: Spool) -> None:
    host.made.put("hold", "4A0F9AC", SPAM._replace(body=[b"a line"] * 2000).write())
    # The directory is open until the next name is asked for.
    walk = spool.walk("hold")
    message = SpoolMessage(spool, next(walk))
    message.close()
    selected = nothing()
    with pytest.raises(ContentError):
        selected.add(message, True)
    assert (selected.in_queues["hold"], list(selected.by_id), selected.totals.messages) == (1, [], 0)


@pytest.mark.parametrize(
    ("name", "is_incomplete", "counted"),
    [
        pytest.param("4A0F9AC", False, 1, id="not wanted"),
        pytest.param("4A0F9AC", True, 0, id="incomplete"),
        pytest.param("4A0F9AD", False, 0, id="ignored"),
        pytest.param("4A0F9AD", True, 0, id="ignored and incomplete"),
    ],
)
def test_files_that_are_passed_over(name: str, is_incomplete: bool, counted: int) -> None:
    selected = nothing(ignored=frozenset(["4A0F9AD"]))
    selected.pass_over(QueueEntry("hold", 0, name), is_incomplete=is_incomplete)
    assert selected.in_queues == {"deferred": 0, "hold": counted}


def test_what_several_processes_selected_adds_up(host: Host, spool: Spool) -> None:
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    host.made.put("hold", "5A0F9AC", SPAM.write())
    one, other = add(spool, nothing(), "deferred"), add(spool, nothing(), "hold")
    other.verdicts = Verdicts(partial=1, undecided=2, changed=["4A0F9AD"])
    other.finish()
    one.merge(pickle.loads(pickle.dumps(other)))
    assert sorted(one.by_id) == ["4A0F9AC", "5A0F9AC"]
    assert one.in_queues == {"deferred": 1, "hold": 1}
    assert (one.totals.messages, one.totals.recipients) == (2, 4)
    assert sorted(row["queue_id"] for row in one.listed.rows()) == ["4A0F9AC", "5A0F9AC"]
    assert one.verdicts == Verdicts(partial=1, undecided=2, changed=["4A0F9AD"])


@pytest.mark.parametrize(
    ("created", "second"),
    [
        pytest.param(b"1700000009", 1700000009, id="requeued"),
        pytest.param(b"", 1700000000, id="an old version"),
        pytest.param(b"soon", 1700000000, id="no number"),
        pytest.param(b"9" * 15, 1700000000, id="too long"),
    ],
)
def test_the_second_that_a_lifetime_counts_from(host: Host, spool: Spool, created: bytes, second: int) -> None:
    host.made.put("hold", "4A0F9AC", SPAM._replace(created=created).write())
    assert only(add(spool, nothing(), "hold")).created == second


LOGIN = b"sasl_username="
LOCAL = b"log_message_origin=local"


@pytest.mark.parametrize(
    ("sender", "attributes", "is_verified"),
    [
        pytest.param(b"", [], False, id="null sender"),
        pytest.param(b"", [LOGIN + b"bob@example.com"], False, id="null sender of a login"),
        pytest.param(b"bob@example.com", [LOCAL], True, id="local"),
        pytest.param(b"bob@example.com", [b"client_address=192.0.2.7"], False, id="from elsewhere"),
        pytest.param(b"Bob@Example.com", [LOGIN + b"bob@example.COM"], True, id="own address"),
        pytest.param(b"alice@example.com", [LOGIN + b"bob@example.com"], True, id="own domain of the login"),
        pytest.param(b"bob@victim.example", [LOGIN + b"bob@example.com"], False, id="another domain"),
        pytest.param(b"bob@own.example", [LOGIN + b"bob"], True, id="login of the host"),
        pytest.param(b"alice@own.example", [LOGIN + b"bob"], False, id="another user of the host"),
        pytest.param(b"bob@victim.example", [LOGIN + b"bob"], False, id="a domain elsewhere"),
        pytest.param(b"bob", [LOGIN + b"bob"], False, id="no domain"),
    ],
)
def test_whether_the_sender_is_verified(
    host: Host, spool: Spool, sender: bytes, attributes: list[bytes], is_verified: bool
) -> None:
    host.made.put("hold", "4A0F9AC", SPAM._replace(sender=sender, before_sender=attributes).write())
    message = only(add(spool, nothing(b"own.example"), "hold"))
    assert (message.is_verified, message.null_sender) == (is_verified, sender == b"")


def test_ignored_queue_ids_stay_in_their_process() -> None:
    ignored = frozenset("4A0F%05X" % number for number in range(10000))
    sent = pickle.dumps(nothing(ignored=ignored))
    assert len(sent) < 5000
    assert pickle.loads(sent).ignored == ()
