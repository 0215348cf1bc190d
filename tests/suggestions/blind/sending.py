# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put letters into the queue of a place: where they came from, where they go, and why they wait."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.suggestions.blind.places import FREEMAIL, Place, server
from tests.suggestions.blind.writing import Draft, Way, send
from tests.suggestions.letters import HOUR, Letter


def reason(place: Place, rng: random.Random, recipient: str) -> str:
    """Return why mail to that recipient waits."""
    if place.inbound:
        return rng.choice(
            (
                "connect to %s: Connection timed out" % place.inbound,
                "connect to %s: Connection refused" % place.inbound,
                "delivery temporarily suspended: lost connection with %s while receiving the initial server greeting"
                % place.inbound.rpartition(":")[0],
                "host %s said: 452 4.2.2 <%s> Mailbox is full (in reply to RCPT TO command)"
                % (place.inbound.rpartition(":")[0], recipient),
                "host %s said: 451 4.3.0 <%s> Temporary internal error (in reply to end of DATA command)"
                % (place.inbound.rpartition(":")[0], recipient),
            )
        )
    domain = recipient.rpartition("@")[2]
    if domain in place.domains or domain.endswith("." + place.own):
        return rng.choice(_AT_HOME) % recipient
    address, name, _helo = server(domain, rng.randint(0, 3) if domain in FREEMAIL else 0)
    peer = "%s[%s]" % (name if name != "unknown" else "mx." + domain, address)
    if domain in FREEMAIL and rng.random() < 0.5:
        return (
            "host %s said: 421 4.7.0 %s Try again later, messages from this address were temporarily deferred (in reply to MAIL FROM command)"
            % (peer, domain)
        )
    # A small domain is slow in its own way.
    habit = random.Random("reason of " + domain).randint(0, 6) if domain not in FREEMAIL else rng.randint(0, 6)
    return (
        "host %s said: 450 4.2.0 <%s>: Recipient address rejected: Greylisted, please retry in %d seconds (in reply to RCPT TO command)"
        % (peer, recipient, rng.randint(60, 300)),
        "connect to %s:25: Connection timed out" % peer,
        "connect to %s:25: Connection refused" % peer,
        "Host or domain name not found. Name service error for name=%s type=MX: Host not found, try again" % domain,
        "host %s said: 452 4.2.2 <%s>: Mailbox full (in reply to RCPT TO command)" % (peer, recipient),
        "lost connection with %s while receiving the initial server greeting" % peer,
        "host %s said: 451 4.7.1 Service unavailable - try again later (in reply to end of DATA command)" % peer,
    )[habit]


_AT_HOME = (
    "delivery temporarily suspended: connect to 127.0.0.1[127.0.0.1]:10024: Connection refused (%s)",
    "host store[private/lmtp] said: 452 4.2.2 <%s> Quota exceeded (mailbox for user is full) (in reply to end of DATA command)",
    "temporary failure. Command output: lda: Fatal: %s: lookup failed temporarily",
)


def mailbox(place: Place, address: str) -> str:
    """Return where mail to that address goes."""
    if not place.forwards or address.rpartition("@")[2] not in place.domains:
        return address
    own = random.Random("mailbox of " + address)
    return "%s%d@%s" % (address.partition("@")[0], own.randint(1, 99), FREEMAIL[int(len(FREEMAIL) * own.random() ** 2)])


def queue(
    place: Place,
    rng: random.Random,
    draft: Draft,
    client: tuple[str, str, str] | None,
    *,
    login: str | None = None,
    user_id: int = 0,
    hours: tuple[float, float] | None = None,
    why: str = "",
    is_spam: bool = False,
) -> Letter:
    """Return the letter. hours: between how many hours ago it came; why: the reason, if it is not an ordinary one."""
    boxes = [mailbox(place, address) for address in draft.recipients]
    if boxes != list(draft.recipients):
        draft = replace(draft, recipients=boxes, to=draft.to or draft.recipients[0])
    age = rng.uniform(*hours) * HOUR if hours else place.age(rng)
    way = Way(place.host, age, why or reason(place, rng, boxes[0]), client, login, user_id, is_spam)
    return send(draft, way, rng)
