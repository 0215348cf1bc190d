# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What speaks for a flood in a group of messages, and what speaks against it, compared with the rest of the queue.

Much mail with much in common is no flood: an invoice run, a newsletter and a monitoring storm are like that. A flood contradicts
itself: one hand writes under many names, a login sends from many networks, links lead to places that nobody else names, notices come to
somebody who sent nothing. STRONG has these contradictions. SUSPICIOUS has what floods often have and other mail seldom, and BULK what
much other mail has, too. AGAINST has what explains a contradiction.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple, Optional, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import (
    is_free_mail,
    is_role_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.case import (
    MANY,
    MOST,
    NEARLY_ALL,
    Case,
    Crowd,
    login_of,
    sender_of,
    sender_organisation,
    wide_network,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits, is_common_path

LIKELY, POSSIBLE = "likely", "possible"

Evidence = Callable[[Case], Optional[str]]


# --- strong ---------------------------------------------------------------------------------------------------------


def _forged_senders(case: Case) -> str | None:
    login = case.login
    if login is None:
        return None
    foreign = Crowd([traits for traits in case.group.members if _is_foreign(traits)])
    if len(foreign.members) < 0.5 * case.size or foreign.effective(lambda traits: traits.domain) < MANY:
        return None
    return "one login sends under %d foreign domains" % foreign.distinct(lambda traits: traits.domain)


def _is_foreign(traits: Traits) -> bool:
    return traits.sender_organisation is not None and traits.sender_organisation != traits.login_organisation


def _many_networks(case: Case) -> str | None:
    login = case.login
    if login is None:
        return None
    networks = case.group.effective(wide_network)
    others = sorted(_networks_of_logins(case.rest))
    usual = others[len(others) // 2] if others else 1
    if networks < max(3.0, 2.0 * usual):
        return None
    return "one login sends from %d networks" % case.group.distinct(wide_network)


def _networks_of_logins(crowd: Crowd) -> Iterable[int]:
    networks: dict[str, set[str | None]] = {}
    for traits in crowd.members:
        if traits.login:
            networks.setdefault(traits.login, set()).add(wide_network(traits))
    return map(len, networks.values())


def _null_sender(case: Case) -> str | None:
    if not case.is_null:
        return None
    if case.has("recipient", 0.8) and case.bindings["recipient"].field == "recipient":
        recipients = len(case.bindings["recipient"].values)
        return "the null sender writes to %d %s" % (recipients, "recipient" if recipients == 1 else "recipients")
    name, share = case.group.most(lambda traits: traits.recipient_domain)
    # A few notices to elsewhere are ordinary.
    other = sum(traits.recipient_domain == name for traits in case.rest.members)
    if share < 0.8 or (case.size < 0.25 * other and _burst(case) is None):
        return None
    there = Crowd([traits for traits in case.group.members if traits.recipient_domain == name])
    return "the null sender writes to %d recipients of one domain" % there.distinct(lambda traits: traits.recipient)


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
    value_of, kind = (login_of, "logins") if case.group.share(login_of) >= MOST else (sender_of, "senders")
    if case.has_many_names or not case.has_many_writers or "text" not in case.content or len(case.content) < 2:
        return None
    if not all(case.is_shared(family, value_of) for family in case.content):
        return None
    return "%d %s write the same %s" % (case.group.distinct(value_of), kind, " and ".join(case.content))


def _one_client(case: Case) -> str | None:
    address, share = case.group.most(lambda traits: traits.address)
    if share < NEARLY_ALL or case.group.share(login_of) > 0.1 or case.is_null:
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
    return case.group.share(_is_own_client) >= MOST or (case.links >= 0.5 and case.names_own_site >= MOST)


def _is_own_client(traits: Traits) -> bool:
    return traits.sender_organisation is not None and traits.sender_organisation == traits.client_organisation


def _one_network(case: Case) -> str | None:
    found = case.bindings.get("client")
    if found is None or found.field not in ("client_address", "client_network") or found.share < MOST:
        return None
    if not case.has_many_names or case.group.effective(lambda traits: traits.client_organisation) < MANY:
        return None
    if not case.is_written_alike:
        return None
    return "senders of %d domains share %d networks or addresses" % (
        case.group.distinct(lambda traits: traits.domain),
        len(found.values),
    )


def _foreign_links(case: Case) -> str | None:
    if case.names_foreign_site < MOST or case.has_many_names or not case.is_written_alike or not case.has_one_name:
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
    colleagues = {wide_network(traits) for traits in case.rest.members if traits.login and traits.login != login}
    if case.group.share(lambda traits: wide_network(traits) in colleagues) > 0.5:
        return None
    return "its login sends other mail from elsewhere"


def _first_recipient(traits: Traits) -> str | None:
    return traits.recipients[0] if traits.recipients else None


def _one_path(case: Case) -> str | None:
    """One path on many hosts: pages that were put on hacked sites, or domains to throw away."""
    found = case.bindings.get("link")
    if found is None or found.field != "url_path" or found.share < MOST or _own_server(case):
        return None
    if all(map(is_common_path, found.values)) and (case.names_own_site >= 0.3 or max(map(len, found.values)) < 2):
        return None
    if found.first_share < 0.5 and (case.names_own_site >= 0.3 or case.names_foreign_site < MOST):
        return None
    hosts = case.group.effective(lambda traits: min(traits.hosts, default=None))
    if hosts < MANY:
        return None
    return "links to %d hosts have the same path" % len(
        {host for traits in case.group.members for host in traits.hosts}
    )


def _own_domain_from_outside(case: Case) -> str | None:
    """A domain whose other mail comes by login or from elsewhere."""
    name, share = case.group.most(sender_organisation)
    if name is None or share < NEARLY_ALL or case.login is not None or case.group.share(_is_own_client) > 0.2:
        return None
    others = Crowd([traits for traits in case.rest.members if traits.sender_organisation == name])
    if len(others.members) < 5 or others.share(login_of) < MOST or case.group.share(login_of) > 0.1:
        return None
    if case.group.share(lambda traits: traits.origin == "smtp" and not traits.is_inside) < MOST or not case.content:
        return None
    return "its senders use the domain %s without a login, and other mail of that domain has one" % name


def _unusual_reply(case: Case) -> str | None:
    if not case.has("reply"):
        return None
    share = case.group.share(_replies_elsewhere)
    if share < MOST or case.rest.share(_replies_elsewhere) > 0.2:
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
    if share < MOST or case.rest.share(_is_to_self) > 0.2 or not case.content:
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


# --- suspicious, and of all bulk -----------------------------------------------------------------------------------


def _odd_clients(case: Case) -> str | None:
    share = case.group.share(lambda traits: traits.is_odd_client)
    if share < MOST or case.rest.share(lambda traits: traits.is_odd_client) > 0.4:
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
    if share < MOST or case.rest.share(lambda traits: traits.script == script) > 0.1:
        return None
    return "its letters are %s, and next to no other mail has those" % script


def _free_mail(case: Case) -> str | None:
    share = case.group.share(_is_to_free_mail)
    if share < MOST or share < 2 * case.rest.share(_is_to_free_mail):
        return None
    return "its recipients are at free mail providers"


def _is_to_free_mail(traits: Traits) -> bool:
    return any(is_free_mail(address.rpartition("@")[2]) for address in traits.recipients)


SUSPICIOUS: Sequence[Evidence] = (_odd_clients, _spam_answers, _other_script)
BULK: Sequence[Evidence] = (_burst, _similar_sizes, _many_recipients, _free_mail)


# --- against --------------------------------------------------------------------------------------------------------


# The users that web servers run as, in whose name a script sends (Debian, Red Hat, SUSE, BSD, Apache's own and PHP-FPM's defaults).
_WEB_USERS = frozenset(("www-data", "apache", "httpd", "wwwrun", "www", "nginx", "nobody", "php-fpm"))
_BULK = {"list": "it has headers of mailing lists", "automatic": "a program says that it wrote it"}


def _bulk_headers(case: Case) -> str | None:
    kind, share = case.group.most(lambda traits: traits.bulk)
    return _BULK[kind] if share >= 0.5 and not case.is_null else None


def _own_server(case: Case) -> str | None:
    _name, share = case.group.most(sender_organisation)
    sender, _share = case.group.most(sender_of)
    if share < MOST or case.group.share(login_of) >= 0.5 or (sender or "").partition("@")[0] in _WEB_USERS:
        return None
    return "it comes from its senders' own servers" if case.group.share(_is_own_client) >= MOST else None


def _own_links(case: Case) -> str | None:
    if _one_network(case) or case.links < 0.5 or case.names_own_site < MOST or case.names_foreign_site >= MOST:
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
    if case.group.share(login_of) >= 0.5 or case.is_null:
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


# Who writes under his own name does not have these. Words, links and networks in common are of honest bulk mail, too.
OF_ORIGIN: Sequence[Evidence] = (
    _forged_senders,
    _many_networks,
    _other_place,
    _one_client,
    _own_domain_from_outside,
    _writes_to_self,
    _odd_clients,
)


def meant_by(case: Case) -> Callable[[Traits], bool]:
    """Return the test for the messages that the evidence is about, where these are not all of the group."""
    login = case.login
    if login is not None:
        return lambda traits: traits.login == login
    sender, share = case.group.most(sender_of)
    if not case.is_null and share >= MOST:
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
    texts = {evidence: evidence(case) for evidence in (*STRONG, *SUSPICIOUS, *BULK, *AGAINST)}
    strong, suspicious, bulk, against, of_origin = (
        [text for text in map(texts.get, kinds) if text is not None]
        for kinds in (STRONG, SUSPICIOUS, BULK, AGAINST, OF_ORIGIN)
    )
    confidence = None
    if not strong and suspicious and len(case.content) > 1 and not against:
        confidence = POSSIBLE
    elif strong and not against and of_origin and len(strong) + len(suspicious) >= 2:
        confidence = LIKELY
    elif len(strong) > len(against) or (strong and len(strong) + len(suspicious) > len(against)):
        confidence = POSSIBLE
    return Judgement((*strong, *suspicious, *bulk), tuple(against), confidence)
