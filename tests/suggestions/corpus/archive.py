# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the messages in an archive, in memory. What is in it is untrusted: nothing is unpacked, and every number is bounded."""

from __future__ import annotations

import io
import re
import tarfile
from typing import Iterator

from tests.suggestions.corpus.sources import Sort, Source

# The bounds are several times what the archives hold.
MEMBERS = 50_000
MESSAGE_BYTES = 2**20
ARCHIVE_BYTES = 512 * 2**20

_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_MBOX = re.compile(rb"\A>?From [^\n]*\n")


class CorpusError(Exception):
    """Mail cannot be had. The message says why, and what to do."""


def messages(source: Source, archive: bytes) -> dict[Sort, list[bytes]]:
    """Return the messages in a tar archive (compressed or not), each once: headers and body, with line feeds, in the order of their paths.

    What does not begin with a header is left out. Raises CorpusError for what is no tar archive and for one that is too large.
    """
    found: dict[str, tuple[Sort, bytes]] = {}
    try:
        found.update(_members(source, archive))
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise CorpusError(
            "%s: cannot be read as a tar archive: %s. Remove it, and run the command again." % (source.file, error)
        ) from error
    mails: dict[Sort, dict[bytes, None]] = {sort: {} for sort in Sort}
    for _path, (sort, data) in sorted(found.items(), key=lambda item: item[0]):
        message = normal(data)
        if _HEADER.match(message):
            mails[sort][message] = None
    return {sort: list(each) for sort, each in mails.items()}


def normal(data: bytes) -> bytes:
    """Return a stored message with line feeds, without the line that an mbox file puts before it and without empty lines at the end."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    return _MBOX.sub(b"", text, count=1).rstrip(b"\n") + b"\n"


def _members(source: Source, archive: bytes) -> Iterator[tuple[str, tuple[Sort, bytes]]]:
    """Yield the path, sort and content of each file that is a message."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|*") as tar:
        for number, member in enumerate(tar, 1):
            if number > MEMBERS or tar.offset > ARCHIVE_BYTES:
                raise CorpusError(
                    "%s: has more than %d files or %d bytes. Check where it comes from."
                    % (source.file, MEMBERS, ARCHIVE_BYTES)
                )
            sort = _sort(source, member.name)
            content = tar.extractfile(member) if sort and member.isfile() and member.size <= MESSAGE_BYTES else None
            if sort and content:
                yield member.name, (sort, content.read(MESSAGE_BYTES))


def _sort(source: Source, path: str) -> Sort | None:
    """Return the sort of the message at a path, None where there is none."""
    return next((sort for sort, pattern in source.mails.items() if pattern.fullmatch(path)), None)
