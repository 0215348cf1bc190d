# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Sequence

from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._selection.patterns import (
    address_test,
    login_test,
    text_test,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample, make_content
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Suggestion, suggest
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700100000
texts = st.text(max_size=12) | st.sampled_from(
    ["/x/", "{{ x }}", "(a+)+", ".example.com", "[[:alpha:]]", "\\Z", "<>", ""]
)
octets = texts.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=12)


def flood(login: bytes, victim: bytes, subject: str, path: str) -> list[MadeUpMessage]:
    """Return a queue with three floods, built of untrusted values, and some ordinary mail."""
    rng = random.Random(5)
    words = ["tea", "oil", "gas", "ink", "hay", "ore", "fur", "wax", "tin", "rye", "fig", "egg", "jam", "nut", "pea"]
    queue: list[MadeUpMessage] = []

    def put(text: str, title: str, sender: bytes, pending: Sequence[bytes], attributes: Sequence[bytes]) -> None:
        envelope = make_envelope(
            arrival=NOW - rng.randrange(9000),
            sender=sender,
            pending=pending,
            attributes=attributes,
            size=rng.randrange(9000),
        )
        queue.append(
            MadeUpMessage(
                envelope_=envelope,
                queue_id="4A%05X" % len(queue),
                headers_=[("Subject", title)],
                text_parts_=[text],
                reasons_={address: b"later, " + subject.encode("utf-8", "replace") for address in pending},
            )
        )

    for number in range(20):
        word = words[number % len(words)]
        sender = b"%s@%s.example" % (word.encode(), word.encode())
        put("", "a note", b"", [victim], [])
        put("", subject + " overdue invoice", sender, [b"a@b", b"c@d"], [b"sasl_username=" + login])
        url = "http://%s.example/offer%s/claim" % (word, path)
        put(url, word, b"x" + sender, [b"e@f"], [b"client_address=192.0.2.%d" % number])
        put("text", "%s %d" % (word, number), b"%d@home.example" % number, [b"%d@away.example" % number], [])
    return queue


def suggested(queue: Sequence[MadeUpMessage]) -> list[Suggestion]:
    sample, summary, contents = Sample(), Summary(now=NOW), Contents()
    for message in queue:
        sample.add(message.queue_id, message.envelope, message.reasons_)
        summary.add(message.envelope, message.reasons_)
        contents.by_id[message.queue_id] = make_content(message.headers_, message.text_parts_)
    return suggest(sample, contents, summary)


@given(octets, octets, texts, texts)
def test_a_rule_selects_what_it_says(login: bytes, victim: bytes, subject: str, path: str) -> None:
    queue = flood(login, victim, subject, path)
    found = suggested(queue)
    # The null sender's flood is there whatever the address is made of.
    assert found
    for suggestion in found:
        selection = parse_selection(match=[suggestion.rule], now=NOW)
        selected = [message for message in queue if selection.decide(message) is Verdict.YES]
        assert suggestion.messages == len(selected) or not suggestion.exact
        assert suggestion.exact or "reason" in suggestion.rule
        assert len(selected) >= 8
        shown = str(suggestion.rule["header"]["Subject"] if "header" in suggestion.rule else suggestion.rule.values())
        assert not {"{{", "{%", "{#"} & {shown[at : at + 2] for at in range(len(shown))}
    assert suggested(queue[::-1]) == found


@given(octets)
def test_a_value_matches_its_own_pattern(value: bytes) -> None:
    written = value.decode("utf-8", "surrogateescape")
    text = written.lower()
    # The lower case of a capital I with a dot is two characters.
    assume(text and len(text) == len(written))
    assert login_test(shapes.name(text), "x")(value)
    assert address_test(shapes.address(text), "x")(value)


@given(texts)
def test_text_contains_itself(text: str) -> None:
    if text:
        assert text_test(shapes.containing(text), "x")("before " + text + " behind")
