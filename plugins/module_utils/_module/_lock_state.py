# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The state of an instance's locks on disk: what it should be, how it differs, and bringing it about.

The order makes every interruption harmless: the journal, the tables, main.cf and master.cf, the reload, and then what is left over.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.configuration import (
    Service,
    add_to_main,
    add_to_master,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import (
    RESTRICTIONS,
    SASL_CHECK,
    Table,
    Types,
    choose_patterns,
    make_tables,
    references_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import configuration as postfix_configuration
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import files, smtpd_processes
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import Journal, find_indexed_type

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.lock_store import LockStore


@dataclass(frozen=True)
class State:
    """What the files of an instance should be for some locks."""

    locks: Sequence[Lock]
    tables: Sequence[Table]
    main_text: str
    master_text: str
    values: Mapping[str, str]
    """What postconf(1) must then show, in compact form."""
    types: Types
    noisy: Sequence[str]
    """The SMTP services without logins that will log a warning about check_sasl_access for each recipient."""

    def files(self, instance: Instance) -> Mapping[str, str]:
        """Return the texts of main.cf and master.cf by path, as Configuration.files() does."""
        return {instance.main_cf: self.main_text, instance.master_cf: self.master_text}


def choose_types(instance: Instance, locks: Sequence[Lock], directory: str) -> Types:
    """Return the types of tables for these locks. directory: for a table that is tried. Raises InstanceError."""
    known = postfix_configuration.table_types(instance)
    needs_index = any(lock.key == "sasl_username" for lock in locks)
    return Types(find_indexed_type(instance, directory, known) if needs_index else "", choose_patterns(known))


def make_state(configuration: Configuration, locks: Sequence[Lock], types: Types) -> State:
    """Return what the files should be. Raises SelectionError for a pattern that this host's tables cannot have."""
    tables = make_tables(locks, types, null_key=configuration.null_key)
    directory = configuration.directory
    inheriting = [service for service in configuration.smtp_servers if RESTRICTIONS not in service.settings]
    has_sasl = any(map(configuration.has_sasl, inheriting))
    main_references = references_of(tables, directory, has_sasl=has_sasl)
    values = {name: reference + configuration.main.get(name, "") for name, reference in main_references.items()}

    def choose(service: Service) -> Mapping[str, str]:
        """Return the references of a service, and note what postconf must show."""
        if service.command not in ("smtpd", "cleanup"):
            return {}
        references = references_of(tables, directory, has_sasl=configuration.has_sasl(service))
        for name, reference in references.items():
            if name in service.settings:
                values["%s/%s" % (service.shown, name)] = reference + configuration.value_for(service, name)
        return references

    master_text = add_to_master(configuration.master_text, choose, directory)
    is_noisy = SASL_CHECK in main_references.get(RESTRICTIONS, "")
    return State(
        locks,
        tables,
        add_to_main(configuration.main_text, main_references, directory),
        master_text,
        {name: postfix_configuration.compact(value) for name, value in values.items()},
        types,
        [service.shown for service in inheriting if is_noisy and not configuration.has_sasl(service)],
    )


def check_state(store: LockStore, state: State, locks: Sequence[Lock], directory: str) -> None:
    """Have Postfix try the tables of these locks before anything is changed. Raises InstanceError."""
    keys = {lock.key for lock in locks}
    for table in state.tables:
        if table.key in keys and not table.is_indexed:
            store.check_patterns(table, directory)


@dataclass(frozen=True)
class Difference:
    """How the files differ from a state."""

    journal: bool
    tables: Sequence[Table]
    """The tables that must be written."""
    files: Mapping[str, str]
    """The configuration files that must be written, with their texts."""
    leftover: bool
    """Whether files of tables must be removed, or what an interrupted run left must be finished."""

    @property
    def is_any(self) -> bool:
        """Whether there is something to do."""
        return bool(self.journal or self.tables or self.files or self.leftover)


def find_difference(
    store: LockStore, instance: Instance, journal: Journal, state: State, configuration: Configuration
) -> Difference:
    """Return how the files differ from a state. It only reads. Raises MailopsError."""
    old = configuration.files(instance)
    return Difference(
        journal=list(journal.locks) != list(state.locks),
        tables=[table for table in state.tables if not store.is_as_wanted(table)],
        files={path: text for path, text in state.files(instance).items() if text != old[path]},
        leftover=journal.pending or store.has_others(state.tables) or (not state.locks and store.has_leftovers()),
    )


@dataclass(frozen=True)
class Files:
    """The files of an instance that a run changes, and what they were before."""

    instance: Instance
    store: LockStore
    journal: Journal
    before: Configuration

    def apply(self, state: State, difference: Difference) -> bool:
        """Bring the state about, and return whether Postfix was reloaded.

        Raises MailopsError. If Postfix does not read what was meant, the files are as before.
        """
        if not difference.is_any:
            return False
        for path in state.files(self.instance):
            files.remove_unfinished(path)
        if state.locks or self.journal.locks:
            self.store.write(Journal(state.locks, pending=True, since=self.journal.since))
        try:
            for table in difference.tables:
                self.store.write_table(table)
            for path, text in difference.files.items():
                files.replace_text(path, text)
            self._verify(state)
        except (MailopsError, OSError):
            self._put_back(state.types, difference)
            raise
        running = bool(self.instance.running())
        if running:
            smtpd_processes.reload(self.instance)
        self._finish(state, time.time() if running else self.journal.since)
        return running

    def _verify(self, state: State) -> None:
        """Raise InstanceError if postconf(1) does not show what was meant."""
        values = postfix_configuration.effective_values(self.instance)
        for name, wanted in state.values.items():
            if values.get(name) != wanted:
                raise InstanceError(
                    "%s is %s now, and should be %s. main.cf and master.cf were put back. Look at them for a line that Postfix reads in "
                    "another way." % (name, values.get(name) or "empty", wanted)
                )

    def _put_back(self, types: Types, difference: Difference) -> None:
        """Put back the configuration files, then the tables and the journal. Postfix was not reloaded meanwhile."""
        for path, text in self.before.files(self.instance).items():
            if path in difference.files:
                files.replace_text(path, text)
        if not self.journal.locks:
            self.store.remove()
            return
        written = {table.key for table in difference.tables}
        tables = make_tables(self.journal.locks, types, null_key=self.before.null_key)
        for table in tables:
            if table.key in written:
                self.store.write_table(table)
        self.store.remove_tables(keep=tables)
        self.store.write(self.journal)

    def _finish(self, state: State, since: float) -> None:
        """Remove what no process needs any more, and note that the run has finished."""
        if not state.locks:
            self.store.remove()
            return
        self.store.remove_tables(keep=state.tables)
        self.store.write(Journal(state.locks, pending=False, since=since))
