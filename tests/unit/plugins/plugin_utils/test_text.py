# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _text

AGES: list[tuple[int | None, str]] = [
    (None, "-"),
    (-5, "0s"),
    (0, "0s"),
    (59, "59s"),
    (60, "1m"),
    (3599, "59m"),
    (3600, "1h 0m"),
    (11_100, "3h 5m"),
    (86_399, "23h 59m"),
    (86_400, "1d 0h"),
    (183_700, "2d 3h"),
]
SIZES: list[tuple[int, str]] = [
    (0, "0 B"),
    (1023, "1023 B"),
    (1024, "1.0 KiB"),
    (1_258_291, "1.2 MiB"),
    (5 << 30, "5.0 GiB"),
    (3 << 40, "3.0 TiB"),
    (2048 << 40, "2048.0 TiB"),
]
CLIPS: list[tuple[str, int, str]] = [
    ("short", 5, "short"),
    ("longer", 5, "long…"),
    ("日本語です", 10, "日本語です"),
    ("日本語です", 9, "日本語で…"),
    ("日本語です", 8, "日本語…"),
    ("e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"),
    ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
]
LINES: list[tuple[str, str, str]] = [
    ("plain", "a@example.com", "a@example.com"),
    ("several lines", "one\n  two\r\nthree", "one two three"),
    ("colour", "\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("window title", "\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
    ("C1 control", "\x9b31m", "\\u009b31m"),
    ("right to left override", "a\u202ecod.exe", "a\\u202ecod.exe"),
    ("zero width", "a\u200bb", "a\\u200bb"),
    ("surrogate", "a\udc80b", "a\\x80b"),
    ("what is escaped already", "a\\x80b", "a\\x80b"),
    ("other scripts", "зоя@пример.example", "зоя@пример.example"),
]


@pytest.mark.parametrize(("seconds", "text"), AGES)
def test_age(seconds: int | None, text: str) -> None:
    assert _text.age(seconds) == text


@pytest.mark.parametrize(("count", "text"), SIZES)
def test_size(count: int, text: str) -> None:
    assert _text.size(count) == text


@pytest.mark.parametrize(("text", "width", "clipped"), CLIPS)
def test_clip(text: str, width: int, clipped: str) -> None:
    assert _text.clip(text, width) == clipped
    assert _text.width_of(_text.clip(text, width)) <= width


@pytest.mark.parametrize(("text", "line"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_one_line(text: str, line: str) -> None:
    assert _text.one_line(text) == line
    assert _text.one_line(text).isprintable()


def test_and_more() -> None:
    assert _text.and_more(["a", "b"]) == "a, b"
    assert _text.and_more("abcdefg") == "a, b, c, d, e and 2 more"


# A text, a width, and the text without its middle.
SHORTENED: list[tuple[str, int, str]] = [
    ("mx01", 4, "mx01"),
    ("mail-out-17.eu-central.example.com", 20, "mail-out-1…ample.com"),
    ("abcdefgh", 7, "abc…fgh"),
    ("abcdefgh", 6, "abcde…"),
    ("日本日本日本日本", 9, "日本…日本"),
]


@pytest.mark.parametrize(("text", "width", "shown"), SHORTENED)
def test_the_middle_of_a_long_text_is_left_out(text: str, width: int, shown: str) -> None:
    assert _text.shorten(text, width) == shown
    assert _text.width_of(shown) <= width


# A text, a width, and its lines.
FOLDED: list[tuple[str, int, list[str]]] = [
    ("", 10, [""]),
    ("one two", 10, ["one two"]),
    ("one two three", 8, ["one two", "  three"]),
    ("one two three", 7, ["one two", "  three"]),
    ("a bcdefghijkl", 8, ["a bcdefg", "  hijkl"]),
    ("abcdefghijkl", 6, ["abcdef", "  ghij", "  kl"]),
    ("日本日本", 5, ["日本", "  日", "  本"]),
]


@pytest.mark.parametrize(("text", "width", "lines"), FOLDED)
def test_a_long_text_is_folded(text: str, width: int, lines: list[str]) -> None:
    assert _text.fold(text, width, "  ") == lines
