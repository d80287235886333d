"""One database by one URL: connections, turns at writing, and what its errors mean to a person.

SQLite: WAL and ``synchronous=FULL``, and one connection for the whole program. Python's own sqlite3 may
carry an SQLite older than 3.51.3, whose WAL can be reset wrongly when two connections of one program
write and checkpoint at the same instant; with one connection they cannot.
PostgreSQL: a small pool; the right to write is a lock on the one row of ``turn``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from sync.head_office.sql import tables
from sync.head_office.store import StoreError

BUSY_TIMEOUT_S = 20
WAL_POLL_S = 0.02
_WRITES = "counterfoil_writes"


def parse_url(text: str) -> URL:
    """The SQLAlchemy address that ``text`` means; raises :class:`StoreError` ``store-url``."""
    cure = "Write sqlite:///FILE or postgresql://USER@HOST:PORT/DATABASE."
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreError("store-url", f"{text!r} is no database address", cure=cure) from None
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise StoreError("store-url", "Head office keeps its data in an SQLite file or in PostgreSQL", cure=cure)


class Database:
    """Connections to one database. A thread that writes sees its own writes; each thread writes in its turn."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self.where = url.render_as_string(hide_password=True)
        self.engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
        self._here = threading.local()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with: the one this thread writes with, where it does."""
        held: Connection | None = getattr(self._here, "held", None)
        if held is not None:
            yield held
            return
        with self.errors_told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """This thread's turn at writing: one transaction, joined by whatever it calls meanwhile."""
        held: Connection | None = getattr(self._here, "held", None)
        if held is not None:
            yield held
            return
        with self.errors_told(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(select(tables.turn.c.id).with_for_update())
                self._here.held = connection
                try:
                    yield connection
                finally:
                    self._here.held = None

    @contextmanager
    def errors_told(self) -> Iterator[None]:
        """Database errors in here become :class:`StoreError` where a person can do something about them."""
        try:
            yield
        except (OperationalError, PoolTimeoutError) as error:
            raise _meaning(str(getattr(error, "orig", error)), self.where) from error
        except DatabaseError as error:
            if type(error) is not DatabaseError:  # a broken rule of the schema is a bug, not a broken database
                raise
            raise unreachable(str(error.orig), self.where) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _sqlite(url: URL) -> Engine:
    try:
        path = Path(str(url.database))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # it holds hashes of PINs; SQLite gives the files beside it the same mode
    except OSError as error:
        raise unreachable(str(error), url.render_as_string()) from None
    engine = create_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=BUSY_TIMEOUT_S, connect_args={"timeout": BUSY_TIMEOUT_S}
    )

    @event.listens_for(engine, "connect")
    def _prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # BEGIN is ours, below
        _to_wal(dbapi_connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait by itself where two programs switch a new file at once."""
    until_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until_s:
                raise
            time.sleep(WAL_POLL_S)
        else:
            return


def _postgresql(url: URL) -> Engine:
    return create_engine(url, pool_size=5, max_overflow=15, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _meaning(said: str, where: str) -> StoreError:
    if "locked" in said or "QueuePool" in said:
        return StoreError(
            "store-busy", "Another program keeps head office's database busy", where=where, cure="Try again shortly."
        )
    if "full" in said:
        return StoreError("store-full", "The disk is full; nothing was stored", where=where, cure="Free some space.")
    return unreachable(said, where)


def unreachable(said: str, where: str) -> StoreError:
    """The error for a database that cannot be opened, reached or written; ``said`` is its own word."""
    return StoreError(
        "store-unreachable",
        f"Head office's database cannot be used: {next(iter(said.strip().splitlines()), 'no reason given')}",
        where=where,
        cure="Check that the database runs, that the address is right and that you may write there.",
    )
