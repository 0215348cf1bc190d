# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is redacted has nothing left that looks like an address, whatever surrounds it."""

from __future__ import annotations

import ipaddress
import re

from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import (
    PSEUDONYM,
    redact_report,
    redact_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_json

KEY = "a key of a property test"
LABELS = st.text("abcxyz019-", min_size=1, max_size=8).map(lambda text: f"q{text}q")
DOMAINS = st.builds(lambda labels, last: ".".join([*labels, last]), st.lists(LABELS, min_size=1, max_size=3), LABELS)
LOCAL_PARTS = st.one_of(
    st.from_regex(r"\A[a-z0-9!#$%&*+/?^_{}~-]{1,12}\Z"),
    st.text(st.characters(codec="utf-8", exclude_characters='"\\', exclude_categories=["Cs"]), max_size=9).map(
        '"{}"'.format
    ),
)
ADDRESSES = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS)
IPS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(lambda address: int(address) > 0xFFFFFF).map(str)
AROUND = st.sampled_from(["", " ", "<{}>", "[{}]", "({})", "to=<{}>, relay", "said: {}", "x={};", '"{}"', "{},{}"])
ANY_TEXT = st.text(max_size=40)


@example(["::a::b", "a::b::c"], "")
@given(st.lists(st.one_of(ADDRESSES, DOMAINS, IPS, st.text("abc <>()@.:=", max_size=9)), max_size=6), AROUND)
def test_no_address_is_left(parts: list[str], around: str) -> None:
    text = " ".join(around.format(part, part) or part for part in parts)
    left = PSEUDONYM.sub(" ", redact_text(text, KEY, []))
    assert not re.search(r"[^\s]@", left)
    assert not re.search(r"@[^\s<>]", left)
    assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", left)
    assert not any(_is_ipv6(word) for word in re.split(r"[^0-9a-f:.]", left))


def _is_ipv6(word: str) -> bool:
    try:
        return len(word) > 2 and bool(ipaddress.IPv6Address(word))
    except ValueError:
        return False


@given(ANY_TEXT, ADDRESSES, IPS, ANY_TEXT)
def test_an_address_is_found_in_any_text(before: str, address: str, ip: str, after: str) -> None:
    redacted = redact_text(f"{before} <{address}> [{ip}] {after}", KEY, [])
    assert address.rpartition("@")[2] not in redacted
    assert ip not in redacted


@given(ANY_TEXT)
def test_what_is_redacted_stays_as_it_is(text: str) -> None:
    redacted = redact_text(text, KEY, [])
    assert PSEUDONYM.sub("", redact_text(redacted, KEY, [])) == PSEUDONYM.sub("", redacted)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_typed_value_never_survives(sender: str, account: str, client: str) -> None:
    top = {
        "senders": [{"value": f"{sender}@qsecretq.example", "messages": 1}],
        "sasl_usernames": [{"value": f"qsecretq{account}", "messages": 1}],
        "client_addresses": [{"value": f"qsecretq{client}", "messages": 1}],
    }
    facts = {"postfix_queue": {"matched": {"messages": 1, "bytes": 1, "recipients": 1}, "top": top}}
    text = report_json(redact_report(audit_report({"mx01": {"facts": facts}}, created=1), KEY))
    assert "qsecretq" not in text
