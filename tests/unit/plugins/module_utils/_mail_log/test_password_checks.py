# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event, FailedLogin, Known
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.password_checks import (
    read_dovecot,
    read_saslauthd,
)


def check(name: bytes, address: bytes | None = b"192.0.2.1") -> FailedLogin:
    return FailedLogin("password check", address, None, name)


def left(name: bytes | None, method: bytes | None = b"PLAIN") -> FailedLogin:
    return FailedLogin("dovecot", b"192.0.2.1", method, name)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        pytest.param(b"auth: passwd-file(bob,192.0.2.1): unknown user", check(b"bob"), id="Dovecot 2.2"),
        pytest.param(b"auth(default): pam(bob,192.0.2.1): unknown user", check(b"bob"), id="Dovecot 1"),
        pytest.param(b"auth: sql(bob@b,192.0.2.1,<6rX>): Password mismatch", check(b"bob@b"), id="session"),
        pytest.param(b"auth: sql(bob,192.0.2.1,master,<6rX>): Password mismatch", check(b"bob"), id="master"),
        pytest.param(b"auth: Info: ldap(dog,192.0.2.1,): invalid credentials", check(b"dog"), id="no session"),
        pytest.param(b"auth: sql(bob): Password mismatch", check(b"bob", None), id="no address"),
        pytest.param(
            b"auth-worker(7): conn unix:auth-worker (pid=3,uid=97): auth-worker<55>: pam(bob,2001:db8::1,<x+/>): "
            b"pam_authenticate() failed: Authentication failure (Password mismatch?)",
            check(b"bob", b"2001:db8::1"),
            id="worker",
        ),
        pytest.param(
            b"auth: sql(bob,192.0.2.1): unknown user (given password: a(b)c)", check(b"bob"), id="verbose_passwords"
        ),
        pytest.param(
            b"auth(bob,192.0.2.1,sasl:login)<CvN>: Info: sql: Password mismatch (given password: x)",
            check(b"bob"),
            id="Dovecot 2.4",
        ),
        pytest.param(
            b"auth-worker(bob,192.0.2.1,sasl:plain,master)<12><CvN>: request [7]: sql: unknown user",
            check(b"bob"),
            id="worker of Dovecot 2.4",
        ),
        pytest.param(b"auth(bob): Password mismatch", check(b"bob", None), id="Dovecot 2.4, no database"),
        pytest.param(
            b"auth: sql(bob,192.0.2.1): unknown user - trying the next passdb", Known(None), id="not the last database"
        ),
        pytest.param(
            b"auth: sql(victim,192.0.2.9,192.0.2.1,<x>): unknown user",
            check(b"victim,192.0.2.9"),
            id="name with an address",
        ),
        pytest.param(b"auth: sql(a b(c),192.0.2.1): unknown user", check(b"a b(c)"), id="name with brackets"),
        pytest.param(
            b"auth: sql(victim,192.0.2.9): unknown user,192.0.2.1,<x>): Password mismatch", None, id="two readings"
        ),
        pytest.param(
            b"auth(victim,192.0.2.9): unknown user,192.0.2.1)<x>: sql: Password mismatch",
            None,
            id="two readings, Dovecot 2.4",
        ),
        pytest.param(b"auth: new(bob,192.0.2.1): authentication failed in a new way", None, id="new failure"),
        pytest.param(b"auth: sql(" + 500 * b"a" + b",192.0.2.1): unknown user", None, id="longer than any name"),
        pytest.param(b"auth: Error: sql(bob,192.0.2.1): Password query failed: x", Known(None), id="problem"),
        pytest.param(b"auth: sql(bob,192.0.2.1): Allowing any password", Known(None), id="no failure"),
        pytest.param(
            b"imap-login: Disconnected (auth failed, 2 attempts): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2",
            left(b"bob"),
            id="login, Dovecot 2.2",
        ),
        pytest.param(
            b"pop3-login: Info: Aborted login (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.1",
            left(b"bob"),
            id="login, Dovecot 2.3",
        ),
        pytest.param(
            b"submission-login: Login aborted: Logged out (auth failed, 1 attempts in 10 secs) (auth_failed): user=<bob>, "
            b"method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, TLS, session=<x>",
            left(b"bob"),
            id="login, Dovecot 2.4",
        ),
        pytest.param(
            b"imap-login: Disconnected (auth failed, 1 attempts): method=PLAIN, rip=192.0.2.1, lip=192.0.2.2, TLS: Disconnected",
            left(None),
            id="login without a name",
        ),
        pytest.param(
            b"imap-login: Disconnected: Too many commands (auth failed, 1 attempts in 0 secs): user=<>, rip=192.0.2.1, lip=a",
            left(None, None),
            id="login with neither",
        ),
        pytest.param(
            b"imap-login: x (auth failed, 1 attempts in 0 secs): user=<a, b>c>, method=PLAIN, rip=192.0.2.1",
            left(b"a, b>c"),
            id="login with special characters",
        ),
        pytest.param(
            b"imap-login: x (auth failed, 1 attempts in 0 secs): user=<victim>, method=PLAIN, rip=192.0.2.9, lip=a>, "
            b"method=PLAIN, rip=192.0.2.1",
            None,
            id="login with two readings",
        ),
        pytest.param(
            b"imap-login: x (auth failed, 1 attempts in 0 secs): user=<victim>, method=PLAIN>, method=LOGIN, rip=192.0.2.1",
            None,
            id="login with two methods",
        ),
        pytest.param(
            b"imap-login: x (auth failed, 1 attempts in 0 secs): user=<bob>, session=<x>",
            None,
            id="other login_log_format",
        ),
        pytest.param(
            b"imap-login: Disconnected (no auth attempts in 2 secs): user=<>, rip=192.0.2.1, lip=a",
            Known(None),
            id="no attempt",
        ),
        pytest.param(
            b"imap-login: Login: user=<(auth failed, 1 attempts)>, method=PLAIN, rip=192.0.2.1",
            Known(None),
            id="success",
        ),
        pytest.param(b"imap(bob)<1><x>: Disconnected: Logged out", Known(None), id="session of a mailbox"),
        pytest.param(b"master: Warning: SIGHUP received", Known(None), id="master"),
        pytest.param(b"Something else", None, id="no line of Dovecot"),
    ],
)
def test_dovecot(text: bytes, event: Event | None) -> None:
    assert read_dovecot(text) == event


@pytest.mark.parametrize(
    ("text", "event"),
    [
        pytest.param(
            b"do_auth         : auth failure: [user=bob] [service=smtp] [realm=] [mech=pam] [reason=PAM auth error]",
            check(b"bob", None),
            id="usual",
        ),
        pytest.param(
            b"do_auth         : auth failure: [user=bob] [service=smtp] [realm=example.com] [mech=pam] [reason=x]",
            check(b"bob@example.com", None),
            id="realm",
        ),
        pytest.param(
            b"do_auth         : auth failure: [user=bob@a] [service=smtp] [realm=a] [mech=rimap] [reason=x]",
            check(b"bob@a", None),
            id="realm twice",
        ),
        pytest.param(
            b"do_auth         : auth failure: [user=bob] [service=smtp] [realm=] [remote=192.0.2.1;4711] [mech=pam] [reason=x]",
            None,
            id="address",
        ),
        pytest.param(b"do_auth         : auth failure: [user=bob]", None, id="incomplete"),
        pytest.param(
            b"do_auth         : auth failure: [user=a]b] [service=smtp] [realm=] [mech=pam] [reason=x]",
            check(b"a]b", None),
            id="bracket",
        ),
        pytest.param(
            b"do_auth         : auth failure: [user=victim] [service=smtp] [realm=x] [service=smtp] [realm=] [mech=pam] [reason=x]",
            None,
            id="two readings of the name",
        ),
        pytest.param(
            b"do_auth         : auth failure: [user=a] [service=smtp] [realm=victim] [mech=x] [mech=pam] [reason=x]",
            None,
            id="two readings of the realm",
        ),
        pytest.param(b"ipc_init        : listening on socket: /run/mux", Known(None), id="other function"),
        pytest.param(b"pam_unix(smtp:auth): authentication failure; user=bob", Known(None), id="PAM"),
        pytest.param(b"Something else", None, id="not understood"),
    ],
)
def test_saslauthd(text: bytes, event: Event | None) -> None:
    assert read_saslauthd(text) == event
