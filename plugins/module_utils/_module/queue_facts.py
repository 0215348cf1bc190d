# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_facts does: read the queues, from the spool or through postqueue, and sum them up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Collection, Iterable, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    MailopsError,
    PrivilegeError,
    ShowqError,
    SystemRefusal,
    UnknownHere,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import (
    ALL_QUEUES,
    LISTED_QUEUES,
    UNLISTED_QUEUES,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._place import Place, place_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import show_scan, warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts, selector, show_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, PatternWatch, ScanCounts, scan
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary, Totals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import ListedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap
    from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Sample

DEFAULT_GATHER = ("counts", "top", "shape", "reasons", "messages")
# Suggestions open messages, and show what is in them: only who asks gets that.
GATHER = (*DEFAULT_GATHER, "suggestions")
SOURCES = ("auto", "spool", "postqueue")

# sysexits(3), as postqueue(1) exits.
_EX_UNAVAILABLE = 69
_EX_NOPERM = 77
_JSON_SINCE = (3, 1)
# What a listing does not tell, by the names of results and criteria.
UNKNOWN_TO_POSTQUEUE = (
    "body",
    "client_address",
    "client_name",
    "content",
    "header",
    "helo_name",
    "incomplete",
    "next_retry",
    "origin",
    "sasl_username",
)
UNKNOWN_TOPS = {"sasl_usernames", "client_addresses"}

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.queues_option("maildrop", "incoming", "active", "deferred", "hold", "corrupt"),
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
class QueueFacts:
    """What was seen; plain data, which adds up."""

    queues: dict[str, Totals]
    incomplete: dict[str, int]
    verdicts: Verdicts
    summary: Summary
    messages: listing.MessageList
    sample: Sample | None
    """What suggestions are mined from, None where none are asked for."""

    def settle(self) -> None:
        """Sum up what waits for that."""
        self.summary.settle()
        self.messages.settle()

    def merge(self, other: QueueFacts) -> None:
        """Add what another process saw."""
        for queue, totals in self.queues.items():
            totals.merge(other.queues[queue])
            self.incomplete[queue] += other.incomplete[queue]
        self.verdicts.merge(other.verdicts)
        self.summary.merge(other.summary)
        self.messages.merge(other.messages)
        if self.sample is not None and other.sample is not None:
            self.sample.merge(other.sample)


@dataclass(frozen=True)
class _Gathering:
    """The options of a run, and what a message adds to its facts."""

    selection: Selection
    gather: frozenset[str]
    top: int
    limit: int
    now: int

    def empty(self, queues: Sequence[str]) -> QueueFacts:
        """Return facts of nothing yet. queues: those that are read."""
        return QueueFacts(
            queues={queue: Totals() for queue in queues},
            incomplete=dict.fromkeys(queues, 0),
            verdicts=Verdicts(),
            # Suggestions are counted by the tops.
            summary=Summary(
                now=self.now, tops=not self.gather.isdisjoint(("top", "suggestions")), shape="shape" in self.gather
            ),
            messages=listing.MessageList(self.limit if "messages" in self.gather else 0),
            sample=self._make_sample(),
        )

    def _make_sample(self) -> Sample | None:
        if "suggestions" not in self.gather:
            return None
        # Half of what this module would have to compile, for each run, and few runs ask for it.
        from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Sample  # noqa: PLC0415

        return Sample()

    def pass_over(self, found: QueueEntry, incomplete: bool, facts: QueueFacts) -> None:
        """Count a file that is still being written."""
        if incomplete:
            facts.incomplete[found.queue] += 1

    def adding(self, queues: Collection[str]) -> Callable[[SpoolMessage | ListedMessage, QueueFacts], None]:
        """Return what adds a message to facts: it is called for each, and what does not change is set here.

        queues: those whose messages may be selected.
        """
        selects = selector(self.selection)
        with_reasons = "reasons" in self.gather

        def add(message: SpoolMessage | ListedMessage, facts: QueueFacts) -> None:
            envelope = message.envelope
            facts.queues[message.queue].add(envelope)
            if message.queue not in queues or (selects is not None and not selects(message, facts.verdicts)):
                return
            reasons = message.reasons() if with_reasons else None
            facts.summary.add(envelope, reasons)
            facts.messages.offer(message, reasons)
            if facts.sample is not None:
                facts.sample.add(message.queue_id, envelope, reasons)

        return add


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    _options.check_not_negative(params, "limit", "top")
    now = int(time.time())
    gathering = _Gathering(
        selection=_options.selection_of(params, now=now),
        gather=frozenset(params["gather"]),
        top=params["top"],
        limit=params["limit"],
        now=now,
    )
    if params["spool"]:
        facts = _of_spool(module, place_of(params["spool"]), None, gathering)
    else:
        instance = _options.instance_of(module)
        if _takes_spool(params["source"], instance):
            facts = _of_spool(module, Place.of_instance(instance.queue_directory), instance, gathering)
        else:
            facts = _of_postqueue(module, instance, gathering)
    found = {"postfix_queue": facts}
    return {"changed": False, "ansible_facts": found} if params["set_facts"] else {"changed": False, **found}


def _takes_spool(source: str, instance: Instance) -> bool:
    """Return whether to read the spool. Who may not read it asks postqueue; whatever else is wrong with it is an error."""
    if source != "auto":
        return source == "spool"
    try:
        with Spool(instance.queue_directory) as spool:
            return spool.readable(LISTED_QUEUES)
    except SystemRefusal as error:
        return not isinstance(error.error, PermissionError)


def _of_spool(module: AnsibleModule, place: Place, instance: Instance | None, gathering: _Gathering) -> dict[str, Any]:
    """Return the facts of a queue directory, or of a directory of queue files."""
    started = time.monotonic()
    queues = place.queues or ALL_QUEUES
    chosen = place.queues or gathering.selection.queues
    with place.spool as spool:
        job = Job(
            queues=queues,
            make_result=partial(gathering.empty, queues),
            visit=gathering.adding(frozenset(chosen)),
            pass_over=gathering.pass_over,
            settle=QueueFacts.settle,
            any_mode=place.flat,
            note_gap=_note_nothing,
        )
        share = scan(spool, job)
        suggested = _suggest(share.result, gathering, spool, chosen)
    place.check(share.counts)
    warn_of_gaps(module, share.counts, share.gaps, place.path)
    return {
        "instance": _show_instance(instance, place.path, running=instance.running() if instance else None),
        "scan": {**show_scan(share.counts, share.gaps, source="spool", started=started), "unknown": []},
        **_show(share.result, gathering, seen_queues=queues),
        **suggested,
    }


def _note_nothing(_gap: Gap, _facts: QueueFacts) -> None:
    """Go on: the scan itself names what could not be read."""


def _suggest(
    seen: QueueFacts, gathering: _Gathering, spool: Spool | None, queues: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the suggestions, where they are asked for. spool: where content can be read, in which queues."""
    if seen.sample is None:
        return {}
    from ansible_collections.mailops.postfix.plugins.module_utils._module import _suggestions  # noqa: PLC0415

    contents = None if spool is None else _suggestions.open_sampled(spool, queues, seen.sample)
    with_reasons = "reasons" in gathering.gather
    return _suggestions.show_suggestions(seen.sample, contents, seen.summary, with_reasons=with_reasons)


def _of_postqueue(module: AnsibleModule, instance: Instance, gathering: _Gathering) -> dict[str, Any]:
    """Return the facts that postqueue's listing gives."""
    # Nearly every run reads the spool.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import (  # noqa: PLC0415
        parse_json,
        parse_listing,
    )

    started = time.monotonic()
    beyond = gathering.selection.keys_beyond_listing()
    if beyond:
        raise UnknownHere(beyond[0])
    seen = gathering.empty(LISTED_QUEUES)
    counts = ScanCounts()
    with_json = instance.version >= _JSON_SINCE

    def consume(lines: Iterable[bytes]) -> None:
        if with_json:
            listed = parse_json(lines, null_sender=instance.null_sender)
        else:
            listed = parse_listing(lines, null_sender=instance.null_sender, now=gathering.now)
        _add_listed(listed, gathering, seen, counts)

    command = instance.command("postqueue", "-j" if with_json else "-p")
    output = instance.runner.run(command, consume=consume)
    if output.status:
        raise _explained(CommandError(command, status=output.status, output=output.err))
    warn_of_gaps(module, counts, (), "postqueue")
    running = instance.running()
    shown = {**_show(seen, gathering, seen_queues=LISTED_QUEUES), **_suggest(seen, gathering, None)}
    for name in UNKNOWN_TOPS & set(shown.get("top", {})):
        shown["top"][name] = None
    return {
        # Who may not look has been answered by showq(8), so the mail system runs.
        "instance": _show_instance(instance, instance.queue_directory, running=True if running is None else running),
        "scan": {**show_scan(counts, (), source="postqueue", started=started), "unknown": list(UNKNOWN_TO_POSTQUEUE)},
        **shown,
    }


def _add_listed(
    listed: Iterable[ListedMessage | ShowqError], gathering: _Gathering, seen: QueueFacts, counts: ScanCounts
) -> None:
    """Add what postqueue lists, and count what cannot be read of it. Raises PatternTimeout."""
    add = gathering.adding(frozenset(gathering.selection.queues))
    with PatternWatch() as watch:
        for message in listed:
            if isinstance(message, ShowqError):
                counts.unparsed += 1
            else:
                watch.queue_id = message.queue_id
                counts.files += 1
                add(message, seen)


def _explained(error: CommandError) -> MailopsError:
    """Return the error that names the remedy for what postqueue said (src/postqueue/postqueue.c).

    It exits as sysexits(3) has it, but for a user who may not look Postfix 3.10 exits as for a mail system that is down.
    """
    if error.status == _EX_NOPERM or "is not allowed to view the mail queue" in error.output:
        return PrivilegeError(
            "This user may neither read the spool nor ask postqueue. Run this as root (become: true), or list the user in "
            "authorized_mailq_users in main.cf."
        )
    if error.status == _EX_UNAVAILABLE:
        return InstanceError(
            "This user may not read the spool, and postqueue cannot answer because the mail system is down. Run this as root "
            "(become: true), or start Postfix."
        )
    return error


def _show(seen: QueueFacts, gathering: _Gathering, *, seen_queues: Sequence[str]) -> dict[str, Any]:
    """Return the facts as a result has them; what the source cannot know is null."""
    result: dict[str, Any] = {
        "matched": {
            **_show_totals(seen.summary.totals),
            "partial": seen.verdicts.partial,
            "undecided": seen.verdicts.undecided,
        },
        "undecided": show_gaps(seen.verdicts.examples),
    }
    if "counts" in gathering.gather:
        result.update(_show_counts(seen, seen_queues))
    if "top" in gathering.gather:
        result["top"] = listing.show_tops(seen.summary, gathering.top)
        result["top_missed"] = listing.show_missed(seen.summary)
    if "shape" in gathering.gather:
        result["shape"] = listing.show_shape(seen.summary, gathering.top)
    if "messages" in gathering.gather:
        rows = listing.fit_rows(seen.messages.rows(), limit=gathering.limit)
        result["messages"] = rows
        result["truncated"] = len(rows) < seen.summary.totals.messages
    return result


def _show_counts(seen: QueueFacts, seen_queues: Sequence[str]) -> dict[str, Any]:
    """Return what is in each queue and in all that Postfix knows, null for a queue that was not looked at."""
    total = Totals()
    for queue, totals in seen.queues.items():
        if queue not in UNLISTED_QUEUES:
            total.merge(totals)
    queues = {
        queue: {
            "messages": totals.messages,
            "bytes": totals.size,
            "incomplete": seen.incomplete[queue] if seen_queues is not LISTED_QUEUES else None,
            "oldest": totals.oldest,
        }
        for queue, totals in seen.queues.items()
    }
    return {
        "queues": {**dict.fromkeys(ALL_QUEUES), **queues},
        "total": {**_show_totals(total), "oldest": total.oldest},
    }


def _show_totals(totals: Totals) -> dict[str, int]:
    return {"messages": totals.messages, "bytes": totals.size, "recipients": totals.recipients}


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
