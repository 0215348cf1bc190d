# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What is wrong in a queue directory, and what could not be repaired."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of, remedy_of


class Finding(NamedTuple):
    """Something that is not as it should be: what, where in the queue directory, and what it should be called or why it is bad."""

    kind: str
    path: str
    detail: str | None
    inode: int
    mtime: int
    stays: bool = False
    """Whether no repair changes it, whatever its kind."""
    blocks: bool = False
    """Whether it is a directory in which postsuper, which runs as the mail owner, cannot work."""
    goes_with: tuple[str, ...] = ()
    """Kinds of other findings about the same thing whose repair removes it."""
    remedy: str = ""
    """What to do about what cannot be read, where the detail does not say so."""

    @property
    def reason(self) -> str:
        """Why it cannot be read, and what to do about that."""
        return ". ".join(part for part in (self.detail, self.remedy) if part)

    def failure(self) -> Failure:
        """Return that it keeps a repair from being done."""
        return Failure(self.path, self.reason)


class Failure(NamedTuple):
    """Something that could not be repaired: where it is in the queue directory, and why."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: OSError) -> Failure:
        """Return a failure with what the system says and what to do about it."""
        return cls(path, "%s. %s" % (reason_of(error), remedy_of(error)))


def unreadable(path: str, error: OSError) -> Finding:
    return Finding("unreadable", path, reason_of(error), 0, 0, remedy=remedy_of(error))
