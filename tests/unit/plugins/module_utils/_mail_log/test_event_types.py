# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import event_types


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        pytest.param(
            "Accepted",
            ("queue_id", "client_name", "client_address", "sasl_method", "sasl_username", "original_queue_id"),
            id="Accepted",
        ),
        pytest.param("PickedUp", ("queue_id", "uid", "sender", "original_queue_id"), id="PickedUp"),
        pytest.param("Identified", ("queue_id", "message_id"), id="Identified"),
        pytest.param("Activated", ("queue_id", "sender", "recipients"), id="Activated"),
        pytest.param("Delivery", ("queue_id", "recipient", "relay", "status", "reason"), id="Delivery"),
        pytest.param("Expired", ("queue_id", "sender"), id="Expired"),
        pytest.param("Noticed", ("queue_id", "kind", "notice_id"), id="Noticed"),
        pytest.param("Removed", ("queue_id",), id="Removed"),
        pytest.param("Moved", ("queue_id", "action"), id="Moved"),
        pytest.param("Restricted", ("queue_id", "action", "stage", "client_address", "text"), id="Restricted"),
        pytest.param("FailedLogin", ("source", "client_address", "sasl_method", "sasl_username"), id="FailedLogin"),
        pytest.param("Known", ("queue_id",), id="Known"),
    ],
)
def test_fields(name: str, fields: tuple[str, ...]) -> None:
    kind = getattr(event_types, name)
    assert kind._fields == fields
    assert kind in event_types.Event.__args__  # type: ignore[attr-defined]
