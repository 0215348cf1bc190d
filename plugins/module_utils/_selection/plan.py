# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Plans: all selected messages of one host at one moment, so that a run acts on what was reviewed.

A plan is JSON-ready data. Its digest detects accidents and careless edits. It is not a signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import heapq
import io
import json
import zlib
from itertools import islice
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid

VERSION = 1
# The most messages of a plan. In memory a message takes about 250 bytes.
MAX_MESSAGES = 1000000
# If the operator sets no limit, a selection of more than this percentage of the messages is refused ...
DEFAULT_PERCENT = 95.0
# ... unless it has at most so many messages: the rest of a flood may be all that is in the queue.
DEFAULT_EXEMPT = 20
# The most bytes of the list of messages: a line has at most 20 characters of queue ID and 16 of fingerprint.
_MAX_UNPACKED = MAX_MESSAGES * 40
# How much the clocks of two hosts may differ, in seconds.
_CLOCK_SLACK = 300
# The lines that are sorted at a time, and the bytes of a text that are encoded at a time.
_PORTION = 16384
_PART = 3 << 16
REMEDY = "nothing was touched. Make a new plan (run the module in check mode)."


class Planned(NamedTuple):
    """A message in a plan. fingerprint() of message.py makes the second field."""

    queue_id: str
    fingerprint: str


def make_plan(
    *,
    host: str,
    instance: Mapping[str, str],
    created: int,
    selection: Mapping[str, Any],
    reason: str | None,
    limits: Mapping[str, float | None],
    method: str | None,
    counts: Mapping[str, int],
    summary: Mapping[str, Any],
    messages: Iterable[Planned],
) -> dict[str, Any]:
    """Return a plan. created: seconds since the epoch. selection: as Selection.frozen() gives it.

    reason, limits and method are options of the run that made the plan. They also apply to the run that carries it out.
    """
    plan: dict[str, Any] = {
        "version": VERSION,
        "host": host,
        "instance": dict(instance),
        "created": created,
        "selection": dict(selection),
        "reason": reason,
        "limits": dict(limits),
        "method": method,
        "counts": dict(counts),
        "summary": dict(summary),
        "messages": pack(messages),
    }
    plan["digest"] = digest(plan)
    return plan


def read_plan(
    plan: Mapping[str, Any], *, host: str, instance: Mapping[str, str], now: int, max_age: int
) -> dict[str, str]:
    """Return {queue ID: fingerprint} of the messages in a plan.

    Raises PlanError if the plan is not whole, was made for another host or instance, is older than max_age seconds, or has another
    number of messages than it says.
    """
    _check(plan, host=host, instance=instance)
    _check_orders(plan)
    _check_age(plan, now=now, max_age=max_age)
    return listed_messages(plan)


def check_digest(plan: Mapping[str, Any], *, remedy: str = REMEDY) -> None:
    """Raise PlanError if the content of a plan does not fit its digest. remedy: the end of the error, what to do."""
    if plan["digest"] != digest(plan):
        raise PlanError("The plan was altered: its content does not fit its digest; %s" % remedy)


def listed_messages(plan: Mapping[str, Any], *, remedy: str = REMEDY) -> dict[str, str]:
    """Return {queue ID: fingerprint} of the messages in a plan. remedy: as in check_digest().

    Raises PlanError if the list cannot be read, or has another number of messages than the plan says.
    """
    messages = unpack(plan["messages"], remedy=remedy)
    counted = plan["counts"].get("messages") if isinstance(plan["counts"], Mapping) else None
    if counted != len(messages):
        raise PlanError("The plan lists %d messages, and its counts say %s; %s" % (len(messages), counted, remedy))
    return messages


def _check_orders(plan: Mapping[str, Any]) -> None:
    """Raise PlanError if the reason, the limits or the method of a plan have the wrong type."""
    limits = plan.get("limits")
    sound = (
        isinstance(plan.get("reason"), (str, type(None)))
        and isinstance(plan.get("method"), (str, type(None)))
        and (limits is None or isinstance(limits, dict))
        and all(_is_limit(value) for value in (limits or {}).values())
    )
    if not sound:
        raise PlanError("The plan's reason, limits or method cannot be read: it was altered; %s" % REMEDY)


def _is_limit(value: object) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0)


def check_method(plan: Mapping[str, Any], method: str | None) -> None:
    """Raise PlanError if a plan was made for another method of deletion. method: None for a module that does not delete."""
    made = plan.get("method")
    if method is not None and made is not None and made != method:
        raise PlanError(
            "The plan was made with method: %s, and this run has method: %s; nothing was touched. Use the same method, or make a new plan "
            "(run the module in check mode)." % (made, method)
        )


def _check(plan: Mapping[str, Any], *, host: str, instance: Mapping[str, str]) -> None:
    """Raise PlanError if the plan is not whole, or was made for another host or instance."""
    missing = [
        key
        for key in ("version", "host", "instance", "created", "selection", "counts", "messages", "digest")
        if key not in plan
    ]
    if missing:
        raise PlanError("The plan has no %s: it is not a plan, or was cut; %s" % (missing[0], REMEDY))
    if plan["version"] != VERSION:
        raise PlanError(
            "The plan has version %s, this collection knows version %d; %s" % (plan["version"], VERSION, REMEDY)
        )
    if not isinstance(plan["instance"], dict):
        raise PlanError("The plan's instance is not a dictionary: it is not a plan, or was altered; %s" % REMEDY)
    check_digest(plan)
    if plan["host"] != host:
        raise PlanError(
            "The plan was made on %s, this is %s; nothing was touched. Apply it there." % (plan["host"], host)
        )
    if plan["instance"] != dict(instance):
        raise PlanError(
            "The plan was made for the instance in %s, this one is in %s; nothing was touched. Name that instance."
            % (plan["instance"].get("config_directory"), instance.get("config_directory"))
        )


def _check_age(plan: Mapping[str, Any], *, now: int, max_age: int) -> None:
    """Raise PlanError if the plan is too old, or was made in the future."""
    created = plan["created"]
    if not isinstance(created, int):
        raise PlanError("The plan has no time at which it was made: it is not a plan, or was altered; %s" % REMEDY)
    age = now - created
    if age < -_CLOCK_SLACK:
        raise PlanError(
            "The plan was made %d seconds in the future of this host; nothing was touched. Set the clocks right, or make a new plan (run "
            "the module in check mode)." % -age
        )
    if age > max_age:
        raise PlanError("The plan is %d seconds old, plan_max_age allows %d; %s" % (age, max_age, REMEDY))


def digest(plan: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan without its digest, in hexadecimal."""
    # The same bytes on every Python: those of the JSON of the plan with sorted keys, no blanks, ASCII. The list of messages is long.
    hashed = hashlib.sha256(b"{")
    separator = b""
    for key in sorted(key for key in plan if key != "digest"):
        hashed.update(separator + _json(key) + b":")
        for part in _json_parts(plan[key]):
            hashed.update(part)
        separator = b","
    hashed.update(b"}")
    return hashed.hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _json_parts(value: object) -> Iterator[bytes]:
    """Yield the JSON of a value; of a text in parts."""
    if not isinstance(value, str):
        yield _json(value)
        return
    yield b'"'
    for start in range(0, len(value), _PART):
        yield _json(value[start : start + _PART])[1:-1]
    yield b'"'


def pack(messages: Iterable[Planned]) -> str:
    """Return the messages as one text: a line each, deflated, in base64."""
    # Half of a line is random. So few repeats are worth a reference, and this strategy makes fewer.
    compressor = zlib.compressobj(strategy=zlib.Z_FILTERED)
    texts: list[str] = []
    rest = b""
    for lines in _in_portions(_sorted_lines(messages)):
        rest += compressor.compress(b"".join(lines))
        # Each part but the last has a multiple of three bytes, so that their texts join without padding.
        whole = len(rest) - len(rest) % 3
        texts.append(_base64(rest[:whole]))
        rest = rest[whole:]
    texts.append(_base64(rest + compressor.flush()))
    return "".join(texts)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _sorted_lines(messages: Iterable[Planned]) -> Iterator[bytes]:
    """Yield a line for each message, by queue ID. So many messages are sorted in portions, which take less memory as one text each."""
    lines = (("%s %s\n" % message).encode("ascii") for message in messages)
    portions = [io.BytesIO(b"".join(sorted(portion))) for portion in _in_portions(lines)]
    return heapq.merge(*portions)


def _in_portions(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    lines = iter(lines)
    portion = list(islice(lines, _PORTION))
    while portion:
        yield portion
        portion = list(islice(lines, _PORTION))


def unpack(packed: object, *, remedy: str = REMEDY) -> dict[str, str]:
    """Return {queue ID: fingerprint} of the messages of a plan. remedy: as in check_digest().

    Raises PlanError for a text that pack() did not make.
    """
    try:
        data = base64.b64decode(str(packed).encode("ascii"), validate=True)
        inflater = zlib.decompressobj()
        text = inflater.decompress(data, _MAX_UNPACKED)
        if inflater.unconsumed_tail or not inflater.eof:
            raise ValueError("it is cut, or has more than %d messages" % MAX_MESSAGES)
        return _parse_lines(text.decode("ascii"))
    except (ValueError, TypeError, binascii.Error, zlib.error) as error:
        raise PlanError("The plan's list of messages cannot be read (%s); %s" % (error, remedy)) from error


def _parse_lines(text: str) -> dict[str, str]:
    """Return {queue ID: fingerprint}. Raises ValueError."""
    messages: dict[str, str] = {}
    for line in io.StringIO(text):
        queue_id, fingerprint = line.rstrip("\n").split(" ")
        if not is_valid(queue_id) or queue_id in messages:
            raise ValueError("it lists something other than queue IDs, or a queue ID twice")
        messages[queue_id] = fingerprint
    if len(messages) > MAX_MESSAGES:
        raise ValueError("it has more than %d messages" % MAX_MESSAGES)
    return messages
