# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any, Callable, ClassVar, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, MailopsError, PatternTimeout
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool import scan as scanning
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job, ScanCounts, Share
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.read_ahead import DiskUse, ReadAhead, request_file
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

DATA = QueueFile().write()


class Names:
    """What a scan sums up here: which files it was shown."""

    def __init__(self) -> None:
        self.visited: list[tuple[str, str, bool]] = []
        self.passed_over: list[tuple[str, str, bool]] = []

    def merge(self, other: Names) -> None:
        self.visited += other.visited
        self.passed_over += other.passed_over


def visit(message: SpoolMessage, names: Names) -> None:
    names.visited.append((message.queue, message.queue_id, message.readable))


def pass_over(found: QueueEntry, incomplete: bool, names: Names) -> None:
    names.passed_over.append((found.queue, found.name, incomplete))


def job(*queues: str, **changes: Any) -> Job[Names]:
    return Job(**{"queues": queues, "make_result": Names, "visit": visit, "pass_over": pass_over, **changes})


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def run(made: MadeUpSpool, work: Job[Names], processes: int = 1) -> Share[Names]:
    with Spool(str(made.path)) as spool:
        return scan(spool, work, processes=processes)


# --- what is in a queue ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 3])
def test_every_file_is_read_once(made: MadeUpSpool, processes: int) -> None:
    expected = []
    for queue in ("deferred", "hold"):
        for number in range(30):
            queue_id = "%05X1234" % (number * 33333)
            made.put(queue, queue_id, DATA)
            expected.append((queue, queue_id, True))
    share = run(made, job("deferred", "hold", "active"), processes)
    assert sorted(share.result.visited) == expected
    assert share.result.passed_over == []
    assert share.counts == ScanCounts(files=60)


class BusyDisk(ReadAhead):
    """Finds out that every file is waited for, and says in the run's own process how many files it requests."""

    requested: ClassVar[list[str]] = []

    def __init__(self, spool: Spool, **options: Any) -> None:
        uses = (DiskUse(number, 8 * number) for number in range(0, 1 << 30, 1000))
        super().__init__(spool, measure=uses.__next__, request=self.note, **options)

    def note(self, name: str, directory: int, size: int) -> int:
        self.requested.append(name)
        return request_file(name, directory, size)


def fill_strangely(made: MadeUpSpool) -> None:
    for number in range(300):
        queue_id = "%05X1234" % (number * 3333)
        made.put("deferred", queue_id, DATA, depth=number % 3)
        made.put_defer_log(queue_id, depth=number % 2, someone="refused")
    for number in range(40):
        made.put("hold", "%05X5678" % number, DATA, mode=0o600 if number % 4 else READY)
    os.mkfifo(str(made.path / "hold" / "FIFO1"))
    make_link(made.path / "hold" / "LINK1")
    (made.path / "hold" / "DIRECTORY1").mkdir()
    (made.path / "hold" / "not-a-name").write_bytes(DATA)


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("with_logs", [False, True])
@pytest.mark.parametrize("reads_ahead", [False, True])
def test_reading_ahead_changes_no_answer(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, processes: int, with_logs: bool, reads_ahead: bool
) -> None:
    fill_strangely(made)

    def visit_with_log(message: SpoolMessage, names: Names) -> None:
        reasons = message.reasons() if with_logs else {}
        names.visited.append((message.queue, message.queue_id, bool(reasons)))

    work = job("deferred", "hold", "active", visit=visit_with_log)
    with Spool(str(made.path)) as spool:
        spool.reads_ahead = False
        expected = scan(spool, work, processes=1)
    monkeypatch.setattr(scanning, "ReadAhead", BusyDisk)
    monkeypatch.setattr(BusyDisk, "requested", [])
    with Spool(str(made.path)) as spool:
        spool.reads_ahead = reads_ahead
        share = scan(spool, work, processes=processes)
    assert sorted(share.result.visited) == sorted(expected.result.visited)
    assert sorted(share.result.passed_over) == sorted(expected.result.passed_over)
    assert share.counts == expected.counts == ScanCounts(files=340, incomplete=30, not_files=4)
    assert bool(BusyDisk.requested) is reads_ahead


@pytest.mark.parametrize("changes_files", [False, True])
def test_a_file_that_may_be_changed_is_opened_just_before(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, changes_files: bool
) -> None:
    fill_strangely(made)
    opened = []

    def visit(_message: SpoolMessage, _names: Names) -> None:
        opened.append(len(spool.requested.files))

    monkeypatch.setattr(scanning, "ReadAhead", BusyDisk)
    monkeypatch.setattr(BusyDisk, "requested", [])
    with Spool(str(made.path)) as spool:
        scan(spool, job("deferred", visit=visit, changes_files=changes_files), processes=1)
    assert BusyDisk.requested
    assert (max(opened) == 0) is changes_files


def test_each_share_is_settled_where_it_was_read(made: MadeUpSpool) -> None:
    made.put("deferred", "000001234", DATA)

    def finish(names: Names) -> None:
        names.passed_over.append(("finished", str(os.getpid()), bool(names.visited)))

    share = run(made, job("deferred", finish=finish), 2)
    assert len(set(share.result.passed_over)) == 2
    assert sorted(visited for _finished, _process, visited in share.result.passed_over) == [False, True]


def make_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def make_broken_link(path: Path) -> None:
    path.symlink_to("absent")


def make_file(data: bytes, mode: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)
        path.chmod(mode)

    return make


READY = 0o700


@pytest.mark.parametrize(
    ("make", "counts", "visited", "passed_over"),
    [
        pytest.param(make_file(DATA, READY), ScanCounts(files=1), [True], [], id="a message"),
        pytest.param(make_file(DATA, 0o600), ScanCounts(files=1, incomplete=1), [], [True], id="being written"),
        pytest.param(make_file(b"", 0o600), ScanCounts(files=1, incomplete=1), [], [True], id="just opened"),
        pytest.param(make_file(b"", READY), ScanCounts(files=1, unparsed=1), [False], [], id="empty"),
        pytest.param(make_file(DATA[:150], READY), ScanCounts(files=1, unparsed=1), [False], [], id="cut"),
        pytest.param(
            make_file(b"\xff" * 9000, READY), ScanCounts(files=1, unparsed=1), [False], [], id="no queue file"
        ),
        pytest.param(make_link, ScanCounts(not_files=1), [], [], id="link"),
        pytest.param(make_broken_link, ScanCounts(not_files=1), [], [], id="broken link"),
        pytest.param(os.mkfifo, ScanCounts(not_files=1), [], [], id="pipe"),
        pytest.param(os.mkdir, ScanCounts(not_files=1), [], [], id="directory"),
    ],
)
def test_what_may_stand_in_a_queue(
    made: MadeUpSpool, make: Callable[[Path], None], counts: ScanCounts, visited: list[bool], passed_over: list[bool]
) -> None:
    make(made.path / "incoming" / "4A0F9AC")
    share = run(made, job("incoming"))
    assert share.counts == counts
    assert share.result.visited == [("incoming", "4A0F9AC", readable) for readable in visited]
    assert share.result.passed_over == [("incoming", "4A0F9AC", incomplete) for incomplete in passed_over]


@pytest.mark.parametrize("name", ["4A0F9AC.tmp", "core-file", ".hidden", "ünicode", "with space", "line\nend"])
def test_names_that_no_queue_file_has(made: MadeUpSpool, name: str) -> None:
    (made.path / "incoming" / name).write_bytes(DATA)
    assert run(made, job("incoming")).counts == ScanCounts(not_files=1)


def test_a_name_of_bytes_is_no_queue_file(made: MadeUpSpool) -> None:
    Path(os.fsdecode(os.fsencode(made.path / "incoming") + b"/\xff\xfe")).write_bytes(DATA)
    assert run(made, job("incoming"), 2).counts == ScanCounts(not_files=1)


def test_corrupt_files_are_shown_as_they_are(made: MadeUpSpool) -> None:
    made.put("corrupt", "4A0F9AC", b"damaged", mode=0o400)
    share = run(made, job("corrupt"))
    assert share.result.visited == [("corrupt", "4A0F9AC", False)]
    assert share.counts == ScanCounts(files=1)


def test_only_wanted_files_are_opened(made: MadeUpSpool) -> None:
    made.put("hold", "4A0F9AC", DATA)
    made.put("hold", "4A0F9AD", b"")
    share = run(made, job("hold", wanted={"4A0F9AC"}.__contains__))
    assert share.result.visited == [("hold", "4A0F9AC", True)]
    assert share.result.passed_over == [("hold", "4A0F9AD", False)]
    assert share.counts == ScanCounts(files=1)


def test_damage_behind_what_was_asked_for_is_not_looked_for(made: MadeUpSpool) -> None:
    def look_at_the_start(message: SpoolMessage, names: Names) -> None:
        names.visited.append((message.queue, message.queue_id, message.identity.sender == b"sender@example.com"))

    made.put("hold", "4A0F9AC", DATA.replace(b"R\x15", b"R\x7f"))
    made.put("hold", "4A0F9AD", b"no queue file")
    share = run(made, job("hold", visit=look_at_the_start))
    assert sorted(share.result.visited) == [("hold", "4A0F9AC", True), ("hold", "4A0F9AD", False)]
    assert share.counts == ScanCounts(files=2, unparsed=1)
    assert run(made, job("hold")).counts == ScanCounts(files=2, unparsed=2)


def test_a_file_that_vanished(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("hold", "4A0F9AC", DATA)

    def vanish(spool: Spool, found: QueueEntry) -> SpoolMessage:
        made.file("hold", found.name).unlink()
        return SpoolMessage(spool, found)

    monkeypatch.setattr(scanning, "SpoolMessage", vanish)
    assert run(made, job("hold")).counts == ScanCounts(vanished=1)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_read(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    made.put("hold", "4A0F9AC", DATA)

    def fail(_spool: Spool, _found: QueueEntry) -> SpoolMessage:
        raise error

    monkeypatch.setattr(scanning, "SpoolMessage", fail)
    assert run(made, job("hold")).counts == ScanCounts(unreadable=1)


def test_a_file_whose_content_cannot_be_read(made: MadeUpSpool) -> None:
    def fail(_message: SpoolMessage, _names: Names) -> None:
        raise ContentError("no start of content")

    made.put("hold", "4A0F9AC", DATA)
    made.put("hold", "4A0F9AD", DATA)
    assert run(made, job("hold", visit=fail)).counts == ScanCounts(files=2, unreadable=2)


def test_files_are_closed_whatever_happens(made: MadeUpSpool) -> None:
    def fail(_message: SpoolMessage, _names: Names) -> None:
        raise MailopsError("stop")

    made.put("hold", "4A0F9AC", DATA)
    before = open_descriptors()
    with pytest.raises(MailopsError, match=r"\Astop\Z"):
        run(made, job("hold", visit=fail))
    assert open_descriptors() == before


def test_counts_add_up() -> None:
    counts = ScanCounts(1, 2, 3, 4, 5, 6)
    counts.merge(ScanCounts(10, 20, 30, 40, 50, 60))
    assert counts == ScanCounts(11, 22, 33, 44, 55, 66)


# --- several processes ----------------------------------------------------------------------------------------------


def in_helper(act: Callable[[], None]) -> Callable[[SpoolMessage, Names], None]:
    """Return a visit that acts in any process but this one."""
    here = os.getpid()

    def visit_(message: SpoolMessage, names: Names) -> None:
        if os.getpid() != here:
            act()
        visit(message, names)

    return visit_


@pytest.fixture
def many(made: MadeUpSpool) -> MadeUpSpool:
    for number in range(20):
        made.put("hold", "%05X1234" % (number * 33333), DATA)
    return made


def test_an_error_in_another_process_is_an_error_here(many: MadeUpSpool) -> None:
    def fail() -> None:
        raise MailopsError("the other process says so")

    with pytest.raises(MailopsError, match=r"\Athe other process says so\Z"):
        run(many, job("hold", visit=in_helper(fail)), 2)


def test_a_process_that_is_killed_is_an_error(many: MadeUpSpool) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(MailopsError) as caught:
        run(many, job("hold", visit=in_helper(die)), 2)
    assert str(caught.value) == (
        "A worker process was killed (out of memory?). Run this again: the next run finishes or undoes "
        "what that process left."
    )


def test_no_process_is_left_when_this_one_fails(many: MadeUpSpool) -> None:
    here = os.getpid()

    def fail(_message: SpoolMessage, _names: Names) -> None:
        if os.getpid() == here:
            raise MailopsError("stop")
        signal.pause()

    with pytest.raises(MailopsError, match=r"\Astop\Z"):
        run(many, job("hold", visit=fail), 3)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_system_that_does_not_tell_its_cores(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    made.put("hold", "4A0F9AC", DATA)
    with Spool(str(made.path)) as spool:
        assert scan(spool, job("hold")).counts == ScanCounts(files=1)


# --- patterns that take too long ------------------------------------------------------------------------------------


def deciding(match: Sequence[Mapping[str, Any]], decided: dict[str, tuple[Verdict, str | None]]) -> Job[Names]:
    """Return a job that decides about each message."""
    selection = parse_selection(match=match, now=0)

    def decide(message: SpoolMessage, _names: Names) -> None:
        decided[message.queue_id] = (selection.decide(message), message.problem)

    return job("hold", visit=decide)


# It tries each way to split a row of x.
ENDLESS = {"content": "/(x+)+y/"}
SLOW = QueueFile(body=[b"x" * 40]).write()
# One line, on which a repeat is tried from each place to the end.
LARGE = QueueFile(body=[b"x" * 300000]).write()


def test_a_pattern_that_takes_too_long_is_stopped(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "PATTERN_SECONDS", 0.05)
    made.put("hold", "4A0F9AC", SLOW)
    with pytest.raises(PatternTimeout) as caught:
        run(made, deciding([ENDLESS], {}))
    assert str(caught.value) == (
        "The patterns of the selection took more than 0.05 seconds of CPU time on message 4A0F9AC. Make them simpler "
        "(no repeat within a repeat, such as (a+)+), or exclude that message by its queue_id. Nothing was changed."
    )
    assert caught.value.queue_id == "4A0F9AC"
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL


@pytest.mark.parametrize("key", ["content", "body"])
def test_on_a_large_message_it_is_the_message_that_is_undecided(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(scanning, "PATTERN_SECONDS", 0.05)
    made.put("hold", "4A0F9AC", LARGE)
    made.put("hold", "4A0F9AD", DATA)
    decided: dict[str, tuple[Verdict, str | None]] = {}
    run(made, deciding([{key: "/x+y/"}], decided))
    assert decided == {
        "4A0F9AC": (Verdict.UNDECIDED, "the patterns took more than 0.05 seconds"),
        "4A0F9AD": (Verdict.NO, None),
    }


def test_many_large_messages_do_not_take_for_ever(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "PATTERN_SECONDS", 0.05)
    monkeypatch.setattr(scanning, "SLOW_MESSAGES", 3)
    for number in range(20):
        made.put("hold", "%05X1234" % (number * 33333), LARGE)
    made.put("hold", "4A0F9AD", DATA)
    decided: dict[str, tuple[Verdict, str | None]] = {}
    run(made, deciding([{"content": "/x+y/"}], decided))
    assert decided.pop("4A0F9AD") == (Verdict.NO, None)
    assert {verdict for verdict, _problem in decided.values()} == {Verdict.UNDECIDED}
    assert Counter(problem for _verdict, problem in decided.values()) == {
        "the patterns took more than 0.05 seconds": 3,
        "the patterns took too long on other messages of its size": 17,
    }


def test_what_is_withheld_is_missing(made: MadeUpSpool) -> None:
    def look(message: SpoolMessage, _names: Names) -> None:
        message.withhold_content("too slow")
        assert (message.headers(), message.text_parts(), list(message.text_windows())) == ((), (), [])
        assert message.missing == {Input.HEADERS, Input.BODY, Input.CONTENT}
        assert message.problem == "too slow"

    made.put("hold", "4A0F9AC", DATA)
    assert run(made, job("hold", visit=look)).counts == ScanCounts(files=1)


def burn(seconds: float) -> None:
    end = os.times().user + seconds
    while os.times().user < end:
        sum(range(1000))


def test_time_that_reading_takes_is_no_fault_of_a_pattern(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "PATTERN_SECONDS", 0.05)
    made.put("hold", "4A0F9AC", DATA)
    assert run(made, job("hold", visit=lambda _message, _names: burn(0.3))).counts == ScanCounts(files=1)


def test_the_limit_is_for_each_message(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "PATTERN_SECONDS", 0.5)
    monkeypatch.setattr(patterns.CachedTest, "__call__", lambda _test, _value: burn(0.3))
    decided: dict[str, tuple[Verdict, str | None]] = {}
    for number in range(4):
        made.put("hold", "%05X1234" % (number * 33333), DATA)
    run(made, deciding([{"sender": "example.com"}], decided))
    assert [verdict for verdict, _problem in decided.values()] == [Verdict.NO] * 4
