# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
from pathlib import Path
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils import _postfix
from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    PrivilegeError,
    QueueIdError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance, Output, Runner, find_instance
from tests.unit.support.runner import FakeRunner, said

PRIMARY = {
    "config_directory": "/etc/postfix",
    "command_directory": "/usr/sbin",
    "queue_directory": "/var/spool/postfix",
    "mail_version": "3.7.11",
    "multi_instance_name": "",
    "multi_instance_directories": "/etc/postfix-in, /etc/postfix-out",
    "enable_long_queue_ids": "no",
    "empty_address_recipient": "MAILER-DAEMON",
}
INSTANCES = {"/etc/postfix": "", "/etc/postfix-in": "postfix-in", "/etc/postfix-out": ""}


def postconf(command: Sequence[str]) -> Output:
    """Answer as postconf -x does."""
    parameters = dict(PRIMARY)
    if "-c" in command:
        directory = command[command.index("-c") + 1]
        if directory not in INSTANCES:
            return said(status=1, err="postconf: fatal: open %s/main.cf: No such file or directory\n" % directory)
        parameters.update(config_directory=directory, multi_instance_name=INSTANCES[directory])
    return said("".join("%s = %s\n" % (name, parameters[name]) for name in command if name in parameters))


@pytest.fixture
def commands(tmp_path: Path) -> str:
    """Return a directory that holds a postconf."""
    for name in ("postconf", "postsuper", "postlog"):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n")
        path.chmod(stat.S_IRWXU)
    return str(tmp_path)


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner(
        {"postconf": postconf, "postsuper": said(err="postsuper: Deleted: 1 message\n"), "postlog": said()}
    )


# --- finding an instance --------------------------------------------------------------------------------------------


def test_the_default_instance_takes_one_call(commands: str, runner: FakeRunner) -> None:
    instance = find_instance(runner, command_directory=commands)
    assert instance.parameters == PRIMARY
    assert instance.command_directory == commands
    assert [command[:2] for command, _stdin in runner.ran] == [[commands + "/postconf", "-x"]]


def test_commands_are_looked_for_where_they_usually_are(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postfix, "COMMAND_DIRECTORIES", ("/nonexistent", commands))
    # Postfix itself knows best where the rest of its commands is.
    assert find_instance(runner).command_directory == "/usr/sbin"


def test_an_instance_by_its_directory(commands: str, runner: FakeRunner) -> None:
    instance = find_instance(runner, config_directory="/etc/postfix-out", command_directory=commands)
    assert instance.config_directory == "/etc/postfix-out"
    assert runner.ran[0][0][:3] == [commands + "/postconf", "-c", "/etc/postfix-out"]


@pytest.mark.parametrize(("name", "directory"), [("-", "/etc/postfix"), ("postfix-in", "/etc/postfix-in")])
def test_an_instance_by_its_name(commands: str, runner: FakeRunner, name: str, directory: str) -> None:
    instance = find_instance(runner, instance=name, command_directory=commands)
    assert instance.config_directory == directory


def test_no_postfix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_postfix, "COMMAND_DIRECTORIES", ("/nonexistent", "/absent"))
    with pytest.raises(InstanceError) as caught:
        find_instance(FakeRunner({}))
    assert str(caught.value) == (
        "There is no Postfix here: no postconf command in /nonexistent, /absent. Install Postfix, or say where it is with "
        "command_directory."
    )
    with pytest.raises(InstanceError, match="no postconf command in /opt/none\\."):
        find_instance(FakeRunner({}), command_directory="/opt/none")


def test_no_such_instance(commands: str, runner: FakeRunner) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, instance="postfix-x", command_directory=commands)
    assert str(caught.value) == "There is no Postfix instance 'postfix-x'; known are -, postfix-in, /etc/postfix-out."


def test_a_directory_that_is_not_absolute(commands: str, runner: FakeRunner) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, config_directory="postfix", command_directory=commands)
    assert str(caught.value) == "config_directory postfix is not an absolute path; write it from / on."


def test_a_directory_without_main_cf(commands: str, runner: FakeRunner) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, config_directory="/etc/x", command_directory=commands)
    assert str(caught.value) == (
        "Postfix cannot be asked about the instance in /etc/x: postconf: fatal: open /etc/x/main.cf: No such file or directory. "
        "Name a directory that holds a main.cf."
    )


def test_a_postconf_that_says_nothing(commands: str) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(FakeRunner({"postconf": said("warning without a sign\n")}), command_directory=commands)
    assert str(caught.value) == (
        "Postfix cannot be asked about the instance in its default directory: postconf said nothing. "
        "Name a directory that holds a main.cf."
    )


# --- what an instance is --------------------------------------------------------------------------------------------


def instance_with(runner: Runner | None = None, **parameters: str) -> Instance:
    return Instance("/usr/sbin", {**PRIMARY, **parameters}, runner or FakeRunner({}))


@pytest.mark.parametrize(
    ("text", "version"),
    [("3.7.11", (3, 7, 11)), ("3.12-20260101", (3, 12)), ("2.10.1", (2, 10, 1)), ("", ()), ("3.9-RC2", (3, 9))],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert instance_with(mail_version=text).version == version


def test_names() -> None:
    assert instance_with().name == "-"
    assert instance_with(multi_instance_name="postfix-in").name == "postfix-in"
    assert instance_with().null_sender == "MAILER-DAEMON"
    assert instance_with(empty_address_recipient="NOBODY").null_sender == "NOBODY"
    assert instance_with(empty_address_recipient="").null_sender == "MAILER-DAEMON"
    assert instance_with(enable_long_queue_ids="yes").long_queue_ids
    assert not instance_with().long_queue_ids
    assert instance_with().identity == {"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"}


def test_commands_name_their_instance() -> None:
    assert instance_with().command("postqueue", "-j") == ["/usr/sbin/postqueue", "-c", "/etc/postfix", "-j"]


def test_whether_the_master_runs(tmp_path: Path) -> None:
    instance = instance_with(queue_directory=str(tmp_path))
    assert instance.running() is False
    (tmp_path / "pid").mkdir()
    path = tmp_path / "pid" / "master.pid"
    path.write_text("123\n")
    assert instance.running() is False
    with path.open() as master:
        fcntl.flock(master, fcntl.LOCK_EX)
        assert instance.running() is True
    path.unlink()
    path.symlink_to("elsewhere")
    assert instance.running() is None


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.mark.usefixtures("as_root")
def test_ids_go_to_postsuper_on_standard_input(runner: FakeRunner) -> None:
    said_by_it = instance_with(runner).postsuper("-d", iter(["4A0F9AC", "4A0F9AD"]), "hold")
    assert said_by_it == "postsuper: Deleted: 1 message\n"
    assert runner.ran == [(["/usr/sbin/postsuper", "-c", "/etc/postfix", "-d", "-", "hold"], "4A0F9AC\n4A0F9AD\n")]


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5d", 432000), ("5", 432000), ("300s", 300), ("2M", 120), ("3h", 10800), ("1w", 604800), ("0", 0), (None, 86400)],
)
def test_times_are_in_their_units(value: str | None, seconds: int) -> None:
    parameters = {} if value is None else {"maximal_queue_lifetime": value}
    assert Instance("/usr/sbin", parameters, FakeRunner({})).seconds("maximal_queue_lifetime", default="1d") == seconds


@pytest.mark.parametrize("value", ["d", "5x", "-1d", "5 d", "$other"])
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(InstanceError) as caught:
        Instance("/usr/sbin", {"queue_run_delay": value}, FakeRunner({})).seconds("queue_run_delay", default="300s")
    assert str(caught.value) == (
        "queue_run_delay = %s is no time that Postfix understands; mend it in main.cf." % value
    )


@pytest.mark.parametrize(("status", "taken"), [(0, True), (-13, True), (1, False), (-9, False)])
def test_a_request_is_taken_where_postkick_ends_well_or_writes_too_late(status: int, taken: bool) -> None:
    runner = FakeRunner({"postkick": said(status=status)})
    parameters = {"config_directory": "/etc/postfix", "queue_service_name": "queues"}
    postfix = Instance("/usr/sbin", parameters, runner)
    assert (postfix.kick("qmgr", "D"), postfix.kick("pickup", "W")) == (taken, taken)
    assert [command[3:] for command, _stdin in runner.ran] == [["public", "queues", "D"], ["public", "pickup", "W"]]


def test_ids_go_to_postsuper_in_texts_that_fit_into_a_pipe(runner: FakeRunner) -> None:
    ids = ["4A0F%06X" % number for number in range(5000)]
    said_by_it = instance_with(runner).postsuper("-h", ids, "deferred")
    texts = [stdin for _command, stdin in runner.ran]
    assert "".join(texts).split() == ids
    assert [len(text) for text in texts[:-1]] == [16379] * 3
    assert said_by_it == "postsuper: Deleted: 1 message\n" * 4


def test_what_is_no_queue_id_never_reaches_postsuper(runner: FakeRunner) -> None:
    with pytest.raises(QueueIdError) as caught:
        instance_with(runner).postsuper("-d", ["4A0F9AC", "ALL\nx"], "hold")
    assert str(caught.value) == r"not a queue ID: 'ALL\nx'"
    assert runner.ran == []


@pytest.mark.usefixtures("as_root")
def test_a_postsuper_that_fails() -> None:
    runner = FakeRunner({"postsuper": said(status=1, err="postsuper: fatal: aborted\n")})
    with pytest.raises(CommandError) as caught:
        instance_with(runner).postsuper("-h", ["4A0F9AC"])
    assert (
        str(caught.value)
        == "/usr/sbin/postsuper -c /etc/postfix -h - failed with exit status 1: postsuper: fatal: aborted"
    )


def test_only_root_may_change_the_queue(runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PrivilegeError) as caught:
        instance_with(runner).require_postsuper()
    assert str(caught.value) == "Only root may read and change the queue: run this task with become: true."
    assert runner.ran == []


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("log", "running", "works"), [("/var/log/x", False, False), ("/var/log/x", True, True), ("", False, True)]
)
def test_postsuper_cannot_log_to_a_file_while_postfix_is_stopped(
    monkeypatch: pytest.MonkeyPatch, log: str, *, running: bool, works: bool
) -> None:
    monkeypatch.setattr(Instance, "running", lambda _instance: running)
    instance = instance_with(maillog_file=log)
    if works:
        instance.require_postsuper()
        return
    with pytest.raises(InstanceError) as caught:
        instance.require_postsuper()
    assert str(caught.value) == (
        "Postfix is stopped, and without its postlogd postsuper cannot log to /var/log/x, where maillog_file points: it would end "
        "halfway. Start Postfix, or empty maillog_file, so that it logs through syslog."
    )


def test_lines_in_the_mail_log(runner: FakeRunner) -> None:
    instance_with(runner).log("mailops/purge", ["purged=1 $(reboot)", "-v"])
    command = ["/usr/sbin/postlog", "-c", "/etc/postfix", "-p", "info", "-t", "mailops/purge"]
    assert runner.ran == [(command, "purged=1 $(reboot)\n-v\n")]
    with pytest.raises(CommandError, match="failed with exit status 1: no output"):
        instance_with(FakeRunner({"postlog": said(status=1)})).log("x", ["y"])


# --- the real runner ------------------------------------------------------------------------------------------------


def test_a_command_runs_as_argv_in_the_c_locale_with_its_input_as_it_is() -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        asked.append((command, options))
        return 3, "out\n", "problem\n"

    assert Runner(run_command).run(["/usr/sbin/postsuper", "-d", "-"], stdin="4A0F9AC\n") == Output(
        3, "out\n", "problem\n"
    )
    [(command, options)] = asked
    assert command == ["/usr/sbin/postsuper", "-d", "-"]
    assert (options["data"], options["binary_data"]) == (b"4A0F9AC\n", True)
    assert options["environ_update"]["LC_ALL"] == "C"
    assert options["expand_user_and_vars"] is False
    assert "use_unsafe_shell" not in options


def test_a_command_that_is_not_there() -> None:
    def run_command(command: list[str], **_options: Any) -> tuple[int, str, str]:
        raise FileNotFoundError(2, "No such file or directory", command[0])

    with pytest.raises(InstanceError) as caught:
        Runner(run_command).run(["/nonexistent/postqueue", "-j"])
    assert str(caught.value) == "/nonexistent/postqueue cannot be run: No such file or directory."


def test_lines_are_consumed_while_the_command_runs() -> None:
    taken: list[bytes] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            options["before_communicate_callback"](process)
            return process.wait(), "", ""

    output = Runner(run_command).run(["printf", "a\\nb\\n"], consume=taken.extend)
    assert output == Output(0, "", "")
    assert taken == [b"a\n", b"b\n"]
    Runner(run_command).run(["true"])
