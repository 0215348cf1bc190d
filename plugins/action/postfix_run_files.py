# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write and read the files of runs on the controller: see plugins/modules/postfix_run_files.py."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_files
from ansible_collections.mailops.postfix.plugins.plugin_utils._display import show_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import now
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import parse_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.interrupted import interrupted_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import render_files, report_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results, plan_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted, to_plain

TaskResult = Dict[str, Any]

_FORMATS = ("json", "markdown")
# The variables of a command line that the next command needs, too.
_KEPT_VARIABLES = ("mailops_hosts=", "lockout_")


class Operation(NamedTuple):
    """An operation: the function, the options it takes, and the function that replaces it in check mode and writes nothing.

    optional: options that may be left out.
    """

    work: Callable[..., TaskResult]
    options: frozenset[str]
    predict: Callable[..., TaskResult]
    optional: frozenset[str] = frozenset()


def _predict_nothing(_directory: Path, **_options: Any) -> TaskResult:
    return {}


# --- reports --------------------------------------------------------------------------------------------------------


def _keep_report(directory: Path, *, report: Report, run: str) -> TaskResult:
    try:
        path, blocked = _write_report(directory, report)
    except OSError as error:
        # The caller still shows the report, and then each of its hosts fails.
        text = "The report was not kept: %s" % _run_files.refusal_text(directory, error)
        problems = {row["host"]: text for row in report["hosts"]}
        return {"where": ["", text], "problems": mark_untrusted({**problems, **report["problems"]})}
    if run:
        _run_files.end_run(directory, run)
    where = ["", _where_text(path), *_approval_lines(report, path)]
    kept = {"path": str(path), "where": where, "problems": mark_untrusted(report["problems"])}
    return {**kept, **_warn_of(blocked)}


def _predict_report(_directory: Path, *, report: Report, run: str) -> TaskResult:
    del run
    return {"where": [], "problems": mark_untrusted(report["problems"])}


def _write_report(directory: Path, report: Report) -> tuple[Path, list[str]]:
    return _run_files.keep_report(
        directory, str(report["kind"]), {file.suffix: file.text for file in render_files(report, _FORMATS).values()}
    )


def _where_text(path: Path) -> str:
    return "As JSON and Markdown: %s.{json,md}" % path


def _approval_lines(report: Report, path: Path) -> list[str]:
    """Return what to type to lock suspects. The names are in the file, so that none of them is a word for the shell."""
    if not report.get("suspects"):
        return []
    given = context.CLIARGS
    words = ["ansible-playbook", "mailops.postfix.lockout"]
    words += [word for source in given.get("inventory") or () for word in ("-i", source)]
    words += ["--limit", given["subset"]] if given.get("subset") else []
    words += [
        word for text in given.get("extra_vars") or () if text.startswith(_KEPT_VARIABLES) for word in ("-e", text)
    ]
    return [
        "The suspects as locks: %s.yml" % path,
        "Delete the lines of accounts that you do not want to lock. Then lock the others with:",
        "  %s" % " ".join(map(shlex.quote, [*words, "-e", "@%s.yml" % path])),
    ]


def _warn_of(blocked: list[str]) -> TaskResult:
    """Return a warning about links that could not be set."""
    return {"warnings": [_run_files.blocked_text(blocked)]} if blocked else {}


# --- plans ----------------------------------------------------------------------------------------------------------


def _keep_plans(directory: Path, *, results: Results, limits: Mapping[str, Any]) -> TaskResult:
    plan_by_host = {host: plan_of(steps["plan"]) for host, steps in results.items()}
    path, blocked = _run_files.keep_plans(
        directory, {host: plan for host, plan in plan_by_host.items() if plan}, limits
    )
    return {"path": str(path), **_warn_of(blocked)}


def _find_plans(directory: Path) -> TaskResult:
    try:
        path = _run_files.find_plans(directory)
    except FileNotFoundError:
        path = directory
    if not path.is_dir():
        raise ValueError(
            "There is no directory %s; nothing was touched. The playbook mailops.postfix.plan makes plans." % directory
        )
    return {"path": str(path), "limits": _run_files.read_limits(path)}


def _read_plan(directory: Path, *, host: str) -> TaskResult:
    path = directory / _run_files.file_name(host)
    if not path.is_file():
        return {}
    return {"plan": mark_untrusted(parse_plan(path.read_text(encoding="utf-8")))}


# --- runs -----------------------------------------------------------------------------------------------------------


def _begin_run(
    directory: Path,
    *,
    kind: str,
    about: Mapping[str, Any],
    results: Results,
    run: str = "",
    starting: Iterable[str] = (),
) -> TaskResult:
    """Begin a run, unless one is given that goes on, and note on which hosts it starts to act."""
    if not run:
        show_lines(_report_interrupted(directory)["lines"])
        run = _run_files.begin_run(directory, kind, about, results)
    if starting:
        _run_files.note_results(directory, run, started=list(starting), results={})
    return {"run": run}


def _note_results(directory: Path, *, run: str, starting: bool, results: Results) -> TaskResult:
    if run:
        _run_files.note_results(directory, run, started=list(results) if starting else [], results=results)
    return {}


def _report_interrupted(directory: Path) -> TaskResult:
    lines: list[str] = []
    for run in _run_files.interrupted_runs(directory):
        report = interrupted_report(run, created=now())
        path, _blocked = _write_report(directory, report)
        _run_files.end_run(directory, run.path.name)
        lines += [*report_text(report), "", _where_text(path), ""]
    return {"lines": mark_untrusted(lines)}


OPERATIONS: Mapping[str, Operation] = {
    "keep_report": Operation(_keep_report, frozenset(("directory", "report", "run")), _predict_report),
    "keep_plans": Operation(_keep_plans, frozenset(("directory", "hosts", "results", "limits")), _predict_nothing),
    "find_plans": Operation(_find_plans, frozenset(("directory",)), _find_plans),
    "read_plan": Operation(_read_plan, frozenset(("directory", "host")), _read_plan),
    "begin_run": Operation(
        _begin_run,
        frozenset(("directory", "kind", "about", "hosts", "results")),
        _predict_nothing,
        frozenset(("run", "starting")),
    ),
    "note_results": Operation(
        _note_results, frozenset(("directory", "run", "starting", "hosts", "results")), _predict_nothing
    ),
    "report_interrupted": Operation(_report_interrupted, frozenset(("directory",)), _predict_nothing),
}


class ActionModule(ActionBase):
    """The action plugin."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> TaskResult:
        """Return the result of the task. Raises AnsibleActionFail if a file cannot be written or read."""
        result: TaskResult = super().run(tmp, task_vars)
        operation, options = self._read_options(task_vars or {})
        directory = Path(options.pop("directory")).expanduser().absolute()
        work = operation.predict if self._task.check_mode else operation.work
        try:
            result.update(work(directory, **options), changed=False)
        except OSError as error:
            raise AnsibleActionFail(_run_files.refusal_text(directory, error)) from None
        except (ValueError, MailopsError) as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def _read_options(self, variables: Mapping[str, Any]) -> tuple[Operation, dict[str, Any]]:
        """Return the operation and its options, with results for the variables that have them."""
        options: dict[str, Any] = to_plain(self._task.args)
        name = options.pop("operation", None)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise AnsibleActionFail("operation: %r is none of %s." % (name, ", ".join(OPERATIONS)))
        if not operation.options <= set(options) <= operation.options | operation.optional:
            raise AnsibleActionFail("The operation %s takes %s." % (name, " and ".join(sorted(operation.options))))
        if "results" in options:
            # As an option the results themselves would take much longer, because plans are large.
            options["results"] = collect_results(options.pop("hosts"), options["results"], variables)
        return operation, options
