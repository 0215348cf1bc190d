# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_spool_repair: what it predicts, postsuper does, and find and postqueue see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL, Host
from tests.integration.test_purge import path_of, send

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.controller import Controller

KINDS = (
    "stale_files",
    "misnamed",
    "unfinished",
    "misplaced",
    "surplus_directories",
    "not_files",
    "alien_directories",
    "bogus_names",
    "orphan_logs",
    "wrong_owner",
    "damaged",
    "unreadable",
    "too_deep",
)
EVERYTHING = ["stale", "structure", "orphan_logs"]
# Each line makes one thing that is wrong; $1 to $4 are queue files, $5 a queue ID.
BREAK = """
set -e
cd {spool}
own() {{ chown -h postfix: "$@"; }}
cp -p $1 incoming/0AAAA1; chmod 600 incoming/0AAAA1; touch -d '8 days ago' incoming/0AAAA1
cp -p $1 incoming/0AAAA2; chmod 600 incoming/0AAAA2
mkdir -p deferred/0 deferred/A/B defer/0 alien; own deferred/0 deferred/A deferred/A/B defer/0
cp -p $1 deferred/0/0AAAA3
mv $2 deferred/
mv $3 deferred/A/B/
mv $4 $4#FIX
ln -s /etc/passwd deferred/0/0AAAA5
mkfifo deferred/0/0AAAA6
mkdir deferred/alien deferred/full deferred/full/x; own deferred/alien deferred/full
cp -p $1 deferred/0/bogus-name
echo 'recipient=x@example.org' > defer/0/0AAAA7; own defer/0/0AAAA7; chmod 600 defer/0/0AAAA7
cp -p defer/0/0AAAA7 defer/0/0AAAA8; touch -d '2 days ago' defer/0/0AAAA7
cp -p defer/0/0AAAA7 trace/0AAAA9
head -c 400 $1 > corrupt/$5; chmod 400 corrupt/$5; own corrupt/$5
"""
BROKEN = {
    "stale_files": 1,
    "misnamed": 2,
    "unfinished": 1,
    "misplaced": 2,
    "surplus_directories": 1,
    "not_files": 2,
    "alien_directories": 2,
    "bogus_names": 1,
    "orphan_logs": 2,
}
# What no repair changes: the directory that is not empty, and the name that is none.
STAYS = {"alien_directories": 1, "bogus_names": 1}


def counts(**numbers: int) -> dict[str, int]:
    """Return counts of findings: those, and none of the others."""
    return {**dict.fromkeys(KINDS, 0), **numbers}


def state(host: Host) -> list[str]:
    """Return everything in the queue directory, found without the collection's code."""
    listed = host.run(["find", SPOOL, "-not", "-path", f"{SPOOL}/p[iur]*", "-printf", "%P %y %i %s %m %T@\n"])
    return sorted(
        line for line in listed.stdout.splitlines() if " d " not in line or "alien" in line or "deferred/A" in line
    )


def names(host: Host, *under: str) -> set[str]:
    """Return the files below these directories, by their path in the queue directory."""
    return set(
        host.run(
            ["find", *(f"{SPOOL}/{name}" for name in under), "!", "-type", "d", "-printf", "%H/%P\n"]
        ).stdout.split()
    )


@pytest.fixture
def broken(empty_host: Host) -> Iterator[Host]:
    """Every host in turn with five messages, Postfix stopped, and its queue directory broken."""
    ids = [send(empty_host, f"sender{number}@example.com", "x@dest.example.org") for number in range(5)]
    empty_host.settle(5)
    empty_host.run(["postfix", "stop"])
    # Without its postlogd a stopped Postfix cannot log to a file.
    empty_host.run(["postconf", "-e", "maillog_file="])
    script = BREAK.format(spool=SPOOL)
    empty_host.run(["sh", "-c", script, "sh", *(path_of(empty_host, queue_id) for queue_id in ids[:4]), ids[4]])
    yield empty_host
    empty_host.run(["postfix", "stop"], check=False)
    clean = "rm -rf deferred/0/0AAAA* deferred/0/bogus-name incoming/* deferred/full deferred/alien alien defer/0/0AAAA* trace/* corrupt/*"
    empty_host.run(["sh", "-c", f"cd {SPOOL} && {clean}"])
    # What postsuper has to say at the next start could not be logged, and the start would fail.
    empty_host.run(["postsuper"])
    empty_host.run(["postconf", "-e", "maillog_file=/var/log/mail.log"])


def said(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "found" in result, result
    keys = ("changed", "found", "repaired", "findings", "failures", "corrupt", "truncated", "diff")
    return {key: result[key] for key in keys}


def test_everything_that_is_wrong_is_repaired(broken: Host, controller: Controller) -> None:
    before = state(broken)
    messages = len(broken.postqueue())
    predicted = controller.repair(broken.name, check=True, repairs=EVERYTHING)
    assert state(broken) == before
    done = controller.repair(broken.name, repairs=EVERYTHING)
    assert said(done) == said(predicted)
    assert done["changed"] is True
    assert done["found"] == counts(**BROKEN)
    assert done["repaired"] == counts(**{kind: number - STAYS.get(kind, 0) for kind, number in BROKEN.items()})
    # From outside: every name fits its inode and its hash directory, and nothing is lost.
    files = broken.run(["find", f"{SPOOL}/deferred", "-type", "f", "-name", "[0-9A-F]*", "-printf", "%P %i\n"]).stdout
    rows = [line.split() for line in files.splitlines()]
    assert len(rows) == 6
    for path, inode in rows:
        directory, _slash, name = path.partition("/")
        assert directory == name[0]
        assert int(name[5:], 16) == int(inode)
    left = names(broken, "incoming", "deferred", "defer", "trace", "hold", "active")
    assert not {
        path
        for path in left
        if "#FIX" in path or path.endswith(("0AAAA1", "0AAAA3", "0AAAA5", "0AAAA6", "0AAAA7", "0AAAA9"))
    }
    assert {f"{SPOOL}/defer/0/0AAAA8", f"{SPOOL}/deferred/0/bogus-name"} <= left
    # What may still be written to got its name, and stayed.
    assert len([path for path in left if path.startswith(f"{SPOOL}/incoming/0AAAA")]) == 1
    # Postfix had lost sight of three: two in a wrong hash directory, one under a name that is none.
    assert len(broken.postqueue()) == messages + 3 == 6
    for check in (False, True):
        again = controller.repair(broken.name, check=check, repairs=EVERYTHING)
        assert again["changed"] is False
        assert again["found"] == counts(**STAYS)
        assert again["repaired"] == counts()
        assert again["diff"]["before"] == again["diff"]["after"]
    # postsuper itself finds nothing to do any more.
    assert "renamed" not in broken.run(["postsuper", "-v", "-s", "-p"]).stderr


def test_only_what_is_asked_for_is_repaired(broken: Host, controller: Controller) -> None:
    everything = names(broken, "incoming", "deferred", "defer", "trace")
    refused = controller.repair(broken.name, repairs=["stale"])
    assert refused["msg"] == (
        "repairs: postsuper -p ends halfway where there are hash directories deeper than hash_queue_depth, and there are 1; "
        "nothing was touched. Add structure"
    )
    # It is so: postsuper itself ends there.
    assert names(broken, "incoming", "deferred", "defer", "trace") == everything
    orphans = controller.repair(broken.name, repairs=["orphan_logs"], orphan_age="0s")
    assert orphans["repaired"] == counts(orphan_logs=3)
    assert everything - names(broken, "incoming", "deferred", "defer", "trace") == {
        f"{SPOOL}/{place}" for place in ("defer/0/0AAAA7", "defer/0/0AAAA8", "trace/0AAAA9")
    }
    structure = controller.repair(broken.name, repairs=["structure"], reason="a test")
    # The stale file is no more than one with a wrong name then.
    assert structure["found"]["stale_files"] == 0
    assert structure["repaired"] == counts(
        misnamed=3, unfinished=1, misplaced=2, surplus_directories=1, not_files=2, alien_directories=1
    )
    stale = controller.repair(broken.name, repairs=["stale"])
    assert stale["repaired"] == counts(stale_files=1)


def test_corrupt_files_are_listed_with_what_is_left_of_them(broken: Host, controller: Controller) -> None:
    result = controller.repair(broken.name, check=True)
    (row,) = result["corrupt"]["messages"]
    assert result["corrupt"]["files"] == 1
    assert (row["queue"], row["sender"], row["origin"]) == ("corrupt", "sender0@example.com", "smtp")
    assert row["problem"].startswith("the file ends within a record at offset ")
    assert "hello" not in str(result)


def test_while_postfix_runs_nothing_gets_another_id(empty_host: Host, controller: Controller) -> None:
    one, two = (send(empty_host, f"{name}@example.com", "x@dest.example.org") for name in "ab")
    empty_host.settle(2)
    # A file that Postfix does not find where it is, which is safe to move.
    empty_host.run(["mv", path_of(empty_host, one), f"{SPOOL}/deferred/{one}"])
    predicted = controller.repair(empty_host.name, check=True)
    done = controller.repair(empty_host.name)
    assert said(done) == said(predicted)
    assert done["repaired"] == counts(misplaced=1)
    assert path_of(empty_host, one) == f"{SPOOL}/deferred/{one[0]}/{one}"
    log = empty_host.run(["grep", "mailops/postfix_spool_repair", "/var/log/mail.log"]).stdout
    assert "misplaced=1, user=ops, reason=none given" in log
    # A file with the inode of another one, as after a restore.
    path = path_of(empty_host, two)
    empty_host.run(["sh", "-c", f"cp -p {path} {path}.new && mv {path}.new {path}"])
    before = state(empty_host)
    for check in (True, False):
        refused = controller.repair(empty_host.name, check=check)
        assert refused["msg"] == (
            "1 messages would get another queue ID, and a running Postfix would no longer find those that it is delivering. Nothing was "
            "touched. Stop Postfix first, or leave structure out of repairs."
        )
    assert state(empty_host) == before
    assert controller.repair(empty_host.name, repairs=["stale"])["changed"] is False


def test_a_change_of_the_hash_depth_is_followed(empty_host: Host, controller: Controller) -> None:
    ids = [send(empty_host, f"sender{number}@example.com", "x@dest.example.org") for number in range(3)]
    empty_host.settle(3)
    empty_host.run(["postconf", "-e", "hash_queue_depth=2"])
    try:
        deeper = controller.repair(empty_host.name)
        # Three messages and their three logs.
        assert deeper["repaired"] == counts(misplaced=6)
        assert {path_of(empty_host, queue_id) for queue_id in ids} == {
            f"{SPOOL}/deferred/{queue_id[0]}/{queue_id[1]}/{queue_id}" for queue_id in ids
        }
    finally:
        empty_host.run(["postconf", "-e", "hash_queue_depth=1"])
    back = controller.repair(empty_host.name)
    assert back["repaired"]["misplaced"] == 6
    assert back["repaired"]["surplus_directories"] >= 2
    assert controller.repair(empty_host.name)["changed"] is False
    assert len(empty_host.postqueue()) == 3


# --- whose the queues are -------------------------------------------------------------------------------------------

QUEUES_OF_ANOTHER = ("deferred", "defer", "hold", "incoming", "active")


@pytest.fixture
def foreign(empty_host: Host) -> Iterator[tuple[Host, str]]:
    """Every host in turn with a message and its ID, stopped, its queues of a user ID that the mail owner had before."""
    queue_id = send(empty_host, "x@example.com", "x@dest.example.org")
    empty_host.settle(1)
    empty_host.run(["postfix", "stop"])
    empty_host.run(["sh", "-c", f"cd {SPOOL} && chown -R 12345:12345 {' '.join(QUEUES_OF_ANOTHER)}"])
    yield empty_host, queue_id
    # Hard links to what is outside are left to whoever made them.
    empty_host.run(
        [
            "sh",
            "-c",
            f"cd {SPOOL} && rm -f /srv/precious hold/* && chown -R postfix {' '.join(QUEUES_OF_ANOTHER)} maildrop",
        ]
    )
    empty_host.run(["chmod", "700", *(f"{SPOOL}/{queue}" for queue in QUEUES_OF_ANOTHER)])


def owners(host: Host) -> set[str]:
    """Return the owners of all that is in the queues."""
    return set(
        host.run(["find", *(f"{SPOOL}/{queue}" for queue in QUEUES_OF_ANOTHER), "-printf", "%u\n"]).stdout.split()
    )


def test_a_postfix_that_does_not_start_for_the_owner_of_its_queues_is_repaired(
    foreign: tuple[Host, str], controller: Controller
) -> None:
    host, queue_id = foreign
    assert host.run(["postfix", "start"], check=False).returncode != 0
    # It is seen whatever is asked for, and nothing is done about it by itself.
    assert controller.repair(host.name, check=True)["found"]["wrong_owner"] >= len(QUEUES_OF_ANOTHER) + 2
    assert owners(host) == {"12345"}
    predicted = controller.repair(host.name, check=True, repairs=["ownership"])
    done = controller.repair(host.name, repairs=["ownership"])
    assert said(done) == said(predicted)
    assert done["repaired"] == counts(wrong_owner=done["found"]["wrong_owner"])
    assert owners(host) == {"postfix"}
    again = controller.repair(host.name, repairs=["ownership"])
    assert (again["changed"], again["found"]["wrong_owner"]) == (False, 0)
    host.run(["postfix", "start"])
    assert [message["queue_id"] for message in host.postqueue()] == [queue_id]
    assert "not owned by" not in host.run(["postfix", "check"]).stderr


def test_a_mode_that_keeps_postfix_from_starting_is_repaired(foreign: tuple[Host, str], controller: Controller) -> None:
    host, _queue_id = foreign
    host.run(
        [
            "sh",
            "-c",
            f"cd {SPOOL} && chown -R postfix {' '.join(QUEUES_OF_ANOTHER)} && chmod 500 deferred && chmod 700 maildrop",
        ]
    )
    done = controller.repair(host.name, repairs=["ownership"])
    assert done["repaired"] == counts(wrong_owner=2)
    assert host.run(["stat", "-c", "%a", f"{SPOOL}/deferred"]).stdout.strip() == "700"
    host.run(["postfix", "start"])
    assert "maildrop" not in host.run(["postfix", "check"]).stderr


def test_no_file_that_has_another_name_is_given_away(foreign: tuple[Host, str], controller: Controller) -> None:
    host, _queue_id = foreign
    precious = "/var/spool/precious"
    host.run(["sh", "-c", f"echo secret > {precious} && chmod 600 {precious} && ln {precious} {SPOOL}/hold/0AAAA1"])
    host.run(["sh", "-c", f"ln -s {precious} {SPOOL}/hold/0AAAA2 && chown -h 12345 {SPOOL}/hold/0AAAA2"])
    try:
        done = controller.repair(host.name, repairs=["ownership"])
        assert host.run(["stat", "-c", "%U %a", precious]).stdout.strip() == "root 600"
    finally:
        host.run(["rm", precious])
    assert done["found"]["wrong_owner"] - done["repaired"]["wrong_owner"] == 1
    (row,) = [row for row in done["findings"] if row["path"] == "hold/0AAAA1" and row["kind"] == "wrong_owner"]
    assert row["detail"] == "it belongs to user root, not to user postfix; it has 2 links and is left as it is"


# --- damaged files, traps and times of access -----------------------------------------------------------------------


def test_damaged_files_are_named_and_can_be_removed_by_their_id(empty_host: Host, controller: Controller) -> None:
    ids = [send(empty_host, f"sender{number}@example.com", "x@dest.example.org") for number in range(4)]
    empty_host.settle(4)
    paths = [path_of(empty_host, queue_id) for queue_id in ids]
    empty_host.run(
        ["sh", "-c", ': > "$1"; truncate -s 150 "$2"; dd if=/dev/zero of="$3" bs=600 count=1', "sh", *paths[:3]]
    )
    before = state(empty_host)
    for check in (True, False):
        result = controller.repair(empty_host.name, check=check)
        assert (result["found"], result["repaired"]) == (counts(damaged=3), counts())
        assert result["changed"] is False
        rows = {row["path"]: row["detail"] for row in result["findings"]}
        assert set(rows) == {path[len(SPOOL) + 1 :] for path in paths[:3]}
        assert all(" at offset " in detail or detail == "the file is empty" for detail in rows.values())
    assert state(empty_host) == before
    names = [path.rpartition("/")[2] for path in rows]
    removed = controller.purge(empty_host.name, match=[{"queue_id": names}])
    # Whether that is done already is another module's affair; none but these may go.
    assert removed["failed"] is False
    assert any(line.startswith(f"deferred/{ids[3][0]}/{ids[3]} ") for line in state(empty_host))


def test_a_deep_tree_is_named(empty_host: Host, controller: Controller) -> None:
    make = """
import os, sys
os.chdir(sys.argv[1])
for _depth in range(3000):
    os.mkdir("A")
    os.chdir("A")
"""
    empty_host.run(["python3", "-c", make, f"{SPOOL}/hold"])
    try:
        result = controller.repair(empty_host.name, check=True)
        assert (result["found"]["too_deep"], result["found"]["surplus_directories"]) == (1, 17)
        assert [row["path"] for row in result["findings"] if row["kind"] == "too_deep"] == ["hold" + "/A" * 17]
    finally:
        empty_host.run(["rm", "-rf", f"{SPOOL}/hold/A"])


def test_check_mode_changes_no_time_of_access(empty_host: Host, controller: Controller) -> None:
    send(empty_host, "x@example.com", "x@dest.example.org")
    empty_host.settle(1)
    empty_host.run(
        ["sh", "-c", f"mkdir {SPOOL}/hold/alien && cp $(find {SPOOL}/deferred -type f) {SPOOL}/corrupt/0AAAA1"]
    )
    try:
        # Postfix itself reads its queues from time to time.
        empty_host.run(["postfix", "stop"])
        with empty_host.logging_to_syslog():
            empty_host.run(["find", SPOOL, "-exec", "touch", "-a", "-d", "2001-01-01", "{}", "+"])
            controller.repair(empty_host.name, check=True, repairs=EVERYTHING)
            changed = empty_host.run(
                ["find", SPOOL, "(", "-type", "d", "-o", "-type", "f", ")", "-newerat", "2002-01-01"]
            ).stdout
        # Whether Postfix runs is asked by locking its pid file, which opens it.
        assert [path for path in changed.split() if not path.startswith((f"{SPOOL}/p", f"{SPOOL}/etc"))] == []
    finally:
        empty_host.run(["rmdir", f"{SPOOL}/hold/alien"])


def test_a_hash_directory_that_becomes_a_pipe_does_not_block(empty_host: Host, controller: Controller) -> None:
    swap = """
import os, sys
os.chdir(sys.argv[1])
while True:
    os.mkdir("A"); os.rmdir("A"); os.mkfifo("A"); os.unlink("A")
"""
    empty_host.run(
        [
            "sh",
            "-c",
            'nohup python3 -c "$1" "$2" > /dev/null 2>&1 & echo $! > /run/swapper',
            "sh",
            swap,
            f"{SPOOL}/hold",
        ]
    )
    try:
        for _run in range(5):
            result = controller.repair(empty_host.name, check=True)
            assert result["failed"] is False, result
    finally:
        empty_host.run(["sh", "-c", f"kill $(cat /run/swapper); rm -rf {SPOOL}/hold/A"])
