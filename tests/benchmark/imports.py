# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module of Ansible and say, as JSON, what each Python module that it imports costs.

    python3 imports.py PAYLOAD OUTPUT

PAYLOAD is the file that Ansible runs on a host. OUTPUT gets {name: {"compile": milliseconds, "run": milliseconds}}: CPU time, without that of
the modules that a module imports itself. What is compiled twice counts twice. Runs inside the host, by itself.
"""

from __future__ import annotations

import builtins
import json
import runpy
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_MILLISECOND = 1_000_000


class Costs:
    """The CPU time of imports, in nanoseconds: of each module without that of those which it imports itself."""

    def __init__(self, clock: Callable[[], int] = time.process_time_ns) -> None:
        self.compiling: dict[str, int] = {}
        self.running: dict[str, int] = {}
        self._clock = clock
        self._names: list[str] = []
        self._since = 0

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Count the time of the block for a module."""
        self._count()
        self._names.append(name)
        try:
            yield
        finally:
            self._count()
            self._names.pop()

    def compile(self, *arguments: Any, **options: Any) -> Any:
        """Compile as the built-in function does, and count its time."""
        self._count()
        try:
            return _compile(*arguments, **options)
        finally:
            self._count(self.compiling)

    def _count(self, kind: dict[str, int] | None = None) -> None:
        """Count the time since the last call for the current module: as running it, or as the given kind."""
        now = self._clock()
        if self._names:
            kind = self.running if kind is None else kind
            kind[self._names[-1]] = kind.get(self._names[-1], 0) + now - self._since
        self._since = now

    def show(self) -> dict[str, dict[str, float]]:
        """Return the costs in milliseconds."""
        return {
            name: {"compile": self.compiling.get(name, 0) / _MILLISECOND, "run": nanoseconds / _MILLISECOND}
            for name, nanoseconds in self.running.items()
        }


class Finder:
    """Finds modules as all finders after it do, and counts what finding and running them takes."""

    def __init__(self, costs: Costs) -> None:
        self._costs = costs

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        finders = sys.meta_path[sys.meta_path.index(self) + 1 :]
        with self._costs.of(name):
            specs = (finder.find_spec(name, path, target) for finder in finders)
            spec = next((spec for spec in specs if spec is not None), None)
            if spec is not None and spec.loader is not None:
                spec.loader = Loader(spec.loader, self._costs)  # type: ignore[assignment]
            return spec


class Loader:
    """Loads a module as its own loader does, and counts what it takes."""

    def __init__(self, loader: Any, costs: Costs) -> None:
        self._loader = loader
        self._costs = costs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def get_code(self, name: str) -> Any:
        with self._costs.of(name):
            return self._loader.get_code(name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        with self._costs.of(spec.name):
            module: ModuleType | None = self._loader.create_module(spec)
            return module

    def exec_module(self, module: ModuleType) -> None:
        # The module sees its own loader.
        vars(module)["__loader__"] = vars(module)["__spec__"].loader = self._loader
        with self._costs.of(module.__name__):
            self._loader.exec_module(module)


_compile = compile


def main() -> int:
    payload, output = sys.argv[1:]
    costs = Costs()
    sys.argv = [payload]
    sys.meta_path.insert(0, Finder(costs))
    vars(builtins)["compile"] = costs.compile
    # A module ends with sys.exit().
    with suppress(SystemExit):
        runpy.run_path(payload, run_name="__main__")
    Path(output).write_text(json.dumps(costs.show()), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
