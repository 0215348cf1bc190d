# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source for ansible-rulebook: hosts that the newest audit report shows over a threshold or without an answer.

ansible-rulebook runs this file by itself, so it imports only the standard library.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import stat
import time
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

DOCUMENTATION = r"""
---
short_description: Hosts that an audit shows over a threshold or without an answer
description:
  - An ansible-rulebook event source that reads the reports of the playbook C(mailops.postfix.audit) in a directory on the controller.
  - The newest report counts. Each host that is over a threshold gives one event, and so does each host that did not answer. If the sums
    of the fleet are over a threshold, this gives one event without a host.
  - A host gives no second event while it stays over its thresholds or stays without an answer. After a report in which it is well, it
    gives an event again. A report that does not have the host says nothing about it.
  - An event has no addresses and no texts from a mail queue. It has the name of the host, of the report and of the thresholds, and numbers.
options:
  directory:
    description:
      - The directory of the reports, the C(queue_audit_directory) of the audit. Use an absolute path.
    type: str
    required: true
  interval:
    description:
      - How many seconds to wait between two looks at the directory.
    type: float
    default: 30
  max_age:
    description:
      - A report that is older than this many seconds gives no events. V(0) means that a report of any age does.
    type: float
    default: 3600
  max_events:
    description:
      - How many events one look gives at most. The other events follow with the next looks.
    type: int
    default: 100
"""

EXAMPLES = r"""
- mailops.postfix.audit_reports:
    directory: /var/lib/mailops/reports
    interval: 60
"""

# A report is read into memory. The report of 1,000 hosts has about 10 MB.
MAX_BYTES = 256 * 1024 * 1024
# Host names go into --limit of ansible-playbook, where other characters select several hosts or a file of hosts.
# No number of a report is larger: times are seconds since the epoch, and sizes are counted per message.
MOST = 1e11
HOST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,252}")
THRESHOLD_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# The states of hosts that did not answer the audit.
WITHOUT_ANSWER = ("missing", "unreachable", "timed_out", "connection_refused", "failed")

logger = logging.getLogger(__name__)


class UnusableReportError(Exception):
    """A file is not a report that this source can read. Its text has the file and the reason."""


class Options(NamedTuple):
    """The options of the source, with the defaults of the documentation."""

    directory: Path
    interval: float = 30.0
    max_age: float = 3600.0
    max_events: int = 100


class Trouble(NamedTuple):
    """What an event is about: its kind, which is over or no_answer, and the host, None for the fleet."""

    kind: str
    host: str | None


def read_options(args: Mapping[str, Any]) -> Options:
    """Return the options from the arguments of a rulebook. Raises ValueError with a text for the operator."""
    unknown = sorted(name for name in args if name not in Options._fields)
    if unknown:
        raise ValueError(
            "%s: unknown option of audit_reports. Use %s." % (", ".join(unknown), ", ".join(Options._fields))
        )
    if not args.get("directory"):
        raise ValueError("directory: the option is missing. Set it to the directory of the audit reports.")
    directory = Path(str(args["directory"]))
    if not directory.is_absolute():
        raise ValueError("directory: %s is not an absolute path. Use one such as /var/lib/mailops." % directory)
    numbers = {
        name: _read_number(name, args.get(name, Options._field_defaults[name]))
        for name in ("interval", "max_age", "max_events")
    }
    return Options(directory, numbers["interval"], numbers["max_age"], max(1, int(numbers["max_events"])))


def _read_number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("%s: %r is not a number of 0 or more." % (name, value))
    return number


def find_newest(directory: Path) -> Path | None:
    """Return the newest audit report of a directory, None if there is none. Links, such as audit.json, are not followed."""
    found: list[tuple[int, str]] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.startswith("audit-") and entry.name.endswith(".json"):
                status = entry.stat(follow_symlinks=False)
                # A tool that copies reports may make a file before it has the content.
                if stat.S_ISREG(status.st_mode) and status.st_size > 0:
                    found.append((status.st_mtime_ns, entry.name))
    return directory / max(found)[1] if found else None


def read_report(path: Path) -> dict[str, Any]:
    """Return an audit report. Raises UnusableReportError, and OSError if the file cannot be read."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableReportError("%s: the report has more than %d bytes. It is ignored." % (path, MAX_BYTES))
    try:
        report = json.loads(data)
    except (ValueError, RecursionError):
        raise UnusableReportError("%s: this is not JSON. The file is ignored." % path) from None
    rows = report.get("hosts") if isinstance(report, dict) and report.get("kind") == "audit" else None
    if not isinstance(rows, list) or not _is_number(report.get("created")):
        raise UnusableReportError("%s: this is not a report of an audit. The file is ignored." % path)
    return dict(report)


def _is_number(value: Any) -> bool:
    # JSON that Python reads may have NaN, infinity, and numbers that no time can have.
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < MOST


def states_of(report: Mapping[str, Any]) -> dict[str, str]:
    """Return {host: state} of the hosts whose name and state can be used; the others are logged."""
    states: dict[str, str] = {}
    for row in report["hosts"]:
        host = row.get("host") if isinstance(row, dict) else None
        if isinstance(host, str) and HOST_NAME.fullmatch(host):
            states[host] = str(row.get("state"))
        else:
            logger.warning("audit_reports: %.100r cannot be used as the name of a host, so it gives no event", host)
    return states


def find_troubles(report: Mapping[str, Any]) -> dict[Trouble, dict[str, Any]]:
    """Return {trouble: what its event says beside kind and host}: the fleet first, then hosts over a threshold, then the others."""
    states = states_of(report)
    over: dict[str | None, list[dict[str, Any]]] = {}
    for entry in _entries_over(report):
        host = entry["host"]
        if host is None or host in states:
            over.setdefault(host, []).append({name: entry[name] for name in ("threshold", "value", "limit")})
    hosts_over = sorted(over.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    troubles: dict[Trouble, dict[str, Any]] = {Trouble("over", host): {"over": entries} for host, entries in hosts_over}
    for host, state in sorted(states.items()):
        if state in WITHOUT_ANSWER:
            troubles[Trouble("no_answer", host)] = {"state": state}
    return troubles


def _entries_over(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the usable entries of a report's list of what was over a threshold."""
    entries = report.get("over")
    for entry in entries if isinstance(entries, list) else ():
        if (
            isinstance(entry, dict)
            and (entry.get("host") is None or isinstance(entry["host"], str))
            and THRESHOLD_NAME.fullmatch(str(entry.get("threshold")))
            and _is_number(entry.get("value"))
            and _is_number(entry.get("limit"))
        ):
            yield {"host": None, **entry}


def make_event(trouble: Trouble, more: Mapping[str, Any], *, report: str, created: float) -> dict[str, Any]:
    """Return an event. ansible-rulebook limits a playbook to the hosts in meta. created: seconds since the epoch."""
    found = {"kind": trouble.kind, **more, "report": report, "created": created, "created_iso": _iso(created)}
    if trouble.host is None:
        return {"mailops": {**found, "fleet": True}}
    return {"mailops": {**found, "fleet": False, "host": trouble.host}, "meta": {"hosts": [trouble.host]}}


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Watcher:
    """What a directory has shown so far, so that each trouble gives one event."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._reported: set[Trouble] = set()
        self._finished: tuple[Path, int] | None = None
        self._created = 0.0

    def look(self, now: float) -> list[dict[str, Any]]:
        """Return the new events, at most max_events. now: seconds since the epoch."""
        try:
            return self._read_newest(now)
        except UnusableReportError as error:
            logger.warning("audit_reports: %s", error)
        except OSError as error:
            logger.warning(
                "audit_reports: %s: %s. It is tried again.", self._options.directory, error.strerror or error
            )
        return []

    def _read_newest(self, now: float) -> list[dict[str, Any]]:
        path = find_newest(self._options.directory)
        if path is None:
            return []
        version = (path, path.stat().st_mtime_ns)
        if version == self._finished:
            return []
        try:
            report = read_report(path)
        except UnusableReportError:
            self._finished = version
            raise
        created = float(report["created"])
        too_old = self._options.max_age > 0 and now - created > self._options.max_age
        if too_old or created < self._created:
            self._finished = version
            return []
        self._created = created
        events, left = self._new_events(report, path.name)
        self._finished = None if left else version
        return events

    def _new_events(self, report: Mapping[str, Any], name: str) -> tuple[list[dict[str, Any]], int]:
        """Return the events of troubles that were not reported yet, and how many are left for the next look."""
        troubles = find_troubles(report)
        self._forget(troubles, states_of(report))
        new = [trouble for trouble in troubles if trouble not in self._reported]
        now, later = new[: self._options.max_events], new[self._options.max_events :]
        self._reported.update(now)
        created = float(report["created"])
        return [make_event(trouble, troubles[trouble], report=name, created=created) for trouble in now], len(later)

    def _forget(self, troubles: Iterable[Trouble], states: Mapping[str, str]) -> None:
        """Forget the troubles that a report shows to be over. A host without an answer may still be over its thresholds."""
        self._reported.difference_update(
            [
                trouble
                for trouble in self._reported.difference(troubles)
                if trouble.host is None
                or (
                    trouble.host in states
                    and (trouble.kind == "no_answer" or states[trouble.host] not in WITHOUT_ANSWER)
                )
            ]
        )


async def main(queue: asyncio.Queue[Any], args: dict[str, Any]) -> None:
    """Put an event on the queue for each trouble, until ansible-rulebook ends this task."""
    options = read_options(args)
    watcher = Watcher(options)
    while True:
        # Reading a large report must not stop the other sources.
        for event in await asyncio.get_running_loop().run_in_executor(None, watcher.look, time.time()):
            await queue.put(event)
        await asyncio.sleep(max(options.interval, 0.1))


if __name__ == "__main__":

    class _PrintingQueue(asyncio.Queue[Any]):
        """Prints the events, to try the source without ansible-rulebook."""

        async def put(self, item: Any) -> None:
            print(json.dumps(item))

    asyncio.run(main(_PrintingQueue(), {"directory": os.getcwd(), "max_age": 0}))
