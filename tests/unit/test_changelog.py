# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changelog fragments can be read as reStructuredText, which antsibull-changelog lint does not check in full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

FRAGMENTS = sorted(Path(__file__).resolve().parents[2].glob("changelogs/fragments/*.yml"))


def entries(path: Path) -> list[str]:
    """Return the entries of a fragment, without the summary of a release."""
    sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [entry for name, section in sections.items() if name != "release_summary" for entry in section]


def test_there_are_fragments() -> None:
    assert FRAGMENTS


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.stem)
def test_a_fragment_has_no_markup_of_module_documentation(path: Path) -> None:
    """C(value) is shown as it stands in a changelog, where a value is in double backticks."""
    assert [entry for entry in entries(path) if re.search(r"\b(?:[BCEILMOPUV]|RV)\(", entry)] == []


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.stem)
def test_an_entry_names_first_what_it_is_about(path: Path) -> None:
    assert [entry for entry in entries(path) if not re.match(r"[a-z][\w, ]+ - \S", entry)] == []
