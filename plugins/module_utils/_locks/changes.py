# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What one run changes about the locks of an instance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LimitError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import MAX_LOCKS, Lock, Target


@dataclass(frozen=True)
class LockOptions:
    """The options of a run that say how targets are locked."""

    action: str
    text: str | None
    reason: str | None
    expires: int | None
    asked: str | None
    """The end as the operator wrote it."""
    user: str


@dataclass(frozen=True)
class Changes:
    """The locks after a run, and how they differ from those before. Each list is in order of the IDs."""

    after: Sequence[Lock]
    added: Sequence[Lock] = ()
    updated: Sequence[Lock] = ()
    removed: Sequence[Lock] = ()
    expired: Sequence[Lock] = ()

    @property
    def all(self) -> Mapping[str, Sequence[Lock]]:
        """The locks that differ, by what became of them."""
        return {"added": self.added, "updated": self.updated, "removed": self.removed, "expired": self.expired}


def change_locks(
    locks: Sequence[Lock], *, present: Sequence[Target], options: LockOptions, absent: Sequence[str], now: int
) -> Changes:
    """Return the changes that a run makes. absent: IDs of locks to remove; a lock that does not exist is no error.

    An expired lock that is wanted again is a new lock. Raises LimitError if there would be more than MAX_LOCKS.
    """
    live = {lock.id: lock for lock in locks if not lock.has_expired(now)}
    expired = [lock for lock in locks if lock.has_expired(now)]
    removed = [live.pop(lock_id) for lock_id in dict.fromkeys(absent) if lock_id in live]
    added, updated = [], []
    for target in present:
        old = live.get(target.id)
        if old is None:
            added.append(_new_lock(target, options, now))
            live[target.id] = added[-1]
        elif not _is_as_wanted(old, options):
            # Without a new text for the end, the old end stays.
            updated.append(
                replace(
                    old,
                    action=options.action,
                    text=options.text,
                    reason=options.reason or old.reason,
                    expires=old.expires if _has_same_end(old, options) else options.expires,
                    asked=options.asked,
                )
            )
            live[target.id] = updated[-1]
    if len(live) > MAX_LOCKS:
        raise LimitError(
            "There would be %d locks, and an instance may have %d. Nothing was changed. Lock networks and domains instead of single "
            "addresses." % (len(live), MAX_LOCKS),
            matched=len(live),
            allowed=MAX_LOCKS,
        )
    return Changes(_sorted(live.values()), _sorted(added), _sorted(updated), _sorted(removed), _sorted(expired))


def _new_lock(target: Target, options: LockOptions, now: int) -> Lock:
    return Lock(
        key=target.key,
        value=target.value,
        action=options.action,
        text=options.text,
        reason=options.reason,
        created=now,
        created_by=options.user,
        expires=options.expires,
        asked=options.asked,
    )


def _is_as_wanted(lock: Lock, options: LockOptions) -> bool:
    return (lock.action, lock.text) == (options.action, options.text) and _has_same_end(lock, options)


def _has_same_end(lock: Lock, options: LockOptions) -> bool:
    """Return whether the wanted end is that of the lock: the same text, or the same second."""
    return lock.asked == options.asked or lock.expires == options.expires


def _sorted(locks: Iterable[Lock]) -> list[Lock]:
    return sorted(locks, key=lambda lock: lock.id)
