# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._module._lock_request import LockRequest, parse_request
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration

NOW = 1795171149
DEFAULTS: dict[str, Any] = {
    "state": "present",
    "locks": [],
    "ids": [],
    "action": "reject",
    "text": None,
    "expires": None,
    "reason": None,
    "never": [],
    "end_sessions": True,
}
SENDER = {"sender": "a@b.example"}


def request(**params: Any) -> LockRequest:
    """Return the request of these options."""
    return parse_request({**DEFAULTS, **params}, now=NOW, user="ops")


def test_what_is_locked() -> None:
    asked = request(locks=[SENDER, SENDER, {"body": "x"}], expires="2d", text="no", reason="why")
    assert [target.key for target in asked.present] == ["sender", "body"]
    assert (asked.options.expires, asked.options.asked, asked.options.text, asked.options.reason) == (
        NOW + 172800,
        "2d",
        "no",
        "why",
    )
    made = asked.changes([])
    assert [lock.created_by for lock in made.added] == ["ops", "ops"]


def test_what_is_unlocked() -> None:
    lock = request(locks=[SENDER]).changes([]).after[0]
    asked = request(state="absent", locks=[{"sender": "A@B.example"}], ids=["body-00000000"], never=["a@b.example"])
    assert asked.absent == [lock.id, "body-00000000"]
    assert asked.changes([lock]).removed == [lock]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        (
            {"ids": ["body-00000000"]},
            "ids: it names locks to remove. Use it with state: absent, and locks to lock something",
        ),
        ({"locks": [{"size": "1m"}]}, None),
        ({"never": ["a b"]}, None),
        ({"text": "a\nb"}, None),
        ({"reason": "a\nb"}, None),
        ({"expires": "0d"}, 'expires: "0d" is not in the future. Use a later time'),
        (
            {"locks": [SENDER], "never": ["b.example"]},
            'locks[0].sender: "a@b.example" must not be locked: "b.example" in never protects it. Nothing was changed',
        ),
    ],
    ids=str,
)
def test_what_is_refused(params: dict[str, Any], problem: str | None) -> None:
    with pytest.raises(SelectionError) as caught:
        request(**params)
    assert problem is None or str(caught.value) == problem


MASTER = "smtp inet n - n - - smtpd\npickup unix n - n 60 1 pickup\n"


def checked(main: dict[str, str], **params: Any) -> list[str]:
    """Return the warnings for a host."""
    warnings: list[str] = []
    module: Any = SimpleNamespace(warn=warnings.append)
    request(**params).check_host(module, Configuration("", MASTER, "/x", main, {}))
    return warnings


def test_a_filter_before_the_queue() -> None:
    main = {"smtpd_proxy_filter": "127.0.0.1:10025"}
    with pytest.raises(InstanceError) as caught:
        checked(main, locks=[SENDER], action="hold")
    assert str(caught.value) == (
        "smtp/inet has smtpd_proxy_filter, and with it smtpd can neither hold nor discard mail. Nothing was changed. Use action: reject."
    )
    assert (
        checked(main, locks=[SENDER])
        == checked(main, locks=[{"body": "x"}], action="hold")
        == checked({}, action="hold")
        == []
    )


def test_what_escapes_a_lock() -> None:
    main = {"receive_override_options": "no_unknown_recipient_checks, no_header_body_checks"}
    assert checked(main, locks=[SENDER]) == []
    assert checked(main, locks=[{"body": "x"}]) == [
        "Mail through smtp/inet, pickup/unix escapes locks of headers and bodies: receive_override_options has no_header_body_checks there."
    ]
    assert checked({}, locks=[{"header": {"Subject": "b\u00fccher"}}, SENDER]) == [
        (
            "A lock of a header or body has text beyond ASCII. Postfix compares it with the message as it is stored, so it does not find text in "
            "encoded words, quoted-printable or base64."
        )
    ]
