# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.log_lines.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LOG = """# a comment
Nov 26 13:14:54 mx01 postfix/qmgr[1]: 4XYZAB: removed
Nov 26 13:14:54 mx01 postfix/qmgr[1]: 4XYZAB: something new
Nov 26 13:14:54 mx01 sshd[1]: a
broken
"""
GO = 'lines := []string{"Nov 26 13:14:54 mx01 postfix/smtpd[1]: connect from a[192.0.2.1]", "another text"}\n'
GROK = 'pattern: ^%{POSTFIX_POSTSUPER}$\ndata: "4XYZAB: requeued"\nresults:\n'


def test_the_table_and_the_kinds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "project"
    (project / "test").mkdir(parents=True)
    (project / "test/mail.log").write_text(LOG)
    (project / "a_test.go").write_text(GO)
    (project / "test/postsuper_0001.yaml").write_text(GROK)
    assert main([str(project)]) == 0
    assert capsys.readouterr().out == (
        "| collection | lines | of other programs | understood | not understood | share |\n"
        "|---|---|---|---|---|---|\n"
        "| project | 6 | 1 | 3 | 2 | 60.0% |\n"
        "\n"
        "project: 1 of kind not a line of syslog\n"
        "    broken\n"
        "\n"
        "project: 1 of kind qmgr: *: something new\n"
        "    Nov 26 13:14:54 mx01 postfix/qmgr[1]: 4XYZAB: something new\n"
    )
