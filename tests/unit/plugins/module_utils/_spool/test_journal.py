# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Journal]:
    descriptor = os.open(str(tmp_path), os.O_RDONLY)
    yield Journal(descriptor, "/place/spam")
    os.close(descriptor)


def test_records_are_kept_in_order(kept: Journal) -> None:
    assert kept.read() == []
    kept.append({"op": "made"})
    kept.append({"op": "take", "messages": {"deferred": ["4A0F9AC"]}})
    assert kept.read() == [{"op": "made"}, {"op": "take", "messages": {"deferred": ["4A0F9AC"]}}]


def test_a_cut_record_counts_for_nothing_and_makes_room(kept: Journal, tmp_path: Path) -> None:
    kept.append({"op": "made"})
    with (tmp_path / "journal").open("ab") as stream:
        stream.write(journal.encode({"op": "take"})[:-4])
    assert kept.read() == [{"op": "made"}]
    kept.append({"op": "done"})
    assert kept.read() == [{"op": "made"}, {"op": "done"}]


def test_a_damaged_record_is_told(kept: Journal, tmp_path: Path) -> None:
    kept.append({"op": "made"})
    kept.append({"op": "done"})
    path = tmp_path / "journal"
    path.write_bytes(path.read_bytes().replace(b"made", b"mode"))
    with pytest.raises(QuarantineError) as caught:
        kept.read()
    assert str(caught.value) == (
        "The journal of /place/spam cannot be read: record 1 is damaged. Its messages stay where they are. Look at the directory, "
        "and move it to another place."
    )


def test_a_full_disk_leaves_the_journal_as_it_was(
    kept: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.append({"op": "made"})
    before = (tmp_path / "journal").read_bytes()
    really = os.pwrite

    def some(descriptor: int, data: bytes, offset: int) -> int:
        if offset > len(before):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(descriptor, data[:5], offset)

    monkeypatch.setattr(os, "pwrite", some)
    with pytest.raises(QuarantineError) as caught:
        kept.append({"op": "take"})
    assert str(caught.value) == (
        "The journal of /place/spam cannot be written: No space left on device. Nothing is moved without it. Make room for data and "
        "inodes (df, df -i), then run this again. postfix_queue_purge needs no room, and works on a full disk."
    )
    assert (tmp_path / "journal").read_bytes() == before


def test_a_link_is_not_followed(kept: Journal, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    (tmp_path / "journal").symlink_to(tmp_path / "other")
    with pytest.raises(QuarantineError, match="The journal of /place/spam cannot be read: "):
        kept.read()
