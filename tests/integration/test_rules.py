# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What results show, given back as rules, selects the same messages; what can match nothing is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import MAX_CANDIDATES
from tests.fleet.lab import SPOOL, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.integration.controller import Controller

DEST = "dest.example.org"
# What the tops show, and the criterion that asks for it.
TOPS = {
    "senders": "sender",
    "sender_domains": "sender",
    "recipients": "recipient",
    "recipient_domains": "recipient",
    "reasons": "reason",
    "sasl_usernames": "sasl_username",
    "client_addresses": "client_address",
}
# More than duplicate_filter_limit.
MANY = 3000
# Controls, marks of direction and what has no width; line ends and tabs are an excerpt's.
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
# Sends messages whose every byte is given, and prints their queue IDs. Text here is bytes in Latin-1.
SEND = r"""
import json, socket, sys

def talk(stream, line, *expected):
    if line is not None:
        stream.write(line.encode("latin-1") + b"\r\n")
        stream.flush()
    while True:
        reply = stream.readline().decode("latin-1")
        if reply[3:4] != "-":
            break
    if not reply.startswith(expected):
        sys.exit("%r: %r" % (line, reply))
    return reply

def xtext(text):
    return "".join("+%02X" % ord(c) if not "!" <= c <= "~" or c in "+=" else c for c in text)

for message in json.load(sys.stdin):
    stream = socket.create_connection(("127.0.0.1", 25)).makefile("rwb")
    talk(stream, None, "220")
    talk(stream, "EHLO x", "250")
    values = ["ADDR=" + message["client"], "NAME=mail.example.net"]
    values += ["LOGIN=" + xtext(message["login"])] if message["login"] else []
    talk(stream, "XCLIENT " + " ".join(values), "220")
    talk(stream, "EHLO " + message["helo"], "250")
    talk(stream, "MAIL FROM:<%s>%s" % (message["sender"], message["options"]), "250")
    for recipient in message["recipients"]:
        talk(stream, "RCPT TO:<%s>" % recipient, "250")
    talk(stream, "DATA", "354")
    print(talk(stream, message["text"] + "\r\n.", "250").split()[-1])
    stream.close()
"""


class Nasty(NamedTuple):
    """A message that a rule may take for another one; text is bytes in Latin-1."""

    sender: str = "plain@home.example"
    recipients: tuple[str, ...] = (f"plain@{DEST}",)
    login: str = ""
    helo: str = "client.example"
    client: str = "192.0.2.1"
    text: str = "Subject: plain\r\n\r\nplain"
    options: str = ""


def send(host: Host, messages: Sequence[Nasty]) -> list[str]:
    """Send messages, wait until they are deferred, and return their queue IDs."""
    said = host.run(["python3", "-c", SEND], input=json.dumps([message._asdict() for message in messages]))
    host.settle(len(messages))
    return said.stdout.split()


# With smtputf8_enable = no, any byte goes.
BYTES = [
    Nasty(),
    Nasty("jos\xe9@raw.example", (f"jos\xe9@{DEST}",)),
    Nasty("jos\xe8@raw.example", (f"jos\xe8@{DEST}", f"other@{DEST}")),
    Nasty("jos\xc3\xa9@raw.example", (f"jos\xc3\xa9@{DEST}",)),
    Nasty('"*"@corp.example', (f'"*"@{DEST}',)),
    Nasty("boss@corp.example", (f"boss@{DEST}",)),
    Nasty(".lead@example.com", (f".lead@{DEST}",)),
    Nasty("x@lead@example.com".replace("@", ".", 1)),
    Nasty('"a@b"@corp.example', (f'"a@b"@{DEST}',)),
    Nasty('"a\\\\x41"@corp.example', (f'"a\\\\x41"@{DEST}',)),
    Nasty('"a\x07b"@corp.example', (f'"a\x07b"@{DEST}',)),
    Nasty('"john doe"@corp.example', (f'"john doe"@{DEST}',)),
    Nasty("/x/@corp.example", (f"/x/@{DEST}",)),
    Nasty("^x@corp.example", (f"^x@{DEST}",)),
    Nasty('"\xc2\x9b31m"@corp.example', (f"a\xe2\x80\xaeb@{DEST}",)),
    Nasty("l" * 400 + "@long.example", ("r" * 400 + f"@{DEST}",)),
    Nasty(login="*"),
    Nasty(login="@corp.example"),
    Nasty(login="bob@"),
    Nasty(login=".corp.example"),
    Nasty(login="CORP\\xabel"),
    Nasty(login="/bob/"),
    Nasty(login="bob,alice"),
    Nasty(login="bob\xe9"),
    Nasty(helo="[192.0.2.9]"),
    Nasty(helo="*.corp.example"),
    Nasty(helo=".corp.example"),
    Nasty(helo="/x/"),
    Nasty(helo="a\xe9\x1b[31m"),
    Nasty(text="Subject: cheap\r\n\tpills now\r\n\r\nx"),
    Nasty(text="Subject: /cheap/\r\n\r\nx"),
    Nasty(text="Subject: C:\\x41 \x1b[31m\r\n\r\nx"),
    Nasty(text="Subject: =?utf-8?q?a=E2=80=AEb=C2=9B?=\r\n\r\nx"),
    Nasty(text="Subject: long\r\nX-Long: " + "word " * 100 + "\r\nX(odd): y\r\n\r\nx"),
]
# With smtputf8_enable = yes.
CHARACTERS = [
    Nasty(),
    *(
        Nasty(
            f"{local}@raw.example".encode().decode("latin-1"),
            (f"{local}@{DEST}".encode().decode("latin-1"),),
            options=" SMTPUTF8",
        )
        for local in ("jos\u00e9", "a\u202eb", "a\u009bb", "a\u200bb", "a\u061cb", "\u2764\ufe0f")
    ),
    Nasty("user@b\u00fccher.example".encode().decode("latin-1"), options=" SMTPUTF8"),
    Nasty("user@xn--bcher-kva.example"),
]


@pytest.fixture
def without_utf8(empty_host: Host) -> Iterator[Host]:
    """Every host in turn, with smtputf8_enable = no."""
    empty_host.configure(smtputf8_enable="no")
    yield empty_host
    empty_host.run(["postsuper", "-d", "ALL"])
    empty_host.configure(smtputf8_enable="yes")


def shown_values(facts: dict[str, Any], opened: Sequence[dict[str, Any]]) -> dict[tuple[str, ...], set[str]]:
    """Return {(criterion, value): the queue IDs of the messages that show it}; a header's criterion has its name in it."""
    found: dict[tuple[str, ...], set[str]] = {}

    def add(queue_id: str, *key: str | None) -> None:
        if key[-1] is not None:
            found.setdefault(tuple(map(str, key)), set()).add(queue_id)

    for row in facts["messages"]:
        for name in ("sender", "sasl_username", "client_address", "client_name", "reason"):
            add(row["queue_id"], name, row[name])
        for recipient in row["recipients"]:
            add(row["queue_id"], "recipient", recipient)
    for row in opened:
        for key in opened_values(row):
            add(row["queue_id"], *key)
    return found


def opened_values(row: dict[str, Any]) -> Iterator[tuple[str | None, ...]]:
    """Yield what message_info shows of a message that a rule may ask for."""
    yield "sender", row["sender"]
    for recipient in row["recipients"]:
        yield "recipient", recipient["address"]
        yield "reason", recipient["reason"]
    for attribute in row["attributes"]:
        if attribute["name"] in ("sasl_username", "client_address", "client_name", "helo_name"):
            yield attribute["name"], attribute["value"]
    for header in row["headers"]:
        yield "header", header["name"], header["value"]


def rule_for(key: tuple[str, ...]) -> dict[str, Any]:
    return {"header": {key[1]: key[2]}} if key[0] == "header" else {key[0]: key[1]}


def check_round_trip(host: Host, controller: Controller, ids: Sequence[str]) -> None:
    """Check that each value that facts and message_info show is a rule for the messages that show it, and that none steers."""
    result = controller.module(
        host.name, "postfix_queue_facts", {"limit": 200, "top": 100, "gather": ["messages", "reasons", "top"]}
    )
    facts = result["ansible_facts"]["postfix_queue"]
    found = controller.opened(host.name, limit=100, excerpt=1000)
    assert {row["queue_id"] for row in found["messages"]} == set(ids)
    for everything in (result, found):
        assert not UNSHOWN.search(json.dumps(everything, ensure_ascii=False))
    shown = shown_values(facts, found["messages"])
    selected = dict(zip(shown, selected_by(host, controller, [rule_for(key) for key in shown]), strict=True))
    # A text in a reason or header may be part of another one; what is compared as a whole selects no more than that.
    assert {key: selected[key] for key in shown if not shown[key] <= selected[key]} == {}
    whole = [key for key in shown if key[0] not in ("reason", "header")]
    assert {key: selected[key] for key in whole} == {key: shown[key] for key in whole}
    rows = [(key, row["value"], row["messages"]) for name, key in TOPS.items() for row in facts["top"][name]]
    counted = selected_by(host, controller, [{key: value} for key, value, _messages in rows])
    assert [(*row[:2], len(ids)) for row, ids in zip(rows, counted, strict=True)] == rows


def selected_by(host: Host, controller: Controller, rules: Sequence[dict[str, Any]]) -> list[set[str]]:
    """Return the queue IDs of the messages that each rule selects, of all that are there."""
    found: list[set[str]] = []
    for start in range(0, len(rules), MAX_CANDIDATES):
        options: dict[str, Any] = {
            "patterns": rules[start : start + MAX_CANDIDATES],
            "limit": 100,
            "recipient_scope": "any",
        }
        result = controller.opened(host.name, **options)
        assert not result["failed"], result["msg"]
        hits = [
            {row["queue_id"]: row["hits"][number] for row in result["messages"]}
            for number in range(len(options["patterns"]))
        ]
        found += [{queue_id for queue_id, count in by_id.items() if count} for by_id in hits]
    return found


def test_what_is_shown_of_any_bytes_selects_them(without_utf8: Host, controller: Controller) -> None:
    check_round_trip(without_utf8, controller, send(without_utf8, BYTES))


def test_what_is_shown_of_any_characters_selects_them(empty_host: Host, controller: Controller) -> None:
    ids = send(empty_host, CHARACTERS)
    found = controller.opened(empty_host.name, match=[{"sender": "user@b\u00fccher.example"}])
    assert sorted(row["queue_id"] for row in found["messages"]) == sorted(ids[-2:])
    empty_host.run(["postsuper", "-d", ids[-1]])
    check_round_trip(empty_host, controller, ids[:-1])


def test_reasons_belong_to_their_recipients(without_utf8: Host, controller: Controller) -> None:
    recipients = (f"jos\xe9@{DEST}", f'"a\x07b"@{DEST}', f"b\xfccher@{DEST}")
    (queue_id, _other) = send(without_utf8, [Nasty("jos\xe9@raw.example", recipients), Nasty()])
    (row,) = controller.opened(without_utf8.name, match=[{"queue_id": queue_id}])["messages"]
    reasons = {recipient["reason"] for recipient in row["recipients"]}
    assert len(row["recipients"]) == len(recipients)
    assert None not in reasons
    (by_sender,) = controller.opened(without_utf8.name, match=[{"sender": "jos\\xe9@raw.example"}])["messages"]
    assert by_sender["queue_id"] == queue_id
    # Every recipient must have the reason.
    for reason in reasons:
        rule = {"reason": reason, "sender": "raw.example"}
        matched = controller.facts(without_utf8.name, match=[rule])["matched"]
        assert (matched["messages"], matched["recipients"], matched["partial"]) == (1, len(recipients), 0)


def test_postqueue_and_spool_agree_on_many_recipients(empty_host: Host, controller: Controller) -> None:
    recipients = [f"user{number}@{DEST}" for number in range(MANY)]
    empty_host.run(["sendmail", "-f", "s@bad.example", *recipients], input="Subject: many\n\nhello\n")
    empty_host.settle(1)
    options: dict[str, Any] = {"gather": ["counts", "top", "messages", "reasons"], "top": 5}
    by_source = [controller.facts(empty_host.name, source=source, **options) for source in ("spool", "postqueue")]
    for facts in by_source:
        assert facts["total"]["recipients"] == MANY
        assert [row["recipient_count"] for row in facts["messages"]] == [MANY]
    assert by_source[0]["top"]["reasons"] == by_source[1]["top"]["reasons"]
    for source in ("spool", "postqueue"):
        for count, expected in ((MANY, 1), (MANY + 1, 0), (-MANY, 1)):
            matched = controller.facts(empty_host.name, source=source, match=[{"recipient_count": count}])["matched"]
            assert matched["messages"] == expected


REFUSED = [
    ({"sender": "*@corp.example"}, 'sender: "*@corp.example" matches no address. Use "corp.example" for the domain.'),
    (
        {"sender": "<boss@corp.example>"},
        'sender: "<boss@corp.example>" matches no address. Use "boss@corp.example", without the angle brackets.',
    ),
    (
        {"sender": "MAILER-DAEMON"},
        (
            'sender: "MAILER-DAEMON" matches no address. Use "<>" for the null sender, which mailq shows so, and "MAILER-DAEMON@" '
            "for that local part."
        ),
    ),
    (
        {"sasl_username": "*@corp.example"},
        r'sasl_username: "*@corp.example" matches no login. Use "/@corp\.example$/".',
    ),
    (
        {"client_address": "192.168.1.*"},
        'client_address: "192.168.1.*" is neither an address nor a network. Use "192.168.1.0/24".',
    ),
    (
        {"client_name": "*.corp.example"},
        'client_name: "*.corp.example" matches no name of a client. Use ".corp.example" for all names below corp.example.',
    ),
    ({"header": {"Subject:": "x"}}, 'header: "Subject:" is the name of no header field. Use "Subject".'),
    (
        {"queue_id": "4A0F9AC*"},
        "queue_id: '4A0F9AC*' is not a queue ID. Use \"4A0F9AC\", without blanks and the marks of mailq.",
    ),
]


def test_an_exclude_rule_that_protects_nothing_is_refused(host: Host, controller: Controller) -> None:
    (queue_id,) = send(host, [Nasty("boss@corp.example")])
    for rule, problem in REFUSED:
        result = controller.purge(host.name, match_all=True, exclude=[rule])
        assert result["failed"]
        assert result["msg"] == "exclude[0]." + problem
    assert [message["queue_id"] for message in host.postqueue()] == [queue_id]


def test_a_folded_subject_is_found(host: Host, controller: Controller) -> None:
    (queue_id, _other) = send(host, [Nasty(text="Subject: cheap\r\n\tpills now\r\n\r\nx"), Nasty()])
    for value in ("cheap pills now", "/cheap pills/", "cheap  pills", "cheap\\x09pills"):
        found = controller.opened(host.name, match=[{"header": {"Subject": value}}])
        assert [row["queue_id"] for row in found["messages"]] == [queue_id]


def test_a_leading_dot_is_part_of_an_address(host: Host, controller: Controller) -> None:
    (queue_id, below) = send(host, [Nasty(".lead@example.com"), Nasty("a@x.lead@example.com".replace("@", ".", 1))])
    result = controller.purge(host.name, match_all=True, exclude=[{"sender": ".lead@example.com"}])
    assert [message["queue_id"] for message in result["messages"]] == [below]
    assert [message["queue_id"] for message in host.postqueue()] == [queue_id]


# --- rules within rules ---------------------------------------------------------------------------------------------

SECOND = "second.example.org"
FLAT = "/root/flat"
# What stands in the bodies, and what finds it.
CLAIM, WINNER, LOTTERY = "claim.php?id=1", "winner1234", "Lottery"
PATTERNS: dict[str, str] = {CLAIM: "claim.php", WINNER: r"/winner[0-9]{4}/", LOTTERY: "/lottery/"}
GREPS = {CLAIM: r"claim\.php", WINNER: "winner[0-9]{4}", LOTTERY: "[lL][oO][tT][tT][eE][rR][yY]"}
RECIPIENTS = ((f"a@{DEST}",), (f"a@{SECOND}",), (f"a@{DEST}", f"b@{SECOND}"))


def mixture() -> list[Nasty]:
    """Return a message for each set of the patterns, kind of sender and set of recipients."""
    return [
        Nasty(sender, recipients, text="Subject: x\r\n\r\n" + "\r\n".join(["hello", *words]))
        for words in ((), (CLAIM,), (WINNER,), (LOTTERY,), (CLAIM, WINNER), (WINNER, LOTTERY), (CLAIM, WINNER, LOTTERY))
        for sender in ("s@bad.example", "s@good.example")
        for recipients in RECIPIENTS
    ]


class Known(NamedTuple):
    """What grep and postqueue say of the queue: queue IDs, and pending recipients by queue ID."""

    ids: frozenset[str]
    hits: dict[str, frozenset[str]]
    bad: frozenset[str]
    recipients: dict[str, list[str]]

    def only_to(self, domain: str) -> frozenset[str]:
        """Return the messages all of whose recipients are in the domain."""
        return frozenset(key for key, to in self.recipients.items() if all(one.endswith("@" + domain) for one in to))

    @property
    def mixed(self) -> frozenset[str]:
        """The messages with recipients in both domains."""
        return self.ids - self.only_to(DEST) - self.only_to(SECOND)


def known_of(host: Host, directory: str) -> Known:
    """Look at the queue without the collection's code."""
    listed = host.postqueue()
    names = {
        word: host.run(["grep", "-rlEa", expression, directory], check=False).stdout.split()
        for word, expression in GREPS.items()
    }
    return Known(
        frozenset(row["queue_id"] for row in listed),
        {word: frozenset(path.rpartition("/")[2] for path in paths) for word, paths in names.items()},
        frozenset(row["queue_id"] for row in listed if row["sender"].endswith("@bad.example")),
        {row["queue_id"]: [recipient["address"] for recipient in row["recipients"]] for row in listed},
    )


def content(word: str) -> dict[str, Any]:
    return {"content": PATTERNS[word]}


ALL_THREE = [content(word) for word in PATTERNS]
BAD = {"sender": "bad.example"}
TO_DEST = {"recipient": DEST}
# Rules, and which messages they select by what is known of the queue.
WITHIN: list[tuple[dict[str, Any], Callable[[Known], frozenset[str]]]] = [
    # Any mail that contains both patterns is spam; one hit may be ham.
    ({"all": [content(CLAIM), content(WINNER)]}, lambda known: known.hits[CLAIM] & known.hits[WINNER]),
    ({"any": ALL_THREE}, lambda known: known.hits[CLAIM] | known.hits[WINNER] | known.hits[LOTTERY]),
    (
        {"at_least": {"number": 2, "of": ALL_THREE}},
        lambda known: (known.hits[CLAIM] & known.hits[WINNER]) | (known.hits[WINNER] & known.hits[LOTTERY]),
    ),
    ({**content(CLAIM), "not": content(LOTTERY)}, lambda known: known.hits[CLAIM] - known.hits[LOTTERY]),
    ({**BAD, "not": {"any": ALL_THREE}}, lambda known: known.bad - frozenset().union(*known.hits.values())),
    (
        {"any": [{"all": [BAD, content(WINNER)]}, {"not": {"any": [BAD, content(LOTTERY)]}}]},
        lambda known: (known.bad & known.hits[WINNER]) | (known.ids - known.bad - known.hits[LOTTERY]),
    ),
    (
        {"at_least": {"number": 2, "of": [BAD, content(CLAIM), {"not": content(WINNER)}]}},
        lambda known: (
            (known.bad & known.hits[CLAIM])
            | (known.bad - known.hits[WINNER])
            | (known.hits[CLAIM] - known.hits[WINNER])
        ),
    ),
]


def selected(found: dict[str, Any]) -> frozenset[str]:
    return frozenset(row["queue_id"] for row in found["messages"])


@pytest.fixture(params=["hashed", "flat"])
def laid_out(request: pytest.FixtureRequest, host: Host) -> Iterator[Host]:
    """A host whose deferred queue has directories by the first letters of queue IDs, and one where it has none, with a mixture."""
    usual = host.run(["postconf", "-h", "hash_queue_names"]).stdout.strip()
    if request.param == "flat":
        # Postfix takes no empty list.
        host.configure(hash_queue_names="defer")
    send(host, mixture())
    depth = {path.count("/") for path in host.run(["find", f"{SPOOL}/deferred", "-type", "f"]).stdout.split()}
    assert depth == {SPOOL.count("/") + (2 if request.param == "flat" else 3)}
    yield host
    host.run(["postsuper", "-d", "ALL"])
    host.configure(hash_queue_names=usual)
    host.run(["rm", "-rf", FLAT])


def test_rules_within_rules_select_what_grep_finds(laid_out: Host, controller: Controller) -> None:
    known = known_of(laid_out, f"{SPOOL}/deferred")
    assert len(known.ids) == len(mixture())
    # The same files in a directory that is no queue.
    laid_out.run(["sh", "-c", f"mkdir {FLAT} && find {SPOOL}/deferred -type f -exec cp {{}} {FLAT} ';'"])
    before = laid_out.spool_files()
    for rule, expected in WITHIN:
        ids = expected(known)
        assert 0 < len(ids) < len(known.ids)
        options: dict[str, Any] = {"match": [rule], "limit": 100}
        assert selected(controller.facts(laid_out.name, gather=["messages"], **options)) == ids, rule
        assert selected(controller.facts(laid_out.name, gather=["messages"], spool=FLAT, **options)) == ids, rule
        predicted = controller.purge(laid_out.name, check=True, max_percent=100, **options)
        assert (selected(predicted), predicted["matched"]["messages"]) == (ids, len(ids)), rule
        kept = controller.purge(laid_out.name, check=True, match_all=True, exclude=[rule], max_percent=100, limit=100)
        assert selected(kept) == known.ids - ids, rule
    opened = controller.opened(laid_out.name, patterns=[rule for rule, _expected in WITHIN], limit=0)
    counts = [row["messages"] for row in opened["coverage"]["patterns"]]
    assert counts == [len(expected(known)) for _rule, expected in WITHIN]
    assert laid_out.spool_files() == before


def test_rules_within_rules_are_about_each_recipient(host: Host, controller: Controller) -> None:
    send(host, mixture())
    known = known_of(host, f"{SPOOL}/deferred")
    to_dest, to_second, mixed = known.only_to(DEST), known.only_to(SECOND), known.mixed
    assert min(len(to_dest), len(to_second), len(mixed)) > 0
    bad_or_dest = {"any": [BAD, TO_DEST]}
    # The rule, whom it selects wholly, and whom partly.
    cases: list[tuple[dict[str, Any], frozenset[str], frozenset[str]]] = [
        (TO_DEST, to_dest, mixed),
        ({"not": TO_DEST}, to_second, mixed),
        ({"any": [TO_DEST, {"recipient": SECOND}]}, known.ids, frozenset()),
        ({"all": [TO_DEST, {"recipient": SECOND}]}, frozenset(), frozenset()),
        (bad_or_dest, known.bad | to_dest, mixed - known.bad),
        ({"not": bad_or_dest}, to_second - known.bad, mixed - known.bad),
        ({**content(CLAIM), "not": TO_DEST}, known.hits[CLAIM] & to_second, known.hits[CLAIM] & mixed),
    ]
    for rule, wholly, partly in cases:
        options: dict[str, Any] = {"match": [rule], "limit": 100, "gather": ["messages"]}
        for source in ("spool", "postqueue"):
            if source == "postqueue" and "content" in rule:
                continue
            found = controller.facts(host.name, source=source, **options)
            assert (selected(found), found["matched"]["partial"]) == (wholly, len(partly)), rule
            found = controller.facts(host.name, source=source, recipient_scope="any", **options)
            assert (selected(found), found["matched"]["partial"]) == (wholly | partly, 0), rule
        kept = controller.facts(host.name, exclude=[rule], limit=100, gather=["messages"])
        assert selected(kept) == known.ids - wholly - partly, rule


def test_rules_within_rules_purge_what_their_plan_has(host: Host, controller: Controller) -> None:
    send(host, mixture())
    known = known_of(host, f"{SPOOL}/deferred")
    (rule, expected) = WITHIN[2]
    planned = controller.purge(host.name, check=True, match=[rule], recipient_scope="any")
    assert planned["plan"]["selection"]["match"] == [
        {"at_least": {"number": 2, "of": [{"content": [value]} for value in PATTERNS.values()]}}
    ]
    done = controller.purge(host.name, plan=planned["plan"])
    assert done["changed"] is True
    assert {row["queue_id"] for row in host.postqueue()} == known.ids - expected(known)


def test_postqueue_refuses_what_it_does_not_show_within_rules(host: Host, controller: Controller) -> None:
    options = {"source": "postqueue", "match": [{"any": [BAD, {"not": {"body": "x"}}]}]}
    result = controller.module(host.name, "postfix_queue_facts", options)
    assert result["msg"] == (
        "The criterion body needs the queue files, and postqueue does not show them. Run this as root (become: true) with source: spool."
    )
    result = controller.purge(host.name, match=[{"all": [BAD, {"any": [{"content": "/(/"}]}]}])
    assert result["msg"].startswith("match[0].all[1].any[0].content: /(/ is not a regular expression: ")
