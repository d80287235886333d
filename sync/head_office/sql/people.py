"""Clerks, accounts and tokens on SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select

from sync.head_office.records import Account, Clerk, Token, clerk_order
from sync.head_office.sql import tables
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import put, record, values


class SqlPeople:
    """The part of the port that :class:`sync.head_office.store.People` names."""

    _database: Database

    def clerks(self) -> Sequence[Clerk]:
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.clerk)).mappings().all()
        return sorted(map(_clerk, rows), key=clerk_order)

    def clerk(self, clerk_id: str) -> Clerk | None:
        with self._database.reading() as connection:
            query = select(tables.clerk).where(tables.clerk.c.id == clerk_id)
            row = connection.execute(query).mappings().first()
        return None if row is None else _clerk(row)

    def put_clerk(self, clerk: Clerk) -> None:
        with self._database.writing() as connection:
            put(connection, tables.clerk, {**values(clerk), "stores": json.dumps(clerk.stores)})

    def drop_clerk(self, clerk_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(tables.clerk).where(tables.clerk.c.id == clerk_id))

    def accounts(self) -> Sequence[Account]:
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.account)).mappings().all()
        return sorted((record(Account, row) for row in rows), key=lambda one: one.name)

    def account(self, name: str) -> Account | None:
        with self._database.reading() as connection:
            query = select(tables.account).where(tables.account.c.name == name)
            row = connection.execute(query).mappings().first()
        return None if row is None else record(Account, row)

    def put_account(self, account: Account) -> None:
        with self._database.writing() as connection:
            put(connection, tables.account, values(account))

    def tokens(self) -> Sequence[Token]:
        with self._database.reading() as connection:
            rows = connection.execute(select(tables.token)).mappings().all()
        return sorted((record(Token, row) for row in rows), key=lambda one: one.name)

    def token_by_hash(self, token_hash: bytes) -> Token | None:
        with self._database.reading() as connection:
            query = select(tables.token).where(tables.token.c.token_hash == token_hash)
            row = connection.execute(query).mappings().first()
        return None if row is None else record(Token, row)

    def put_token(self, token: Token) -> None:
        with self._database.writing() as connection:
            put(connection, tables.token, values(token))

    def drop_token(self, name: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(tables.token).where(tables.token.c.name == name))


def _clerk(row: Mapping[Any, Any]) -> Clerk:
    return record(Clerk, {**row, "stores": tuple(json.loads(row["stores"]))})
