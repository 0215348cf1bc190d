# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from tests.unit.support.runner import FakeRunner

PARAMETERS = {
    "config_directory": "/etc/postfix",
    "queue_directory": "/var/spool/postfix",
    "mail_owner": pwd.getpwuid(os.getuid()).pw_name,
    "hash_queue_names": "deferred, defer",
    "hash_queue_depth": "2",
    "enable_long_queue_ids": "yes",
}


def instance(**parameters: str) -> Instance:
    return Instance("/usr/sbin", {**PARAMETERS, **parameters}, FakeRunner({}))


def test_the_layout_is_that_of_main_cf() -> None:
    owner = pwd.getpwuid(os.getuid())
    assert layout_of(instance()) == Layout(
        queue_directory="/var/spool/postfix",
        hash_names=frozenset(("deferred", "defer")),
        hash_depth=2,
        long_queue_ids=True,
        owner=FileAttributes(owner.pw_uid, owner.pw_gid, 0o700, ()),
    )


@pytest.mark.parametrize(
    "parameters", [{"hash_queue_depth": "many"}, {"mail_owner": "no-such-user"}], ids=["depth", "owner"]
)
def test_impossible_values_are_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(InstanceError) as caught:
        layout_of(instance(**parameters))
    assert next(iter(parameters)) in str(caught.value)
