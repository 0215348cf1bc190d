# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
from ansible_collections.mailops.postfix.plugins.module_utils._module import _lock_sessions
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import log_sources, smtpd_processes
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.smtpd_processes import Ending, Process
from tests.unit.support.runner import FakeRunner

LOCKS = [
    Lock(key, value, "reject", None, None, 1, "ops", None)
    for key, value in (("sasl_username", "stolen@example.com"), ("client_address", "192.0.2.0/24"), ("body", "x"))
]
NOW = time.time()
PROCESSES = [Process(pid, pid, NOW - 10) for pid in (1, 2, 3, 4)]
LINES = """{0} mx postfix/smtpd[1]: connect from a[198.51.100.1]
{0} mx postfix/smtpd[1]: 4A0F9AC12: client=a[198.51.100.1], sasl_method=PLAIN, sasl_username=Stolen@example.com
{0} mx postfix/smtpd[2]: connect from b[192.0.2.7]
{0} mx postfix/smtpd[3]: connect from c[198.51.100.3]
{0} mx postfix/smtpd[4]: connect from d[198.51.100.4]
{0} mx postfix/smtpd[4]: disconnect from d[198.51.100.4]
{0} mx postfix/cleanup[9]: 4A0F9AC12: message-id=<smtpd[1]>
{0} mx app[9]: forged\r{0} mx postfix/smtpd[3]: connect from e[192.0.2.8]
no line
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    log = tmp_path / "mail.log"
    log.write_text(LINES.format(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW))))
    return Instance("/usr/sbin", {"config_directory": "/x", "maillog_file": str(log)}, FakeRunner({}))


def end(
    instance: Instance,
    monkeypatch: pytest.MonkeyPatch,
    ending: Ending,
    *,
    check: bool = False,
    found: list[Process] = PROCESSES,
    files: Sequence[str] = (),
    locks: Sequence[Lock] = LOCKS,
) -> tuple[_lock_sessions.Found, list[str]]:
    """Return what was found, and the warnings."""
    monkeypatch.setattr(smtpd_processes, "sessions_before", lambda *_arguments, **_options: found)
    monkeypatch.setattr(smtpd_processes, "end_processes", lambda _instance, _processes: ending)
    warnings: list[str] = []
    module: Any = SimpleNamespace(check_mode=check, warn=warnings.append, params={"files": files})
    return _lock_sessions.end_sessions(module, instance, locks, moment=NOW, wait=False), warnings


ENDED = Ending({1: "ended", 2: "gone"}, [])


@pytest.mark.parametrize("check", [True, False])
def test_sessions_of_what_is_locked(instance: Instance, monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    found, warnings = end(instance, monkeypatch, ENDED, check=check)
    assert found.rows == [
        {"pid": 1, "sasl_username": "Stolen@example.com", "client_address": "198.51.100.1", "outcome": "ended"},
        {"pid": 2, "sasl_username": None, "client_address": "192.0.2.7", "outcome": "ended" if check else "gone"},
    ]
    assert (found.unknown, found.ended, warnings) == (1, 2, [])


def test_a_signal_is_a_warning(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(instance, monkeypatch, ENDED._replace(signalled=[2]))[1] == [
        (
            "1 sessions did not end when their connections were shut down, and were ended by a signal. Postfix may start no new process of that "
            "service for a minute (service_throttle_time)."
        )
    ]


def test_without_a_log_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance("/usr/sbin", {"config_directory": "/x", "maillog_file": "/nowhere/mail.log"}, FakeRunner({}))
    monkeypatch.setattr(log_sources, "has_journal", lambda: False)
    found, warnings = end(instance, monkeypatch, ENDED)
    assert (found.rows, found.unknown, found.ended) == ([], 4, 0)
    assert warnings[0].startswith("The accounts of 4 open sessions are not known, so no session was ended. ")


def test_the_client_of_a_session_is_known(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    found, warnings = end(instance, monkeypatch, Ending({2: "ended"}, []), locks=LOCKS[1:])
    assert ([row["pid"] for row in found.rows], found.unknown, warnings) == ([2], 0, [])


UNSEEN = (
    "The mail log has no line of %d SMTP server processes that began before the lock, so a session in them was not ended. Name the files of "
    "the mail log in files, then run this again."
)


def test_a_process_that_is_not_in_the_log_is_counted_and_a_warning(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found, warnings = end(instance, monkeypatch, ENDED, found=[*PROCESSES, Process(5, 5, NOW - 10)])
    assert (found.unknown, found.ended, warnings) == (2, 2, [UNSEEN % 1])
    (tmp_path / "empty.log").write_text("")
    found, warnings = end(instance, monkeypatch, Ending({}, []), files=[str(tmp_path / "empty.log")])
    assert (found.rows, found.unknown, found.ended, warnings) == ([], 4, 0, [UNSEEN % 4])


def test_nothing_to_end(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(instance, monkeypatch, ENDED, found=[])[0] == _lock_sessions.Found()
    module: Any = SimpleNamespace(check_mode=False)
    assert _lock_sessions.end_sessions(module, instance, LOCKS[2:], moment=NOW, wait=False) == _lock_sessions.Found()
