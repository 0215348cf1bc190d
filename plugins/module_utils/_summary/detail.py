# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One message in full, as a result shows it. Every list is bounded, and only the content that was asked for is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    display,
    display_address,
    display_client,
    display_header_name,
    display_helo,
    display_lines,
    display_login,
    display_name,
    display_text,
    one_line,
    printable,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_log, reason_for
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import fit
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip

if TYPE_CHECKING:
    from typing import Protocol, Sequence

    from ansible_collections.mailops.postfix.plugins.module_utils._format.mime import Part
    from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import Recipient, Recipients
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import Listable

    class Openable(Listable, Protocol):
        """A message that can be read in full."""

        def recipients(self, *, most: int) -> Recipients: ...
        def defer_log(self) -> bytes: ...
        def headers(self) -> Sequence[tuple[str, str]]: ...
        def structure(self) -> Sequence[Part]: ...
        def text_parts(self) -> Sequence[str]: ...
        @property
        def problem(self) -> str | None: ...


# Bytes of JSON that each list of a message may take. With this five messages, the default, take 52 KiB at most.
BUDGETS = {"attributes": 1 << 10, "recipients": 4 << 10, "headers": 4 << 10, "parts": 1 << 10}
# More than the budget holds, so that only the budget limits them.
_MOST_RECIPIENTS = 200
# How attributes are shown that have a criterion.
_SHOWN_AS: Mapping[bytes, Callable[[bytes], str]] = {
    b"sasl_username": display_login,
    b"client_address": display_client,
    b"log_client_address": display_client,
    b"client_name": display_name,
    b"log_client_name": display_name,
    b"helo_name": display_helo,
    b"log_helo_name": display_helo,
}
# The values of a defer log by their names in the result.
_FROM_LOG = {"status": b"status", "reason": b"reason", "diagnostic": b"diag_text", "mta": b"mta_mname"}


class _Row:
    """An unfinished row, with what could not be read, and which of its lists were cut."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.cut: list[str] = []
        self.problems: list[str] = []

    def put_list(self, name: str, rows: Iterable[dict[str, Any]], number: int) -> None:
        """Add the rows of a list that fit in its budget. number: how many rows there are in all."""
        self.values[name] = fit(rows, BUDGETS[name])
        if len(self.values[name]) < number:
            self.cut.append(name)

    def note(self, problem: str | None) -> None:
        """Add what could not be read, None for nothing."""
        if problem is not None:
            self.problems.append(problem)

    def read(self, what: Callable[[], Any], otherwise: Any) -> Any:
        """Return what() or, if that cannot be read, the substitute."""
        try:
            return what()
        except ContentError as error:
            self.note(str(error))
            return otherwise


def show_message(message: Openable, *, excerpt: int) -> dict[str, Any]:
    """Return a message in full. excerpt: how many bytes of its first text part to show, 0 for none."""
    envelope = message.envelope
    row = _Row(
        {
            "queue_id": message.queue_id,
            "queue": message.queue,
            "arrival_time": envelope.arrival or None,
            "size": envelope.size,
            "origin": message.origin,
            "next_retry": message.next_retry,
            "forced_expire": message.forced_expire,
            "sender": None if envelope.sender is None else clip(display_address(envelope.sender)),
        }
    )
    row.note(message.problem)
    _put_attributes(row, envelope.attributes)
    _put_recipients(row, message)
    headers = row.read(message.headers, ())
    row.put_list("headers", (_show_header(name, value) for name, value in headers), len(headers))
    parts = row.read(message.structure, [])
    row.put_list("parts", map(_show_part, parts), len(parts))
    if excerpt:
        texts = row.read(message.text_parts, [])
        row.values["excerpt"] = clip(display_lines(texts[0]), excerpt) if texts else None
    row.note(message.problem)
    row.values["cut"] = row.cut
    row.values["problem"] = clip(printable("; ".join(dict.fromkeys(row.problems)))) or None
    return row.values


def _put_attributes(row: _Row, attributes: Sequence[bytes]) -> None:
    # Of several attributes with one name the first counts, as for qmgr(8).
    named: dict[str, str] = {}
    for attribute in attributes:
        name, _sign, value = attribute.partition(b"=")
        named.setdefault(clip(display(name)), clip(_SHOWN_AS.get(name, display)(value)))
    row.put_list("attributes", ({"name": name, "value": value} for name, value in named.items()), len(named))


def _put_recipients(row: _Row, message: Openable) -> None:
    recipients = message.recipients(most=_MOST_RECIPIENTS)
    row.note(recipients.problem)
    log = parse_log(message.defer_log())
    row.values["recipient_count"] = recipients.counts
    row.put_list(
        "recipients",
        (_show_recipient(recipient, reason_for(log, recipient.address) or {}) for recipient in recipients.listed),
        sum(recipients.counts.values()),
    )


def _show_recipient(recipient: Recipient, entry: Mapping[bytes, bytes]) -> dict[str, Any]:
    return {
        "address": clip(display_address(recipient.address)),
        "state": recipient.state,
        "original": None if recipient.original is None else clip(display_address(recipient.original)),
        "dsn_original": None if recipient.dsn_original is None else clip(display(recipient.dsn_original)),
        "notify": list(recipient.notify),
        **{name: clip(display(entry[key])) if key in entry else None for name, key in _FROM_LOG.items()},
    }


def _show_header(name: str, value: str) -> dict[str, str]:
    return {"name": clip(display_header_name(name)), "value": clip(display_text(one_line(value)))}


def _show_part(part: Part) -> dict[str, Any]:
    return {
        name: clip(display_text(value)) if isinstance(value, str) else value for name, value in part._asdict().items()
    }
