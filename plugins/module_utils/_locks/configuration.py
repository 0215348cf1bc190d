# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The text of main.cf and master.cf, with the references to the tables of locks put in front of values, and taken out again.

A reference is a text that nothing else contains, because it names our directory. So it can be taken out wherever it stands, and what
remains is what the operator has written, byte for byte. The syntax is that of postconf(5), master(5) and src/util/readlline.c: a
line that starts with a blank continues the one before it, and comments and empty lines may stand between.
"""

from __future__ import annotations

import re
from typing import Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._locks.tables import PARAMETERS

_NOTE = "# From mailops.postfix (postfix_lock), which removes this and the next line with the last lock.\n"
_NOTE_JOINED = "# From mailops.postfix (postfix_lock), which removes this and the next line with the last lock. There was no line end.\n"
_BLANK = " \t\r\v\f\n"
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_FIELDS_BEFORE_COMMAND = 7


def reference_pattern(directory: str) -> re.Pattern[str]:
    """Return the pattern of a reference to a table in our directory."""
    return re.compile(r"(?:check_(?:sasl|client|sender|recipient)_access,)?[a-z]+:%s/[a-z_]+," % re.escape(directory))


def remove_references(text: str, directory: str) -> str:
    """Return main.cf or master.cf without our references and the lines that we added."""
    text = reference_pattern(directory).sub("", text)
    if _NOTE not in text and _NOTE_JOINED not in text:
        return text
    ours = r"(?:%s) = \n(?![ \t])" % "|".join(PARAMETERS)
    text = re.sub(re.escape(_NOTE) + ours, "", text)
    # The operator may have added lines below, and these need the line end.
    text = re.sub("\n%s%s(?P<below>(?s:.)?)" % (re.escape(_NOTE_JOINED), ours), _join, text)
    # The operator has added something to our line, which stays.
    return text.replace(_NOTE, "").replace(_NOTE_JOINED, "")


def _join(found: re.Match[str]) -> str:
    below = found.group("below")
    return "\n" + below if below else ""


# --- main.cf --------------------------------------------------------------------------------------------------------


def add_to_main(text: str, references: Mapping[str, str], directory: str) -> str:
    """Return main.cf with references in front of values, {parameter: its references}. It is idempotent.

    A parameter that is not there gets a line at the end. If there are several, the last one counts, as for Postfix.
    """
    text = remove_references(text, directory)
    for parameter, reference in references.items():
        place = _place_in_main(text, parameter)
        if place is not None:
            text = text[:place] + reference + text[place:]
        elif text and not text.endswith("\n"):
            text += "\n%s%s = %s\n" % (_NOTE_JOINED, parameter, reference)
        else:
            text += "%s%s = %s\n" % (_NOTE, parameter, reference)
    return text


def _place_in_main(text: str, parameter: str) -> int | None:
    """Return where the value of a parameter starts, None if it is not there."""
    place = None
    for start, line in _first_lines(text):
        name, sign, value = line.partition("=")
        if sign and name.strip(_BLANK) == parameter:
            place = start + len(name) + 1 + len(value) - len(value.lstrip(" \t"))
    return place


def _first_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the first line of each logical line, and where it starts."""
    for found in _LINE.finditer(text):
        line = found.group()
        if line.strip(_BLANK) and line[0] not in _BLANK and line[0] != "#":
            yield found.start(), line


# --- master.cf ------------------------------------------------------------------------------------------------------


class Setting(NamedTuple):
    """The value of a parameter that a service sets with C(-o). place: where it starts in the text."""

    value: str
    place: int


class Service(NamedTuple):
    """A service of master.cf: the first two fields, the command, and what it sets itself; of several settings the last one counts."""

    name: str
    type: str
    command: str
    settings: Mapping[str, Setting]

    @property
    def shown(self) -> str:
        """The service as postconf(1) names it, such as C(submission/inet)."""
        return "%s/%s" % (self.name, self.type)


def add_to_master(text: str, choose: Callable[[Service], Mapping[str, str]], directory: str) -> str:
    """Return master.cf with references in front of the values that services set themselves. It is idempotent.

    choose: returns those of a service, {parameter: its references}.
    """
    text = remove_references(text, directory)
    places = []
    for service in parse_services(text):
        references = choose(service)
        places += [
            (service.settings[name].place, reference)
            for name, reference in references.items()
            if name in service.settings
        ]
    for place, reference in sorted(places, reverse=True):
        text = text[:place] + reference + text[place:]
    return text


def parse_services(text: str) -> list[Service]:
    """Return the services of a master.cf. Lines that are no service are left out."""
    plain = _without_comments(text)
    starts = [start for start, _line in _first_lines(text)]
    services = []
    for start, end in zip(starts, [*starts[1:], len(text)]):
        words = list(_words(plain, start, end))
        if len(words) > _FIELDS_BEFORE_COMMAND:
            name, kind = words[0][0], words[1][0]
            command = words[_FIELDS_BEFORE_COMMAND][0].rpartition("/")[2]
            services.append(Service(name, kind, command, _settings(words[_FIELDS_BEFORE_COMMAND + 1 :])))
    return services


def _without_comments(text: str) -> str:
    """Return a text of the same length in which comments are blank."""

    def cover(found: re.Match[str]) -> str:
        line = found.group()
        return " " * len(line) if line.lstrip(_BLANK).startswith("#") else line

    return _LINE.sub(cover, text)


def _words(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Yield the words of a logical line and where they start. What is in braces is one word (mystrtokq() in src/util/mystrtok.c)."""
    place = start
    while place < end:
        if text[place] in _BLANK:
            place += 1
            continue
        begin, depth = place, 0
        while place < end and (depth or text[place] not in _BLANK):
            depth += {"{": 1, "}": -1}.get(text[place], 0)
            place += 1
        yield text[begin:place], begin


def _settings(words: Sequence[tuple[str, int]]) -> Mapping[str, Setting]:
    """Return what the arguments of a command set with -o."""
    settings = {}
    for word, place in _option_values(words):
        is_braced = word.startswith("{") and word.endswith("}")
        inner, start = (word[1:-1], place + 1) if is_braced else (word, place)
        name, sign, value = inner.partition("=")
        if sign:
            blanks = len(value) - len(value.lstrip(_BLANK))
            settings[name.strip(_BLANK)] = Setting(value.strip(_BLANK), start + len(name) + 1 + blanks)
    return settings


def _option_values(words: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Yield the values of the options -o and where they start."""
    is_value = False
    for word, place in words:
        if is_value:
            yield word, place
        elif word.startswith("-o") and word != "-o":
            yield word[2:], place + 2
        is_value = word == "-o" and not is_value
