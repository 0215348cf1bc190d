# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as an operator runs them: what they report is compared with the recorded mixture, what they do with the spool."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import make_fleet_plan, write_fleet_plan
from tests.fleet.lab import NEWEST_RELEASE, OLDEST_RELEASE, Host, Lab
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.playbooks import Playbooks
from tests.integration.test_quarantine import clear

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

    Spools = dict[str, dict[tuple[str, str], str]]

MESSAGES = 80
SPAM: dict[str, Any] = {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)}


@pytest.fixture
def playbooks(controller: Controller, tmp_path: Path) -> Playbooks:
    return Playbooks(controller, tmp_path / "reports")


class Filled:
    """A mixture on each host; filling takes its time, so it is left to the next test where it was left alone."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._records: dict[str, list[Record]] = {}
        self._spools: Spools = {}

    def records(self) -> dict[str, list[Record]]:
        """Return what is in the queues, all of it deferred and quiet."""
        if not self._records or spools(self._lab) != self._spools:
            self._lab.sink.reset()
            self.empty()
            self._records = self._lab.fill("incident", MESSAGES)
            self._spools = spools(self._lab)
        return self._records

    def empty(self) -> None:
        for host in self._lab.hosts:
            host.run(["postsuper", "-d", "ALL"])


@pytest.fixture(scope="module")
def filled(lab: Lab) -> Iterator[Filled]:
    filled = Filled(lab)
    yield filled
    filled.empty()


@pytest.fixture
def mixture(filled: Filled) -> dict[str, list[Record]]:
    """Some spam and some ham on each host, as it was recorded."""
    return filled.records()


def spools(lab: Lab) -> Spools:
    """Return the SHA-256 of every queue file of every host."""
    return {host.name: host.spool_files() for host in lab.hosts}


def ids(records: list[Record], *, spam: bool) -> set[str]:
    return {record.queue_id for record in records if record.is_spam == spam}


def only(spool: Mapping[tuple[str, str], str], queue_ids: set[str]) -> dict[tuple[str, str], str]:
    """Return the part of a spool that has these queue IDs."""
    return {key: digest for key, digest in spool.items() if key[1] in queue_ids}


@contextmanager
def unplugged(host: Host, lab: Lab) -> Iterator[None]:
    """Cut a host off the network, with the connection that Ansible keeps open to it."""
    (lab.directory / f"ops@{host.address}").unlink(missing_ok=True)
    host.cut()
    try:
        yield
    finally:
        host.join()


# --- audit ----------------------------------------------------------------------------------------------------------


def test_audit_reports_what_the_mixture_is(playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]) -> None:
    run = playbooks.run("audit")
    assert run.status == 0, run.output
    assert run.recap("changed") == dict.fromkeys(mixture, 0)
    assert run.lines[1] == "4 of 4 hosts answered."
    assert run.lines[4].split()[:6] == ["host", "state", "incoming", "active", "deferred", "hold"]
    for host in lab.hosts:
        records = mixture[host.name]
        recipients = Counter(address for record in records for address in set(record.pending))
        row = run.row(host.name)
        assert row[1:6] == ["ok", "0", "0", str(MESSAGES), "0"]
        logins = Counter(record.sasl_username for record in records if record.sasl_username)
        login, messages = logins.most_common(1)[0]
        assert row[7:9] == [f"login {login}", str(messages)]
        assert row[10].rpartition(" ")[2] == "(%d)" % recipients.most_common(1)[0][1]
        place = run.lines.index(next(line for line in run.lines if line.startswith(f"{host.name}  login")))
        assert re.fullmatch(r" +4\d\d 4\.\d\.\d+ .* \(\d+\)", run.lines[place + 1])


def test_audit_keeps_its_reports_for_operators_only(playbooks: Playbooks, mixture: dict[str, list[Record]]) -> None:
    run = playbooks.run("audit", "--limit", "mx01,mx02")
    assert run.status == 0, run.output
    report = run.report("audit")
    assert [row["host"] for row in report["hosts"]] == ["mx01", "mx02"]
    assert report["fleet"]["total"]["messages"] == 2 * MESSAGES
    stolen = sum(record.sasl_username == "stolen@example.test" for name in ("mx01", "mx02") for record in mixture[name])
    top = report["fleet"]["top"]["sasl_usernames"][0]
    assert (top["value"], top["messages"]) == ("stolen@example.test", stolen)
    assert run.markdown("audit").count("\n| `mx0") == 2
    modes = {
        re.sub(r"-\d{8}T\d{6}\.\d{6}Z", "-TIME", path.name): path.stat().st_mode & 0o777
        for path in (run.directory, *run.directory.iterdir())
    }
    names = [f"{name}.{suffix}" for name in ("audit-TIME", "audit") for suffix in ("json", "md", "html")]
    assert modes == {"reports": 0o700, **dict.fromkeys(names, 0o600)}
    # The next report is kept next to it.
    assert playbooks.run("audit", "--limit", "mx01").status == 0
    assert len(list(run.directory.glob("audit-*.json"))) == 2
    assert [row["host"] for row in run.report("audit")["hosts"]] == ["mx01"]


def test_audit_of_a_selection(playbooks: Playbooks, mixture: dict[str, list[Record]]) -> None:
    run = playbooks.run(
        "audit", "--limit", "mx01", queue_audit_match=list(SPAM_MATCH), queue_audit_exclude=list(SPAM_EXCLUDE)
    )
    assert run.row("mx01")[1:7] == ["ok", "0", "0", str(MESSAGES), "0", str(len(ids(mixture["mx01"], spam=True)))]


def test_audits_on_a_schedule_have_growth_metrics_and_thresholds(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]], tmp_path: Path
) -> None:
    textfile, collector = tmp_path / "fleet.prom", "/var/lib/node_exporter"
    for name in ("mx01", "mx02"):
        lab.host(name).run(["mkdir", "-p", collector])
    limit = ("--limit", "mx01,mx02")
    first = playbooks.run("audit", *limit, queue_audit_gather=["counts"])
    assert first.status == 0, first.output
    run = playbooks.run(
        "audit",
        *limit,
        queue_audit_thresholds={"messages": MESSAGES - 1, "growth_messages": 0, "fleet_messages": 2 * MESSAGES - 1},
        queue_audit_textfile=str(textfile),
        queue_audit_node_exporter_directory=collector,
        mailops_redact_key="a key that is long enough",
    )
    assert run.status == 2
    assert run.recap("failed") == {"mx01": 1, "mx02": 1}
    text = f"The host is over its thresholds: messages: {MESSAGES}, allowed are {MESSAGES - 1}."
    assert text in run.output
    assert f"The fleet is over its thresholds: fleet_messages: {2 * MESSAGES}, allowed are" in run.output
    report = max(playbooks.directory.glob("audit-*.json")).read_text(encoding="utf-8")
    assert [(item["host"], item["threshold"], item["value"]) for item in json.loads(report)["over"]] == [
        (None, "fleet_messages", 2 * MESSAGES),
        ("mx01", "messages", MESSAGES),
        ("mx02", "messages", MESSAGES),
    ]
    assert [point["hosts"] for point in json.loads(report)["history"]] == [{"mx01": MESSAGES, "mx02": MESSAGES}]
    assert [row["growth"]["messages"] for row in json.loads(report)["hosts"]] == [0, 0]
    addresses = {record.sender for record in mixture["mx01"] if record.sender}
    assert not [address for address in addresses if address in report or address in run.output]

    assert f'mailops_postfix_messages{{host="mx01"}} {MESSAGES}\n' in textfile.read_text(encoding="utf-8")
    for name, other in (("mx01", "mx02"), ("mx02", "mx01")):
        path = f"{collector}/mailops_postfix.prom"
        assert lab.host(name).run(["stat", "-c", "%a %U", path]).stdout.split() == ["644", "root"]
        own = lab.host(name).run(["cat", path]).stdout
        assert f'mailops_postfix_exceeded_thresholds{{host="{name}"}} 1\n' in own
        assert other not in own


def test_audit_in_check_mode_writes_nothing(playbooks: Playbooks) -> None:
    run = playbooks.run("audit", "--limit", "mx01", "--check", "--diff")
    assert run.status == 0, run.output
    assert run.lines[1] == "1 of 1 hosts answered."
    assert not playbooks.directory.exists()


@pytest.mark.usefixtures("mixture")
def test_audit_names_hosts_that_cannot_be_asked(playbooks: Playbooks, lab: Lab) -> None:
    broken = lab.host("mx03")
    broken.run(["mv", "/etc/postfix", "/etc/postfix.away"])
    try:
        with unplugged(lab.host("mx04"), lab):
            run = playbooks.run("audit")
    finally:
        broken.run(["mv", "/etc/postfix.away", "/etc/postfix"])
    assert run.status == 2
    assert run.lines[1] == "2 of 4 hosts answered."
    assert [run.row(name)[1] for name in ("mx01", "mx02", "mx03", "mx04")] == ["ok", "ok", "failed", "unreachable"]
    report = run.report("audit")
    assert {row["host"]: row["state"] for row in report["hosts"]} == {
        "mx01": "ok",
        "mx02": "ok",
        "mx03": "failed",
        "mx04": "unreachable",
    }
    problems = report["problems"]
    assert set(problems) == {"mx03", "mx04"}
    assert problems["mx03"] == (
        "postconf fails for the instance in /etc/postfix: there is no such directory. Name a directory that holds a "
        "main.cf."
    )
    assert "`mx04`: `unreachable: " in run.markdown("audit")
    assert run.recap("failed") == {
        "mx01": 0,
        "mx02": 0,
        "mx03": 1,
        "mx04": 1,
    }


@pytest.mark.usefixtures("mixture")
def test_audit_where_no_host_answers_still_reports(playbooks: Playbooks, lab: Lab) -> None:
    with unplugged(lab.host("mx04"), lab):
        run = playbooks.run("audit", "--limit", "mx04")
    assert run.status == 2
    assert run.lines[1] == "0 of 1 hosts answered."
    assert run.row("mx04")[1] == "unreachable"


# --- plan, cleanup --------------------------------------------------------------------------------------------------


def test_spam_goes_ham_stays_and_a_second_run_changes_nothing(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]
) -> None:
    before = spools(lab)
    spam = {name: len(ids(records, spam=True)) for name, records in mixture.items()}

    plan = playbooks.run("plan", "--diff", **SPAM)
    assert plan.status == 0, plan.output
    assert plan.completed.stdout.count("--- before: queues") == len(lab.hosts)
    assert plan.recap("changed") == dict.fromkeys(mixture, 1)
    assert {name: plan.row(name)[1:3] for name in mixture} == {name: ["planned", str(n)] for name, n in spam.items()}
    plans = playbooks.directory / "runs"
    assert {path.name: path.stat().st_mode & 0o777 for path in (plans / "latest" / "plans").glob("*.json")} == {
        f"{name}.json": 0o600 for name in mixture
    }

    two = [lab.host_of(release).name for release in (OLDEST_RELEASE, NEWEST_RELEASE)]
    limit = ("--limit", ",".join(two))
    check = playbooks.run("cleanup", *limit, "--check", "--diff", mailops_serial="100%", **SPAM)
    assert check.status == 0, check.output
    assert check.completed.stdout.count("--- before: queues") == len(two)
    assert {name: check.row(name)[1:4] for name in two} == {
        name: ["would clean", str(spam[name]), str(spam[name])] for name in two
    }
    assert spools(lab) == before
    assert not list(playbooks.directory.glob("cleanup*"))

    run = playbooks.run("cleanup", mailops_serial=2, queue_cleanup_run=str(plans), queue_cleanup_reason="ticket 4711")
    assert run.status == 0, run.output
    assert run.recap("changed") == dict.fromkeys(mixture, 1)
    report = run.report("cleanup")
    assert [group["hosts"] for group in report["rules"]] == [list(mixture)]
    assert {row["host"]: row["purged"]["messages"] for row in report["hosts"]} == spam
    assert all((row["state"], row["left"], row["arrived"]) == ("cleaned", 0, 0) for row in report["hosts"])
    after = spools(lab)
    assert after == {name: only(before[name], ids(records, spam=False)) for name, records in mixture.items()}
    assert b"reason=ticket 4711" in lab.host("mx01").get("/var/log/mail.log")

    # A run that is done is reported again; new plans have nothing in them.
    for variables, state in (({"queue_cleanup_run": str(plans)}, "cleaned"), (SPAM, "nothing to do")):
        again = playbooks.run("cleanup", *limit, mailops_serial="100%", **variables)
        assert again.status == 0, again.output
        assert again.recap("changed") == dict.fromkeys(two, 0)
        assert {name: again.row(name)[1] for name in two} == dict.fromkeys(two, state)
    assert spools(lab) == after


LIMITS: list[tuple[str, dict[str, Any], str]] = [
    (
        "fleet",
        {"queue_cleanup_fleet_max_messages": -1},
        "The plans have {all} messages on 2 hosts, queue_cleanup_fleet_max_messages allows {limit}.",
    ),
    (
        "host",
        {"queue_cleanup_max_messages": 5},
        (
            "mx03: The selection has {mx03} messages, max_messages allows 5; nothing was touched. "
            "Narrow the selection or raise max_messages."
        ),
    ),
]


@pytest.mark.parametrize(("variables", "message"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_beyond_a_limit_no_host_is_touched(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]], variables: dict[str, Any], message: str
) -> None:
    before = spools(lab)
    spam = {name: len(ids(mixture[name], spam=True)) for name in ("mx02", "mx03")}
    everything = sum(spam.values())
    limits = {name: everything - 1 if limit < 0 else limit for name, limit in variables.items()}
    run = playbooks.run("cleanup", "--limit", ",".join(spam), **SPAM, **limits)
    assert run.status == 2
    assert message.format(all=everything, limit=everything - 1, **spam) in run.output
    assert "Nothing was touched on any host." in run.output
    assert spools(lab) == before


@pytest.mark.usefixtures("mixture")
def test_bad_plans_are_refused_and_stop_the_hosts_after_them(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]
) -> None:
    assert playbooks.run("plan", "--limit", "mx02,mx03", **SPAM).status == 0
    plans = playbooks.directory / "runs" / "latest" / "plans"
    shutil.copy(plans / "mx02.json", plans / "mx01.json")
    before = spools(lab)
    refused = playbooks.run("cleanup", queue_cleanup_run=str(plans.parent))
    assert refused.status == 2
    assert (
        "The fleet plan has no plan for mx01, but its directory has one; nothing was touched. Make a new plan with the playbook "
        "mailops.postfix.plan." in refused.output
    )
    assert spools(lab) == before

    put_together(plans.parent)
    run = playbooks.run("cleanup", queue_cleanup_run=str(plans.parent))
    assert run.status == 2
    assert [run.row(name)[1] for name in ("mx01", "mx02", "mx03", "mx04")] == [
        "failed",
        "stopped",
        "stopped",
        "no plan",
    ]
    report = run.report("cleanup-*")
    assert [row["state"] for row in report["hosts"]] == ["failed", "stopped", "stopped", "no_plan"]
    problems = report["problems"]
    assert (
        problems["mx01"]
        == "The plan was made on mx02.example.test, this is mx01.example.test; nothing was touched. Apply it there."
    )
    assert problems["mx02"] == "Nothing was touched here, because an earlier host failed."
    assert problems["mx04"] == "There is no plan for this host: make one, or leave the host out."
    assert spools(lab) == before

    go_on = playbooks.run(
        "cleanup", "--limit", "mx01,mx02", queue_cleanup_run=str(plans.parent), queue_cleanup_stop_on_failure=False
    )
    assert go_on.status == 2
    assert [go_on.row(name)[1] for name in ("mx01", "mx02")] == ["failed", "cleaned"]
    assert lab.host("mx01").spool_files() == before["mx01"]
    assert lab.host("mx02").spool_files() == only(before["mx02"], ids(mixture["mx02"], spam=False))


def put_together(run: Path) -> None:
    """Make a fleet plan of all plans in the directory of a run, as if they had been made in it."""
    plans = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((run / "plans").glob("*.json"))}
    made = make_fleet_plan(plans, created=int(time.time()), method="delete", limits={})
    write_fleet_plan(run / "fleet_plan.json", made)


def test_an_unreachable_host_is_named_and_the_others_are_cleaned(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]
) -> None:
    limit = ("--limit", "mx01,mx02,mx04")
    before = spools(lab)
    stale = playbooks.directory / "runs" / "20200101T000000.000000Z" / "plans" / "mx04.json"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}", encoding="utf-8")
    with unplugged(lab.host("mx04"), lab):
        plan = playbooks.run("plan", *limit, **SPAM)
        run = playbooks.run("cleanup", *limit, mailops_serial="100%", **SPAM)
    assert plan.status == 2
    assert plan.row("mx04")[1] == "unreachable"
    # What was planned before is neither lost nor carried out.
    assert stale.read_text(encoding="utf-8") == "{}"
    plans = playbooks.directory / "runs" / "latest" / "plans"
    assert sorted(path.name for path in plans.glob("*.json")) == ["mx01.json", "mx02.json"]
    assert run.status == 2
    assert [run.row(name)[1] for name in ("mx01", "mx02", "mx04")] == ["cleaned", "cleaned", "unreachable"]
    assert set(run.report("cleanup-*")["problems"]) == {"mx04"}
    cleaned = {name: only(before[name], ids(mixture[name], spam=False)) for name in ("mx01", "mx02")}
    assert spools(lab) == {**before, **cleaned}


def test_mail_of_own_users_can_be_expired_instead(playbooks: Playbooks, lab: Lab) -> None:
    host = lab.host("mx02")
    host.run(["postsuper", "-d", "ALL"])
    for sender in ("user@example.test", "other@example.test"):
        host.run(["sendmail", "-f", sender, "a@dest.example.org"], input="Subject: mine\n\nhi\n")
    host.settle(2)
    variables = {"queue_cleanup_match": [{"sender": "user@example.test"}], "queue_cleanup_action": "expire"}
    run = playbooks.run("cleanup", "--limit", "mx02", **variables)
    assert run.status == 0, run.output
    assert run.row("mx02")[1:4] == ["cleaned", "1", "1"]
    expired = {message["sender"]: message["forced_expire"] for message in host.postqueue()}
    assert expired == {"user@example.test": True, "other@example.test": False}
    again = playbooks.run("cleanup", "--limit", "mx02", **variables)
    assert again.status == 0, again.output
    assert again.recap("changed") == {"mx02": 0}
    forged = playbooks.run("cleanup", "--limit", "mx02", **{**variables, "queue_cleanup_match": [{"sender": "/./"}]})
    assert forged.status == 0, forged.output
    assert [message["forced_expire"] for message in host.postqueue()] == [True, True]


def test_what_comes_after_the_plan_is_counted_and_left(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]
) -> None:
    host = lab.host("mx01")
    assert playbooks.run("plan", "--limit", "mx01", **SPAM).status == 0
    late = host.fill("incident", MESSAGES, seed=999)
    before = host.spool_files()
    run = playbooks.run("cleanup", "--limit", "mx01", queue_cleanup_run=str(playbooks.directory))
    assert run.status == 0, run.output
    (row,) = run.report("cleanup-*")["hosts"]
    assert (row["state"], row["left"], row["arrived"]) == ("cleaned", 0, len(ids(late, spam=True)))
    arrived = f"{len(ids(late, spam=True))} more messages of the selection have arrived since; run the cleanup again."
    assert arrived in " ".join(" ".join(run.lines).split())
    assert host.spool_files() == only(before, ids(mixture["mx01"], spam=False) | {record.queue_id for record in late})


@pytest.mark.usefixtures("mixture")
def test_what_should_have_been_planned_and_is_still_there_fails(playbooks: Playbooks, lab: Lab) -> None:
    host = lab.host("mx01")
    assert playbooks.run("plan", "--limit", "mx01", **SPAM).status == 0
    # Copies that say they have been here for up to two hours, as if the plan had overlooked them.
    host.grow(3 * MESSAGES, spread=7200)
    run = playbooks.run("cleanup", "--limit", "mx01", queue_cleanup_run=str(playbooks.directory))
    assert run.status == 2
    (row,) = run.report("cleanup-*")["hosts"]
    assert row["state"] == "left_over"
    assert row["left"] > 0
    assert row["problem"] == f"{row['left']} messages of the selection are still in the queue; run the cleanup again."


FACTS = "ansible_facts.postfix_queue"
# A role that looks at queues after an audit, with its variables.
AFTER_AUDIT: list[tuple[str, dict[str, Any]]] = [
    ("queue_cleanup", SPAM),
    (
        "spool_quarantine",
        {"spool_quarantine_name": "facts", "spool_quarantine_restore_match": [{"sender": "example.com"}]},
    ),
]


@pytest.mark.parametrize(("role", "variables"), AFTER_AUDIT, ids=[row[0] for row in AFTER_AUDIT])
@pytest.mark.usefixtures("mixture")
def test_the_facts_of_an_audit_stay_as_they_are(
    playbooks: Playbooks, lab: Lab, tmp_path: Path, role: str, variables: dict[str, Any]
) -> None:
    host = lab.host("mx01")
    clear_quarantine = role == "spool_quarantine"
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_role": {"name": "mailops.postfix.queue_audit"}},
        {"ansible.builtin.set_fact": {"audited": "{{ %s }}" % FACTS}},
        {"ansible.builtin.include_role": {"name": f"mailops.postfix.{role}"}, "vars": variables},
        {"ansible.builtin.assert": {"that": [f"{FACTS} == audited", f"{FACTS}.total.messages == {MESSAGES}"]}},
    ]
    # JSON is YAML.
    play = {"hosts": host.name, "gather_facts": False, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    try:
        run = playbooks.run_file(tmp_path / "play.yml")
        assert run.status == 0, run.output
        assert len(host.spool_files()) < MESSAGES
    finally:
        if clear_quarantine:
            clear(host)


ANYTHING: dict[str, Any] = {"queue_cleanup_match": [{"recipient": "/@/"}]}


def test_a_rule_that_takes_everything_must_be_allowed_and_never_gets_among_other_plans(
    playbooks: Playbooks, lab: Lab, mixture: dict[str, list[Record]]
) -> None:
    before = spools(lab)
    two = ("--limit", "mx01,mx02")
    refused = playbooks.run("cleanup", *two, **ANYTHING)
    assert refused.status == 2
    assert "Nothing was touched on any host." in refused.output

    everything = playbooks.run("plan", *two, queue_cleanup_max_percent=100, **ANYTHING)
    assert everything.status == 0, everything.output
    assert everything.row("mx02")[1:4] == ["planned", str(MESSAGES), f"ALL {MESSAGES}"]
    assert "That is ALL of the messages in the chosen queues." in everything.lines
    bad = (playbooks.directory / "runs" / "latest").resolve()
    assert playbooks.run("plan", "--limit", "mx01", queue_cleanup_reason="ticket 4711", **SPAM).status == 0
    good = (playbooks.directory / "runs" / "latest").resolve()
    assert good != bad

    # Put together by hand, they are refused, with the rule of each.
    shutil.copytree(good, playbooks.directory / "both")
    shutil.copy(bad / "plans" / "mx02.json", playbooks.directory / "both" / "plans" / "mx02.json")
    put_together(playbooks.directory / "both")
    mixed = playbooks.run("cleanup", *two, queue_cleanup_run=str(playbooks.directory / "both"))
    assert mixed.status == 2
    assert "The plans are of 2 different rules." in mixed.output
    assert any(line == '  mx02: {"recipient": "/@/"}' for line in mixed.lines)
    assert spools(lab) == before

    # By the newest plans the bad rule is carried out nowhere: the host that was not planned again has no plan.
    run = playbooks.run("cleanup", *two, queue_cleanup_run=str(playbooks.directory))
    assert run.status == 2
    assert [run.row(name)[1] for name in ("mx01", "mx02")] == ["cleaned", "no plan"]
    after = spools(lab)
    assert after == {**before, "mx01": only(before["mx01"], ids(mixture["mx01"], spam=False))}


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    (
        "nothing selected",
        {},
        (
            "No selection is given; nothing was touched. Give queue_cleanup_match a rule, name the directory of a run with plans in "
            "queue_cleanup_run, or set queue_cleanup_match_all: true to clean every message."
        ),
    ),
    (
        "rules with plans",
        {"queue_cleanup_run": "/", **SPAM},
        (
            "Plans and a selection are both given; nothing was touched. Leave out queue_cleanup_match, queue_cleanup_exclude and "
            "queue_cleanup_match_all, or leave out queue_cleanup_run."
        ),
    ),
    (
        "queues with plans",
        {"queue_cleanup_run": "/", "queue_cleanup_queues": ["hold"]},
        "Plans already have their queues and their scope; nothing was touched. Leave out queue_cleanup_queues and",
    ),
    (
        "no such plans",
        {"queue_cleanup_run": "/does/not/exist"},
        "There is no fleet plan in /does/not/exist; nothing was touched. The playbook mailops.postfix.plan makes one, and shows its",
    ),
    (
        "unknown action",
        {"queue_cleanup_action": "shred", **SPAM},
        "queue_cleanup_action: 'shred' is none of delete, expire, quarantine.",
    ),
]


@pytest.mark.parametrize(("variables", "message"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_no_host_is_asked_where_it_is_unclear_what_to_clean(
    playbooks: Playbooks, variables: dict[str, Any], message: str
) -> None:
    run = playbooks.run("cleanup", **variables)
    assert run.status == 2
    assert message in run.output
    assert "TASK [mailops.postfix.queue_cleanup : Plan]" not in run.output


# --- untrusted mail -------------------------------------------------------------------------------------------------


@pytest.fixture
def untrusted(host: Host, lab: Lab, tmp_path: Path) -> str:
    """A queue whose senders and delay reasons attack whoever looks at them; returns the sender."""
    lookup = f"{{{{ lookup('ansible.builtin.pipe', 'touch {tmp_path}/owned') }}}}"
    sender = f'"{lookup}|<b>`*x"@example.com'
    reply = "450 4.7.1 {{ 7 * 7 }} | <img src=x> [x](http://evil.example) \x1b]0;owned\x07 \x1b[2J"
    lab.sink.mode("defer", rules={"victim.example.org": reply})
    for _number in range(3):
        host.run(["sendmail", "-f", sender, "you@victim.example.org"], input="Subject: \x1b[2J{{ 7 * 7 }}\n\nhello\n")
    host.settle(3)
    return sender


def test_untrusted_mail_harms_nobody(playbooks: Playbooks, host: Host, untrusted: str, tmp_path: Path) -> None:
    rules = {"queue_cleanup_match": [{"sender": "example.com"}]}
    runs = [
        playbooks.run("audit", "--limit", host.name, queue_audit_gather=["counts", "top", "reasons", "messages"]),
        # What was taken away and is restored is what the next ones find.
        playbooks.run(
            "backscatter",
            "--limit",
            host.name,
            "--diff",
            spool_quarantine_name="untrusted",
            spool_quarantine_restore_match=[{"sender": "example.com"}],
        ),
        playbooks.run("plan", "--limit", host.name, "--diff", **rules),
        playbooks.run("cleanup", "--limit", host.name, "--diff", queue_cleanup_run=str(playbooks.directory)),
    ]
    for run in runs:
        assert run.status == 0, run.output
        assert "\x1b" not in run.output
        assert "\x07" not in run.output
        assert not (tmp_path / "owned").exists()
    facts = runs[0].report("audit")["hosts"][0]["facts"]
    assert [(top["value"], top["messages"]) for top in facts["top"]["senders"]] == [(untrusted, 3)]
    assert "{{ 7 * 7 }} | <img src=x>" in facts["top"]["reasons"][0]["value"]
    clear(host)
    for name in ("audit", "plan", "cleanup", "quarantine"):
        document = runs[0].markdown(name)
        table = [line for line in document.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in table}) == 1
        outside_of_code = re.sub(r"`[^`\n]*`|<code>[^<\n]*</code>", "", document)
        assert not re.search(r"<|\{\{|\]\(", outside_of_code)
    assert host.spool_files() == {}
