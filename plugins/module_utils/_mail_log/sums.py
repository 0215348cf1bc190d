# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""The sums of a mail log in bounded memory, in one pass.

Most lines are of a few forms. One regular expression reads these from a whole block of lines, several times faster than line by line. All
other lines are read by read_event(), one by one. Both make the same events of a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Collection, Match

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import event_types as types
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import Account, Failures
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.other_lines import is_of_mail
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.volumes import VolumeTally
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Tally

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# Bounds of the memory. What they drop is counted, see LogSums.approximate.
MAX_ACCOUNTS = 20000
_KEPT_ACCOUNTS = 10000
MAX_VALUES = 200000
_KEPT_VALUES = 50
MAX_OPEN = 50000
MAX_NAMES = 20000
_MAX_PROGRAMS = 20
# A line that stands for more lines than this is counted as this many.
_MAX_REPEATED = 1000
_MAX_SAMPLES = 3
_LONGEST_SAMPLE = 200
_LONGEST_REASON = 512
_LONGEST_NAME = 255
_LONGEST_REJECT = 120

# The frequent lines, in the forms of event_types. What has an unusual form, such as a quoted address, does not match and is read by
# read_event(). Only what needs the time checks the time stamp. The last group that took part says which form it is; an empty group marks a
# line that only has to be known.
_ID = rb"(" + types.QUEUE_ID + rb"): "
_ANY_ID = types.QUEUE_ID + rb": "
_FREQUENT = re.compile(
    rb"^([A-Z].{14}|\d{4}-\d\d-\d\dT[^ \n]+) [^ \n()<>\[\]\"=]+ [^ \[\n:]+/(?:"
    rb"smtpd\[\d+\]: (?:(?:dis)?connect from ()[^\n]*"
    rb"|" + _ID + rb"client=[^\[\n]*\[([^\]\n]*)\](?:, sasl_method=([^,\n]*), sasl_username=([^,\n]*))?)"
    rb"|qmgr\[\d+\]: " + _ID + rb"(?:(removed)|from=<([^>\n]{0,800})>, size=\d+, nrcpt=(\d{1,9}) \(queue active\))"
    rb"|cleanup\[\d+\]: " + _ANY_ID + rb"message-id=()[^\n]*"
    rb"|(?:smtp|lmtp|local|virtual|pipe|error)\[\d+\]: "
    + _ID
    + rb"to=<[^>\"\n]*>, (?:orig_to=<[^>\"\n]*>, )?relay=[^,\n]*, "
    rb"(?:conn_use=\d+, )?delay=[\d.]+, delays=[\d./]+, (?:tls=[^,\n]*, )?dsn=[\d.]+, status=(?:sent \(()[^\n]*|(deferred|bounced) \(([^\n]*))\)"
    rb")\n",
    re.MULTILINE,
)
(
    _STAMP,
    _CONNECT,
    _ACCEPTED_ID,
    _ADDRESS,
    _METHOD,
    _USERNAME,
    _QMGR_ID,
    _REMOVED,
    _SENDER,
    _RECIPIENTS,
    _MESSAGE_ID,
    _DELIVERY_ID,
    _SENT,
    _STATUS,
    _REASON,
) = range(1, 16)

_RELAY = b">, relay="
# What only has to be known.
_UNCOUNTED = frozenset((_CONNECT, _MESSAGE_ID, _SENT))
# Values wait until so many can be counted together.
_AT_ONCE = 2000
_ADDRESSES = re.compile(rb"<[^>]*>(?:: )?")
_BRACKETS = re.compile(rb"\[[^\]]*\]")


@dataclass
class Unparsed:
    """Lines of one program that were not understood, with a few samples."""

    lines: int = 0
    samples: list[bytes] = field(default_factory=list)


class _Submission:
    """A message that was submitted with a login."""

    __slots__ = ("account", "address", "is_counted", "time")

    def __init__(self, account: Account, address: bytes, time: int) -> None:
        self.account = account
        self.address = address
        self.time = time
        self.is_counted = False


class LogSums:
    """The sums of a mail log, by account, client and sender. names: count only these accounts, in lower case; None: all."""

    def __init__(self, *, names: Collection[bytes] | None = None) -> None:
        self._names = None if names is None else frozenset(names)
        self._accounts: dict[bytes, Account] = {}
        self._failures: dict[bytes, Failures] = {}
        # Messages until they enter the active queue, with the address of the client, and messages with a login until they are removed.
        self._accepted: dict[bytes, bytes | None] = {}
        self._submitted: dict[bytes, _Submission] = {}
        self._values = 0
        self.clients = VolumeTally()
        self.senders = VolumeTally()
        self.reasons: dict[bytes, Tally] = {}
        """{status of a delivery that is not sent: its reasons}"""
        self.rejects = Tally()
        self.unparsed: dict[bytes, Unparsed] = {}
        """By program; an empty name is for lines without one, and for the programs after the first twenty."""
        self.other_lines = 0
        """Lines of programs that have nothing to do with mail."""
        self.dropped_accounts = 0
        self.dropped_names = 0
        self.dropped_messages = 0
        self._actions: dict[type, Callable[[int, Any], None]] = {
            types.Accepted: self._add_accepted,
            types.PickedUp: self._add_picked_up,
            types.Activated: self._add_activated,
            types.Delivery: self._add_delivery,
            types.Removed: self._add_removed,
            types.Restricted: self._add_restricted,
            types.FailedLogin: self._add_failed_login,
        }

    def add_block(self, block: bytes, clock: Clock) -> None:
        """Count whole lines."""
        end = 0
        for match in _FREQUENT.finditer(block):
            start, stop = match.span()
            if start != end:
                self._add_lines(block[end:start], clock)
            end = stop
            kind = match.lastindex
            # The most frequent forms come first.
            if kind in _UNCOUNTED:
                continue
            if kind == _REMOVED:
                self._submitted.pop(match[_QMGR_ID], None)
            elif kind == _RECIPIENTS:
                queue_id, sender, recipients = match.group(_QMGR_ID, _SENDER, _RECIPIENTS)
                self._activate(queue_id, sender, int(recipients))
            elif kind == _ADDRESS:
                self._accept(*match.group(_ACCEPTED_ID, _ADDRESS))
            elif not (self._add_reason(match) if kind == _REASON else self._add_login(match, clock)):
                self._add_lines(match.group(), clock)
        if end != len(block):
            self._add_lines(block[end:], clock)

    def _add_reason(self, match: Match[bytes]) -> bool:
        """Count a delivery that failed; return whether it is certain where the reason begins."""
        queue_id, status, reason = match.group(_DELIVERY_ID, _STATUS, _REASON)
        if _RELAY in reason:
            return False
        self._deliver(queue_id, status, reason)
        return True

    def _add_login(self, match: Match[bytes], clock: Clock) -> bool:
        """Count a message that was submitted with a login; return whether its timestamp is a time."""
        stamp, queue_id, address, method, name = match.group(_STAMP, _ACCEPTED_ID, _ADDRESS, _METHOD, _USERNAME)
        try:
            time = clock.seconds(stamp)
        except ValueError:
            return False
        self._submit(time, queue_id, address, method, name)
        return True

    def _add_lines(self, block: bytes, clock: Clock) -> None:
        """Count lines one by one."""
        for text in block.split(b"\n"):
            if not text:
                continue
            line = parse_line(text, clock)
            event = None if line is None else read_event(line)
            if line is not None and not is_of_mail(line):
                self.other_lines += 1
            elif line is None or event is None:
                self._add_unparsed(b"" if line is None else line.program, text)
            elif type(event) in self._actions:
                for _number in range(min(line.repeated, _MAX_REPEATED)):
                    self._actions[type(event)](line.time, event)

    def _add_unparsed(self, program: bytes, text: bytes) -> None:
        program = program[:_LONGEST_NAME]
        if program not in self.unparsed and len(self.unparsed) >= _MAX_PROGRAMS:
            program = b""
        unparsed = self.unparsed.setdefault(program, Unparsed())
        unparsed.lines += 1
        if len(unparsed.samples) < _MAX_SAMPLES:
            unparsed.samples.append(text[:_LONGEST_SAMPLE])

    # --- messages -------------------------------------------------------------------------------------------------------

    def _accept(self, queue_id: bytes, address: bytes | None) -> None:
        """Remember a message without a login. address: the client's, None without one."""
        if queue_id != types.NO_QUEUE:
            self._accepted[queue_id] = address
            if len(self._accepted) > MAX_OPEN:
                self.dropped_messages += _drop_first_half(self._accepted)

    def _submit(self, time: int, queue_id: bytes, address: bytes, method: bytes, name: bytes) -> None:
        """Count a login, and remember the message."""
        account = self._account(name)
        if account is None:
            self._accept(queue_id, address)
            return
        account.add_login(time, address, method)
        self._values += 1
        if self._failures:
            self._end_run(account, time)
        if queue_id != types.NO_QUEUE:
            self._submitted[queue_id] = _Submission(account, address, time)
            if len(self._submitted) > MAX_OPEN:
                self.dropped_messages += _drop_first_half(self._submitted)

    def _activate(self, queue_id: bytes, sender: bytes, recipients: int) -> None:
        """Count a message when it enters the active queue for the first time."""
        submission = self._submitted.get(queue_id)
        if submission is None:
            if queue_id not in self._accepted:
                return
            address = self._accepted.pop(queue_id)
        elif submission.is_counted:
            return
        else:
            submission.is_counted = True
            address = submission.address
            submission.account.add_message(submission.time, queue_id, address, sender[:_LONGEST_NAME], recipients)
            self._values += 1
            if self._values > MAX_VALUES:
                self._shrink()
        if address is not None:
            self.clients.add(address, recipients)
        self.senders.add(sender, recipients)

    def _deliver(self, queue_id: bytes, status: bytes, reason: bytes) -> None:
        tally = self.reasons.get(status)
        if tally is None:
            tally = self.reasons[status] = Tally()
        tally.waiting.append(reason[:_LONGEST_REASON])
        if len(tally.waiting) > _AT_ONCE:
            tally.count_waiting()
        submission = self._submitted.get(queue_id) if status == b"bounced" else None
        if submission is not None:
            submission.account.bounced += 1

    # --- events of lines that are not frequent ----------------------------------------------------------------------------

    def _add_accepted(self, time: int, event: types.Accepted) -> None:
        # A message that comes back from a content filter was counted when it came first.
        if event.original_queue_id is not None:
            return
        if event.sasl_username is None:
            self._accept(event.queue_id, event.client_address)
        else:
            self._submit(time, event.queue_id, event.client_address, event.sasl_method or b"", event.sasl_username)

    def _add_picked_up(self, _time: int, event: types.PickedUp) -> None:
        if event.original_queue_id is None:
            self._accept(event.queue_id, None)
        elif event.original_queue_id in self._submitted:
            # The message was counted with its first queue ID.
            self._submitted[event.queue_id] = self._submitted.pop(event.original_queue_id)

    def _add_activated(self, _time: int, event: types.Activated) -> None:
        self._activate(event.queue_id, event.sender, event.recipients)

    def _add_delivery(self, _time: int, event: types.Delivery) -> None:
        if event.status != b"sent":
            self._deliver(event.queue_id, event.status, event.reason)

    def _add_removed(self, _time: int, event: types.Removed) -> None:
        self._submitted.pop(event.queue_id, None)

    def _add_restricted(self, _time: int, event: types.Restricted) -> None:
        text = _BRACKETS.sub(b"[]", _ADDRESSES.sub(b"", event.text))
        kind = event.action + b" " + event.stage + (b": " + text if text else b"")
        self.rejects.waiting.append(kind[:_LONGEST_REJECT])
        if len(self.rejects.waiting) > _AT_ONCE:
            self.rejects.count_waiting()

    def _add_failed_login(self, time: int, event: types.FailedLogin) -> None:
        name = (event.sasl_username or b"")[:_LONGEST_NAME]
        if not name:
            return
        failures = self._failures.get(name)
        if failures is None:
            if len(self._failures) >= MAX_NAMES:
                self._drop_names()
            failures = self._failures[name] = Failures()
        failures.add(event.source, time)

    def _end_run(self, account: Account, time: int) -> None:
        failures = self._failures.get(account.sasl_username)
        if failures is not None:
            account.failed_then_successful = max(account.failed_then_successful, failures.end_run(time))

    # --- bounds -----------------------------------------------------------------------------------------------------------

    def _account(self, name: bytes) -> Account | None:
        """Return the account of a login, None for one that is not to be counted."""
        name = name[:_LONGEST_NAME]
        account = self._accounts.get(name)
        if account is None and (self._names is None or name.lower() in self._names):
            if len(self._accounts) >= MAX_ACCOUNTS:
                self._drop_accounts()
            account = self._accounts[name] = Account(name)
        return account

    def _drop_accounts(self) -> None:
        kept = self.accounts(_KEPT_ACCOUNTS)
        self.dropped_accounts += len(self._accounts) - len(kept)
        self._accounts = {account.sasl_username: account for account in kept}

    def _drop_names(self) -> None:
        """Forget the half of the names that failed least."""
        ranked = sorted(self._failures.items(), key=lambda item: -item[1].count)
        self._failures = dict(ranked[: MAX_NAMES // 2])
        self.dropped_names += len(ranked) - len(self._failures)

    def _shrink(self) -> None:
        """Keep few senders and addresses of each account if all accounts together have too many."""
        self._values = sum(account.size for account in self._accounts.values())
        if self._values > MAX_VALUES:
            for account in self._accounts.values():
                account.shrink(_KEPT_VALUES)
            self._values = sum(account.size for account in self._accounts.values())

    def accounts(self, number: int | None = None) -> list[Account]:
        """Return the accounts with the most recipients, most first. An account that never logged in is not among them."""
        for name, account in self._accounts.items():
            failures = self._failures.get(name)
            account.failed_logins = 0 if failures is None else failures.count
        ranked = sorted(
            self._accounts.values(), key=lambda account: (-account.recipients, -account.logins, account.sasl_username)
        )
        return ranked if number is None else ranked[:number]

    @property
    def approximate(self) -> dict[str, int]:
        """What is not exact because the memory is bounded: {what: how many accounts, names, messages or values were dropped}."""
        dropped = {
            "accounts": self.dropped_accounts,
            "account_values": sum(account.dropped for account in self._accounts.values()),
            "failed_logins": self.dropped_names,
            "messages": self.dropped_messages,
            "clients": self.clients.missed,
            "senders": self.senders.missed,
            "reasons": sum(tally.missed for tally in self.reasons.values()),
            "rejects": self.rejects.missed,
        }
        return {name: number for name, number in dropped.items() if number}


def _drop_first_half(messages: dict[bytes, Any]) -> int:
    """Forget the messages that were accepted first, and return how many."""
    names = list(messages)[: len(messages) // 2]
    for queue_id in names:
        del messages[queue_id]
    return len(names)
