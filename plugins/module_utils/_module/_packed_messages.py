# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Selected messages by queue ID, 40 to 60 bytes for each: a queue may have a million of them.

Each is a record in one array of bytes. A table of numbers, in which a queue ID is searched from the place that its hash gives (open
addressing), says where the record of each queue ID is.
"""

from __future__ import annotations

import struct
from array import array
from itertools import repeat
from typing import Any, ItemsView, Iterator, Mapping, NamedTuple, TypeVar, ValuesView

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import ALL_QUEUES


class SelectedMessage(NamedTuple):
    """A selected message: what must still be true when it is changed, and what it counts for."""

    queue_id: str
    queue: str
    fingerprint: str
    size: int
    recipients: int
    forced_expire: bool
    created: int
    """The second from which on Postfix counts its lifetime. This and the next two are 0 if the run does not need them."""
    retry: int
    """The second before which Postfix does not try it: the file's mtime."""
    changed_at: int
    """When its file was moved or changed last: the ctime in nanoseconds, because the mtime may be the same after a try."""
    null_sender: bool
    is_verified: bool
    """Whether the sender is verified: the message is the host's own, or the login that sent it owns the sender."""


# fingerprint, size, recipients, flags and queue, length of the queue ID. The queue ID follows, and then the times, if there are any.
_RECORD = struct.Struct("<QIIBB")
_TIMES = struct.Struct("<IIQ")
_LENGTH_AT = _RECORD.size - 1
_HAS_TIMES = 8
_FLAGS = 4
_NUMBERS = {queue: number for number, queue in enumerate(ALL_QUEUES)}
_FIRST_SLOTS = 64
# So many bytes are taken out at a time. A record has fewer than 300.
_PORTION = 1 << 16
_Value = TypeVar("_Value")


class PackedMessages(Mapping[str, SelectedMessage]):
    """Selected messages by queue ID, in the order in which they were set. No single message can be removed."""

    def __init__(self) -> None:
        self._data = bytearray()
        # The place of each record plus one; 0 is an empty slot. Another process gets no table, and makes one if it needs it.
        self._slots = array("I", [0]) * _FIRST_SLOTS
        self._packed = 0
        # The slots that are not empty: also those of messages that are now in _others. A full table would be searched for ever.
        self._taken = 0
        # Messages that were set again; the record that counts is the last one.
        self._replaced = False
        # What does not fit into a record, such as a size of more than 4 GiB.
        self._others: dict[str, SelectedMessage] = {}

    def __len__(self) -> int:
        return self._packed + len(self._others)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_slots": array("I")}

    def __iter__(self) -> Iterator[str]:
        for _place, queue_id in self._records():
            yield queue_id.decode("ascii")
        yield from self._others

    def __contains__(self, queue_id: object) -> bool:
        return self._find(_encode(str(queue_id)))[1] > 0 or queue_id in self._others

    def __getitem__(self, queue_id: str) -> SelectedMessage:
        if queue_id in self._others:
            return self._others[queue_id]
        place = self._find(_encode(queue_id))[1]
        if not place:
            raise KeyError(queue_id)
        return _unpack(self._data, place - 1)

    def __setitem__(self, queue_id: str, message: SelectedMessage) -> None:
        record = _pack(message)
        if record is None or queue_id in self._others:
            if self._find(_encode(queue_id))[1] and queue_id not in self._others:
                self._packed -= 1
                self._replaced = True
            self._others[queue_id] = message
            return
        self._add(_encode(queue_id), record)

    def _add(self, queue_id: bytes, record: bytes) -> None:
        slot, place = self._find(queue_id)
        self._slots[slot] = len(self._data) + 1
        self._data += record
        self._replaced = self._replaced or place > 0
        self._packed += not place
        self._taken += not place
        if self._taken * 2 > len(self._slots):
            self._enlarge()

    def values(self) -> ValuesView[SelectedMessage]:
        """Return a view of the messages."""
        return _Values(self)

    def items(self) -> ItemsView[str, SelectedMessage]:
        """Return a view of the queue IDs with their messages."""
        return _Items(self)

    def messages(self) -> Iterator[SelectedMessage]:
        """Yield all messages."""
        for place, _queue_id in self._records():
            yield _unpack(self._data, place)
        yield from self._others.values()

    def drain(self) -> Iterator[SelectedMessage]:
        """Take all messages out and yield them. Their memory is free soon after."""
        for _queue_id, record in self._drain_records():
            yield _unpack(record, 0)
        for queue_id in list(self._others):
            yield self._others.pop(queue_id)

    def take(self, other: PackedMessages) -> None:
        """Set all messages of another mapping. They are taken out of it."""
        for queue_id, record in other._drain_records():
            if self._others:
                self[queue_id.decode("ascii")] = _unpack(record, 0)
            else:
                self._add(queue_id, record)
        for message in other.drain():
            self[message.queue_id] = message

    def update(self, others: Mapping[str, SelectedMessage]) -> None:
        """Set all messages of another mapping."""
        for message in others.values():
            self[message.queue_id] = message

    def _drain_records(self) -> Iterator[tuple[bytes, bytes]]:
        """Take all records out and yield each with its queue ID in front."""
        data = self._data
        if self._replaced:
            data = bytearray().join(data[place : _end_of(data, place)] for place, _queue_id in self._records())
        self._data, self._slots, self._replaced = bytearray(), array("I"), False
        self._packed = self._taken = 0
        while data:
            portion = bytes(data[:_PORTION])
            place = 0
            while place + _RECORD.size <= len(portion) and _end_of(portion, place) <= len(portion):
                start, end = place + _RECORD.size, _end_of(portion, place)
                yield portion[start : start + portion[start - 1]], portion[place:end]
                place = end
            del data[:place]

    def _find(self, wanted: bytes) -> tuple[int, int]:
        """Return the slot of a queue ID, or the one where it belongs, and the place of its record plus one, or 0."""
        data, slots = self._data, self._slots or self._make_table()
        mask = len(slots) - 1
        slot = hash(wanted) & mask
        while True:
            place = slots[slot]
            start = place + _LENGTH_AT
            if not place or data[start : start + data[start - 1]] == wanted:
                return slot, place
            slot = (slot + 1) & mask

    def _records(self) -> Iterator[tuple[int, bytes]]:
        """Yield the place and the queue ID of each record that counts."""
        for place, queue_id in self._all_records():
            # One that was set again later does not.
            if not self._replaced or (
                self._find(queue_id)[1] == place + 1 and queue_id.decode("ascii") not in self._others
            ):
                yield place, queue_id

    def _all_records(self) -> Iterator[tuple[int, bytes]]:
        data, place = self._data, 0
        while place < len(data):
            start = place + _RECORD.size
            yield place, bytes(data[start : start + data[start - 1]])
            place = _end_of(data, place)

    def _make_table(self) -> array[int]:
        """Make a table of all records that count: of each queue ID the last one, and none of a message that is in _others."""
        number = _FIRST_SLOTS
        while number < 2 * self._packed:
            number *= 2
        self._slots = array("I", [0]) * number
        for place, queue_id in self._all_records():
            if not self._others or queue_id.decode("ascii") not in self._others:
                self._slots[self._find(queue_id)[0]] = place + 1
        self._taken = self._packed
        return self._slots

    def _enlarge(self) -> None:
        """Make a table of twice the size. The records stay where they are."""
        # The table that is replaced says which records count.
        kept = self._records()
        slots = array("I", [0]) * (2 * len(self._slots))
        mask = len(slots) - 1
        for place, queue_id in kept:
            slot = hash(queue_id) & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = place + 1
        self._slots = slots
        self._taken = self._packed


class _Values(ValuesView[SelectedMessage]):
    """The messages. They are read one after the other, and not searched by queue ID."""

    def __init__(self, messages: PackedMessages) -> None:
        super().__init__(messages)
        self._messages = messages

    def __iter__(self) -> Iterator[SelectedMessage]:
        return self._messages.messages()


class _Items(ItemsView[str, SelectedMessage]):
    """The queue IDs with their messages, read in the same way."""

    def __init__(self, messages: PackedMessages) -> None:
        super().__init__(messages)
        self._messages = messages

    def __iter__(self) -> Iterator[tuple[str, SelectedMessage]]:
        return ((message.queue_id, message) for message in self._messages.messages())


def _encode(queue_id: str) -> bytes:
    return queue_id.encode("utf-8", "surrogateescape")


def _end_of(data: bytes | bytearray, place: int) -> int:
    """Return the end of the record at a place."""
    start = place + _RECORD.size
    return start + data[start - 1] + (_TIMES.size if data[start - 2] & _HAS_TIMES else 0)


def _pack(message: SelectedMessage) -> bytes | None:
    """Return the record of a message, None if it does not fit into one."""
    flags = message.forced_expire | message.null_sender << 1 | message.is_verified << 2
    times = (message.created, message.retry, message.changed_at)
    try:
        queue_id = message.queue_id.encode("ascii")
        fingerprint = int(message.fingerprint, 16)
        if "%016x" % fingerprint != message.fingerprint:
            return None
        flags |= _NUMBERS[message.queue] << _FLAGS
        packed_times = b""
        if any(times):
            flags |= _HAS_TIMES
            packed_times = _TIMES.pack(*times)
        return (
            _RECORD.pack(fingerprint, message.size, message.recipients, flags, len(queue_id)) + queue_id + packed_times
        )
    except (ValueError, KeyError, struct.error):
        return None


def _unpack(data: bytes | bytearray, place: int) -> SelectedMessage:
    """Return the message whose record is at a place."""
    fingerprint, size, recipients, flags, length = _RECORD.unpack_from(data, place)
    start = place + _RECORD.size
    end = start + length
    created, retry, changed_at = _TIMES.unpack_from(data, end) if flags & _HAS_TIMES else (0, 0, 0)
    return SelectedMessage(
        queue_id=data[start:end].decode("ascii"),
        queue=ALL_QUEUES[flags >> _FLAGS],
        fingerprint="%016x" % fingerprint,
        size=size,
        recipients=recipients,
        forced_expire=bool(flags & 1),
        created=created,
        retry=retry,
        changed_at=changed_at,
        null_sender=bool(flags & 2),
        is_verified=bool(flags & 4),
    )


class SameForAll(Mapping[str, _Value]):
    """The same value for each queue ID of a mapping, without a table of its own."""

    def __init__(self, queue_ids: Mapping[str, object], value: _Value) -> None:
        self._queue_ids = queue_ids
        self._value = value

    def __len__(self) -> int:
        return len(self._queue_ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self._queue_ids)

    def __getitem__(self, queue_id: str) -> _Value:
        if queue_id not in self._queue_ids:
            raise KeyError(queue_id)
        return self._value

    def values(self) -> ValuesView[_Value]:
        """Return a view of the values. They are not searched by queue ID."""
        return _SameValues(self, self._value)

    def items(self) -> ItemsView[str, _Value]:
        """Return a view of the queue IDs with the value, made in the same way."""
        return _SameItems(self, self._value)


class _SameValues(ValuesView[_Value]):
    """The value, as often as there are queue IDs."""

    def __init__(self, mapping: SameForAll[_Value], value: _Value) -> None:
        super().__init__(mapping)
        self._value = value

    def __iter__(self) -> Iterator[_Value]:
        return repeat(self._value, len(self))


class _SameItems(ItemsView[str, _Value]):
    """Each queue ID with the value."""

    def __init__(self, mapping: SameForAll[_Value], value: _Value) -> None:
        super().__init__(mapping)
        self._queue_ids = mapping
        self._value = value

    def __iter__(self) -> Iterator[tuple[str, _Value]]:
        return ((queue_id, self._value) for queue_id in self._queue_ids)
