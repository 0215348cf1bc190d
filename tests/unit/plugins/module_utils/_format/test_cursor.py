# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Unparsed
from tests.unit.support.opened import envelope_of
from tests.unit.support.queue_file import pointer, records

_START = records((rec.TIME, b"1700000000 123456"), (rec.SENDER, b"sender@example.com"))


def test_a_loop_of_pointers_far_apart_ends() -> None:
    far = 3 * rec.NEXT_READ
    data = bytearray(far)
    data[: len(_START)] = _START
    data[len(_START) : len(_START) + 17] = pointer(far)
    data += pointer(len(_START))
    envelope = envelope_of(bytes(data))
    assert envelope.unparsed == Unparsed(far, "too many reverse jumps")


def test_forward_pointers_are_not_a_loop() -> None:
    chain = bytearray(_START)
    for _jump in range(2 * rec.MAX_REVERSE_JUMPS):
        chain += pointer(len(chain) + 17)
    assert envelope_of(bytes(chain) + records((rec.RECIPIENT, b"a"), (rec.END, b""))).pending == [b"a"]
