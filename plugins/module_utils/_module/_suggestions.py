# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The suggestions of postfix_queue_facts: opening what was sampled, and the rules as a result has them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, PatternTimeout
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Job, scan
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    MAX_SIZE,
    Contents,
    Sample,
    make_content,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Suggestion, suggest
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import clip
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# A destination with this share of the messages is mentioned if no rule is suggested.
_MUCH = 0.5
_BEYOND_LISTING = " postqueue shows no login, client and content: only senders, recipients and reasons were looked at."


def open_sampled(spool: Spool, queues: Sequence[str], sample: Sample) -> Contents:
    """Return the content of the messages that the sample wants opened, as far as they are still there. Raises MailopsError."""
    wanted = sample.to_open()
    if not wanted:
        return Contents()
    job = Job(queues=queues, make_result=Contents, visit=_open, pass_over=_pass_over, wanted=wanted.__contains__)
    # So few files are read sooner than a process is started.
    return scan(spool, job, processes=1).result


def _open(message: SpoolMessage, contents: Contents) -> None:
    """Keep the content of a message, as far as it can be read."""
    headers: Sequence[tuple[str, str]] = ()
    parts: Sequence[str] | None = None
    # Whatever takes too long to take apart is left out, too.
    with contextlib.suppress(ContentError, PatternTimeout):
        headers = message.headers()
        if message.envelope.size <= MAX_SIZE:
            parts = message.text_parts()
    contents.by_id[message.queue_id] = make_content(headers, parts)


def _pass_over(_found: QueueEntry, _incomplete: bool, _contents: Contents) -> None:
    """Leave out what is not in the sample."""


def show_suggestions(
    sample: Sample, contents: Contents | None, summary: Summary, *, with_reasons: bool
) -> dict[str, Any]:
    """Return the suggestions as a result has them. contents: None where the source has none."""
    found = suggest(sample, contents or Contents(), summary)
    note = _describe(found, sample, summary)
    if contents is None:
        note += _BEYOND_LISTING
    elif not with_reasons:
        note += " Reasons were not gathered."
    return {"suggestions": [_show(suggestion) for suggestion in found], "suggestions_note": note}


def _describe(found: Sequence[Suggestion], sample: Sample, summary: Summary) -> str:
    if found:
        return "Look at what a rule selects before you act on it: facts with match and limit list it."
    note = "Nothing stands out in %d messages, so no rule is suggested." % sample.messages
    for domain, number in summary.tops["recipient_domains"].top(1):
        if number >= _MUCH * sample.messages:
            note += " %d of them are for %s; mail that waits for its destination is no flood." % (
                number,
                clip(display(domain)),
            )
    return note


def _show(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "match": [dict(suggestion.rule)],
        "messages": suggestion.messages,
        "exact": suggestion.exact,
        "share": suggestion.share,
        "concentration": {"share": 0.8, "since": suggestion.first or None, "seconds": suggestion.seconds},
        "evidence": list(suggestion.evidence),
    }
