# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    PrivilegeError,
    QueueIdError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import instance as _postfix
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import (
    Instance,
    Output,
    Runner,
    find_instance,
)
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
    """Answer as postconf -x does."""
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


# --- finding an instance --------------------------------------------------------------------------------------------


def test_the_default_instance_takes_one_call(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = find_instance(runner, command_directory=commands)
    assert instance.parameters == PRIMARY
    assert instance.command_directory == commands
    assert instance.warnings == ()
    # The other two are asked whether they have a queue directory of their own.
    assert [command[1:3] for command, _stdin in runner.ran[1:]] == [
        ["-c", "/etc/postfix-in"],
        ["-c", "/etc/postfix-out"],
    ]
    runner.ran.clear()
    monkeypatch.setitem(PRIMARY, "multi_instance_directories", "")
    find_instance(runner, command_directory=commands)
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
    assert str(caught.value) == (
        "There is no Postfix instance 'postfix-x'; known are -, postfix-in, /etc/postfix-out. Use one of these names."
    )


def test_an_instance_behind_a_dead_directory(
    commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRIMARY, "multi_instance_directories", "/etc/dead /etc/postfix-in")
    found = find_instance(runner, instance="postfix-in", command_directory=commands)
    assert found.config_directory == "/etc/postfix-in"
    dead = (
        "multi_instance_directories in /etc/postfix/main.cf names /etc/dead, which was skipped. Postfix cannot be asked about the "
        "instance in /etc/dead: there is no such directory. Name a directory that holds a main.cf."
    )
    assert found.warnings == (dead,)
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, instance="postfix-x", command_directory=commands)
    assert str(caught.value) == (
        "There is no Postfix instance 'postfix-x'; known are -, postfix-in. Use one of these names. " + dead
    )
    # Who does not ask by a name does not get to hear of it.
    assert find_instance(runner, command_directory=commands).warnings == ()


def test_a_directory_that_is_not_absolute(commands: str, runner: FakeRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InstanceError) as caught:
        find_instance(runner, config_directory="postfix", command_directory=commands)
    assert str(caught.value) == "config_directory postfix is not an absolute path; write it from / on."
    monkeypatch.setenv("MAIL_CONFIG", "postfix")
    with pytest.raises(InstanceError, match="MAIL_CONFIG postfix is not an absolute path"):
        find_instance(runner, command_directory=commands)


@pytest.mark.parametrize(
    "asked", ["/etc/postfix-out/", "//etc//postfix-out", "/etc/./postfix-out", "/etc/x/../postfix-out"]
)
def test_a_directory_is_asked_as_postfix_lists_it(commands: str, runner: FakeRunner, asked: str) -> None:
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


def test_the_directory_that_was_asked_for_is_the_instance(commands: str, copied: FakeRunner) -> None:
    found = find_instance(copied, config_directory="/etc/postfix-out", command_directory=commands)
    assert found.command("postfix", "stop") == [commands + "/postfix", "-c", "/etc/postfix-out", "stop"]
    assert found.identity == {"config_directory": "/etc/postfix-out", "queue_directory": "/var/spool/postfix"}
    assert found.main_cf == "/etc/postfix-out/main.cf"
    assert found.warnings == (
        (
            "/etc/postfix-out/main.cf says config_directory = /etc/postfix. The instance in /etc/postfix-out is used, which was asked for. "
            "Remove config_directory from that main.cf."
        ),
        (
            "The instances in /etc/postfix-out and /etc/postfix have one queue_directory, /var/spool/postfix: what is done to one of them "
            "is done to the other. Give each its own in its main.cf."
        ),
        (
            "The instances in /etc/postfix-out and /etc/postfix have one data_directory, /var/lib/postfix: what is done to one of them "
            "is done to the other. Give each its own in its main.cf."
        ),
    )
    assert found.shared_with == ("/etc/postfix",)
    with pytest.raises(InstanceError) as caught:
        found.require_own_queue()
    assert str(caught.value) == (
        "The instances in /etc/postfix-out and /etc/postfix have one queue directory, /var/spool/postfix; nothing was touched. Give each "
        "its own queue_directory in its main.cf."
    )


def test_the_primary_instance_sees_that_another_one_has_its_queue(commands: str, copied: FakeRunner) -> None:
    found = find_instance(copied, instance="-", command_directory=commands)
    assert found.shared_with == ("/etc/postfix-out",)
    # The other's main.cf was not asked for.
    assert [text.split(",")[0] for text in found.warnings] == [
        "The instances in /etc/postfix and /etc/postfix-out have one queue_directory",
        "The instances in /etc/postfix and /etc/postfix-out have one data_directory",
    ]


def test_instances_with_queues_of_their_own(commands: str, runner: FakeRunner) -> None:
    found = find_instance(runner, config_directory="/etc/postfix-in", command_directory=commands)
    assert (found.warnings, found.shared_with) == ((), ())
    found.require_own_queue()


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
    """As Postfix's own commands have it; a name and a directory go before it."""
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
    """Return what an instance is refused with; without its path."""
    with pytest.raises(InstanceError) as caught:
        find_instance(
            FakeRunner({"postconf": said(out, **answer)}), config_directory=str(directory), command_directory=commands
        )
    what = "Postfix cannot be asked about the instance in %s: " % directory
    assert str(caught.value).startswith(what)
    return str(caught.value)[len(what) :].replace(str(directory), "X")


def test_a_directory_that_does_not_exist(commands: str, directory: Path) -> None:
    assert refusal(commands, directory / "x", status=1, err="postconf: fatal: open main.cf: No such file") == (
        "there is no such directory. Name a directory that holds a main.cf."
    )


def test_a_file_in_place_of_a_directory(commands: str, directory: Path) -> None:
    (directory / "main.cf").touch()
    assert refusal(commands, directory / "main.cf", status=1) == (
        "it is no directory. Name a directory that holds a main.cf."
    )


def test_a_directory_without_main_cf(commands: str, directory: Path) -> None:
    assert refusal(commands, directory, status=1, err="postconf: fatal: open X/main.cf: No such file or directory") == (
        "there is no main.cf in it. Name a directory that holds a main.cf, or restore that file."
    )


@pytest.mark.parametrize("name", ["main.cf", ""])
def test_a_main_cf_that_may_not_be_read(
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
        "fatal: X/main.cf, line 3: missing '=' after attribute name: \"hello\". Correct X/main.cf, and run postconf -c X to "
        "see that it is right."
    )


@pytest.mark.parametrize(("out", "status"), [("", 0), ("a line without a sign\n", 0), ("", -9)])
def test_a_postconf_that_says_nothing(commands: str, directory: Path, out: str, status: int) -> None:
    (directory / "main.cf").touch()
    assert refusal(commands, directory, out=out, status=status) == (
        "postconf ended with status %d and said nothing. Run postconf -c X by hand; if it says nothing there, install Postfix again."
        % status
    )


def test_a_default_instance_that_does_not_answer(commands: str, directory: Path) -> None:
    def answer(command: Sequence[str]) -> Output:
        return said("%s\n" % directory) if "-d" in command else said(status=1, err="fatal: no\n")

    with pytest.raises(InstanceError, match="the instance in %s: there is no main.cf in it" % directory):
        find_instance(FakeRunner({"postconf": answer}), command_directory=commands)


def test_a_postconf_that_may_not_be_run(tmp_path: Path) -> None:
    (tmp_path / "postconf").write_text("")
    (tmp_path / "postconf").chmod(0o644)
    with pytest.raises(InstanceError) as caught:
        find_instance(FakeRunner({}), command_directory=str(tmp_path))
    assert str(caught.value) == (
        "%s/postconf is there, but cannot be run by this user. Make it executable (chmod 755), or say with command_directory where "
        "Postfix's commands are." % tmp_path
    )


# --- what an instance is --------------------------------------------------------------------------------------------


def instance_with(runner: Runner | None = None, **parameters: str) -> Instance:
    return Instance("/usr/sbin", {**PRIMARY, **parameters}, runner or FakeRunner({}))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.7.11", (3, 7, 11)),
        ("3.12-20260101", (3, 12)),
        ("2.10.1", (2, 10, 1)),
        ("", ()),
        ("3.9-RC2", (3, 9)),
        ("3.\N{SUPERSCRIPT TWO}", (3,)),
    ],
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
    assert instance_with(enable_long_queue_ids="YES").long_queue_ids
    assert not instance_with().long_queue_ids
    with pytest.raises(InstanceError) as caught:
        assert instance_with(enable_long_queue_ids="maybe").long_queue_ids
    assert str(caught.value) == (
        "enable_long_queue_ids = maybe in /etc/postfix/main.cf is neither yes nor no. Correct it there."
    )
    assert instance_with().identity == {"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"}


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, {"deferred", "defer"}),
        ("", set()),
        ("deferred,hold", {"deferred", "hold"}),
        ("defer  ,\tflush", {"defer", "flush"}),
    ],
)
def test_hashed_queues(value: str | None, names: set[str]) -> None:
    parameters = {**PRIMARY, **({} if value is None else {"hash_queue_names": value})}
    assert Instance("/usr/sbin", parameters, FakeRunner({})).hash_queue_names == names


def test_the_depth_of_hash_directories() -> None:
    assert instance_with().hash_queue_depth == 1
    assert instance_with(hash_queue_depth="2").hash_queue_depth == 2
    for value in ("two", "", "0", "-1", "1.5", "17", "99999999999999999999", "\N{SUPERSCRIPT TWO}", "$x"):
        with pytest.raises(InstanceError) as caught:
            assert instance_with(hash_queue_depth=value).hash_queue_depth
        assert str(caught.value) == (
            "hash_queue_depth = %s in /etc/postfix/main.cf is no number from 1 to 16. Correct it there." % value
        )


def test_the_owner_of_the_queues() -> None:
    known = pwd.getpwuid(os.getuid())
    assert instance_with(mail_owner=known.pw_name).mail_owner == known
    group = grp.getgrgid(os.getgid())
    assert instance_with(setgid_group=group.gr_name).setgid_group == group
    with pytest.raises(InstanceError) as caught:
        assert instance_with(mail_owner="nobody-of-us").mail_owner
    assert str(caught.value) == (
        "mail_owner = nobody-of-us in /etc/postfix/main.cf: there is no such user. Create that user, or correct main.cf."
    )
    with pytest.raises(InstanceError) as caught:
        assert instance_with(setgid_group="none-of-us").setgid_group
    assert str(caught.value) == (
        "setgid_group = none-of-us in /etc/postfix/main.cf: there is no such group. Create that group, or correct main.cf."
    )


def test_a_queue_directory_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance_with(queue_directory=str(tmp_path)).require_queue_directory()
    (tmp_path / "file").touch()
    place = "in /etc/postfix/main.cf"
    for path, problem in (
        ("", "is no absolute path. Correct it there."),
        ("$x", "is no absolute path. Correct it there."),
        (str(tmp_path / "file"), "is no directory. Correct main.cf, or put a directory there."),
        (
            str(tmp_path / "file" / "x"),
            "that directory cannot be used: Not a directory. Put a directory there, then run this again.",
        ),
        (
            str(tmp_path / "absent"),
            "there is no such directory. Correct main.cf, or mount or create the directory and run postfix check.",
        ),
    ):
        with pytest.raises(MailopsError) as caught:
            instance_with(queue_directory=path).require_queue_directory()
        said_of_it = str(caught.value)
        assert said_of_it.startswith("queue_directory = %s %s" % (path, place))
        assert said_of_it.endswith(problem)

    def refuse(_path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    # postqueue may know more.
    monkeypatch.setattr(os, "stat", refuse)
    instance_with(queue_directory="/closed/spool").require_queue_directory()


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


@pytest.mark.parametrize(
    "value", ["", "d", "5x", "-1d", "5 d", "$other", "\N{SUPERSCRIPT TWO}d", "\N{ARABIC-INDIC DIGIT TWO}"]
)
def test_what_is_no_time_is_refused(value: str) -> None:
    with pytest.raises(InstanceError) as caught:
        instance_with(queue_run_delay=value).seconds("queue_run_delay", default="300s")
    assert str(caught.value) == (
        "queue_run_delay = %s in /etc/postfix/main.cf is no time that Postfix understands. Correct it there." % value
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
    assert str(caught.value) == (
        "/nonexistent/postqueue cannot be run: No such file or directory. Correct command_directory in main.cf, or say with the option "
        "command_directory where Postfix's commands are."
    )


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (
            errno.EACCES,
            "Make it executable, and look whether its file system is mounted with noexec, or SELinux or AppArmor forbids it.",
        ),
        (errno.EMFILE, "Raise the limit on open files of a process (ulimit -n), then run this again."),
        (errno.ENOEXEC, "Fix that, then run this again."),
    ],
)
def test_a_command_that_cannot_be_run(number: int, remedy: str) -> None:
    def run_command(_command: list[str], **_options: Any) -> tuple[int, str, str]:
        raise OSError(number, os.strerror(number))

    with pytest.raises(InstanceError) as caught:
        Runner(run_command).run(["/usr/sbin/postqueue"])
    assert str(caught.value) == "/usr/sbin/postqueue cannot be run: %s. %s" % (os.strerror(number), remedy)


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
