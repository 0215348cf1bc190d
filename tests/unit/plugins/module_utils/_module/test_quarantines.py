# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantines import base_of, check_place
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from tests.unit.support.runner import FakeRunner


def instance(tmp_path: Path) -> Instance:
    parameters = {
        "queue_directory": str(tmp_path / "spool"),
        "config_directory": str(tmp_path / "etc"),
        "data_directory": str(tmp_path / "lib"),
    }
    return Instance("/usr/sbin", parameters, FakeRunner({}))


@pytest.mark.parametrize(
    ("directory", "expected"),
    [(None, "spool.quarantine"), ("/srv/held", "/srv/held"), ("/srv//held/../kept/", "/srv/kept")],
)
def test_where_quarantines_are(tmp_path: Path, directory: str | None, expected: str) -> None:
    assert base_of({"directory": directory}, instance(tmp_path)) == str(tmp_path / expected)


def test_a_relative_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuarantineError) as caught:
        base_of({"directory": "held"}, instance(tmp_path))
    assert str(caught.value) == "directory held is not an absolute path; write it from / on."


@pytest.mark.parametrize(
    ("base", "name", "problem"),
    [
        ("", "etc", "the config_directory %s/etc is there"),
        ("", "lib", "the data_directory %s/lib is there"),
        ("", "spool", "the queue directory %s/spool is there"),
        ("spool/deferred", "spam", "that is one of Postfix's own directories"),
    ],
)
def test_directories_of_postfix_are_refused(tmp_path: Path, base: str, name: str, problem: str) -> None:
    with pytest.raises(QuarantineError) as caught:
        check_place(str(tmp_path / base), name, instance(tmp_path))
    expected = problem.replace("%s", str(tmp_path))
    assert "cannot be a quarantine: %s. Nothing was touched." % expected in str(caught.value)


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x"])
def test_names_that_are_paths_or_options_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(QuarantineError):
        check_place(str(tmp_path / "kept"), name, instance(tmp_path))


def test_another_place_is_accepted(tmp_path: Path) -> None:
    check_place(str(tmp_path / "kept"), "spam", instance(tmp_path))
