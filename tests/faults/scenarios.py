# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is run with faults: a module on a host, what ran before, and what runs afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.faults.host import MAILS, Mail
from tests.faults.run import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BAD = [{"sender": "bad.example"}]
NOBODY = [{"sender": "nobody@nowhere.example"}]
QUARANTINE = "postfix_spool_quarantine"
# Where the quarantine is, for the option directory; near is the default, next to the queue directory.
FAR = {"directory": "far"}


@dataclass(frozen=True)
class Scenario:
    """One thing that an operator does, on a host that is new each time."""

    name: str
    call: Call
    before: Sequence[Call] = ()
    after: Sequence[Call] = ()
    """What runs undisturbed afterwards; the same again where nothing is given."""
    second: Call | None = None
    """What another operator runs in the middle of it; then nothing fails."""
    mails: Sequence[Mail] = MAILS
    orphan: bool = False

    @property
    def reads_only(self) -> bool:
        """Whether it changes nothing."""
        return self.call.module.endswith(("_facts", "_info"))


def quarantine(**options: Any) -> Call:
    """Return a call of postfix_spool_quarantine."""
    return Call(QUARANTINE, {"name": "ticket", "service": "none", **options})


TAKE = quarantine(match=BAD)
TAKE_FAR = quarantine(match=BAD, **FAR)
WHOLE = quarantine(mode="queues")
PURGE = Call("postfix_queue_purge", {"match": BAD})
HOLD = Call("postfix_queue_hold", {"match": BAD, "state": "held"})
RELEASE = Call("postfix_queue_hold", {"match": BAD, "state": "released", "release_by": "move"})
REPAIR = Call("postfix_spool_repair", {"repairs": ["stale", "structure", "orphan_logs"], "orphan_age": "1d"})
MISPLACED = (*(replace(mail, misplaced=mail.name == "second") for mail in MAILS),)


def back(call: Call) -> Call:
    """Return the call that restores what another took."""
    return quarantine(state="restored", match=BAD, **_directory_of(call))


def away(call: Call, **options: Any) -> Call:
    """Return the call that deletes what another took."""
    return quarantine(state="absent", **(options or {"match": BAD}), **_directory_of(call))


def _directory_of(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.options.items() if name == "directory"}


_SCENARIOS = (
    Scenario("purge", PURGE),
    Scenario("hold", HOLD),
    Scenario("release", RELEASE, before=[HOLD]),
    Scenario("quarantine", TAKE),
    Scenario("quarantine, another filesystem", TAKE_FAR),
    Scenario("whole queues", WHOLE),
    Scenario("restore", back(TAKE), before=[TAKE]),
    Scenario("restore, another filesystem", back(TAKE_FAR), before=[TAKE_FAR]),
    Scenario("restore from whole queues", back(WHOLE), before=[WHOLE]),
    Scenario("absent, a selection", away(TAKE), before=[TAKE]),
    Scenario("absent, everything", away(TAKE, match_all=True), before=[TAKE]),
    Scenario("absent, another filesystem", away(TAKE_FAR), before=[TAKE_FAR]),
    Scenario("repair", REPAIR, mails=MISPLACED, orphan=True),
    Scenario(
        "facts",
        Call(
            "postfix_queue_facts", {"match": BAD, "source": "spool", "gather": ["counts", "top", "reasons", "messages"]}
        ),
    ),
    Scenario("message info", Call("postfix_message_info", {"match": BAD, "limit": 10})),
    # One name in two directories: the far one has two messages, the near one the rest.
    Scenario(
        "one name twice",
        back(TAKE_FAR),
        before=[quarantine(match=[{"sender": ["a@bad.example", "b@bad.example"]}], **FAR), TAKE],
        after=[quarantine(state="restored", match=NOBODY), back(TAKE_FAR)],
    ),
    Scenario("two operators purge", PURGE, second=PURGE),
    Scenario("purge during a hold", HOLD, second=PURGE, after=[PURGE]),
    Scenario("restore during a quarantine", TAKE, before=[TAKE_FAR, back(TAKE_FAR)], second=back(TAKE), after=[TAKE]),
    Scenario("quarantine during a purge", PURGE, second=TAKE, after=[PURGE]),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _SCENARIOS}
