# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A callback that keeps the results of tasks in the file TEST_RESULTS, as lines of JSON: task, host, result. It keeps none without it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Keeps the results of tasks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"

    def v2_runner_on_ok(self, result: Any) -> None:
        """Keep the result of a task that ended well."""
        self._keep(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        """Keep the result of a task that failed."""
        # Until ansible-core 2.18 the result of a task whose errors are ignored does not say that it failed.
        self._keep(result, failed=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Keep the result of a task whose host could not be reached."""
        self._keep(result)

    def _keep(self, result: Any, *, failed: bool = False) -> None:
        if "TEST_RESULTS" not in os.environ:
            return
        task, host = result._task.get_name(), result._host.get_name()  # noqa: SLF001
        row = [task, host, {**result._result, "failed": failed}]  # noqa: SLF001
        with Path(os.environ["TEST_RESULTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=str) + "\n")
