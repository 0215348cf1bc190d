# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instance a module acts on, and what it says where main.cf, the queue directory or its own rights do not let it act."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL, Host, wait_until
from tests.integration.test_purge import send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.controller import Controller

MAIN_CF = "/etc/postfix/main.cf"
OTHER = "/etc/postfix-two"
OTHER_SPOOL = "/var/spool/postfix-two"
CAPABILITY = (
    "This process is root, so it lacks a capability (such as CAP_DAC_OVERRIDE in a container), or SELinux or AppArmor forbids it. "
    "Change that, then run this again."
)
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
READ_ONLY = (
    *("unshare", "--mount", "sh", "-c"),
    f'mount --bind {SPOOL} {SPOOL} && mount -o remount,bind,ro {SPOOL} && exec "$@"',
    "sh",
)


@contextmanager
def kept(host: Host, path: str) -> Iterator[None]:
    """Put a file back as it was."""
    before = host.get(path)
    try:
        yield
    finally:
        host.put(path, before)
        host.age(path)


def pid(host: Host, spool: str) -> str:
    """Return the process that the master daemon of an instance is."""
    return host.get(f"{spool}/pid/master.pid").decode().strip()


@pytest.fixture
def two(either_host: Host) -> Iterator[Host]:
    """A host with a second instance, made by copying main.cf, which runs and has one deferred message in its queue."""
    host = either_host
    host.run(["postmulti", "-e", "init"])
    host.run(["postmulti", "-I", "postfix-two", "-e", "create"])
    own = ["master_service_disable=inet", "authorized_submit_users=root", "defer_transports=smtp"]
    host.run(["postconf", "-c", OTHER, "-e", *own, "maillog_file=/var/log/postfix-two.log"])
    # What a copy of the primary main.cf still says of itself.
    host.run(["sh", "-c", f"echo config_directory = /etc/postfix >> {OTHER}/main.cf"])
    try:
        host.run(["postmulti", "-i", "postfix-two", "-e", "enable"])
        host.run(["postfix", "-c", OTHER, "start"])
        host.run(["sendmail", "-C", OTHER, "-f", "x@own.example", "a@dest.example.org"], input="Subject: x\n\nhi\n")
        wait_until(lambda: queues(host, OTHER_SPOOL) == ["deferred"], "the second instance does not defer")
        yield host
    finally:
        host.run(["postfix", "-c", OTHER, "stop"], check=False)
        host.run(["postmulti", "-i", "postfix-two", "-e", "disable"], check=False)
        host.run(["sh", "-c", f"rm -rf {OTHER} {OTHER_SPOOL}* /var/lib/postfix-two"])
        names = ("multi_instance_directories", "multi_instance_enable", "multi_instance_wrapper")
        host.run(["postconf", "-X", *names])


def queues(host: Host, spool: str) -> list[str]:
    """Return the queues of all messages of an instance, by its files."""
    return sorted(queue for queue, _queue_id in host.spool_files(spool))


CONTRADICTION = (
    f"{OTHER}/main.cf says config_directory = /etc/postfix. The instance in {OTHER} is used, as requested. Remove "
    "config_directory from that main.cf."
)


@pytest.mark.parametrize("asked", [{"config_directory": OTHER}, {"instance": "postfix-two"}], ids=["directory", "name"])
def test_the_instance_that_was_asked_for_is_the_one_that_is_acted_on(
    two: Host, controller: Controller, asked: dict[str, str]
) -> None:
    own = send(two, "x@bad.example", "a@dest.example.org")
    two.settle(1)
    primary, other = pid(two, SPOOL), pid(two, OTHER_SPOOL)
    facts = controller.module(two.name, "postfix_queue_facts", {**asked, "gather": ["counts"]})
    found = facts["ansible_facts"]["postfix_queue"]
    assert (found["instance"]["config_directory"], found["instance"]["queue_directory"]) == (OTHER, OTHER_SPOOL)
    assert found["total"]["messages"] == 1
    assert CONTRADICTION in facts["warnings"]
    options: dict[str, Any] = {**asked, "name": "t", "mode": "queues", "match_all": True}
    done = controller.module(two.name, "postfix_spool_quarantine", options)
    assert done["changed"] is True, done
    # The other one was stopped and started, this one was not touched.
    assert pid(two, SPOOL) == primary
    assert pid(two, OTHER_SPOOL) != other
    assert queues(two, OTHER_SPOOL) == []
    assert list(two.spool_files()) == [("deferred", own)]
    assert two.run(["postfix", "status"], check=False).returncode == 0
    assert two.run(["postfix", "-c", OTHER, "status"], check=False).returncode == 0


def test_a_queue_directory_of_two_instances_is_named(two: Host, controller: Controller) -> None:
    with kept(two, f"{OTHER}/main.cf"):
        two.run(["postconf", "-c", OTHER, "-e", f"queue_directory={SPOOL}"])
        for asked, names in (({"config_directory": OTHER}, (OTHER, "/etc/postfix")), ({}, ("/etc/postfix", OTHER))):
            result = controller.module(two.name, "postfix_queue_facts", {**asked, "gather": ["counts"]})
            assert result["warnings"][-1] == (
                "The instances in {} and {} have the same queue_directory, {}: a change to one of them changes the other. Give each "
                "instance its own in its main.cf.".format(*names, SPOOL)
            )


def test_an_instance_behind_a_dead_directory(two: Host, controller: Controller) -> None:
    with kept(two, MAIN_CF):
        two.postconf("-e", f"multi_instance_directories=/etc/postfix-gone {OTHER}")
        gone = (
            f"multi_instance_directories in {MAIN_CF} names /etc/postfix-gone, which was skipped. postconf fails for the "
            "instance in /etc/postfix-gone: there is no such directory. Name a directory that holds a main.cf."
        )
        asked = {"match_all": True, "queues": ["deferred"]}
        done = controller.module(two.name, "postfix_queue_purge", {**asked, "instance": "postfix-two"})
        assert (done["outcomes"]["purged"], queues(two, OTHER_SPOOL)) == (1, [])
        assert done["warnings"][0] == gone
        failed = controller.module(two.name, "postfix_queue_purge", {**asked, "instance": "postfix-three"})
        assert failed["msg"] == (
            f"There is no Postfix instance 'postfix-three'. Use one of the known names: -, postfix-two. {gone}"
        )


# --- main.cf that cannot be read or makes no sense ------------------------------------------------------------------


def failing(host: Host, controller: Controller, **options: Any) -> set[str]:
    """Return what modules that read and that act say, which fail."""
    several = {
        "postfix_queue_facts": {},
        "postfix_queue_purge": {"match_all": True},
        "postfix_spool_repair": {},
        "postfix_quarantine_info": {},
        "postfix_log_info": {},
    }
    results = [controller.module(host.name, name, {**own, **options}) for name, own in several.items()]
    assert all(result["failed"] for result in results), results
    return {result["msg"] for result in results}


def test_what_postconf_cannot_read_is_said_with_the_place_and_the_remedy(host: Host, controller: Controller) -> None:
    what = "postconf fails for the instance in"
    remedy = "Name a directory that holds a main.cf"
    assert failing(host, controller, config_directory="/etc/nowhere") == {
        f"{what} /etc/nowhere: there is no such directory. {remedy}."
    }
    assert failing(host, controller, config_directory="/etc/default") == {
        f"{what} /etc/default: there is no main.cf in it. {remedy}, or restore that file."
    }
    assert failing(host, controller, config_directory=MAIN_CF) == {
        f"{what} {MAIN_CF}: it is not a directory. {remedy}."
    }
    line = len(host.get(MAIN_CF).splitlines()) + 1
    with kept(host, MAIN_CF):
        host.run(["sh", "-c", f"echo nonsense >> {MAIN_CF}"])
        (said,) = failing(host, controller)
    assert said == (
        f"{what} /etc/postfix: fatal: {MAIN_CF}, line {line}: missing '=' after attribute name: \"nonsense\". Correct {MAIN_CF}, then "
        "check it with postconf -c /etc/postfix."
    )


def test_a_main_cf_that_this_user_may_not_read(host: Host, controller: Controller) -> None:
    host.run(["chmod", "600", MAIN_CF])
    try:
        as_user = controller.module(host.name, "postfix_queue_facts", {}, become=False)
        host.run(["chown", "nobody", MAIN_CF])
        as_root = controller.confined(host.name, "postfix_queue_facts", {}, within=WITHOUT_CAPABILITIES)
    finally:
        host.run(["chown", "root", MAIN_CF])
        host.run(["chmod", "644", MAIN_CF])
    place = f"postconf fails for the instance in /etc/postfix: {MAIN_CF} cannot be read: Permission denied."
    assert as_user["msg"] == f"{place} Run this as root (become: true)."
    assert as_root["msg"] == f"{place} {CAPABILITY}"


@pytest.mark.parametrize("value", ["two", "0", "17"])
def test_a_hash_depth_that_is_none(host: Host, controller: Controller, value: str) -> None:
    text = f"hash_queue_depth = {value} in {MAIN_CF} is not a number from 1 to 16. Correct it there."
    send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    with kept(host, MAIN_CF):
        host.postconf("-e", f"hash_queue_depth={value}")
        for name, options in (
            ("postfix_spool_repair", {}),
            ("postfix_queue_purge", {"match_all": True}),
            ("postfix_spool_quarantine", {"name": "t", "match_all": True}),
        ):
            assert controller.module(host.name, name, options)["msg"] == text


def test_a_queue_directory_that_is_not_there(host: Host, controller: Controller) -> None:
    with kept(host, MAIN_CF):
        host.postconf("-e", "queue_directory=/srv/unmounted")
        place = f"queue_directory = /srv/unmounted in {MAIN_CF}"
        absent = f"{place}: there is no such directory. Correct main.cf, or mount or create the directory and run postfix check."
        assert failing(host, controller) == {absent}
        host.run(["touch", "/srv/unmounted"])
        try:
            file = f"{place} is not a directory. Correct main.cf, or put a directory there."
            assert failing(host, controller) == {file}
        finally:
            host.run(["rm", "/srv/unmounted"])


def test_an_owner_that_does_not_exist(host: Host, controller: Controller) -> None:
    with kept(host, MAIN_CF):
        host.postconf("-e", "mail_owner=nosuchuser")
        result = controller.repair(host.name)
    assert (
        result["msg"]
        == f"mail_owner = nosuchuser in {MAIN_CF}: there is no such user. Create that user, or correct main.cf."
    )


# --- root without the rights of root --------------------------------------------------------------------------------


def test_root_without_capabilities_gets_the_real_reason(host: Host, controller: Controller) -> None:
    facts = {"source": "spool"}
    result = controller.confined(host.name, "postfix_queue_facts", facts, within=WITHOUT_CAPABILITIES)
    assert "Permission denied" in str(result)
    assert "become" not in str(result)
    assert CAPABILITY in str(result)


@pytest.mark.parametrize("name", ["postfix_queue_purge", "postfix_spool_repair"])
def test_a_read_only_file_system_is_the_reason(host: Host, controller: Controller, name: str) -> None:
    own = send(host, "x@bad.example", "a@dest.example.org")
    host.settle(1)
    options = {"match_all": True} if name == "postfix_queue_purge" else {"repairs": ["orphan_logs"], "orphan_age": "0s"}
    result = controller.confined(host.name, name, options, within=READ_ONLY)
    assert result["failed"] is True
    assert "Read-only file system" in result["msg"]
    assert "become" not in result["msg"]
    assert list(host.spool_files()) == [("deferred", own)]


# --- a queue that is a link -----------------------------------------------------------------------------------------


@pytest.fixture
def linked(either_host: Host) -> Iterator[tuple[Host, str]]:
    """A host whose deferred is a link to a directory outside the spool, with one deferred message and its ID."""
    host, away = either_host, "/var/spool/away"
    move = f"mkdir {away} && mv {SPOOL}/deferred {away}/deferred && ln -s {away}/deferred {SPOOL}/deferred"
    try:
        host.run(["sh", "-c", f"cd / && postfix stop && {move}"])
        host.start_postfix()
        queue_id = send(host, "x@bad.example", "a@dest.example.org")
        host.settle(1)
        yield host, queue_id
    finally:
        host.run(["postfix", "stop"], check=False)
        back = f"test ! -L {SPOOL}/deferred || {{ rm {SPOOL}/deferred && mv {away}/deferred {SPOOL}/deferred; }}; rm -rf {away}"
        host.run(["sh", "-c", back])
        host.start_postfix()


def test_a_queue_that_is_a_safe_link_is_followed(linked: tuple[Host, str], controller: Controller) -> None:
    host, queue_id = linked
    assert controller.facts(host.name)["queues"]["deferred"]["messages"] == 1
    assert controller.opened(host.name, match=[{"queue_id": [queue_id]}])["matched"]["messages"] == 1
    assert controller.repair(host.name)["changed"] is False
    options: dict[str, Any] = {"match_all": True}
    held = controller.module(host.name, "postfix_queue_hold", {"state": "held", **options})
    assert held["outcomes"]["held"] == 1, held
    released = controller.module(host.name, "postfix_queue_hold", {"state": "released", **options})
    assert released["outcomes"]["released"] == 1, released
    host.settle(1)
    purged = controller.purge(host.name, **options)
    assert purged["outcomes"]["purged"] == 1
    assert host.run(["find", "/var/spool/away", "-type", "f"]).stdout == ""


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        ("chown -h postfix {0}/deferred", "{0}/deferred belongs to user postfix"),
        ("chown postfix /var/spool/away", "/var/spool/away belongs to user postfix"),
        ("chmod 1777 /var/spool/away", "other users may write to /var/spool/away (mode 1777)"),
        ("mv /var/spool/away/deferred /var/spool/away/gone", "No such file or directory"),
    ],
    ids=["link", "parent", "sticky", "dangling"],
)
def test_a_queue_that_is_another_link_is_refused(
    linked: tuple[Host, str], controller: Controller, spoil: str, reason: str
) -> None:
    host, _queue_id = linked
    host.run(["sh", "-c", spoil.format(SPOOL)])
    try:
        text = (
            f"{SPOOL}/deferred is a link that is not followed: {reason.format(SPOOL)}. Make root the owner of the link and of "
            "all directories on its path, and let no other user write to them; or use a directory or a bind mount instead of the link."
        )
        for name, options in (
            ("postfix_queue_purge", {"match_all": True}),
            ("postfix_queue_hold", {"match_all": True, "state": "held"}),
        ):
            result = controller.module(host.name, name, options)
            assert result["failed"] is True
            assert text in result["msg"]
        # Readers say so, too; what else they can read is theirs to say.
        assert text in str(controller.module(host.name, "postfix_queue_facts", {"source": "spool"}))
        assert text in str(controller.module(host.name, "postfix_message_info", {}))
        repair = controller.repair(host.name)
        assert repair["found"]["unreadable"] == 1
        assert [row["path"] for row in repair["findings"] if row["kind"] == "unreadable"] == ["deferred"]
        assert text in repair["warnings"][0]
    finally:
        host.run(["sh", "-c", "cd /var/spool/away && { test ! -d gone || mv gone deferred; }"])
