# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports without addresses: each address, domain, account and client becomes a pseudonym that depends on a key. Pure.

A pseudonym is the start of an HMAC-SHA-256. The same value has the same pseudonym in all reports that are made with the same key, so that
their counts can still be joined. Names of hosts of the fleet stay.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from contextlib import suppress
from typing import Any, Callable, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import MAILER_DAEMON, NULL_SENDER
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report

# A shorter key could be found by trying.
LEAST_KEY = 16
_DIGITS = 10

# What the values of these keys are, alone, in a list, or as "value" in a list of mappings.
_ADDRESS, _DOMAIN, _ACCOUNT, _CLIENT, _CONTENT = "address", "domain", "account", "client", "content"
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("sender", "senders", "recipient", "recipients"), _ADDRESS),
    **dict.fromkeys(("domain", "sender_domain", "sender_domains", "recipient_domain", "recipient_domains"), _DOMAIN),
    **dict.fromkeys(("client_name", "client_names", "helo_name", "helo_names"), _DOMAIN),
    **dict.fromkeys(("sasl_username", "sasl_usernames", "suspects", "queue_accounts"), _ACCOUNT),
    **dict.fromkeys(("client_address", "client_addresses", "addresses", "clients"), _CLIENT),
    **dict.fromkeys(("header", "content", "body", "message_id", "message_ids", "subject"), _CONTENT),
}
# The names of hosts of the fleet.
_HOST_KEYS = frozenset(("host", "hosts", "from_host", "missing", "differing", "canary"))
# Figures by host, without any text of a stranger.
_WHOLE_KEYS = frozenset(("history",))
# What the value of a trait of a group is. Any other trait than these and those of _KINDS is content.
_TRAITS: Mapping[str, str | None] = {
    **dict.fromkeys(("null_sender", "origin", "size", "arrival", "reason"), None),
    "url_host": _DOMAIN,
}
# Sentences that can quote content.
_QUOTING_KEYS = frozenset(("evidence_for", "evidence_against", "suggestions_note"))
# A shorter content would also be found in what is none.
_LEAST_CONTENT = 3
# What the name in an item of "over" is.
_SHARES: Mapping[str, str] = {"sender_share": _ADDRESS, "account_share": _ACCOUNT, "client_share": _CLIENT}

# In free text. What is in angle brackets is an address as it is; elsewhere punctuation ends one.
_NO_ADDRESS = r"\s<>()\[\],;:\"'@=|`"
_IN_BRACKETS = re.compile(r"(?<=<)[^<>\s]*@[^<>\s]*(?=>)")
_PLAIN_ADDRESS = re.compile(r'(?:"(?:\\.|[^"\\])*"|[^%s]+)@(?:\[[^\]\s]*\]|[^%s]+)' % (_NO_ADDRESS, _NO_ADDRESS))
_ANY_AT = re.compile(r"[^\s<>]*@[^\s<>]*")
# The colons, digits and dots of IPv6 addresses, also those after "IPv6:" in an address literal.
_IPV6 = re.compile(r"(?:(?<![^\W_])|(?<=IPv6:))[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?![^\W_])", re.IGNORECASE)
_LONGEST_IPV6 = 45
_IPV4 = re.compile(r"(?<![0-9])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9])")
# What Postfix and Dovecot write before a login or a local user.
_NAMED = re.compile(
    r"(?<=\bsasl_username=)[^\s,]+|(?<=\buser=<)[^<>\s]+|(?<=\b(?:from|user)=<)[^<>\s]+|(?<=\bto=<)[^<>\s]+"
)
_DOMAIN_NAME = re.compile(r"(?<![\w.-])(?:\w(?:[\w-]*\w)?\.)+[^\W\d_][\w-]*\w(?![\w-])")
# What looks like a domain but is a file or a name of Ansible.
_FILE = re.compile(
    r"(?:.*\.(?:cf|conf|db|json|log|md|py|service|so|yml|yaml)|(?:mailops|ansible|community)\..*)\Z", re.IGNORECASE
)
_PSEUDONYM = (
    r"(?:user-[0-9a-f]{10}(?:@(?:domain-[0-9a-f]{10}\.invalid)?)?|\.?domain-[0-9a-f]{10}\.invalid|client-[0-9a-f]{10})"
)
PSEUDONYM = re.compile(_PSEUDONYM)


def redact_report(report: Report, key: str) -> dict[str, Any]:
    """Return a report with pseudonyms, and with C(redacted) true. Raises ValueError for a key that is too short."""
    hosts = [str(row["host"]) for row in report["hosts"]]
    redactor = _Redactor(key, hosts)
    redactor.learn(report)
    return {**redactor.redact(report), "redacted": True}


def redact_text(text: str, key: str, hosts: list[str]) -> str:
    """Return a text with pseudonyms, apart from the names of hosts. Raises ValueError for a key that is too short."""
    return _Redactor(key, hosts).text(text)


def check_key(key: str) -> None:
    """Raise ValueError for a key that is too short."""
    if len(key) < LEAST_KEY:
        raise ValueError(
            "The key for pseudonyms has %d characters, which could be found by trying. Give it at least %d, such as the output of "
            "`openssl rand -hex 32`." % (len(key), LEAST_KEY)
        )


class _Redactor:
    """Replaces what is in one report."""

    def __init__(self, key: str, hosts: list[str]) -> None:
        check_key(key)
        self._key = key.encode("utf-8", "surrogateescape")
        self._hosts = frozenset(hosts)
        self._accounts: re.Pattern[str] | None = None
        self._contents: re.Pattern[str] | None = None
        self._known: dict[tuple[str, str], str] = {}
        self._makers: Mapping[str, Callable[[str], str]] = {
            _ADDRESS: self.address,
            _DOMAIN: self.domain,
            _ACCOUNT: self.address,
            _CLIENT: self.client,
            _CONTENT: self._content,
        }

    # --- the report -------------------------------------------------------------------------------------------------

    def learn(self, report: Report) -> None:
        """Note the accounts and the content that a report names. They have no form by which they could be found in free text."""
        names = set(_texts_of(report, None, _ACCOUNT))
        # Two letters would also be found in what is no name.
        words = sorted((re.escape(name) for name in names if len(name) > 2 and "@" not in name), key=len, reverse=True)
        self._accounts = re.compile(r"(?<![\w.-])(?:%s)(?![\w-])" % "|".join(words)) if words else None
        contents = {text for text in _texts_of(report, None, _CONTENT) if len(text) >= _LEAST_CONTENT}
        quoted = sorted(map(re.escape, contents), key=len, reverse=True)
        self._contents = re.compile(r"(?<!\w)(?:%s)(?!\w)" % "|".join(quoted), re.IGNORECASE) if quoted else None

    def redact(self, value: Any, kind: str | None = None) -> Any:
        """Return a value with pseudonyms. kind: what it is, None if it is free text."""
        if isinstance(value, str):
            return self.text(value) if kind is None else self._makers[kind](value)
        if isinstance(value, (list, tuple)):
            return [self.redact(item, kind) for item in value]
        if isinstance(value, Mapping):
            return {self._name(name): self._member(value, name, kind) for name in value}
        return value

    def _name(self, name: Any) -> Any:
        return self.text(name) if isinstance(name, str) and name not in self._hosts else name

    def _member(self, mapping: Mapping[str, Any], name: str, kind: str | None) -> Any:
        value = mapping[name]
        if name in _WHOLE_KEYS:
            return value
        if name in _HOST_KEYS:
            return self._host_names(value)
        if name in _QUOTING_KEYS:
            return self._sentences(value)
        return self.redact(value, _kind_of(mapping, name, kind))

    def _host_names(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self._host_names(item) for item in value]
        return value if isinstance(value, str) else self.redact(value)

    def _sentences(self, value: Any) -> Any:
        """Return sentences with pseudonyms also for the content that they quote."""
        if isinstance(value, (list, tuple)):
            return [self._sentences(item) for item in value]
        if not isinstance(value, str):
            return self.redact(value)
        pieces = [value] if self._contents is None else _replace([value], self._contents, self._content)
        return "".join(piece if place % 2 else self.text(piece) for place, piece in enumerate(pieces))

    # --- values -----------------------------------------------------------------------------------------------------

    def address(self, value: str) -> str:
        """Return the pseudonym of an address, of an account, or of what a rule has for one."""
        if value in ("", NULL_SENDER) or value.lower() == MAILER_DAEMON:
            return value
        _local, at, domain = value.rpartition("@")
        if at:
            user = self._digest("user", value)
            return "user-%s@%s" % (user, self.domain(domain) if domain else "")
        if _DOMAIN_NAME.fullmatch(value.lstrip(".")):
            return self.domain(value)
        return "user-%s" % self._digest("user", value)

    def domain(self, value: str) -> str:
        """Return the pseudonym of a domain. A dot before it, which stands for its subdomains in a rule, stays."""
        if value in ("", NULL_SENDER, "unknown") or value in self._hosts:
            return value
        dot = "." if value.startswith(".") else ""
        return "%sdomain-%s.invalid" % (dot, self._digest("domain", value.strip(".")))

    def client(self, value: str) -> str:
        """Return the pseudonym of an IP address or network."""
        if value in ("", "unknown") or value in self._hosts:
            return value
        with suppress(ValueError):
            value = str(ipaddress.ip_address(value))
        return "client-%s" % self._digest("client", value)

    def _content(self, value: str) -> str:
        return "text-%s" % self._digest("text", value)

    def _digest(self, kind: str, value: str) -> str:
        known = self._known.get((kind, value))
        if known is None:
            message = ("%s\0%s" % (kind, value.lower())).encode("utf-8", "surrogatepass")
            known = hmac.new(self._key, message, hashlib.sha256).hexdigest()[:_DIGITS]
            self._known[(kind, value)] = known
        return known

    # --- free text --------------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Return free text with pseudonyms for all that looks like an address, a domain or an IP address."""
        # Every second piece is a pseudonym, and is not searched again.
        pieces = [text]
        if "@" in text:
            for pattern in (_IN_BRACKETS, _PLAIN_ADDRESS, _ANY_AT):
                pieces = _replace(pieces, pattern, self.address)
        if "=" in text:
            pieces = _replace(pieces, _NAMED, self.address)
        if self._accounts is not None:
            pieces = _replace(pieces, self._accounts, self.address)
        if ":" in text:
            pieces = _replace(pieces, _IPV6, self._ipv6)
        if "." in text:
            pieces = _replace(pieces, _IPV4, self.client)
            pieces = _replace(pieces, _DOMAIN_NAME, self._domain_or_file)
        return "".join(pieces)

    def _ipv6(self, text: str) -> str:
        """Return the colons, digits and dots of a text with pseudonyms for the addresses in them, each as long as it can be."""
        pieces, last = [], 0
        for start in range(len(text)):
            if start < last or (start not in (0, last) and text[start - 1] != ":"):
                continue
            for end in range(min(len(text), start + _LONGEST_IPV6), start + 2, -1):
                if _is_ipv6(text[start:end]):
                    pieces += [text[last:start], self.client(text[start:end])]
                    last = end
                    break
        return "".join(pieces) + text[last:]

    def _domain_or_file(self, text: str) -> str:
        return text if _FILE.match(text) else self.domain(text)


def _is_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _replace(pieces: list[str], pattern: re.Pattern[str], make: Callable[[str], str]) -> list[str]:
    """Return the pieces with what matches replaced, in the pieces that are no pseudonyms yet: those with an even place."""
    replaced: list[str] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            replaced.append(piece)
            continue
        last = 0
        for found in pattern.finditer(piece):
            pseudonym = make(found.group())
            if pseudonym != found.group():
                replaced += [piece[last : found.start()], pseudonym]
                last = found.end()
        replaced.append(piece[last:])
    return replaced


def _kind_of(mapping: Mapping[str, Any], name: str, kind: str | None) -> str | None:
    """Return what a member of a mapping is. kind: what the mapping itself is in a list of."""
    if kind == _CONTENT:
        return kind
    if name == "value":
        if "trait" in mapping:
            trait = str(mapping["trait"])
            return _TRAITS[trait] if trait in _TRAITS else _KINDS.get(trait, _CONTENT)
        # A lock names what it locks; an item of a top has the name of the top.
        return _KINDS.get(str(mapping.get("key"))) or kind
    if name == "name" and "threshold" in mapping:
        return _SHARES.get(str(mapping["threshold"]).replace("fleet_", ""))
    return _KINDS.get(name)


def _texts_of(value: Any, kind: str | None, wanted: str) -> Iterator[str]:
    """Yield the texts of a kind in a report."""
    if isinstance(value, str):
        if kind == wanted:
            yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts_of(item, kind, wanted)
    elif isinstance(value, Mapping):
        for name in value:
            yield from _texts_of(value[name], _kind_of(value, name, kind), wanted)
