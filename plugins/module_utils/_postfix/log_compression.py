# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Reading compressed logs. The first bytes of a file say its format, whatever its name is. Memory is bounded."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import zlib
from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.blocks import BLOCK_BYTES
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import ENVIRONMENT, start_command

if TYPE_CHECKING:
    from typing import Protocol

    class Decompressor(Protocol):
        """What bz2, lzma and compression.zstd have."""

        @property
        def eof(self) -> bool:
            """Whether the end of the data was reached."""

        @property
        def needs_input(self) -> bool:
            """Whether there is nothing more to return without more data."""

        @property
        def unused_data(self) -> bytes:
            """What follows the end."""

        def decompress(self, data: bytes, max_length: int) -> bytes:
            """Return the next bytes, at most so many."""


class Format(NamedTuple):
    """A format: its name, how its files begin, the module and class that read it, and the command that reads it."""

    name: str
    magic: bytes
    module: str | None
    decompressor: str
    command: str


FORMATS = (
    Format("gzip", b"\x1f\x8b", "zlib", "", "gzip"),
    Format("bzip2", b"BZh", "bz2", "BZ2Decompressor", "bzip2"),
    Format("xz", b"\xfd7zXZ\0", "lzma", "LZMADecompressor", "xz"),
    Format("lzma", b"\x5d\0\0", "lzma", "LZMADecompressor", "xz"),
    # From Python 3.14 on.
    Format("zstd", b"\x28\xb5\x2f\xfd", "compression.zstd", "ZstdDecompressor", "zstd"),
    Format("lz4", b"\x04\x22\x4d\x18", None, "", "lz4"),
    Format("compress", b"\x1f\x9d", None, "", "gzip"),
)
MAGIC_BYTES = max(len(known.magic) for known in FORMATS)


class DamagedError(Exception):
    """Compressed data that ends too early or is not valid."""


class UnreadableError(Exception):
    """Neither this Python nor a command of this host reads a format."""


def format_of(start: bytes) -> Format | None:
    """Return the format of a file by its first bytes, None for text."""
    return next((known for known in FORMATS if start.startswith(known.magic)), None)


def decompress(known: Format, descriptor: int, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of a compressed file. descriptor: the file, chunks: its bytes; one of them is used.

    Raises UnreadableError, and DamagedError after everything before the damage was yielded.
    """
    make, errors = _decompressor_of(known)
    if make is not None:
        return _decompress(chunks, make, errors)
    command = shutil.which(known.command, path=ENVIRONMENT["PATH"])
    if command is None:
        raise UnreadableError
    return _run([command, "-dcq"], descriptor)


def _decompressor_of(known: Format) -> tuple[Callable[[], Decompressor] | None, tuple[type[Exception], ...]]:
    """Return what makes a decompressor, and its errors; None if this Python has none."""
    if known.module is None:
        return None, ()
    if known.module == "zlib":
        return _Gzip, (zlib.error,)
    try:
        module: Any = importlib.import_module(known.module)
    except ImportError:
        return None, ()
    errors = (getattr(module, name) for name in ("LZMAError", "ZstdError") if hasattr(module, name))
    return getattr(module, known.decompressor), (OSError, EOFError, ValueError, *errors)


class _Gzip:
    """zlib's decompressor, as the other modules have it."""

    def __init__(self) -> None:
        # With the header of gzip.
        self._object = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def needs_input(self) -> bool:
        return not self._object.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._object.decompress(self._object.unconsumed_tail + data, max_length)


def _decompress(
    chunks: Iterable[bytes], make: Callable[[], Decompressor], errors: tuple[type[Exception], ...]
) -> Iterator[bytes]:
    current = make()
    try:
        for chunk in chunks:
            data = chunk
            if current.eof:
                # Files may be appended to each other, and padded with zeros (gzip(1)).
                data = data.lstrip(b"\0")
                current = make() if data else current
            while data or not (current.needs_input or current.eof):
                found = current.decompress(data, BLOCK_BYTES)
                data = current.unused_data.lstrip(b"\0") if current.eof else b""
                current = make() if data else current
                if found:
                    yield found
        while not current.eof:
            found = current.decompress(b"", BLOCK_BYTES)
            if not found:
                raise DamagedError("it ends too early")
            yield found
    except errors as error:
        raise DamagedError(str(error)) from error


def _run(command: list[str], descriptor: int) -> Iterator[bytes]:
    """Yield the output of a command that reads the file."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with start_command(command, stdin=descriptor, stderr=subprocess.DEVNULL) as process:
        try:
            while process.stdout is not None:
                found = process.stdout.read(BLOCK_BYTES)
                if not found:
                    break
                yield found
        except GeneratorExit:
            process.kill()
            raise
        status = process.wait()
    if status:
        raise DamagedError("%s failed with status %d" % (command[0], status))
