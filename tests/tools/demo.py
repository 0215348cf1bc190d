# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the collection at work: three MX hosts full of spam are cleaned, and every ham message stays where it was.

Each host is a namespace of this machine with its own Postfix. The mail system of the machine itself is not touched.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fleet.lab import Lab, LabError, requirements
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.controller import ROOT, Controller
from tests.integration.playbooks import Playbooks, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.mixture import Record

HOSTS = 3
RELEASE = "bookworm"
MESSAGES = 300
# How many lines of a diff are shown, and how wide they are.
DIFF_LINES = 14
COLUMNS = 95
# What comes after the tables of a report.
BELOW_TABLES = ("Rules:", "Fleet plan:", "JSON: ")
# Where the reports stay. Each demo begins with an empty directory, because the hosts of an earlier one are other hosts.
REPORTS = ROOT / ".cache" / "demo" / "mailops-reports"

Records = dict[str, "list[Record]"]
Spools = dict[str, dict[tuple[str, str], str]]


class DemoError(Exception):
    """A result differs from what the demo promises."""


def say(text: str = "", indent: int = 0) -> None:
    print((" " * indent + text).rstrip(), flush=True)


@contextmanager
def chapter(title: str) -> Iterator[None]:
    """Print a heading, and at the end of the block how long it took."""
    start = time.monotonic()
    say(f"\n== {title}")
    yield
    say(f"({time.monotonic() - start:.1f} s)", indent=3)


def require(fact: bool, otherwise: str) -> None:
    if not fact:
        raise DemoError(otherwise)


def show_rules(path: Path) -> None:
    """Write the rules that select the spam to a file, as an operator would, and print them."""
    lines = ["queue_cleanup_match:", *(f"  - {json.dumps(rule)}" for rule in SPAM_MATCH)]
    lines += ["queue_cleanup_exclude:", *(f"  - {json.dumps(rule)}" for rule in SPAM_EXCLUDE)]
    path.write_text("---\n" + "\n".join(lines) + "\n", encoding="utf-8")
    say(f"$ cat {path.name}", indent=3)
    for line in lines:
        say(line, indent=5)


class Story:
    """The steps of the demo in one lab, and the record of the mail in it."""

    def __init__(self, lab: Lab, directory: Path, *, verbose: bool) -> None:
        self._lab = lab
        self._directory = directory
        self._verbose = verbose
        self._playbooks = Playbooks(Controller(lab), REPORTS)
        self._records: Records = {}
        self._pages: list[Path] = []

    def fill(self) -> None:
        self._lab.sink.start()
        self._records = self._lab.fill("incident", MESSAGES)
        spam = sum(record.is_spam for records in self._records.values() for record in records)
        say(
            f"{HOSTS * MESSAGES} messages wait on {HOSTS} hosts, {spam} of them spam: a stolen account, backscatter,",
            indent=3,
        )
        say("a botnet, and spam of domains that look like a customer's. Which is which was recorded.", indent=3)

    def spools(self) -> Spools:
        """Return the SHA-256 of every queue file, as find and sha256sum show it."""
        return {host.name: host.spool_files() for host in self._lab.hosts}

    def play(self, name: str, *arguments: str, shown: str = "", **variables: Any) -> Run:
        """Run a playbook, print its command line and its table, and require that it succeeds."""
        say(f"$ ansible-playbook mailops.postfix.{name} -i inventory {shown or ' '.join(arguments)}".rstrip(), indent=3)
        run = self._playbooks.run(name, *arguments, **variables)
        if self._verbose or run.status:
            say(run.output)
        require(run.status == 0, f"the playbook {name} ended with status {run.status}")
        self._show_tables(run)
        self._pages.append((REPORTS / f"{name}.html").resolve(strict=True))
        return run

    def _show_tables(self, run: Run) -> None:
        """Print the summary and the tables, without the rules and the names of files below them."""
        for line in run.lines:
            if line.startswith(BELOW_TABLES):
                break
            say(line, indent=5)

    def audit(self) -> None:
        self.play("audit")

    @property
    def _rules(self) -> Path:
        return self._directory / "spam.yml"

    def plan(self) -> None:
        show_rules(self._rules)
        before = self.spools()
        run = self.play("plan", "-e", f"@{self._rules}", "--diff", shown="-e @spam.yml --diff")
        self._show_diff(run)
        require(self.spools() == before, "the plan touched a queue file")
        say("Nothing was touched: every queue file is as it was.", indent=3)

    def _show_diff(self, run: Run) -> None:
        _before, header, diff = run.output.partition("--- before: queues\n")
        require(bool(header), "the plan showed no diff")
        say("The diff of one host begins:", indent=3)
        for line in [header.rstrip(), *diff.splitlines()[:DIFF_LINES]]:
            say(line[:COLUMNS], indent=5)

    def clean(self) -> None:
        limit = f"queue_cleanup_fleet_max_messages={HOSTS * MESSAGES}"
        canary = f"queue_cleanup_canary={self._lab.hosts[0].name}"
        approve = f"queue_cleanup_approve={self._digest[:12]}"
        say(f"The digest of all plans is {self._digest[:12]}… Whoever has read the plans approves it.", indent=3)
        shown = f"-e queue_cleanup_run=mailops-reports \\\n       -e {limit} -e {canary} \\\n       -e {approve}"
        arguments = [word for text in (limit, canary, approve) for word in ("-e", text)]
        run = self.play(
            "cleanup",
            *arguments,
            shown=shown,
            queue_cleanup_run=str(REPORTS),
            mailops_serial="100%",
        )
        self._require_changed(run, 1)

    @property
    def _digest(self) -> str:
        plan = json.loads((REPORTS / "runs" / "latest" / "fleet_plan.json").read_text(encoding="utf-8"))
        return str(plan["digest"])

    def clean_again(self) -> None:
        run = self.play("cleanup", "-e", f"@{self._rules}", shown="-e @spam.yml", mailops_serial="100%")
        self._require_changed(run, 0)

    def _require_changed(self, run: Run, count: int) -> None:
        recap = run.recap("changed")
        say(
            f"PLAY RECAP: {', '.join(f'{host} changed={changed}' for host, changed in sorted(recap.items()))}", indent=5
        )
        require(recap == dict.fromkeys(self._records, count), f"every host should have changed={count}, but: {recap}")

    def compare(self, before: Spools) -> None:
        """Compare the spools with the record of the mail, without the collection's help."""
        for host, files in self.spools().items():
            ham = {record.queue_id for record in self._records[host] if not record.is_spam}
            kept = sum(
                before[host][key] == digest for key, digest in files.items() if key[1] in ham and key in before[host]
            )
            spam = sum(key[1] not in ham for key in files)
            say(f"{host}: {kept} of {len(ham)} ham messages byte for byte as before, {spam} spam left", indent=3)
            require(kept == len(ham) and not spam, f"{host} is not as it should be")

    def show_pages(self) -> None:
        """Print where the reports are, as pages for a browser."""
        for page in self._pages:
            say(str(page), indent=3)


def play_story(story: Story) -> None:
    """Run all steps. Raises DemoError if a result differs from what the demo promises."""
    with chapter("Their queues fill"):
        story.fill()
    before = story.spools()
    with chapter("What is in the queues?"):
        story.audit()
    with chapter("What would a cleanup take?"):
        story.plan()
    with chapter("Clean up by that plan: one host first, then the others"):
        story.clean()
    with chapter("Again, by the rules: nothing is left to change"):
        story.clean_again()
    with chapter("Is every ham still there?"):
        story.compare(before)
    say("\n== The reports, to open in a browser")
    story.show_pages()


def run_demo(*, verbose: bool) -> None:
    missing = requirements()
    require(not missing, f"cannot run here: {missing[0]}" if missing else "")
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        # A lab that is still ending may remove its own files at the same time.
        made = tempfile.TemporaryDirectory(prefix="mailops-demo-", ignore_cleanup_errors=True)
        directory = Path(stack.enter_context(made))
        # In this machine's view, root of the hosts may be another user.
        directory.chmod(0o755)
        with chapter(f"{HOSTS} MX hosts start, in namespaces of this machine"):
            lab = stack.enter_context(Lab.start(HOSTS, [RELEASE], directory=directory / "lab"))
            for host in lab.hosts:
                say(f"{host.name}  {host.address}  Debian {host.release}  Postfix {host.postfix_version}", indent=3)
        play_story(Story(lab, directory, verbose=verbose))


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="print the whole output of Ansible")
    verbose = parser.parse_args().verbose
    # The hosts end with the demo, whatever ends it.
    signal.signal(signal.SIGTERM, _stop)
    start = time.monotonic()
    try:
        run_demo(verbose=verbose)
    except (DemoError, LabError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; the hosts are gone", file=sys.stderr)
        return 130
    say(
        f"\nDone in {time.monotonic() - start:.0f} s; the hosts are gone, the reports stay. `make lab` starts hosts to play with."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
