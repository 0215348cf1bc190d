# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Argument specs of the modules, in parts that compose, and what their values become."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.search import find_instance
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import (
    RECIPIENT_SCOPES,
    Selection,
    parse_selection,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import DEFAULT_LIMIT

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

    ArgumentSpec = Mapping[str, Mapping[str, Any]]

INSTANCE: ArgumentSpec = {
    "config_directory": {"type": "path"},
    "instance": {"type": "str"},
    "command_directory": {"type": "path"},
}
READING: ArgumentSpec = {"read_ahead": {"type": "bool", "default": True}}
SELECTION: ArgumentSpec = {
    "match": {"type": "list", "elements": "raw", "default": []},
    "exclude": {"type": "list", "elements": "raw", "default": []},
    "recipient_scope": {"type": "str", "choices": list(RECIPIENT_SCOPES), "default": "all"},
}
LIMIT: ArgumentSpec = {"limit": {"type": "int", "default": DEFAULT_LIMIT}}
CHANGE: ArgumentSpec = {
    "match_all": {"type": "bool", "default": False},
    "max_messages": {"type": "int"},
    "max_percent": {"type": "float"},
    "on_undecided": {"type": "str", "choices": ["skip", "fail"], "default": "skip"},
    "reason": {"type": "str"},
    "plan": {"type": "dict"},
    "plan_src": {"type": "path"},
    "plan_dest": {"type": "path"},
    "plan_digest": {"type": "str"},
    "plan_max_age": {"type": "str", "default": "1d"},
}
CARE: ArgumentSpec = {
    "max_drift": {"type": "float"},
    "verify_rest": {"type": "bool", "default": False},
}
# What the modules only know so that they are documented: plugin_utils/_plan_action.py handles them on the controller.
CONTROLLER_OPTIONS = ("plan_src", "plan_dest", "plan_digest", "release_plan_dest")
INSTANCE_EXCLUSIVE = ("config_directory", "instance")


def queues_option(*choices: str, default: Sequence[str] = DEFAULT_QUEUES) -> ArgumentSpec:
    """Return the option queues for a module that can act on those."""
    return {"queues": {"type": "list", "elements": "str", "choices": list(choices), "default": list(default)}}


def refuse_controller_options(params: Mapping[str, Any]) -> None:
    """Raise SelectionError for an option that the action plugin handles on the controller: without it, it would do nothing."""
    for name in CONTROLLER_OPTIONS:
        if params.get(name) is not None:
            raise SelectionError(
                name,
                "the action plugin of the module handles it, and the module ran without it; nothing was touched. Use plan, or run the "
                "module by ansible or ansible-playbook",
            )


def compose(*parts: ArgumentSpec) -> dict[str, dict[str, Any]]:
    """Return one argument spec of several."""
    return {name: dict(option) for part in parts for name, option in part.items()}


def instance_of(module: AnsibleModule) -> Instance:
    """Return the instance that the instance options name, warning of what contradicts itself. Raises InstanceError."""
    params = module.params
    found = find_instance(
        Runner(module.run_command),
        config_directory=params["config_directory"],
        instance=params["instance"],
        command_directory=params["command_directory"],
    )
    for text in found.warnings:
        module.warn(text)
    found.require_queue_directory()
    return found


def selection_of(params: Mapping[str, Any], *, now: int | None = None) -> Selection:
    """Return the selection that the selection options describe. Raises SelectionError."""
    return parse_selection(
        match=params["match"],
        exclude=params["exclude"],
        queues=params["queues"],
        recipient_scope=params["recipient_scope"],
        now=int(time.time()) if now is None else now,
    )


def check_not_negative(params: Mapping[str, Any], *names: str) -> None:
    """Raise SelectionError for a number below zero."""
    for name in names:
        if params[name] is not None and params[name] < 0:
            raise SelectionError(name, "%r must not be negative" % (params[name],))


def require_narrowing(selection: Selection, params: Mapping[str, Any]) -> None:
    """Raise SelectionError if a module that changes messages gets neither match nor match_all, or both."""
    if not selection.match and not params["match_all"]:
        raise SelectionError(
            "match",
            "it is missing. Add a rule, or set match_all: true to select every message",
        )
    if selection.match and params["match_all"]:
        raise SelectionError("match_all", "it cannot be combined with match. Use only one of them")
