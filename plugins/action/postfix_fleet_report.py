# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make, show and keep one report on a fleet, on the controller: see plugins/modules/postfix_fleet_report.py."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Collection, Dict, Mapping

from ansible import context
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_files, _run_notes
from ansible_collections.mailops.postfix.plugins.plugin_utils._commands import (
    inventory_options,
    inventory_sources,
    playbook_lines,
    resume_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._display import show_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError, write_bytes
from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.history import (
    DEFAULT_LIMIT,
    NO_HISTORY,
    read_history,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.kinds import KINDS, Basis, make_report_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import redact_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.prometheus import (
    metrics_by_host,
    prometheus_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import (
    DEFAULT_FORMATS,
    PUBLIC,
    file_formats,
    render_files,
    report_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import add_over_problems
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import RunNotes
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted, to_plain

TaskResult = Dict[str, Any]

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "kind": {"type": "str", "required": True, "choices": list(KINDS)},
    "results": {"type": "dict"},
    "steps": {"type": "dict"},
    "hosts": {"type": "list", "elements": "str"},
    "settings": {"type": "dict", "default": {}},
    "directory": {"type": "path"},
    "formats": {"type": "list", "elements": "str", "choices": file_formats(), "default": list(DEFAULT_FORMATS)},
    "keep": {"type": "str", "choices": ["always", "refused"], "default": "always"},
    "show": {"type": "bool", "default": True},
    "run": {"type": "str", "default": ""},
    "history": {"type": "int", "default": DEFAULT_LIMIT},
    "keep_newest": {"type": "int"},
    "textfile": {"type": "path"},
    "host_metrics": {"type": "bool", "default": False},
    "redact_key": {"type": "str"},
}

# The variables of a command line that the next command needs, too.
_KEPT_VARIABLES = ("mailops_hosts=", "lockout_")


class ActionModule(ActionBase):
    """The action plugin."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> TaskResult:
        """Return the result of the task. Raises AnsibleActionFail for settings or results that no report can be made from."""
        result: TaskResult = super().run(tmp, task_vars)
        options = self._read_options()
        try:
            report, warnings = _make_report(options, task_vars or {})
            lines, refusals = report_text(report), refusal_texts(report)
            metrics = {"metrics": metrics_by_host(report)} if options["host_metrics"] else {}
            is_kept = not self._task.check_mode and (refusals or options["keep"] == "always")
            kept = _keep_files(report, options) if is_kept else {}
        except (ValueError, MailopsError) as error:
            raise AnsibleActionFail(str(error)) from None
        lines += kept.pop("more_lines", [])
        warnings += kept.pop("warnings", [])
        if options["show"]:
            show_lines(lines)
        first_host = str((task_vars or {}).get("inventory_hostname"))
        problems = add_over_problems(kept.pop("problems", report["problems"]), report, first_host)
        made = {"report": report, "lines": lines, "problems": problems, "refusals": refusals, **metrics, **kept}
        made["over"] = report.get("over") or []
        result.update(mark_untrusted(made), changed=False, **({"warnings": warnings} if warnings else {}))
        return result

    def _read_options(self) -> dict[str, Any]:
        validate: Callable[..., tuple[object, dict[str, Any]]] = self.validate_argument_spec
        sources = [("results", "steps")]
        _result, options = validate(argument_spec=ARGUMENTS, mutually_exclusive=sources)
        plain: dict[str, Any] = to_plain(options)
        return plain


def _make_report(options: Mapping[str, Any], variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the report that is shown and kept, and what is wrong with files that it was made from. Raises ValueError and MailopsError."""
    basis, settings = _basis_of(options, variables)
    history = NO_HISTORY
    if options["kind"] == "audit":
        if options["directory"]:
            history = read_history(_directory_of(options), limit=options["history"], until=basis.created)
        settings = {**settings, "history": history.points, "inventory": inventory_sources()}
    report = make_report_of(options["kind"], basis, settings)
    if options["redact_key"]:
        report = redact_report(report, options["redact_key"])
    return report, list(history.warnings)


def _basis_of(options: Mapping[str, Any], variables: Mapping[str, Any]) -> tuple[Basis, dict[str, Any]]:
    """Return what the report is made from, and its settings. Without results and steps, it is made from the notes of the run.

    The results of steps are read as they were registered, and are no templates.
    """
    created, settings = int(time.time()), options["settings"]
    if options["results"] is not None:
        return Basis(options["results"], created, options["hosts"]), settings
    if options["steps"] is not None:
        hosts = to_plain(variables["ansible_play_hosts_all"]) if options["hosts"] is None else options["hosts"]
        return Basis(collect_results(hosts, options["steps"], variables), created, hosts), settings
    if not options["run"]:
        raise ValueError("Give results, steps or run: there is nothing to report on.")
    notes = _run_notes.read_run(Path(options["run"]))
    if options["kind"] == "cleanup":
        about = _about(notes, to_plain(variables["ansible_play_hosts_all"]))
        settings = {**settings, "run": {**about, **settings.get("run", {})}}
    return Basis(notes.results, created, list(notes.hosts)), settings


def _about(notes: RunNotes, chosen: Collection[str]) -> dict[str, Any]:
    """Return what a cleanup did and how far it came, as CleanupRun has it. chosen: the hosts of this play."""
    return {
        **notes.about,
        "started": notes.started,
        "waiting": notes.waiting,
        "nothing_left": notes.has_nothing_left,
        "not_chosen": [host for host in notes.hosts if host not in chosen],
    }


def _directory_of(options: Mapping[str, Any]) -> Path:
    return Path(options["directory"]).expanduser().absolute()


def _keep_files(report: Report, options: Mapping[str, Any]) -> TaskResult:
    """Write the report and its metrics, and return what that adds to the result."""
    kept = _keep_report(report, options) if options["directory"] else {}
    if options["textfile"]:
        path = Path(options["textfile"]).expanduser().absolute()
        try:
            write_bytes(path, prometheus_text(report).encode("utf-8"), what="textfile", mode=PUBLIC)
        except FileError as error:
            text = "The metrics were not written: %s" % error
            known = kept.get("problems") or report["problems"]
            problems = {**{row["host"]: text for row in report["hosts"]}, **known}
            return {**kept, "more_lines": [*kept.get("more_lines", [""]), text], "problems": problems}
    if options["keep_newest"] and "path" in kept:
        _run_files.delete_old_reports(_directory_of(options), str(report["kind"]), keep=options["keep_newest"])
    return kept


def _keep_report(report: Report, options: Mapping[str, Any]) -> TaskResult:
    """Write the report, and return what that adds to the result. If it cannot be written, each host has a problem."""
    directory = _directory_of(options)
    files = render_files(report, options["formats"])
    texts = {file.suffix: file.text for file in files.values()}
    modes = {file.suffix: file.mode for file in files.values()}
    try:
        path, blocked = _run_files.keep_report(directory, str(report["kind"]), texts, modes)
    except OSError as error:
        text = "The report was not kept: %s" % _run_files.refusal_text(directory, error)
        problems = {**{row["host"]: text for row in report["hosts"]}, **report["problems"]}
        return {"more_lines": ["", text], "problems": problems}
    warnings = [_run_files.blocked_text(blocked)] if blocked else []
    if options["run"]:
        warnings += _end_run(options["run"])
    paths = {name: "%s%s" % (path, file.suffix) for name, file in files.items()}
    where = ["%s: %s" % (file.title, paths[name]) for name, file in files.items()]
    more_lines = ["", *where, *_approval_lines(report, paths), *_rest_lines(report, options["run"])]
    return {"more_lines": more_lines, "path": str(path), "paths": paths, "warnings": warnings}


def _end_run(run: str) -> list[str]:
    """Note that a run has its report. Return what is wrong if that cannot be noted: the report is kept all the same."""
    try:
        _run_notes.end_run(run)
    except OSError as error:
        text = "It was not noted that the run has its report, so that the next run may report on it again: %s"
        return [text % _run_files.refusal_text(Path(run), error)]
    return []


def _approval_lines(report: Report, paths: Mapping[str, str]) -> list[str]:
    """Return what to type to lock suspects. The names are in the file, so that none of them is a word for the shell."""
    if not report.get("suspects") or "locks" not in paths:
        return []
    given = context.CLIARGS
    options = inventory_options()
    options += [("--limit", given["subset"])] if given.get("subset") else []
    options += [("-e", text) for text in given.get("extra_vars") or () if text.startswith(_KEPT_VARIABLES)]
    options.append(("-e", "@%s" % paths["locks"]))
    return [
        "",
        "Delete the lines of accounts that you do not want to lock from the file of locks. Then lock the",
        "others with:",
        *playbook_lines("lockout", options),
    ]


def _rest_lines(report: Report, run: str) -> list[str]:
    """Return how to do the rest of a cleanup whose hosts have problems. A run that no process has carried out was only merged."""
    has_rest = report["kind"] == "cleanup" and bool(report["problems"]) and Path(run).is_dir()
    return ["", *resume_lines(run)] if has_rest and _run_notes.read_run(Path(run)).processes else []
