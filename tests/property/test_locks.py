# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks import expressions
from ansible_collections.mailops.postfix.plugins.module_utils._locks.configuration import (
    Service,
    add_to_main,
    add_to_master,
    parse_services,
    remove_references,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock, lock_of_record, parse_target
from ansible_collections.mailops.postfix.plugins.module_utils._locks.protection import have_common_text
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

PLACE = "/etc/postfix/mailops"
REFERENCES = {
    "smtpd_recipient_restrictions": "check_sasl_access,hash:/etc/postfix/mailops/sasl_username,",
    "header_checks": "pcre:/etc/postfix/mailops/header,",
}
# What the syntax of main.cf and master.cf is about.
PIECES = [
    *(
        "smtpd_recipient_restrictions",
        "header_checks",
        "=",
        " ",
        "\t",
        "\n",
        "#",
        ",",
        "{",
        "}",
        "-o",
        "$x",
        "permit",
        "\r",
    ),
    *(
        "smtp inet n - n - - smtpd",
        "cleanup unix n - n - 0 cleanup",
        " -o header_checks=",
        "\n    ",
        "\n# ",
        "\\",
        "\u00e9",
        "\udc80",
    ),
]
configurations = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


def references_of(_service: Service) -> dict[str, str]:
    return REFERENCES


@given(configurations)
@example("a = b")
@example("header_checks")
@example("")
def test_main_is_restored_byte_for_byte(text: str) -> None:
    added = add_to_main(text, REFERENCES, PLACE)
    assert all(reference in added for reference in REFERENCES.values())
    assert remove_references(added, PLACE) == text
    assert add_to_main(added, REFERENCES, PLACE) == added
    # Another set of tables takes the place of the first.
    fewer = {"body_checks": "pcre:/etc/postfix/mailops/body,"}
    assert add_to_main(added, fewer, PLACE) == add_to_main(text, fewer, PLACE)


@given(configurations)
def test_master_is_restored_byte_for_byte(text: str) -> None:
    added = add_to_master(text, references_of, PLACE)
    assert remove_references(added, PLACE) == text
    assert add_to_master(added, references_of, PLACE) == added
    before, after = parse_services(text), parse_services(added)
    assert [service.shown for service in before] == [service.shown for service in after]
    for old, new in zip(before, after):
        assert list(old.settings) == list(new.settings)
        for name, setting in old.settings.items():
            assert new.settings[name].value == (REFERENCES.get(name, "") + setting.value)


@given(configurations, st.sampled_from(["x = y\n", "# note\n", "header_checks = b\n"]))
def test_lines_that_the_operator_adds_stay(text: str, line: str) -> None:
    text += "\n"
    assert remove_references(add_to_main(text, REFERENCES, PLACE) + line, PLACE) == text + line
    assert remove_references(line + add_to_main(text, REFERENCES, PLACE), PLACE) == line + text


values = st.text(st.sampled_from('ab1@.+*?[](){}^$|\\/ -\u00e9"<>'), min_size=1, max_size=12)
targets = (
    st.tuples(st.sampled_from(["sasl_username", "sender", "recipient", "body"]), values).map(
        lambda pair: {pair[0]: pair[1]}
    )
    | values.map(lambda text: {"header": {"Subject": text}})
    | st.ip_addresses().map(lambda address: {"client_address": str(address)})
)


@given(targets)
def test_a_lock_is_refused_or_survives_its_record(item: dict[str, object]) -> None:
    try:
        target = parse_target(item, "x")
    except SelectionError:
        return
    lock = Lock(target.key, target.value, "hold", None, None, 1, "ops", None)
    assert lock_of_record(lock.record()) == lock


def found(expression: expressions.Expression, subject: str) -> bool:
    flags = re.DOTALL | (0 if expression.is_case_sensitive else re.IGNORECASE)
    return re.search(expression.pattern, subject, flags) is not None


@given(values, st.text(st.sampled_from("ab1@.+*\u00e9 "), max_size=12))
def test_the_pattern_of_a_text_finds_what_the_criterion_finds(value: str, body: str) -> None:
    # With blanks around it, a regular expression is refused.
    assume(not value.strip().startswith("/"))
    expression = expressions.body_expression(value, expressions.REGEXP, "x")
    test = patterns.text_test(value, "x")
    for subject in (body, body + value, value + body):
        assert found(expression, subject) == test(subject)


locals_ = st.text(st.sampled_from("ab1+-"), min_size=1, max_size=4)
domains = st.lists(st.sampled_from(["a", "b1", "xn--bcher-kva", "b\u00fccher"]), min_size=1, max_size=3).map(".".join)
addresses = st.builds("{}@{}".format, locals_, domains)


@given(addresses | domains | domains.map(".".__add__) | locals_.map("{}@".format), addresses)
def test_the_pattern_of_an_address_finds_what_the_criterion_finds(value: str, address: str) -> None:
    expression = expressions.address_expression(value, expressions.REGEXP, "x", null_key="<>")
    assert found(expression, address) == patterns.address_test(value, "x")(address.encode())


@given(addresses, st.text(st.sampled_from("ab1*?@.+-"), max_size=8))
def test_a_glob_has_a_text_in_common_with_what_it_matches(text: str, glob: str) -> None:
    assert have_common_text(text, glob) == have_common_text(glob, text) == fnmatchcase(text, glob)
