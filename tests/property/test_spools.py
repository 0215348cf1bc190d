# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan
from tests.unit.support.spool import MadeUpSpool
from tests.unit.support.strategies import damaged_files

READY = 0o700
_names = st.text("0123456789ABCDEF", min_size=6, max_size=10)
files = st.lists(
    st.tuples(
        st.sampled_from(["deferred", "hold", "corrupt"]),
        _names,
        damaged_files,
        st.sampled_from([READY, READY, 0o600, 0o400]),
        st.integers(0, 3),
    ),
    max_size=6,
    unique_by=lambda row: row[1],
)


class Seen:
    """What came of each file."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit(self, message: SpoolMessage, seen: Seen) -> None:
        message.reasons()
        seen.names.append(message.queue_id)
        message.headers()
        assert all(window.limit for window in message.text_windows())
        message.text_parts()

    def pass_over(self, found: Found, _incomplete: bool, seen: Seen) -> None:
        seen.names.append(found.name)

    def merge(self, other: Seen) -> None:
        self.names += other.names


@settings(max_examples=30)
@given(files)
def test_whatever_stands_in_a_spool_is_counted_once(rows: list[tuple[str, str, bytes, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = MadeUpSpool(Path(scratch) / "spool")
        for queue, name, data, mode, depth in rows:
            made.put(queue, name, data, mode=mode, depth=depth)
            made.put("defer", name, data, mode=0o600, depth=depth)
        before = len(os.listdir("/proc/self/fd"))
        with Spool(str(made.path)) as spool:
            blank = Seen()
            job = Job(
                queues=("deferred", "hold", "corrupt"), make_result=Seen, visit=blank.visit, pass_over=blank.pass_over
            )
            share = scan(spool, job, processes=1)
        assert len(os.listdir("/proc/self/fd")) == before
    assert sorted(share.result.names) == sorted(row[1] for row in rows)
    assert share.counts.files == len(rows)
    assert share.counts.incomplete == sum(
        mode != READY and queue != "corrupt" for queue, _name, _data, mode, _depth in rows
    )
