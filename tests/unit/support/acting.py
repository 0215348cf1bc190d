# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens to a queue while a module acts on it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock


def between(monkeypatch: pytest.MonkeyPatch, happening: Callable[[], object]) -> None:
    """Have that happen once, after a module has looked and before it acts."""
    write_journal = QueueLock.write_journal

    def write_and_happen(lock: QueueLock, messages: Any, *, stays: bool = False) -> None:
        write_journal(lock, messages, stays=stays)
        monkeypatch.setattr(QueueLock, "write_journal", write_journal)
        happening()

    monkeypatch.setattr(QueueLock, "write_journal", write_and_happen)


class Killed(BaseException):
    """What ends a module as a kill would, without a word."""


@contextmanager
def killed_before(monkeypatch: pytest.MonkeyPatch, owner: object, function: str) -> Iterator[None]:
    """Have the module that is run in here killed before it calls a function."""

    def kill(*_arguments: object, **_options: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(owner, function, kill)
        with pytest.raises(Killed):
            yield
