# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role declares, what it defaults to and what its page says are the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from tests.unit.support.documentation import sections

ROLES = Path(__file__).resolve().parents[3] / "roles"
NAMES = sorted(path.name for path in ROLES.iterdir() if path.is_dir())


def load(role: str, name: str) -> dict[str, Any]:
    """Return one of a role's YAML files."""
    content: dict[str, Any] = yaml.safe_load((ROLES / role / name).read_text(encoding="utf-8"))
    return content


def options(role: str) -> dict[str, dict[str, Any]]:
    """Return what the entry points of a role declare, all together."""
    declared: dict[str, dict[str, Any]] = {}
    for entry_point in load(role, "meta/argument_specs.yml")["argument_specs"].values():
        declared.update(entry_point["options"])
    return declared


def task_files(role: str) -> list[str]:
    """Return the text of every file of tasks."""
    return [path.read_text(encoding="utf-8") for path in sorted((ROLES / role / "tasks").glob("*.yml"))]


@pytest.mark.parametrize("role", NAMES)
def test_each_entry_point_declares_the_defaults(role: str) -> None:
    defaults = load(role, "defaults/main.yml")
    for name, entry_point in load(role, "meta/argument_specs.yml")["argument_specs"].items():
        assert (ROLES / role / "tasks" / f"{name}.yml").is_file()
        declared = {key: option["default"] for key, option in entry_point["options"].items() if "default" in option}
        assert declared == {key: value_of(default) for key, default in defaults.items()}, name


GOOD, BAD = {"recipient": "example.com"}, {"sasl_username": "stolen@example.com"}
# What a default may be a template of: the rules of all roles.
RULES_OF_ALL_ROLES = ("mailops_match", "mailops_exclude")


def value_of(default: Any) -> Any:
    """Return the value of a default if the operator gives no variable at all."""
    if not isinstance(default, str) or "{{" not in default:
        return default
    assert any(name in default for name in RULES_OF_ALL_ROLES)
    return NativeEnvironment().from_string(default, {"false": False}).render()


@pytest.mark.parametrize("role", NAMES)
def test_each_rule_of_bad_mail_defaults_to_the_rules_of_all_roles(role: str) -> None:
    defaults = load(role, "defaults/main.yml")
    for key in ("match", "exclude"):
        name = f"{role}_{key}"
        # The rules of a lockout are its locks, and a flush sends what it selects.
        if name in defaults and role not in ("lockout", "queue_flush"):
            assert defaults[name] == "{{ mailops_%s | default([]) }}" % key
            assert f"mailops_{key}" in str(options(role)[name]["description"])


@pytest.mark.parametrize(
    ("variables", "exclude"),
    [
        pytest.param({}, [], id="no rules"),
        pytest.param({"mailops_exclude": [GOOD]}, [], id="no bad mail"),
        pytest.param({"mailops_match": [BAD]}, [{"any": [BAD]}], id="bad mail"),
        pytest.param(
            {"mailops_match": [BAD], "mailops_exclude": [GOOD]}, [{"any": [BAD], "not": {"any": [GOOD]}}], id="both"
        ),
    ],
)
def test_a_flush_leaves_bad_mail_alone(variables: dict[str, Any], exclude: list[Any]) -> None:
    defaults = load("queue_flush", "defaults/main.yml")
    assert defaults["queue_flush_match"] == []
    rendered: Any = NativeEnvironment().from_string(defaults["queue_flush_exclude"], variables).render()
    assert rendered == exclude


@pytest.mark.parametrize("role", NAMES)
def test_each_variable_has_the_prefix_of_the_role(role: str) -> None:
    assert all(name.startswith(f"{role}_") for name in options(role))
    assert all(name.startswith(f"__{role}_") for name in load(role, "vars/main.yml"))
    for text in task_files(role):
        registered = set(re.findall(r"register: (\S+)", text)) - {f"{role}_report"}
        assert all(name.startswith(f"__{role}_") for name in registered)


@pytest.mark.parametrize("role", NAMES)
def test_each_variable_that_is_used_is_declared(role: str) -> None:
    texts = [*task_files(role), (ROLES / role / "vars" / "main.yml").read_text(encoding="utf-8")]
    used = {name for text in texts for name in re.findall(rf"(?<![\w.]){role}_\w+", text)}
    # What a task file of the site gets is named by the role, and not by the operator.
    exported = {f"{role}_report", "lockout_account"}
    assert used - exported <= set(options(role))
    # What only the check of the variables on the controller uses.
    assert set(options(role)) <= used | {"spool_quarantine_expire_min", "lockout_max_accounts"}


@pytest.mark.parametrize("role", NAMES)
def test_the_page_of_a_role_has_its_variables_with_their_defaults(role: str) -> None:
    page = (ROLES / role / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? ?\|", page, re.MULTILINE))
    assert set(rows) == set(options(role))
    for name, option in options(role).items():
        assert yaml.safe_load(rows[name]) == option.get("default"), name
    for heading in ("## Variables", "## Variables exported", "## Limitations"):
        assert heading in page


def test_an_audit_gathers_whatever_the_module_gathers() -> None:
    chosen = options("queue_audit")["queue_audit_gather"]
    documented = sections("postfix_queue_facts")["DOCUMENTATION"]["options"]["gather"]
    assert chosen["choices"] == documented["choices"]
    assert "suggestions" in chosen["choices"]


def test_no_page_has_a_blank_in_a_value_of_the_command_line() -> None:
    """Ansible takes such a value up to the blank: the quotes are the shell's."""
    root = ROLES.parent
    pages = [
        root / "README.md",
        *root.glob("docs/*.md"),
        *root.glob("roles/*/README.md"),
        *root.glob("playbooks/*.yml"),
    ]
    # One stands in the guide as what not to write.
    found = [
        text for page in pages for text in re.findall(r"-e \w+=(['\"][^'\"]* [^'\"]*['\"])", page.read_text("utf-8"))
    ]
    assert found == ["'ticket 4711'"]


@pytest.mark.parametrize("role", NAMES)
def test_nothing_of_the_controller_is_done_as_root(role: str) -> None:
    """With become in the inventory, a delegated task would ask for the password of the operator's own machine."""
    for text in task_files(role):
        tasks = re.split(r"\n(?= *- name: )", text)
        delegated = [task for task in tasks if "delegate_to: localhost" in task]
        assert all("become: false" in task for task in delegated)
