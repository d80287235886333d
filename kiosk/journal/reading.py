"""Opening a journal to look at it, running or not, without changing or making a single file.

SQLite's read-only mode alone does not promise that: it makes the log's two companion files where they lack.
So there are three ways, by what lies beside the file:

- ``-wal`` and ``-shm``: a counter runs (or died). The shared index is opened read-only: readers and the one
  writer do not disturb each other, and what the log holds is read.
- ``-wal`` alone: a copy taken along with its log. The index is built in memory, without locks, since nobody
  can be running without ``-shm``.
- Neither: a journal at rest. It is opened as immutable.

Never with plain file reads: closing a file that this program also has open through SQLite would drop
SQLite's own locks on it (a rule of POSIX), and another program could then delete the log.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import apsw

from kiosk.errors import JournalError
from kiosk.journal.connection import BUSY_MS, refuse_foreign, said

_WITHOUT_LOCKS = "win32-none" if sys.platform == "win32" else "unix-none"


def has_log(path: Path) -> bool:
    """Whether a write-ahead log lies beside the journal at ``path``."""
    return path.with_name(path.name + "-wal").exists()


def _uri(path: Path) -> tuple[str, bool]:
    name = "file:" + quote(path.resolve().as_posix()) + "?mode=ro"
    if not has_log(path):
        return name + "&immutable=1", False
    if path.with_name(path.name + "-shm").exists():
        return name + "&readonly_shm=1", False
    return f"{name}&vfs={_WITHOUT_LOCKS}", True


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[apsw.Connection]:
    """One snapshot of the journal at ``path``; raises :class:`JournalError` where there is none."""
    if not path.is_file():
        raise JournalError(
            "journal-missing", "There is no journal here", where=str(path), cure="Name the journal's file."
        )
    uri, alone = _uri(path)
    try:
        db = apsw.Connection(uri, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    except apsw.Error as error:
        raise said(error, path) from error
    try:
        _prepare(db, path, alone=alone)
        yield db
    except apsw.Error as error:
        raise said(error, path) from error
    finally:
        with contextlib.suppress(apsw.Error):
            db.close(True)


def _prepare(db: apsw.Connection, path: Path, *, alone: bool) -> None:
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    db.set_busy_timeout(BUSY_MS)
    if alone:
        db.pragma("locking_mode", "exclusive")
    db.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)  # a file cut short is read as far as it goes; still read-only
    db.pragma("trusted_schema", False)
    db.pragma("cell_size_check", True)
    db.execute("BEGIN")
    refuse_foreign(db, path)
