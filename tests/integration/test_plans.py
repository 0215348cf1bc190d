# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans in files on the controller, through the action plugins: made, approved, refused and carried out on two hosts."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _approval, _fleet_plan
from tests.fleet.lab import Host, Lab
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.playbooks import Playbooks, Run
from tests.integration.test_playbooks import ids, only
from tests.integration.test_quarantine import clear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

    Mixture = dict[str, list[Record]]

MESSAGES = 30
NAMES = ("mx01", "mx02")
TWO = ("--limit", ",".join(NAMES))
SPAM: dict[str, Any] = {"match": list(SPAM_MATCH), "exclude": list(SPAM_EXCLUDE)}
ROLE_SPAM: dict[str, Any] = {"queue_cleanup_%s" % name: rules for name, rules in SPAM.items()}
ALICE = "alice@example.com"


@pytest.fixture
def playbooks(controller: Controller, tmp_path: Path) -> Playbooks:
    return Playbooks(controller, tmp_path / "reports")


def hosts_of(lab: Lab) -> list[Host]:
    return [lab.host(name) for name in NAMES]


@pytest.fixture
def mixture(lab: Lab) -> Iterator[Mixture]:
    lab.sink.reset()
    for host in hosts_of(lab):
        host.run(["postsuper", "-d", "ALL"])
    yield {host.name: host.fill("incident", MESSAGES, seed=number) for number, host in enumerate(hosts_of(lab), 1)}
    for host in hosts_of(lab):
        host.run(["postsuper", "-d", "ALL"])
        clear(host)


def spools(lab: Lab) -> dict[str, dict[tuple[str, str], str]]:
    return {host.name: host.spool_files() for host in hosts_of(lab)}


def run_tasks(controller: Controller, directory: Path, *tasks: dict[str, Any], **variables: Any) -> tuple[Any, str]:
    """Run tasks on the two hosts; return what each registered, {host: [result]}, and the output."""
    numbered = [{"register": "result_%d" % number, "ignore_errors": True, **task} for number, task in enumerate(tasks)]
    names = ", ".join("result_%d" % number for number in range(len(tasks)))
    keep = {
        "content": "{{ [%s] | to_json }}" % names,
        "dest": "%s/{{ inventory_hostname }}.json" % directory,
        "mode": "0600",
    }
    copy = {"ansible.builtin.copy": keep, "delegate_to": "localhost", "become": False, "check_mode": False}
    plays = [
        {
            "hosts": ",".join(NAMES),
            "gather_facts": False,
            "become": True,
            "vars": variables,
            "tasks": [*numbered, copy],
        }
    ]
    playbook = directory / "tasks.yml"
    playbook.write_text(json.dumps(plays), encoding="utf-8")
    done = controller.play(["ansible-playbook", "-i", str(controller.lab.inventory), str(playbook)])
    results = {name: json.loads((directory / (name + ".json")).read_text(encoding="utf-8")) for name in NAMES}
    return results, done.stdout + done.stderr


def test_modules_write_and_read_plans(controller: Controller, tmp_path: Path, lab: Lab, mixture: Mixture) -> None:
    """Each module that takes plans: hold, release, quarantine, restore, flush and purge, each by the plan that it made."""
    plans = "%s/plans/" % tmp_path
    everything = {"match": [{"recipient": "/@/"}], "max_percent": 100}

    def pair(module: str, act: str, given: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        called = "mailops.postfix.%s" % module
        path = "%s%s/" % (plans, act)
        return [
            {called: {**given, **options, "plan_dest": path}, "check_mode": True, "diff": True},
            {called: {**options, "plan_src": path}},
        ]

    before = spools(lab)
    results, output = run_tasks(
        controller,
        tmp_path,
        *pair("postfix_queue_hold", "hold", SPAM, state="held"),
        *pair("postfix_queue_hold", "release", SPAM, state="released"),
        *pair("postfix_spool_quarantine", "quarantine", SPAM, name="spam"),
        *pair("postfix_spool_quarantine", "restore", everything, name="spam", state="restored"),
        *pair("postfix_queue_flush", "flush", SPAM),
        *pair("postfix_queue_purge", "purge", SPAM),
    )
    for name, found in results.items():
        spam = len(ids(mixture[name], spam=True))
        for number, result in enumerate(found):
            assert not result.get("failed"), (name, number, result.get("msg"), output)
        for planned, done in zip(found[::2], found[1::2], strict=True):
            path = Path(planned["plan"]["path"])
            assert "messages" not in planned["plan"]
            assert path.name == "%s.json" % name
            assert path.stat().st_mode & 0o777 == 0o600
            kept = json.loads(path.read_text(encoding="utf-8"))
            assert kept["digest"] == planned["plan"]["digest"]
            assert planned["matched"]["messages"] == done["matched"]["messages"] == spam
            assert "plan" not in done
        assert found[-1]["purged"]["messages"] == spam
    # Nothing but the spam is gone. What was flushed may be in delivery, so that only the names count.
    left = {name: {queue_id for _queue, queue_id in files} for name, files in spools(lab).items()}
    assert left == {name: ids(mixture[name], spam=False) for name in before}


def test_a_module_that_runs_without_its_action_plugin_refuses_files(controller: Controller, mixture: Mixture) -> None:
    assert mixture
    result = controller.module("mx01", "postfix_queue_purge", {**SPAM, "plan_dest": "/root/plan.json"}, check=True)
    assert result["msg"] == (
        "plan_dest: the action plugin of the module handles it, and the module ran without it; nothing was touched. Use plan, or run the "
        "module by ansible or ansible-playbook"
    )


def test_a_frozen_host_is_named_and_the_wait_ends(controller: Controller, tmp_path: Path, lab: Lab) -> None:
    facts: dict[str, Any] = {"mailops.postfix.postfix_queue_facts": {"gather": []}}
    run_tasks(controller, tmp_path, facts)
    lab.host("mx02").freeze()
    try:
        begun = time.monotonic()
        limits = {"mailops_timeout": "{{ 6 if inventory_hostname == 'mx02' else 0 }}", "mailops_notice_after": 2}
        results, output = run_tasks(controller, tmp_path, facts, **limits)
        assert time.monotonic() - begun < 60
    finally:
        lab.host("mx02").thaw()
    assert "[WARNING]: mx02 has not answered for 2 s (" in output
    assert not results["mx01"][0].get("failed")
    [frozen] = results["mx02"]
    assert (frozen["failed"], frozen["timed_out"]) == (True, True)
    assert frozen["msg"].startswith("mx02 did not answer within 6 seconds (mailops_timeout), so the wait was ended.")


# --- the fleet plan -------------------------------------------------------------------------------------------------


class Planned:
    """A run that planned, with a key that may sign approvals."""

    def __init__(self, playbooks: Playbooks, directory: Path) -> None:
        self.playbooks = playbooks
        plan = playbooks.run("plan", *TWO, **ROLE_SPAM, queue_cleanup_reason="test")
        assert plan.status == 0, plan.output
        self.output = plan.output
        self.path = (playbooks.directory / "runs" / "latest").resolve()
        self.content: dict[str, Any] = json.loads(self.fleet_plan.read_text(encoding="utf-8"))
        self.digest: str = self.content["digest"]
        self.key, self.other = (make_key(directory / name) for name in ("key", "other"))
        self.signers = directory / "signers"
        public = self.key.with_suffix(".pub").read_text(encoding="ascii")
        self.signers.write_text('%s namespaces="mailops-postfix" %s' % (ALICE, public), encoding="ascii")

    @property
    def fleet_plan(self) -> Path:
        return self.path / "fleet_plan.json"

    @property
    def approval(self) -> Path:
        return self.path / "approval.json"

    def approve(self, **variables: Any) -> Run:
        given = {"queue_cleanup_run": str(self.path), "queue_cleanup_approve": self.digest, **variables}
        return self.playbooks.run("approve", **given)

    def write_approval(self, key: Path | None) -> None:
        """Write what the playbook approve writes, which takes longer."""
        plan = _fleet_plan.read_fleet_plan(self.fleet_plan)
        approval = _approval.make_approval(plan, now=int(time.time()), lifetime=3600, approved_by=ALICE)
        _approval.write_approval(self.approval, approval, signing_key=key)

    def clean(self, *arguments: str, **variables: Any) -> Run:
        return self.playbooks.run("cleanup", *(arguments or TWO), queue_cleanup_run=str(self.path), **variables)


def make_key(path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)], check=True)
    return path


def rewrite(path: Path, **parts: Any) -> None:
    content = {**json.loads(path.read_text(encoding="utf-8")), **parts}
    path.write_text(json.dumps(content), encoding="utf-8")


def forge(planned: Planned) -> None:
    """Edit the fleet plan as somebody would who knows how its digest is made."""
    content = {key: value for key, value in planned.content.items() if key != "digest"} | {"reason": "forged"}
    planned.fleet_plan.write_text(json.dumps({**content, "digest": _fleet_plan.digest_of(content)}), encoding="utf-8")


NO_APPROVAL, NOT_SIGNED, SIGNED, SIGNED_BY_OTHER = "no approval", "not signed", "signed", "signed by somebody else"
REQUIRED = {"queue_cleanup_approval": "required"}
BY_SIGNERS = {"queue_cleanup_allowed_signers": "{signers}"}
AGAIN = "Make a new plan with the playbook mailops.postfix.plan."


def nothing(_planned: Planned) -> None:
    """Leave the files of the run as they are."""


# The approval that there is, what is edited then, what the cleanup gets, and the whole refusal.
REFUSED: list[tuple[str, str, Callable[[Planned], None], dict[str, Any], str]] = [
    (
        "no approval",
        NO_APPROVAL,
        nothing,
        REQUIRED,
        (
            "The fleet plan {short} is not approved: there is no {run}/approval.json; nothing was touched. Approve it with the playbook "
            "mailops.postfix.approve, or give its digest as queue_cleanup_approve."
        ),
    ),
    (
        "another digest",
        NO_APPROVAL,
        nothing,
        {"queue_cleanup_approve": "0" * 64},
        (
            "The digest that is approved ("
            + "0" * 64
            + ") is not that of this fleet plan ({digest}); nothing was touched. Look at the "
            "report of this plan, and give its digest, with at least 12 digits, as queue_cleanup_approve."
        ),
    ),
    (
        "an approval of another digest",
        NOT_SIGNED,
        lambda planned: rewrite(planned.approval, digest="0" * 64),
        REQUIRED,
        (
            "The approval {run}/approval.json is for another fleet plan: it names "
            + "0" * 64
            + ", and the digest of this one is {digest}; "
            "nothing was touched. Look at the report of this plan. Approve it with the playbook mailops.postfix.approve."
        ),
    ),
    (
        "expired",
        NOT_SIGNED,
        lambda planned: rewrite(planned.approval, expires=int(time.time()) - 86400),
        REQUIRED,
        (
            "The approval {run}/approval.json expired 1d 0h ago; nothing was touched. Look at the queues again and make a new plan, or "
            "approve this one again with the playbook mailops.postfix.approve."
        ),
    ),
    (
        "not signed",
        NOT_SIGNED,
        nothing,
        BY_SIGNERS,
        (
            "The approval {run}/approval.json is not signed: there is no {run}/approval.json.sig; nothing was touched. Approve the plan "
            "again with the playbook mailops.postfix.approve and queue_cleanup_signing_key."
        ),
    ),
    (
        "signed by somebody else",
        SIGNED_BY_OTHER,
        nothing,
        BY_SIGNERS,
        (
            "The signature of the approval {run}/approval.json is not valid for alice@example.com (Could not verify signature); nothing was "
            "touched. Let somebody who is in {signers} approve the plan, with approved_by as it is there."
        ),
    ),
    (
        "edited after it was signed",
        SIGNED,
        lambda planned: rewrite(planned.approval, expires=2_000_000_000),
        BY_SIGNERS,
        (
            "The signature of the approval {run}/approval.json is not valid for alice@example.com (Signature verification failed: incorrect "
            "signature); nothing was touched. Let somebody who is in {signers} approve the plan, with approved_by as it is there."
        ),
    ),
    (
        "fleet plan edited",
        NOT_SIGNED,
        lambda planned: rewrite(planned.fleet_plan, reason="other"),
        REQUIRED,
        (
            "The fleet plan {run}/fleet_plan.json was altered after it was made: its content does not fit its digest; nothing was touched. "
            + AGAIN
        ),
    ),
    (
        "fleet plan forged",
        NOT_SIGNED,
        forge,
        REQUIRED,
        "The approval {run}/approval.json is for another fleet plan: it names {digest}, and the digest of this one is ",
    ),
    (
        "not protected",
        NOT_SIGNED,
        nothing,
        {"queue_cleanup_protected": [{"sender": "example.com"}]},
        (
            'The fleet plan was made without queue_cleanup_protected[0] ({{"sender": "example.com"}}); nothing was touched. '
            "Make a new plan with the playbook mailops.postfix.plan, which excludes it."
        ),
    ),
]


def test_what_is_not_approved_is_refused_and_nothing_is_touched(
    playbooks: Playbooks, tmp_path: Path, lab: Lab, mixture: Mixture
) -> None:
    assert mixture
    planned = Planned(playbooks, tmp_path)
    before = spools(lab)
    names = {"key": planned.key, "other": planned.other, "signers": planned.signers}
    texts = {**names, "run": planned.path, "digest": planned.digest, "short": planned.digest[:12]}
    original = planned.fleet_plan.read_text(encoding="utf-8")
    for case, approved, edit, given, message in REFUSED:
        for path in planned.path.glob("approval.json*"):
            path.unlink()
        planned.fleet_plan.write_text(original, encoding="utf-8")
        if approved != NO_APPROVAL:
            planned.write_approval({SIGNED: planned.key, SIGNED_BY_OTHER: planned.other}.get(approved))
        edit(planned)
        options = {name: value.format(**names) if isinstance(value, str) else value for name, value in given.items()}
        run = planned.clean(**options)
        assert run.status == 2, (case, run.output)
        # As JSON, because that is how Ansible shows an error with quotes in it.
        shown = message.format(**texts)
        assert shown in run.output or json.dumps(shown)[1:-1] in run.output, (case, run.output)
        assert spools(lab) == before, case
    other = planned.clean("--limit", "mx03")
    assert (
        "The fleet plan is for other hosts (mx01, mx02), and for none of this play (mx03); nothing was touched."
        in other.output
    )
    assert other.status == 2


def test_an_approved_plan_is_carried_out(playbooks: Playbooks, tmp_path: Path, lab: Lab, mixture: Mixture) -> None:
    planned = Planned(playbooks, tmp_path)
    assert "digest: %s" % planned.digest in planned.output
    assert planned.content["counts"]["messages"] == sum(len(ids(records, spam=True)) for records in mixture.values())
    assert planned.content["reason"] == "test"
    refused = planned.approve(queue_cleanup_approve="0" * 64)
    assert refused.status == 2
    assert not planned.approval.exists()
    approved = planned.approve(queue_cleanup_signing_key=str(planned.key), queue_cleanup_approved_by=ALICE)
    assert approved.status == 0, approved.output
    assert "Approved by alice@example.com: %s" % planned.approval in approved.output
    # Neither of the hosts was contacted for that.
    assert set(approved.recap("ok")) == {"localhost"}
    before = spools(lab)
    run = planned.clean(queue_cleanup_allowed_signers=str(planned.signers), queue_cleanup_approval="required")
    assert run.status == 0, run.output
    assert spools(lab) == {name: only(before[name], ids(mixture[name], spam=False)) for name in before}


def test_what_is_protected_is_never_planned(playbooks: Playbooks, mixture: Mixture) -> None:
    """Neither what a rule protects, nor what is younger than the least age."""
    assert mixture
    young = playbooks.run("plan", *TWO, **ROLE_SPAM, queue_cleanup_min_age="1h")
    assert young.status == 0, young.output
    path = playbooks.directory / "runs" / "latest" / "fleet_plan.json"
    assert json.loads(path.read_text(encoding="utf-8"))["counts"]["messages"] == 0
    ours = playbooks.run("plan", *TWO, **ROLE_SPAM, queue_cleanup_protected=[{"sender": "<>"}])
    assert ours.status == 0, ours.output
    fleet_plan = json.loads(path.read_text(encoding="utf-8"))
    assert 0 < fleet_plan["counts"]["messages"] < sum(len(ids(records, spam=True)) for records in mixture.values())
    assert fleet_plan["rules"][0]["exclude"][-1] == {"sender": "<>"}
