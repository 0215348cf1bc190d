# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Values on their way between Ansible and this collection's plugins."""

from __future__ import annotations

from typing import Any, Mapping

from ansible.utils.unsafe_proxy import wrap_var


def to_plain(value: Any) -> Any:
    """Return a value from Ansible in plain containers and types, templated and decrypted."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    # A text that carries tags, or is encrypted, becomes the text alone.
    return str(value)


def mark_untrusted(value: Any) -> Any:
    """Return a value in plain containers, with every text marked so that Ansible never evaluates it as a template.

    ansible-core 2.18 and older evaluate a text that a variable holds; newer ones do so for no text of a filter.
    """
    if isinstance(value, Mapping):
        return {mark_untrusted(key): mark_untrusted(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mark_untrusted(item) for item in value]
    return wrap_var(value) if isinstance(value, str) else value
