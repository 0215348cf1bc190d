# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.prometheus import (
    HOST_METRICS,
    METRICS,
    PREFIX,
    host_metrics,
    prometheus_text,
)
from tests.unit.support.audits import suggestion_of
from tests.unit.support.report_samples import NOW, UNTRUSTED, facts_of, untrusted_reports
from tests.unit.support.results import UNREACHABLE, by_host

PROMTOOL = Path(__file__).resolve().parents[6] / ".cache" / "promtool"
HISTORY = [{"created": NOW - 3600, "messages": 3, "oldest_age": 60, "hosts": {"mx01": 3}}]
# A name that is hard to quote, with a byte that is not UTF-8.
STRANGE_HOST = 'mx"\\\n\udcff{}'


def facts(messages: int) -> dict[str, Any]:
    """Return a result of postfix_queue_facts with all that has a metric."""
    result = facts_of(messages, sender=UNTRUSTED)
    queue_facts = result["ansible_facts"]["postfix_queue"]
    for figures in queue_facts["queues"].values():
        if figures is not None:
            figures.update(bytes=1024 * figures["messages"], oldest=NOW - 7200 if figures["messages"] else None)
    queue_facts["top"]["client_addresses"] = [{"value": "192.0.2.7", "messages": 1}]
    queue_facts["suggestions"] = [
        suggestion_of({"sender": UNTRUSTED}, confidence="likely"),
        *(suggestion_of({"recipient": UNTRUSTED}),) * 2,
    ]
    queue_facts["scan"] = {"damaged": [{"queue_id": "4A", "problem": "x"}]}
    return result


def audit() -> dict[str, Any]:
    """Return a report with a sample of each metric."""
    results = {
        "mx01": {"facts": facts(5), "log": {"log": {"suspects": [{"sasl_username": UNTRUSTED}]}}},
        STRANGE_HOST: {"facts": facts_of(0)},
        "mx03": {"facts": UNREACHABLE},
    }
    return audit_report(results, created=NOW, history=HISTORY, thresholds={"messages": 4, "fleet_messages": 4})


MX01 = """\
# HELP mailops_postfix_audit_time_seconds When the audit was made, in seconds since the epoch.
# TYPE mailops_postfix_audit_time_seconds gauge
mailops_postfix_audit_time_seconds 1795176000
# HELP mailops_postfix_host_state Whether the host has this state in the audit: 1 for its state, 0 for the others.
# TYPE mailops_postfix_host_state gauge
mailops_postfix_host_state{host="mx01",state="ok"} 1
mailops_postfix_host_state{host="mx01",state="missing"} 0
mailops_postfix_host_state{host="mx01",state="unreachable"} 0
mailops_postfix_host_state{host="mx01",state="timed_out"} 0
mailops_postfix_host_state{host="mx01",state="connection_refused"} 0
mailops_postfix_host_state{host="mx01",state="failed"} 0
# HELP mailops_postfix_messages Messages in all queues of the host.
# TYPE mailops_postfix_messages gauge
mailops_postfix_messages{host="mx01"} 5
# HELP mailops_postfix_recipients Pending recipients of all messages of the host.
# TYPE mailops_postfix_recipients gauge
mailops_postfix_recipients{host="mx01"} 10
# HELP mailops_postfix_size_bytes Size of all messages of the host.
# TYPE mailops_postfix_size_bytes gauge
mailops_postfix_size_bytes{host="mx01"} 5120
# HELP mailops_postfix_oldest_message_age_seconds Age of the oldest message of the host; 0 without one.
# TYPE mailops_postfix_oldest_message_age_seconds gauge
mailops_postfix_oldest_message_age_seconds{host="mx01"} 7200
# HELP mailops_postfix_queue_messages Messages in a queue.
# TYPE mailops_postfix_queue_messages gauge
mailops_postfix_queue_messages{host="mx01",queue="maildrop"} 0
mailops_postfix_queue_messages{host="mx01",queue="incoming"} 0
mailops_postfix_queue_messages{host="mx01",queue="active"} 0
mailops_postfix_queue_messages{host="mx01",queue="deferred"} 5
mailops_postfix_queue_messages{host="mx01",queue="hold"} 0
# HELP mailops_postfix_queue_size_bytes Size of the messages in a queue.
# TYPE mailops_postfix_queue_size_bytes gauge
mailops_postfix_queue_size_bytes{host="mx01",queue="maildrop"} 0
mailops_postfix_queue_size_bytes{host="mx01",queue="incoming"} 0
mailops_postfix_queue_size_bytes{host="mx01",queue="active"} 0
mailops_postfix_queue_size_bytes{host="mx01",queue="deferred"} 5120
mailops_postfix_queue_size_bytes{host="mx01",queue="hold"} 0
# HELP mailops_postfix_queue_oldest_message_age_seconds Age of the oldest message in a queue; 0 without one.
# TYPE mailops_postfix_queue_oldest_message_age_seconds gauge
mailops_postfix_queue_oldest_message_age_seconds{host="mx01",queue="maildrop"} 0
mailops_postfix_queue_oldest_message_age_seconds{host="mx01",queue="incoming"} 0
mailops_postfix_queue_oldest_message_age_seconds{host="mx01",queue="active"} 0
mailops_postfix_queue_oldest_message_age_seconds{host="mx01",queue="deferred"} 7200
mailops_postfix_queue_oldest_message_age_seconds{host="mx01",queue="hold"} 0
# HELP mailops_postfix_growth_messages Messages more than in the last audit that the host answered.
# TYPE mailops_postfix_growth_messages gauge
mailops_postfix_growth_messages{host="mx01"} 2
# HELP mailops_postfix_top_sender_share Share of the messages that are from the most frequent sender.
# TYPE mailops_postfix_top_sender_share gauge
mailops_postfix_top_sender_share{host="mx01"} 1.0
# HELP mailops_postfix_top_account_share Share of the messages that are from one SASL login.
# TYPE mailops_postfix_top_account_share gauge
mailops_postfix_top_account_share{host="mx01"} 0
# HELP mailops_postfix_top_client_share Share of the messages that are from one client.
# TYPE mailops_postfix_top_client_share gauge
mailops_postfix_top_client_share{host="mx01"} 0.2
# HELP mailops_postfix_damaged_files Queue files that are damaged, at most 20.
# TYPE mailops_postfix_damaged_files gauge
mailops_postfix_damaged_files{host="mx01"} 1
# HELP mailops_postfix_suspects Accounts that stand out in the mail log.
# TYPE mailops_postfix_suspects gauge
mailops_postfix_suspects{host="mx01"} 1
# HELP mailops_postfix_likely_suggestions Rules for what is likely a flood, at most 10.
# TYPE mailops_postfix_likely_suggestions gauge
mailops_postfix_likely_suggestions{host="mx01"} 1
# HELP mailops_postfix_possible_suggestions Rules for what is possibly a flood, at most 10.
# TYPE mailops_postfix_possible_suggestions gauge
mailops_postfix_possible_suggestions{host="mx01"} 2
# HELP mailops_postfix_exceeded_thresholds Thresholds that the host is over.
# TYPE mailops_postfix_exceeded_thresholds gauge
mailops_postfix_exceeded_thresholds{host="mx01"} 1
"""


def test_the_metrics_of_a_host() -> None:
    assert host_metrics(audit(), "mx01") == MX01


def test_a_host_without_an_answer_has_only_its_state() -> None:
    text = host_metrics(audit(), "mx03")
    assert re.findall(r"^[^#{ ]+", text, re.MULTILINE) == [
        "mailops_postfix_audit_time_seconds",
        *["mailops_postfix_host_state"] * 6,
    ]
    assert 'mailops_postfix_host_state{host="mx03",state="unreachable"} 1\n' in text


def test_the_metrics_of_the_fleet() -> None:
    lines = prometheus_text(audit()).splitlines()
    assert [line for line in lines if line.startswith("mailops_postfix_fleet_")] == [
        'mailops_postfix_fleet_hosts{state="ok"} 2',
        'mailops_postfix_fleet_hosts{state="missing"} 0',
        'mailops_postfix_fleet_hosts{state="unreachable"} 1',
        'mailops_postfix_fleet_hosts{state="timed_out"} 0',
        'mailops_postfix_fleet_hosts{state="connection_refused"} 0',
        'mailops_postfix_fleet_hosts{state="failed"} 0',
        "mailops_postfix_fleet_exceeded_thresholds 1",
    ]
    assert 'mailops_postfix_messages{host="mx\\"\\\\\\n\ufffd{}"} 0' in lines


def test_each_metric_has_one_help_and_one_type_and_its_samples_follow() -> None:
    text = prometheus_text(audit())
    names = [PREFIX + metric.name for metric in METRICS]
    assert re.findall(r"^# HELP (\S+)", text, re.MULTILINE) == names
    assert re.findall(r"^# TYPE (\S+) gauge$", text, re.MULTILINE) == names
    blocks = re.split(r"^# HELP ", text, flags=re.MULTILINE)[1:]
    assert all(set(re.findall(r"^mailops_\w+", block, re.MULTILINE)) == {name} for name, block in zip(names, blocks))


def test_labels_are_host_queue_and_state_and_nothing_is_of_a_stranger() -> None:
    text = prometheus_text(audit())
    assert set(re.findall(r'[{,](\w+)="', text)) == {"host", "queue", "state"}
    assert "owned" not in text
    assert "@" not in text
    assert "192.0.2.7" not in text


def test_a_fleet_without_hosts_has_metrics() -> None:
    assert "mailops_postfix_audit_time_seconds 1795176000\n" in prometheus_text(audit_report({}, created=NOW))


def test_facts_that_were_not_gathered_have_no_metric() -> None:
    bare = {"ansible_facts": {"postfix_queue": {"matched": {"messages": 2, "bytes": 20, "recipients": 2}}}}
    text = host_metrics(audit_report(by_host("facts", {"a": bare}), created=NOW), "a")
    names = dict.fromkeys(re.findall(r"^mailops_postfix_(\w+)", text, re.MULTILINE))
    assert list(names) == ["audit_time_seconds", "host_state", "exceeded_thresholds"]


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_only_an_audit_has_metrics(report: dict[str, Any]) -> None:
    if report["kind"] == "audit":
        assert prometheus_text(report)
        return
    with pytest.raises(ValueError, match=r"\AA report of kind '\w+' has no metrics\. Only an audit has some\.\Z"):
        prometheus_text(report)


def test_the_client_library_reads_the_same() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    families = {family.name: family for family in parser.text_string_to_metric_families(prometheus_text(audit()))}
    assert list(families) == [PREFIX + metric.name for metric in METRICS]
    assert {family.type for family in families.values()} == {"gauge"}
    hosts = {sample.labels["host"]: sample.value for sample in families["mailops_postfix_messages"].samples}
    assert hosts == {"mx01": 5.0, 'mx"\\\n\ufffd{}': 0.0}
    assert all(sample.timestamp is None for family in families.values() for sample in family.samples)
    assert len(HOST_METRICS) == len(METRICS) - 2


@pytest.mark.parametrize("text", [prometheus_text(audit()), MX01], ids=["fleet", "host"])
def test_promtool_finds_nothing(text: str) -> None:
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_alert_rules_of_the_documentation_are_rules_on_our_metrics(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[6] / "docs" / "monitoring.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"```yaml\n(groups:\n.*?)```", page, re.DOTALL)
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    checked = subprocess.run(
        [PROMTOOL, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    assert set(re.findall(r"mailops_postfix_\w+", rules)) - {"mailops_postfix"} <= {
        PREFIX + metric.name for metric in METRICS
    }


def test_each_metric_is_in_the_documentation() -> None:
    page = (Path(__file__).resolve().parents[6] / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(mailops_postfix_\w+)`", page)) == {PREFIX + metric.name for metric in METRICS}
