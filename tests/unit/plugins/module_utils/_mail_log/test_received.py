# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.received import login_in_received

TOP = b"Received: from client.example (unknown [203.0.113.5])\n"
TLS = b"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n\t(No client certificate requested)\n"
LOGIN = b"\t(Authenticated sender: a@example.com)\n"
BY = b"\tby mx01.example.com (Postfix) with ESMTPSA id 4A0F9AC\n\tfor <x@example.org>; Fri, 20 Nov 2026 13:14:00 +0000 (UTC)\n"
SEVERAL = b"\tby mx01.example.com (Postfix) with ESMTPA id 4A0F9AC;\n\tFri, 20 Nov 2026 13:14:00 +0000 (UTC)\n"
OTHER = b"Received: from x (y [192.0.2.1])\n\tby mx01.example.com (Postfix) with ESMTP id 4A0F9AC\n\tfor <x@example.org>; date\n"


@pytest.mark.parametrize(
    ("text", "login"),
    [
        pytest.param(TOP + LOGIN + BY + b"Subject: x\n", b"a@example.com", id="one recipient"),
        pytest.param(TOP + TLS + LOGIN + SEVERAL, b"a@example.com", id="TLS, several recipients"),
        pytest.param(b"envelope\nsender@example.net\n" + TOP + LOGIN + BY, b"a@example.com", id="after the envelope"),
        pytest.param(TOP + BY, None, id="no login"),
        pytest.param(OTHER + TOP + LOGIN + BY, None, id="not the first header"),
        pytest.param(TOP + LOGIN + BY.replace(b"4A0F9AC", b"4A0F9AD"), None, id="another queue ID"),
        pytest.param(TOP + LOGIN + BY.replace(b"4A0F9AC", b"4A0F9ACD"), None, id="a longer queue ID"),
        pytest.param(TOP + LOGIN + BY.replace(b"mx01.", b"mx02."), None, id="another host"),
        pytest.param(TOP.replace(b"client.example", b"(Authenticated sender: b)") + BY, None, id="HELO name"),
        pytest.param(b"Received: by mx01.example.com (Postfix, from userid 1)\n\tid 4A0F9AC; date\n" + TOP + LOGIN + BY, None, id="sent by sendmail"),
        pytest.param(b"Subject: x\n", None, id="no header"),
        pytest.param(b"", None, id="nothing"),
    ],
)  # fmt: skip
def test_login_in_received(text: bytes, login: bytes | None) -> None:
    assert login_in_received(text, queue_id=b"4A0F9AC", host=b"mx01.example.com") == login
