# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The shapes of texts, which are the texts without their varying parts, and values as rules of a selection need them.

The method is that of SLCT (Vaarandi, 2003): a token that many texts have at the same place is part of the shape. Any other token varies.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Callable, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import MAILER_DAEMON, display_text

# None is a token that varies. "0" in a token is any number.
Shape = Tuple[Optional[str], ...]
# Makes a pattern of a shape; its second argument makes a regular expression of a token.
Render = Callable[[Shape, Callable[[str], str]], str]

MAX_TOKENS = 16
_MAX_TEXT = 400
_MORE = "\0"
_DIGITS = re.compile(r"([0-9]+)")
# A token must occur in this share of the texts with the same number of tokens, and in so many of them.
_COMMON_SHARE = 0.1
_COMMON = 4
_WORD = re.compile(r"[^\W\d_]{4,}")
_STOP_WORDS = frozenset(("about", "from", "have", "more", "that", "this", "what", "will", "with", "your"))
# Words that URL paths of unrelated senders have in common.
_PATH_WORDS = """
abmelden abonnement address aktuell android apple apps article articles aspx asset assets avatar banner bild bilder
blog browser button buttons careers click company component components confirm contact contacts content cookie
cookies datenschutz default desabonner desinscription details document documents download downloads email emails
english event events facebook favicon feed feedback file fileadmin files follow font fonts footer forgot forum
gallery gmail google haftung header help home homepage html icon icons image images impressum imprint include
includes index info information instagram jobs jpeg kontakt landing legal library link linkedin links list lists
login logo logos logout mail mailing mailings main manage media mein member members mentions menu messages mobile
modules news newsletter newsletters notification notifications online open options optout page pages password photo
photos picture pictures pinterest pixel play plugins policies policy post posts preferences prefs press privacy
product products profile public redirect register report reset resources safe search service services settings share
shared shop signin signup site sitemap sites social spacer start static status store style styles subscribe
subscription subscriptions support team template templates terms theme themes thumb thumbnail thumbnails track
tracker tracking twitter unsub unsubscribe update updates upload uploads user users view viewer website webversion
welcome whatsapp wiki xing youtube
"""
_PATH_STOP_WORDS = _STOP_WORDS | frozenset(_PATH_WORDS.split())
_URL = re.compile(r"https?://([A-Za-z0-9._-]{3,200})(?::[0-9]{1,5})?(/[^\s?#\"'<>\\]{1,300})?", re.IGNORECASE)
_MAX_URLS = 20
_PLAIN_ADDRESS = re.compile(r"[a-z0-9][a-z0-9!#$&'+=?^_`|~.-]*@[a-z0-9](?:[a-z0-9.-]*[a-z0-9-])?\Z")
_PLAIN_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?\Z")
_PLAIN_NAME = re.compile(r"[a-z0-9](?:[a-z0-9@+=_.:-]*[a-z0-9+=_.:-])?\Z")


class ShapedText(NamedTuple):
    """The shape of one text, and the regular expression that finds all texts of that shape."""

    shape: Shape
    regex: str
    words: int
    """How many significant words it has."""


def escape(text: str) -> str:
    r"""Return a regular expression that matches the text. It is printable and has no braces, so that it is never a template."""
    return "".join(
        "\\x%02x" % ord(character)
        if character in "{}"
        else re.escape(character)
        if character.isprintable()
        else "\\U%08x" % ord(character)
        for character in text
    )


def containing(text: str) -> str:
    """Return the value of a text criterion that matches texts that contain the text, case-sensitive."""
    # A text that a result shows unchanged means itself as the value of a rule.
    return text if display_text(text) == text and not set(text) & set("{}") else "/%s/i" % escape(text)


def address(text: str) -> str:
    """Return the value of an address criterion that matches this address only, which is in lower case."""
    return text if _PLAIN_ADDRESS.match(text) else r"/\A%s\Z/" % escape(text)


def domain(text: str) -> str:
    """Return the value of an address criterion that matches this domain only, which is in lower case."""
    return text if _PLAIN_DOMAIN.match(text) and text != MAILER_DAEMON else r"/@%s\Z/" % escape(text)


def name(text: str) -> str:
    """Return the value of a criterion on a login or a host name that matches this name only, which is in lower case."""
    return text if _PLAIN_NAME.match(text) else r"/\A%s\Z/" % escape(text)


def subject_tokens(text: str) -> tuple[str, ...]:
    """Return the words of a subject or a reason, 16 at most. The rest of the text is ignored."""
    tokens = text[:_MAX_TEXT].split()
    cut = len(tokens) > MAX_TOKENS or len(text) > _MAX_TEXT
    # The last word of a text that was cut may be incomplete.
    return (*tokens[: min(MAX_TOKENS, len(tokens) - 1)], _MORE) if cut else tuple(tokens)


def path_tokens(path: str) -> tuple[str, ...]:
    """Return the parts of a URL's path."""
    return tuple(path.split("/")[1 : MAX_TOKENS + 1])


def urls(text: str) -> tuple[tuple[str, str], ...]:
    """Return host and path of the URLs in a text, without the query, each once, at most _MAX_URLS."""
    found: dict[tuple[str, str], None] = {}
    for match in _URL.finditer(text):
        found[match.group(1), match.group(2) or ""] = None
        if len(found) >= _MAX_URLS:
            break
    return tuple(found)


def shape_all(texts: Sequence[tuple[str, ...]], render: Render) -> list[ShapedText]:
    """Return the shape of each text, which is given as tokens. If all texts of a shape are the same, that text is the shape."""
    keys = [tuple(_DIGITS.sub("0", token) for token in tokens) for tokens in texts]
    common = Counter((len(key), place, token) for key in keys for place, token in enumerate(key))
    lengths = Counter(map(len, keys))
    needed = {length: max(_COMMON, _COMMON_SHARE * number) for length, number in lengths.items()}
    shapes: list[Shape] = [
        tuple(token if common[len(key), place, token] >= needed[len(key)] else None for place, token in enumerate(key))
        for key in keys
    ]
    whole: dict[Shape, set[tuple[str, ...]]] = defaultdict(set)
    for shape, tokens in zip(shapes, texts):
        whole[shape].add(tokens)
    ignored = _PATH_STOP_WORDS if render is render_path else _STOP_WORDS
    made = {shape: _shaped(shape, several, render, ignored) for shape, several in whole.items()}
    return [made[shape] for shape in shapes]


def _shaped(shape: Shape, several: set[tuple[str, ...]], render: Render, ignored: frozenset[str]) -> ShapedText:
    words = {word.casefold() for token in shape if token for word in _WORD.findall(token)} - ignored
    if len(several) == 1:
        return ShapedText(shape, render(next(iter(several)), escape), len(words))
    return ShapedText(shape, render(shape, _generalised), len(words))


def _generalised(token: str) -> str:
    return r"\d+".join(map(escape, token.split("0")))


def render_subject(shape: Shape, token_regex: Callable[[str], str]) -> str:
    """Return the regular expression for whole subjects of that shape."""
    parts = [r"\S+" if token is None else token_regex(token) for token in shape if token != _MORE]
    return r"/\A\s*%s%s/" % (r"\s+".join(parts), "" if _MORE in shape else r"\s*\Z")


def render_path(shape: Shape, token_regex: Callable[[str], str]) -> str:
    """Return the pattern for text that contains a path of that shape."""
    if token_regex is escape:
        return containing("/" + "/".join(token for token in shape if token is not None))
    return "//%s/" % "/".join(r"[^\s/?#]+" if token is None else token_regex(token) for token in shape)
