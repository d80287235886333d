"""One writer a journal, held by the kernel.

Why a file of its own and not SQLite's exclusive locking mode: that mode shuts readers out as well, and
``verify`` must be able to read while the counter runs. Why a kernel lock and not a file with a process
number: it goes when its holder dies, however it dies, so that no stale lock ever needs a person.

The file stays behind, empty of meaning, when nobody holds the lock: deleting it would let two writers
lock two different files of the same name.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from kiosk.errors import JournalError

if sys.platform == "win32":
    import msvcrt

    _LOCKED_BYTE = 1 << 30  # far behind the text, which the one who is refused wants to read

    def _lock(file: int) -> None:
        os.lseek(file, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """The right to write one journal, from construction to :meth:`release`.

    Raises :class:`JournalError` ``journal-busy`` where another holds it, ``journal-unreadable`` where the
    lock file cannot be made.
    """

    def __init__(self, journal: Path) -> None:
        self.path = journal.with_name(journal.name + ".writer")
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise JournalError(
                "journal-unreadable",
                f"The journal cannot be opened: {error.strerror}",
                where=str(self.path),
                cure="See that its folder is there and that this user may write in it.",
            ) from error
        try:
            _lock(self._file)
        except OSError as error:
            holder = os.read(self._file, 20).decode("ascii", "replace").strip()
            os.close(self._file)
            raise JournalError(
                "journal-busy",
                f"Another counter writes this journal{f' (process {holder})' if holder else ''}",
                where=str(journal),
                cure="Stop the other one, or give this one a folder of its own.",
            ) from error
        with contextlib.suppress(OSError):  # the number is for words alone: a full disk must not keep the journal shut
            os.truncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    @property
    def held(self) -> bool:
        return self._file >= 0

    def release(self) -> None:
        """Let the next writer in. A second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
