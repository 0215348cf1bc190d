# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with one Postfix instance, for the parts of a module: a made-up spool, the instance, and a stand-in for AnsibleModule."""

from __future__ import annotations

import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from tests.unit.support.runner import FakeRunner, said
from tests.unit.support.spool import MadeUpSpool

DEFAULTS: Mapping[str, Any] = {
    "read_ahead": True,
    "match": [],
    "exclude": [],
    "queues": list(DEFAULT_QUEUES),
    "recipient_scope": "all",
    "limit": 100,
    "match_all": False,
    "max_messages": None,
    "max_percent": None,
    "on_undecided": "skip",
    "reason": None,
    "plan": None,
    "plan_max_age": "1d",
}
"""The options of a module that changes messages, with their defaults."""


class Host:
    """A host with one Postfix instance, and what a module on it writes to the mail log and warns of."""

    def __init__(self, place: Path) -> None:
        self.made = MadeUpSpool(place / "spool")
        self.runner = FakeRunner({"postlog": said()})
        parameters = {
            "config_directory": "/etc/postfix",
            "queue_directory": str(self.made.path),
            "mail_owner": pwd.getpwuid(self.made.path.stat().st_uid).pw_name,
        }
        self.instance = Instance("/usr/sbin", parameters, self.runner)
        self.warnings: list[str] = []

    def module(self, *, check: bool = False, **params: Any) -> Any:
        """Return a module with these options, and the defaults for the others."""
        return SimpleNamespace(check_mode=check, params={**DEFAULTS, **params}, warn=self.warnings.append)

    @property
    def logged(self) -> list[str]:
        """The lines in the mail log."""
        return [
            line for command, text in self.runner.ran if command[0].endswith("/postlog") for line in text.splitlines()
        ]

    def fingerprint(self, queue: str, queue_id: str) -> str:
        """Return the fingerprint of a message."""
        with Spool(str(self.made.path)) as spool:
            for entry in spool.walk(queue):
                if entry.name == queue_id:
                    message = SpoolMessage(spool, entry)
                    try:
                        return message.fingerprint
                    finally:
                        message.close()
        raise KeyError(queue_id)
