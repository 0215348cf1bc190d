# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What mail of unrelated senders has in common. It is used only against a suggestion: a flood may have all of this too.

The tables are short on purpose. A value that is missing costs little, because the contrast with the rest of the queue decides.
Packages named as sources are those of Debian 12: spamassassin 4.0.1 (/usr/share/spamassassin), publicsuffix 20230209, mailman3 3.3.8,
vacation 3.3.3.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Sequence


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split("|"))


def _beginnings(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() + " " for phrase in text.split("|"))


PATH_WORDS = _words("""
abbestellen abmelden ad ads abonnement address afmelden agb aktuell amp android anmelden api app apple apps article articles
aspx asset assets assinatura attachment author avatar avviso banner bild bilder billing blog boletim boletin booking
bookings browser button buttons calendar cancelar cancella cancellazione careers cart case cases category cdn cgi
cgibin checkout click clicks clk cms com company component components condiciones confirm conta contact contacto
contacts contato contatti content cookie cookies css cuenta customer customers datenschutz default delivery desabonner
descargar desinscription desinscrire desuscribir details dettagli disiscrizione dist doc docs document documents
download downloads email emails en english event events facebook factura facturas facture factures faktura fattura
favicon feed feedback file fileadmin files follow font fonts footer forgot form forms forum gallery gif gmail google
haftung header help home homepage htm html http https ico icon icons image imagem imagenes imagens images img imgs
immagini impressum imprint include includes index info information inloggen inscription instagram invitation
invitations invite invoice invoices issue issues job jobs jpeg jpg js json kontakt konto landing legal library link
linkedin links list listinfo lists log login logo logos logout ls mail mailing mailings mailman main manage media
meeting meetings mein member members mentions menu message messages mijn min mobile modules mon news newsletter
newsletters nieuwsbrief notice notification notifications number obrazy online open opens optin options optout order
orders page pages parcel pass password payment payments pdf photo photos php picture pictures pinterest pixel play
plugins png policies policy polityka poll portal post posts preferences prefs press privacidad privacidade privacy
prive prod product products produkt produkte profile prywatnosc pub public publicity quote receipt receipts rechnung
rechnungen redir redirect register regulamin reklama report res reservation reservations reset resource resources
rezygnacja rss safe script scripts sdk search secure service services settings share shared shipment shipping shop sig
signature signin signup site sitemap sites social spacer src start static stats status storage store style styles
subscribe subscription subscriptions support survey svg tag tags task tasks team template templates term terminos
termos terms theme themes thumb thumbnail thumbnails ticket tickets track tracker tracking trk twitter txt
uitschrijven unsub unsubscribe update updates upload uploads url user users utm verify version view viewer voorwaarden
warunki web webbug website webversion welcome whatsapp widget wiki wordpress wp wpcontent wpincludes www wypisz xing
xml youtube zdjecia zip
""")
"""Words of URL paths in lower case, without digits and punctuation: "wp-content" has two. A site that was broken into has the ordinary
paths of its software too.

Sources: the footers of mailings (RFC 2369, section 3.2; RFC 8058), the paths of WordPress, TYPO3 (fileadmin) and Mailman (listinfo), the
open and click links of mailing services (/open, /click, /ls/click, /track, /wf), and the same words in German, French, Spanish, Italian,
Dutch, Polish and Portuguese.
"""

# Sources: spamassassin, 25_uribl.cf (uridnsbl_skip_domain: domains that URL block lists need not be asked for), and the vendors' own
# documentation of namespaces (W3C, Microsoft Open XML), fonts, shared files, share buttons, shortened links, meetings and surveys.
# URL protection: Microsoft "Safe Links" (safelinks.protection.outlook.com), Proofpoint "URL Defense", Mimecast "URL Protect", Barracuda
# "Link Protection", Cisco "Secure Email". Footers: the dispute platform of the EU (Regulation 524/2013), virus scanners, certificates.
_COMMON_HOSTS = _words("""
w3.org schema.org openxmlformats.org xmlsoap.org purl.org xmlns.com ogp.me dublincore.org ietf.org iana.org
googleapis.com gstatic.com googleusercontent.com ggpht.com typekit.net fontawesome.com jsdelivr.net cdnjs.cloudflare.com
bootstrapcdn.com jquery.com unpkg.com akamaihd.net akamai.net gravatar.com wp.com w.org s3.amazonaws.com
google.com google.at google.be google.ch google.de google.es google.fr google.it google.nl google.pl google.pt
google.co.uk google.com.br goo.gl g.co g.page forms.gle googlemail.com gmail.com googletagmanager.com
google-analytics.com doubleclick.net googleadservices.com microsoft.com microsoftonline.com live.com office.com
office365.com outlook.com msn.com bing.com aka.ms 1drv.ms windows.com skype.com
apple.com icloud.com apple.co mzstatic.com mozilla.org adobe.com amazon.com amazon.de amazon.co.uk amazon.fr
ebay.com ebay.de paypal.com yahoo.com aol.com wikipedia.org wikimedia.org
facebook.com fb.com fb.me fbcdn.net instagram.com threads.net twitter.com x.com t.co twimg.com linkedin.com lnkd.in
licdn.com youtube.com youtu.be ytimg.com vimeo.com tiktok.com pinterest.com pin.it xing.com whatsapp.com wa.me t.me
telegram.org telegram.me snapchat.com reddit.com flickr.com vk.com ok.ru mastodon.social bsky.app discord.com
discord.gg spotify.com soundcloud.com twitch.tv
openstreetmap.org osm.org mapbox.com what3words.com
bit.ly tinyurl.com ow.ly buff.ly is.gd
urldefense.com urldefense.proofpoint.com urldefense.us mimecastprotect.com mimecast.com linkprotect.cudasvc.com
secure-web.cisco.com antigena.com messagelabs.com
zoom.us teams.microsoft.com webex.com gotomeeting.com meet.jit.si calendly.com doodle.com typeform.com surveymonkey.com
jotform.com eventbrite.com trustpilot.com docusign.net docusign.com dropbox.com wetransfer.com we.tl box.com
wordpress.com github.com gitlab.com sourceforge.net debian.org apache.org gnu.org creativecommons.org wordpress.org typo3.org list.org
list-manage.com mailchi.mp mailchimp.com mcusercontent.com constantcontact.com rs6.net sendgrid.net awstrack.me
hubspotlinks.com exct.net klaviyo.com
letsencrypt.org digicert.com verisign.com sectigo.com globalsign.com entrust.net quovadisglobal.com
ec.europa.eu avast.com avg.com kaspersky.com eset.com mcafee.com norton.com
""")

_SECOND_LEVEL = _words("com edu gov net org")
_COUNTRY_SECOND_LEVEL = {
    "ac": _words("""ae at be ci cn cr cy fj gn id il im in ir jp ke kr lk ls ma me mu mw mz ni nz pa pr rs rw se sz th tj tz ug uk vn
        za zm zw"""),
    "co": _words("""ae ag am ao at bb bi bj bw ci cl cm cr gg gl gy hu id il im in ir it je jp ke kr lc ls ma me mg mu mw mz na ni nz om
        pn pw rs rw st sz th tj tm tt tz ug uk us uz ve vi za zm zw"""),
    "go": _words("ci cr id it jp ke kr pw th tj tz ug"),
    "gob": _words("ar bo cl do ec es gt hn mx ni pa pe pk sv ve"),
    "gouv": _words("ci fr ht km ml sn"),
    "govt": _words("nz"),
    "gv": _words("ao at"),
    "ltd": _words("cy gi lk uk"),
    "me": _words("in it ke so ss tz uk us"),
    "ne": _words("jp ke kr pw tz ug us"),
    "nhs": _words("uk"),
    "or": _words("at bi ci cr id it jp ke kr mu na pw th tz ug us"),
    "sch": _words("ae id ir jo lk ly ng qa sa ss uk zm"),
}
# Sources: the private part of publicsuffix; spamassassin, 20_aux_tlds.cf (util_rb_2tld: wordpress.com, weebly.com, tumblr.com); the
# vendors' documentation of the rest (a label for each site, tenant or account).
_HOSTING = _words("""
blogspot.com wordpress.com weebly.com weeblysite.com tumblr.com wixsite.com webflow.io square.site jimdosite.com jimdofree.com
strikingly.com carrd.co yolasite.com site123.me godaddysites.com canva.site myshopify.com altervista.org 000webhostapp.com
github.io gitlab.io bitbucket.io readthedocs.io herokuapp.com netlify.app vercel.app onrender.com fly.dev glitch.me repl.co
surge.sh ngrok.io ngrok-free.app streamlit.app pages.dev workers.dev r2.dev web.app firebaseapp.com appspot.com r.appspot.com
run.app translate.goog azurewebsites.net azurestaticapps.net azureedge.net cloudapp.net blob.core.windows.net
web.core.windows.net sharepoint.com onmicrosoft.com cloudfront.net s3.amazonaws.com compute-1.amazonaws.com
elasticbeanstalk.com ondigitalocean.app digitaloceanspaces.com members.linode.com vultrobjects.com
duckdns.org no-ip.org no-ip.biz no-ip.info ddns.net hopto.org zapto.org sytes.net dyndns.org dyndns.info dynu.net dynv6.net
myfritz.net selfip.com homeip.net dnsalias.com ddnss.de spdns.de synology.me myds.me
""")

_FREE_MAIL = _words("""
gmail.com googlemail.com icloud.com me.com mac.com msn.com ymail.com rocketmail.com proton.me protonmail.com tutanota.com
mail.com email.com zoho.com web.de freenet.de t-online.de arcor.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it
virgilio.it alice.it tin.it wp.pl o2.pl onet.pl op.pl vp.pl interia.pl seznam.cz centrum.cz email.cz sapo.pt uol.com.br
bol.com.br terra.com.br ig.com.br bluewin.ch skynet.be telenet.be ziggo.nl planet.nl home.nl mail.ru bk.ru inbox.ru list.ru
rambler.ru ukr.net abv.bg qq.com foxmail.com 163.com 126.com yeah.net sina.com sohu.com 139.com naver.com hanmail.net daum.net
rediffmail.com comcast.net verizon.net att.net btinternet.com
""")
_FREE_MAIL_NAMES = _words("aol fastmail gmx hotmail live outlook tiscali yahoo yandex")

# Sources: RFC 5322, section 3.6.5 (Re:); the prefixes for replies and forwarded messages of Outlook and Thunderbird in eight languages;
# RFC 3834, section 3.1.5 (Auto:); the notices of Postfix (src/bounce/bounce_templates.c), Exim ("Mail delivery failed", "Warning: message
# ... delayed"), qmail ("failure notice") and Exchange ("Undeliverable:"); spamassassin, 20_vbounce.cf; the answers to meeting requests
# and the receipts of Outlook.
_REPLY_LABELS = _words("re aw antw antwort fw fwd wg wtr tr rv enc i r rif ref res odp pd vs sv vb doorst betr")
_NOTICE_LABELS = _phrases("""
auto|accepted|declined|tentative|tentatively accepted|canceled|cancelled|invitation|updated invitation|zugesagt|abgelehnt|mit vorbehalt
|abgesagt|einladung|accepté|refusé|provisoire|annulé|aceptada|aceptado|rechazada|rechazado|cancelada|cancelado|invitación
|accettato|rifiutato|annullato|invito|geaccepteerd|geweigerd|voorlopig|geannuleerd|uitnodiging|zaakceptowano|odrzucono|odwołano
|zaproszenie|aceite|recusado|convite|read|not read|gelesen|ungelesen gelöscht|lu|non lu|leído|letto|gelezen|przeczytano|lida|lido
|undeliverable|unzustellbar|non remis|no se puede entregar|non recapitabile|onbestelbaar|niedostarczone|não foi possível entregar
""")
_NOTICES = _beginnings("""
automatic reply|auto reply|autoreply|auto response|autoresponse|automated response|out of office|out of the office|away from the office
|automatische antwort|automatische rückantwort|abwesend|abwesenheit|abwesenheitsnotiz|abwesenheitsmeldung|réponse automatique
|absence du bureau|respuesta automática|fuera de la oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig
|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|resposta automática|ausência|ausente
|undelivered mail returned to sender|delayed mail|successful mail delivery report|mail delivery status report|delivery status notification
|mail delivery failed|mail delivery failure|mail could not be delivered|delivery failure|delivery failed
|delivery notification|message delivery failure|returned mail|undeliverable|undelivered mail|failure notice|warning message
|read receipt|return receipt|lesebestätigung|empfangsbestätigung|accusé de réception|confirmación de lectura|conferma di lettura
|leesbevestiging|potwierdzenie przeczytania|confirmação de leitura|notificación de entrega|unzustellbar
""")
_SUBJECTS = _phrases("""
no subject|none|untitled|kein betreff|ohne betreff|aucun objet|sans objet|sin asunto|senza oggetto|nessun oggetto|geen onderwerp
|brak tematu|bez tematu|sem assunto|test|test mail|test email|testmail|test message|testing|hello|hi|hey|hallo|hello world|moin|guten tag
|guten morgen|bonjour|salut|hola|buenos días|ciao|buongiorno|hoi|goedemorgen|cześć|dzień dobry|olá|bom dia|invoice|your invoice
|new invoice|rechnung|ihre rechnung|facture|votre facture|factura|su factura|fattura|factuur|uw factuur|faktura|fatura|nota fiscal
|newsletter|nieuwsbrief|boletín|infolettre|lettre d information|thank you|thanks|many thanks|danke|vielen dank|merci
|gracias|grazie|bedankt|dank je wel|dziękuję|obrigado|obrigada|order|your order|order confirmation|order received|bestellung
|ihre bestellung|bestellbestätigung|auftragsbestätigung|commande|votre commande|confirmation de commande|pedido|su pedido
|confirmación de pedido|ordine|conferma ordine|conferma d ordine|bestelling|orderbevestiging|zamówienie|potwierdzenie zamówienia
|confirmação de pedido|quote|quotation|angebot|devis|presupuesto|preventivo|offerte|oferta|orçamento|reminder|payment reminder
|erinnerung|zahlungserinnerung|mahnung|rappel|recordatorio|promemoria|herinnering|przypomnienie|lembrete|question|request|inquiry
|frage|anfrage|meeting|appointment|termin|rendez vous|reunión|riunione|afspraak|spotkanie|reunião|information|info|documents|document
|photo|photos|foto|fotos|scan|fax|report|status|update|welcome|willkommen|bienvenue|bienvenido|benvenuto|welkom|witamy|bem vindo
|happy birthday|happy new year|merry christmas|password reset|reset your password|verify your email|confirm your email
""")
_LABEL = re.compile(r" ?([^:]{1,40}?) ?(?:\[[0-9]+\])? ?:")
_MAX_SUBJECT = 400
_WORD = re.compile(r"[^\W_]+")

_LIST_HEADERS = _words("""
list-help list-unsubscribe list-subscribe list-post list-owner list-archive list-id list-unsubscribe-post archived-at feedback-id
cfbl-address x-mailman-version x-beenthere x-mailing-list
""")
_AUTOMATIC_HEADERS = _words("x-cron-env x-failed-recipients x-autoreply x-autogenerated")
_PRECEDENCE = {"bulk": "list", "list": "list", "junk": "automatic", "auto_reply": "automatic"}
# Headers in which one value says that no program sent the message.
_UNLESS = {"auto-submitted": "no", "x-auto-response-suppress": "none"}

_ROLE_NAMES = _words("""
info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp
root daemon cron nobody
""")
_SENDING_WORDS = _words("""
bounce bounces bounced return returns retour owner request relay admin mailer mailerdaemon daemon newsletter newsletters news
list lists listserv majordomo mailman sympa mailing mailings notification notifications notify alerts
""")
_NO_REPLY = re.compile(
    "no-?reply|do-?not-?reply|dont-?reply|nicht-?antworten|ne-?pas-?repondre|no-?responder|non-?rispondere"
    "|n[ai]o-?respond[ae]r?|niet-?beantwoorden|nie-?odpowiadaj|mailer-?daemon"
)
_BATV = re.compile(r"prvs=[0-9a-f]{6,12}=")
# A number of five digits after a separator, or the long identifier of a mailing service.
_NUMBERED = re.compile(r"[-+._][0-9]{5,}|^[0-9a-f]{16,}-")


def is_common_host(host: str) -> bool:
    """Return whether mail of unrelated senders has links to this host, or to a domain that it is in.

    A rule for such a host selects ordinary mail too. The paths there may still distinguish a flood.
    """
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        domain = ".".join(labels[start:])
        if domain in _HOSTING:
            # The host is that of one customer, except for the provider's own.
            return start == 0 and domain in _COMMON_HOSTS
        if domain in _COMMON_HOSTS:
            return True
    return False


def is_common_subject(words: Sequence[str]) -> bool:
    """Return whether unrelated people and programs write this subject, which is given as its words.

    Prefixes of replies, numbers and punctuation are ignored. A subject without words is common, and a notice is, whatever it repeats.
    """
    text = " ".join(" ".join(words).casefold().split())[:_MAX_SUBJECT]
    label = _LABEL.match(text)
    while label and label.group(1) in _REPLY_LABELS:
        text = text[label.end() :]
        label = _LABEL.match(text)
    if label and label.group(1) in _NOTICE_LABELS:
        return True
    plain = " ".join(word for word in _WORD.findall(text) if not any(character.isdigit() for character in word))
    return not plain or plain in _SUBJECTS or (plain + " ").startswith(_NOTICES)


def bulk_header(name: str, value: str) -> str | None:
    """Return what a header says about its message: "list" (or another mailing), "automatic", or None for neither.

    List-*: RFC 2369, RFC 2919 and RFC 8058. Archived-At: RFC 5064. CFBL-Address: RFC 9477. Feedback-ID: Google, "Feedback Loop"
    (support.google.com/mail/answer/6254652). Auto-Submitted: RFC 3834, section 5. multipart/report: RFC 6522.
    X-Auto-Response-Suppress: [MS-OXCMAIL], 2.1.3.2.20. X-Mailman-Version: mailman3, handlers/cook_headers.py. Precedence: the same file,
    and vacation(1). Precedence with auto_reply, X-Autoreply, X-Autogenerated and X-Cron-Env: spamassassin, 20_vbounce.cf. X-BeenThere and
    X-Mailing-List: spamassassin, 10_hasbase.cf and 20_ratware.cf. X-Failed-Recipients: Exim's notices of failure.
    """
    key = name.lower()
    words = re.split(r"[\s;,(]", value.strip().lower(), maxsplit=1)
    if not words[0]:
        return None
    if key in _LIST_HEADERS:
        return "list"
    if key == "precedence":
        return _PRECEDENCE.get(words[0])
    automatic = (
        key in _AUTOMATIC_HEADERS
        or _UNLESS.get(key, words[0]) != words[0]
        or (key == "content-type" and words[0] == "multipart/report")
    )
    return "automatic" if automatic else None


def is_role_address(local: str) -> bool:
    """Return whether this local part is that of a function or a program, which gets notices about mail that it sent.

    The functions are those of RFC 2142, and of the system's own programs. The others are senders that get no automatic reply (RFC 5230,
    section 4.6, and vacation(1): owner-, -request, -relay, mailer-daemon, listserv, majordomo), the usual words for a sender of mailings
    and notices, and addresses with the recipient or a number in them (VERP, SRS). A person's address with a signature
    (BATV, draft-levine-smtp-batv) is that of the person.
    """
    plain = _BATV.sub("", local.lower(), count=1)
    if "=" in plain or _NUMBERED.search(plain) or _NO_REPLY.search(plain.replace("_", "-").replace(".", "-")):
        return True
    words = [word for word in re.split(r"[-+._0-9]+", plain) if word]
    return plain.split("+")[0] in _ROLE_NAMES or bool(words and {words[0], words[-1]} & _SENDING_WORDS)


def is_free_mail(domain: str) -> bool:
    """Return whether the domain is that of a large provider of mailboxes, whose users have nothing else in common.

    Source: spamassassin, 20_freemail_domains.cf (freemail_domains, with patterns such as "yahoo.*" and "yahoo.co*.*"), and the
    mailboxes that large access providers in Europe and Brazil give to their customers.
    """
    domain = domain.lower().rstrip(".")
    labels = domain.split(".")
    known = labels[0] in _FREE_MAIL_NAMES and (labels[-1] in ("com", "net") or len(labels[-1]) == 2)
    return domain in _FREE_MAIL or (known and organisation(domain) == domain)


def organisation(host: str) -> str:
    """Return the domain of the organisation that a host belongs to, in lower case. An IP address is its own organisation.

    The domain is one label below the public suffix. Second-level suffixes: publicsuffix (com, edu, gov, net and org stand below most
    countries; the others only below the countries in the table). Hosting with a label for each customer: the private part of publicsuffix.
    """
    host = host.lower().rstrip(".")
    if "[" in host or _is_ip(host):
        return host
    labels = host.split(".")
    for start in range(len(labels) - 1):
        if ".".join(labels[start:]) in _HOSTING:
            return ".".join(labels[max(start - 1, 0) :])
    return ".".join(labels[-3 if _has_second_level(labels) else -2 :])


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _has_second_level(labels: Sequence[str]) -> bool:
    if len(labels) < 3 or len(labels[-1]) != 2:
        return False
    return labels[-2] in _SECOND_LEVEL or labels[-1] in _COUNTRY_SECOND_LEVEL.get(labels[-2], ())
