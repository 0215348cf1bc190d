# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Callable, Collection, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, PatternTimeout
from ansible_collections.mailops.postfix.plugins.module_utils._module import _suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._module._suggestions import open_sampled, show_suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.host import Host
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.sampled import NOW, Queue
from tests.unit.support.subject import make_envelope

SPAM = QueueFile(sender=b"", headers=[b"Subject: pills"], body=[b"buy pills"])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def spool(host: Host) -> Iterator[Spool]:
    with Spool(str(host.made.path)) as opened:
        yield opened


# --- opening --------------------------------------------------------------------------------------------------------


def test_nothing_is_read_if_nothing_is_wanted(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_suggestions, "scan", None)
    assert open_sampled(spool, ["deferred"], []).by_id == {}


def test_the_wanted_messages_that_are_still_there_are_opened(host: Host, spool: Spool) -> None:
    for queue_id in ("4A0F9AC", "4A0F9AD"):
        host.made.put("deferred", queue_id, SPAM.write())
    host.made.put("hold", "4A0F9AE", SPAM.write())
    contents = open_sampled(spool, ["deferred"], ["4A0F9AC", "4A0F9AE", "4A0F9AF"])
    assert list(contents.by_id) == ["4A0F9AC"]
    content = contents.by_id["4A0F9AC"]
    assert (content.headers, content.text.strip(), content.whole) == ((("subject", "pills"),), "buy pills", True)


def test_of_a_large_message_only_the_headers_are_kept(
    host: Host, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_suggestions, "MAX_SIZE", 10)
    host.made.put("deferred", "4A0F9AC", SPAM.write())
    content = open_sampled(spool, ["deferred"], ["4A0F9AC"]).by_id["4A0F9AC"]
    assert (content.headers, content.text, content.whole) == ((("subject", "pills"),), "", False)


@pytest.mark.parametrize("error", [ContentError("no"), PatternTimeout(queue_id="4A0F9AC", seconds=2)])
def test_a_message_that_cannot_be_read_has_no_content(
    host: Host, spool: Spool, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(_message: SpoolMessage) -> None:
        raise error

    host.made.put("deferred", "4A0F9AC", SPAM.write())
    monkeypatch.setattr(SpoolMessage, "headers", refuse)
    contents = open_sampled(spool, ["deferred"], ["4A0F9AC"])
    assert contents.by_id == {"4A0F9AC": samples.make_content((), None)}


# --- showing --------------------------------------------------------------------------------------------------------


class Opener:
    """Opens messages of a made-up queue, and writes down how many were asked for each time."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self.asked: list[int] = []

    def __call__(self, wanted: Collection[str]) -> Contents:
        """Return the content of these messages."""
        self.asked.append(len(wanted))
        opened = Contents()
        opened.by_id = {queue_id: self._contents.by_id[queue_id] for queue_id in wanted}
        return opened


def put_flood(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login="{{ x }}@home.example", subject="Your parcel %d waits here")


LOOK = (
    "Look at what a rule selects before you act on it: postfix_message_info with match and limit opens such messages."
)
# A rule is never a template.
RULE = {"sasl_username": r"/\A\x7b\x7b\ x\ \x7d\x7d@home\.example\Z/"}
GROUP = {
    "match": [RULE],
    "messages": 40,
    "exact": True,
    "share": 0.2857,
    "concentration": {"share": 0.8, "since": NOW - 60 * 42, "seconds": 60 * 31},
    "traits": [
        {"trait": "sasl_username", "value": "{{ x }}@home.example", "share": 1.0, "elsewhere": 0.0},
        {"trait": "client_address", "value": "198.51.100.7", "share": 1.0, "elsewhere": 0.0},
        {"trait": "subject", "value": "parcel 0 waits here", "share": 1.0, "elsewhere": 0.0},
    ],
    "other": {"share": 0.0, "at_most": 0.0, "counted": True},
}


def test_groups_and_suggestions_as_a_result_has_them() -> None:
    queue = Queue()
    put_flood(queue)
    opener = Opener(queue.contents)
    shown = show_suggestions(queue.sample, opener, queue.summary, with_reasons=True)
    assert shown == {
        "groups": [GROUP],
        "suggestions": [
            {
                **GROUP,
                "confidence": "likely",
                "evidence_for": [
                    "one login sends under 40 foreign domains",
                    "senders of 40 domains write the same subject",
                ],
                "evidence_against": [],
            }
        ],
        "suggestions_note": LOOK,
    }
    assert opener.asked == [140]


def test_unknown_times() -> None:
    queue = Queue()
    for at in range(40):
        envelope = make_envelope(sender=b"", pending=[b"v@example.org"], arrival=0)
        queue.sample.add("4A%05X" % at, envelope, None)
        queue.summary.add(envelope)
        queue.contents.by_id["4A%05X" % at] = samples.make_content([], [""])
    shown = show_suggestions(queue.sample, Opener(queue.contents), queue.summary, with_reasons=True)
    assert [row["concentration"] for row in shown["groups"]] == [{"share": 0.8, "since": None, "seconds": 0}]


def test_more_messages_are_opened_if_few_leave_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue()
    put_flood(queue)
    opener = Opener(queue.contents)
    monkeypatch.setattr(_suggestions, "CONTENTS", 50)
    monkeypatch.setattr(_suggestions, "MORE_CONTENTS", 120)
    shown = show_suggestions(queue.sample, opener, queue.summary, with_reasons=True)
    # The first 50 messages have some of the flood: too few for a rule that selects nothing else.
    assert opener.asked == [50, 70]
    assert [row["match"] for row in shown["suggestions"]] == [[RULE]]
    assert shown["suggestions"][0]["other"]["counted"] is False


def test_no_more_messages_are_opened_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue()
    put_flood(queue)
    opener = Opener(queue.contents)
    monkeypatch.setattr(_suggestions, "CONTENTS", 50)
    monkeypatch.setattr(_suggestions, "MORE_CONTENTS", 50)
    shown = show_suggestions(queue.sample, opener, queue.summary, with_reasons=True)
    assert opener.asked == [50]
    assert shown["suggestions"] == []
    assert shown["suggestions_note"] == NOTHING % 140


@pytest.mark.parametrize(
    ("has_content", "with_reasons", "note"),
    [
        pytest.param(True, True, LOOK, id="everything"),
        pytest.param(True, False, LOOK + " Reasons were not gathered.", id="no reasons"),
        pytest.param(
            False,
            False,
            LOOK
            + " postqueue shows no login, client and content: only senders, recipients and reasons were looked at.",
            id="no content",
        ),
    ],
)
def test_what_was_not_looked_at(has_content: bool, with_reasons: bool, note: str) -> None:
    queue = Queue()
    queue.put_ordinary(60)
    for _turn in range(40):
        queue.put("", "victim@example.org")
    opener = Opener(queue.contents) if has_content else None
    shown = show_suggestions(queue.sample, opener, queue.summary, with_reasons=with_reasons)
    assert [row["match"] for row in shown["suggestions"]] == [[{"sender": "<>", "recipient": "victim@example.org"}]]
    assert shown["suggestions_note"] == note


NOTHING = "Nothing looks like a flood in %d messages, so no rule is suggested."


@pytest.mark.parametrize(
    ("domains", "note"),
    [
        pytest.param([], NOTHING % 0, id="nothing"),
        pytest.param(["a", "b", "c"], NOTHING % 3, id="many destinations"),
        pytest.param(
            ["a", "a", "c"],
            NOTHING % 3 + " 2 of them are for a.example; mail that waits for its destination is no flood.",
            id="one destination",
        ),
        pytest.param(
            ["\x1b"],
            NOTHING % 1 + r" 1 of them are for \x1b.example; mail that waits for its destination is no flood.",
            id="an unprintable destination",
        ),
    ],
)
def test_where_nothing_looks_like_a_flood(domains: list[str], note: str) -> None:
    sample, summary = Sample(), Summary(now=NOW)
    for number, domain in enumerate(domains):
        envelope = make_envelope(
            sender=b"s%d@s%d.example" % (number, number),
            pending=[b"r%d@%b.example" % (number, domain.encode())],
            arrival=NOW - 7000 * number,
        )
        sample.add("4A0F9%02X" % number, envelope, None)
        summary.add(envelope)
    opener: Callable[[Collection[str]], Contents] = lambda _wanted: Contents()  # noqa: E731
    shown = show_suggestions(sample, opener, summary, with_reasons=True)
    assert shown == {"groups": [], "suggestions": [], "suggestions_note": note}
