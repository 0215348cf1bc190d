# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The parts that every filter of the collection has."""

from __future__ import annotations

import functools
import time
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import mark_untrusted


def now() -> int:
    """Return the second since the epoch."""
    return int(time.time())


def as_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as a filter: an error in its input fails the task, and Ansible evaluates no text that it returns."""

    @functools.wraps(function)
    def filtered(*arguments: Any, **options: Any) -> Any:
        try:
            return mark_untrusted(function(*arguments, **options))
        except (ValueError, MailopsError) as error:
            # Newer releases also show the text of a cause, which would be the same again.
            raise AnsibleFilterError(str(error)) from None

    return filtered
