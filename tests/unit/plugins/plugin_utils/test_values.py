# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted, to_plain


class Text(str):
    """A text that carries something of Ansible's, as a tag."""


def test_plain_values_are_of_plain_types() -> None:
    value: dict[Any, Any] = {Text("a"): (Text("b"), [1, 2.5, True, None]), 5: {"c": wrap_var("{{ d }}")}}
    plain = to_plain(value)
    assert plain == {"a": ["b", [1, 2.5, True, None]], "5": {"c": "{{ d }}"}}
    assert type(plain["a"][0]) is type(next(iter(plain))) is str


def test_what_is_marked_is_the_same_value() -> None:
    value: dict[str, Any] = {"a": ("{{ b }}", [1, None]), "{{ c }}": 2.5}
    assert mark_untrusted(value) == {"a": ["{{ b }}", [1, None]], "{{ c }}": 2.5}
