# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample, make_content
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
    assert whole.to_open() == parts[0].to_open()
    assert len(whole.to_open()) == samples.CONTENTS
    assert whole.null_recipients.counts() == parts[0].null_recipients.counts()


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
    envelope = make_envelope(sender=b"x" * 2000 + b"@y", pending=[b"x" * 2000 + b"@z"], attributes=attributes)
    sample.add("4A0F9AC", envelope, {})
    (message,) = sample.kept()
    assert message.envelope.sender is not None
    assert len(message.envelope.sender) == 1000
    assert message.envelope.sender.endswith(b"x@y")
    assert len(message.envelope.pending[0]) == 1000
    assert message.envelope.attributes == [b"sasl_username=a"]
    sample.add("4A0F9AD", make_envelope(sender=None), None)
    assert None in [message.envelope.sender for message in sample.kept()]


def test_a_message_is_opened_or_not() -> None:
    sample = sampled(["4A0F9AC"])
    (message,) = sample.kept()
    for ask in (message.headers, message.text_parts):
        with pytest.raises(ContentError, match=r"^the message was not opened$"):
            ask()
    with pytest.raises(ContentError, match=r"^the message as stored is not in the sample$"):
        message.holds(b"x")
    opened = message._replace(content=make_content([("SUBJECT", "a"), ("From", "b")], ["c", "d"]))
    assert opened.headers() == (("subject", "a"),)
    assert opened.text_parts() == ("c\nd",)


@pytest.mark.parametrize(
    ("headers", "from_list"),
    [
        pytest.param([("List-Id", "x")], True, id="list-id"),
        pytest.param([("Precedence", "Bulk")], True, id="bulk"),
        pytest.param([("Precedence", "first-class")], False, id="another precedence"),
        pytest.param([("Subject", "list-id")], False, id="none"),
    ],
)
def test_headers_of_mailing_lists(headers: list[tuple[str, str]], from_list: bool) -> None:
    assert make_content(headers, []).from_list is from_list


def test_text_is_whole_or_not() -> None:
    assert make_content([], []).whole
    assert not make_content([], None).whole
    cut = make_content([], ["x" * (samples.MAX_TEXT + 1)])
    assert not cut.whole
    assert len(cut.text) == samples.MAX_TEXT


def test_contents_are_merged() -> None:
    one, other = Contents(), Contents()
    one.by_id["a"], other.by_id["b"] = make_content([], ["a"]), make_content([], ["b"])
    one.merge(other)
    assert sorted(one.by_id) == ["a", "b"]


def test_long_addresses_are_in_no_sample() -> None:
    sample = Sample()
    sample.add("4A0F9AC", make_envelope(pending=[b"b"])._replace(is_heavy=True), None)
    sample.add("4A0F9AD", make_envelope(), None)
    assert [message.queue_id for message in sample.kept()] == ["4A0F9AD"]
    assert (sample.kept()[0].problem, sample.kept()[0].missing) == (None, frozenset())
