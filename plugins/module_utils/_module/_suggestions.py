# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The suggestions of postfix_queue_facts: opening what was sampled, and the rules as a result has them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Callable, Collection, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, PatternTimeout
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display, display_text
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    CONTENTS,
    MAX_SIZE,
    MORE_CONTENTS,
    Contents,
    Sample,
    make_content,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Findings, Found, find
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

# Returns the content of the messages with these queue IDs.
Opener = Callable[[Collection[str]], Contents]

# A destination with this share of the messages is mentioned if no rule is suggested.
_MUCH = 0.5
_BEYOND_LISTING = " postqueue shows no login, client and content: only senders, recipients and reasons were looked at."


def open_sampled(spool: Spool, queues: Sequence[str], wanted: Collection[str]) -> Contents:
    """Return the content of these messages, as far as they are still there. Raises MailopsError."""
    if not wanted:
        return Contents()
    job = Job(
        queues=queues, make_result=Contents, visit=_open, pass_over=_pass_over, wanted=frozenset(wanted).__contains__
    )
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


def show_suggestions(sample: Sample, opener: Opener | None, summary: Summary, *, with_reasons: bool) -> dict[str, Any]:
    """Return groups and suggestions as a result has them. opener: opens messages; None where the source has no content."""
    found = _find(sample, opener, summary)
    note = _describe(found.suggestions, sample, summary)
    if opener is None:
        note += _BEYOND_LISTING
    elif not with_reasons:
        note += " Reasons were not gathered."
    return {
        "groups": [_show_group(group) for group in found.groups],
        "suggestions": [_show_suggestion(suggestion) for suggestion in found.suggestions],
        "suggestions_note": note,
    }


def _find(sample: Sample, opener: Opener | None, summary: Summary) -> Findings:
    """Return what is found. More messages are opened if so few leave a rule in doubt."""
    if opener is None:
        return find(sample, Contents(), summary)
    first = sample.to_open(CONTENTS)
    contents = opener(first)
    found = find(sample, contents, summary)
    more = sample.to_open(MORE_CONTENTS)[len(first) :]
    if found.is_doubtful and more:
        contents.merge(opener(more))
        found = find(sample, contents, summary)
    return found


def _describe(found: Sequence[Found], sample: Sample, summary: Summary) -> str:
    if found:
        return "Look at what a rule selects before you act on it: postfix_message_info with match and limit opens such messages."
    note = "Nothing looks like a flood in %d messages, so no rule is suggested." % sample.messages
    for domain, number in summary.tops["recipient_domains"].top(1):
        if number >= _MUCH * sample.messages:
            note += " %d of them are for %s; mail that waits for its destination is no flood." % (
                number,
                clip(display(domain)),
            )
    return note


def _show_group(group: Found) -> dict[str, Any]:
    return {
        "match": [dict(rule) for rule in group.match],
        "messages": group.messages,
        "exact": group.exact,
        "share": group.share,
        "concentration": {"share": 0.8, "since": group.first or None, "seconds": group.seconds},
        "traits": [
            {
                "trait": trait.trait,
                "value": clip(display_text(trait.value)),
                "share": trait.share,
                "elsewhere": trait.elsewhere,
            }
            for trait in group.traits
        ],
        "other": {
            "share": round(group.other.share, 4),
            "at_most": round(group.other.at_most, 4),
            "counted": group.other.counted,
        },
    }


def _show_suggestion(suggestion: Found) -> dict[str, Any]:
    judgement = suggestion.judgement
    return {
        **_show_group(suggestion),
        "confidence": judgement.confidence,
        "evidence_for": [clip(display_text(text)) for text in judgement.evidence_for],
        "evidence_against": [clip(display_text(text)) for text in judgement.evidence_against],
    }
