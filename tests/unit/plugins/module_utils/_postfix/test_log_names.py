# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._postfix import log_names
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_names import (
    NotRegularError,
    UntrustedLinkError,
    log_paths,
    open_regular,
    rotated_names,
)
from tests.unit.support.runner import FakeRunner


def instance(**parameters: str) -> Instance:
    return Instance("/usr/sbin", parameters, FakeRunner({}))


def test_the_log_that_postfix_writes_is_the_only_one() -> None:
    assert log_paths(instance(maillog_file="/var/log/postfix.log")) == ("/var/log/postfix.log",)


def test_the_usual_logs_are_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = tuple(str(tmp_path / name) for name in ("mail.log", "maillog", "mail", "zimbra.log"))
    monkeypatch.setattr(log_names, "USUAL_LOGS", usual)
    assert log_paths(instance(maillog_file="")) == ()
    # A mailbox directory, perhaps.
    (tmp_path / "mail").mkdir()
    for name, age in (("mail.log", 3600), ("maillog", 0), ("zimbra.log", 90000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1795698894 - age, 1795698894 - age))
    assert log_paths(instance()) == (usual[0], usual[1], usual[3])
    os.utime(usual[0], (0, 0))
    assert log_paths(instance()) == (usual[1], usual[0], usual[3])


@pytest.mark.parametrize(
    "name",
    [
        "mail.log.1",
        "mail.log.0",
        "mail.log.12.gz",
        "mail.log.2.bz2",
        "mail.log.2.xz",
        "mail.log.2.zst",
        "mail.log.3.lz4",
        "mail.log.old",
        "mail.log-20261126",
        "mail.log-20261126.gz",
        "mail.log-2026-11-26_13.xz",
        "mail.log-20261126-1795698894.gz",
        "mail.log.20261126-131454",
        "mail.log.20261126-131454.gz",
        "mail.log.20261126T1300.bz2",
        "mail-20261126.log",
        "mail-20261126.log.gz",
    ],
)
def test_what_rotation_makes_is_found(name: str) -> None:
    assert rotated_names("/var/log/mail.log", [name, "mail.log"]) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "mail.log",
        "mail.log.gz",
        "mail.log.bak",
        "mail.log.1.tmp",
        "mail.log.1.gz.part",
        "mail.logs.1",
        "mail_log.1",
        "mailxlog.1",
        "xmail.log.1",
        "mail.info.1",
        "mail-errors.log",
        "mail.log.Thu",
        "mail.log.1\n",
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert rotated_names("/var/log/mail.log", [name]) == []


@pytest.mark.parametrize(
    ("suffix", "name", "found"),
    [
        ("%a", "mail.log.Thu", True),
        ("%a", "mail.log.Thu.gz", True),
        ("%a", "mail.log.bak", False),
        ("%d%b%Y", "mail.log.26Nov2026.zst", True),
        ("%d%b%Y", "mail.log-26Nov2026", False),
        ("%d%b%Y", "mail.log.26Nov2026.bak", False),
        ("%", "mail.log.x", False),
        ("%Q", "mail.log.x", False),
        ("", "mail.log.x", False),
    ],
)
def test_the_suffix_of_postfix_logrotate_is_known(suffix: str, name: str, found: bool) -> None:
    assert rotated_names("/var/log/mail.log", [name], suffix) == [name] * found


def test_a_copy_that_is_being_compressed_is_left_out() -> None:
    names = ["mail.log.1", "mail.log.1.gz", "mail.log.2.gz"]
    assert rotated_names("/var/log/mail.log", names) == ["mail.log.1", "mail.log.2.gz"]


# --- opening --------------------------------------------------------------------------------------------------------


def content_of(path: Path) -> bytes:
    descriptor = open_regular(str(path))
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def test_a_file_and_own_links_are_opened(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mail.log").write_bytes(b"x")
    (tmp_path / "relative").symlink_to("logs/mail.log")
    (tmp_path / "logs" / "absolute").symlink_to(tmp_path / "relative")
    for name in ("logs/mail.log", "relative", "logs/absolute"):
        assert content_of(tmp_path / name) == b"x"


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    for path in (tmp_path, tmp_path / "fifo", tmp_path / "link", Path("/dev/null")):
        with pytest.raises(NotRegularError):
            open_regular(str(path))


def test_links_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("none")
    (tmp_path / "circle").symlink_to("circle")
    for name, problem in (("dangling", "No such file"), ("circle", "Too many levels"), ("none", "No such file")):
        with pytest.raises(OSError, match=problem):
            open_regular(str(tmp_path / name))


def test_what_changes_between_check_and_open_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regular = tmp_path / "regular"
    regular.touch()
    status = os.stat(regular)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "circle").symlink_to("circle")
    monkeypatch.setattr(os, "stat", lambda _path: status)
    with pytest.raises(NotRegularError):
        open_regular(str(tmp_path / "fifo"))
    with pytest.raises(OSError, match="symbolic links"):
        open_regular(str(tmp_path / "circle"))


def test_the_link_of_another_user_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mail.log").write_bytes(b"x")
    link = tmp_path / "link"
    link.symlink_to("mail.log")
    if os.geteuid() == 0:
        os.lchown(link, 12345, 12345)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UntrustedLinkError, match="a symbolic link of another user"):
        open_regular(str(link))


def test_no_link_is_followed_where_its_owner_cannot_be_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mail.log").touch()
    (tmp_path / "link").symlink_to("mail.log")
    monkeypatch.delattr(os, "O_PATH")
    with pytest.raises(UntrustedLinkError):
        open_regular(str(tmp_path / "link"))
