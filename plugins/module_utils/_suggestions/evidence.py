# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What speaks for a flood in a group of messages, and what speaks against it, compared with the rest of the queue.

Much mail with much in common is no flood: an invoice run, a newsletter and a monitoring storm are like that. A flood contradicts
itself: one hand writes under many names, a login sends from many networks, links lead to places that nobody else names, notices come to
somebody who sent nothing. STRONG has these contradictions. WEAK has what floods often have and other mail sometimes. AGAINST has what
explains a contradiction.
"""

from __future__ import annotations

from collections import Counter
from math import exp, log
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import (
    is_free_mail,
    is_role_address,
    organisation,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import CONTENT_FAMILIES, FIELDS
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Binding
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import (
    Traits,
    is_common_path,
    organisations_of,
)

_MOST = 0.7
# So many different names are many; a name that occurs less often than others counts as less than one.
_MANY = 4.0
_NEARLY_ALL = 0.9
LIKELY, POSSIBLE = "likely", "possible"


class Crowd:
    """Some messages, and how their traits are spread."""

    def __init__(self, members: Sequence[Traits]) -> None:
        self.members = members

    def share(self, holds: Callable[[Traits], Any]) -> float:
        """Return the share of messages for which something holds."""
        return sum(bool(holds(traits)) for traits in self.members) / max(1, len(self.members))

    def counted(self, value_of: Callable[[Traits], Any]) -> Counter[Any]:
        """Return how many messages have each value."""
        values = (value_of(traits) for traits in self.members)
        return Counter(value for value in values if value is not None)

    def most(self, value_of: Callable[[Traits], Any]) -> tuple[Any, float]:
        """Return the most frequent value, and its share of all messages; None and 0 if there is none."""
        counted = self.counted(value_of)
        if not counted:
            return None, 0.0
        # Of equally frequent values the first in alphabetical order: the order of a queue directory must not matter.
        value, number = min(counted.items(), key=lambda item: (-item[1], str(item[0])))
        return value, number / len(self.members)

    def effective(self, value_of: Callable[[Traits], Any]) -> float:
        """Return how many values there are, weighted by how often each occurs (the exponential of the entropy: Hill, 1973)."""
        counts = self.counted(value_of).values()
        whole = sum(counts)
        return exp(-sum(count / whole * log(count / whole) for count in sorted(counts))) if whole else 0.0

    def distinct(self, value_of: Callable[[Traits], Any]) -> int:
        """Return how many different values there are."""
        return len(self.counted(value_of))

    def quantile(self, number_of: Callable[[Traits], int], part: float) -> int:
        """Return a quantile of a number. part: 0.5 for the median."""
        ordered = sorted(map(number_of, self.members)) or [0]
        return ordered[int(part * (len(ordered) - 1))]

    def window(self) -> tuple[int, int]:
        """Return the shortest time in which 80% of the messages arrived: its first second, and its length in seconds."""
        times = sorted(traits.arrival for traits in self.members if traits.arrival)
        if not times:
            return 0, 0
        number = max(1, (len(times) * 4 + 4) // 5)
        seconds, start = min((times[at + number - 1] - times[at], times[at]) for at in range(len(times) - number + 1))
        return start, seconds


def sender_organisation(traits: Traits) -> str | None:
    """Return the organisation of the sender."""
    return traits.sender_organisation


def _login(traits: Traits) -> str | None:
    return traits.login


def _wide_network(traits: Traits) -> str | None:
    return traits.networks[-1] if traits.networks else None


class Case:
    """A group, the rest of the queue, and what binds the group."""

    def __init__(self, group: Crowd, rest: Crowd, bindings: Mapping[str, Binding]) -> None:
        self.group = group
        self.rest = rest
        self.bindings = bindings
        self.size = len(group.members)

    def has(self, family: str, share: float = _MOST) -> bool:
        """Return whether a family binds so much of the group."""
        return family in self.bindings and self.bindings[family].share >= share

    @property
    def content(self) -> list[str]:
        """The families of content that bind most of the group, without what unrelated senders have in common."""
        return [family for family in CONTENT_FAMILIES if self.has(family) and not self._is_common(family)]

    @property
    def is_one_content(self) -> bool:
        """Whether the group has one content: one value that most messages have, or several variants in two families."""
        families = self.content
        if families == ["text"] and self.text_in_common < 0.5:
            return False
        return len(families) > 1 or any(self.bindings[family].first_share >= 0.5 for family in families)

    @property
    def is_written_alike(self) -> bool:
        """The same, or variants in one family of messages that one client or login sent."""
        one_place = any(self.has(family) and len(self.bindings[family].values) == 1 for family in ("client", "login"))
        return self.is_one_content or (bool(self.content) and self.content != ["text"] and one_place)

    def _is_common(self, family: str) -> bool:
        if family == "subject":
            return self.bindings[family].is_common
        if family == "link" and self.names_own_site >= 0.3:
            return self.bindings[family].field != "url_path" or all(map(is_common_path, self.bindings[family].values))
        # A signature or a disclaimer is a small part of each text.
        return family == "text" and self.text_in_common < 0.25

    @property
    def text_in_common(self) -> float:
        """The share of a text that a tenth of the group or more has, too: the median of all texts."""
        counted = Counter(piece for traits in self.group.members for piece in traits.text_pieces)
        shared = {piece for piece, number in counted.items() if number >= max(2.0, 0.1 * self.size)}
        shares = sorted(
            len(traits.text_pieces & shared) / len(traits.text_pieces)
            for traits in self.group.members
            if traits.text_pieces
        )
        return shares[len(shares) // 2] if shares else 0.0

    @property
    def login(self) -> str | None:
        """The one login of nearly all messages."""
        login, share = self.group.most(_login)
        return login if share >= _NEARLY_ALL else None

    @property
    def is_null(self) -> bool:
        """Whether nearly all messages are from the null sender."""
        return self.group.share(lambda traits: traits.is_null) >= _NEARLY_ALL

    @property
    def has_many_names(self) -> bool:
        """Whether the senders belong to many unrelated organisations."""
        if self.is_null or self.group.share(lambda traits: traits.is_rewritten) > 0.5:
            return False
        return self._is_spread(sender_organisation)

    @property
    def has_many_writers(self) -> bool:
        """Whether the messages have many senders or logins, which may be at the same providers."""
        return not self.is_null and (self._is_spread(lambda traits: traits.sender) or self._is_spread(_login))

    def _is_spread(self, value_of: Callable[[Traits], Any]) -> bool:
        _name, share = self.group.most(value_of)
        return self.group.effective(value_of) >= _MANY and share <= 0.5

    def is_shared(self, family: str, value_of: Callable[[Traits], Any]) -> bool:
        """Return whether each of the values of a family is of many names, so that these are not several senders with a text each."""
        found = self.bindings[family]
        values_of = FIELDS[found.field].values
        spread = 0
        for value in found.values:
            having = Crowd([traits for traits in self.group.members if value in values_of(traits)])
            _name, share = having.most(value_of)
            if len(having.members) > 1 and share <= 0.6:
                spread += len(having.members)
        return spread >= _MOST * self.size

    @property
    def names_own_site(self) -> float:
        """The share of the messages with links whose links lead to the organisation of the sender, the login or the client."""
        linking = Crowd([traits for traits in self.group.members if traits.hosts])
        return linking.share(lambda traits: organisations_of(traits.hosts) & traits.own_organisations)

    @property
    def names_foreign_site(self) -> float:
        """The share of the messages with a link to somebody who is not the sender, and to whom next to no other mail has one."""
        counted = Counter(host for traits in self.rest.members for host in traits.hosts)
        usual = {host for host, number in counted.items() if number > 0.02 * len(self.rest.members)}
        return self.group.share(lambda traits: _foreign_hosts(traits) - usual)

    @property
    def has_one_name(self) -> bool:
        """Whether one sender, login or organisation writes most messages."""
        several = (lambda traits: traits.sender, _login, sender_organisation)
        return any(self.group.most(value_of)[1] >= _MOST for value_of in several)

    @property
    def links(self) -> float:
        """The share of messages with a link."""
        return self.group.share(lambda traits: traits.hosts)


def _foreign_hosts(traits: Traits) -> set[str]:
    return {host for host in traits.hosts if organisation(host) not in traits.own_organisations}


Evidence = Callable[[Case], Optional[str]]


# --- strong ---------------------------------------------------------------------------------------------------------


def _forged_senders(case: Case) -> str | None:
    login = case.login
    if login is None:
        return None
    foreign = Crowd([traits for traits in case.group.members if _is_foreign(traits)])
    if len(foreign.members) < 0.5 * case.size or foreign.effective(sender_organisation) < _MANY:
        return None
    return "one login sends under %d foreign domains" % foreign.distinct(lambda traits: traits.domain)


def _is_foreign(traits: Traits) -> bool:
    return traits.sender_organisation is not None and traits.sender_organisation != traits.login_organisation


def _many_networks(case: Case) -> str | None:
    login = case.login
    if login is None:
        return None
    networks = case.group.effective(_wide_network)
    others = sorted(_networks_of_logins(case.rest))
    usual = others[len(others) // 2] if others else 1
    if networks < max(3.0, 2.0 * usual):
        return None
    return "one login sends from %d networks" % case.group.distinct(_wide_network)


def _networks_of_logins(crowd: Crowd) -> Iterable[int]:
    networks: dict[str, set[str | None]] = {}
    for traits in crowd.members:
        if traits.login:
            networks.setdefault(traits.login, set()).add(_wide_network(traits))
    return map(len, networks.values())


def _null_sender(case: Case) -> str | None:
    if not case.is_null:
        return None
    recipients = case.group.distinct(lambda traits: traits.recipient)
    if case.has("recipient", 0.8) and case.bindings["recipient"].field == "recipient":
        recipients = len(case.bindings["recipient"].values)
        return "the null sender writes to %d %s" % (recipients, "recipient" if recipients == 1 else "recipients")
    name, share = case.group.most(lambda traits: traits.recipient_domain)
    # A few notices to elsewhere are ordinary.
    other = sum(traits.recipient_domain == name for traits in case.rest.members)
    if share < 0.8 or (case.size < 0.25 * other and _burst(case) is None):
        return None
    return "the null sender writes to %d recipients of one domain" % recipients


def _one_content(case: Case) -> str | None:
    if not case.is_one_content or not case.has_many_names or (_is_coherent(case) and _one_path(case) is None):
        return None
    families = [family for family in case.content if case.is_shared(family, sender_organisation)]
    if not families:
        return None
    return "senders of %d domains write the same %s" % (
        case.group.distinct(lambda traits: traits.domain),
        " and ".join(families),
    )


def _many_writers(case: Case) -> str | None:
    value_of: Callable[[Traits], Any] = lambda traits: traits.sender  # noqa: E731
    kind = "senders"
    if case.group.share(_login) >= _MOST:
        value_of, kind = _login, "logins"
    if case.has_many_names or not case.has_many_writers or "text" not in case.content or len(case.content) < 2:
        return None
    if not all(case.is_shared(family, value_of) for family in case.content):
        return None
    return "%d %s write the same %s" % (case.group.distinct(value_of), kind, " and ".join(case.content))


def _one_client(case: Case) -> str | None:
    address, share = case.group.most(lambda traits: traits.address)
    if share < _NEARLY_ALL or case.group.share(_login) > 0.1 or case.is_null:
        return None
    if not (case.is_written_alike or _other_script(case) or (case.has("program") and _similar_sizes(case))):
        return None
    foreign = Crowd([traits for traits in case.group.members if not _is_own_client(traits)])
    if len(foreign.members) < 0.5 * case.size or foreign.effective(sender_organisation) < 3:
        return None
    others = Crowd([traits for traits in case.rest.members if traits.address == address])
    if len(others.members) > 0.2 * case.size:
        return None
    return "one client sends under %d foreign domains" % foreign.distinct(lambda traits: traits.domain)


def _is_coherent(case: Case) -> bool:
    """Return whether each message comes from where it says it does, and the senders have nothing but a text in common."""
    if _one_network(case):
        return False
    return case.group.share(_is_own_client) >= _MOST or (case.links >= 0.5 and case.names_own_site >= _MOST)


def _is_own_client(traits: Traits) -> bool:
    return traits.sender_organisation is not None and traits.sender_organisation == traits.client_organisation


def _one_network(case: Case) -> str | None:
    found = case.bindings.get("client")
    if found is None or found.field not in ("client_address", "client_network") or found.share < _MOST:
        return None
    if not case.has_many_names or case.group.effective(lambda traits: traits.client_organisation) < _MANY:
        return None
    if not case.is_written_alike:
        return None
    return "senders of %d domains share %d networks or addresses" % (
        case.group.distinct(lambda traits: traits.domain),
        len(found.values),
    )


def _foreign_links(case: Case) -> str | None:
    if case.names_foreign_site < _MOST or case.has_many_names or not case.is_written_alike or not case.has_one_name:
        return None
    if _own_server(case) or case.group.effective(_first_recipient) < 4:
        return None
    return "its links lead neither to its sender nor to where other mail leads"


def _other_place(case: Case) -> str | None:
    """A login whose other mail comes from elsewhere."""
    login = case.login
    if login is None:
        return None
    others = [traits for traits in case.rest.members if traits.login == login]
    usual = {traits.networks[0] for traits in others if traits.networks}
    if (
        len(others) < 2
        or not usual
        or case.group.share(lambda traits: traits.networks and traits.networks[0] in usual) > 0.05
    ):
        return None
    colleagues = {_wide_network(traits) for traits in case.rest.members if traits.login and traits.login != login}
    if case.group.share(lambda traits: _wide_network(traits) in colleagues) > 0.5:
        return None
    return "its login sends other mail from elsewhere"


def _first_recipient(traits: Traits) -> str | None:
    return traits.recipients[0] if traits.recipients else None


def _one_path(case: Case) -> str | None:
    """One path on many hosts: pages that were put on hacked sites, or domains to throw away."""
    found = case.bindings.get("link")
    if found is None or found.field != "url_path" or found.share < _MOST or _own_server(case):
        return None
    if all(map(is_common_path, found.values)) and (case.names_own_site >= 0.3 or max(map(len, found.values)) < 2):
        return None
    if found.first_share < 0.5 and (case.names_own_site >= 0.3 or case.names_foreign_site < _MOST):
        return None
    hosts = case.group.effective(lambda traits: min(traits.hosts, default=None))
    if hosts < _MANY:
        return None
    return "links to %d hosts have the same path" % len(
        {host for traits in case.group.members for host in traits.hosts}
    )


def _own_domain_from_outside(case: Case) -> str | None:
    """A domain whose other mail comes by login or from elsewhere."""
    name, share = case.group.most(sender_organisation)
    if name is None or share < _NEARLY_ALL or case.login is not None or case.group.share(_is_own_client) > 0.2:
        return None
    others = Crowd([traits for traits in case.rest.members if traits.sender_organisation == name])
    if len(others.members) < 5 or others.share(_login) < _MOST or case.group.share(_login) > 0.1:
        return None
    if case.group.share(lambda traits: traits.origin == "smtp" and not traits.is_inside) < _MOST or not case.content:
        return None
    return "its senders use the domain %s without a login, and other mail of that domain has one" % name


def _unusual_reply(case: Case) -> str | None:
    if not case.has("reply"):
        return None
    share = case.group.share(_replies_elsewhere)
    if share < _MOST or case.rest.share(_replies_elsewhere) > 0.2:
        return None
    return "replies go to %s, not to the sender" % ", ".join(sorted(map(str, case.bindings["reply"].values))[:2])


def _replies_elsewhere(traits: Traits) -> bool:
    reply = traits.reply_address
    return reply is not None and reply.rpartition("@")[2] not in (
        traits.domain,
        (traits.from_address or "").rpartition("@")[2],
    )


def _writes_to_self(case: Case) -> str | None:
    share = case.group.share(_is_to_self)
    if share < _MOST or case.rest.share(_is_to_self) > 0.2 or not case.content:
        return None
    return "each message has its recipient as its sender"


def _is_to_self(traits: Traits) -> bool:
    return bool(traits.sender) and traits.sender == traits.recipient


STRONG: Sequence[Evidence] = (
    _forged_senders,
    _many_networks,
    _other_place,
    _null_sender,
    _one_content,
    _many_writers,
    _one_client,
    _one_network,
    _foreign_links,
    _one_path,
    _own_domain_from_outside,
    _unusual_reply,
    _writes_to_self,
)


# --- weak -----------------------------------------------------------------------------------------------------------


# The users that web servers run as, in whose name a script sends (Debian, Red Hat, SUSE, BSD, Apache's own and PHP-FPM's defaults).
_WEB_USERS = frozenset(("www-data", "apache", "httpd", "wwwrun", "www", "nginx", "nobody", "php-fpm"))


def _odd_clients(case: Case) -> str | None:
    share = case.group.share(lambda traits: traits.is_odd_client)
    if share < _MOST or case.rest.share(lambda traits: traits.is_odd_client) > 0.4:
        return None
    return "its clients have no name of a mail server"


def _burst(case: Case) -> str | None:
    _start, seconds = case.group.window()
    _start, others = case.rest.window()
    if others < 600 or seconds > 0.25 * others:
        return None
    return "80%% arrived within %d minutes, of the other messages within %d" % (seconds // 60, others // 60)


def _similar_sizes(case: Case) -> str | None:
    if _spread(case.group) > 0.15 or _spread(case.rest) < 0.3:
        return None
    return "its sizes are alike"


def _spread(crowd: Crowd) -> float:
    """Return the interquartile range of the sizes, relative to their median."""
    lower, middle, upper = (crowd.quantile(lambda traits: traits.size, part) for part in (0.25, 0.5, 0.75))
    return (upper - lower) / max(1, middle)


def _many_recipients(case: Case) -> str | None:
    number = case.group.quantile(lambda traits: traits.recipient_count, 0.5)
    if number < max(5, 3 * case.rest.quantile(lambda traits: traits.recipient_count, 0.5)):
        return None
    return "half of its messages have %d recipients or more" % number


def _spam_answers(case: Case) -> str | None:
    share = case.group.share(lambda traits: traits.is_delayed_as_spam)
    if share < 0.3 or share < 2 * case.rest.share(lambda traits: traits.is_delayed_as_spam):
        return None
    return "%d%% are delayed as spam" % round(100 * share)


def _other_script(case: Case) -> str | None:
    script, share = case.group.most(lambda traits: traits.script or None)
    if share < _MOST or case.rest.share(lambda traits: traits.script == script) > 0.1:
        return None
    return "its letters are %s, and next to no other mail has those" % script


def _free_mail(case: Case) -> str | None:
    share = case.group.share(_is_to_free_mail)
    if share < _MOST or share < 2 * case.rest.share(_is_to_free_mail):
        return None
    return "its recipients are at free mail providers"


def _is_to_free_mail(traits: Traits) -> bool:
    return any(is_free_mail(address.rpartition("@")[2]) for address in traits.recipients)


SUSPICIOUS: Sequence[Evidence] = (_odd_clients, _spam_answers, _other_script)
BULK: Sequence[Evidence] = (_burst, _similar_sizes, _many_recipients, _free_mail)


# --- against --------------------------------------------------------------------------------------------------------


_BULK = {"list": "it has headers of mailing lists", "automatic": "a program says that it wrote it"}


def _bulk_headers(case: Case) -> str | None:
    kind, share = case.group.most(lambda traits: traits.bulk)
    return _BULK[kind] if share >= 0.5 and not case.is_null else None


def _own_server(case: Case) -> str | None:
    _name, share = case.group.most(sender_organisation)
    sender, _share = case.group.most(lambda traits: traits.sender)
    if share < _MOST or case.group.share(_login) >= 0.5 or (sender or "").partition("@")[0] in _WEB_USERS:
        return None
    return "it comes from its senders' own servers" if case.group.share(_is_own_client) >= _MOST else None


def _own_links(case: Case) -> str | None:
    if _one_network(case) or case.links < 0.5 or case.names_own_site < _MOST or case.names_foreign_site >= _MOST:
        return None
    return "its links lead to its own senders"


def _one_recipient(case: Case) -> str | None:
    recipient, share = case.group.most(lambda traits: traits.recipient)
    if share < 0.5 or case.is_null or recipient is None:
        return None
    return "half of it or more is for one recipient"


def _recipient_sent(case: Case) -> str | None:
    if not case.is_null:
        return None
    several = case.group.counted(lambda traits: traits.recipient)
    sent = sum(traits.sender in several for traits in case.rest.members)
    if sent >= 0.5 * case.size:
        return "its recipients sent mail that it may answer"
    if (
        sum(number for address, number in several.items() if is_role_address(address.rpartition("@")[0]))
        >= 0.5 * case.size
    ):
        return "its recipients are addresses for notices about mail"
    return None


def _forwarded(case: Case) -> str | None:
    if case.group.share(lambda traits: traits.is_rewritten) < 0.5:
        return None
    return "a forwarder rewrote its senders"


def _known_senders(case: Case) -> str | None:
    """Senders that have written other mail, too; not those of a login, which a thief uses beside its owner."""
    if case.group.share(_login) >= 0.5 or case.is_null:
        return None
    known = {traits.sender for traits in case.rest.members}
    share = case.group.share(lambda traits: traits.sender and traits.sender in known)
    return "other mail has the same senders" if share >= 0.5 else None


AGAINST: Sequence[Evidence] = (
    _bulk_headers,
    _own_server,
    _own_links,
    _one_recipient,
    _recipient_sent,
    _forwarded,
    _known_senders,
)


def meant_by(case: Case) -> Callable[[Traits], bool]:
    """Return the test for the messages that the evidence is about, where these are not all of the group."""
    login = case.login
    if login is not None:
        return lambda traits: traits.login == login
    sender, share = case.group.most(lambda traits: traits.sender)
    if not case.is_null and share >= _MOST:
        return lambda traits: traits.sender == sender
    if not case.is_null:
        return lambda _traits: True
    if case.has("recipient", 0.8) and case.bindings["recipient"].field == "recipient":
        return lambda traits: traits.is_null and traits.recipient in case.bindings["recipient"].values
    name, _share = case.group.most(lambda traits: traits.recipient_domain)
    return lambda traits: traits.is_null and traits.recipient_domain == name


class Judgement(NamedTuple):
    """What speaks for a flood and against it, and how sure that makes it: likely, possible, or None if it does not look like one."""

    evidence_for: tuple[str, ...]
    evidence_against: tuple[str, ...]
    confidence: str | None


def judge(case: Case) -> Judgement:
    """Return the judgement of a group."""
    strong, suspicious, bulk, against = (
        [text for text in (found(case) for found in kinds) if text is not None]
        for kinds in (STRONG, SUSPICIOUS, BULK, AGAINST)
    )
    confidence = None
    if not strong and suspicious and len(case.content) > 1 and not against:
        confidence = POSSIBLE
    elif strong and not against and len(strong) + len(suspicious) >= 2:
        confidence = LIKELY
    elif len(strong) > len(against) or (strong and len(strong) + len(suspicious) > len(against)):
        confidence = POSSIBLE
    return Judgement((*strong, *suspicious, *bulk), tuple(against), confidence)
