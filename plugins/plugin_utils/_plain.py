# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""From what Ansible gives a plugin to plain values."""

from __future__ import annotations

from typing import Any, Mapping


def plain(value: Any) -> Any:
    """Return the value in plain containers and types, with what is lazily templated or decrypted in full."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # Of a text that carries tags, and of one that is encrypted, this is the text alone.
    return str(value)
