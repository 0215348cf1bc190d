# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The traits of each message that distinguish a flood from other mail, and the signs of a flood in a group of messages.

Much mail from one place is not a sign: a company's own server, a newsletter, and a destination that is down look like that too. SIGNS
has what ordinary mail does not do: one login with many foreign senders, one subject from many senders, one path under many hosts.
Weaker signs add to these.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections import Counter
from typing import Any, Callable, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import text_of
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import SampledMessage
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import (
    ShapedText,
    path_tokens,
    render_path,
    render_subject,
    shape_all,
    subject_tokens,
    urls,
)

# The parts of a mailing's sender that vary from message to message (VERP): an extension, a token with a letter after a digit, and
# any number.
_VARYING = re.compile(r"\+.*|[a-z0-9]*[0-9][a-z][a-z0-9]*|[0-9]+")
# Words in the answer of a server that treats the message as spam.
_SPAM_ANSWER = re.compile(
    r"spam|unsolicited|junk|phish|virus|malware|bulk mail|reputation|bl[ao]ck-?list|black-?list|suspicious|abuse",
    re.IGNORECASE,
)
_REWRITTEN = re.compile(r"srs[01][=+-]")
_MAX_VALUE = 200


class Traits(NamedTuple):
    """The traits of one message; None if a trait is unknown or absent."""

    sender: str | None
    local: str | None
    """The local part of the sender without its varying parts."""
    domain: str | None
    login: str | None
    address: str | None
    network: str | None
    helo: str | None
    null_recipient: str | None
    """The one recipient of a message from the null sender."""
    null_recipient_domain: str | None
    only_domain: str | None
    """The domain of all recipients."""
    odd_client: bool
    """Whether the client has no name, or its HELO name is not that of a mail server."""
    rewritten: bool
    """Whether a forwarder wrote its own domain into the sender (SRS). Then the domain is not that of the author."""
    own_client: bool
    """Whether the client's name is in the sender's domain, or its login is the sender."""
    foreign_sender: bool
    """Whether the sender has another domain than the login."""
    arrival: int
    size: int
    recipients: int
    from_list: bool
    delayed_as_spam: bool
    """Whether a delay reason says that the message is treated as spam."""
    subject: ShapedText | None
    reason: ShapedText | None
    paths: tuple[tuple[str, ShapedText], ...]
    """Host and shape of the path of each URL."""
    opened: bool


def traits_of(sample: Sequence[SampledMessage]) -> list[Traits]:
    """Return the traits of each message of a sample."""
    subjects = _shape_some([_subject(message) for message in sample], render_subject)
    reasons = _shape_some([_reason(message) for message in sample], render_subject)
    paths = _paths([urls(message.content.text) if message.content else () for message in sample])
    return [
        _traits(message, subject=subject, reason=reason, paths=several)
        for message, subject, reason, several in zip(sample, subjects, reasons, paths)
    ]


def _subject(message: SampledMessage) -> tuple[str, ...]:
    return subject_tokens(message.content.headers[0][1]) if message.content and message.content.headers else ()


def _reason(message: SampledMessage) -> tuple[str, ...]:
    return subject_tokens(text_of(next(iter(message.delays.values())))) if message.delays else ()


def _shape_some(texts: Sequence[tuple[str, ...]], render: Any) -> list[ShapedText | None]:
    """Return the shape of each text that has a token, None for the others."""
    there = [index for index, tokens in enumerate(texts) if tokens]
    shaped: list[ShapedText | None] = [None] * len(texts)
    for index, found in zip(there, shape_all([texts[index] for index in there], render)):
        shaped[index] = found
    return shaped


def _paths(found: Sequence[Sequence[tuple[str, str]]]) -> list[tuple[tuple[str, ShapedText], ...]]:
    shaped = iter(shape_all([path_tokens(path) for several in found for _host, path in several], render_path))
    return [tuple((host, next(shaped)) for host, _path in several) for several in found]


# The host and the shape of a URL.
_Path = Tuple[str, ShapedText]


def _traits(
    message: SampledMessage, *, subject: ShapedText | None, reason: ShapedText | None, paths: tuple[_Path, ...]
) -> Traits:
    envelope = message.envelope
    sender = _value(envelope.sender or None)
    local, _at, domain = (sender or "").rpartition("@")
    login = _value(envelope.sasl_username)
    client = _value(envelope.client_name)
    helo = _value(envelope.helo_name)
    address = _value(envelope.client_address)
    network = _network(address)
    only = _only_recipient(message)
    is_null = envelope.sender == b""
    return Traits(
        sender=sender,
        local=_local(local) if sender else None,
        domain=domain or None if "@" in (sender or "") else None,
        login=login,
        # Mail that comes back from a content filter may have none (src/smtpd/smtpd.c, XFORWARD).
        address=address if network else None,
        network=network,
        helo=helo,
        null_recipient=only[0] if is_null else None,
        null_recipient_domain=only[1] if is_null else None,
        only_domain=only[1],
        # A mail program that logs in may use any HELO name.
        odd_client=address is not None and login is None and (client in (None, "unknown") or _odd_greeting(helo)),
        rewritten=_REWRITTEN.match(local) is not None,
        own_client=bool(domain) and (sender == login or _has_organisation(domain, client, helo)),
        foreign_sender=login is not None and sender is not None and domain != login.rpartition("@")[2],
        arrival=envelope.arrival,
        size=envelope.size,
        recipients=message.recipients,
        from_list=message.content is not None and message.content.from_list,
        delayed_as_spam=any(_SPAM_ANSWER.search(text_of(text)) for text in message.delays.values()),
        subject=subject,
        reason=reason,
        paths=paths,
        opened=message.content is not None,
    )


def _has_organisation(domain: str, *names: str | None) -> bool:
    """Return whether one of these host names belongs to the organisation of a domain."""
    return _organisation(domain) in {_organisation(name) for name in names if name}


def _value(value: bytes | None) -> str | None:
    return _lower(value) if value is not None and 0 < len(value) <= _MAX_VALUE else None


def _lower(value: bytes) -> str:
    # Not case-folded: for a regular expression that ignores case, ss is not the same as a sharp s.
    return value.decode("utf-8", "surrogateescape").lower()


def _only_recipient(message: SampledMessage) -> tuple[str | None, str | None]:
    """Return the one recipient and the one domain of all recipients."""
    several = {_lower(address) for address in message.envelope.pending if len(address) <= _MAX_VALUE}
    domains = {address.rpartition("@")[2] for address in several if "@" in address}
    return next(iter(several)) if len(several) == 1 else None, next(iter(domains)) if len(domains) == 1 else None


def _local(local: str) -> str:
    # bounce-anna=example.com@: first the part of the mailing, then that of the reader.
    head = re.split("[+-]", local)[0] if "=" in local else local
    return _VARYING.sub("", head)


@functools.lru_cache(maxsize=4096)
def _network(address: str | None) -> str | None:
    """Return the /24 or /64 of an address."""
    try:
        version = ipaddress.ip_address(address or "").version
        return str(ipaddress.ip_network("%s/%d" % (address, 24 if version == 4 else 64), strict=False))
    except ValueError:
        return None


def _organisation(name: str) -> str:
    return ".".join(name.split(".")[-2:])


def _odd_greeting(helo: str | None) -> bool:
    return helo is None or "." not in helo or helo.startswith("[")


# --- signs ----------------------------------------------------------------------------------------------------------


_ALL = 0.95
_MOST = 0.7
_FEW_OPENED = 4
_MANY_NETWORKS = 12


class Evidence(NamedTuple):
    """A sign that was found: its points, the share of the messages that have it, and its description."""

    points: int
    share: float
    text: str


class Group:
    """Some messages of the sample and their traits as a group."""

    def __init__(self, members: Sequence[Traits]) -> None:
        self.members = members
        self.opened = [traits for traits in members if traits.opened]

    def most(self, name: str) -> tuple[Any, float]:
        """Return the most frequent value of a trait, and its share of all messages."""
        counted = Counter(value for value in (getattr(traits, name) for traits in self.members) if value is not None)
        if not counted:
            return None, 0.0
        # Of equally frequent values the first in alphabetical order: the order of a queue directory must not matter.
        value, number = min(counted.items(), key=lambda item: (-item[1], str(item[0])))
        return value, number / len(self.members)

    def distinct(self, name: str) -> int:
        """Return how many values of a trait there are."""
        return len({getattr(traits, name) for traits in self.members} - {None})

    def share(self, name: str) -> float:
        """Return the share of messages for which a trait is true."""
        return sum(bool(getattr(traits, name)) for traits in self.members) / max(1, len(self.members))

    def quantile(self, name: str, part: float) -> int:
        """Return a quantile of a numeric trait. part: 0.5 for the median."""
        ordered = sorted(getattr(traits, name) for traits in self.members) or [0]
        value: int = ordered[int(part * (len(ordered) - 1))]
        return value

    def spread(self) -> float:
        """Return the interquartile range of the sizes, relative to their median."""
        return (self.quantile("size", 0.75) - self.quantile("size", 0.25)) / max(1, self.quantile("size", 0.5))

    def window(self) -> tuple[int, int]:
        """Return the shortest time in which 80% of the messages arrived: its first second, and its length in seconds."""
        times = sorted(traits.arrival for traits in self.members if traits.arrival)
        if not times:
            return 0, 0
        number = max(1, (len(times) * 4 + 4) // 5)
        seconds, start = min((times[at + number - 1] - times[at], times[at]) for at in range(len(times) - number + 1))
        return start, seconds

    def dispersed(self) -> bool:
        """Return whether the senders are too many for one mailing, one script or one role account."""
        # One sender must not have most messages: then its messages would have the signs, and the others the number of senders.
        return self.distinct("local") >= many(len(self.members)) and self.most("local")[1] <= 0.5

    def from_many(self) -> bool:
        """Return whether the messages come from many senders, or through one login from many places."""
        return self.dispersed() or (self.most("login")[1] >= _ALL and self.distinct("network") >= _MANY_NETWORKS)

    def subject(self) -> tuple[ShapedText | None, float]:
        """Return the most frequent shape of the subjects, and its share of the messages that were opened."""
        found, share = Group(self.opened).most("subject")
        return found, share

    def path(self) -> tuple[ShapedText | None, float, int]:
        """Return the most frequent shape of a URL's path, its share of the messages that were opened, and its hosts."""
        counted = Counter(shaped for traits in self.opened for shaped in {shaped for _host, shaped in traits.paths})
        says = {shaped: number for shaped, number in counted.items() if shaped.words}
        if not says:
            return None, 0.0, 0
        found, number = min(says.items(), key=lambda item: (-item[1], item[0].regex))
        hosts = {host for traits in self.opened for host, shaped in traits.paths if shaped == found}
        return found, number / len(self.opened), len(hosts)

    def has_one_origin(self, rest: Group) -> bool:
        """Return whether nearly all messages share one value in their envelope, and most messages with that value are in the group.

        rest: the other messages. A value that is as frequent there, such as a gateway's address or a provider's domain, is not an origin.
        """
        return any(self._is_origin(name, rest) for name in _ORIGIN_TRAITS)

    def _is_origin(self, name: str, rest: Group) -> bool:
        value, share = self.most(name)
        if share < _ALL:
            return False
        if name in ("domain", "network") and (self.share("own_client") >= _MOST or self.share("rewritten") > 1 - _ALL):
            # An organisation's own servers send the mail of all its members, and a forwarder sends anybody's mail.
            return False
        others = [traits for traits in rest.members if getattr(traits, name) == value]
        return len(others) < share * len(self.members)


# The traits that messages of one origin, or from the null sender to one address, have in common.
_ORIGIN_TRAITS = ("login", "sender", "domain", "network", "null_recipient", "null_recipient_domain")


def many(number: int) -> float:
    """Return how many different values count as many in so many messages."""
    return min(max(5.0, 0.3 * number), 20.0)


def _forged_senders(group: Group, _rest: Group) -> Evidence | None:
    _login, share = group.most("login")
    foreign = group.share("foreign_sender")
    if share < _ALL or foreign < 0.5 or group.distinct("domain") < 5 or not group.dispersed():
        return None
    return Evidence(3, foreign, "%d senders of other domains than the login's" % group.distinct("sender"))


def _many_networks(group: Group, _rest: Group) -> Evidence | None:
    _login, share = group.most("login")
    number = group.distinct("network")
    if share < _ALL or number < min(max(5.0, 0.1 * len(group.members)), _MANY_NETWORKS):
        return None
    return Evidence(3 if number >= _MANY_NETWORKS else 2, 1.0, "one login from %d networks" % number)


def _null_sender(group: Group, rest: Group) -> Evidence | None:
    recipient, share = group.most("null_recipient")
    if share >= _ALL:
        # A recipient that sent as many messages gets notices about them.
        sent = sum(traits.sender == recipient for traits in rest.members)
        return Evidence(3, share, "the null sender writes to one recipient") if sent < len(group.members) else None
    domain, share = group.most("null_recipient_domain")
    number = group.distinct("null_recipient")
    if share < _ALL or number < many(len(group.members)):
        return None
    other = sum(traits.only_domain == domain for traits in rest.members)
    points = 3 if other < len(group.members) else 2
    return Evidence(points, share, "the null sender writes to %d recipients of one domain" % number)


def _subject_of_many(group: Group, _rest: Group) -> Evidence | None:
    shaped, share = group.subject()
    if shaped is None or share < _MOST or len(group.opened) < _FEW_OPENED or not shaped.words or not group.dispersed():
        return None
    # People with the same domain, login or server do not write the same subjects.
    from_one = max(group.most(name)[1] for name in ("login", "domain", "address")) >= _ALL
    points = 1 if shaped.words < 2 else 3 if from_one else 2
    return Evidence(points, share, "%d senders write the same subject" % group.distinct("sender"))


def _path_of_many(group: Group, _rest: Group) -> Evidence | None:
    shaped, share, hosts = group.path()
    if shaped is None or share < _MOST or len(group.opened) < _FEW_OPENED:
        return None
    if hosts >= max(3, 0.3 * share * len(group.opened)):
        return Evidence(3, share, "one URL path under %d hosts" % hosts)
    if not group.from_many():
        return None
    return Evidence(1, share, "%d senders in %d networks write the same URL path" % _sources(group))


def _host_of_many(group: Group, _rest: Group) -> Evidence | None:
    counted = Counter(host for traits in group.opened for host in {host for host, _shaped in traits.paths})
    share = max(counted.values(), default=0) / max(1, len(group.opened))
    if share < _MOST or len(group.opened) < _FEW_OPENED or not group.from_many():
        return None
    return Evidence(1, share, "%d senders in %d networks name the same host" % _sources(group))


def _sources(group: Group) -> tuple[int, int]:
    return group.distinct("sender"), group.distinct("network")


def _odd_clients(group: Group, rest: Group) -> Evidence | None:
    share, networks = group.share("odd_client"), group.distinct("network")
    if share < _MOST or rest.share("odd_client") > 0.4:
        return None
    points = 2 if networks >= 5 or group.distinct("address") >= many(len(group.members)) else 1
    return Evidence(points, share, "clients without a mail server's name, in %d networks" % networks)


def _burst(group: Group, rest: Group) -> Evidence | None:
    _start, seconds = group.window()
    _start, others = rest.window()
    if others < 600 or seconds > 0.25 * others:
        return None
    return Evidence(
        1, 0.8, "80%% arrived within %d minutes, of the other messages within %d" % (seconds // 60, others // 60)
    )


def _similar_sizes(group: Group, rest: Group) -> Evidence | None:
    if group.spread() > 0.15 or rest.spread() < 0.3:
        return None
    return Evidence(1, 0.5, "their sizes are alike")


def _many_recipients(group: Group, rest: Group) -> Evidence | None:
    number = group.quantile("recipients", 0.5)
    if number < max(5, 3 * rest.quantile("recipients", 0.5)):
        return None
    return Evidence(1, 0.5, "half of them have %d recipients or more" % number)


def _spam_delays(group: Group, rest: Group) -> Evidence | None:
    share = group.share("delayed_as_spam")
    if share < 0.3 or share < 2 * rest.share("delayed_as_spam"):
        return None
    return Evidence(1, share, "%d%% are delayed as spam" % round(100 * share))


def _mailing_list(group: Group, _rest: Group) -> Evidence | None:
    _domain, share = group.most("domain")
    if Group(group.opened).share("from_list") < 0.5 or share < 0.9:
        return None
    if group.share("own_client") < _MOST and group.distinct("network") > 2:
        return None
    return Evidence(-5, 1.0, "they have mailing-list headers")


def _own_client(group: Group, _rest: Group) -> Evidence | None:
    if group.from_many() or group.share("own_client") < _MOST:
        return None
    return Evidence(-1, 1.0, "the client is the sender's own")


Sign = Callable[[Group, Group], Optional[Evidence]]
# The points of all signs are added up. A group of messages is a flood if it has at least NEEDED points.
SIGNS: Sequence[Sign] = (
    _forged_senders,
    _many_networks,
    _null_sender,
    _subject_of_many,
    _path_of_many,
    _host_of_many,
    _odd_clients,
    _burst,
    _similar_sizes,
    _many_recipients,
    _spam_delays,
    _mailing_list,
    _own_client,
)
NEEDED = 3
# One sender may be a person, a shop or a script, and must have more points.
NEEDED_OF_ONE = 4


class Judgement(NamedTuple):
    """The signs that a group has, and whether they make it a flood."""

    signs: tuple[Evidence, ...]
    is_flood: bool
    purity: float
    """The lowest share of messages that have a strong sign."""


def judge(group: Group, rest: Group) -> Judgement:
    """Return the judgement of a group, compared with the rest of the queue."""
    signs = tuple(found for found in (sign(group, rest) for sign in SIGNS) if found is not None)
    null = group.distinct("null_recipient") > 0 and group.distinct("sender") == 0
    needed = NEEDED if null or group.dispersed() else NEEDED_OF_ONE
    strong = [found.share for found in signs if found.points > 1]
    return Judgement(signs, sum(found.points for found in signs) >= needed, min(strong, default=_MOST))
