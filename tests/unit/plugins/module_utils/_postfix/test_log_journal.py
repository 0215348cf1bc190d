# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal as a source. A script stands in for journalctl; it prints what the real one printed (see test_journal.py)."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import commands
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_journal import SystemdJournal, has_journal
from tests.unit.support.log_lines import NOW
from tests.unit.support.runner import FakeRunner

ENTRIES = Path(__file__).resolve().parents[4] / "fixtures" / "journal_entries.jsonl"
Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a shell script as journalctl."""
    monkeypatch.setitem(commands.ENVIRONMENT, "PATH", "%s:/usr/bin:/bin" % tmp_path)

    def write(script: str) -> Path:
        path = tmp_path / "journalctl"
        path.write_text("#!/bin/sh\n%s\n" % script, encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


def journal(**parameters: str) -> SystemdJournal:
    return SystemdJournal(Instance("/usr/sbin", parameters, FakeRunner({})))


def test_entries_are_lines(install: Install) -> None:
    install("cat %s" % shlex.quote(str(ENTRIES)))
    source = journal()
    lines = b"".join(source.blocks(None, None)).splitlines()
    assert len(lines) == source.reading.lines == 11
    assert lines[4] == b"2026-11-26T13:14:57.000000+00:00 mx01 saslauthd[123]: do_auth : auth failure: [user=bob]"
    assert (source.path, source.reading.first, source.reading.last) == ("journal", NOW, NOW + 9)
    assert (source.reading.truncated, source.warnings) == (False, [])
    source.close()


def test_the_time_is_cut_precisely(install: Install) -> None:
    install("cat %s" % shlex.quote(str(ENTRIES)))
    source = journal()
    assert b"".join(source.blocks(NOW + 2, NOW + 3)).count(b"\n") == 2


def test_journalctl_is_asked_for_mail_and_saslauthd_in_that_time(install: Install) -> None:
    path = str(install(""))
    fixed = [
        "--no-pager",
        "--all",
        "--output=json",
        "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_COMM,_PID,_HOSTNAME",
    ]
    saslauthd = ["+", "SYSLOG_IDENTIFIER=saslauthd"]
    assert journal().command(None, None) == [path, *fixed, "SYSLOG_FACILITY=2", *saslauthd]
    assert journal(syslog_facility="local5").command(NOW + 0.5, NOW + 1.5) == [
        path,
        *fixed,
        "--since=@%d" % NOW,
        "--until=@%d" % (NOW + 2),
        "SYSLOG_FACILITY=2",
        "SYSLOG_FACILITY=21",
        *saslauthd,
    ]
    assert journal(syslog_facility="bogus").command(None, None) == journal(syslog_facility="mail").command(None, None)


def test_the_environment_is_that_of_postfix_commands(install: Install, tmp_path: Path) -> None:
    install('echo "$LC_ALL $PWD" >%s' % shlex.quote(str(tmp_path / "said")))
    list(journal().blocks(None, None))
    assert (tmp_path / "said").read_text(encoding="utf-8") == "C /\n"


def test_a_long_journal_is_streamed(install: Install) -> None:
    install("while :; do cat %s; done" % shlex.quote(str(ENTRIES)))
    blocks = journal().blocks(None, None)
    assert 500000 < len(next(blocks)) < 1 << 20
    # journalctl is ended with it; it would go on for ever.
    blocks.close()  # type: ignore[attr-defined]


def test_what_is_not_an_entry_is_left_out(install: Install) -> None:
    install("echo '-- No entries --'; cat %s" % shlex.quote(str(ENTRIES)))
    assert b"".join(journal().blocks(None, None)).count(b"\n") == 11


def test_an_entry_that_is_too_long_is_counted(install: Install) -> None:
    quoted = shlex.quote(str(ENTRIES))
    install(
        'cat %s; printf \'{"MESSAGE":"\'; head -c 3000000 /dev/zero | tr "\\0" x; echo \'"}\'; cat %s'
        % (quoted, quoted)
    )
    source = journal()
    assert b"".join(source.blocks(None, None)).count(b"\n") == 22
    assert source.reading.truncated is True
    assert source.warnings == ["1 entries of the journal were not read: they are longer than 1 MiB."]


def test_what_journalctl_says_is_a_warning(install: Install) -> None:
    install("echo 'No journal files were found.' >&2")
    source = journal()
    assert list(source.blocks(None, None)) == []
    assert source.warnings == ["journalctl: No journal files were found."]


def test_a_failure_says_what_to_do(install: Install) -> None:
    path = install("echo 'Failed to open files: Permission denied' >&2; exit 1")
    with pytest.raises(LogError) as caught:
        list(journal().blocks(None, None))
    assert str(caught.value) == (
        "The journal cannot be read: %s failed with status 1: Failed to open files: Permission denied. Run this as root "
        "(become: true), or name the files of the mail log in files." % path
    )


def test_a_host_may_have_no_journalctl(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install("")
    assert has_journal() is True
    (tmp_path / "journalctl").unlink()
    monkeypatch.setitem(commands.ENVIRONMENT, "PATH", "%s:/none" % tmp_path)
    assert has_journal() is False
    with pytest.raises(LogError) as caught:
        journal()
    assert str(caught.value) == (
        "The journal cannot be read: there is no journalctl in %s, /none. Name the files of the mail log in files."
        % tmp_path
    )
