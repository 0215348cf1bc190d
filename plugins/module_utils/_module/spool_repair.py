# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The module postfix_spool_repair: it lists the findings in a queue directory, repairs them, with postsuper or itself, and checks
the result."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    InstanceError,
    MailopsError,
    OutcomeError,
    SelectionError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display, printable
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._audit_log import AuditLog
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import open_spool
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._spool.damage import Damage, find_damage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Failure, Finding
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.orphans import Orphans
from ansible_collections.mailops.postfix.plugins.module_utils._spool.owners import Owner, set_owners
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import Rules, list_findings
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Gap
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# Each repair, with the option of postsuper that does it; None for repairs that this module does itself.
REPAIRS: Mapping[str, str | None] = {"stale": "-p", "structure": "-s", "orphan_logs": None, "ownership": None}
# Each kind of finding, with its repairs. A kind without one needs a person.
KINDS: Mapping[str, Sequence[str]] = {
    "stale_files": ("stale",),
    "misnamed": ("structure",),
    "unfinished": ("structure",),
    "misplaced": ("structure",),
    "surplus_directories": ("structure",),
    "not_files": ("stale", "structure"),
    "alien_directories": ("stale", "structure"),
    "bogus_names": (),
    "orphan_logs": ("orphan_logs",),
    "wrong_owner": ("ownership",),
    "damaged": (),
    "unreadable": (),
    "too_deep": (),
}
# These repairs rename files. If a message in delivery is renamed, the processes that deliver it no longer find it.
_RENAMES = ("misnamed", "unfinished")
_CORRUPT_BUDGET = 16 << 10
# The result names so many failures, and so many directories that cannot be read.
_MAX_NAMED = 20

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.LIMIT,
    {
        "repairs": {
            "type": "list",
            "elements": "str",
            "choices": list(REPAIRS),
            "default": ["stale", "structure"],
        },
        "orphan_age": {"type": "str", "default": "1d"},
        "reason": {"type": "str"},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    _options.check_not_negative(params, "limit")
    instance = _options.instance_of(module)
    job = _Repair(
        instance=instance,
        repairs=frozenset(params["repairs"]),
        rules=_rules_of(instance, params["repairs"]),
        orphan_seconds=parse_age(params["orphan_age"], "orphan_age"),
        limit=params["limit"],
    )
    audit_log = AuditLog(module, instance, "postfix_spool_repair")
    with open_spool(audit_log) as (spool, locked):
        before = job.find(spool)
        _warn_of_unreadable(module, before)
        job.check(before)
        acts = locked is not None and bool(before.to_repair)
        failures = job.repair(spool, before) if acts else _Failures()
        left = job.find_left(spool, before) if acts else None
        corrupt = _read_corrupt(spool, job.limit, failures if acts else None)
        result = _show(before, left, corrupt=corrupt, failures=failures, limit=job.limit)
        if left is not None and left.unread is not None:
            result["changed"] = failures.worked
    if acts:
        repaired = {kind: number for kind, number in result["repaired"].items() if number}
        audit_log.add_summary({**repaired, "user": operator()}, params["reason"])
        _check_left(result, before, left, failures)
    return result


def _rules_of(instance: Instance, repairs: Sequence[str]) -> Rules:
    """Return what the queue directory of an instance must look like. Raises InstanceError."""
    owner = instance.mail_owner
    return Rules(
        layout=layout_of(instance),
        purging="stale" in repairs,
        now=int(time.time()),
        owner=Owner(owner.pw_uid, owner.pw_gid, instance.setgid_group.gr_gid),
    )


# --- the findings ---------------------------------------------------------------------------------------------------


@dataclass
class _RemainingFindings:
    """The findings that are left after a repair. rows: kind and inode of those that are named."""

    counts: Counter[str]
    rows: set[tuple[str, int]]
    to_repair: int
    """The number of findings, old or new, that the repairs should have changed."""
    unread: Finding | None = None
    """A path that could be read before the repair and cannot be read now. Then all findings count as left."""


class _Findings:
    """Findings: the number of each kind, and the first ones by name. Of the others only the inode number is kept."""

    def __init__(self, repairs: frozenset[str], limit: int) -> None:
        self._repairs = repairs
        self._limit = limit
        self._inodes: dict[str, array[int]] = {kind: array("Q") for kind in KINDS}
        self.rows: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.to_repair: Counter[str] = Counter()
        """The number of findings of each kind that the repairs change."""
        self.by_postsuper = 0
        """The number of these that postsuper changes."""
        self.blocking = 0
        """The number of directories in which postsuper cannot work, and that the repairs do not change."""
        self.unreadable: list[Finding] = []
        self.unread: set[str] = set()
        """The paths that cannot be read."""
        self.unrepairable = _RemainingFindings(Counter(), set(), 0)
        """The findings that no repair changes. They are searched once only."""

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        kind = finding.kind
        self.counts[kind] += 1
        self._inodes[kind].append(finding.inode)
        if len(self.rows) < self._limit:
            self.rows.append(finding)
        if self.repairs(finding):
            self.to_repair[kind] += 1
            self.by_postsuper += any(REPAIRS[repair] for repair in self._repairs_of(finding))
        elif finding.blocks:
            self.blocking += 1
        if kind == "unreadable":
            self.unread.add(finding.path)
            if len(self.unreadable) < _MAX_NAMED:
                self.unreadable.append(finding)

    def add_damage(self, damage: Damage) -> None:
        """Count the damaged queue files."""
        for finding in damage.findings:
            self.add(finding)
        for kind, number in damage.counts.items():
            named = sum(finding.kind == kind for finding in damage.findings)
            self.counts[kind] += number - named
            self.unrepairable.counts[kind] += number
        self.unrepairable.rows.update((finding.kind, finding.inode) for finding in damage.findings)

    def repairs(self, finding: Finding) -> bool:
        """Return whether the requested repairs change a finding."""
        return any(True for _repair in self._repairs_of(finding))

    def _repairs_of(self, finding: Finding) -> Iterator[str]:
        kinds = finding.fixed_by if finding.stays else (finding.kind, *finding.fixed_by)
        return (repair for kind in kinds for repair in KINDS[kind] if repair in self._repairs)

    def sort(self) -> _Findings:
        """Sort the inode numbers, for has()."""
        self._inodes = {kind: array("Q", sorted(inodes)) for kind, inodes in self._inodes.items()}
        return self

    def has(self, finding: Finding) -> bool:
        """Return whether there is a finding of that kind about that file. It goes by inode number, because the file may have moved."""
        inodes = self._inodes[finding.kind]
        place = bisect_left(inodes, finding.inode)
        return place < len(inodes) and inodes[place] == finding.inode


class _Failures:
    """The repairs that failed: their number, and the first ones by name."""

    def __init__(self) -> None:
        self.number = 0
        self.named: list[Failure] = []
        self.worked = False
        """Whether anything was repaired, as far as a second check cannot show it."""

    def add(self, failures: Iterable[Failure], tried: int = 0) -> None:
        """Count failures. tried: the number of repairs that were tried."""
        before = self.number
        for failure in failures:
            self.number += 1
            if len(self.named) < _MAX_NAMED:
                self.named.append(failure)
        self.worked = self.worked or self.number - before < tried


@dataclass(frozen=True)
class _Repair:
    """A run: its options and its steps."""

    instance: Instance
    repairs: frozenset[str]
    rules: Rules
    orphan_seconds: int
    limit: int

    def find(self, spool: Spool) -> _Findings:
        """Return the findings in the queue directory."""
        found = _Findings(self.repairs, self.limit)
        for finding in self._findings(spool):
            found.add(finding)
        # No repair changes these, so they are searched once only.
        found.add_damage(find_damage(spool, limit=self.limit))
        return found.sort()

    def find_left(self, spool: Spool, before: _Findings) -> _RemainingFindings:
        """Return the findings that are left; all of them if a path that could be read before cannot be read now."""
        named = {(finding.kind, finding.inode) for finding in before.rows}
        try:
            left = self._find_left(spool, before, named)
        except (OSError, MailopsError) as error:
            refusal = SystemRefusal("It cannot be read", error) if isinstance(error, OSError) else error
            left = _RemainingFindings(Counter(), set(), 0, Finding("unreadable", "", str(refusal), 0, 0))
        return left if left.unread is None else _RemainingFindings(before.counts, named, 0, left.unread)

    def _find_left(self, spool: Spool, before: _Findings, named: set[tuple[str, int]]) -> _RemainingFindings:
        left = _RemainingFindings(Counter(before.unrepairable.counts), set(before.unrepairable.rows), 0)
        for finding in self._findings(spool):
            if finding.kind == "unreadable" and finding.path not in before.unread:
                left.unread = left.unread or finding
            left.to_repair += before.repairs(finding)
            if before.has(finding):
                left.counts[finding.kind] += 1
                if (finding.kind, finding.inode) in named:
                    left.rows.add((finding.kind, finding.inode))
        return left

    def _findings(self, spool: Spool) -> Iterator[Finding]:
        return list_findings(spool, self.rules, self._orphans(spool))

    def _orphans(self, spool: Spool) -> Orphans:
        return Orphans(spool, before=self.rules.now - self.orphan_seconds)

    def check(self, before: _Findings) -> None:
        """Raise MailopsError if the repairs would do harm or end halfway."""
        if before.by_postsuper:
            self.instance.require_postsuper()
        elif before.to_repair:
            self.instance.require_root()
        if before.by_postsuper and before.blocking:
            raise SelectionError(
                "repairs",
                "postsuper runs as the mail owner, who cannot work in %d directories that have another owner or mode; nothing was "
                "touched. Add ownership" % before.blocking,
            )
        renames = sum(before.to_repair[kind] for kind in _RENAMES)
        if renames and self.instance.running() is not False:
            raise InstanceError(
                "%d messages would get another queue ID, and a running Postfix would no longer find those that it is delivering. "
                "Nothing was touched. Stop Postfix first, or leave structure out of repairs." % renames
            )
        surplus = before.counts["surplus_directories"]
        if surplus and "stale" in self.repairs and "structure" not in self.repairs:
            raise SelectionError(
                "repairs",
                "postsuper -p ends halfway where there are hash directories deeper than hash_queue_depth, and there are %d; nothing "
                "was touched. Add structure" % surplus,
            )

    def repair(self, spool: Spool, before: _Findings) -> _Failures:
        """Do the repairs, and return those that failed. A failure does not stop the others."""
        failures = _Failures()
        # First, because postsuper runs as the mail owner.
        if before.to_repair["wrong_owner"]:
            failures.add(set_owners(spool, self.rules.owner, before.unread), before.to_repair["wrong_owner"])
        # Before postsuper -s, which moves logs that are in a wrong hash directory.
        if before.to_repair["orphan_logs"]:
            failures.add(self._orphans(spool).remove(spool, before.unread), before.to_repair["orphan_logs"])
        if before.by_postsuper:
            try:
                self.instance.check_structure(*self._options())
                failures.worked = True
            except MailopsError as error:
                failures.add([Failure("", str(error))])
        return failures

    def _options(self) -> Iterator[str]:
        """Yield the options of postsuper for the repairs."""
        for repair, option in REPAIRS.items():
            if repair in self.repairs and option is not None:
                yield option


def _warn_of_unreadable(module: AnsibleModule, found: _Findings) -> None:
    """Warn of each path that could not be read: its problems are unknown."""
    for finding in found.unreadable:
        module.warn(_why_unread(finding))


def _why_unread(finding: Finding) -> str:
    """Return the text that says which path cannot be read, and why."""
    return printable("%s in the queue directory cannot be read: %s" % (_shown(finding.path), _shown(finding.reason)))


def _check_left(
    result: dict[str, Any], before: _Findings, left: _RemainingFindings | None, failures: _Failures
) -> None:
    """Raise OutcomeError if a repair failed, a finding is left, or the result cannot be checked."""
    if failures.number:
        first = failures.named[0]
        raise OutcomeError(
            printable(
                "%d repairs failed, and the others went on. The first: %s"
                % (failures.number, ": ".join(part for part in first if part))
            ),
            result=result,
        )
    if left is not None and left.unread is not None:
        text = "The result of the repairs cannot be checked. %s" % _why_unread(left.unread)
        raise OutcomeError(text, result=result)
    if left is not None and left.to_repair:
        why = "".join(" When this run began: %s" % _why_unread(finding) for finding in before.unreadable[:1])
        raise OutcomeError(
            "%d of the findings are still there, or new ones.%s Run this again; if that does not help, look at them with "
            "postsuper -s -v." % (left.to_repair, why),
            result=result,
        )


# --- corrupt files --------------------------------------------------------------------------------------------------


def _read_corrupt(spool: Spool, limit: int, failures: _Failures | None) -> _Corrupt:
    """Return the files in corrupt/, where Postfix puts files that it cannot read.

    failures: notes that corrupt/ cannot be read. Without it, that is raised.
    """
    job = Job(
        queues=("corrupt",),
        make_result=lambda: _Corrupt(limit),
        visit=_add_corrupt,
        pass_over=_ignore,
        note_gap=_ignore_gap,
    )
    try:
        return scan(spool, job, processes=1).result
    except (OSError, MailopsError) as error:
        if failures is None:
            raise
        failures.add([Failure.of("corrupt", error) if isinstance(error, OSError) else Failure("corrupt", str(error))])
    return _Corrupt(limit)


class _Corrupt:
    """Corrupt files: their number, and rows with what is readable in the first ones."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.files = 0
        self.rows: list[dict[str, Any]] = []

    def merge(self, other: _Corrupt) -> None:
        """Add the result of another process."""
        self.files += other.files
        self.rows = (self.rows + other.rows)[: self.limit]


def _add_corrupt(message: SpoolMessage, corrupt: _Corrupt) -> None:
    corrupt.files += 1
    if len(corrupt.rows) >= corrupt.limit:
        return
    kept = listing.MessageList(1)
    kept.offer(message, message.reasons())
    (row,) = kept.rows()
    corrupt.rows.append({**row, "problem": _problem(message), "modified": int(message.status.st_mtime)})


def _problem(message: SpoolMessage) -> str | None:
    """Return why a file cannot be read to its end, None if it can."""
    for _window in message.text_windows():
        pass
    return message.problem


def _ignore_gap(_gap: Gap, _corrupt: _Corrupt) -> None:
    """Ignore a gap: it is among the findings."""


def _ignore(_found: QueueEntry, _incomplete: bool, _corrupt: _Corrupt) -> None:
    """Ignore nothing: in corrupt/ files of every mode are visited."""


# --- the result -----------------------------------------------------------------------------------------------------


def _show(
    before: _Findings, left: _RemainingFindings | None, *, corrupt: _Corrupt, failures: _Failures, limit: int
) -> dict[str, Any]:
    """Return the result of a run. left: the findings that are left, None if the repairs are predicted."""
    repaired = before.to_repair if left is None else before.counts - left.counts
    flags = [before.repairs(row) if left is None else (row.kind, row.inode) not in left.rows for row in before.rows]
    shown = list(zip(before.rows, flags))
    rows = listing.fit_rows([_row(finding, done) for finding, done in shown], limit=limit)
    corrupt_rows = listing.fit(corrupt.rows, _CORRUPT_BUDGET)
    return {
        "changed": bool(sum(repaired.values())),
        "found": _count(before.counts),
        "repaired": _count(repaired),
        "findings": rows,
        "failures": [{"path": _shown(failure.path), "problem": _shown(failure.reason)} for failure in failures.named],
        "corrupt": {"files": corrupt.files, "messages": corrupt_rows},
        "truncated": len(rows) < sum(before.counts.values()) or len(corrupt_rows) < corrupt.files,
        "diff": {
            "before_header": "queue directory",
            "after_header": "queue directory",
            "before": _text(before.counts, before.rows),
            "after": _text(before.counts - repaired, [finding for finding, done in shown if not done]),
        },
    }


def _count(counts: Mapping[str, int]) -> dict[str, int]:
    return {kind: counts.get(kind, 0) for kind in KINDS}


def _row(finding: Finding, repaired: bool) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "path": _shown(finding.path),
        "detail": None if finding.detail is None else _shown(finding.detail),
        # A path that cannot be read has no time.
        "modified": finding.mtime or None,
        "repaired": repaired,
    }


def _shown(text: str) -> str:
    """Return a path, or a text with a path, for the result. A file name may have any bytes."""
    return clip(display(text.encode("utf-8", "surrogateescape")))


def _text(counts: Mapping[str, int], findings: Sequence[Finding]) -> str:
    """Return findings as lines of a diff, without control characters."""
    lines = ["%s: %d" % row for row in _count(counts).items() if row[1]]
    lines += [printable("%s %s" % (finding.kind, _shown(finding.path))) for finding in findings]
    return "".join(line + "\n" for line in lines)
