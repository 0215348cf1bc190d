# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._locks.configuration import (
    Service,
    add_to_main,
    add_to_master,
    parse_services,
    remove_references,
)

PLACE = "/etc/postfix/mailops"
HOOK = "check_sender_access,pcre:/etc/postfix/mailops/sender,"
HOOKS = {"smtpd_recipient_restrictions": HOOK}
NAME = "smtpd_recipient_restrictions"
NOTE = "# From mailops.postfix (postfix_lock), which removes this and the next line with the last lock.\n"
NOTE_JOINED = NOTE[:-1] + " There was no line end.\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("%s = a, b\n", "%s = @a, b\n"),
        ("%s=a", "%s=@a"),
        ("%s =\n", "%s =@\n"),
        ("%s = \n", "%s = @\n"),
        ("%s =\n    # first\n\n    a,\n  b\nx = y\n", "%s =@\n    # first\n\n    a,\n  b\nx = y\n"),
        ("%s = $mine\n", "%s = @$mine\n"),
        ("%s = a\n# x\n%s = b\n", "%s = a\n# x\n%s = @b\n"),
        ("# %s = a\n %s = b\n%s  =\tc\n", "# %s = a\n %s = b\n%s  =\t@c\n"),
        ("%s_2 = a\n%s = b = c\n", "%s_2 = a\n%s = @b = c\n"),
    ],
)
def test_values_in_main(before: str, after: str) -> None:
    text, wanted = before.replace("%s", NAME), after.replace("%s", NAME).replace("@", HOOK)
    assert add_to_main(text, HOOKS, PLACE) == wanted
    assert add_to_main(wanted, HOOKS, PLACE) == wanted
    assert remove_references(wanted, PLACE) == text


@pytest.mark.parametrize("text", ["", "a = b\n", "a = b", "a = b\n  c", "# x", "\n", "#%s = a\n" % NAME])
def test_a_parameter_that_main_does_not_have(text: str) -> None:
    joined = bool(text) and not text.endswith("\n")
    added = add_to_main(text, HOOKS, PLACE)
    assert added == text + ("\n" + NOTE_JOINED if joined else NOTE) + "%s = %s\n" % (NAME, HOOK)
    assert remove_references(added, PLACE) == text
    both = {**HOOKS, "header_checks": "pcre:/etc/postfix/mailops/header,"}
    assert remove_references(add_to_main(text, both, PLACE), PLACE) == text
    # Lines that the operator adds below stay.
    assert remove_references(added + "x = y\n", PLACE) == text + ("\nx = y\n" if joined else "x = y\n")


@pytest.mark.parametrize("text", ["", "a = b"])
def test_what_the_operator_added_to_our_line_stays(text: str) -> None:
    added = add_to_main(text, HOOKS, PLACE)
    start = text + ("\n" if text else "")
    assert remove_references(added[:-1] + " permit\n", PLACE) == start + NAME + " =  permit\n"
    assert remove_references(added + "  permit\n", PLACE) == start + NAME + " = \n  permit\n"


def test_other_references_go_too() -> None:
    text = "%s = check_sasl_access,hash:/etc/postfix/mailops/sasl_username,%sreject\n#%s\n" % (NAME, HOOK, HOOK)
    assert remove_references(text, PLACE) == NAME + " = reject\n#\n"
    assert remove_references("x = pcre:/etc/postfix/mailops2/x,\n", PLACE) == "x = pcre:/etc/postfix/mailops2/x,\n"


MASTER = """# services
smtp inet n - y - - smtpd
submission inet n - n - - smtpd
    -o syslog_name=postfix/submission
# between
    -o smtpd_recipient_restrictions=a,b
    -v -o { smtpd_recipient_restrictions = c, d } -oheader_checks=
465 inet n - n - - /usr/libexec/postfix/smtpd -o {smtpd_recipient_restrictions=
   x
   y}
short unix n
cleanup unix n - n - 0 cleanup -o header_checks=pcre:/x -o
other unix - - n - - smtp -o smtpd_recipient_restrictions=z -o novalue
"""


def choose(service: Service) -> dict[str, str]:
    """Return the texts for a service."""
    return {"smtpd": HOOKS, "cleanup": {"header_checks": "pcre:/etc/postfix/mailops/header,"}}.get(service.command, {})


def test_services() -> None:
    services = parse_services(MASTER)
    assert [(service.shown, service.command) for service in services] == [
        ("smtp/inet", "smtpd"),
        ("submission/inet", "smtpd"),
        ("465/inet", "smtpd"),
        ("cleanup/unix", "cleanup"),
        ("other/unix", "smtp"),
    ]
    values = [{name: setting.value for name, setting in service.settings.items()} for service in services]
    assert values == [
        {},
        {"syslog_name": "postfix/submission", NAME: "c, d", "header_checks": ""},
        {NAME: "x\n   y"},
        {"header_checks": "pcre:/x"},
        {NAME: "z"},
    ]


def test_values_in_master() -> None:
    added = add_to_master(MASTER, choose, PLACE)
    assert added == (
        MASTER.replace("{ smtpd_recipient_restrictions = c", "{ smtpd_recipient_restrictions = %sc" % HOOK)
        .replace("   x\n", "   %sx\n" % HOOK)
        .replace("pcre:/x", "pcre:/etc/postfix/mailops/header,pcre:/x")
    )
    assert add_to_master(added, choose, PLACE) == added
    assert remove_references(added, PLACE) == MASTER


def test_a_value_without_braces_gets_no_blank() -> None:
    text = "a inet n - n - - smtpd -o smtpd_recipient_restrictions=\n"
    assert add_to_master(text, choose, PLACE) == text[:-1] + HOOK + "\n"
