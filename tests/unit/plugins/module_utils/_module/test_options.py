# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DEFAULT_QUEUES, SELECTABLE_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output, Runner
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import OPERATORS
from tests.unit.support.runner import FakeRunner

PARAMS: Mapping[str, Any] = {
    "match": [],
    "exclude": [],
    "queues": list(DEFAULT_QUEUES),
    "recipient_scope": "all",
    "match_all": False,
}
RULE = [{"age": "1d"}]


def test_specs_compose_into_one_of_their_own() -> None:
    composed = _options.compose(_options.INSTANCE, _options.LIMIT, {"limit": {"type": "str"}})
    assert list(composed) == ["config_directory", "instance", "command_directory", "limit"]
    assert composed["limit"] == {"type": "str"}
    composed["instance"]["type"] = "int"
    assert _options.INSTANCE["instance"]["type"] == "str"


def test_a_module_acts_on_its_queues_by_default_on_those_of_delivery() -> None:
    option = _options.queues_option("deferred", "hold")["queues"]
    assert option["choices"] == ["deferred", "hold"]
    assert option["default"] == ["incoming", "active", "deferred", "hold"]
    assert set(option["default"]) <= set(SELECTABLE_QUEUES)


def test_the_selection_of_a_modules_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1700000000.9)
    params = {**PARAMS, "match": RULE, "recipient_scope": "any"}
    for selection in (_options.selection_of(params), _options.selection_of(params, now=1700000000)):
        assert selection.frozen() == {
            "match": [{"age": [{"before": 1699913600}]}],
            "exclude": [],
            "queues": ["incoming", "active", "deferred", "hold"],
            "recipient_scope": "any",
        }


def test_a_rule_that_is_refused_is_named() -> None:
    with pytest.raises(SelectionError) as caught:
        _options.selection_of({**PARAMS, "exclude": [{"from": "x"}]})
    assert str(caught.value) == "exclude[0].from: there is no such criterion; known are %s, and the operators %s" % (
        ", ".join(CRITERIA),
        ", ".join(OPERATORS),
    )


def test_the_instance_of_a_modules_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parameters = {"config_directory": "/etc/postfix", "queue_directory": str(tmp_path)}
    found = Instance("/usr/sbin", parameters, FakeRunner({}), warnings=("main.cf contradicts itself",))
    asked = []
    warnings: list[str] = []

    def find(runner: Runner, **options: Any) -> Instance:
        assert runner.run(["true"]) == Output(0, "from the module", "")
        asked.append(options)
        return found

    def run_command(_command: list[str], **_options: Any) -> tuple[int, str, str]:
        return 0, "from the module", ""

    monkeypatch.setattr(_options, "find_instance", find)
    options = {"config_directory": "/etc/postfix", "instance": None, "command_directory": "/opt"}
    module: Any = SimpleNamespace(params={**PARAMS, **options}, run_command=run_command, warn=warnings.append)
    assert _options.instance_of(module) is found
    assert asked == [options]
    assert warnings == ["main.cf contradicts itself"]
    parameters["queue_directory"] = str(tmp_path / "absent")
    with pytest.raises(InstanceError, match="there is no such directory"):
        _options.instance_of(module)


@pytest.mark.parametrize(
    ("match", "match_all", "message"),
    [
        pytest.param(
            [],
            False,
            "match: it is missing. Add a rule, or set match_all: true to select every message",
            id="neither",
        ),
        pytest.param(RULE, True, "match_all: it cannot be combined with match. Use only one of them", id="both"),
        pytest.param(RULE, False, None, id="match"),
        pytest.param([], True, None, id="match_all"),
    ],
)
@pytest.mark.parametrize("exclude", [[], RULE])
def test_everything_is_selected_on_purpose_only(
    match: list[Any], match_all: bool, exclude: list[Any], message: str | None
) -> None:
    params = {**PARAMS, "match": match, "exclude": exclude, "match_all": match_all}
    try:
        _options.require_narrowing(_options.selection_of(params), params)
    except SelectionError as error:
        assert str(error) == message
    else:
        assert message is None


def test_numbers_are_not_negative() -> None:
    params = {"limit": 0, "max_messages": None, "max_percent": -0.5}
    _options.check_not_negative(params, "limit", "max_messages")
    with pytest.raises(SelectionError) as caught:
        _options.check_not_negative(params, "limit", "max_messages", "max_percent")
    assert str(caught.value) == "max_percent: -0.5 must not be negative"
