# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks hold, release and flush on two hosts, the oldest and the newest release of Postfix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fleet.lab import NEWEST_RELEASE, OLDEST_RELEASE, Host, Lab
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.conftest import empty
from tests.integration.playbooks import Playbooks, Run
from tests.integration.test_hold import LOG, places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

MESSAGES = 40
# The rules of all roles, as a rule file has them.
RULES: dict[str, Any] = {"mailops_match": list(SPAM_MATCH), "mailops_exclude": list(SPAM_EXCLUDE)}


@pytest.fixture
def pair(lab: Lab) -> Iterator[dict[Host, list[Record]]]:
    """Two hosts with a mixture that is deferred and quiet."""
    hosts = [lab.host_of(release) for release in (OLDEST_RELEASE, NEWEST_RELEASE)]
    lab.sink.reset()
    for host in hosts:
        empty(host)
    yield {host: host.fill("incident", MESSAGES) for host in hosts}
    lab.sink.reset()
    for host in hosts:
        empty(host)


@pytest.fixture
def playbooks(controller: Controller, tmp_path: Path) -> Playbooks:
    return Playbooks(controller, tmp_path / "reports")


def in_hold(host: Host) -> set[str]:
    """Return what Postfix lists as held."""
    return {queue_id for queue_id, queue in places(host).items() if queue == "hold"}


def rows(run: Run, kind: str) -> dict[str, dict[str, Any]]:
    """Return the rows of the newest report of a kind, by host."""
    return {row["host"]: row for row in run.report(kind)["hosts"]}


def outcomes(row: dict[str, Any]) -> dict[str, str | None]:
    """Return the outcome of each listed message of a host."""
    return {message["queue_id"]: message["outcome"] for message in row["messages"]}


class Held:
    """What is on hold on each host: what somebody else put on hold, and what the rules select in addition."""

    def __init__(self, pair: dict[Host, list[Record]]) -> None:
        self.limited = ("--limit", ",".join(host.name for host in pair))
        self.spam = {host: {record.queue_id for record in records if record.is_spam} for host, records in pair.items()}
        # On each host somebody else holds a message that the rules select, and one that they do not select.
        self.foreign = {
            host: {min(self.spam[host]), next(record.queue_id for record in records if not record.is_spam)}
            for host, records in pair.items()
        }
        self.ours = {host: spam - self.foreign[host] for host, spam in self.spam.items()}
        for host, queue_ids in self.foreign.items():
            host.run(["postsuper", "-h", "-"], input="\n".join(queue_ids))

    @property
    def held(self) -> int:
        return sum(map(len, self.ours.values()))

    @property
    def selected(self) -> int:
        return sum(map(len, self.spam.values()))


def test_a_release_releases_what_a_hold_of_ours_held(playbooks: Playbooks, pair: dict[Host, list[Record]]) -> None:
    known = Held(pair)
    refuse_and_predict(playbooks, known)
    record = hold_twice(playbooks, known)
    release_ours(playbooks, known, record)
    # Whoever put it on hold, if the operator says so.
    others = playbooks.run("release", *known.limited, queue_hold_own=False, queue_hold_match_all=True)
    assert others.status == 0, others.output
    assert not any(in_hold(host) for host in pair)


def refuse_and_predict(playbooks: Playbooks, known: Held) -> None:
    """Beyond a limit, and in check mode, nothing is touched."""
    before = {host: host.spool_files() for host in known.spam}
    refused = playbooks.run("hold", *known.limited, **RULES, queue_hold_fleet_max_messages=known.selected - 1)
    assert refused.status == 2
    assert f"{known.selected} messages are selected on 2 hosts, queue_hold_fleet_max_messages allows" in refused.output
    assert "Nothing was touched on any host." in refused.output
    check = playbooks.run("hold", *known.limited, "--check", "--diff", **RULES)
    assert check.status == 0, check.output
    assert check.recap("changed") == {host.name: 1 for host in known.spam}
    assert f"Would be held: {known.held} of {known.selected} selected messages" in check.output
    assert {host: host.spool_files() for host in known.spam} == before
    assert not [path for path in playbooks.directory.rglob("*") if path.is_file()]


def hold_twice(playbooks: Playbooks, known: Held) -> Path:
    """Hold, which has nothing to do a second time. Return the record of the hold."""
    done = playbooks.run("hold", *known.limited, **RULES, queue_hold_reason="ticket 4711")
    assert done.status == 0, done.output
    assert f"Held: {known.held} of {known.selected} selected messages" in done.output
    for host, ours in known.ours.items():
        assert in_hold(host) == ours | known.foreign[host]
        row = rows(done, "hold")[host.name]
        assert (row["state"], row["changed"]["messages"]) == ("held", len(ours))
        assert outcomes(row) == {**dict.fromkeys(ours, "held"), **dict.fromkeys(known.spam[host] - ours)}
        assert b"reason=ticket 4711" in host.get(LOG)
    again = playbooks.run("hold", *known.limited, **RULES)
    assert again.recap("changed") == {host.name: 0 for host in known.ours}
    (record,) = (path for path in (playbooks.directory / "runs").iterdir() if not path.is_symlink())
    return record


def release_ours(playbooks: Playbooks, known: Held, record: Path) -> None:
    """One of ours is deleted, then the hold is released: first in check mode, then by the directory of the run."""
    gone = {host: max(ours) for host, ours in known.ours.items()}
    for host, queue_id in gone.items():
        host.run(["postsuper", "-d", queue_id])
    other = playbooks.run("release", *known.limited, queue_hold_match=[{"sender": "other.example"}])
    assert other.status == 2
    assert f"The rules are not those of the hold in {record}; nothing was touched." in other.output
    check = playbooks.run("release", *known.limited, "--check", **RULES)
    assert check.status == 0, check.output
    assert f"Would be released: {known.held - 2} of {known.held - 2} selected messages" in check.output
    for host, ours in known.ours.items():
        assert in_hold(host) == (ours | known.foreign[host]) - {gone[host]}
    options = {"queue_hold_run": str(record), "queue_hold_release_by": "move"}
    released = playbooks.run("release", *known.limited, **options)
    assert released.status == 0, released.output
    for host, ours in known.ours.items():
        assert in_hold(host) == known.foreign[host]
        row = rows(released, "hold")[host.name]
        assert row["state"] == "released"
        assert row["not_as_planned"] == [{"queue_id": gone[host], "outcome": "vanished"}]
        assert outcomes(row) == dict.fromkeys(ours - {gone[host]}, "released")
    again = playbooks.run("release", *known.limited)
    assert again.status == 0, again.output
    assert {row["state"] for row in rows(again, "hold").values()} == {"nothing_to_do"}


def test_a_flush_tries_what_is_selected(playbooks: Playbooks, lab: Lab, pair: dict[Host, list[Record]]) -> None:
    limited = ("--limit", ",".join(host.name for host in pair))
    ham = {host: {record.queue_id for record in records if not record.is_spam} for host, records in pair.items()}
    bad_mail = {"mailops_match": list(SPAM_MATCH), "mailops_exclude": list(SPAM_EXCLUDE)}
    rules = {**bad_mail, "queue_flush_match_all": True}
    lab.sink.mode("accept")
    before = {host: host.spool_files() for host in pair}

    nothing = playbooks.run("flush", *limited)
    assert nothing.status == 2
    assert "No selection is given; nothing was touched." in nothing.output
    unselected = playbooks.run("flush", *limited, **bad_mail)
    assert unselected.status == 2
    assert "queue_flush_match_all: true to try every message that mailops_match does not select." in unselected.output
    site = playbooks.run("flush", *limited, **bad_mail, queue_flush_site="example.org")
    assert site.status == 2
    assert (
        "queue_flush_site would also try the bad mail that mailops_match selects; nothing was touched." in site.output
    )
    refused = playbooks.run("flush", *limited, **rules, queue_flush_fleet_max_messages=1)
    assert refused.status == 2
    assert "queue_flush_fleet_max_messages allows 1." in refused.output
    check = playbooks.run("flush", *limited, "--check", **rules)
    assert check.status == 0, check.output
    assert {host: host.spool_files() for host in pair} == before

    done = playbooks.run("flush", *limited, **rules, queue_flush_wait=120)
    assert done.status == 0, done.output
    number = sum(map(len, ham.values()))
    assert f"Tried: {number} of {number} selected messages" in done.output
    assert f"What became of them within 120 seconds: {number} left" in done.output
    for host, records in pair.items():
        assert set(places(host)) == {record.queue_id for record in records} - ham[host]
        row = rows(done, "flush")[host.name]
        assert row["state"] == "flushed"
        assert set(outcomes(row).values()) == {"tried"}
