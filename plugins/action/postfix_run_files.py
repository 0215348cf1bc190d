# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write and read the files of runs on the controller: see plugins/modules/postfix_run_files.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Mapping, NamedTuple, Sequence

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import (
    _batches,
    _holds,
    _merged_runs,
    _run_files,
    _run_notes,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._approval import read_approval
from ansible_collections.mailops.postfix.plugins.plugin_utils._batches import Batch
from ansible_collections.mailops.postfix.plugins.plugin_utils._commands import resume_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._display import show_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import read_fleet_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.interrupted import interrupted_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import redact_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import render_files, report_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results, plan_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import RunNotes
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted, to_plain

TaskResult = Dict[str, Any]


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


def _write_report(directory: Path, report: Report) -> tuple[Path, list[str]]:
    texts = {file.suffix: file.text for file in render_files(report).values()}
    return _run_files.keep_report(directory, str(report["kind"]), texts)


def _where_text(path: Path) -> str:
    return "As JSON, Markdown and HTML: %s.{json,md,html}" % path


# --- runs -----------------------------------------------------------------------------------------------------------


def _begin_run(
    directory: Path,
    *,
    kind: str,
    about: Mapping[str, Any],
    results: Results,
    run: str = "",
    starting: Iterable[str] = (),
    redact_key: str | None = None,
) -> TaskResult:
    """Begin a run, or go on with one, and note on which hosts it starts to act."""
    if not run:
        _report_interrupted(directory, run="", redact_key=redact_key)
    path = _run_notes.begin(directory, kind, about, results, run=run)
    if starting:
        _run_notes.note_start(path, starting)
    return {"run": path}


def _note_results(_directory: Path, *, run: str, starting: bool, results: Results) -> TaskResult:
    if run and starting and results:
        _run_notes.note_start(run, results)
    if run and any(steps for steps in results.values()):
        _run_notes.note_results(run, results)
    return {}


def _report_interrupted(directory: Path, *, run: str, redact_key: str | None = None) -> TaskResult:
    lines: list[str] = []
    for interrupted in _run_notes.interrupted_runs(directory):
        if str(interrupted.path) == run:
            # This run resumes it, and reports on all of it.
            continue
        report = interrupted_report(interrupted, created=int(time.time()))
        if redact_key:
            report = redact_report(report, redact_key)
        path, _blocked = _write_report(directory, report)
        _run_notes.end_run(str(interrupted.path))
        lines += [
            *([""] if lines else []),
            *report_text(report),
            "",
            _where_text(path),
            *(resume_lines(str(interrupted.path)) if interrupted.path.exists() else ()),
        ]
    show_lines(lines)
    return {"lines": mark_untrusted(lines)}


def _choose_canary(_directory: Path, *, canary: Any, pause: Any, results: Results) -> TaskResult:
    checked = _batches.check_pause(str(pause))
    plans = {host: plan_of(steps["plan"]) for host, steps in results.items()}
    planned = [host for host, plan in plans.items() if plan and plan["counts"]["messages"]]
    return {"canary": _batches.choose_canary(canary, planned, pause=checked)}


def _check_batch(_directory: Path, *, run: str, hosts: list[str], **options: Any) -> TaskResult:
    pause = _batches.check_pause(str(options["pause"]))
    if not run:
        return vars(Batch(hosts))
    notes, canary = _run_notes.read_run(Path(run)), options["canary"]
    approved = _is_approved_again(notes, canary, options) if pause == _batches.APPROVAL else False
    stop_on_failure = options["stop_on_failure"]
    batch = _batches.next_batch(
        notes, hosts, canary=canary, pause=pause, stop_on_failure=stop_on_failure, approved=approved
    )
    if batch.waiting and not notes.waiting:
        _run_notes.note_waiting(run)
    return vars(batch)


def _note_waiting(_directory: Path, *, run: str) -> TaskResult:
    if run:
        _run_notes.note_waiting(run)
    return vars(Batch((), stop="the other hosts wait", waiting=True))


def _is_approved_again(notes: RunNotes, canary: list[str], options: Mapping[str, Any]) -> bool:
    """Return whether the plan was approved after the canary: by the playbook approve, or as the run was resumed."""
    ended = _batches.canary_ended(notes, canary)
    if ended is None:
        return False
    run = RunDirectory(notes.path)
    plan = read_fleet_plan(run.fleet_plan)
    if not run.approval.exists():
        return False
    signers = Path(options["allowed_signers"]).expanduser() if options["allowed_signers"] else None
    return read_approval(run.approval, plan, now=int(time.time()), allowed_signers=signers).created > ended


def _merge_runs(directory: Path, *, runs: list[str]) -> TaskResult:
    merged = _merged_runs.merge_runs(directory, _absolute(runs))
    return {
        "run": str(merged.run.path),
        "digest": merged.plan.digest,
        "limits": dict(merged.plan.limits),
        "kind": merged.kind,
    }


def _predict_merge(_directory: Path, *, runs: list[str]) -> TaskResult:
    plan = _merged_runs.predict_plan(_absolute(runs))
    return {"digest": plan.digest, "limits": dict(plan.limits)}


def _absolute(paths: Iterable[str]) -> list[Path]:
    return [Path(path).expanduser().absolute() for path in paths]


# --- holds ----------------------------------------------------------------------------------------------------------


def _make_hold(directory: Path) -> TaskResult:
    return {"path": str(_holds.make_hold(directory))}


def _begin_hold(
    _directory: Path, *, path: str, rules: Mapping[str, Any], reason: str | None, results: Results
) -> TaskResult:
    hosts = [
        host for host, steps in results.items() if (plan_of(steps["plan"]) or {}).get("counts", {}).get("messages")
    ]
    _holds.begin_hold(Path(path), rules=rules, reason=reason or None, hosts=hosts, created=int(time.time()))
    return {"path": path}


def _end_hold(_directory: Path, *, path: str, results: Results) -> TaskResult:
    if not path:
        # An empty path would be the working directory.
        return {"path": None}
    kept = _holds.end_hold(Path(path), {host: steps["act"] for host, steps in results.items()})
    return {"path": None if kept is None else str(kept)}


def _find_holds(directory: Path, *, rules: Mapping[str, Any]) -> TaskResult:
    return {"paths": [str(hold.path) for hold in _holds.find_holds(directory, rules)]}


def _holds_of(paths: Sequence[str]) -> list[_holds.Hold]:
    return [hold for path in paths for hold in _holds.find_holds(Path(path), {})]


def _read_hold(_directory: Path, *, paths: Sequence[str], host: str) -> TaskResult:
    path, plan, problem = _holds.find_held(_holds_of(paths), host)
    found: TaskResult = {"problem": problem}
    if path:
        found["path"] = str(path)
    if plan:
        found["plan"] = mark_untrusted(plan)
    return found


def _end_release(_directory: Path, *, paths: Sequence[str], results: Results) -> TaskResult:
    _holds.end_release(_holds_of(paths), {host: steps["act"] for host, steps in results.items()})
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "begin_run": Operation(
        _begin_run,
        frozenset(("directory", "kind", "about", "hosts", "results")),
        _predict_nothing,
        frozenset(("run", "starting", "redact_key")),
    ),
    "note_results": Operation(
        _note_results, frozenset(("directory", "run", "starting", "hosts", "results")), _predict_nothing
    ),
    "report_interrupted": Operation(
        _report_interrupted, frozenset(("directory", "run")), _predict_nothing, frozenset(("redact_key",))
    ),
    "choose_canary": Operation(
        _choose_canary, frozenset(("directory", "canary", "pause", "hosts", "results")), _choose_canary
    ),
    "check_batch": Operation(
        _check_batch,
        frozenset(("directory", "run", "hosts", "canary", "pause", "stop_on_failure", "allowed_signers")),
        _check_batch,
    ),
    "note_waiting": Operation(_note_waiting, frozenset(("directory", "run")), _note_waiting),
    "merge_runs": Operation(_merge_runs, frozenset(("directory", "runs")), _predict_merge),
    "make_hold": Operation(_make_hold, frozenset(("directory",)), _predict_nothing),
    "begin_hold": Operation(
        _begin_hold, frozenset(("directory", "path", "rules", "reason", "hosts", "results")), _predict_nothing
    ),
    "end_hold": Operation(_end_hold, frozenset(("directory", "path", "hosts", "results")), _predict_nothing),
    "find_holds": Operation(_find_holds, frozenset(("directory", "rules")), _find_holds),
    "read_hold": Operation(_read_hold, frozenset(("directory", "paths", "host")), _read_hold),
    "end_release": Operation(_end_release, frozenset(("directory", "paths", "hosts", "results")), _predict_nothing),
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
