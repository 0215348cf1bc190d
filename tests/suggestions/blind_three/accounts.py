# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods through accounts whose passwords thieves know."""

from __future__ import annotations

import random
from typing import Sequence

from tests.suggestions.blind_three.compose import (
    Client,
    Draft,
    File,
    address_of,
    hexes,
    named,
    network_of,
    numbers,
    other_bytes,
    page,
    spin,
    token,
)
from tests.suggestions.blind_three.people import full_name, place_of
from tests.suggestions.blind_three.phrases import ENGLISH, FRENCH, LANGUAGES, SPANISH, Language, local_part
from tests.suggestions.blind_three.places import BIG_FREE, access, bot, waiting
from tests.suggestions.letters import HOUR, Letter, World


def victims(rng: random.Random, language: Language, number: int, domains: Sequence[str] = BIG_FREE) -> list[str]:
    """Return addresses of a bought list."""
    return ["%s@%s" % (local_part(rng, *language.name(rng), free=True), rng.choice(domains)) for _turn in range(number)]


# --- one account, from home computers all over the world ---------------------------------------------------------

_HACKED = (
    *("cedarvale-plumbing.example/wp-content/uploads/{t6}/", "lotus-yoga-pune.test/wp-includes/js/{t8}.php?u={x12}"),
    *("casa-rural-olmo.example/media/{t6}/?k={t10}", "kites4kids.test/images/stories/{n4}/{t8}.html"),
    *(
        "mountainview-vet.example/.well-known/{t8}/#{t12}",
        "st-lukes-parish.test/wp-content/plugins/{t6}/go.php?id={n8}",
    ),
    *("boxenstopp-reifen.example/tmp/{t10}/?{x8}", "apex-drywall.test/blog/wp-content/cache/{t6}.html?s={n6}"),
    *("sushi-kaito.example/js/{t8}/index.php?r={t16}", "portavila-hotel.test/old/{t6}/?c={x8}"),
)
_DIET_SUBJECTS = (
    "{Doctors|Nurses|Experts} {are amazed by|can't explain} this {simple|strange|cheap} {trick|ritual|recipe}",
    "{Lose|Drop|Melt} {n2} {lbs|pounds} {before|by} {Christmas|New Year|your birthday}{|!|...}",
    "Re: your {sample|free bottle|trial|request}{| #{n5}}",
    "{Her|His|My} {secret|method} for {a flat belly|sleeping well|more energy}",
    "{who}, {have you seen this|you should read this|one small thing}?",
)
_DIET_TEXTS = (
    (
        "{Hi|Hello|Hey} {who},\n\n{Every morning|Each evening|Twice a day} {thousands of|more than {kilo}} people "
        "{take|use} "
        "{one spoon of|a few drops of} this {mixture|natural extract} and {watch the fat go|lose up to {n2} pounds a "
        "month}.\n\n"
        "{No gym, no diet, no pills.|You can eat whatever you like.} {Our stock is limited|The offer ends at "
        "midnight}, so "
        "{hurry|do not wait}:\n\n{link}\n\n{Yours|To your health}, {Dr. {other}|{other} and team}"
    ),
    (
        "{who}, {I was skeptical too|I didn't believe it either}. {After|In} {n2} days I {lost|dropped} {n2} lbs "
        "{and "
        "feel great|without "
        "any effort}!\n\n{The big companies|Big Pharma} {tried to ban|want to hide} this {video|page}. {Watch "
        "it|See it} "
        "{here|while it is online}: {link}\n\n{P.S. they ship free today|It really works}\n{other}"
    ),
    (
        "{Breaking|Just in}: {a study from|researchers at} {a university in Japan|a clinic in Oslo} {show|prove} how "
        "{the body burns "
        "fat|hunger disappears} {overnight|in your sleep}.\n\n{link}\n\n{To stop these mails reply STOP|Unsubscribe: "
        "{link}}"
    ),
)
_COIN_TEXTS = (
    (
        "{Hello|Dear customer|Hi {who}},\n\n{your|the} {wallet|account} {balance|bonus} of {usd} USDT {has been "
        "credited|is pending}. "
        "{Confirm|Claim} it {within {n2} hours|today}, {otherwise it expires|before it is returned}.\n\n{link}\n\n"
        "{Transaction|Tx}: 0x{x40}"
    ),
    (
        "{Congratulations|Welcome}, {who}!\n\n{You were selected|You are invited} to {the beta of our trading "
        "robot|the VIP club}: "
        "{n3}% {return|profit} {per week|on the first deposit}, {guaranteed|paid daily}.\n\n{Activate|Start} "
        "{here|now}: {link}\n\n"
        "{Support team|Your manager {other}}"
    ),
)


def account_from_everywhere(world: World, rng: random.Random) -> Letter:
    """One customer's account, and a new client address for nearly each message."""
    place = place_of(world)
    login = place.people[41] + "@" + place.own
    to = victims(rng, ENGLISH, rng.choice((1, 1, 2, 3, 5)))
    values = {
        **numbers(rng),
        "who": full_name(to[0]).split()[0].strip("0123456789"),
        "other": rng.choice(ENGLISH.firsts),
    }
    values["link"] = spin("http{|s}://" + rng.choice(_HACKED), rng)
    coins = rng.random() < 0.3
    text = spin(rng.choice(_COIN_TEXTS if coins else _DIET_TEXTS), rng, values)
    subject = (
        "{Your payout|Withdrawal|Bonus} {of {usd} USDT|#{n6}|is waiting}{|, {who}}"
        if coins
        else rng.choice(_DIET_SUBJECTS)
    )
    html = page(
        *text.replace(values["link"], '<a href="%s">%s</a>' % (values["link"], rng.choice(("Here", "Open")))).split(
            "\n\n"
        )
    )
    return Draft(
        sender=login,
        to=to,
        subject=spin(subject, rng, values),
        text=text if rng.random() < 0.4 else "",
        html=html,
        age=9 * HOUR * rng.random() ** 1.3 + 40,
        author=named(rng.choice(("", full_name(login), values["other"], "Customer Care")), login),
        client=bot(rng),
        login=login,
        headers=[spin("X-Mailer: {Microsoft Outlook 15.0|Apple Mail (2.{n4})|Mailer v{n1}.{n1}}", rng)]
        * rng.randrange(2),
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident=rng.choice(("uuid", "outlook", "hex")),
        coding=rng.choice(("qp", "base64")),
        server=place.mx,
        spam=True,
    ).letter(rng)


# --- one account, forged senders, a few rented servers -----------------------------------------------------------

_RENTED = tuple(("vps-%s.cloudrack.test" % number, "vps-%s" % number) for number in ("7f31c2", "a09e44", "51bb0d"))
_PARCEL_SENDERS = (
    *(
        "colis-suivi.example",
        "chrono-livraison.test",
        "parcel-desk.example",
        "relais-express.test",
        "delivery-hub.example",
    ),
    *("poste-avis.test", "tracking-centre.example"),
)
_PARCELS = (
    (
        "{Votre colis|Colis {t8}|Livraison {n9}} {est en attente|bloqué au dépôt|: action requise}",
        (
            "{Bonjour|Cher client|Madame, Monsieur},\n\nvotre colis {t10} {n'a pas pu être livré|est retenu dans "
            "notre centre} "
            "{le {day}/{month}|ce matin} {en raison de frais de douane impayés|car l'adresse est "
            "incomplète}.\n\n{Montant|Frais} : "
            "{1,99|2,49|2,95} €\n\n{Réglez|Confirmez} {avant 48 heures|aujourd'hui}, {sinon il sera renvoyé|faute de "
            "quoi il sera détruit}."
        ),
        "{Reprogrammer la livraison|Payer les frais|Confirmer mon adresse}",
    ),
    (
        "{Delivery failed|We missed you|Your parcel is on hold}{| - ref. {t8}| ({n9})}",
        (
            "{Dear customer|Hello},\n\n{we tried to deliver|our driver could not deliver} your parcel {t10} "
            "{today|on "
            "{day}/{month}}. "
            "{A customs fee|A small redelivery fee} of {1.99|2.45|3.10} {EUR|GBP} {is due|was not paid}.\n\n{Please "
            "schedule a new "
            "date|Please complete the payment} {within 2 days|before {clock}}, or the parcel {goes back to the "
            "sender|will be returned}."
        ),
        "{Schedule delivery|Pay now|Track my parcel}",
    ),
)


def account_with_forged_senders(world: World, rng: random.Random) -> Letter:
    """A web site owner's account; three rented servers use it and forge all senders."""
    place = place_of(world)
    subject, text, label = _PARCELS[rng.random() < 0.4]
    values = numbers(rng)
    to = victims(rng, FRENCH if subject.startswith("{Votre") else ENGLISH, 1)
    name, helo = rng.choice(_RENTED)
    domain = rng.choice(_PARCEL_SENDERS)
    link = spin(
        "https://{suivi|track|colis|my}-{t6}.{pages-now|webapp-free|sitebox}.test/{|fr/|en/}{t8}?{id|p|ref}={n9}",
        rng,
        values,
    ).lower()
    body = spin(text, rng, values)
    sender = spin("{noreply|service|client|suivi|info|support}{|{n3}|-{n4}}@", rng) + domain
    return Draft(
        sender=sender,
        to=to,
        subject=spin(subject, rng, values),
        html=page(
            *body.split("\n\n"),
            button=(link, spin(label, rng)),
            footer=spin("{© 2026|Ref. {x8}|{t12}} {Service client|Customer service}", rng),
        ),
        age=5 * HOUR * rng.random() + 120,
        author=named(spin("{Service Livraison|Colis Relais|Parcel Desk|Express Delivery}", rng), sender),
        client=(address_of(name), name, helo),
        look="parcel kit",
        login=place.address("info"),
        headers=["X-Priority: 1", "X-Mailer: Leaf PHPMailer 2.8"] if rng.random() < 0.5 else ["X-Priority: 3"],
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident="php",
        coding="base64",
        server=place.mx,
        zone=0,
        spam=True,
    ).letter(rng)


# --- webmail, many recipients for each message -------------------------------------------------------------------

_JOBS = (
    (
        "{Part-time|Remote|Student} {job|position|opportunity} {(${n3} weekly)|- apply now|for students}{|!}",
        (
            "Dear {Student|Colleague|Sir/Madam},\n\n{Professor|Dr.} {other} of {the Department of "
            "{Economics|Psychology|Physics}|our faculty} {urgently "
            "needs|is looking for} {a personal assistant|an administrative assistant} who {can work|works} from "
            "home, "
            "{n1} hours a week. "
            "{The pay is|You will earn} ${n3} weekly.\n\nDuties: {running errands|buying supplies}, {answering "
            "emails|booking travel}, "
            "{keeping records|making payments}.\n\nTo apply, {send|text} your full name, {mobile number|phone}, "
            "{age|department} and "
            "{personal email (not the university one)|private email address} to {reply}.\n\n{Best "
            "regards|Regards},\n{HR Office|Career Services}"
        ),
    ),
    (
        "{DONATION|Donation for you|Grant notice|Re: funds}{| {n5}| - reply}",
        (
            "{Dear beneficiary|Good day|Greetings},\n\nI am {Mrs.|Mr.} {other}, {a widow|a retired banker|winner "
            "of a "
            "lottery} from "
            "{Canada|Norway|Australia}. {My doctor told me|After long thought} {I have little time left|I "
            "decided} to "
            "{donate|give away} the sum of "
            "{${n1}.{n1} million|{n3},000 Euro} to {you|{n1} people chosen by their e-mail address}.\n\n{Please "
            "reply "
            "with your|Kindly send} "
            "name, country and phone to my {lawyer|private} address {reply} for {further details|the "
            "transfer}.\n\n{Remain blessed|God bless},\n"
            "{Mrs.|Mr.} {other}"
        ),
    ),
)
_REPLIES = ("hr.career{n3}@inboxly.test", "dr.{other}{n2}@freiletter.test", "{other}.fund@sunpost.example")


def account_in_webmail(world: World, rng: random.Random) -> Letter:
    """A student's account in the webmail, some dozens of recipients in Bcc each time."""
    place = place_of(world)
    user = place.people[77]
    sender = "%s@%s" % (user, place.own)
    subject, text = _JOBS[rng.random() < 0.25]
    values = {**numbers(rng), "other": rng.choice(ENGLISH.lasts)}
    values["reply"] = spin(rng.choice(_REPLIES), rng, values).lower().replace("'", "")
    domains = (*BIG_FREE[:8], "college-of-wexmoor.example", "uni-marbeck.example", "tu-lindhafen.example")
    to = victims(rng, ENGLISH, rng.randint(12, 45), domains)
    node = rng.choice((11, 12))
    return Draft(
        sender=sender,
        to=to,
        subject=spin(subject, rng, values),
        text=spin(text, rng, values),
        age=HOUR * rng.choice((rng.uniform(14, 19), rng.uniform(1, 3))),
        author=named(rng.choice((full_name(user), "Career Services", "HR Office")), sender),
        shown=rng.choice(("undisclosed-recipients:;", "<%s>" % sender)),
        client=("10.20.0.%d" % node, "webmail." + place.own, "webmail." + place.own),
        login=user,
        headers=[
            "Reply-To: " + values["reply"],
            "User-Agent: Roundcube Webmail/1.6.7",
            "X-Sender: " + sender,
            "X-Originating-IP: [%s.%d]" % (network_of("vpn exit %d" % rng.randrange(4)), rng.randint(2, 250)),
        ],
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident="hex",
        server=place.mx,
        spam=True,
    ).letter(rng)


# --- answers to stolen mail --------------------------------------------------------------------------------------

_LURES = {
    "de": (
        (
            "{Guten Tag|Hallo|Hallo {to}},\n\n{anbei|im Anhang} {finden Sie|findest du} {die besprochenen "
            "Unterlagen|das aktualisierte Dokument|die "
            "korrigierte Rechnung}.{| Bitte um kurze Rückmeldung.}\n\n{link}{|\n\nPasswort: {t4}}\n\n{Mit "
            "freundlichen Grüßen|Viele Grüße}\n{by}"
        ),
        (
            "{Guten Tag|Guten Morgen},\n\n{wie vereinbart|wie am Telefon besprochen} {der Link zu den Dateien|die "
            "Unterlagen zum Abruf}: {link}\n\n"
            "{Der Link gilt bis morgen.|Danke und Gruß}\n\n{by}"
        ),
    ),
    "en": (
        (
            "{Hello|Hi {to}|Good day},\n\n{please see|kindly review} {the attached document|the updated file|the "
            "corrected invoice} {and let me know|"
            "and confirm today}.\n\n{link}{|\n\nPassword: {t4}}\n\n{Regards|Best regards},\n{by}"
        ),
        (
            "{Hi|Hello},\n\n{as discussed|per our conversation}, {here are the papers|the documents can be found "
            "here}: {link}\n\n{Thanks|Many thanks}\n{by}"
        ),
    ),
    "nl": (
        (
            "{Hallo|Beste {to}},\n\n{in de bijlage|hierbij} {vindt u|vind je} {het aangepaste document|de juiste "
            "factuur}.\n\n{link}{|\n\nWachtwoord: {t4}}"
            "\n\n{Groet|Met vriendelijke groet},\n{by}"
        ),
        "{Hallo|Dag {to}},\n\n{zoals besproken|zoals afgesproken} {de bestanden|de stukken}: {link}\n\n{by}",
    ),
}
_DROPS = (
    "https://{t8}-my.filedrop-cloud.test/:f:/p/{to2}/{t22}?e={t6}",
    "https://{hillcrest-roofing|amber-nails|dr-sato-dental|ferienhaus-lenz}.example/{docs|dl|wp-content/docs}/{t6}.php",
    "https://storage.bucket-east.test/{t12}/Dokument_{n5}.html?x={x8}",
)


def account_answering_stolen_mail(world: World, rng: random.Random) -> Letter:
    """An employee's account answers the mail in its folders, with a link or an archive."""
    place = place_of(world)
    user = "%s@%s" % (place.people[17], place.own)
    to, first = place.correspondent(rng)
    code = rng.choice(("de", "de", "en", "nl"))
    language = LANGUAGES[code]
    values = {
        **numbers(rng),
        "to": first,
        "by": full_name(user),
        "to2": local_part(rng, *language.name(rng)).replace(".", "_"),
    }
    attached = rng.random() < 0.35
    values["link"] = "" if attached else spin(rng.choice(_DROPS), rng, values)
    text = spin(rng.choice(_LURES[code]), rng, values).replace("\n\n\n\n", "\n\n")
    text += "\n\n" + language.quoted(rng, "%s" % first)
    name = spin("{INV|Doc|Unterlagen|scan}{_|-}{n6}.{zip|zip|one|img}", rng)
    files = [File(name, "application/zip", b"PK\3\4" + other_bytes(rng, rng.randint(2200, 2600)))] if attached else []
    client = _rented_vpn(rng)
    return Draft(
        sender=user,
        to=[to],
        subject=rng.choice(("Re: ", "RE: ", "AW: ", "Fwd: ")) + language.subject(rng),
        text=text,
        html=page(*text.split("\n\n")) if rng.random() < 0.7 else "",
        age=3.5 * HOUR * rng.random() + 60,
        author=named(full_name(user), user),
        client=client,
        login=user,
        headers=["In-Reply-To: <%s@mail.workmail.test>" % token(rng, 30)] * rng.randrange(2),
        reason=waiting(rng, to.rpartition("@")[2]),
        ident=rng.choice(("outlook", "outlook", "uuid")),
        coding=rng.choice(("base64", "qp")),
        files=files,
        server=place.mx,
        spam=True,
    ).letter(rng)


def _rented_vpn(rng: random.Random) -> Client:
    number = rng.randrange(9)
    address = "%s.%d" % (network_of("exit node %d" % number), rng.randint(2, 250))
    return address, "unknown", "[%s]" % (address if rng.random() < 0.5 else "127.0.0.1")


# --- several accounts at a time ----------------------------------------------------------------------------------

_THREATS = {
    "en": (
        (
            "{Your device|Your account|Your privacy} {was|has been} {hacked|compromised}",
            "{Payment from your account|Pending payment}",
            "{I know|About} {who}",
        ),
        (
            (
                "{Hello|Hi there|Greetings}{!|,}\n\n{I am sorry to inform you|As you may have noticed}: {your device "
                "was infected|I have had full access to "
                "your device} {for some months|since {spring|summer}} with {my|private} {software|trojan}.\n\n{I "
                "recorded you|My program recorded you} "
                "{while you visited adult sites|during your private moments}. {With one click|In a second} {your "
                "family and colleagues|all your "
                "contacts} {will|can} {see the video|receive it}.\n\n{Transfer|Send} {$|USD }{ransom} in Bitcoin to "
                "{bc1q{x32}|1{t32}}. You have "
                "{48|50|72} hours {from now|after opening this letter}. {Do not reply|Do not go to the police}: "
                "{this "
                "address is not mine|it is useless}."
                "\n\n{Good luck|Take care}{.|!}"
            ),
            (
                "{Listen carefully|This is your last warning}.\n\n{Some time ago|A few months ago} I {bought|got} "
                "access to {your mail|{who}} from "
                "{hackers|a forum}. {Your camera and microphone|Your screen} {belong to me|are under my "
                "control}.\n\n{The price of silence|My offer} is {ransom} "
                "dollars. {Wallet|BTC}: {bc1q{x32}|3{t32}}\n\n{The clock is ticking|When I see the money I delete "
                "everything}."
            ),
        ),
    ),
    "es": (
        (
            "{Su|Tu} {cuenta|dispositivo} {ha sido hackeado|está en peligro}",
            "{Pago pendiente|Último aviso}",
            "{Tengo|He visto} {tus datos|todo}",
        ),
        (
            (
                "¡{Hola|Saludos}!\n\n{Lamento informarle|Como habrá notado}: {he infectado su dispositivo|tengo "
                "acceso a su dispositivo} desde hace {n1} meses. "
                "{He grabado|Mi programa ha grabado} {un vídeo|varios vídeos} {mientras visitaba sitios para "
                "adultos|en momentos privados}.\n\n"
                "{Envíe|Transfiera} {ransom} {dólares|USD} en bitcoin a {bc1q{x32}|1{t32}} {en 48 horas|antes de "
                "{n2} "
                "horas}. {Si no|De lo contrario}, "
                "{todos sus contactos|su familia y colegas} {recibirán el vídeo|lo verán}.\n\n{No responda|No "
                "avise a "
                "la policía}. {Suerte|Adiós}."
            ),
        ),
    ),
}


def one_of_several_accounts(world: World, rng: random.Random) -> Letter:
    """Eight accounts, each from a few home addresses, a slow trickle from each."""
    place = place_of(world)
    number = rng.randrange(8)
    user = place.address(place.people[30 + 37 * number])
    code = "es" if rng.random() < 0.35 else "en"
    subjects, texts = _THREATS[code]
    to = victims(rng, SPANISH if code == "es" else ENGLISH, 1)
    values = {"who": to[0], "ransom": spin("{{6|7|8|9}50|1,{n3}|1,{2|4|9}00|2,{n3}}", rng)}
    return Draft(
        sender=user,
        to=to,
        subject=spin(rng.choice(subjects), rng, values),
        text=spin(rng.choice(texts), rng, values),
        age=40 * HOUR * rng.random() + 30,
        author=named(rng.choice(("", full_name(user), "Your friend")), user),
        client=access("proxy %d %d" % (number, rng.randrange(12)), rng) if rng.random() < 0.6 else bot(rng),
        login=user,
        headers=[]
        if rng.random() < 0.5
        else ["X-Mailer: " + rng.choice(("eM Client", "Outlook Express 6.00", "Zimbra " + hexes(rng, 4)))],
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident=rng.choice(("uuid", "outlook", "php", "hex")),
        coding=rng.choice(("", "qp", "base64")),
        server=place.mx,
        zone=rng.choice((-5, 0, 2, 8)),
        spam=True,
    ).letter(rng)
