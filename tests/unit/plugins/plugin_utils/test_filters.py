# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now


def test_an_error_in_the_input_fails_the_task() -> None:
    def refuse(error: Exception) -> None:
        raise error

    for error in (ValueError("no plan"), SelectionError("expire", "no age")):
        with pytest.raises(AnsibleFilterError) as refused:
            as_filter(refuse)(error)
        assert str(refused.value) == str(error)
    with pytest.raises(KeyError):
        as_filter(refuse)(KeyError("x"))


def test_now_is_in_seconds() -> None:
    assert now() > 1_700_000_000
