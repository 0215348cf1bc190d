# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods that come in: to the users of a receiving, a forwarding, or a company's server."""

# The texts are not all English.
# ruff: noqa: RUF001

from __future__ import annotations

import random

from tests.suggestions.blind.failures import failure
from tests.suggestions.blind.floods_out import household, stranger
from tests.suggestions.blind.language import spin
from tests.suggestions.blind.languages import FRENCH
from tests.suggestions.blind.places import (
    AZULEJOS,
    COMMUNE,
    FORWARDER,
    RECEIVER,
    TEKSTIL,
    UNIVERSITY,
    far,
    person,
    plain,
    server,
)
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, File, as_html, code, data
from tests.suggestions.letters import Letter, World

_LOWER = "abcdefghijklmnopqrstuvwxyz"

_THROW_AWAY = (
    (
        "Walk-In Tubs",
        "Bathe {safely|in comfort} {again|at any age}",
        "{Seniors|Parents} {love|trust} these tubs. {Save up to|Get} {1500|40%%} {off|this month}.",
    ),
    (
        "Solar Rebate",
        "{Your roof|Homeowners} {may qualify|could save}",
        "{New program|Zip code check}: {panels|a roof} at {no|zero} cost. {See if you qualify|Check now}.",
    ),
    (
        "Gutter Guard",
        "{Never|Stop} {clean|climb to} gutters {again|}",
        "{Lifetime|No-clog} {guarantee|guards}, {free|quick} estimate {today|now}.",
    ),
    (
        "Hearing Aid",
        "{Tiny|Invisible} device {helps|amazes} {doctors|many}",
        "{Hear|Enjoy} {every word|the birds} {again|}. {45|60} days trial.",
    ),
    (
        "Term Life",
        "{250,000|Half a million} cover from {9|12} a month",
        "{No exam|Quick quote} for {ages 40 to 75|you}. {Compare|Start} {rates|here}.",
    ),
    (
        "Keto Gummies",
        "{One gummy|This trick} {a day|before bed}",
        "{Melt|Lose} {fat|inches} {without|no} {diet|sport}. {Doctors|Stars} {hate|swear by} it.",
    ),
    (
        "Tactical Torch",
        "{Brightest|Military} torch {75%% off|now free}",
        "{Stock|Supply} is {low|limited}. {Grab|Order} {yours|two} {today|now}.",
    ),
)


def snowshoe(_world: World, rng: random.Random) -> Letter:
    """Return an advertisement from one of many new domains in one network."""
    number = rng.randint(2, 120)
    own = random.Random("new domain %d" % number)
    domain = (
        own.choice(("brisk", "plain", "sunny", "mellow", "crisp", "amber", "dusty"))
        + own.choice(("meadow", "anchor", "pebble", "lantern", "cactus", "harbor", "thistle"))
        + own.choice((".example", ".test", ".example.net"))
    )
    brand, subject, text = own.choice(_THROW_AWAY)
    name = "%s.%s" % (own.choice(("mta", "s1", "news", "go", "host")), domain)
    recipient = rng.choice(RECEIVER.users)
    text = (
        spin(rng, text).replace("%%", "%")
        + "\n\nhttp://%s/%s\n\n" % (domain, code(rng, 18))
        + spin(
            rng,
            "{Stop|Leave the list|Unsubscribe}: http://%s/%s\n{PO Box|Suite|Unit} %d, {Dover|Reno|Cheyenne}"
            % (domain, code(rng, 18), own.randint(10, 900)),
        )
    )
    sender = "%s@%s" % (rng.choice(("%s" % plain(brand), "offers", "bounce-%d" % rng.randint(100, 999))), domain)
    draft = Draft(
        sender,
        [recipient.address],
        spin(rng, subject).replace("%%", "%"),
        text,
        author=brand,
        html=as_html(text),
        headers=["List-Unsubscribe: <http://%s/%s>" % (domain, code(rng, 18))],
        transfer="quoted-printable",
    )
    return queue(RECEIVER, rng, draft, ("203.0.113.%d" % number, name, name), hours=(0.2, 11), is_spam=True)


def bots_with_attachment(_world: World, rng: random.Random) -> Letter:
    """Return a message with a harmful attachment and hardly any text."""
    author = person(
        rng,
        FRENCH,
        rng.choice(COMMUNE.partners)
        if rng.random() < 0.5
        else "%s%d.example" % (code(rng, 5, _LOWER), rng.randint(1, 99)),
    )
    number = rng.randint(10000, 999999)
    subject = spin(rng, "{Facture|Devis|Commande|Scan|Relance|Document} {n° |}%d{| du {12|13|14}/09|}" % number)
    text = spin(rng, "{Bonjour,|Cf. pièce jointe.|Voir PJ|Pour règlement.|} {merci|cordialement|}\n") + rng.choice(
        ("", author.name)
    )
    name = rng.choice(("FACTURE_%d", "Doc%d", "scan-%d", "CMD_%d")) % number
    file = File(
        name + rng.choice((".zip", ".iso", ".zip")),
        "application/octet-stream" if rng.random() < 0.5 else "application/zip",
        b"PK\x03\x04\x14\x00" + data(rng, rng.randint(2300, 2500)),
    )
    draft = Draft(
        author.address,
        [rng.choice(COMMUNE.users).address],
        subject,
        text,
        author=author.name,
        files=[file],
        headers=rng.choice((["X-Mailer: Microsoft Outlook 16.0"], ["User-Agent: Mozilla Thunderbird"], [])),
    )
    return queue(COMMUNE, rng, draft, household(rng), hours=(0.1, 7), is_spam=True)


_FUNDS = (
    (
        "I am {Mrs|Ms} {Grace|Aisha|Ruth} {Coleman|Danjuma|Mbeki}, {widow of the late|wife of the late} "
        "{Engineer|Dr} {Paul|Isaac} {Coleman|Danjuma}. {Before he died|In his will} he {left|deposited} the sum "
        "of {8.5|10.4|12} million {US dollars|USD} with a {bank|security company} in {Abidjan|Lomé|Accra}. "
        "{Doctors say|I am told} I have {few weeks|short time}. I want {you|a God-fearing person} to {use it for "
        "orphans|receive it for charity}."
    ),
    (
        "This is to {inform|notify} you that your {payment file|compensation fund|inheritance} of {4.7|15|2.8} "
        "million has been {approved|released} by the {Ministry of Finance|World Settlement Office}. An {ATM "
        "card|international draft} was {issued|signed} in your name. {Send|Forward} your {full name, address and "
        "phone|particulars} {urgently|without delay}."
    ),
    (
        "Le {escribo|saludo} con {respeto|confianza}. Soy {abogado|notario} del difunto {Sr.|ingeniero} "
        "{Roberto|Luis} {Klein|Weber}, que {murió|falleció} sin {herederos|testamento}. El banco "
        "{guarda|conserva} {9,2|7,5} millones de euros. Usted lleva {su apellido|el mismo nombre} y {juntos|los "
        "dos} podemos {reclamar|recibir} {la herencia|el dinero}."
    ),
)


def advance_fee(_world: World, rng: random.Random) -> Letter:
    """Return a letter about a fortune, from one rented server."""
    sender = (
        rng.choice(("office", "info", "mrs.grace", "atm.dept", "barrister", "claims"))
        + "@"
        + rng.choice(
            (
                "finance-ministry.example",
                "worldsettle.test",
                "chambers-klein.example.org",
                "orphans-aid.test",
                code(rng, 7, _LOWER) + ".example",
            )
        )
    )
    reply = (
        rng.choice(("grace.coleman.fund", "barr.klein1", "atmdept0044", "settlement.desk", "mrs.ruth2026"))
        + "@"
        + rng.choice(("inbox.test", "gratismail.example"))
    )
    story = spin(rng, rng.choice(_FUNDS))
    text = (
        spin(rng, "{Dear friend|Attention|Dearest one|Estimado amigo|Greetings},\n\n")
        + story
        + spin(rng, "\n\n{Reply|Answer|Contact me} {only |}{to|at} ")
        + reply
        + spin(
            rng,
            "\n\n{God bless|Yours faithfully|Un saludo|Best regards},\n{Mrs Grace|Barrister Klein|Dr Isaac|The Director}",
        )
    )
    subject = spin(
        rng,
        "{URGENT|From Mrs Grace|YOUR FUND|Dear friend|RE: PAYMENT|Herencia|Attn: beneficiary|Can I trust you}{?|!|| 2026}",
    )
    draft = Draft(
        sender,
        [rng.choice(UNIVERSITY.users).address],
        subject,
        text,
        author=rng.choice(("Mrs Grace Coleman", "Barrister", "Finance Office", "")),
        to=rng.choice(("undisclosed-recipients:;", "")),
        headers=["Reply-To: " + reply],
    )
    return queue(
        UNIVERSITY,
        rng,
        draft,
        ("192.0.2.177", "vps-4471.cheap-servers.example", "WIN-9K2TR0QF4LD"),
        hours=(0.2, 26),
        is_spam=True,
    )


def backscatter(_world: World, rng: random.Random) -> Letter:
    """Return a notice about spam that somebody sent with the addresses of some users."""
    victims = [AZULEJOS.users[number].address for number in (2, 9, 30, 31, 66)]
    victim = (
        rng.choice(victims) if rng.random() < 0.85 else "%s@azulejosvega.example" % code(rng, rng.randint(3, 8), _LOWER)
    )
    subject = spin(
        rng, "{Replica|Luxury|Swiss} {watches|bags} {from|at} {89|99|120}{ USD| EUR|}{!|} {%d|}" % rng.randint(1, 99)
    )
    draft, client = failure(rng, victim, stranger(rng), subject=subject, message_id="%s@%s" % (code(rng, 14), far(rng)))
    return queue(AZULEJOS, rng, draft, client, hours=(0.3, 40), is_spam=True)


_THREATS = (
    (
        "{I know|I have} {one of your passwords|your secrets}{.|!} {Some months ago|In spring} I "
        "{placed|installed} {malware|a trojan} on {a site with adult videos|your device}. {Your camera|The "
        "software} {recorded|filmed} you. {I have|There are} {two|three} {clips|videos} and all your contacts."
    ),
    (
        "{Hello|Hi}. {This is my last warning|Read this with care}. {Your system|Your router} was "
        "{hacked|infected} {by me|with my program}. I {watched|saw} what you {like|do} {at night|online} and "
        "{saved|copied} {everything|the video}. {Your family|Your colleagues} {will|may} {get|see} it."
    ),
    (
        "{Hola|Saludos}. {Soy|Somos} {hacker|un grupo de programadores}. {Hace meses|En marzo} {entré "
        "en|infecté} tu {ordenador|teléfono}. {Tengo|Guardo} {un vídeo|grabaciones} de ti {y|junto con} todos "
        "tus contactos."
    ),
)


def sextortion(_world: World, rng: random.Random) -> Letter:
    """Return a threat that claims to come from the recipient's own mailbox."""
    victim = rng.choice(FORWARDER.users)
    wallet = rng.choice(
        (
            "bc1q9x7kd02mpl4v8yz6t3hs5wae0rj2ncu4gfx3l",
            "1KtQ8vHsZr3mWcY2pXe7NnLd5BaUj9GfEo",
            "bc1qe4t0wz8u3yhv6s2ml9rp5k7xj4dcna0g2fq8",
        )
    )
    text = spin(rng, rng.choice(_THREATS)) + spin(
        rng,
        "\n\n{Pay|Send|Transfer|Manda|Paga} %d {USD|dollars|EUR|euros} {in|en} bitcoin{: |\n\n}"
        % rng.choice((690, 750, 900, 1200, 1450, 1800)),
    )
    text += wallet + spin(
        rng,
        "\n\n{You have|The clock starts:|Tienes} {48|50|72} {hours|h|horas}{.|!} {Do not reply|No respondas|Police cannot help you}{.|}",
    )
    subject = (
        spin(
            rng,
            "{Your account|You|Tu cuenta|Security alert|%s|Payment|Last warning} {was hacked|is in danger|is known to me|%d|}",
        )
        .replace("%s", victim.first_name)
        .replace("%d", str(rng.randint(10, 99)))
    )
    sender = victim.address if rng.random() < 0.8 else stranger(rng).address
    draft = Draft(
        sender,
        [victim.address],
        subject,
        text,
        author=rng.choice(("", victim.name)),
        transfer=rng.choice(("8bit", "base64", "quoted-printable")),
    )
    return queue(FORWARDER, rng, draft, household(rng), hours=(0.1, 30), is_spam=True)


def bank_phishing(_world: World, rng: random.Random) -> Letter:
    """Return a letter of a false bank with a link to a hacked site."""
    number = rng.randint(1, 140)
    site = "www.%s%d.%s" % (
        random.Random(number).choice(("hotel", "bau", "pizza", "auto", "dental", "yoga", "farm")),
        number,
        random.Random(number).choice(("example", "test", "example.org")),
    )
    url = "https://%s/%s/anadolum-sube/%s" % (
        site,
        rng.choice(("wp-content/uploads", "images", "tmp", "media", "old")),
        rng.choice(("giris.php", "", "index.html", "dogrula.php")),
    )
    text = (
        spin(
            rng,
            (
                "{Sayın müşterimiz|Değerli müşterimiz|Merhaba},\n\n{Hesabınız|Kartınız|İnternet şubeniz} {geçici "
                "olarak|güvenlik nedeniyle} {kapatıldı|kısıtlandı|askıya alındı}. {Lütfen|Hemen} "
                "{bilgilerinizi|telefon numaranızı|kimliğinizi} {doğrulayın|güncelleyin}:\n\n"
            ),
        )
        + url
    )
    text += spin(
        rng,
        "\n\n{İşlem yapılmazsa|Aksi halde} {24|48} saat içinde {ücret|ceza} alınır.\n{Anadolum Bankası|Güvenlik Birimi|Müşteri Hizmetleri}",
    )
    source = server("hacked%d.example" % rng.randint(1, 11))
    sender = "%s@%s" % (
        rng.choice(("destek", "bilgi", "guvenlik", "noreply", "www-data")),
        rng.choice(
            ("anadolum-bank.example", source[1] if source[1] != "unknown" else "localhost.test", "anadolum.test")
        ),
    )
    subject = spin(rng, "{Hesabınız|Kartınız|Şubeniz} {kısıtlandı|askıda|için uyarı}{| - %d}").replace(
        "%d", str(rng.randint(1000, 9999))
    )
    draft = Draft(
        sender,
        [rng.choice(TEKSTIL.users).address],
        subject,
        text,
        author=rng.choice(("Anadolum Bankası", "Anadolum Destek")),
        html=as_html(text).replace(url, '<a href="%s">%s</a>' % (url, rng.choice(("Doğrula", "Giriş", url)))),
        transfer="base64",
    )
    return queue(TEKSTIL, rng, draft, source, hours=(0.2, 14), is_spam=True)
