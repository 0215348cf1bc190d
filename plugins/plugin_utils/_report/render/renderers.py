# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The table of all formats of reports. Pure."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import document_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import markdown_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suspects import locks_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_lines


class Renderer(NamedTuple):
    """A format: the function that turns a report into it, and the suffix of its files, None if no file is kept in it."""

    render: Callable[[Report], Any]
    suffix: str | None = None


def report_json(report: Report) -> str:
    """Return a report as JSON."""
    return json.dumps(report, indent=4, sort_keys=True) + "\n"


def report_text(report: Report) -> list[str]:
    """Return the lines of a report for a terminal. Raises ValueError if it is no report."""
    return text_lines(document_of(report))


def report_markdown(report: Report) -> str:
    """Return a report as a Markdown document. Raises ValueError if it is no report."""
    return markdown_text(document_of(report))


RENDERERS: Mapping[str, Renderer] = {
    "json": Renderer(report_json, ".json"),
    "text": Renderer(report_text),
    "markdown": Renderer(report_markdown, ".md"),
}


# What else is kept of a kind of report: the suffix of the file, and the function that makes its text.
MORE_FILES: Mapping[str, Mapping[str, Callable[[Report], str]]] = {"suspects": {".yml": locks_file}}


def render_files(report: Report) -> dict[str, str]:
    """Return the files that are kept of a report, {suffix: text}. Raises ValueError if it is no report."""
    files = {renderer.suffix: renderer.render(report) for renderer in RENDERERS.values() if renderer.suffix}
    more = MORE_FILES.get(str(report.get("kind")), {})
    return {**files, **{suffix: render(report) for suffix, render in more.items()}}
