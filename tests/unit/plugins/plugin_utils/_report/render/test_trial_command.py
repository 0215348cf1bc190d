# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator copies into a shell must be what a stranger wrote, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import redact_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import command_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trial_command import (
    UNSAFE_KEY,
    trial_words,
)
from tests.unit.support.report_samples import NOW, UNTRUSTED, facts_of

NASTY: list[dict[str, Any]] = [
    {"sasl_username": "stolen@example.com", "recipient_count": 5},
    {"header": {"Subject": "it's $(id) `id` $HOME \"; rm -rf / #' !! \\"}},
    {"header": {"Subject": UNTRUSTED}},
    {"body": "/a{{ lookup('pipe', 'id') }}{% raw %}{# x #}{{{/"},
    {"reason": "line\nline\r\n\tline\u2028line\x1b[2J\x00\x7f\u202e"},
    {"sender": "\u540d@\u4f8b\u3048.example", "body": "\U0001f600\ud800"},
    {"any": [{"client_address": ["192.0.2.1", "2001:db8::/32"]}, {"not": {"helo_name": "yes"}}]},
    {"content": "\n-a\n--become-user=root\n"},
    {"header": {UNTRUSTED: "x"}},
]


def report_of(**instance: Any) -> dict[str, Any]:
    result = facts_of(5)
    result["ansible_facts"]["postfix_queue"]["instance"] = instance
    return audit_report({"mx01": {"facts": result}}, created=NOW, inventory=["hosts of mx", "localhost,"])


def as_ansible_reads(text: str) -> Any:
    """Return JSON as ansible reads it. It takes a text below that key for no template."""

    def is_no_template(pairs: dict[str, Any]) -> Any:
        return pairs.get(UNSAFE_KEY, pairs)

    return json.loads(text, object_hook=is_no_template)


def values_of(value: Any) -> Iterator[str]:
    """Yield the texts in which ansible would evaluate templates."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from values_of(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from () if key == UNSAFE_KEY else values_of(item)


def assert_one_command(command: str, rule: dict[str, Any]) -> None:
    """Assert that a command is one for a shell, and that its rule is the rule."""
    assert command.isascii()
    assert command.isprintable()
    assert not re.search(r"\{[{%#]", command)
    *words, arguments = shlex.split(command)
    assert words == [
        *("ansible", "mx01", "-i", "hosts of mx", "-i", "localhost,", "--become"),
        *("-m", "mailops.postfix.postfix_message_info", "-a"),
    ]
    assert as_ansible_reads(arguments) == {"match": [rule], "limit": 20}
    assert not any(re.search(r"\{[{%#]", text) for text in values_of(json.loads(arguments)))


@pytest.mark.parametrize("rule", NASTY)
def test_the_command_has_the_rule_and_nothing_else(rule: dict[str, Any]) -> None:
    assert_one_command(" ".join(trial_words(report_of(), "mx01", [rule])), rule)


@given(st.text(max_size=80))
def test_any_text_comes_back(text: str) -> None:
    rule = {"header": {"Subject": text}, "body": ["x", text]}
    assert_one_command(" ".join(trial_words(report_of(), "mx01", [rule])), rule)


def test_ansible_evaluates_nothing_of_it(tmp_path: Path) -> None:
    # Half of a pair of surrogates cannot be an argument of a module.
    rules = [json.loads(json.dumps(rule).replace("\\ud800", "")) for rule in NASTY]
    shown = shlex.split(" ".join(trial_words(report_of(), "mx01", rules)))[-1]
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible"), "localhost", "-i", "localhost,"),
            *("-m", "ansible.builtin.debug", "-a", '{"msg": %s}' % shown),
        ],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.partition("=> ")[2])["msg"]["match"] == rules


def test_in_lines_it_is_the_same_command() -> None:
    words = trial_words(report_of(), "mx01", [{"sender": "a@example.com"}])
    assert command_lines(words) == [
        "  ansible mx01 -i 'hosts of mx' -i localhost, --become -m mailops.postfix.postfix_message_info \\",
        """    -a '{"match": [{"sender": "a@example.com"}], "limit": 20}'""",
    ]
    assert shlex.split("\n".join(command_lines(words)).replace("\\\n", "")) == shlex.split(" ".join(words))


def test_another_instance_than_the_usual_one_is_named() -> None:
    rule = {"sender": "<>"}
    usual = trial_words(report_of(name="-", config_directory="/etc/postfix"), "mx01", [rule])
    assert usual == trial_words(report_of(), "mx01", [rule])
    report = report_of(name="out", config_directory="/etc/postfix-out {{ x }}")
    assert as_ansible_reads(shlex.split(trial_words(report, "mx01", [rule])[-1])[1]) == {
        "match": [rule],
        "limit": 20,
        "config_directory": "/etc/postfix-out {{ x }}",
    }


def test_what_cannot_be_copied_has_no_command() -> None:
    report = report_of()
    rule = {"sender": "a@example.com"}
    assert trial_words(report, None, [rule]) == []
    assert trial_words(report, "mx\x1b[2J", [rule]) == []
    assert trial_words(report, "mx01", [{"body": "x" * 4000}]) == []
    assert trial_words(redact_report(report, "0123456789abcdef"), "mx01", [rule]) == []
    assert trial_words(report, "gone", [rule])[0] == "ansible gone"
