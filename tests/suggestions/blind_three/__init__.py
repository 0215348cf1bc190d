# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A third blind set: kinds of bulk mail by somebody who did not know how suggestions are made.

Do not tune anything to it.
"""

from __future__ import annotations

from typing import Mapping

from tests.suggestions.blind_three import accounts, inbound, life, machines, people, places, runs, web
from tests.suggestions.blind_three.places import Place
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Maker

_WRITTEN: dict[Maker, int] = {people.user_writes: 34, people.stranger_writes: 26}
_ISP: dict[Maker, int] = {
    people.user_writes: 46,
    people.stranger_writes: 14,
    people.ticket: 9,
    people.away: 3,
    people.calendar: 3,
    machines.notice: 9,
    machines.news: 5,
    machines.order: 4,
    machines.cron: 3,
    machines.bounce: 4,
}
_UNIVERSITY: dict[Maker, int] = {
    **_WRITTEN,
    people.list_post: 9,
    people.calendar: 6,
    people.away: 4,
    people.ticket: 5,
    machines.notice: 5,
    machines.news: 5,
    machines.cron: 3,
    machines.bounce: 3,
}
_HOSTING: dict[Maker, int] = {
    people.user_writes: 24,
    people.stranger_writes: 14,
    people.ticket: 8,
    machines.web_form: 36,
    machines.notice: 4,
    machines.news: 4,
    machines.cron: 6,
    machines.bounce: 4,
}
_COMPANY: dict[Maker, int] = {
    people.user_writes: 42,
    people.stranger_writes: 22,
    people.calendar: 9,
    people.scan: 6,
    people.away: 6,
    machines.notice: 3,
    machines.news: 4,
    machines.order: 3,
    machines.cron: 3,
    machines.bounce: 2,
}
_MAILBOXES: dict[Maker, int] = {
    people.user_writes: 38,
    people.stranger_writes: 18,
    people.list_post: 6,
    people.away: 3,
    people.ticket: 3,
    machines.notice: 11,
    machines.news: 10,
    machines.order: 6,
    machines.cron: 1,
    machines.bounce: 4,
}
_CLUB: dict[Maker, int] = {
    people.user_writes: 30,
    people.stranger_writes: 34,
    people.list_post: 5,
    machines.notice: 8,
    machines.news: 9,
    machines.order: 5,
    machines.cron: 3,
    machines.bounce: 6,
}
_FORWARDER: dict[Maker, int] = {
    people.stranger_writes: 40,
    people.user_writes: 6,
    people.list_post: 10,
    machines.notice: 17,
    machines.news: 15,
    machines.order: 8,
    machines.bounce: 4,
}
_BACKUP: dict[Maker, int] = {
    people.stranger_writes: 60,
    people.user_writes: 4,
    people.list_post: 5,
    machines.notice: 11,
    machines.news: 11,
    machines.order: 6,
    machines.cron: 2,
    machines.bounce: 1,
}
_CITY: dict[Maker, int] = {
    people.user_writes: 40,
    people.stranger_writes: 26,
    people.calendar: 8,
    people.away: 6,
    people.scan: 5,
    people.list_post: 3,
    machines.notice: 4,
    machines.news: 4,
    machines.cron: 3,
    machines.bounce: 1,
}
_SHOP: dict[Maker, int] = {
    people.user_writes: 26,
    people.stranger_writes: 24,
    web.other_answer: 8,
    people.ticket: 14,
    people.calendar: 3,
    machines.notice: 7,
    machines.news: 6,
    machines.order: 5,
    machines.cron: 4,
    machines.bounce: 3,
}


def _flood(name: str, about: str, world: Place, bulk: Mapping[Maker, int], background: Mapping[Maker, int]) -> Kind:
    return Kind(name, about, world, bulk, background, is_flood=True)


def _innocent(name: str, about: str, world: Place, bulk: Mapping[Maker, int], background: Mapping[Maker, int]) -> Kind:
    return Kind(name, about, world, bulk, background, is_flood=False)


FLOODS = (
    _flood(
        "a customer's account used from everywhere",
        "An access customer's account, from a new address for nearly each message.",
        places.ISP,
        {accounts.account_from_everywhere: 1},
        _ISP,
    ),
    _flood(
        "parcel phishing with forged senders",
        "A web site owner's account on three rented servers, with made-up senders.",
        places.HOSTING,
        {accounts.account_with_forged_senders: 1},
        _HOSTING,
    ),
    _flood(
        "job offers in the webmail",
        "A student's account in the webmail, with dozens of recipients in each message.",
        places.UNIVERSITY,
        {accounts.account_in_webmail: 1},
        _UNIVERSITY,
    ),
    _flood(
        "answers to stolen mail",
        "An employee's account answers the mail in its folders, with links and archives.",
        places.COMPANY,
        {accounts.account_answering_stolen_mail: 1},
        _COMPANY,
    ),
    _flood(
        "extortion through eight accounts",
        "A slow trickle from each of eight accounts, in two languages.",
        places.MAILBOXES,
        {accounts.one_of_several_accounts: 1},
        _MAILBOXES,
    ),
    _flood(
        "scripts on a hacked site",
        "A customer's site sends three kinds of advertisements.",
        places.HOSTING,
        {web.script: 1},
        _HOSTING,
    ),
    _flood(
        "a form that sends copies",
        "A contact form confirms to everybody whom robots enter.",
        places.HOSTING,
        {web.form_copies: 1},
        {**_HOSTING, web.form_copy: 2},
    ),
    _flood(
        "casino and dating from a botnet",
        "Home computers everywhere write to the users of customers whose servers are down.",
        places.BACKUP,
        {inbound.botnet: 1},
        _BACKUP,
    ),
    _flood(
        "snowshoe offers",
        "Many domains on a few rented networks, one product after another, to forwarded addresses.",
        places.FORWARDER,
        {inbound.snowshoe: 1},
        _FORWARDER,
    ),
    _flood(
        "phishing for mailbox passwords",
        "Three rented servers write to each user about the user's own mailbox.",
        places.UNIVERSITY,
        {inbound.mailbox_phishing: 1},
        _UNIVERSITY,
    ),
    _flood(
        "sellers with free mail accounts",
        "Offers of web design, applications and loans, each from a new account.",
        places.CITY,
        {inbound.sellers: 1},
        _CITY,
    ),
    _flood(
        "orders with malware",
        "Hacked accounts of small firms send archives.",
        places.COMPANY,
        {inbound.malware: 1},
        _COMPANY,
    ),
    _flood(
        "bounces to forged senders",
        "What the server took for forwarding is refused, and nobody wants it back.",
        places.CLUB,
        {web.bounce_to_forged: 1},
        _CLUB,
    ),
    _flood(
        "two ticket systems that answer each other",
        "Each confirms the other's confirmations.",
        places.SHOP,
        {web.loop_out: 3, web.loop_in: 2},
        _SHOP,
    ),
)

INNOCENT = (
    _innocent("yearly invoices", "The city's utility sends them as PDF files.", places.CITY, {runs.invoices: 1}, _CITY),
    _innocent(
        "a club's newsletter with list headers",
        "One text, with a sender for each reader.",
        places.CLUB,
        {runs.club_newsletter: 1},
        _CLUB,
    ),
    _innocent(
        "a shop's newsletter without list headers",
        "A plug-in of a web site sends it slowly.",
        places.HOSTING,
        {runs.shop_newsletter: 1},
        _HOSTING,
    ),
    _innocent("alarms", "The monitoring reports each host behind a failed router.", places.ISP, {life.alarms: 1}, _ISP),
    _innocent(
        "a teacher's letter",
        "A person writes to the parents of four classes in the webmail.",
        places.MAILBOXES,
        {life.to_parents: 1},
        _MAILBOXES,
    ),
    _innocent("orders of a sale", "The shop confirms and ships.", places.SHOP, {runs.orders: 1}, _SHOP),
    _innocent("payslips", "Everybody gets one, at a private address.", places.COMPANY, {runs.payslips: 1}, _COMPANY),
    _innocent(
        "tickets after an outage",
        "The support answers in three languages, with a stock text.",
        places.HOSTING,
        {life.incident_tickets: 1},
        _HOSTING,
    ),
    _innocent(
        "a lively mailing list",
        "Many people write about a few topics, and readers' servers are slow.",
        places.UNIVERSITY,
        {life.list_thread: 1},
        _UNIVERSITY,
    ),
    _innocent(
        "forwarding to one provider",
        "Ordinary mail to alumni, which a big provider takes slowly.",
        places.FORWARDER,
        {life.forwarded: 1},
        _FORWARDER,
    ),
    _innocent(
        "a partner that is down",
        "Letters of employees and forms of the order system wait.",
        places.COMPANY,
        {life.forms_to_partner: 3, life.to_partner: 2},
        _COMPANY,
    ),
    _innocent(
        "bounces after days without names",
        "Delays and failures of ordinary letters are told to their senders.",
        places.MAILBOXES,
        {life.own_bounces: 1},
        _MAILBOXES,
    ),
    _innocent(
        "a survey",
        "The university asks its graduates, with a token for each.",
        places.UNIVERSITY,
        {runs.survey: 1},
        _UNIVERSITY,
    ),
    _innocent(
        "scans and backup reports",
        "Machines of all offices write to two firms.",
        places.CITY,
        {life.scans: 3, life.backups: 2},
        _CITY,
    ),
)
