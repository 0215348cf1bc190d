# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Where the mail log of an instance is: the file that Postfix or syslog writes, and what its rotation left."""

from __future__ import annotations

import errno
import os
import re
import stat
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

# Where syslog writes the mail log if maillog_file is empty: Debian; Red Hat, BSD; SUSE, Arch; Zimbra, which logs there too.
USUAL_LOGS = ("/var/log/mail.log", "/var/log/maillog", "/var/log/mail", "/var/log/zimbra.log")
_DAY = 86400
_MAX_LINKS = 40
# logrotate(8): a number, or a date (dateext, dateformat); newsyslog(8) and postfix(1) logrotate: the same after a dot.
_ROTATED = r"[.-][0-9][0-9T:_.-]*|\.old"
_COMPRESSED = r"\.(?:gz|bz2|xz|lzma|zst|lz4|Z)"
# With the option extension, logrotate puts the date before it.
_LAST_NAME = re.compile(r"(.+)(\.[a-z]+)\Z")


def log_paths(instance: Instance) -> tuple[str, ...]:
    """Return the files that can be the mail log now, the likeliest first: maillog_file alone, or the usual ones that exist.

    A usual file that was not written for a day while another was, such as one from before an upgrade, comes after that.
    """
    named = instance.parameters.get("maillog_file")
    if named:
        return (named,)
    times = {}
    for path in USUAL_LOGS:
        try:
            status = os.stat(path)
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            times[path] = status.st_mtime
    newest = max(times.values(), default=0)
    return tuple(sorted(times, key=lambda path: (newest - times[path] > _DAY, USUAL_LOGS.index(path))))


def rotated_names(path: str, names: list[str], suffix_format: str | None = None) -> list[str]:
    """Return those names in the directory of a log that its rotation made, in any order.

    suffix_format: maillog_file_rotate_suffix (postconf(5)). Of a file and its compressed copy, which is being made, only the file.
    """
    base = os.path.basename(path)
    patterns = [r"%s(?:%s)(?:%s)?\Z" % (re.escape(base), _ROTATED, _COMPRESSED)]
    divided = _LAST_NAME.match(base)
    if divided:
        start, extension = map(re.escape, divided.groups())
        patterns.append(r"%s-[0-9][0-9_-]*%s(?:%s)?\Z" % (start, extension, _COMPRESSED))
    is_rotated = re.compile("|".join(patterns)).match
    found = {name for name in names if is_rotated(name) or _has_suffix(name, base, suffix_format)}
    return [name for name in names if name in found and (_bare(name) == name or _bare(name) not in found)]


def _bare(name: str) -> str:
    """Return a name without the suffix of a compressed file."""
    return re.sub(_COMPRESSED + r"\Z", "", name)


def _has_suffix(name: str, base: str, suffix_format: str | None) -> bool:
    """Return whether a name is what C(postfix logrotate) makes with an unusual suffix (conf/postfix-script)."""
    if not suffix_format or not name.startswith(base + "."):
        return False
    try:
        datetime.strptime(_bare(name)[len(base) + 1 :], suffix_format)
    except (ValueError, re.error):
        return False
    return True


class NotRegularError(OSError):
    """What a path names is not a regular file, such as a directory, a pipe or a device."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "not a regular file")


class UntrustedLinkError(OSError):
    """A path names the symbolic link of another user than root and the one that reads."""

    def __init__(self) -> None:
        super().__init__(errno.ELOOP, "a symbolic link of another user")


def open_regular(path: str) -> int:
    """Return the open file. The open never blocks. Raises OSError, also for what is not a regular file, and for an untrusted link.

    A link is followed if root or this user owns it: administrators move logs to other filesystems.
    """
    # To open a device can have an effect.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise NotRegularError
    for _number in range(_MAX_LINKS):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            # FreeBSD has EMLINK.
            if error.errno not in (errno.ELOOP, errno.EMLINK):
                raise
            path = os.path.join(os.path.dirname(path), _target_of(path))
            continue
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotRegularError
        return descriptor
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _target_of(path: str) -> str:
    """Return the target of a link. The link is open while its owner is checked, so it is the one that is read."""
    flags = getattr(os, "O_PATH", None)
    if flags is None:
        raise UntrustedLinkError
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_uid not in (0, os.geteuid()):
            raise UntrustedLinkError
        return os.readlink("", dir_fd=descriptor)
    finally:
        os.close(descriptor)
