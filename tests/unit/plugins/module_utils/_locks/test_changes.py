# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError
from ansible_collections.mailops.postfix.plugins.module_utils._locks import changes
from ansible_collections.mailops.postfix.plugins.module_utils._locks.changes import Changes, LockOptions, change_locks
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock, Target

NOW = 1000
OPTIONS = LockOptions("reject", "no", "ticket 1", 1100, "100s", "ops")
ONE, OTHER = Target("sender", "a@b.example"), Target("body", "x")
LOCK = Lock("sender", "a@b.example", "reject", "no", "ticket 1", NOW, "ops", 1100, "100s")


def change(
    locks: list[Lock], *present: Target, options: LockOptions = OPTIONS, absent: tuple[str, ...] = (), now: int = NOW
) -> Changes:
    """Return the changes of one run."""
    return change_locks(locks, present=present, options=options, absent=absent, now=now)


def test_new_locks() -> None:
    made = change([], ONE)
    assert (made.after, made.added) == ([LOCK], [LOCK])
    assert [lock.id for lock in change([], ONE, OTHER).after] == [OTHER.id, ONE.id]


@pytest.mark.parametrize(
    "options",
    [
        OPTIONS,
        replace(OPTIONS, expires=1150),
        replace(OPTIONS, asked="1970-01-01T00:18:20Z"),
        replace(OPTIONS, reason="ticket 2", user="other"),
    ],
    ids=["same", "same text later", "same second", "reason"],
)
def test_the_same_lock_again(options: LockOptions) -> None:
    made = change([LOCK], ONE, options=options)
    assert (made.after, made.added, made.updated) == ([LOCK], [], [])


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        (replace(OPTIONS, action="hold"), {"action": "hold"}),
        (replace(OPTIONS, text=None, reason=None), {"text": None}),
        (
            replace(OPTIONS, expires=5000, asked="4000s", reason="more"),
            {"expires": 5000, "asked": "4000s", "reason": "more"},
        ),
        (replace(OPTIONS, expires=None, asked=None), {"expires": None, "asked": None}),
        (replace(OPTIONS, action="hold", expires=1150), {"action": "hold"}),
    ],
    ids=["action", "text", "end", "no end", "action later"],
)
def test_another_lock_of_the_same(options: LockOptions, fields: dict[str, Any]) -> None:
    made = change([LOCK], ONE, options=options)
    assert made.updated == made.after == [replace(LOCK, **fields)]


def test_removed_and_expired_locks() -> None:
    assert change([LOCK], absent=(LOCK.id, LOCK.id, OTHER.id)).removed == [LOCK]
    ended = change([LOCK], now=1100)
    assert (ended.after, ended.expired, ended.removed) == ([], [LOCK], [])
    assert list(ended.all) == ["added", "updated", "removed", "expired"]
    again = change([LOCK], ONE, now=1200, options=replace(OPTIONS, expires=1300))
    assert (again.expired, [lock.created for lock in again.added]) == ([LOCK], [1200])


def test_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MAX_LOCKS", 1)
    with pytest.raises(LimitError) as caught:
        change([LOCK], OTHER)
    assert str(caught.value) == (
        "There would be 2 locks, and an instance may have 1. Nothing was changed. Lock networks and domains instead of single addresses."
    )
