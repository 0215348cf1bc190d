# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import grp
import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    PrivilegeError,
    QueueIdError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
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


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner({"postsuper": said(err="postsuper: Deleted: 1 message\n"), "postlog": said()})


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
            "hash_queue_depth = %s in /etc/postfix/main.cf is not a number from 1 to 16. Correct it there." % value
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


def test_a_queue_directory_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance_with(queue_directory=str(tmp_path)).require_queue_directory()
    (tmp_path / "file").touch()
    place = "in /etc/postfix/main.cf"
    for path, problem in (
        ("", "is not an absolute path. Correct it there."),
        ("$x", "is not an absolute path. Correct it there."),
        (str(tmp_path / "file"), "is not a directory. Correct main.cf, or put a directory there."),
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

    # postqueue may have the permission.
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
def test_times_are_converted_to_seconds(value: str | None, seconds: int) -> None:
    parameters = {} if value is None else {"maximal_queue_lifetime": value}
    assert Instance("/usr/sbin", parameters, FakeRunner({})).seconds("maximal_queue_lifetime", default="1d") == seconds


@pytest.mark.parametrize(
    "value", ["", "d", "5x", "-1d", "5 d", "$other", "\N{SUPERSCRIPT TWO}d", "\N{ARABIC-INDIC DIGIT TWO}"]
)
def test_a_value_that_is_not_a_time_is_refused(value: str) -> None:
    with pytest.raises(InstanceError) as caught:
        instance_with(queue_run_delay=value).seconds("queue_run_delay", default="300s")
    assert str(caught.value) == (
        "queue_run_delay = %s in /etc/postfix/main.cf is not a time that Postfix understands. Correct it there." % value
    )


@pytest.mark.parametrize(("status", "taken"), [(0, True), (-13, True), (1, False), (-9, False)])
def test_a_request_is_taken_if_postkick_succeeds_or_writes_too_late(status: int, taken: bool) -> None:
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


def test_a_text_that_is_not_a_queue_id_never_reaches_postsuper(runner: FakeRunner) -> None:
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
        "Postfix is stopped. Without postlogd, postsuper cannot log to /var/log/x (maillog_file) and would fail after the first message. "
        "Start Postfix, or empty maillog_file so that Postfix logs through syslog."
    )


def test_lines_are_written_to_the_mail_log(runner: FakeRunner) -> None:
    instance_with(runner).log("mailops/purge", ["purged=1 $(reboot)", "-v"])
    command = ["/usr/sbin/postlog", "-c", "/etc/postfix", "-p", "info", "-t", "mailops/purge"]
    assert runner.ran == [(command, "purged=1 $(reboot)\n-v\n")]
    with pytest.raises(CommandError, match="failed with exit status 1: no output"):
        instance_with(FakeRunner({"postlog": said(status=1)})).log("x", ["y"])
