# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import volumes
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.volumes import VolumeTally
from ansible_collections.mailops.postfix.plugins.module_utils._summary import summary


def test_the_values_with_the_most_recipients_come_first() -> None:
    tally = VolumeTally()
    for value, recipients in ((b"a", 1), (b"b", 2), (b"c", 1), (b"c", 1), (b"d", 2)):
        tally.add(value, recipients)
    assert tally.top(9) == [(b"c", 2, 2), (b"b", 1, 2), (b"d", 1, 2), (b"a", 1, 1)]
    assert tally.top(1) == [(b"c", 2, 2)]
    assert tally.missed == 0


def test_a_long_value_is_counted_under_its_beginning() -> None:
    tally = VolumeTally()
    tally.add(b"a" * 600, 1)
    tally.add(b"a" * 700, 2)
    assert tally.top(9) == [(b"a" * 512, 2, 3)]


def test_the_values_with_the_fewest_messages_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_DISTINCT", 3)
    monkeypatch.setattr(summary, "_KEPT_DISTINCT", 2)
    monkeypatch.setattr(volumes, "_AT_ONCE", 1)
    tally = VolumeTally()
    for value in (b"a", b"a", b"a", b"b", b"b", b"c", b"d"):
        tally.add(value, 5)
    assert tally.top(9) == [(b"a", 3, 15), (b"b", 2, 10)]
    assert tally.missed == 1
    # What was dropped begins again, also with its recipients.
    tally.add(b"c", 5)
    assert tally.top(9)[2] == (b"c", 1, 5)
