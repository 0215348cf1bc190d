# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The locks that an operator asks for, checked on the controller before any host is contacted. Pure."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.expiry import parse_expiry
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import check_id, check_text, parse_target
from ansible_collections.mailops.postfix.plugins.module_utils._locks.protection import check_allowed, parse_protection
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import trial
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import sentence

Lock = Mapping[str, Any]

_ACCOUNT = "sasl_username"


def is_account(lock: Lock) -> bool:
    """Return whether a lock is of an account. It then stops this account and nobody else."""
    return _ACCOUNT in lock


def log_places(locks: Sequence[Lock]) -> list[int | None]:
    """Return for each lock its place among those that can be tried on the mail log, None if it cannot."""
    places: list[int | None] = []
    for lock in locks:
        can_be_tried = any(key in trial.KEYS for key in lock)
        places.append(sum(place is not None for place in places) if can_be_tried else None)
    return places


def lock_text(lock: Lock) -> str:
    """Return a lock on one line, in a form that YAML and JSON read."""
    return json.dumps(dict(lock), ensure_ascii=False)


def id_of(lock: Lock) -> str:
    """Return the ID of a lock, which is the same on every host. Raises SelectionError for what cannot be locked."""
    return parse_target(lock, "lock").id


def can_be_locked(lock: Lock) -> bool:
    """Return whether a lock has a form that postfix_lock takes."""
    return not _problem_of(parse_target, lock, "lock")


def lock_problems(values: Mapping[str, Any], *, now: int, locking: bool) -> list[str]:
    """Return what is wrong with the variables of the role lockout that the module postfix_lock takes, each with its place.

    values: by the name of the variable, defaults included. now: seconds since the epoch. locking: whether the locks are to be made, so
    that what is protected is refused; without, they are to be removed.
    """
    locks = values.get("lockout_locks") or ()
    problems = [
        *(
            text
            for index, lock in enumerate(locks)
            for text in _problem_of(parse_target, lock, "lockout_locks[%d]" % index)
        ),
        *(text for index, value in enumerate(values.get("lockout_ids") or ()) for text in _id_problem(value, index)),
    ]
    if problems or not locking:
        return problems
    for name in ("lockout_text", "lockout_reason"):
        problems += _problem_of(check_text, values.get(name), name)
    if values.get("lockout_expires"):
        problems += _expiry_problem(values["lockout_expires"], now)
    return problems + _protection_problems(values, locks) + _number_problems(values, locks)


def _problem_of(check: Callable[[Any, str], object], value: Any, place: str) -> list[str]:
    try:
        check(value, place)
    except SelectionError as error:
        return [sentence(str(error))]
    return []


def _id_problem(value: object, index: int) -> list[str]:
    return _problem_of(check_id, str(value), "lockout_ids[%d]" % index)


def _expiry_problem(value: object, now: int) -> list[str]:
    return _problem_of(lambda text, place: parse_expiry(text, place, now=now), value, "lockout_expires")


def _protection_problems(values: Mapping[str, Any], locks: Sequence[Lock]) -> list[str]:
    """Return which locks could stop something that lockout_never protects."""
    try:
        protection = parse_protection(values.get("lockout_never") or (), "lockout_never")
    except SelectionError as error:
        return [sentence(str(error))]
    return [
        text
        for index, lock in enumerate(locks)
        for text in _problem_of(
            lambda item, place: check_allowed(parse_target(item, place), protection, place),
            lock,
            "lockout_locks[%d]" % index,
        )
    ]


def _number_problems(values: Mapping[str, Any], locks: Sequence[Lock]) -> list[str]:
    accounts, most = sum(map(is_account, locks)), values.get("lockout_max_accounts")
    if most is None or accounts <= int(most):
        return []
    return [
        "lockout_locks has %d accounts, lockout_max_accounts allows %d; nothing was touched. Delete the accounts that are not stolen, or "
        "raise lockout_max_accounts if you mean that." % (accounts, int(most))
    ]
