# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail of made-up queues: what an ordinary server sends and gets, and what a flood brings.

Pure: the same scene gives the same messages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Callable, Mapping, Sequence
from zlib import crc32

from tests.unit.support.queue_file import QueueFile, todo

HOUR = 3600
NOW = 1790000000


@dataclass(frozen=True)
class Letter:
    """One message of a queue, and whether it is spam."""

    sender: str
    recipients: Sequence[str]
    subject: str
    text: str
    age: float
    is_spam: bool = False
    client: tuple[str, str, str] | None = None
    """Address, name and HELO name."""
    login: str | None = None
    headers: Sequence[str] = ()
    reason: str = "450 4.2.0 Greylisted, please try again"
    stored: bytes | None = None
    """Headers and body, with line feeds, of a real message; then subject, text and headers are not used."""

    def queue_file(self) -> bytes:
        """Return the message as Postfix stores it."""
        address, name, helo = self.client or ("", "", "")
        origin = (
            ["log_client_name=" + name, "log_client_address=" + address, "log_helo_name=" + helo]
            if self.client
            else ["log_message_origin=local"]
        )
        headers, body = self._content()
        return QueueFile(
            sender=self.sender.encode(),
            recipients=todo(*(recipient.encode() for recipient in self.recipients)),
            before_sender=[b"sasl_username=" + self.login.encode()] if self.login else [],
            after_sender=[item.encode() for item in origin],
            headers=headers,
            body=body,
            arrival=b"%d 0" % (NOW - self.age),
        ).write()

    def _content(self) -> tuple[list[bytes], list[bytes]]:
        """Return the lines of the headers and of the body."""
        if self.stored is not None:
            head, _empty, body = self.stored.partition(b"\n\n")
            return head.split(b"\n"), body.split(b"\n")
        headers = ["To: <%s>" % self.recipients[0], "Subject: " + self.subject]
        if not any(line.startswith("From: ") for line in self.headers):
            headers.insert(0, "From: <%s>" % (self.sender or "MAILER-DAEMON"))
        return [line.encode() for line in (*headers, *self.headers)], self.text.encode().split(b"\n")

    def defer_log(self) -> bytes:
        """Return the defer log that Postfix keeps for it."""
        return "".join("recipient=%s\nreason=%s\n\n" % (address, self.reason) for address in self.recipients).encode()


@dataclass(frozen=True)
class World:
    """Where a scene plays: words, people, and domains."""

    own: str
    """The domain of the server's own users."""
    partners: Sequence[str]
    """Domains that exchange mail with it; each has a server of its own."""
    people: Sequence[str]
    words: Sequence[str]
    hours: float = 12.0
    """Since when mail waits."""

    def person(self, rng: random.Random) -> str:
        """Return a local part."""
        return "%s.%s" % (rng.choice(self.people), rng.choice(self.people))

    def sentence(self, rng: random.Random) -> str:
        """Return a line of text."""
        return " ".join(rng.choice(self.words) for _turn in range(rng.randint(5, 14))).capitalize() + "."

    def text(self, rng: random.Random, lines: int) -> str:
        """Return some lines of text, once to three times as many."""
        return "\n".join(self.sentence(rng) for _turn in range(rng.randint(lines, 3 * lines)))

    def topic(self, rng: random.Random) -> str:
        """Return a subject that a person would write."""
        return " ".join(rng.choice(self.words) for _turn in range(rng.randint(1, 6))).capitalize()

    def age(self, rng: random.Random) -> float:
        """Return how long a message has waited, in seconds."""
        return rng.uniform(60, self.hours * HOUR)

    def server(self, domain: str) -> tuple[str, str, str]:
        """Return the client that a domain sends from. Each domain is in a network of its own."""
        name = "mail.%s" % domain
        return network_address(crc32(domain.encode())), name, name


def network_address(number: int) -> str:
    """Return the address with that number, of 0 to 2**32 - 1, in one of the networks that all the mail of others comes from."""
    a, b, c, d = number.to_bytes(4, "big")
    # 198.18.0.0/15 and 100.64.0.0/10 are for no host of the Internet. 10.0.0.0/10 is left to the server's own users.
    first = ("198.%d" % (18 + b % 2), "100.%d" % (64 + b % 64), "10.%d" % (64 + b % 192))[a % 3]
    return "%s.%d.%d" % (first, c, d)


def any_address(rng: random.Random) -> str:
    """Return the address of anybody, among the others' servers."""
    return network_address(rng.getrandbits(32))


Maker = Callable[[World, random.Random], Letter]


@dataclass(frozen=True)
class Scene:
    """A queue with known truth: how many messages each maker gives."""

    name: str
    seed: int
    world: World
    makers: Mapping[Maker, int]
    is_flooded: bool = True

    def letters(self) -> list[Letter]:
        """Return the messages, shuffled."""
        return [letter for letter, _maker in self.labelled()]

    def labelled(self) -> list[tuple[Letter, str]]:
        """Return the messages, shuffled, each with the name of what made it."""
        rng = random.Random("%s/%d" % (self.name, self.seed))
        made = [
            (maker(self.world, rng), _name_of(maker))
            for maker, number in self.makers.items()
            for _turn in range(number)
        ]
        rng.shuffle(made)
        return made


def _name_of(maker: Maker) -> str:
    name: str = getattr(maker, "__qualname__", type(maker).__name__)
    return name.partition(".")[0].strip("_").replace("_", " ")


# --- what an ordinary server has ------------------------------------------------------------------------------------


def employee(world: World, rng: random.Random) -> Letter:
    """A user of the server writes to somebody, with the company's signature."""
    sender = "%s@%s" % (world.people[rng.randrange(min(25, len(world.people)))], world.own)
    text = "%s\n\n-- \nhttps://www.%s/\nhttps://www.social.example/%s" % (world.text(rng, 4), world.own, world.own)
    number = rng.randrange(200)
    return Letter(
        sender=sender,
        recipients=["%s@%s" % (world.person(rng), rng.choice(world.partners)) for _turn in range(rng.randint(1, 3))],
        subject=rng.choice(["", "", "Re: ", "Fwd: "]) + world.topic(rng),
        text=text,
        age=world.age(rng),
        client=("10.1.%d.%d" % (number // 50, number), "unknown", "[10.1.%d.%d]" % (number // 50, number)),
        login=sender,
    )


def incoming(world: World, rng: random.Random) -> Letter:
    """Somebody writes to a user of the server."""
    domain = rng.choice(world.partners)
    return Letter(
        sender="%s@%s" % (world.person(rng), domain),
        recipients=["%s@%s" % (rng.choice(world.people), world.own)],
        subject=rng.choice(["", "Re: ", "AW: "]) + world.topic(rng),
        text="%s\nhttps://www.%s/%s" % (world.text(rng, 3), domain, rng.choice(world.words)),
        age=world.age(rng),
        client=world.server(domain),
    )


def shop(world: World, rng: random.Random) -> Letter:
    """The shop confirms an order: one sender, one subject, one host."""
    number = rng.randrange(10**6)
    return Letter(
        sender="orders@shop.%s" % world.own,
        recipients=["%s@%s" % (world.person(rng), rng.choice(world.partners))],
        subject="Your order %06d has been shipped" % number,
        text="Thank you for your order.\nhttps://shop.%s/orders/%d\n%s" % (world.own, number, world.text(rng, 1)),
        age=world.age(rng),
        client=("10.2.0.5", "shop.%s" % world.own, "shop.%s" % world.own),
    )


def cron(world: World, rng: random.Random) -> Letter:
    """A server of one's own reports."""
    host = "web%02d.%s" % (rng.randrange(30), world.own)
    return Letter(
        sender="root@%s" % host,
        recipients=["operators@%s" % rng.choice(world.partners)],
        subject="Cron <root@%s> run-parts /etc/cron.daily" % host,
        text=world.text(rng, 1),
        age=world.age(rng),
        client=("10.3.0.%d" % rng.randrange(30), host, host),
    )


def bounce(world: World, rng: random.Random) -> Letter:
    """A notice to somebody."""
    domain = rng.choice(world.partners)
    return Letter(
        sender="",
        recipients=["%s@%s" % (world.person(rng), domain)],
        subject="Undelivered Mail Returned to Sender",
        text="This is the mail system.\n%s" % world.text(rng, 1),
        age=world.age(rng),
    )


def everyday(number: int) -> dict[Maker, int]:
    """Return the makers of about that many ordinary messages."""
    shares: dict[Maker, int] = {employee: 40, incoming: 42, shop: 10, cron: 4, bounce: 4}
    return {maker: number * share // 100 for maker, share in shares.items()}


def newsletter(*, sender: str, subject: str, hours: float, headers: Sequence[str] = ()) -> Maker:
    """Return the maker of a newsletter's messages: legitimate, many, and all at once."""

    def make(world: World, rng: random.Random) -> Letter:
        domain = sender.rpartition("@")[2]
        return Letter(
            sender=sender,
            recipients=[
                "%s@%s" % (world.person(rng), rng.choice(world.partners)) for _turn in range(rng.randint(1, 8))
            ],
            subject=subject,
            text="The same text for all readers.\nhttps://%s/issue/42\n" % domain * 12,
            age=hours * HOUR + rng.uniform(0, 600),
            client=("198.19.0.8", "out.%s" % domain, "out.%s" % domain),
            headers=headers or ("List-Id: <news.%s>" % domain, "List-Unsubscribe: <https://%s/leave>" % domain),
        )

    return make


def stranded(domain: str, *, kind: Maker, reason: str) -> Maker:
    """Return the maker of ordinary mail to a destination that is down."""

    def make(world: World, rng: random.Random) -> Letter:
        letter = kind(world, rng)
        recipients = ["%s@%s" % (recipient.rpartition("@")[0], domain) for recipient in letter.recipients]
        return Letter(**{**letter.__dict__, "recipients": recipients, "reason": reason})

    return make


def answering(world: World, rng: random.Random) -> Letter:
    """Somebody is away, says a program."""
    domain = rng.choice(world.partners)
    return Letter(
        sender=rng.choice(["", "%s@%s" % (world.person(rng), domain)]),
        recipients=["%s@%s" % (rng.choice(world.people), world.own)],
        subject="Automatic reply: " + world.topic(rng),
        text="I am out of the office.\n" + world.text(rng, 1),
        age=world.age(rng),
        client=world.server(domain),
        headers=["Auto-Submitted: auto-replied"],
    )


def mailing(world: World, rng: random.Random) -> Letter:
    """A list's message, with a sender for each reader."""
    domain = "lists.%s" % world.partners[0]
    reader = "%s%d" % (world.person(rng), rng.randrange(1000))
    return Letter(
        sender="dev-bounces+%s=%s@%s" % (reader, world.own, domain),
        recipients=["%s@%s" % (reader, world.own)],
        subject="Re: [dev] plan of the next release",
        text="https://%s/dev/thread\n%s" % (domain, world.text(rng, 2)),
        age=world.age(rng),
        client=("198.19.1.9", domain, domain),
        headers=["List-Id: <dev.%s>" % domain],
    )


def ordered(world: World, rng: random.Random) -> Letter:
    """A shop confirms an order through a mail service, which gives each message a sender of its own."""
    token = "%016x-%08x" % (rng.getrandbits(64), rng.getrandbits(32))
    return Letter(
        sender="%s@bounce.mailer.example" % token,
        recipients=["%s@%s" % (world.person(rng), world.own)],
        subject="Your order %06d has been received" % rng.randrange(10**6),
        text="https://mailer.example/track/%s\n%s" % (token, world.text(rng, 1)),
        age=world.age(rng),
        client=("198.19.2.%d" % rng.randrange(9), "a%d.mailer.example" % rng.randrange(9), "a.mailer.example"),
    )


def invitation(world: World, rng: random.Random) -> Letter:
    """The office writes to everybody at once, and no program says that it is a list."""
    sender = "office@%s" % world.own
    return Letter(
        sender=sender,
        recipients=["%s@%s" % (world.person(rng), rng.choice(world.partners))],
        subject="Invitation to the summer party",
        text="Dear parents,\nhttps://www.%s/party" % world.own,
        age=HOUR + rng.uniform(0, 300),
        client=("10.1.0.5", "unknown", "[10.1.0.5]"),
        login=sender,
    )


# --- floods ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flood:
    """What a flood's messages have in common; each format takes words as {w} and numbers as {n}."""

    start: float
    """Hours ago."""
    hours: float
    subjects: Sequence[str]
    lines: Sequence[str]
    reason: str = Letter.reason
    filler: int = 1
    recipients: tuple[int, int] = (1, 1)
    targets: Sequence[str] = field(default_factory=tuple)
    """Domains of the recipients, by default the partners'."""

    def text(self, pattern: str, world: World, rng: random.Random) -> str:
        """Return a text of that pattern."""
        return pattern.format(
            w=rng.choice(world.words), v=rng.choice(world.words), n=rng.randrange(10**6), h=hex(rng.getrandbits(40))[2:]
        )

    def letter(
        self,
        world: World,
        rng: random.Random,
        *,
        sender: str,
        client: tuple[str, str, str] | None,
        login: str | None = None,
    ) -> Letter:
        """Return a message of the flood."""
        lines = [self.text(line, world, rng) for line in self.lines]
        targets = self.targets or world.partners
        return Letter(
            sender=sender,
            recipients=[
                "%s%d@%s" % (world.person(rng), n, rng.choice(targets)) for n in range(rng.randint(*self.recipients))
            ],
            subject=self.text(rng.choice(self.subjects), world, rng),
            text="\n".join([*lines, world.text(rng, self.filler)]),
            age=self.start * HOUR - rng.uniform(0, self.hours * HOUR),
            is_spam=True,
            client=client,
            login=login,
            reason=self.reason,
        )


def stolen(flood: Flood, *, login: str, senders: str, networks: int) -> Maker:
    """Return the maker of what comes through a stolen account, from so many networks. senders: their pattern."""

    def make(world: World, rng: random.Random) -> Letter:
        number = rng.randrange(networks)
        network = network_address(crc32(b"%s %d" % (login.encode(), number))).rpartition(".")[0]
        client = ("%s.%d" % (network, rng.randrange(250)), "unknown", "host%d" % number)
        return flood.letter(world, rng, sender=flood.text(senders, world, rng), client=client, login=login)

    return make


def backscatter(flood: Flood, *, victim: str) -> Maker:
    """Return the maker of notices to somebody whose address was forged."""

    def make(world: World, rng: random.Random) -> Letter:
        domain = rng.choice(world.partners)
        letter = flood.letter(world, rng, sender="", client=world.server(domain))
        return Letter(**{**letter.__dict__, "recipients": [victim]})

    return make


def botnet(flood: Flood, *, senders: str, named: float) -> Maker:
    """Return the maker of what a botnet sends. named: the share of its clients that have a name."""

    def make(world: World, rng: random.Random) -> Letter:
        address = any_address(rng)
        b, c = rng.randrange(250), rng.randrange(250)
        access = "dyn-%s.%s.example" % (address.replace(".", "-"), rng.choice(world.words))
        name = access if rng.random() < named else "unknown"
        client = (address, name, rng.choice(["localhost", "[192.168.0.%d]" % c, "win-%d" % b, access]))
        return flood.letter(world, rng, sender=flood.text(senders, world, rng), client=client)

    return make


def one_host(flood: Flood, *, senders: str, address: str, name: str) -> Maker:
    """Return the maker of what a spammer's own server sends."""

    def make(world: World, rng: random.Random) -> Letter:
        return flood.letter(world, rng, sender=flood.text(senders, world, rng), client=(address, name, name))

    return make
