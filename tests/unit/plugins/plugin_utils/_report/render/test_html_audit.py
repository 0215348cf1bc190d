# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.html_audit import (
    PANELS,
    Cell,
    audit_page,
)
from tests.unit.support.audits import (
    MINUTES,
    NOW,
    STOLEN,
    UNREACHABLE,
    flooded_facts,
    large_audit,
    one_in_trouble,
    quiet_audit,
    quiet_facts,
)
from tests.unit.support.results import by_host, facts_of


def test_a_host_in_trouble_has_a_panel() -> None:
    page = audit_page(one_in_trouble())
    (panel,) = page.panels
    assert (panel.host, panel.level, panel.state) == ("mx02", "trouble", "in trouble")
    assert panel.signs[0] == "The login %s stands out in the mail log and has 4,200 of 6,000 messages." % STOLEN
    assert len(panel.signs) == len(set(panel.signs))
    assert [queue.name for queue in panel.queues] == ["active", "deferred"]
    assert sum(queue.part.length for queue in panel.queues) == 100
    assert panel.tops[0].title == "Logins"
    assert [(value.text, value.messages, value.length) for value in panel.tops[0].bars] == [
        (STOLEN, 4200, 100),
        ("user2@example.test", 400, 9.5),
    ]
    assert [rule.confidence for rule in panel.suggestions] == ["likely", "possible"]
    assert [group.share for group in panel.groups] == ["70%", "10%"]
    (reasons,) = [top for top in panel.tops if top.is_long]
    assert (reasons.title, len(reasons.bars)) == ("Reasons", 5)


def test_hosts_without_an_answer_are_first() -> None:
    page = audit_page(one_in_trouble())
    assert page.silent == [("mx03", "unreachable", UNREACHABLE["msg"])]
    assert [row.host for row in page.rows] == ["mx03", "mx02", "mx01", "mx04"]
    assert page.rows[0].text == "connect to host mx03 port 22: Connection timed out"
    assert (page.rows[0].state, page.rows[0].messages, page.rows[0].oldest) == ("unreachable", "-", "-")


def test_the_fleet() -> None:
    page = audit_page(one_in_trouble())
    assert dict(page.figures)["hosts answered"] == "3 of 4"
    assert dict(page.figures)["messages"] == "6,058"
    assert page.suspects == [(STOLEN, 1)]
    assert [(group.share, group.messages) for group in page.groups] == [
        ("70%", "4,200 messages on 1 host"),
        ("10%", "about 600 messages on 1 host"),
    ]
    assert page.locks == ["lockout_locks:", '  - sasl_username: "%s"' % STOLEN]
    assert page.reasons[0].value.startswith("450 4.2.0 <address>: Recipient address rejected")
    assert page.reasons[0].hosts == 3
    assert "Reasons" not in [top.title for top in page.tops]


def test_a_name_that_cannot_be_locked_is_a_comment() -> None:
    page = audit_page(one_in_trouble(login="a\nb: c"))
    assert page.locks == ["lockout_locks: []", '# This name cannot be locked: "a\\nb: c"']


def test_the_shapes_of_hosts_are_added_up() -> None:
    page = audit_page(quiet_audit())
    assert page.heat is not None
    assert page.heat.minutes == [*MINUTES[:-1], "more"]
    names = [row.name for row in page.heat.rows]
    assert names[:2] == ["all domains", "destination0.example.org"]
    assert len(names) == len(set(names)) <= 13
    counts = [row.recipients for row in page.heat.rows[1:]]
    assert counts == sorted(counts, reverse=True)
    assert all(cell.level > 0 for row in page.heat.rows for cell in row.cells if cell.text)


def test_an_audit_without_tops_and_shapes() -> None:
    page = audit_page(audit_report(by_host("facts", {"mx01": facts_of(5)}), created=NOW))
    assert page.heat is None
    assert (page.tops, page.reasons, page.trends, page.panels) == ([], [], [], [])
    assert [row.messages for row in page.rows] == ["5"]


def test_the_selection_and_damaged_files_are_figures() -> None:
    facts = quiet_facts(20)
    facts["ansible_facts"]["postfix_queue"]["scan"]["damaged"] = [{"queue_id": "4A"}]
    report = audit_report(by_host("facts", {"mx01": facts}), created=NOW, selection={"match": [{"sender": "<>"}]})
    figures = dict(audit_page(report).figures)
    assert (figures["selected"], figures["damaged files"]) == ("20", "1")


def test_trends() -> None:
    page = audit_page(one_in_trouble())
    messages, oldest = page.trends
    assert messages.text == "now 6,058, at most 6,058 in 21 audits since 2026-11-25T21:00:00Z"
    assert messages.rows[0] == ("2026-11-25T21:00:00Z", "300")
    assert messages.rows[-1] == ("2026-11-26T17:00:00Z", "6,058")
    assert oldest.title == "Age of the oldest message"
    # mx04 was not audited before.
    assert [bool(row.trend) for row in page.rows] == [False, True, True, False]


def test_a_trend_names_the_hosts_that_did_not_answer() -> None:
    report = one_in_trouble(history=4)
    first, second, third, _fourth = report["history"]
    first["hosts"] = {"mx01": 40, "mx02": 200, "mx03": 60}
    second["hosts"] = {"mx01": 42, "mx03": 60}
    third["hosts"] = {}
    messages, oldest = audit_page(report).trends
    assert [value for _time, value in messages.rows] == [
        "300",
        "307 (without mx02)",
        "314 (without 3 hosts)",
        "321 (without mx03)",
        "6,058 (without mx03)",
    ]
    assert messages.text == (
        "now 6,058 (without mx03), at most 6,058 in 5 audits since 2026-11-26T13:00:00Z, "
        "4 of them without hosts that answered before"
    )
    assert oldest.rows[1][1].endswith(" (without mx02)")


def test_the_current_audit_is_counted_once() -> None:
    report = one_in_trouble(history=2)
    report["history"].append({"created": NOW, "messages": 1, "oldest_age": None, "hosts": {}})
    assert len(audit_page(report).trends[0].rows) == 3


def test_numbers_in_cells_are_short() -> None:
    facts = quiet_facts(10)
    buckets = [0, 999, 1000, 9999, 10_000, 999_999, 1_000_000, 25_000_000, 10**9, 5 * 10**9]
    row = {"domain": "example.org", "recipients": sum(buckets), "buckets": buckets}
    facts["ansible_facts"]["postfix_queue"]["shape"] = {"minutes": MINUTES, "total": buckets, "domains": [row]}
    heat = audit_page(audit_report(by_host("facts", {"mx01": facts}), created=NOW)).heat
    assert heat is not None
    assert [cell.text for cell in heat.rows[1].cells] == [
        *["", "999", "1.0k", "9.9k", "10k", "999k", "1.0M", "25M", "1G", "5G"],
    ]
    assert (heat.rows[1].cells[0], heat.rows[1].cells[9]) == (Cell("", 0), Cell("5G", 5))


def test_panels_are_bounded() -> None:
    results = by_host("facts", {"mx%03d" % number: flooded_facts(500) for number in range(60)})
    results.update(by_host("facts", {"down%03d" % number: UNREACHABLE for number in range(60)}))
    page = audit_page(audit_report(results, created=NOW))
    assert (len(page.panels), len(page.silent), len(page.rows)) == (PANELS, PANELS, 120)
    assert page.more_panels == 2 * (60 - PANELS)


def test_the_worst_hosts_of_many_are_compared_first() -> None:
    page = audit_page(large_audit(200))
    assert len(page.rows) == 200
    assert page.first_rows == page.rows[:12]
