# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The results that tasks registered on hosts, collected on the controller as {host: {step: result}}."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._values import to_plain


def collect_results(
    hosts: Iterable[str], steps: Mapping[str, str], variables: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return {host: {step: result}}, with an empty result if the task of a step did not run.

    steps: {step: the variable that each host registers it as}. variables: those of the task, with hostvars.
    """
    # raw_get() does not template. Results are no templates, and they may be large, because they may hold plans.
    registered = {host: variables["hostvars"].raw_get(host) for host in hosts}
    return {
        host: {step: to_plain(known.get(name) or {}) for step, name in steps.items()}
        for host, known in registered.items()
    }
