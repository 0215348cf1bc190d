# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Rules and what they are made of: the message that is decided about, the checks, and what a decision can be."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    Iterable,
    Mapping,
    NamedTuple,
    Sequence,
)

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Identity, Input

    class Subject(Protocol):
        """A message to decide about. What is expensive to read is a method, which is called only when it is needed.

        The methods return what can be read. C(missing) says what could not be read, and C(problem) gives the first reason, or None
        while nothing is missing. The methods may raise ContentError instead.
        """

        @property
        def queue_id(self) -> str: ...
        @property
        def problem(self) -> str | None: ...
        @property
        def missing(self) -> AbstractSet[Input]: ...
        @property
        def identity(self) -> Identity | Envelope: ...
        @property
        def envelope(self) -> Envelope: ...
        def reasons(self) -> Mapping[bytes, bytes]: ...
        def headers(self) -> Sequence[tuple[str, str]]: ...
        def holds(self, text: bytes) -> bool: ...
        def text_windows(self) -> Iterable[Window]: ...
        def text_parts(self) -> Sequence[str]: ...


class Stage(enum.IntEnum):
    """What a criterion reads of a message, cheapest first."""

    NAME = 0
    IDENTITY = 1
    ENVELOPE = 2
    REASONS = 3
    CONTENT = 4


class Verdict(enum.Enum):
    """What the selection says about a message.

    PARTIAL: a rule holds for some of its pending recipients, but not for all. UNDECIDED: it depends on what could not be read.
    """

    NO = "no"
    YES = "yes"
    PARTIAL = "partial"
    UNDECIDED = "undecided"


# A message criterion says yes or no. A recipient criterion returns the pending recipients for which it holds, by index. Both judge by
# what can be read: a yes is certain, and a no is certain unless what the criterion needs is missing. After ContentError, neither is.
MessageTest = Callable[["Subject"], bool]
RecipientTest = Callable[["Subject"], "set[int]"]


class MessageCheck(NamedTuple):
    """The test of a message criterion, and what must not be missing for a certain no."""

    stage: Stage
    test: MessageTest
    need: Input | None


class RecipientCheck(NamedTuple):
    """The test of a recipient criterion, and what it needs in addition to the recipients."""

    stage: Stage
    test: RecipientTest
    need: Input | None


class Branch(NamedTuple):
    """An operator in a rule: it holds if at least C(number) of its rules hold. With C(negated) it holds if fewer hold."""

    number: int
    rules: tuple[Rule, ...]
    negated: bool


@dataclass(frozen=True)
class Rule:
    """A compiled rule: it holds if all its checks and all its branches hold.

    A plain rule has no branches, as most rules. spec is the frozen, JSON-ready form.
    """

    place: str
    spec: Mapping[str, Any]
    criteria: tuple[str, ...]
    """The criteria in use, those of the branches included, each once and in order of use."""
    message_tests: tuple[MessageCheck, ...] = field(compare=False)
    """Cheapest first."""
    early_tests: tuple[MessageTest, ...] = field(compare=False)
    """Those of the message tests that need no more than the name and the start of a file."""
    recipient_tests: tuple[RecipientCheck, ...] = field(compare=False)
    branches: tuple[Branch, ...] = field(compare=False)
    stages: frozenset[Stage]
    last_stage: Stage
