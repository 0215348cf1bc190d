# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_message_info does: open the oldest messages of a selection, and try candidates for a rule on all of it."""

from __future__ import annotations

import heapq
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, OutcomeError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import messages
from ansible_collections.mailops.postfix.plugins.module_utils._module._place import Place, place_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import show_scan, warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts, selector, show_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.eml import OUTCOMES, EmlDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, PatternWatch, scan
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import (
    Candidate,
    Coverage,
    Covered,
    Remembering,
    parse_candidates,
    show_coverage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.detail import show_message
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import clip
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap

DEFAULT_LIMIT = 5
MAX_EXCERPT = 64 << 10
# Combinations of candidates that a result shows, and queue IDs it names.
_MAX_COMBINATIONS = 20
_MAX_NAMED = 20

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.queues_option(*SELECTABLE_QUEUES),
    {
        "limit": {"type": "int", "default": DEFAULT_LIMIT},
        "spool": {"type": "path"},
        "excerpt": {"type": "int", "default": 0},
        "patterns": {"type": "list", "elements": "raw", "default": []},
        "eml_directory": {"type": "path"},
        "eml_limit": {"type": "int", "default": 100},
    },
)


class Chosen(NamedTuple):
    """A message to open; the oldest sort first. One that moved while the queues were read is the same one twice."""

    arrival: int
    queue_id: str
    fingerprint: str

    @classmethod
    def of(cls, message: SpoolMessage) -> Chosen:
        """Return what a message is found again by; its queue ID alone may stand in two queues."""
        return cls(message.envelope.arrival, message.queue_id, message.fingerprint)


@dataclass
class Looked:
    """What the look at the whole selection gave; plain data, which adds up."""

    number: int
    """How many of the oldest messages to keep."""
    coverage: Coverage
    matched: Totals = field(default_factory=Totals)
    verdicts: Verdicts = field(default_factory=Verdicts)
    oldest: list[Chosen] = field(default_factory=list)

    def merge(self, other: Looked) -> None:
        """Add what another process saw."""
        self.coverage.merge(other.coverage)
        self.matched.merge(other.matched)
        self.verdicts.merge(other.verdicts)
        self.oldest = heapq.nsmallest(self.number, {*self.oldest, *other.oldest})

    def take(self, message: SpoolMessage) -> None:
        """Add a selected message."""
        self.matched.add(message.envelope)
        self.oldest.append(Chosen.of(message))
        if len(self.oldest) >= 2 * self.number + 64:
            self.oldest = heapq.nsmallest(self.number, set(self.oldest))


@dataclass(frozen=True)
class _Looking:
    """What to look at, and how a queue file is judged."""

    selection: Selection
    candidates: Sequence[Candidate]
    number: int

    def empty(self) -> Looked:
        """Return what no look gives."""
        return Looked(self.number, Coverage([Covered() for _candidate in self.candidates]))

    def visiting(self) -> Callable[[SpoolMessage, Looked], None]:
        """Return what adds a queue file, and raises ContentError for one that cannot be read at all."""
        selects = selector(self.selection)

        def visit(message: SpoolMessage, looked: Looked) -> None:
            if selects is None or selects(message, looked.verdicts):
                looked.take(message)
                looked.coverage.add(self.candidates, message)

        return visit

    def pass_over(self, _found: QueueEntry, _incomplete: bool, _looked: Looked) -> None:
        """Leave alone what is still being written."""


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    _options.check_not_negative(params, "limit", "excerpt", "eml_limit")
    if params["excerpt"] > MAX_EXCERPT:
        raise SelectionError("excerpt", "%d is more than %d bytes" % (params["excerpt"], MAX_EXCERPT))
    now = int(time.time())
    looking = _Looking(
        selection=_options.selection_of(params, now=now),
        candidates=parse_candidates(params["patterns"], recipient_scope=params["recipient_scope"], now=now),
        number=max(params["limit"], params["eml_limit"] if params["eml_directory"] else 0),
    )
    place = _place_of(module)
    with place.spool, ExitStack() as stack:
        eml = None
        if params["eml_directory"]:
            eml = stack.enter_context(EmlDirectory(params["eml_directory"], check_mode=module.check_mode))
        return _look(module, looking, place, eml)


def _place_of(module: AnsibleModule) -> Place:
    """Return where the queue files are. Raises MailopsError."""
    path = module.params["spool"]
    return place_of(path) if path else Place.of_instance(_options.instance_of(module).queue_directory)


def _note_nothing(_gap: Gap, _looked: Looked) -> None:
    """Go on: the scan itself names what could not be read."""


def _look(module: AnsibleModule, looking: _Looking, place: Place, eml: EmlDirectory | None) -> dict[str, Any]:
    """Look at the whole selection, open its oldest messages, and return the result."""
    params = module.params
    started = time.monotonic()
    queues = place.queues or params["queues"]
    job = Job(
        queues=queues,
        make_result=looking.empty,
        visit=looking.visiting(),
        pass_over=looking.pass_over,
        any_mode=place.flat,
        note_gap=_note_nothing,
    )
    share = scan(place.spool, job)
    place.check(share.counts)
    warn_of_gaps(module, share.counts, share.gaps, place.path)
    looked = share.result
    chosen = heapq.nsmallest(looking.number, set(looked.oldest))
    opened = _open(_messages(place.spool, queues, chosen), looking, chosen, params, eml)
    rows = [opened.rows[message] for message in chosen if message in opened.rows]
    result: dict[str, Any] = {
        "changed": eml is not None and bool(eml.created or opened.files["written"]),
        "matched": {
            "messages": looked.matched.messages,
            "bytes": looked.matched.size,
            "recipients": looked.matched.recipients,
            "partial": looked.verdicts.partial,
            "undecided": looked.verdicts.undecided,
        },
        "undecided": show_gaps(looked.verdicts.examples),
        "messages": rows,
        "truncated": len(rows) < looked.matched.messages,
        "scan": show_scan(share.counts, share.gaps, source="spool", started=started),
    }
    if looking.candidates:
        result["coverage"] = show_coverage(
            looked.coverage, looking.candidates, messages=looked.matched.messages, most=_MAX_COMBINATIONS
        )
    if eml is not None:
        result["eml"] = _show_files(opened, eml, min(len(chosen), params["eml_limit"]))
        _check_files(result, eml)
    return result


@dataclass
class _Opened:
    """What opening messages gave."""

    rows: dict[Chosen, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=lambda: {outcome: [] for outcome in (*OUTCOMES, "unreadable")})


def _open(
    messages_to_open: Iterable[tuple[Chosen, SpoolMessage]],
    looking: _Looking,
    chosen: Sequence[Chosen],
    params: Mapping[str, Any],
    eml: EmlDirectory | None,
) -> _Opened:
    """Open the chosen messages: show the first, write as many as are to be written."""
    opened = _Opened()
    shown = frozenset(chosen[: params["limit"]])
    written = frozenset(chosen[: params["eml_limit"]])
    with PatternWatch() as watch:
        for key, message in messages_to_open:
            watch.queue_id, watch.message = message.queue_id, message
            if key in shown:
                opened.rows[key] = _show(message, looking.candidates, params["excerpt"])
            if eml is not None and key in written:
                opened.files[_write(eml, message)].append(message.queue_id)
    return opened


def _messages(spool: Spool, queues: Sequence[str], chosen: Sequence[Chosen]) -> Iterator[tuple[Chosen, SpoolMessage]]:
    """Yield the chosen messages that are still there, each once; they are closed afterwards."""
    wanted = set(chosen)
    queue_ids = frozenset(message.queue_id for message in chosen)
    for queue in queues:
        for _queue_id, message in messages(spool, queue, queue_ids):
            key = None if message is None else Chosen.of(message)
            if message is not None and key in wanted:
                wanted.remove(key)
                yield key, message


def _show(message: SpoolMessage, candidates: Sequence[Candidate], excerpt: int) -> dict[str, Any]:
    """Return a message in full, with how often each candidate hits it; null for one that cannot be decided."""
    row = show_message(message, excerpt=excerpt)
    if candidates:
        remembering = Remembering(message)
        row["hits"] = [candidate.hits(remembering) for candidate in candidates]
    return row


def _write(eml: EmlDirectory, message: SpoolMessage) -> str:
    """Write a message and return its outcome. Raises MailopsError."""
    try:
        content = message.content()
    except ContentError:
        return "unreadable"
    return eml.write(message.queue_id, content)


def _show_files(opened: _Opened, eml: EmlDirectory, asked: int) -> dict[str, Any]:
    """Return what was written, or would be; the names of some. asked: how many messages were to be written."""
    counts = {outcome: len(names) for outcome, names in opened.files.items()}
    return {
        "directory": clip(eml.path),
        **counts,
        "vanished": asked - sum(counts.values()),
        "files": [name + ".eml" for name in sorted(opened.files["written"] + opened.files["present"])[:_MAX_NAMED]],
        "not_written": sorted(opened.files["collisions"] + opened.files["failed"] + opened.files["unreadable"])[
            :_MAX_NAMED
        ],
    }


def _check_files(result: dict[str, Any], eml: EmlDirectory) -> None:
    """Raise OutcomeError where a message could not be written."""
    if eml.problem is not None:
        raise OutcomeError(
            "%d messages were not written. %s" % (result["eml"]["failed"], eml.problem),
            result=result,
        )
    collisions = result["eml"]["collisions"]
    if collisions:
        raise OutcomeError(
            "%d messages were not written to %s, where other files have their names; nothing is written over. Move those away, "
            "or name another eml_directory." % (collisions, eml.path),
            result=result,
        )
