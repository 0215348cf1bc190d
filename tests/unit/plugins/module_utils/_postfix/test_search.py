# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import search
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.search import find_instance
from tests.unit.support.runner import FakeRunner, said

PRIMARY = {
    "config_directory": "/etc/postfix",
    "command_directory": "/usr/sbin",
    "queue_directory": "/var/spool/postfix",
    "data_directory": "/var/lib/postfix",
    "mail_version": "3.7.11",
    "multi_instance_name": "",
    "multi_instance_directories": "/etc/postfix-in, /etc/postfix-out",
    "enable_long_queue_ids": "no",
    "empty_address_recipient": "MAILER-DAEMON",
}
INSTANCES = {"/etc/postfix": "", "/etc/postfix-in": "postfix-in", "/etc/postfix-out": ""}


def postconf(command: Sequence[str]) -> Output:
    """Answer like postconf -x."""
    parameters = dict(PRIMARY)
    if "-d" in command:
        return said("/etc/postfix\n")
    if "-c" in command:
        directory = command[command.index("-c") + 1]
        if directory not in INSTANCES:
            return said(status=1, err="postconf: fatal: open %s/main.cf: No such file or directory\n" % directory)
        parameters.update(
            config_directory=directory,
            multi_instance_name=INSTANCES[directory],
            queue_directory="/var/spool" + directory[4:],
            data_directory="/var/lib" + directory[4:],
        )
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


def test_the_default_instance_takes_one_call(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = find_instance(runner, command_directory=commands)
    assert instance.parameters == PRIMARY
    assert instance.command_directory == commands
    assert instance.warnings == ()
    # The other two are read to see whether they have their own queue directories.
    assert [command[1:3] for command, _stdin in runner.ran[1:]] == [
        ["-c", "/etc/postfix-in"],
        ["-c", "/etc/postfix-out"],
    ]
    runner.ran.clear()
    monkeypatch.setitem(PRIMARY, "multi_instance_directories", "")
    find_instance(runner, command_directory=commands)
    assert [command[:2] for command, _stdin in runner.ran] == [[commands + "/postconf", "-x"]]


def test_commands_are_searched_in_the_usual_directories(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "COMMAND_DIRECTORIES", ("/nonexistent", commands))
    # postconf says where the other commands are.
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
    monkeypatch.setattr(search, "COMMAND_DIRECTORIES", ("/nonexistent", "/absent"))
    with pytest.raises(InstanceError) as caught:
        find_instance(FakeRunner({}))
    assert str(caught.value) == (
        "There is no Postfix here: no postconf command in /nonexistent, /absent. Install Postfix, or set command_directory to "
        "the directory that holds Postfix's commands."
    )
    with pytest.raises(InstanceError, match="no postconf command in /opt/none\\."):
        find_instance(FakeRunner({}), command_directory="/opt/none")


def test_no_such_instance(commands: str, runner: FakeRunner) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, instance="postfix-x", command_directory=commands)
    assert str(caught.value) == (
        "There is no Postfix instance 'postfix-x'. Use one of the known names: -, postfix-in, /etc/postfix-out."
    )


def test_an_instance_listed_after_an_unreadable_one(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRIMARY, "multi_instance_directories", "/etc/gone /etc/postfix-in")
    found = find_instance(runner, instance="postfix-in", command_directory=commands)
    assert found.config_directory == "/etc/postfix-in"
    skipped = (
        "multi_instance_directories in /etc/postfix/main.cf names /etc/gone, which was skipped. postconf fails for the "
        "instance in /etc/gone: there is no such directory. Name a directory that holds a main.cf."
    )
    assert found.warnings == (skipped,)
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, instance="postfix-x", command_directory=commands)
    assert str(caught.value) == (
        "There is no Postfix instance 'postfix-x'. Use one of the known names: -, postfix-in. " + skipped
    )
    # A search without a name gives no such warning.
    assert find_instance(runner, command_directory=commands).warnings == ()


def test_a_directory_that_is_not_absolute(commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, config_directory="postfix", command_directory=commands)
    assert str(caught.value) == "config_directory postfix is not an absolute path. Write the whole path, from / on."
    monkeypatch.setenv("MAIL_CONFIG", "postfix")
    with pytest.raises(InstanceError, match="MAIL_CONFIG postfix is not an absolute path"):
        find_instance(runner, command_directory=commands)


@pytest.mark.parametrize(
    "asked", ["/etc/postfix-out/", "//etc//postfix-out", "/etc/./postfix-out", "/etc/x/../postfix-out"]
)
def test_a_directory_is_given_to_commands_as_postfix_lists_it(commands: str, runner: FakeRunner, asked: str) -> None:
    found = find_instance(runner, config_directory=asked, command_directory=commands)
    assert found.command("postfix", "stop") == [commands + "/postfix", "-c", "/etc/postfix-out", "stop"]
    assert runner.ran[0][0][1:3] == ["-c", "/etc/postfix-out"]


# --- configurations that contradict themselves ----------------------------------------------------------------------


@pytest.fixture
def copied() -> FakeRunner:
    """Answer for /etc/postfix-out with a copy of the primary main.cf."""

    def answer(command: Sequence[str]) -> Output:
        output = postconf(command)
        if "/etc/postfix-out" not in command:
            return output
        return said(output.out.replace("/etc/postfix-out\n", "/etc/postfix\n").replace("/postfix-out", "/postfix"))

    return FakeRunner({"postconf": answer})


def test_the_requested_directory_is_the_instance(commands: str, copied: FakeRunner) -> None:
    found = find_instance(copied, config_directory="/etc/postfix-out", command_directory=commands)
    assert found.command("postfix", "stop") == [commands + "/postfix", "-c", "/etc/postfix-out", "stop"]
    assert found.identity == {"config_directory": "/etc/postfix-out", "queue_directory": "/var/spool/postfix"}
    assert found.main_cf == "/etc/postfix-out/main.cf"
    assert found.warnings == (
        (
            "/etc/postfix-out/main.cf says config_directory = /etc/postfix. The instance in /etc/postfix-out is used, as requested. "
            "Remove config_directory from that main.cf."
        ),
        (
            "The instances in /etc/postfix-out and /etc/postfix have the same queue_directory, /var/spool/postfix: a change to one of "
            "them changes the other. Give each instance its own in its main.cf."
        ),
        (
            "The instances in /etc/postfix-out and /etc/postfix have the same data_directory, /var/lib/postfix: a change to one of "
            "them changes the other. Give each instance its own in its main.cf."
        ),
    )
    assert found.shared_with == ("/etc/postfix",)
    with pytest.raises(InstanceError) as caught:
        found.require_own_queue()
    assert str(caught.value) == (
        "The instances in /etc/postfix-out and /etc/postfix have the same queue_directory, /var/spool/postfix. Nothing was touched. "
        "Give each instance its own in its main.cf."
    )


def test_the_primary_instance_sees_that_another_one_has_its_queue(commands: str, copied: FakeRunner) -> None:
    found = find_instance(copied, instance="-", command_directory=commands)
    assert found.shared_with == ("/etc/postfix-out",)
    # The contradiction in the other main.cf concerns no requested instance.
    assert [text.split(",")[0] for text in found.warnings] == [
        "The instances in /etc/postfix and /etc/postfix-out have the same queue_directory",
        "The instances in /etc/postfix and /etc/postfix-out have the same data_directory",
    ]


def test_instances_with_their_own_queues(commands: str, runner: FakeRunner) -> None:
    found = find_instance(runner, config_directory="/etc/postfix-in", command_directory=commands)
    assert (found.warnings, found.shared_with) == ((), ())
    found.require_own_queue()


def test_without_a_primary_instance_no_other_instance_is_known(commands: str) -> None:
    def answer(command: Sequence[str]) -> Output:
        if "-d" in command:
            return said("/etc/nowhere\n")
        return said(status=1) if "/etc/nowhere" in command else postconf(command)

    found = find_instance(
        FakeRunner({"postconf": answer}), config_directory="/etc/postfix-in", command_directory=commands
    )
    assert (found.warnings, found.shared_with) == ((), ())


@pytest.mark.parametrize("built_in", ["/opt/zimbra/conf", "/etc/postfix"])
def test_a_default_directory_elsewhere(commands: str, built_in: str) -> None:
    def answer(command: Sequence[str]) -> Output:
        if "-d" in command:
            return said(built_in + "\n")
        return said("config_directory = /opt/zimbra/conf\nqueue_directory = /opt/zimbra/data/postfix/spool\n")

    found = find_instance(FakeRunner({"postconf": answer}), command_directory=commands)
    assert found.config_directory == built_in
    assert len(found.warnings) == (built_in == "/etc/postfix")


def test_the_instance_of_the_environment(commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default is that of Postfix's own commands; a name or a directory overrides it."""
    monkeypatch.setenv("MAIL_CONFIG", "/etc/postfix-out")
    asked: list[dict[str, str]] = [
        {},
        {"instance": "-"},
        {"instance": "postfix-in"},
        {"config_directory": "/etc/postfix"},
    ]
    found = [find_instance(runner, command_directory=commands, **options).config_directory for options in asked]
    assert found == ["/etc/postfix-out", "/etc/postfix", "/etc/postfix-in", "/etc/postfix"]


# --- what postconf cannot answer ------------------------------------------------------------------------------------


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "etc"
    path.mkdir()
    return path


def refusal(commands: str, directory: Path, out: str = "", **answer: Any) -> str:
    """Return the text of the error about an instance, with X in place of its directory."""
    with pytest.raises(InstanceError) as caught:
        find_instance(
            FakeRunner({"postconf": said(out, **answer)}), config_directory=str(directory), command_directory=commands
        )
    what = "postconf fails for the instance in %s: " % directory
    assert str(caught.value).startswith(what)
    return str(caught.value)[len(what) :].replace(str(directory), "X")


def test_a_directory_that_does_not_exist(commands: str, directory: Path) -> None:
    assert refusal(commands, directory / "x", status=1, err="postconf: fatal: open main.cf: No such file") == (
        "there is no such directory. Name a directory that holds a main.cf."
    )


def test_a_file_in_place_of_a_directory(commands: str, directory: Path) -> None:
    (directory / "main.cf").touch()
    assert refusal(commands, directory / "main.cf", status=1) == (
        "it is not a directory. Name a directory that holds a main.cf."
    )


def test_a_directory_without_main_cf(commands: str, directory: Path) -> None:
    assert refusal(commands, directory, status=1, err="postconf: fatal: open X/main.cf: No such file or directory") == (
        "there is no main.cf in it. Name a directory that holds a main.cf, or restore that file."
    )


@pytest.mark.parametrize("name", ["main.cf", ""])
def test_a_main_cf_without_read_permission(
    commands: str, directory: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (directory / "main.cf").touch()
    real_open = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if path == str(directory / name):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert refusal(commands, directory, status=1, err="postconf: fatal: open X/main.cf: Permission denied") == (
        "%s cannot be read: Permission denied. Run this as root (become: true)." % ("X/main.cf" if name else "X")
    )


def test_a_main_cf_with_an_error(commands: str, directory: Path) -> None:
    (directory / "main.cf").touch()
    err = (
        "postconf: warning: x\npostconf: fatal: %s/main.cf, line 3:\n missing '=' after attribute name: \"hello\"\n"
        % directory
    )
    assert refusal(commands, directory, status=1, err=err) == (
        "fatal: X/main.cf, line 3: missing '=' after attribute name: \"hello\". Correct X/main.cf, then check it with "
        "postconf -c X."
    )


@pytest.mark.parametrize(("out", "status"), [("", 0), ("a line without a sign\n", 0), ("", -9)])
def test_a_postconf_that_prints_nothing(commands: str, directory: Path, out: str, status: int) -> None:
    (directory / "main.cf").touch()
    assert refusal(commands, directory, out=out, status=status) == (
        "it ended with status %d and printed nothing. Run postconf -c X by hand. If it prints nothing there either, reinstall Postfix."
        % status
    )


def test_a_default_instance_that_does_not_answer(commands: str, directory: Path) -> None:
    def answer(command: Sequence[str]) -> Output:
        return said("%s\n" % directory) if "-d" in command else said(status=1, err="fatal: no\n")

    with pytest.raises(InstanceError, match="the instance in %s: there is no main.cf in it" % directory):
        find_instance(FakeRunner({"postconf": answer}), command_directory=commands)


def test_a_postconf_without_execute_permission(tmp_path: Path) -> None:
    (tmp_path / "postconf").write_text("")
    (tmp_path / "postconf").chmod(0o644)
    with pytest.raises(InstanceError) as caught:
        find_instance(FakeRunner({}), command_directory=str(tmp_path))
    assert str(caught.value) == (
        "%s/postconf exists, but this user cannot run it. Make it executable (chmod 755), or set command_directory to the directory that "
        "holds Postfix's commands." % tmp_path
    )
