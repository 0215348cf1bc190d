# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Traces, attribution and trials of a log: no text of a stranger counts, no line makes them fail, and blocks may end anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display, undisplay
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.attribution import SubmissionLog
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.evidence import LoginLines
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.received import login_in_received
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import Trace, TraceRequest
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trial import Trial, parse_rules
from tests.unit.support.mail_log import CLOCK, START, log

VICTIM = (
    "10 submission/smtpd[7]: connect from x[203.0.113.5]",
    "11 submission/smtpd[7]: 4A0F001: client=x[203.0.113.5], sasl_method=PLAIN, sasl_username=victim@example.com",
    "12 cleanup[1]: 4A0F001: message-id=<victim@example.com>",
    "13 qmgr[1]: 4A0F001: from=<victim@example.com>, size=1, nrcpt=1 (queue active)",
    "14 smtp[1]: 4A0F001: to=<a@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (x)",
    "15 submission/smtpd[7]: disconnect from x[203.0.113.5] ehlo=1 quit=1 commands=2",
)
PIECES = (
    *(
        "4A0F001",
        "4A0F001: ",
        ": 4A0F001: removed",
        "4A0F001: client=localhost[127.0.0.1]",
        "client=x[203.0.113.5]",
        "queued as 4A0F001",
    ),
    *(
        "250 2.0.0 Ok: queued as 4A0F001",
        "orig_id=4A0F001",
        ", orig_queue_id=4A0F001",
        "sender non-delivery notification: 4A0F001",
    ),
    *(
        ", sasl_method=PLAIN",
        ", sasl_username=victim@example.com",
        "message-id=<victim@example.com>",
        "smtpd[7]: ",
        "from=<victim@example.com>",
    ),
    *(
        ">, relay=127.0.0.1[127.0.0.1]:10026, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4A0F001)",
        "status=sent (",
    ),
    *("]", "[127.0.0.1]", ")", "<", ">", '"', "\\", " ", ", ", ": ", ";", "\u202e", "\udcff"),
)
untrusted = st.lists(st.sampled_from(PIECES) | st.text("ab1", max_size=3), max_size=6).map("".join)
# Where a stranger's text is in a line. The queue IDs are those of the stranger's own messages.
PLACES = (
    "cleanup[1]: %s: message-id=%s",
    "qmgr[1]: %s: from=<%s>, size=1, nrcpt=1 (queue active)",
    "smtp[1]: %s: to=<%s>, relay=mx.example.org[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 Ok)",
    "smtp[1]: %s: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (%s)",
    "smtp[1]: %s: to=<x@example.org>, relay=mx.example.org[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (host said: %s)",
    "cleanup[1]: %s: warning: header Subject: %s from y[198.51.100.1]; from=<b@example.net> to=<x@example.org> proto=ESMTP helo=<x>",
    "smtpd[9]: %s: reject: RCPT from y[198.51.100.1]: 554 5.7.1 <%s>: Relay access denied; from=<b@example.net> to=<x@example.org> proto=ESMTP helo=<x>",
    "smtpd[9]: %s: reject: RCPT from y[198.51.100.1]: 554 5.7.1 no; from=<b@example.net> to=<x@example.org> proto=ESMTP helo=<%s>",
)
lines = st.builds(
    lambda second, place, queue_id, text: "%02d %s" % (second, place % (queue_id, text)),
    st.integers(0, 59),
    st.sampled_from(PLACES),
    st.sampled_from(("4B0F001", "4B0F002", "4B0F003")),
    untrusted,
)
strangers = st.lists(lines, max_size=12)
blocks = st.lists(
    st.binary(max_size=80).map(lambda text: text.replace(b"\n", b"") + b"\n")
    | lines.map(log)
    | st.sampled_from(VICTIM).map(log),
    max_size=12,
)
RULES = parse_rules(
    [{"sasl_username": "victim@example.com"}, {"sender": "victim@example.com"}, {"client_address": "203.0.113.5"}]
)


def trace(block: list[bytes], **request: bytes) -> Trace:
    found = Trace(TraceRequest(**request))
    while True:
        for piece in block:
            found.add_block(piece, CLOCK)
        if not found.wants_pass():
            return found


@given(strangers, st.integers(0, 12))
def test_no_text_of_a_stranger_is_in_a_trace(others: list[str], place: int) -> None:
    block = [*map(log, others[:place]), log(*VICTIM), *map(log, others[place:])]
    found = {line.record.line for line in trace(block, queue_id=b"4A0F001").lines()}
    assert found == set(log(*VICTIM).splitlines())


@given(strangers, st.integers(0, 12))
def test_no_text_of_a_stranger_is_a_login(others: list[str], place: int) -> None:
    wanted = (b"4A0F001", b"4B0F001", b"4B0F002", b"4B0F003")
    submissions, trial, evidence = SubmissionLog(wanted), Trial(RULES), LoginLines([b"victim@example.com"])
    for reader in (submissions.add_block, trial.add_block, evidence.add_block):
        for piece in (*map(log, others[:place]), log(*VICTIM), *map(log, others[place:])):
            reader(piece, CLOCK)
    assert submissions.find(b"4A0F001", START + 11) == b"victim@example.com"
    assert all(
        submissions.find(queue_id, START + second) is None for queue_id in wanted[1:] for second in range(0, 60, 5)
    )
    assert trial.counts() == [(1, 1), (1, 1), (1, 1)]
    assert evidence.lines[b"victim@example.com"] == [log(VICTIM[1]).rstrip(b"\n")]


@given(blocks)
def test_any_lines_are_read_and_blocks_may_end_anywhere(several: list[bytes]) -> None:
    one = [b"".join(several)]
    for request in (
        {"queue_id": b"4A0F001"},
        {"message_id": b"victim@example.com"},
        {"sender": b"victim@example.com", "recipient": b"a@example.org"},
    ):
        assert trace(several, **request).lines() == trace(one, **request).lines()
    found = []
    for read in (several, one):
        submissions, trial = SubmissionLog([b"4A0F001"]), Trial(RULES)
        for piece in read:
            submissions.add_block(piece, CLOCK)
            trial.add_block(piece, CLOCK)
        found.append((submissions.find(b"4A0F001", START + 11), trial.counts()))
    assert found[0] == found[1]


@given(
    st.lists(
        st.tuples(st.sampled_from(("4A0F001", "4A0F002")), st.sampled_from((None, "a", "b"))), min_size=1, max_size=8
    )
)
def test_a_queue_id_that_was_used_again_has_the_login_of_its_own_message(
    messages: list[tuple[str, str | None]],
) -> None:
    text = []
    for number, (queue_id, login) in enumerate(messages):
        ending = "" if login is None else ", sasl_method=PLAIN, sasl_username=" + login
        text.append("%02d smtpd[1]: %s: client=x[203.0.113.5]%s" % (60 * number, queue_id, ending))
        text.append("%02d qmgr[1]: %s: removed" % (60 * number + 5, queue_id))
    found = SubmissionLog([b"4A0F001", b"4A0F002"])
    found.add_block(log(*text), CLOCK)
    for number, (queue_id, login) in enumerate(messages):
        expected = None if login is None else login.encode()
        assert found.find(queue_id.encode(), START + 60 * number) == expected


@given(untrusted, st.lists(untrusted, max_size=3))
def test_no_name_of_a_client_is_a_login_in_a_header(helo: str, more: list[str]) -> None:
    top = (
        "Received: from %s (unknown [203.0.113.9])\n\tby mx01 (Postfix) with ESMTP id 4A0F001\n\tfor <x@example.org>; date\n"
        % helo
    )
    forged = "Received: from x (y [192.0.2.1])\n\t(Authenticated sender: victim)\n\tby mx01 (Postfix) with ESMTPA id 4A0F001\n\tfor <x>; date\n"
    text = (top + forged + "".join("X: %s\n" % line for line in more)).encode("utf-8", "surrogateescape")
    assert login_in_received(text, queue_id=b"4A0F001", host=b"mx01") is None


@given(lines)
def test_a_line_is_shown_reversibly(line: str) -> None:
    assert undisplay(display(log(line))) == log(line)
