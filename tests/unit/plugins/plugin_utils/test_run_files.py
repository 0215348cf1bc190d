# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_files

TEXTS = {".json": "{}\n", ".md": "# x\n"}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_report_does_not_replace_the_last_one(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "reports"
    first, blocked = _run_files.keep_report(directory, "audit", {".json": "1", ".md": "one"})
    second, _blocked = _run_files.keep_report(directory, "audit", {".json": "2", ".md": "two"})
    assert blocked == []
    assert re.fullmatch(r"audit-\d{8}T\d{6}\.\d{6}Z", first.name)
    assert first.with_name(first.name + ".json").read_text(encoding="utf-8") == "1"
    assert (directory / "audit.json").read_text(encoding="utf-8") == "2"
    assert os.readlink(directory / "audit.md") == second.name + ".md"
    assert len(list(directory.iterdir())) == 6
    assert {mode(path) for path in directory.iterdir()} == {0o600}
    assert {mode(directory), mode(directory.parent)} == {0o700}


def test_what_is_there_and_no_link_stays(tmp_path: Path) -> None:
    (tmp_path / "audit.json").write_text("evidence", encoding="utf-8")
    _path, blocked = _run_files.keep_report(tmp_path, "audit", TEXTS)
    assert blocked == ["audit.json"]
    assert (tmp_path / "audit.json").read_text(encoding="utf-8") == "evidence"
    assert (tmp_path / "audit.md").is_symlink()


def test_many_runs_at_once_write_over_nothing(tmp_path: Path) -> None:
    def keep(number: int) -> None:
        for count in range(20):
            _run_files.keep_report(tmp_path, "cleanup", {".json": "%d %d" % (number, count), ".md": "x"})

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [path.read_text(encoding="utf-8") for path in tmp_path.glob("cleanup-*.json")]
    assert sorted(kept) == sorted("%d %d" % (number, count) for number in range(8) for count in range(20))


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    sync = os.fsync

    def look_and_sync(descriptor: int) -> None:
        seen.append(len(list(tmp_path.glob("*.json"))))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", look_and_sync)
    _run_files.write_new(tmp_path / "x.json", "whole")
    assert seen == [0]
    with pytest.raises(FileExistsError):
        _run_files.write_new(tmp_path / "x.json", "other")
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("x.json", "whole")]


def test_a_link_never_goes_back(tmp_path: Path) -> None:
    assert _run_files.set_link(tmp_path / "audit.json", "audit-2.json")
    assert _run_files.set_link(tmp_path / "audit.json", "audit-1.json")
    assert os.readlink(tmp_path / "audit.json") == "audit-2.json"


HOSTS: list[tuple[str, str]] = [
    ("mx01.example.com", "mx01.example.com.json"),
    ("..", "...json"),
    ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd.json"),
    ("a%2Fb", "a%252Fb.json"),
    ("a/b", "a%2Fb.json"),
    ("a\\b\0c\n", "a%5Cb%00c%0A.json"),
    ("fe80::1", "fe80::1.json"),
    ("/etc/passwd", "%2Fetc%2Fpasswd.json"),
]


@pytest.mark.parametrize(("host", "name"), HOSTS)
def test_the_file_of_a_host_is_in_the_directory(host: str, name: str) -> None:
    assert _run_files.file_name(host) == name


def test_what_is_wrong_with_files_says_what_to_do() -> None:
    assert _run_files.blocked_text(["audit.json", "audit.md"]) == (
        "Not replaced, because it is not a link of this collection: audit.json, audit.md. Move it away, and the next run makes a link "
        "to the newest."
    )
    error = PermissionError(13, "Permission denied")
    assert _run_files.refusal_text(Path("/r"), error).startswith(
        "Files of this run in /r on the controller: Permission denied."
    )


def test_old_reports_are_deleted_and_other_files_stay(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        for suffix in (".json", ".md", ".prom"):
            (tmp_path / f"audit-2026110{day}T000000.000000Z{suffix}").write_text("x", encoding="utf-8")
    others = ("audit.txt", "audit-x.json", "plan-20261101T000000.000000Z.json", "audit-20261101T000000.000000Z")
    for name in others:
        (tmp_path / name).write_text("x", encoding="utf-8")
    link = tmp_path / "audit-20261101T000000.000001Z.json"
    link.symlink_to("audit.txt")
    _run_files.delete_old_reports(tmp_path, "audit", keep=1)
    left = {f"audit-20261103T000000.000000Z{suffix}" for suffix in (".json", ".md", ".prom")}
    assert {path.name for path in tmp_path.iterdir()} == {*left, *others, link.name}


def test_a_report_has_files_that_others_may_read_if_they_should(tmp_path: Path) -> None:
    old_umask = os.umask(0o077)
    try:
        path, _blocked = _run_files.keep_report(tmp_path, "audit", {".json": "{}", ".prom": ""}, {".prom": 0o644})
    finally:
        os.umask(old_umask)
    modes = {suffix: Path(f"{path}{suffix}").stat().st_mode & 0o777 for suffix in (".json", ".prom")}
    assert modes == {".json": 0o600, ".prom": 0o644}
