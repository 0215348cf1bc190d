# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs on the controller, by Ansible itself: on hosts that do not exist, for it connects to none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ansible_collections.mailops.postfix.plugins.action import postfix_fleet_report, postfix_run_files
from tests.unit.support.ansible_process import run_command, run_playbook
from tests.unit.support.documentation import action_names, sections
from tests.unit.support.report_samples import facts_of
from tests.unit.support.results import by_host

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[4]


def play(
    tmp_path: Path,
    tasks: list[dict[str, Any]],
    *arguments: str,
    inventory: str = "mx01\nmx02\n",
    run: Callable[..., tuple[int, str]] = run_playbook,
) -> tuple[int, str]:
    """Run tasks on two hosts; return the status and the output."""
    (tmp_path / "hosts.ini").write_text(inventory, encoding="utf-8")
    # JSON is YAML.
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (tmp_path / "play.yml").write_text(json.dumps(plays), encoding="utf-8")
    results = tmp_path / "results"
    results.unlink(missing_ok=True)
    arguments = ("-i", str(tmp_path / "hosts.ini"), str(tmp_path / "play.yml"), *arguments)
    return run(tmp_path, *arguments, TEST_RESULTS=str(results))


def ansible(tmp_path: Path, playbook: str, *arguments: str) -> tuple[int, str]:
    """Run a playbook on the hosts of that directory; return the status and the output."""
    return run_playbook(tmp_path, "-i", str(tmp_path / "hosts.ini"), playbook, *arguments)


def without_blanks(text: str) -> str:
    """Return a text without blanks: Ansible breaks the lines of warnings, until 2.18 also within words."""
    return "".join(text.split())


def check(role: str = "queue_cleanup") -> dict[str, Any]:
    return {
        "mailops.postfix.postfix_check_variables": {"role": role},
        "register": "__queue_cleanup_checked",
        "run_once": True,
    }


def debug() -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": "was reached"}}


def test_each_operation_and_its_options_are_documented() -> None:
    options = sections("postfix_run_files")["DOCUMENTATION"]["options"]
    assert options["operation"]["choices"] == list(postfix_run_files.OPERATIONS)
    taken = frozenset().union(*(row.options | row.optional for row in postfix_run_files.OPERATIONS.values()))
    assert taken | {"operation"} == set(options)


@pytest.mark.parametrize("name", action_names())
def test_each_has_a_module_for_its_documentation(name: str) -> None:
    assert sections(name)["DOCUMENTATION"]["module"] == name
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    # What the group sets, such as an instance, is nothing to them.
    assert name not in runtime["action_groups"]["postfix"]


def test_what_is_given_right_passes(tmp_path: Path) -> None:
    rules = "\"{{ [{'sender': own ~ '@example.com'}] }}\""
    hosts = "mx01 own=a\nmx02 own=b\n[all:vars]\nqueue_cleanup_match=%s\n" % rules
    # The second one does not look into the variables of the hosts again.
    tasks = [check(), check(), debug()]
    status, output = play(tmp_path, tasks, "-e", "queue_cleanup_max_percent=50", inventory=hosts, run=run_command)
    assert status == 0, output
    assert output.count("was reached") == 2


# What the play gives, and what the output has.
REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"queue_cleanup_match": [{"sender": "x@"}], "queue_cleanup_exlude": []},
        (
            "queue_cleanup_exlude is not a variable of the role queue_cleanup; nothing was touched. "
            "Did you mean queue_cleanup_exclude?"
        ),
    ),
    (
        {"spool_quarantine_exlude": "x"},
        "Rules select the bad mail. Use spool_quarantine_restore_exclude to select what is restored.",
    ),
    (
        {"queue_cleanup_match": "sasl_username=x,recipient_count=2"},
        "queue_cleanup_match is the text 'sasl_username=x,recipient_count=2', and must be a list of rules. Write JSON",
    ),
    (
        {"theirs": [{"sendr": "x"}], "queue_cleanup_match": "{{ theirs }}"},
        "queue_cleanup_match[0].sendr: there is no such criterion; known are queue_id, ",
    ),
    (
        {"mailops_match": [{"sender": "a@example.com"}, {"sendr": "x"}]},
        "mailops_match[1].sendr: there is no such criterion; known are ",
    ),
]


def test_what_the_play_gives_wrong_is_refused(tmp_path: Path) -> None:
    tasks = [{**check(), "vars": variables, "ignore_errors": True} for variables, _message in REFUSED]
    tasks.append({**check("nothing"), "ignore_errors": True})
    _status, output = play(tmp_path, tasks)
    shown = output.replace("\\'", "'").replace('\\"', '"')
    for _variables, message in REFUSED:
        assert message in shown
    roles = "lockout, message_trace, queue_audit, queue_cleanup, queue_flush, queue_hold, spool_quarantine"
    assert f"Give the option role, one of {roles}, and no others but locking, problems, task_files." in shown


def test_what_a_role_finds_wrong_is_refused_with_the_rest(tmp_path: Path) -> None:
    (tmp_path / "there.yml").write_text("", encoding="utf-8")
    wrong = {"role": "queue_audit", "problems": ["Name one."], "task_files": ["there.yml", "away.yml"]}
    task = {"mailops.postfix.postfix_check_variables": wrong, "run_once": True, "vars": {"queue_audit_source": "x"}}
    status, output = play(tmp_path, [task, debug()])
    assert status == 2, output
    for text in (
        "queue_audit_source: 'x' is none of auto, spool, postqueue.",
        "Name one.",
        "There is no file away.yml; nothing was touched. Relative paths start where ansible-playbook runs.",
    ):
        assert text in output.replace("\\'", "'")
    assert "there.yml;" not in output
    assert "was reached" not in output


def test_what_is_protected_cannot_be_locked_and_can_be_unlocked(tmp_path: Path) -> None:
    variables = {"lockout_locks": [{"sasl_username": "boss@example.com"}], "lockout_never": ["boss@example.com"]}
    status, output = play(tmp_path, [{**check("lockout"), "vars": variables}, debug()])
    assert status == 2, output
    assert "must not be locked" in output
    assert "was reached" not in output
    unlocking = {"mailops.postfix.postfix_check_variables": {"role": "lockout", "locking": False}}
    status, output = play(tmp_path, [{**check("lockout"), **unlocking, "vars": variables}, debug()])
    assert status == 0, output


def test_what_another_host_protects_is_locked_on_none(tmp_path: Path) -> None:
    status, output = play(
        tmp_path,
        [check("lockout"), debug()],
        "-e",
        '{"lockout_locks": [{"sasl_username": "boss@example.com"}]}',
        inventory="mx01\nmx02 lockout_never=\"['boss@*']\"\nmx03 lockout_since=2d\n",
    )
    assert status == 2, output
    problem = 'mx02: lockout_locks[0]: "boss@example.com" must not be locked: "boss@*" in never protects it.'
    assert problem in output.replace('\\"', '"')
    assert "mx03: " not in output


def test_what_another_host_has_wrong_is_refused_before_any_host(tmp_path: Path) -> None:
    own = "queue_cleanup_match=\"[{'sendr': 'x'}]\""
    status, output = play(
        tmp_path,
        [check(), debug()],
        inventory="mx01\nmx02 queue_cleanup_max_percnt=5 spool_quarantine_name=x\nmx03 %s\n" % own,
    )
    assert status == 2, output
    assert "queue_cleanup_max_percnt is not a variable of the role queue_cleanup; nothing was touched." in output
    assert "mx03: queue_cleanup_match[0].sendr: there is no such criterion; known are queue_id, " in output
    assert "spool_quarantine_name" not in output
    assert "was reached" not in output


def files(operation: str, **options: Any) -> dict[str, Any]:
    task = {"mailops.postfix.postfix_run_files": {"operation": operation, "directory": "r", **options}}
    return {**task, "run_once": True, "register": "result"}


def plan() -> dict[str, Any]:
    """Return a task that registers a result with a plan, on one of the hosts."""
    made = {"ansible.builtin.set_fact": {"planned": {"plan": {"digest": "x"}}}}
    return {**made, "when": "inventory_hostname == 'mx01'"}


def test_files_are_kept_and_read(tmp_path: Path) -> None:
    show = {"ansible.builtin.debug": {"var": "result"}}
    tasks = [
        plan(),
        files(
            "begin_run",
            kind="cleanup",
            about={"method": "delete"},
            hosts=["mx01", "mx02"],
            results={"plan": "planned"},
            run="",
        ),
        files("note_results", run="{{ result.run }}", starting=True, hosts=["mx01"], results={}),
        # The run goes on, so it was not interrupted.
        files("report_interrupted", run=""),
        show,
    ]
    status, output = play(tmp_path, tasks, run=run_command)
    assert status == 0, output
    assert '"lines": []' in output
    assert "changed=0" in output
    directory = tmp_path / "r"
    assert [path.name for path in directory.iterdir()] == ["runs"]


def test_a_hold_without_a_directory_deletes_nothing(tmp_path: Path) -> None:
    status, output = play(tmp_path, [files("end_hold", path="", hosts=[], results={})])
    assert status == 0, output
    assert (tmp_path / "play.yml").is_file()


# --- reports --------------------------------------------------------------------------------------------------------


def fleet_report(**options: Any) -> dict[str, Any]:
    task = {"mailops.postfix.postfix_fleet_report": {"kind": "quarantines", "directory": "r", **options}}
    return {**task, "run_once": True, "register": "result"}


LISTED: dict[str, Any] = {
    "mx01": {"listing": {"quarantines": []}},
    "mx02": {"listing": {"failed": True, "msg": "there is no \x1b[31mPostfix"}},
}


def last_result(tmp_path: Path) -> dict[str, Any]:
    """Return what the last task of a play registered."""
    names = ("path", "paths", "lines", "problems", "refusals", "over", "metrics")
    result = json.loads((tmp_path / "results").read_text(encoding="utf-8").splitlines()[-1])[2]
    return {name: result.get(name) for name in names}


def run_report(
    tmp_path: Path,
    task: dict[str, Any],
    *arguments: str,
    run: Callable[..., tuple[int, str]] = run_playbook,
) -> tuple[str, dict[str, Any]]:
    status, output = play(tmp_path, [task], *arguments, run=run)
    assert status == 0, output
    return output, last_result(tmp_path)


def test_each_option_of_a_report_is_documented() -> None:
    options = sections("postfix_fleet_report")["DOCUMENTATION"]["options"]
    assert list(options) == list(postfix_fleet_report.ARGUMENTS)
    for name, option in options.items():
        assert {key: value for key, value in option.items() if key != "description"} == dict(
            postfix_fleet_report.ARGUMENTS[name]
        ), name


def test_a_report_is_shown_and_kept(tmp_path: Path) -> None:
    output, result = run_report(tmp_path, fleet_report(results=LISTED), run=run_command)
    lines = output.splitlines()
    start = lines.index(result["lines"][0])
    assert lines[start : start + len(result["lines"])] == result["lines"]
    assert "  mx02: failed: there is no \\x1b[31mPostfix" in result["lines"]
    assert "ok=1    changed=0" in output
    assert result["problems"] == {"mx02": "there is no \x1b[31mPostfix"}
    assert result["refusals"] == []
    assert result["paths"] == {
        "json": result["path"] + ".json",
        "markdown": result["path"] + ".md",
        "html": result["path"] + ".html",
    }
    assert result["lines"][-3:] == [
        "JSON: %s.json" % result["path"],
        "Markdown: %s.md" % result["path"],
        "HTML: %s.html" % result["path"],
    ]
    for name, path in result["paths"].items():
        assert Path(path).stat().st_mode & 0o777 == 0o600, name
    assert (tmp_path / "r" / "quarantines.json").resolve() == Path(result["paths"]["json"])
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o700
    assert json.loads(Path(result["paths"]["json"]).read_text(encoding="utf-8"))["problems"] == result["problems"]


def test_a_report_of_steps_has_all_hosts_of_the_play_and_what_they_returned_is_no_template(tmp_path: Path) -> None:
    raw = {"ansible.builtin.set_fact": {"planned": {"failed": True, "msg": "{{ '{{ 7 * 7 }}' }}"}}}
    tasks = [
        {**raw, "when": "inventory_hostname == 'mx01'"},
        fleet_report(steps={"listing": "planned"}, formats=["json"]),
    ]
    status, output = play(tmp_path, [*tasks])
    assert status == 0, output
    result = last_result(tmp_path)
    assert result["problems"]["mx01"] == "{{ 7 * 7 }}"
    assert result["problems"]["mx02"] == "The host failed in an earlier task or play and was not queried."
    assert set(result["paths"]) == {"json"}


def test_a_report_without_a_directory_or_in_check_mode_is_only_shown(tmp_path: Path) -> None:
    for arguments, task in (
        (["--check"], fleet_report(results=LISTED)),
        ([], {**fleet_report(), "mailops.postfix.postfix_fleet_report": {"kind": "quarantines", "results": LISTED}}),
    ):
        output, result = run_report(tmp_path, task, *arguments)
        assert result["lines"][0] in output.splitlines()
        assert result["path"] is None
        assert not (tmp_path / "r").exists()


def test_a_report_can_be_kept_and_not_shown(tmp_path: Path) -> None:
    output, result = run_report(tmp_path, fleet_report(results=LISTED, show=False))
    assert result["lines"][0] not in output
    assert Path(result["paths"]["markdown"]).is_file()


# --- audits ---------------------------------------------------------------------------------------------------------

AUDITED: dict[str, Any] = by_host("facts", {"mx01": facts_of(500, sender="a@example.com"), "mx02": facts_of(3)})


def fleet_audit(results: dict[str, Any] = AUDITED, **options: Any) -> dict[str, Any]:
    return fleet_report(kind="audit", results=results, **options)


def test_an_audit_has_growth_metrics_and_what_is_over(tmp_path: Path) -> None:
    textfile = tmp_path / "fleet.prom"
    settings = {"thresholds": {"messages": "400", "fleet_growth_messages": 1, "sender_share": 1}}
    first, second = fleet_audit(), fleet_audit(by_host("facts", {"mx01": facts_of(600), "mx02": facts_of(2)}))
    second["mailops.postfix.postfix_fleet_report"].update(settings=settings, textfile=str(textfile), host_metrics=True)
    second["mailops.postfix.postfix_fleet_report"].update(formats=["json", "prometheus"])
    (tmp_path / "r").mkdir()
    foreign = tmp_path / "r" / "audit-20200101T000000.000000Z.json"
    foreign.write_text("{}", encoding="utf-8")
    status, output = play(tmp_path, [first, second])
    assert status == 0, output
    assert without_blanks("%s is no audit report of this collection. It is left out" % foreign) in without_blanks(
        output
    )
    result = last_result(tmp_path)
    assert result["over"] == [
        {"host": None, "threshold": "fleet_growth_messages", "value": 99, "limit": 1, "name": None},
        {"host": "mx01", "threshold": "messages", "value": 600, "limit": 400, "name": None},
    ]
    assert result["problems"] == {
        "mx01": (
            "The fleet is over its thresholds: fleet_growth_messages: 99, allowed are 1. "
            "The host is over its thresholds: messages: 600, allowed are 400."
        )
    }
    assert "mailops_postfix_fleet_exceeded_thresholds 1\n" in textfile.read_text(encoding="utf-8")
    assert 'mailops_postfix_growth_messages{host="mx02"} -1\n' in result["metrics"]["mx02"]
    assert textfile.stat().st_mode & 0o777 == 0o644
    kept = Path(result["paths"]["prometheus"])
    assert kept.read_text(encoding="utf-8") == textfile.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.glob("*.prom")) == ["fleet.prom"]
    kept_json = json.loads(Path(result["paths"]["json"]).read_text(encoding="utf-8"))
    assert [point["hosts"] for point in kept_json["history"]] == [{"mx01": 500, "mx02": 3}]


def test_no_earlier_audit_counts_if_none_is_to(tmp_path: Path) -> None:
    tasks = [fleet_audit(), fleet_audit(history=0, settings={"thresholds": {"growth_messages": 0}})]
    status, output = play(tmp_path, tasks)
    assert status == 0, output
    assert last_result(tmp_path)["over"] == []


def test_old_reports_are_deleted_only_if_a_number_is_given(tmp_path: Path) -> None:
    status, output = play(tmp_path, [fleet_audit(), fleet_audit()])
    assert status == 0, output
    assert len(list((tmp_path / "r").glob("audit-*.json"))) == 2
    newest = max((tmp_path / "r").glob("audit-*.json"))
    status, output = play(tmp_path, [fleet_audit(keep_newest=2)])
    assert status == 0, output
    left = sorted((tmp_path / "r").glob("audit-*.json"))
    assert len(left) == 2
    assert left[0] == newest
    assert len(list((tmp_path / "r").glob("audit-*.md"))) == 2


def test_metrics_that_cannot_be_written_are_a_problem_of_each_host(tmp_path: Path) -> None:
    _output, result = run_report(tmp_path, fleet_audit(textfile="missing/fleet.prom"))
    text = (
        "The metrics were not written: textfile: %s cannot be written: No such file or directory. Check the path, then run this again."
        % (tmp_path / "missing" / "fleet.prom")
    )
    assert result["problems"] == {"mx01": text, "mx02": text}
    assert result["lines"][-1] == text
    assert Path(result["paths"]["json"]).is_file()


def test_in_check_mode_no_metrics_are_written(tmp_path: Path) -> None:
    _output, result = run_report(tmp_path, fleet_audit(textfile="fleet.prom", host_metrics=True), "--check")
    assert set(result["metrics"]) == {"mx01", "mx02"}
    assert not (tmp_path / "fleet.prom").exists()


def test_a_redacted_report_has_no_address_anywhere(tmp_path: Path) -> None:
    output, result = run_report(tmp_path, fleet_audit(redact_key="a key of a test, long enough"))
    kept = "".join(Path(path).read_text(encoding="utf-8") for path in result["paths"].values())
    for text in (output, kept, json.dumps(result)):
        assert "example" not in text
        assert "@domain-" in text


def test_wrong_settings_of_an_audit_are_refused(tmp_path: Path) -> None:
    wrong = [
        (fleet_audit(redact_key="short"), "The key for pseudonyms has 5 characters, which could be found by trying."),
        (fleet_audit(settings={"thresholds": {"mesages": 1}}), "thresholds: there is no threshold 'mesages'. Did you"),
        (fleet_report(results=LISTED, formats=["prometheus"]), "A report of kind 'quarantines' has no metrics."),
    ]
    _status, output = play(tmp_path, [{**task, "ignore_errors": True} for task, _message in wrong])
    for _task, message in wrong:
        assert message in output.replace("\\'", "'")


def test_a_report_is_kept_only_if_something_is_refused(tmp_path: Path) -> None:
    sums = {"messages": 2, "bytes": 100, "recipients": 2, "partial": 0}
    preview = {"ansible_facts": {"postfix_queue": {"matched": sums, "total": sums}}}
    results = {"mx01": {"quarantine": {"changed": False}, "preview": preview}}
    for most, kept in ((5, False), (1, True)):
        settings = {"run": {"name": "spam", "rules": True}, "limits": {"max_messages": most}}
        task = fleet_report(kind="quarantine", results=results, settings=settings, keep="refused")
        _output, result = run_report(tmp_path, task)
        assert (result["path"] is not None) == kept
        assert bool(result["refusals"]) == kept


def test_a_run_that_goes_on_does_not_begin_again(tmp_path: Path) -> None:
    begin = files("begin_run", kind="cleanup", about={}, hosts=["mx01"], results={}, starting=["mx01"])
    go_on = files(
        "begin_run", kind="cleanup", about={}, hosts=["mx01"], results={}, run="{{ result.run }}", starting=["mx02"]
    )
    status, output = play(tmp_path, [begin, go_on])
    assert status == 0, output
    (run,) = (tmp_path / "r" / "runs").iterdir()
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((run / "notes").glob("*.json"))]
    assert [note["event"] for note in notes] == ["begin", "start", "start"]
    assert [list(note["hosts"]) for note in notes[1:]] == [["mx01"], ["mx02"]]


def test_a_run_shows_the_report_on_the_run_before_it_that_was_interrupted(tmp_path: Path) -> None:
    begin = files("begin_run", kind="cleanup", about={}, hosts=["mx01"], results={})
    status, output = play(tmp_path, [begin])
    assert status == 0, output
    status, output = play(tmp_path, [begin])
    assert status == 0, output
    assert "\nCleanup, interrupted, " in output
    assert len(list((tmp_path / "r" / "runs").iterdir())) == 1


def test_a_run_ends_with_its_report(tmp_path: Path) -> None:
    begin = files("begin_run", kind="cleanup", about={}, hosts=["mx01"], results={}, run="")
    status, output = play(tmp_path, [begin, fleet_report(results=LISTED, run="{{ result.run }}")])
    assert status == 0, output
    assert list((tmp_path / "r" / "runs").iterdir()) == []


def test_a_report_is_shown_and_kept_if_the_end_of_its_run_cannot_be_noted(tmp_path: Path) -> None:
    run = tmp_path / "r" / "runs" / "x"
    run.mkdir(parents=True)
    (run / "fleet_plan.json").touch()
    (run / "notes").touch()
    output, result = run_report(tmp_path, fleet_report(results=LISTED, run=str(run)))
    assert result["lines"][0] in output.splitlines()
    assert Path(result["paths"]["json"]).is_file()
    text = "It was not noted that the run has its report, so that the next run may report on it again: Files of this run in %s on the "
    assert without_blanks(text % run + "controller: File exists.") in without_blanks(output)


def test_a_report_that_cannot_be_written_is_shown_and_a_problem_of_each_host(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("", encoding="utf-8")
    _output, result = run_report(tmp_path, fleet_report(results=LISTED))
    reason = (
        "The report was not kept: Files of this run in %s on the controller: Not a directory. Put a directory there, then run this again."
        % (tmp_path / "r")
    )
    assert result["lines"][-1] == reason
    assert result["problems"] == {"mx01": reason, "mx02": "there is no \x1b[31mPostfix"}
    assert result["path"] is None


def test_a_file_in_the_place_of_a_link_to_a_report_stays(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "quarantines.md").write_text("evidence", encoding="utf-8")
    output, _result = run_report(tmp_path, fleet_report(results=LISTED))
    assert "because it is not a link of this collection: quarantines.md." in " ".join(output.split())
    assert (tmp_path / "r" / "quarantines.md").read_text(encoding="utf-8") == "evidence"


def test_a_report_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    wrong = [
        (fleet_report(results={}, settings={"run": {}}), "settings: there is no key 'run'; known are none."),
        (fleet_report(results={}, steps={}), "parameters are mutually exclusive: results|steps"),
        (fleet_report(), "Give results, steps or run: there is nothing to report on."),
        (
            fleet_report(results={}, formats=["pdf"]),
            "value of formats must be one or more of: json, markdown, html, prometheus. Got no match for: pdf",
        ),
    ]
    _status, output = play(tmp_path, [{**task, "ignore_errors": True} for task, _message in wrong])
    for _task, message in wrong:
        assert message in output.replace("\\'", "'")
    assert not (tmp_path / "r").exists()


# --- files ----------------------------------------------------------------------------------------------------------

# A task, and what the output has.
WRONG: list[tuple[dict[str, Any], str]] = [
    (
        files("x"),
        (
            "operation: 'x' is none of begin_run, note_results, report_interrupted, "
            "choose_canary, check_batch, note_waiting, merge_runs, make_hold, begin_hold, end_hold, find_holds, read_hold, end_release."
        ),
    ),
    (files("note_waiting"), "The operation note_waiting takes directory and run."),
    (
        files("begin_run", kind="cleanup", about={}, hosts=[], results={}, run=""),
        "r on the controller: Not a directory. Put a directory there, then run this again.",
    ),
]


def test_what_cannot_be_done_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "runs").write_text("", encoding="utf-8")
    _status, output = play(tmp_path, [{**task, "ignore_errors": True} for task, _message in WRONG])
    shown = output.replace("\\'", "'")
    for _task, message in WRONG:
        assert message in shown


# --- the playbooks, which contact no host --------------------------------------------------------------------------

PLAYBOOKS = ("audit", "plan", "cleanup", "backscatter", "restore")


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_refuses_what_is_misspelled_before_it_asks_a_host(tmp_path: Path, name: str) -> None:
    # Nobody answers there, so a host that is contacted is unreachable.
    hosts = "[all:vars]\nansible_ssh_common_args=-o ConnectTimeout=1\n[mx]\nmx01 ansible_host=192.0.2.1\n"
    (tmp_path / "hosts.ini").write_text(hosts, encoding="utf-8")
    status, output = ansible(
        tmp_path,
        "mailops.postfix.%s" % name,
        "-e",
        "queue_cleanup_exlude=x spool_quarantine_exlude=x queue_audit_exlude=x queue_cleanup_match=x=y,z=1 spool_quarantine_expire=14",
    )
    assert status == 2, output
    assert output.count("is not a variable of the role") >= 3
    assert "UNREACHABLE" not in output
    assert output.count("TASK [") == 1
    if name in ("plan", "cleanup"):
        assert "queue_cleanup_match is the text 'x=y,z=1', and must be a list of rules." in output.replace("\\'", "'")
    if name in ("backscatter", "restore"):
        assert "spool_quarantine_expire: 14 has no unit, and would be seconds; write 14d for days, or 14s." in output
    assert not (tmp_path / "mailops-reports").exists()


# The playbook, its variables, and the report that it keeps.
UNREACHABLE: list[tuple[str, dict[str, Any], str]] = [
    ("cleanup", {"queue_cleanup_match": [{"sender": "x@example.com"}]}, "cleanup"),
    ("backscatter", {"spool_quarantine_name": "x", "spool_quarantine_restore_match_all": True}, "quarantine"),
]


@pytest.mark.parametrize(("name", "variables", "kind"), UNREACHABLE, ids=[row[0] for row in UNREACHABLE])
def test_a_playbook_reports_that_no_host_answers(
    tmp_path: Path, name: str, variables: dict[str, Any], kind: str
) -> None:
    (tmp_path / "hosts.ini").write_text("mx01 ansible_host=localhost ansible_port=1\n", encoding="utf-8")
    status, output = ansible(tmp_path, "mailops.postfix.%s" % name, "-e", json.dumps(variables))
    assert status == 2, output
    report = json.loads((tmp_path / "mailops-reports" / ("%s.json" % kind)).read_text(encoding="utf-8"))
    assert [row["state"] for row in report["hosts"]] == ["connection_refused"]
    # A cleanup leaves the directory of its run, but no host has a plan, and so there is no fleet plan.
    left = list((tmp_path / "mailops-reports" / "runs").iterdir())
    assert not [path for path in left if name != "cleanup" or (path / "fleet_plan.json").exists()]


NOWHERE: list[tuple[str, str, list[str], str]] = [
    ("no inventory", "", [], "The inventory has no hosts, so nothing was done. Name the right one with -i."),
    (
        "no such hosts",
        "mx01\n",
        ["-e", "mailops_hosts=mail"],
        "No host of the inventory matches mailops_hosts=mail, so nothing was done.",
    ),
    (
        "over the limit",
        "[mx]\nmx01\n[web]\nweb01\n",
        ["-e", "mailops_hosts=mx", "--limit", "web"],
        "No host of the inventory matches mailops_hosts=mx within --limit web, so nothing was done.",
    ),
    ("tags", "mx01\n", ["--tags", "apply"], "--tags apply would leave out tasks of this playbook,"),
    ("a start", "mx01\n", ["--start-at-task", "Report"], "--start-at-task would leave out tasks of this playbook,"),
]


@pytest.mark.parametrize(
    ("inventory", "arguments", "message"), [row[1:] for row in NOWHERE], ids=[row[0] for row in NOWHERE]
)
def test_a_playbook_that_reaches_no_host_fails(
    tmp_path: Path, inventory: str, arguments: list[str], message: str
) -> None:
    (tmp_path / "hosts.ini").write_text(inventory, encoding="utf-8")
    status, output = ansible(tmp_path, "mailops.postfix.cleanup", *arguments)
    assert status != 0
    assert message in output
    assert "TASK [" not in output


def test_suspects_have_a_file_of_locks_and_the_command_that_takes_it(tmp_path: Path) -> None:
    log = {"log": {"accounts": [], "suspects": [{"sasl_username": "stolen@example.com", "evidence": []}]}}
    arguments = ["--limit", "mx01:mx02", "-e", "mailops_hosts=all", "-e", "secret=x", "-e", "lockout_since=2h"]
    _output, result = run_report(tmp_path, fleet_report(kind="suspects", results={"mx01": {"log": log}}), *arguments)
    (path,) = tmp_path.glob("r/suspects-*.yml")
    assert result["paths"]["locks"] == str(path)
    assert (tmp_path / "r" / "suspects.yml").resolve() == path
    assert path.stat().st_mode & 0o777 == 0o600
    command = " ".join(" ".join(result["lines"]).replace(" \\ ", " ").split())
    assert command.endswith(
        f"ansible-playbook mailops.postfix.lockout -i {tmp_path}/hosts.ini --limit mx01:mx02 -e mailops_hosts=all "
        f"-e lockout_since=2h -e @{path}"
    )
