# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_message_info against postcat, grep and the recorded mixture."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tests.fleet.lab import SPOOL, Host
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.test_purge import path_of, send

if TYPE_CHECKING:
    from tests.integration.controller import Controller

RESULT_BOUND = 64 * 1024
EML = "/root/suspects"
MIME = """Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
 and more\r
From: a@bad.example\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: base64\r
\r
dGhlIHNlY3JldCB0ZXh0\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename="bill.pdf"\r
Content-Transfer-Encoding: base64\r
\r
AAECAwQF\r
--b--\r
"""


def size_of(result: dict[str, Any]) -> int:
    """Return how large a result is, without what Ansible adds."""
    return len(json.dumps(result))


def postcat(host: Host, option: str, queue_id: str) -> str:
    """Return what postcat prints of a message."""
    return host.run(["postcat", option, queue_id]).stdout


def test_a_message_is_what_postcat_prints(empty_host: Host, controller: Controller) -> None:
    alias = "inline:{ {alias@dest.example.org = real@dest.example.org} }"
    empty_host.configure(virtual_alias_maps=alias)
    try:
        recipients = ("alias@dest.example.org", "x@accept.example.org", "y@reject.example.org")
        queue_id = send(empty_host, "a@bad.example", *recipients, text=MIME)
        # With the notice of the one that was refused.
        empty_host.settle(2)
        result = controller.opened(empty_host.name)
    finally:
        empty_host.configure(virtual_alias_maps="")
    message, notice = result["messages"]
    envelope = [line.strip().partition(": ") for line in postcat(empty_host, "-eq", queue_id).splitlines()]
    (listed,) = (listed for listed in empty_host.postqueue() if listed["queue_id"] == queue_id)
    assert result["changed"] is False
    assert message["queue_id"] == queue_id
    assert message["arrival_time"] == listed["arrival_time"]
    assert message["size"] == listed["message_size"]
    assert message["sender"] == "a@bad.example"
    assert message["recipient_count"] == {"pending": 1, "done": 2, "cancelled": 0}
    first, *done = message["recipients"]
    assert first.pop("reason") == listed["recipients"][0]["delay_reason"]
    assert first.pop("diagnostic").startswith("4")
    assert first.pop("mta")
    assert first.pop("status").startswith("4.")
    assert first == {
        "address": "real@dest.example.org",
        "state": "pending",
        "original": "alias@dest.example.org",
        "dsn_original": "rfc822;alias@dest.example.org",
        "notify": [],
    }
    assert [row["address"] for row in done] == [value for name, _sign, value in envelope if name == "done_recipient"]
    assert [row["state"] for row in done] == ["done", "done"]
    assert (notice["sender"], notice["origin"]) == ("<>", "bounce")
    assert [part["content_type"] for part in notice["parts"]][:3] == [
        "multipart/report",
        "text/plain",
        "message/delivery-status",
    ]
    attributes = [value.partition("=")[::2] for name, _sign, value in envelope if name == "named_attribute"]
    shown = {row["name"]: row["value"] for row in message["attributes"]}
    shown.pop("create_time", None)
    assert shown.items() <= dict(reversed(attributes)).items()
    assert shown["log_client_address"] == "127.0.0.1"
    assert shown["log_helo_name"] == "client.example"
    names = [line.partition(":")[0] for line in postcat(empty_host, "-hq", queue_id).splitlines() if line[:1].isalnum()]
    assert [row["name"] for row in message["headers"]] == names
    assert {"name": "Subject", "value": "Grüße and more"} in message["headers"]
    keys = ("number", "content_type", "encoding", "filename", "size")
    assert [tuple(part[key] for key in keys) for part in message["parts"]] == [
        ("0", "multipart/mixed", None, None, 0),
        ("1", "text/plain", "base64", None, 15),
        ("2", "application/pdf", "base64", "bill.pdf", 6),
    ]
    assert (message["cut"], message["problem"]) == ([], None)
    assert "excerpt" not in message
    assert "secret" not in json.dumps(result)


def test_an_excerpt_is_shown_on_request(host: Host, controller: Controller) -> None:
    queue_id = send(host, "a@bad.example", "x@dest.example.org", text=MIME)
    host.settle(1)
    (message,) = controller.opened(host.name, match=[{"queue_id": queue_id}], excerpt=10)["messages"]
    assert message["excerpt"] == "the …"
    (message,) = controller.opened(host.name, match=[{"queue_id": queue_id}], excerpt=400)["messages"]
    assert message["excerpt"] == "the secret text"


def test_patterns_cover_what_grep_and_the_record_say(empty_host: Host, controller: Controller) -> None:
    records = empty_host.fill("incident", 300, seed=7)
    empty_host.settle(300)
    spam = {record.queue_id for record in records if record.is_spam}
    # Without the exclude rule, what the owner of the stolen account sent is covered, too.
    (excluded,) = SPAM_EXCLUDE
    covered = spam | {record.queue_id for record in records if record.sender == excluded["sender"]}
    greps = {
        "Subject": "Subject",
        "/offer|claim/": "[oO][fF][fF][eE][rR]|[cC][lL][aA][iI][mM]",
        "no such text": "no such text",
    }
    result = controller.opened(empty_host.name, patterns=[*greps, *SPAM_MATCH], limit=3)
    coverage = result["coverage"]
    rows = coverage["patterns"]
    assert [row["match"] for row in rows] == [*({"content": text} for text in greps), *SPAM_MATCH]
    for row, text in zip(rows, greps.values(), strict=False):
        found = empty_host.run(["grep", "-rlEa", text, f"{SPOOL}/deferred"], check=False).stdout.split()
        assert row["messages"] == len(found)
    # The rules of the known spam cover all of it.
    rules = set(range(len(greps), len(rows)))
    by_rules = sum(row["messages"] for row in coverage["combinations"] if rules.intersection(row["patterns"]))
    assert coverage["combinations_left_out"] == 0
    assert by_rules == len(covered)
    assert sum(row["messages"] for row in coverage["combinations"]) == coverage["covered"]
    assert coverage["covered"] + coverage["uncovered"] == result["matched"]["messages"] == 300
    for message in result["messages"]:
        stored = empty_host.get(path_of(empty_host, message["queue_id"])).lower()
        assert message["hits"][1] == stored.count(b"offer") + stored.count(b"claim")
        assert any(message["hits"][len(greps) :]) is (message["queue_id"] in covered)
    # What was tried can be used as it is.
    rules_tried = [row["match"] for row in rows[len(greps) :]]
    predicted = controller.purge(empty_host.name, check=True, match=rules_tried, exclude=SPAM_EXCLUDE)
    assert predicted["matched"]["messages"] == len(spam)


def test_files_are_written_once_and_never_over_others(empty_host: Host, controller: Controller) -> None:
    empty_host.run(["rm", "-rf", EML])
    ids = [send(empty_host, f"{name}@bad.example", "x@dest.example.org", text=MIME) for name in "abc"]
    send(empty_host, "ham@good.example", "x@dest.example.org")
    empty_host.settle(4)
    before = empty_host.spool_files()
    options: dict[str, Any] = {"match": [{"sender": "bad.example"}], "limit": 0, "eml_directory": EML}
    predicted = controller.opened(empty_host.name, check=True, **options)
    assert empty_host.run(["test", "-e", EML], check=False).returncode == 1
    done = controller.opened(empty_host.name, **options)
    assert {**done, "scan": None} == {**predicted, "scan": None}
    assert done["changed"] is True
    assert done["eml"]["files"] == sorted(f"{queue_id}.eml" for queue_id in ids)
    found = empty_host.run(["find", EML, "-printf", "%f %m %U\n"]).stdout.splitlines()
    assert sorted(found) == sorted(["suspects 700 0", *(f"{queue_id}.eml 600 0" for queue_id in ids)])
    for queue_id in ids:
        printed = empty_host.run_bytes(["postcat", "-bhq", queue_id]).stdout
        assert hashlib.sha256(empty_host.get(f"{EML}/{queue_id}.eml")).digest() == hashlib.sha256(printed).digest()
    for check in (False, True):
        again = controller.opened(empty_host.name, check=check, **options)
        assert again["changed"] is False
        assert (again["eml"]["written"], again["eml"]["present"]) == (0, 3)
    # One file is another one by now, one is a link, one is gone.
    empty_host.put(f"{EML}/{ids[0]}.eml", "something else", mode=0o600)
    empty_host.run(["ln", "-sf", "/etc/passwd", f"{EML}/{ids[1]}.eml"])
    empty_host.run(["rm", f"{EML}/{ids[2]}.eml"])
    passwd = empty_host.get("/etc/passwd")
    failed = controller.opened(empty_host.name, **options)
    assert failed["failed"] is True
    assert failed["msg"] == (
        f"2 messages were not written to {EML}, where other files have their names. Existing files are not overwritten. "
        "Move those away, or name another eml_directory."
    )
    assert failed["eml"]["not_written"] == sorted(ids[:2])
    assert empty_host.get(f"{EML}/{ids[0]}.eml") == b"something else"
    assert empty_host.get("/etc/passwd") == passwd
    assert empty_host.get(f"{EML}/{ids[2]}.eml") == empty_host.run_bytes(["postcat", "-bhq", ids[2]]).stdout
    empty_host.run(["chmod", "755", EML])
    refused = controller.opened(empty_host.name, **options)
    assert refused["msg"] == (
        f"eml_directory {EML} is open to others: it has mode 0755 and belongs to uid 0. Messages are private: give it to uid 0 "
        "with mode 0700, or name one that does not exist yet."
    )
    assert empty_host.spool_files() == before
    empty_host.run(["rm", "-rf", EML])


def test_any_directory_of_queue_files_is_read(empty_host: Host, controller: Controller) -> None:
    ids = [send(empty_host, f"{name}@bad.example", "x@dest.example.org", text=MIME) for name in "abc"]
    empty_host.settle(3)
    live = controller.opened(empty_host.name, patterns=["bill.pdf"])
    empty_host.run(["rm", "-rf", "/root/copy", "/root/saved"])
    empty_host.run(["cp", "-a", SPOOL, "/root/copy"])
    # A flat directory, as `cp` by somebody in a hurry leaves it: no queues, no hash directories, no modes.
    empty_host.run(["mkdir", "/root/saved"])
    empty_host.run(
        ["sh", "-c", f"cp {SPOOL}/deferred/*/* /root/saved/ && chmod 644 /root/saved/* && touch /root/saved/note.txt"]
    )
    copy = controller.opened(empty_host.name, spool="/root/copy", patterns=["bill.pdf"], command_directory="/nowhere")
    assert {**copy, "scan": None} == {**live, "scan": None}
    saved = controller.opened(empty_host.name, spool="/root/saved", patterns=["bill.pdf"], command_directory="/nowhere")
    assert saved["matched"]["messages"] == 3
    assert saved["coverage"]["covered"] == 3
    assert [message["queue_id"] for message in saved["messages"]] == [
        message["queue_id"] for message in live["messages"]
    ]
    assert {message["queue_id"] for message in saved["messages"]} == set(ids)
    assert {message["queue"] for message in saved["messages"]} == {"saved"}
    assert [message["headers"] for message in saved["messages"]] == [message["headers"] for message in live["messages"]]
    assert saved["scan"]["not_files"] == 1
    empty_host.run(["rm", "-rf", "/root/copy", "/root/saved"])


def test_a_result_is_bounded(host: Host, controller: Controller) -> None:
    for number in range(6):
        recipients = [f"recipient-with-a-long-name-{number}-{index}@dest.example.org" for index in range(300)]
        headers = "".join(f"X-Header-{index}: {'ü' * 300}\r\n" for index in range(100))
        boundary = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        parts = "".join(
            f'--b\r\nContent-Type: text/plain; name="{"n" * 200}{index}"\r\n\r\nx\r\n' for index in range(150)
        )
        send(host, "a@bad.example", *recipients, text=headers + boundary + parts + "--b--\r\n")
    host.settle(6)
    rows = [{"header": {f"X-Header-{index}": "ü"}} for index in range(20)]
    result = controller.opened(host.name, patterns=rows)
    assert len(result["messages"]) == 5
    assert all(message["cut"] == ["recipients", "headers", "parts"] for message in result["messages"])
    assert size_of(result) < RESULT_BOUND
    assert result["truncated"] is True


def test_what_is_refused_is_named(host: Host, controller: Controller) -> None:
    refused = controller.module(host.name, "postfix_message_info", {"patterns": ["fine", {"sendr": "x"}]})
    assert refused["msg"].startswith("patterns[1].sendr: there is no such criterion; known are queue_id, ")
    refused = controller.module(host.name, "postfix_message_info", {"patterns": ["/(/"]})
    assert refused["msg"].startswith("patterns[0].content: /(/ is not a regular expression: ")
    refused = controller.module(host.name, "postfix_message_info", {"excerpt": 100000})
    assert refused["msg"] == "excerpt: 100000 is more than 65536 bytes"
    refused = controller.module(host.name, "postfix_message_info", {"eml_directory": "/no/such/place"})
    assert refused["msg"] == (
        "eml_directory /no/such/place cannot be made: the directory above it does not exist. Make that first."
    )
