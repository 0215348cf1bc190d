# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id_parts import QueueId, decode


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        pytest.param("3Vgspm0WfDz30Dy", QueueId(398615, 74788, 1335759296), id="long, the worked example"),
        pytest.param("0000000000z0", QueueId(0, 0, 0), id="long, all zero"),
        pytest.param("zzzzzzzzzzz1", QueueId(1, 52**4 - 1, 52**6 - 1), id="long, z as a digit of the time"),
        pytest.param("4A0F9AC", QueueId(0xAC, 0x4A0F9), id="short"),
        pytest.param("000001", QueueId(1, 0), id="short, as short as can be"),
        pytest.param("F423FFFFFFFFFFFFFFFFF", QueueId(2**64 - 1, 999999), id="short, as long as can be"),
    ],
)
def test_decode_and_back(text: str, decoded: QueueId) -> None:
    assert decode(text) == decoded
    assert str(decoded) == text
    assert decoded.long == (decoded.seconds is not None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("12345", id="no inode"),
        pytest.param("4a0f9ac", id="short in lower case"),
        pytest.param("4A0F9AG", id="short, no hexadecimal digit"),
        pytest.param("F423FFFFFFFFFFFFFFFFFF", id="short, no inode is as large"),
        pytest.param("3Vgspm0Wfz30Dy", id="z too far left, and no hexadecimal"),
        pytest.param("3Vgspm0WfDz", id="long without inode"),
        pytest.param("3Vgspm0WfAz30Dy", id="a vowel in the time"),
        pytest.param("3Vgspm0WfDz30Ey", id="a vowel in the inode"),
        pytest.param("3Vgspm0WfDzyyyyyyyyyyyyyyyy", id="long, no inode is as large"),
        pytest.param("yyyyyyyyyyyyyyyy0000z1", id="long, no second is as late"),
        pytest.param("3Vgspm0WfDz3_Dy", id="underscore"),
        pytest.param("4A0F9AC\n", id="line end"),
    ],
)
def test_not_a_queue_id(text: str) -> None:
    with pytest.raises(QueueIdError) as caught:
        decode(text)
    assert str(caught.value) == "not a queue ID: %r" % text
    assert caught.value.queue_id == text
