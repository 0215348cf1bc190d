# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Callable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import service as _service
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance, Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.service import service_left, service_of, stopped
from tests.unit.support.runner import FakeRunner, said


class Host:
    """An instance whose commands start and stop it, unless they are broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
        self.state = place / "running"
        self.state.write_text("")
        self.broken: set[str] = set()
        self.runner = FakeRunner(
            {"postfix": lambda command: self.obey(command[-1]), "systemctl": lambda c: self.obey(c[1])}
        )
        self.instance = Instance(
            "/sbin", {"config_directory": "/etc/postfix", "queue_directory": str(place)}, self.runner
        )
        monkeypatch.setattr(Instance, "running", lambda _self: self.state.exists())

    def obey(self, action: str) -> Output:
        if action in self.broken:
            return said(status=1, err="fatal: no")
        if action == "stop":
            self.state.unlink()
        else:
            self.state.write_text("")
        return said()

    def ran(self) -> list[str]:
        return [" ".join(command) for command, _stdin in self.runner.ran]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    return Host(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        pytest.param("0::/system.slice/system-postfix.slice/postfix@-.service\n", "postfix@-.service", id="Debian"),
        pytest.param("0::/system.slice/postfix.service\n", "postfix.service", id="one unit"),
        pytest.param(
            "12:pids:/system.slice/postfix@two.service\n1:name=systemd:/system.slice/postfix@two.service\n0::/x\n",
            "postfix@two.service",
            id="several hierarchies",
        ),
        pytest.param("0::/system.slice/ssh.service\n", None, id="started from a login"),
        pytest.param("0::/user.slice/session-3.scope\n", None, id="a session"),
        pytest.param("0::/system.slice/postfix.service/child\n", None, id="below a unit"),
        pytest.param("0::/system.slice/postfixadmin.service\n", None, id="another service"),
    ],
)
def test_the_unit_is_the_one_that_the_master_runs_in(cgroup: str, unit: str | None) -> None:
    found = _service._UNIT.search(cgroup)  # noqa: SLF001  the format is what is tested
    assert (found.group(1) if found else None) == unit


@pytest.mark.parametrize(
    ("arguments", "foreground"),
    [
        pytest.param(["/usr/lib/postfix/sbin/master", "-w"], False, id="postfix start"),
        pytest.param(["/usr/lib/postfix/sbin/master", "-c", "/etc/postfix-two", "-w"], False, id="with a directory"),
        pytest.param(["/usr/lib/postfix/sbin/master", "-vw"], False, id="flags in one word"),
        pytest.param(["/usr/lib/postfix/sbin/master", "-s"], True, id="postfix start-fg"),
        pytest.param(["/usr/lib/postfix/sbin/master", "-i"], True, id="postfix start-fg as process 1"),
        pytest.param(["/usr/libexec/postfix/master", "-d"], True, id="a run script of runit"),
        pytest.param(["/usr/libexec/postfix/master", "-c", "-w"], True, id="a value"),
        pytest.param(["/usr/libexec/postfix/master", "-cw"], True, id="a value in the same word"),
        pytest.param(["/usr/libexec/postfix/master"], True, id="without anything"),
    ],
)
def test_the_command_line_says_who_watches_the_master(arguments: list[str], foreground: bool) -> None:
    assert _service.is_in_foreground(arguments) is foreground


def supervised(host: Host, monkeypatch: pytest.MonkeyPatch, process: int, *arguments: str) -> None:
    """Have a master process with that number and command line."""
    place = host.state.parent / "proc"
    (place / "self").mkdir(parents=True)
    (host.state.parent / "pid").mkdir()
    (host.state.parent / "pid" / "master.pid").write_text("%10d\n" % process)
    if arguments:
        (place / str(process)).mkdir()
        (place / str(process) / "cmdline").write_text("".join(word + "\0" for word in arguments))
    monkeypatch.setattr(_service, "_PROC", str(place))


BY_HAND = "Stop Postfix where it was started, run this with service: none, and start it again; or use mode: messages."
PROCESS_1 = (
    "Postfix is process 1 of this container, and stopping it would end the container. Nothing was touched. Stop the container, run "
    "this with service: none where its queue directory is mounted, and start the container again; or use mode: messages."
)
FOREGROUND = (
    "Postfix runs in the foreground (process 17, as postfix start-fg starts it), so a supervisor or a container watches it and would "
    "start it again, or end, while the queues are moved. Nothing was touched. " + BY_HAND
)
ELSEWHERE = (
    "Postfix runs, but process %d, which {place}/pid/master.pid names, is no master daemon here: it runs in another container or PID "
    "namespace. Nothing was touched. " + BY_HAND
)
REFUSED: list[tuple[int, list[str], str]] = [
    (1, ["/usr/lib/postfix/sbin/master", "-i"], PROCESS_1),
    (17, ["/usr/lib/postfix/sbin/master", "-s"], FOREGROUND),
    (17, ["/usr/sbin/cron", "-f"], ELSEWHERE % 17),
    (1, [], ELSEWHERE % 1),
]


@pytest.mark.parametrize("choice", ["auto", "postfix"])
@pytest.mark.parametrize(("process", "arguments", "text"), REFUSED)
def test_what_a_supervisor_watches_is_not_stopped(
    host: Host, monkeypatch: pytest.MonkeyPatch, choice: str, process: int, arguments: list[str], text: str
) -> None:
    supervised(host, monkeypatch, process, *arguments)
    with pytest.raises(InstanceError) as caught:
        service_of(choice, host.instance)
    assert str(caught.value) == text.format(place=host.state.parent)
    assert host.ran() == []


def test_a_unit_of_systemd_may_run_it_in_the_foreground(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    supervised(host, monkeypatch, 17, "/usr/lib/postfix/sbin/master", "-s")
    monkeypatch.setattr(_service, "_unit", lambda _instance: "postfix.service")
    assert service_of("auto", host.instance) == (host.instance, "postfix.service")


def test_a_daemon_is_stopped(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    supervised(host, monkeypatch, 17, "/usr/lib/postfix/sbin/master", "-w")
    assert service_of("auto", host.instance) == (host.instance, None)


def test_a_unit_of_the_host_is_none_of_the_container(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.state.parent / "pid").mkdir()
    (host.state.parent / "pid" / "master.pid").write_text("%10d\n" % os.getpid())
    monkeypatch.setattr(_service, "_UNIT", re.compile("(.*)"))
    monkeypatch.setattr(_service, "_BOOTED", str(host.state.parent))
    assert _service._unit(host.instance) is not None  # noqa: SLF001  only a host with systemd shows it
    monkeypatch.setattr(_service, "_BOOTED", str(host.state.parent / "nowhere"))
    assert _service._unit(host.instance) is None  # noqa: SLF001


def test_what_does_not_run_is_not_stopped(host: Host) -> None:
    host.state.unlink()
    assert service_of("auto", host.instance) is None
    with stopped(None, prepare=lambda: None) as outage:
        pass
    assert outage.seconds == 0.0
    assert host.ran() == []


def test_it_is_started_by_what_stopped_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_service, "_unit", lambda _instance: "postfix@-.service")
    with stopped(service_of("auto", host.instance), prepare=lambda: None) as outage:
        assert not host.state.exists()
        time.sleep(0.01)
    assert 0.01 <= outage.seconds < 5
    with stopped(service_of("postfix", host.instance), prepare=lambda: None):
        pass
    assert host.ran() == [
        "systemctl stop postfix@-.service",
        "systemctl start postfix@-.service",
        "/sbin/postfix -c /etc/postfix stop",
        "/sbin/postfix -c /etc/postfix start",
    ]


def test_it_is_started_whatever_failed(host: Host) -> None:
    with pytest.raises(ZeroDivisionError), stopped(service_of("auto", host.instance), prepare=lambda: None):
        raise ZeroDivisionError
    assert host.state.exists()


def test_what_does_not_stop_or_start_is_told(host: Host) -> None:
    text = (
        "Postfix does not %s: /sbin/postfix -c /etc/postfix %s failed with exit status 1: fatal: no. Look at the mail log for "
        "the reason, and start Postfix if mail is down."
    )
    for action in ("stop", "start"):
        host.broken = {action}
        with pytest.raises(InstanceError) as caught, stopped(service_of("auto", host.instance), prepare=lambda: None):
            assert action == "start"
        assert str(caught.value) == text % (action, action)
    assert not host.state.exists()


def test_a_start_that_fails_once_is_tried_again(host: Host) -> None:
    def obey(command: Sequence[str]) -> Output:
        host.broken = set() if [command[-1] for command, _stdin in host.runner.ran].count("start") > 1 else {"start"}
        return host.obey(command[-1])

    host.runner.answers = {"postfix": obey}
    with stopped(service_of("postfix", host.instance), prepare=lambda: None):
        pass
    assert [line.split()[-1] for line in host.ran()] == ["stop", "start", "start"]
    assert host.state.exists()


def test_a_signal_waits_until_it_is_started(host: Host) -> None:
    seen: list[bool] = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append(host.state.exists()))
    try:
        with stopped(service_of("auto", host.instance), prepare=lambda: None):
            os.kill(os.getpid(), signal.SIGTERM)
            assert seen == []
        assert seen == [True]
    finally:
        signal.signal(signal.SIGTERM, before)


def wait_for(condition: Callable[[], bool]) -> None:
    for _attempt in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not happen")


def test_another_process_starts_it_where_the_first_is_killed(host: Host, tmp_path: Path) -> None:
    process = os.fork()
    if not process:
        with stopped(service_of("auto", host.instance), prepare=(tmp_path / "mended").touch):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(process, 0)
    wait_for((tmp_path / "mended").exists)
    wait_for(host.state.exists)


def test_a_stop_that_outlives_the_first_process_is_waited_for(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_service, "_STOPPING_SECONDS", 2)

    def stop_later_and_die(_service: object) -> None:
        if not os.fork():
            time.sleep(0.3)
            host.state.rename(host.state.with_name("was running"))
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(_service.Service, "stop", stop_later_and_die)
    process = os.fork()
    if not process:
        with stopped(service_of("auto", host.instance), prepare=lambda: None):
            pass
    os.waitpid(process, 0)
    wait_for(host.state.with_name("was running").exists)
    wait_for(host.state.exists)


def test_what_an_interrupted_run_left_is_started_by_a_unit_of_postfix_only(host: Host) -> None:
    assert service_left(host.instance, "postfix.service").command("start") == ["systemctl", "start", "postfix.service"]
    for unit in (None, "ssh.service", "../postfix.service\n"):
        assert service_left(host.instance, unit).command("start")[0] == "/sbin/postfix"
