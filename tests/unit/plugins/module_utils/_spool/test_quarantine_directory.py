# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.quarantine import INSTANCE, NAME, QuarantineHost, put_message


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def write_journal(path: Path, *records: dict[str, Any]) -> None:
    """Write a journal with these records into a directory, made if it is missing."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Tree(str(path)) as tree:
        journal = Journal(tree.root, str(path))
        for record in records:
            journal.append(record)


def test_a_new_quarantine_is_open_to_its_owner_only(host: QuarantineHost) -> None:
    before = open_descriptors()
    with host.quarantine() as quarantine:
        made = quarantine.records[0]
        assert (made["op"], made["version"], made["host"], made["instance"]) == ("made", 2, "mx1.example.com", INSTANCE)
        assert (quarantine.path, quarantine.present(), quarantine.unfinished()) == (str(host.path), set(), None)
        assert quarantine.last_moved_in() == made["time"]
        assert quarantine.pid_path("limbo") == "pid/mailops.%s.limbo" % made["id"]
    assert open_descriptors() == before
    for path in (host.path.parent, host.path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    with host.quarantine() as again:
        assert again.records == [made]


def test_it_belongs_to_one_instance(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine:
        quarantine.check_owner(dict(INSTANCE))
        with pytest.raises(QuarantineError) as caught:
            quarantine.check_owner({"config_directory": "/etc/postfix-two"})
    assert str(caught.value) == (
        "The quarantine %s belongs to the instance in /etc/postfix, this one is in /etc/postfix-two; choose another name, or that "
        "instance." % host.path
    )


def test_a_missing_quarantine_is_an_error_with_the_existing_ones(host: QuarantineHost) -> None:
    def message() -> str:
        with pytest.raises(QuarantineError) as caught:
            Quarantine(host.base, "ham")
        return str(caught.value)

    assert message() == "There is no quarantine ham in %s. Existing quarantines: none." % host.base
    host.quarantine().__exit__()
    assert message() == "There is no quarantine ham in %s. Existing quarantines: spam." % host.base


FIRST: dict[str, Any] = {"op": "made", "version": 2, "id": "0123456789abcdef", "instance": {}, "time": 1, "by": "ops"}


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        pytest.param([], "is not a quarantine: it has no journal. Nothing was touched.", id="no journal"),
        pytest.param([{"op": "take"}], "is not a quarantine: it has no journal.", id="another first record"),
        pytest.param([{**FIRST, "version": 3}], "has format version 3, this collection knows version 2", id="newer"),
        pytest.param([{**FIRST, "id": "../x"}], "its first record has no ID or no instance.", id="no ID"),
        pytest.param([{**FIRST, "instance": None}], "its first record has no ID or no instance.", id="no instance"),
    ],
)
def test_a_directory_that_is_no_quarantine_of_this_version_is_refused(
    host: QuarantineHost, records: list[dict[str, Any]], problem: str
) -> None:
    host.path.parent.mkdir(mode=0o700)
    write_journal(host.path, *records)
    before = open_descriptors()
    with pytest.raises(QuarantineError) as caught:
        QuarantineDirectory(host.base, NAME)
    assert problem in str(caught.value)
    assert open_descriptors() == before


@pytest.mark.parametrize("which", ["base", "quarantine"])
def test_a_directory_that_others_may_write_to_is_refused(host: QuarantineHost, which: str) -> None:
    host.quarantine().__exit__()
    path = host.path if which == "quarantine" else host.path.parent
    path.chmod(0o770)
    with pytest.raises(QuarantineError) as caught:
        QuarantineDirectory(host.base, NAME)
    assert str(caught.value).startswith("%s is not a directory that only root can write to: " % path)


def test_a_quarantine_that_cannot_be_made_leaves_nothing(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise QuarantineError("no room")

    monkeypatch.setattr(Journal, "append", refuse)
    with pytest.raises(QuarantineError):
        host.quarantine()
    assert not host.path.parent.exists()


def test_what_the_records_say(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine:
        quarantine.write("take", messages={"hold": ["4A0F9AC"]})
        assert (quarantine.unfinished() or {})["op"] == "take"
        quarantine.write("done", messages=1)
        assert quarantine.unfinished() is None
        quarantine.write("give", messages={"hold": ["4A0F9AC", "4A0F9AD"]})
        quarantine.write("done", messages=2)
        quarantine.write("drop", messages=1, ids=["4A0F9AE"])
        assert quarantine.handled_ids("restored") == {"4A0F9AC", "4A0F9AD"}
        assert quarantine.handled_ids("absent") == {"4A0F9AE"}
        assert quarantine.has_swapped() is False
        written = list(quarantine.records)
    with host.quarantine() as again:
        assert again.records == written


@pytest.mark.parametrize(
    ("end", "has_swapped"),
    [
        pytest.param({"messages": 1}, True, id="to the end"),
        pytest.param({"messages": 1, "recovered": True}, False, id="interrupted and recovered"),
        pytest.param(None, False, id="interrupted"),
    ],
)
def test_whether_whole_queues_were_moved(host: QuarantineHost, end: dict[str, Any] | None, has_swapped: bool) -> None:
    with host.quarantine() as quarantine:
        quarantine.write("swap", queues=["deferred"], earlier=[])
        if end is not None:
            quarantine.write("done", **end)
        assert quarantine.has_swapped() is has_swapped


def test_only_the_last_batch_of_copies_is_kept_in_memory(host: QuarantineHost) -> None:
    def files(quarantine: Quarantine) -> list[Any]:
        return [record.get("files") for record in quarantine.records[1:]]

    with host.quarantine() as quarantine:
        for name in ("a", "b", "c"):
            quarantine.write("copied", way="out", files=[name])
        assert files(quarantine) == [None, None, ["c"]]
    with host.quarantine() as again:
        assert files(again) == [None, None, ["c"]]
        assert len(again.journal.read()[1]["files"]) == 1


def test_the_messages_in_it(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        one, other = put_message(host.made), put_message(host.made, "hold")
        quarantine.quarantine_messages(queues, {one: Move("deferred", "deferred"), other: Move("hold", "active")})
        (host.path / "hold").mkdir()
        (host.path / "hold" / "no.queue.id").touch()
        assert quarantine.present() == {one, other}
        assert quarantine.present({other, "4A0F9AD"}) == {other}
        assert [(found.queue, found.name) for found in quarantine.messages({other})] == [("active", other)]
        assert quarantine.collisions(queues, {one, other}) == set()
        (host.made.path / "incoming" / one).touch()
        assert quarantine.collisions(queues, {one, other}) == {one}


def test_collisions_between_filesystems_are_not_predicted(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    def can_rename(*_directories: int) -> bool:
        checked.append(True)
        return False

    monkeypatch.setattr("ansible_collections.mailops.postfix.plugins.module_utils._spool.moves.can_rename", can_rename)
    with host.quarantine() as quarantine, host.queues() as queues:
        assert quarantine.is_elsewhere(queues) is True
        assert quarantine.collisions(queues, {"4A0F9AC"}) == set()
    assert len(checked) == 1


def test_an_error_that_ends_a_move_names_both_sides(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        error = quarantine.interruption_error(queues, OSError(28, os.strerror(28)))
    assert str(error).startswith(
        "The move between %s and %s was interrupted: No space left on device. Every message is in one of them, and what was moved before "
        "stays moved. " % (host.made.path, host.path)
    )


@pytest.mark.parametrize("make", [QuarantineDirectory.make, Quarantine.make])
def test_make_returns_the_class_that_it_is_called_on(host: QuarantineHost, make: Callable[..., Any]) -> None:
    with make(host.base, NAME, host="mx1.example.com", instance=INSTANCE) as made:
        assert made.__class__ == make.__self__  # type: ignore[attr-defined]
