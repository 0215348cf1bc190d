# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random
from typing import Any, Iterator, Sequence

from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._module._suggestions import show_suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._selection.patterns import (
    address_test,
    login_test,
    text_test,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample, make_content
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Findings, Found, find
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700100000
# What a result may have at most: a task's result is written to logs.
_MAX_RESULT = 32 << 10
_NASTY = [
    "/x/",
    "{{ x }}",
    "{% x %}",
    "{# x #}",
    "(a+)+",
    ".example.com",
    "[[:alpha:]]",
    "\\Z",
    "<>",
    "",
    "\u0130",
    "0\u200b",
]
texts = st.text(max_size=12) | st.sampled_from(_NASTY)
octets = texts.map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=12)
# Long values of characters that take most bytes of JSON.
long_texts = st.builds(lambda text, number: text * number, texts, st.integers(1, 40))


def made_up_queue(login: bytes, victim: bytes, subject: str, path: str) -> list[MadeUpMessage]:
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
                headers_=[
                    ("Subject", title),
                    ("From", subject),
                    ("Reply-To", subject + "@x.example"),
                    ("X-Mailer", path),
                ],
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
        client = [b"client_address=192.0.2.%d" % number, b"client_name=" + login, b"helo_name=" + victim]
        put(url + " " + subject * 4, word, b"x" + sender, [b"e@f"], client)
        put("text", "%s %d" % (word, number), b"%d@home.example" % number, [b"%d@away.example" % number], [])
    return queue


def sampled(queue: Sequence[MadeUpMessage]) -> tuple[Sample, Contents, Summary]:
    sample, summary, contents = Sample(), Summary(now=NOW), Contents()
    for message in queue:
        sample.add(message.queue_id, message.envelope, message.reasons_)
        summary.add(message.envelope, message.reasons_)
        contents.by_id[message.queue_id] = make_content(message.headers_, message.text_parts_)
    return sample, contents, summary


def found_in(queue: Sequence[MadeUpMessage]) -> Findings:
    return find(*sampled(queue))


def texts_of(value: Any) -> Iterator[str]:
    """Yield each text of a rule, its keys, too."""
    if isinstance(value, str):
        yield value
    else:
        if isinstance(value, dict):
            yield from value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_of(inner)


def check(found: Found, queue: Sequence[MadeUpMessage]) -> None:
    """Check that the rules of a group or suggestion are accepted, select what the result says, and are no templates."""
    rules = json.loads(json.dumps([dict(rule) for rule in found.match]))
    selection = parse_selection(match=rules, now=NOW)
    selected = [message for message in queue if selection.decide(message) is Verdict.YES]
    assert selected
    if found.exact:
        assert found.messages == len(selected)
        assert found.share == round(len(selected) / len(queue), 4)
    else:
        assert any("reason" in rule for rule in rules)
    for text in texts_of(rules):
        assert not {"{{", "{%", "{#"} & {text[at : at + 2] for at in range(len(text))}


@given(octets, octets, texts, texts)
@example(login=b"{{ x }}", victim=b"{% x %}", subject="{# x #}", path="{{ x }}")
@example(login=b"\xc4\xb0", victim=b"\xc4\xb0@\xc4\xb0", subject="\u0130", path="\u0130")
def test_a_rule_selects_what_it_says(login: bytes, victim: bytes, subject: str, path: str) -> None:
    queue = made_up_queue(login, victim, subject, path)
    found = found_in(queue)
    assert found.groups
    for group in (*found.groups, *found.suggestions):
        check(group, queue)


@given(octets, texts, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(value: bytes, text: str, rng: random.Random) -> None:
    queue = made_up_queue(value, value, text, text)
    sample, contents, summary = sampled(queue)
    found = find(sample, contents, summary)
    shuffled = rng.sample(queue, len(queue))
    assert found_in(shuffled) == found
    # Several processes read a part each.
    merged, parts, totals = sampled(shuffled[::3])
    for at in (1, 2):
        other, contents, summary = sampled(shuffled[at::3])
        merged.merge(other)
        parts.merge(contents)
        totals.merge(summary)
    assert find(merged, parts, totals) == found


@given(long_texts, long_texts)
@example("\x1b" * 190, "\u200b" * 400)
@example("{" * 190, "{" * 400)
@example("*" * 190, "*" * 400)
@example("0\u0663" * 30, "0\u0663" * 30 + "x")
def test_a_result_is_bounded(value: str, text: str) -> None:
    written = value.encode("utf-8", "replace")
    sample, contents, summary = sampled(made_up_queue(written, written + b"@x", text, text))

    def opened(wanted: Any) -> Contents:
        return contents if wanted else Contents()

    shown = show_suggestions(sample, opened, summary, with_reasons=True)
    assert len(json.dumps(shown)) < _MAX_RESULT


@given(octets)
def test_a_value_matches_its_own_pattern(value: bytes) -> None:
    written = value.decode("utf-8", "surrogateescape")
    text = written.lower()
    # The lower case of a capital I with a dot is two characters.
    assume(text and len(text) == len(written))
    assert login_test(shapes.name(text), "x")(value)
    assert address_test(shapes.address(text), "x")(value)


@given(texts)
def test_a_piece_matches_its_own_text(text: str) -> None:
    # Of these characters the lower case is not the same letter for a regular expression.
    assume(len(text.lower()) == len(text) and "\u0130" not in text)
    whole = "before %s behind" % text
    for piece in shapes.subject_pieces(whole):
        assert text_test(shapes.words_regex(piece), "x")(whole)
    for piece in shapes.text_pieces(whole + " and more"):
        assert text_test(shapes.words_regex(piece), "x")(whole + " and more")
    for _host, path in shapes.urls("http://a.example/%s/x/y" % text):
        # A piece leaves out empty segments.
        for piece in shapes.path_pieces(path) if "//" not in path else ():
            assert text_test(shapes.path_regex(piece), "x")("http://a.example/%s/x/y" % text)
