# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import Piece
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import (
    Traits,
    is_common_path,
    organisations_of,
    traits_of,
)
from tests.unit.support.sampled import NOW, PLAIN, make_sampled


def traits(**values: Any) -> Traits:
    return traits_of(make_sampled(**values))


def test_the_traits_of_a_message() -> None:
    client = [b"log_client_name=mx.Example.com", b"log_client_address=192.0.2.77", b"log_helo_name=MX.example.com"]
    found = traits(
        sender=b"Anna@Mail.Example.com",
        pending=[b"B@example.org"],
        attributes=[b"sasl_username=Anna@example.net", *client],
        reasons=[b"451 4.7.1 Looks like SPAM"],
        headers=[
            ("Subject", "Cheap pills"),
            ("From", '"Anna" <anna@FROM.example>'),
            ("Reply-To", "x@reply.example"),
            ("X-Mailer", "Bulk 2"),
            ("List-Id", "x"),
        ],
        text="Click http://H.example/offer/claim or http://www.w3.org/other\nto buy many pills now",
    )
    assert found == Traits(
        sender="anna@mail.example.com",
        domain="mail.example.com",
        sender_organisation="example.com",
        login="anna@example.net",
        login_organisation="example.net",
        address="192.0.2.77",
        networks=("192.0.2.0/24", "192.0.0.0/20", "192.0.0.0/16"),
        client_name="mx.example.com",
        client_organisation="example.com",
        helo="mx.example.com",
        origin="smtp",
        recipients=("b@example.org",),
        recipient_count=1,
        is_rewritten=False,
        is_odd_client=False,
        is_inside=False,
        arrival=NOW,
        size=1000,
        is_delayed_as_spam=True,
        reason="* * looks like spam",
        bulk="list",
        from_address="anna@from.example",
        reply_address="x@reply.example",
        subject_pieces=frozenset([("cheap",), ("cheap", "pills"), ("pills",)]),
        text_pieces=frozenset([("to", "buy", "many", "pills"), ("buy", "many", "pills", "now")]),
        hosts=frozenset(["h.example"]),
        paths=frozenset([("offer", "/"), ("offer", "claim"), ("claim",)]),
        script="latin",
        program=("x-mailer", "Bulk 2"),
    )
    assert (found.recipient, found.recipient_domain, found.is_null) == ("b@example.org", "example.org", False)
    assert found.own_organisations == {"example.com", "example.net"}


def test_a_message_of_which_nothing_is_known() -> None:
    found = traits(sender=None, pending=[])
    assert found == PLAIN._replace(
        sender=None,
        domain=None,
        sender_organisation=None,
        address=None,
        networks=(),
        client_name=None,
        client_organisation=None,
        helo=None,
        origin="local",
        recipients=(),
        recipient_count=0,
    )
    assert (found.recipient, found.recipient_domain, found.is_null) == (None, None, False)
    assert found.own_organisations == frozenset()


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        pytest.param(b"a@b.example", ("a@b.example", "b.example", "b.example"), id="address"),
        pytest.param(b"", ("", None, None), id="null sender"),
        pytest.param(b"root", ("root", None, None), id="no domain"),
        pytest.param(b"root@", ("root@", None, None), id="an empty domain"),
        pytest.param(b"A\xc3\x84\xff@b.Example", ("aä\udcff@b.example", "b.example", "b.example"), id="encodings"),
        pytest.param(b"x" * 194 + b"@a.com", ("x" * 194 + "@a.com", "a.com", "a.com"), id="the longest"),
        pytest.param(b"x" * 195 + b"@a.com", (None, None, None), id="too long"),
    ],
)
def test_senders(sender: bytes, expected: tuple[str | None, str | None, str | None]) -> None:
    found = traits(sender=sender)
    assert (found.sender, found.domain, found.sender_organisation) == expected
    assert found.is_null is (sender == b"")


_IPV6 = ("2001:db8::/64", "2001:db8::/48", "2001:db8::/32")
_IPV4 = ("192.0.2.0/24", "192.0.0.0/20", "192.0.0.0/16")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        pytest.param([b"client_address=2001:db8::1"], ("2001:db8::1", _IPV6, None, True), id="IPv6, no name"),
        pytest.param([b"client_address=unknown"], (None, (), None, True), id="no address"),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=unknown", b"helo_name=mx.b.example"],
            ("192.0.2.1", _IPV4, "b.example", True),
            id="the name unknown",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.example", b"helo_name=localhost"],
            ("192.0.2.1", _IPV4, "a.example", True),
            id="a HELO name without a domain",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"helo_name=localhost"],
            ("192.0.2.1", _IPV4, None, True),
            id="only a HELO name without a domain",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"helo_name=[192.0.2.1]"],
            ("192.0.2.1", _IPV4, None, True),
            id="only an address as the HELO name",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.example", b"helo_name=[192.0.2.1]"],
            ("192.0.2.1", _IPV4, "a.example", True),
            id="an address as the HELO name",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.example"],
            ("192.0.2.1", _IPV4, "a.example", True),
            id="no HELO name",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"client_name=a.example", b"helo_name=x.example"],
            ("192.0.2.1", _IPV4, "a.example", False),
            id="a mail server",
        ),
        pytest.param(
            [b"client_address=192.0.2.1", b"sasl_username=a"], ("192.0.2.1", _IPV4, None, False), id="a login"
        ),
        pytest.param([], (None, (), None, False), id="a local program"),
    ],
)
def test_clients(attributes: list[bytes], expected: tuple[Any, ...]) -> None:
    found = traits(attributes=attributes)
    assert (found.address, found.networks, found.client_organisation, found.is_odd_client) == expected


@pytest.mark.parametrize(
    ("pending", "recipients", "recipient", "domain"),
    [
        pytest.param([b"A@b", b"a@B"], ("a@b",), "a@b", "b", id="one in two spellings"),
        pytest.param([b"a@b", b"c@b"], ("a@b", "c@b"), None, "b", id="one domain"),
        pytest.param([b"c@d", b"a@b"], ("a@b", "c@d"), None, None, id="two domains"),
        pytest.param([b"x" * 201], (), None, None, id="too long"),
    ],
)
def test_recipients(
    pending: list[bytes], recipients: tuple[str, ...], recipient: str | None, domain: str | None
) -> None:
    found = traits(pending=pending)
    assert (found.recipients, found.recipient, found.recipient_domain) == (recipients, recipient, domain)


@pytest.mark.parametrize(
    ("sender", "is_rewritten"),
    [
        pytest.param(b"SRS0=4f2a=CA=example.org=b@example.net", True, id="SRS0"),
        pytest.param(b"srs1+4f2a=example.org==b@example.net", True, id="SRS1"),
        pytest.param(b"prvs=4f2a1b2c3d=b@example.net", True, id="BATV"),
        pytest.param(b"srs0@example.com", False, id="a name"),
        pytest.param(b"x-srs0=4f2a=CA=example.org=b@example.net", False, id="not at the beginning"),
        pytest.param(None, False, id="unknown"),
    ],
)
def test_senders_that_a_forwarder_wrote(sender: bytes | None, is_rewritten: bool) -> None:
    assert traits(sender=sender).is_rewritten is is_rewritten


@pytest.mark.parametrize(
    ("reasons", "is_spam", "shape"),
    [
        pytest.param([], False, None, id="none"),
        pytest.param([b"mailbox full"], False, "mailbox full", id="another reason"),
        pytest.param([b"mailbox full", b"550 blacklisted"], True, "mailbox full", id="the second recipient's"),
        pytest.param([b"451 poor Reputation of 192.0.2.1"], True, "* poor reputation of *", id="reputation"),
    ],
)
def test_delay_reasons(reasons: list[bytes], is_spam: bool, shape: str | None) -> None:
    found = traits(pending=[b"a@b", b"c@d"], reasons=reasons)
    assert (found.is_delayed_as_spam, found.reason) == (is_spam, shape)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        pytest.param("Anna <Anna@Example.com>", "anna@example.com", id="with a name"),
        pytest.param("a@b.example, c@d.example", "a@b.example", id="the first of two"),
        pytest.param("nobody", None, id="no address"),
        pytest.param("x" * 200 + "@a.example", None, id="too long"),
    ],
)
def test_addresses_in_headers(value: str, address: str | None) -> None:
    found = traits(headers=[("From", value), ("Reply-To", value)], text="")
    assert (found.from_address, found.reply_address) == (address, address)


@pytest.mark.parametrize(
    ("headers", "program"),
    [
        pytest.param([("User-Agent", "a"), ("X-Mailer", "b")], ("x-mailer", "b"), id="two"),
        pytest.param(
            [("X-Mailer", "b"), ("X-PHP-Originating-Script", "33:x.php")],
            ("x-php-originating-script", "33:x.php"),
            id="a script first",
        ),
        pytest.param([("X-Mailer", ""), ("User-Agent", "a")], ("user-agent", "a"), id="an empty one"),
        pytest.param([("X-Mailer", "a"), ("X-Mailer", "b")], ("x-mailer", "a"), id="the first of one name"),
        pytest.param([], None, id="none"),
    ],
)
def test_the_program_that_wrote_the_message(
    headers: Sequence[tuple[str, str]], program: tuple[str, str] | None
) -> None:
    assert traits(headers=headers, text="").program == program


def test_links_to_common_hosts_have_neither_host_nor_path() -> None:
    found = traits(text="http://www.facebook.com/offer/claim")
    assert (found.hosts, found.paths) == (frozenset(), frozenset())


@pytest.mark.parametrize(
    ("piece", "is_common"),
    [
        pytest.param(("unsubscribe", "/"), True, id="a usual word"),
        pytest.param(("wp-content", "uploads", "/"), True, id="usual words"),
        pytest.param(("wp-content", "claim"), False, id="a usual and an unusual word"),
        pytest.param(("index0.html",), True, id="a number"),
        pytest.param(("0",), True, id="only a number"),
        pytest.param(("0-0",), True, id="no word"),
        pytest.param(("x",), True, id="one letter"),
        pytest.param(("u", "en"), True, id="a language"),
        pytest.param(("a0b0c0",), False, id="letters and digits in turn"),
    ],
)
def test_paths_that_unrelated_senders_have(piece: Piece, is_common: bool) -> None:
    assert is_common_path(piece) is is_common


def test_organisations_of_hosts() -> None:
    assert organisations_of(["www.a.example", "a.example", "x.b.co.uk"]) == {"a.example", "b.co.uk"}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        pytest.param("hello there", "", id="few letters"),
        pytest.param("hello there, how are you", "latin", id="latin"),
        pytest.param("\u0430" * 12, "cyrillic", id="cyrillic"),
        pytest.param("\u0430" * 4 + "a" * 9, "cyrillic", id="three of ten letters"),
        pytest.param("\u0430" * 3 + "a" * 9, "latin", id="fewer"),
        pytest.param("\u4e2d" * 12, "chinese, japanese or korean", id="chinese"),
        pytest.param("\ufb50" * 12, "other", id="behind all blocks"),
        pytest.param(" " * 400 + "\u0430" * 12, "", id="far behind"),
    ],
)
def test_the_script_of_most_letters(text: str, script: str) -> None:
    assert traits(text=text).script == script


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [("10.1.2.3", True), ("192.168.0.1", True), ("fd00::1", True), ("192.0.2.1", False), ("unknown", False)],
)
def test_private_addresses(address: str, is_inside: bool) -> None:
    assert traits(attributes=[b"client_address=" + address.encode()]).is_inside is is_inside
