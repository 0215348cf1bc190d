# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import CommandError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import smtpd_processes
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from tests.unit.support.runner import FakeRunner, said

# A process that serves a client, ends when that has left, and ignores it if there is a second argument.
SERVE = """
import socket, sys, time
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.sendall(b"x")
client.recv(1)
if sys.argv[2:]:
    time.sleep(60)
"""


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """An instance whose master daemon is this process, and whose smtpd is Python."""
    (tmp_path / "pid").mkdir()
    (tmp_path / "pid" / "master.pid").write_text("%16d\n" % os.getpid())
    (tmp_path / "smtpd").symlink_to(os.path.realpath(sys.executable))
    parameters = {
        "queue_directory": str(tmp_path),
        "daemon_directory": str(tmp_path),
        "config_directory": "/etc/postfix",
    }
    return Instance("/usr/sbin", parameters, FakeRunner({"postfix": said()}))


class Clients:
    """Starts processes that serve a client."""

    def __init__(self) -> None:
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(5)
        self.processes = []  # type: list[subprocess.Popen[bytes]]
        self.connections = []  # type: list[socket.socket]

    def start(self, *arguments: str) -> int:
        port = str(self.listener.getsockname()[1])
        self.processes.append(subprocess.Popen([sys.executable, "-c", SERVE, port, *arguments]))
        connection, _address = self.listener.accept()
        connection.recv(1)
        self.connections.append(connection)
        return self.processes[-1].pid


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    for process in made.processes:
        process.kill()
        process.wait()
    for connection in (*made.connections, made.listener):
        connection.close()


def test_processes_of_this_master_only(instance: Instance, clients: Clients, tmp_path: Path) -> None:
    pid = clients.start()
    [found] = smtpd_processes.children_of(instance, "smtpd")
    assert found.pid == pid
    assert abs(found.started - time.time()) < 30
    assert smtpd_processes.children_of(instance, "qmgr") == []
    # A process without children.
    (tmp_path / "pid" / "master.pid").write_text(str(pid))
    assert smtpd_processes.children_of(instance, "smtpd") == []
    (tmp_path / "pid" / "master.pid").write_text("?")
    assert smtpd_processes.children_of(instance, "smtpd") == []


def test_a_session_ends_by_itself_when_its_connection_is_shut_down(instance: Instance, clients: Clients) -> None:
    pid = clients.start()
    other = clients.start()
    [process] = [found for found in smtpd_processes.children_of(instance, "smtpd") if found.pid == pid]
    ending = smtpd_processes.end_processes(instance, [process])
    assert ending.outcomes == {pid: "ended"}
    assert clients.connections[0].recv(1) == b""
    assert [found.pid for found in smtpd_processes.children_of(instance, "smtpd")] == [other]
    # Without a descriptor of the process, it gets a signal.
    assert clients.processes[0].wait() == (-15 if ending.signalled else 0)


def hurry_until_the_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the wait for a process that does not end be short, and the one for its end after a signal long enough for any machine."""
    really = smtpd_processes._terminate  # noqa: SLF001

    def terminate(instance: Instance, process: smtpd_processes.Process) -> None:
        monkeypatch.setattr(smtpd_processes, "_END_SECONDS", 60)
        really(instance, process)

    monkeypatch.setattr(smtpd_processes, "_END_SECONDS", 0.1)
    monkeypatch.setattr(smtpd_processes, "_terminate", terminate)


def test_a_session_that_does_not_end_gets_a_signal(
    instance: Instance, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry_until_the_signal(monkeypatch)
    clients.start("stays")
    ending = smtpd_processes.end_processes(instance, smtpd_processes.children_of(instance, "smtpd"))
    pid = clients.processes[0].pid
    assert ending == ({pid: "ended"}, [pid])
    assert clients.processes[0].wait() == -15


def test_on_an_old_kernel_it_gets_a_signal(
    instance: Instance, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtpd_processes, "_LIBRARY", None)
    hurry_until_the_signal(monkeypatch)
    pid = clients.start()
    assert smtpd_processes.end_processes(instance, smtpd_processes.children_of(instance, "smtpd")).outcomes == {
        pid: "ended"
    }
    assert clients.processes[0].wait() == -15


def test_a_process_id_that_was_reused_is_not_hit(instance: Instance, clients: Clients) -> None:
    clients.start()
    [process] = smtpd_processes.children_of(instance, "smtpd")
    before = process._replace(ticks=process.ticks - 1)
    assert smtpd_processes.end_processes(instance, [before]) == ({process.pid: "gone"}, [])
    smtpd_processes._terminate(instance, before)  # noqa: SLF001  what is between is a matter of time
    assert clients.processes[0].poll() is None


def test_a_process_that_nothing_ends_has_failed(
    instance: Instance, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtpd_processes, "_END_SECONDS", 0.05)
    monkeypatch.setattr(smtpd_processes, "_shut_down", lambda *_arguments: True)
    monkeypatch.setattr(smtpd_processes, "_terminate", lambda *_arguments: None)
    pid = clients.start()
    assert smtpd_processes.end_processes(instance, smtpd_processes.children_of(instance, "smtpd")).outcomes == {
        pid: "failed"
    }


def test_sessions_before_a_moment(instance: Instance, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtpd_processes, "_IDLE_SECONDS", 0.05)
    pid = clients.start()
    now = time.time()
    assert [found.pid for found in smtpd_processes.sessions_before(instance, now + 5, wait=True)] == [pid]
    assert smtpd_processes.sessions_before(instance, now - 60, wait=False) == []


def test_reload(instance: Instance, clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smtpd_processes.reload(instance)
    # An old queue manager is waited for.
    (tmp_path / "smtpd").rename(tmp_path / "qmgr")
    monkeypatch.setattr(smtpd_processes, "_RELOAD_SECONDS", 0.1)
    clients.start()
    began = time.monotonic()
    smtpd_processes.reload(instance)
    assert time.monotonic() - began >= 0.1
    failing = Instance("/usr/sbin", instance.parameters, FakeRunner({"postfix": said(status=1, err="fatal: no")}))
    with pytest.raises(CommandError, match="reload failed with exit status 1: fatal: no"):
        smtpd_processes.reload(failing)


def test_what_is_no_connection_stays_open() -> None:
    listener = socket.socket()
    listener.listen(1)
    copy = os.dup(listener.fileno())
    smtpd_processes._shut_down_connection(copy)  # noqa: SLF001  a listening socket is shared with the master daemon
    client = socket.create_connection(listener.getsockname())
    client.close()
    listener.close()
    reader, writer = os.pipe()
    smtpd_processes._shut_down_connection(os.dup(writer))  # noqa: SLF001  no socket at all
    os.write(writer, b"x")
    os.close(reader)
    os.close(writer)
