# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make labelled logs with a real Postfix: what was planned goes through smtpd as fast as it can, and then gets the planned times."""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator, Mapping, Sequence

from tests.fleet.lab import Host, Lab
from tests.fleet.sasl import PASSWORD, Backend, Client
from tests.suspects.plan import DAY, DEFERRING_DOMAINS, REFUSING_DOMAINS, Kind, Plan, Submission
from tests.suspects.restamp import restamped

RELEASE = "bookworm"
SINK_RULES = {**dict.fromkeys(REFUSING_DOMAINS, "reject"), **dict.fromkeys(DEFERRING_DOMAINS, "defer")}
_LOG = "/var/log/mail.log"
_CLIENTS = 3


@dataclass(frozen=True)
class Label:
    """What is known about a log."""

    group: str
    name: str
    stolen: Sequence[str]
    """Accounts."""


def make_logs(directory: Path, groups: Mapping[str, Sequence[Kind]]) -> None:
    """Write a log for each kind, and its label in a file next to it."""
    directory.mkdir(parents=True, exist_ok=True)
    with Lab.start(1, [RELEASE]) as lab:
        lab.sink.start()
        lab.sink.mode("accept", rules=SINK_RULES)
        host = lab.host_of(RELEASE)
        with host.authenticating_by("sasldb") as accounts:
            for number, (group, kind) in enumerate((group, kind) for group, kinds in groups.items() for kind in kinds):
                started = time.monotonic()
                plan = kind.make()
                path = directory / ("%02d.log" % number)
                lines = log_of(host, accounts, plan)
                _write(path, lines, plan, Label(group, kind.name, sorted(plan.stolen)))
                said = (path, kind.name, len(plan.submissions), len(lines), time.monotonic() - started)
                print("%s: %s, %d connections, %d lines, %.0f s" % said, flush=True)


def log_of(host: Host, accounts: Backend, plan: Plan) -> list[str]:
    """Carry out a plan on a host as fast as it can; return the lines that Postfix logs, as they are. The log and the queue are emptied."""
    for account in sorted({one.account for one in plan.submissions if one.account and one.password_is_right}):
        accounts.set_password(account, PASSWORD)
    host.run(["postsuper", "-d", "ALL"])
    host.run(["truncate", "--size", "0", _LOG])
    # The connections from one address are made one after the other, in order.
    shares: list[list[Submission]] = [[] for _turn in range(_CLIENTS)]
    for submission in plan.submissions:
        shares[zlib.crc32(submission.client_address.encode()) % _CLIENTS].append(submission)
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(_CLIENTS) as pool:
        clients = [stack.enter_context(host.submitting()) for _share in shares]
        list(pool.map(_submit_all, clients, shares))
    # It waits until nothing is in delivery, and ends the smtpd processes.
    host.reload()
    return [line + "\n" for line in host.get(_LOG).decode("utf-8", "surrogateescape").splitlines()]


def _submit_all(client: Client, submissions: Sequence[Submission]) -> None:
    for submission in submissions:
        _submit(client, submission)


def _submit(client: Client, submission: Submission) -> None:
    password = PASSWORD if submission.password_is_right else "wrong"
    port = 587 if submission.account else 25
    reply = client.open("it", submission.account, password, client_address=submission.client_address, port=port)
    if reply.accepted != submission.password_is_right:
        raise AssertionError("%s: the server answered %s" % (submission, reply))
    if submission.recipients:
        message = {"sender": submission.sender, "recipients": list(submission.recipients)}
        [reply] = client.send("it", message)
        if not reply.accepted:
            raise AssertionError("%s: the server answered %s" % (submission, reply))
    client.close("it")


def _write(path: Path, lines: Sequence[str], plan: Plan, label: Label) -> None:
    """Write a log and its label. The plan ends with yesterday, and the file's time says so, because a time stamp has no year."""
    days = int(plan.submissions[-1].time // DAY) + 1
    midnight = (time.time() // DAY - days) * DAY
    text = "".join(restamped(lines, plan.submissions, midnight=midnight))
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    end = midnight + plan.submissions[-1].time
    os.utime(path, (end, end))
    path.with_suffix(".json").write_text(json.dumps(asdict(label)) + "\n", encoding="utf-8")


def labelled(directory: Path) -> Iterator[tuple[Path, Label]]:
    """Yield each log of a directory with its label."""
    for path in sorted(directory.glob("*.log")):
        yield path, Label(**json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
