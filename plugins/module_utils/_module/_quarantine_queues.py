# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Quarantining whole queues: stop Postfix, move the directories of the queues, start Postfix with empty ones."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Collection, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import service as services
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import QuarantineRun
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.service import Outage, Service
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine


def check_options(params: Mapping[str, Any], instance: Instance) -> None:
    """Raise MailopsError for options that do not go with whole queues, and for queues that cannot be moved whole."""
    given = [name for name in ("match", "exclude", "plan") if params[name]]
    if given:
        raise SelectionError(
            "mode",
            "queues moves whole queues; leave out %s, or use mode: messages" % " and ".join(given),
        )
    missing = [queue for queue in DELIVERY_QUEUES if queue not in params["queues"]]
    if missing:
        raise SelectionError(
            "queues",
            "mode: queues must move incoming, active and deferred together, because Postfix moves messages between them. Add %s"
            % " and ".join(missing),
        )
    instance.require_own_queue()
    _check_directories(params, instance)


def _check_directories(params: Mapping[str, Any], instance: Instance) -> None:
    """Raise SelectionError for a queue that a rename does not move: a link, or a filesystem of its own."""
    top = instance.queue_directory
    for name in (*params["queues"], *LOGS):
        path = os.path.join(top, name)
        if os.path.islink(path):
            problem = "is a symbolic link, and Postfix would go on with the directory that it leads to"
        elif not quarantines.are_together(path, top):
            problem = "is a filesystem of its own, and a mounted directory cannot be renamed"
        else:
            continue
        raise SelectionError("queues", "%s in %s %s. Nothing was touched. Use mode: messages" % (name, top, problem))


def quarantine_queues(run: QuarantineRun) -> dict[str, Any]:
    """Move whole queues away, and have Postfix go on with empty ones. Return the result."""
    change = run.change
    if run.exists():
        with run.open() as quarantine:
            if quarantine.has_swapped():
                return run.finish({})
    service = services.service_of(run.params["service"], run.instance)
    _check_same_filesystem(run)
    quarantines.check_room(run.path)
    # A real run reads the queues after the move; before it, only limits need that.
    if not run.is_real or run.params["max_messages"] is not None or run.params["max_percent"] is not None:
        change.select(ignored=run.left_out)
    if run.is_real:
        with run.make() as quarantine, QueueDirectory(run.layout) as queue_directory:
            earlier = quarantine.present()
            _swap(run, quarantine, queue_directory, service)
            _select_swapped(run, quarantine, earlier)
    # The directories are moved, whatever is in them.
    return run.finish(dict.fromkeys(change.messages, Outcome.QUARANTINED), is_changed=True)


def _select_swapped(run: QuarantineRun, quarantine: Quarantine, earlier: Collection[str]) -> None:
    """Select what was moved into the quarantine; nothing if it cannot be read. The limits were checked before."""
    try:
        run.change.select(quarantine.spool, ignored=earlier, is_limited=False)
    except (OSError, MailopsError) as error:
        run.change.forget_selection()
        run.keep_error("The quarantine %s cannot be read" % quarantine.path, error)


def _swap(run: QuarantineRun, quarantine: Quarantine, queue_directory: QueueDirectory, service: Service | None) -> None:
    """Move the queues away while Postfix is stopped. Raises MailopsError if it was not stopped; later errors are kept."""
    outages: list[Outage] = []
    moved = MoveResult()

    @contextmanager
    def stopped() -> Iterator[None]:
        with services.pause(service, before_takeover=lambda: quarantine.place_empty_queues(queue_directory)) as outage:
            outages.append(outage)
            yield

    left = {"running": service is not None, "unit": service.unit if service else None}
    queues = run.change.request.selection.queues
    try:
        quarantine.swap(queue_directory, queues, stopped, moved, **left, **run.journal_fields())
    except MailopsError as error:
        if not outages:
            raise
        run.broken = error
    run.is_touched = moved.touched
    run.fields["down"] = outages[0].seconds


def _check_same_filesystem(run: QuarantineRun) -> None:
    """Raise SelectionError if whole queues cannot be renamed into the quarantine."""
    top = run.instance.queue_directory
    place = run.base
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    if not quarantines.are_together(place, top):
        raise SelectionError(
            "directory",
            "%s is on another filesystem than the queue directory %s, and mail would be down while whole queues are copied; nothing "
            "was touched. Name a directory on that filesystem, such as %s, or use mode: messages"
            % (run.base, top, quarantines.default_base(top)),
        )
