# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Running a module: its errors become fail_json in this one place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    LimitError,
    MailopsError,
    OutcomeError,
    SystemRefusal,
)

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule


def run(module: AnsibleModule, work: Callable[[AnsibleModule], Mapping[str, Any]]) -> None:
    """Exit with what the work returns, or fail with the text of the collection's own error."""
    _make_warnings_safe(module)
    try:
        result = work(module)
    except LimitError as error:
        module.fail_json(msg=_safe(str(error)), matched={"messages": error.matched})
    except OutcomeError as error:
        module.fail_json(msg=_safe(str(error)), **_safe_result(error.result))
    except MailopsError as error:
        module.fail_json(msg=_safe(str(error)))
    except OSError as error:
        # An error that a caller expects has a better text; this is the rest.
        module.fail_json(msg=_safe(str(SystemRefusal(_place_of(error), error))))
    else:
        module.exit_json(**_safe_result(result))


def _make_warnings_safe(module: AnsibleModule) -> None:
    """Make the text of all warnings printable: some contain the output of a command, or names from a queue."""
    original = module.warn

    def warn(warning: str, **options: Any) -> None:
        original(_safe(warning), **options)

    vars(module)["warn"] = warn


def _safe_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result in which no text can control a terminal. A plan stays as it is, because its digest covers it."""
    return {name: value if name == "plan" else _safe(value) for name, value in result.items()}


def _safe(value: Any) -> Any:
    """Return the value with every text in it made printable, except for line ends and tabs. It is idempotent."""
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else _printable_lines(value)
    if isinstance(value, Mapping):
        return {_safe(name): _safe(item) for name, item in value.items()}
    return [_safe(item) for item in value] if isinstance(value, (list, tuple)) else value


def _printable_lines(text: str) -> str:
    # Most texts have only printable ASCII characters.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable_lines  # noqa: PLC0415

    return printable_lines(text)


def _place_of(error: OSError) -> str:
    """Return the names of the files that an error of the system is about, as the start of a sentence."""
    from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable  # noqa: PLC0415

    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if isinstance(name, (str, bytes))]
    return printable("%s cannot be used" % " or ".join(names) if names else "A file or directory cannot be used")
