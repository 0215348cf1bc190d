# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mixtures of spam and ham: the same name, count and seed give the same messages.

Pure: values in, values out.  It also runs inside the lab's hosts, so it needs no more than Python 3.9.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

STOLEN_ACCOUNT = "stolen@example.test"
FORGED_ADDRESS = "office@example.com"
BOTNET_PATH = "/offer/7f3a/claim.php"
BULK_PHRASE = "the prize that was set aside for you"

# The domain of the senders of all bulk spam, and of nobody else.
BULK_SPAM_DOMAIN = "spam.example.net"

# Domains that the lab's sink answers the same in every mode.
ACCEPTED_DOMAIN = "accept.example.org"
REJECTED_DOMAIN = "reject.example.org"

# The selection that is exactly the spam of the "incident" mixture, in the collection's own rule language.
SPAM_MATCH: tuple[dict[str, Any], ...] = (
    {"sasl_username": STOLEN_ACCOUNT},
    {"sender": "<>", "recipient": FORGED_ADDRESS},
    {"body": BOTNET_PATH},
    {"sender": ["badexample.com", "sub.example.com"]},
)
SPAM_EXCLUDE: tuple[dict[str, Any], ...] = ({"sender": STOLEN_ACCOUNT},)

SPAM, HAM = "spam", "ham"
SMTP, SUBMISSION, LOCAL, BOUNCE = "smtp", "submission", "local", "bounce"


@dataclass(frozen=True)
class Client:
    """Whom a host sees at the other end, by way of XCLIENT; no name where there is no reverse name."""

    address: str
    name: str | None
    helo: str


@dataclass(frozen=True)
class Message:
    """A message to be sent; addresses as they stand on the wire, "" for the null sender, the text with bare LF."""

    verdict: str
    kind: str
    origin: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    text: bytes
    client: Client | None = None
    sasl_username: str | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """The recipients that a sink in its first mode leaves in the queue."""
        gone = (f"@{ACCEPTED_DOMAIN}", f"@{REJECTED_DOMAIN}")
        return tuple(recipient for recipient in self.recipients if not recipient.endswith(gone))

    @property
    def body(self) -> bytes:
        return self.text.partition(b"\n\n")[2]


@dataclass(frozen=True)
class Record:
    """What is known of a message that was sent: where it is, what it is, and what must be found in it."""

    queue_id: str
    verdict: str
    kind: str
    origin: str
    sender: str
    recipients: tuple[str, ...]
    pending: tuple[str, ...]
    sasl_username: str | None
    client_address: str | None
    client_name: str | None
    helo_name: str | None
    subject: str | None
    message_id: str
    size: int | None
    body_sha256: str | None

    @property
    def is_spam(self) -> bool:
        return self.verdict == SPAM

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["class"] = values.pop("verdict")
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Record:
        known = dict(values)
        known["verdict"] = known.pop("class")
        known["recipients"] = tuple(known["recipients"])
        known["pending"] = tuple(known["pending"])
        return cls(**known)


def record_of(message: Message, queue_id: str) -> Record:
    """Return the record of a message that was sent as it is."""
    client = message.client
    return Record(
        queue_id=queue_id,
        verdict=message.verdict,
        kind=message.kind,
        origin=message.origin,
        sender=message.sender,
        recipients=message.recipients,
        pending=message.pending,
        sasl_username=message.sasl_username,
        client_address=client.address if client else None,
        client_name=client.name if client else None,
        helo_name=client.helo if client else None,
        subject=message.subject,
        message_id=message.message_id,
        size=len(message.text),
        body_sha256=hashlib.sha256(message.body).hexdigest(),
    )


def record_of_notice(message: Message, *, queue_id: str, message_id: str) -> Record:
    """Return the record of the notice that Postfix itself made because a message was refused."""
    return Record(
        queue_id=queue_id,
        verdict=message.verdict,
        kind=message.kind,
        origin=BOUNCE,
        sender="",
        recipients=(message.sender,),
        pending=(message.sender,),
        sasl_username=None,
        client_address=None,
        client_name=None,
        helo_name=None,
        subject=None,
        message_id=message_id,
        size=None,
        body_sha256=None,
    )


# ---- words, people, places ------------------------------------------------------------------------------------

VOCABULARY = """
account address answer autumn balance bridge budget chapter coffee concert contract corner course delivery detail dinner
document engine evening figure garden harbour history invoice island journey kitchen letter library market meeting
minute morning mountain number office order paper parcel picture planet platform project question report river school
season service signal station story street summer table ticket travel village weather window winter
"""
NAMES = """
anna ben carla david elena finn greta hugo ines jonas katja lars mira nils olga paul rosa sven tina uwe
adler berg conti dupont eriksen fischer garcia hansen ivanova jansen kowalski larsen moreau novak olsen
"""
_WORDS = VOCABULARY.split()
_FIRST, _LAST = (line.split() for line in NAMES.strip().splitlines())


def _person(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}"


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choice(_WORDS) for _turn in range(rng.randint(6, 14))).capitalize() + "."


def _paragraphs(rng: random.Random, count: int) -> str:
    return "\n\n".join("\n".join(_sentence(rng) for _turn in range(rng.randint(3, 6))) for _turn in range(count)) + "\n"


def _destination(rng: random.Random) -> str:
    return f"{_person(rng)}@dest{rng.randrange(30)}.example.org"


def _destinations(rng: random.Random, count: int) -> tuple[str, ...]:
    return tuple(f"{_person(rng)}{n}@dest{rng.randrange(30)}.example.org" for n in range(count))


def _customer(rng: random.Random) -> str:
    return f"{_person(rng)}@example.com"


def _server(rng: random.Random, domain: str) -> Client:
    """A real mail server: its name, its greeting and its address agree."""
    number = rng.randrange(8)
    name = f"mx{number}.{domain}"
    return Client(f"203.0.113.{10 + number}", name, name)


def _workplace(number: int) -> Client:
    return Client(f"10.20.30.{number}", f"pc{number}.office.example.com", f"[10.20.30.{number}]")


def _zombie(rng: random.Random) -> Client:
    number = rng.randrange(24)
    if number < 6:
        return Client(f"2001:db8:bad::{number + 1:x}", None, "localhost")
    return Client(f"192.0.2.{number}", f"dyn-{number}.dialup.example.net", f"[192.168.1.{number}]")


def _foreign_host(rng: random.Random) -> Client:
    number = rng.randrange(20)
    return Client(f"198.51.100.{100 + number}", None, f"win-{number:02d}")


# ---- kinds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Draft:
    """What tells one kind from another; build() adds what all messages have."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    body: bytes
    client: Client | None = None
    sasl_username: str | None = None
    headers: tuple[str, ...] = ()
    origin: str = SMTP


def _plain(text: str) -> bytes:
    return text.encode("ascii")


def _stolen_account(rng: random.Random) -> _Draft:
    return _Draft(
        sender=f"{rng.choice(_WORDS)}{rng.randrange(1000)}@{rng.choice(_WORDS)}.example.net",
        recipients=tuple(f"{_person(rng)}{n}@victim{rng.randrange(60)}.example.org" for n in range(rng.randint(8, 12))),
        subject=f"Your invoice {rng.randrange(10**6):06d} is overdue",
        body=_plain(f"Dear customer,\n\nyour {rng.choice(_WORDS)} is overdue. Pay now.\n\n{_paragraphs(rng, 1)}"),
        client=_foreign_host(rng),
        sasl_username=STOLEN_ACCOUNT,
        origin=SUBMISSION,
    )


def _stolen_owner(rng: random.Random) -> _Draft:
    return _Draft(
        sender=STOLEN_ACCOUNT,
        recipients=_destinations(rng, rng.randint(1, 2)),
        subject=f"The {rng.choice(_WORDS)} you asked for",
        body=_plain(_paragraphs(rng, 2)),
        client=_workplace(7),
        sasl_username=STOLEN_ACCOUNT,
        origin=SUBMISSION,
    )


def _backscatter(rng: random.Random) -> _Draft:
    subjects = ("Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)", "failure notice")
    domain = f"dest{rng.randrange(30)}.example.org"
    return _Draft(
        sender="",
        recipients=(FORGED_ADDRESS,),
        subject=rng.choice(subjects),
        body=_plain(f"I'm sorry to have to inform you that your message\ncould not reach {_person(rng)}@{domain}.\n"),
        client=_server(rng, domain),
        headers=("Auto-Submitted: auto-replied",),
    )


def _offer(rng: random.Random) -> str:
    host = f"{rng.choice(_WORDS)}{rng.randrange(100)}.example.net"
    return f"{_sentence(rng)}\n\nhttp://{host}{BOTNET_PATH}?id={rng.getrandbits(32):08x}\n\n{_sentence(rng)}\n"


def _botnet(rng: random.Random) -> _Draft:
    return _Draft(
        sender=f"{_person(rng)}{rng.randrange(10**5)}@{rng.choice(_WORDS)}{rng.randrange(100)}.example.net",
        recipients=tuple(_customer(rng) for _turn in range(rng.randint(1, 3))),
        subject=f"{rng.choice(_WORDS)} {rng.choice(_WORDS)} {rng.randrange(100)}%",
        body=_plain(_offer(rng)),
        client=_zombie(rng),
    )


def _botnet_base64(rng: random.Random) -> _Draft:
    draft = _botnet(rng)
    return _Draft(
        sender=draft.sender,
        recipients=draft.recipients,
        subject=draft.subject,
        body=base64.encodebytes(draft.body),
        client=draft.client,
        headers=_mime("base64"),
    )


def _neighbour(rng: random.Random) -> _Draft:
    domain = rng.choice(("badexample.com", "sub.example.com"))
    return _Draft(
        sender=f"{_person(rng)}@{domain}",
        recipients=_destinations(rng, rng.randint(1, 4)),
        subject=f"Cheap {rng.choice(_WORDS)} today",
        body=_plain(_paragraphs(rng, 1)),
        client=Client("203.0.113.99", f"mail.{domain}", f"mail.{domain}"),
    )


def _example_com(rng: random.Random) -> _Draft:
    return _Draft(
        sender=_customer(rng),
        recipients=_destinations(rng, rng.randint(1, 3)),
        subject=f"{rng.choice(_WORDS)} and {rng.choice(_WORDS)}",
        body=_plain(_paragraphs(rng, rng.randint(1, 4))),
        client=_workplace(rng.randint(20, 25)),
        sasl_username=f"user{rng.randint(1, 2)}@example.test",
        origin=SUBMISSION,
    )


def _inbound(rng: random.Random) -> _Draft:
    sender = _destination(rng)
    recipient = FORGED_ADDRESS if rng.randrange(10) == 0 else _customer(rng)
    return _Draft(
        sender=sender,
        recipients=(recipient,),
        subject=f"Re: {rng.choice(_WORDS)} of the {rng.choice(_WORDS)}",
        body=_plain(_paragraphs(rng, rng.randint(1, 4))),
        client=_server(rng, sender.rpartition("@")[2]),
    )


def _newsletter(rng: random.Random) -> _Draft:
    return _Draft(
        sender="news@lists.example.edu",
        recipients=tuple(f"reader{n}.{rng.randrange(10**5)}@example.com" for n in range(rng.randint(20, 40))),
        subject=f"The {rng.choice(_WORDS)} newsletter",
        body=_plain(_paragraphs(rng, 5)),
        client=Client("203.0.113.50", "lists.example.edu", "lists.example.edu"),
        headers=("List-Id: <news.lists.example.edu>", "Precedence: bulk"),
    )


def _letter(rng: random.Random, **changes: Any) -> _Draft:
    """An ordinary letter, except for what is said."""
    sender = changes.pop("sender", None) or _destination(rng)
    values: dict[str, Any] = {
        "sender": sender,
        "recipients": (_customer(rng),),
        "subject": f"About the {rng.choice(_WORDS)}",
        "body": _plain(_paragraphs(rng, 2)),
        "client": _server(rng, "dest1.example.org"),
    }
    return _Draft(**{**values, **changes})


def _mime(encoding: str, charset: str = "utf-8") -> tuple[str, ...]:
    content_type = f"Content-Type: text/plain; charset={charset}"
    return ("MIME-Version: 1.0", content_type, f"Content-Transfer-Encoding: {encoding}")


_UMLAUTS = "Grüße aus Köln: die Übersicht für März, größer als früher.\n"


def _smtputf8(rng: random.Random) -> _Draft:
    return _letter(rng, sender="jürgen@bücher.example", recipients=("зоя@пример.example", _customer(rng)))


def _quoted_local(rng: random.Random) -> _Draft:
    return _letter(rng, sender='"john doe"@example.com', recipients=('"mary jane"@dest2.example.org',))


def _mailer_daemon(rng: random.Random) -> _Draft:
    return _letter(rng, sender="MAILER-DAEMON@mail.example.org", subject="A person named MAILER-DAEMON")


def _mailer_daemon_bare(rng: random.Random) -> _Draft:
    return _letter(rng, sender="MAILER-DAEMON", subject="A sender without a domain")


def _encoded_subject(rng: random.Random) -> _Draft:
    word = base64.b64encode(f"Grüße {rng.choice(_WORDS)}".encode()).decode()
    return _letter(rng, subject=f"=?utf-8?b?{word}?= =?iso-8859-1?q?f=FCr_alle?=")


def _base64(rng: random.Random) -> _Draft:
    return _letter(rng, body=base64.encodebytes((_UMLAUTS + _paragraphs(rng, 2)).encode()), headers=_mime("base64"))


def _quoted_printable(rng: random.Random) -> _Draft:
    body = quopri.encodestring((_UMLAUTS + _paragraphs(rng, 1)).encode())
    return _letter(rng, body=body, headers=_mime("quoted-printable"))


def _eight_bit(rng: random.Random) -> _Draft:
    body = (_UMLAUTS + _paragraphs(rng, 1)).encode("iso-8859-1")
    return _letter(rng, body=body, headers=_mime("8bit", "iso-8859-1"))


def _long_line(rng: random.Random) -> _Draft:
    line = " ".join(rng.choice(_WORDS) for _turn in range(1000))
    return _letter(rng, body=_plain(f"before\n{line}\nafter\n"))


def _big(rng: random.Random) -> _Draft:
    payload = base64.encodebytes(rng.getrandbits(8 * 760 * 1024).to_bytes(760 * 1024, "big"))
    return _letter(rng, body=payload, headers=_mime("base64"))


def _partly_delivered(rng: random.Random) -> _Draft:
    recipients = (f"{_person(rng)}@{ACCEPTED_DOMAIN}", _destination(rng), f"second@{ACCEPTED_DOMAIN}", _customer(rng))
    return _letter(rng, recipients=recipients)


def _local(rng: random.Random) -> _Draft:
    return _letter(
        rng,
        sender="cron@example.com",
        recipients=(f"{rng.choice(_FIRST)}@dest{rng.randrange(30)}.example.org",),
        subject=f"Cron <root@{rng.choice(_WORDS)}> run-parts",
        client=None,
        origin=LOCAL,
    )


def _bounce(rng: random.Random) -> _Draft:
    return _letter(rng, recipients=(f"nobody{rng.randrange(1000)}@{REJECTED_DOMAIN}",), origin=BOUNCE)


def _bulk(rng: random.Random, **changes: Any) -> _Draft:
    count = int(rng.uniform(1, 19.4))  # 9.7 on average, as in the queues that were measured
    recipients = (f"user{rng.randrange(10**5)}@dest{rng.randrange(2000)}.example.org" for _turn in range(count))
    return _letter(rng, recipients=tuple(recipients), **changes)


def _bulk_ham(rng: random.Random) -> _Draft:
    return _bulk(rng, sender=f"{_person(rng)}@sender{rng.randrange(200)}.example.com")


def _bulk_spam(rng: random.Random) -> _Draft:
    return _bulk(
        rng,
        sender=f"offer{rng.randrange(500)}@{BULK_SPAM_DOMAIN}",
        body=_plain(f"{_sentence(rng)}\nHere is {BULK_PHRASE}.\n{_paragraphs(rng, 2)}"),
        client=_zombie(rng),
    )


@dataclass(frozen=True)
class _Kind:
    verdict: str
    draft: Callable[[random.Random], _Draft]


KINDS: dict[str, _Kind] = {
    "stolen-account": _Kind(SPAM, _stolen_account),
    "backscatter": _Kind(SPAM, _backscatter),
    "botnet": _Kind(SPAM, _botnet),
    "botnet-base64": _Kind(SPAM, _botnet_base64),
    "neighbour": _Kind(SPAM, _neighbour),
    "stolen-owner": _Kind(HAM, _stolen_owner),
    "example-com": _Kind(HAM, _example_com),
    "inbound": _Kind(HAM, _inbound),
    "newsletter": _Kind(HAM, _newsletter),
    "smtputf8": _Kind(HAM, _smtputf8),
    "quoted-local": _Kind(HAM, _quoted_local),
    "mailer-daemon": _Kind(HAM, _mailer_daemon),
    "mailer-daemon-bare": _Kind(HAM, _mailer_daemon_bare),
    "encoded-subject": _Kind(HAM, _encoded_subject),
    "base64": _Kind(HAM, _base64),
    "quoted-printable": _Kind(HAM, _quoted_printable),
    "eight-bit": _Kind(HAM, _eight_bit),
    "long-line": _Kind(HAM, _long_line),
    "big": _Kind(HAM, _big),
    "partly-delivered": _Kind(HAM, _partly_delivered),
    "local": _Kind(HAM, _local),
    "bounce": _Kind(HAM, _bounce),
    "bulk-spam": _Kind(SPAM, _bulk_spam),
    "bulk-ham": _Kind(HAM, _bulk_ham),
}

# What a mixture holds a few of whatever its size: they are there for what they are, not for their number.
_ODD = {
    "smtputf8": 2,
    "quoted-local": 2,
    "mailer-daemon": 2,
    "mailer-daemon-bare": 2,
    "encoded-subject": 2,
    "base64": 2,
    "quoted-printable": 2,
    "eight-bit": 2,
    "long-line": 2,
    "big": 1,
    "partly-delivered": 2,
    "bounce": 2,
    "local": 2,
    "stolen-owner": 2,
}


@dataclass(frozen=True)
class Mixture:
    """Fixed numbers of some kinds, and shares of what is left for others."""

    fixed: Mapping[str, int]
    shares: Mapping[str, int]


MIXTURES: dict[str, Mixture] = {
    "incident": Mixture(
        fixed=_ODD,
        shares={
            "stolen-account": 30,
            "backscatter": 20,
            "botnet": 12,
            "botnet-base64": 3,
            "neighbour": 5,
            "example-com": 12,
            "inbound": 15,
            "newsletter": 2,
            "local": 1,
        },
    ),
    "ham": Mixture(fixed=_ODD, shares={"example-com": 40, "inbound": 55, "newsletter": 5}),
    "odd": Mixture(fixed={}, shares=dict.fromkeys(_ODD, 1)),
    "benchmark": Mixture(fixed={}, shares={"bulk-spam": 40, "bulk-ham": 60}),
    "emergency": Mixture(fixed={}, shares={"bulk-spam": 80, "bulk-ham": 20}),
}


def _shared_out(shares: Mapping[str, int], count: int) -> Iterator[str]:
    """Yield kinds by largest remainder, so that the numbers are exact and every share that fits is there."""
    total = sum(shares.values())
    numbers = {kind: count * share // total for kind, share in shares.items()}
    by_remainder = sorted(shares, key=lambda kind: count * shares[kind] % total, reverse=True)
    for kind in by_remainder[: count - sum(numbers.values())]:
        numbers[kind] += 1
    for kind, number in numbers.items():
        yield from [kind] * number


def _kinds_of(mixture: Mixture, count: int) -> list[str]:
    fixed = [kind for kind, number in mixture.fixed.items() for _turn in range(number)]
    if count < len(fixed):
        raise ValueError(f"this mixture needs at least {len(fixed)} messages")
    return fixed + list(_shared_out(mixture.shares, count - len(fixed)))


def _build(kind: str, *, number: int, name: str, seed: int) -> Message:
    rng = random.Random(f"{name}/{seed}/{number}/{kind}")
    draft = KINDS[kind].draft(rng)
    message_id = f"<{seed}.{number}.{kind}@{name}.example.test>"
    headers = (
        f"From: {draft.sender or 'Mail Delivery System <MAILER-DAEMON@mail.example.org>'}",
        f"To: {draft.recipients[0]}",
        f"Subject: {draft.subject}",
        f"Message-ID: {message_id}",
        "Date: Fri, 02 Jan 2026 03:04:05 +0000",
        *draft.headers,
    )
    return Message(
        verdict=KINDS[kind].verdict,
        kind=kind,
        origin=draft.origin,
        sender=draft.sender,
        recipients=tuple(dict.fromkeys(draft.recipients)),  # Postfix would drop a duplicate
        subject=draft.subject,
        message_id=message_id,
        text="\n".join(headers).encode() + b"\n\n" + draft.body,
        client=draft.client,
        sasl_username=draft.sasl_username,
    )


def _with_ipv4_client(message: Message) -> Message:
    """Return the message as if an IPv6 client had come from an IPv4 address of the same kind."""
    client = message.client
    if client is None or ":" not in client.address:
        return message
    address = f"192.0.2.{200 + int(client.address.rpartition(':')[2], 16)}"
    return replace(message, client=replace(client, address=address))


def messages(name: str, *, count: int, seed: int, ipv6: bool = True) -> list[Message]:
    """Return a mixture's messages, shuffled; raise ValueError for an unknown name or too small a count.

    Where a machine has no IPv6, its Postfix takes no IPv6 client either, not even by XCLIENT.
    """
    if name not in MIXTURES:
        raise ValueError(f"no mixture {name!r}; there are: {', '.join(sorted(MIXTURES))}")
    kinds = _kinds_of(MIXTURES[name], count)
    random.Random(f"{name}/{seed}").shuffle(kinds)
    built = [_build(kind, number=number, name=name, seed=seed) for number, kind in enumerate(kinds)]
    return built if ipv6 else [_with_ipv4_client(message) for message in built]
