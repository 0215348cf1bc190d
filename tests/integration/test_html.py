# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML reports in a browser: nothing is loaded, nothing overflows, and axe-core finds nothing. This needs no lab."""

from __future__ import annotations

import base64
import importlib.metadata
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html import report_html
from tests.unit.support.audits import NOW, large_audit, one_in_trouble, quiet_audit
from tests.unit.support.report_samples import UNTRUSTED, plan_of, untrusted_reports
from tests.unit.support.results import FAILED, by_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-default-browser-check"),
    # Whatever the browser looks up has no address.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
# Of the other reports, the pages have the same parts.
WITH_AXE = ("trouble", "plan", "lockout-strange")
REPORTS: dict[str, dict[str, Any]] = {
    "quiet": quiet_audit(),
    "trouble": one_in_trouble(),
    "strange": one_in_trouble(name=UNTRUSTED, login=UNTRUSTED),
    "plan": plan_report(by_host("plan", {"mx01": plan_of(30), "mx02": plan_of(9), "mx03": FAILED}), created=NOW),
    **{report["kind"] + "-strange": report for report in untrusted_reports()},
}
# Opens every part that is closed, so that it is looked at, too.
OPEN_ALL = "document.querySelectorAll('details').forEach(part => { part.open = true; });"
AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ["violations"]}).then(
    result => done(result.violations.map(found => [found.id, found.nodes.map(node => node.html + ": " + node.failureSummary)])),
    error => done([["error", [String(error)]]]));
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the page of each report."""
    directory = tmp_path_factory.mktemp("pages")
    for name, report in {**REPORTS, "large": large_audit(1000)}.items():
        (directory / f"{name}.html").write_text(report_html(report), encoding="utf-8")
    return directory


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Chromium with an empty profile."""
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    assert driver, "chromedriver is missing: apt-get install chromium-driver"
    assert chromium, "chromium is missing: apt-get install chromium"
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options, Service(driver))
    started.set_script_timeout(60)
    try:
        yield started
    finally:
        started.quit()


def axe_source() -> str:
    found = importlib.metadata.distribution("axe-core-python").locate_file("axe_core_python/axe.min.js")
    return Path(str(found)).read_text(encoding="utf-8")


def show(browser: Chrome, page: Path, *, size: str = "desktop", scheme: str = "light", media: str = "") -> None:
    """Open a page, and assert that it loads nothing and that the browser has no complaint about it."""
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    browser.get_log("performance")
    browser.get(page.as_uri())
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    assert {request["request"]["url"] for request in sent} == {page.as_uri()}
    assert browser.get_log("browser") == []


def width_of_page(browser: Chrome) -> int:
    """Return how wide the page is, with everything that sticks out of it."""
    width: int = browser.execute_script("return document.documentElement.scrollWidth;")
    return width


@pytest.mark.parametrize("name", WITH_AXE)
def test_axe_finds_nothing(browser: Chrome, pages: Path, name: str) -> None:
    source = axe_source()
    for size, scheme in (("desktop", "light"), ("phone", "dark")):
        show(browser, pages / f"{name}.html", size=size, scheme=scheme)
        browser.execute_script(OPEN_ALL)
        browser.execute_script(source)
        assert browser.execute_async_script(AXE) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_and_has_the_colours_of_the_reader(browser: Chrome, pages: Path, size: str, scheme: str) -> None:
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 26)"}[scheme]
    for name in ("large", *REPORTS):
        show(browser, pages / f"{name}.html", size=size, scheme=scheme)
        browser.execute_script(OPEN_ALL)
        assert width_of_page(browser) <= SIZES[size][0], name
        assert browser.execute_script("return getComputedStyle(document.body).backgroundColor;") == paper


def test_the_first_screen_names_the_hosts_in_trouble(browser: Chrome, pages: Path) -> None:
    for size in SIZES:
        show(browser, pages / "trouble.html", size=size)
        seen = browser.execute_script(
            "return [...document.querySelectorAll('.headline')].filter(line => line.getBoundingClientRect().bottom < innerHeight)"
            ".map(line => line.textContent);"
        )
        assert "mx03" in seen[0]
        assert "mx02" in seen[1]


def test_a_page_prints_what_is_closed_on_the_screen(browser: Chrome, pages: Path) -> None:
    height = "return document.querySelector('details:not([open]) tbody').getBoundingClientRect().height;"
    show(browser, pages / "trouble.html", scheme="dark", media="print")
    assert browser.execute_script(height) > 0
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor;") == "rgb(255, 255, 255)"
    printed = browser.execute_cdp_cmd("Page.printToPDF", {})
    assert base64.b64decode(printed["data"]).startswith(b"%PDF-")


def test_no_script_runs(browser: Chrome, pages: Path, tmp_path: Path) -> None:
    """The policy of the page stops a script even if one could get into it."""
    page = tmp_path / "page.html"
    text = (pages / "quiet.html").read_text(encoding="utf-8")
    page.write_text(text.replace("<main>", "<main><script>document.title = 'owned'</script>"), encoding="utf-8")
    browser.get(page.as_uri())
    assert browser.title.startswith("Mail queues, ")
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))
