# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible import context

from ansible_collections.mailops.postfix.plugins.plugin_utils import _commands


@pytest.fixture
def inventories(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The inventories of the command that runs, which a test may change."""
    sources = ["hosts of mx"]
    monkeypatch.setattr(context, "CLIARGS", {"inventory": sources})
    return sources


@pytest.mark.usefixtures("inventories")
def test_the_rest_of_a_cleanup_is_done_with_the_same_inventory() -> None:
    assert _commands.resume_lines("/r/runs/1") == [
        "To do the rest:",
        "  ansible-playbook mailops.postfix.cleanup -i 'hosts of mx' -e queue_cleanup_run=/r/runs/1",
    ]


def test_without_an_inventory_none_is_named(inventories: list[str]) -> None:
    inventories.clear()
    assert _commands.inventory_options() == []
    assert _commands.playbook_lines("locks", []) == ["  ansible-playbook mailops.postfix.locks"]
