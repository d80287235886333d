"""Brings a database to the newest schema by the migrations that lie beside this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

import sync.head_office.migrations
from sync.head_office.sql.database import Database
from sync.head_office.store import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_ONE_AT_A_TIME = 0x436F756E  # a PostgreSQL advisory lock: two programs that start at once migrate in turn


def bring_up_to_date(database: Database) -> None:
    """Run what migrations are missing, in one transaction. Raises ``store-newer``, ``store-unreachable``."""
    with database.errors_told(), database.engine.connect() as connection:
        connection.execution_options(counterfoil_writes=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
            if not _is_newest(connection):
                _upgrade(database, connection)


def _is_newest(connection: Connection) -> bool:
    if not inspect(connection).has_table("alembic_version"):
        return False
    stands_at = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return stands_at == [sync.head_office.migrations.NEWEST]


def _upgrade(database: Database, connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (only where there is something to migrate)
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        command.upgrade(_config(connection), "head")
    except CommandError as error:
        raise StoreError(
            "store-newer",
            f"Head office's database was made by a newer release ({error})",
            where=database.where,
            cure="Start that release, or name another database with --database.",
        ) from None


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    place = Path(str(sync.head_office.migrations.__file__)).parent
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
