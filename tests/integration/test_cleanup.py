# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cleanups of a fleet that are cut off, stopped, resumed, and split into slices: afterwards every queue is what the plan says.

What must be gone and what must stay is known from the recorded mixture, and looked up in the spool by SHA-256.
"""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import digest
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import make_fleet_plan, write_fleet_plan
from tests.fleet.lab import Host, Lab, wait_until
from tests.integration.controller import BIN, ENVIRONMENT, ROOT
from tests.integration.playbooks import Playbooks, Run
from tests.integration.test_playbooks import SPAM, Filled, ids, only, spools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

    Mixture = dict[str, list[Record]]
    Spools = dict[str, dict[tuple[str, str], str]]

HOSTS = ("mx01", "mx02", "mx03", "mx04")
PATIENCE = 240


@pytest.fixture(scope="module")
def filled(lab: Lab) -> Iterator[Filled]:
    filled = Filled(lab)
    yield filled
    filled.empty()


@pytest.fixture
def mixture(filled: Filled) -> Mixture:
    return filled.records()


@pytest.fixture
def playbooks(controller: Controller, tmp_path: Path) -> Playbooks:
    return Playbooks(controller, tmp_path / "reports")


def hams(before: Spools, mixture: Mixture, *cleaned: str) -> Spools:
    """Return what the spools must have after the spam of these hosts was cleaned."""
    kept = {name: only(before[name], ids(mixture[name], spam=False)) for name in cleaned}
    return {**before, **kept}


def states(report: dict[str, Any]) -> dict[str, str]:
    return {row["host"]: row["state"] for row in report["hosts"]}


def latest(run: Run) -> dict[str, Any]:
    """Return the newest report on a cleanup."""
    report: dict[str, Any] = json.loads((run.directory / "cleanup.json").read_text(encoding="utf-8"))
    return report


def run_directory(playbooks: Playbooks) -> Path:
    return (playbooks.directory / "runs" / "latest").resolve()


def assert_rest_stayed(report: dict[str, Any], mixture: Mixture) -> None:
    """Assert that the report counts every message that was to stay as kept, of each host that was cleaned."""
    for row in report["hosts"]:
        if row["state"] == "cleaned":
            number = len(ids(mixture[row["host"]], spam=False))
            assert row["rest"] == {"before": number, "kept": number, "gone": 0, "changed": 0, "new": 0}, row["host"]
            assert (row["before"], row["after"]) == (number + row["planned"]["messages"], number)


# --- the canary -----------------------------------------------------------------------------------------------------


def test_the_canary_is_cleaned_first_and_the_others_wait_for_an_approval(
    playbooks: Playbooks, lab: Lab, mixture: Mixture
) -> None:
    before = spools(lab)
    options: dict[str, Any] = {
        "queue_cleanup_canary_pause": "approval",
        "mailops_serial": "100%",
        "ansible_pipelining": True,
    }
    run = playbooks.run("cleanup", "--forks", "30", **options, **SPAM)
    assert run.status == 2
    report = latest(run)
    assert (report["canary"], report["waiting"]) == (["mx01"], True)
    assert states(report) == {"mx01": "cleaned", "mx02": "stopped", "mx03": "stopped", "mx04": "stopped"}
    assert report["problems"]["mx02"] == "Nothing was touched here, because the run waits after the canary."
    assert_rest_stayed(report, mixture)
    assert spools(lab) == hams(before, mixture, "mx01")

    options["queue_cleanup_run"] = str(run_directory(playbooks))
    again = playbooks.run("cleanup", **options)
    assert (again.status, states(latest(again))) == (2, states(report))
    assert spools(lab) == hams(before, mixture, "mx01")

    fleet_plan = json.loads((run_directory(playbooks) / "fleet_plan.json").read_text(encoding="utf-8"))
    approved = playbooks.run(
        "approve", queue_cleanup_approve=fleet_plan["digest"], queue_cleanup_run=options["queue_cleanup_run"]
    )
    assert approved.status == 0, approved.output
    done = playbooks.run("cleanup", "--forks", "1", **options)
    assert done.status == 0, done.output
    assert states(latest(done)) == dict.fromkeys(HOSTS, "cleaned")
    assert_rest_stayed(latest(done), mixture)
    assert done.recap("changed") == {"mx01": 0, "mx02": 1, "mx03": 1, "mx04": 1}
    after = spools(lab)
    assert after == hams(before, mixture, *HOSTS)

    # Nothing is left to do, and the report still is on all of it.
    final = playbooks.run("cleanup", **options)
    assert final.status == 0, final.output
    assert final.recap("changed") == dict.fromkeys(HOSTS, 0)
    assert states(latest(final)) == dict.fromkeys(HOSTS, "cleaned")
    assert spools(lab) == after


def test_messages_are_moved_into_a_quarantine_first(playbooks: Playbooks, lab: Lab, mixture: Mixture) -> None:
    before = spools(lab)
    run = playbooks.run(
        "cleanup", "--limit", "mx03,mx04", queue_cleanup_action="quarantine", queue_cleanup_quarantine="spam", **SPAM
    )
    try:
        assert run.status == 0, run.output
        report = latest(run)
        assert (report["method"], report["quarantine"], report["canary"]) == ("quarantine", "spam", [])
        assert states(report) == {"mx03": "cleaned", "mx04": "cleaned"}
        assert_rest_stayed(report, mixture)
        assert spools(lab) == hams(before, mixture, "mx03", "mx04")
        for name in ("mx03", "mx04"):
            kept = lab.host(name).spool_files("/var/spool/postfix.quarantine/spam")
            assert kept == only(before[name], ids(mixture[name], spam=True))
    finally:
        for name in ("mx03", "mx04"):
            lab.host(name).run(["rm", "-rf", "/var/spool/postfix.quarantine"])


# --- cut off --------------------------------------------------------------------------------------------------------


def process_of(run: Path) -> int:
    """Return the number of the ansible-playbook that works on a run, in the lab's namespace."""
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((run / "notes").glob("*.json"))]
    return int([note for note in notes if note["event"] == "begin"][-1]["process"]["pid"])


def started(playbooks: Playbooks, number: int) -> bool:
    """Return whether the run has begun so many batches."""
    paths = playbooks.directory.glob("runs/2*/notes/0*.json")
    return sum('"event": "start"' in path.read_text(encoding="utf-8") for path in paths) >= number


def signal_at_batch(playbooks: Playbooks, lab: Lab, number: int, signal: str) -> None:
    """Send the controller a signal once it begins that batch: INT is Ctrl-C."""
    wait_until(lambda: started(playbooks, number), "the batch never began", seconds=PATIENCE)
    lab.run(["kill", f"-{signal}", str(process_of(run_directory(playbooks)))])


def test_a_controller_that_is_interrupted_and_one_that_is_killed_are_resumed(
    playbooks: Playbooks, lab: Lab, mixture: Mixture
) -> None:
    before = spools(lab)
    options: dict[str, Any] = {"mailops_serial": 1, "queue_cleanup_canary": "none"}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(playbooks.run_command, "cleanup", **options, **SPAM)
        signal_at_batch(playbooks, lab, 2, "INT")
        interrupted = running.result()
    assert interrupted.status != 0
    assert not list(playbooks.directory.glob("cleanup*"))
    first = states_by_note(playbooks)
    assert first["mx01"] == "done"
    assert first["mx02"] in ("started", "done")
    assert (first["mx03"], first["mx04"]) == ("planned", "planned")

    options["queue_cleanup_run"] = str(run_directory(playbooks))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(playbooks.run_command, "cleanup", **options)
        signal_at_batch(playbooks, lab, 4 if first["mx02"] == "started" else 3, "KILL")
        killed = running.result()
    assert killed.status != 0
    second = states_by_note(playbooks)
    assert (second["mx02"], second["mx03"], second["mx04"]) == ("done", "started", "planned")

    # The next run of any kind reports what is known, and how to go on.
    plan = playbooks.run("plan", "--limit", "mx04", queue_cleanup_match=[{"sender": "nobody@example.com"}])
    assert plan.status == 0, plan.output
    assert "Cleanup, interrupted" in plan.output
    assert "\nTo do the rest:\n  ansible-playbook mailops.postfix.cleanup -i " in plan.unfolded
    assert f" -e queue_cleanup_run={options['queue_cleanup_run']}\n" in plan.unfolded
    assert states(latest(plan)) == {"mx01": "cleaned", "mx02": "cleaned", "mx03": "unknown", "mx04": "stopped"}

    done = playbooks.run("cleanup", **options)
    assert done.status == 0, done.output
    report = latest(done)
    assert states(report) == dict.fromkeys(HOSTS, "cleaned")
    spam = {name: len(ids(records, spam=True)) for name, records in mixture.items()}
    assert {row["host"]: row["purged"]["messages"] + row["earlier"] for row in report["hosts"]} == spam
    assert spools(lab) == hams(before, mixture, *HOSTS)


def states_by_note(playbooks: Playbooks) -> dict[str, str]:
    """Return the state of each host, read from the notes by their documented form."""
    found: dict[str, str] = {}
    for path in sorted((run_directory(playbooks) / "notes").glob("*.json")):
        note = json.loads(path.read_text(encoding="utf-8"))
        for host, steps in note["hosts"].items():
            if note["event"] == "result" and "purge" in steps:
                found[host] = "failed" if steps["purge"].get("failed") else "done"
            elif note["event"] == "start":
                found[host] = "started"
            else:
                found.setdefault(host, "planned")
    return found


# Without pipelining, the file of a module has its name. The command that searches for it does not match this.
PURGE = "[A]nsiballZ_postfix_queue_purge"


def wait_for_module(host: Host, *, until: bool = True) -> None:
    """Wait until the purge runs on a host, or no longer runs."""
    script = 'while pgrep -f "$2" >/dev/null; [ $? != "$1" ]; do sleep 0.02; done'
    host.run(["timeout", str(PATIENCE), "sh", "-c", script, "sh", "0" if until else "1", PURGE])


def cut(host: Host) -> None:
    wait_for_module(host)
    host.cut()


def freeze(host: Host) -> None:
    wait_for_module(host)
    host.freeze()


def kill_module(host: Host) -> None:
    wait_for_module(host)
    host.run(["pkill", "-KILL", "-f", PURGE], check=False)


def test_hosts_that_are_cut_off_frozen_or_killed_in_the_middle_are_resumed(
    playbooks: Playbooks, lab: Lab, mixture: Mixture
) -> None:
    before = spools(lab)
    planned = playbooks.run("plan", **SPAM)
    assert planned.status == 0, planned.output
    options: dict[str, Any] = {
        "queue_cleanup_run": str(run_directory(playbooks)),
        "queue_cleanup_canary": "mx01",
        "mailops_serial": "100%",
        "ansible_pipelining": False,
        "ansible_ssh_extra_args": "-o ServerAliveInterval=2 -o ServerAliveCountMax=2",
    }
    happenings: dict[str, Callable[[Host], None]] = {"mx02": cut, "mx03": freeze, "mx04": kill_module}
    with ThreadPoolExecutor(4) as pool:
        limit = "{{ 20 if inventory_hostname in ['mx02', 'mx03'] else 0 }}"
        running = pool.submit(playbooks.run, "cleanup", mailops_timeout=limit, **options)
        events = [pool.submit(happening, lab.host(name)) for name, happening in happenings.items()]
        try:
            for event in events:
                event.result()
            run = running.result()
        finally:
            lab.host("mx02").join()
            lab.host("mx03").thaw()
    for host in lab.hosts:
        # What was cut off or frozen goes on.
        wait_for_module(host, until=False)
    assert run.status != 0
    report = latest(run)
    assert states(report)["mx01"] == "cleaned"
    assert {states(report)[name] for name in happenings} <= {
        "unreachable",
        "timed_out",
        "failed",
        "cleaned",
        "not_verified",
    }
    for host in lab.hosts:
        # What was done was planned, wherever it broke off, and nothing that was to stay is gone.
        assert only(host.spool_files(), ids(mixture[host.name], spam=False)) == hams(before, mixture, *HOSTS)[host.name]

    done = playbooks.run("cleanup", **options)
    assert done.status == 0, done.output
    report = latest(done)
    assert states(report) == dict.fromkeys(HOSTS, "cleaned")
    spam = {name: len(ids(records, spam=True)) for name, records in mixture.items()}
    assert {row["host"]: row["purged"]["messages"] + row["earlier"] for row in report["hosts"]} == spam
    assert spools(lab) == hams(before, mixture, *HOSTS)


# --- drift ----------------------------------------------------------------------------------------------------------


def make_old(run: Path, seconds: int) -> None:
    """Have the plans of a run made so many seconds earlier."""
    plans = {}
    for path in (run / "plans").iterdir():
        plan = json.loads(path.read_text(encoding="utf-8"))
        plan["created"] -= seconds
        plan["digest"] = digest(plan)
        path.write_text(json.dumps(plan), encoding="utf-8")
        plans[path.name.removesuffix(".json")] = plan
    write_fleet_plan(
        run / "fleet_plan.json",
        make_fleet_plan(plans, created=int(time.time()) - seconds, method="delete", limits={}),
    )


def test_a_plan_of_yesterday_touches_only_what_still_matches(playbooks: Playbooks, lab: Lab, mixture: Mixture) -> None:
    hosts = ("--limit", "mx01,mx02,mx03")
    assert playbooks.run("plan", *hosts, **SPAM).status == 0
    make_old(run_directory(playbooks), 90000)
    options: dict[str, Any] = {
        "queue_cleanup_run": str(run_directory(playbooks)),
        "queue_cleanup_plan_max_age": "2d",
        "mailops_serial": 1,
    }
    # Half of the planned messages of mx02 have left since, and one has another message under its queue ID.
    host = lab.host("mx02")
    spam = sorted(ids(mixture["mx02"], spam=True))
    gone, reused = spam[: len(spam) // 2], spam[-1]
    host.run(["postsuper", "-d", "-"], input="\n".join(gone) + "\n")
    ham = next(iter(only(host.spool_files(), ids(mixture["mx02"], spam=False))))
    find = "f=$(find /var/spool/postfix/deferred -name %s); g=$(find /var/spool/postfix/deferred -name %s); cat $g > $f"
    host.run(["sh", "-c", find % (reused, ham[1])])
    before = spools(lab)

    stopped = playbooks.run("cleanup", *hosts, **options)
    assert stopped.status == 2
    report = latest(stopped)
    assert states(report) == {"mx01": "cleaned", "mx02": "drift", "mx03": "stopped"}
    drift = {row["host"]: row["drift"] for row in report["hosts"]}
    assert drift == {"mx01": 0, "mx02": len(gone) + 1, "mx03": None}
    assert report["problems"]["mx02"].startswith(
        f"{len(gone) + 1} of the {len(spam)} planned messages are no longer as planned ({len(gone)} are gone, 1 have another message "
    )
    assert report["problems"]["mx03"] == "Nothing was touched here, because an earlier host failed."
    assert spools(lab) == hams(before, mixture, "mx01")

    done = playbooks.run("cleanup", *hosts, queue_cleanup_max_drift=100, **options)
    assert done.status == 0, done.output
    report = latest(done)
    assert states(report) == {"mx01": "cleaned", "mx02": "cleaned", "mx03": "cleaned"}
    (row,) = [row for row in report["hosts"] if row["host"] == "mx02"]
    assert (row["drift"], row["outcomes"]["vanished"], row["outcomes"]["changed"]) == (len(gone) + 1, len(gone), 1)
    after = hams(before, mixture, "mx01", "mx03")
    after["mx02"] = only(before["mx02"], ids(mixture["mx02"], spam=False) | {reused})
    assert spools(lab) == after


# --- slices ---------------------------------------------------------------------------------------------------------

SLICES = (("mx01", "mx02"), ("mx03", "mx04"))


def run_slice(lab: Lab, directory: Path, playbook: str, hosts: tuple[str, ...], **variables: Any) -> Run:
    """Run a playbook by ansible-runner, with a part of the inventory, in a directory of its own."""
    given = lab.inventory.read_text(encoding="utf-8")
    inventory = directory / "inventory"
    inventory.mkdir(parents=True, exist_ok=True)
    (inventory / "hosts").write_text(given, encoding="utf-8")
    values = {"queue_cleanup_directory": str(directory / "reports"), **variables}
    command = [
        str(BIN / "ansible-runner"), "run", str(directory), "-p", playbook, "--limit", ",".join(hosts),
        "--cmdline", "-e '" + json.dumps(values) + "'",
    ]  # fmt: skip
    completed = lab.run(
        command, env={**ENVIRONMENT, "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin"}, cwd=ROOT, check=False
    )
    return Run(completed, directory / "reports")


def run_slices(lab: Lab, directories: list[Path], playbook: str, variables: list[dict[str, Any]]) -> list[Run]:
    """Run a playbook by several ansible-runner processes at once."""
    with ThreadPoolExecutor(len(SLICES)) as pool:
        running = [
            pool.submit(run_slice, lab, directory, playbook, hosts, **values)
            for directory, hosts, values in zip(directories, SLICES, variables, strict=True)
        ]
        return [run.result() for run in running]


def test_slices_have_one_plan_one_approval_and_one_report(
    playbooks: Playbooks, lab: Lab, mixture: Mixture, tmp_path: Path
) -> None:
    before = spools(lab)
    spam = {name: len(ids(records, spam=True)) for name, records in mixture.items()}
    slices = [tmp_path / "slice1", tmp_path / "slice2"]
    for run in run_slices(lab, slices, "mailops.postfix.plan", [SPAM, SPAM]):
        assert run.status == 0, run.output

    # Each slice is below the limit, both together are not.
    merging: dict[str, Any] = {"queue_cleanup_runs": [str(path / "reports") for path in slices]}
    most = sum(spam.values())
    refused = playbooks.run("merge", queue_cleanup_fleet_max_messages=most - 1, **merging)
    assert refused.status == 2
    assert (
        f"The plans have {most} messages on 4 hosts, queue_cleanup_fleet_max_messages allows {most - 1}."
        in refused.output
    )
    merged = playbooks.run("merge", queue_cleanup_fleet_max_messages=most, **merging)
    assert merged.status == 0, merged.output
    merged_run = run_directory(playbooks)
    fleet_plan = json.loads((merged_run / "fleet_plan.json").read_text(encoding="utf-8"))
    assert sorted(fleet_plan["hosts"]) == list(HOSTS)

    # Each slice has a copy of the run, as on a machine of its own.
    copies = [Path(shutil.copytree(merged_run, path / "merged")) for path in slices]
    options = [{"queue_cleanup_run": str(copy), "queue_cleanup_approval": "required"} for copy in copies]
    for unapproved in run_slices(lab, slices, "mailops.postfix.cleanup", options):
        assert unapproved.status != 0
        assert "is not approved" in unapproved.output
    assert spools(lab) == before
    assert (
        playbooks.run("approve", queue_cleanup_run=str(merged_run), queue_cleanup_approve=fleet_plan["digest"]).status
        == 0
    )
    for copy in copies:
        shutil.copy(merged_run / "approval.json", copy)
    for cleaned in run_slices(lab, slices, "mailops.postfix.cleanup", options):
        assert cleaned.status == 0, cleaned.output
    assert spools(lab) == hams(before, mixture, *HOSTS)

    one = playbooks.run("merge", queue_cleanup_runs=[str(copy) for copy in copies])
    assert one.status == 0, one.output
    report = latest(one)
    assert states(report) == dict.fromkeys(HOSTS, "cleaned")
    assert {row["host"]: row["purged"]["messages"] for row in report["hosts"]} == spam
    assert_rest_stayed(report, mixture)
