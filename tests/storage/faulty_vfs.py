"""A disk that fails when told to, and records all that is done to it.

:class:`FaultyDisk` is an SQLite VFS over the system's own. It passes every call on to real files, counts them, lets
one of them (or all from one on) fail in a chosen way, and writes the changes down as ``tests.storage.platter`` reads
them: so what a power cut leaves at any moment can be worked out afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import apsw

from tests.storage.platter import Act, Platter, Trace

Manner = Literal["error", "error-after", "full", "torn", "cut"]
"""How a call fails: an I/O error instead of the act; the act, then an I/O error; disk full, half written; an
I/O error, half written; the power is cut, so that this call and all later ones fail."""

CALLS = ("xOpen", "xRead", "xWrite", "xSync", "xTruncate", "xFileSize", "xLock", "xUnlock", "xDelete", "xAccess")
_numbers = itertools.count(1)
_MAIN_FILE = apsw.SQLITE_OPEN_MAIN_DB


class Faults:
    """Counts calls, and says which of them is to fail and how. One for all that is done to one disk."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.cut = False
        self.fired = False
        self._armed: tuple[tuple[str, ...], int, Manner, bool] | None = None

    def fail(self, calls: tuple[str, ...], k: int, manner: Manner, *, lasting: bool = False) -> None:
        """Let the ``k``-th of ``calls`` from now on, counted from 1, fail in the given manner; ``lasting``: and all
        of them behind it."""
        self.calls = []
        self.fired = False
        self._armed = (calls, k, manner, lasting)

    def heal(self) -> None:
        """No more faults; the power is back."""
        self._armed, self.cut = None, False

    def count(self, calls: tuple[str, ...]) -> int:
        """How many of ``calls`` were made since the disk was last armed (or made)."""
        return sum(call in calls for call in self.calls)

    def manner(self, call: str) -> Manner | None:
        """Count one call; how it is to fail, or None."""
        if self.cut:
            raise apsw.IOError("the power is cut")
        self.calls.append(call)
        if self._armed is None:
            return None
        calls, k, manner, lasting = self._armed
        if call not in calls or (self.fired and not lasting) or self.count(calls) < k:
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


class FaultyDisk(apsw.VFS, Faults):
    """Open SQLite files through :meth:`connect`, and arm it with :meth:`fail`. ``root``: names are paths from there."""

    def __init__(self, root: Path | None = None) -> None:
        self.name = f"faulty-{next(_numbers)}"
        apsw.VFS.__init__(self, self.name, "")
        Faults.__init__(self)
        self.root = root
        self.trace: Trace = []
        self.known: set[str] = set()
        self.there: set[str] = set()

    def connect(self, name: str, flags: int) -> apsw.Connection:
        """A connection on this disk; fits ``Journal.open(connect=...)``."""
        return apsw.Connection(name, flags=flags, vfs=self.name)

    def mark(self) -> None:
        """Set a mark in the record: something was acknowledged."""
        self.trace.append(Act("mark"))

    def survivors(self, seed: int) -> Mapping[str, bytes]:
        """What the files hold after a power cut now, by name; the same for the same seed."""
        platter = Platter()
        for act in self.trace:
            platter.told(act)
        return platter.survivors(seed)

    def named(self, path: str | Path) -> str:
        """What the record calls the file at ``path``; what it holds when it is first met counts as safe."""
        file = Path(path)
        name = file.name if self.root is None else file.relative_to(self.root).as_posix()
        if name not in self.known:
            self.known.add(name)
            if file.is_file():
                self.there.add(name)
                self.trace.append(Act("found", name, data=file.read_bytes()))
        return name

    def made(self, name: str) -> None:
        """Write down that the file was made, unless it is there."""
        if name not in self.there:
            self.there.add(name)
            self.trace.append(Act("make", name))

    def gone(self, name: str, *, to: str = "") -> None:
        """Write down that the file was deleted or, with ``to``, renamed."""
        self.there.discard(name)
        self.there |= {to} if to else set()
        self.trace.append(Act("rename" if to else "delete", name, to=to))

    # --- SQLite's calls ---

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        late = self.fault("xOpen")
        told = self.named(name if isinstance(name, str) else name.filename())
        file = FaultyFile(self, told, name, flags)
        self.made(told)
        if late:
            raise apsw.CantOpenError("the disk fails after xOpen")
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        late = self.fault("xDelete")
        name = self.named(filename)
        super().xDelete(filename, syncdir)
        self.gone(name)
        if syncdir:
            self.trace.append(Act("folder", name.rpartition("/")[0]))
        if late:
            raise apsw.IOError("the disk fails after xDelete")

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802 - SQLite's name
        self.fault("xAccess")
        return super().xAccess(pathname, flags)


class FaultyFile(apsw.VFSFile):
    """One open file of a :class:`FaultyDisk`."""

    def __init__(self, disk: FaultyDisk, told: str, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._told = told
        self._syncs_folder = not flags[0] & _MAIN_FILE  # SQLite's own disks sync the folder with a new log or journal
        super().__init__("", name, flags)

    def _tell(self, act: Act) -> None:
        self._disk.trace.append(act)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._disk.fault("xRead")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        manner = self._disk.manner("xWrite")
        written = bytes(data) if manner in {None, "error-after", "cut"} else bytes(data)[: len(data) // 2]
        if manner != "error":
            self._tell(Act("write", self._told, offset, written))
        if manner not in {"error", "cut"}:
            super().xWrite(written, offset)
        if manner == "full":
            raise apsw.FullError("the disk is full, at xWrite")
        if manner is not None:
            raise apsw.IOError("the disk fails, at xWrite")

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        try:
            late = self._disk.fault("xSync")
        except apsw.Error as error:
            if not self._disk.cut:  # Linux marks pages clean when their writing failed: they are read, never written
                self._tell(Act("lose", self._told))
            raise apsw.IOError(str(error)) from None  # SQLite's own disks never call it a full one
        self._tell(Act("sync", self._told))  # the real file needs none: only what is left after a cut does
        if self._syncs_folder:
            self._syncs_folder = False
            self._tell(Act("folder", self._told.rpartition("/")[0]))
        if late:
            raise apsw.IOError("the disk fails after xSync")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        late = self._disk.fault("xTruncate")
        super().xTruncate(newsize)
        self._tell(Act("truncate", self._told, newsize))
        if late:
            raise apsw.IOError("the disk fails after xTruncate")

    def xFileSize(self) -> int:  # noqa: N802 - SQLite's name
        self._disk.fault("xFileSize")
        return super().xFileSize()

    def xLock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.fault("xLock")
        super().xLock(level)

    def xUnlock(self, level: int) -> None:  # noqa: N802 - SQLite's name
        self._disk.fault("xUnlock")
        super().xUnlock(level)
