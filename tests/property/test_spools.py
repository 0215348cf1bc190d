# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._spool.damage import find_damage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.orphans import Orphans
from ansible_collections.mailops.postfix.plugins.module_utils._spool.owners import Owner
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_walk import StatEntry, walk
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import Rules, list_findings
from tests.unit.support.descriptors import open_descriptors
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

    def pass_over(self, found: QueueEntry, _incomplete: bool, seen: Seen) -> None:
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
        before = open_descriptors()
        with Spool(str(made.path)) as spool:
            blank = Seen()
            job = Job(
                queues=("deferred", "hold", "corrupt"), make_result=Seen, visit=blank.visit, pass_over=blank.pass_over
            )
            share = scan(spool, job, processes=1)
        assert open_descriptors() == before
    assert sorted(share.result.names) == sorted(row[1] for row in rows)
    assert share.counts.files == len(rows)
    assert share.counts.incomplete == sum(
        mode != READY and queue != "corrupt" for queue, _name, _data, mode, _depth in rows
    )


# Names that a mail owner may give: queue IDs, hash directories, what an interrupted postsuper left, and anything else.
_anything = st.one_of(
    _names,
    st.sampled_from(["A", "4", "z", "4A0F91#FIX", "no.name", "\N{EURO SIGN}", "\udce9", "a" * 200]),
)
entries = st.lists(
    st.tuples(
        st.sampled_from(["deferred", "hold", "maildrop", "defer", "trace", "corrupt"]),
        st.lists(_anything, max_size=4),
        _anything,
        st.sampled_from(["file", "directory", "link", "fifo"]),
    ),
    max_size=12,
)


def put_entry(made: MadeUpSpool, queue: str, above: list[str], name: str, kind: str) -> None:
    """Make what the mail owner may make, where nothing is in the way."""
    path = made.path.joinpath(queue, *above, name)
    with contextlib.suppress(FileExistsError, NotADirectoryError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "directory":
            path.mkdir()
        elif kind == "link":
            path.symlink_to(made.path)
        elif kind == "fifo":
            os.mkfifo(str(path))
        else:
            path.touch(exist_ok=False)


@settings(max_examples=60, deadline=None)
@given(entries, st.integers(1, 3), st.booleans())
def test_a_look_at_any_tree_ends_and_names_what_is_there(
    rows: list[tuple[str, list[str], str, str]], depth: int, purging: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = MadeUpSpool(Path(scratch) / "spool")
        for row in rows:
            put_entry(made, *row)
        before = open_descriptors()
        everything = {str(path.relative_to(made.path)) for path in made.path.rglob("*")}
        rules = Rules(
            layout=made.layout(hash_depth=depth),
            purging=purging,
            now=2_000_000_000,
            owner=Owner(os.getuid(), os.getgid(), os.getgid()),
        )
        with Spool(str(made.path)) as spool:
            orphans = Orphans(spool, before=2_000_000_000)
            findings = list(list_findings(spool, rules, orphans))
            damage = find_damage(spool, limit=100)
            walked = {
                entry.path
                for queue in ("deferred", "hold")
                for entry in walk(spool, queue)
                if isinstance(entry, StatEntry)
            }
            assert list(orphans.remove(spool)) == []
        assert open_descriptors() == before
        assert {finding.path for finding in findings + damage.findings} <= everything
        assert walked <= everything
        # Links lead to the queue directory itself: whoever followed one would have found everything twice.
        assert len({(finding.kind, finding.path) for finding in findings}) == len(findings)
        gone = everything - {str(path.relative_to(made.path)) for path in made.path.rglob("*")}
        assert gone == {finding.path for finding in findings if finding.kind == "orphan_logs"}
