# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_contents
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_contents import Proof

KNOWN = frozenset(["4A0F9AC"])
MESSAGES = Proof(KNOWN, whole_logs=False, working=frozenset())
QUEUES = Proof(KNOWN, whole_logs=True, working=frozenset(["fresh"]))


def look(place: Path, proof: Proof) -> dict[str, bool]:
    """Return what is in a quarantine: whether it is its own, by path."""
    with Tree(str(place)) as tree:
        return {entry.path: entry.is_own for entry in quarantine_contents.walk(tree.root, proof)}


@pytest.mark.parametrize(
    ("path", "of_messages", "of_queues"),
    [
        ("deferred/4A0F9AC", True, True),
        ("deferred/4/4A0F9AC", True, True),
        ("deferred/4A0F9AD", False, False),
        ("deferred/A/4A0F9AD", False, False),
        ("defer/4A0F9AC", True, True),
        ("defer/4A0F9AD", False, True),
        ("trace/notes.txt", False, False),
        ("trace/AB/4A0F9AC", False, False),
        ("4A0F9AC", False, False),
        ("corrupt/4A0F9AC", False, False),
        ("fresh/4A0F9AC", False, True),
    ],
)
def test_a_file_is_the_quarantines_where_the_journal_says_so(
    tmp_path: Path, path: str, of_messages: bool, of_queues: bool
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("")
    (tmp_path / "journal").write_text("")
    assert all(look(tmp_path, MESSAGES).values()) is of_messages
    assert all(look(tmp_path, QUEUES).values()) is of_queues


def test_what_make_directory_left_is_the_quarantines(tmp_path: Path) -> None:
    for name in ("mailops.deferred", "deferred/mailops.A", "mailops.other", "deferred/mailops.AB"):
        (tmp_path / name).mkdir(parents=True)
    assert look(tmp_path, MESSAGES) == {
        "deferred": True,
        "deferred/mailops.A": True,
        "deferred/mailops.AB": False,
        "mailops.deferred": True,
        "mailops.other": False,
    }
    (tmp_path / "deferred" / "mailops.A" / "file").write_text("")
    assert look(tmp_path, MESSAGES)["deferred/mailops.A"] is False


def test_a_link_is_not_followed_and_a_fifo_not_opened(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "place" / "deferred").mkdir(parents=True)
    (tmp_path / "place" / "deferred" / "A").symlink_to(tmp_path / "outside")
    (tmp_path / "place" / "hold").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / "place" / "active")
    assert look(tmp_path / "place", QUEUES) == {"deferred/A": False, "deferred": True, "hold": False, "active": False}


def test_hash_directories_are_given_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir(mode=0o755)
    for name in ("deferred/A/B", "deferred/AB"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "deferred" / "C").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / "deferred" / "D")
    (tmp_path / "deferred" / "E").write_text("")
    with Tree(str(tmp_path)) as tree:
        for name in ("deferred", "hold"):
            quarantine_contents.give_to(FileAttributes(os.getuid(), os.getgid(), 0o700, ()), name, tree.root)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("deferred", "deferred/A", "deferred/A/B")}
    assert set(modes.values()) == {0o700}
    assert (tmp_path / "deferred" / "AB").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "outside").stat().st_mode & 0o777 == 0o755
