# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import Shape, ShapedText


def shaped(*subjects: str) -> ShapedText:
    """Return the shape of the first of several subjects."""
    return shapes.shape_all([shapes.subject_tokens(subject) for subject in subjects], shapes.render_subject)[0]


NUMBERED = ["Your invoice %d of May is overdue" % number for number in range(5)]
WORDY = ["Cheap %s today" % word for word in ("tea", "oil", "gas", "ink", "hay")]
LONG = ["%s word" % number + " and so on" * 200 for number in range(5)]


@pytest.mark.parametrize(
    ("subjects", "regex", "words"),
    [
        pytest.param(
            NUMBERED, r"/\A\s*Your\s+invoice\s+\d+\s+of\s+May\s+is\s+overdue\s*\Z/", 2, id="numbers are generalised"
        ),
        pytest.param(WORDY, r"/\A\s*Cheap\s+\S+\s+today\s*\Z/", 2, id="words that vary are left out"),
        pytest.param(
            ["A fixed (text) 7"] * 5, r"/\A\s*A\s+fixed\s+\(text\)\s+7\s*\Z/", 2, id="one text stays as it is"
        ),
        pytest.param(["one of a kind", *WORDY], r"/\A\s*one\s+of\s+a\s+kind\s*\Z/", 0, id="one of its length"),
        pytest.param(
            LONG,
            r"/\A\s*\d+\s+word" + r"\s+and\s+so\s+on" * 4 + r"\s+and\s+so/",
            1,
            id="a long one is looked at as far as its beginning",
        ),
    ],
)
def test_the_shape_of_subjects(subjects: list[str], regex: str, words: int) -> None:
    found = shaped(*subjects)
    assert (found.regex, found.words) == (regex, words)
    test = patterns.text_test(found.regex, "Subject")
    if subjects[0].startswith("one"):
        assert test(subjects[0])
    else:
        assert all(map(test, subjects))
    assert not test("something else")


def paths(*several: str) -> ShapedText:
    return shapes.shape_all([shapes.path_tokens(path) for path in several], shapes.render_path)[0]


@pytest.mark.parametrize(
    ("several", "pattern"),
    [
        pytest.param(["/offer/7f3a/claim.php"] * 4, "/offer/7f3a/claim.php", id="one path"),
        pytest.param(["/offer/claim"] * 4, "//offer/claim/i", id="one path that would be a regex"),
        pytest.param(
            ["/go/%s/claim" % word for word in ("ab", "cd", "ef", "gh")],
            r"//go/[^\s/?#]+/claim/",
            id="a part that varies",
        ),
    ],
)
def test_the_shape_of_paths(several: list[str], pattern: str) -> None:
    assert paths(*several).regex == pattern
    test = patterns.text_test(pattern, "body")
    assert all(test("see http://example.com%s?id=1" % path) for path in several)
    assert not test("see http://example.com/offer")


@pytest.mark.parametrize(
    "path", ["/unsubscribe", "/index.html", "/images/logo.png", "/contact", "/newsletter/unsubscribe", "/Impressum"]
)
def test_paths_of_ordinary_mail_have_no_significant_words(path: str) -> None:
    assert paths(*[path] * 4).words == 0
    assert paths(*[path + "/claim"] * 4).words == 1


def test_urls() -> None:
    text = "http://a.example/x/y?z=1 HTTPS://b.example:8443 <http://a.example/x/y#z> ftp://c.example/ http://[::1]/"
    assert shapes.urls(text) == (("a.example", "/x/y"), ("b.example", ""))
    assert len(shapes.urls(" ".join("http://h%d.example/" % number for number in range(50)))) == 20


@pytest.mark.parametrize(
    ("made", "value"),
    [
        pytest.param(shapes.address("a+b@example.com"), "a+b@example.com", id="address"),
        pytest.param(shapes.address(".a@example.com"), r"/\A\.a@example\.com\Z/", id="not a domain"),
        pytest.param(shapes.address("root"), r"/\Aroot\Z/", id="an address without domain"),
        pytest.param(shapes.address("/x/@y"), r"/\A/x/@y\Z/", id="not a regex"),
        pytest.param(shapes.domain("example.com"), "example.com", id="domain"),
        pytest.param(shapes.domain(".example.com"), r"/@\.example\.com\Z/", id="not its subdomains"),
        pytest.param(shapes.name("a@example.com"), "a@example.com", id="login"),
        pytest.param(shapes.name("[192.0.2.1]"), r"/\A\[192\.0\.2\.1\]\Z/", id="greeting"),
        pytest.param(shapes.containing("//a.example"), "//a.example", id="text"),
        pytest.param(shapes.containing("{{ x }}"), r"/\x7b\x7b\ x\ \x7d\x7d/i", id="not a template"),
        pytest.param(shapes.containing("a\nb"), r"/a\U0000000ab/i", id="unprintable"),
    ],
)
def test_values_are_written_for_rules(made: str, value: str) -> None:
    assert made == value


def test_escaped_text_matches_itself_and_is_not_a_template() -> None:
    text = "".join(map(chr, range(1, 0x250))) + "\udc80{{ x }}{% y %}{# z #}"
    escaped = shapes.escape(text)
    assert re.compile(r"\A%s\Z" % escaped).match(text)
    assert escaped.isprintable()
    assert not set(escaped) & set("{}")


def test_shapes_of_nothing() -> None:
    empty: list[tuple[str, ...]] = []
    assert shapes.shape_all(empty, shapes.render_subject) == []
    none: Shape = ()
    assert shapes.render_subject(none, shapes.escape) == r"/\A\s*\s*\Z/"
