# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What every filter of the collection shares."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var


def now() -> int:
    """Return the second since the epoch."""
    return int(time.time())


def as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as a filter: its ValueError fails the task, and nothing that it returns is ever a template."""

    @functools.wraps(function)
    def filtered(*arguments: Any, **options: Any) -> Any:
        try:
            return no_template(function(*arguments, **options))
        except ValueError as error:
            # Newer releases show the text of a cause too, which would be the same once more.
            raise AnsibleFilterError(str(error)) from None

    return filtered


def no_template(value: Any) -> Any:
    """Return the value in plain containers, with every text marked as one that is not looked through for templates.

    ansible-core 2.18 and older would do that to a text that a variable holds; newer ones trust no text of a filter.
    """
    if isinstance(value, Mapping):
        return {no_template(key): no_template(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [no_template(item) for item in value]
    return wrap_var(value) if isinstance(value, str) else value
