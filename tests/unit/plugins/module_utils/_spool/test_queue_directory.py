# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.links import LinkError
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

ID = "4A0F9AC"
LONG = "3Vgspm0WfDz30Dy"


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def test_a_missing_hash_directory_is_made_as_postfix_makes_it(made: MadeUpSpool) -> None:
    with QueueDirectory(made.layout(hash_depth=2)) as queues:
        directory = queues.directory("deferred", ID)
        assert os.readlink("/proc/self/fd/%d" % directory) == str(made.path / "deferred" / "4" / "A")
        assert queues.directory("deferred", ID) == directory
    for path in (made.path / "deferred" / "4", made.path / "deferred" / "4" / "A"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_link_that_others_could_change_is_not_followed(made: MadeUpSpool, tmp_path: Path) -> None:
    (made.path / "hold").rmdir()
    # The queue may be written to by others; what matters is who can replace it in the directory above.
    (tmp_path / "shared" / "elsewhere").mkdir(parents=True)
    (tmp_path / "shared").chmod(0o777)
    (made.path / "hold").symlink_to(tmp_path / "shared" / "elsewhere")
    with QueueDirectory(made.layout()) as queues:
        with pytest.raises(LinkError) as caught:
            queues.directory("hold", ID)
        assert caught.value.reason.startswith("other users may write to ")


def test_what_is_no_directory_is_refused(made: MadeUpSpool) -> None:
    layout = made.layout(queue_directory=str(made.path / "missing"))
    before = open_descriptors()
    with pytest.raises(SystemRefusal) as caught:
        QueueDirectory(layout)
    assert str(caught.value).startswith("The queue directory %s cannot be opened: " % (made.path / "missing"))
    assert open_descriptors() == before


@pytest.mark.parametrize(
    ("long_queue_ids", "queue_id", "inode", "expected"),
    [
        pytest.param(False, "4A0F9AC", 0xAC, "4A0F9AC", id="it fits"),
        pytest.param(False, "4A0F9AC", 0x1AD, "4A0F91AD", id="another inode"),
        pytest.param(True, "4A0F9AC", 0x1AD, "4A0F91AD", id="a short ID among long ones"),
        pytest.param(False, "4A0F9zz", 0x1AD, "4A0F9zz", id="a name without an inode stays"),
    ],
)
def test_a_queue_id_that_fits_an_inode(
    made: MadeUpSpool, long_queue_ids: bool, queue_id: str, inode: int, expected: str
) -> None:
    with QueueDirectory(made.layout(long_queue_ids=long_queue_ids)) as queues:
        assert queues.fitted_id(queue_id, inode) == expected


def test_a_long_queue_id_gets_the_new_inode(made: MadeUpSpool) -> None:
    with QueueDirectory(made.layout(long_queue_ids=True)) as queues:
        fitted = queues.fitted_id(LONG, 0x1AD)
        assert (fitted[:10], fitted != LONG) == (LONG[:10], True)
        assert queues.fitted_id(fitted, 0x1AD) == fitted


def test_a_name_in_any_queue_of_messages_is_taken(made: MadeUpSpool) -> None:
    for number, queue in enumerate(("maildrop", "incoming", "active", "deferred", "hold", "corrupt", "defer")):
        made.put(queue, "4A0F9A%d" % number, b"")
    with QueueDirectory(made.layout()) as queues:
        assert queues.queue_ids() == {"4A0F9A%d" % number for number in range(5)}


def test_the_logs_of_one_message_are_removed(made: MadeUpSpool) -> None:
    for log in ("bounce", "defer", "trace"):
        made.put(log, ID, b"log")
        made.put(log, "4A0F9AD", b"log")
    with QueueDirectory(made.layout()) as queues:
        queues.remove_logs(ID)
        queues.remove_logs(ID)
    left = sorted(str(path.relative_to(made.path)) for path in made.path.rglob("*") if path.is_file())
    assert left == ["bounce/4A0F9AD", "defer/4/4A0F9AD", "trace/4A0F9AD"]


def test_a_link_in_place_of_a_log_is_removed_and_its_target_stays(made: MadeUpSpool, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (made.path / "bounce").mkdir()
    (made.path / "bounce" / ID).symlink_to(tmp_path / "secret")
    with QueueDirectory(made.layout()) as queues:
        queues.remove_logs(ID)
    assert not os.path.lexists(str(made.path / "bounce" / ID))
    assert (tmp_path / "secret").read_bytes() == b"x"


def test_a_directory_in_place_of_a_log_stays(made: MadeUpSpool) -> None:
    (made.path / "bounce" / ID).mkdir(parents=True)
    made.put("defer", ID, b"log")
    with QueueDirectory(made.layout()) as queues:
        queues.remove_logs(ID)
    assert (made.path / "bounce" / ID).is_dir()
    assert not made.file("defer", ID).exists()
