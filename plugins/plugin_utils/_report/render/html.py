# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports as HTML: one page that needs no network and no script.

The templates beside this file lay the page out. Jinja2 escapes every text, once, and what is invisible is shown as an escape.
A Content-Security-Policy in the page allows nothing but its own style sheet.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import document_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_audit import audit_page
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_document import document_page
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import iso_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import one_line

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE_FILE = "style.css"


def report_html(report: Report) -> str:
    """Return a report as an HTML page. Raises ValueError if it is no report."""
    document = document_of(report)
    is_audit = report["kind"] == "audit"
    template = _environment().get_template("audit.html.j2" if is_audit else "document.html.j2")
    style = _style()
    return template.render(
        document=document,
        page=audit_page(report) if is_audit else document_page(report, document),
        created=iso_text(int(report["created"])),
        style=style,
        style_hash=_digest(style),
    )


@functools.lru_cache(maxsize=None)
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        finalize=_show,
        loader=FileSystemLoader(_TEMPLATES),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["one_line"] = one_line
    environment.filters["commas"] = _with_commas
    return environment


def _show(value: Any) -> Any:
    """Return what a template shows of a value. Mark-up stays as it is."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _with_commas(count: int) -> str:
    return format(count, ",")


@functools.lru_cache(maxsize=None)
def _style() -> str:
    """Return the style sheet, without its comments."""
    text = (_TEMPLATES / _STYLE_FILE).read_text(encoding="utf-8")
    return "\n%s\n" % text.partition("*/")[2].strip()


def _digest(style: str) -> str:
    """Return the digest of the style sheet as a Content-Security-Policy has it."""
    return "sha256-%s" % base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
