# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured, and against what: one function a section, each with the bounds of its work."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from tests.fleet.mixture import BULK_PHRASE

from .report import Cost, Row, compare, figure, not_measured, ratios, scaled
from .target import DEFERRED, FACTS, HOLD, MAIL_LOG, PING, REPEATED, BenchmarkError, Measured, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    Sections = dict[str, Callable[[Target, int], list[Row]]]

# It waits for showq(8), a daemon: the CPU time of that is not in its own.
POSTQUEUE = "postqueue -j"
# A recipe that starts a process for each message is only tried on so many.
RECIPE_MESSAGES = 1000
# pymailq takes that long that two rounds say enough.
PYMAILQ_ROUNDS = 2
PURGE_ROUNDS = 2
# Single milliseconds differ much, and a round takes a second.
IMPORT_ROUNDS = 7
# Restoring all that was taken away, so that the next round finds the same queue, takes longest.
OUTAGE_ROUNDS = 2
# Memory and the result's size are bounded at three times the messages that everything else is measured with.
MEMORY_FACTOR = 3
# The mail log of a busy day; pflogsumm takes many seconds for it.
LOG_LINES = 1_000_000
LOG_ROUNDS = 3

_COLLECTION = "ansible_collections.mailops.postfix.plugins."

# It takes queue IDs of 10 to 12 digits only, and those of a lab's small inodes have fewer.
_PYMAILQ = """
import re, sys
from pymailq.store import PostqueueStore
PostqueueStore.mail_id_re = re.compile("[0-9A-F]{6,12}[*!]?$")
store = PostqueueStore()
store.load()
sys.exit(len(store.mails) != int(sys.argv[1]))
"""


def in_turn(rounds: int, *runs: Callable[[], Measured], warm_up: bool = True) -> list[list[Measured]]:
    """Run all in turn, A B A B, and return what each took. warm_up: whether a first round does not count."""
    if warm_up:
        for run in runs:
            run()
    took = [[run() for run in runs] for _round in range(rounds)]
    return [list(measured) for measured in zip(*took, strict=True)]


def _facts(target: Target, name: str, expected: int) -> Measured:
    measured = target.module(name)
    target.require_matched(expected)
    return measured


def facts(target: Target, rounds: int) -> list[Row]:
    """All tops and the shape; then the delay reasons too, as by default."""
    ours, theirs, floor, defaults = in_turn(
        rounds,
        lambda: _facts(target, "facts", target.messages),
        lambda: target.measure(["postqueue", "-j"]),
        target.floor,
        lambda: _facts(target, "defaults", target.messages),
    )
    start_up = target.start_up / median(run.seconds for run in ours)
    return [
        compare("facts without reasons", POSTQUEUE, ours=ours, theirs=theirs, bound=0.25),
        compare("facts without reasons", "opening and reading each file", ours=ours, theirs=floor, bound=3),
        compare("facts with reasons", POSTQUEUE, ours=defaults, theirs=theirs, bound=0.45),
        figure("facts of an empty queue", f"{start_up:.0%} of facts without reasons", value=target.start_up, unit="s"),
    ]


def cold(target: Target, rounds: int) -> list[Row]:
    """The same with nothing in memory, as after a reboot; and a search for a text."""
    work = "facts and content, cold"
    why_not = target.why_not_cold()
    if why_not is not None:
        return [not_measured(work, why_not)]
    spam = len(target.spam_ids())
    ours, theirs, defaults, found, grepped = in_turn(
        rounds,
        *(
            _when_cold(target, run)
            for run in (
                lambda: _facts(target, "facts", target.messages),
                lambda: target.measure(["postqueue", "-j"]),
                lambda: _facts(target, "defaults", target.messages),
                lambda: _facts(target, "content", spam),
                lambda: target.measure(["grep", "-rl", BULK_PHRASE, DEFERRED]),
            )
        ),
        warm_up=False,
    )
    peer = f"{POSTQUEUE}, cold"
    return [
        compare("facts without reasons, cold", peer, ours=ours, theirs=theirs, bound=0.2),
        compare("facts with reasons, cold", peer, ours=defaults, theirs=theirs, bound=0.3),
        compare("facts with match: content, cold", "grep -rl, cold", ours=found, theirs=grepped, bound=0.6),
    ]


def _when_cold(target: Target, run: Callable[[], Measured]) -> Callable[[], Measured]:
    def run_cold() -> Measured:
        target.make_cold()
        return run()

    return run_cold


def flat(target: Target, rounds: int) -> list[Row]:
    """The same queue without hash directories, as it is for who changed hash_queue_names."""
    with target.flat():
        return _facts_of_layout(target, rounds, "a flat spool")


def single(target: Target, rounds: int) -> list[Row]:
    """Messages to one recipient each; all others have about ten on average. Another queue is left behind."""
    target.keep_single()
    return _facts_of_layout(target, rounds, "one recipient a message")


def _facts_of_layout(target: Target, rounds: int, what: str) -> list[Row]:
    ours, theirs, defaults = in_turn(
        rounds,
        lambda: _facts(target, "facts", target.messages),
        lambda: target.measure(["postqueue", "-j"]),
        lambda: _facts(target, "defaults", target.messages),
    )
    return [
        compare(f"facts without reasons, {what}", POSTQUEUE, ours=ours, theirs=theirs),
        compare(f"facts with reasons, {what}", POSTQUEUE, ours=defaults, theirs=theirs),
    ]


def suggestions(target: Target, rounds: int) -> list[Row]:
    """Rules mined from the queue, in addition to the facts; the messages that are opened for it count too."""
    ours, theirs = in_turn(
        rounds,
        lambda: _facts(target, "suggestions", target.messages),
        lambda: _facts(target, "facts", target.messages),
    )
    return [compare("facts with suggestions", "facts without", ours=ours, theirs=theirs, bound=1.25)]


def content(target: Target, rounds: int) -> list[Row]:
    """Select by a text that stands in the spam."""
    spam = len(target.spam_ids())
    ours, theirs = in_turn(
        rounds,
        lambda: _facts(target, "content", spam),
        lambda: target.measure(["grep", "-rl", BULK_PHRASE, DEFERRED]),
    )
    part = f"{DEFERRED}/0"
    recipe = target.measure(["find", part, "-type", "f", "-exec", "grep", "-l", BULK_PHRASE, "{}", ";"])
    factor = target.messages / target.count_files(part)
    return [
        compare("facts with match: content", "grep -rl", ours=ours, theirs=theirs, bound=2.5),
        scaled(
            "facts with match: content", "find -exec grep -l", ours=_seconds(ours), sample=recipe.seconds, factor=factor
        ),
    ]


def purge(target: Target, rounds: int) -> list[Row]:
    """Delete the spam, 40%, selected by its senders; every run has the same queue before it."""
    work, peer = "purge of 40% by sender", "postsuper -d -, list given"
    rounds = min(rounds, PURGE_ROUNDS)
    spam = target.spam_ids()
    why_not_cold = target.why_not_cold()
    with target.copy_kept():
        ours, theirs = _purge_in_turn(target, rounds, spam, prepare=target.make_warm)
        rows = [compare(work, peer, ours=ours, theirs=theirs, bound=1.1)]
        if why_not_cold is None:
            cold_ours, cold_theirs = _purge_in_turn(target, rounds, spam, prepare=target.make_cold)
            rows.append(compare(f"{work}, cold", f"{peer}, cold", ours=cold_ours, theirs=cold_theirs, bound=1.1))
        else:
            rows.append(not_measured(f"{work}, cold", why_not_cold))
        few = spam[:RECIPE_MESSAGES]
        listed = target.put_list(few)
        recipe = _purged(target, lambda: target.measure(["xargs", "-n1", "postsuper", "-d"], given=listed), len(few))
    factor = len(spam) / len(few)
    recipe_row = scaled(work, "xargs -n1 postsuper -d", ours=_seconds(ours), sample=recipe.seconds, factor=factor)
    return [*rows, recipe_row]


def _purge_in_turn(
    target: Target, rounds: int, queue_ids: Sequence[str], *, prepare: Callable[[], None]
) -> list[list[Measured]]:
    """Purge by the module and by postsuper in turn. prepare: called before each, when the queue is as it was."""
    listed = target.put_list(queue_ids)

    def ours() -> Measured:
        prepare()
        return target.module("purge")

    def theirs() -> Measured:
        prepare()
        return target.measure(["postsuper", "-d", "-"], given=listed)

    # Restoring the queue takes longer than a purge, so that no round only warms up.
    expected = len(queue_ids)
    return in_turn(
        rounds,
        lambda: _purged(target, ours, expected),
        lambda: _purged(target, theirs, expected),
        warm_up=False,
    )


def _seconds(runs: Sequence[Measured]) -> list[float]:
    return [run.seconds for run in runs]


def _purged(target: Target, run: Callable[[], Measured], expected: int) -> Measured:
    """Measure a purge of the whole queue, and make sure that it left the rest and nothing else."""
    target.bring_back()
    measured = run()
    gone = target.messages - target.count_files(DEFERRED) - target.count_files(HOLD)
    if gone != expected:
        raise BenchmarkError(f"{gone} messages were deleted, not {expected}")
    return measured


def quarantine(target: Target, rounds: int) -> list[Row]:
    """Take whole queues away: for how long a client that keeps trying finds nobody, against stopping and starting Postfix."""
    ours, theirs, whole = [], [], []
    for _round in range(min(rounds, OUTAGE_ROUNDS)):
        with target.host.probed() as probe:
            whole.append(target.module("quarantine").seconds)
        ours.append(probe.outage)
        _require_deferred(target, 0)
        with target.host.probed() as probe:
            target.measure(["postfix", "stop"])
            target.measure(["postfix", "start"])
        theirs.append(probe.outage)
        target.module("unquarantine")
        target.module("forget")
        _require_deferred(target, target.messages)
    beyond = median(our - their for our, their in zip(ours, theirs, strict=True))
    work = "outage of quarantine, mode queues"
    return [
        ratios(work, "postfix stop and start, empty queue", ours=ours, theirs=theirs),
        figure(work, "beyond postfix stop and start", value=beyond, unit="s", bound=2),
        figure("quarantine, mode queues", "all of it, counting included", value=median(whole), unit="s"),
    ]


def _require_deferred(target: Target, expected: int) -> None:
    """Raise BenchmarkError where not so many messages are deferred."""
    found = target.count_files(DEFERRED)
    if found != expected:
        raise BenchmarkError(f"{found} messages are deferred, not {expected}")


def pymailq(target: Target, rounds: int) -> list[Row]:
    """The Python library for the same: what it takes to load the queue, before any question is asked."""
    target.put_pymailq()
    ours, theirs = in_turn(
        min(rounds, PYMAILQ_ROUNDS),
        lambda: _facts(target, "facts", target.messages),
        lambda: target.python("-c", _PYMAILQ, str(target.messages)),
    )
    return [compare("facts without reasons", "pymailq, load", ours=ours, theirs=theirs)]


def mail_log(target: Target, rounds: int) -> list[Row]:
    """The sums of a mail log, against pflogsumm(1), which sums up the same lines."""
    target.put_mail_log(LOG_LINES)
    ours, theirs = in_turn(
        min(rounds, LOG_ROUNDS),
        lambda: _log_info(target),
        lambda: target.measure(["pflogsumm", MAIL_LOG]),
    )
    work = f"log info of {LOG_LINES:,} lines"
    sampled = target.module("log", sample=True)
    return [
        compare(work, "pflogsumm", ours=ours, theirs=theirs, bound=0.2),
        figure(work, "memory, largest process", value=sampled.largest_process / 1024, unit="MiB", bound=96),
        figure(work, "size of the result", value=target.result_size() / 1024, unit="KiB", bound=64),
    ]


def _log_info(target: Target) -> Measured:
    measured = target.module("log")
    log = target.result()["log"]
    if log["lines"] != LOG_LINES or log["unparsed"]:
        raise BenchmarkError(f"{log['lines']} lines were read, not {LOG_LINES}, or not understood: {log['unparsed']}")
    return measured


def over_ssh(target: Target, rounds: int) -> list[Row]:
    """What a host whose queue is empty costs the controller: a task of facts, against one of ping and a postconf."""
    idle, facts_too, ping_too = ([], [], [])
    for _round in range(rounds):
        idle.append(target.play([]))
        facts_too.append(target.play([{FACTS: {}}]))
        ping_too.append(target.play([{PING: {}}]))
    postconf = median(target.measure(["postconf", "-x", "queue_directory"]).seconds for _round in range(rounds))
    ours = [(long - short) / REPEATED for long, short in zip(facts_too, idle, strict=True)]
    theirs = [(long - short) / REPEATED + postconf for long, short in zip(ping_too, idle, strict=True)]
    return [ratios("facts of an empty queue, over SSH", "ping, and a postconf", ours=ours, theirs=theirs, bound=1.25)]


def import_costs(target: Target) -> list[Cost]:
    """What importing the modules that facts need and ping does not need costs on the host, with an empty queue."""
    ping = target.imports("ping")
    return median_costs([target.imports("defaults") for _round in range(IMPORT_ROUNDS)], without=ping)


def median_costs(runs: Sequence[Mapping[str, Mapping[str, float]]], *, without: Collection[str]) -> list[Cost]:
    """Return the medians of several runs of imports.py, without some modules."""
    return [
        Cost(
            module.removeprefix(_COLLECTION),
            *(median(run[module][kind] for run in runs) for kind in ("compile", "run")),
        )
        for module in runs[0]
        if module not in without
    ]


def memory(target: Target, _rounds: int) -> list[Row]:
    """Memory on the host and size of the result, default options, three times the messages."""
    target.grow(MEMORY_FACTOR * target.messages)
    measured = target.module("defaults", sample=True)
    target.require_matched(target.messages)
    work = f"default facts of {target.messages:,}"
    peaks = {
        "memory, largest process": measured.largest_process,
        f"memory, all {measured.processes} processes": measured.all_processes_shared_split,
        "the same, what they share counted in each": measured.all_processes,
    }
    rows = [figure(work, what, value=kib / 1024, unit="MiB", bound=96) for what, kib in peaks.items()]
    return [*rows, figure(work, "size of the result", value=target.result_size() / 1024, unit="KiB", bound=64)]


# Before the queue is filled.
EMPTY_SECTIONS: Sections = {"ssh": over_ssh}
# In this order: the last ones leave another queue behind.
SECTIONS: Sections = {
    "facts": facts,
    "cold": cold,
    "suggestions": suggestions,
    "content": content,
    "purge": purge,
    "flat": flat,
    "quarantine": quarantine,
    "pymailq": pymailq,
    "log": mail_log,
    "single": single,
    "memory": memory,
}
# A table of its own.
IMPORTS = "imports"
# What is measured by default, which takes less than ten minutes on a machine that does nothing else.
DEFAULT_SECTIONS = (IMPORTS, "ssh", "facts", "cold", "content", "purge", "flat", "single")
