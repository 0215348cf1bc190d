# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._module._suggestions import open_sampled, show_suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.subject import make_envelope

NOW = 1700000000
SPAM = QueueFile(sender=b"", headers=[b"Subject: pills"], body=[b"buy pills"])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def spool(host: Host) -> Iterator[Spool]:
    with Spool(str(host.made.path)) as opened:
        yield opened


def sample_of(monkeypatch: pytest.MonkeyPatch, *queue_ids: str) -> Sample:
    """Return a sample that wants these messages opened."""
    sample = Sample()
    monkeypatch.setattr(sample, "to_open", lambda: set(queue_ids))
    return sample


def test_nothing_is_read_if_nothing_is_wanted(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_suggestions, "scan", None)
    assert open_sampled(spool, ["deferred"], sample_of(monkeypatch)).by_id == {}


def test_the_sampled_messages_that_are_still_there_are_opened(
    host: Host, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for queue_id in ("4A0F9AC", "4A0F9AD"):
        host.made.put("deferred", queue_id, SPAM.write())
    host.made.put("hold", "4A0F9AE", SPAM.write())
    sample = sample_of(monkeypatch, "4A0F9AC", "4A0F9AE", "4A0F9AF")
    contents = open_sampled(spool, ["deferred"], sample)
    assert list(contents.by_id) == ["4A0F9AC"]
    content = contents.by_id["4A0F9AC"]
    assert (content.headers, content.text.strip()) == ((("subject", "pills"),), "buy pills")


def test_of_a_large_message_only_the_headers_are_kept(
    host: Host, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_suggestions, "MAX_SIZE", 10)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    content = open_sampled(spool, ["deferred"], sample_of(monkeypatch, "4A0F9AC")).by_id["4A0F9AC"]
    assert (content.headers, content.text) == ((("subject", "pills"),), "")


def test_a_message_that_cannot_be_read_has_no_content(
    host: Host, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_message: SpoolMessage) -> None:
        raise ContentError("no")

    host.made.put("deferred", "4A0F9AC", SPAM.write())
    monkeypatch.setattr(SpoolMessage, "headers", refuse)
    contents = open_sampled(spool, ["deferred"], sample_of(monkeypatch, "4A0F9AC"))
    assert contents.by_id == {"4A0F9AC": samples.make_content((), None)}


NOTHING = "Nothing stands out in %d messages, so no rule is suggested."


@pytest.mark.parametrize(
    ("domains", "has_contents", "with_reasons", "note"),
    [
        pytest.param([], True, True, NOTHING % 0, id="nothing"),
        pytest.param(["a", "b", "c"], True, True, NOTHING % 3, id="many destinations"),
        pytest.param(
            ["a", "a", "c"],
            True,
            True,
            NOTHING % 3 + " 2 of them are for a.example; mail that waits for its destination is no flood.",
            id="one destination",
        ),
        pytest.param(["a", "b", "c"], True, False, NOTHING % 3 + " Reasons were not gathered.", id="no reasons"),
        pytest.param(
            ["a", "b", "c"],
            False,
            False,
            NOTHING % 3
            + " postqueue shows no login, client and content: only senders, recipients and reasons were looked at.",
            id="no content",
        ),
    ],
)
def test_where_nothing_stands_out(domains: list[str], has_contents: bool, with_reasons: bool, note: str) -> None:
    sample, summary = Sample(), Summary(now=NOW)
    for number, domain in enumerate(domains):
        envelope = make_envelope(
            sender=b"s%d@s%d.example" % (number, number),
            pending=[b"r%d@%b.example" % (number, domain.encode())],
            arrival=NOW - 7000 * number,
        )
        sample.add("4A0F9%02X" % number, envelope, None)
        summary.add(envelope)
    contents = Contents() if has_contents else None
    shown = show_suggestions(sample, contents, summary, with_reasons=with_reasons)
    assert shown == {"suggestions": [], "suggestions_note": note}
