# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at queue directories of tests as postfix_spool_repair does."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.orphans import Orphans
from ansible_collections.mailops.postfix.plugins.module_utils._spool.owners import Owner
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import (
    STALE_SECONDS,
    Rules,
    list_findings,
)
from tests.unit.support.spool import MadeUpSpool

NOW = 1800000000
OLD = NOW - STALE_SECONDS - 1


def rules(made: MadeUpSpool, **changes: Any) -> Rules:
    """Return the rules for a queue directory with the layout that Postfix ships."""
    values: dict[str, Any] = {
        "layout": made.layout(),
        "purging": True,
        "now": NOW,
        "owner": Owner(os.getuid(), os.getgid(), os.getgid()),
    }
    return Rules(**{**values, **changes})


def put_fitting(
    made: MadeUpSpool, queue: str = "deferred", *, suffix: str = "", mode: int = 0o700, below: str | None = None
) -> str:
    """Write a message under an ID that fits its inode, and return the ID."""
    path = made.path / queue / "new"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    path.chmod(mode)
    os.utime(str(path), (NOW, NOW))
    name = "4A0F9%X" % path.stat().st_ino
    place = made.path / queue / (("4" if queue in ("deferred", "defer") else "") if below is None else below)
    place.mkdir(parents=True, exist_ok=True)
    path.rename(place / (name + suffix))
    return name


def findings_in(made: MadeUpSpool, *, orphan_seconds: int = 0, **changes: Any) -> list[tuple[str, str, str | None]]:
    """Return kind, path and detail of all findings."""
    with Spool(str(made.path)) as spool:
        findings = list(list_findings(spool, rules(made, **changes), Orphans(spool, before=NOW - orphan_seconds)))
    return sorted((finding.kind, finding.path, finding.detail) for finding in findings)


def orphan_paths(made: MadeUpSpool, *, before: int) -> list[str]:
    """Return the paths of logs without a message."""
    with Spool(str(made.path)) as spool:
        return sorted(entry.path for entry in Orphans(spool, before=before).entries(spool))


def let_fail(monkeypatch: pytest.MonkeyPatch, call: str, number: int, *names: str) -> None:
    """Have a call of the system fail for these names."""
    real = getattr(os, call)

    def failing(path: Any, *args: Any, **options: Any) -> Any:
        if path in names:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, call, failing)
