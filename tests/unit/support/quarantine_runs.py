# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run postfix_spool_quarantine on a made-up spool, whose root and mail owner are the user of the tests."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import spool_quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from ansible_collections.mailops.postfix.plugins.modules import postfix_spool_quarantine
from tests.unit.support.module import ModuleRun
from tests.unit.support.runner import said
from tests.unit.support.spool import QUEUES, MadeUpSpool


class QuarantineHost:
    """A host with one Postfix instance that does not run, and the module."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        own = os.getuid()
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(quarantine_place, "OWNER", own)
        monkeypatch.setattr(quarantine_place, "PRIVATE", FileAttributes(own, os.getgid(), 0o700, ()))
        self.made = MadeUpSpool(place / "spool")
        self.place = place / "spool.quarantine" / "spam"
        self.run = ModuleRun(postfix_spool_quarantine.main, monkeypatch, capsys, self.made.path)
        self.run.answers.update(postlog=said(), postkick=said())
        self._monkeypatch = monkeypatch

    def __call__(self, **options: Any) -> dict[str, Any]:
        """Run the module on the quarantine and return its result."""
        return self.run(name="spam", **options)

    def quarantined(self) -> dict[str, str]:
        """Return {queue ID: queue} of all messages in the quarantine."""
        files = (path for queue in QUEUES for path in (self.place / queue).rglob("*"))
        return {path.name: path.relative_to(self.place).parts[0] for path in files if path.is_file()}

    def separate(self) -> None:
        """Have the quarantine on another filesystem, as far as the module can see."""
        really, top = moves.rename, str(self.made.path) + "/"

        def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
            sides = [os.readlink("/proc/self/fd/%d" % side).startswith(top) for side in (source_dir, target_dir)]
            if sides[0] != sides[1]:
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            really(source, target, source_dir=source_dir, target_dir=target_dir)

        self._monkeypatch.setattr(moves, "rename", rename)
        self._monkeypatch.setattr(quarantine.Quarantine, "is_elsewhere", lambda *_arguments: True)


def outcomes(**counts: int) -> dict[str, int]:
    """Return the outcomes of a result with these counts."""
    return {**{outcome.value: 0 for outcome in spool_quarantine.OUTCOMES}, **counts}
