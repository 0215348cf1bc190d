# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_spool_quarantine and postfix_quarantine_info: where every message is, is looked up by find(1) and at the sink."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import SPOOL, Host, Lab
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.conftest import empty
from tests.integration.test_purge import path_of, send, settle

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
    "vanished": 0,
    "changed": 0,
    "in_flight": 0,
    "collision": 0,
    "failed": 0,
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
    """Run postfix_spool_quarantine, on the quarantine "spam" unless told otherwise."""
    return controller.module(host.name, "postfix_spool_quarantine", {"name": "spam", **options}, check=check)


def info(host: Host, controller: Controller, **options: Any) -> list[dict[str, Any]]:
    """Return the quarantines of a host."""
    result = controller.module(host.name, "postfix_quarantine_info", options)
    assert "quarantines" in result, result
    found: list[dict[str, Any]] = result["quarantines"]
    return found


def logs(host: Host, place: str = SPOOL) -> set[tuple[str, str]]:
    """Return (log directory, queue ID) of all logs."""
    found = host.run(["find", *(f"{place}/{log}" for log in LOGS), "-type", "f", "-printf", "%H/%f\n"], check=False).stdout
    pairs = (line.rsplit("/", 2)[-2:] for line in found.splitlines())
    return {(log, name) for log, name in pairs}


def ids(files: Files) -> set[str]:
    return {name for _queue, name in files}


def looks(host: Host, *paths: str) -> str:
    """Return type, owner, group, permissions and mtime of files, by name."""
    return host.run(["stat", "--format", "%F %U %G %a %Y", *paths]).stdout


def flags(result: dict[str, Any]) -> dict[str, Any]:
    """Return what check mode and a real run must say alike."""
    assert "matched" in result, result
    keys = ("changed", "matched", "quarantined", "restored", "deleted", "outcomes", "messages", "selection", "diff", "truncated")
    return {key: result[key] for key in (*keys, "collisions") if key in result}


def tree(host: Host) -> str:
    """Return every name, owner, mode and time below the spool and the quarantines: what check mode must not change."""
    return host.run(
        ["sh", "-c", f"find {SPOOL} {BASE} -not -path '*/p[ru]*/*' -printf '%p %y %u %g %m %T@ %i\\n' 2>/dev/null | sort"]
    ).stdout


# --- the main job ---------------------------------------------------------------------------------------------------


def test_messages_go_and_come_back_whole(clean_each: Host, controller: Controller, lab: Lab) -> None:
    host = clean_each
    records = host.fill("incident", 300, seed=11)
    settle(host, 300)
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
    [told] = info(host, controller)
    assert told["total"]["messages"] == told["quarantined"] == len(spam)
    assert told["queues"] == {"deferred": {"messages": len(spam), "bytes": done["quarantined"]["bytes"]}}
    assert [run["reason"] for run in told["runs"]] == ["ticket 1"]
    assert told["unfinished"] is None
    # Back again: a part by a rule, then the rest, byte for byte with its logs, as it was.
    some = {"match": [{"sender": "<>"}], "state": "restored"}
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
    [told] = info(host, controller)
    assert (told["restored"], told["total"]["messages"]) == (len(spam), 0)
    # What was restored is delivered.
    delivered = len(lab.sink.received())
    lab.sink.mode("accept")
    host.run(["postqueue", "-f"])
    settle(host, 0)
    assert len(lab.sink.received()) - delivered >= len(spam)


def test_whole_queues_go_and_postfix_goes_on(clean_each: Host, controller: Controller, lab: Lab) -> None:
    host = clean_each
    host.fill("incident", 200, seed=12)
    settle(host, 200)
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
    settle(host, 1)
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
    settle(host, 0)
    gone = quarantine(host, controller, state="absent", match_all=True)
    assert gone["changed"] is True
    assert host.run(["ls", BASE]).stdout == ""
    assert quarantine(host, controller, state="absent", match_all=True)["changed"] is False
