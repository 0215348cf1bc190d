# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import NamedTuple

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_numbers, read_options


class Options(NamedTuple):
    """Options of a report."""

    name: str
    check: bool = False


class NoOptions(NamedTuple):
    """A report without options."""


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


def test_an_option_of_a_kind_without_options_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^settings: there is no key 'x'; known are none[.]$"):
        read_options(NoOptions, "settings", {"x": 1})


def test_numbers_may_be_text() -> None:
    numbers = read_numbers("limits", {"a": "5", "b": "12.5", "c": None, "d": 0, "e": 2.0})
    assert numbers == {"a": 5, "b": 12.5, "c": None, "d": 0, "e": 2}
    assert str(numbers["a"]) == "5"
    assert read_numbers("limits", None) == {}


@pytest.mark.parametrize("value", ["many", "", [], float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"^limits[.]max_messages: ") as refused:
        read_numbers("limits", {"max_messages": value})
    assert str(refused.value) == "limits.max_messages: %r is no number." % (value,)
