# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The command that tries a suggested rule: it opens messages that the rule selects. Pure.

Rules hold untrusted text. The command is for an operator who copies it into a shell.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report

# So many messages are opened.
_MESSAGES = 20
# A longer command cannot be read and copied.
_LONGEST = 4000
# The directory that the commands of Postfix read if they are not told another one (postconf(5), config_directory).
_USUAL_DIRECTORY = "/etc/postfix"
# What begins a template, and its first character.
_TEMPLATE = re.compile(r"\{(?=[{%#])")
# ansible(1) evaluates templates in its arguments after it has read their JSON. A text below this key is no template
# (lib/ansible/parsing/ajson.py, since 2.19 lib/ansible/_internal/_json/_profiles/_legacy.py).
UNSAFE_KEY = "__ansible_unsafe"


def trial_words(report: Report, host: str | None, rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a command as words that are quoted for the shell already; none if it could not be copied, or would find nothing.

    report: an audit. host: the name of the host that is to open messages. A redacted report has no command, because its rules have
    pseudonyms.
    """
    if report.get("redacted") or host is None:
        return []
    arguments = {"match": list(rules), "limit": _MESSAGES, **_instance_options(report, host)}
    words = [
        "ansible %s" % shlex.quote(host),
        *(shlex.join(("-i", source)) for source in report.get("inventory") or ()),
        "--become",
        "-m mailops.postfix.postfix_message_info",
        "-a %s" % shlex.quote(_json_text(arguments)),
    ]
    text = " ".join(words)
    return words if text.isprintable() and len(text) <= _LONGEST else []


def _instance_options(report: Report, host: str) -> dict[str, str]:
    """Return the option for the instance that was audited, none for the usual one."""
    facts = next((row["facts"] for row in report["hosts"] if row["host"] == host), None) or {}
    directory = (facts.get("instance") or {}).get("config_directory")
    return {"config_directory": directory} if directory and directory != _USUAL_DIRECTORY else {}


def _json_text(arguments: Mapping[str, Any]) -> str:
    """Return arguments as JSON in ASCII on one line, in which nothing is a template, read or unread."""
    return _TEMPLATE.sub(r"\\u007b", json.dumps(_without_templates(arguments)))


def _without_templates(value: Any) -> Any:
    if isinstance(value, str):
        return {UNSAFE_KEY: value} if _TEMPLATE.search(value) else value
    if isinstance(value, Mapping):
        return {key: _without_templates(item) for key, item in value.items()}
    return [_without_templates(item) for item in value] if isinstance(value, (list, tuple)) else value
