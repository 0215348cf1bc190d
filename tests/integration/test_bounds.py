# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that are long, hard to decode or damaged: what can be read of them decides."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL
from tests.integration.test_purge import path_of, send
from tests.unit.support.queue_file import QueueFile, todo

if TYPE_CHECKING:
    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

PLACE = "/root/bounds"
SENDER = "long@bad.example"


def submit(host: Host, text: str) -> str:
    """Hand a message to sendmail(1), wait until it is deferred, and return its queue ID."""
    host.run(["sendmail", "-f", SENDER, "a@dest.example.org"], input=text)
    host.settle(1)
    found = host.run(["find", f"{SPOOL}/deferred", "-type", "f", "-printf", "%f\n"]).stdout.split()
    assert len(found) == 1
    return found[0]


def matched(controller: Controller, host: Host, *rules: dict[str, Any], **options: Any) -> list[int]:
    """Return how many messages each rule selects."""
    return [controller.opened(host.name, match=[rule], limit=0, **options)["matched"]["messages"] for rule in rules]


@pytest.fixture
def roomy_host(host: Host) -> Iterator[Host]:
    """A host that takes long headers and long messages."""
    limits = {"header_size_limit": "4096000", "message_size_limit": "60000000", "header_address_token_limit": "1000000"}
    host.configure(**limits)
    yield host
    host.postconf("-X", *limits)
    host.reload()


def test_a_header_of_6000_addresses_hides_nothing(roomy_host: Host, controller: Controller) -> None:
    to = ",\n ".join(f"a.long.name.of.somebody.{number}@a.long.domain.example.org" for number in range(6000))
    queue_id = submit(roomy_host, f"To: {to}\nSubject: the last\n one\n\nthe needle\n")
    assert len(to) > 1 << 18
    rules = ({"header": {"Subject": "last one"}}, {"header": {"To": "somebody.5999@"}}, {"body": "needle"})
    assert matched(controller, roomy_host, *rules, {"content": "the needle"}) == [1, 1, 1, 1]
    (row,) = controller.opened(roomy_host.name, match=[{"queue_id": queue_id}])["messages"]
    assert row["problem"] is None


@pytest.mark.parametrize("line", ["", "a line"])
def test_a_message_of_1100000_lines(roomy_host: Host, controller: Controller, line: str) -> None:
    text = "Subject: cron\n\n" + f"{line}\n" * 1100000 + "the needle\n"
    rules = (
        {"content": "the needle"},
        {"content": "/^the needle$/"},
        {"header": {"Subject": "cron"}},
        {"sender": SENDER},
        {"recipient": "a@dest.example.org"},
        {"content": "/no such text/"},
    )
    roomy_host.run(["postfix", "stop"])
    with roomy_host.logging_to_syslog():
        roomy_host.run(["sendmail", "-f", SENDER, "a@dest.example.org"], input=text)
        in_maildrop = matched(controller, roomy_host, *rules, queues=["maildrop"])
        scan = controller.opened(roomy_host.name, queues=["maildrop"], limit=0)["scan"]
    roomy_host.run(["postfix", "start"])
    roomy_host.settle(1)
    assert in_maildrop == [1, 1, 1, 1, 1, 0]
    assert scan["unparsed"] == 0
    assert matched(controller, roomy_host, *rules) == in_maildrop


DAMAGE = """
set -e
cd {spool}
install -d -m 700 -o postfix -g postfix deferred/0 hold
cut=$(($(grep -abo early $MESSAGE | head -n 1 | cut -d: -f1) + 200))
for place in deferred/0 hold; do
    : > $place/0AAAA1
    head -c 120 $MESSAGE > $place/0AAAA2
    head -c $cut $MESSAGE > $place/0AAAA3
    head -c $cut $MESSAGE > $place/0AAAA4
    truncate -s $(stat -c %s $MESSAGE) $place/0AAAA4
    chmod 700 $place/0AAAA?
done
"""


def test_damaged_files_are_found_by_what_is_left_of_them(host: Host, controller: Controller) -> None:
    text = "Subject: damaged\r\n\r\nan early needle\r\n" + "filling\r\n" * 200 + "late\r\n"
    queue_id = send(host, SENDER, "a@dest.example.org", text=text)
    host.settle(1)
    host.run(["postfix", "stop"])
    host.run(["env", f"MESSAGE={path_of(host, queue_id)}", "sh", "-c", DAMAGE.format(spool=SPOOL)])
    try:
        rules = (
            {"queue_id": ["0AAAA1", "0AAAA2", "0AAAA3", "0AAAA4"]},
            {"sender": SENDER},
            {"recipient": "a@dest.example.org"},
            {"header": {"Subject": "damaged"}},
            {"content": "early"},
            {"content": "late"},
        )
        found = matched(controller, host, *rules)
        opened = controller.opened(host.name, match=[rules[0]], limit=10)
    finally:
        host.run(["sh", "-c", f"rm -f {SPOOL}/deferred/0/0AAAA? {SPOOL}/hold/0AAAA?"])
        host.run(["postfix", "start"])
    # The empty file has no sender, and the one that ends in its envelope has none either.
    assert found == [8, 5, 5, 5, 5, 1]
    problems = {row["queue_id"]: row["problem"] for row in opened["messages"]}
    assert problems["0AAAA1"].startswith("the file is empty")
    assert problems["0AAAA2"].startswith("the file ends within a record at offset ")
    assert problems["0AAAA3"].startswith("the file ends before its content does at offset ")
    assert problems["0AAAA4"].startswith("the content does not end where the size record says at offset ")


def nested(depth: int) -> str:
    """Return a message of parts within parts."""
    heads = [f"Content-Type: multipart/mixed; boundary=b{number}x\n\n--b{number}x" for number in range(depth)]
    return "\n".join([*heads, "Content-Type: text/plain\n\nthe needle\n"]) + "x\n" * 400000


HARD = {
    "punycode": "Content-Type: text/plain; charset=punycode\nContent-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(b"the needle " + b"x-" * 300000).decode(),
    "nested": nested(250),
    "headers": "".join(f"X-{number}: {'y' * 1000}\n" for number in range(280)) + "\nthe needle\n",
    "blank behind": "Subject: a\n\tb\nContent-Transfer-Encoding: BASE64 \nContent-Type: text/plain\n\n"
    + base64.encodebytes(b"the needle").decode(),
}


@pytest.mark.parametrize("name", HARD)
def test_what_is_hard_to_decode_is_searched(roomy_host: Host, controller: Controller, name: str) -> None:
    submit(roomy_host, HARD[name])
    started = time.monotonic()
    rules = ({"body": "the needle"}, {"body": "no such text"}, {"sender": SENDER})
    assert matched(controller, roomy_host, *rules) == [1, 0, 1]
    (row,) = controller.opened(roomy_host.name, excerpt=100)["messages"]
    assert time.monotonic() - started < 40
    assert row["problem"] is None


def test_a_subject_that_is_folded_with_a_tab(host: Host, controller: Controller) -> None:
    submit(host, "Subject: cheap\n\tpills\n\nx\n")
    rules = ({"header": {"Subject": "cheap pills"}}, {"header": {"Subject": "/cheap\\tpills/"}})
    assert matched(controller, host, *rules) == [1, 1]


def test_250000_recipients_are_read(host: Host, controller: Controller) -> None:
    spec = QueueFile(recipients=todo(*(b"user%d@dest.example.org" % number for number in range(250000))))
    host.run(["install", "-d", f"{PLACE}/deferred"])
    host.put(f"{PLACE}/deferred/4A0F9AC", spec.write(), mode=0o700)
    rules = (
        {"recipient": "dest.example.org"},
        {"recipient_count": 250000},
        {"recipient": "user249999@dest.example.org"},
    )
    try:
        assert matched(controller, host, *rules, spool=PLACE) == [1, 1, 0]
        result = controller.opened(host.name, match=[rules[2]], recipient_scope="any", spool=PLACE)
    finally:
        host.run(["rm", "-r", PLACE])
    assert (result["matched"]["messages"], result["matched"]["recipients"]) == (1, 250000)
    assert result["scan"]["unparsed"] == 0
