# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's logins: what the tests of locks rely on, each backend tried by a real SMTP client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.fleet.fill import has_ipv6
from tests.fleet.lab import NEWEST_RELEASE, OLDEST_RELEASE, wait_until
from tests.fleet.sasl import PASSWORD, RELEASES_WITH_DOVECOT, Backend, Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.lab import Host, Lab
    from tests.integration.controller import Controller

ACCOUNT, OTHER = "user1@example.test", "user2@example.test"
LOG = "/var/log/mail.log"
THIEF = "203.0.113.5"
MESSAGE = {"sender": "anybody@example.net", "recipients": ["you@accept.example.org"]}
# What has a cache, and the command that empties it for an account, or as a whole.
FLUSHES = {"saslauthd": ["service", "saslauthd", "restart"], "dovecot": ["doveadm", "auth", "cache", "flush", ACCOUNT]}
CASES = [
    ("trixie", "sasldb"),
    (OLDEST_RELEASE, "saslauthd"),
    (NEWEST_RELEASE, "saslauthd"),
    *((release, "dovecot") for release in RELEASES_WITH_DOVECOT),
]
WATCHED = ("/etc/postfix", "/etc/default", "/etc/dovecot", "/etc/group", "/etc/gshadow", "/etc/sasldb2")


def state(host: Host) -> list[str]:
    """Return all that a backend may change, sorted: files with owner, mode, size and content, and what runs."""
    files = host.run(
        ["sh", "-c", 'find "$@" -type f -printf "%p %u:%g %m %s %T@ " -exec sha256sum {} \\;', "-", *WATCHED],
        check=False,
    )
    running = host.run(["ps", "-e", "-o", "comm="]).stdout
    return sorted(files.stdout.splitlines()) + [
        name for name in ("saslauthd", "dovecot", "auth") if name in running.split()
    ]


@pytest.fixture
def client(host: Host) -> Iterator[Client]:
    """An SMTP client in the host of bookworm."""
    with host.submitting() as running:
        yield running


def check_logins(host: Host, client: Client, accounts: Backend) -> None:
    """Check who may log in, from where, and that an open session outlives its account."""
    assert client.open("right", ACCOUNT, client_address=THIEF) == (235, "2.7.0 Authentication successful")
    assert client.log_in(ACCOUNT, "wrong").code == 535
    assert client.log_in("nobody@example.test").code == 535
    [reply] = client.send("right", MESSAGE)
    assert reply.accepted, reply
    queue_id = reply.text.rpartition(" ")[2]
    logged = f"{queue_id}: client=unknown[{THIEF}], sasl_method=PLAIN, sasl_username={ACCOUNT}\n"
    assert logged in host.get(LOG).decode()
    accounts.set_password("new@example.test", "hello")
    assert client.log_in("new@example.test", "hello", client_address="127.9.8.7").accepted
    assert client.log_in(OTHER, client_address="2001:db8::5" if has_ipv6() else None).accepted
    accounts.remove("new@example.test")
    assert client.send("right", MESSAGE)[0].accepted
    assert client.close("right").code == 221


def check_cache(host: Host, client: Client, accounts: Backend, flush: list[str]) -> None:
    """Check that a password that was changed goes on to be accepted until the cache is emptied."""
    assert client.log_in(ACCOUNT).accepted
    accounts.set_password(ACCOUNT, "changed")
    assert client.log_in(ACCOUNT).accepted
    host.run(flush)
    assert client.log_in(ACCOUNT).code == 535
    assert client.log_in(ACCOUNT, "changed").accepted


@pytest.mark.parametrize(("release", "backend"), CASES)
def test_who_may_log_in(lab: Lab, release: str, backend: str) -> None:
    host = lab.host_of(release)
    before = state(host)
    with host.authenticating_by(backend) as accounts, host.submitting() as client:
        check_logins(host, client, accounts)
        if backend in FLUSHES:
            check_cache(host, client, accounts, FLUSHES[backend])
    assert state(host) == before


def test_a_password_of_sasldb_is_changed_at_once(host: Host, client: Client) -> None:
    with host.authenticating_by("sasldb") as accounts:
        assert client.log_in(ACCOUNT).accepted
        accounts.set_password(ACCOUNT, "changed")
        assert client.log_in(ACCOUNT).code == 535
    assert client.log_in(ACCOUNT, PASSWORD).accepted


def test_a_login_waits_for_saslauthd_to_start(host: Host, client: Client) -> None:
    with host.authenticating_by("saslauthd"):
        host.run(["service", "saslauthd", "stop"])
        logged = len(host.get(LOG))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.log_in, ACCOUNT)
            wait_until(lambda: b"authentication failed: generic failure" in host.get(LOG)[logged:], "no attempt failed")
            host.run(["service", "saslauthd", "start"])
            assert waiting.result().accepted


def test_saslauthd_is_restarted_by_ansible(host: Host, client: Client, controller: Controller) -> None:
    """No systemd is needed: the module service uses the init script."""
    with host.authenticating_by("saslauthd") as accounts:
        assert client.log_in(ACCOUNT).accepted
        accounts.set_password(ACCOUNT, "changed")
        restart = ["-m", "ansible.builtin.service", "-a", "name=saslauthd state=restarted", "--become"]
        controller.run(["ansible", "-i", str(controller.lab.inventory), host.name, *restart])
        assert client.log_in(ACCOUNT).code == 535
