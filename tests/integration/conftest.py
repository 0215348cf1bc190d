# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests: a host of each release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fleet.lab import NEWEST_RELEASE, OLDEST_RELEASE, RELEASES, Host, Lab
from tests.integration.controller import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where files are dealt out to several labs, these come first, so that nobody waits for one of them at the end.
LONGEST = (
    "test_cleanup",
    "test_tasks",
    "test_playbooks",
    "test_backscatter",
    "test_lockout",
    "test_crash",
    "test_rulebooks",
    "test_ci",
    "test_hold_playbooks",
    "test_hold",
    "test_guide",
    "test_plans",
    "test_quarantine",
    "test_purge",
    "test_flush",
    "test_migration",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the files that take longest come first."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Four hosts, one of each release that the lab knows."""
    with Lab.start(len(RELEASES), RELEASES, directory=tmp_path_factory.mktemp("lab")) as running:
        running.sink.start()
        for host in running.hosts:
            host.keep_code()
        yield running


@pytest.fixture(scope="session")
def controller(lab: Lab) -> Controller:
    """Ansible, with the lab's inventory."""
    return Controller(lab)


@pytest.fixture(params=RELEASES)
def each_host(request: pytest.FixtureRequest, lab: Lab) -> Host:
    """Every host in turn, as it is."""
    return lab.host_of(request.param)


def empty(host: Host) -> None:
    """Bring a host back to an empty queue, with Postfix running as the lab set it up."""
    host.start_postfix()
    host.run(["postsuper", "-d", "ALL"])
    host.run(
        ["find", "/var/spool/postfix/corrupt", "/var/spool/postfix/pid/mailops.journal", "-type", "f", "-delete"],
        check=False,
    )


@pytest.fixture
def host(lab: Lab) -> Iterator[Host]:
    """A host with an empty queue, emptied again afterwards."""
    chosen = lab.host("mx01")
    lab.sink.reset()
    empty(chosen)
    yield chosen
    lab.sink.reset()
    empty(chosen)


@pytest.fixture
def empty_host(each_host: Host, lab: Lab) -> Iterator[Host]:
    """Every host in turn with an empty queue, emptied again afterwards."""
    lab.sink.reset()
    empty(each_host)
    yield each_host
    lab.sink.reset()
    empty(each_host)


@pytest.fixture(params=(OLDEST_RELEASE, NEWEST_RELEASE))
def either_host(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Host]:
    """The hosts of the oldest and of the newest release in turn, with an empty queue, emptied again afterwards."""
    chosen = lab.host_of(request.param)
    lab.sink.reset()
    empty(chosen)
    yield chosen
    lab.sink.reset()
    empty(chosen)
