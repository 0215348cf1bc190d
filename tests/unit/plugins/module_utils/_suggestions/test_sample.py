# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    Content,
    Contents,
    Sample,
    make_content,
)
from tests.unit.support.subject import make_envelope

IDS = ["4A%05X" % number for number in range(5000)]


def sampled(ids: Sequence[str]) -> Sample:
    sample = Sample()
    for queue_id in ids:
        sample.add(queue_id, make_envelope(sender=b"", pending=[queue_id.encode()]), {queue_id.encode(): b"full"})
    return sample


def test_the_sample_depends_on_the_queue_ids_alone() -> None:
    whole = sampled(IDS)
    parts = [sampled(IDS[at::3]) for at in range(3)]
    for part in parts[1:]:
        parts[0].merge(pickle.loads(pickle.dumps(part)))
    assert whole.kept() == parts[0].kept() == sampled(IDS[::-1]).kept()
    assert len(whole.kept()) == samples.SAMPLE
    assert whole.messages == parts[0].messages == len(IDS)
    assert whole.null_recipients.counts() == parts[0].null_recipients.counts()


def test_what_is_opened_next_adds_to_what_is_opened_first() -> None:
    sample = sampled(IDS)
    more = sample.to_open(samples.MORE_CONTENTS)
    assert len(set(more)) == samples.MORE_CONTENTS
    assert sample.to_open(samples.CONTENTS) == more[: samples.CONTENTS]
    assert more == [message.queue_id for message in sample.kept()][: samples.MORE_CONTENTS]
    assert sampled(IDS[:3]).to_open(samples.CONTENTS) == [message.queue_id for message in sampled(IDS[:3]).kept()]


def test_a_message_that_was_read_twice_is_sampled_once() -> None:
    sample = sampled(["4A0F9AC", "4A0F9AC"])
    assert len(sample.kept()) == 1
    assert sample.messages == 2


def test_null_recipients_are_counted_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_BATCH", 2)
    sample = Sample()
    for _turn in range(5):
        sample.add("4A0F9AC", make_envelope(sender=b"", pending=[b"a@b", b"a@b"]), None)
    assert len(sample.null_recipients.waiting) == 1
    assert sample.null_recipients.counts() == {b"a@b": 5}
    assert sample.null_recipients.missed == 0


def test_an_address_in_several_spellings_is_not_counted() -> None:
    sample = Sample()
    sample.add("4A0F9AC", make_envelope(sender=b"", pending=[b"a@b", b"A@b"]), None)
    sample.add("4A0F9AD", make_envelope(sender=b"", pending=[b"a@b", b"c@d"]), None)
    sample.add("4A0F9AE", make_envelope(sender=b"", pending=[]), None)
    assert sample.null_recipients.counts() == {}
    assert sample.null_recipients.missed == 1


@pytest.mark.parametrize(
    ("pending", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param([b"a@b", b"A@b", b"a@B"], [b"a@b"], id="one address"),
        pytest.param([b"a@b", b"c@B"], [b"a@b", b"c@B"], id="one domain"),
        pytest.param([b"a@b", b"c@b", b"a@d", b"e@f"], [b"a@b", b"a@d"], id="two domains"),
        pytest.param([b"%d@b" % number for number in range(99)], [b"0@b", b"1@b"], id="many"),
    ],
)
def test_two_recipients_represent_all(pending: list[bytes], kept: list[bytes]) -> None:
    sample = Sample()
    sample.add("4A0F9AC", make_envelope(pending=pending), dict.fromkeys(pending, b"full"))
    (message,) = sample.kept()
    assert message.envelope.pending == kept
    assert message.recipients == len(pending)
    assert message.reasons() == dict.fromkeys(kept, b"full")


def test_a_sampled_message_is_small() -> None:
    sample = Sample()
    attributes = [b"sasl_username=a", b"client_name=" + b"x" * 2000, b"rewrite_context=remote"]
    pending = [b"x" * 2000 + b"@z"]
    envelope = make_envelope(sender=b"x" * 2000 + b"@y", pending=pending, attributes=attributes)
    sample.add("4A0F9AC", envelope, {pending[0][-1000:]: b"y" * 2000})
    (message,) = sample.kept()
    assert message.envelope.sender == b"x" * 998 + b"@y"
    assert message.envelope.pending == [b"x" * 998 + b"@z"]
    assert message.envelope.attributes == [b"sasl_username=a"]
    assert message.reasons() == {b"x" * 998 + b"@z": b"y" * 1000}
    sample.add("4A0F9AD", make_envelope(sender=None), None)
    assert None in [message.envelope.sender for message in sample.kept()]


def test_reasons_of_other_recipients_are_not_kept() -> None:
    sample = Sample()
    sample.add("4A0F9AC", make_envelope(pending=[b"a@b"]), {b"c@d": b"full"})
    assert [message.reasons() for message in sample.kept()] == [{}]


def test_a_message_is_opened_or_not() -> None:
    sample = sampled(["4A0F9AC"])
    (message,) = sample.kept()
    for ask in (message.headers, message.text_parts):
        with pytest.raises(ContentError, match=r"^the message was not opened$"):
            ask()
    with pytest.raises(ContentError, match=r"^the message as stored is not in the sample$"):
        message.holds(b"x")
    with pytest.raises(ContentError, match=r"^the message as stored is not in the sample$"):
        message.text_windows()
    opened = message._replace(content=make_content([("SUBJECT", "a"), ("Cc", "b")], ["c", "d"]))
    assert opened.headers() == (("subject", "a"),)
    assert opened.text_parts() == ("c\nd",)
    assert opened.identity is opened.envelope


def test_what_is_kept_of_a_message() -> None:
    headers = [
        ("Subject", "s" * 1001),
        ("From", "f"),
        ("Reply-To", "r"),
        ("X-Mailer", "m"),
        ("User-Agent", "u"),
        ("X-PHP-Originating-Script", "p"),
        ("To", "t"),
        ("Subject", "again"),
    ]
    assert make_content(headers, ["one", "two"]) == Content(
        headers=(
            ("subject", "s" * 1000),
            ("from", "f"),
            ("reply-to", "r"),
            ("x-mailer", "m"),
            ("user-agent", "u"),
            ("x-php-originating-script", "p"),
            ("subject", "again"),
        ),
        bulk=None,
        text="one\ntwo",
        whole=True,
    )


@pytest.mark.parametrize(
    ("headers", "bulk"),
    [
        pytest.param([("List-Id", "x")], "list", id="list"),
        pytest.param([("Auto-Submitted", "auto-replied")], "automatic", id="automatic"),
        pytest.param([("Auto-Submitted", "auto-generated"), ("Precedence", "bulk")], "list", id="both"),
        pytest.param([("Subject", "list-id")], None, id="none"),
    ],
)
def test_headers_of_bulk_mail(headers: list[tuple[str, str]], bulk: str | None) -> None:
    assert make_content(headers, []).bulk == bulk


def test_text_is_whole_or_not() -> None:
    assert make_content([], []).whole
    assert not make_content([], None).whole
    longest = make_content([], ["x" * samples.MAX_TEXT])
    assert longest.whole
    cut = make_content([], ["x" * (samples.MAX_TEXT + 1)])
    assert (cut.whole, cut.text) == (False, longest.text)


def test_contents_are_merged() -> None:
    one, other = Contents(), Contents()
    one.by_id["a"], other.by_id["b"] = make_content([], ["a"]), make_content([], ["b"])
    one.merge(other)
    assert one.by_id == {"a": make_content([], ["a"]), "b": make_content([], ["b"])}


def test_long_addresses_are_in_no_sample() -> None:
    sample = Sample()
    sample.add("4A0F9AC", make_envelope(pending=[b"b"])._replace(is_heavy=True), None)
    sample.add("4A0F9AD", make_envelope(), None)
    assert sample.messages == 2
    assert [message.queue_id for message in sample.kept()] == ["4A0F9AD"]
    assert (sample.kept()[0].problem, sample.kept()[0].missing) == (None, frozenset())
