# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.locks import locks_report
from tests.unit.support.lockout import NOW, lock_of, locked_of
from tests.unit.support.results import UNREACHABLE


def test_a_lock_is_listed_once_with_the_hosts_that_lack_it() -> None:
    stolen = lock_of("stolen@example.com", created=NOW - 60)
    sender = lock_of("spam.example", key="sender", created=NOW - 7200, created_by="eve")
    results = {
        "mx01": {"locks": locked_of(stolen, sender)},
        "mx02": {"locks": locked_of({**stolen, "action": "hold", "created": NOW - 50})},
        "mx03": {"locks": UNREACHABLE},
    }
    report = locks_report(results, created=NOW)
    assert [(lock["id"], lock["hosts"], lock["missing"], lock["differing"]) for lock in report["locks"]] == [
        ("sender-1a2b3c4d", ["mx01"], ["mx02"], []),
        ("sasl_username-1a2b3c4d", ["mx01", "mx02"], [], ["mx02"]),
    ]
    assert report["locks"][0]["created_by"] == "eve"
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("mx01", "ok"),
        ("mx02", "ok"),
        ("mx03", "unreachable"),
    ]
    assert report["problems"] == {"mx03": "no route to host"}


def test_expired_locks_are_named() -> None:
    report = locks_report(
        {"mx01": {"locks": locked_of(expired=[lock_of("a")])}}, created=NOW, check=True, hosts=["mx01"]
    )
    assert report["hosts"][0]["expired"] == ["sasl_username-1a2b3c4d"]
    assert (report["locks"], report["check"]) == ([], True)


def test_a_task_file_that_fails_is_a_problem() -> None:
    steps = {"locks": locked_of(), "allow": {"failed": True, "msg": "no such user"}}
    report = locks_report({"mx01": steps}, created=NOW)
    assert report["hosts"][0]["state"] == "failed"
    assert report["problems"] == {"mx01": "lockout_allow_login: no such user"}
