# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.iso_times import TIMES
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import (
    WIDTH,
    command_lines,
    text_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import fold, shorten, width_of
from tests.unit.support.report_samples import UNTRUSTED, untrusted_reports

REPORTS = untrusted_reports()
# Text that is wide, long, empty, combines, or controls a terminal.
hostile_texts = st.one_of(
    st.text(max_size=400),
    st.text(alphabet="\x1b[]0;\x07\r\n\t\x9b31m\u202e\u200d\ud800", max_size=200),
    st.text(alphabet="日本e\u0301 ", max_size=300),
    st.sampled_from(["", " ", "x" * 1000, "a " * 500, UNTRUSTED * 20]),
)
hostile_numbers = st.one_of(st.integers(0, 10**40), st.sampled_from([0, 1, 10**25]))


def require_fit(lines: list[str]) -> None:
    for line in lines:
        # A long word of a command to copy, such as a rule or the name of a host, is not broken.
        assert width_of(line) <= WIDTH or line.startswith(("    ansible ", "      -")), line
        assert line.isprintable(), line


@st.composite
def documents(draw: st.DrawFn) -> Document:
    columns = draw(
        st.lists(
            st.builds(Column, st.text("abc ", max_size=24), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
            min_size=1,
            max_size=16,
        )
    )
    # The first column has the name of what the row is about.
    columns[0] = columns[0]._replace(long=False)
    row = st.lists(hostile_texts, min_size=len(columns), max_size=len(columns))
    # A command is made for the shell: ASCII words, which are quoted already.
    words = st.lists(st.text("abc'{}/ =", min_size=1, max_size=60).map(str.strip).filter(bool), max_size=4)
    more = st.lists(hostile_texts, max_size=2)
    items = st.lists(st.builds(Item, hostile_texts, hostile_texts, more, words), max_size=3)
    return Document(
        draw(st.sampled_from(["Mail queues", "Quarantine, before anything is restored or deleted"])),
        draw(hostile_numbers),
        draw(st.lists(hostile_texts, max_size=3)),
        Table(columns, draw(st.lists(row, max_size=4))),
        [Section("Problems", draw(items))],
    )


@given(documents())
def test_no_line_of_a_document_is_wider_than_a_terminal_or_controls_it(document: Document) -> None:
    require_fit(text_lines(document))


def replace_values(value: Any, draw: st.DrawFn, key: str = "") -> Any:
    """Return a value of a report with what hosts and their names can be in it replaced by something hostile."""
    if isinstance(value, dict):
        return {name: replace_values(item, draw, str(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [replace_values(item, draw, key) for item in value]
    if isinstance(value, str) and (value.startswith("mx") or UNTRUSTED in value or "@" in value):
        return draw(hostile_texts)
    if isinstance(value, int) and not isinstance(value, bool) and (key not in TIMES or key == "time"):
        return draw(hostile_numbers)
    return value


@st.composite
def hostile_reports(draw: st.DrawFn) -> dict[str, Any]:
    replaced: dict[str, Any] = replace_values(draw(st.sampled_from(REPORTS)), draw)
    return replaced


@given(hostile_reports())
def test_no_line_of_a_report_is_wider_than_a_terminal_or_controls_it(report: dict[str, Any]) -> None:
    require_fit(report_text(report))


@given(hostile_texts, st.integers(8, 120))
def test_a_text_that_is_shortened_or_folded_fits(text: str, width: int) -> None:
    assert width_of(shorten(text, width)) <= width
    lines = fold(text, width, "  ")
    assert all(width_of(line) <= width for line in lines)
    # Nothing but blanks is lost.
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(st.lists(st.text("abc'/ =", min_size=1, max_size=60).map(str.strip).filter(bool), min_size=1))
def test_a_long_command_goes_on_in_the_next_line(words: list[str]) -> None:
    lines = command_lines(words)
    assert all(len(line) <= WIDTH for line in lines)
    assert " ".join(line.removesuffix(" \\").strip() for line in lines) == " ".join(words)
