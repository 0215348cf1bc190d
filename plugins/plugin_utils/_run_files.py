# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The files of runs on the controller: reports, plans, and notes on runs that have no report yet.

    DIRECTORY/cleanup-RUN.json, cleanup-RUN.md   a report; cleanup.json and cleanup.md are links to the newest
    DIRECTORY/runs/RUN/*.json                    the notes of a run that has no report yet

A file has a name of its own and is never written again. Only links are replaced.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Iterable, Mapping
from urllib.parse import quote

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal

LATEST = "latest"
RUN_NOTE = "run.json"
PLAN = "plan"
"""The kind of a run that only plans."""
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600
_CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL


# --- names ----------------------------------------------------------------------------------------------------------


def new_id() -> str:
    """Return a name for a run, by which runs sort by time: C(20261126T064038.123456Z)."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return "%s.%06dZ" % (time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds)), microseconds)


def file_name(host: str) -> str:
    """Return the name of a host's file. It is always a file in the directory, and each host has its own."""
    return quote(host, safe=" !#$&'()+,:;=@[]^{}~", errors="surrogateescape") + ".json"


def make_directory(path: Path) -> Path:
    """Make a directory and its missing parents, for their owner only. Existing ones keep their mode."""
    if not path.is_dir():
        make_directory(path.parent)
        with suppress(FileExistsError):
            path.mkdir(_DIRECTORY_MODE)
    return path


def write_new(path: Path, text: str, mode: int = _FILE_MODE) -> None:
    """Write a file in one step, by default for its owner only. Raises FileExistsError if there is one of that name."""
    new_path = write_hidden(path, text.encode("utf-8", "surrogateescape"), mode)
    try:
        # A link is made only if nothing has that name, and others never read a part of the file.
        os.link(new_path, path)
    finally:
        new_path.unlink()


def write_hidden(path: Path, data: bytes, mode: int) -> Path:
    """Write a hidden file in the directory of a path, from which it can become that path in one step, and return it. Raises OSError."""
    new_path = path.with_name(".%s.%d.%d" % (path.name[:100], os.getpid(), time.time_ns()))
    descriptor = os.open(new_path, _CREATE_FLAGS, _FILE_MODE)
    try:
        with open(descriptor, "wb") as file:
            # The umask does not count.
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            new_path.unlink()
        raise
    return new_path


def set_link(link: Path, target: str) -> bool:
    """Let a link point to a file in its directory, in one step. Return False if something that is no link has its name.

    A link to something newer stays, by the order of names.
    """
    if link.is_symlink():
        if os.readlink(link) >= target:
            return True
    elif link.exists():
        return False
    new_link = link.with_name(".%s.%d.%d" % (link.name, os.getpid(), time.time_ns()))
    new_link.symlink_to(target)
    new_link.replace(link)
    return True


# --- reports and plans ----------------------------------------------------------------------------------------------


def keep_report(
    directory: Path, name: str, texts: Mapping[str, str], modes: Mapping[str, int] | None = None
) -> tuple[Path, list[str]]:
    """Write a report in each of its forms, {suffix: text}. modes: {suffix: mode} of files that others may read.

    Return the path without suffix, and the links to the newest that could not be set, because a file that is no link has their name.
    """
    make_directory(directory)
    while True:
        stem = "%s-%s" % (name, new_id())
        try:
            for suffix, text in texts.items():
                write_new(directory / (stem + suffix), text, (modes or {}).get(suffix, _FILE_MODE))
        except FileExistsError:
            continue
        break
    blocked = [name + suffix for suffix in texts if not set_link(directory / (name + suffix), stem + suffix)]
    return directory / stem, blocked


def delete_old_reports(directory: Path, name: str, *, keep: int) -> None:
    """Delete all files of reports of a kind but those of the newest reports. Files with other names stay."""
    pattern = re.compile(r"(%s-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z)\.[a-z]+" % re.escape(name))
    found = {path: match.group(1) for path in directory.iterdir() for match in [pattern.fullmatch(path.name)] if match}
    kept = frozenset(sorted(set(found.values()))[-keep:])
    for path, stem in found.items():
        if stem not in kept and path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


def blocked_text(links: Iterable[str]) -> str:
    """Return what is wrong with links that could not be set, and what to do."""
    return (
        "Not replaced, because it is not a link of this collection: %s. Move it away, and the next run makes a link to the newest."
        % ", ".join(links)
    )


def refusal_text(directory: Path, error: OSError) -> str:
    """Return why files of a directory could not be written or read, and what to do."""
    return str(SystemRefusal("Files of this run in %s on the controller" % directory, error))


def new_directory(parent: Path) -> Path:
    """Make a directory for a run, with a name of its own, and return its path."""
    while True:
        path = parent / new_id()
        with suppress(FileExistsError):
            path.mkdir(_DIRECTORY_MODE)
            return path
