# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The table of all kinds of reports: how each is laid out. Pure."""

from __future__ import annotations

from typing import Callable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.acts import flush_document, hold_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.audit import audit_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.cleanup import cleanup_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.lockout import lockout_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.locks import locks_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.plan import plan_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.quarantine import quarantine_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.quarantine_list import (
    quarantine_list_document,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suspects import suspects_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trace import trace_document

DOCUMENTS: Mapping[str, Callable[[Report], Document]] = {
    "audit": audit_document,
    "plan": plan_document,
    "cleanup": cleanup_document,
    "quarantine": quarantine_document,
    "quarantines": quarantine_list_document,
    "suspects": suspects_document,
    "lockout": lockout_document,
    "locks": locks_document,
    "trace": trace_document,
    "hold": hold_document,
    "flush": flush_document,
}


def document_of(report: Report) -> Document:
    """Return a report laid out. Raises ValueError if it is no report."""
    kind = report.get("kind")
    if kind not in DOCUMENTS:
        raise ValueError("%r is no kind of report; known are %s" % (kind, ", ".join(DOCUMENTS)))
    return DOCUMENTS[str(kind)](report)._replace(urgent=_hosts_in_trouble(report))


def _hosts_in_trouble(report: Report) -> frozenset[str]:
    """Return the hosts that have a problem or are over a threshold."""
    over = (item["host"] for item in report.get("over") or ())
    return frozenset((*report["problems"], *(host for host in over if host is not None)))
