# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock, Target
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import (
    Types,
    choose_patterns,
    expression_of,
    make_tables,
    references_of,
    result_of,
    table_type,
)

TYPES = Types("hash", "pcre")
PLACE = "/etc/postfix/mailops"


def lock(key: str, value: object, action: str = "reject", text: str | None = None) -> Lock:
    """Return a lock."""
    return Lock(key, value, action, text, None, 1, "ops", None)


LOCKS = [
    lock("sender", "example.com", "hold"),
    lock("sender", "bad@example.com", text="costs $1"),
    lock("sasl_username", "Stolen@Example.com"),
    lock("client_address", "192.0.2.9/24", "discard"),
    lock("recipient", "<x@y>"),
    lock("header", {"Subject": "a"}),
    lock("body", "/b/"),
]


def test_the_tables() -> None:
    tables = make_tables([one for one in LOCKS if one.key != "recipient"], TYPES, null_key="<>")
    assert [(table.key, table.reference(PLACE), table.is_indexed) for table in tables] == [
        ("sasl_username", "hash:/etc/postfix/mailops/sasl_username", True),
        ("client_address", "cidr:/etc/postfix/mailops/client_address", False),
        ("sender", "pcre:/etc/postfix/mailops/sender", False),
        ("header", "pcre:/etc/postfix/mailops/header", False),
        ("body", "pcre:/etc/postfix/mailops/body", False),
    ]
    heading, *lines = [line for table in tables for line in table.text.splitlines() if not line.startswith("# ")] or [
        ""
    ]
    assert [heading, *lines] == [
        "stolen@example.com REJECT",
        "192.0.2.0/24 DISCARD mailops.postfix (lock %s)" % LOCKS[3].id,
        r"/^bad@example\.com$/ REJECT costs $$1",
        r"/@example\.com$/ HOLD mailops.postfix (lock %s)" % LOCKS[0].id,
        "/^[Ss][Uu][Bb][Jj][Ee][Cc][Tt]:.*a/i REJECT",
        "/b/ REJECT",
    ]
    assert tables[0].text.startswith("# Written by mailops.postfix (postfix_lock). Do not edit")
    assert [entry.probe for table in tables for entry in table.entries] == [
        "stolen@example.com",
        "192.0.2.0",
        "bad@example.com",
        "user@example.com",
        "Subject: a",
        None,
    ]


@pytest.mark.parametrize(
    ("action", "text", "result"),
    [
        ("reject", None, "REJECT"),
        ("reject", "5.7.1 no", "REJECT 5.7.1 no"),
        ("hold", None, "HOLD mailops.postfix (lock %s)"),
        ("discard", "spam", "DISCARD spam (lock %s)"),
    ],
)
def test_results(action: str, text: str | None, result: str) -> None:
    one = lock("body", "b", action, text)
    assert result_of(one) == (result % one.id if "%s" in result else result)


def test_what_the_parameters_get() -> None:
    tables = make_tables([one for one in LOCKS if one.key != "recipient"], TYPES, null_key="<>")
    with_logins = references_of(tables, PLACE, has_sasl=True)
    assert with_logins == {
        "smtpd_recipient_restrictions": (
            "check_sasl_access,hash:/etc/postfix/mailops/sasl_username,check_client_access,cidr:/etc/postfix/mailops/client_address,"
            "check_sender_access,pcre:/etc/postfix/mailops/sender,"
        ),
        "header_checks": "pcre:/etc/postfix/mailops/header,",
        "body_checks": "pcre:/etc/postfix/mailops/body,",
    }
    without = references_of(tables, PLACE, has_sasl=False)
    assert "check_sasl_access" not in without["smtpd_recipient_restrictions"]
    assert references_of(tables[:1], PLACE, has_sasl=False) == {}


def test_types() -> None:
    assert [table_type(key, TYPES) for key in ("sasl_username", "client_address", "body")] == ["hash", "cidr", "pcre"]
    assert [choose_patterns(["regexp", "pcre"]), choose_patterns(["regexp"])] == ["pcre", "regexp"]


def test_an_error_names_the_key() -> None:
    with pytest.raises(SelectionError) as caught:
        expression_of(Target("header", {"Subject": r"/\bx/"}), "regexp", "header", null_key="<>")
    assert caught.value.place == "header.Subject"
