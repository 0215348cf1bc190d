# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages as a whole. What a stranger wrote must not change the structure of a page."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html import report_html
from tests.unit.support.audits import NOW, large_audit, one_in_trouble, quiet_audit
from tests.unit.support.report_samples import UNTRUSTED, plan_of, untrusted_reports
from tests.unit.support.results import by_host

MAX_BYTES = 2_000_000
VOID = {"meta", "br", "hr", "img", "input", "link", "base"}
ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "article",
        "figure",
        "figcaption",
    ),
    *(
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ul",
        "li",
        "dl",
        "div",
        "dt",
        "dd",
        "span",
        "strong",
        "time",
        "pre",
        "details",
        "summary",
    ),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "rect", "path", "polyline"),
}
ATTRIBUTES = {
    *(
        "aria-hidden",
        "aria-label",
        "charset",
        "class",
        "content",
        "d",
        "datetime",
        "height",
        "http-equiv",
        "lang",
        "name",
        "open",
    ),
    *("points", "preserveaspectratio", "role", "scope", "tabindex", "viewbox", "width", "x"),
}
# Texts that would do harm in a page that does not escape them.
HOSTILE = [
    UNTRUSTED,
    "<script>alert(1)</script>",
    "</td></tr></table></main><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus=alert(1) '",
    "</style><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    "-->]]><!--",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for x in range(9) %}{{ config }}{% endfor %}",
    "&lt;script&gt;&#60;script&#62;",
    "</pre></details><iframe src='http://evil.example'>",
    "\u202egpj.exe\u2066\x00\x1b[2J",
    "<!DOCTYPE html><base href=http://evil.example>",
]


class Structure(HTMLParser):
    """The elements of a page with their attributes, in order. Each end tag must belong to the open element."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append("<%s %s>" % (tag, " ".join(sorted(name for name, _value in attrs))))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self.tags.append("</%s>" % tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment: %r" % data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError("a processing instruction: %r" % data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError("a declaration: %r" % data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def assert_harmless(page: str) -> Structure:
    """Assert that a page has only known elements and attributes, none of which can load or run anything."""
    found = Structure(page)
    assert {re.split(r"[ >]", tag.strip("</"))[0] for tag in found.tags} <= ELEMENTS
    assert {name for _tag, name, _value in found.attributes} <= ATTRIBUTES
    assert page.startswith("<!DOCTYPE html>\n")
    assert page.count("<!") == 1
    return found


def replaced(value: Any, old: str, new: str) -> Any:
    """Return a report with a text replaced, in keys too."""
    if isinstance(value, dict):
        return {replaced(key, old, new): replaced(item, old, new) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    return value.replace(old, new) if isinstance(value, str) else value


def strange(text: str) -> dict[str, Any]:
    """Return an audit in which every text of a stranger is the same text."""
    report = one_in_trouble(name="STRANGE", login="STRANGE")
    facts = report["hosts"][1]["facts"]
    for name, values in facts["top"].items():
        facts["top"][name] = [{**value, "value": "STRANGE %d" % number} for number, value in enumerate(values)]
    facts["top"]["sasl_usernames"][0]["value"] = "STRANGE"
    for number, row in enumerate(facts["shape"]["domains"]):
        row["domain"] = "STRANGE %d" % number
    for found in (report["hosts"][1], report["fleet"]):
        found["groups"][0]["match"] = found["suggestions"][0]["match"] = [{"header": {"Subject": "STRANGE"}}]
        found["groups"][0]["traits"] = [{"trait": "STRANGE", "value": "STRANGE", "share": 1.0, "elsewhere": 0.0}]
        found["suggestions"][0].update(evidence_for=["STRANGE"], evidence_against=["STRANGE"])
    facts["suggestions_note"] = "STRANGE"
    report["hosts"][2]["problem"] = "STRANGE"
    report["over"][0]["threshold"] = "STRANGE"
    result: dict[str, Any] = replaced(report, "STRANGE", text)
    return result


@functools.lru_cache(maxsize=None)
def tags_of_harmless(is_printable: bool) -> list[str]:
    # A command with a host that cannot be copied is left out.
    return assert_harmless(report_html(strange("harmless" if is_printable else "harm\x7fless"))).tags


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_changes_no_structure(text: str) -> None:
    found = assert_harmless(report_html(strange(text)))
    assert found.tags == tags_of_harmless(text.isprintable())


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_changes_the_structure(text: str) -> None:
    # An empty or blank text may leave out a line, such as the one that explains a problem.
    found = assert_harmless(report_html(strange("x" + text)))
    assert found.tags == tags_of_harmless(text.isprintable())


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_a_report_of_each_kind_is_harmless(report: dict[str, Any]) -> None:
    harmless = replaced(report, UNTRUSTED, "harmless")
    found = assert_harmless(report_html(report))
    assert "owned" in found.text
    assert found.tags == Structure(report_html(harmless)).tags


def test_what_is_invisible_is_shown_as_an_escape() -> None:
    text = Structure(report_html(strange("\u202egpj.exe\x1b[2J"))).text
    assert "\\u202egpj.exe\\x1b[2J" in text
    assert not re.search("[\u202e\x1b\x00]", text)


def test_the_policy_allows_nothing_but_the_style_of_the_page() -> None:
    page = report_html(quiet_audit())
    ((policy),) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    ((style),) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.replace("&#39;", "'") == (
        "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'" % digest
    )
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"https?:|//", page)


def test_the_page_of_a_fleet_is_small_and_made_quickly() -> None:
    small, report = large_audit(250), large_audit(1000)
    report_html(quiet_audit())
    start = time.process_time()
    report_html(small)
    quarter = time.process_time() - start
    start = time.process_time()
    page = report_html(report)
    # Quadratic time would be 16 times as long.
    assert time.process_time() - start < 8 * quarter + 1
    assert len(page.encode()) < MAX_BYTES
    text = Structure(page).text
    assert all(row["host"] in text for row in report["hosts"])


def test_a_fleet_without_an_answer_is_small() -> None:
    trouble = {"unreachable": True, "msg": "Failed to connect to the host via ssh: %s" % ("<&>" * 500)}
    results = by_host("facts", {"mx%04d.mail.example.net" % number: trouble for number in range(1000)})
    assert len(report_html(audit_report(results, created=NOW)).encode()) < MAX_BYTES


def test_the_plan_of_a_fleet_is_small() -> None:
    results = by_host("plan", {"mx%04d.mail.example.net" % number: plan_of(number + 1) for number in range(1000)})
    assert len(report_html(plan_report(results, created=NOW)).encode()) < MAX_BYTES


@pytest.mark.parametrize(
    "report", [quiet_audit(), one_in_trouble(), *untrusted_reports()], ids=lambda report: report["kind"]
)
def test_a_screen_reader_finds_its_way(report: dict[str, Any]) -> None:
    found = Structure(report_html(report))
    tags = [re.split(r"[ >]", tag)[0] for tag in found.tags]
    for landmark in ("<header", "<main", "<footer", "<h1"):
        assert tags.count(landmark) == 1
    assert tags.count("<table") == tags.count("<caption")
    cells = [tag for tag in found.tags if tag.startswith("<th ")]
    assert all("scope" in tag for tag in cells)
    charts = [tag for tag in found.tags if tag.startswith("<svg ")]
    assert all("aria-hidden" in tag or "aria-label" in tag for tag in charts)


def test_a_page_that_is_no_report_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is no kind of report; known are audit, plan"):
        report_html({"kind": "x"})


def test_a_report_that_was_kept_as_json_has_the_same_page() -> None:
    report = one_in_trouble()
    assert report_html(json.loads(json.dumps(report))) == report_html(report)
