# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import RecordedCopy, last_batch, parse_batch

ONE = RecordedCopy("4A0F9AC", "hold", "deferred", 2476, 2477, "4A0F9AD")


def test_a_copy_is_read_as_it_was_written() -> None:
    assert RecordedCopy.parse(str(ONE)) == ONE
    assert ONE.staged == "hold.deferred.4A0F9AC"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("4A0F9AC hold deferred 2476 2477", id="a field less"),
        pytest.param(str(ONE) + " more", id="a field more"),
        pytest.param("4A0F9AC hold deferred many 2477 4A0F9AD", id="no number"),
        pytest.param("../../etc/passwd hold deferred 2476 2477 4A0F9AD", id="no queue ID"),
        pytest.param("4A0F9AC ../hold deferred 2476 2477 4A0F9AD", id="no queue"),
        pytest.param("4A0F9AC hold deferred 2476 2477 ../passwd", id="no name"),
    ],
)
def test_what_is_no_copy_is_refused(text: str) -> None:
    with pytest.raises(QuarantineError) as caught:
        parse_batch({"files": [str(ONE), text]}, "/place/spam")
    assert str(caught.value) == (
        "The journal of /place/spam has a record of copies that cannot be read. Its messages stay where they are. Look at the directory, "
        "and move it to another place."
    )


COPIED: dict[str, Any] = {"op": "copied", "way": "out", "files": [str(ONE)]}
PLACED: dict[str, Any] = {"op": "placed", "ids": ["4A0F9AC"]}
TAKE: dict[str, Any] = {"op": "take"}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], (None, None), id="none"),
        pytest.param([TAKE], (None, None), id="nothing copied"),
        pytest.param([TAKE, COPIED], (COPIED, None), id="copied"),
        pytest.param([TAKE, COPIED, PLACED], (COPIED, PLACED), id="in their places"),
        pytest.param([TAKE, COPIED, PLACED, {"op": "done"}], (None, None), id="done"),
        pytest.param([TAKE, {"op": "copied", "way": "up", "files": []}], (None, None), id="another way"),
    ],
)
def test_the_last_batch_is_found(
    records: list[dict[str, Any]], expected: tuple[dict[str, Any] | None, dict[str, Any] | None]
) -> None:
    assert last_batch(records) == expected
