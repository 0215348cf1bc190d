# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods of mail that others' spam causes, mail bombs, and an open relay."""

from __future__ import annotations

import random

from tests.suggestions.blind_two.compose import Body, Route, named, number_of, pick, post, token
from tests.suggestions.blind_two.hosts import (
    EN,
    EVERY,
    FREEMAIL,
    OTHERS,
    PLANT,
    RELAY,
    TOWN,
    WEB,
    Host,
    correspondent,
    server,
)
from tests.suggestions.blind_two.languages import spun
from tests.suggestions.blind_two.ordinary import dsn, html_of, made_by, ordinary
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import HOUR, Letter

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SITES = tuple(
    "%s%s.%s" % (start, end, top)
    for top in ("example", "test")
    for start in ("moda", "auto", "casa", "foto", "game", "kids", "bike", "tea", "dog", "jazz")
    for end in ("world", "point", "ly", "zentrum", "club", "plus")
)

# --- bounces to one address ------------------------------------------------------------------------------------------


def _bounces(host: Host, rng: random.Random) -> Letter:
    victim = host.account("ridgeway-estates.test", 17)
    _name, failed = correspondent(rng, rng.choice(EVERY).tongues[0])
    domain = failed.partition("@")[2]
    subject = spun(
        rng, "[Exclusive|VIP|Private] [casino|betting|poker] [bonus|club|invitation] [for|-] [you|$500|200 free spins]"
    )
    returned = (
        "Received: from [10.%d.%d.%d]\nFrom: <%s>\nTo: <%s>\nSubject: %s\nMessage-ID: <%s@ridgeway-estates.test>"
        % (rng.randint(1, 250), rng.randint(1, 250), rng.randint(1, 250), victim, failed, subject, token(rng, 20))
    )
    return dsn(
        rng,
        to=victim,
        failed=failed,
        route=host.arrival(domain, rng.randint(0, 13)),
        age=rng.uniform(0, 10 * HOUR),
        returned=returned,
        is_spam=True,
    )


# --- answers to made-up addresses of one domain ----------------------------------------------------------------------

_AWAY = (
    (
        "Automatische Antwort",
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum {n}. nicht im Büro. Ihre E-Mail wird nicht weitergeleitet.",
    ),
    (
        "Automatic reply",
        "Thank you for your message. I am out of the office until the {n}th and will answer when I am back.",
    ),
    ("Réponse automatique", "Je suis absent jusqu'au {n}. Votre message ne sera pas transféré."),
    ("Respuesta automática", "Estoy de vacaciones hasta el día {n}. Responderé a mi vuelta."),
    (
        "We have received your request [#{n}]",
        "Thank you for contacting us. Your request has number {n}. An agent will answer within two days.",
    ),
    ("Ihre Anfrage {n}", "Ihre Anfrage ist bei uns eingegangen und wird unter {n} bearbeitet."),
)
_CHALLENGE = (
    "[Hello|Hi],\n\n[this is an automatic message|I protect my mailbox from spam]. [Your message to|The "
    "message that you sent to] %s [is on hold|was held|waits].\n[To deliver it|To prove that you are a "
    "person], "
    "[click here|open this page|visit]: https://%s/confirm/%s\n\n[You need to do this only once.|Thank you.]"
)


def _answers(host: Host, rng: random.Random) -> Letter:
    tongue = rng.choice(EVERY).tongues[0]
    name, sender = correspondent(rng, tongue)
    domain = sender.partition("@")[2]
    made_up = "%s%s@yogahafen.test" % (
        token(rng, rng.randint(3, 6), "bcdfglmnprstv"),
        rng.choice(("a", "er", "ine", "o", "ski", "y")) + rng.choice(("", str(rng.randint(1, 99)))),
    )
    original = spun(
        rng,
        rng.choice(
            (
                "[Replica|Swiss|Luxury] [watches|bags] [sale|80% off]",
                "[Rolex|Omega] [copies|replicas] [cheap|in stock]",
                "[Designer|Brand] [outlet|watches] [today|-70%]",
            )
        ),
    )
    age = rng.uniform(0, 22 * HOUR)
    kind = rng.random()
    if kind < 0.35:
        return dsn(
            rng,
            to=made_up,
            failed=sender,
            route=host.arrival(domain, rng.randint(0, 13)),
            age=age,
            returned="From: <%s>\nSubject: %s" % (made_up, original),
            is_spam=True,
        )
    if kind < 0.55:
        return post(
            rng,
            sender="" if rng.random() < 0.5 else "challenge@" + domain,
            to=[made_up],
            subject=rng.choice(("Please confirm your message: ", "[verify] Re: ", "Action needed: ")) + original,
            body=Body(
                spun(rng, _CHALLENGE)
                % (sender, pick(("spamwall.example", "quarantine.test", "askfirst.invalid"), domain), token(rng, 20))
            ),
            age=age,
            route=host.arrival(domain),
            author=named(name, sender),
            is_spam=True,
        )
    title, text = _answer_of(domain)
    title = title.replace("{n}", str(rng.randint(2, 30))) + ": " + original
    return post(
        rng,
        sender="" if kind < 0.8 else sender,
        to=[made_up],
        subject=title,
        body=Body(text.replace("{n}", str(rng.randint(2, 30))) + "\n\n" + name),
        age=age,
        route=host.arrival(domain, rng.randint(0, 13)),
        author=named(name, sender),
        headers=["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"],
        is_spam=True,
    )


def _answer_of(domain: str) -> tuple[str, str]:
    """Return title and text of the automatic answer of a domain."""
    return _AWAY[number_of(domain) // 5 % len(_AWAY)]


# --- a mail bomb -----------------------------------------------------------------------------------------------------

_WELCOMES = (
    ("Confirm your subscription", "Thank you for subscribing to {s}! Please confirm:\n{l}"),
    ("Welcome to {s}!", "Your account {u} has been created. Activate it here: {l}\nSee you soon!"),
    (
        "Bitte bestätigen Sie Ihre Anmeldung",
        "Sie haben sich für den Newsletter von {s} angemeldet. Zum Abschließen klicken Sie bitte hier: {l}",
    ),
    ("Confirmez votre inscription à {s}", "Merci de votre inscription. Un dernier clic : {l}"),
    ("{s}: activa tu cuenta", "Hola {u}, gracias por registrarte en {s}. Activa tu cuenta: {l}"),
    ("Potwierdź rejestrację", "Dziękujemy za rejestrację w serwisie {s}. Link aktywacyjny: {l}"),
    ("Bevestig je inschrijving", "Leuk dat je erbij bent! Klik op {l} om je inschrijving bij {s} te bevestigen."),
    ("[{s}] Please verify your e-mail", "Someone, hopefully you, signed up at {s} as {u}. Verify: {l}"),
    ("Подтвердите регистрацию", "Здравствуйте! Для завершения регистрации на {s} перейдите по ссылке {l}"),
    ("{s} - 登録の確認", "ご登録ありがとうございます。次のリンクから登録を完了してください。\n{l}"),
    ("Your coupon from {s}", "Here is 10% off your first order: {u}. Shop now: {l}"),
    ("Reset your password", "We received a request to reset the password for {u} at {s}. {l}"),
)


def _bomb(host: Host, rng: random.Random) -> Letter:
    site = rng.choice(_SITES)
    habit = number_of(site)
    title, text = _WELCOMES[habit % len(_WELCOMES)]
    slots = {
        "s": site.split(".")[0].title(),
        "l": "https://%s%s/%s" % (("", "www.", "shop.", "t.")[habit % 4], site, token(rng, 26)),
        "u": token(rng, 8, _LETTERS) + str(rng.randint(10, 99)),
    }
    text = (
        text.format(**slots)
        + "\n\n"
        + pick(
            ("-- \n" + site, "%s GmbH" % slots["s"], "(c) 2026", "No longer interested? Ignore this mail.", ""),
            site + "x",
        )
    )
    local = ("noreply", "info", "hello", "wordpress", "news", "no-reply")[habit // 5 % 6]
    return post(
        rng,
        sender="%s@%s" % (local, site),
        to=[host.account("gemeente-waal.example", 8)],
        subject=title.format(**slots),
        body=Body(text, html=html_of(text, site) if habit % 3 else None, encoding=pick(("auto", "base64"), site)),
        age=rng.uniform(0, 5 * HOUR),
        route=Route(client=server(site), server=host.name),
        author=named(slots["s"] if habit % 2 else "", "%s@%s" % (local, site)),
        is_spam=True,
        headers=(
            ["X-Mailer: PHPMailer 6.8.0"],
            ["List-Unsubscribe: <https://%s/u/%s>" % (site, token(rng, 8))],
            ["Auto-Submitted: auto-generated"],
            [],
        )[habit % 4],
    )


# --- an open relay ---------------------------------------------------------------------------------------------------

_OFFERS = (
    "[您好|尊敬的客户|贵公司负责人]:\n\n[我公司|本公司|深圳源通公司]可[代开|提供][各类|正规][发票|增值税票|广告费票],[点数优惠|税点低|价格合理]。\n[联系人|电话]:[李经理|王先生|陈小姐] 13%d\nQQ:%d\n[欢迎来电|可先验后付|长期有效]。",
    (
        "[Dear purchasing manager|Dear sir|Hello]:\n\n[We are|This is] [a leading|a professional|an experienced] "
        "[LED|battery|mould|cable] [factory|manufacturer] in [Shenzhen|Ningbo|Dongguan]. [Good price|Best "
        "quality], [MOQ 100|sample free].\nWhatsApp: +86 13%d\nQQ: %d\n[Best regards|Thanks], [Lily|Jacky|Vivian]"
    ),
)
_OFFER_SUBJECTS = (
    "[代开|提供][发票|税票][优惠|咨询]",
    "[合作|业务][洽谈|联系]%d",
    "[LED|Battery|Mould] [price list|catalogue|offer] %d",
    "[发票|财务][服务|事宜]",
)


def _relayed(host: Host, rng: random.Random) -> Letter:
    sender = "%s@%s" % (token(rng, rng.randint(5, 9), _LETTERS + "0123456789"), rng.choice(FREEMAIL + OTHERS[::9]))
    subject = spun(rng, rng.choice(_OFFER_SUBJECTS))
    to = [
        "%d@%s"
        % (rng.randint(10**7, 10**10), rng.choice(("qbox.example", "qbox.example", "n163.test", "sinaweb.example")))
        for _turn in range(rng.randint(1, 20))
    ]
    return post(
        rng,
        sender=sender,
        to=to,
        subject=subject % rng.randint(1, 999) if "%d" in subject else subject,
        body=Body(
            spun(rng, rng.choice(_OFFERS)) % (rng.randint(10**8, 10**9), rng.randint(10**7, 10**9)), encoding="base64"
        ),
        age=rng.uniform(0, 6 * HOUR),
        route=Route(
            client=(
                "100.125.66.%d" % rng.choice((31, 32)),
                "unknown",
                rng.choice(("WIN-8K2LQ", "localhost", sender.partition("@")[2])),
            ),
            server=host.name,
        ),
        author=named(EN.name(rng) if rng.random() < 0.3 else "", sender),
        is_spam=True,
    )


FLOODS = (
    Kind(
        "bounces to one address",
        "Spam was sent in the name of one user, and its bounces come to her",
        RELAY.world,
        {made_by(_bounces, RELAY): 1},
        ordinary(RELAY, submitted=40, received=26, bounced=10, notice=8, newsletter=7, invitation=5, cron=4),
        is_flood=True,
    ),
    Kind(
        "answers to a forged domain",
        ("Spam was sent as made-up addresses of one domain: bounces, challenges and automatic answers come back"),
        WEB.world,
        {made_by(_answers, WEB): 1},
        ordinary(WEB, received=30, submitted=25, form=18, bounced=10, notice=7, newsletter=6, cron=4),
        is_flood=True,
    ),
    Kind(
        "subscriptions bomb one user",
        "Somebody signed up one user at a hundred sites",
        TOWN.world,
        {made_by(_bomb, TOWN): 1},
        ordinary(
            TOWN, received=38, submitted=24, newsletter=12, notice=12, invitation=6, bounced=4, cron=2, discussion=2
        ),
        is_flood=True,
    ),
    Kind(
        "open relay",
        "Two addresses relay offers with forged senders, without a login",
        PLANT.world,
        {made_by(_relayed, PLANT): 1},
        ordinary(PLANT, submitted=42, received=28, notice=8, invitation=7, bounced=6, newsletter=5, cron=4),
        is_flood=True,
    ),
)
