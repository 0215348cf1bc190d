# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan as it is kept in a file, and such a file that was altered."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned, digest, make_plan

NEW_PLAN = (
    "nothing was touched. Make a new plan with the playbook mailops.postfix.plan, or with the module in check mode."
)
"""What the controller says of a plan that is not whole."""


def sample_plan(sender: str = "a@example.com") -> dict[str, Any]:
    """Return a plan as the module makes it."""
    return make_plan(
        host="mx01",
        instance={"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"},
        created=1_795_171_149,
        selection={"match": [{"sender": [sender]}], "exclude": [], "queues": ["deferred"], "recipient_scope": "all"},
        counts={"messages": 1, "bytes": 100, "recipients": 2, "partial": 0, "in_queues": 3},
        reason=None,
        limits={},
        method=None,
        summary={"senders": [{"value": sender, "messages": 1}], "recipient_domains": [], "oldest": 1, "youngest": 2},
        messages=[Planned("4A0F9AC", "0123456789abcdef")],
    )


def forged_plan(**parts: Any) -> str:
    """Return a plan with other parts and a digest that fits them. A part that is None is left out."""
    content = {key: value for key, value in {**sample_plan(), **parts}.items() if value is not None}
    return json.dumps({**content, "digest": digest(content)})
