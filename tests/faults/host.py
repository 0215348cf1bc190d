# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with one Postfix instance that is stopped: its queue directory, places for quarantines on two filesystems, its commands."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.spool import QUEUES, READY, MadeUpSpool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Who has the queues: for tests without root the user is root in a namespace of its own, where there is nobody else.
OWNER = "root" if os.geteuid() else "nobody"
LOGS = ("defer", "bounce", "trace")
COMMANDS = ("postconf", "postsuper", "postlog", "postkick", "postqueue", "postfix", "postmulti")
_FAST = Path("/dev/shm")  # noqa: S108  a filesystem in memory, where fsync costs nothing
_OLD = 10 * 86400
_DELIVERY = dict.fromkeys(("incoming", "active", "deferred"), "delivery")


@dataclass(frozen=True)
class Mail:
    """A message as it lies in the queue at first."""

    name: str
    queue: str
    sender: str
    misplaced: bool = False
    """Whether its file is in no hash directory where it should be in one."""

    @property
    def data(self) -> bytes:
        """The queue file."""
        return QueueFile(
            sender=self.sender.encode(),
            recipients=todo(b"%s@example.org" % self.name.encode()),
            headers=[b"Subject: " + self.name.encode()],
            before_sender=[b"sasl_username=" + self.sender.encode()],
        ).write()


MAILS = (
    Mail("first", "deferred", "a@bad.example"),
    Mail("second", "deferred", "b@bad.example"),
    Mail("third", "incoming", "c@bad.example"),
    Mail("fourth", "active", "d@bad.example"),
    Mail("held", "hold", "e@bad.example"),
    Mail("innocent", "deferred", "f@good.example"),
    Mail("kept", "hold", "g@good.example"),
)


@dataclass(frozen=True)
class Where:
    """A file on the host: of which place, in which of its queues, and its path."""

    place: str
    """C(spool), the name of a quarantine behind C(near/) or C(far/), or C(elsewhere)."""
    queue: str
    path: str


@dataclass(frozen=True)
class Snapshot:
    """All files of a host."""

    messages: Mapping[str, Sequence[Where]]
    """By the message's name, each place where a file has its content."""
    logs: Sequence[Where]
    others: Mapping[str, str]
    """Path and looks of everything that is no module's business."""
    tree: Mapping[str, str]
    """The same of everything else, but for the mail log and the lock."""

    def homes(self) -> dict[str, tuple[str, ...]]:
        """Return {message: place and queue of each file of it}; the queues between which messages go by themselves are one."""
        return {
            name: tuple(sorted("%s:%s" % (where.place, _DELIVERY.get(where.queue, where.queue)) for where in places))
            for name, places in self.messages.items()
        }

    def paths(self) -> dict[str, tuple[str, ...]]:
        """Return {message: paths}."""
        return {name: tuple(sorted(where.path for where in places)) for name, places in self.messages.items()}

    def lost(self) -> set[str]:
        """Return the messages that are nowhere."""
        return {name for name, places in self.messages.items() if not places}

    def stray_logs(self) -> list[str]:
        """Return the logs that belong to no message."""
        known = {(where.place, Path(where.path).name) for places in self.messages.values() for where in places}
        return [log.path for log in self.logs if (log.place, Path(log.path).name) not in known]


@dataclass
class Host:
    """Its directories, and how they were at first."""

    near: Path
    far: Path
    mails: Sequence[Mail] = MAILS
    orphan: bool = False
    """Whether there is a log of a message that is gone."""
    ids: dict[str, str] = field(default_factory=dict)
    """{message: queue ID} as they were at first."""

    def __post_init__(self) -> None:
        self._data = {mail.name: mail.data for mail in self.mails}
        self._names = {data: name for name, data in self._data.items()}
        self._bases = {short: str(base) for short, base in self.bases.items()}
        self._entries: list[_Entry] = []
        self._kept, self._kept_far = (Path(str(root) + ".kept") for root in (self.near, self.far))
        account = pwd.getpwnam(OWNER)
        self._owner = (os.getuid(), os.getgid()) if os.geteuid() else (account.pw_uid, account.pw_gid)

    @property
    def spool(self) -> Path:
        """The queue directory."""
        return self.near / "spool"

    @property
    def commands(self) -> Path:
        """Where postconf is: files in memory may not be executed in a container."""
        return self.far / "sbin"

    @property
    def config(self) -> Path:
        """Where main.cf is."""
        return self.near / "etc"

    @property
    def mail_log(self) -> Path:
        """Where postlog writes to."""
        return self.near / "mail.log"

    @property
    def bases(self) -> dict[str, Path]:
        """The directories of quarantines, by their short names."""
        return {"near": Path(str(self.spool) + ".quarantine"), "far": self.far / "quarantine"}

    def logged(self) -> list[str]:
        """Return the lines of the mail log."""
        return self.mail_log.read_text(encoding="utf-8").splitlines() if self.mail_log.exists() else []

    def remove(self) -> None:
        """Remove all directories."""
        for path in (self.near, self.far, self._kept, self._kept_far):
            shutil.rmtree(path, ignore_errors=True)

    def reset(self) -> None:
        """Make the host as it was at first."""
        for root in (self.near, self.far):
            for entry in root.iterdir():
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
            (root / "bystander").mkdir()
            (root / "bystander" / "notes.txt").write_text("nobody's business")
        self.commands.mkdir()
        for name in COMMANDS:
            (self.commands / name).touch(mode=0o755)
        self.config.mkdir()
        (self.config / "main.cf").write_text("queue_directory = %s\n" % self.spool)
        made = MadeUpSpool(self.spool)
        for name in ("bounce", "trace", "saved", "private", "public"):
            (self.spool / name).mkdir()
        (self.spool / "private" / "smtp").write_text("a service")
        self.ids = {mail.name: self._put(made, mail, number) for number, mail in enumerate(self.mails)}
        if self.orphan:
            self._log(made, "4A0F9AC")
        self._give_to_the_owner()

    def _put(self, made: MadeUpSpool, mail: Mail, number: int) -> str:
        data = self._data[mail.name]
        first = self.spool / mail.queue / "new"
        first.write_bytes(data)
        first.chmod(READY)
        # As Postfix names it: microseconds, then the number of the inode (src/global/mail_queue.h).
        queue_id = "%05X%X" % (0x10000 * (number + 1) + number, first.stat().st_ino)
        place = made.file(mail.queue, queue_id, depth=0 if mail.misplaced else None)
        place.parent.mkdir(exist_ok=True)
        first.rename(place)
        if mail.queue == "deferred":
            self._log(made, queue_id)
        return queue_id

    def _log(self, made: MadeUpSpool, queue_id: str) -> None:
        made.put_defer_log(queue_id, someone="450 4.2.0 later")
        old = int(time.time()) - _OLD
        os.utime(made.file("defer", queue_id), (old, old))

    def _give_to_the_owner(self) -> None:
        for name in (*QUEUES, *LOGS, "saved", "private"):
            os.chown(self.spool / name, *self._owner)
            (self.spool / name).chmod(0o700)
        for path in _files(self.spool, (*QUEUES, *LOGS)):
            os.chown(path, *self._owner)
            if path.parent.parent != self.spool:
                os.chown(path.parent, *self._owner)
                path.parent.chmod(0o700)

    def keep(self) -> None:
        """Remember the host as it is, for restore()."""
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.rmtree(self._kept_far, ignore_errors=True)
        self._kept.mkdir()
        self._kept_far.mkdir()
        self._entries = [self._entry(path) for path in self._everything()]

    def _entry(self, path: str) -> _Entry:
        status = os.lstat(path)
        looks = status.st_mode & 0o7777, status.st_uid, status.st_gid, status.st_mtime_ns
        if stat.S_ISDIR(status.st_mode):
            return _Entry(path, None, None, looks)
        data = _read(path)
        if data not in self._names:
            return _Entry(path, None, data, looks)
        link = str((self._kept if path.startswith(str(self.near)) else self._kept_far) / str(status.st_ino))
        os.link(path, link)
        return _Entry(path, link, None, looks)

    def restore(self) -> None:
        """Make the host as it was when keep() was called; a message is the same file, so its queue ID stays right."""
        for path in [*self._everything()][::-1]:
            status = os.lstat(path)
            os.rmdir(path) if stat.S_ISDIR(status.st_mode) else os.unlink(path)
        for entry in self._entries:
            if entry.link is not None:
                os.link(entry.link, entry.path)
            elif entry.data is not None:
                _write(entry.path, entry.data)
            else:
                os.mkdir(entry.path)
            mode, uid, gid, mtime = entry.looks
            os.chown(entry.path, uid, gid)
            os.chmod(entry.path, mode)
            if entry.data is not None:
                os.utime(entry.path, ns=(mtime, mtime))

    def look(self) -> Snapshot:
        """Return what is on the host."""
        messages: dict[str, list[Where]] = {mail.name: [] for mail in self.mails}
        logs: list[Where] = []
        others: dict[str, str] = {}
        tree: dict[str, str] = {}
        for path in sorted(self._everything()):
            where = self._where(path)
            status = os.lstat(path)
            is_file = stat.S_ISREG(status.st_mode)
            name = self._names.get(_read(path)) if is_file else None
            if name is not None:
                messages[name].append(where)
            elif is_file and where.queue in LOGS:
                logs.append(where)
            looks = "%o %d:%d %d" % (status.st_mode, status.st_uid, status.st_gid, status.st_size if is_file else 0)
            if name is None and where.place == "elsewhere":
                others[path] = looks
            elif where.place != "mail log" and not path.endswith("/mailops.lock"):
                tree[path] = looks
        return Snapshot(messages, logs, others, tree)

    def _everything(self) -> Iterator[str]:
        """Yield all paths, each directory before what is in it."""
        for root in (self.near, self.far):
            waiting = [str(root)]
            while waiting:
                with os.scandir(waiting.pop()) as entries:
                    for entry in entries:
                        yield entry.path
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)

    def _where(self, path: str) -> Where:
        for short, base in self._bases.items():
            if path == base or path.startswith(base + "/"):
                parts = path[len(base) + 1 :].split("/")
                return Where("/".join((short, *filter(None, parts[:1]))), "".join(parts[1:2]), path)
        spool = str(self.spool) + "/"
        if path.startswith(spool):
            top = path[len(spool) :].partition("/")[0]
            if top in (*QUEUES, *LOGS) or "/mailops." in path:
                return Where("spool", top, path)
        return Where("mail log" if path == str(self.mail_log) else "elsewhere", "", path)


class _Entry(NamedTuple):
    """A file or directory to make again: a link to a message, a file with that content, or else a directory."""

    path: str
    link: str | None
    data: bytes | None
    looks: tuple[int, int, int, int]


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)


def _write(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.write(descriptor, data)
    os.close(descriptor)


def _files(root: Path, names: Sequence[str]) -> list[Path]:
    return [path for name in names for path in (root / name).rglob("*") if path.is_file()]


def places() -> tuple[Path, Path]:
    """Return two fresh directories on two filesystems; who asks removes them."""
    fast = _FAST if _FAST.is_dir() else Path(tempfile.gettempdir())
    near = Path(tempfile.mkdtemp(prefix="faults.", dir=fast))
    far = Path(tempfile.mkdtemp(prefix="faults."))
    if near.stat().st_dev == far.stat().st_dev:
        raise OSError("%s and %s are on one filesystem; set TMPDIR to a directory on another one" % (near, far))
    return near, far
