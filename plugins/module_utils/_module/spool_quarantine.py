# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_spool_quarantine does: its options, and which action follows from them.

The actions are in _quarantine_messages.py (messages, while Postfix runs), _quarantine_queues.py (whole queues, while it is stopped)
and _quarantine_contents.py (restoring and deleting). They share _quarantine_run.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options, _quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_contents import (
    delete_messages,
    restore_messages,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_messages import quarantine_messages
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_queues import (
    check_options,
    quarantine_queues,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import QuarantineRun
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import request_of
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.service import SERVICES
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place as quarantines

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

STATES = ("quarantined", "restored", "absent")
MODES = ("messages", "queues")
RESTORE_TO = ("original", "hold", "maildrop")
OUTCOMES = (
    Outcome.QUARANTINED,
    Outcome.RESTORED,
    Outcome.DELETED,
    Outcome.ALREADY,
    Outcome.VANISHED,
    Outcome.CHANGED,
    Outcome.IN_FLIGHT,
    Outcome.COLLISION,
    Outcome.FAILED,
    Outcome.UNDECIDED,
)

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
    _options.SELECTION,
    _options.LIMIT,
    _options.CHANGE,
    _options.CARE,
    _quarantines.DIRECTORY,
    {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "quarantined"},
        "mode": {"type": "str", "choices": list(MODES), "default": "messages"},
        "queues": {"type": "list", "elements": "str", "choices": list(LISTED_QUEUES)},
        "service": {"type": "str", "choices": list(SERVICES), "default": "auto"},
        "restore_to": {"type": "str", "choices": list(RESTORE_TO), "default": "original"},
        "older_than": {"type": "str"},
    },
)

# By state and mode; the mode matters for quarantined only.
_ACTIONS: Mapping[tuple[str, str], Callable[[QuarantineRun], dict[str, Any]]] = {
    ("quarantined", "messages"): quarantine_messages,
    ("quarantined", "queues"): quarantine_queues,
    ("restored", "messages"): restore_messages,
    ("absent", "messages"): delete_messages,
}


@dataclass(frozen=True)
class Origin:
    """What a plan is made for: an instance, or a quarantine of one."""

    identity: dict[str, str]


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    quarantines.check_name(params["name"])
    instance = _options.instance_of(module)
    instance.require_root()
    base = _quarantines.base_of(params, instance)
    _quarantines.check_place(base, params["name"], instance)
    mode = params["mode"] if params["state"] == "quarantined" else "messages"
    selecting = _selection_params(params, instance, moves_queues=mode == "queues")
    origin = _origin_of(params, instance)
    with open_change(
        module,
        instance,
        request_of(selecting, origin),
        name="postfix_spool_quarantine",
        outcomes=OUTCOMES,
        plan_for=None if mode == "queues" else origin,
    ) as change:
        run = QuarantineRun(change, instance, layout_of(instance), base, params["name"], params)
        run.recover()
        return _ACTIONS[params["state"], mode](run)


def _selection_params(params: Mapping[str, Any], instance: Instance, *, moves_queues: bool) -> dict[str, Any]:
    """Return the options with what the state and the mode say about the selection. Raises MailopsError."""
    chosen = dict(params)
    if chosen["queues"] is None:
        chosen["queues"] = list(DEFAULT_QUEUES if params["state"] == "quarantined" else LISTED_QUEUES)
    if moves_queues:
        check_options(chosen, instance)
        chosen["match_all"] = True
    return chosen


def _origin_of(params: Mapping[str, Any], instance: Instance) -> Origin:
    """Return what a plan of this run is for. Raises PlanError if the given plan is for something else."""
    identity = instance.identity
    if params["state"] != "quarantined":
        identity = {**identity, "quarantine": params["name"]}
    # read_plan() refuses what is no plan at all.
    planned = (params["plan"] or {}).get("instance")
    if isinstance(planned, dict) and planned.get("quarantine") != identity.get("quarantine"):
        raise PlanError(
            "The plan was not made for state %s with this quarantine; nothing was touched. Make a new plan (run the module in check mode)."
            % params["state"]
        )
    return Origin(identity)
