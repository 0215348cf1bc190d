# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Collection, Iterator, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._module import _visitor
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import (
    Collector,
    Verdicts,
    make_job,
    make_visitor,
    select_by_plan,
    select_by_rules,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import MAX_GAPS, Gap, Share
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from ansible_collections.mailops.postfix.plugins.modules import (
    postfix_message_info,
    postfix_queue_facts,
    postfix_queue_purge,
)
from tests.unit.support.host import Host
from tests.unit.support.module import ModuleRun
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.runner import said
from tests.unit.support.subject import MadeUpMessage

NOW = 1700000000
SPAM = QueueFile(sender=b"a@bad.example", recipients=todo(b"x@example.org", b"y@example.net"))
HAM = QueueFile(sender=b"a@good.example")


@dataclass
class Seen(Collector):
    """Keeps what a visitor gives it."""

    verdicts: Verdicts = field(default_factory=Verdicts)
    answers: dict[str, bool] = field(default_factory=dict)
    passed_over: dict[str, bool] = field(default_factory=dict)
    finished: int = 0

    def add(self, message: SpoolMessage, is_selected: bool) -> None:
        """Keep whether the message is selected."""
        self.answers[message.queue_id] = is_selected

    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Keep whether the file is incomplete."""
        self.passed_over[entry.name] = is_incomplete

    def finish(self) -> None:
        """Count the calls."""
        self.finished += 1

    def merge(self, other: Seen) -> None:
        """Add what another process saw."""
        self.answers.update(other.answers)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    host.made.put("hold", "4A0F9AD", SPAM.write())
    host.made.put("deferred", "4A0F9AE", HAM.write())
    return host


@pytest.fixture
def spool(host: Host) -> Iterator[Spool]:
    with Spool(str(host.made.path)) as opened:
        yield opened


def seen_by(
    spool: Spool, selects: _visitor.Selector | None, *, queues: Collection[str] | None = None, **options: Any
) -> Share[Seen]:
    job = make_job(Seen, make_visitor(selects, queues=queues), queues=("deferred", "hold"), **options)
    return scan(spool, job, processes=1)


def rules(*match: Mapping[str, Any], exclude: Sequence[Mapping[str, Any]] = ()) -> _visitor.Selector | None:
    return select_by_rules(parse_selection(match=match, exclude=exclude, now=NOW), is_early=True)


# --- selectors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "exclude", "selected", "partial"),
    [
        pytest.param([{"sender": "bad.example"}], [], {"4A0F9AC", "4A0F9AD"}, 0, id="sender"),
        pytest.param([{"sender": "bad.example"}], [{"queue_id": "4A0F9AC"}], {"4A0F9AD"}, 0, id="one is protected"),
        pytest.param([{"recipient": "example.org"}], [], {"4A0F9AE"}, 2, id="some of the recipients"),
        pytest.param([], [{"sender": "bad.example"}], {"4A0F9AE"}, 0, id="all but some"),
    ],
)
def test_rules_select(spool: Spool, match: list[Any], exclude: list[Any], selected: set[str], partial: int) -> None:
    seen = seen_by(spool, rules(*match, exclude=exclude)).result
    assert {queue_id for queue_id, is_selected in seen.answers.items() if is_selected} == selected
    assert seen.answers.keys() == {"4A0F9AC", "4A0F9AD", "4A0F9AE"}
    assert seen.verdicts == Verdicts(partial=partial)
    assert seen.finished == 1


def test_no_rules_select_every_message_without_a_selector(spool: Spool) -> None:
    assert rules() is None
    assert seen_by(spool, None).result.answers == dict.fromkeys(("4A0F9AC", "4A0F9AD", "4A0F9AE"), True)


@pytest.mark.parametrize(
    ("match", "selected"),
    [
        pytest.param(None, {"4A0F9AD"}, id="no rules"),
        pytest.param([{"sender": "bad.example"}], {"4A0F9AD"}, id="a rule"),
        pytest.param([{"sender": "good.example"}], set(), id="a rule for a message elsewhere"),
    ],
)
def test_only_messages_in_the_chosen_queues_are_selected(
    spool: Spool, match: list[Any] | None, selected: set[str]
) -> None:
    seen = seen_by(spool, None if match is None else rules(*match), queues=["hold"]).result
    assert {queue_id for queue_id, is_selected in seen.answers.items() if is_selected} == selected
    assert len(seen.answers) == 3


def test_messages_in_other_queues_are_never_undecided(host: Host, spool: Spool) -> None:
    host.made.put("deferred", "4A0F9AF", b"no queue file")
    assert seen_by(spool, rules({"sender": "bad.example"}), queues=["hold"]).result.verdicts == Verdicts()


def test_a_plan_selects_its_messages_and_notes_reused_queue_ids(host: Host, spool: Spool) -> None:
    planned = {"4A0F9AC": host.fingerprint("deferred", "4A0F9AC"), "4A0F9AD": "0123456789abcdef", "4A0F9AF": "0" * 16}
    seen = seen_by(spool, select_by_plan(planned), wanted=planned.__contains__).result
    assert seen.answers == {"4A0F9AC": True, "4A0F9AD": False}
    assert seen.verdicts == Verdicts(changed=["4A0F9AD"])
    assert seen.passed_over == {"4A0F9AE": False}


def test_files_that_are_not_complete_are_passed_over(host: Host, spool: Spool) -> None:
    host.made.file("deferred", "4A0F9AC").chmod(0o600)
    seen = seen_by(spool, None).result
    assert (seen.passed_over, set(seen.answers)) == ({"4A0F9AC": True}, {"4A0F9AD", "4A0F9AE"})
    seen = seen_by(spool, None, any_mode=True).result
    assert (seen.passed_over, set(seen.answers)) == ({}, {"4A0F9AC", "4A0F9AD", "4A0F9AE"})


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_undecided_messages_are_named_with_the_problem(host: Host, spool: Spool) -> None:
    host.made.put("deferred", "4A0F9AF", b"no queue file")
    verdicts = seen_by(spool, rules({"sender": "bad.example"})).result.verdicts
    problem = "the file ends within a record at offset 0"
    assert verdicts == Verdicts(undecided=1, examples=[Gap("deferred", "4A0F9AF", 13, problem)])


class Unreadable(MadeUpMessage):
    """A message whose file cannot be read."""

    @property
    def envelope(self) -> Any:
        """The envelope cannot be read."""
        self.problem = "reading stopped at offset 8192"
        raise ContentError(self.problem)


def test_an_undecided_message_that_cannot_be_read_is_named_too() -> None:
    verdicts = Verdicts()
    with pytest.raises(ContentError):
        verdicts.add_undecided(Unreadable())  # type: ignore[arg-type]
    gap = Gap("deferred", "4A0F9AC", None, "reading stopped at offset 8192")
    assert verdicts == Verdicts(undecided=1, examples=[gap])


def test_an_undecided_message_without_a_problem_is_named() -> None:
    verdicts = Verdicts()
    verdicts.add_undecided(MadeUpMessage())  # type: ignore[arg-type]
    assert verdicts.examples == [Gap("deferred", "4A0F9AC", 1000, "cannot be decided")]


def test_verdicts_of_several_processes_add_up() -> None:
    gaps = [Gap("deferred", "4A0F9%02X" % number, 9, "damaged") for number in range(MAX_GAPS + 5)]
    total = Verdicts(partial=1, undecided=20, examples=gaps[5:], changed=["4A0F9AC"])
    total.merge(Verdicts(partial=2, undecided=6, examples=gaps[:6], changed=["4A0F9AD"]))
    assert total == Verdicts(partial=3, undecided=26, examples=gaps[:MAX_GAPS], changed=["4A0F9AC", "4A0F9AD"])


# --- directories that cannot be read --------------------------------------------------------------------------------


@pytest.fixture
def unreadable_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a hash directory that even root cannot list."""
    scandir = os.scandir

    def refuse(directory: Any) -> Any:
        # pytest removes old directories by their paths.
        if isinstance(directory, int) and os.readlink("/proc/self/fd/%d" % directory).endswith("/deferred/4"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return scandir(directory)

    monkeypatch.setattr(os, "scandir", refuse)


@pytest.mark.usefixtures("unreadable_directory")
def test_an_unreadable_directory_ends_a_run_that_must_not_miss_messages(host: Host, spool: Spool) -> None:
    with pytest.raises(SystemRefusal) as caught:
        seen_by(spool, None)
    assert str(caught.value) == (
        "The directory deferred/4 in %s cannot be read: Input/output error. The disk has an error: look at the kernel log and check "
        "the disk, then run this again." % host.made.path
    )


@pytest.mark.usefixtures("unreadable_directory")
def test_an_unreadable_directory_is_reported_where_messages_may_be_missed(spool: Spool) -> None:
    share = seen_by(spool, None, may_miss=True)
    assert share.result.answers == {"4A0F9AD": True}
    problem = "It cannot be read: Input/output error. The disk has an error: look at the kernel log and check the disk, then run this again."
    assert share.gaps == [Gap("deferred/4", "", None, problem)]


# --- the collectors of the modules ----------------------------------------------------------------------------------

LONG = QueueFile(sender=b"a@bad.example", body=[b"a line"] * 2000)
# Its envelope is longer than what is read of each file at first.
MANY = QueueFile(sender=b"a@bad.example", recipients=todo(*(b"r%d@example.org" % number for number in range(1000))))
EVERY_ID = ["4A0F9AC", "4A0F9AD", "4A0F9AE", "4A0F9AF", "4A0F9B0", "4A0F9B1"]
DAMAGED, CUT, CUT_EARLY, UNREADABLE = "4A0F9AD", "4A0F9AE", "4A0F9AF", "4A0F9B1"


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return a host with a whole, a damaged, two truncated, an incomplete and an unreadable file, and a directory among them."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    host = Host(tmp_path)
    put, whole = host.made.put, LONG.write()
    put("deferred", "4A0F9AC", whole)
    put("deferred", DAMAGED, b"garbage" * 50)
    put("deferred", CUT, whole[: len(whole) // 2])
    put("deferred", CUT_EARLY, whole[:100])
    put("deferred", "4A0F9B0", whole, mode=0o600)
    inode = put("deferred", UNREADABLE, MANY.write()).stat().st_ino
    host.made.file("deferred", "4A0F9B2").mkdir()
    pread = os.pread

    def refuse(descriptor: int, size: int, offset: int) -> bytes:
        if os.fstat(descriptor).st_ino == inode:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", refuse)
    return host


@pytest.mark.parametrize("module", [postfix_queue_facts, postfix_message_info, postfix_queue_purge])
@pytest.mark.parametrize(
    ("options", "matched", "undecided"),
    [
        pytest.param({"match": [{"sender": "bad.example"}]}, 2, [DAMAGED, CUT_EARLY], id="sender"),
        pytest.param({"match": [{"recipient": "example.org"}]}, 2, [DAMAGED, CUT_EARLY, UNREADABLE], id="recipient"),
        pytest.param({"match": [{"content": "a line"}]}, 2, [DAMAGED, CUT_EARLY, UNREADABLE], id="content"),
        pytest.param({"match": [{"queue_id": EVERY_ID}]}, 4, [], id="queue_id"),
        pytest.param({"match": [{"size": "1"}]}, 4, [], id="size"),
        pytest.param({}, 4, [], id="every message"),
        pytest.param(
            {"exclude": [{"recipient": "nobody.example"}]}, 2, [DAMAGED, CUT_EARLY, UNREADABLE], id="all but some"
        ),
    ],
)
def test_every_module_treats_files_that_are_not_whole_in_the_same_way(
    broken: Host,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: ModuleType,
    options: dict[str, Any],
    matched: int,
    undecided: list[str],
) -> None:
    run = ModuleRun(module.main, monkeypatch, capsys, broken.made.path)
    run.answers["postlog"] = said()
    if module is postfix_queue_purge:
        options = {**options, "check": True, "max_percent": 100, "match_all": "match" not in options}
    result = run(**options)
    result = result.get("ansible_facts", {}).get("postfix_queue", result)
    counts = {name: result["matched"][name] for name in ("messages", "partial", "undecided")}
    assert counts == {"messages": matched, "partial": 0, "undecided": len(undecided)}
    assert [row["queue_id"] for row in result["undecided"]] == undecided
    assert [row["queue_id"] for row in result["scan"]["damaged"]] == [DAMAGED, CUT, CUT_EARLY, UNREADABLE]
    scanned = {name: result["scan"][name] for name in ("files", "unreadable", "incomplete", "unparsed", "not_files")}
    assert scanned == {"files": 6, "unreadable": 1, "incomplete": 1, "unparsed": 3, "not_files": 1}


def test_an_undecided_message_that_cannot_be_read_counts_for_the_limits(
    broken: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ModuleRun(postfix_queue_purge.main, monkeypatch, capsys, broken.made.path)
    options: dict[str, Any] = {"match": [{"recipient": "example.org"}], "check": True}
    # Two of five messages are selected: the incomplete file is no message.
    assert run(max_percent=40, **options)["diff"]["before"].splitlines()[2] == "deferred: 5 messages"
    assert run.fails(max_percent=39, **options).startswith("The selection has 2 of the 5 messages in the chosen queues")
