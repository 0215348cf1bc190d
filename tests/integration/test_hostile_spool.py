# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compromised mail owner, a crash or a full disk leaves in a real spool: it is counted, never followed, never acted on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.fleet.lab import SPOOL
from tests.integration.test_purge import outcomes, path_of, send

if TYPE_CHECKING:
    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

# Each line makes one thing in deferred/0 that is no sound queue file; $MESSAGE is one that is.
PLANT = """
set -e
cd {spool}/deferred
# A hash directory that is a link: one that no message of this queue needs.
find . -mindepth 1 -maxdepth 1 -type d -empty -delete
for hash in A B C; do [ -e $hash ] || break; done
ln -s /root $hash
ln -s /root 1link
[ -d 0 ] || install -d -m 700 -o postfix -g postfix 0
ln -s $MESSAGE 0/0AAAA1
mkfifo 0/0AAAA2
mkdir 0/0AAAA3
: > 0/0AAAA4; chmod 700 0/0AAAA4
head -c 300 $MESSAGE > 0/0AAAA5; chmod 700 0/0AAAA5
cp $MESSAGE 0/0AAAA6; chmod 600 0/0AAAA6
truncate -s 1T 0/0AAAA7; chmod 700 0/0AAAA7
cp $MESSAGE 0/bogus-name; chmod 700 0/bogus-name
head -c 100000 /dev/urandom > 0/0AAAA8; chmod 700 0/0AAAA8
cp $MESSAGE {spool}/corrupt/0AAAA9; chmod 400 {spool}/corrupt/0AAAA9
"""


def planted_files(host: Host) -> list[str]:
    """Return the planted files with inode, size, mode and mtime, sorted: a directory lists them in any order."""
    found = host.run(["find", SPOOL, "-path", "*0AAAA*", "-printf", "%p %i %s %m %T@\n"]).stdout
    return sorted(found.splitlines())


def test_what_is_no_queue_file_is_counted_and_left_alone(empty_host: Host, controller: Controller) -> None:
    spam = send(empty_host, "spam@bad.example", "a@dest.example.org")
    ham = send(empty_host, "ham@good.example", "a@dest.example.org")
    empty_host.settle(2)
    empty_host.run(["postfix", "stop"])
    empty_host.run(["env", f"MESSAGE={path_of(empty_host, ham)}", "sh", "-c", PLANT.format(spool=SPOOL)])
    try:
        planted = planted_files(empty_host)
        facts = controller.facts(empty_host.name)
        with empty_host.logging_to_syslog():
            done = controller.purge(empty_host.name, match=[{"sender": "/./"}], exclude=[{"sender": "good.example"}])
        assert planted_files(empty_host) == planted
    finally:
        empty_host.run(
            [
                "sh",
                "-c",
                f"cd {SPOOL}/deferred && rm -rf 0/0AAAA? 0/bogus-name && find . -maxdepth 1 -type l -delete",
            ]
        )
        empty_host.run(["postfix", "start"])
    scan = facts["scan"]
    # Links (two files, one hash directory), the FIFO, the directory, the name that none has.
    assert scan["not_files"] == 6
    # Empty, cut short, a terabyte of zeros, random bytes.
    assert scan["unparsed"] == 4
    assert scan["incomplete"] == 1
    assert (scan["unreadable"], scan["vanished"]) == (0, 0)
    assert facts["queues"]["deferred"]["incomplete"] == 1
    assert facts["queues"]["deferred"]["messages"] == 6
    assert facts["queues"]["corrupt"]["messages"] == 1
    # No rule, so everything is selected. A rule selects by what can be read, and what cannot be read is undecided.
    assert facts["matched"]["messages"] == 6
    assert len(facts["scan"]["damaged"]) == 4
    assert done["outcomes"] == outcomes(purged=1, undecided=done["matched"]["undecided"])
    assert done["matched"]["undecided"] == len(done["undecided"]) > 0
    assert [message["queue_id"] for message in done["messages"]] == [spam]
    assert path_of(empty_host, ham)


def test_a_busy_queue_is_read_while_it_moves(host: Host, controller: Controller) -> None:
    host.fill("ham", 300, seed=3)
    # Not what is active: where its file goes and comes back, the queue manager may remove it, or panic (qmgr_job_free).
    churn = "for i in $(seq 20); do postsuper -h ALL deferred; postsuper -H ALL; postqueue -f; sleep 0.05; done"
    with ThreadPoolExecutor(1) as pool:
        churning = pool.submit(host.run, ["sh", "-c", churn])
        for _look in range(4):
            facts = controller.facts(host.name)
            scan = facts["scan"]
            # Nothing is lost and nothing is misread: what is not there any more is said to have vanished.
            assert (scan["unparsed"], scan["unreadable"], scan["not_files"]) == (0, 0, 0)
            assert facts["total"]["messages"] > 0
        churning.result()
    # The last flush is still being delivered, and showq may miss what moves: only at rest all must be there.
    host.settle(300)
    assert len(host.postqueue()) == 300
    assert len(host.spool_files()) == 300
    assert controller.facts(host.name)["total"]["messages"] == 300
