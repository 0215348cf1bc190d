# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The variables of the roles, and what is wrong with those of a run. Pure, except that it reads the files of the roles."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import parse_rule
from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import lock_problems
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import check_key
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import threshold_problems
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import sentence

ROLES = Path(__file__).resolve().parents[2] / "roles"
# The variables of the playbooks that belong to no role.
PLAYBOOKS = "mailops"
REDACT_KEY = "mailops_redact_key"
# The rules of all roles, which are the defaults of their own rules.
COMMON_RULES: Mapping[str, Mapping[str, Any]] = {
    name: {"type": "list", "elements": "dict", "default": []} for name in ("mailops_match", "mailops_exclude")
}
PLAYBOOK_VARIABLES = (
    "mailops_hosts",
    "mailops_serial",
    "mailops_notice_after",
    "mailops_timeout",
    REDACT_KEY,
    *COMMON_RULES,
)
# A name without the prefix of a role counts as a misspelled one if it differs from one in so few letters.
_MOST_EDITS = 2
_SIMILARITY = 0.6
# Variables whose text may be empty.
_FREE_TEXTS = ("_reason", "_note", "_approve", "_approved_by")
_RULES_REMEDY = (
    'Write JSON, such as -e \'{"%s": [{"sasl_username": "x", "recipient_count": 2}]}\', or put the rules into a file and '
    "give it as -e @rules.yml"
)
_LOCKS_REMEDY = (
    'Write JSON, such as -e \'{"%s": [{"sasl_username": "stolen@example.com"}]}\', or put the locks into a file and give it as '
    "-e @locks.yml"
)
_RESTORE_REMEDY = "Rules select the bad mail. Use %s to select what is restored"
# What looks like a variable of a role, and what to use instead.
_RENAMED = {
    "spool_quarantine_%s" % name: _RESTORE_REMEDY % ("spool_quarantine_restore_%s" % name)
    for name in ("match", "exclude", "match_all", "recipient_scope")
}


@dataclass(frozen=True)
class Role:
    """A role: its variables as its argument specs declare them, and the names of those that it sets itself."""

    name: str
    options: Mapping[str, Mapping[str, Any]]
    exported: frozenset[str]
    templates: Mapping[str, str] = field(default_factory=dict)
    """The defaults that are templates. Their values come from other variables, which are checked themselves."""

    @property
    def known(self) -> frozenset[str]:
        """All names with the prefix of the role that it knows."""
        return self.exported.union(self.options)


def read_roles(directory: Path = ROLES) -> dict[str, Role]:
    """Return the roles of the collection by name."""
    return {path.parents[1].name: _read_role(path) for path in sorted(directory.glob("*/meta/argument_specs.yml"))}


def _read_role(path: Path) -> Role:
    name = path.parents[1].name
    options: dict[str, Mapping[str, Any]] = {}
    for entry_point in yaml_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
        options.update(entry_point["options"])
    return Role(
        name, options, frozenset(["%s_report" % name]), _read_templates(path.parents[1] / "defaults" / "main.yml")
    )


def _read_templates(path: Path) -> dict[str, str]:
    """Return the defaults of a role that are templates."""
    defaults = yaml_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: value for name, value in (defaults or {}).items() if isinstance(value, str) and "{{" in value}


def with_common_rules(role: Role) -> Role:
    """Return a role whose options include the rules of all roles, so that they are checked with its own."""
    return replace(role, options={**COMMON_RULES, **role.options})


# --- names ----------------------------------------------------------------------------------------------------------


def name_problems(names: Iterable[str], roles: Mapping[str, Role]) -> list[str]:
    """Return what is wrong with each name that looks like a variable of the collection but is not one."""
    owners = {name: "role %s" % role.name for role in roles.values() for name in role.known}
    owners.update((name, "playbooks") for name in PLAYBOOK_VARIABLES)
    prefixes = {"%s_" % role.name: "role %s" % role.name for role in roles.values()}
    prefixes["%s_" % PLAYBOOKS] = "playbooks"
    problems = (_name_problem(name, owners, prefixes) for name in sorted(set(names)))
    return [problem for problem in problems if problem]


def _name_problem(name: str, owners: Mapping[str, str], prefixes: Mapping[str, str]) -> str | None:
    # A name that begins with an underscore is internal to a role.
    if name in owners or name.startswith("_"):
        return None
    normalized = name.lower().replace("-", "_")
    prefix = next((prefix for prefix in prefixes if normalized.startswith(prefix)), None)
    if prefix is None:
        nearest_name = next((known for known in owners if _few_edits(normalized, known)), None)
        return nearest_name and _unknown_variable_text(name, owners[nearest_name], "Did you mean %s?" % nearest_name)
    return _unknown_variable_text(
        name, prefixes[prefix], _remedy(normalized, prefix, [known for known in owners if known.startswith(prefix)])
    )


def _remedy(name: str, prefix: str, known: list[str]) -> str:
    """Return what to write instead of a name."""
    suffixes = [other[len(prefix) :] for other in (*known, *_RENAMED) if other.startswith(prefix)]
    nearest = difflib.get_close_matches(name[len(prefix) :], suffixes, n=1, cutoff=_SIMILARITY)
    if not nearest:
        return "Known are %s." % ", ".join(sorted(known))
    nearest_name = prefix + nearest[0]
    return "%s." % _RENAMED[nearest_name] if nearest_name in _RENAMED else "Did you mean %s?" % nearest_name


def _unknown_variable_text(name: str, owner: str, remedy: str) -> str:
    return "%s is not a variable of the %s; nothing was touched. %s" % (name, owner, remedy)


def _few_edits(one: str, other: str) -> bool:
    """Return whether the texts differ in a few letters only, which are missing, added or replaced."""
    if abs(len(one) - len(other)) > _MOST_EDITS:
        return False
    row = list(range(len(other) + 1))
    for count, letter in enumerate(one, start=1):
        last, row = row, [count]
        for index, another in enumerate(other):
            row.append(min(last[index] + (letter != another), last[index + 1] + 1, row[index] + 1))
        if min(row) > _MOST_EDITS:
            return False
    return row[-1] <= _MOST_EDITS


# --- values ---------------------------------------------------------------------------------------------------------


def value_problems(role: Role, values: Mapping[str, Any], *, now: int) -> list[str]:
    """Return what is wrong with values of a role's variables, each with its place: rules, limits, lengths of time, empty texts."""
    problems = []
    for name, option in role.options.items():
        if name in values and values[name] is not None:
            problems += _check_of(name, option)(name, values[name], now)
    return problems


def type_problems(role: Role, values: Mapping[str, Any]) -> list[str]:
    """Return which values of a role's variables have another type than it declares, or are none of the choices."""
    given = {name: value for name, value in values.items() if name in role.options and value is not None}
    return [sentence(text) for text in ArgumentSpecValidator(dict(role.options)).validate(given).error_messages]


def _check_of(name: str, option: Mapping[str, Any]) -> Callable[[str, Any, int], list[str]]:
    if name.endswith("_locks"):
        return _locks_problems
    if name == "queue_audit_thresholds":
        return _threshold_problems
    if option["type"] == "list" and option.get("elements") == "dict":
        return _rules_problems
    if option["type"] == "list" and (option.get("elements") == "path" or name.endswith(("_ids", "_never"))):
        return _list_problems
    if name.endswith(("_percent", "_drift")):
        return _percent_problems
    if option["type"] == "int":
        return _count_problems
    if name.endswith(("_expire", "_approval_expires", "_expire_min", "_max_age", "_min_age")):
        return _length_problems
    if option["type"] == "str" and "choices" in option:
        return partial(_choice_problems, option["choices"])
    if option["type"] in ("path", "str") and not name.endswith(_FREE_TEXTS):
        return _text_problems
    return _no_problems


def _no_problems(_name: str, _value: Any, _now: int) -> list[str]:
    return []


def _choice_problems(choices: Sequence[str], name: str, value: Any, _now: int) -> list[str]:
    return [] if value in choices else ["%s: %r is none of %s." % (name, value, ", ".join(choices))]


def _text_problems(name: str, value: Any, _now: int) -> list[str]:
    return [] if str(value).strip() else ["%s is empty; leave it out, or give it a value." % name]


def _count_problems(name: str, value: Any, _now: int) -> list[str]:
    try:
        return [] if int(value) >= 0 else ["%s: %s must not be negative." % (name, value)]
    except (TypeError, ValueError):
        return ["%s: %r is not a whole number." % (name, value)]


def _percent_problems(name: str, value: Any, _now: int) -> list[str]:
    try:
        # With NaN every comparison is false, so it would not limit anything.
        return [] if 0 <= float(value) <= 100 else ["%s: %s is not a percentage from 0 to 100." % (name, value)]
    except (TypeError, ValueError):
        return ["%s: %r is not a number." % (name, value)]


def _length_problems(name: str, value: Any, _now: int) -> list[str]:
    if str(value).strip().isdigit():
        return ["%s: %s has no unit, and would be seconds; write %sd for days, or %ss." % (name, value, value, value)]
    try:
        parse_age(value, name)
    except SelectionError as error:
        return [sentence(str(error))]
    return []


def redact_key_problems(key: Any) -> list[str]:
    """Return what is wrong with the key of pseudonyms."""
    try:
        check_key("" if key is None else str(key))
    except ValueError as error:
        return ["%s: %s" % (REDACT_KEY, error)]
    return []


def _threshold_problems(name: str, value: Any, _now: int) -> list[str]:
    return threshold_problems(name, value)


def _rules_problems(name: str, value: Any, now: int) -> list[str]:
    if not isinstance(value, list):
        what = "a mapping" if isinstance(value, Mapping) else "the text %r" % (value,)
        return ["%s is %s, and must be a list of rules. %s." % (name, what, _RULES_REMEDY % name)]
    return [problem for index, rule in enumerate(value) for problem in _rule_problems(rule, name, index, now)]


def _list_problems(name: str, value: Any, _now: int) -> list[str]:
    """Return what is wrong with the form of a list that no module reads first: of a text it would take each letter for an item."""
    if isinstance(value, list):
        return []
    example = json.dumps({name: [str(value)]}, ensure_ascii=False)
    return ["%s is no list; nothing was touched. Write JSON, such as -e '%s'." % (name, example)]


def _locks_problems(name: str, value: Any, _now: int) -> list[str]:
    """Return what is wrong with the form of locks. What is wrong with each is checked after that."""
    if isinstance(value, list) and all(isinstance(lock, Mapping) for lock in value):
        return []
    return [
        "%s must be a list of locks, each a mapping of one key. %s." % (name, _LOCKS_REMEDY % name),
    ]


def _rule_problems(rule: Any, name: str, index: int, now: int) -> list[str]:
    place = "%s[%d]" % (name, index)
    if isinstance(rule, str):
        return [
            "%s is the text %r, and must be a rule: a mapping of criteria. %s." % (place, rule, _RULES_REMEDY % name)
        ]
    if not isinstance(rule, Mapping) or not rule:
        return _parse_problems(rule, place, now)
    # One criterion at a time, so that all errors are returned at once.
    return [problem for key in rule for problem in _parse_problems({key: rule[key]}, place, now)]


def _parse_problems(rule: object, place: str, now: int) -> list[str]:
    try:
        parse_rule(rule, place, now)
    except SelectionError as error:
        return [sentence(str(error))]
    return []


def refused_lock_problems(role: Role, values: Mapping[str, Any], *, now: int, locking: bool) -> list[str]:
    """Return what is wrong with the locks of the role that has some: what cannot be locked, and what must not be (see _locks.py)."""
    if "%s_locks" % role.name not in role.options:
        return []
    given = {key: values.get(key, option.get("default")) for key, option in role.options.items()}
    return lock_problems(given, now=now, locking=locking)


def short_expiry_problems(role: Role, values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with an age of expiry that is below the minimum of the role."""
    name, least = "%s_expire" % role.name, "%s_expire_min" % role.name
    if name not in role.options or values.get(name) is None or values.get(least) is None:
        return []
    if parse_age(values[name], name) >= parse_age(values[least], least):
        return []
    return [
        "%s: %s is less than %s allows (%s); nothing was touched. Give it a longer time, or lower %s if you mean it."
        % (name, values[name], least, values[least], least)
    ]
