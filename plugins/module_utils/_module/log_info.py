# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_log_info does: read the mail log once, or several times for a trace, and show what it says."""

from __future__ import annotations

import gc
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.evidence import LoginLines
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sums import LogSums
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import Suspect, find_suspects
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import Trace
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trial import Trial
from ansible_collections.mailops.postfix.plugins.module_utils._module import _log_show as shown
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_request import (
    OPTIONS,
    LogRequest,
    request_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_show import Section
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_sources import find_sources
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
    from ansible_collections.mailops.postfix.plugins.module_utils._module._log_queue import QueueReader
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_source import LogSource

    _Reader = Callable[[bytes, Clock], None]

ARGUMENTS = _options.compose(_options.INSTANCE, _options.READING, OPTIONS)
_MAX_WARNINGS = 20


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    request = request_of(module.params)
    instance = _find_instance(module, request)
    with ExitStack() as stack:
        # The queue is read first: what arrives later is not looked for in the log.
        queue = None if instance is None else _read_queue(module, instance, request, stack)
        found = find_sources(
            instance, files=module.params["files"], journal=module.params["journal"], since=request.since
        )
        stack.callback(found.close)
        reading = LogReading(request, found.sources, queue)
        with _without_garbage_collection():
            reading.read()
        warn(module, [*found.warnings, *reading.warnings])
        return {"changed": False, "log": reading.show()}


def _read_queue(module: AnsibleModule, instance: Instance, request: LogRequest, stack: ExitStack) -> QueueReader | None:
    """Return the queue, which is open until the stack is closed; None if it is not asked for."""
    if "queue" not in request.gather:
        return None
    # Few runs read the queue, and this imports all that reads queue files.
    from ansible_collections.mailops.postfix.plugins.module_utils._module._log_queue import (  # noqa: PLC0415
        QueueReader,
    )
    from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource  # noqa: PLC0415

    instance.require_root()
    source = QueueSource.of_instance(instance.queue_directory)
    stack.enter_context(source.spool)
    host = instance.parameters.get("myhostname", "")
    return QueueReader(module, source, host=host, number=request.limit, names=request.names)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Save a quarter of the time: reading a log makes many objects that are kept, and no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _find_instance(module: AnsibleModule, request: LogRequest) -> Instance | None:
    """Return the instance, None if only files are read: a host that collects the logs of others has no Postfix."""
    params = module.params
    if params["files"] and not params["journal"] and "queue" not in request.gather:
        return None
    return _options.instance_of(module)


def warn(module: AnsibleModule, warnings: Sequence[str]) -> None:
    """Pass on warnings, each once."""
    several = list(dict.fromkeys(warnings))
    for text in several[:_MAX_WARNINGS]:
        module.warn(text)
    if len(several) > _MAX_WARNINGS:
        module.warn("There are %d more warnings about files of the mail log." % (len(several) - _MAX_WARNINGS))


class LogReading:
    """Reads the sources of a request once, and more often for a trace and for the evidence."""

    def __init__(self, request: LogRequest, sources: Sequence[LogSource], queue: QueueReader | None) -> None:
        self._request = request
        self._sources = sources
        self._queue = queue
        self._sums = LogSums(names=request.names)
        self._trial = Trial(request.rules)
        self._trace = None if request.trace is None else Trace(request.trace)
        self._suspects: list[Suspect] = []
        self._evidence = LoginLines(())
        self._rows: list[dict[str, Any]] = []
        self._lines = self._cut_lines = 0
        self.warnings: list[str] = []
        """Sentences for the operator about the sources."""

    def read(self) -> None:
        """Read the log. Raises MailopsError."""
        readers: list[_Reader] = []
        if self._request.needs_sums:
            readers.append(self._sums.add_block)
        if self._request.rules:
            readers.append(self._trial.add_block)
        if self._queue is not None:
            readers.append(self._queue.submissions.add_block)
        if self._trace is not None:
            readers.append(self._trace.add_block)
        self._read_once(readers)
        # Reading again changes what a source says of itself.
        self._note_sources()
        while self._trace is not None and self._trace.wants_pass():
            self._read_once([self._trace.add_block])
        if "suspects" in self._request.gather:
            self._suspects = find_suspects(self._sums.accounts(), self._request.thresholds)
            self._evidence = LoginLines([suspect.account.sasl_username for suspect in self._suspects])
        if self._suspects:
            self._read_evidence()

    def _read_evidence(self) -> None:
        """Read the log from its beginning until each suspect has enough lines."""
        for source in self._sources:
            for block in source.blocks(self._request.since, self._request.until):
                self._evidence.add_block(block, source.clock)
                if self._evidence.is_complete:
                    return

    def _read_once(self, readers: Sequence[_Reader]) -> None:
        for source in self._sources:
            for block in source.blocks(self._request.since, self._request.until):
                for reader in readers:
                    reader(block, source.clock)

    def _note_sources(self) -> None:
        for source in self._sources:
            reading = source.reading
            self._lines += reading.lines
            self._cut_lines += reading.cut_lines
            self._rows.append(
                {
                    "path": clip(display(source.path.encode("utf-8", "surrogateescape"))),
                    "lines": reading.lines,
                    "from": reading.first,
                    "to": reading.last,
                    "truncated": reading.truncated,
                }
            )
            self.warnings += source.warnings

    def show(self) -> dict[str, Any]:
        """Return C(log) of the result."""
        request = self._request
        join = None if self._queue is None else self._queue.join()
        sections = {"sources": Section(self._rows)}
        if request.needs_sums:
            sections.update(self._show_sums())
        if join is not None:
            sections["queue"] = shown.show_queue(join)
            sections["queue_accounts"] = shown.show_queue_accounts(join, request.limit)
        if self._trace is not None:
            lines = self._trace.lines()
            sections["trace"] = shown.show_trace(lines, request.limit, truncated=self._trace.truncated)
        result: dict[str, Any] = {
            "lines": self._lines,
            "since": _whole(request.since),
            "until": _whole(request.until),
            **shown.show_sections(sections, top=request.top, limit=request.limit),
            "approximate": self._approximate(None if join is None else join.missed),
        }
        if request.needs_sums:
            result["other_lines"] = self._sums.other_lines
        if join is not None:
            result["queue_counts"] = shown.show_queue_counts(join)
        if request.rules:
            result["matched"] = shown.show_matched(self._trial)
        return result

    def _show_sums(self) -> dict[str, Section]:
        sums, top = self._sums, self._request.top
        tables: Mapping[str, Callable[[], Section]] = {
            "accounts": lambda: shown.show_accounts(sums.accounts(top)),
            "clients": lambda: shown.show_clients(sums, top),
            "senders": lambda: shown.show_senders(sums, top),
            "reasons": lambda: shown.show_reasons(sums, top),
            "rejects": lambda: shown.show_rejects(sums, top),
            "suspects": lambda: shown.show_suspects(self._suspects, self._request.limit, self._evidence.lines),
        }
        sections = {name: make() for name, make in tables.items() if name in self._request.gather}
        return {**sections, "unparsed": shown.show_unparsed(sums)}

    def _approximate(self, queue: int | None) -> dict[str, int]:
        """Return what a bound made inexact, and by how much."""
        own = {"cut_lines": self._cut_lines, "matched": self._trial.missed, "queue": queue}
        numbers = {**self._sums.approximate, **own}
        return {name: number for name, number in numbers.items() if number}


def _whole(time: float | None) -> int | None:
    return None if time is None else int(time)
