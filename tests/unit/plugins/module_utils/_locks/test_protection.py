# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Target
from ansible_collections.mailops.postfix.plugins.module_utils._locks.protection import (
    check_allowed,
    have_common_text,
    parse_protection,
)


@pytest.mark.parametrize(
    ("key", "value", "never", "allowed"),
    [
        ("sasl_username", "Boss@Example.com", "boss@example.com", False),
        ("sasl_username", "boss@example.com", "*@example.com", False),
        ("sasl_username", "boss@example.com", "EXAMPLE.com", False),
        ("sasl_username", "boss@mail.example.com", "example.com", True),
        ("sasl_username", "boss@mail.example.com", "*.example.com", False),
        ("sasl_username", "root", "root", False),
        ("sasl_username", "root", "ro?t", False),
        ("sasl_username", "rooot", "ro?t", True),
        ("sasl_username", "root", "192.0.2.0/24", True),
        ("sender", "boss@example.com", "example.com", False),
        ("sender", "example.com", "boss@example.com", False),
        ("sender", "example.com", "boss@example.net", True),
        ("sender", ".example.com", "boss@mail.example.com", False),
        ("sender", ".example.com", "boss@example.com", True),
        ("sender", "boss@", "*@example.com", False),
        ("sender", "boss@", "postmaster@example.com", True),
        ("sender", "<>", "<>", False),
        ("sender", "<>", "*@example.com", True),
        ("sender", "/^boss/", "boss@example.com", False),
        ("sender", "/example/", "*@example.com", False),
        ("sender", "/^$/", "<>", False),
        ("sender", "/casino/", "example.com", True),
        ("recipient", "/@example\\.com$/", "example.com", False),
        ("client_address", "192.0.2.0/24", "192.0.2.7", False),
        ("client_address", "192.0.2.7", "192.0.2.0/24", False),
        ("client_address", "2001:db8::/32", "2001:db8:1::/48", False),
        ("client_address", "2001:db8::/32", "192.0.2.7", True),
        ("client_address", "192.0.3.0/24", "192.0.2.0/24", True),
        ("client_address", "192.0.3.0/24", "example.com", True),
        ("body", "anything", "*", True),
    ],
)
def test_what_is_protected(key: str, value: str, never: str, allowed: bool) -> None:
    protection = parse_protection([never], "never")
    if allowed:
        check_allowed(Target(key, value), protection, "locks[0]")
        return
    with pytest.raises(SelectionError) as caught:
        check_allowed(Target(key, value), protection, "locks[0]")
    assert str(caught.value) == (
        'locks[0]: "%s" must not be locked: "%s" in never protects it. Nothing was changed' % (value, never)
    )


@pytest.mark.parametrize("value", ["", "a b", "[a]", None, "x" * 600])
def test_what_protects_nothing(value: object) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_protection(["example.com", value], "never")
    assert str(caught.value).startswith("never[1]: ")
    assert str(caught.value).endswith(
        "is no account, address, domain or network. Write a form such as boss@example.com, *@example.com, example.com or 192.0.2.0/24"
    )


def test_a_network_that_is_none() -> None:
    with pytest.raises(SelectionError) as caught:
        parse_protection(["192.0.2"], "never")
    assert str(caught.value) == 'never[0]: "192.0.2" is neither an address nor a network. Use "192.0.2.0/24".'


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
        ("a*c", "abc", True),
        ("a*c", "*b*", True),
        ("a*", "b*", False),
        ("*a", "a*", True),
        ("a?", "?b", True),
        ("a??", "*b", True),
        ("ab", "abc", False),
    ],
)
def test_globs_with_a_common_text(one: str, other: str, common: bool) -> None:
    for pair in ((one, other), (other, one)):
        assert have_common_text(*pair) is common
