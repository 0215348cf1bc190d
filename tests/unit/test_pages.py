# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages for users: their links lead to a heading, and the commands of docs/symptoms.md exist and have accepted values."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.plugin_utils._variables import (
    name_problems,
    read_roles,
    value_problems,
)
from tests.unit.support.documentation import argument_spec, module_names

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("roles/*/README.md"))]
# Pages of tables with a command in each row.
TABLES = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("symptoms.md", "migration.md", "rules.md")]
NOW = 1_800_000_000
# Files that the guide has an operator write.
FILES = ("@spam.yml", "@good.yml", "@rules.yml")

# Variables of all playbooks that are not of a role.
OF_PLAYBOOKS = {"mailops_hosts", "mailops_serial"}

ROWS = [line for line in TABLES[0].splitlines() if line.startswith("| ") and not line.startswith("| symptom ")]
COMMANDS = [command for table in TABLES for command in re.findall(r"`(ansible(?:-playbook)? [^`]*)`", table)]
PLAYBOOKS = [command for command in COMMANDS if command.startswith("ansible-playbook ")]
MODULES = [command for command in COMMANDS if command.startswith("ansible ")]


def after(words: list[str], option: str) -> list[str]:
    """Return the words that follow an option."""
    return [value for word, value in zip(words, words[1:]) if word == option]


def variables(words: list[str]) -> dict[str, Any]:
    """Return the variables of a command line, without those of files."""
    given: dict[str, Any] = {}
    for text in after(words, "-e"):
        if text.startswith("{"):
            given.update(json.loads(text))
        elif text not in FILES:
            name, _equals, value = text.partition("=")
            given[name] = value
    return given


def test_every_row_has_a_command_or_says_that_there_is_none() -> None:
    shown = re.findall(r"`(ansible[^`]*)`", TABLES[0])
    assert len(shown) == sum("| - |" not in row for row in ROWS)
    assert len(COMMANDS) == len(PLAYBOOKS) + len(MODULES) > len(shown) > 20


@pytest.mark.parametrize("command", PLAYBOOKS)
def test_a_playbook_and_its_variables_exist(command: str) -> None:
    words = shlex.split(command)
    playbook = words[1].rpartition(".")[2]
    source = (ROOT / "playbooks" / f"{playbook}.yml").read_text(encoding="utf-8")
    given = variables(words)
    roles = read_roles()
    assert name_problems(given, roles) == []
    used = [role for name, role in roles.items() if f"name: mailops.postfix.{name}\n" in source]
    assert used
    assert set(given) - OF_PLAYBOOKS <= {name for role in used for name in role.options}
    for role in used:
        assert value_problems(role, {name: given[name] for name in given if name in role.options}, now=NOW) == []


@pytest.mark.parametrize("command", MODULES)
def test_a_module_accepts_its_options(command: str) -> None:
    words = shlex.split(command)
    (name,) = after(words, "-m")
    module = name.rpartition(".")[2]
    assert module in module_names()
    options = [json.loads(text) for text in after(words, "-a")]
    given: dict[str, Any] = options[0] if options else {}
    result = ArgumentSpecValidator(argument_spec(module)).validate(given)
    assert result.error_messages == []
    parse_selection(match=given.get("match", []), exclude=given.get("exclude", []), now=NOW)


def anchors(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\(([^):]+)\)", page.read_text(encoding="utf-8")):
        path, _sharp, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link
