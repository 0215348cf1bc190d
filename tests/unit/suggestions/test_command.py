# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.suggestions import __main__ as command
from tests.suggestions import parts
from tests.suggestions.bulk import INNOCENT
from tests.suggestions.floods import FLOODS
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Scene
from tests.suggestions.measure import Measured, Worth
from tests.suggestions.parts import Queue, measure_all, queues


def _measured(name: str, *, is_flooded: bool = True) -> Measured:
    worth = Worth(0, 0, 0, 50 if is_flooded else 0)
    return Measured(name, is_flooded, 1000, worth.spam, [], [], "note", worth, worth, [], [], [])


@pytest.fixture(name="wanted")
def _wanted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Queue]]:
    """Measure nothing, and yield the queues that are wanted. Each part has the kinds of development."""
    kept: list[Queue] = []

    def measure_all(wanted: Sequence[Queue]) -> Iterator[Measured]:
        kept.extend(wanted)
        return (_measured("%s, %d%%" % (queue.kind, queue.share)) for queue in wanted)

    def kinds() -> Sequence[Kind]:
        return FLOODS

    monkeypatch.setattr(command, "measure_all", measure_all)
    monkeypatch.setitem(parts.PARTS, "blind", kinds)
    monkeypatch.setitem(parts.PARTS, "corpus", kinds)
    parts.kinds_of.cache_clear()
    yield kept
    parts.kinds_of.cache_clear()


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["suggestions", *arguments])
    assert command.main() == 0


def test_one_kind_at_one_share_can_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wanted: list[Queue]
) -> None:
    _run(monkeypatch, "--only", "development", "--kind", "snowshoe", "--share", "30", "-v")
    assert wanted == [Queue("development", "snowshoe", 30)]
    printed = capsys.readouterr().out
    assert printed.startswith("snowshoe, 30%: 1000 messages, 50 spam\n  note: note\n")
    assert "### Development\n" in printed


def test_the_tables_of_all_parts_are_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: list[Queue]
) -> None:
    document = tmp_path / "suggestions.md"
    document.write_text("head\n<!-- made by `make suggestions` -->\nold\n<!-- end -->\ntail\n", encoding="utf-8")
    monkeypatch.setattr(command, "DOCUMENT", document)
    _run(monkeypatch, "--write")
    text = document.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        "### Development",
        "### Real mail, used for development",
        "### First blind set, used for development later",
        "### Second blind set",
        "### Third blind set",
    ]
    assert (text[:5], text[-5:], "\nold\n" in text) == ("head\n", "tail\n", False)
    assert {queue.part for queue in wanted} == {"development", "blind", "blind_two", "blind_three", "corpus"}


def test_a_part_of_the_tables_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["suggestions", "--write", "--only", "blind"])
    with pytest.raises(SystemExit):
        command.main()
    assert "--write writes all tables, so it cannot be used with --only, --kind or --share" in capsys.readouterr().err


def test_a_part_has_a_queue_for_each_kind_and_share() -> None:
    names = [kind.name for kind in FLOODS + INNOCENT]
    assert queues("development") == [Queue("development", name, share) for name in names for share in (5, 25, 80)]


def test_queues_are_measured_in_order_by_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(scene: Scene) -> Measured:
        return _measured(scene.name)

    monkeypatch.setattr(parts, "measure", measure)
    wanted = queues("development", name="backscatter")
    names = ["%s, %d%%" % (queue.kind, queue.share) for queue in wanted]
    assert [measured.name for measured in measure_all(wanted)] == names
