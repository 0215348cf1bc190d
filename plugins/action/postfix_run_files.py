# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep and read the files of runs on the controller: see plugins/modules/postfix_run_files.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, NamedTuple

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._broken_off import broken_off_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import no_template, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._plain import plain
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import parse_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import plan_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._sheets import report_markdown, report_text

Outcome = Dict[str, Any]
# What tasks returned, {host: {step: result}}.
_Results = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Operation(NamedTuple):
    """What the plugin can do: the function, the options it takes, and whether it only reads."""

    work: Callable[..., Outcome]
    options: frozenset[str]
    reads: bool = False


def _keep_report(directory: Path, *, report: Mapping[str, Any], run: str) -> Outcome:
    path, blocked = _write_report(directory, report)
    if run:
        _files.end(directory, run)
    return {"path": str(path), **_warn_of(blocked)}


def _write_report(directory: Path, report: Mapping[str, Any]) -> tuple[Path, list[str]]:
    texts = {".json": json.dumps(report, indent=4, sort_keys=True) + "\n", ".md": report_markdown(report)}
    return _files.keep_report(directory, str(report["kind"]), texts)


def _warn_of(blocked: list[str]) -> Outcome:
    if not blocked:
        return {}
    text = "Not replaced, because no link of this collection: %s. Move it away, and the next run makes a link to the newest there."
    return {"warnings": [text % ", ".join(blocked)]}


def _keep_plans(directory: Path, *, results: _Results, limits: Mapping[str, Any]) -> Outcome:
    made = {host: plan_of(steps["planned"]) for host, steps in results.items()}
    path, blocked = _files.keep_plans(directory, {host: plan for host, plan in made.items() if plan}, limits)
    return {"path": str(path), **_warn_of(blocked)}


def _locate_plans(directory: Path) -> Outcome:
    try:
        path = _files.locate_plans(directory)
    except FileNotFoundError:
        path = directory
    if not path.is_dir():
        raise ValueError(
            "There is no directory %s; nothing was touched. The playbook mailops.postfix.plan makes plans." % directory
        )
    return {"path": str(path), "limits": _files.limits_of_plans(path)}


def _read_plan(directory: Path, *, host: str) -> Outcome:
    path = directory / _files.file_name(host)
    if not path.is_file():
        return {}
    return {"plan": no_template(parse_plan(path.read_text(encoding="utf-8")))}


def _begin(directory: Path, *, about: Mapping[str, Any], results: _Results) -> Outcome:
    return {"run": _files.begin(directory, about, results)}


def _note(directory: Path, *, run: str, starting: bool, results: _Results) -> Outcome:
    if run:
        _files.note(directory, run, started=list(results) if starting else [], results=results)
    return {}


def _report_broken_off(directory: Path) -> Outcome:
    lines: list[str] = []
    for run in _files.broken_off(directory):
        report = broken_off_report(run, created=now())
        path, _blocked = _write_report(directory, report)
        _files.end(directory, run.path.name)
        lines += [*report_text(report), "", "As JSON and Markdown: %s.{json,md}" % path, ""]
    return {"lines": no_template(lines)}


def _results_of(hosts: list[str], steps: Mapping[str, str], variables: Mapping[str, Any]) -> _Results:
    """Return what the tasks registered on hosts, as it is: to pass it on as an option would take much longer, for plans are large."""
    registered = {host: variables["hostvars"].raw_get(host) for host in hosts}
    return {
        host: {step: plain(known.get(name) or {}) for step, name in steps.items()} for host, known in registered.items()
    }


OPERATIONS: Mapping[str, Operation] = {
    "report": Operation(_keep_report, frozenset(("directory", "report", "run"))),
    "plans": Operation(_keep_plans, frozenset(("directory", "hosts", "results", "limits"))),
    "locate": Operation(_locate_plans, frozenset(("directory",)), reads=True),
    "plan": Operation(_read_plan, frozenset(("directory", "host")), reads=True),
    "begin": Operation(_begin, frozenset(("directory", "about", "hosts", "results"))),
    "note": Operation(_note, frozenset(("directory", "run", "starting", "hosts", "results"))),
    "broken_off": Operation(_report_broken_off, frozenset(("directory",))),
}


class ActionModule(ActionBase):
    """The action plugin."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> Outcome:
        """Return the result of the task. Raises AnsibleActionFail where a file cannot be written or read."""
        result: Outcome = super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        operation = arguments.pop("operation", None)
        row = OPERATIONS.get(operation)
        if row is None:
            raise AnsibleActionFail("operation: %r is none of %s." % (operation, ", ".join(OPERATIONS)))
        wrong = row.options ^ set(arguments)
        if wrong:
            raise AnsibleActionFail("The operation %s takes %s." % (operation, " and ".join(sorted(row.options))))
        directory = Path(arguments.pop("directory")).expanduser().absolute()
        result.update(changed=False)
        if self._task.check_mode and not row.reads:
            return result
        if "results" in arguments:
            arguments["results"] = _results_of(arguments.pop("hosts"), arguments["results"], task_vars or {})
        try:
            result.update(row.work(directory, **arguments))
        except OSError as error:
            what = "Files of this run in %s on the controller" % directory
            raise AnsibleActionFail(str(SystemRefusal(what, error))) from None
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        return result
