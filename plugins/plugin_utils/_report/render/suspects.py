# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a report on suspects, and the file of locks that an operator approves. Pure."""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import can_be_locked
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    number_columns,
    number_text,
    problem_section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    outcome_word,
    time_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import and_more, clip, one_line

_NUMBERS = {
    "logins": "logins",
    "messages": "messages",
    "recipients": "recipients",
    "sender_count": "senders",
    "address_count": "addresses",
    "network_count": "networks",
    "failed_logins": "failed logins",
    "queued": "in queue",
}
_WIDTH = 48
_LINE_WIDTH = 240
# How a result ends a name that it had to cut.
_CUT = "…"


def suspects_document(report: Report) -> Document:
    """Return a report on suspects laid out."""
    columns = [Column("account", untrusted=True), Column("suspect"), *number_columns(["hosts", *_NUMBERS.values()])]
    sections = (
        Section("Evidence", list(_evidence_items(report))),
        Section("Lines of the log", list(_line_items(report))),
        problem_section(report),
    )
    return Document("Suspects", report["created"], _summary(report), Table(columns, _rows(report)), sections)


def _summary(report: Report) -> list[str]:
    fleet = report["fleet"]
    since = "" if fleet["since"] is None else " since %s" % time_text(int(fleet["since"]))
    lines = [
        "%d of %d hosts answered. Their logs have %d lines%s."
        % (fleet["answered"], fleet["hosts"], fleet["lines"], since),
        "%d accounts sent mail or logged in, %d of them stand out. Nothing was locked."
        % (fleet["accounts"], len(report["suspects"])),
    ]
    empty = [row["host"] for row in report["hosts"] if row["lines"] == 0]
    if empty:
        lines.append(
            "The log of %s has no lines. If the mail log has another name, give it in lockout_files."
            % and_more([one_line(host) for host in empty])
        )
    expired = sum(len(row["expired"]) for row in report["hosts"])
    if expired:
        lines.append("%d locks had expired and were removed." % expired)
    return lines


def _rows(report: Report) -> list[list[str]]:
    """Return the suspects, then the other accounts, to compare them with."""
    suspects = [suspect["sasl_username"] for suspect in report["suspects"]]
    known = {suspect["sasl_username"]: suspect["account"] or {} for suspect in report["suspects"]}
    others = {account["sasl_username"]: account for account in report["accounts"]}
    known.update({name: account for name, account in others.items() if name not in known})
    return [_make_cells(name, account, is_suspect=name in suspects) for name, account in known.items()]


def _make_cells(name: str, account: Mapping[str, Any], *, is_suspect: bool) -> list[str]:
    hosts = account.get("hosts")
    return [
        clip(one_line(name), _WIDTH),
        "yes" if is_suspect else "-",
        number_text(None if hosts is None else len(hosts)),
        *(number_text(account.get(key)) for key in _NUMBERS),
    ]


def _evidence_items(report: Report) -> Iterator[Item]:
    for suspect in report["suspects"]:
        for evidence in suspect["evidence"]:
            text = "%s is %d, the threshold is %g, %s" % (
                outcome_word(evidence["threshold"]),
                evidence["value"],
                evidence["limit"],
                _place_text(evidence),
            )
            yield Item(clip(one_line(suspect["sasl_username"]), _WIDTH), text)


def _place_text(evidence: Mapping[str, Any]) -> str:
    if evidence["host"] is None:
        return "over %d hosts together" % len(evidence["hosts"])
    more = len(evidence["hosts"]) - 1
    return "on %s%s" % (evidence["host"], " and on %d more hosts" % more if more else "")


def _line_items(report: Report) -> Iterator[Item]:
    for suspect in report["suspects"]:
        for evidence in suspect["evidence"]:
            for line in evidence["lines"]:
                yield Item(evidence["host"] or "-", clip(one_line(str(line)), _LINE_WIDTH))


def locks_file(report: Report) -> str:
    """Return a file of variables that locks the suspects, for an operator to read, shorten and approve.

    No name is a template for Ansible, which evaluates the texts of such a file, and each name is a text of YAML.
    """
    names = [suspect["sasl_username"] for suspect in report["suspects"]]
    locks = [name for name in names if not name.endswith(_CUT) and can_be_locked({"sasl_username": name})]
    lines = [
        "---",
        "# The suspects of %s, as locks. Delete each line that you do not want to lock." % time_text(report["created"]),
        *variable_lines("lockout_locks", [{"sasl_username": name} for name in locks]),
        *("# This name cannot be locked: %s" % json.dumps(name) for name in names if name not in locks),
    ]
    return "\n".join(lines) + "\n"
