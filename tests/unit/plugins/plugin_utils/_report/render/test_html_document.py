# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import document_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_document import (
    DocumentPage,
    HostBar,
    document_page,
)
from tests.unit.support.report_samples import NOW, left_of, plan_of, purged_of, untrusted_reports
from tests.unit.support.results import FAILED, UNREACHABLE, by_host, cleanup_steps


def page_of(report: dict[str, Any]) -> DocumentPage:
    return document_page(report, document_of(report))


def test_the_bars_of_a_plan() -> None:
    report = plan_report(by_host("plan", {"mx01": plan_of(10), "mx02": plan_of(40), "mx03": FAILED}), created=NOW)
    page = page_of(report)
    assert page.bars is not None
    assert page.bars.bars == [HostBar("mx02", 40, 50, 80, 100), HostBar("mx01", 10, 50, 20, 100)]
    assert (page.level, page.headline) == ("trouble", "1 of 3 hosts have a problem: mx03 (failed).")
    assert [section.title for section in page.first] == ["Problems"]


def test_the_bars_of_a_cleanup() -> None:
    steps = cleanup_steps(plan_of(40), purged_of(30), left_of(0))
    page = page_of(cleanup_report({"mx01": steps}, created=NOW, run=CleanupRun()))
    assert page.bars is not None
    assert page.bars.bars == [HostBar("mx01", 30, 40, 75, 100)]


def test_bars_are_bounded() -> None:
    results = by_host("plan", {"mx%03d" % number: plan_of(number + 1) for number in range(60)})
    page = page_of(plan_report(results, created=NOW))
    assert page.bars is not None
    assert (len(page.bars.bars), page.bars.more, page.bars.bars[0].host) == (40, 20, "mx059")


def test_no_host_has_a_problem() -> None:
    page = page_of(plan_report(by_host("plan", {"mx01": plan_of(3)}), created=NOW))
    assert (page.level, page.headline) == ("quiet", "No host has a problem.")
    page = page_of(plan_report({}, created=NOW))
    assert (page.level, page.headline, page.bars) == ("quiet", "The report has no hosts.", None)


def test_many_problems() -> None:
    report = plan_report(by_host("plan", {"mx%d" % number: UNREACHABLE for number in range(7)}), created=NOW)
    names = ", ".join("mx%d (unreachable)" % number for number in range(5))
    assert page_of(report).headline == "7 of 7 hosts have a problem: %s and 2 more." % names


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_each_section_is_on_the_page_once(report: dict[str, Any]) -> None:
    document = document_of(report)
    page = document_page(report, document)
    shown = [section.title for section in (*page.first, *page.last)]
    assert sorted(shown) == sorted(section.title for section in document.sections if section.items)
    if "Refused" in shown:
        assert page.headline == "Refused: nothing was changed. The reasons follow."
