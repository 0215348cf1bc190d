# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._postfix import login_caches
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.configuration import Configuration
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.login_caches import (
    find_caches,
    saslauthd_ignores_domains,
)

MASTER = "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n"


def caches(main: dict[str, str], overrides: dict[str, str] | None = None) -> list[str]:
    """Return the caches of a configuration."""
    return find_caches(Configuration("", MASTER, "/x", main, overrides or {}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pwcheck_method: saslauthd\n", ["saslauthd"]),
        ("mech_list: PLAIN\n  PwCheck_Method:  auxprop saslauthd\n", ["saslauthd"]),
        ("pwcheck_method: auxprop\n", []),
        ("#pwcheck_method: saslauthd\n", []),
        (None, []),
    ],
)
def test_cyrus(tmp_path: Path, text: str | None, found: list[str]) -> None:
    if text is not None:
        (tmp_path / "smtpd.conf").write_text(text)
    main = {
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "cyrus",
        "smtpd_sasl_path": "smtpd",
        "cyrus_sasl_config_path": "/nowhere:%s" % tmp_path,
    }
    assert caches(main) == found
    assert caches({**main, "smtpd_sasl_auth_enable": "no"}) == []


def test_services_with_values_of_their_own() -> None:
    main = {"smtpd_sasl_auth_enable": "no", "smtpd_sasl_type": "other"}
    overrides = {"submission/inet/smtpd_sasl_auth_enable": "yes", "submission/inet/smtpd_sasl_type": "dovecot"}
    assert caches(main, overrides) == ["dovecot"]
    assert caches({**main, "smtpd_sasl_auth_enable": "yes"}) == []


def test_without_a_directory_the_usual_places_are_read() -> None:
    main = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "cyrus", "smtpd_sasl_path": "no-such-service"}
    assert caches(main) == []


@pytest.mark.parametrize(
    ("commands", "ignores"),
    [
        ([], False),
        (["/usr/sbin/saslauthd -a pam -c -m /var/run/saslauthd -n 5"], True),
        (["/usr/sbin/saslauthd -a sasldb -c"], False),
        (["/usr/sbin/saslauthd -a pam -cr -m/run"], False),
        (["/usr/sbin/saslauthd -a pam -m/run"], True),
        (["/usr/sbin/saslauthd --unknown"], True),
        (["/bin/sh -a saslauthd", "", "/usr/sbin/saslauthd -a pam -r"], False),
    ],
)
def test_names_with_another_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commands: list[str], ignores: bool
) -> None:
    for number, command in enumerate(commands):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "cmdline").write_text(command.replace(" ", "\0") + "\0" if command else "")
    (tmp_path / "7").mkdir()
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(login_caches, "_PROC", str(tmp_path))
    assert saslauthd_ignores_domains() is ignores


def test_a_system_without_proc_has_no_such_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_caches, "_PROC", "/nowhere")
    assert not saslauthd_ignores_domains()
