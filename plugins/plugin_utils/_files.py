# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Files on the controller that a run reads and writes: bounded, whole or not at all, for their owner only."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, reason_of, remedy_of
from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_files

_FILE_MODE = 0o600
_PERMISSION = frozenset((errno.EACCES, errno.EPERM))
_UNTOUCHED = "nothing was touched"


class FileError(MailopsError):
    """A file on the controller that cannot be read or written, or that does not hold what it should."""


def read_bytes(path: Path, *, most: int, what: str) -> bytes:
    """Return the content of a regular file. Raises FileError. most: the most bytes that it may have. what: its name in errors."""
    try:
        # Without O_NONBLOCK a named pipe would wait for a writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError("%s: %s is not a regular file; %s. Give a file." % (what, path, _UNTOUCHED))
            data = file.read(most + 1)
    except OSError as error:
        raise FileError("%s: %s cannot be read: %s" % (what, path, _reason(error))) from error
    if len(data) > most:
        raise FileError(
            "%s: %s has more than %d bytes; %s. Check whether it is the right file." % (what, path, most, _UNTOUCHED)
        )
    return data


def read_json(path: Path, *, most: int, what: str) -> dict[str, Any]:
    """Return the JSON object in a file. Raises FileError. most, what: as in read_bytes()."""
    return parse_json(read_bytes(path, most=most, what=what), path, what=what)


def parse_json(data: bytes, path: Path, *, what: str) -> dict[str, Any]:
    """Return the JSON object in bytes that were read from a file. Raises FileError."""
    try:
        content = json.loads(data)
    # The parser of Python recurses, so deeply nested JSON ends in a RecursionError.
    except (ValueError, RecursionError) as error:
        raise FileError(
            "%s: %s is not JSON (%s); %s. Check whether it is the right file." % (what, path, error, _UNTOUCHED)
        ) from error
    if not isinstance(content, dict):
        raise FileError("%s: %s has no JSON object; %s. Check whether it is the right file." % (what, path, _UNTOUCHED))
    return content


def write_bytes(path: Path, data: bytes, *, what: str, mode: int = _FILE_MODE) -> None:
    """Write a file in one step: after an error or a crash there is the old file or none. Raises FileError.

    mode: by default the file is for its owner only. The umask does not count.
    """
    try:
        new_path = _run_files.write_hidden(path, data, mode)
        try:
            new_path.replace(path)
        except BaseException:
            with suppress(OSError):
                new_path.unlink()
            raise
    except OSError as error:
        raise FileError("%s: %s cannot be written: %s" % (what, path, _reason(error))) from error


def make_directory(path: Path, *, what: str) -> None:
    """Make a directory and its missing parents, for their owner only. Raises FileError."""
    try:
        _run_files.make_directory(path)
    except OSError as error:
        raise FileError("%s: the directory %s cannot be made: %s" % (what, path, _reason(error))) from error


def write_json(path: Path, content: dict[str, Any], *, what: str) -> None:
    """Write a JSON object into a file, as write_bytes() does. Raises FileError."""
    write_bytes(path, encode_json(content), what=what)


def encode_json(content: dict[str, Any]) -> bytes:
    """Return a JSON object as the bytes of a file."""
    return (json.dumps(content) + "\n").encode("ascii")


def remove(path: Path, *, what: str) -> None:
    """Remove a file, if there is one. Raises FileError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise FileError("%s: %s cannot be removed: %s" % (what, path, _reason(error))) from error


def _reason(error: OSError) -> str:
    """Return the system's text for an error, and what to do about it on the controller."""
    if error.errno in _PERMISSION:
        return "%s. Give the user who runs Ansible access to it, then run this again." % reason_of(error)
    return "%s. %s" % (reason_of(error), remedy_of(error))
