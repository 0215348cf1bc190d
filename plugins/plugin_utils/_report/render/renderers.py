# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The table of all formats of reports. Pure."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import document_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html import report_html
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.iso_times import with_iso_times
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import markdown_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.prometheus import prometheus_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import rules_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suspects import locks_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import WIDTH, text_lines

# Reports have addresses. Metrics have none, and node_exporter must be able to read them.
PRIVATE = 0o600
PUBLIC = 0o644


class Renderer(NamedTuple):
    """A format: the function that turns a report into it, and the suffix of its files, None if no file is kept in it.

    title: what people call it. mode: that of the file.
    """

    render: Callable[[Report], Any]
    suffix: str | None = None
    title: str = ""
    mode: int = PRIVATE


def report_json(report: Report) -> str:
    """Return a report as JSON. Beside each time in seconds since the epoch there is one in ISO 8601, in UTC."""
    return json.dumps(with_iso_times(report), indent=4, sort_keys=True) + "\n"


def report_text(report: Report, width: int = WIDTH) -> list[str]:
    """Return the lines of a report for a terminal of so many columns. Raises ValueError if it is no report."""
    return text_lines(document_of(report), width)


def report_markdown(report: Report) -> str:
    """Return a report as a Markdown document. Raises ValueError if it is no report."""
    return markdown_text(document_of(report))


RENDERERS: Mapping[str, Renderer] = {
    "json": Renderer(report_json, ".json", "JSON"),
    "text": Renderer(report_text),
    "markdown": Renderer(report_markdown, ".md", "Markdown"),
    "html": Renderer(report_html, ".html", "HTML"),
    "prometheus": Renderer(prometheus_text, ".prom", "Metrics", PUBLIC),
}


# The formats that a report is kept in by default.
DEFAULT_FORMATS = ("json", "markdown", "html")
# What else is kept of a kind of report, by the name that it has among its formats.
MORE_FILES: Mapping[str, Mapping[str, Renderer]] = {
    "audit": {"rules": Renderer(rules_file, ".yml", "The suggestions as rules")},
    "suspects": {"locks": Renderer(locks_file, ".yml", "The suspects as locks")},
}


class ReportFile(NamedTuple):
    """A file that is kept of a report: what people call it, the suffix of its name, its text and its mode."""

    title: str
    suffix: str
    text: str
    mode: int


def file_formats() -> list[str]:
    """Return the formats that a report can be kept in."""
    return [name for name, renderer in RENDERERS.items() if renderer.suffix]


def render_files(report: Report, formats: Iterable[str] = DEFAULT_FORMATS) -> dict[str, ReportFile]:
    """Return the files that are kept of a report, by format. formats: some of file_formats(). Raises ValueError if it is no report.

    A redacted report has no other files, because nothing could be done with pseudonyms in them.
    """
    more = {} if report.get("redacted") else MORE_FILES.get(str(report.get("kind")), {})
    renderers = {**{name: RENDERERS[name] for name in formats}, **more}
    files = {
        name: ReportFile(renderer.title, renderer.suffix, renderer.render(report), renderer.mode)
        for name, renderer in renderers.items()
        if renderer.suffix
    }
    # A file without text is not kept, such as one of rules if none are suggested.
    return {name: file for name, file in files.items() if file.text}
