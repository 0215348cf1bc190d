# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for, id_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id_parts import QueueId, decode

inodes = st.integers(1, 2**40)
short_ids = st.builds(QueueId, inode=inodes, microseconds=st.integers(0, 999999))
long_ids = st.builds(QueueId, inode=inodes, microseconds=st.integers(0, 999999), seconds=st.integers(10**9, 2 * 10**9))


@given(short_ids, inodes, st.booleans())
def test_a_short_id_gets_the_inode_and_keeps_the_rest(known: QueueId, inode: int, long_queue_ids: bool) -> None:
    wanted = id_for(str(known), inode=inode, long_queue_ids=long_queue_ids)
    assert wanted is not None
    assert decode(wanted) == QueueId(inode=inode, microseconds=known.microseconds)
    assert id_for(wanted, inode=inode, long_queue_ids=long_queue_ids) == wanted


@given(long_ids, inodes)
def test_a_long_id_stays_or_becomes_a_short_one(known: QueueId, inode: int) -> None:
    assert id_for(str(known), inode=inode, long_queue_ids=True) == str(known)
    wanted = id_for(str(known), inode=inode, long_queue_ids=False)
    assert wanted is not None
    assert decode(wanted) == QueueId(inode=inode, microseconds=known.microseconds)
    # It stays in its hash directory.
    assert directory_for(wanted, 2) == directory_for(str(known), 2)


@given(st.from_regex(r"[A-Za-z0-9_]{0,40}", fullmatch=True), inodes, st.booleans(), st.integers(0, 4))
@example("0000008001z0", 1, False, 0)
def test_any_name_has_a_place_and_an_id_or_none(name: str, inode: int, long_queue_ids: bool, depth: int) -> None:
    wanted = id_for(name, inode=inode, long_queue_ids=long_queue_ids)
    # With more microseconds than a second has, which Postfix never writes, a short ID has no fixed place for the inode.
    impossible = _has_impossible_time(name)
    assert wanted is None or impossible or id_for(wanted, inode=inode, long_queue_ids=long_queue_ids) == wanted
    parts = directory_for(name, depth).split("/") if depth else []
    assert [len(part) for part in parts] == [1] * depth


def _has_impossible_time(name: str) -> bool:
    try:
        return decode(name).microseconds >= 1000000
    except QueueIdError:
        return False
