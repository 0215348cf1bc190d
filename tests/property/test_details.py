# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from typing import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds, mime
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_defer_log, parse_log
from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import read_recipients
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import (
    CandidateCoverage,
    Coverage,
    parse_candidates,
    show_coverage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.detail import BUDGETS, show_message
from tests.unit.support.opened import Opened
from tests.unit.support.queue_file import QueueFile, fetch_from
from tests.unit.support.strategies import damaged_files, envelopes, queue_files
from tests.unit.support.subject import MadeUpMessage


@pytest.fixture(scope="module", autouse=True)
def _low_bounds() -> Iterator[None]:
    """Lower the readers' bounds, for the time that it takes to reach them where pointers make a loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_WALK", bounds.MAX_WALK // 400)
        patch.setattr(rec, "MAX_REVERSE_JUMPS", rec.MAX_REVERSE_JUMPS // 400)
        yield


@given(queue_files(), st.integers(0, 5))
def test_recipients_are_read_back(spec: QueueFile, most: int) -> None:
    found = read_recipients(fetch_from(spec.write()), most=most)
    stored = [*spec.recipients, *spec.extracted]
    assert found.problem is None
    assert found.counts == {
        "pending": len(spec.pending()),
        "done": sum(kind == rec.DONE for kind, _address in stored),
        "cancelled": sum(kind == rec.CANCELLED for kind, _address in stored),
    }
    assert len(found.listed) == sum(min(most, count) for count in found.counts.values())
    assert all(row.original in (None, b"original+" + row.address) for row in found.listed)


@given(damaged_files | queue_files().map(QueueFile.write), st.binary(max_size=200), st.integers(0, 200))
def test_any_file_is_shown_and_bounded(data: bytes, log: bytes, excerpt: int) -> None:
    row = show_message(Opened(data, log), excerpt=excerpt)
    for name, budget in BUDGETS.items():
        assert len(json.dumps(row[name])) <= budget


@given(st.binary(max_size=300))
def test_any_bytes_have_a_structure(content: bytes) -> None:
    parts, _problem = mime.structure(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + content)
    assert parts[0].number == "0"
    assert len({part.number for part in parts}) == len(parts)


@given(st.binary(max_size=300))
def test_both_readers_of_a_log_agree(log: bytes) -> None:
    entries = {address: entry[b"reason"] for address, entry in parse_log(log).items() if b"reason" in entry}
    reasons = parse_defer_log(log)
    if b"recipient" in log:
        assert set(entries) <= set(reasons)


texts = st.lists(st.sampled_from(["a", "b", "ab", "/a+/", "/^b/", "/(a|b)b/i"]), min_size=1, max_size=5)


@given(texts, st.lists(st.tuples(envelopes(), st.text("abB\n", max_size=6)), max_size=8), st.integers(0, 8))
def test_coverage_adds_up(patterns: list[str], made: list[tuple[object, str]], cut: int) -> None:
    candidates = parse_candidates(patterns, recipient_scope="all", now=0)
    messages = [
        MadeUpMessage(envelope, queue_id="1%d" % number, stored_text_=text.encode())  # type: ignore[arg-type]
        for number, (envelope, text) in enumerate(made)
    ]
    parts = [Coverage([CandidateCoverage() for _candidate in candidates]) for _part in range(2)]
    for number, one in enumerate(messages):
        parts[number < cut].add(candidates, one)
    parts[0].merge(parts[1])
    shown = show_coverage(parts[0], candidates, messages=len(messages), most=100)
    hits = [[candidate.hits(one) for candidate in candidates] for one in messages]
    for number, row in enumerate(shown["patterns"]):
        assert row["messages"] == sum(bool(several[number]) for several in hits)
        assert row["alone"] == sum(bool(several[number]) and sum(map(bool, several)) == 1 for several in hits)
    assert shown["covered"] == sum(any(several) for several in hits) == len(messages) - shown["uncovered"]
    assert sum(row["messages"] for row in shown["combinations"]) == shown["covered"]
    for text, several in zip((text for _envelope, text in made), hits):
        for pattern, count in zip(patterns, several):
            found = re.match(r"/(.*)/(i?)\Z", pattern)
            flags = re.MULTILINE | (re.IGNORECASE if found and not found.group(2) else 0)
            assert count == len(re.findall(found.group(1) if found else pattern, text, flags))


@pytest.mark.parametrize("size", [0, 1, 300])
def test_recipients_of_a_trap_are_bounded(size: int) -> None:
    data = rec.encode_record(rec.RECIPIENT, b"x" * size) * 5000
    assert len(read_recipients(fetch_from(data), most=7).listed) == 7
