# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue files that real Postfixes wrote, with what these said of them (see tests/fixtures/capture.py)."""

from __future__ import annotations

import calendar
import json
import time
from pathlib import Path
from typing import Any, NamedTuple, Sequence

QUEUE_FILES = Path(__file__).resolve().parents[2] / "fixtures" / "queue_files"
RELEASES = ("bullseye", "bookworm", "trixie", "sid")


class RealFile(NamedTuple):
    """One case of one release."""

    release: str
    case: str
    queue: str
    queue_id: str
    mode: int
    mtime: int
    data: bytes
    defer_log: bytes
    listed: dict[str, Any] | None
    """As postqueue -j lists it; None for what it does not list."""
    records: Sequence[tuple[str, bytes]]
    """The envelope records that postcat prints, by its names."""
    content: bytes | None
    """Headers and body as postcat prints them; None where it cannot read the file."""

    def values(self, *names: str) -> list[bytes]:
        """Return the values of the records of these names, in order."""
        return [value for name, value in self.records if name in names]

    @property
    def arrival(self) -> int:
        """The second of arrival that postcat prints; the hosts' time zone is UTC."""
        (text,) = self.values("message_arrival_time")
        return calendar.timegm(time.strptime(text.decode(), "%a %b %d %H:%M:%S %Y"))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _read(release: str, case: str, row: dict[str, Any]) -> RealFile:
    path = QUEUE_FILES / release / row["file"]
    log = row["defer_log"]
    return RealFile(
        release=release,
        case=case,
        queue=row["file"].partition("/")[0],
        queue_id=path.name,
        mode=int(row["mode"], 8),
        mtime=row["mtime"],
        data=path.read_bytes(),
        defer_log=(QUEUE_FILES / release / log).read_bytes() if log else b"",
        listed=row["postqueue"],
        records=[(name, _bytes(value)) for name, value in row["records"] or ()],
        content=_bytes(row["content"]) if row["content"] else None,
    )


def manifest(release: str) -> dict[str, Any]:
    """Return what is known of a release's files."""
    read: dict[str, Any] = json.loads((QUEUE_FILES / release / "manifest.json").read_text(encoding="ascii"))
    return read


REAL_FILES = [_read(release, case, row) for release in RELEASES for case, row in manifest(release)["cases"].items()]
REAL_IDS = ["%s-%s" % (real.release, real.case) for real in REAL_FILES]
