"""Head office's database, opened: the schema is brought up to date first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import select

from sync.head_office.sql.contacts import SqlContacts
from sync.head_office.sql.counters import SqlCounters
from sync.head_office.sql.database import Database, parse_url
from sync.head_office.sql.feeds import SqlFeeds
from sync.head_office.sql.log import SqlLog
from sync.head_office.sql.people import SqlPeople
from sync.head_office.sql.publications import SqlPublications
from sync.head_office.sql.rights import SqlRights
from sync.head_office.sql.rows import put
from sync.head_office.sql.schema import bring_up_to_date
from sync.head_office.sql.tables import setting as settings_table


class SqlStore(SqlFeeds, SqlLog, SqlCounters, SqlPublications, SqlPeople, SqlRights, SqlContacts):
    """:class:`sync.head_office.store.HeadOfficeStore` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[str | None, tuple[int, Mapping[str, tuple[int, int]]]] = {}

    @classmethod
    def open(cls, url: str) -> SqlStore:
        """The database at ``url``, made where it is missing, its schema up to date. Raises ``StoreError``."""
        database = Database(parse_url(url))
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @contextmanager
    def together(self) -> Iterator[SqlStore]:
        with self._database.writing():
            yield self

    def setting(self, name: str) -> str | None:
        with self._database.reading() as connection:
            query = select(settings_table.c.value).where(settings_table.c.name == name)
            return connection.execute(query).scalar()

    def put_setting(self, name: str, value: str) -> None:
        with self._database.writing() as connection:
            put(connection, settings_table, {"name": name, "value": value})

    def close(self) -> None:
        self._database.close()
