# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import commands, log_names, log_sources
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import LogFile
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_sources import Sources, find_sources
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.log_lines import NOW, log_line
from tests.unit.support.runner import FakeRunner


def write(path: Path, second: int) -> Path:
    """Write a log with one line, plain or compressed."""
    data = log_line(second)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    os.utime(str(path), (second, second))
    return path


@pytest.fixture(autouse=True)
def commands_of_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of the host's commands. It has none, and no usual log."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setitem(commands.ENVIRONMENT, "PATH", str(directory))
    monkeypatch.setattr(log_names, "USUAL_LOGS", ())
    return directory


def install_journalctl(directory: Path) -> None:
    (directory / "journalctl").touch(mode=0o755)


def find(
    path: Path | None = None,
    *,
    files: Sequence[str] | None = None,
    journal: bool | None = None,
    since: float | None = None,
    **parameters: str,
) -> Sources:
    log = {} if path is None else {"maillog_file": str(path)}
    instance = Instance("/usr/sbin", {"config_directory": "/etc/postfix", **log, **parameters}, FakeRunner({}))
    return find_sources(instance, files=files, journal=journal, since=since)


def names(found: Sources) -> list[str]:
    """Return the names of the files that were found, after closing them."""
    found.close()
    return [os.path.basename(source.path) for source in found.sources]


# --- the log of the instance ----------------------------------------------------------------------------------------


def test_the_log_and_its_rotated_files_are_read_oldest_first(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", NOW)
    for name, second in (
        ("mail.log.1", NOW - 100),
        ("mail.log.2.gz", NOW - 200),
        ("mail.log-20261125", NOW - 150),
        ("other.log.1", NOW - 300),
        ("mail.log.bak", NOW - 300),
    ):
        write(tmp_path / name, second)
    found = find(log)
    assert b"".join(block for source in found.sources for block in source.blocks(None, None)) == b"".join(
        log_line(NOW - age) for age in (200, 150, 100, 0)
    )
    assert names(found) == ["mail.log.2.gz", "mail.log-20261125", "mail.log.1", "mail.log"]
    assert found.warnings == ()


def test_the_names_of_postfix_logrotate_are_known(tmp_path: Path) -> None:
    log = write(tmp_path / "postfix.log", NOW)
    write(tmp_path / "postfix.log.Wed.gz", NOW - 100)
    assert names(find(log)) == ["postfix.log"]
    assert names(find(log, maillog_file_rotate_suffix="%a")) == ["postfix.log.Wed.gz", "postfix.log"]


def test_rotated_files_that_ended_before_are_left_out(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", NOW - 90000)
    write(tmp_path / "mail.log.1", NOW - 100000)
    write(tmp_path / "mail.log.2", NOW - 200000)
    assert names(find(log, since=NOW - 100000)) == ["mail.log.1", "mail.log"]
    # An idle host has a log, too.
    assert names(find(log, since=NOW - 1000)) == ["mail.log"]


def test_the_log_may_have_been_renamed_just_now(tmp_path: Path) -> None:
    write(tmp_path / "mail.log.1", NOW)
    assert names(find(tmp_path / "mail.log")) == ["mail.log.1"]


def test_a_file_with_two_names_is_read_once(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", NOW)
    os.link(str(log), str(tmp_path / "mail.log.1"))
    assert len(names(find(log))) == 1


def rotate(log: Path) -> None:
    os.rename(str(log) + ".1", str(log) + ".2")
    os.rename(str(log), str(log) + ".1")
    write(log, NOW)


@pytest.mark.parametrize("rotations", [1, 4, 5, 6])
def test_a_rotation_meanwhile_hides_and_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rotations: int
) -> None:
    log = write(tmp_path / "mail.log", NOW - 100)
    write(tmp_path / "mail.log.1", NOW - 200)
    real = LogFile
    times: list[str] = []

    def open_slowly(path: str) -> LogFile:
        # The names change after each listing, as often as is wanted.
        if path == str(log) and len(times) < rotations:
            times.append(path)
            rotate(log)
        return real(path)

    monkeypatch.setattr(log_sources, "LogFile", open_slowly)
    found = find(log)
    starts = [source.start() for source in found.sources if isinstance(source, real)]
    assert starts == sorted(starts)
    assert len({source.key for source in found.sources if isinstance(source, real)}) == len(starts)
    if rotations < 5:
        assert len(starts) == 3
    found.close()


def test_a_file_that_vanishes_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = write(tmp_path / "mail.log", NOW)
    old = write(tmp_path / "mail.log.1", NOW - 100)
    (tmp_path / "mail.log.3").symlink_to("nowhere")
    real = LogFile

    def open_too_late(path: str) -> LogFile:
        if path == str(old) and old.exists():
            old.unlink()
        return real(path)

    monkeypatch.setattr(log_sources, "LogFile", open_too_late)
    found = find(log)
    assert (names(found), found.warnings) == (["mail.log"], ())


def test_a_rotated_file_that_is_no_file_is_named(tmp_path: Path) -> None:
    log = write(tmp_path / "mail.log", NOW)
    (tmp_path / "mail.log.1").mkdir()
    os.mkfifo(str(tmp_path / "mail.log.2"))
    found = find(log)
    assert names(found) == ["mail.log"]
    assert sorted(found.warnings) == [
        "%s is not a regular file, so it was not read. Name a file in files." % (tmp_path / name)
        for name in ("mail.log.1", "mail.log.2")
    ]


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_sources, "MAX_FILES", 3)
    log = write(tmp_path / "mail.log", NOW)
    for number in range(1, 6):
        write(tmp_path / ("mail.log.%d" % number), NOW - number)
    found = find(log)
    assert names(found) == ["mail.log.2", "mail.log.1", "mail.log"]
    assert found.warnings == (
        "%s has more than 3 rotated files. The older ones were not read: name them in files." % log,
    )
    with pytest.raises(LogError) as caught:
        find(files=["%s/mail*" % tmp_path])
    assert str(caught.value) == "files: these are more than 3 files. Name fewer at a time."


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_a_log_that_is_no_file_is_an_error(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "mail.log"
    log.mkdir() if kind == "directory" else os.mkfifo(str(log))
    write(tmp_path / "mail.log.1", NOW - 5)
    with pytest.raises(LogError) as caught:
        find(log)
    assert str(caught.value) == "%s is not a regular file, so it was not read. Name a file in files." % log


def test_a_log_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    for log in (tmp_path / "mail.log", tmp_path / "none" / "mail.log"):
        with pytest.raises(LogError) as caught:
            find(log)
        assert str(caught.value) == (
            "maillog_file = %s in /etc/postfix/main.cf: there is no such file yet, and no rotated one. Name the files of the mail log "
            "in files, or use journal: true." % log
        )


def test_a_directory_that_cannot_be_listed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(LogError) as caught:
        find(tmp_path / "mail.log")
    assert str(caught.value) == (
        "%s cannot be read: Input/output error. The disk has an error: look at the kernel log and check the disk, then run this again."
        % tmp_path
    )


# --- the usual logs and the journal ---------------------------------------------------------------------------------


def test_the_usual_log_comes_before_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands_of_host: Path
) -> None:
    with pytest.raises(LogError, match=r"^The journal cannot be read: there is no journalctl in"):
        find(journal=True)
    install_journalctl(commands_of_host)
    assert names(find()) == ["journal"]
    log = write(tmp_path / "maillog", NOW)
    monkeypatch.setattr(log_names, "USUAL_LOGS", (str(tmp_path / "mail.log"), str(log)))
    assert names(find()) == ["maillog"]
    assert names(find(journal=False)) == ["maillog"]
    assert names(find(journal=True)) == ["journal"]
    assert names(find(journal=True, files=[str(log)])) == ["maillog", "journal"]


@pytest.mark.parametrize(("journal", "end"), [(None, ", and no journalctl"), (False, "")])
def test_a_host_without_a_log_is_an_error(journal: bool | None, end: str) -> None:
    with pytest.raises(LogError) as caught:
        find(journal=journal)
    assert str(caught.value) == (
        "No mail log was found: maillog_file is empty, and there is none of /var/log/mail.log, /var/log/maillog, /var/log/mail, "
        "/var/log/zimbra.log%s. Name the files of the mail log in files." % end
    )


# --- files that are named -------------------------------------------------------------------------------------------


def test_files_and_globs_are_read_in_the_order_of_time(tmp_path: Path) -> None:
    for name, second in (
        ("a.log", NOW),
        ("b.log", NOW - 50),
        ("c[1].log", NOW - 20),
        ("c1.log", NOW - 90),
        ("d", NOW - 95),
    ):
        write(tmp_path / name, second)
    assert names(find(files=[str(tmp_path / "*.log"), str(tmp_path / "a.log")])) == [
        "c1.log",
        "b.log",
        "c[1].log",
        "a.log",
    ]
    # A file with that very name comes first.
    assert names(find(files=[str(tmp_path / "c[1].log")])) == ["c[1].log"]
    assert names(find(files=[str(tmp_path / "c[0-9].log"), str(tmp_path / "d")])) == ["d", "c1.log"]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("mail.log", 'files[0]: "mail.log" is not an absolute path. Write it from / on.'),
        ("/var\0/log", 'files[0]: "/var\\x00/log" has a null byte, which no path has. Remove it.'),
        ("", 'files[0]: "" is not an absolute path. Write it from / on.'),
        ("DIR/*.gz", 'files[0]: "DIR/*.gz" matches no file on this host. Correct it, or leave it out for this host.'),
        (
            "DIR/none",
            "files[0]: DIR/none cannot be read: No such file or directory. Check the path, then run this again.",
        ),
        ("DIR/fifo", "files[0]: DIR/fifo is not a regular file, so it was not read. Name a file in files."),
        ("DIR", "files[0]: DIR is not a regular file, so it was not read. Name a file in files."),
        ("/dev/null", "files[0]: /dev/null is not a regular file, so it was not read. Name a file in files."),
        (
            "DIR/link",
            "files[0]: DIR/link is not read: a symbolic link of another user. Name the file that it leads to.",
        ),
        (
            "DIR/f*",
            "files: none of the files can be read. DIR/fifo is not a regular file, so it was not read. Name a file in files.",
        ),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, problem: str
) -> None:
    os.mkfifo(str(tmp_path / "fifo"))
    (tmp_path / "link").symlink_to(write(tmp_path / "target", NOW))
    if os.geteuid() == 0:
        os.lchown(str(tmp_path / "link"), 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(LogError) as caught:
        find(files=[pattern.replace("DIR", str(tmp_path))])
    assert str(caught.value) == problem.replace("DIR", str(tmp_path))


def test_what_a_glob_matches_beside_files_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "mail.log", NOW)
    (tmp_path / "mail.d\n\x1b[31m\udcff").mkdir()
    found = find(files=["%s/mail.*" % tmp_path])
    assert names(found) == ["mail.log"]
    assert found.warnings == (
        "%s\\x0a\\x1b[31m\\xff is not a regular file, so it was not read. Name a file in files."
        % (tmp_path / "mail.d"),
    )


def test_nothing_stays_open_after_an_error(tmp_path: Path) -> None:
    write(tmp_path / "mail.log", NOW)
    before = open_descriptors()
    with pytest.raises(LogError):
        find(files=[str(tmp_path / "mail.log"), str(tmp_path / "none")])
    assert open_descriptors() == before
