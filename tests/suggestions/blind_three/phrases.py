# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write, in five languages: names, greetings, sentences and subjects."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence

from tests.suggestions.blind_three.compose import spin


@dataclass(frozen=True)
class Language:
    """How one writes in a language."""

    firsts: Sequence[str]
    lasts: Sequence[str]
    greetings: Sequence[str]
    farewells: Sequence[str]
    things: Sequence[str]
    """Each with its article."""
    sentences: Sequence[str]
    subjects: Sequence[str]
    wrote: str
    """The line before what is quoted."""

    def name(self, rng: random.Random) -> tuple[str, str]:
        """Return a first and a last name."""
        return rng.choice(self.firsts), rng.choice(self.lasts)

    def thing(self, rng: random.Random) -> str:
        """Return something that one writes about."""
        return rng.choice(self.things)

    def sentence(self, rng: random.Random) -> str:
        """Return a sentence."""
        values = {"thing": self.thing(rng), "other": self.thing(rng), "who": rng.choice(self.firsts)}
        return spin(rng.choice(self.sentences), rng, values)

    def paragraph(self, rng: random.Random, most: int = 4) -> str:
        """Return a paragraph."""
        return " ".join(self.sentence(rng) for _turn in range(rng.randint(1, most)))

    def subject(self, rng: random.Random) -> str:
        """Return a subject."""
        text = spin(rng.choice(self.subjects), rng, {"thing": self.thing(rng), "who": rng.choice(self.firsts)})
        return text[0].upper() + text[1:]

    def letter(self, rng: random.Random, to: str, by: str, most: int = 4) -> str:
        """Return a letter from somebody to somebody."""
        greeting = spin(rng.choice(self.greetings), rng, {"to": to})
        paragraphs = [self.paragraph(rng) for _turn in range(rng.randint(1, most))]
        return "\n\n".join((greeting, *paragraphs, "%s\n%s" % (rng.choice(self.farewells), by)))

    def quoted(self, rng: random.Random, by: str) -> str:
        """Return what somebody wrote before."""
        lines = [self.sentence(rng) for _turn in range(rng.randint(2, 6))]
        date = spin("{day}.{month}.2026 {clock}", rng)
        return "%s\n%s" % (self.wrote % (date, by), "\n".join("> " + line for line in lines))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ENGLISH = Language(
    firsts=_words(
        "Alice Ben Carol Daniel Emma Fiona George Hannah Ian Jane Kevin Laura Mark Nina Oliver Paul Rachel Sam Tom "
        "Victoria Will Zoe Priya Amir Grace Liam Owen Megan"
    ),
    lasts=_words(
        "Adams Barker Clarke Dixon Evans Fletcher Grant Hughes Irving Jenkins Kerr Lowe Mason Norris Osborne Pratt "
        "Reid Shaw Turner Underhill Vance Walsh Young Patel Khan O'Neill Sutton Whitby"
    ),
    greetings=("Hi {to},", "Hello {to},", "Dear {to},", "Hi,", "Good morning {to},", "{to} -"),
    farewells=("Best regards,", "Kind regards", "Thanks,", "Cheers,", "All the best,", "Many thanks", "Speak soon"),
    things=(
        *("the budget", "the minutes", "the contract", "the floor plan", "the spring timetable", "the draft report"),
        *("the spare keys", "the train tickets", "the insurance form", "the job description", "the boiler quote"),
        *("the test results", "the guest list", "the photos from Saturday", "the new brochure", "the lease"),
        *("the grant application", "the sample parts", "the audit", "the trip to the lakes", "the server move"),
        *("the choir programme", "the tax papers", "the garden fence", "the second chapter", "the order form"),
    ),
    sentences=(
        "{I have|I've} {had a look|looked} at {thing} and {it looks fine|there are two points we should discuss}.",
        "Could you {send|forward} me {thing} {again|before {Friday|the weekend|lunch}}, please?",
        "{Attached|Enclosed} {is|you will find} {thing}, {as promised|as discussed on the phone}.",
        "{who} {says|thinks} that {thing} can wait until {day} {May|June|October|November}.",
        "We {still need|are still waiting for} {thing} and {other}, otherwise {who} cannot start.",
        "{Sorry for|Apologies for} the late {reply|answer}, it has been {a busy week|rather hectic here}.",
        "{Shall we|Can we} meet at {clock} on {Monday|Tuesday|Wednesday|Thursday} to {talk about|go through} {thing}?",
        "I'd rather {keep|leave} {thing} as it is {for now|until we hear from {who}}.",
        "{who} {called|rang} {yesterday|this morning} about {thing} and {was quite pleased|asked for a copy}.",
        "The {price|estimate} came to {usd} {altogether|before tax}, which is {less|more} than {we thought|last year}.",
        "Please {check|have a look at} page {n1} of {thing}, {the figures do not add up|something is missing there}.",
        "{How are you and the kids|How was the holiday}? {We are all well|Here it keeps raining}.",
        "I will be {away|out} from {day} {March|July} and {back|in the office again} the week after.",
        "{No hurry|No rush}, but it would {help|be good} to have {thing} by {the end of the month|next week}.",
        "{who} and I {agreed|decided} to {drop|postpone} {thing} and to {concentrate on|begin with} {other}.",
        "{Let me know|Tell me} {if that suits you|what you think}{.|, and I will book it.}",
        "{As far as I know|If I remember rightly}, {thing} was {signed|sent} {last week|in April} by {who}.",
        "{That's great news|Good to hear}! {I'll pass it on to {who}|I had almost given up hope}.",
        "I {could not|couldn't} open {the second file|your attachment}, could you {try|save it in} another format?",
        "Parking is {behind the building|in Mill Street}; {who} has {the badge|the key to the gate}.",
        "{There was a mix-up|We had some trouble} with {thing}, so {we start half an hour later|the date has moved}.",
        "My number {is now|has changed to} 0{n4} {n6}, {please don't use the old one|in case you need me}.",
    ),
    subjects=(
        *("{thing}", "{thing} - {question|update|final version}", "{lunch|coffee} {on Thursday|next week}?"),
        *("{quick question|a question} about {thing}", "{your|our} {call|meeting} {on|of} {day} {May|June|October}"),
        *("{who}'s {birthday|leaving do|visit}", "{thanks|thank you}!", "{offer|invoice|quotation} {n5}", "{hello|hi}"),
        *("{Notes|Minutes} {n2} {June|September}", "{thing} and next steps", "{dates|room} for {thing}"),
    ),
    wrote="On %s, %s wrote:",
)

GERMAN = Language(
    firsts=_words(
        "Anna Bernd Claudia Dieter Eva Frank Gisela Holger Ines Jürgen Katrin Lars Monika Norbert Petra Ralf "
        "Sabine Thomas Ute Volker Werner Yvonne Jonas Lena Finn Mia Emre Aylin"
    ),
    lasts=_words(
        "Albrecht Becker Claußen Dorn Ebert Förster Gruber Hahn Imhoff Jansen Keller Lindner Möller Neumann Otto "
        "Pohl Quandt Richter Schäfer Thiele Ullrich Vogt Winkler Zeller Yilmaz Brandt Kurz Seidel"
    ),
    greetings=("Hallo {to},", "Liebe/r {to},", "Guten Tag {to},", "Guten Morgen,", "Hi {to},", "Moin {to},"),
    farewells=("Viele Grüße", "Mit freundlichen Grüßen", "Liebe Grüße", "Beste Grüße", "Bis bald", "Schöne Grüße"),
    things=(
        *("das Protokoll", "der Mietvertrag", "das Angebot", "die Rechnung", "der Dienstplan", "die Gästeliste"),
        *("das Gutachten", "die Zeichnung", "der Förderantrag", "die Anmeldung", "das Training", "der Stundenplan"),
        *("die Steuererklärung", "der Kostenvoranschlag", "die Satzung", "das Kapitel zwei", "die Fotos vom Ausflug"),
        *("der Wasserschaden", "die Lieferung", "das Sommerfest", "der Kuchen", "die Heizung", "die Musterteile"),
        *("das Messprotokoll", "die Fahrkarten", "der Umzug", "das Bewerbungsgespräch", "der Beitrag"),
    ),
    sentences=(
        "{Ich habe mir das angesehen|Ich bin es durchgegangen}: {thing} {passt so|gefällt mir noch nicht ganz}.",
        "{Kannst du|Könnten Sie} mir {bitte|noch} etwas zu {Punkt {n1}|Seite {n1}} {schreiben|sagen}?",
        "Im Anhang {findet sich|ist} {thing}, {wie besprochen|wie am Telefon versprochen}.",
        "{who} {meint|sagt}, {thing} {hat noch Zeit bis|kommt erst nach} {Freitag|Ostern|Monatsende}.",
        "Es fehlt {immer noch|leider} {thing}, {vorher kann {who} nicht anfangen|sonst ist alles da}.",
        "{Entschuldige|Entschuldigung} für die späte Antwort, {hier war viel los|ich war bis gestern krank}.",
        "{Treffen wir uns|Sehen wir uns} am {Montag|Dienstag|Donnerstag} um {clock} {im Büro|bei {who}|am Bahnhof}?",
        "{Mir wäre lieber|Besser wäre}, {thing} bleibt {erst einmal so|bis {Mai|Herbst} wie es ist}.",
        "{who} hat {gestern|heute früh} angerufen, es {ging um|geht wieder um} {other} und die Kosten von {eur} Euro.",
        "Der Preis liegt bei {eur} Euro {netto|inklusive Versand}, {etwas mehr als|weniger als} {gedacht|im Vorjahr}.",
        "{Bitte|Bitte einmal} Seite {n1} prüfen, {die Summe stimmt nicht|da fehlt eine Unterschrift}.",
        "{Wie war der Urlaub|Wie geht es euch}? {Bei uns ist alles gut|Hier regnet es seit Tagen}.",
        "Ich bin vom {day}. bis Monatsende {nicht da|unterwegs}, {danach gern|vertreten werde ich von {who}}.",
        "{Es eilt nicht|Keine Eile}, aber {schön wäre es|gut wäre} bis {Ende der Woche|zum {day}.}.",
        "{who} und ich haben {vereinbart|beschlossen}: zuerst kommt {thing}, dann {other}.",
        "{Sag Bescheid|Geben Sie kurz Bescheid}, ob {das passt|der Termin möglich ist}.",
        "{Soweit ich weiß|Wenn ich mich recht erinnere}, ist {thing} {längst unterschrieben|schon raus}.",
        "{Das freut mich sehr|Tolle Nachricht}! {Ich gebe es weiter|Damit hatte ich nicht mehr gerechnet}.",
        "Die {zweite Datei|Anlage} {lässt sich nicht öffnen|ist leer}, {bitte noch einmal schicken|geht auch PDF?}",
        "{Parken kann man|Parkplätze gibt es} {hinter dem Haus|in der Mühlgasse}, {who} hat {den Schlüssel|die Karte}.",
        "{Leider|Wie befürchtet} verschiebt sich alles um {n1} Tage, {thing} ist {nicht fertig|noch beim Prüfer}.",
        "{Meine neue Nummer ist|Erreichbar bin ich unter} 0{n4} {n6}, {gern auch abends|am besten vormittags}.",
    ),
    subjects=(
        *(
            "{thing}",
            "{Frage|Rückfrage} zu {n4}",
            "{Termin|Treffen} am {day}.{month}.",
            "{thing} - {Stand|Entwurf|neu}",
        ),
        *("{Angebot|Rechnung|Anfrage} {n5}", "{Geburtstag|Besuch} von {who}", "{Danke|Vielen Dank}!", "kurze Frage"),
        *("{Protokoll|Unterlagen} {day}.{month}.", "{who} und {thing}", "{Urlaub|Vertretung} {KW {n2}|im Mai}"),
    ),
    wrote="Am %s schrieb %s:",
)

FRENCH = Language(
    firsts=_words(
        "Amélie Bruno Claire Didier Élise François Gaëlle Hugo Inès Julien Karine Luc Manon Nicolas Odile Pascal "
        "Quentin Sophie Thierry Valérie Yves Zoé Chloé Mathis"
    ),
    lasts=_words(
        "Arnaud Bertin Chevalier Dubois Étienne Faure Girard Hubert Jourdan Lambert Mercier Noël Olivier Perrin "
        "Renaud Simon Tessier Vidal Weber Benali Marchand Lefort"
    ),
    greetings=("Bonjour {to},", "Bonjour,", "Salut {to},", "Cher/Chère {to},", "Coucou {to},"),
    farewells=("Cordialement,", "Bien à vous,", "À bientôt", "Merci d'avance,", "Bises", "Bonne journée,"),
    things=(
        *("le devis", "la facture", "le compte rendu", "le bail", "la réunion", "le planning", "la livraison"),
        *("le dossier", "la brochure", "les photos", "le chantier", "la réservation", "le contrat", "la maquette"),
        *("les billets", "le budget", "l'inscription", "le voyage", "la chaudière", "le deuxième lot"),
    ),
    sentences=(
        "{J'ai relu|J'ai regardé} {thing} et {tout est en ordre|il manque une page}.",
        "{Pourriez-vous|Peux-tu} me renvoyer {thing} {avant vendredi|dès que possible} ?",
        "{Ci-joint|Vous trouverez ci-joint} {thing}, {comme convenu|comme promis}.",
        "{who} pense que {thing} peut attendre {la semaine prochaine|le {day}}.",
        "{Désolé pour le retard|Excusez ma réponse tardive}, {j'étais en déplacement|la semaine a été chargée}.",
        "On se voit {lundi|mardi|jeudi} à {clock} pour {parler de la suite|préparer le projet} ?",
        "Le montant est de {eur} euros, {hors taxes|port compris}.",
        "{who} a appelé {hier|ce matin} au sujet de {n2} {pièces|places} {supplémentaires|à réserver}.",
        "Il nous manque {encore|toujours} {thing} et {other}.",
        "{Dites-moi|Dis-moi} si {cela vous convient|la date est bonne}.",
        "{Je serai absent|Je suis en congé} à partir du {day}, {who} prend le relais.",
        "{Bonne nouvelle|Enfin} : {thing} {est validé par tout le monde|avance bien}.",
        "{Nous avons eu un souci|Petit problème} avec {thing}, {nous le réglons demain|rien de grave}.",
        "Mon nouveau numéro est le 06 {n2} {n2} {n2} {n2}.",
    ),
    subjects=(
        *("{thing}", "{question|précision} sur {thing}", "{rendez-vous|réunion} du {day}", "{devis|facture} {n5}"),
        *("merci !", "{visite|anniversaire} de {who}", "{thing} - {suite|version finale}", "{photos|papiers} du {day}"),
    ),
    wrote="Le %s, %s a écrit :",
)

SPANISH = Language(
    firsts=_words(
        "Alba Bruno Carmen Diego Elena Felipe Gloria Hugo Irene Javier Laura Manuel Nuria Óscar Pilar Raúl Sara "
        "Tomás Lucía Andrés"
    ),
    lasts=_words(
        "Álvarez Blanco Castro Díaz Fuentes García Herrera Iglesias López Molina Núñez Ortega Peña Ramos Soler "
        "Torres Vega Zamora"
    ),
    greetings=("Hola {to}:", "Hola,", "Buenos días, {to}:", "Estimado/a {to}:", "Querida/o {to}:"),
    farewells=("Un saludo,", "Saludos cordiales", "Un abrazo", "Gracias,", "Hasta pronto"),
    things=(
        *("el presupuesto", "la factura", "el contrato", "la reunión", "el pedido", "el informe", "la mudanza"),
        *("las fotos", "el horario", "la reserva", "el borrador", "la entrega", "el alquiler", "la matrícula"),
    ),
    sentences=(
        "{He revisado|Ya he visto} {thing} y {todo está bien|falta una firma}.",
        "¿{Me puedes|Podrías} enviar {thing} {antes del viernes|otra vez}?",
        "{Adjunto|Te adjunto} {thing}, {como acordamos|como te dije por teléfono}.",
        "{who} {dice|cree} que {thing} puede esperar {al lunes|unos días}.",
        "{Perdona|Siento} la tardanza, {ha sido una semana complicada|estaba de viaje}.",
        "¿Quedamos el {lunes|martes|jueves} a las {clock} para {hablarlo|verlo con calma}?",
        "El precio es de {eur} euros {con IVA|más el envío}.",
        "{Todavía falta|Nos falta} {thing}; {other} ya está.",
        "{who} llamó {ayer|esta mañana} y {quedó muy contenta|pidió una copia}.",
        "{Avísame|Dime} si {te va bien|puedes ese día}.",
        "Estaré fuera del {day} al final de mes, {who} se encarga.",
        "{¡Qué buena noticia!|Me alegro mucho.} {Se lo digo a {who}.|Ya no lo esperaba.}",
    ),
    subjects=(
        *("{thing}", "{duda|pregunta} sobre {thing}", "{reunión|cita} del {day}", "{factura|pedido} {n5}", "gracias"),
        *("{cumpleaños|visita} de {who}", "{thing} - {cambios|versión final}"),
    ),
    wrote="El %s, %s escribió:",
)

DUTCH = Language(
    firsts=_words(
        "Anouk Bram Cor Daan Els Femke Gijs Hanneke Ivo Joost Karin Lotte Maarten Niels Petra Ruud Sanne Tim Wilma Yara"
    ),
    lasts=_words(
        "Bakker Brouwer Dekker Evers Fokkema Groen Hendriks Jacobs Koster Linden Mulder Nagel Postma Ruiter Smit "
        "Timmer Visser Wolters"
    ),
    greetings=("Hallo {to},", "Beste {to},", "Hoi {to},", "Goedemorgen,", "Dag {to},"),
    farewells=("Groeten,", "Met vriendelijke groet,", "Hartelijke groet", "Tot snel", "Bedankt alvast,"),
    things=(
        *("de offerte", "de factuur", "het verslag", "de planning", "de sleutels", "het contract", "de levering"),
        *("de foto's", "het rooster", "de tekening", "de verhuizing", "het huurcontract", "de vergadering"),
    ),
    sentences=(
        "{Ik heb gekeken naar|Net gelezen:} {thing}, {ziet er goed uit|er ontbreekt nog iets}.",
        "{Kun je|Kunt u} {thing} {nog eens sturen|voor vrijdag mailen}?",
        "{In de bijlage|Bijgevoegd} {vind je|zit} {thing}, {zoals besproken|zoals beloofd}.",
        "{who} {zegt|denkt} dat {thing} {kan wachten|volgende week komt}.",
        "{Sorry voor|Excuses voor} de late reactie, {het was druk|ik was ziek}.",
        "{Spreken we af|Zien we elkaar} {maandag|dinsdag|donderdag} om {clock}?",
        "De prijs is {eur} euro {exclusief btw|inclusief verzending}.",
        "We missen {nog steeds|alleen nog} {thing} en {other}.",
        "{who} belde {gisteren|vanochtend} over {thing}.",
        "{Laat even weten|Geef een seintje} of {dat past|het lukt}.",
        "Ik ben vanaf de {day}e weg, {who} neemt waar.",
        "{Goed nieuws|Fijn om te horen}! {Ik geef het door|We gaan door met {thing}}.",
    ),
    subjects=(
        *("{thing}", "{vraag|vraagje} over {thing}", "{afspraak|overleg} {day}-{month}", "{offerte|factuur} {n5}"),
        *("bedankt!", "{bezoek|verjaardag} van {who}", "{thing} - {definitief|concept}"),
    ),
    wrote="Op %s schreef %s:",
)

LANGUAGES = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "nl": DUTCH}

_PLAIN = str.maketrans("éèêëáàâíïóôñúç", "eeeeaaaiioonuc")
_LOCALS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}


def local_part(rng: random.Random, first: str, last: str, *, free: bool = False) -> str:
    """Return the local part of somebody's address; free: at a provider where many have the same name."""
    first, last = ascii_of(first), ascii_of(last)
    styles = ("%s.%s", "%s.%s", "%s%s", "%s_%s") if free else ("%s.%s",)
    text = rng.choice(styles) % (first if rng.random() < 0.7 or not free else first[0], last)
    return text + (
        str(rng.choice((rng.randint(1, 99), rng.randint(1950, 2009)))) if free and rng.random() < 0.5 else ""
    )


def ascii_of(name: str) -> str:
    """Return a name in lower-case ASCII letters."""
    for char, letters in _LOCALS.items():
        name = name.lower().replace(char, letters)
    return "".join(char for char in name.translate(_PLAIN).lower() if char.isascii() and char.isalnum())
