"""A disk that fails when told to, and forgets what was not synced when its power is cut.

:class:`FaultyDisk` is an SQLite VFS over the system's own. It passes every call on to real files, counts
them, and lets one of them fail in a chosen way. Beside the real files it keeps what would be on a real disk:
what was synced, and what was only written. :meth:`FaultyDisk.survivors` gives what a power cut leaves: of
the writes since each file's last sync some are there, some not, some in part, by chance and in any order.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import apsw

Manner = Literal["error", "error-after", "full", "torn", "cut"]
"""How a call fails: an I/O error instead of the act; the act, then an I/O error; disk full, half written; an
I/O error, half written; the power is cut, so that this call and all later ones fail."""

CALLS = ("xOpen", "xRead", "xWrite", "xSync", "xTruncate", "xFileSize", "xLock", "xDelete", "xAccess")
SECTOR_BYTES = 512
_numbers = itertools.count(1)


@dataclass
class _Write:
    at: int
    data: bytes


@dataclass
class _Truncate:
    size: int


@dataclass
class _Shadow:
    """What the platter holds of one file, and what is on its way there. ``synced`` None: no such file yet."""

    synced: bytearray | None
    waiting: list[_Write | _Truncate] = field(default_factory=list)
    deleted: bool = False

    def sync(self) -> None:
        content = bytearray() if self.synced is None else self.synced
        for act in self.waiting:
            _perform(content, act)
        self.synced, self.waiting = content, []

    def survivor(self, chance: random.Random) -> bytes | None:
        if (self.deleted or self.synced is None) and chance.random() < 0.5:
            return None
        content = bytearray(self.synced or b"")
        for act in self.waiting:
            if (kept := _kept(act, chance)) is not None:
                _perform(content, kept)
        return bytes(content)


def _perform(content: bytearray, act: _Write | _Truncate) -> None:
    if isinstance(act, _Truncate):
        del content[act.size :]
        return
    content.extend(bytes(max(act.at - len(content), 0)))
    content[act.at : act.at + len(act.data)] = act.data


def _kept(act: _Write | _Truncate, chance: random.Random) -> _Write | _Truncate | None:
    """What a power cut leaves of one act: all, nothing, or the first sectors of a write."""
    luck = chance.random()
    if luck < 0.4:
        return act
    if luck < 0.8 or isinstance(act, _Truncate):
        return None
    return _Write(act.at, act.data[: SECTOR_BYTES * chance.randint(0, len(act.data) // SECTOR_BYTES)])


class FaultyDisk(apsw.VFS):
    """Register one, open SQLite files through :meth:`connect`, and arm it with :meth:`fail`."""

    def __init__(self) -> None:
        self.name = f"faulty-{next(_numbers)}"
        super().__init__(self.name, "")
        self.shadows: dict[str, _Shadow] = {}
        self.calls: list[str] = []
        self.cut = False
        self.fired = False
        self._armed: tuple[tuple[str, ...], int, Manner] | None = None

    def connect(self, name: str, flags: int) -> apsw.Connection:
        """A connection on this disk; fits ``Journal.open(connect=...)``."""
        return apsw.Connection(name, flags=flags, vfs=self.name)

    def fail(self, calls: tuple[str, ...], k: int, manner: Manner) -> None:
        """Let the ``k``-th of ``calls`` from now on, counted from 1, fail in the given manner, once."""
        self.calls = []
        self.fired = False
        self._armed = (calls, k, manner)

    def heal(self) -> None:
        """No more faults; the power is back."""
        self._armed, self.cut = None, False

    def count(self, calls: tuple[str, ...]) -> int:
        """How many of ``calls`` were made since the disk was last armed (or made)."""
        return sum(call in calls for call in self.calls)

    def survivors(self, seed: int) -> Mapping[str, bytes]:
        """What the files hold after a power cut, by base name; the same for the same seed."""
        chance = random.Random(seed)
        left = {name: shadow.survivor(chance) for name, shadow in sorted(self.shadows.items())}
        return {name: content for name, content in left.items() if content is not None}

    def manner(self, call: str) -> Manner | None:
        """Count one call; how it is to fail, or None."""
        if self.cut:
            raise apsw.IOError("the power is cut")
        self.calls.append(call)
        if self._armed is None or self.fired:
            return None
        calls, k, manner = self._armed
        if call not in calls or self.count(calls) != k:
            return None
        self.fired = True
        self.cut = manner == "cut"
        return manner

    def fault(self, call: str) -> bool:
        """Count one call; raise where it is to fail instead of acting; True: act first, then fail."""
        manner = self.manner(call)
        if manner == "full":
            raise apsw.FullError(f"the disk is full, at {call}")
        if manner is not None and manner != "error-after":
            raise apsw.IOError(f"the disk fails, at {call}")
        return manner == "error-after"

    def shadow(self, path: str) -> _Shadow:
        """The shadow of the file at ``path``; what it holds when it is first met counts as synced."""
        file = Path(path)
        if file.name not in self.shadows:
            self.shadows[file.name] = _Shadow(bytearray(file.read_bytes()) if file.exists() else None)
        return self.shadows[file.name]

    def sync_folder(self) -> None:
        """Files deleted so far are gone for good."""
        self.shadows = {name: shadow for name, shadow in self.shadows.items() if not shadow.deleted}

    # --- SQLite's calls ---

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        late = self.fault("xOpen")
        shadow = self.shadow(name if isinstance(name, str) else name.filename())
        file = FaultyFile(self, shadow, name, flags)
        if shadow.deleted:
            shadow.synced, shadow.waiting, shadow.deleted = None, [], False
        if late:
            raise apsw.CantOpenError("the disk fails after xOpen")
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        late = self.fault("xDelete")
        super().xDelete(filename, syncdir)
        self.shadow(filename).deleted = True
        if syncdir:
            self.sync_folder()
        if late:
            raise apsw.IOError("the disk fails after xDelete")

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802 - SQLite's name
        self.fault("xAccess")
        return super().xAccess(pathname, flags)


class FaultyFile(apsw.VFSFile):
    """One open file of a :class:`FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, shadow: _Shadow, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._shadow = shadow
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._disk.fault("xRead")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        manner = self._disk.manner("xWrite")
        written = bytes(data) if manner in {None, "error-after", "cut"} else bytes(data)[: len(data) // 2]
        if manner != "error":
            self._shadow.waiting.append(_Write(offset, written))
        if manner not in {"error", "cut"}:
            super().xWrite(written, offset)
        if manner == "full":
            raise apsw.FullError("the disk is full, at xWrite")
        if manner is not None:
            raise apsw.IOError("the disk fails, at xWrite")

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        try:
            late = self._disk.fault("xSync")
        except apsw.Error:
            if not self._disk.cut:  # Linux marks pages clean when their writing failed: they are read, never written
                self._shadow.waiting.clear()
            raise
        if self._shadow.synced is None:  # SQLite's own disks sync the folder along with a new log or journal
            self._disk.sync_folder()
        self._shadow.sync()  # the real file needs none: only the shadow outlives a cut
        if late:
            raise apsw.IOError("the disk fails after xSync")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        late = self._disk.fault("xTruncate")
        super().xTruncate(newsize)
        self._shadow.waiting.append(_Truncate(newsize))
        if late:
            raise apsw.IOError("the disk fails after xTruncate")

    def xFileSize(self) -> int:  # noqa: N802 - SQLite's name
        self._disk.fault("xFileSize")
        return super().xFileSize()

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.fault("xLock")
        super().xLock(level)
