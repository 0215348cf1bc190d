# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_facts does: read the queues, from the spool or through postqueue, and sum them up."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Collection, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import (
    ALL_QUEUES,
    LISTED_QUEUES,
    SELECTABLE_QUEUES,
    UNLISTED_QUEUES,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import (
    Reading,
    read_queues,
    show_gaps,
    show_matched,
    show_totals,
    warn_of_gaps,
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
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary, Totals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import ListedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Sample

DEFAULT_GATHER = ("counts", "top", "shape", "reasons", "messages")
# Suggestions open messages and show parts of them, so they are made only if they are asked for.
GATHER = (*DEFAULT_GATHER, "suggestions")
SOURCES = ("auto", "spool", "postqueue")

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
    _options.SELECTION,
    _options.queues_option(*SELECTABLE_QUEUES),
    _options.LIMIT,
    {
        "source": {"type": "str", "choices": list(SOURCES), "default": "auto"},
        "spool": {"type": "path"},
        "top": {"type": "int", "default": 10},
        "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": list(DEFAULT_GATHER)},
        "set_facts": {"type": "bool", "default": True},
    },
)


@dataclass
class QueueFacts(Collector):
    """The facts of the messages that were read; plain data, which adds up."""

    queues: dict[str, Totals]
    incomplete: dict[str, int]
    summary: Summary
    listed: listing.MessageList
    sample: Sample | None
    """What suggestions are made from, None if none are asked for."""
    with_reasons: bool
    verdicts: Verdicts = field(default_factory=Verdicts)

    def add(self, message: SpoolMessage | ListedMessage, is_selected: bool) -> None:
        """Count a message in its queue, and a selected one in everything else."""
        envelope = message.envelope
        self.queues[message.queue].add(envelope)
        if not is_selected:
            return
        reasons = message.reasons() if self.with_reasons else None
        self.summary.add(envelope, reasons)
        self.listed.offer(message, reasons)
        if self.sample is not None:
            self.sample.add(message.queue_id, envelope, reasons)

    def pass_over(self, entry: QueueEntry, *, is_incomplete: bool) -> None:
        """Count a file that is still being written."""
        if is_incomplete:
            self.incomplete[entry.queue] += 1

    def finish(self) -> None:
        """Sum up what waits for that."""
        self.summary.add_up()
        self.listed.make_rows()

    def merge(self, other: QueueFacts) -> None:
        """Add what another process counted."""
        for queue, totals in self.queues.items():
            totals.merge(other.queues[queue])
            self.incomplete[queue] += other.incomplete[queue]
        self.verdicts.merge(other.verdicts)
        self.summary.merge(other.summary)
        self.listed.merge(other.listed)
        if self.sample is not None and other.sample is not None:
            self.sample.merge(other.sample)


@dataclass(frozen=True)
class _FactsRequest:
    """The options of a run."""

    selection: Selection
    gather: frozenset[str]
    top: int
    limit: int
    now: int

    def new_collector(self, queues: Sequence[str]) -> QueueFacts:
        """Return the facts of no messages. queues: those that are read."""
        return QueueFacts(
            queues={queue: Totals() for queue in queues},
            incomplete=dict.fromkeys(queues, 0),
            # The tops count for the suggestions, too.
            summary=Summary(
                now=self.now, tops=not self.gather.isdisjoint(("top", "suggestions")), shape="shape" in self.gather
            ),
            listed=listing.MessageList(self.limit if "messages" in self.gather else 0),
            sample=self._make_sample(),
            with_reasons="reasons" in self.gather,
        )

    def _make_sample(self) -> Sample | None:
        if "suggestions" not in self.gather:
            return None
        # Compiling it takes as long as the rest of this module, and few runs ask for it.
        from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (  # noqa: PLC0415
            Sample,
        )

        return Sample()

    def visitor(self, queues: Collection[str]) -> Callable[[SpoolMessage | ListedMessage, QueueFacts], None]:
        """Return the visitor of a run. queues: those whose messages can be selected."""
        return make_visitor(select_by_rules(self.selection, is_early=False), queues=queues)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    _options.check_not_negative(params, "limit", "top")
    now = int(time.time())
    request = _FactsRequest(
        selection=_options.selection_of(params, now=now),
        gather=frozenset(params["gather"]),
        top=params["top"],
        limit=params["limit"],
        now=now,
    )
    if params["spool"]:
        facts = _read_spool(module, source_of(params["spool"]), None, request)
    else:
        instance = _options.instance_of(module)
        if _takes_spool(params["source"], instance):
            facts = _read_spool(module, QueueSource.of_instance(instance.queue_directory), instance, request)
        else:
            facts = _read_postqueue(module, instance, request)
    found = {"postfix_queue": facts}
    return {"changed": False, "ansible_facts": found} if params["set_facts"] else {"changed": False, **found}


def _takes_spool(source: str, instance: Instance) -> bool:
    """Return whether to read the spool. A user who may not read it asks postqueue; any other problem with it is an error."""
    if source != "auto":
        return source == "spool"
    try:
        with Spool(instance.queue_directory) as spool:
            return spool.readable(LISTED_QUEUES)
    except SystemRefusal as error:
        return not isinstance(error.error, PermissionError)


def _read_spool(
    module: AnsibleModule, source: QueueSource, instance: Instance | None, request: _FactsRequest
) -> dict[str, Any]:
    """Return the facts of a queue directory, or of a directory of queue files."""
    queues = source.queues or ALL_QUEUES
    chosen = source.queues or request.selection.queues
    with source.spool as spool:
        job = make_job(
            partial(request.new_collector, queues),
            request.visitor(chosen),
            queues=queues,
            any_mode=source.flat,
            may_miss=True,
        )
        reading = read_queues(module, spool, job, path=source.path, source=source)
        suggested = _suggest(reading.collector, spool, chosen)
    return {
        "instance": _show_instance(instance, source.path, running=instance.running() if instance else None),
        "scan": {**reading.show(), "unknown": []},
        **_show(reading.collector, request, queues_read=queues),
        **suggested,
    }


def _suggest(facts: QueueFacts, spool: Spool | None, queues: Sequence[str] = ()) -> dict[str, Any]:
    """Return the suggestions if they are asked for. spool, queues: where content can be read; None: nowhere."""
    sample = facts.sample
    if sample is None:
        return {}
    from ansible_collections.mailops.postfix.plugins.module_utils._module import _suggestions  # noqa: PLC0415

    opener = None if spool is None else partial(_suggestions.open_sampled, spool, queues)
    return _suggestions.show_suggestions(sample, opener, facts.summary, with_reasons=facts.with_reasons)


def _read_postqueue(module: AnsibleModule, instance: Instance, request: _FactsRequest) -> dict[str, Any]:
    """Return the facts that postqueue's listing gives."""
    # Nearly every run reads the spool.
    from ansible_collections.mailops.postfix.plugins.module_utils._module import _postqueue  # noqa: PLC0415

    started = time.monotonic()
    facts = request.new_collector(LISTED_QUEUES)
    visit = request.visitor(request.selection.queues)
    counts = _postqueue.read_listing(instance, request.selection, visit, facts, now=request.now)
    warn_of_gaps(module, counts, (), "postqueue")
    running = instance.running()
    shown = {**_show(facts, request, queues_read=LISTED_QUEUES), **_suggest(facts, None)}
    for name in _postqueue.UNKNOWN_TOPS & set(shown.get("top", {})):
        shown["top"][name] = None
    return {
        # postqueue has answered an unprivileged user, so the mail system runs.
        "instance": _show_instance(instance, instance.queue_directory, running=True if running is None else running),
        "scan": {
            **Reading(facts, counts, (), started).show(source="postqueue"),
            "unknown": _postqueue.UNKNOWN,
        },
        **shown,
    }


def _show(facts: QueueFacts, request: _FactsRequest, *, queues_read: Sequence[str]) -> dict[str, Any]:
    """Return the facts as a result has them; what the source cannot know is null."""
    result: dict[str, Any] = {
        "matched": show_matched(facts.summary.totals, facts.verdicts),
        "undecided": show_gaps(facts.verdicts.examples),
    }
    if "counts" in request.gather:
        result.update(_show_counts(facts, queues_read))
    if "top" in request.gather:
        result["top"] = listing.show_tops(facts.summary, request.top)
        result["top_missed"] = listing.show_missed(facts.summary)
    if "shape" in request.gather:
        result["shape"] = listing.show_shape(facts.summary, request.top)
    if "messages" in request.gather:
        rows = listing.fit_rows(facts.listed.rows(), limit=request.limit)
        result["messages"] = rows
        result["truncated"] = len(rows) < facts.summary.totals.messages
    return result


def _show_counts(facts: QueueFacts, queues_read: Sequence[str]) -> dict[str, Any]:
    """Return what is in each queue and in all that Postfix knows, null for a queue that was not looked at."""
    total = Totals()
    for queue, totals in facts.queues.items():
        if queue not in UNLISTED_QUEUES:
            total.merge(totals)
    queues = {
        queue: {
            "messages": totals.messages,
            "bytes": totals.size,
            "incomplete": facts.incomplete[queue] if queues_read is not LISTED_QUEUES else None,
            "oldest": totals.oldest,
        }
        for queue, totals in facts.queues.items()
    }
    return {
        "queues": {**dict.fromkeys(ALL_QUEUES), **queues},
        "total": {**show_totals(total), "oldest": total.oldest},
    }


def _show_instance(instance: Instance | None, queue_directory: str, *, running: bool | None) -> dict[str, Any]:
    """Return the instance as a result has it; of a directory at rest nothing but its path is known."""
    return {
        "name": instance.name if instance else None,
        "config_directory": instance.config_directory if instance else None,
        "queue_directory": queue_directory,
        "version": instance.parameters.get("mail_version") if instance else None,
        "running": running,
        "long_queue_ids": instance.long_queue_ids if instance else None,
    }
