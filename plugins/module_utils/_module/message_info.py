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
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, OutcomeError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import (
    read_queues,
    show_gaps,
    show_matched,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource, source_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import (
    Collector,
    Verdicts,
    make_job,
    make_visitor,
    select_by_rules,
)
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.eml import OUTCOMES, EmlDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import PatternWatch
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import open_messages
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import (
    CachedMessage,
    Candidate,
    CandidateCoverage,
    Coverage,
    parse_candidates,
    show_coverage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.detail import show_message
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

DEFAULT_LIMIT = 5
MAX_EXCERPT = 64 << 10
# Combinations of candidates that a result shows, and queue IDs it names.
_MAX_COMBINATIONS = 20
_MAX_NAMED = 20

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
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


class MessageKey(NamedTuple):
    """A message to open; the oldest sort first. One that moved while the queues were read is the same one twice."""

    arrival: int
    queue_id: str
    fingerprint: str

    @classmethod
    def of(cls, message: SpoolMessage) -> MessageKey:
        """Return what a message is found again by; its queue ID alone may stand in two queues."""
        return cls(message.envelope.arrival, message.queue_id, message.fingerprint)


@dataclass
class MatchedMessages(Collector):
    """What reading the whole selection gave; plain data, which adds up."""

    number: int
    """How many of the oldest messages to keep."""
    candidates: Sequence[Candidate]
    """What to try on each message. It does not go to another process, because compiled patterns cannot."""
    coverage: Coverage
    matched: Totals = field(default_factory=Totals)
    verdicts: Verdicts = field(default_factory=Verdicts)
    oldest: list[MessageKey] = field(default_factory=list)

    def add(self, message: SpoolMessage, is_selected: bool) -> None:
        """Count a selected message, and try the candidates on it."""
        if not is_selected:
            return
        self.matched.add(message.envelope)
        self.oldest.append(MessageKey.of(message))
        if len(self.oldest) >= 2 * self.number + 64:
            self.oldest = heapq.nsmallest(self.number, set(self.oldest))
        self.coverage.add(self.candidates, message)

    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Leave out a file that is still being written."""

    def finish(self) -> None:
        """Keep only the oldest messages."""
        self.oldest = self.find_oldest()

    def merge(self, other: MatchedMessages) -> None:
        """Add what another process found."""
        self.coverage.merge(other.coverage)
        self.matched.merge(other.matched)
        self.verdicts.merge(other.verdicts)
        self.oldest += other.oldest

    def __getstate__(self) -> dict[str, Any]:
        """Return what goes to another process."""
        return {**self.__dict__, "candidates": ()}

    def find_oldest(self) -> list[MessageKey]:
        """Return the oldest messages, oldest first."""
        return heapq.nsmallest(self.number, set(self.oldest))


@dataclass(frozen=True)
class _InfoRequest:
    """The options of a run."""

    selection: Selection
    candidates: Sequence[Candidate]
    number: int

    def new_collector(self) -> MatchedMessages:
        """Return what an empty queue gives."""
        return MatchedMessages(
            self.number, self.candidates, Coverage([CandidateCoverage() for _candidate in self.candidates])
        )


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    _options.check_not_negative(params, "limit", "excerpt", "eml_limit")
    if params["excerpt"] > MAX_EXCERPT:
        raise SelectionError("excerpt", "%d is more than %d bytes" % (params["excerpt"], MAX_EXCERPT))
    now = int(time.time())
    request = _InfoRequest(
        selection=_options.selection_of(params, now=now),
        candidates=parse_candidates(params["patterns"], recipient_scope=params["recipient_scope"], now=now),
        number=max(params["limit"], params["eml_limit"] if params["eml_directory"] else 0),
    )
    source = _source_of(module)
    with source.spool, ExitStack() as stack:
        eml = None
        if params["eml_directory"]:
            eml = stack.enter_context(EmlDirectory(params["eml_directory"], check_mode=module.check_mode))
        return _read(module, request, source, eml)


def _source_of(module: AnsibleModule) -> QueueSource:
    """Return where the queue files are. Raises MailopsError."""
    path = module.params["spool"]
    return source_of(path) if path else QueueSource.of_instance(_options.instance_of(module).queue_directory)


def _read(
    module: AnsibleModule, request: _InfoRequest, source: QueueSource, eml: EmlDirectory | None
) -> dict[str, Any]:
    """Read the whole selection, open its oldest messages, and return the result."""
    params = module.params
    queues = source.queues or params["queues"]
    job = make_job(
        request.new_collector,
        make_visitor(select_by_rules(request.selection, is_early=False)),
        queues=queues,
        any_mode=source.flat,
        may_miss=True,
    )
    reading = read_queues(module, source.spool, job, path=source.path, source=source)
    found = reading.collector
    chosen = found.find_oldest()
    opened = _open(_find_messages(source.spool, queues, chosen), request, chosen, params, eml)
    rows = [opened.rows[message] for message in chosen if message in opened.rows]
    result: dict[str, Any] = {
        "changed": eml is not None and bool(eml.created or opened.files["written"]),
        "matched": show_matched(found.matched, found.verdicts),
        "undecided": show_gaps(found.verdicts.examples),
        "messages": rows,
        "truncated": len(rows) < found.matched.messages,
        "scan": reading.show(),
    }
    if request.candidates:
        result["coverage"] = show_coverage(
            found.coverage, request.candidates, messages=found.matched.messages, most=_MAX_COMBINATIONS
        )
    if eml is not None:
        result["eml"] = _show_files(opened, eml, min(len(chosen), params["eml_limit"]))
        _check_files(result, eml)
    return result


@dataclass
class _OpenedMessages:
    """What opening messages gave."""

    rows: dict[MessageKey, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=lambda: {outcome: [] for outcome in (*OUTCOMES, "unreadable")})


def _open(
    messages_to_open: Iterable[tuple[MessageKey, SpoolMessage]],
    request: _InfoRequest,
    chosen: Sequence[MessageKey],
    params: Mapping[str, Any],
    eml: EmlDirectory | None,
) -> _OpenedMessages:
    """Open the chosen messages: show the first ones, and write those that eml_limit allows."""
    opened = _OpenedMessages()
    shown = frozenset(chosen[: params["limit"]])
    written = frozenset(chosen[: params["eml_limit"]])
    with PatternWatch() as watch:
        for key, message in messages_to_open:
            watch.queue_id, watch.message = message.queue_id, message
            if key in shown:
                opened.rows[key] = _show(message, request.candidates, params["excerpt"])
            if eml is not None and key in written:
                opened.files[_write(eml, message)].append(message.queue_id)
    return opened


def _find_messages(
    spool: Spool, queues: Sequence[str], chosen: Sequence[MessageKey]
) -> Iterator[tuple[MessageKey, SpoolMessage]]:
    """Yield the chosen messages that are still there, each once; they are closed afterwards."""
    wanted = set(chosen)
    queue_ids = frozenset(message.queue_id for message in chosen)
    for queue in queues:
        for _queue_id, message in open_messages(spool, queue, queue_ids):
            key = None if message is None else MessageKey.of(message)
            if message is not None and key in wanted:
                wanted.remove(key)
                yield key, message


def _show(message: SpoolMessage, candidates: Sequence[Candidate], excerpt: int) -> dict[str, Any]:
    """Return a message in full, with how often each candidate hits it; null for one that cannot be decided."""
    row = show_message(message, excerpt=excerpt)
    if candidates:
        cached = CachedMessage(message)
        row["hits"] = [candidate.hits(cached) for candidate in candidates]
    return row


def _write(eml: EmlDirectory, message: SpoolMessage) -> str:
    """Write a message and return its outcome. Raises MailopsError."""
    try:
        content = message.content()
    except ContentError:
        return "unreadable"
    return eml.write(message.queue_id, content)


def _show_files(opened: _OpenedMessages, eml: EmlDirectory, asked: int) -> dict[str, Any]:
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
            "%d messages were not written to %s, where other files have their names. Existing files are not overwritten. Move those away, "
            "or name another eml_directory." % (collisions, eml.path),
            result=result,
        )
