# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import json
import re
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _approval
from ansible_collections.mailops.postfix.plugins.plugin_utils._approval import Approval, ApprovalError
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan, make_fleet_plan
from tests.unit.support.sample_plan import sample_plan

NOW = 1_795_171_200
ALICE = "alice@example.com"


def fleet_plan(sender: str = "a@example.com") -> FleetPlan:
    return make_fleet_plan({"mx01": sample_plan(sender)}, created=NOW, method="delete", limits={})


def approval_of(plan: FleetPlan, **options: Any) -> Approval:
    return _approval.make_approval(plan, **{"now": NOW, "lifetime": 3600, "approved_by": ALICE, **options})


@pytest.fixture(name="key")
def fixture_key(tmp_path: Path) -> Path:
    """Return a private key, whose public one is next to it."""
    return make_key(tmp_path / "key")


def make_key(path: Path, passphrase: str = "") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(path)], check=True)
    return path


@pytest.fixture(name="signers")
def fixture_signers(tmp_path: Path, key: Path) -> Path:
    """Return a file in which alice is the only allowed signer, with the key."""
    path = tmp_path / "allowed_signers"
    public = key.with_suffix(".pub").read_text(encoding="ascii")
    path.write_text('%s namespaces="mailops-postfix" %s' % (ALICE, public), encoding="ascii")
    return path


def refuse(text: str, kind: type[Exception] = ApprovalError) -> Any:
    return pytest.raises(kind, match="^%s$" % re.escape(text))


def test_an_approval_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "approval.json"
    approval = approval_of(fleet_plan(), note="seen in ticket 1")
    _approval.write_approval(path, approval)
    assert json.loads(path.read_text(encoding="ascii")) == {
        "version": 1,
        "digest": fleet_plan().digest,
        "approved_by": ALICE,
        "created": NOW,
        "expires": NOW + 3600,
        "note": "seen in ticket 1",
    }
    assert _approval.read_approval(path, fleet_plan(), now=NOW + 3599) == approval
    assert path.stat().st_mode & 0o777 == 0o600


def test_by_default_the_user_of_the_process_approves(monkeypatch: pytest.MonkeyPatch) -> None:
    approval = approval_of(fleet_plan(), approved_by="")
    assert approval.approved_by == "%s@%s" % (getpass.getuser(), socket.gethostname())

    def fail() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", fail)
    assert re.fullmatch(r"\d+@.+", approval_of(fleet_plan(), approved_by="").approved_by)


def test_a_digest_may_be_cut() -> None:
    plan = fleet_plan()
    for digest in (plan.digest, plan.digest[:12], " %s\n" % plan.digest.upper()):
        _approval.check_digest(plan, digest)


@pytest.mark.parametrize("digest", ["", "0" * 64, "short", "\x1b[31m"])
def test_another_digest_is_refused(digest: str) -> None:
    plan = fleet_plan()
    shown = {"": "none", "\x1b[31m": "\\x1b[31m"}.get(digest, digest)
    text = (
        "The digest that is approved (%s) is not that of this fleet plan (%s); nothing was touched. Look at the report of this plan, and "
        "give its digest, with at least 12 digits, as queue_cleanup_approve." % (shown, plan.digest)
    )
    with refuse(text):
        _approval.check_digest(plan, digest)
    with pytest.raises(ApprovalError):
        _approval.check_digest(plan, plan.digest[:11])


# --- approvals that are not valid -----------------------------------------------------------------------------------


def test_a_plan_without_approval_is_refused(tmp_path: Path) -> None:
    path, plan = tmp_path / "approval.json", fleet_plan()
    text = (
        "The fleet plan %s is not approved: there is no %s; nothing was touched. Approve it with the playbook mailops.postfix.approve, or "
        "give its digest as queue_cleanup_approve." % (plan.digest[:12], path)
    )
    with refuse(text):
        _approval.read_approval(path, plan, now=NOW)


def test_an_approval_of_another_plan_is_refused(tmp_path: Path) -> None:
    path, plan, edited = tmp_path / "approval.json", fleet_plan(), fleet_plan("b@example.com")
    _approval.write_approval(path, approval_of(plan))
    text = (
        "The approval %s is for another fleet plan: it names %s, and the digest of this one is %s; nothing was touched. Look at the report "
        "of this plan. Approve it with the playbook mailops.postfix.approve." % (path, plan.digest, edited.digest)
    )
    with refuse(text):
        _approval.read_approval(path, edited, now=NOW)


TIMES: list[tuple[str, int, str]] = [
    (
        "expired",
        3600 + 7200,
        (
            "expired 2h 0m ago; nothing was touched. Look at the queues again and make a new plan, or approve this one again with the playbook "
            "mailops.postfix.approve."
        ),
    ),
    (
        "just expired",
        3600,
        (
            "expired 0s ago; nothing was touched. Look at the queues again and make a new plan, or approve this one again with the playbook "
            "mailops.postfix.approve."
        ),
    ),
    (
        "of the future",
        -600,
        (
            "was made 10m in the future; nothing was touched. Set the clocks right, or approve the plan again with the playbook "
            "mailops.postfix.approve."
        ),
    ),
]


@pytest.mark.parametrize(("later", "message"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_an_approval_of_another_time_is_refused(tmp_path: Path, later: int, message: str) -> None:
    path = tmp_path / "approval.json"
    _approval.write_approval(path, approval_of(fleet_plan()))
    with refuse("The approval %s %s" % (path, message)):
        _approval.read_approval(path, fleet_plan(), now=NOW + later)


AGAIN = "nothing was touched. Approve the plan again with the playbook mailops.postfix.approve."
INCOMPLETE: list[tuple[str, dict[str, Any], str]] = [
    ("version", {"version": 2}, "has version 2, and this collection knows version 1; "),
    ("no text", {"digest": None}, "has no digest; "),
    ("a bool", {"expires": True}, "has no expires; "),
    ("a list", {"approved_by": ["x"]}, "has no approved_by; "),
]


@pytest.mark.parametrize(("parts", "message"), [row[1:] for row in INCOMPLETE], ids=[row[0] for row in INCOMPLETE])
def test_an_incomplete_approval_is_refused(tmp_path: Path, parts: dict[str, Any], message: str) -> None:
    path = tmp_path / "approval.json"
    path.write_text(json.dumps({**approval_of(fleet_plan()).to_json(), **parts}), encoding="ascii")
    with refuse("The approval %s %s%s" % (path, message, AGAIN)):
        _approval.read_approval(path, fleet_plan(), now=NOW)


def test_a_file_that_is_no_approval_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "approval.json"
    path.write_text("x" * 70_000, encoding="ascii")
    text = "The approval: %s has more than 65536 bytes; nothing was touched. Check whether it is the right file." % path
    with refuse(text, FileError):
        _approval.read_approval(path, fleet_plan(), now=NOW)


# --- signatures -----------------------------------------------------------------------------------------------------


def test_a_signed_approval_is_verified(tmp_path: Path, key: Path, signers: Path) -> None:
    path = tmp_path / "approval.json"
    approval = approval_of(fleet_plan())
    _approval.write_approval(path, approval, signing_key=key)
    assert _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers) == approval
    assert {entry.stat().st_mode & 0o777 for entry in tmp_path.glob("approval.json*")} == {0o600}
    # Approved again without a key: the old signature is not left next to it.
    _approval.write_approval(path, approval)
    assert not (tmp_path / "approval.json.sig").exists()


def test_an_approval_without_signature_is_refused(tmp_path: Path, signers: Path) -> None:
    path = tmp_path / "approval.json"
    _approval.write_approval(path, approval_of(fleet_plan()))
    text = (
        "The approval %s is not signed: there is no %s.sig; nothing was touched. Approve the plan again with the playbook "
        "mailops.postfix.approve and queue_cleanup_signing_key." % (path, path)
    )
    with refuse(text):
        _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)


def test_missing_signers_are_refused(tmp_path: Path, key: Path) -> None:
    path = tmp_path / "approval.json"
    _approval.write_approval(path, approval_of(fleet_plan()), signing_key=key)
    signers = tmp_path / "none"
    text = "There is no file %s of allowed signers; nothing was touched. Correct queue_cleanup_allowed_signers."
    with refuse(text % signers):
        _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)


def wrong_signature(path: Path, identity: str, problem: str, signers: Path) -> str:
    return (
        "The signature of the approval %s is not valid for %s (%s); nothing was touched. Let somebody who is in %s approve the plan, with "
        "approved_by as it is there." % (path, identity, problem, signers)
    )


def test_an_approval_that_was_edited_after_it_was_signed_is_refused(tmp_path: Path, key: Path, signers: Path) -> None:
    path = tmp_path / "approval.json"
    approval = approval_of(fleet_plan())
    _approval.write_approval(path, approval, signing_key=key)
    path.write_text(json.dumps(replace(approval, expires=NOW + 999_999).to_json()), encoding="ascii")
    problem = "Signature verification failed: incorrect signature"
    with refuse(wrong_signature(path, ALICE, problem, signers)):
        _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)


def test_a_signature_of_somebody_else_is_refused(tmp_path: Path, key: Path, signers: Path) -> None:
    path = tmp_path / "approval.json"
    _approval.write_approval(path, approval_of(fleet_plan()), signing_key=make_key(tmp_path / "other"))
    with pytest.raises(ApprovalError, match=r"^The signature of the approval .* is not valid for alice@example.com "):
        _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)
    for name, shown in (("bob@example.com", "bob@example.com"), ("*", "*")):
        _approval.write_approval(path, approval_of(fleet_plan(), approved_by=name), signing_key=key)
        with refuse(wrong_signature(path, shown, "Could not verify signature", signers)):
            _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)


@pytest.mark.parametrize(
    ("name", "shown"), [("-O", "-O"), ("a\x1b", "a\\x1b"), ("\n" + ALICE, ALICE)], ids=["option", "escape", "lines"]
)
def test_what_is_no_identity_is_refused(tmp_path: Path, key: Path, signers: Path, name: str, shown: str) -> None:
    path = tmp_path / "approval.json"
    _approval.write_approval(path, approval_of(fleet_plan(), approved_by=name), signing_key=key)
    with refuse(wrong_signature(path, shown, "this is no identity", signers)):
        _approval.read_approval(path, fleet_plan(), now=NOW, allowed_signers=signers)


def test_a_key_that_cannot_sign_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "approval.json"
    text = (
        "The approval cannot be signed with %s: %s; nothing was written. Give a private key without a passphrase, or the public key of one "
        "that ssh-agent has, as queue_cleanup_signing_key."
    )
    key = tmp_path / "none"
    with refuse(text % (key, "Couldn't load public key %s: No such file or directory" % key)):
        _approval.write_approval(path, approval_of(fleet_plan()), signing_key=key)
    monkeypatch.setenv("PATH", str(tmp_path))
    with refuse(text % (key, "there is no command ssh-keygen on the controller")):
        _approval.write_approval(path, approval_of(fleet_plan()), signing_key=key)
    assert list(tmp_path.iterdir()) == []


def test_ssh_keygen_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "ssh-keygen"
    command.write_text("#!/bin/sh\nexec /bin/sleep 60\n", encoding="ascii")
    command.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_approval, "_SIGN_SECONDS", 0.1)
    with pytest.raises(ApprovalError, match="ssh-keygen did not end within 0 seconds; nothing was written"):
        _approval.write_approval(tmp_path / "a", approval_of(fleet_plan()), signing_key=tmp_path / "key")
