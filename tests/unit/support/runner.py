# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Postfix's commands."""

from __future__ import annotations

from typing import Callable, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output, Runner

Answer = Callable[[Sequence[str]], Output]


def said(text: str = "", *, status: int = 0, err: str = "") -> Output:
    """Return what a command leaves."""
    return Output(status, text, err)


class FakeRunner(Runner):
    """Answers commands from a table by the command's name, and writes down what was run."""

    def __init__(self, answers: Mapping[str, Output | Answer]) -> None:
        self.answers = answers
        self.ran: list[tuple[list[str], str]] = []

    def run(
        self, command: Sequence[str], *, stdin: str = "", consume: Callable[[Iterable[bytes]], None] | None = None
    ) -> Output:
        """Return the table's answer, and let the caller consume its lines, as the real one does."""
        self.ran.append((list(command), stdin))
        answer = self.answers[command[0].rpartition("/")[2]]
        output = answer(command) if callable(answer) else answer
        if consume is not None:
            consume(output.out.encode().splitlines(keepends=True))
        return output
