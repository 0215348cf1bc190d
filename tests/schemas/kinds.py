# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON Schema of each kind of report.

A key that ends in "?" may be missing. Beside a time NAME, a report in JSON has NAME_iso. What a module returned may have more keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import VERSION
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import LIKELY, POSSIBLE
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import NAMES, THRESHOLDS
from tests.tools import project

DIRECTORY = project.ROOT / "docs" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

# --- the parts ------------------------------------------------------------------------------------------------------

ANY: Schema = {}
TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "boolean"}
# Seconds since the epoch.
TIME: Schema = {"type": "number"}
_ISO: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}


def null_or(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(item: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item}


def map_of(value: Schema) -> Schema:
    """Return the schema of an object whose keys are names."""
    return {"type": "object", "additionalProperties": value}


def fields(members: Mapping[str, Schema], *, more: bool = False) -> Schema:
    """Return the schema of an object. more: whether it may have other keys."""
    properties = {name.rstrip("?"): schema for name, schema in members.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in members if not name.endswith("?")],
        "patternProperties": {"_iso$": _ISO},
        "additionalProperties": more,
    }


SUMS = fields({"messages": COUNT, "bytes?": COUNT, "recipients?": COUNT, "partial?": COUNT, "in_queues?": COUNT})
TOPS = map_of(null_or(list_of(fields({"value": TEXT, "messages": COUNT, "recipients?": null_or(COUNT)}))))
RULE = map_of(ANY)
RULES = list_of(fields({"digest": TEXT, "rule": RULE, "hosts": list_of(TEXT)}))
MESSAGES = list_of(fields({"queue_id?": null_or(TEXT), "queue?": null_or(TEXT), "problem?": null_or(TEXT)}, more=True))
REFUSALS = list_of(fields({"code": TEXT, "host": null_or(TEXT)}, more=True))
GROWTH = null_or(fields({"messages": COUNT, "percent": NUMBER, "before": COUNT, "since": TIME}))
ACCOUNT = fields(
    {
        "sasl_username": TEXT,
        "hosts": list_of(TEXT),
        **dict.fromkeys(("logins", "messages", "recipients", "failed_logins", "failed_then_successful"), COUNT),
        **dict.fromkeys(("sender_count", "address_count", "network_count", "queued"), COUNT),
        **dict.fromkeys(("logins_per_hour", "recipients_per_hour"), COUNT),
    }
)
FACTS = fields(
    {
        "matched": fields({"messages": COUNT, "bytes?": COUNT, "recipients?": COUNT}, more=True),
        "total?": fields({"messages": COUNT, "bytes": COUNT, "recipients": COUNT, "oldest": null_or(TIME)}),
        "queues?": map_of(null_or(fields({"messages": COUNT, "oldest?": null_or(TIME)}, more=True))),
        "top?": TOPS,
    },
    more=True,
)
SELECTED: Mapping[str, Schema] = {
    "match": list_of(RULE),
    "messages": COUNT,
    "exact": TRUTH,
    "other": null_or(fields({"share": NUMBER, "at_most": NUMBER, "counted": TRUTH})),
}
GROUP: Mapping[str, Schema] = {
    **SELECTED,
    "share": null_or(NUMBER),
    "traits": list_of(
        fields(
            {
                "trait": null_or(TEXT),
                "value": null_or(TEXT),
                **dict.fromkeys(("share", "elsewhere"), null_or(NUMBER)),
            }
        )
    ),
}
SUGGESTION: Mapping[str, Schema] = {
    **SELECTED,
    "confidence": {"enum": [LIKELY, POSSIBLE]},
    **dict.fromkeys(("evidence_for", "evidence_against"), list_of(TEXT)),
}
IN_FLEET: Mapping[str, Schema] = {"hosts": COUNT, "host": TEXT}
# What hold and flush share.
ACT: Mapping[str, Schema] = {
    "matched": null_or(fields({"messages": COUNT, "bytes?": COUNT, "recipients?": COUNT}, more=True)),
    "changed": null_or(SUMS),
    "outcomes": null_or(map_of(COUNT)),
    **dict.fromkeys(("messages", "not_as_planned", "failures", "undecided"), MESSAGES),
    "truncated": TRUTH,
    "selection_digest": null_or(TEXT),
}
ACT_RUN: Mapping[str, Schema] = {
    **dict.fromkeys(("match", "exclude"), list_of(RULE)),
    "reason": null_or(TEXT),
    **dict.fromkeys(("check", "preview"), TRUTH),
    "refusals": REFUSALS,
}
ACT_FLEET: Mapping[str, Schema] = {
    **dict.fromkeys(("hosts", "answered"), COUNT),
    "matched": fields(dict.fromkeys(("messages", "bytes", "recipients", "partial", "undecided"), COUNT)),
    "changed": SUMS,
    "outcomes": map_of(COUNT),
}
POINT = fields({"created": TIME, "messages": COUNT, "oldest_age": null_or(COUNT), "hosts": map_of(COUNT)})
OVER = fields(
    {
        "host": null_or(TEXT),
        "threshold": {"enum": list(THRESHOLDS)},
        "value": NUMBER,
        "limit": NUMBER,
        "name": null_or(TEXT),
    }
)

# --- the kinds ------------------------------------------------------------------------------------------------------

ROWS: Mapping[str, Mapping[str, Schema]] = {
    "audit": {
        "facts": null_or(FACTS),
        "suspects": null_or(list_of(TEXT)),
        "groups": null_or(list_of(fields(GROUP))),
        "suggestions": null_or(list_of(fields({**SUGGESTION, "share": null_or(NUMBER)}))),
        "growth": GROWTH,
    },
    "plan": {
        "counts": null_or(SUMS),
        "summary": null_or(
            fields(
                {
                    "queues?": map_of(COUNT),
                    "oldest": null_or(TIME),
                    "youngest": null_or(TIME),
                    "senders": TOPS["additionalProperties"],
                    "recipient_domains": TOPS["additionalProperties"],
                },
                more=True,
            )
        ),
        "limits": map_of(null_or(NUMBER)),
        "planned_at": null_or(TIME),
        "rule": null_or(RULE),
        "reason": null_or(TEXT),
    },
    "cleanup": {
        **dict.fromkeys(("planned", "purged"), null_or(SUMS)),
        "outcomes": null_or(map_of(COUNT)),
        **dict.fromkeys(("failures", "undecided"), MESSAGES),
        **dict.fromkeys(("left", "arrived", "drift", "before", "after"), null_or(COUNT)),
        "earlier": COUNT,
        "rest": null_or(map_of(COUNT)),
        "selection_digest": null_or(TEXT),
        "planned_at": null_or(TIME),
        "rule": null_or(RULE),
        "reason": null_or(TEXT),
    },
    "quarantine": {
        **dict.fromkeys(("quarantined", "restored", "selected", "deleted"), null_or(SUMS)),
        **dict.fromkeys(("collisions", "left", "to_delete"), null_or(COUNT)),
        "down": null_or(NUMBER),
        "outcomes": null_or(map_of(COUNT)),
        "failures": MESSAGES,
        "failed_steps": list_of(TEXT),
        "mail_runs": null_or(TRUTH),
        "path": null_or(TEXT),
        "renamed": null_or(list_of(ANY)),
        "top": null_or(TOPS),
    },
    "quarantines": {"quarantines": list_of(fields({"name": TEXT}, more=True))},
    "suspects": {"lines": null_or(COUNT), "suspects": list_of(TEXT), "expired": list_of(TEXT)},
    "lockout": {
        **dict.fromkeys(("added", "updated", "removed", "expired"), list_of(TEXT)),
        "caches": list_of(ANY),
        **dict.fromkeys(("held", "cleaned"), null_or(SUMS)),
        **dict.fromkeys(("left", "on_hold", "selected", "sessions", "sweeps", "unknown_sessions"), null_or(COUNT)),
        **dict.fromkeys(("queue", "log"), list_of(COUNT)),
        **dict.fromkeys(("queue_total", "log_total"), null_or(COUNT)),
        "failures": MESSAGES,
    },
    "locks": {
        "locks": null_or(list_of(fields({"id": TEXT, "key": TEXT, "value": ANY}, more=True))),
        "expired": list_of(TEXT),
    },
    "trace": {"events": COUNT},
    "hold": ACT,
    "flush": {**ACT, "after": null_or(map_of(null_or(COUNT)))},
}
KINDS: Mapping[str, Mapping[str, Schema]] = {
    "audit": {
        "selection": map_of(ANY),
        "fleet": fields(
            {
                **dict.fromkeys(("hosts", "answered", "damaged"), COUNT),
                "queues": map_of(COUNT),
                "total": fields({"messages": COUNT, "bytes": COUNT, "recipients": COUNT, "oldest": null_or(TIME)}),
                "matched": fields(dict.fromkeys(("messages", "bytes", "recipients", "partial", "undecided"), COUNT)),
                "held": fields({"messages": COUNT, "hosts": COUNT}),
                "top": TOPS,
                "suspects": list_of(fields({"value": TEXT, "hosts": COUNT})),
                "groups": null_or(list_of(fields({**GROUP, **IN_FLEET}))),
                "suggestions": null_or(list_of(fields({**SUGGESTION, **IN_FLEET}))),
                "growth": GROWTH,
            }
        ),
        "history": list_of(POINT),
        "inventory": list_of(TEXT),
        "thresholds": {
            "type": "object",
            "properties": dict.fromkeys(NAMES, NUMBER),
            "additionalProperties": False,
        },
        "over": list_of(OVER),
    },
    "plan": {
        "fleet": fields(
            dict.fromkeys(
                ("hosts", "planned", "messages", "bytes", "recipients", "partial", "in_queues", "undecided"), COUNT
            )
        ),
        "rules": RULES,
        "refusals": REFUSALS,
        "fleet_plan": null_or(map_of(ANY)),
    },
    "cleanup": {
        "method": TEXT,
        "reason": null_or(TEXT),
        "quarantine": null_or(TEXT),
        "canary": list_of(TEXT),
        **dict.fromkeys(("check", "waiting", "interrupted", "nothing_left"), TRUTH),
        "rules": RULES,
        "fleet": fields(
            {
                **dict.fromkeys(("hosts", "planned", "earlier", "drift", "left", "arrived"), COUNT),
                **dict.fromkeys(("before", "after"), null_or(COUNT)),
                "purged": SUMS,
                "rest": map_of(COUNT),
            }
        ),
        "begun?": TIME,
    },
    "quarantine": {
        "name": TEXT,
        "reason": null_or(TEXT),
        **dict.fromkeys(("check", "everything", "interrupted", "must_run", "preview", "rules"), TRUTH),
        "expire": null_or(TEXT),
        "expire_seconds": null_or(COUNT),
        "fleet": fields(
            {
                **dict.fromkeys(("hosts", "collisions", "left", "partial", "to_delete", "undecided"), COUNT),
                **dict.fromkeys(("quarantined", "restored", "selected", "deleted"), SUMS),
                "down": NUMBER,
            }
        ),
        "refusals": REFUSALS,
        "begun?": TIME,
    },
    "quarantines": {},
    "suspects": {
        "fleet": fields({**dict.fromkeys(("hosts", "answered", "lines", "accounts"), COUNT), "since": null_or(TIME)}),
        "accounts": list_of(ACCOUNT),
        "suspects": list_of(
            fields(
                {
                    "sasl_username": TEXT,
                    "account": null_or(ACCOUNT),
                    "evidence": list_of(
                        fields(
                            {
                                "threshold": TEXT,
                                "value": NUMBER,
                                "limit": NUMBER,
                                "host": null_or(TEXT),
                                "hosts": list_of(TEXT),
                                "lines": list_of(TEXT),
                            }
                        )
                    ),
                }
            )
        ),
    },
    "lockout": {
        **dict.fromkeys(("check", "interrupted", "preview", "unlock"), TRUTH),
        "cleanup": TEXT,
        **dict.fromkeys(("quarantine", "reason", "since"), null_or(TEXT)),
        **dict.fromkeys(("ids", "not_found"), list_of(TEXT)),
        "locks": list_of(fields({"lock": map_of(ANY), "queue": null_or(COUNT), "log": null_or(COUNT)})),
        "fleet": fields(
            {
                **dict.fromkeys(("hosts", "done", "left", "on_hold", "sessions", "unknown_sessions"), COUNT),
                **dict.fromkeys(("held", "cleaned"), SUMS),
            }
        ),
        "refusals": REFUSALS,
        "begun?": TIME,
    },
    "locks": {
        "check": TRUTH,
        "locks": list_of(
            fields(
                {
                    **dict.fromkeys(("id", "key"), TEXT),
                    "value": ANY,
                    **dict.fromkeys(("action", "text", "reason", "created_by"), null_or(TEXT)),
                    **dict.fromkeys(("created", "expires"), null_or(TIME)),
                    **dict.fromkeys(("hosts", "differing", "missing"), list_of(TEXT)),
                }
            )
        ),
    },
    "trace": {
        "trace": map_of(ANY),
        "events": list_of(fields({"time": TIME, "from_host": TEXT}, more=True)),
        "message_ids": list_of(TEXT),
    },
    "hold": {
        "state": {"enum": ["held", "released"]},
        "own": TRUTH,
        "record": null_or(TEXT),
        **ACT_RUN,
        "fleet": fields(ACT_FLEET),
    },
    "flush": {
        "site": null_or(TEXT),
        "requeue": TRUTH,
        "wait": COUNT,
        **ACT_RUN,
        "fleet": fields({**ACT_FLEET, "after": null_or(map_of(COUNT))}),
    },
}


def schema_of(kind: str) -> Schema:
    """Return the schema of a kind of report."""
    row: dict[str, Schema] = {
        "host": TEXT,
        "state": {"enum": [state.value for state in State]},
        "problem": null_or(TEXT),
        **ROWS[kind],
    }
    members: dict[str, Schema] = {
        "kind": {"const": kind},
        "version": {"const": VERSION},
        "created": TIME,
        **KINDS[kind],
        "hosts": list_of(fields(row)),
        "problems": map_of(TEXT),
        "redacted?": TRUTH,
    }
    about = {"$schema": DIALECT, "title": "A report of mailops.postfix, kind %s" % kind}
    return {**about, **fields(members)}


def texts() -> dict[str, str]:
    """Return the text of each file by its name."""
    return {f"{kind}.json": json.dumps(schema_of(kind), indent=2) + "\n" for kind in KINDS}
