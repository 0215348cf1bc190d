# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_spool_quarantine and postfix_quarantine_info: where every message is, is looked up by find(1) and at the sink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL, Host, Lab, wait_until
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH, STOLEN_ACCOUNT
from tests.integration.faults import before_command, fault_before
from tests.integration.test_purge import path_of, send, wait_for_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.controller import Controller

BASE = f"{SPOOL}.quarantine"
PLACE = f"{BASE}/spam"
LOGS = ("bounce", "defer", "trace")
NOTHING = {
    "quarantined": 0,
    "restored": 0,
    "deleted": 0,
    "already": 0,
    "vanished": 0,
    "changed": 0,
    "in_flight": 0,
    "collision": 0,
    "failed": 0,
    "undecided": 0,
}
BAD = [{"sender": "bad.example"}]
WARNING = "An earlier run on the quarantine spam was interrupted"

Files = dict[tuple[str, str], str]


def outcomes(**counts: int) -> dict[str, int]:
    """Return the outcomes of a run: those, and none of the others."""
    return {**NOTHING, **counts}


def clear(host: Host) -> None:
    """Remove all quarantines, and what is on its way."""
    host.run(["sh", "-c", f"umount {BASE} 2>/dev/null; rm -rf {BASE} {SPOOL}/quarantine {SPOOL}/pid/mailops.*"])


@pytest.fixture
def clean(host: Host) -> Iterator[Host]:
    """A host with an empty queue and no quarantine, before and afterwards."""
    clear(host)
    yield host
    clear(host)


@pytest.fixture
def clean_each(empty_host: Host) -> Iterator[Host]:
    """Every host in turn with an empty queue and no quarantine, before and afterwards."""
    clear(empty_host)
    yield empty_host
    clear(empty_host)


def quarantine(host: Host, controller: Controller, *, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run postfix_spool_quarantine, on the quarantine "spam" if nothing else is given."""
    return controller.module(host.name, "postfix_spool_quarantine", {"name": "spam", **options}, check=check)


def info(host: Host, controller: Controller, **options: Any) -> list[dict[str, Any]]:
    """Return the quarantines of a host."""
    result = controller.module(host.name, "postfix_quarantine_info", options)
    assert "quarantines" in result, result
    found: list[dict[str, Any]] = result["quarantines"]
    return found


def logs(host: Host, place: str = SPOOL) -> set[tuple[str, str]]:
    """Return (log directory, queue ID) of all logs."""
    found = host.run(
        ["find", *(f"{place}/{log}" for log in LOGS), "-type", "f", "-printf", "%H/%f\n"], check=False
    ).stdout
    lines = (line.rsplit("/", 2) for line in found.splitlines())
    return {(parts[-2], parts[-1]) for parts in lines}


def ids(files: Files) -> set[str]:
    return {name for _queue, name in files}


def looks(host: Host, *paths: str) -> str:
    """Return type, owner, group, permissions and mtime of files, by name."""
    return host.run(["stat", "--format", "%F %U %G %a %Y", *paths]).stdout


def flags(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "matched" in result, result
    keys = (
        "changed",
        "matched",
        "quarantined",
        "restored",
        "deleted",
        "outcomes",
        "messages",
        "selection",
        "diff",
        "truncated",
    )
    return {key: result[key] for key in (*keys, "collisions") if key in result}


def tree(host: Host) -> str:
    """Return every name, owner, mode and time below the spool and the quarantines: what check mode must not change."""
    return host.run(
        [
            "sh",
            "-c",
            f"find {SPOOL} {BASE} -not -path '*/p[ru]*/*' -printf '%p %y %u %g %m %T@ %i\\n' 2>/dev/null | sort",
        ]
    ).stdout


# --- the main job ---------------------------------------------------------------------------------------------------


def test_messages_go_and_come_back_whole(clean_each: Host, controller: Controller, lab: Lab) -> None:
    host = clean_each
    records = host.fill("incident", 300, seed=11)
    host.settle(300)
    spam = {record.queue_id for record in records if record.is_spam}
    before, logs_before, tree_before = host.spool_files(), logs(host), tree(host)
    options: dict[str, Any] = {"match": SPAM_MATCH, "exclude": SPAM_EXCLUDE, "reason": "ticket 1", "limit": 5}
    predicted = quarantine(host, controller, check=True, **options)
    assert tree(host) == tree_before
    done = quarantine(host, controller, **options)
    assert flags(done) == flags(predicted)
    assert done["changed"] is True
    assert done["outcomes"] == outcomes(quarantined=len(spam))
    assert done["path"] == PLACE
    assert done["down"] == 0.0
    assert host.spool_files() == {place: digest for place, digest in before.items() if place[1] not in spam}
    inside = host.spool_files(PLACE)
    assert inside == {place: digest for place, digest in before.items() if place[1] in spam}
    assert logs(host) | logs(host, PLACE) == logs_before
    assert {name for _log, name in logs(host, PLACE)} == spam
    assert host.run(["stat", "-c", "%U %a", BASE, PLACE]).stdout.split() == ["root", "700"] * 2
    again = quarantine(host, controller, **options)
    assert again["changed"] is False
    assert again["outcomes"] == NOTHING
    assert host.spool_files(PLACE) == inside
    # Everything else reads it as a spool.
    facts = controller.facts(host.name, spool=PLACE, gather=["counts", "reasons", "top"])
    assert facts["total"]["messages"] == len(spam)
    assert facts["queues"]["deferred"]["messages"] == len(spam)
    assert facts["top"]["reasons"]
    assert controller.facts(host.name, spool=PLACE, gather=["suggestions"])["suggestions"]
    opened = controller.module(host.name, "postfix_message_info", {"spool": PLACE, "match": [{"queue_id": min(spam)}]})
    assert [message["queue_id"] for message in opened["messages"]] == [min(spam)]
    [shown] = info(host, controller)
    assert shown["total"]["messages"] == shown["quarantined"] == len(spam)
    assert shown["queues"] == {"deferred": {"messages": len(spam), "bytes": done["quarantined"]["bytes"]}}
    assert [run["reason"] for run in shown["runs"]] == ["ticket 1"]
    assert shown["unfinished"] is None
    # Back again: a part by a rule, then the rest, byte for byte with its logs, as it was.
    some: dict[str, Any] = {"match": [{"sender": "<>"}], "state": "restored"}
    predicted = quarantine(host, controller, check=True, **some)
    back = quarantine(host, controller, **some)
    assert flags(back) == flags(predicted)
    null = {record.queue_id for record in records if record.is_spam and not record.sender}
    assert back["outcomes"] == outcomes(restored=len(null))
    assert null
    assert ids(host.spool_files(PLACE)) == spam - null
    rest = quarantine(host, controller, state="restored", match_all=True)
    assert rest["outcomes"] == outcomes(restored=len(spam - null))
    assert host.spool_files() == before
    assert logs(host) == logs_before
    assert quarantine(host, controller, state="restored", match_all=True)["changed"] is False
    [shown] = info(host, controller)
    assert (shown["restored"], shown["total"]["messages"]) == (len(spam), 0)
    # What was restored is delivered.
    delivered = len(lab.sink.received())
    lab.sink.mode("accept")
    host.run(["postqueue", "-f"])
    host.settle(0)
    assert len(lab.sink.received()) - delivered >= len(spam)


def test_whole_queues_go_and_postfix_goes_on(clean_each: Host, controller: Controller, lab: Lab) -> None:
    host = clean_each
    host.fill("incident", 200, seed=12)
    host.settle(200)
    held = sorted(ids(host.spool_files()))[0]
    host.run(["postsuper", "-h", held])
    before, logs_before = host.spool_files(), logs(host)
    directories = [f"{SPOOL}/{name}" for name in ("incoming", "active", "deferred", "hold", *LOGS)]
    looked = host.run(["stat", "-c", "%n %F %U %G %a", *directories]).stdout
    predicted = quarantine(host, controller, check=True, mode="queues")
    assert host.spool_files() == before
    done = quarantine(host, controller, mode="queues")
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(quarantined=200)
    assert 0 < done["down"] < 12
    assert host.spool_files() == {}
    assert host.spool_files(PLACE) == before
    assert logs(host) == set()
    assert logs(host, PLACE) == logs_before
    assert host.run(["stat", "-c", "%n %F %U %G %a", *directories]).stdout == looked
    host.run(["postfix", "status"])
    # Postfix finds nothing to complain of, and works.
    assert "warning" not in host.run(["postfix", "check"]).stderr
    new = send(host, "new@good.example", "x@dest.example.org")
    host.settle(1)
    again = quarantine(host, controller, mode="queues")
    assert (again["changed"], again["down"]) == (False, 0.0)
    assert quarantine(host, controller, mode="queues", check=True)["changed"] is False
    assert ids(host.spool_files()) == {new}
    assert controller.facts(host.name, spool=PLACE)["total"]["messages"] == 200
    back = quarantine(host, controller, state="restored", match_all=True)
    assert back["outcomes"] == outcomes(restored=200)
    after = host.spool_files()
    assert {place: digest for place, digest in after.items() if place[1] != new} == before
    assert ("hold", held) in after
    assert logs_before <= logs(host)
    lab.sink.mode("accept")
    host.run(["postsuper", "-H", held])
    host.run(["postqueue", "-f"])
    host.settle(0)
    gone = quarantine(host, controller, state="absent", match_all=True)
    assert gone["changed"] is True
    assert host.run(["ls", BASE]).stdout == ""
    assert quarantine(host, controller, state="absent", match_all=True)["changed"] is False


# --- collisions, names, places --------------------------------------------------------------------------------------


def three(host: Host) -> list[str]:
    """Put three messages of bad.example into the deferred queue and return their queue IDs."""
    sent = [send(host, f"{number}@bad.example", "a@dest.example.org") for number in range(3)]
    host.settle(3)
    return sent


def test_a_taken_queue_id_is_reported_and_its_message_kept(clean_each: Host, controller: Controller) -> None:
    host = clean_each
    first, *others = three(host)
    kept = host.get(path_of(host, first))
    quarantine(host, controller, match=BAD)
    # Somebody has put a file of that name into another queue: delivered from there, it would overwrite ours.
    host.run(["install", "-o", "postfix", "-m", "700", "/dev/null", f"{SPOOL}/hold/{first}"])
    predicted = quarantine(host, controller, state="restored", match=BAD, check=True)
    done = quarantine(host, controller, state="restored", match=BAD)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(restored=2, collision=1)
    assert done["collisions"] == [first]
    assert done["warnings"] == [
        "1 messages stay in the quarantine spam, because their queue IDs are taken in the queue."
    ]
    assert ids(host.spool_files()) == {first, *others}
    assert host.get(f"{SPOOL}/hold/{first}") == b""
    assert host.get(f"{PLACE}/deferred/{first}") == kept
    assert ("defer", first) in logs(host, PLACE)
    [shown] = info(host, controller)
    assert shown["collisions"] == [first]
    again = quarantine(host, controller, state="restored", match=BAD)
    assert (again["changed"], again["outcomes"]) == (False, outcomes(collision=1))
    host.run(["rm", f"{SPOOL}/hold/{first}"])
    last = quarantine(host, controller, state="restored", match=BAD)
    assert last["outcomes"] == outcomes(restored=1)
    assert host.get(path_of(host, first)) == kept
    assert ("defer", first) in logs(host)
    [shown] = info(host, controller)
    assert shown["collisions"] == []


@pytest.mark.parametrize("long_ids", [False, True])
def test_another_filesystem_gives_other_names_and_the_same_messages(
    clean_each: Host, controller: Controller, lab: Lab, long_ids: bool
) -> None:
    host = clean_each
    host.run(["mkdir", "-m", "700", BASE])
    host.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", BASE])
    host.configure(enable_long_queue_ids="yes" if long_ids else "no")
    try:
        three(host)
        before, logs_before = host.spool_files(), logs(host)
        looked = sorted(looks(host, *(path_of(host, name) for name in ids(before))).splitlines())
        predicted = quarantine(host, controller, match=BAD, check=True)
        done = quarantine(host, controller, match=BAD)
        assert flags(done) == flags(predicted)
        assert done["outcomes"] == outcomes(quarantined=3)
        assert host.spool_files() == {}
        assert host.spool_files(PLACE) == before
        assert logs(host, PLACE) == logs_before
        # Meanwhile the inodes are used by others.
        others = [send(host, "x@good.example", "b@dest.example.org") for _number in range(3)]
        host.settle(3)
        back = quarantine(host, controller, state="restored", match=BAD)
        assert back["outcomes"] == outcomes(restored=3)
        after = {place: digest for place, digest in host.spool_files().items() if place[1] not in others}
        assert sorted(after.values()) == sorted(before.values())
        assert sorted(looks(host, *(path_of(host, name) for name in ids(after))).splitlines()) == looked
        assert {row["was"]: row["queue_id"] for row in back["renamed"]}.items() <= {
            (old, new) for old in ids(before) for new in ids(after)
        }
        # Every name fits its inode and its hash directory: postsuper has nothing to fix.
        assert host.run(["postsuper", "-s"]).stderr == ""
        assert {name for _log, name in logs(host)} == ids(after) | set(others)
        delivered = len(lab.sink.received())
        lab.sink.mode("accept")
        host.run(["postqueue", "-f"])
        host.settle(0)
        assert len(lab.sink.received()) - delivered == 6
        assert quarantine(host, controller, match=BAD)["changed"] is False
    finally:
        host.configure(enable_long_queue_ids="no")


def test_whole_queues_are_not_copied_to_another_filesystem(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    clean.run(["mkdir", "-m", "700", BASE])
    clean.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", BASE])
    failed = quarantine(clean, controller, mode="queues")
    assert failed["msg"] == (
        f"directory: {BASE} is on another filesystem than the queue directory {SPOOL}, and mail would be down while whole queues "
        f"are copied; nothing was touched. Name a directory on that filesystem, such as {SPOOL}.quarantine, or use mode: messages"
    )
    inside = quarantine(clean, controller, mode="queues", directory=f"{SPOOL}/quarantine")
    assert inside["outcomes"] == outcomes(quarantined=3)
    assert clean.spool_files(f"{SPOOL}/quarantine/spam") == before
    assert "warning" not in clean.run(["postfix", "check"]).stderr


def test_between_mounts_of_one_filesystem_messages_are_copied(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    clean.run(["mkdir", "-m", "700", BASE])
    clean.run(["mount", "--bind", BASE, BASE])
    assert "is on another filesystem" in quarantine(clean, controller, mode="queues")["msg"]
    assert quarantine(clean, controller, match=BAD)["outcomes"] == outcomes(quarantined=3)
    assert clean.spool_files(PLACE) == before
    back = quarantine(clean, controller, state="restored", match=BAD)
    assert (back["outcomes"], len(back["renamed"])) == (outcomes(restored=3), 3)
    assert sorted(clean.spool_files().values()) == sorted(before.values())
    assert {name for _log, name in logs(clean)} == ids(clean.spool_files())


def test_a_name_that_does_not_fit_is_made_to(clean: Host, controller: Controller) -> None:
    first, *_others = three(clean)
    quarantine(clean, controller, match=BAD)
    # A copy of a quarantine, as from a backup: same names, other inodes.
    clean.run(
        ["sh", "-c", f"cp -a {PLACE}/deferred {PLACE}/d && rm -r {PLACE}/deferred && mv {PLACE}/d {PLACE}/deferred"]
    )
    assert first in ids(clean.spool_files(PLACE))
    done = quarantine(clean, controller, state="restored", match=BAD)
    assert done["outcomes"] == outcomes(restored=3)
    assert first in {row["was"] for row in done["renamed"]}
    assert clean.run(["postsuper", "-s"]).stderr == ""
    assert {name for _log, name in logs(clean)} == ids(clean.spool_files())


def test_everything_reads_a_quarantine_as_it_reads_a_spool(clean_each: Host, controller: Controller) -> None:
    host = clean_each
    records = host.fill("incident", 300, seed=12)
    host.settle(300)
    live = controller.facts(host.name, limit=300)
    rule = [{"sasl_username": STOLEN_ACCOUNT}]
    known = {record.queue_id for record in records if record.sasl_username == STOLEN_ACCOUNT}
    quarantine(host, controller, mode="queues")
    assert host.spool_files() == {}
    shown = controller.facts(host.name, spool=PLACE, limit=300, gather=["counts", "top", "messages", "suggestions"])
    assert {key: shown[key] for key in ("total", "top")} == {
        "total": live["total"],
        "top": {**live["top"], "reasons": []},
    }
    assert {row["queue_id"] for row in shown["messages"]} == {row["queue_id"] for row in live["messages"]}
    assert shown["suggestions"][0]["match"] == rule
    opened = controller.opened(host.name, spool=PLACE, match=rule, limit=1, patterns=rule)
    assert opened["matched"]["messages"] == len(known)
    assert opened["messages"][0]["queue_id"] in known
    assert opened["coverage"]["patterns"][0]["messages"] == len(known)
    assert ids(host.spool_files(PLACE)) == {record.queue_id for record in records}


def test_a_queue_directory_may_be_a_link(clean: Host, controller: Controller) -> None:
    three(clean)
    clean.run(["postfix", "stop"])
    clean.run(["sh", "-c", f"mv {SPOOL} {SPOOL}.real && ln -s {SPOOL}.real {SPOOL}"])
    try:
        clean.start_postfix()
        predicted = quarantine(clean, controller, check=True, match=BAD)
        done = quarantine(clean, controller, match=BAD)
        assert flags(done) == flags(predicted)
        assert done["outcomes"] == outcomes(quarantined=3)
        assert len(ids(clean.spool_files(f"{SPOOL}.real.quarantine/spam"))) == 3
        back = quarantine(clean, controller, state="restored", match=BAD)
        assert back["outcomes"] == outcomes(restored=3)
    finally:
        clean.run(["postfix", "stop"])
        clean.run(["sh", "-c", f"rm {SPOOL} && mv {SPOOL}.real {SPOOL} && rm -rf {SPOOL}.real.quarantine"])
        clean.start_postfix()
    assert len(clean.postqueue()) == 3


def test_messages_go_where_they_are_wanted(clean: Host, controller: Controller, lab: Lab) -> None:
    first, second, third = three(clean)
    quarantine(clean, controller, match=BAD)
    to_hold: dict[str, Any] = {"state": "restored", "match": [{"queue_id": first}], "restore_to": "hold"}
    assert quarantine(clean, controller, **to_hold)["outcomes"] == outcomes(restored=1)
    assert set(clean.spool_files()) == {("hold", first)}
    delivered = len(lab.sink.received())
    lab.sink.mode("accept")
    to_maildrop: dict[str, Any] = {"state": "restored", "match": [{"queue_id": second}], "restore_to": "maildrop"}
    # pickup gets a request: it would not look by itself.
    with clean.unwoken("pickup"):
        assert quarantine(clean, controller, **to_maildrop)["outcomes"] == outcomes(restored=1)
        wait_until(lambda: len(lab.sink.received()) > delivered, "it is not delivered")
    [message] = lab.sink.received()[delivered:]
    assert message["sender"] == "1@bad.example"
    assert ids(clean.spool_files(PLACE)) == {third}


def test_what_was_active_goes_to_incoming(clean: Host, controller: Controller, lab: Lab) -> None:
    first, *_others = three(clean)
    clean.run(["postfix", "stop"])
    clean.run(["mv", path_of(clean, first), f"{SPOOL}/active/"])
    clean.run(["touch", f"{SPOOL}/active/{first}"])
    quarantine(clean, controller, mode="queues")
    assert ("active", first) in clean.spool_files(PLACE)
    clean.start_postfix()
    delivered = len(lab.sink.received())
    lab.sink.mode("accept")
    done = quarantine(clean, controller, state="restored", match=[{"queue_id": first}])
    assert done["outcomes"] == outcomes(restored=1)
    # The module sent qmgr a request.
    clean.settle(0, remind=False)
    assert [message["sender"] for message in lab.sink.received()[delivered:]] == ["0@bad.example"]


def test_a_delivery_under_way_is_finished_once(clean: Host, controller: Controller, lab: Lab) -> None:
    lab.sink.mode("accept", data_delay=3600)
    delivered = len(lab.sink.received())
    queue_id = send(clean, "one@bad.example", "a@dest.example.org")
    lab.sink.wait_for_delivery()
    assert [message["queue_name"] for message in clean.postqueue()] == ["active"]
    done = quarantine(clean, controller, match=BAD)
    assert done["outcomes"] == outcomes(in_flight=1)
    assert done["quarantined"]["messages"] == 1
    [(queue, name)] = clean.spool_files(PLACE)
    assert (queue in {"active", "incoming"}, name) == (True, queue_id)
    lab.sink.mode("accept", data_delay=0)
    wait_for_agent(clean, f"{PLACE}/{queue}/{name}")
    assert len(lab.sink.received()) == delivered + 1
    # The agent has noted in the file that the recipient is served: it is not served again.
    assert quarantine(clean, controller, state="restored", match_all=True)["outcomes"] == outcomes(restored=1)
    clean.settle(0, remind=False)
    assert len(lab.sink.received()) == delivered + 1


# --- faults ---------------------------------------------------------------------------------------------------------


def test_a_full_disk_loses_nothing(clean: Host, controller: Controller) -> None:
    text = "Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * 1000
    for number in range(4):
        send(clean, f"{number}@bad.example", "a@dest.example.org", text=text)
    clean.settle(4)
    before, logs_before = clean.spool_files(), logs(clean)
    clean.run(["mkdir", "-m", "700", BASE])
    clean.run(["mount", "-t", "tmpfs", "-o", "mode=700,size=200k", "tmpfs", BASE])
    failed = quarantine(clean, controller, match=BAD)
    assert failed["msg"] == (
        f"The move between {SPOOL} and {PLACE} was interrupted: No space left on device. Every message is in one of them, and what was moved "
        "before stays moved. Make room for data and inodes (df, df -i), then run this again."
    )
    assert failed["outcomes"] == outcomes(failed=4)
    assert {row["problem"] for row in failed["failures"]} == {"No space left on device"}
    # Nothing is on hold, and the queue is what it was.
    assert clean.spool_files() == before
    assert logs(clean) == logs_before
    assert clean.spool_files(PLACE) == {}
    clean.run(["mount", "-o", "remount,size=10m", BASE])
    assert quarantine(clean, controller, match=BAD)["outcomes"] == outcomes(quarantined=4)
    assert clean.spool_files(PLACE) == before


def test_a_read_only_quarantine_is_named(clean: Host, controller: Controller) -> None:
    three(clean)
    clean.run(["mkdir", "-m", "700", BASE])
    clean.run(["mount", "-t", "tmpfs", "-o", "mode=700,ro", "tmpfs", BASE])
    before = clean.spool_files()
    remedy = "The kernel log says why the filesystem is read-only. Mount it read-write, then run this again."
    for check in (True, False):
        failed = quarantine(clean, controller, match=BAD, check=check)
        assert failed["msg"] == f"No file can be written in {BASE}: Read-only file system. {remedy}"
    assert clean.spool_files() == before
    clean.run(["mount", "-o", "remount,rw", BASE])
    quarantine(clean, controller, match=BAD)
    clean.run(["mount", "-o", "remount,ro", BASE])
    for check in (True, False):
        failed = quarantine(clean, controller, match=BAD, state="restored", check=check)
        assert failed["msg"] == f"No file can be written in {PLACE}: Read-only file system. {remedy}"
    failed = quarantine(clean, controller, match=BAD, state="absent")
    assert failed["outcomes"] == outcomes(failed=3)
    assert ": Read-only file system. See failures" in failed["msg"]
    assert clean.spool_files(PLACE) == before
    assert clean.spool_files() == {}


@pytest.mark.parametrize("full", ["bytes", "inodes"])
def test_a_quarantine_without_room_is_named_first(clean: Host, controller: Controller, full: str) -> None:
    three(clean)
    before = clean.spool_files()
    clean.run(["mkdir", "-m", "700", BASE])
    size = "size=64k" if full == "bytes" else "nr_inodes=9"
    clean.run(["mount", "-t", "tmpfs", "-o", f"mode=700,{size}", "tmpfs", BASE])
    fill = "cat /dev/zero > filler" if full == "bytes" else "i=0; while echo > filler.$i; do i=$((i+1)); done"
    clean.run(["sh", "-c", f"cd {BASE}; {fill}"], check=False)
    for check in (True, False):
        assert quarantine(clean, controller, match=BAD, check=check)["msg"] == (
            f"No file can be written in {BASE}: No space left on device. Make room for data and inodes (df, df -i), then run this again. "
            "postfix_queue_purge needs no room, and works on a full disk."
        )
    assert clean.spool_files() == before
    assert "spam" not in clean.run(["ls", BASE]).stdout
    clean.run(["sh", "-c", f"rm {BASE}/filler*"])
    assert quarantine(clean, controller, match=BAD)["outcomes"] == outcomes(quarantined=3)


def test_a_planted_link_leads_nowhere(clean: Host, controller: Controller) -> None:
    first, *_others = three(clean)
    clean.run(["mkdir", "/root/outside"], check=False)
    clean.put("/root/outside/file", "precious")
    before = clean.spool_files()
    quarantine(clean, controller, mode="queues")
    # The mail owner owns the directories that were moved, and those of the spool.
    clean.run(["ln", "-s", "/root/outside/file", f"{PLACE}/deferred/ABCDEF0123"])
    clean.run(["ln", "-s", "/root/outside", f"{PLACE}/incoming/A"])
    hashed = f"{SPOOL}/deferred/{first[0]}"
    clean.run(["rm", "-rf", hashed])
    clean.run(["ln", "-s", "/root/outside", hashed])
    failed = quarantine(clean, controller, state="restored", match=[{"queue_id": first}])
    assert failed["msg"] == (
        f"1 of the selected messages are still in the quarantine. The first is {first}: Not a directory. Fix that, then run "
        "this again."
    )
    assert clean.spool_files(PLACE) == before
    assert ("defer", first) in logs(clean, PLACE)
    clean.run(["rm", hashed])
    done = quarantine(clean, controller, state="restored", match_all=True)
    assert done["outcomes"] == outcomes(restored=3)
    assert clean.spool_files() == before
    for check in (True, False):
        failed = quarantine(clean, controller, state="absent", match_all=True, check=check)
        assert failed["msg"].startswith(f"The quarantine {PLACE} holds what its journal does not name: ")
        assert "deferred/ABCDEF0123" in failed["msg"]
        assert "incoming/A" in failed["msg"]
    clean.run(["rm", f"{PLACE}/deferred/ABCDEF0123", f"{PLACE}/incoming/A"])
    assert quarantine(clean, controller, state="absent", match_all=True)["changed"] is True
    assert clean.run(["ls", BASE]).stdout == ""
    assert clean.run(["ls", "/root/outside"]).stdout == "file\n"
    assert clean.get("/root/outside/file") == b"precious"


def test_a_directory_of_somebody_else_is_refused(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    clean.run(["install", "-d", "-o", "postfix", BASE])
    failed = quarantine(clean, controller, match=BAD)
    assert failed["msg"] == (
        f"{BASE} is not a directory that only root can write to: a quarantine in it would not be safe. Name another directory, or "
        "give this one to root (chown root, chmod 0700)."
    )
    clean.run(["rm", "-r", BASE])
    clean.run(["ln", "-s", "/root", BASE])
    assert quarantine(clean, controller, match=BAD)["msg"] == failed["msg"]
    assert clean.spool_files() == before


def test_a_message_that_is_gone_meanwhile_vanished(clean: Host, controller: Controller) -> None:
    first, *_others = three(clean)
    gone = fault_before("the act", f"rm {path_of(clean, first)}")
    done = quarantine(clean, controller, match=BAD, **gone)
    assert done["outcomes"] == outcomes(quarantined=2, vanished=1)
    predicted = quarantine(clean, controller, state="restored", match=BAD, check=True)
    clean.run(["rm", f"{PLACE}/deferred/{_others[0]}"])
    back = quarantine(clean, controller, state="restored", plan=predicted["plan"])
    assert back["outcomes"] == outcomes(restored=1, vanished=1)


def test_postfix_is_started_again_whatever_failed(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    # What is mounted cannot be renamed.
    mount = f"mount --bind {SPOOL}/incoming {SPOOL}/incoming"
    try:
        failed = quarantine(clean, controller, mode="queues", **fault_before("the swap", mount))
        assert failed["msg"] == (
            f"The move between {SPOOL} and {PLACE} was interrupted: Device or resource busy. Every message is in one of them, and what was moved "
            "before stays moved. Fix that, then run this again."
        )
        assert (failed["outcomes"], failed["down"] > 0) == (NOTHING, True)
        clean.run(["postfix", "status"])
        for check in (True, False):
            assert quarantine(clean, controller, mode="queues", check=check)["msg"] == (
                f"queues: incoming in {SPOOL} is a filesystem of its own, and a mounted directory cannot be renamed. Nothing was touched. "
                "Use mode: messages"
            )
    finally:
        clean.run(["umount", f"{SPOOL}/incoming"])
    assert clean.spool_files() | clean.spool_files(PLACE) == before
    assert quarantine(clean, controller, mode="queues")["outcomes"] == outcomes(quarantined=3)
    assert clean.spool_files(PLACE) == before


def test_a_postfix_that_is_stopped_stays_stopped(clean: Host, controller: Controller) -> None:
    three(clean)
    failed = quarantine(clean, controller, mode="queues", service="none")
    assert failed["msg"] == (
        "Postfix runs, and with service: none this module does not stop it. Queues cannot be moved while Postfix runs. Nothing was "
        "touched. Stop Postfix, or choose another service."
    )
    failed = quarantine(clean, controller, mode="queues", service="systemd")
    assert failed["msg"] == (
        "Postfix runs, but not in a systemd unit named postfix*.service. Use service: postfix, or start Postfix with systemd."
    )
    clean.run(["postfix", "stop"])
    done = quarantine(clean, controller, mode="queues", service="none")
    assert (done["outcomes"], done["down"]) == (outcomes(quarantined=3), 0.0)
    assert clean.run(["postfix", "status"], check=False).returncode != 0
    assert quarantine(clean, controller, state="restored", match_all=True)["outcomes"] == outcomes(restored=3)


def test_maildrop_goes_too_where_it_is_asked_for(clean_each: Host, controller: Controller, lab: Lab) -> None:
    host = clean_each
    three(host)
    host.run(["postfix", "stop"])
    host.run(["sendmail", "-f", "local@good.example", "y@dest.example.org"], input="Subject: local\n\nhello\n")
    before = host.spool_files()
    looked = host.run(["stat", "-c", "%F %U %G %a", f"{SPOOL}/maildrop"]).stdout
    queues = ["maildrop", "incoming", "active", "deferred"]
    done = quarantine(host, controller, mode="queues", queues=queues)
    assert done["outcomes"] == outcomes(quarantined=4)
    assert host.spool_files(PLACE) == before
    assert host.run(["stat", "-c", "%F %U %G %a", f"{SPOOL}/maildrop"]).stdout == looked
    host.start_postfix()
    # postdrop, which is set-gid only, can write into the new one.
    delivered = len(lab.sink.received())
    lab.sink.mode("accept")
    host.run(
        ["setpriv", "--reuid", "ops", "--regid", "ops", "--clear-groups", "sendmail", "z@dest.example.org"],
        input="\nhi\n",
    )
    host.settle(0)
    back = quarantine(host, controller, state="restored", match=[{"origin": "local"}])
    assert back["outcomes"] == outcomes(restored=1)
    host.settle(0)
    senders = [message["sender"] for message in lab.sink.received()[delivered:]]
    assert [sender.partition("@")[0] for sender in senders] == ["ops", "local"]


def test_instances_do_not_meet(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    clean.run(["postmulti", "-e", "init"])
    clean.run(["postmulti", "-I", "postfix-two", "-e", "create"])
    two = "/var/spool/postfix-two"
    try:
        quarantine(clean, controller, match=BAD)
        primary = clean.get(f"{SPOOL}/pid/master.pid")
        other: dict[str, Any] = {"instance": "postfix-two", "mode": "queues"}
        done = quarantine(clean, controller, **other)
        assert (done["path"], done["changed"], done["down"]) == (f"{two}.quarantine/spam", True, 0.0)
        assert clean.get(f"{SPOOL}/pid/master.pid") == primary
        failed = quarantine(clean, controller, **other, directory=BASE)
        assert failed["msg"] == (
            f"The quarantine {PLACE} belongs to the instance in /etc/postfix, this one is in /etc/postfix-two; choose another name, "
            "or that instance."
        )
        assert [row["instance"]["queue_directory"] for row in info(clean, controller, instance="postfix-two")] == [two]
        assert clean.spool_files(PLACE) == before
    finally:
        clean.run(["postmulti", "-i", "postfix-two", "-e", "destroy"], check=False)
        clean.run(["sh", "-c", f"rm -rf /etc/postfix-two {two}* /var/lib/postfix-two"])
        clean.run(["postconf", "-X", "multi_instance_wrapper", "multi_instance_enable", "multi_instance_directories"])


# --- what is not the quarantine's -----------------------------------------------------------------------------------


def test_a_directory_of_the_operator_is_never_deleted(clean: Host, controller: Controller) -> None:
    three(clean)
    clean.run(["sh", "-c", "mkdir -p /srv/x/ticket-4711 && echo precious > /srv/x/ticket-4711/notes.txt"])
    mine: dict[str, Any] = {"name": "ticket-4711", "directory": "/srv/x"}
    for check in (True, False):
        failed = quarantine(clean, controller, **mine, state="absent", match_all=True, check=check)
        assert "is not a quarantine: it has no journal. Nothing was touched." in failed["msg"]
        failed = quarantine(clean, controller, **mine, match=BAD, check=check)
        assert "is not a quarantine and is not empty: it holds notes.txt. Nothing was touched." in failed["msg"]
    assert clean.get("/srv/x/ticket-4711/notes.txt") == b"precious\n"
    before, everything = clean.spool_files(), tree(clean)
    for base, name in (
        ("/var/spool", "postfix"),
        ("/var", "spool"),
        ("/etc", "postfix"),
        (SPOOL, "deferred"),
        ("/var/lib", "postfix"),
    ):
        for state in ("absent", "quarantined"):
            failed = quarantine(clean, controller, name=name, directory=base, state=state, match_all=True)
            assert failed["msg"].startswith(f"{base}/{name} cannot be a quarantine: ")
    assert (clean.spool_files(), tree(clean)) == (before, everything)
    clean.run(["rm", "-r", "/srv/x"])


def test_two_quarantines_of_one_name_do_not_meet(clean: Host, controller: Controller) -> None:
    for number in range(12):
        send(clean, f"{number}@bad.example", "a@dest.example.org")
    clean.settle(12)
    before = sorted(clean.spool_files().values())
    clean.run(["mkdir", "-m", "700", "-p", "/srv/far"])
    clean.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", "/srv/far"])
    far: dict[str, Any] = {"name": "ticket", "directory": "/srv/far"}
    odd = [{"sender": "/^([13579]|11)@/"}]
    try:
        quarantine(clean, controller, name="ticket", match=[{"sender": "0@bad.example"}])
        for command in ("true", f"rm -rf {SPOOL}/pid/mailops*"):
            for step in ("copied", "placed"):
                taken = quarantine(clean, controller, **far, match=odd)
                assert taken["outcomes"] == outcomes(quarantined=6)
                # Killed just before a record: of the copies, or of their being in their places.
                count = 2 if step == "copied" else 3
                script = f"echo >> /root/count; [ $(wc -l < /root/count) -lt {count} ] || kill -9 $PPID"
                clean.run(["rm", "-f", "/root/count"])
                killed = quarantine(
                    clean, controller, **far, state="restored", match_all=True, **fault_before("a record", script)
                )
                assert "outcomes" not in killed
                clean.run(["sh", "-c", command])
                quarantine(clean, controller, name="ticket", match=[{"sender": "nobody.example"}])
                back = quarantine(clean, controller, **far, state="restored", match_all=True)
                assert back["outcomes"] == outcomes(restored=back["matched"]["messages"])
                places = (SPOOL, f"{BASE}/ticket", "/srv/far/ticket")
                assert sorted(value for place in places for value in clean.spool_files(place).values()) == before
                assert clean.spool_files("/srv/far/ticket") == {}
    finally:
        clean.run(["sh", "-c", "umount /srv/far; rmdir /srv/far; rm -f /root/count"])


def test_what_keeps_a_moved_directory_open_can_delete_nothing(clean: Host, controller: Controller) -> None:
    first, *_others = three(clean)
    hashed = path_of(clean, first).rpartition("/")[0]
    # A process of the mail owner that stands in a hash directory, and tries to remove what is there until it is killed.
    script = "while ! [ -e /var/lib/postfix/go ]; do sleep 0.05; done; rm -f *; touch /var/lib/postfix/gone"
    clean.run(["rm", "-f", "/var/lib/postfix/go", "/var/lib/postfix/gone"])
    clean.run(
        [
            "sh",
            "-c",
            f"cd {hashed} && setsid setpriv --reuid postfix --regid postfix --clear-groups sh -c '{script}' >/dev/null 2>&1 &",
        ]
    )
    done = quarantine(clean, controller, mode="queues")
    inside = clean.spool_files(PLACE)
    assert (done["outcomes"], len(inside)) == (outcomes(quarantined=3), 3)
    directories = clean.run(["find", PLACE, "-type", "d", "-printf", "%u %m\n"]).stdout.split("\n")
    assert set(directories) == {"root 700", ""}
    clean.run(["touch", "/var/lib/postfix/go"])
    wait_until(
        lambda: clean.run(["test", "-e", "/var/lib/postfix/gone"], check=False).returncode == 0, "it does not try"
    )
    assert clean.spool_files(PLACE) == inside
    clean.run(["rm", "-f", "/var/lib/postfix/go", "/var/lib/postfix/gone"])
    assert quarantine(clean, controller, state="restored", match_all=True)["outcomes"] == outcomes(restored=3)


@pytest.mark.parametrize("far", [False, True])
def test_a_planted_log_keeps_no_mail_back(clean: Host, controller: Controller, far: bool) -> None:
    sent = three(clean)
    if far:
        clean.run(["mkdir", "-m", "700", BASE])
        clean.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", BASE])
    for queue_id, plant in zip(sent, ("ln -s /etc/passwd", "mkfifo", "mkdir"), strict=True):
        clean.run(
            [
                "sh",
                "-c",
                f"cd {SPOOL}/defer/{path_of(clean, queue_id).split('/')[-2]} && rm {queue_id} && {plant} {queue_id}",
            ]
        )
    done = quarantine(clean, controller, match=BAD)
    assert done["outcomes"] == outcomes(quarantined=3)
    [warning] = done["warnings"]
    assert warning.startswith("3 logs of messages are no regular files or cannot be moved, and stay where they are: ")
    assert all(f"defer/{queue_id}" in warning for queue_id in sent)
    assert quarantine(clean, controller, state="restored", match=BAD)["outcomes"] == outcomes(restored=3)
    clean.run(["find", f"{SPOOL}/defer", "-mindepth", "2", "-not", "-type", "f", "-delete"])


def test_a_postfix_in_the_foreground_is_not_stopped(clean_each: Host, controller: Controller) -> None:
    host = clean_each
    three(host)
    before = host.spool_files()
    host.run(["postfix", "stop"])
    host.run(["sh", "-c", "setsid postfix start-fg >/dev/null 2>&1 &"])
    # Not with postfix status: while that looks, it has the lock that the master needs to start.
    is_there = f"tr '\\0' ' ' < /proc/$(tr -d ' \\n' < {SPOOL}/pid/master.pid)/cmdline | grep -q 'master -'"
    wait_until(lambda: host.run(["sh", "-c", is_there], check=False).returncode == 0, "it does not start")
    try:
        for service in ("auto", "postfix"):
            for check in (True, False):
                failed = quarantine(host, controller, mode="queues", service=service, check=check)
                assert failed["msg"].startswith("Postfix runs in the foreground (process ")
                assert "run this with service: none, and start Postfix again" in failed["msg"]
        host.run(["postfix", "status"])
        assert host.spool_files() == before
    finally:
        host.run(["postfix", "stop"])
    done = quarantine(host, controller, mode="queues", service="none")
    assert done["outcomes"] == outcomes(quarantined=3)
    host.start_postfix()


def test_who_asks_whether_postfix_runs_does_not_keep_it_down(clean_each: Host, controller: Controller) -> None:
    three(clean_each)
    # As postfix status does, for longer: once, at the first start.
    asking = f"flock -s {SPOOL}/pid/master.pid sleep 0.6 >/dev/null 2>&1 &"
    once = f"mkdir /root/asked && {{ {asking} sleep 0.1; }}"
    directory = before_command(clean_each, "postfix", "start", once)
    try:
        done = quarantine(clean_each, controller, mode="queues", service="postfix", command_directory=directory)
    finally:
        clean_each.run(["rmdir", "/root/asked"])
    assert done["outcomes"] == outcomes(quarantined=3)
    clean_each.run(["postfix", "status"])


# --- limits and refusals --------------------------------------------------------------------------------------------


def test_limits_hold_for_every_state(clean: Host, controller: Controller) -> None:
    three(clean)
    before = clean.spool_files()
    text = "The selection has 3 messages, max_messages allows 2; nothing was touched. Narrow the selection or raise max_messages."
    for options in ({"match": BAD}, {"mode": "queues"}):
        assert quarantine(clean, controller, max_messages=2, **options)["msg"] == text
        assert quarantine(clean, controller, max_messages=2, check=True, **options)["msg"] == text
    assert clean.spool_files() == before
    assert clean.run(["ls", BASE], check=False).stdout == ""
    quarantine(clean, controller, match=BAD)
    for state in ("restored", "absent"):
        assert quarantine(clean, controller, max_messages=2, match=BAD, state=state)["msg"] == text
    assert clean.spool_files(PLACE) == before


def test_what_is_young_is_kept(clean: Host, controller: Controller) -> None:
    three(clean)
    quarantine(clean, controller, match=BAD)
    options: dict[str, Any] = {"state": "absent", "match_all": True}
    assert quarantine(clean, controller, older_than="1h", **options)["changed"] is False
    assert len(clean.spool_files(PLACE)) == 3
    time.sleep(1.1)
    predicted = quarantine(clean, controller, older_than="1s", check=True, **options)
    done = quarantine(clean, controller, older_than="1s", **options)
    assert flags(done) == flags(predicted)
    assert done["outcomes"] == outcomes(deleted=3)
    assert clean.run(["ls", BASE]).stdout == ""


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"name": "../spam"},
        "name: '../spam' cannot be the name of a quarantine. Use at most 64 letters, digits, and . _ -, and start with a letter, a digit or _.",
    ),
    ({"state": "restored", "match_all": True}, f"There is no quarantine spam in {BASE}. Existing quarantines: none."),
    (
        {"mode": "queues", "match": BAD},
        "mode: queues moves whole queues; leave out match, or use mode: messages",
    ),
    (
        {"mode": "queues", "queues": ["deferred", "incoming"]},
        "queues: mode: queues must move incoming, active and deferred together, because Postfix moves messages between them. Add active",
    ),
    (
        {"state": "absent"},
        "match: it is missing. Add a rule, or set match_all: true to select every message",
    ),
]


def test_what_cannot_be_meant_is_refused(clean: Host, controller: Controller) -> None:
    for options, message in REFUSED:
        assert quarantine(clean, controller, **options)["msg"] == message
    assert clean.run(["ls", BASE], check=False).stdout == ""
