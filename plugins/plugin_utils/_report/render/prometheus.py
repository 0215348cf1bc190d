# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""An audit as metrics of Prometheus, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure.

The labels are host, queue and state. No address, account or client is in it. The samples have no time, because the textfile collector
of node_exporter accepts none.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import WITHOUT_ANSWER, State
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import LIKELY, POSSIBLE

PREFIX = "mailops_postfix_"
# The states that a host can have in an audit. Each has a series, so that it is 0 and not missing.
_STATES = tuple(state.value for state in (State.OK, *WITHOUT_ANSWER))

Labels = Mapping[str, str]


class Sample(NamedTuple):
    """A value with its labels."""

    value: float
    labels: Labels


class Metric(NamedTuple):
    """A gauge: its name without PREFIX, what it says, and its samples in a report."""

    name: str
    help: str
    samples: Callable[[Report], Iterator[Sample]]


def prometheus_text(report: Report) -> str:
    """Return the metrics of an audit. Raises ValueError for another kind of report."""
    return _text_of(METRICS, report)


def metrics_by_host(report: Report) -> dict[str, str]:
    """Return the metrics of each host that can be reached, {host: text}. Raises ValueError for another kind of report."""
    states = (State.OK.value, State.FAILED.value)
    return {row["host"]: host_metrics(report, row["host"]) for row in report["hosts"] if row["state"] in states}


def host_metrics(report: Report, host: str) -> str:
    """Return the metrics of one host of an audit, without those of the fleet. Raises ValueError for another kind of report."""
    rows = [row for row in report["hosts"] if row["host"] == host]
    over = [item for item in report.get("over") or () if item["host"] == host]
    return _text_of(HOST_METRICS, {**report, "hosts": rows, "over": over})


def _text_of(metrics: Sequence[Metric], report: Report) -> str:
    if report.get("kind") != "audit":
        raise ValueError("A report of kind %r has no metrics. Only an audit has some." % (report.get("kind"),))
    lines = []
    for metric in metrics:
        samples = list(metric.samples(report))
        if samples:
            name = PREFIX + metric.name
            lines += ["# HELP %s %s" % (name, metric.help), "# TYPE %s gauge" % name]
            lines += ["%s%s %s" % (name, _labels_text(sample.labels), _number(sample.value)) for sample in samples]
    return "".join("%s\n" % line for line in lines)


def _labels_text(labels: Labels) -> str:
    return "{%s}" % ",".join('%s="%s"' % (name, _escape(text)) for name, text in labels.items()) if labels else ""


def _escape(text: str) -> str:
    """Return the text of a label. A name that is not UTF-8 has surrogates, which the format does not allow."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    return str(value)


# --- samples --------------------------------------------------------------------------------------------------------


def _created(report: Report) -> Iterator[Sample]:
    yield Sample(report["created"], {})


def _host_counts(report: Report) -> Iterator[Sample]:
    counted = Counter(row["state"] for row in report["hosts"])
    for state in dict.fromkeys((*_STATES, *counted)):
        yield Sample(counted[state], {"state": state})


def _fleet_over(report: Report) -> Iterator[Sample]:
    yield Sample(sum(item["host"] is None for item in report.get("over") or ()), {})


def _host_states(report: Report) -> Iterator[Sample]:
    for row in report["hosts"]:
        for state in dict.fromkeys((*_STATES, row["state"])):
            yield Sample(int(row["state"] == state), {"host": row["host"], "state": state})


def _host_over(report: Report) -> Iterator[Sample]:
    counted = Counter(item["host"] for item in report.get("over") or ())
    for row in report["hosts"]:
        if row["facts"] is not None:
            yield Sample(counted[row["host"]], {"host": row["host"]})


def _of_hosts(measure: Callable[[Report, Row], float | None]) -> Callable[[Report], Iterator[Sample]]:
    """Return samples of each host that has the value."""

    def samples(report: Report) -> Iterator[Sample]:
        for row in report["hosts"]:
            value = None if row["facts"] is None else measure(report, row)
            if value is not None:
                yield Sample(value, {"host": row["host"]})

    return samples


def _of_queues(measure: Callable[[Report, Mapping[str, Any]], float | None]) -> Callable[[Report], Iterator[Sample]]:
    """Return samples of each queue that a host has read."""

    def samples(report: Report) -> Iterator[Sample]:
        for row in report["hosts"]:
            queues = (row["facts"] or {}).get("queues") or {}
            for queue in SELECTABLE_QUEUES:
                value = measure(report, queues[queue]) if queues.get(queue) else None
                if value is not None:
                    yield Sample(value, {"host": row["host"], "queue": queue})

    return samples


def _total(key: str) -> Callable[[Report, Row], float | None]:
    return lambda _report, row: (row["facts"].get("total") or {}).get(key)


def _oldest_age(report: Report, row: Row) -> float | None:
    return _age(report, row["facts"].get("total") or {})


def _age(report: Report, sums: Mapping[str, Any]) -> float | None:
    """Return how old the oldest message is: 0 without a message, None if it is not known."""
    if "oldest" not in sums:
        return None
    return 0 if sums["oldest"] is None else max(report["created"] - sums["oldest"], 0)


def _top_share(top: str) -> Callable[[Report, Row], float | None]:
    def measure(_report: Report, row: Row) -> float | None:
        values = (row["facts"].get("top") or {}).get(top)
        messages = (row["facts"].get("matched") or {}).get("messages") or 0
        return None if values is None else round(values[0]["messages"] / messages, 4) if values and messages else 0

    return measure


def _growth(_report: Report, row: Row) -> float | None:
    growth = row.get("growth")
    return None if growth is None else growth["messages"]


def _damaged(_report: Report, row: Row) -> float | None:
    scan = row["facts"].get("scan")
    return None if scan is None else len(scan.get("damaged") or ())


def _suspects(_report: Report, row: Row) -> float | None:
    return None if row["suspects"] is None else len(row["suspects"])


def _suggestions(confidence: str) -> Callable[[Report, Row], float | None]:
    def measure(_report: Report, row: Row) -> float | None:
        found = row.get("suggestions")
        return None if found is None else sum(rule["confidence"] == confidence for rule in found)

    return measure


# --- the table ------------------------------------------------------------------------------------------------------

HOST_METRICS: Sequence[Metric] = (
    Metric("audit_time_seconds", "When the audit was made, in seconds since the epoch.", _created),
    Metric(
        "host_state", "Whether the host has this state in the audit: 1 for its state, 0 for the others.", _host_states
    ),
    Metric("messages", "Messages in all queues of the host.", _of_hosts(_total("messages"))),
    Metric("recipients", "Pending recipients of all messages of the host.", _of_hosts(_total("recipients"))),
    Metric("size_bytes", "Size of all messages of the host.", _of_hosts(_total("bytes"))),
    Metric(
        "oldest_message_age_seconds", "Age of the oldest message of the host; 0 without one.", _of_hosts(_oldest_age)
    ),
    Metric("queue_messages", "Messages in a queue.", _of_queues(lambda _report, queue: queue.get("messages"))),
    Metric(
        "queue_size_bytes", "Size of the messages in a queue.", _of_queues(lambda _report, queue: queue.get("bytes"))
    ),
    Metric(
        "queue_oldest_message_age_seconds", "Age of the oldest message in a queue; 0 without one.", _of_queues(_age)
    ),
    Metric("growth_messages", "Messages more than in the last audit that the host answered.", _of_hosts(_growth)),
    Metric(
        "top_sender_share",
        "Share of the messages that are from the most frequent sender.",
        _of_hosts(_top_share("senders")),
    ),
    Metric(
        "top_account_share",
        "Share of the messages that are from one SASL login.",
        _of_hosts(_top_share("sasl_usernames")),
    ),
    Metric(
        "top_client_share", "Share of the messages that are from one client.", _of_hosts(_top_share("client_addresses"))
    ),
    Metric("damaged_files", "Queue files that are damaged, at most 20.", _of_hosts(_damaged)),
    Metric("suspects", "Accounts that stand out in the mail log.", _of_hosts(_suspects)),
    Metric("likely_suggestions", "Rules for what is likely a flood, at most 10.", _of_hosts(_suggestions(LIKELY))),
    Metric(
        "possible_suggestions", "Rules for what is possibly a flood, at most 10.", _of_hosts(_suggestions(POSSIBLE))
    ),
    Metric("exceeded_thresholds", "Thresholds that the host is over.", _host_over),
)
METRICS: Sequence[Metric] = (
    *HOST_METRICS,
    Metric("fleet_hosts", "Hosts of the fleet by state.", _host_counts),
    Metric("fleet_exceeded_thresholds", "Thresholds that the fleet as a whole is over.", _fleet_over),
)
