# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The fields of a message that can bind it to others: the values that it has there, and the rule for some values.

Fields of one family tell nearly the same, such as the address of a client and its network. Only fields of different families confirm
each other.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import is_common_subject
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits

Rule = Mapping[str, Any]

# One shorter word of a subject may be in anybody's.
_LONG_WORD = 8


class Field(NamedTuple):
    """A field of a message."""

    trait: str
    """Its name in a result."""
    family: str
    values: Callable[[Traits], Iterable[Any]]
    rule: Callable[[Sequence[Any]], Rule] | None
    """The rule for messages that have one of these values; None if no criterion tells it."""
    show: Callable[[Any], str] = str
    is_common: Callable[[Any], bool] = lambda _value: False
    """Whether unrelated messages have the value, too."""
    in_content: bool = False


def _listed(key: str, make: Callable[[Any], Any]) -> Callable[[Sequence[Any]], Rule]:
    def rule(values: Sequence[Any]) -> Rule:
        made: list[Any] = []
        for value in values:
            found = make(value)
            made += found if isinstance(found, list) else [found]
        return {key: made[0] if len(made) == 1 else made}

    return rule


def _header(name: str) -> Callable[[Sequence[Any]], Rule]:
    def rule(values: Sequence[Any]) -> Rule:
        made = [shapes.words_regex(value) for value in values]
        return {"header": {name: made[0] if len(made) == 1 else made}}

    return rule


def _program_rule(values: Sequence[Any]) -> Rule:
    fields: dict[str, Any] = {}
    for name, value in values:
        fields.setdefault(name.title(), []).append(r"/\A\s*%s\s*\Z/" % shapes.escape(value))
    # A rule with two names means both, so the rule has the first one only.
    name, several = next(iter(fields.items()))
    return {"header": {name: several[0] if len(several) == 1 else several}}


def _address_rule(name: str) -> Callable[[Sequence[Any]], Rule]:
    def rule(values: Sequence[Any]) -> Rule:
        made = [r"/(?<![^\s<])%s(?![^\s>])/" % shapes.escape(value) for value in values]
        return {"header": {name: made[0] if len(made) == 1 else made}}

    return rule


def _some(value: Any) -> tuple[Any, ...]:
    return () if value is None or value == "" else (value,)


def _sender(traits: Traits) -> tuple[str, ...]:
    # Where the login is the sender, it tells nothing more.
    return ("<>",) if traits.is_null else () if traits.sender == traits.login else _some(traits.sender)


def _from(traits: Traits) -> tuple[str, ...]:
    return () if traits.from_address in (traits.sender, traits.login) else _some(traits.from_address)


# Of fields that tell the same, the earlier one is preferred: first those that are counted in the whole queue, then the cheap ones.
FIELDS: Mapping[str, Field] = {
    "sasl_username": Field(
        "sasl_username", "login", lambda traits: _some(traits.login), _listed("sasl_username", shapes.name)
    ),
    "sender": Field(
        "sender",
        "sender",
        _sender,
        _listed("sender", lambda value: value if value == "<>" else shapes.address(value)),
        is_common=lambda value: value == "<>",
    ),
    "sender_domain": Field(
        "sender_domain", "sender", lambda traits: _some(traits.domain), _listed("sender", shapes.domain)
    ),
    "sender_organisation": Field(
        "sender_domain",
        "sender",
        lambda traits: _some(traits.sender_organisation),
        _listed("sender", shapes.names_below),
        lambda value: "%s and below" % value,
    ),
    "client_address": Field(
        "client_address", "client", lambda traits: _some(traits.address), _listed("client_address", str)
    ),
    "client_network": Field("client_address", "client", lambda traits: traits.networks, _listed("client_address", str)),
    "origin": Field(
        "origin", "client", lambda traits: () if traits.origin == "smtp" else (traits.origin,), _listed("origin", str)
    ),
    "client_name": Field(
        "client_name",
        "client",
        lambda traits: _some(traits.client_organisation) if traits.client_name else (),
        _listed("client_name", shapes.names_below),
        lambda value: "%s and below" % value,
    ),
    "helo_name": Field(
        "helo_name",
        "client",
        lambda traits: _some(shapes.name_shape(traits.helo) if traits.helo else None),
        _listed("helo_name", shapes.name_regex),
    ),
    "odd_client": Field(
        "client_name", "client", lambda traits: ("none of a mail server",) if traits.is_odd_client else (), None
    ),
    "recipient": Field(
        "recipient",
        "recipient",
        lambda traits: _some(traits.recipient),
        _listed("recipient", shapes.address),
    ),
    "recipient_domain": Field(
        "recipient_domain",
        "recipient",
        lambda traits: _some(traits.recipient_domain),
        _listed("recipient", shapes.domain),
        is_common=lambda _value: True,
    ),
    "program": Field(
        "header",
        "program",
        lambda traits: _some(traits.program),
        _program_rule,
        lambda value: "%s: %s" % (value[0].title(), value[1]),
        in_content=True,
    ),
    "from": Field(
        "header",
        "sender",
        _from,
        _address_rule("From"),
        lambda value: "From: %s" % value,
        in_content=True,
    ),
    "reply_to": Field(
        "header",
        "reply",
        lambda traits: _some(traits.reply_address),
        _address_rule("Reply-To"),
        lambda value: "Reply-To: %s" % value,
        in_content=True,
    ),
    "subject": Field(
        "subject",
        "subject",
        lambda traits: traits.subject_pieces,
        _header("Subject"),
        " ".join,
        lambda piece: (len(piece) == 1 and len(piece[0]) < _LONG_WORD) or is_common_subject(piece),
        in_content=True,
    ),
    "url_path": Field(
        "url_path",
        "link",
        lambda traits: traits.paths,
        _listed("body", shapes.path_regex),
        lambda piece: "/" + "/".join(piece).replace("//", "/"),
        in_content=True,
    ),
    "url_host": Field(
        "url_host",
        "link",
        lambda traits: traits.hosts,
        _listed("body", lambda host: r"/:\/\/%s(?![A-Za-z0-9.-])/" % shapes.escape(host)),
        in_content=True,
    ),
    "text": Field(
        "text",
        "text",
        lambda traits: traits.text_pieces,
        _listed("body", shapes.words_regex),
        " ".join,
        in_content=True,
    ),
    "reason": Field(
        "reason",
        "reason",
        lambda traits: _some(traits.reason),
        _listed("reason", shapes.reason_regex),
        is_common=lambda _value: True,
    ),
    "size": Field(
        "size",
        "size",
        lambda traits: (traits.size.bit_length(),),
        None,
        lambda bits: "less than %d bytes" % (1 << bits),
    ),
}
RANK: Mapping[str, int] = {name: rank for rank, name in enumerate(FIELDS)}
# What the sender of a flood writes himself.
CONTENT_FAMILIES = ("subject", "link", "text", "reply")
