# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_spool_repair does: look what is wrong in a queue directory, have postsuper mend it, and look again."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils import _arguments
from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    InstanceError,
    OutcomeError,
    SelectionError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import acting, leave_line
from ansible_collections.mailops.postfix.plugins.module_utils._queue import listing
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import display, printable
from ansible_collections.mailops.postfix.plugins.module_utils._queue.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import (
    Finding,
    Rules,
    look,
    remove_logs,
)

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# Each repair, and the option of postsuper behind it; None for what this module does itself.
REPAIRS: Mapping[str, str | None] = {"stale": "-p", "structure": "-s", "orphan_logs": None}
# Each kind of finding, and the repairs that mend it; what no repair mends is for a human.
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
}
# Under another name, a message that is being delivered is lost to the processes that deliver it.
_RENAMES = ("misnamed", "unfinished")
_CORRUPT_BUDGET = 16 << 10

ARGUMENTS = _arguments.compose(
    _arguments.INSTANCE,
    _arguments.LIMIT,
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
    _arguments.check_not_negative(params, "limit")
    orphan_seconds = parse_age(params["orphan_age"], "orphan_age")
    instance = _arguments.instance_of(module)
    rules = _rules_of(instance, params["repairs"])
    with acting(module, instance, purpose="postfix_spool_repair") as (spool, act):
        before = look(spool.path, rules, orphan_seconds=orphan_seconds)
        to_mend = [finding for finding in before if _is_mended(finding, params["repairs"])]
        _check(instance, before, to_mend, params["repairs"])
        left = _predict(before, params["repairs"])
        if act is not None and to_mend:
            _mend(instance, spool, to_mend, params["repairs"])
            left = look(spool.path, rules, orphan_seconds=orphan_seconds)
        result = _show(before, left, corrupt=_read_corrupt(spool, params["limit"]), limit=params["limit"])
    if act is not None and to_mend:
        said = {kind: number for kind, number in result["repaired"].items() if number}
        leave_line(module, instance, "postfix_spool_repair", {**said, "user": operator()}, params["reason"])
        _check_left(result, left, params["repairs"])
    return result


def _rules_of(instance: Instance, repairs: Sequence[str]) -> Rules:
    """Return what the queue directory of an instance must look like. Raises InstanceError."""
    names = instance.parameters.get("hash_queue_names", "").replace(",", " ").split()
    depth = instance.parameters.get("hash_queue_depth", "1")
    if not depth.isdigit():
        raise InstanceError("hash_queue_depth is %r, which is no number: mend it in main.cf." % depth)
    return Rules(
        hash_names=frozenset(names),
        hash_depth=int(depth),
        long_queue_ids=instance.long_queue_ids,
        purging="stale" in repairs,
        now=int(time.time()),
    )


def _is_mended(finding: Finding, repairs: Sequence[str]) -> bool:
    # An alien directory has a detail where it is not empty, and then postsuper leaves it, too.
    stays = finding.kind == "alien_directories" and finding.detail is not None
    return not stays and any(repair in repairs for repair in KINDS[finding.kind])


def _predict(before: Sequence[Finding], repairs: Sequence[str]) -> list[Finding]:
    """Return what the repairs leave."""
    # With a log goes whatever else is wrong with it.
    removed = {finding.path for finding in before if finding.kind == "orphan_logs" and _is_mended(finding, repairs)}
    return [finding for finding in before if not _is_mended(finding, repairs) and finding.path not in removed]


def _check(instance: Instance, before: Sequence[Finding], to_mend: Sequence[Finding], repairs: Sequence[str]) -> None:
    """Raise MailopsError where the repairs would do harm or end halfway."""
    kinds = Counter(finding.kind for finding in to_mend)
    if any(finding.kind != "orphan_logs" for finding in to_mend):
        instance.require_postsuper()
    renames = sum(kinds[kind] for kind in _RENAMES)
    if renames and instance.running() is not False:
        raise InstanceError(
            "%d messages would get another queue ID, which must not happen while Postfix runs: it would lose sight of what it is "
            "delivering; nothing was touched. Stop Postfix first, or leave structure out of repairs." % renames
        )
    surplus = sum(finding.kind == "surplus_directories" for finding in before)
    if surplus and "stale" in repairs and "structure" not in repairs:
        raise SelectionError(
            "repairs",
            "postsuper -p ends halfway where there are hash directories deeper than hash_queue_depth, and there are %d; nothing "
            "was touched. Add structure" % surplus,
        )


def _mend(instance: Instance, spool: Spool, to_mend: Sequence[Finding], repairs: Sequence[str]) -> None:
    """Do the repairs. Raises CommandError and MailopsError."""
    options = [option for repair, option in REPAIRS.items() if repair in repairs and option is not None]
    # First, for postsuper -s moves a log that is in the wrong hash directory away from where it was found.
    remove_logs(spool.path, (finding for finding in to_mend if finding.kind == "orphan_logs"))
    if any(finding.kind != "orphan_logs" for finding in to_mend):
        instance.check_structure(*options)


def _check_left(result: dict[str, Any], left: Iterable[Finding], repairs: Sequence[str]) -> None:
    """Raise OutcomeError where something is still as it was."""
    number = sum(_is_mended(finding, repairs) for finding in left)
    if number:
        raise OutcomeError(
            "%d of the findings are still there, or new ones. Run this again; if that does not help, look at them with "
            "postsuper -s -v." % number,
            result=result,
        )


# --- what is corrupt ------------------------------------------------------------------------------------------------


def _read_corrupt(spool: Spool, limit: int) -> _Corrupt:
    """Return the files in corrupt/, where Postfix puts what it cannot read."""
    job = Job(queues=("corrupt",), make_result=lambda: _Corrupt(limit), visit=_add_corrupt, pass_over=_ignore)
    return scan(spool, job, processes=1).result


class _Corrupt:
    """Corrupt files: how many, and rows with what can still be read of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.files = 0
        self.rows: list[dict[str, Any]] = []

    def merge(self, other: _Corrupt) -> None:
        """Add what another process read."""
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
    """Return why a file cannot be read to its end, None where it can."""
    unparsed = message.envelope.unparsed
    if unparsed is not None:
        return "%s at offset %d" % (unparsed.problem, unparsed.offset)
    for _window in message.text_windows():
        pass
    return message.problem


def _ignore(_found: Found, _incomplete: bool, _corrupt: _Corrupt) -> None:
    """Pass over nothing: in corrupt/ every mode is shown."""


# --- the result -----------------------------------------------------------------------------------------------------


def _show(before: Sequence[Finding], left: Sequence[Finding], *, corrupt: _Corrupt, limit: int) -> dict[str, Any]:
    """Return the result of a run, real or predicted."""
    # By inode, for an orphaned log that was only put into its hash directory is still one.
    remaining = {(finding.kind, finding.inode) for finding in left}
    repaired = [finding for finding in before if (finding.kind, finding.inode) not in remaining]
    done = frozenset(repaired)
    rows = listing.fit_rows([_row(finding, finding in done) for finding in before[:limit]], limit=limit)
    corrupt_rows = listing.fit(corrupt.rows, _CORRUPT_BUDGET)
    return {
        "changed": bool(repaired),
        "found": _count(before),
        "repaired": _count(repaired),
        "findings": rows,
        "corrupt": {"files": corrupt.files, "messages": corrupt_rows},
        "truncated": len(rows) < len(before) or len(corrupt_rows) < corrupt.files,
        "diff": {
            "before_header": "queue directory",
            "after_header": "queue directory",
            "before": _text(before, limit),
            "after": _text([finding for finding in before if finding not in done], limit),
        },
    }


def _count(findings: Iterable[Finding]) -> dict[str, int]:
    counted = Counter(finding.kind for finding in findings)
    return {kind: counted[kind] for kind in KINDS}


def _row(finding: Finding, repaired: bool) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "path": _path(finding),
        "detail": None if finding.detail is None else listing.clip(finding.detail),
        "modified": finding.mtime,
        "repaired": repaired,
    }


def _path(finding: Finding) -> str:
    """Return the path as a result shows it; a name may be any bytes."""
    return listing.clip(display(finding.path.encode("utf-8", "surrogateescape")))


def _text(findings: Sequence[Finding], limit: int) -> str:
    """Return findings as lines of a diff, with nothing in them that could steer a terminal."""
    counts = "".join("%s: %d\n" % row for row in _count(findings).items() if row[1])
    return counts + "".join(printable("%s %s" % (finding.kind, _path(finding))) + "\n" for finding in findings[:limit])
