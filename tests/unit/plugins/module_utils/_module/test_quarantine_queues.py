# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, MailopsError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_queues import check_options
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import service
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from tests.unit.support.host import DEFAULTS, Host
from tests.unit.support.quarantine_runs import QuarantineHost, outcomes
from tests.unit.support.queue_file import QueueFile

SPAM = QueueFile(sender=b"a@bad.example").write()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> QuarantineHost:
    host = QuarantineHost(tmp_path, monkeypatch, capsys)
    host.made.put("deferred", "4A0F9AC", SPAM)
    host.made.put("hold", "4A0F9AD", SPAM)
    return host


@pytest.mark.parametrize(
    ("params", "text"),
    [
        pytest.param(
            {"match": [{"sender": "x.example"}], "exclude": [{"sender": "y.example"}]},
            "mode: queues moves whole queues; leave out match and exclude, or use mode: messages",
            id="rules",
        ),
        pytest.param(
            {"plan": {"version": 1}},
            "mode: queues moves whole queues; leave out plan, or use mode: messages",
            id="plan",
        ),
        pytest.param(
            {"queues": ["deferred", "hold"]},
            "queues: mode: queues must move incoming, active and deferred together, because Postfix moves messages between them. Add incoming and "
            "active",
            id="some queues",
        ),
        pytest.param({}, None, id="all"),
        pytest.param({"queues": ["incoming", "active", "deferred"]}, None, id="those of delivery"),
    ],
)
def test_options_that_do_not_go_with_whole_queues(tmp_path: Path, params: dict[str, Any], text: str | None) -> None:
    try:
        check_options({**DEFAULTS, **params}, Host(tmp_path).instance)
    except SelectionError as error:
        assert str(error) == text
    else:
        assert text is None


def test_a_queue_directory_of_two_instances_is_refused(tmp_path: Path) -> None:
    instance = replace(Host(tmp_path).instance, shared_with=("/etc/postfix-out",))
    with pytest.raises(InstanceError, match="Nothing was touched"):
        check_options(DEFAULTS, instance)


def test_a_queue_that_is_a_filesystem_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(tmp_path)
    monkeypatch.setattr(quarantine_place, "are_together", lambda path, _top: not path.endswith("/hold"))
    with pytest.raises(SelectionError) as caught:
        check_options(DEFAULTS, host.instance)
    assert str(caught.value) == (
        "queues: hold in %s is a filesystem of its own, and a mounted directory cannot be renamed. Nothing was touched. Use mode: "
        "messages" % host.made.path
    )


@pytest.mark.parametrize("check", [True, False])
def test_a_quarantine_on_another_filesystem_is_refused(
    host: QuarantineHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    far = tmp_path / "far"
    far.mkdir()
    really = quarantine_place.are_together
    monkeypatch.setattr(quarantine_place, "are_together", lambda one, other: one != str(far) and really(one, other))
    result = host(mode="queues", directory=str(far / "none" / "yet"), check=check)
    assert result["msg"] == (
        "directory: %s/none/yet is on another filesystem than the queue directory %s, and mail would be down while whole queues are "
        "copied; nothing was touched. Name a directory on that filesystem, such as %s.quarantine, or use mode: messages"
        % (far, host.made.path, host.made.path)
    )
    assert host.made.standing() == {"4A0F9AC": "deferred", "4A0F9AD": "hold"}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("limit", [{"max_messages": 1}, {"max_percent": 50}])
def test_limits_are_checked_before_anything_moves(host: QuarantineHost, limit: dict[str, Any], check: bool) -> None:
    result = host(mode="queues", check=check, **limit)
    assert (result["failed"], result["matched"]) == (True, {"messages": 2})
    assert host.made.standing() == {"4A0F9AC": "deferred", "4A0F9AD": "hold"}
    assert host(mode="queues", max_messages=2)["outcomes"] == outcomes(quarantined=2)


@pytest.mark.parametrize("check", [True, False])
def test_whole_queues_are_moved_once(host: QuarantineHost, check: bool) -> None:
    assert host(mode="queues")["changed"] is True
    host.made.put("deferred", "4A0F9AE", SPAM)
    again = host(mode="queues", check=check)
    assert (again["changed"], again["outcomes"], again["down"]) == (False, outcomes(), 0.0)
    assert host.made.standing() == {"4A0F9AE": "deferred"}


def test_empty_queues_are_moved_too(host: QuarantineHost) -> None:
    for queue, queue_id in (("deferred", "4A0F9AC"), ("hold", "4A0F9AD")):
        host.made.file(queue, queue_id).unlink()
    predicted, done = host(mode="queues", check=True), host(mode="queues")
    assert predicted["changed"] is done["changed"] is True
    assert predicted["outcomes"] == done["outcomes"] == outcomes()


def test_a_move_that_broke_off_keeps_the_result(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def swap(
        _quarantine: object, _live: object, _queues: object, stopped: Any, _moved: object, **_said: object
    ) -> None:
        with stopped():
            raise MailopsError("The disk is full.")

    monkeypatch.setattr(Quarantine, "swap", swap)
    result = host(mode="queues")
    assert (result["failed"], result["changed"], result["msg"]) == (True, False, "The disk is full.")
    assert result["down"] >= 0


def test_an_error_before_postfix_is_stopped_has_no_result(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise MailopsError("The disk is full.")

    monkeypatch.setattr(service, "pause", refuse)
    result = host(mode="queues")
    assert (result["failed"], result["msg"]) == (True, "The disk is full.")
    assert "outcomes" not in result


def test_a_quarantine_that_cannot_be_read_afterwards(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Change, "select", refuse)
    result = host(mode="queues")
    assert result["msg"] == (
        "The quarantine %s cannot be read: Input/output error. The disk has an error: look at the kernel log and check the disk, then "
        "run this again." % host.place
    )
    assert (result["changed"], result["outcomes"]) == (True, outcomes())
    assert host.quarantined() == {"4A0F9AC": "deferred", "4A0F9AD": "hold"}
