# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Rules as YAML that an operator can copy into a file of variables. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable

# A key without quotes: not a word that YAML takes for a boolean or null.
_PLAIN_KEY = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z_]+")
# Ansible evaluates a text of a file of variables that has one of these, so it must know that the text comes from strangers.
_TEMPLATE = re.compile(r"\{[{%#]")


def variable_lines(name: str, rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a variable that has a list of rules.

    Each text is quoted, and marked with C(!unsafe) if Ansible would take it for a template. What is invisible is escaped.
    """
    lines = ["%s:" % name if rules else "%s: []" % name]
    for rule in rules:
        for number, (key, value) in enumerate(rule.items()):
            lines.append("%s%s: %s" % ("    " if number else "  - ", _key(key), _flow(value)))
    return lines


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _quoted(key)


def _flow(value: Any) -> str:
    if isinstance(value, str):
        return ("!unsafe " if _TEMPLATE.search(value) else "") + _quoted(value)
    if isinstance(value, Mapping):
        return "{%s}" % ", ".join("%s: %s" % (_quoted(str(key)), _flow(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(map(_flow, value))
    return json.dumps(value)


def _quoted(text: str) -> str:
    # The escapes of printable() are also those of a text in double quotes in YAML.
    return printable(json.dumps(text, ensure_ascii=False))
