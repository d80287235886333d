"""Python's own files on a faulty disk: what is written beside a journal, recorded and made to fail like SQLite's calls.

While :func:`tapped` is on, files below the disk's root that are opened for writing, and the calls of ``os`` that
change names or sync, go to the same record as the journal's and are counted among the same calls.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.storage.faulty_vfs import FaultyDisk
from tests.storage.platter import Act

FILE_CALLS = ("open", "write", "truncate", "fsync", "fsync-folder", "replace", "unlink", "mkdir")
_open, _os_open, _close = io.open, os.open, os.close
_fsync, _replace, _unlink, _mkdir = os.fsync, os.replace, os.unlink, os.mkdir
_os_write, _os_truncate = os.write, os.truncate


class _Raw(io.FileIO):
    """A file opened for writing. Each write of it is one act, behind whatever buffer."""

    tap: _Tap
    told: str

    def write(self, content: Any) -> int:
        tap, at, whole = self.tap, self.tell(), bytes(content)
        manner = tap.disk.manner("write")
        kept = whole if manner in {None, "error-after", "cut"} else whole[: len(whole) // 2]
        if manner != "error":
            tap.disk.trace.append(Act("write", self.told, at, kept))
        if manner not in {"error", "cut"}:
            super().write(kept)
        if manner is not None:
            raise OSError(errno.ENOSPC if manner == "full" else errno.EIO, "the disk fails, at write")
        return len(whole)

    def truncate(self, size: int | None = None) -> int:
        late = self.tap.fault("truncate")
        new = super().truncate(size)
        self.tap.disk.trace.append(Act("truncate", self.told, new))
        self.tap.late(late, "truncate")
        return new


class _Tap:
    """Stands in for the calls; ``files`` are the open descriptors of files and folders below the root, by name."""

    def __init__(self, disk: FaultyDisk) -> None:
        self.disk = disk
        self.files: dict[int, str] = {}

    def below(self, path: Any, dir_fd: int | None = None) -> Path | None:
        """The path, where it lies below the disk's root."""
        root = self.disk.root
        assert root is not None
        if isinstance(path, int):
            return None
        whole = Path(os.fsdecode(path))
        if dir_fd is not None:
            if dir_fd not in self.files:
                return None
            whole = root / self.files[dir_fd] / whole
        return whole if whole.is_relative_to(root) else None

    def fault(self, call: str) -> bool:
        manner = self.disk.manner(call)
        if manner == "full":
            raise OSError(errno.ENOSPC, f"the disk is full, at {call}")
        if manner not in {None, "error-after"}:
            raise OSError(errno.EIO, f"the disk fails, at {call}")
        return manner == "error-after"

    def late(self, late: bool, call: str) -> None:
        if late:
            raise OSError(errno.EIO, f"the disk fails after {call}")

    def _created(self, path: Path, *, emptied: bool) -> str:
        name = self.disk.named(path)
        was_there = name in self.disk.there
        self.disk.made(name)
        if was_there and emptied:
            self.disk.trace.append(Act("truncate", name, 0))
        return name

    # --- what stands in ---

    def open(self, file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        path = self.below(file)
        writes = bool(set(mode) & set("wax+"))
        if not writes or not (path or (isinstance(file, int) and file in self.files)):
            return _open(file, mode, *given, **named)
        if path is not None:
            late = self.fault("open")
            told = self._created(path, emptied="w" in mode)
            self.late(late, "open")
        else:
            told = self.files[file]
        raw = _Raw(file, mode.replace("b", "").replace("t", ""))
        raw.tap, raw.told = self, told
        self.files[raw.fileno()] = told
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered)

    def os_open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        below = self.below(path, dir_fd)
        if below is None:
            return _os_open(path, flags, mode, dir_fd=dir_fd)
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        late = self.fault("open") if writes else False
        if writes:
            name = self._created(below, emptied=bool(flags & os.O_TRUNC))
        else:
            name = below.relative_to(self.disk.root or below).as_posix().removeprefix(".")
        self.late(late, "open")
        number = _os_open(path, flags, mode, dir_fd=dir_fd)
        self.files[number] = name
        return number

    def close(self, number: int) -> None:
        self.files.pop(number, None)
        _close(number)

    def os_write(self, number: int, content: Any) -> int:
        if number not in self.files:
            return _os_write(number, content)
        late = self.fault("write")
        self.disk.trace.append(Act("write", self.files[number], os.lseek(number, 0, os.SEEK_CUR), bytes(content)))
        written = _os_write(number, content)
        self.late(late, "write")
        return written

    def os_truncate(self, number: Any, size: int) -> None:
        if number not in self.files:
            _os_truncate(number, size)
            return
        late = self.fault("truncate")
        _os_truncate(number, size)
        self.disk.trace.append(Act("truncate", self.files[number], size))
        self.late(late, "truncate")

    def fsync(self, number: int) -> None:
        name = self.files.get(number)
        if name is None:
            return
        folder = name not in self.disk.there
        call = "fsync-folder" if folder else "fsync"
        try:
            late = self.fault(call)
        except OSError:
            if not self.disk.cut and not folder:
                self.disk.trace.append(Act("lose", name))
            raise
        self.disk.trace.append(Act("folder" if folder else "sync", name))
        self.late(late, call)

    def replace(self, source: Any, target: Any, **named: Any) -> None:
        one, two = self.below(source), self.below(target)
        if one is None or two is None:
            _replace(source, target, **named)
            return
        late = self.fault("replace")
        names = self.disk.named(one), self.disk.named(two)
        _replace(source, target)
        self.disk.gone(names[0], to=names[1])
        self.late(late, "replace")

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        below = self.below(path, dir_fd)
        if below is None or not below.exists():
            _unlink(path, dir_fd=dir_fd)
            return
        late = self.fault("unlink")
        name = self.disk.named(below)
        _unlink(path, dir_fd=dir_fd)
        self.disk.gone(name)
        self.late(late, "unlink")

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        below = self.below(path, dir_fd)
        late = below is not None and self.fault("mkdir")
        _mkdir(path, mode, dir_fd=dir_fd)
        if below is not None:
            self.disk.trace.append(Act("make-folder", self.disk.named(below)))
        self.late(late, "mkdir")


@contextlib.contextmanager
def tapped(disk: FaultyDisk) -> Iterator[None]:
    """Files below ``disk.root`` are recorded, and fail when the disk is armed."""
    tap = _Tap(disk)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("io.open", tap.open)
        patched.setattr("builtins.open", tap.open)
        patched.setattr("os.open", tap.os_open)
        patched.setattr("os.close", tap.close)
        patched.setattr("os.write", tap.os_write)
        patched.setattr("os.truncate", tap.os_truncate)
        patched.setattr("os.fsync", tap.fsync)
        patched.setattr("os.replace", tap.replace)
        patched.setattr("os.unlink", tap.unlink)
        patched.setattr("os.mkdir", tap.mkdir)
        yield
