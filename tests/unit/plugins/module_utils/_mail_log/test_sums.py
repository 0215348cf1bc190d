# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import sums
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sums import LogSums, Unparsed
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

NOON = "2026-11-26T12:00:00+00:00"
NOON_SECONDS = 1795694400
USER = "stolen@example.com"


def line(program: str, text: str, *, stamp: str = NOON) -> str:
    """Return a line as Postfix writes it."""
    return f"{stamp} mx01 postfix/{program}[77]: {text}\n"


def accepted(
    queue_id: str, *, user: str | None = None, address: str = "192.0.2.1", stamp: str = NOON, more: str = ""
) -> str:
    login = "" if user is None else f", sasl_method=PLAIN, sasl_username={user}"
    return line("submission/smtpd", f"{queue_id}: client=c.example[{address}]{login}{more}", stamp=stamp)


def activated(queue_id: str, *, sender: str = "s@example.com", recipients: int = 1) -> str:
    return line("qmgr", f"{queue_id}: from=<{sender}>, size=500, nrcpt={recipients} (queue active)")


def delivered(queue_id: str, status: str, reason: str) -> str:
    relay = "relay=mx.example[198.51.100.1]:25, delay=1, delays=0.1/0/0.5/0.4, dsn=2.0.0"
    return line("smtp", f"{queue_id}: to=<r@example.net>, {relay}, status={status} ({reason})")


def failed(user: str) -> str:
    return line("smtpd", f"warning: c.example[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username={user}")


def summed(*lines: str, names: Any = None) -> LogSums:
    """Return the sums of lines."""
    counted = LogSums(names=names)
    counted.add_block("".join(lines).encode("ascii"), Clock(NOON_SECONDS))
    return counted


def test_a_message_with_a_login() -> None:
    counted = summed(
        accepted("4AAAAA", user=USER),
        line("cleanup", "4AAAAA: message-id=<1@example.com>"),
        activated("4AAAAA", recipients=3),
        delivered("4AAAAA", "deferred", "connect to x: Connection refused"),
        activated("4AAAAA", recipients=3),
        delivered("4AAAAA", "bounced", "User unknown"),
        delivered("4AAAAA", "sent", "250 2.0.0 Ok"),
        line("qmgr", "4AAAAA: removed"),
        delivered("4AAAAA", "bounced", "User unknown"),
    )
    [account] = counted.accounts()
    assert (account.sasl_username, account.logins, account.messages, account.recipients) == (USER.encode(), 1, 1, 3)
    assert (account.bounced, account.first, account.last) == (1, NOON_SECONDS, NOON_SECONDS)
    assert account.senders == {b"s@example.com": 1}
    assert list(account.queue_ids) == [b"4AAAAA"]
    assert counted.clients.top(9) == [(b"192.0.2.1", 1, 3)]
    assert counted.senders.top(9) == [(b"s@example.com", 1, 3)]
    assert {status: tally.top(9) for status, tally in counted.reasons.items()} == {
        b"deferred": [(b"connect to x: Connection refused", 1)],
        b"bounced": [(b"User unknown", 2)],
    }
    assert (counted.other_lines, counted.unparsed, counted.approximate) == (0, {}, {})


def test_messages_without_a_login() -> None:
    counted = summed(
        accepted("4AAAAA"),
        activated("4AAAAA", recipients=2),
        activated("4AAAAA", recipients=2),
        line("pickup", "4BBBBB: uid=33 from=<www-data>"),
        activated("4BBBBB", sender="www-data@example.com"),
        line("pickup", "4CCCCC: uid=33 from=<www-data> orig_id=4BBBBB"),
        activated("4CCCCC", sender="www-data@example.com"),
    )
    assert counted.accounts() == []
    assert counted.clients.top(9) == [(b"192.0.2.1", 1, 2)]
    assert counted.senders.top(9) == [(b"s@example.com", 1, 2), (b"www-data@example.com", 1, 1)]


def test_a_message_that_was_accepted_before_the_log_begins_does_not_count() -> None:
    counted = summed(activated("4AAAAA"), delivered("4AAAAA", "bounced", "x"), line("qmgr", "4AAAAA: removed"))
    assert counted.senders.top(9) == []


def test_a_message_without_a_queue_id_is_a_login_only() -> None:
    counted = summed(accepted("NOQUEUE", user=USER), accepted("NOQUEUE"), activated("NOQUEUE"))
    [account] = counted.accounts()
    assert (account.logins, account.messages) == (1, 0)


def test_a_requeued_message_counts_once_and_its_bounces_count() -> None:
    counted = summed(
        accepted("4AAAAA", user=USER),
        activated("4AAAAA"),
        line("pickup", "4BBBBB: uid=0 from=<s@example.com> orig_id=4AAAAA"),
        activated("4BBBBB"),
        delivered("4BBBBB", "bounced", "x"),
    )
    [account] = counted.accounts()
    assert (account.messages, account.bounced) == (1, 1)


def test_a_message_from_a_content_filter_counts_once() -> None:
    back = accepted("4BBBBB", more=", orig_queue_id=4AAAAA, orig_client=c.example[192.0.2.1]")
    counted = summed(accepted("4AAAAA", user=USER), activated("4AAAAA"), back, activated("4BBBBB"))
    assert counted.senders.top(9) == [(b"s@example.com", 1, 1)]


def test_unusual_forms_are_read_line_by_line() -> None:
    counted = summed(
        accepted("4AAAAA", user="a,b"),
        activated("4AAAAA", sender='"a>b"@example.com'),
        accepted("4BBBBB", more=", sasl_sender=x"),
        activated("4BBBBB"),
        line(
            "smtp",
            '4AAAAA: to=<"x>y"@example.net>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (later)',
        ),
        line(
            "smtp", '4AAAAA: to=<"x>y"@example.net>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)'
        ),
        line("qmgr", "4AAAAA: removed"),
        line("postsuper", "4BBBBB: removed"),
    )
    [account] = counted.accounts()
    assert (account.sasl_username, account.senders) == (b"a,b", {b'"a>b"@example.com': 1})
    assert counted.reasons[b"deferred"].top(9) == [(b"later", 1)]
    assert list(counted.reasons) == [b"deferred"]


def test_an_event_that_changes_no_sum_is_understood() -> None:
    counted = summed(line("postsuper", "4AAAAA: placed on hold"))
    assert (counted.unparsed, counted.other_lines, counted.accounts()) == ({}, 0, [])


def test_only_the_accounts_that_are_asked_for() -> None:
    counted = summed(
        accepted("4AAAAA", user=USER),
        activated("4AAAAA"),
        accepted("4BBBBB", user="B"),
        activated("4BBBBB"),
        names=[b"b"],
    )
    assert [account.sasl_username for account in counted.accounts()] == [b"B"]
    assert counted.senders.top(9) == [(b"s@example.com", 2, 2)]


def test_accounts_are_sorted_by_recipients() -> None:
    lines = []
    for number, user in enumerate("abc"):
        lines += [accepted(f"4AAAA{number}", user=user), activated(f"4AAAA{number}", recipients=number)]
    assert [account.sasl_username for account in summed(*lines).accounts(2)] == [b"c", b"b"]


def test_failed_logins_belong_to_the_account_that_logs_in_afterwards() -> None:
    counted = summed(
        *[failed(USER)] * 3,
        failed("nobody"),
        line("smtpd", "warning: c.example[192.0.2.1]: SASL LOGIN authentication failed: x"),
        accepted("4AAAAA", user="other"),
        accepted("4BBBBB", user=USER),
        failed(USER),
    )
    found = {
        account.sasl_username: (account.failed_logins, account.failed_then_successful) for account in counted.accounts()
    }
    assert found == {USER.encode(): (4, 3), b"other": (0, 0)}


def test_rejects_are_counted_by_kind() -> None:
    reject = "554 5.7.1 <%s@example.net>: Relay access denied; from=<a@b> to=<%s@example.net> proto=ESMTP helo=<x>"
    blocked = "554 5.7.1 Service unavailable; Client host [192.0.2.%s] blocked using zen.example"
    counted = summed(
        *[line("smtpd", f"NOQUEUE: reject: RCPT from c.example[192.0.2.1]: {reject % (name, name)}") for name in "ab"],
        *[line("smtpd", f"NOQUEUE: reject: RCPT from c.example[192.0.2.1]: {blocked % name}") for name in "12"],
        line("cleanup", "4AAAAA: hold: header Subject: win from c.example[192.0.2.1]; from=<a@b> to=<c@d>"),
    )
    assert counted.rejects.top(9) == [
        (b"reject RCPT: 554 5.7.1 Relay access denied", 2),
        (b"reject RCPT: 554 5.7.1 Service unavailable; Client host [] blocked using zen.example", 2),
        (b"hold header Subject", 1),
    ]


def test_lines_that_are_not_understood_are_kept_by_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_MAX_PROGRAMS", 2)
    counted = summed(
        *[line("smtpd", f"brand new {number}") for number in range(5)],
        f"{NOON} mx01 sshd[1]: Accepted publickey\n",
        "no line of syslog\n",
        line("nova", "brand new"),
        line("stella", "brand new"),
        "\n",
        "unfinished",
    )
    assert counted.unparsed == {
        b"smtpd": Unparsed(5, [line("smtpd", f"brand new {number}")[:-1].encode() for number in range(3)]),
        b"": Unparsed(
            4, [b"no line of syslog", *(line(name, "brand new")[:-1].encode() for name in ("nova", "stella"))]
        ),
    }
    assert counted.other_lines == 1


def test_a_line_of_a_frequent_form_with_an_impossible_time_is_not_understood() -> None:
    counted = summed(accepted("4AAAAA", user=USER, stamp="2026-99-26T12:00:00Z"), accepted("4BBBBB"))
    assert counted.accounts() == []
    assert [unparsed.lines for unparsed in counted.unparsed.values()] == [1]


def test_a_reason_that_may_belong_to_the_recipient_is_not_counted() -> None:
    counted = summed(
        delivered("4AAAAA", "deferred", "x>, relay=y, delay=1, delays=1/0/0/0, dsn=4.0.0, status=bounced (z")
    )
    assert counted.reasons == {}
    assert [unparsed.lines for unparsed in counted.unparsed.values()] == [1]


def test_a_login_name_in_the_log_of_dovecot_is_no_host() -> None:
    forged = (
        "Nov 26 13:14:54 auth(x postfix/smtpd[1]: 4XYZAB: client=a[192.0.2.66], sasl_method=PLAIN, sasl_username=victim"
    )
    assert summed(forged + "\n").accounts() == []


def test_a_line_that_is_cut_in_the_sender_has_no_recipients() -> None:
    sender = "s" * 1900 + ">, size=1, nrcpt=999 (queue active)"
    counted = summed(accepted("4AAAAA"), line("qmgr", f"4AAAAA: from=<{sender}"))
    assert counted.senders.top(9) == []


def test_lines_that_syslog_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_MAX_REPEATED", 5)
    text = "warning: c.example[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username=" + USER
    repeated = [line("smtpd", f"message repeated {number} times: [ {text}]") for number in (3, 9)]
    counted = summed(failed(USER), *repeated, accepted("4AAAAA", user=USER))
    assert [account.failed_logins for account in counted.accounts()] == [1 + 3 + 5]


# --- bounds -----------------------------------------------------------------------------------------------------------


def test_accounts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MAX_ACCOUNTS", 4)
    monkeypatch.setattr(sums, "_KEPT_ACCOUNTS", 2)
    lines = []
    for number in range(6):
        lines += [accepted(f"4AAAA{number}", user=f"u{number}"), activated(f"4AAAA{number}", recipients=9 - number)]
    counted = summed(*lines)
    assert [account.sasl_username for account in counted.accounts()] == [b"u0", b"u1", b"u4", b"u5"]
    assert counted.approximate == {"accounts": 2}


def test_the_values_of_accounts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MAX_VALUES", 20)
    monkeypatch.setattr(sums, "_KEPT_VALUES", 2)
    lines = []
    for number in range(10, 40):
        lines += [
            accepted(f"4AAA{number}", user="u", address=f"192.0.{number}.1"),
            activated(f"4AAA{number}", sender=f"s{number}@example.com"),
        ]
    counted = summed(*lines)
    [account] = counted.accounts()
    assert account.messages == 30
    assert account.size <= 20 + 3
    assert counted.approximate == {"account_values": account.dropped}
    assert account.dropped > 30


def test_values_that_are_used_again_are_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MAX_VALUES", 20)
    lines = []
    for number in range(10, 40):
        lines += [accepted(f"4AAA{number}", user="u"), activated(f"4AAA{number}")]
    assert summed(*lines).approximate == {}


def test_messages_in_the_queue_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MAX_OPEN", 4)
    counted = summed(
        *[accepted(f"4AAAA{number}") for number in range(5)],
        *[accepted(f"4BBBB{number}", user="u") for number in range(5)],
        *[activated(f"4AAAA{number}") for number in range(5)],
        *[activated(f"4BBBB{number}") for number in range(5)],
    )
    assert counted.senders.top(9) == [(b"s@example.com", 6, 6)]
    assert counted.approximate == {"messages": 4}


def test_names_that_failed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "MAX_NAMES", 4)
    counted = summed(
        *[failed(USER)] * 2, *[failed(f"guess{number}") for number in range(6)], accepted("4AAAAA", user=USER)
    )
    assert [account.failed_logins for account in counted.accounts()] == [2]
    assert counted.approximate == {"failed_logins": 4}


def test_long_names_are_counted_under_their_beginning() -> None:
    long = "u" * 300
    counted = summed(failed(long), failed(long), accepted("4AAAAA", user=long), accepted("4BBBBB", user=long))
    [account] = counted.accounts()
    found = (account.sasl_username, account.logins, account.failed_logins, account.failed_then_successful)
    assert found == (b"u" * 255, 2, 2, 2)


def test_values_that_wait_are_counted_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "_AT_ONCE", 2)
    reject = line("smtpd", "NOQUEUE: reject: RCPT from c.example[192.0.2.1]: 554 5.7.1 no; from=<a@b>")
    counted = summed(*[delivered("4AAAAA", "deferred", "x")] * 4, *[reject] * 4)
    assert len(counted.reasons[b"deferred"].waiting) < 3
    assert len(counted.rejects.waiting) < 3
    assert counted.reasons[b"deferred"].top(1) == [(b"x", 4)]


def test_the_memory_is_bounded_whatever_the_log_says(monkeypatch: pytest.MonkeyPatch) -> None:
    # A tenth of the real bounds, so that the test is quick.
    for name in ("MAX_ACCOUNTS", "MAX_VALUES", "MAX_OPEN", "MAX_NAMES"):
        monkeypatch.setattr(sums, name, getattr(sums, name) // 10)
    monkeypatch.setattr(sums, "_KEPT_ACCOUNTS", 1000)
    clock = Clock(time.time())
    counted = LogSums()
    tracemalloc.start()
    try:
        for number in range(20):
            lines = [
                accepted(
                    f"4{number:02}{index:03}",
                    user=f"u{'x' * 200}{number}.{index}",
                    address=f"10.{number}.{index % 250}.1",
                )
                + activated(f"4{number:02}{index:03}", sender=f"{'s' * 300}{number}.{index}@example.com")
                + failed(f"{'n' * 200}{number}.{index}")
                for index in range(300)
            ]
            counted.add_block("".join(lines).encode("ascii"), clock)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {"accounts", "failed_logins", "messages"} <= set(counted.approximate)
    assert peak < 24 << 20
