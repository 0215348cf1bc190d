# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The module postfix_lock: it locks and unlocks accounts, clients, senders, recipients and patterns."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import OutcomeError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _lock_sessions, _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from ansible_collections.mailops.postfix.plugins.module_utils._module._lock_request import REQUEST, parse_request
from ansible_collections.mailops.postfix.plugins.module_utils._module._lock_state import (
    Files,
    State,
    check_state,
    choose_types,
    find_difference,
    make_state,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import read_configuration
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import LockStore
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.login_caches import (
    SASLAUTHD,
    find_caches,
    saslauthd_ignores_domains,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import ConfigurationLock, operator
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import fit

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._locks.changes import Changes
    from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
    from ansible_collections.mailops.postfix.plugins.module_utils._module._lock_state import Difference
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

ARGUMENTS = _options.compose(_options.INSTANCE, REQUEST)
_NAME = "postfix_lock"
# Each list of locks in a result has at most so many bytes of JSON.
_BUDGET = 10 << 10
# Each side of a part of the diff has at most so many characters.
_DIFF_CHARACTERS = 20000
_OTHER_NAMES = (
    "saslauthd runs without -r, so it may accept the password of a locked account for the same name with any domain, such as stolen@x for "
    "stolen. Locks do not stop these names. Change the password or refuse the login as well."
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    instance = _options.instance_of(module)
    instance.require_root()
    store = LockStore(instance)
    with _room_for_tries(module) as directory:
        if module.check_mode:
            return _Run(module, instance, store, directory).finish()
        with ConfigurationLock(instance.queue_directory, purpose=_NAME):
            return _Run(module, instance, store, directory).finish()


@contextmanager
def _room_for_tries(module: AnsibleModule) -> Iterator[str]:
    """Yield a directory of our own for tables that Postfix tries, outside of everything that Postfix uses."""
    directory = tempfile.mkdtemp(prefix="postfix_lock.", dir=module.tmpdir)
    try:
        yield directory
    finally:
        rmtree(directory, ignore_errors=True)


class _Run:
    """One run: what it will change is known when the object is made, and nothing has been changed until then."""

    def __init__(self, module: AnsibleModule, instance: Instance, store: LockStore, directory: str) -> None:
        self.module = module
        self.instance = instance
        self.request = parse_request(module.params, now=int(time.time()), user=operator())
        self.journal = store.read()
        self.changes = self.request.changes(self.journal.locks)
        self.before = read_configuration(instance, store.path)
        self.request.check_host(module, self.before)
        locks = self.changes.after
        self.state = make_state(self.before, locks, choose_types(instance, locks, directory))
        check_state(store, self.state, [*self.changes.added, *self.changes.updated], directory)
        self.difference = find_difference(store, instance, self.journal, self.state, self.before)
        self.old_tables = {key: store.table_text(key) for key in sorted(_keys(self.journal.locks, locks))}
        self.caches = _caches(self.before, self.changes)
        self.files = Files(instance, store, self.journal, self.before)

    def finish(self) -> dict[str, Any]:
        """Do it, except in check mode, and return the result."""
        running = bool(self.instance.running())
        reloaded = self.difference.is_any and running
        if self.difference.is_any and not self.module.check_mode:
            reloaded = self.files.apply(self.state, self.difference)
            _log(
                AuditLog(self.module, self.instance, _NAME),
                self.changes,
                self.request.options.user,
                self.module.params["reason"],
            )
        self._warn()
        found = self._find_sessions(reloaded=reloaded)
        result = self._result(found, reloaded=reloaded)
        failed = [row["pid"] for row in result["sessions"] if row["outcome"] == "failed"]
        if failed:
            raise OutcomeError(
                "%d sessions of locked accounts or clients did not end: processes %s. Everything else is done. Run this again."
                % (len(failed), ", ".join(map(str, failed[:10]))),
                result=result,
            )
        return result

    def _warn(self) -> None:
        """Warn about what new locks bring with them, and what they do not stop."""
        for service in self.state.noisy if self.changes.added else ():
            self.module.warn(
                "%s takes no logins and has no smtpd_recipient_restrictions of its own, so it logs a warning about check_sasl_access for each "
                "recipient while an account is locked." % service
            )
        checked_by_saslauthd = any(row["cache"] == SASLAUTHD for row in self.caches)
        if self.changes.added and checked_by_saslauthd and saslauthd_ignores_domains():
            self.module.warn(_OTHER_NAMES)

    def _find_sessions(self, *, reloaded: bool) -> _lock_sessions.Found:
        """End the sessions that a lock should have stopped; in check mode only find them."""
        if not self.module.params["end_sessions"]:
            return _lock_sessions.Found()
        moment = time.time() if reloaded else self.journal.since
        return _lock_sessions.end_sessions(
            self.module, self.instance, self.state.locks, moment=moment, wait=reloaded and not self.module.check_mode
        )

    def _result(self, found: _lock_sessions.Found, *, reloaded: bool) -> dict[str, Any]:
        rows = {name: _show(locks) for name, locks in {"locks": self.changes.after, **self.changes.all}.items()}
        return {
            "changed": self.difference.is_any or bool(found.ended),
            **rows,
            "left_out": len(self.changes.after) - len(rows["locks"]),
            "sessions": found.rows,
            "unknown_sessions": found.unknown,
            "caches": self.caches,
            "reloaded": reloaded,
            "diff": _diff(self.instance, self.before, self.state, self.difference, self.old_tables),
        }


def _keys(*lists: Sequence[Lock]) -> set[str]:
    return {lock.key for locks in lists for lock in locks}


def _show(locks: Sequence[Lock]) -> list[dict[str, Any]]:
    return fit([lock.show() for lock in locks], _BUDGET)


def _caches(configuration: Configuration, changes: Changes) -> list[dict[str, Any]]:
    """Return the caches that may have an old answer about the accounts that are locked or unlocked now.

    A lock does not refuse the login. So the old password may have got into a cache again while the account was locked.
    """
    locks = (*changes.added, *changes.removed, *changes.expired)
    accounts = sorted({str(lock.value) for lock in locks if lock.key == "sasl_username"})
    if not accounts:
        return []
    return [{"cache": cache, "sasl_usernames": accounts} for cache in find_caches(configuration)]


def _log(audit_log: AuditLog, changes: Changes, user: str, reason: str | None) -> None:
    """Write a line for each lock that differs to the mail log."""
    audit_log.add_rows(
        [
            {"act": name, "lock": lock.id, lock.key: lock.target.shown, "action": lock.action, "user": user}
            for name, locks in changes.all.items()
            for lock in locks
        ],
        reason,
    )


# --- the diff -------------------------------------------------------------------------------------------------------


def _diff(
    instance: Instance,
    configuration: Configuration,
    state: State,
    difference: Difference,
    old_tables: Mapping[str, str | None],
) -> list[dict[str, str]]:
    """Return the lines of main.cf, master.cf and the tables that differ."""
    old = configuration.files(instance)
    new_tables = {table.key: table.text for table in state.tables}
    pairs = [(path, old[path], text) for path, text in difference.files.items()]
    pairs += [
        (os.path.join(configuration.directory, key), text or "", new_tables.get(key, ""))
        for key, text in old_tables.items()
    ]
    pairs += [
        (os.path.join(configuration.directory, key), "", text)
        for key, text in new_tables.items()
        if key not in old_tables
    ]
    return [
        {
            "before_header": path,
            "after_header": path,
            "before": _lines_only_in(before, after),
            "after": _lines_only_in(after, before),
        }
        for path, before, after in pairs
        if before != after
    ]


def _lines_only_in(text: str, other: str) -> str:
    """Return the lines that only one of two texts has: main.cf may have secrets in other lines."""
    known = set(other.splitlines())
    return "".join(line + "\n" for line in text.splitlines() if line not in known)[:_DIFF_CHARACTERS]
