# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import NamedTuple

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now, read_options


class Options(NamedTuple):
    """Options of a filter."""

    name: str
    check: bool = False


def test_options_are_read_from_a_mapping() -> None:
    assert read_options(Options, "run", {"name": "x"}) == Options("x", False)


# What is given, and what is wrong with it.
WRONG: list[tuple[dict[str, object] | None, str]] = [
    ({"name": "x", "chek": True}, "run: there is no key 'chek'; known are name, check."),
    ({"check": True}, "run: the key name is missing."),
    (None, "run: the key name is missing."),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_options_that_are_not_known_or_missing_are_refused(given: dict[str, object] | None, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace(".", "[.]") + "$"):
        read_options(Options, "run", given)


def test_an_error_in_the_input_fails_the_task() -> None:
    def refuse(error: Exception) -> None:
        raise error

    for error in (ValueError("no plan"), SelectionError("expire", "no age")):
        with pytest.raises(AnsibleFilterError) as refused:
            as_filter(refuse)(error)
        assert str(refused.value) == str(error)
    with pytest.raises(KeyError):
        as_filter(refuse)(KeyError("x"))


def test_now_is_in_seconds() -> None:
    assert now() > 1_700_000_000
