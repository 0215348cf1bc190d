# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab host's submission service asks whether a password is right: a table of backends, each with its accounts.

with host.authenticating_by("saslauthd") as accounts, host.submitting() as client:
    accounts.set_password("user1@example.test", "changed")
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.fleet.lab import Host

# Who may log in at first (see fleet.sh).
ACCOUNTS = ("user1@example.test", "user2@example.test", "stolen@example.test")
PASSWORD = "secret"
# A day's work, as large sites set it: whoever relies on the end of it waits in vain.
CACHE_SECONDS = 28800
DOVECOT_USERS = "/etc/dovecot/users.sqlite"

_SASLDB = "/etc/sasldb2"
_SMTPD_CONF = "/etc/postfix/sasl/smtpd.conf"
_SASLAUTHD_DEFAULTS = "/etc/default/saslauthd"
_GROUPS = ("/etc/group", "/etc/group-", "/etc/gshadow", "/etc/gshadow-")
_DOVECOT_CONF = "/etc/dovecot/dovecot.conf"
_DOVECOT_SQL_2_3 = "/etc/dovecot/users.conf"
_DOVECOT_LOG = "/var/log/dovecot.log"


class Backend:
    """Cyrus SASL with sasldb, as the lab sets it up; a subclass changes what is different."""

    files: ClassVar[Sequence[str]] = (_SASLDB,)
    """What is put back at the end, in addition to main.cf."""
    settings: ClassVar[Mapping[str, str]] = {}
    """Parameters of main.cf."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def start(self) -> None:
        """Configure and start what is needed in addition to Postfix."""

    def stop(self) -> None:
        """Undo start(), except for the files."""

    def set_password(self, account: str, password: str) -> None:
        """Change the password of an account, which is made if need be."""
        self._host.run(["saslpasswd2", "-p", "-c", *self._names(account)], input=password)

    def remove(self, account: str) -> None:
        """Remove an account."""
        self._host.run(["saslpasswd2", "-d", *self._names(account)])

    def _names(self, account: str) -> list[str]:
        user, _at, realm = account.partition("@")
        # A login without a domain is looked up in the realm of the host's name.
        return ["-u", realm or self._host.run(["hostname"]).stdout.strip(), user]


class Saslauthd(Backend):
    """Cyrus SASL with saslauthd, which remembers passwords that were right (`-c`); its accounts are those of sasldb."""

    files = (_SASLDB, _SMTPD_CONF, _SASLAUTHD_DEFAULTS, *_GROUPS)

    def start(self) -> None:
        """Start saslauthd as Debian does, and let Postfix use its socket."""
        options = f"-c -t {CACHE_SECONDS} -m /var/run/saslauthd"
        defaults = {"START": "yes", "MECHANISMS": "sasldb", "THREADS": "2", "OPTIONS": options}
        assignments = [f'{name}="{value}"\n' for name, value in defaults.items()]
        self._host.put(
            _SASLAUTHD_DEFAULTS, "".join(['DESC="SASL Authentication Daemon"\nNAME="saslauthd"\n', *assignments])
        )
        self._host.put(_SMTPD_CONF, "pwcheck_method: saslauthd\nmech_list: PLAIN LOGIN\n")
        self._host.run(["gpasswd", "--add", "postfix", "sasl"])
        self._host.run(["service", "saslauthd", "start"])

    def stop(self) -> None:
        """Stop saslauthd, and forget what it remembered."""
        self._host.run(["service", "saslauthd", "stop"])
        self._host.run(["rm", "-rf", "/run/saslauthd"])


class Dovecot(Backend):
    """Dovecot's auth service with SQLite, and a cache that has no end for a day.  Dovecot caches nothing of a passwd-file."""

    # A test that removes an account may do so in sasldb, too.
    files = (_DOVECOT_CONF, _SASLDB)
    settings: ClassVar[Mapping[str, str]] = {"smtpd_sasl_type": "dovecot", "smtpd_sasl_path": "private/auth"}

    def start(self) -> None:
        """Start Dovecot with its auth service only."""
        version = self._host.run(["dovecot", "--version"]).stdout
        self._query("CREATE TABLE users (account TEXT PRIMARY KEY, password TEXT)")
        for account in ACCOUNTS:
            self.set_password(account, PASSWORD)
        self._host.put(_DOVECOT_CONF, _DOVECOT_2_3 if version.startswith("2.3.") else _DOVECOT_2_4)
        self._host.put(_DOVECOT_SQL_2_3, _SQL_2_3)
        # A daemon that kept the standard output would be waited for.
        self._host.run(["sh", "-c", "service dovecot start > /dev/null 2>&1"])

    def stop(self) -> None:
        """Stop Dovecot."""
        self._host.run(["service", "dovecot", "stop"])
        self._host.run(["rm", "-f", DOVECOT_USERS, _DOVECOT_SQL_2_3, _DOVECOT_LOG])

    def set_password(self, account: str, password: str) -> None:
        """Change the password of an account, which is made if need be."""
        self._query("INSERT OR REPLACE INTO users VALUES (?, ?)", account, password)

    def remove(self, account: str) -> None:
        """Remove an account."""
        self._query("DELETE FROM users WHERE account = ?", account)

    def _query(self, statement: str, *values: str) -> None:
        self._host.run(["python3", "-c", _QUERY, DOVECOT_USERS, statement, *values])


_QUERY = """\
import sqlite3, sys
file, statement, *values = sys.argv[1:]
sqlite3.connect(file, isolation_level=None).execute(statement, values)
"""
_SELECT = "SELECT account AS user, password FROM users WHERE account ="
# What 2.3 and 2.4 call the same.  A failed login is answered at once, so that tests are quick.
_DOVECOT_COMMON = f"""\
log_path = {_DOVECOT_LOG}
ssl = no
auth_mechanisms = plain login
auth_cache_size = 1M
auth_cache_ttl = {CACHE_SECONDS} s
auth_failure_delay = 0
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
_DOVECOT_2_3 = f"""\
protocols =
disable_plaintext_auth = no
{_DOVECOT_COMMON}passdb {{
  driver = sql
  args = {_DOVECOT_SQL_2_3}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
"""
_SQL_2_3 = f"""\
driver = sqlite
connect = {DOVECOT_USERS}
default_pass_scheme = PLAIN
password_query = {_SELECT} '%u'
"""
_DOVECOT_2_4 = f"""\
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols =
auth_allow_cleartext = yes
sql_driver = sqlite
sqlite_path = {DOVECOT_USERS}
{_DOVECOT_COMMON}passdb sql {{
  default_password_scheme = PLAIN
  query = {_SELECT} '%{{user}}'
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = /nonexistent
  }}
}}
"""

BACKENDS: Mapping[str, Callable[[Host], Backend]] = {"sasldb": Backend, "saslauthd": Saslauthd, "dovecot": Dovecot}
# Those whose images have Dovecot (see fleet.sh); saslauthd is everywhere.
RELEASES_WITH_DOVECOT = ("bookworm", "trixie")


@contextlib.contextmanager
def authenticating_by(host: Host, backend_name: str) -> Iterator[Backend]:
    """Have a host's submission service use a backend while this is entered; then everything is as it was before."""
    backend = BACKENDS[backend_name](host)
    with _kept(host, ["/etc/postfix/main.cf", *backend.files]):
        backend.start()
        try:
            if backend.settings:
                host.postconf("-e", *(f"{name}={value}" for name, value in backend.settings.items()))
            host.reload()
            yield backend
        finally:
            backend.stop()
    host.reload()


@contextlib.contextmanager
def _kept(host: Host, files: Sequence[str]) -> Iterator[None]:
    """Put files back as they were, with owner, mode and time; what was not there is removed."""
    archive = host.run(["mktemp"]).stdout.strip()
    here = [path for path in files if not host.run(["test", "-e", path], check=False).returncode]
    host.run(["tar", "--create", "--format=posix", "--absolute-names", "--file", archive, *here])
    try:
        yield
    finally:
        host.run(["rm", "-f", "--", *files])
        host.run(["tar", "--extract", "--same-permissions", "--absolute-names", "--file", archive])
        host.run(["rm", "--", archive])


class ClientError(Exception):
    """The SMTP client in the host failed."""


class Reply(NamedTuple):
    """What the server answered; the code is 0 if it had closed the connection."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether the login, or the message, was accepted."""
        return 200 <= self.code < 300


class Client:
    """An SMTP client inside a host (see submit.py); its sessions stay open until they are closed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def open(
        self,
        session: str,
        account: str | None,
        password: str = PASSWORD,
        *,
        client_address: str | None = None,
        port: int = 587,
    ) -> Reply:
        """Connect and log in; without an account, connect only, as other mail servers do (port 25)."""
        request = {
            "open": session,
            "account": account,
            "password": password,
            "client_address": client_address,
            "port": port,
        }
        return Reply(*self._ask(request))

    def send(self, session: str, *messages: Mapping[str, Any]) -> list[Reply]:
        """Send messages ({sender, recipients, subject}) through an open session, and return the answer to each."""
        return [Reply(*reply) for reply in self._ask({"send": session, "messages": messages})]

    def close(self, session: str) -> Reply:
        """End a session."""
        return Reply(*self._ask({"close": session}))

    def log_in(self, account: str, password: str = PASSWORD, *, client_address: str | None = None) -> Reply:
        """Log in and end the session; return the answer to the login."""
        reply = self.open("log_in", account, password, client_address=client_address)
        self.close("log_in")
        return reply

    def _ask(self, request: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise ClientError("the SMTP client has ended; what it said stands above")
        return json.loads(answer)
