"""Stick files in a folder: their names, writing one whole or not at all, finding them among whatever lies there.

Rules of this module:

- A folder from outside may hold anything. Only its direct, regular files with a name of ours are opened; no link is
  followed, no pipe or device waited for; how many names are looked at is capped.
- A file is written beside its place, synced, and then renamed; whatever goes wrong, the one before stays.
- One file for each direction and counter: a newer one takes the place of the older, so that a stick never fills up.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from kiosk.errors import CounterfoilError
from kiosk.ports import FolderRead, StickRead
from sync.stick_file import MAX_FILE_BYTES, StickError, too_large

FOR_SOMEBODY_ELSE = "stick-not-for-us"
"""What a stick that goes around has on it, beside what is for us."""

MOST_NAMES = 10_000
MOST_FILES = 1_000
_NAME = re.compile(r"counterfoil-to-[^/\\\0]*\.stick")


def name_of(sender: str, recipient: str) -> str:
    """What a file from one to the other is called; names and dots of both pass on every file system."""
    return f"counterfoil-to-{recipient.replace('/', '.')}-from-{sender.replace('/', '.')}.stick"


def shown(name: str) -> str:
    """A name from outside, fit for a terminal and a page."""
    return "".join(one if one.isprintable() else "?" for one in name[:120])


def find(folder: Path) -> list[Path]:
    """The files with a name of ours in ``folder``, by name. Raises ``stick-folder-missing``, ``-crowded``."""
    found: list[Path] = []
    try:
        with os.scandir(folder) as names:
            for number, one in enumerate(names, 1):
                if _NAME.fullmatch(one.name):
                    found.append(folder / one.name)
                if number > MOST_NAMES or len(found) > MOST_FILES:
                    # a folder made to keep this machine busy
                    raise StickError(
                        "stick-folder-crowded",
                        "There are too many files in the folder",
                        where=str(folder),
                        cure="Put the files whose names begin with counterfoil-to- into a folder of their own.",
                    )
    except OSError as error:
        raise no_folder(folder, error) from None
    return sorted(found)


def open_file(path: Path) -> BinaryIO:
    """Open one for reading. Stops links that lead out of the folder, pipes that never answer, files without end."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    where = shown(path.name)
    try:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "a link")
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise _no_file(where) from None
        raise unreadable(where, error) from None
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise _no_file(where)
        if state.st_size > MAX_FILE_BYTES:
            raise too_large()
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _no_file(where: str) -> StickError:
    return StickError(
        "stick-not-a-file",
        "Under this name is no file but a link, a folder or a device",
        where=where,
        cure="Delete it; it was not written by Counterfoil.",
    )


def unreadable(where: str, error: OSError) -> StickError:
    """The stick was pulled out, or has bad cells."""
    return StickError(
        "stick-unreadable",
        f"The stick cannot be read: {error.strerror or error}",
        where=where,
        cure="Put it in again; if this stays, use another one and have the files written anew.",
    )


def no_folder(folder: Path, error: OSError) -> StickError:
    """The folder for the stick is not there."""
    return StickError(
        "stick-folder-missing",
        f"The folder of the stick cannot be opened: {error.strerror or error}",
        where=str(folder),
        cure="Put the stick in and wait until it is there, then try again.",
    )


@contextlib.contextmanager
def told_of_reading(where: str) -> Iterator[None]:
    """A fault of the disk while a file is read, told in words."""
    try:
        yield
    except OSError as error:
        raise unreadable(where, error) from None


def read_each(folder: Path, read: Callable[[BinaryIO, str], StickRead]) -> FolderRead:
    """Take in by ``read`` what is for us in ``folder``; each file by itself, so that a bad one is in nobody's way."""
    found, others = [], 0
    for path in find(folder):
        name = shown(path.name)
        try:
            with open_file(path) as file:
                one = read(file, name)
        except CounterfoilError as error:
            one = StickRead(name, refused=error)
        if one.refused is not None and one.refused.code == FOR_SOMEBODY_ELSE:
            others += 1
        else:
            found.append(one)
    return FolderRead(tuple(found), others)


def put(folder: Path, name: str, write: Callable[[BinaryIO], int]) -> int:
    """Write ``folder / name`` by ``write``, whole or not at all; how many bytes it has then."""
    if not folder.is_dir():
        raise no_folder(folder, NotADirectoryError(errno.ENOENT, "it is not there"))
    beside = folder / f".{name}.part"
    try:
        size = _write_beside(beside, write)
        beside.replace(folder / name)  # from here on it is there, whole, in place of the one before
        _sync_folder(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise _not_written(folder, error) from None
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    return size


def _write_beside(beside: Path, write: Callable[[BinaryIO], int]) -> int:
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()  # left over where a stick was pulled out; or a link that somebody put there
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(beside, flags, 0o644), "wb") as file:
        size = write(file)
        file.flush()
        os.fsync(file.fileno())
    return size


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # FAT and Windows know no such thing
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _not_written(folder: Path, error: OSError) -> StickError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StickError(
            "stick-full",
            "The stick is full: the file was not written",
            where=str(folder),
            cure="Delete something on it, or use another one; the file that was there before is still there.",
        )
    return StickError(
        "stick-not-writable",
        f"The stick cannot be written: {error.strerror or error}",
        where=str(folder),
        cure="See that it is still in, and not locked against writing; use another one if this stays.",
    )
