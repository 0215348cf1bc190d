# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from tests.tools import project, pythons, sanity


def test_ansible_test_finds_the_same_interpreters_before_all_others() -> None:
    found = [pythons.Python(9, Path("/opt/3.9/bin/python3.9")), pythons.Python(11, Path("/usr/bin/python3.11"))]
    path = sanity.search_path(found, "/root/.pyenv/shims:/bin:/usr/bin")
    assert path.split(":") == ["/opt/3.9/bin", "/usr/bin", str(project.ENVIRONMENT / "bin"), "/bin"]
