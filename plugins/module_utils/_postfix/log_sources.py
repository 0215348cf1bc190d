# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Finding the sources of log lines: files that are named, the log of the instance and what its rotation left, or the journal."""

from __future__ import annotations

import errno
import glob
import os
from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError, reason_of, remedy_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_journal import SystemdJournal, has_journal
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_names import (
    USUAL_LOGS,
    log_paths,
    rotated_names,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import (
    MTIME_SLACK,
    LogFile,
    LogSource,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

# All files are open at the same time, so that no rotation hides one. Linux allows a process 1024.
MAX_FILES = 400
_MOST_TRIES = 5


class Sources(NamedTuple):
    """What was found, the oldest lines first, and sentences for the operator."""

    sources: tuple[LogSource, ...]
    warnings: tuple[str, ...] = ()

    def close(self) -> None:
        """Close all sources."""
        for source in self.sources:
            source.close()


def find_sources(
    instance: Instance | None, *, files: Sequence[str] | None, journal: bool | None, since: float | None = None
) -> Sources:
    """Return the sources of log lines. instance: not needed if only files are read.

    files: paths and globs, read as they are; without them, the log of the instance and its rotated files, or the journal if there is no
    log. journal: whether to read the journal in any case (True) or in no case (False). since: rotated files that ended before are left out.

    Raises LogError if there is no source, or if what was named cannot be read.
    """
    asked = () if instance is None or not journal else (SystemdJournal(instance),)
    named = _open_named(files) if files else Sources(())
    if instance is None or files or asked:
        return named._replace(sources=(*named.sources, *asked))
    found = _open_log(instance, since)
    if found.sources:
        return found
    if journal is None and has_journal():
        return Sources((SystemdJournal(instance),), found.warnings)
    raise LogError(
        "No mail log was found: maillog_file is empty, and there is none of %s%s. %s"
        % (
            ", ".join(USUAL_LOGS),
            "" if journal is False else ", and no journalctl",
            " ".join([*found.warnings, "Name the files of the mail log in files."]),
        )
    )


# --- files that are named -------------------------------------------------------------------------------------------


def _open_named(files: Sequence[str]) -> Sources:
    opened: dict[tuple[int, int], LogFile] = {}
    warnings = []
    try:
        for index, pattern in enumerate(files):
            place = "files[%d]" % index
            paths = _expand(pattern, place)
            for path in paths:
                try:
                    _add(opened, LogFile(path))
                except OSError as error:
                    if paths == [pattern]:
                        raise LogError(_refusal("%s: %s" % (place, path), error)) from error
                    warnings.append(_refusal(path, error))
                if len(opened) > MAX_FILES:
                    raise LogError("files: these are more than %d files. Name fewer at a time." % MAX_FILES)
        if not opened:
            raise LogError("files: none of the files can be read. %s" % " ".join(warnings))
    except LogError:
        _close(opened.values())
        raise
    return Sources(_in_order(opened.values()), tuple(warnings))


def _expand(pattern: str, place: str) -> list[str]:
    """Return the paths that a pattern names. Raises LogError if there are none."""
    if "\0" in pattern:
        raise LogError('%s: "%s" has a null byte, which no path has. Remove it.' % (place, printable(pattern)))
    if not os.path.isabs(pattern):
        raise LogError('%s: "%s" is not an absolute path. Write it from / on.' % (place, pattern))
    if os.path.lexists(pattern) or not glob.has_magic(pattern):
        return [pattern]
    found = sorted(glob.glob(pattern))
    if not found:
        raise LogError(
            '%s: "%s" matches no file on this host. Correct it, or leave it out for this host.' % (place, pattern)
        )
    return found


# --- the log of the instance ----------------------------------------------------------------------------------------


def _open_log(instance: Instance, since: float | None) -> Sources:
    """Return the first log that there is, with its rotated files. Raises LogError if maillog_file cannot be read."""
    suffix = instance.parameters.get("maillog_file_rotate_suffix")
    for path in log_paths(instance):
        found = _open_rotated(path, suffix, since)
        if found.sources or found.warnings:
            return found
    named = instance.parameters.get("maillog_file")
    if named:
        raise LogError(
            "maillog_file = %s in %s: there is no such file yet, and no rotated one. Name the files of the mail log in files, or "
            "use journal: true." % (named, instance.main_cf)
        )
    return Sources(())


def _open_rotated(path: str, suffix: str | None, since: float | None) -> Sources:
    """Open a log and its rotated files. Rotation at the same time makes no file missing, and none is read twice."""
    opened: dict[tuple[int, int], LogFile] = {}
    for _number in range(_MOST_TRIES):
        before = _listing(path, suffix)
        warnings = list(_open_all(path, before, opened, since))
        if before == _listing(path, suffix):
            break
        _close(opened.values())
        opened.clear()
    else:
        before = _listing(path, suffix)
        warnings = list(_open_all(path, before, opened, since))
    return Sources(_in_order(opened.values()), tuple(warnings))


def _listing(path: str, suffix: str | None) -> dict[str, int]:
    """Return {path: inode} of a log and its rotated files."""
    directory = os.path.dirname(path)
    try:
        with os.scandir(directory) as entries:
            inodes = {entry.name: entry.inode() for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise LogError(_refusal(directory, error)) from error
    names = rotated_names(path, list(inodes), suffix)
    found = {os.path.join(directory, name): inodes[name] for name in names}
    if os.path.basename(path) in inodes:
        found[path] = inodes[os.path.basename(path)]
    return found


def _open_all(
    path: str, listing: Iterable[str], opened: dict[tuple[int, int], LogFile], since: float | None
) -> Iterator[str]:
    """Open the newest files of a log. Yield warnings. Raises LogError if the log itself cannot be read."""
    times = {}
    for other in listing:
        try:
            times[other] = os.stat(other).st_mtime
        except OSError:
            # It is gone, and the listing has changed; or its link leads nowhere.
            continue
    newest = sorted(times, key=lambda name: -times[name])
    # One is read in any case: the host has a log, also if nothing was written in that time.
    wanted = newest[:1] + [other for other in newest[1:] if since is None or times[other] >= since - MTIME_SLACK]
    if len(wanted) > MAX_FILES:
        yield "%s has more than %d rotated files. The older ones were not read: name them in files." % (path, MAX_FILES)
    for other in wanted[:MAX_FILES]:
        try:
            _add(opened, LogFile(other))
        except OSError as error:
            if other == path:
                _close(opened.values())
                raise LogError(_refusal(path, error)) from error
            if error.errno != errno.ENOENT:
                yield _refusal(other, error)


# --- both -----------------------------------------------------------------------------------------------------------


def _add(opened: dict[tuple[int, int], LogFile], source: LogFile) -> None:
    """Add a file, unless it is open already by another name."""
    if source.key in opened:
        source.close()
    else:
        opened[source.key] = source


def _close(sources: Iterable[LogFile]) -> None:
    for source in sources:
        source.close()


def _in_order(sources: Iterable[LogFile]) -> tuple[LogFile, ...]:
    """Return the files by the time of their first line."""
    return tuple(sorted(sources, key=lambda source: (source.start(), source.status.st_mtime, source.path)))


def _refusal(what: str, error: OSError) -> str:
    """Return what cannot be read, why, and what to do."""
    what = printable(what)
    if error.errno == errno.EINVAL:
        return "%s is not a regular file, so it was not read. Name a file in files." % what
    if error.errno == errno.ELOOP:
        return "%s is not read: %s. Name the file that it leads to." % (what, reason_of(error))
    return "%s cannot be read: %s. %s" % (what, reason_of(error), remedy_of(error))
