"""Head office's database three times: in memory, SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from sync.head_office.sql.database import Database, parse_url
from sync.head_office.sql.store import SqlStore
from sync.head_office.store import HeadOfficeStore
from tests import postgres
from tests.twins_head_office import HeadOfficeTwin


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["twin", "sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | None]:
    """Where a database of its own lies for one test; None: in memory."""
    if request.param == "twin":
        yield None
    elif request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/head-office.db"
    else:
        postgres_url = request.getfixturevalue("postgres_url")
        yield postgres_url
        _empty(postgres_url)


@pytest.fixture
def store(url: str | None) -> Iterator[HeadOfficeStore]:
    opened: HeadOfficeStore = HeadOfficeTwin() if url is None else SqlStore.open(url)
    yield opened
    opened.close()


def _empty(url: str) -> None:
    """Leave the schema (making it takes longer than most tests) unless a test spoilt it."""
    database = Database(parse_url(url))
    with database.engine.begin() as connection:
        names = inspect(connection).get_table_names()
        spoilt = connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != "0005"
        kept = set() if spoilt else {"alembic_version", "turn"}
        verb = "DROP TABLE" if spoilt else "DELETE FROM"
        for name in set(names) - kept:
            connection.execute(text(f'{verb} "{name}"'))
    database.close()
