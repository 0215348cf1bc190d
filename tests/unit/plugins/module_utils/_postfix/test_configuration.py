# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import configuration
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from tests.unit.support.runner import FakeRunner, said

MAIN = """smtpd_recipient_restrictions = reject
smtpd_sasl_auth_enable = no
smtpd_proxy_filter =
receive_override_options =
smtpd_null_access_lookup_key = <>
header_checks = pcre:/etc/postfix/mailops/header,pcre:/x
"""
MASTER = """smtp inet n - n - - smtpd
submission inet n - n - - smtpd
    -o smtpd_recipient_restrictions=a,b -o smtpd_sasl_auth_enable=yes
10025 inet n - n - - smtpd -o receive_override_options=no_header_body_checks -o smtpd_proxy_filter=x:1
pickup unix n - n 60 1 pickup
"""
OVERRIDES = """submission/inet/smtpd_recipient_restrictions = a, b
submission/inet/smtpd_sasl_auth_enable = yes
10025/inet/receive_override_options = no_header_body_checks
10025/inet/smtpd_proxy_filter = x:1
"""
PLACE = "/etc/postfix/mailops"


@pytest.fixture
def overrides() -> str:
    return OVERRIDES


@pytest.fixture
def instance(tmp_path: Path, overrides: str) -> Instance:
    (tmp_path / "main.cf").write_text("# main\n")
    (tmp_path / "master.cf").write_text(MASTER)

    def postconf(command: Sequence[str]) -> Output:
        if command[3:] == ["-m"]:
            return said("hash\npcre\n")
        return said(overrides if command[3:] == ["-P"] else MAIN)

    return Instance("/usr/sbin", {"config_directory": str(tmp_path)}, FakeRunner({"postconf": postconf}))


def test_what_is_read(instance: Instance) -> None:
    read = configuration.read_configuration(instance, PLACE)
    assert (read.main_text, read.master_text, read.null_key) == ("# main\n", MASTER, "<>")
    # Without what locks have put into it.
    assert read.main["header_checks"] == "pcre:/x"
    smtp, submission, filtered = read.smtp_servers
    assert [read.has_sasl(service) for service in (smtp, submission, filtered)] == [False, True, False]
    assert read.value_for(submission, "smtpd_recipient_restrictions") == "a, b"
    assert read.value_for(smtp, "smtpd_recipient_restrictions") == "reject"
    assert (read.proxying_services(), read.unchecked_services()) == (["10025/inet"], ["10025/inet"])


def test_values_without_blanks(instance: Instance) -> None:
    assert configuration.effective_values(instance) == {
        "smtpd_recipient_restrictions": "reject",
        "header_checks": "pcre:/etc/postfix/mailops/header,pcre:/x",
        "submission/inet/smtpd_recipient_restrictions": "a,b",
    }
    assert configuration.table_types(instance) == ["hash", "pcre"]


@pytest.mark.parametrize("overrides", [OVERRIDES.replace("a, b", "a, c"), OVERRIDES + "x/inet/body_checks = y\n", ""])
def test_a_form_that_postfix_reads_in_another_way(instance: Instance) -> None:
    with pytest.raises(InstanceError) as caught:
        configuration.read_configuration(instance, PLACE)
    assert str(caught.value).endswith(
        "in master.cf in %s has a form that cannot be changed safely. Nothing was changed. Write it as "
        '"-o name=value" or "-o { name = value }".' % instance.config_directory
    )


def test_postconf_that_fails(instance: Instance) -> None:
    failing = Instance("/usr/sbin", instance.parameters, FakeRunner({"postconf": said(status=1, err="fatal: no\n")}))
    with pytest.raises(InstanceError) as caught:
        configuration.effective_values(failing)
    assert str(caught.value).endswith("failed: fatal: no. Correct main.cf and master.cf, then run this again.")
