# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.iso_times import with_iso_times
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import (
    DEFAULT_FORMATS,
    MORE_FILES,
    RENDERERS,
    file_formats,
    render_files,
    report_markdown,
    report_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report
from tests.unit.support.report_samples import NOW, untrusted_reports


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_the_files_of_a_report(report: dict[str, object]) -> None:
    files = render_files(report)
    assert set(files) == {*DEFAULT_FORMATS, *MORE_FILES.get(str(report["kind"]), {})}
    assert json.loads(files["json"].text) == with_iso_times(report)
    assert files["markdown"] == ("Markdown", ".md", report_markdown(report), 0o600)
    assert set(render_files(report, ["json"])) == {"json", *MORE_FILES.get(str(report["kind"]), {})}


def test_a_report_is_kept_in_each_format_that_has_files() -> None:
    assert file_formats() == ["json", "markdown", "html", "prometheus"]
    assert [name for name, renderer in RENDERERS.items() if renderer.mode != 0o600] == ["prometheus"]
    assert set(DEFAULT_FORMATS) <= set(file_formats())
    for name in file_formats():
        assert RENDERERS[name].title


def test_a_redacted_report_has_no_other_files() -> None:
    assert set(render_files(suspects_report({}, created=NOW), ["json"])) == {"json", "locks"}
    assert set(render_files({**suspects_report({}, created=NOW), "redacted": True}, ["json"])) == {"json"}


@pytest.mark.parametrize("name", [name for name in RENDERERS if name != "prometheus"])
def test_each_renderer_renders_each_kind(name: str) -> None:
    for report in untrusted_reports():
        assert "owned" in str(RENDERERS[name].render(report))


def test_only_text_and_markdown_have_words_for_states() -> None:
    report = {"kind": "quarantines", "created": 0, "hosts": [], "problems": {}}
    row = {"host": "a", "state": "no_quarantine", "problem": "none", "quarantines": []}
    named = {**report, "hosts": [row]}
    assert "no_quarantine" in render_files(named)["json"].text
    assert report_text(named)[-1] == "  a: no quarantine: none"
    assert "no_quarantine" not in report_markdown(named)
