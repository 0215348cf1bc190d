# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format import queue_id
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import fitted_id
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id_parts import QueueId, decode

inodes = st.integers(0, 2**64 - 1)
microseconds = st.integers(0, 999999)
short_ids = st.builds(QueueId, inode=inodes, microseconds=microseconds)
long_ids = st.builds(QueueId, inode=inodes, microseconds=microseconds, seconds=st.integers(0, 2**40))
texts = st.text(max_size=20) | st.text("0123456789ABCDFGZbcdxyz_", max_size=25)


@given(short_ids | long_ids)
def test_queue_ids_are_decoded_as_they_were_made(made: QueueId) -> None:
    text = str(made)
    assert queue_id.is_valid(text)
    assert decode(text) == made
    assert decode(text).long == (made.seconds is not None)


@given(long_ids, long_ids)
def test_long_ids_sort_by_time_as_long_as_they_are_equally_long(first: QueueId, second: QueueId) -> None:
    def head(made: QueueId) -> str:
        return str(made)[: str(made).rindex("z")]

    if len(head(first)) == len(head(second)):
        times = [(made.seconds, made.microseconds) for made in (first, second)]
        # The alphabet is in the order of ASCII.
        assert (head(first) < head(second)) == (times[0] < times[1])


@given(short_ids | long_ids, st.integers(0, 5))
def test_files_are_hashed_on_their_microseconds(made: QueueId, depth: int) -> None:
    expected = "%05X" % made.microseconds
    assert queue_id.hash_directory(str(made), depth).replace("/", "") == expected[:depth]


@given(texts)
def test_any_text_is_a_queue_id_or_our_error(text: str) -> None:
    try:
        decoded = decode(text)
    except QueueIdError as error:
        assert str(error) == "not a queue ID: %r" % text
    else:
        assert queue_id.is_valid(text) or len(text) > 255
        # Leading zeros are lost.
        assert len(str(decoded)) <= len(text)
        assert decode(str(decoded)) == decoded


@given(texts, st.integers(0, 8))
def test_any_text_has_a_hash_directory_or_our_error(text: str, depth: int) -> None:
    try:
        directory = queue_id.hash_directory(text, depth)
    except QueueIdError as error:
        assert str(error) == "not a queue ID: %r" % text
    else:
        assert len(directory) == max(2 * depth - 1, 0)


@pytest.mark.parametrize("inode", [2**64, 10**30])
def test_an_inode_that_no_system_has_is_refused(inode: int) -> None:
    for made in (QueueId(inode, 5), QueueId(inode, 5, 5)):
        with pytest.raises(QueueIdError):
            decode(str(made))


@given(short_ids | long_ids, inodes, st.booleans())
def test_a_fitted_id_has_the_inode_and_the_time_and_is_fitted_once(made: QueueId, inode: int, long_ids: bool) -> None:
    fitted = fitted_id(str(made), inode=inode, long_queue_ids=long_ids)
    known = decode(fitted)
    assert (known.inode, known.microseconds) == (inode, made.microseconds)
    assert known.long == (made.long and long_ids)
    assert fitted_id(fitted, inode=inode, long_queue_ids=long_ids) == fitted
