# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command line in the pages for the tasks of an operator, typed as it stands there, and what came of it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Target
from tests.fleet.mixture import FORGED_ADDRESS, STOLEN_ACCOUNT
from tests.integration import test_guide
from tests.integration.controller import ROOT
from tests.integration.desk import (
    NOT_RUN,
    Step,
    audited,
    commands,
    desk,
    follow,
    of_account,
    put,
    untouched,
    yaml_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fleet.lab import Host
    from tests.integration.desk import Desk, Typed

__all__ = ["desk"]

CONFIGURATION = ("/etc/postfix/main.cf", "/etc/postfix/master.cf")
LOCK = {"sasl_username": STOLEN_ACCOUNT}


def _state(typed: Typed, report: str) -> str:
    """Return the state of the host in the newest report of that name."""
    return str(typed.report(report)["hosts"][0]["state"])


def _bounces(desk: Desk) -> set[str]:
    return {
        record.queue_id
        for record in desk.records
        if record.sender == "" and record.pending == (FORGED_ADDRESS,) and record.origin != "bounce"
    }


# --- What must have come of a command -------------------------------------------------------------------------------


def _bounces_planned(typed: Typed) -> None:
    assert typed.report("plan")["fleet"]["messages"] == len(_bounces(typed.desk)) > 0
    untouched(typed)


def _bounces_deleted(typed: Typed) -> None:
    assert {name for _queue, name in typed.before} - typed.left == _bounces(typed.desk)


def _taken_away(typed: Typed) -> None:
    assert typed.left == set()
    assert typed.quarantined() == {name for _queue, name in typed.before}


def _restored(typed: Typed) -> None:
    assert typed.left
    assert typed.report("quarantine")["reason"] == "ticket 4711"
    assert _state(typed, "quarantine") == "restored"


def _listed(typed: Typed) -> None:
    assert re.search(r"mx01 +ticket-4711 ", typed.done.stdout)
    untouched(typed)


def _quarantine_read(typed: Typed) -> None:
    facts = typed.result["ansible_facts"]["postfix_queue"]
    assert facts["total"]["messages"] == len(typed.quarantined())
    untouched(typed)


def _restored_without_the_account(typed: Typed) -> None:
    assert typed.left
    assert typed.quarantined() >= of_account(typed.desk)


def _sender_taken_away(typed: Typed) -> None:
    sender = typed.desk.names["spam@example.com"]
    own = {record.queue_id for record in typed.desk.records if record.sender == sender}
    assert {name for _queue, name in typed.before} - typed.left == own


def _would_restore(typed: Typed) -> None:
    assert "restored" in typed.result["outcomes"]
    untouched(typed)


def _queues_taken_away(typed: Typed) -> None:
    assert typed.result["changed"]
    assert typed.left == set()


def _too_young(typed: Typed) -> None:
    assert not typed.result["changed"]
    assert typed.quarantined()


def _audit_of_a_domain(typed: Typed) -> None:
    assert typed.report("audit")["selection"]["match"] == [
        {"recipient": ".example.org", "reason": "Connection refused"}
    ]


def _domain_held(typed: Typed) -> None:
    assert typed.in_hold
    assert _state(typed, "hold") == "held"


def _released(typed: Typed) -> None:
    assert not typed.in_hold
    assert typed.report("hold")["fleet"]["outcomes"]["failed"] == 0


def _flushed(typed: Typed) -> None:
    fleet = typed.report("flush")["fleet"]
    assert fleet["matched"]["messages"] == sum(fleet["after"].values()) > 0


def _submitted_again(typed: Typed) -> None:
    assert _state(typed, "flush") == "flushed"
    # It was not waited for.
    typed.desk.host.settle(len(typed.before))


def _expiry_planned(typed: Typed) -> None:
    plan = json.loads((typed.desk.directory / "mailops-reports/runs/latest/fleet_plan.json").read_text("utf-8"))
    assert plan["method"] == "expire"
    untouched(typed)


def _all_held(typed: Typed) -> None:
    assert typed.queues == {"hold"}


def _stopped(typed: Typed) -> None:
    assert typed.desk.host.run(["postfix", "status"], check=False).returncode == 1


def _started(typed: Typed) -> None:
    assert typed.desk.host.run(["postfix", "status"], check=False).returncode == 0


def _repaired(typed: Typed) -> None:
    assert set(typed.result["found"]) == set(typed.result["repaired"])
    untouched(typed)


def _metrics_written(typed: Typed) -> None:
    audited(typed)
    metrics = (typed.desk.directory / "mailops_postfix.prom").read_text("utf-8")
    assert 'mailops_postfix_messages{host="mx01"}' in metrics


def _key_made(typed: Typed) -> None:
    path = typed.desk.directory / "redact.yml"
    assert re.fullmatch(r"mailops_redact_key: '[0-9a-f]{64}'\n", path.read_text("utf-8"))
    assert path.stat().st_mode & 0o777 == 0o600


def _redacted(typed: Typed) -> None:
    text = (typed.desk.directory / "mailops-reports/audit.json").read_text("utf-8")
    assert re.search(r"user-[0-9a-f]{10}@domain-[0-9a-f]{10}\.invalid", text)
    assert STOLEN_ACCOUNT not in text + typed.done.stdout


def _held_mail_deleted(typed: Typed) -> None:
    assert {name for queue, name in typed.before if queue == "hold"} == of_account(typed.desk)
    assert {name for _queue, name in typed.before} - typed.left == of_account(typed.desk)


def _no_locks(typed: Typed) -> None:
    assert typed.report("locks")["locks"] == []
    untouched(typed)


def _quarantine_kept(typed: Typed) -> None:
    assert "ticket-4711" in typed.done.stdout
    assert typed.quarantined()


def _suspects_shown(typed: Typed) -> None:
    assert typed.report("suspects")["hosts"][0]["problem"] is None
    untouched(typed)
    # The account of the mixture has sent too little to stand out. The operator writes the file that the next step needs.
    put(typed.desk, "mailops-reports/suspects.yml", {"lockout_locks": [LOCK]})


def _locked(typed: Typed) -> None:
    assert _state(typed, "lockout") == "locked"
    assert typed.in_hold == of_account(typed.desk)
    assert typed.desk.host.get("/etc/postfix/mailops/locks.json")


def _still_locked(typed: Typed) -> None:
    assert _state(typed, "lockout") == "nothing_to_do"
    untouched(typed)


def _unlocked(typed: Typed) -> None:
    assert "mailops" not in typed.desk.host.get("/etc/postfix/main.cf").decode()


def _lock_listed(typed: Typed) -> None:
    assert [lock["id"] for lock in typed.report("locks")["locks"]] == [typed.desk.names["sasl_username-1a2b3c4d"]]
    untouched(typed)


def _account_released(typed: Typed) -> None:
    own = {record.queue_id for record in typed.desk.records if record.sender == STOLEN_ACCOUNT}
    assert typed.in_hold == of_account(typed.desk) - own


def _traced(typed: Typed) -> None:
    assert typed.desk.records[0].queue_id in typed.done.stdout
    untouched(typed)


def _locks_removed(typed: Typed) -> None:
    assert typed.result["changed"] is False


def _signed(typed: Typed) -> None:
    approval = json.loads((typed.desk.directory / "approvals/approval.json").read_text("utf-8"))
    assert approval["approved_by"] == "alice@example.com"
    assert (typed.desk.directory / "approvals/approval.json.sig").is_file()


def _shown(text: str) -> Callable[[Typed], None]:
    def effect(typed: Typed) -> None:
        assert typed.done.stdout == text

    return effect


# --- What an operator has done before, and the files of a page -------------------------------------------------------


def _nothing_before(_desk: Desk) -> None:
    pass


def _quarantine_before(desk: Desk) -> None:
    options = {"name": "ticket-4711", "mode": "queues", "service": "none"}
    desk.host.run(["postfix", "stop"])
    assert desk.controller.module("mx01", "postfix_spool_quarantine", options)["changed"]
    desk.host.start_postfix()
    desk.names["spam@example.com"] = next(
        record.sender for record in desk.records if not record.is_spam and record.sender
    )


def _schedule_before(desk: Desk) -> None:
    hold = {"state": "held", "match": [{"sasl_username": STOLEN_ACCOUNT}]}
    quarantine = {"name": "ticket-4711", "match": [{"queue_id": _another(desk)}]}
    for name, options in (("postfix_queue_hold", hold), ("postfix_spool_quarantine", quarantine)):
        result = desk.controller.module("mx01", name, options)
        assert result["changed"], result


def _another(desk: Desk) -> str:
    """Return the queue ID of a message that is not the account's."""
    return next(record.queue_id for record in desk.records if record.sasl_username != STOLEN_ACCOUNT)


def _outage_before(desk: Desk) -> None:
    # The mixture has mail for hosts below the domain.
    desk.names['"example.org"'] = '".example.org"'


def _lockout_before(desk: Desk) -> None:
    desk.names["sasl_username-1a2b3c4d"] = Target("sasl_username", STOLEN_ACCOUNT).id


def _ci_before(desk: Desk) -> None:
    rules = {"queue_cleanup_match": [{"sasl_username": STOLEN_ACCOUNT}]}
    put(desk, "rules.yml", rules)
    assert desk.type("ansible-playbook mailops.postfix.plan -i inventory.ini -e @rules.yml").done.returncode == 0
    assert desk.type("ansible-playbook mailops.postfix.audit -i inventory.ini").done.returncode == 0
    (desk.directory / "approvals").mkdir()
    key = desk.directory / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    plan = json.loads((desk.directory / "mailops-reports/runs/latest/fleet_plan.json").read_text("utf-8"))
    # Nobody is there to answer the question of the playbook. The digest is the answer, too.
    answered = f"{key} -e queue_cleanup_approve={plan['digest']}"
    desk.names.update({"runs/TIME": "runs/latest", "~/.ssh/id_ed25519": answered})


# Values that fit the small and new mail of the lab.
FITTING: dict[str, dict[str, Any]] = {
    "good.yml": {"spool_quarantine_max_percent": 100},
    "better.yml": {"spool_quarantine_max_percent": 100},
    "held.yml": {"queue_cleanup_match": [{"age": "0s"}]},
    "audit.yml": {"queue_audit_textfile": "mailops_postfix.prom"},
}
PREPARED: dict[str, Callable[[Desk], None]] = {
    "restore": _quarantine_before,
    "outage": _outage_before,
    "schedule": _schedule_before,
    "lockout": _lockout_before,
    "ci": _ci_before,
}
TASKS: dict[str, list[Step]] = {
    "suggestions": [("queue_audit_gather", None)],
    "backscatter": [
        ("-e @bounces.yml --diff", _bounces_planned),
        ("-e queue_cleanup_run=mailops-reports", _bounces_deleted),
        ("-e mailops_hosts=mx -e spool_quarantine_name=ticket-4711", _taken_away),
        ("@good.yml --check --diff", untouched),
        ("@good.yml", _restored),
    ],
    "restore": [
        ("mailops.postfix.restore -i inventory", _listed),
        ('"spool": "/var/spool/postfix.quarantine/ticket-4711"', _quarantine_read),
        ("@better.yml --check --diff", untouched),
        ("@better.yml", _restored_without_the_account),
        ('"max_percent": 95', _sender_taken_away),
        ('"state": "restored", "match_all": true', _would_restore),
        ('"mode": "queues"', _queues_taken_away),
        ('"state": "absent"', _too_young),
    ],
    "outage": [
        ('"reason": "Connection refused"', _audit_of_a_domain),
        ("queue_hold_match", _domain_held),
        ("mailops.postfix.release -i inventory", _released),
        ('"queue_flush_wait": 120', _flushed),
        ('"queue_flush_requeue": true', _submitted_again),
        ("-e @gone.yml", _expiry_planned),
        ("-e queue_cleanup_run=mailops-reports", None),
    ],
    "maintenance": [
        ("mailops.postfix.audit -i inventory -e mailops_hosts=mx01", audited),
        ('"queue_flush_wait": 300', _flushed),
        ('"queue_hold_match_all": true', _all_held),
        ("-a 'postfix stop'", _stopped),
        ("--check --diff -m mailops.postfix.postfix_spool_repair", _repaired),
        ("--diff -m mailops.postfix.postfix_spool_repair", _repaired),
        ("-a 'postfix start'", _started),
        ("mailops.postfix.release -i inventory -e mailops_hosts=mx01", _released),
        ("mailops.postfix.audit -i inventory -e mailops_hosts=mx01", None),
    ],
    "monitoring": [
        ("-e @audit.yml", _metrics_written),
        ("openssl rand", _key_made),
        ("-e @redact.yml", _redacted),
    ],
    "schedule": [
        ("-e @audit.yml", None),
        ("-e @held.yml", _held_mail_deleted),
        ("-e lockout_reason=schedule", _no_locks),
        ("expire_quarantines.yml", _quarantine_kept),
    ],
    "lockout": [
        ("mailops.postfix.lockout -i inventory", _suspects_shown),
        ("suspects.yml --check --diff", untouched),
        ("-e lockout_reason=ticket-4711", _locked),
        ('-e \'{"lockout_locks":', _still_locked),
        ("mailops.postfix.locks -i inventory", _lock_listed),
        ('mailops.postfix.unlock -i inventory -e \'{"lockout_ids":', _unlocked),
        ('mailops.postfix.unlock -i inventory -e \'{"lockout_locks":', _unlocked),
        ('"state": "released"', _account_released),
        ("message_trace_queue_id", _traced),
        ("message_trace_message_id", _traced),
    ],
    "locks": [("-m mailops.postfix.postfix_lock", _locks_removed)],
    "ci": [
        ("queue_cleanup_signing_key", _signed),
        (".over | length", _shown("0\n")),
        (".problems", _shown("{}\n")),
        ("select(.state", _shown("")),
    ],
}


@pytest.fixture
def restored_configuration(host: Host) -> Iterator[None]:
    """Afterwards the configuration of Postfix is as it was before, also if a page has left a lock."""
    before = {path: host.get(path) for path in CONFIGURATION}
    yield
    if any(host.get(path) != content for path, content in before.items()):
        for path, content in before.items():
            host.put(path, content)
        host.run(["rm", "-rf", "/etc/postfix/mailops"])
        host.age(*CONFIGURATION)
        host.reload()


@pytest.mark.usefixtures("restored_configuration")
@pytest.mark.parametrize("name", TASKS)
def test_a_page_does_what_it_says(desk: Desk, name: str) -> None:
    page = f"docs/{name}.md"
    files = yaml_files(page)
    for file, content in files.items():
        put(desk, file, {**content, **FITTING.get(file, {})} if isinstance(content, dict) else content)
    PREPARED.get(name, _nothing_before)(desk)
    follow(desk, commands(page), TASKS[name])


def test_all_pages_with_commands_are_here() -> None:
    pages = {path.stem for path in ROOT.glob("docs/*.md") if commands(f"docs/{path.name}")}
    assert pages == {*TASKS, "operations"}


def test_a_command_that_does_not_run_on_a_page_runs_on_another_one() -> None:
    steps = [("README.md", test_guide.README)]
    steps += [("docs/operations.md", [step for part in test_guide.GUIDE.values() for step in part])]
    steps += [(f"docs/{name}.md", own) for name, own in TASKS.items()]
    left: set[str] = set()
    run: set[str] = set()
    for page, own in steps:
        for command, (_part, effect) in zip(commands(page), own, strict=True):
            (left if effect is None else run).add(command)
    assert left - run == set()


def test_every_reason_why_a_command_does_not_run_is_needed() -> None:
    text = "".join(path.read_text("utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")])
    assert [start for start, _why in NOT_RUN if f"\n$ {start}" not in text] == []


def test_the_schedule_runs_commands_of_the_page() -> None:
    text = (ROOT / "docs/schedule.md").read_text("utf-8")
    lines = re.findall(r"chronic (ansible-playbook .*)$|^ExecStart=(.*)$", text, re.MULTILINE)
    assert {first or second for first, second in lines} == set(commands("docs/schedule.md"))
