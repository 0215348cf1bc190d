# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a locked account could still use: caches of logins, and other names with the same password."""

from __future__ import annotations

import getopt
import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration

SASLAUTHD = "saslauthd"
DOVECOT = "dovecot"
# Where Cyrus SASL looks for the configuration of a service if Postfix names no directory (SASL's own, Debian's, Red Hat's).
_USUAL_DIRECTORIES = ("/etc/postfix/sasl", "/etc/sasl2", "/usr/lib/sasl2", "/usr/lib64/sasl2", "/usr/local/lib/sasl2")
_PROC = "/proc"
# saslauthd/saslauthd-main.c of Cyrus SASL.
_SASLAUTHD_OPTIONS = "a:cdhO:lm:n:rs:t:vV"
# It looks an account up together with its domain.
_MECHANISM_WITH_DOMAINS = "sasldb"
_METHOD = re.compile(r"\A\s*pwcheck_method\s*:\s*(.*)", re.IGNORECASE)


def find_caches(configuration: Configuration) -> list[str]:
    """Return the caches of the SMTP services that take logins, in order of their names."""
    caches = set()
    for service in configuration.smtp_servers:
        if not configuration.has_sasl(service):
            continue
        kind = configuration.value_for(service, "smtpd_sasl_type")
        if kind == DOVECOT:
            caches.add(DOVECOT)
        elif kind == "cyrus":
            name = configuration.value_for(service, "smtpd_sasl_path") or "smtpd"
            if _uses_saslauthd(name, configuration.value_for(service, "cyrus_sasl_config_path")):
                caches.add(SASLAUTHD)
    return sorted(caches)


def _uses_saslauthd(name: str, directories: str) -> bool:
    """Return whether the first configuration of Cyrus SASL with this name has saslauthd check passwords.

    Without a configuration, Cyrus SASL uses auxprop plugins, and these have no cache.
    """
    searched = [directory for directory in directories.split(":") if directory] or _USUAL_DIRECTORIES
    for directory in searched:
        with suppress(OSError), open(
            os.path.join(directory, os.path.basename(name) + ".conf"), encoding="utf-8", errors="replace"
        ) as stream:
            found = [match.group(1) for match in map(_METHOD.match, stream) if match is not None]
            return any("saslauthd" in methods.split() for methods in found)
    return False


def saslauthd_ignores_domains() -> bool:
    """Return whether a saslauthd runs that may take the password of an account for the same name with any domain (saslauthd(8), -r).

    PAM and the like are asked for the name before the @ only. Postfix logs and checks the name as the client has sent it.
    """
    with suppress(OSError):
        for name in os.listdir(_PROC):
            if name.isdigit() and _ignores_domains(_arguments_of(int(name))):
                return True
    return False


def _arguments_of(pid: int) -> list[str]:
    """Return the command line of a process, nothing if it has ended."""
    with suppress(OSError), open("%s/%d/cmdline" % (_PROC, pid), "rb") as stream:
        return os.fsdecode(stream.read()).split("\0")[:-1]
    return []


def _ignores_domains(arguments: Sequence[str]) -> bool:
    if not arguments or os.path.basename(arguments[0]) != SASLAUTHD:
        return False
    try:
        options = dict(getopt.getopt(list(arguments[1:]), _SASLAUTHD_OPTIONS)[0])
    except getopt.GetoptError:
        return True
    return "-r" not in options and options.get("-a") != _MECHANISM_WITH_DOMAINS
