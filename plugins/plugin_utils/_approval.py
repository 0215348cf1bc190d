# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The approval of a fleet plan: a file that names its digest, optionally signed with ssh-keygen(1).

The signature is one of C(ssh-keygen -Y sign), with the namespace C(mailops-postfix). It is verified against a file of allowed signers
(see ALLOWED SIGNERS in ssh-keygen(1)), for the identity that the approval names as C(approved_by).
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import signature_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, one_line

VERSION = 1
NAMESPACE = "mailops-postfix"
SHORTEST_DIGEST = 12
"""The fewest digits of a digest that name a fleet plan."""
_MAX_BYTES = 64 * 1024
# How much the clocks of two controllers may differ, in seconds.
_CLOCK_SLACK = 300
_SIGN_SECONDS = 120
_WHAT = "The approval"
_SIGNATURE = "The signature of the approval"
_APPROVE = "Approve it with the playbook mailops.postfix.approve"
_KINDS: Mapping[str, type] = {"digest": str, "approved_by": str, "created": int, "expires": int, "note": str}


class ApprovalError(MailopsError):
    """A fleet plan that is not approved, or an approval that is not valid for it."""


@dataclass(frozen=True)
class Approval:
    """That somebody approved a fleet plan. digest: of the fleet plan. created, expires: seconds since the epoch."""

    digest: str
    approved_by: str
    created: int
    expires: int
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the approval as its file has it."""
        return {"version": VERSION, **vars(self)}


def make_approval(plan: FleetPlan, *, now: int, lifetime: int, approved_by: str = "", note: str = "") -> Approval:
    """Return an approval of a fleet plan. now: seconds since the epoch. lifetime: in seconds.

    approved_by: by default the user of this process at its host.
    """
    return Approval(plan.digest, approved_by or _this_user(), now, now + lifetime, note)


def write_approval(path: Path, approval: Approval, *, signing_key: Path | None = None) -> None:
    """Write an approval into a file, and its signature next to it. Raises FileError, or ApprovalError if it cannot be signed.

    signing_key: a private key, or the public key of one that ssh-agent has. Without it there is no signature afterwards.
    """
    data = _files.encode_json(approval.to_json())
    signature = None if signing_key is None else _sign(data, signing_key)
    # Never an approval with the signature of another one.
    _files.remove(signature_of(path), what=_SIGNATURE)
    _files.write_bytes(path, data, what=_WHAT)
    if signature is not None:
        _files.write_bytes(signature_of(path), signature, what=_SIGNATURE)


def check_digest(plan: FleetPlan, digest: str) -> None:
    """Raise ApprovalError if a digest that somebody approved is not that of the fleet plan. It may be cut after 12 digits."""
    given = digest.strip().lower()
    if len(given) < SHORTEST_DIGEST or not plan.digest.startswith(given):
        raise ApprovalError(
            "The digest that is approved (%s) is not that of this fleet plan (%s); nothing was touched. Look at the report of this plan, "
            "and give its digest, with at least %d digits, as queue_cleanup_approve."
            % (one_line(digest) or "none", plan.digest, SHORTEST_DIGEST)
        )


def read_approval(path: Path, plan: FleetPlan, *, now: int, allowed_signers: Path | None = None) -> Approval:
    """Return the approval in a file, if it is valid for a fleet plan. Raises ApprovalError if it is not, and FileError.

    now: seconds since the epoch. allowed_signers: the file of those who may sign it. Without it a signature is not looked at.
    """
    if not path.exists():
        raise ApprovalError(
            "The fleet plan %s is not approved: there is no %s; nothing was touched. %s, or give its digest as queue_cleanup_approve."
            % (plan.digest[:SHORTEST_DIGEST], path, _APPROVE)
        )
    data = _files.read_bytes(path, most=_MAX_BYTES, what=_WHAT)
    approval = _parse(_files.parse_json(data, path, what=_WHAT), path)
    if allowed_signers is not None:
        _verify(data, approval, path, allowed_signers)
    _check_plan(approval, plan, path)
    _check_time(approval, path, now)
    return approval


def _parse(content: Mapping[str, Any], path: Path) -> Approval:
    if content.get("version") != VERSION:
        raise ApprovalError(
            "The approval %s has version %s, and this collection knows version %d; nothing was touched. Approve the plan again with the "
            "playbook mailops.postfix.approve." % (path, one_line(str(content.get("version"))), VERSION)
        )
    for name, kind in _KINDS.items():
        if not isinstance(content.get(name), kind) or isinstance(content.get(name), bool):
            raise ApprovalError(
                "The approval %s has no %s; nothing was touched. Approve the plan again with the playbook mailops.postfix.approve."
                % (path, name)
            )
    return Approval(**{name: content[name] for name in _KINDS})


def _check_plan(approval: Approval, plan: FleetPlan, path: Path) -> None:
    if approval.digest != plan.digest:
        raise ApprovalError(
            "The approval %s is for another fleet plan: it names %s, and the digest of this one is %s; nothing was touched. Look at the "
            "report of this plan. %s." % (path, one_line(approval.digest)[:64], plan.digest, _APPROVE)
        )


def _check_time(approval: Approval, path: Path, now: int) -> None:
    if approval.created - now > _CLOCK_SLACK:
        raise ApprovalError(
            "The approval %s was made %s in the future; nothing was touched. Set the clocks right, or approve the plan again with the "
            "playbook mailops.postfix.approve." % (path, age(approval.created - now))
        )
    if approval.expires <= now:
        raise ApprovalError(
            "The approval %s expired %s ago; nothing was touched. Look at the queues again and make a new plan, or approve this one "
            "again with the playbook mailops.postfix.approve." % (path, age(now - approval.expires))
        )


def _this_user() -> str:
    try:
        name = getpass.getuser()
    # Not every user of a container has a name: KeyError until Python 3.12, and OSError since then.
    except (KeyError, OSError):
        name = str(os.getuid())
    return "%s@%s" % (name, socket.gethostname())


# --- signatures -----------------------------------------------------------------------------------------------------


def _sign(data: bytes, key: Path) -> bytes:
    status, output, problem = _run_ssh_keygen(["sign", "-f", str(key)], data)
    if status:
        raise ApprovalError(
            "The approval cannot be signed with %s: %s; nothing was written. Give a private key without a passphrase, or the public key of "
            "one that ssh-agent has, as queue_cleanup_signing_key." % (key, problem)
        )
    return output


def _verify(data: bytes, approval: Approval, path: Path, allowed_signers: Path) -> None:
    """Raise ApprovalError if the data have no signature of the one who approved, or if that one is no allowed signer."""
    signature = signature_of(path)
    if not signature.exists():
        raise ApprovalError(
            "The approval %s is not signed: there is no %s; nothing was touched. Approve the plan again with the playbook "
            "mailops.postfix.approve and queue_cleanup_signing_key." % (path, signature)
        )
    # ssh-keygen would wait for the writer of a named pipe.
    _files.read_bytes(signature, most=_MAX_BYTES, what=_SIGNATURE)
    if not allowed_signers.is_file():
        raise ApprovalError(
            "There is no file %s of allowed signers; nothing was touched. Correct queue_cleanup_allowed_signers."
            % allowed_signers
        )
    identity = approval.approved_by
    # ssh-keygen compares the identity with patterns. What it could read as an option or a second line is no identity.
    status, _output, problem = (
        _run_ssh_keygen(["verify", "-f", str(allowed_signers), "-I", identity, "-s", str(signature)], data)
        if identity.isprintable() and not identity.startswith("-")
        else (255, b"", "this is no identity")
    )
    if status:
        raise ApprovalError(
            "The signature of the approval %s is not valid for %s (%s); nothing was touched. Let somebody who is in %s approve the plan, "
            "with approved_by as it is there." % (path, one_line(identity)[:200], problem, allowed_signers)
        )


def _run_ssh_keygen(arguments: list[str], data: bytes) -> tuple[int, bytes, str]:
    """Run ssh-keygen -Y with a namespace. Return its exit status, its output, and what it says about an error, on one line."""
    environment = {**os.environ, "LC_ALL": "C"}
    command = ["ssh-keygen", "-Y", arguments[0], "-n", NAMESPACE, *arguments[1:]]
    try:
        run = subprocess.run(
            command, input=data, capture_output=True, env=environment, timeout=_SIGN_SECONDS, check=False
        )
    except FileNotFoundError:
        return 127, b"", "there is no command ssh-keygen on the controller"
    except subprocess.TimeoutExpired:
        return 124, b"", "ssh-keygen did not end within %d seconds" % _SIGN_SECONDS
    text = (run.stderr or run.stdout).decode("utf-8", "replace")
    return run.returncode, run.stdout, one_line(text).rstrip(".")[:500] or "no reason given"
