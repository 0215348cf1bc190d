# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people write in each language: names, sentences with slots, and what stands around them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Sequence


@dataclass(frozen=True)
class Language:
    """The words of a language."""

    first: Sequence[str]
    last: Sequence[str]
    things: Sequence[str]
    days: Sequence[str]
    places: Sequence[str]
    hello: Sequence[str]
    lines: Sequence[str]
    bye: Sequence[str]
    subjects: Sequence[str]
    wrote: str

    def fill(self, rng: random.Random, text: str) -> str:
        """Return a text with its slots filled."""
        return text.format(
            t=rng.choice(self.things),
            u=rng.choice(self.things),
            d=rng.choice(self.days),
            p=rng.choice(self.places),
            n=rng.randint(2, 900),
            h="%d:%02d" % (rng.randint(8, 18), rng.choice((0, 15, 30, 45))),
            f=rng.choice(self.first),
            l=rng.choice(self.last),
        )

    def name(self, rng: random.Random) -> str:
        """Return first and last name."""
        return "%s %s" % (rng.choice(self.first), rng.choice(self.last))

    def said(self, rng: random.Random, most: int) -> str:
        """Return some sentences in paragraphs."""
        chosen = rng.sample(self.lines, rng.randint(1, min(most, len(self.lines))))
        return "".join(self.fill(rng, line) + rng.choice((" ", " ", "\n", "\n\n")) for line in chosen).strip()

    def topic(self, rng: random.Random) -> str:
        """Return a subject."""
        return self.fill(rng, rng.choice(self.subjects))


_PLAIN = str.maketrans("áàâäãéèêëíìîïóòôöúùûüñçłśżźćńąęřß", "aaaaaeeeeiiiioooouuuunclszzcnaers")


def plain(name: str) -> str:
    """Return a name as it stands in an address."""
    return name.lower().translate(_PLAIN).replace(" ", ".").replace("'", "")


_CHOICE = re.compile(r"\[([^\[\]]*)\]")


def spun(rng: random.Random, text: str) -> str:
    """Return a text with one of each [a|b|c] chosen, the innermost first."""
    while "[" in text:
        text = _CHOICE.sub(lambda found: rng.choice(found.group(1).split("|")), text)
    return text


def _words(text: str) -> list[str]:
    return text.split("|")


ENGLISH = Language(
    first=_words(
        "Alice|Ben|Carol|Daniel|Emma|Frank|Grace|Henry|Isla|Jack|Karen|Liam|Maya|Noah|Olivia|Paul|Rachel|Sam|Tina|Victor|Wendy|Priya|Omar|Chen"
    ),
    last=_words(
        "Adams|Baker|Clarke|Davies|Evans|Foster|Green|Hughes|Iqbal|Jones|King|Lewis|Moore|Nguyen|Owen|Patel|Quinn|Reid|Shaw|Turner|Walsh|Young"
    ),
    things=_words(
        "the budget|the draft report|the contract|the roof repair|the lab order|the rota|the slides|the survey|the training plan|the new printer|"
        "the visa letter|the minutes|the exam paper|the lease|the website|the audit file|the order form|the van|the heating|the shortlist|the poster|the grant"
    ),
    days=_words("Monday|Tuesday|Wednesday|Thursday|Friday|tomorrow|next week|the 14th|the end of the month"),
    places=_words("room 204|the main hall|Leeds|the library|the site office|Bristol|the canteen|building C|Dublin"),
    hello=_words("Hi {f},|Dear {f},|Hello {f}|Hi all,|Dear Dr {l},|{f} -|Good morning {f},|Dear colleagues,|Hey,"),
    lines=_words(
        "I have had another look at {t} and there are still a few gaps.|Could you send me {t} before {d}?|We can meet in {p} at {h} on {d}.|"
        "{f} told me that {t} will not be ready until {d}.|Thanks for your help with {t}.|The figure on page {n} does not agree with {t}.|"
        "I am out on {d}, but {f} will cover for me.|Please bring {t} along if you can.|Is it all right if we move {t} to {d}?|"
        "The supplier in {p} asks for {n} pounds, which seems a lot.|My comments are in the margin.|Let me know what you think.|"
        "No rush at all, {d} is fine.|I spoke with {f} {l} on the phone about {t} and {u}.|We are {n} short for {t}.|"
        "Sorry for the slow reply, it has been a mad week here.|Can somebody let the caretaker know about {t}?|I will ring you at {h}.|"
        "Nothing has changed since {d}.|Your parcel for {p} is at reception.|The kids loved the trip to {p}!|Do you still need {t}?"
    ),
    bye=_words("Best wishes,|Kind regards,|Cheers|Thanks,|Regards,|All the best,|Best,|Yours sincerely,|x"),
    subjects=_words(
        "{t}|{t} for {d}|Question about {t}|{d} in {p}|Meeting on {d}|{t} and {u}|Quick question|Lunch {d}?|Invoice query {n}|Update on {t}|{f} {l}|Draft {n}"
    ),
    wrote="On {d} {f} {l} wrote:",
)
GERMAN = Language(
    first=_words(
        "Anna|Bernd|Claudia|Dieter|Eva|Florian|Gisela|Hannes|Ingrid|Jörg|Katrin|Lukas|Marlene|Niklas|Petra|Rüdiger|Sabine|Thomas|Ulla|Wiebke"
    ),
    last=_words(
        "Ahlers|Becker|Clausen|Dreyer|Engel|Fuchs|Götz|Hinrichs|Jansen|Köhler|Lorenz|Müller|Neumann|Petersen|Röhl|Schulze|Thiel|Vogt|Weiß"
    ),
    things=_words(
        "das Angebot|der Entwurf|die Rechnung|der Mietvertrag|das Logo|die Terminliste|die Bestellung|der Umbau|die Bilder|der Flyer|die Heizung|"
        "das Protokoll|die Abnahme|der Katalog|die Webseite|der Lieferschein|die Einladung|das Gutachten|die Preisliste"
    ),
    days=_words("Montag|Dienstag|Mittwoch|Donnerstag|Freitag|morgen|nächste Woche|Monatsende|den 14."),
    places=_words("Kiel|der Werkstatt|Raum 12|Hamburg|dem Büro|Flensburg|der Filiale|Bremen"),
    hello=_words(
        "Hallo {f},|Moin {f},|Sehr geehrte Frau {l},|Sehr geehrter Herr {l},|Liebe {f},|Guten Tag,|Hallo zusammen,"
    ),
    lines=_words(
        "anbei {t} wie besprochen.|Können Sie uns bis {d} Bescheid geben?|Wir treffen uns um {h} Uhr in {p}.|Leider ist {t} noch nicht fertig.|"
        "{f} {l} kümmert sich ab {d} um {u}.|Vielen Dank für die schnelle Antwort!|Der Preis liegt bei {n} Euro zuzüglich Versand.|"
        "Bitte prüfen Sie Position {n} noch einmal.|Ich bin ab {d} im Urlaub.|Für Rückfragen erreichen Sie mich unter Durchwahl {n}.|"
        "Die Fotos von {p} sind toll geworden.|Das klären wir am besten telefonisch.|Haben Sie {t} schon erhalten?|Oma freut sich auf euch.|"
        "Der Kunde hätte gern {t} und {u} zusammen.|Ich habe zwei kleine Änderungen eingetragen.|Passt {d} um {h}?|Die Spedition kommt erst {d}."
    ),
    bye=_words("Viele Grüße|Mit freundlichen Grüßen|LG|Beste Grüße|Herzliche Grüße|Gruß"),
    subjects=_words(
        "{t}|AW: {t}|Termin {d}|Frage zu {t}|{t} und {u}|{p} am {d}|Angebot {n}|Rückruf {f} {l}|Nachtrag|Auftrag {n}"
    ),
    wrote="Am {d} schrieb {f} {l}:",
)
FRENCH = Language(
    first=_words(
        "Amélie|Bruno|Céline|Denis|Élodie|François|Gaëlle|Hugo|Inès|Julien|Karine|Loïc|Manon|Noémie|Olivier|Pascal|Sophie|Thierry|Yves"
    ),
    last=_words(
        "Aubert|Blanchard|Caron|Dumas|Étienne|Fournier|Girard|Henry|Joly|Leroux|Marchand|Noël|Perrin|Roussel|Simon|Tessier|Vidal"
    ),
    things=_words(
        "le devis|la commande|le plan de coupe|la livraison|le planning|la pièce 7B|le compte rendu|la facture|le contrat|la fraiseuse|le stock|"
        "la palette|le certificat matière|le bon de livraison|la réclamation|le prototype|la cotation"
    ),
    days=_words("lundi|mardi|mercredi|jeudi|vendredi|demain|la semaine prochaine|fin de mois"),
    places=_words("l'atelier|Nantes|la salle B|Lyon|l'accueil|le quai 3|Tours"),
    hello=_words("Bonjour {f},|Bonjour,|Cher Monsieur {l},|Bonjour à tous,|Madame {l},|Salut {f},"),
    lines=_words(
        "Veuillez trouver ci-joint {t}.|Pouvez-vous me confirmer {t} pour {d} ?|Nous avons un retard de {n} minutes sur {t}.|Merci pour votre retour.|"
        "{f} {l} passera {d} vers {h}.|Il manque la signature sur {t}.|Le rendez-vous est à {h}, {p}.|Je suis absent {d}.|"
        "Le client demande {n} pièces de plus.|Je reviens vers vous rapidement.|Le transporteur n'est pas encore passé.|Avez-vous reçu {t} ?|"
        "On en parle à la réunion de {d}.|J'ai corrigé {t} et {u}.|La cote {n} est hors tolérance.|Bon courage pour la fin de semaine !"
    ),
    bye=_words("Cordialement,|Bien cordialement,|Cdt|À bientôt,|Bonne journée,|Bien à vous,"),
    subjects=_words(
        "{t}|RE: {t}|Réunion {d}|Demande de prix {n}|{t} / {u}|Commande {n}|Point {d}|Visite {p}|OF {n} : {t}|Absence {f} {l}"
    ),
    wrote="Le {d}, {f} {l} a écrit :",
)
SPANISH = Language(
    first=_words(
        "Alba|Bruno|Carmen|Diego|Elena|Fernando|Gloria|Hugo|Inés|Jorge|Lucía|Manuel|Nuria|Óscar|Pilar|Raúl|Sofía|Tomás|Verónica"
    ),
    last=_words(
        "Álvarez|Benítez|Cano|Domínguez|Esteban|Fuentes|Gil|Herrera|Iglesias|Luna|Molina|Núñez|Ortega|Peña|Rojas|Serrano|Vega"
    ),
    things=_words(
        "el presupuesto|la reserva|el piso|la factura de la luz|el coche|las fotos|la comida|el informe|los billetes|la receta|la cita|el alquiler|"
        "el examen|la matrícula|el regalo de mamá|la avería|el pedido"
    ),
    days=_words("el lunes|el martes|el jueves|el sábado|mañana|la semana que viene|fin de mes"),
    places=_words("Cádiz|casa de la abuela|la oficina|Sevilla|el taller|el centro de salud|la playa"),
    hello=_words("Hola {f}:|Buenos días,|Estimado Sr. {l}:|Querida {f},|Hola a todos,|Buenas,"),
    lines=_words(
        "Te mando {t} como quedamos.|¿Puedes pasarte {d} por {p}?|Al final {t} son {n} euros.|Muchas gracias por todo.|Nos vemos a las {h} en {p}.|"
        "{f} dice que no puede venir {d}.|Todavía no me ha llegado {t}.|Perdona que no haya contestado antes.|Avísame cuando tengas {t}.|"
        "He hablado con {f} {l} y está de acuerdo.|La tienda cierra {d}.|Un beso a los niños.|¿Te acuerdas de {t} y {u}?|Falta tu firma.|"
        "El técnico vendrá {d} a las {h}.|Hace un calor horrible en {p}."
    ),
    bye=_words("Un saludo,|Saludos|Besos|Atentamente,|Un abrazo,|Gracias,"),
    subjects=_words(
        "{t}|Re: {t}|{t} para {d}|Cita {d}|Consulta sobre {t}|Fotos de {p}|{t} y {u}|Pedido {n}|hola|Cumple de {f}"
    ),
    wrote="{d}, {f} {l} escribió:",
)
DUTCH = Language(
    first=_words(
        "Anouk|Bart|Carla|Dirk|Els|Femke|Gijs|Hanneke|Inge|Jeroen|Kees|Lotte|Maarten|Nienke|Pieter|Roos|Sjoerd|Tessa|Wim"
    ),
    last=_words(
        "Bakker|de Boer|Dekker|van Dijk|Hendriks|Jacobs|Kok|van Leeuwen|Mulder|Peters|Smit|Visser|de Vries|Willems"
    ),
    things=_words(
        "de vergunning|het verslag|de offerte|de agenda|het bestemmingsplan|de subsidie|de afvalkalender|het rooster|de bewonersavond|de factuur|"
        "de parkeerkaart|het formulier|de speeltuin|de begroting|de notulen"
    ),
    days=_words("maandag|dinsdag|woensdag|donderdag|vrijdag|morgen|volgende week"),
    places=_words("het stadhuis|de raadzaal|Tiel|de balie|het wijkcentrum|kamer 3.12"),
    hello=_words("Beste {f},|Geachte heer {l},|Geachte mevrouw {l},|Hoi {f},|Dag allemaal,|Goedemorgen,"),
    lines=_words(
        "Hierbij stuur ik u {t}.|Kunt u {t} voor {d} aanvullen?|We spreken af om {h} in {p}.|Dank voor uw bericht.|{f} {l} is {d} weer aanwezig.|"
        "Het dossiernummer is {n}.|Ik heb {t} nog niet ontvangen.|Laat maar weten of {d} lukt.|De wethouder wil eerst {t} zien.|Zie de bijlage.|"
        "Er staan {n} punten op de lijst.|Fijn weekend alvast!|Wie neemt {t} mee?|Over {t} en {u} bel ik u nog.|De kosten zijn {n} euro."
    ),
    bye=_words("Met vriendelijke groet,|Groetjes,|Hartelijke groet,|Mvg,|Groet,"),
    subjects=_words(
        "{t}|RE: {t}|Overleg {d}|Vraag over {t}|Zaak {n}|{t} en {u}|Afspraak {p}|Terugbelverzoek {f} {l}|Herinnering {t}"
    ),
    wrote="Op {d} schreef {f} {l}:",
)
POLISH = Language(
    first=_words(
        "Agnieszka|Bartek|Celina|Dorota|Ewa|Filip|Grażyna|Hubert|Iwona|Jacek|Kasia|Łukasz|Marta|Natalia|Paweł|Róża|Szymon|Tomek|Wojciech|Zosia"
    ),
    last=_words(
        "Adamska|Baran|Cieślak|Duda|Górski|Jabłoński|Kaczmarek|Lis|Mazur|Nowak|Pawlak|Sikora|Urban|Wrona|Zając|Żak"
    ),
    things=_words(
        "sprawozdanie|umowa|bilety|zaproszenie|artykuł|zdjęcia z wyjazdu|faktura|lista gości|recenzja|projekt|wniosek|terminarz|mieszkanie|"
        "składka|prezentacja|konspekt"
    ),
    days=_words("poniedziałek|wtorek|środę|czwartek|piątek|jutro|przyszły tydzień"),
    places=_words("Kraków|sala 14|Gdańsk|dziekanat|biblioteka|Łódź|kawiarnia"),
    hello=_words("Cześć {f},|Dzień dobry,|Szanowny Panie {l},|Szanowna Pani,|Hej {f}!|Drodzy,"),
    lines=_words(
        "W załączniku {t}.|Czy możesz przesłać {t} na {d}?|Spotykamy się o {h}, {p}.|Dziękuję za odpowiedź.|{f} {l} dołączy później.|"
        "Koszt to {n} zł.|Niestety {t} jeszcze nie gotowe.|Daj znać, czy pasuje.|Pociąg jest o {h}.|Przepraszam za zwłokę.|"
        "Mam pytanie: {t} czy {u}?|Pozdrów rodziców.|Zapisało się już {n} osób.|Termin mija w {d}.|Zadzwonię wieczorem."
    ),
    bye=_words("Pozdrawiam|Z poważaniem|Serdecznie pozdrawiam|Do zobaczenia|Pozdrowienia"),
    subjects=_words("{t}|Odp: {t}|{t} na {d}|Spotkanie {d}|Pytanie: {t}|{p}, {d}|{t} i {u}|Zjazd {n}|prośba"),
    wrote="W dniu {d} {f} {l} napisał(a):",
)
