# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The options of postfix_log_info, checked before anything is read."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    NULL_SENDER,
    bytes_of,
    undisplay,
    undisplay_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import NO_QUEUE
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.period import parse_period
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import DEFAULTS
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import TraceRequest
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trial import TrialRule, parse_rules
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options

# What can be gathered. SUMS comes from the counts of the log.
SUMS = ("accounts", "clients", "senders", "reasons", "rejects", "suspects")
GATHER = (*SUMS, "queue", "trace")
DEFAULT_TOP, DEFAULT_LIMIT = 10, 100
# A shorter queue ID would be found in too many places (see QUEUE_ID).
_SHORTEST_ID = 5

OPTIONS: _options.ArgumentSpec = {
    "files": {"type": "list", "elements": "path", "default": []},
    "journal": {"type": "bool"},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "gather": {"type": "list", "elements": "str", "choices": list(GATHER)},
    "top": {"type": "int", "default": DEFAULT_TOP},
    "sasl_username": {"type": "list", "elements": "str"},
    "thresholds": {"type": "dict", "default": {}},
    "trace": {"type": "dict"},
    "match": {"type": "list", "elements": "raw", "default": []},
    "limit": {"type": "int", "default": DEFAULT_LIMIT},
}


@dataclass(frozen=True)
class LogRequest:
    """What to gather of the log. since, until: in seconds since the epoch."""

    gather: frozenset[str]
    since: float | None
    until: float | None
    top: int
    limit: int
    names: frozenset[bytes] | None
    """Only these accounts, in lower case; None: all."""
    thresholds: Mapping[str, float | None]
    trace: TraceRequest | None
    rules: tuple[TrialRule, ...]

    @property
    def needs_sums(self) -> bool:
        """Whether the log has to be counted."""
        return not self.gather.isdisjoint(SUMS)


def request_of(params: Mapping[str, Any]) -> LogRequest:
    """Return what the options ask for. Raises SelectionError and LogError."""
    _options.check_not_negative(params, "top", "limit")
    since, until = parse_period(params["since"], params["until"], now=time.time())
    return LogRequest(
        gather=_gather_of(params),
        since=since,
        until=until,
        top=params["top"],
        limit=params["limit"],
        names=_names_of(params["sasl_username"]),
        thresholds=parse_thresholds(params["thresholds"]),
        trace=None if params["trace"] is None else parse_trace(params["trace"]),
        rules=parse_rules(params["match"]),
    )


def _gather_of(params: Mapping[str, Any]) -> frozenset[str]:
    traced = params["trace"] is not None
    if params["gather"] is None:
        return frozenset(("trace",) if traced else SUMS)
    if "trace" in params["gather"] and not traced:
        raise SelectionError(
            "gather", "trace needs the option trace. Give it, such as trace: {queue_id: 4A0F9AC}, or leave trace out"
        )
    return frozenset((*params["gather"], "trace") if traced else params["gather"])


def _names_of(names: Sequence[str] | None) -> frozenset[bytes] | None:
    if names is None:
        return None
    for index, name in enumerate(names):
        if not name:
            raise SelectionError("sasl_username[%d]" % index, "the text is empty. Write a name, or leave it out")
    return frozenset(undisplay(name).lower() for name in names)


def parse_thresholds(thresholds: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the thresholds that are not the defaults. None switches one off. Raises SelectionError."""
    known = "known are %s" % ", ".join(DEFAULTS)
    parsed: dict[str, float | None] = {}
    for name, value in thresholds.items():
        place = "thresholds.%s" % name
        if name not in DEFAULTS:
            raise SelectionError(place, "there is no such threshold; %s" % known)
        parsed[name] = None if value is None else _number_of(value, place, known)
    return parsed


def _number_of(value: Any, place: str, known: str) -> float:
    try:
        # A template makes a text of a number.
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise SelectionError(
            place, "%r is not a number of 0 or more. Write one, or null to switch it off; %s" % (value, known)
        )
    return number


def parse_trace(trace: Mapping[str, Any]) -> TraceRequest:
    """Return what to trace. Raises SelectionError."""
    given = {key: value for key, value in trace.items() if value is not None}
    if set(given) not in ({"queue_id"}, {"message_id"}, {"sender", "recipient"}):
        raise SelectionError(
            "trace",
            "it has %s. Give queue_id, or message_id, or sender together with recipient"
            % (", ".join(map(str, given)) or "no key"),
        )
    for key, value in given.items():
        if not isinstance(value, str) or (not value.strip("<> ") and (key, value) != ("sender", NULL_SENDER)):
            raise SelectionError(
                "trace.%s" % key, "%r is not a value to look for. Write it in full, in quotes" % (value,)
            )
    if "queue_id" in given:
        if (
            not is_valid(given["queue_id"])
            or len(given["queue_id"]) < _SHORTEST_ID
            or given["queue_id"].encode() == NO_QUEUE
        ):
            raise SelectionError(
                "trace.queue_id", "%r is not a queue ID. Copy it from the log or from mailq" % given["queue_id"]
            )
        return TraceRequest(queue_id=given["queue_id"].encode("ascii"))
    if "message_id" in given:
        return TraceRequest(message_id=undisplay(given["message_id"]).strip(b"<> "))
    return TraceRequest(
        sender=_address_of(given["sender"], "sender"), recipient=_address_of(given["recipient"], "recipient")
    )


def _address_of(text: str, key: str) -> bytes:
    if text == NULL_SENDER:
        return b""
    address = bytes_of(undisplay_address(text))
    if b"@" not in address and key == "sender":
        raise SelectionError(
            "trace.sender", "%r is not an address. Write the whole address, or <> for the null sender" % text
        )
    return address
