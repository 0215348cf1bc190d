# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The directory of locks below config_directory: the journal, which says what is locked, and the tables that are made of it.

The journal is written first. Whatever an interrupted run has not done, the next run does, because the journal says C(pending).
"""

from __future__ import annotations

import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Iterator, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import KEYS, Lock, lock_of_record
from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import DIRECTORY, Table
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import split_for_pipe
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.files import (
    SUFFIX,
    read_text,
    sync_directory,
    write_file,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_JOURNAL = "locks.json"
_VERSION = 1
# {type of an indexed table: the end of the name of the file that postmap(1) makes}, the best first.
INDEXED_TYPES = {"lmdb": ".lmdb", "hash": ".db", "btree": ".db", "cdb": ".cdb"}
_SUFFIXES = ("", SUFFIX, *INDEXED_TYPES.values(), ".cdb.tmp")
_DIRECTORY_MODE = 0o755


@dataclass(frozen=True)
class Journal:
    """What is locked. pending: whether a run has not finished. since: when Postfix last began to use changed locks, in seconds."""

    locks: Sequence[Lock] = ()
    pending: bool = False
    since: float = 0.0


class LockStore:
    """The directory of locks of an instance."""

    def __init__(self, instance: Instance) -> None:
        """Raises InstanceError if Postfix could not read the path in a list of tables."""
        self._instance = instance
        self.path = os.path.join(instance.config_directory, DIRECTORY)
        self._journal = os.path.join(self.path, _JOURNAL)
        if not re.match(r"[A-Za-z0-9/._+-]+\Z", self.path):
            raise InstanceError(
                "%s has characters that cannot be in the name of a table. Give the instance a config_directory of letters, digits and "
                "the signs . _ + - only." % self.path
            )

    # --- the journal ---

    def read(self) -> Journal:
        """Return the journal. Raises MailopsError if it is damaged, SystemRefusal if it cannot be read."""
        try:
            with open(self._journal, encoding="ascii") as stream:
                data = json.load(stream)
            if data["version"] != _VERSION:
                raise ValueError("its version is %s, and this release knows version %d" % (data["version"], _VERSION))
            return Journal(
                [lock_of_record(record) for record in data["locks"]], bool(data["pending"]), float(data["since"])
            )
        except FileNotFoundError:
            # A run that was interrupted may have left a directory without a journal.
            return Journal(pending=any(True for _name in self._own_names()))
        except OSError as error:
            raise SystemRefusal("%s cannot be read" % self._journal, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise MailopsError(
                "The journal %s is damaged: %s. Nothing was changed. Restore it from a backup, or write {} with an empty list of locks "
                'there ({"version": 1, "locks": [], "pending": true, "since": 0}), and run this again to remove all locks.'
                % (self._journal, error)
            ) from error

    def write(self, journal: Journal) -> None:
        """Write the journal, and the directory where there is none. Raises SystemRefusal."""
        try:
            os.mkdir(self.path, _DIRECTORY_MODE)
            os.chmod(self.path, _DIRECTORY_MODE)
            sync_directory(self._instance.config_directory)
        except FileExistsError:
            pass
        except OSError as error:
            raise SystemRefusal("%s cannot be made" % self.path, error) from error
        records = [lock.record() for lock in journal.locks]
        data = {"version": _VERSION, "locks": records, "pending": journal.pending, "since": journal.since}
        write_file(self._journal, json.dumps(data, indent=1) + "\n", mode=0o600)

    def remove(self) -> None:
        """Remove the directory with all that is ours, the journal last. Raises SystemRefusal."""
        self.remove_tables(keep=())
        try:
            for name in (_JOURNAL + SUFFIX, _JOURNAL):
                with suppress(FileNotFoundError):
                    os.unlink(os.path.join(self.path, name))
            os.rmdir(self.path)
            sync_directory(self._instance.config_directory)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise SystemRefusal("%s cannot be removed" % self.path, error) from error

    # --- tables ---

    def table_text(self, key: str) -> str | None:
        """Return the text of a table, None if there is none. Raises SystemRefusal."""
        path = os.path.join(self.path, key)
        return read_text(path) if os.path.isfile(path) else None

    def is_as_wanted(self, table: Table) -> bool:
        """Return whether a table is there with this content, for Postfix as well. Raises SystemRefusal and InstanceError."""
        if self.table_text(table.key) != table.text:
            return False
        return not table.is_indexed or not self._missing(table, table.reference(self.path))

    def write_table(self, table: Table) -> None:
        """Write a table, have postmap(1) index it if need be, and look that its keys are found. Raises MailopsError."""
        path = os.path.join(self.path, table.key)
        write_file(path, table.text, mode=0o644)
        if table.is_indexed:
            command = self._instance.command("postmap", "%s:%s" % (table.type, path))
            output = self._instance.runner.run(command)
            if output.status:
                raise CommandError(command, status=output.status, output=output.err)
            os.chmod(path + INDEXED_TYPES[table.type], 0o644)
        missing = self._missing(table, table.reference(self.path))
        if missing:
            raise InstanceError(
                "postmap -q does not find %s in %s. Look at that file and at the mail log."
                % (", ".join(missing[:3]), table.reference(self.path))
            )

    def remove_tables(self, *, keep: Iterable[Table]) -> None:
        """Remove the files of all other tables. Raises SystemRefusal."""
        kept = {_JOURNAL}
        for table in keep:
            kept.add(table.key)
            if table.is_indexed:
                kept.add(table.key + INDEXED_TYPES[table.type])
        for name in self._own_names():
            if name not in kept:
                try:
                    os.unlink(os.path.join(self.path, name))
                except OSError as error:
                    raise SystemRefusal("%s cannot be removed" % os.path.join(self.path, name), error) from error

    def has_others(self, keep: Sequence[Table]) -> bool:
        """Return whether there are files of other tables than these."""
        keys = {table.key for table in keep}
        return any(name.partition(".")[0] not in keys for name in self._own_names() if not name.startswith(_JOURNAL))

    def has_leftovers(self) -> bool:
        """Return whether something of ours is there, or an empty directory; another one with this name is none of ours."""
        try:
            return not os.listdir(self.path) or any(True for _name in self._own_names())
        except (FileNotFoundError, NotADirectoryError):
            return False

    def check_patterns(self, table: Table, directory: str) -> None:
        """Raise InstanceError if this host's Postfix does not understand a line of a table. directory: for a copy of the table."""
        path = os.path.join(directory, "postfix_lock.%s" % table.key)
        write_file(path, table.text, mode=0o600)
        try:
            reference = "%s:%s" % (table.type, path)
            warnings = self._warnings(reference, path)
            if warnings:
                raise InstanceError(
                    "Postfix does not accept a pattern of %s: %s. Nothing was changed. Correct the pattern, and try it with "
                    "postmap -q." % (table.key, warnings[0])
                )
            missing = self._missing(table, reference)
        finally:
            os.unlink(path)
        if missing:
            raise InstanceError(
                "Postfix does not find %s in the table that was made of it. Nothing was changed. Write the value as a regular "
                "expression." % ", ".join(missing[:3])
            )

    def _warnings(self, reference: str, path: str) -> list[str]:
        """Return what postmap(1) prints about the patterns of a table, without the name of its file."""
        output = self._instance.runner.run(self._instance.command("postmap", "-q", "x", reference))
        lines = [line.partition("warning: ")[2] or line for line in output.err.splitlines() if path in line]
        return [re.sub(r"\A\S+ map %s, " % re.escape(path), "", line) for line in lines]

    def _missing(self, table: Table, reference: str) -> list[str]:
        """Return the keys that Postfix does not find as it should. If several locks fit a key, the strictest counts."""
        wanted = {entry.probe: entry.result for entry in reversed(table.entries) if entry.probe is not None}
        command = self._instance.command("postmap", "-q", "-", reference)
        found = {}
        for text in split_for_pipe(wanted):
            for line in self._instance.runner.run(command, stdin=text).out.splitlines():
                key, _tab, value = line.partition("\t")
                found[key] = value
        results = {entry.result for entry in table.entries}
        # The networks and patterns of several locks may fit a key, and the table has them in order.
        return [
            key
            for key, result in wanted.items()
            if (found.get(key) != result if table.is_indexed else found.get(key) not in results)
        ]

    def _own_names(self) -> Iterator[str]:
        """Yield the names of the files that are ours."""
        ours = {key + suffix for key in KEYS for suffix in _SUFFIXES} | {_JOURNAL, _JOURNAL + SUFFIX}
        with suppress(FileNotFoundError, NotADirectoryError):
            yield from sorted(ours.intersection(os.listdir(self.path)))


def find_indexed_type(instance: Instance, directory: str, known: Sequence[str]) -> str:
    """Return the type of indexed tables that postmap(1) can make on this host. directory: for a table that is tried.

    known: the types that C(postconf -m) lists. Raises InstanceError if there is none.
    """
    usual = instance.parameters.get("default_database_type", "")
    path = os.path.join(directory, "postfix_lock.try")
    for kind in dict.fromkeys((usual, *INDEXED_TYPES)):
        if kind in known and kind in INDEXED_TYPES:
            write_file(path, "key value\n", mode=0o600)
            try:
                if not instance.runner.run(instance.command("postmap", "%s:%s" % (kind, path))).status:
                    return kind
            finally:
                for name in (path, path + INDEXED_TYPES[kind]):
                    with suppress(FileNotFoundError):
                        os.unlink(name)
    raise InstanceError(
        "This Postfix can make none of the tables %s, which locks of accounts need. postconf -m lists %s. Install Postfix's support "
        "for one of them (such as postfix-lmdb)." % (", ".join(INDEXED_TYPES), ", ".join(known) or "nothing")
    )
