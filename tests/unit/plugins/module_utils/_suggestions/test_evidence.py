# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.case import Case, Crowd
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.evidence import Judgement, judge, meant_by
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import FIELDS
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Binding
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits
from tests.unit.support.sampled import NOW, bound, names, several


def others(number: int = 40, **changes: Any) -> list[Traits]:
    """Return other mail. It arrived at the same time and has the same size, so that these say nothing."""
    changes = {"recipients": lambda at: ("q%d@s%d.example" % (at, at),), **changes}
    return several(number, **{**names("p"), **changes})


REST = others()
# Other mail that arrived within hours and has all sizes.
SPREAD = [traits._replace(arrival=NOW + 300 * at, size=100 * at + 100) for at, traits in enumerate(REST)]
NOTHING = Judgement((), (), None)
SUBJECT = bound("subject", ("your", "parcel", "0", "waits"))
HOST = bound("url_host", "evil.example")
PATH = bound("url_path", ("offer", "claim.php"))
CLIENT = bound("client_address", "192.0.2.1")


def judged(group: Sequence[Traits], bindings: Sequence[Binding] = (), rest: Sequence[Traits] = REST) -> Judgement:
    return judge(make_case(group, bindings, rest))


def having(traits: Traits, bindings: Sequence[Binding]) -> Traits:
    """Return traits with the values of bindings."""
    for found in bindings:
        if found.field == "subject":
            traits = traits._replace(subject_pieces=frozenset(found.values))
        elif found.field == "url_path":
            traits = traits._replace(paths=frozenset(found.values))
        elif found.field == "url_host" and not traits.hosts:
            traits = traits._replace(hosts=frozenset(found.values))
    return traits


def make_case(group: Sequence[Traits], bindings: Sequence[Binding] = (), rest: Sequence[Traits] = REST) -> Case:
    group = [having(traits, bindings) for traits in group]
    return Case(Crowd(group), Crowd(rest), {FIELDS[found.field].family: found for found in bindings})


def test_plain_mail_is_no_flood() -> None:
    assert judged(several()) == NOTHING
    assert judged(several(**names())) == NOTHING


def test_nothing_is_no_flood() -> None:
    assert judged([], rest=[]) == NOTHING


# --- strong ---------------------------------------------------------------------------------------------------------

THIEF: dict[str, Any] = {"login": "thief@example.com", "login_organisation": "example.com"}
NETWORKS: dict[str, Any] = {"login": "thief@example.com", "networks": lambda at: ("n%d/16" % at,)}
FORGED = "one login sends under 20 foreign domains"
MANY_NETWORKS = "one login sends from 20 networks"


def mixed_domains(at: int) -> str:
    return "d%d.example" % at if at < 10 else "example.com"


# Other mail in which each login has ten networks.
ROAMING = several(40, login=lambda at: "l%d" % (at % 4), networks=lambda at: ("n%d/16" % (at // 4),))


@pytest.mark.parametrize(
    ("group", "rest", "evidence"),
    [
        pytest.param(several(**names(), **THIEF), REST, FORGED, id="forged senders"),
        pytest.param(
            several(
                **{**names(), **THIEF, "domain": mixed_domains, "sender_organisation": mixed_domains},
            ),
            REST,
            "one login sends under 10 foreign domains",
            id="half of them forged",
        ),
        pytest.param(several(**names()), REST, None, id="no login"),
        pytest.param(
            several(**{**names(), **THIEF, "sender_organisation": lambda at: "d%d.example" % max(0, at - 11)}),
            REST,
            FORGED,
            id="one foreign organisation more often than others",
        ),
        pytest.param(
            several(
                **{
                    **names(),
                    **THIEF,
                    "sender_organisation": lambda at: "d%d.example" % (at % 3),
                    "domain": lambda at: "d%d.example" % (at % 3),
                }
            ),
            REST,
            None,
            id="three foreign domains",
        ),
        pytest.param(
            several(**{**names(), **THIEF, "sender_organisation": "spam.example"}),
            REST,
            FORGED,
            id="many domains of one foreign organisation",
        ),
        pytest.param(several(**{**names(), **THIEF, "sender_organisation": "example.com"}), REST, None, id="own names"),
        pytest.param(several(**{**THIEF, "sender_organisation": None, "domain": None}), REST, None, id="no domain"),
        pytest.param(several(**NETWORKS), REST, MANY_NETWORKS, id="many networks"),
        pytest.param(
            several(21, **NETWORKS), ROAMING, "one login sends from 21 networks", id="twice as many networks as others"
        ),
        pytest.param(several(19, **NETWORKS), ROAMING, None, id="not twice as many networks as others"),
        pytest.param(
            several(**{**NETWORKS, "networks": lambda at: ("n%d/16" % (at % 2),)}), REST, None, id="two networks"
        ),
    ],
)
def test_what_a_login_sends(group: list[Traits], rest: list[Traits], evidence: str | None) -> None:
    assert judged(group, rest=rest) == (Judgement((evidence,), (), "possible") if evidence else NOTHING)


NULL: dict[str, Any] = {"sender": "", "domain": None, "sender_organisation": None}
ONE_DOMAIN: dict[str, Any] = {**NULL, "recipients": lambda at: ("v%s@away.example" % "abcdefghijklmnopqrst"[at],)}
TO_20 = "the null sender writes to 20 recipients of one domain"


def mail_to_domain(number: int, **changes: Any) -> list[Traits]:
    """Return other mail to the same domain."""
    return others(number, recipients=lambda at: ("w%d@away.example" % at,), **changes)


@pytest.mark.parametrize(
    ("group", "bindings", "rest", "evidence"),
    [
        pytest.param(
            several(**NULL, recipients=("v@away.example",)),
            [bound("recipient", "v@away.example")],
            REST,
            ("the null sender writes to 1 recipient",),
            id="one recipient",
        ),
        pytest.param(
            several(**NULL, recipients=lambda at: (["v@a.example", "w@b.example"][at % 2],)),
            [bound("recipient", "v@a.example", "w@b.example")],
            REST,
            ("the null sender writes to 2 recipients",),
            id="two recipients",
        ),
        pytest.param(several(**ONE_DOMAIN), [], REST, (TO_20,), id="one domain"),
        pytest.param(
            several(**ONE_DOMAIN), [bound("recipient_domain", "away.example")], REST, (TO_20,), id="a bound domain"
        ),
        pytest.param(several(**NULL), [], REST, (), id="anywhere"),
        pytest.param(
            several(**ONE_DOMAIN), [], mail_to_domain(80), (TO_20,), id="a domain that gets four times as much"
        ),
        pytest.param(several(**ONE_DOMAIN), [], mail_to_domain(81), (), id="a domain that gets more"),
        pytest.param(
            several(**ONE_DOMAIN),
            [],
            mail_to_domain(81, arrival=lambda at: NOW + 60 * at),
            (TO_20, "80% arrived within 0 minutes, of the other messages within 64"),
            id="a domain that gets more, but at once",
        ),
    ],
)
def test_what_the_null_sender_writes(
    group: list[Traits], bindings: list[Binding], rest: list[Traits], evidence: tuple[str, ...]
) -> None:
    assert judged(group, bindings, rest) == Judgement(evidence, (), "possible" if evidence else None)


OWN_CLIENTS: dict[str, Any] = {**names(), "client_organisation": lambda at: "d%d.example" % at}
MANY_CLIENTS: dict[str, Any] = {**names(), "client_organisation": lambda at: "c%d.example" % at}
SAME_SUBJECT = "senders of 20 domains write the same subject"
ONE_NETWORK = "senders of 20 domains share 1 networks or addresses"
LINKS: dict[str, Any] = {"hosts": lambda at: frozenset(["h%d.example" % at])}
SAME_PATH = "links to 20 hosts have the same path"


@pytest.mark.parametrize(
    ("group", "bindings", "evidence"),
    [
        pytest.param(several(**names()), [SUBJECT], [SAME_SUBJECT], id="subject"),
        pytest.param(
            several(**names()),
            [SUBJECT, HOST],
            ["senders of 20 domains write the same subject and link"],
            id="subject and link",
        ),
        pytest.param(several(), [SUBJECT], [], id="one sender"),
        pytest.param(several(**OWN_CLIENTS), [SUBJECT], [], id="each from its own server"),
        pytest.param(
            several(**OWN_CLIENTS), [SUBJECT, CLIENT], [SAME_SUBJECT, ONE_NETWORK], id="own names, one network"
        ),
        pytest.param(several(**MANY_CLIENTS), [SUBJECT, CLIENT], [SAME_SUBJECT, ONE_NETWORK], id="one network"),
        pytest.param(
            several(**MANY_CLIENTS),
            [SUBJECT, bound("client_network", "192.0.2.0/24", "198.51.100.0/24")],
            [SAME_SUBJECT, "senders of 20 domains share 2 networks or addresses"],
            id="two networks",
        ),
        pytest.param(several(**MANY_CLIENTS), [CLIENT], [], id="one network without content"),
        pytest.param(several(**MANY_CLIENTS), [SUBJECT, bound("helo_name", "x")], [SAME_SUBJECT], id="one HELO name"),
        pytest.param(
            several(**MANY_CLIENTS),
            [SUBJECT, bound("client_address", "192.0.2.1", share=0.6)],
            [SAME_SUBJECT],
            id="half of one network",
        ),
        pytest.param(several(client_organisation=str), [SUBJECT, CLIENT], [], id="one sender in one network"),
        pytest.param(several(**names()), [SUBJECT, CLIENT], [SAME_SUBJECT], id="one relay"),
        pytest.param(
            several(**OWN_CLIENTS, **LINKS),
            [PATH],
            ["senders of 20 domains write the same link", SAME_PATH],
            id="own servers, one path",
        ),
    ],
)
def test_what_many_senders_have_in_common(group: list[Traits], bindings: list[Binding], evidence: list[str]) -> None:
    found = judged(group, bindings)
    assert (list(found.evidence_for), found.evidence_against) == (evidence, ())
    # Honest bulk mail has words, links and networks in common, too.
    assert found.confidence == ("possible" if evidence else None)


EVIL: dict[str, Any] = {"hosts": frozenset(["evil.example"])}
FOREIGN = "its links lead neither to its sender nor to where other mail leads"
OWN_SERVER = "it comes from its senders' own servers"


@pytest.mark.parametrize(
    ("group", "bindings", "judgement"),
    [
        pytest.param(several(**EVIL), [HOST], Judgement((FOREIGN,), (), "possible"), id="foreign links"),
        pytest.param(
            several(**names(), **EVIL),
            [HOST],
            Judgement(("senders of 20 domains write the same link",), (), "possible"),
            id="many names",
        ),
        pytest.param(
            several(**EVIL, sender=lambda at: "u%d@example.com" % at, login="x", login_organisation="example.com"),
            [HOST],
            Judgement((FOREIGN,), (), "possible"),
            id="one login",
        ),
        pytest.param(
            several(**EVIL, sender=lambda at: "u%d@example.com" % at),
            [HOST],
            Judgement((FOREIGN,), (), "possible"),
            id="one domain",
        ),
        pytest.param(several(**EVIL), [], NOTHING, id="links to where other mail leads"),
        pytest.param(
            several(**EVIL, recipients=("a@b",)),
            [HOST],
            Judgement((), ("half of it or more is for one recipient",), None),
            id="one recipient",
        ),
        pytest.param(
            several(**EVIL, recipients=lambda at: ("r%d@t.example" % (at % 5),)),
            [HOST],
            Judgement((FOREIGN,), (), "possible"),
            id="five recipients of one domain",
        ),
        pytest.param(
            several(**EVIL, recipients=lambda at: ("r%d@t.example" % (at % 3),)), [HOST], NOTHING, id="three recipients"
        ),
        pytest.param(
            several(**EVIL, client_organisation="example.com"),
            [HOST],
            Judgement((), (OWN_SERVER,), None),
            id="own server",
        ),
        pytest.param(
            several(**EVIL, sender="www-data@example.com", client_organisation="example.com"),
            [HOST],
            Judgement((FOREIGN,), (), "possible"),
            id="own web server",
        ),
        pytest.param(
            several(hosts=frozenset(["www.example.com"])),
            [HOST],
            Judgement((), ("its links lead to its own senders",), None),
            id="own links",
        ),
        pytest.param(
            several(hosts=lambda at: frozenset(["www.example.com" if at % 2 else "evil.example"])),
            [HOST],
            NOTHING,
            id="half own links",
        ),
    ],
)
def test_where_links_lead(group: list[Traits], bindings: list[Binding], judgement: Judgement) -> None:
    assert judged(group, bindings) == judgement


COMMON_PATH = bound("url_path", ("unsubscribe", "/"))


def hosts_of(at: int) -> frozenset[str]:
    """Return a host of the sender's in three of ten messages."""
    return frozenset(["www%d.example.com" % at if at % 10 < 3 else "h%d.example" % at])


@pytest.mark.parametrize(
    ("changes", "path", "has_evidence"),
    [
        pytest.param(LINKS, PATH, True, id="many hosts"),
        pytest.param({"hosts": lambda at: frozenset(["h%d.example" % (at % 5)])}, PATH, True, id="five hosts"),
        pytest.param({"hosts": lambda at: frozenset(["h%d.example" % (at % 3)])}, PATH, False, id="three hosts"),
        pytest.param(LINKS, bound("url_path", ("offer", "x9"), share=0.6), False, id="too few"),
        pytest.param(LINKS, bound("url_path", ("unsubscribe",)), False, id="a common segment"),
        pytest.param(LINKS, COMMON_PATH, True, id="two common segments"),
        pytest.param({"hosts": hosts_of}, COMMON_PATH, False, id="two common segments and own hosts"),
        pytest.param({"hosts": hosts_of}, PATH, True, id="own hosts"),
        pytest.param({**LINKS, "client_organisation": "example.com"}, PATH, False, id="own server"),
        pytest.param(LINKS, HOST, False, id="no path"),
    ],
)
def test_one_path_on_many_hosts(changes: dict[str, Any], path: Binding, has_evidence: bool) -> None:
    number = len({host for traits in several(**changes) for host in traits.hosts})
    found = judged(several(**changes), [path]).evidence_for
    assert ("links to %d hosts have the same path" % number in found) is has_evidence


OUTSIDE = "its senders use the domain example.com without a login, and other mail of that domain has one"
COLLEAGUES = several(6, sender="max@example.com", login="max@example.com")


@pytest.mark.parametrize(
    ("group", "bindings", "rest", "has_evidence"),
    [
        pytest.param(several(), [SUBJECT], COLLEAGUES, True, id="from outside"),
        pytest.param(several(), [bound("subject", *"abc", first_share=0.4)], COLLEAGUES, False, id="common words"),
        pytest.param(several(), [bound("text", "x")], COLLEAGUES, False, id="nothing in common"),
        pytest.param(several(), [SUBJECT], COLLEAGUES[:4], False, id="too little other mail"),
        pytest.param(several(), [SUBJECT], COLLEAGUES + several(3, login=None), False, id="others without a login"),
        pytest.param(several(login=lambda at: at < 3 or None), [SUBJECT], COLLEAGUES, False, id="some with a login"),
        pytest.param(several(login="x"), [SUBJECT], COLLEAGUES, False, id="a login"),
        pytest.param(several(origin="local"), [SUBJECT], COLLEAGUES, False, id="a local program"),
        pytest.param(several(client_organisation="example.com"), [SUBJECT], COLLEAGUES, False, id="own server"),
        pytest.param(several(**names()), [SUBJECT], COLLEAGUES, False, id="other domains"),
        pytest.param(several(sender_organisation=None), [SUBJECT], COLLEAGUES, False, id="no domain"),
    ],
)
def test_an_own_domain_from_outside(
    group: list[Traits], bindings: list[Binding], rest: list[Traits], has_evidence: bool
) -> None:
    assert (OUTSIDE in judged(group, bindings, rest).evidence_for) is has_evidence


REPLY = bound("reply_to", "x@evil.example")


@pytest.mark.parametrize(
    ("reply", "bindings", "rest", "evidence"),
    [
        pytest.param("x@evil.example", [REPLY], REST, ("replies go to x@evil.example, not to the sender",), id="one"),
        pytest.param(
            "x@evil.example",
            [bound("reply_to", "z@c.example", "x@a.example", "y@b.example")],
            REST,
            ("replies go to x@a.example, y@b.example, not to the sender",),
            id="three",
        ),
        pytest.param("x@evil.example", [], REST, (), id="not bound"),
        pytest.param(None, [REPLY], REST, (), id="none"),
        pytest.param("max@example.com", [REPLY], REST, (), id="the sender's domain"),
        pytest.param("max@from.example", [REPLY], REST, (), id="the domain of From"),
        pytest.param("x@evil.example", [REPLY], others(reply_address="x@y"), (), id="as everybody"),
    ],
)
def test_where_replies_go(
    reply: str | None, bindings: list[Binding], rest: list[Traits], evidence: tuple[str, ...]
) -> None:
    found = judged(several(reply_address=reply, from_address="anna@from.example"), bindings, rest)
    assert found == Judgement(evidence, (), "possible" if evidence else None)


TO_SELF: dict[str, Any] = {**names(), "recipients": lambda at: ("u%d@d%d.example" % (at, at),)}


@pytest.mark.parametrize(
    ("group", "bindings", "rest", "has_evidence"),
    [
        pytest.param(several(**TO_SELF), [SUBJECT], REST, True, id="each"),
        pytest.param(several(**TO_SELF), [], REST, False, id="nothing in common"),
        pytest.param(several(**TO_SELF), [SUBJECT], several(**TO_SELF), False, id="as everybody"),
        pytest.param(several(**names()), [SUBJECT], REST, False, id="to others"),
        pytest.param(several(sender=None), [SUBJECT], REST, False, id="unknown senders"),
    ],
)
def test_mail_to_oneself(group: list[Traits], bindings: list[Binding], rest: list[Traits], has_evidence: bool) -> None:
    found = judged(group, bindings, rest).evidence_for
    assert ("each message has its recipient as its sender" in found) is has_evidence


# --- weak -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group", "rest", "evidence"),
    [
        pytest.param(
            several(is_odd_client=True), REST, ("its clients have no name of a mail server",), id="odd clients"
        ),
        pytest.param(several(is_odd_client=True), others(is_odd_client=lambda at: at % 2), (), id="as others"),
        pytest.param(several(is_odd_client=lambda at: at % 2), REST, (), id="half odd clients"),
        pytest.param(
            several(size=lambda at: 1000 * at),
            SPREAD,
            ("80% arrived within 0 minutes, of the other messages within 155",),
            id="burst",
        ),
        pytest.param(several(size=lambda at: 1000 * at, arrival=lambda at: NOW + 200 * at), SPREAD, (), id="no burst"),
        pytest.param(several(arrival=lambda at: NOW + 200 * at), SPREAD, ("its sizes are alike",), id="sizes"),
        pytest.param(
            several(recipient_count=5), REST, ("half of its messages have 5 recipients or more",), id="recipients"
        ),
        pytest.param(several(recipient_count=4), REST, (), id="few recipients"),
        pytest.param(several(recipient_count=8), others(recipient_count=3), (), id="recipients, as others"),
        pytest.param(
            several(is_delayed_as_spam=lambda at: at % 3 == 0), REST, ("35% are delayed as spam",), id="delayed as spam"
        ),
        pytest.param(several(is_delayed_as_spam=lambda at: at % 4 == 0), REST, (), id="few are delayed as spam"),
        pytest.param(
            several(is_delayed_as_spam=True), others(is_delayed_as_spam=lambda at: at % 3), (), id="spam, as others"
        ),
        pytest.param(
            several(recipients=lambda at: ("r%d@gmail.com" % at, "r@elsewhere.example")),
            REST,
            ("its recipients are at free mail providers",),
            id="free mail",
        ),
        pytest.param(
            several(recipients=lambda at: ("r%d@gmail.com" % at,)),
            others(20, recipients=lambda at: ("r%d@%s" % (at, ["gmail.com", "t.example"][at % 2]),))[1:],
            ("its recipients are at free mail providers",),
            id="free mail, twice as often as others",
        ),
        pytest.param(
            several(recipients=lambda at: ("r%d@gmail.com" % at,)),
            others(20, recipients=lambda at: ("r%d@%s" % (at, ["gmail.com", "t.example"][at % 2]),))[:19],
            (),
            id="free mail, as others",
        ),
    ],
)
def test_what_is_weak_makes_no_flood(group: list[Traits], rest: list[Traits], evidence: tuple[str, ...]) -> None:
    assert judged(group, rest=rest) == Judgement(evidence, (), None)


# --- against --------------------------------------------------------------------------------------------------------

SENT = [traits._replace(sender="va@away.example") for traits in REST[:10]]
TO_ROLES: dict[str, Any] = {**NULL, "recipients": lambda at: ("info@away%d.example" % (at % 7),)}


@pytest.mark.parametrize(
    ("group", "bindings", "rest", "judgement"),
    [
        pytest.param(
            several(bulk="list"), [], REST, Judgement((), ("it has headers of mailing lists",), None), id="list"
        ),
        pytest.param(
            several(bulk="automatic"),
            [],
            REST,
            Judgement((), ("a program says that it wrote it",), None),
            id="automatic",
        ),
        pytest.param(several(bulk=lambda at: "list" if at < 9 else None), [], REST, NOTHING, id="few of a list"),
        pytest.param(
            several(**ONE_DOMAIN, bulk="automatic"),
            [],
            REST,
            Judgement((TO_20,), (), "possible"),
            id="automatic notices",
        ),
        pytest.param(
            several(client_organisation="example.com"), [], REST, Judgement((), (OWN_SERVER,), None), id="own server"
        ),
        pytest.param(several(**OWN_CLIENTS), [], REST, NOTHING, id="the servers of many"),
        pytest.param(
            several(hosts=frozenset(["www.example.com"])),
            [],
            REST,
            Judgement((), ("its links lead to its own senders",), None),
            id="own links",
        ),
        pytest.param(
            several(hosts=lambda at: frozenset(["www.example.com"] if at < 9 else [])),
            [],
            REST,
            NOTHING,
            id="few links",
        ),
        pytest.param(
            several(**MANY_CLIENTS, hosts=lambda at: frozenset(["www.d%d.example" % at])),
            [SUBJECT, CLIENT],
            REST,
            Judgement((SAME_SUBJECT, ONE_NETWORK), (), "possible"),
            id="own links of many names in one network",
        ),
        pytest.param(
            several(recipients=("a@b",)),
            [],
            REST,
            Judgement((), ("half of it or more is for one recipient",), None),
            id="one recipient",
        ),
        pytest.param(
            several(**ONE_DOMAIN),
            [],
            [*REST, *SENT],
            Judgement((TO_20,), ("its recipients sent mail that it may answer",), None),
            id="recipients that sent mail",
        ),
        pytest.param(
            several(**ONE_DOMAIN), [], [*REST, *SENT[1:]], Judgement((TO_20,), (), "possible"), id="too few sent mail"
        ),
        pytest.param(
            several(**TO_ROLES),
            [],
            REST,
            Judgement((), ("its recipients are addresses for notices about mail",), None),
            id="role addresses",
        ),
        pytest.param(
            several(is_rewritten=True),
            [],
            REST,
            Judgement((), ("a forwarder rewrote its senders",), None),
            id="forwarded",
        ),
        pytest.param(
            several(),
            [],
            several(1),
            Judgement((), ("other mail has the same senders",), None),
            id="known senders",
        ),
        pytest.param(
            several(login="x@example.com", login_organisation="example.com"),
            [],
            several(1),
            NOTHING,
            id="the known sender of a login",
        ),
        pytest.param(several(sender=None), [], several(1, sender=None), NOTHING, id="unknown senders"),
    ],
)
def test_what_speaks_against_a_flood(
    group: list[Traits], bindings: list[Binding], rest: list[Traits], judgement: Judgement
) -> None:
    assert judged(group, bindings, rest) == judgement


# --- together -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "numbers", "confidence"),
    [
        # Strong, suspicious, against.
        pytest.param({}, (1, 0, 0), "possible", id="one strong"),
        pytest.param({"is_odd_client": True}, (1, 1, 0), "likely", id="one strong, one suspicious"),
        pytest.param({"networks": lambda at: (str(at),)}, (2, 0, 0), "likely", id="two strong"),
        pytest.param({"bulk": "list"}, (1, 0, 1), None, id="one strong, one against"),
        pytest.param(
            {"bulk": "list", "is_odd_client": True}, (1, 1, 1), "possible", id="one strong, one suspicious, one against"
        ),
        pytest.param(
            {"bulk": "list", "networks": lambda at: (str(at),)}, (2, 0, 1), "possible", id="two strong, one against"
        ),
        pytest.param(
            {"bulk": "list", "is_odd_client": True, "recipients": ("a@b",)},
            (1, 1, 2),
            None,
            id="one strong, one suspicious, two against",
        ),
        pytest.param({"recipient_count": 9}, (1, 1, 0), "possible", id="what bulk mail has does not count"),
    ],
)
def test_how_sure_the_evidence_makes(
    changes: dict[str, Any], numbers: tuple[int, int, int], confidence: str | None
) -> None:
    found = judged(several(**{**names(), **THIEF, **changes}))
    assert (len(found.evidence_for), len(found.evidence_against)) == (numbers[0] + numbers[1], numbers[2])
    assert found.confidence == confidence


def meant(group: Sequence[Traits], bindings: Sequence[Binding] = ()) -> list[int]:
    test = meant_by(make_case(group, bindings))
    return [number for number, traits in enumerate(group) if test(traits)]


@pytest.mark.parametrize(
    ("group", "bindings", "numbers"),
    [
        pytest.param(several(10, login=lambda at: "x" if at else None), [], range(1, 10), id="of a login"),
        pytest.param(several(10, sender=lambda at: "a@b" if at > 2 else "c@d"), [], range(3, 10), id="of a sender"),
        pytest.param(several(10, **names()), [], range(10), id="of many names"),
        pytest.param(
            several(10, sender=lambda at: "" if at else "a@b", recipients=lambda at: ("v@a" if at > 1 else "w@a",)),
            [bound("recipient", "v@a")],
            range(2, 10),
            id="of the null sender to a recipient",
        ),
        pytest.param(
            several(10, sender=lambda at: "" if at else "a@b", recipients=lambda at: ("v%d@a" % at,)),
            [bound("recipient", "v1@a", share=0.2)],
            range(1, 10),
            id="of the null sender to a domain",
        ),
    ],
)
def test_the_messages_that_are_meant(group: list[Traits], bindings: list[Binding], numbers: range) -> None:
    assert meant(group, bindings) == list(numbers)


# --- what needs more of the group -----------------------------------------------------------------------------------

TEXT = bound("text", ("one", "two", "three", "four"))
WRITTEN: dict[str, Any] = {"text_pieces": frozenset(TEXT.values)}


def test_a_text_of_each_sender_is_not_the_same_text() -> None:
    # Each sender writes twice, and each has a subject of its own.
    group = [
        traits._replace(subject_pieces=frozenset([("mine", str(at // 2))]), **names_of(at // 2))
        for at, traits in enumerate(several())
    ]
    own = bound("subject", *[("mine", str(at)) for at in range(10)])
    case = Case(Crowd(group), Crowd(REST), {"subject": own, "reply": bound("reply_to", "anna@d0.example")})
    assert case.is_one_content
    assert case.has_many_names
    assert judge(case).evidence_for == ()


def names_of(number: int) -> dict[str, Any]:
    return {key: value(number) for key, value in names().items()}


@pytest.mark.parametrize(
    ("changes", "bindings", "evidence"),
    [
        pytest.param(
            {"sender": lambda at: "u%d@example.com" % at},
            [SUBJECT, TEXT],
            ("20 senders write the same subject and text",),
            id="senders",
        ),
        pytest.param(
            {"sender": lambda at: "u%d@example.com" % at, "login": lambda at: "l%d" % (at % 10)},
            [SUBJECT, TEXT],
            ("10 logins write the same subject and text",),
            id="logins",
        ),
        pytest.param({"sender": lambda at: "u%d@example.com" % at}, [TEXT], (), id="only a text"),
        pytest.param({"sender": lambda at: "u%d@example.com" % (at % 3)}, [SUBJECT, TEXT], (), id="three senders"),
        pytest.param(
            {
                "sender": lambda at: "u%d@example.com" % (at // 2),
                "text_pieces": lambda at: frozenset([("t", str(at // 2)), ("u", str(at // 2))]),
            },
            [SUBJECT, bound("text", *[("t", str(at)) for at in range(10)])],
            (),
            id="a text for each sender",
        ),
    ],
)
def test_what_many_writers_have_in_common(
    changes: dict[str, Any], bindings: list[Binding], evidence: tuple[str, ...]
) -> None:
    assert judged(several(**{**WRITTEN, **changes}), bindings).evidence_for == evidence


ELSEWHERE = "its login sends other mail from elsewhere"
OWNER: dict[str, Any] = {"login": "max@example.com", "login_organisation": "example.com"}
HOME: dict[str, Any] = {**OWNER, "networks": ("203.0.113.0/24", "203.0.0.0/16")}


@pytest.mark.parametrize(
    ("group", "rest", "has_evidence"),
    [
        pytest.param(several(**OWNER), several(2, **HOME), True, id="from elsewhere"),
        pytest.param(several(**OWNER), several(1, **HOME), False, id="too little other mail"),
        pytest.param(several(**OWNER), several(2, **OWNER), False, id="from the same network"),
        pytest.param(several(**OWNER), several(2, **{**HOME, "networks": ()}), False, id="from no network"),
        pytest.param(
            several(**OWNER), several(2, **HOME) + several(2, login="anna"), False, id="from where colleagues send"
        ),
        pytest.param(several(), several(2, **HOME), False, id="no login"),
    ],
)
def test_a_login_that_sends_from_elsewhere(group: list[Traits], rest: list[Traits], has_evidence: bool) -> None:
    assert (ELSEWHERE in judged(group, rest=rest).evidence_for) is has_evidence


@pytest.mark.parametrize(
    ("rest", "evidence"),
    [
        pytest.param(
            others(script="latin"), ("its letters are cyrillic, and next to no other mail has those",), id="alone"
        ),
        pytest.param(others(script=lambda at: "latin" if at % 5 else "cyrillic"), (), id="as others"),
    ],
)
def test_letters_that_other_mail_does_not_have(rest: list[Traits], evidence: tuple[str, ...]) -> None:
    assert judged(several(script="cyrillic"), rest=rest) == Judgement(evidence, (), None)


def test_something_suspicious_with_two_kinds_of_content_is_possible() -> None:
    found = judged(several(is_odd_client=True), [SUBJECT, REPLY])
    assert found == Judgement(("its clients have no name of a mail server",), (), "possible")


def test_several_paths_on_own_hosts() -> None:
    paths = bound("url_path", ("offer", "x9"), ("claim", "y9"), first_share=0.4)
    assert SAME_PATH not in judged(several(hosts=hosts_of), [paths]).evidence_for
    assert SAME_PATH in judged(several(**LINKS), [paths]).evidence_for
