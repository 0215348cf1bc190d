# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Plans: the selection of one host at one moment, in full, so that what was reviewed is what is done.

A plan is JSON-ready data. Its digest finds accidents and careless edits; it is no signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import is_valid

VERSION = 1
# An unpacked list larger than that is no plan: it is enough for some ten million messages.
MAX_UNPACKED = 512 << 20
_REMEDY = "make a new plan (run the module in check mode)"


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
    counts: Mapping[str, int],
    summary: Mapping[str, Any],
    messages: Iterable[Planned],
) -> dict[str, Any]:
    """Return a plan. created: seconds since the epoch. selection: as Selection.frozen() gives it."""
    plan: dict[str, Any] = {
        "version": VERSION,
        "host": host,
        "instance": dict(instance),
        "created": created,
        "selection": dict(selection),
        "counts": dict(counts),
        "summary": dict(summary),
        "messages": pack(messages),
    }
    plan["digest"] = digest(plan)
    return plan


def check_plan(plan: Mapping[str, Any], *, host: str, instance: Mapping[str, str], now: int, max_age: int) -> None:
    """Raise PlanError unless the plan is whole, for this host and instance, and at most max_age seconds old."""
    missing = [
        key for key in ("version", "host", "instance", "created", "selection", "messages", "digest") if key not in plan
    ]
    if missing:
        raise PlanError("The plan has no %s: it is none, or was cut; %s." % (missing[0], _REMEDY))
    if plan["version"] != VERSION:
        raise PlanError(
            "The plan has version %s, this collection knows version %d; %s." % (plan["version"], VERSION, _REMEDY)
        )
    if not isinstance(plan["instance"], dict):
        raise PlanError("The plan's instance is no dictionary: it is none, or was altered; %s." % _REMEDY)
    if plan["digest"] != digest(plan):
        raise PlanError("The plan was altered: its content does not fit its digest; %s." % _REMEDY)
    if plan["host"] != host:
        raise PlanError("The plan was made on %s, this is %s; apply it there." % (plan["host"], host))
    if plan["instance"] != dict(instance):
        raise PlanError(
            "The plan was made for the instance in %s, this one is in %s; name that instance."
            % (plan["instance"].get("config_directory"), instance.get("config_directory"))
        )
    age = now - plan["created"]
    if age > max_age:
        raise PlanError("The plan is %d seconds old, plan_max_age allows %d; %s." % (age, max_age, _REMEDY))


def digest(plan: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plan without its digest, in hexadecimal."""
    content = {key: value for key, value in plan.items() if key != "digest"}
    # The same bytes on every Python: sorted keys, no blanks, ASCII.
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def pack(messages: Iterable[Planned]) -> str:
    """Return the messages as one text: a line each, deflated, in base64."""
    text = "".join("%s %s\n" % message for message in sorted(messages))
    return base64.b64encode(zlib.compress(text.encode("ascii"))).decode("ascii")


def unpack(packed: object) -> list[Planned]:
    """Return the messages of a plan. Raises PlanError for a text that pack() did not make."""
    try:
        data = base64.b64decode(str(packed).encode("ascii"), validate=True)
        inflater = zlib.decompressobj()
        text = inflater.decompress(data, MAX_UNPACKED)
        if inflater.unconsumed_tail or not inflater.eof:
            raise ValueError("it is cut, or too long")
        messages = [Planned(*line.split(" ")) for line in text.decode("ascii").splitlines()]
        if not all(is_valid(message.queue_id) for message in messages):
            raise ValueError("what it lists are no queue IDs")
    except (ValueError, TypeError, binascii.Error, zlib.error) as error:
        raise PlanError("The plan's list of messages cannot be read (%s); %s." % (error, _REMEDY)) from error
    return messages
