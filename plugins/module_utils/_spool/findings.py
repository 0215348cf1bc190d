# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Findings: problems in a queue directory. Failures: problems that could not be repaired."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of, remedy_of


class Finding(NamedTuple):
    """A problem: its kind, its path in the queue directory, and a detail: the right path or name, or the reason."""

    kind: str
    path: str
    detail: str | None
    inode: int
    mtime: int
    stays: bool = False
    """Whether no repair changes it, whatever its kind."""
    blocks: bool = False
    """Whether it is a directory in which postsuper, which runs as the mail owner, cannot work."""
    fixed_by: tuple[str, ...] = ()
    """Kinds of other findings about the same thing whose repair removes it."""
    remedy: str = ""
    """What to do about a path that cannot be read, if the detail does not say so."""

    @property
    def reason(self) -> str:
        """The reason why the path cannot be read, and what to do."""
        return ". ".join(part for part in (self.detail, self.remedy) if part)

    def failure(self) -> Failure:
        """Return the failure of a repair that this finding prevents."""
        return Failure(self.path, self.reason)


class Failure(NamedTuple):
    """A repair that failed: the path in the queue directory, and the reason."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: OSError) -> Failure:
        """Return the failure for an error of the system, with its reason and its remedy."""
        return cls(path, "%s. %s" % (reason_of(error), remedy_of(error)))


def unreadable(path: str, error: OSError) -> Finding:
    """Return the finding for a path that cannot be read."""
    return Finding("unreadable", path, reason_of(error), 0, 0, remedy=remedy_of(error))
