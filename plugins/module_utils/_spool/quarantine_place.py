# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The directory that quarantines are kept in: its default, the quarantines there, and the checks before one is made."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import contextmanager, suppress
from typing import Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import journal, moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import NAME as JOURNAL
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import MADE

# Only root may read or write quarantines.
OWNER = 0
PRIVATE = FileAttributes(OWNER, 0, 0o700, ())
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
# The start of the text of a first record.
_BEGINNING = b'{"op":"made",'
# The first record is in so many bytes of a journal.
_FIRST_RECORD = 64 << 10
# An error names so many paths.
MAX_NAMED = 5
# Postfix's own directories in the queue directory (conf/postfix-files), and those of a chroot environment.
_POSTFIX_OWN = frozenset(
    (
        *LISTED_QUEUES,
        *LOGS,
        "corrupt",
        "flush",
        "saved",
        "pid",
        "private",
        "public",
        "dev",
        "etc",
        "lib",
        "lib64",
        "run",
        "usr",
        "var",
    )
)


def default_base(queue_directory: str) -> str:
    """Return the default directory of quarantines: next to the queue directory, or in it if that is a filesystem of its own."""
    path = os.path.realpath(queue_directory)
    return path + (".quarantine" if are_together(path, os.path.dirname(path)) else "/quarantine")


def are_together(one: str, other: str) -> bool:
    """Return whether files can be renamed from one directory to the other; True if one does not exist. Raises OSError."""
    try:
        with Tree(one) as first, Tree(other) as second:
            return moves.can_rename(first.root, second.root)
    except FileNotFoundError:
        return True


def check_name(name: str) -> None:
    """Raise QuarantineError for a name that a quarantine cannot have."""
    if not _NAME.match(name):
        raise QuarantineError(
            "name: %r cannot be the name of a quarantine. Use at most 64 letters, digits, and . _ -, and start with a letter, a digit or _."
            % name
        )


def names(base: str) -> list[str]:
    """Return the names of all quarantines in a directory, sorted. Raises MailopsError if it is not safe or cannot be read."""
    if not is_trusted(base):
        return []
    try:
        found = os.listdir(base)
    except OSError as error:
        raise SystemRefusal("The directory %s cannot be read" % base, error) from error
    return sorted(name for name in found if _NAME.match(name) and has_journal(os.path.join(base, name)))


def exists(base: str, name: str) -> bool:
    """Return whether there is a quarantine of that name. Raises MailopsError if the directory is not safe."""
    return is_trusted(base) and has_journal(os.path.join(base, name))


def has_journal(path: str) -> bool:
    """Return whether a directory has a journal that begins like that of a quarantine, of any version.

    A journal that cannot be read counts, too: opening the quarantine then says why.
    """
    name = os.path.join(path, JOURNAL)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        # A network filesystem may not find a file that exists.
        return os.path.isfile(name) and not os.path.islink(name)
    except OSError as error:
        return error.errno not in (errno.ENOTDIR, errno.ELOOP)
    with os.fdopen(descriptor, "rb") as stream:
        try:
            line = stream.readline(_FIRST_RECORD) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
            records, _end = journal.decode(line)
        except OSError:
            return True
        except ValueError:
            return False
    return bool(records) and records[0].get("op") == MADE


def is_trusted(path: str) -> bool:
    """Return whether the directory exists. Raises MailopsError if a user other than root can write to it."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SystemRefusal("The status of %s cannot be read" % path, error) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != OWNER or status.st_mode & 0o022:
        raise QuarantineError(
            "%s is not a directory that only root can write to: a quarantine in it would not be safe. Name another directory, "
            "or give this one to root (chown root, chmod 0700)." % path
        )
    return True


def check_place(base: str, name: str, *, queue_directory: str, others: Mapping[str, str]) -> None:
    """Raise QuarantineError for a path that belongs to Postfix. others: other directories of the instance, by parameter."""
    path = os.path.join(os.path.realpath(base), name)
    queues = os.path.realpath(queue_directory)
    if _is_same_or_above(path, queues):
        problem = "the queue directory %s is there" % queue_directory
    elif path.startswith(queues + "/") and path[len(queues) + 1 :].split("/", 1)[0] in _POSTFIX_OWN:
        problem = "that is one of Postfix's own directories"
    elif any(os.path.lexists(os.path.join(path, known)) for known in ("main.cf", "master.cf")):
        problem = "that is a configuration directory of Postfix"
    else:
        for parameter, directory in others.items():
            if directory and _is_same_or_above(path, os.path.realpath(directory)):
                problem = "the %s %s is there" % (parameter, directory)
                break
        else:
            return
    raise QuarantineError(
        "%s cannot be a quarantine: %s. Nothing was touched. Use another name or directory."
        % (os.path.join(base, name), problem)
    )


def _is_same_or_above(path: str, other: str) -> bool:
    return (other + "/").startswith(path.rstrip("/") + "/")


def check_room(path: str) -> None:
    """Raise SystemRefusal if no file can be made in a directory, or in the first of its parents that exists.

    Room that is reserved for root counts, because this runs as root.
    """
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    with suppress(OSError):
        status = os.statvfs(path)
        number = 0
        if status.f_flag & os.ST_RDONLY:
            number = errno.EROFS
        elif (status.f_blocks and not status.f_bfree) or (status.f_files and not status.f_ffree):
            number = errno.ENOSPC
        if number:
            error = OSError(number, os.strerror(number))
            raise with_disk_hint(SystemRefusal("No file can be written in %s" % path, error), error)


def with_disk_hint(refusal: SystemRefusal, error: OSError) -> SystemRefusal:
    """Return the refusal, with a hint for a full disk."""
    refusal.args = (str(refusal) + journal.HINTS.get(error.errno or 0, ""),)
    return refusal


def is_empty(base: str, name: str) -> bool:
    """Return whether there is a directory of that name that is empty or has only the cut beginning of a journal."""
    path = os.path.join(base, name)
    return is_trusted(base) and is_trusted(path) and not has_journal(path) and not _foreign_in(path)


def check_adoptable(base: str, name: str) -> None:
    """Raise MailopsError if there is a directory of that name that is no quarantine and is not empty."""
    path = os.path.join(base, name)
    if not (is_trusted(base) and is_trusted(path)) or has_journal(path):
        return
    found = _foreign_in(path)
    if found:
        raise QuarantineError(
            "%s is not a quarantine and is not empty: it holds %s. Nothing was touched. Use another name, or move that to another "
            "place." % (path, list_paths(found[: MAX_NAMED + 1]))
        )


def _foreign_in(path: str) -> list[str]:
    """Return the names in a directory that is no quarantine, except the cut beginning of a journal."""
    try:
        with Tree(path) as tree:
            found = sorted(os.listdir(tree.root))
            if found == [JOURNAL]:
                data = Journal(tree.root, path).read_bytes()
                found = [] if data is not None and journal.is_cut_beginning(data, _BEGINNING) else found
    except OSError as error:
        raise SystemRefusal("The directory %s cannot be read" % path, error) from error
    return found


@contextmanager
def make_directories(*paths: str) -> Iterator[None]:
    """Make the missing directories, and remove them again if the body raises OSError or MailopsError. Raises SystemRefusal."""
    made: list[str] = []
    try:
        for path in paths:
            if not is_trusted(path):
                os.mkdir(path, 0o700)
                made.append(path)
        yield
    except (OSError, MailopsError) as error:
        for path in reversed(made):
            with suppress(OSError):
                os.rmdir(path)
        if isinstance(error, OSError):
            refusal = SystemRefusal("The directory %s cannot be made" % paths[-1], error)
            raise with_disk_hint(refusal, error) from error
        raise


def list_paths(paths: Sequence[str]) -> str:
    """Return the first of these paths, for an error."""
    shown = ", ".join(printable(path) for path in paths[:MAX_NAMED])
    return shown + (" and more" if len(paths) > MAX_NAMED else "")
