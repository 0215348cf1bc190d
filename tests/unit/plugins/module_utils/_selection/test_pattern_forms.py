# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

PLACE = "match[0].sender"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("/a", "/a starts like a /regex/ but does not end like one", id="no end"),
    ],
)
def test_what_starts_like_a_regex(value: str, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.address_test(value, PLACE)
    assert str(caught.value) == "match[0].sender: " + problem


_NEITHER = "It is neither an address nor a domain. Leave the criterion out to match every address."
_LIST = 'Write several addresses as a list, and quote a local part that has such a character, as in "\\"john doe\\"@example.com".'
_NO_DOMAIN = "No domain has such a character. Write a domain, or a regular expression between slashes."
_QUOTES = "Put such a local part in quotes, or write a regular expression between slashes."
_BELOW = 'Use a form such as ".example.com" for subdomains.'


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("*@corp.example", 'Use "corp.example" for the domain.'),
        ("%@corp.example", 'Use "corp.example" for the domain.'),
        (".*@corp.example", 'Use "corp.example" for the domain.'),
        (".+@corp.example", 'Use "corp.example" for the domain.'),
        ("@Corp.example", 'Use "Corp.example" for the domain.'),
        ("*@*.corp.example", 'Use ".corp.example" for the subdomains of corp.example.'),
        ("*.corp.example", 'Use ".corp.example" for the subdomains of corp.example.'),
        ("%.corp.example", 'Use ".corp.example" for the subdomains of corp.example.'),
        ("@.corp.example", 'Use ".corp.example" for the subdomains of corp.example.'),
        ("boss@*", 'Use "boss@" for that local part in any domain.'),
        ("boss@%", 'Use "boss@" for that local part in any domain.'),
        ("boss@.corp.example", r'Use the regular expression "/^boss@.*\.corp\.example$/".'),
        ("b*s@corp.example", r'Use the regular expression "/^b.*s@corp\.example$/".'),
        ("boss@*.corp.example", r'Use the regular expression "/^boss@.*\.corp\.example$/".'),
        ("*", _NEITHER),
        ("*@*", _NEITHER),
        ("@", _NEITHER),
        ("%", _NEITHER),
        ("<boss@corp.example>", 'Use "boss@corp.example", without the angle brackets.'),
        ("The Boss <boss@corp.example>", 'Use the address alone: "boss@corp.example".'),
        ('"The Boss" <boss@corp.example>', 'Use the address alone: "boss@corp.example".'),
        ("mailto:boss@corp.example", 'Use the address alone: "boss@corp.example".'),
        (
            "MAILER-DAEMON",
            'Use "<>" for the null sender, which mailq shows so, and "MAILER-DAEMON@" for that local part.',
        ),
        ("a@x.example,b@x.example", _LIST),
        ("a@x.example; b@x.example", _LIST),
        ("a@x.example b@x.example", _LIST),
        ("x.example y.example", _LIST),
        ("x.example a@y.example", _LIST),
        ("a@b c.example", _LIST),
        (" a@x.example", 'It has a blank or a line end around it. Use "a@x.example".'),
        ("x.example\n", 'It has a blank or a line end around it. Use "x.example".'),
        ("a@b@x.example", r'Put the local part in quotes: "\"a@b\"@x.example".'),
        ('"a@x.example', "It has a quotation mark without another one. Put the whole local part in quotes."),
        ("x.example.", 'Use "x.example", without the dot at the end.'),
        ("a@x.example.", 'Use "a@x.example", without the dot at the end.'),
        (".", _BELOW),
        ("..x.example", _BELOW),
        ("x.example/", 'Use "x.example".'),
        ("https://x.example/path", 'Use "x.example".'),
        ("a@x.example:25", 'Use "a@x.example".'),
        ("x.example$", _NO_DOMAIN),
        ("a@x?.example", _NO_DOMAIN),
        ("!x.example", _NO_DOMAIN),
        ("^a@x.example", _QUOTES),
        ("[a-z]+@x.example", _QUOTES),
        ("(a|b)@x.example", _QUOTES),
        (r"\x2a*@x.example", r'Use the regular expression "/^\\x2a.*@x\.example$/".'),
        ('"a"*@x.example', r'Use the regular expression "/^"a".*@x\.example$/".'),
    ],
)
def test_a_pattern_that_matches_no_address(value: str, remedy: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.address_test(value, PLACE)
    shown = value.replace("\n", r"\x0a")
    assert str(caught.value) == 'match[0].sender: "%s" matches no address. %s' % (shown, remedy)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("*.x.example", 'Use ".x.example" for all names below x.example.'),
        ("*", "Leave the criterion out to match every name."),
        ("mx*.x.example", r'Use the regular expression "/^mx.*\.x\.example$/".'),
        ("<mx.x.example>", 'Use "mx.x.example", without the angle brackets.'),
        ("root@mx.x.example", 'Use "mx.x.example", without what stands in front.'),
        ("mx.x.example\n", 'It has a blank or a line end around it. Use "mx.x.example".'),
        ("a.example,b.example", "Write several values as a list."),
        ("192.0.2.1", "Use client_address for an IP address or a network."),
        ("192.0.2.0/24", "Use client_address for an IP address or a network."),
        ("[192.0.2.1]", "Use client_address for an IP address or a network."),
        ("2001:db8::1", "Use client_address for an IP address or a network."),
        ("/mx", "It starts like a /regex/ but does not end like one."),
        ("mx.x.example.", 'Use "mx.x.example", without the dot at the end.'),
        (".", 'Use a form such as ".example.com" for all names below it.'),
        ("..x.example", 'Use a form such as ".example.com" for all names below it.'),
        ("mx$", "No host name has such a character. Write a host name, or a regular expression between slashes."),
    ],
)
def test_a_pattern_that_matches_no_name_of_a_client(value: str, remedy: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.client_name_test(value, PLACE)
    shown = value.replace("\n", r"\x0a")
    assert str(caught.value) == 'match[0].sender: "%s" matches no name of a client. %s' % (shown, remedy)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("*.x.example", 'Use ".x.example" for all names below x.example.'),
        ("*", "Leave the criterion out to match every name."),
        ("<mx.x.example>", 'Use "mx.x.example", without the angle brackets.'),
        ("mx.x.example ", 'It has a blank or a line end around it. Use "mx.x.example".'),
        ("/mx", "It starts like a /regex/ but does not end like one."),
        ("..x", 'Use a form such as ".example.com" for all names below it.'),
        ("mx<", "Write it whole, or a regular expression between slashes."),
    ],
)
def test_a_pattern_that_matches_no_helo_name(value: str, remedy: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.helo_test(value, PLACE)
    assert str(caught.value) == 'match[0].sender: "%s" matches no HELO name. %s' % (value, remedy)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("*@x.example", r'Use "/@x\.example$/".'),
        ("%@x.example", r'Use "/@x\.example$/".'),
        ("@x.example", r'Use "/@x\.example$/".'),
        ("bob@*", 'Use "/^bob@/".'),
        ("bob@", 'Use "/^bob@/".'),
        ("*", "Leave the criterion out to match every login."),
        ("*.x.example", r'Use "/\.x\.example$/".'),
        (".x.example", r'Use "/\.x\.example$/".'),
        ("b*b", 'Use the regular expression "/^b.*b$/".'),
        ("<bob>", 'Use "bob", without the angle brackets.'),
        ("bob,alice", "Write several values as a list."),
        (" bob", 'It has a blank or a line end around it. Use "bob".'),
        ("/bob", "It starts like a /regex/ but does not end like one."),
        ("bob<", "Write it whole, or a regular expression between slashes."),
    ],
)
def test_a_pattern_that_matches_no_login(value: str, remedy: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.login_test(value, PLACE)
    assert str(caught.value) == 'match[0].sender: "%s" matches no login. %s' % (value, remedy)
