# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods that go out: stolen logins, hacked sites, and devices that others use."""

# The texts are not all English.
# ruff: noqa: RUF001

from __future__ import annotations

import random

from tests.suggestions.blind.daily import signature, usual
from tests.suggestions.blind.language import Language, spin
from tests.suggestions.blind.languages import ENGLISH, GERMAN
from tests.suggestions.blind.places import (
    COMPANY,
    FREEMAIL,
    HOSTER_DE,
    ISP,
    MITTELSTAND,
    SAAS,
    UNIVERSITY,
    WEBHOST,
    Person,
    far,
    person,
    plain,
)
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, as_html, code
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Letter, World

_LOWER = "abcdefghijklmnopqrstuvwxyz"


def stranger(rng: random.Random, language: Language = ENGLISH) -> Person:
    """Return somebody whom nobody here knows."""
    domain = (
        rng.choice(FREEMAIL)
        if rng.random() < 0.7
        else "%s.%s" % (plain(rng.choice(language.family)) + code(rng, 3, _LOWER), rng.choice(("example", "test")))
    )
    return person(rng, language, domain)


def household(rng: random.Random) -> tuple[str, str, str]:
    """Return an infected computer of a household somewhere."""
    address = far(rng)
    dashed = address.replace(".", "-")
    name = rng.choice(
        (
            "unknown",
            "dyn-%s.dsl.example" % dashed,
            "%s.pool.cable.test" % dashed,
            "host%s.isp-%s.example" % (dashed, code(rng, 2, _LOWER)),
            "unknown",
        )
    )
    return (
        address,
        name,
        rng.choice(
            (
                "[%s]" % address,
                code(rng, rng.randint(5, 9), _LOWER),
                "localhost",
                "[127.0.0.1]",
                "%s.home" % code(rng, 6, _LOWER),
            )
        ),
    )


def phished_mailbox(_world: World, rng: random.Random) -> Letter:
    """Return a message in the name of a user whose password was phished."""
    place = MITTELSTAND
    victim = place.users[3]
    count = rng.randint(4, 18)
    known = [rng.choice(place.contacts) if rng.random() < 0.5 else stranger(rng, GERMAN) for _turn in range(count)]
    link = "https://%s/%s/%s" % (
        rng.choice(("docs-ansicht.test", "sicher-teilen.example", "datei-portal.test", "onedok.example.net")),
        rng.choice(("v", "doc", "f")),
        code(rng, 10, _LOWER),
    )
    text = spin(
        rng,
        (
            "{Hallo|Guten Tag|Sehr geehrte Damen und Herren},\n\n{anbei|hier|wie besprochen} {finden "
            "Sie|erhalten Sie} {das Dokument|die Unterlagen|die Rechnung}, {das ich Ihnen freigegeben habe|zur "
            "Prüfung|zur Durchsicht bis morgen}:\n\n"
        ),
    )
    text += (
        link
        + "\n\n"
        + spin(
            rng,
            (
                "{Bitte melden Sie sich mit Ihrer E-Mail-Adresse an.|Zum Öffnen ist Ihr Passwort nötig.|Der "
                "Zugang läuft heute ab.}\n\n{Mit freundlichen Grüßen|Viele Grüße}\n"
            ),
        )
        + victim.name
    )
    text += "\n\n" + signature(victim, place, is_own=True)
    subject = spin(
        rng, "{Neues Dokument|Dokument freigegeben|Rechnung %d|Auftrag %d|Vertrag zur Unterschrift|AW: Unterlagen}"
    ).replace("%d", str(rng.randint(100, 999)))
    draft = Draft(
        victim.address,
        [who.address for who in known],
        subject,
        text,
        author=victim.name,
        to="undisclosed-recipients:;",
        html=as_html(text),
        headers=["User-Agent: Roundcube Webmail/1.6.5"],
        transfer="quoted-printable",
    )
    client = (rng.choice(("198.51.100.14", "203.0.113.201", "198.51.100.77")), "unknown", "[127.0.0.1]")
    return queue(place, rng, draft, client, login=victim.address, hours=(0.2, 4), is_spam=True)


_GOODS = "{pills|tablets|capsules|drops}"


def forged_senders(_world: World, rng: random.Random) -> Letter:
    """Return a message of a botnet that knows one password."""
    author = stranger(rng)
    url = "http://%s%d.test/?%s" % (
        rng.choice(("med", "rx", "vita", "slim", "heal")) + rng.choice(("gold", "fast", "pro", "line", "hub", "zone")),
        rng.randint(1, 60),
        code(rng, 5, _LOWER),
    )
    text = spin(
        rng,
        "{Hi|Hello|Hey there|Good day}{!|,|}\n\n{My doctor|A friend|My wife|Someone at work} {told me about|showed me|recommended} these "
        + _GOODS
        + " and {I sleep|I feel|things are} {so much better|like at twenty|great} {now|again}. "
        "{No prescription|No questions asked|Discreet parcel}, {ships worldwide|half the price|money back}.\n\n{See|Look|Order here|Have a look}: "
        + url
        + "\n\n{Bye|xx|Take care|Cheers}",
    )
    subject = spin(
        rng,
        "{it really works|for you|try this|Re: hello|feel young {again|now}|about your health|{cheap|best} "
        + _GOODS
        + "|hey %s}",
    ).replace("%s", rng.choice(ENGLISH.given))
    recipients = [stranger(rng).address for _turn in range(rng.choice((1, 1, 1, 2, 3)))]
    draft = Draft(
        author.address,
        recipients,
        subject,
        text,
        author=author.name if rng.random() < 0.5 else "",
        headers=rng.choice(([], ["X-Mailer: The Bat! (v3.99)"], ["X-Priority: 3"])),
    )
    return queue(ISP, rng, draft, household(rng), login=ISP.users[41].address, hours=(0.1, 11), is_spam=True)


def form_copies(_world: World, rng: random.Random) -> Letter:
    """Return the copy that a contact form sends to the visitor, with a text of the abuser in it."""
    victim = stranger(rng)
    link = "https://%s.test/%s" % (
        rng.choice(("priz", "money-vip", "bonus777", "crypto-go", "lotto-ru")),
        code(rng, 6, _LOWER),
    )
    name = (
        spin(
            rng,
            "{Вам|Для вас} {перевод|выигрыш|приз|бонус} {на сумму |}%d {руб|рублей|USD}. {Получить|Забрать|Подробнее}: "
            % rng.randint(1000, 99999),
        )
        + link
    )
    text = (
        "Dear %s,\n\nthank you for your message to Little Florist. We answer within two working days.\nThis is a "
        "copy of what you sent:\n\nName: %s\nE-Mail: %s\nPhone: 8%d\nMessage:\n%s\n\n-- \nLittle Florist, 12 "
        "Mill Lane\nhttps://littleflorist.example/"
    ) % (
        name,
        name,
        victim.address,
        rng.randint(9 * 10**9, 10**10 - 1),
        code(rng, rng.randint(6, 24), _LOWER),
    )
    draft = Draft(
        "wordpress@littleflorist.example",
        [victim.address],
        "Thank you for your message, " + name[:40],
        text,
        author="Little Florist",
        headers=[
            "X-PHP-Originating-Script: 10077:PHPMailer.php",
            "X-Mailer: PHPMailer 6.8.1 (https://phpmailer.example)",
            "Reply-To: shop@littleflorist.example",
        ],
    )
    return queue(WEBHOST, rng, draft, None, user_id=10077, hours=(0.1, 20), is_spam=True)


def mailer_script(_world: World, rng: random.Random) -> Letter:
    """Return a message of a script that somebody put into a web site."""
    domain = "kuestenhof.example"
    victim = stranger(rng, GERMAN)
    sender = "%s@%s" % (
        rng.choice(("paket", "service", "info", "zustellung", "sendung"))
        + rng.choice(("", "-dienst", str(rng.randint(1, 999)))),
        domain,
    )
    number = "DE%d" % rng.randint(10**9, 10**10 - 1)
    text = spin(
        rng,
        "{Guten Tag|Sehr geehrter Kunde|Sehr geehrte Kundin, sehr geehrter Kunde},\n\n{Ihr Paket|Ihre "
        "Sendung} %s {konnte nicht zugestellt werden|liegt im Zentrallager|wird zurückgeschickt}. {Es "
        "fehlt|Offen ist} {eine Gebühr|der Zoll} von {1,99|2,95|2,49} EUR.\n\n"
        "{Jetzt bezahlen|Hier freigeben|Zustellung planen}:\nhttps://%s/%s.php?id=%s\n\n{Ihr Paketdienst|Kundenservice|Ihr Zustellteam}",
    ) % (
        number,
        rng.choice(("kuestenhof.example/wp-includes/css", "altwerk.example.net/tmp", "bergchor.test/images")),
        rng.choice(("a", "go", "redir")),
        code(rng, 8, _LOWER),
    )
    subject = spin(
        rng, "{Ihr Paket|Ihre Sendung|Paket|Sendung} {wartet|%s|liegt bereit|: letzte Erinnerung|angehalten}"
    ).replace("%s", number)
    headers = [
        "X-PHP-Originating-Script: 10312:%s"
        % rng.choice(("wp-xml.php(1) : eval()'d code", "class-cache.php(1965) : eval()'d code")),
        "X-Priority: 1",
    ]
    draft = Draft(
        sender,
        [victim.address],
        subject,
        text,
        author=rng.choice(("Paketdienst", "Paket Service", "Zustellung")),
        html=as_html(text),
        only_html=rng.random() < 0.5,
        headers=headers,
        transfer="base64",
    )
    return queue(HOSTER_DE, rng, draft, None, user_id=10312, hours=(1, 9), is_spam=True)


def many_sites(_world: World, rng: random.Random) -> Letter:
    """Return a message of one of the many sites of a host that have the same hole."""
    domain = rng.choice(sorted(WEBHOST.domains)[:26])
    girl = rng.choice(("Оля", "Катя", "Марина", "Света", "Настя", "Ира"))
    city = rng.choice(("Казань", "Тверь", "Омск", "Пермь", "Самара"))
    text = spin(
        rng,
        (
            "{Привет|Приветик|Здравствуй}! {Меня зовут|Я} %s, %d лет, {живу в городе|мой город} %s. {Скучно "
            "одной|Ищу парня|Хочу познакомиться}, {пиши|жду тебя|мои фото} {тут|здесь}: http://%s/%s"
        ),
    ) % (
        girl,
        rng.randint(19, 34),
        city,
        rng.choice(("znakomstva-%d.test", "love%d.example", "devushki%d.test")) % rng.randint(1, 25),
        code(rng, 5, _LOWER),
    )
    sender = "%s@%s" % (rng.choice(("info", "admin", "olga", "www", "mail", "katya")), domain)
    user = 10000 + random.Random(domain).randint(1, 400)
    draft = Draft(
        sender,
        [stranger(rng).address],
        spin(rng, "{Привет|Это %s|Жду ответа|Как дела?|Ты где?}").replace("%s", girl),
        text,
        author=girl,
        headers=["X-PHP-Originating-Script: %d:timthumb.php" % user],
        transfer="base64",
    )
    return queue(WEBHOST, rng, draft, None, user_id=user, hours=(0.1, 26), is_spam=True)


def household_device(_world: World, rng: random.Random) -> Letter:
    """Return a message of a customer's camera; the relay trusts the addresses of customers."""
    topic = rng.choice(("比特币", "股票", "外汇", "期货"))
    text = spin(
        rng,
        "{您好|尊敬的客户|朋友你好}，{本公司|我们团队|王老师}提供%s{投资|交易|理财}{服务|指导|信号}，{每天|每周|每月}{收益|回报}{百分之%d|高达%d万}。\n{请加|联系}{微信|QQ}：%s\n",
    )
    text = text.replace("%d", str(rng.randint(3, 40))) % (
        topic,
        rng.choice(("vx88012", "cai6677", "1840032257", "3390117745")),
    )
    sender = "%s@%s" % (
        code(rng, rng.randint(5, 9), _LOWER + "0123456789"),
        rng.choice(("netmail.example", "163post.example", "corp-%s.test" % code(rng, 3, _LOWER))),
    )
    recipients = [
        "%d@%s" % (rng.randint(10**6, 10**10), rng.choice(("netmail.example", "163post.example", "freemail.example")))
        for _turn in range(rng.randint(1, 10))
    ]
    draft = Draft(
        sender,
        recipients,
        spin(rng, "{免费|最新|内部}%s{课程|消息|机会}" % topic) + str(rng.randint(1, 99)),
        text,
        headers=["X-Mailer: Foxmail 6, 14, 103, 30 [cn]"],
        transfer="base64",
    )
    client = (
        "100.70.5.66",
        "100-70-5-66.cust.riverlink.example",
        rng.choice(("localhost.localdomain", code(rng, 6, _LOWER), "(none)")),
    )
    return queue(ISP, rng, draft, client, hours=(0.5, 11), is_spam=True)


def open_relay(_world: World, rng: random.Random) -> Letter:
    """Return a message that strangers send through a host that relays for too many networks."""
    who = stranger(rng)
    address = "198.51.100.%d" % rng.randint(129, 158)
    amount = rng.choice(("10,000", "25,000", "50,000", "100,000"))
    text = spin(
        rng,
        (
            "{Business owner|Dear owner|Hello %s|Good morning},\n\n{You are|Your company is|Your firm was} "
            "{approved|pre-approved|selected} for {funding|a credit line|working capital} of {up to |}$"
        )
        + amount
        + (
            ". {No collateral|No credit check|Funds in 24 hours|Bad credit is fine}. {Call|Text|Ring} "
            "{Dan|Mike|Steve|Lisa} {now|today|direct} at 555-01%d{.| .|!}\n\n{Reply STOP to opt out.|To be "
            "removed answer with remove.|}\n"
        ),
    )
    text = text.replace("%s", who.first_name).replace("%d", str(rng.choice((12, 47, 86, 91))))
    sender = "%s@%s.example" % (
        rng.choice(("dan", "mike", "lisa", "steve", "funding", "loans")),
        rng.choice(("capital", "fund", "lend"))
        + rng.choice(("bridge", "first", "now", "path", "tree"))
        + str(rng.randint(1, 40)),
    )
    draft = Draft(
        sender,
        [who.address],
        spin(rng, "{Funding|Credit line|Your application|Working capital} {approved|for %s|update|#%d}")
        .replace("%s", who.first_name)
        .replace("%d", str(rng.randint(1000, 9999))),
        text,
        author=rng.choice(("Dan Miller", "Lisa Stone", "Funding Desk")),
    )
    return queue(
        COMPANY,
        rng,
        draft,
        (address, "unknown", rng.choice(("WIN-%s" % code(rng, 11), "[%s]" % address))),
        hours=(0.2, 16),
        is_spam=True,
    )


def phished_students(_world: World, rng: random.Random) -> Letter:
    """Return a message through webmail in the name of one of some students who gave away their passwords."""
    student = UNIVERSITY.users[rng.choice((17, 88, 150, 209, 311, 340, 401, 466, 555))]
    text = spin(
        rng,
        "{Hello|Dear student|Good day},\n\n{Dr.|Prof.} {Andrew Hale|Susan Crane|Peter Lund} {is looking "
        "for|needs|wants to hire} {an assistant|a personal helper|students} {to work from home|for "
        "errands|for data entry}, {seven|five|eight} hours {a|per} week{,| for} {350|400|450} EUR.\n"
        "{If interested|To apply|For details}, {send|write|text} {name, phone and private e-mail|your "
        "particulars|a short note} to "
        "{profhale.jobs@inbox.test|crane.office@postbox.example|lund.work@gratismail.example} from {your "
        "private address|a private e-mail}, {not from this one|not your university "
        "mail}.\n\n{Regards|Sincerely|Thanks},\n{Career Center|Job Placement|Student Services}",
    )
    recipients = [
        (
            rng.choice(UNIVERSITY.users)
            if rng.random() < 0.3
            else person(rng, ENGLISH, "%s-university.example" % rng.choice(("north", "lake", "st-john", "hill")))
        ).address
        for _turn in range(rng.randint(1, 12))
    ]
    draft = Draft(
        student.address,
        recipients,
        spin(rng, "{Part time|Remote|Student} {job|work|position}{| offer| available| 2026}"),
        text,
        author=student.name,
        headers=["User-Agent: Roundcube Webmail/1.6.5", "X-Originating-IP: [%s]" % far(rng)],
    )
    return queue(
        UNIVERSITY,
        rng,
        draft,
        ("10.130.0.25", "webmail.uni-lindental.example", "webmail.uni-lindental.example"),
        login=student.address,
        hours=(0.3, 28),
        is_spam=True,
    )


def workspace(name: str, owner: Person, guest: str, rng: random.Random) -> Draft:
    """Return what the service sends when somebody invites a guest."""
    text = (
        "Hi,\n\n%s invited you to the workspace\n\n%s\n\nJoin: https://app.planboard.example/join/%s\n\nYou "
        "get this mail because %s entered your address.\nPlanboard, 5 Dock Road"
    ) % (owner.name, name, code(rng, 22), owner.name)
    return Draft(
        "invites@planboard.example",
        [guest],
        "%s invited you to %s" % (owner.name, name[:60]),
        text,
        author="Planboard",
        html=as_html(text),
        headers=["Reply-To: " + owner.address, "X-Template: workspace-invite", "Auto-Submitted: auto-generated"],
    )


def abused_invitations(_world: World, rng: random.Random) -> Letter:
    """Return an invitation of a trial account; the name of its workspace is the message."""
    owner = Person(code(rng, 6, _LOWER).capitalize(), "%s@%s" % (code(rng, 9, _LOWER), rng.choice(FREEMAIL)))
    name = spin(
        rng,
        (
            "{Congratulations|Winner|URGENT|Attention}! {Your|The} {prize|payout|transfer|gift card} of {%d "
            "USD|EUR %d} {is ready|waits|expires today}, {claim|collect|confirm} {at|here} "
        ),
    ).replace("%d", str(rng.randint(200, 9000)))
    name += "%s.test/%s" % (
        rng.choice(("clmnow", "pay-out", "gift-go", "prz", "fast-claim", "bonusdesk")),
        code(rng, 4, _LOWER),
    )
    return queue(
        SAAS, rng, workspace(name, owner, stranger(rng).address, rng), None, user_id=998, hours=(0.1, 20), is_spam=True
    )


def honest_form(_world: World, rng: random.Random) -> Letter:
    """Return the copy of an ordinary question to the shop whose form is abused later."""
    visitor = rng.choice(WEBHOST.contacts)
    text = (
        "Dear %s,\n\nthank you for your message to Little Florist. We answer within two working days.\nThis "
        "is a copy of what you sent:\n\nName: %s\nE-Mail: %s\nPhone: 0%d\nMessage:\n%s\n\n-- \nLittle "
        "Florist, 12 Mill Lane\nhttps://littleflorist.example/"
    ) % (
        visitor.first_name,
        visitor.name,
        visitor.address,
        rng.randint(10**8, 10**10),
        WEBHOST.language.paragraphs(rng, 2),
    )
    headers = [
        "X-PHP-Originating-Script: 10077:PHPMailer.php",
        "X-Mailer: PHPMailer 6.8.1 (https://phpmailer.example)",
        "Reply-To: shop@littleflorist.example",
    ]
    draft = Draft(
        "wordpress@littleflorist.example",
        [visitor.address],
        "Thank you for your message, " + visitor.name,
        text,
        author="Little Florist",
        headers=headers,
    )
    return queue(WEBHOST, rng, draft, None, user_id=10077)


_TEAMS = (
    "Marketing",
    "Spring launch",
    "Team Oslo",
    "Website relaunch",
    "Hiring",
    "Wedding of Eva and Jo",
    "Product roadmap",
    "Garage renovation",
    "Budget {2026|2027}",
    "Kanzlei Richter",
    "Thesis",
    "Sprint {12|40|41}",
    "Kita-Fest",
)


def honest_invitation(_world: World, rng: random.Random) -> Letter:
    """Return an invitation of a customer to a workspace."""
    owner, guest = rng.choice(SAAS.contacts), rng.choice(SAAS.contacts)
    return queue(SAAS, rng, workspace(spin(rng, rng.choice(_TEAMS)), owner, guest.address, rng), None, user_id=998)


OUTGOING = (
    Kind(
        "blind: phished mailbox",
        "a phished user of a firm sends links to a false document under the user's own address",
        MITTELSTAND,
        {phished_mailbox: 1},
        usual(MITTELSTAND),
        True,
    ),
    Kind(
        "blind: stolen login, forged senders",
        "a botnet sends through one login with senders of all kinds",
        ISP,
        {forged_senders: 1},
        usual(ISP),
        True,
    ),
    Kind(
        "blind: contact form",
        "a contact form sends copies with a stranger's text to victims",
        WEBHOST,
        {form_copies: 1},
        {**usual(WEBHOST), honest_form: 2},
        True,
    ),
    Kind(
        "blind: mailer script",
        "a script in a hacked site sends false parcel notices",
        HOSTER_DE,
        {mailer_script: 1},
        usual(HOSTER_DE),
        True,
    ),
    Kind(
        "blind: many hacked sites",
        "many sites of one host send dating spam in Russian",
        WEBHOST,
        {many_sites: 1},
        usual(WEBHOST),
        True,
    ),
    Kind(
        "blind: customer's device",
        "a camera of a customer of an ISP sends investment spam in Chinese",
        ISP,
        {household_device: 1},
        usual(ISP),
        True,
    ),
    Kind(
        "blind: open relay",
        "strangers send loan offers through a host that trusts their network",
        COMPANY,
        {open_relay: 1},
        usual(COMPANY),
        True,
    ),
    Kind(
        "blind: phished students",
        "some phished students send job offers through webmail",
        UNIVERSITY,
        {phished_students: 1},
        usual(UNIVERSITY),
        True,
    ),
    Kind(
        "blind: abused invitations",
        "trial accounts of a service put their message into the names of workspaces",
        SAAS,
        {abused_invitations: 1},
        {**usual(SAAS), honest_invitation: 35},
        True,
    ),
)
