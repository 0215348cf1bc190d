# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format import queue_id


def test_the_bases_are_those_of_mail_queue_h() -> None:
    assert len(queue_id.ALPHABET) == queue_id.SECONDS_BASE == 52
    assert queue_id.ALPHABET.index(queue_id.SEPARATOR) == queue_id.INODE_BASE == 51
    assert not set(queue_id.ALPHABET) & set("AEIOUaeiou")


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        pytest.param("4A0F9AC", True, id="short"),
        pytest.param("3Vgspm0WfDz30Dy", True, id="long"),
        pytest.param("example_com", True, id="a log of flush(8)"),
        pytest.param("A" * 255, True, id="as long as can be"),
        pytest.param("A" * 256, False, id="too long"),
        pytest.param("", False, id="empty"),
        pytest.param("ALL-", False, id="dash"),
        pytest.param("../etc/passwd", False, id="path"),
        pytest.param("4A0F9AC\n", False, id="line end"),
        pytest.param("4A0F9AC 4A0F9AD", False, id="two"),
        pytest.param("é4A0F9", False, id="a letter that is not ASCII"),
        pytest.param("٤٤٤٤٤٤", False, id="digits that are not ASCII"),
    ],
)
def test_is_valid(text: str, valid: bool) -> None:
    assert queue_id.is_valid(text) is valid


@pytest.mark.parametrize(
    ("text", "depth", "directory"),
    [
        pytest.param("4A0F9AC", 0, "", id="no hashing"),
        pytest.param("4A0F9AC", 1, "4", id="short"),
        pytest.param("4A0F9AC", 2, "4/A", id="short, two deep"),
        pytest.param("3Vgspm0WfDz30Dy", 1, "1", id="long, the worked example"),
        pytest.param("3Vgspm0WfDz30Dy", 2, "1/2", id="long, two deep: 74788 is 12424 in hexadecimal"),
        pytest.param("3Vgspm0000z30Dy", 3, "0/0/0", id="long, padded microseconds"),
        pytest.param("AB", 4, "A/B/_/_", id="a name that is shorter than the tree is deep"),
    ],
)
def test_hash_directory(text: str, depth: int, directory: str) -> None:
    assert queue_id.hash_directory(text, depth) == directory


def test_a_long_name_without_microseconds_has_no_hash_directory() -> None:
    with pytest.raises(QueueIdError) as caught:
        queue_id.hash_directory("3Vgspm0WAAz30Dy", 1)
    assert str(caught.value) == "not a queue ID: '3Vgspm0WAAz30Dy'"
