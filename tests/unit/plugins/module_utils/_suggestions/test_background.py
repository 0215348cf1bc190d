# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import background


def test_path_words_are_what_a_path_is_split_into() -> None:
    assert {"unsubscribe", "abmelden", "wp", "content", "ls", "click"} <= background.PATH_WORDS
    assert all(word.isascii() and word.isalpha() and word.islower() for word in background.PATH_WORDS)


@pytest.mark.parametrize(
    ("host", "common"),
    [
        ("w3.org", True),
        ("www.w3.org", True),
        ("WWW.W3.ORG.", True),
        ("schemas.microsoft.com", True),
        ("eur01.safelinks.protection.outlook.com", True),
        ("urldefense.proofpoint.com", True),
        ("us02web.zoom.us", True),
        ("fonts.googleapis.com", True),
        ("wordpress.com", True),
        ("shop.wordpress.com", False),
        ("s3.amazonaws.com", True),
        ("bucket.s3.amazonaws.com", False),
        ("github.io", False),
        ("w3.org.example.com", False),
        ("notw3.org", False),
        ("example.com", False),
        ("192.0.2.1", False),
        ("", False),
    ],
)
def test_is_common_host(host: str, common: bool) -> None:
    assert background.is_common_host(host) is common


@pytest.mark.parametrize(
    ("subject", "common"),
    [
        ("", True),
        ("12345", True),
        ("Re:", True),
        ("RE: AW: Re[2]: hello!", True),
        ("Re : Facture n7", True),
        ("Re: Cheap tea", False),
        ("Invoice 2024-117", True),
        ("Invoice for your tea", False),
        ("Order confirmation #AB12", True),
        ("(no subject)", True),
        ("Conferma d'ordine", True),
        ("Undelivered Mail Returned to Sender", True),
        ("Mail delivery failed: returning message to sender", True),
        ("Delivery Status Notification (Failure)", True),
        ("Undeliverable: Cheap tea", True),
        ("Automatic reply: Cheap tea", True),
        ("Réponse automatique : thé", True),
        ("AW: Abwesenheitsnotiz: Tee", True),
        ("Auto: Cheap tea", True),
        ("Declined: Cheap tea", True),
        ("Gelesen: Tee", True),
        ("Tea: hello", False),
        ("Cheap tea today", False),
        ("автоответ", False),
        ("x" * 100000 + ": y", False),
        (":" * 100000, True),
    ],
)
def test_is_common_subject(subject: str, common: bool) -> None:
    assert background.is_common_subject(subject.split()) is common


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("List-Id", "<tea.example.com>", "list"),
        ("list-unsubscribe", "<mailto:leave@example.com>", "list"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click", "list"),
        ("Feedback-ID", "1:2:3:example", "list"),
        ("X-Mailman-Version", "3.3.8", "list"),
        ("List-Id", "  ", None),
        ("Precedence", "Bulk", "list"),
        ("Precedence", " list ", "list"),
        ("Precedence", "junk", "automatic"),
        ("Precedence", "auto_reply", "automatic"),
        ("Precedence", "first-class", None),
        ("Auto-Submitted", "auto-generated", "automatic"),
        ("Auto-Submitted", "auto-replied; owner-email=x", "automatic"),
        ("Auto-Submitted", "No", None),
        ("Auto-Submitted", "no (a person)", None),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", "automatic"),
        ("X-Auto-Response-Suppress", "None", None),
        ("X-Cron-Env", "<SHELL=/bin/sh>", "automatic"),
        ("Content-Type", "multipart/report; report-type=delivery-status", "automatic"),
        ("Content-Type", "text/plain", None),
        ("Subject", "bulk", None),
    ],
)
def test_bulk_header(name: str, value: str, kind: str | None) -> None:
    assert background.bulk_header(name, value) == kind


@pytest.mark.parametrize(
    ("local", "role"),
    [
        ("bounce", True),
        ("Bounces+12345-ab", True),
        ("b-joe=example.com", True),
        ("srs0=ab12=xy=example.com=joe", True),
        ("owner-tea", True),
        ("tea-owner", True),
        ("tea-request", True),
        ("tea-bounces", True),
        ("noreply", True),
        ("no_reply", True),
        ("do.not.reply", True),
        ("nicht-antworten", True),
        ("calendar-noreply", True),
        ("mailer-daemon", True),
        ("newsletter2024", True),
        ("m-1234567", True),
        ("0100018b12345678-1234abcd-0000", True),
        ("postmaster", True),
        ("info+tea", True),
        ("joe", False),
        ("joe.doe", False),
        ("joe1985", False),
        ("joe-1985", False),
        ("joe.info", False),
        ("123456789", False),
        ("prvs=0123456789=joe", False),
        ("prvs=0123456789=info", True),
        ("newton", False),
        ("", False),
    ],
)
def test_is_role_address(local: str, role: bool) -> None:
    assert background.is_role_address(local) is role


@pytest.mark.parametrize(
    ("domain", "free"),
    [
        ("gmail.com", True),
        ("GMX.net.", True),
        ("gmx.de", True),
        ("yahoo.co.uk", True),
        ("yahoo.com.br", True),
        ("163.com", True),
        ("yahoo", False),
        ("yahoo.example", False),
        ("yahoo.example.com", False),
        ("mail.gmail.com", False),
        ("example.com", False),
    ],
)
def test_is_free_mail(domain: str, free: bool) -> None:
    assert background.is_free_mail(domain) is free


@pytest.mark.parametrize(
    ("host", "organisation"),
    [
        ("example.com", "example.com"),
        ("Mail.Example.COM.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("www.example.com.br", "example.com.br"),
        ("www.example.ne.jp", "example.ne.jp"),
        ("www.co.de", "co.de"),
        ("www.example.de", "example.de"),
        ("www.com.com", "com.com"),
        ("tea.blogspot.com", "tea.blogspot.com"),
        ("www.tea.github.io", "tea.github.io"),
        ("github.io", "github.io"),
        ("a.b.s3.amazonaws.com", "b.s3.amazonaws.com"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
    ],
)
def test_organisation(host: str, organisation: str) -> None:
    assert background.organisation(host) == organisation
