# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import (
    can_be_locked,
    id_of,
    is_account,
    lock_problems,
    lock_text,
    log_places,
)

NOW = 1_795_176_000
STOLEN = {"sasl_username": "stolen@example.com"}
SEVERAL = [{"sasl_username": "user%d@example.com" % number} for number in range(3)]


def test_an_account_is_one_kind_of_lock() -> None:
    assert is_account(STOLEN)
    assert not is_account({"sender": "stolen@example.com"})


def test_headers_and_bodies_have_no_place_in_the_log() -> None:
    locks: list[dict[str, Any]] = [STOLEN, {"header": {"Subject": "x"}}, {"sender": "<>"}, {"body": "x"}]
    assert log_places(locks) == [0, None, 1, None]


def test_a_lock_is_written_on_one_line() -> None:
    assert lock_text({"header": {"Subject": "günstig"}}) == '{"header": {"Subject": "günstig"}}'


def test_the_id_is_that_of_the_module() -> None:
    assert id_of({"sasl_username": "Stolen@Example.com"}) == id_of(STOLEN) == "sasl_username-06745913"


def test_a_name_with_a_control_character_cannot_be_locked() -> None:
    assert can_be_locked(STOLEN)
    assert not can_be_locked({"sasl_username": r"\x0astolen"})


PROBLEMS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("nothing", {}, []),
    ("an account", {"lockout_locks": [STOLEN], "lockout_max_accounts": 1}, []),
    (
        "two keys",
        {"lockout_locks": [{**STOLEN, "sender": "x@example.com"}]},
        [
            "lockout_locks[0]: a lock is a mapping of exactly one key, such as {sasl_username: user@example.com}. Split it up.",
        ],
    ),
    (
        "an ID that is none",
        {"lockout_ids": ["sasl_username-1a2b3c4d", "stolen"]},
        [
            (
                'lockout_ids[1]: "stolen" is not the ID of a lock. postfix_lock_info shows the IDs, such as '
                "sasl_username-1a2b3c4d."
            )
        ],
    ),
    (
        "a text of two lines",
        {"lockout_locks": [STOLEN], "lockout_text": "a\nb"},
        [
            (
                'lockout_text: "a\\x0ab" has a line end, another control character, or blanks around it. Write it in one '
                "line."
            )
        ],
    ),
    (
        "an end that is over",
        {"lockout_locks": [STOLEN], "lockout_expires": "2020-01-01"},
        ['lockout_expires: "2020-01-01" is not in the future. Use a later time.'],
    ),
    (
        "a protected account",
        {"lockout_locks": [STOLEN], "lockout_never": ["boss@example.org", "*@example.com"]},
        [
            (
                'lockout_locks[0]: "stolen@example.com" must not be locked: "*@example.com" in never protects it. Nothing '
                "was changed."
            )
        ],
    ),
    (
        "a protected network",
        {"lockout_locks": [{"client_address": "192.0.2.7"}], "lockout_never": ["192.0.2.0/24"]},
        ['lockout_locks[0]: "192.0.2.7" must not be locked: "192.0.2.0/24" in never protects it. Nothing was changed.'],
    ),
    (
        "a protection that is none",
        {"lockout_locks": [STOLEN], "lockout_never": ["two words"]},
        [
            (
                'lockout_never[0]: "two words" is no account, address, domain or network. Write a form such as '
                "boss@example.com, *@example.com, example.com or 192.0.2.0/24."
            )
        ],
    ),
    (
        "too many accounts",
        {"lockout_locks": SEVERAL, "lockout_max_accounts": "2"},
        [
            (
                "lockout_locks has 3 accounts, lockout_max_accounts allows 2; nothing was touched. Delete the accounts that are not "
                "stolen, or raise lockout_max_accounts if you mean that."
            )
        ],
    ),
]


@pytest.mark.parametrize(("values", "problems"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS])
def test_what_is_wrong_is_said_with_its_place(values: dict[str, Any], problems: list[str]) -> None:
    assert lock_problems(values, now=NOW, locking=True) == problems


def test_what_is_protected_can_be_unlocked() -> None:
    values = {"lockout_locks": SEVERAL, "lockout_never": ["*@example.com"], "lockout_max_accounts": 1}
    assert lock_problems(values, now=NOW, locking=False) == []
