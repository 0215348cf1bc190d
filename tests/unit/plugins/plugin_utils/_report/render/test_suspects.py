# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suspects import locks_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report
from tests.unit.support.lockout import account_of, lock_of, locked_of, log_of, suspect_of
from tests.unit.support.results import NOW, UNREACHABLE
from tests.unit.support.tables import wide_text

NAME = "stolen@example.com"
ACCOUNTS = [account_of(NAME, network_count=30), account_of("news@example.com", failed_logins=2)]
RESULTS = {
    "mx01": {"log": log_of(ACCOUNTS, [suspect_of(NAME, 30, "a line")]), "locks": locked_of(expired=[lock_of("a")])},
    "mx02": {"log": log_of([account_of(NAME)], [suspect_of(NAME, 25)])},
    "mx03": {"log": UNREACHABLE},
}


def test_suspects_stand_above_the_others_with_their_evidence() -> None:
    assert wide_text(suspects_report(RESULTS, created=NOW)) == [
        "Suspects, 2026-11-20 10:39:09 UTC",
        "2 of 3 hosts answered. Their logs have 200 lines since 2026-11-19 10:39:09 UTC.",
        "2 accounts sent mail or logged in, 1 of them stand out. Nothing was locked.",
        "1 locks had expired and were removed.",
        "",
        (
            "account             suspect  hosts  logins  messages  recipients  senders  addresses  networks  failed logins  "
            "in queue"
        ),
        (
            "stolen@example.com  yes          2      20        20          20        1          0        30              0  "
            "       0"
        ),
        (
            "news@example.com    -            1      10        10          10        1          0         0              2  "
            "       0"
        ),
        "",
        "Evidence:",
        "  stolen@example.com: networks is 30, the threshold is 20, on mx01 and on 1 more hosts",
        "",
        "Lines of the log:",
        "  mx01: a line",
        "",
        "Problems:",
        "  mx03: unreachable: no route to host",
    ]


def test_hosts_whose_logs_have_no_lines_are_named() -> None:
    results = {"mx%02d" % number: {"log": log_of(lines=0 if number > 1 else 3)} for number in range(9)}
    lines = wide_text(suspects_report(results, created=NOW))
    assert (
        "The log of mx02, mx03, mx04, mx05, mx06 and 2 more has no lines. If the mail log has another name, give it in lockout_files."
        in lines
    )


def test_evidence_of_all_hosts_together() -> None:
    log = log_of([account_of(NAME, network_count=5, recipients=300)])
    text = wide_text(suspects_report({"mx01": {"log": log}, "mx02": {"log": log}}, created=NOW))
    assert "  stolen@example.com: recipients per day is 600, the threshold is 500, over 2 hosts together" in text


def test_a_suspect_that_is_no_account_of_the_report_is_listed() -> None:
    text = wide_text(suspects_report({"mx01": {"log": log_of([], [suspect_of(NAME, 30)])}}, created=NOW))
    assert text[5].split() == [NAME, "yes", *["-"] * 9]


def test_the_file_of_locks_is_read_by_ansible_as_it_was_meant() -> None:
    names = [NAME, "{{x}}", "'$(rm)#", "-x:ü😀", "yes", "0x1F", "null", r"\x0a", "cut…"]
    suspects = [suspect_of(name, 30) for name in names]
    text = locks_file(suspects_report({"mx01": {"log": log_of([], suspects)}}, created=NOW))
    loaded = DataLoader().load(text)
    assert [lock["sasl_username"] for lock in loaded["lockout_locks"]] == names[:7]
    assert Templar(loader=DataLoader()).template(loaded) == loaded
    assert text.splitlines()[-2:] == [
        '# This name cannot be locked: "\\\\x0a"',
        '# This name cannot be locked: "cut\\u2026"',
    ]


def test_a_file_without_locks_is_one_too() -> None:
    assert yaml.safe_load(locks_file(suspects_report({}, created=NOW))) == {"lockout_locks": []}
