# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of the measure, and their queues, which are measured in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from multiprocessing import get_context

from tests.suggestions.bulk import INNOCENT
from tests.suggestions.floods import FLOODS
from tests.suggestions.kinds import SHARES, Kind, scene_of
from tests.suggestions.measure import Measured, measure

_PROCESSES = 2


def _development() -> Sequence[Kind]:
    return FLOODS + INNOCENT


def _blind(name: str) -> Sequence[Kind]:
    """Return the kinds of a blind set, by the name of its package."""
    # Imported only if it is measured: nobody who works on the suggestions shall meet it.
    blind = import_module("tests.suggestions.%s" % name)
    return (*blind.FLOODS, *blind.INNOCENT)


def _corpus() -> Sequence[Kind]:
    # Imported only if it is measured: it fetches packages.
    kinds = import_module("tests.suggestions.corpus.kinds")
    real = kinds.corpus(import_module("tests.suggestions.corpus.download").fetch())
    return (*kinds.corpus_floods(real), *kinds.corpus_innocent(real))


PARTS: dict[str, Callable[[], Sequence[Kind]]] = {
    "development": _development,
    "corpus": _corpus,
    **{name: partial(_blind, name) for name in ("blind", "blind_two", "blind_three")},
}
TITLES = {
    "development": "Development",
    "corpus": "Real mail, used for development",
    "blind": "First blind set, used for development later",
    "blind_two": "Second blind set",
    "blind_three": "Third blind set",
}


@dataclass(frozen=True)
class Queue:
    """A queue that is to be measured."""

    part: str
    kind: str
    share: int


@lru_cache(maxsize=None)
def kinds_of(part: str) -> dict[str, Kind]:
    """Return the kinds of a part by their names."""
    return {kind.name: kind for kind in PARTS[part]()}


def queues(part: str, *, name: str = "", shares: Sequence[int] = SHARES) -> list[Queue]:
    """Return the queues of a part. name: only kinds whose name has this text."""
    return [Queue(part, kind, share) for kind in kinds_of(part) if name in kind for share in shares]


def measure_all(wanted: Sequence[Queue]) -> Iterator[Measured]:
    """Yield what the suggestions for each queue are worth, in the same order."""
    # The kinds hold functions, so each process makes its own; one that is forked has them already.
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("fork")) as pool:
        yield from pool.map(_measure, wanted)


def _measure(queue: Queue) -> Measured:
    return measure(scene_of(kinds_of(queue.part)[queue.kind], queue.share))
