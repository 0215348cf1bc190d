# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = TEXTS | st.lists(TEXTS, max_size=3) | st.dictionaries(TEXTS, TEXTS, max_size=3) | st.integers() | st.booleans()
RULES = st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3), max_size=3)


class Loader(yaml.SafeLoader):
    """A loader that knows !unsafe, which Ansible has for texts that are no templates."""


class Unsafe(str):
    """A text that Ansible does not evaluate."""


def _unsafe(loader: yaml.SafeLoader, node: Any) -> Unsafe:
    return Unsafe(loader.construct_scalar(node))


Loader.add_constructor("!unsafe", _unsafe)


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_of(item)]
    return [text for item in value for text in texts_of(item)] if isinstance(value, list) else []


def test_variable_lines() -> None:
    rules: list[dict[str, Any]] = [
        {"sasl_username": "stolen@example.com"},
        {"header": {"Subject": "{{ 7 * 7 }}"}, "recipient_count": [5, "a"]},
    ]
    assert variable_lines("mailops_match", rules) == [
        "mailops_match:",
        '  - sasl_username: "stolen@example.com"',
        '  - header: {"Subject": !unsafe "{{ 7 * 7 }}"}',
        '    recipient_count: [5, "a"]',
    ]


def test_no_rule() -> None:
    assert variable_lines("mailops_match", []) == ["mailops_match: []"]


@pytest.mark.parametrize("text", ["a: b # c", "\u202eevil", "- x", "é\n---", "\x1b[2J", '"', "\\", "!!python/object:x"])
def test_a_text_stays_a_text(text: str) -> None:
    lines = variable_lines("mailops_match", [{"body": text}])
    assert yaml.load("\n".join(lines), Loader) == {"mailops_match": [{"body": text}]}  # noqa: S506 it is a SafeLoader


@given(RULES)
@example([{"false": ""}, {"on": "off"}])
def test_yaml_reads_the_same_rules(rules: list[dict[str, Any]]) -> None:
    lines = variable_lines("mailops_match", rules)
    read = yaml.load("\n".join(lines), Loader)  # noqa: S506 it is a SafeLoader
    assert read == {"mailops_match": rules}
    assert all(line.isprintable() for line in lines)
    for text in texts_of(read):
        assert isinstance(text, Unsafe) == any(mark in text for mark in ("{{", "{%", "{#"))
