# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.documents import DOCUMENTS, document_of
from tests.unit.support.report_samples import untrusted_reports


def test_each_kind_of_report_is_laid_out() -> None:
    reports = untrusted_reports()
    assert {report["kind"] for report in reports} == set(DOCUMENTS)
    for report in reports:
        table = document_of(report).table
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r"^'x' is no kind of report; known are audit, plan, cleanup, quarantine, quarantines, suspects, lockout, locks, trace, hold, flush$",
    ):
        document_of({"kind": "x"})
