"""The accounts of rights on SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, delete, insert, select, tuple_, update

from kiosk.core.entry import FeedId
from kiosk.core.rights import Right, RightKind
from sync.head_office.records import AccountKey, RightAccount, RightPool, Twice, WaitingVoid
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import record, values
from sync.head_office.sql.tables import lost_risk, right_account, right_pool, used_twice, waiting_void

_BATCH = 100
_ACCOUNT = right_account.c


class SqlRights:
    """The part of the port that :class:`sync.head_office.store.Rights` names."""

    _database: Database

    def right_accounts(self, keys: Collection[AccountKey]) -> Mapping[AccountKey, RightAccount]:
        found: dict[AccountKey, RightAccount] = {}
        flat = [_flat(key) for key in keys]
        columns = tuple_(*(_ACCOUNT[name] for name in _KEY))
        for start in range(0, len(flat), _BATCH):
            rows = self._accounts(columns.in_(flat[start : start + _BATCH]))
            found |= {row.key: row for row in rows}
        return found

    def rights_of(self, account: str) -> Sequence[RightAccount]:
        return self._accounts(_ACCOUNT.account == account, _ACCOUNT.kind < int(RightKind.ONCE))

    def accounts_of(self, right: Right) -> Sequence[RightAccount]:
        return self._accounts(
            _ACCOUNT.promotion == right.promotion,
            _ACCOUNT.kind == int(right.kind),
            _ACCOUNT.subject == right.subject,
        )

    def accounts_of_credentials(self, rights: Collection[Right]) -> Sequence[RightAccount]:
        flat = [(right.promotion, int(right.kind), right.subject) for right in rights]
        columns = tuple_(_ACCOUNT.promotion, _ACCOUNT.kind, _ACCOUNT.subject)
        return [
            row
            for start in range(0, len(flat), _BATCH)
            for row in self._accounts(columns.in_(flat[start : start + _BATCH]))
        ]

    def accounts_of_promotion(self, promotion: str) -> Sequence[RightAccount]:
        return self._accounts(_ACCOUNT.promotion == promotion, _ACCOUNT.kind < int(RightKind.ONCE))

    def accounts_with_something(self, accounts: Collection[str]) -> Sequence[RightAccount]:
        more = _ACCOUNT.granted + _ACCOUNT.received + _ACCOUNT.credited
        less = _ACCOUNT.sent + _ACCOUNT.returned + _ACCOUNT.spent
        return self._accounts(_ACCOUNT.account.in_(list(accounts)), more != less)

    def put_right_accounts(self, rows: Sequence[RightAccount]) -> None:
        with self._database.writing() as connection:
            _put_all(connection, right_account, [values(row) for row in rows])

    def right_pools(self, promotion: str) -> Sequence[RightPool]:
        query = select(right_pool).where(right_pool.c.promotion == promotion)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return sorted((record(RightPool, _plain(row)) for row in rows), key=lambda one: one.lot)

    def has_granted(self) -> bool:
        with self._database.reading() as connection:
            query = select(_ACCOUNT.granted).where(_ACCOUNT.granted > 0).limit(1)
            return connection.execute(query).first() is not None

    def put_right_pools(self, rows: Sequence[RightPool]) -> None:
        with self._database.writing() as connection:
            _put_all(connection, right_pool, [values(row) for row in rows])

    def _accounts(self, *wanted: ColumnElement[bool]) -> list[RightAccount]:
        with self._database.reading() as connection:
            rows = connection.execute(select(right_account).where(*wanted)).mappings().all()
        return sorted((record(RightAccount, _plain(row)) for row in rows), key=lambda one: one.key)

    # --- what is kept so that each counts once

    def waiting_voids(self, of_feed: FeedId) -> Sequence[WaitingVoid]:
        query = select(waiting_void).where(waiting_void.c.of_feed == str(of_feed)).order_by(waiting_void.c.of_n)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            WaitingVoid(of_feed=of_feed, of_n=row["of_n"], feed=FeedId.parse(row["feed"]), n=row["n"]) for row in rows
        ]

    def put_waiting_void(self, waiting: WaitingVoid) -> None:
        row = {"of_feed": str(waiting.of_feed), "of_n": waiting.of_n, "feed": str(waiting.feed), "n": waiting.n}
        self._add(waiting_void, row)

    def drop_waiting_void(self, of_feed: FeedId, of_n: int) -> None:
        self._drop(waiting_void, {"of_feed": str(of_feed), "of_n": of_n})

    def put_lost(self, feed: FeedId, n: int) -> None:
        self._add(lost_risk, {"feed": str(feed), "n": n})

    def drop_lost(self, feed: FeedId, n: int) -> bool:
        return self._drop(lost_risk, {"feed": str(feed), "n": n})

    def put_twice(self, twice: Twice) -> None:
        self._add(used_twice, values(twice))

    def twice(self, limit: int, promotion: str | None = None) -> Sequence[Twice]:
        table = used_twice.c
        query = select(used_twice).order_by(table.at_ms.desc(), table.promotion, table.credential).limit(limit)
        if promotion is not None:
            query = query.where(table.promotion == promotion)
        with self._database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [record(Twice, {**row, "credential": bytes(row["credential"])}) for row in rows]

    def _add(self, table: Table, row: Mapping[str, Any]) -> None:
        """Add a row; one with the same key stays as it is."""
        same = [column == row[column.name] for column in table.primary_key.columns]
        with self._database.writing() as connection:
            if connection.execute(select(*table.primary_key.columns).where(*same)).first() is None:
                connection.execute(insert(table).values(dict(row)))

    def _drop(self, table: Table, key: Mapping[str, Any]) -> bool:
        with self._database.writing() as connection:
            same = [table.c[name] == value for name, value in key.items()]
            return connection.execute(delete(table).where(*same)).rowcount > 0


_KEY = ("account", "kind", "promotion", "subject", "granted_by")


def _flat(key: AccountKey) -> tuple[str, int, str, bytes, int]:
    account, (right, granted_by) = key
    return account, int(right.kind), right.promotion, right.subject, granted_by


def _plain(row: Mapping[Any, Any]) -> dict[Any, Any]:
    return {**row, "subject": bytes(row["subject"])}


def _put_all(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows, or replace those with the same key: as many as there are in few statements."""
    keys = [column.name for column in table.primary_key.columns]
    named = {tuple(row[name] for name in keys): dict(row) for row in rows}
    there = _there(connection, table, list(named))
    new = [row for key, row in named.items() if key not in there]
    old = [{f"set_{name}": value for name, value in row.items()} for key, row in named.items() if key in there]
    if new:
        connection.execute(insert(table), new)
    if old:
        where = [table.c[name] == bindparam(f"set_{name}") for name in keys]
        rest: dict[str, Any] = {
            column.name: bindparam(f"set_{column.name}") for column in table.columns if column.name not in keys
        }
        connection.execute(update(table).where(*where).values(rest), old)


def _there(connection: Connection, table: Table, keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    columns = list(table.primary_key.columns)
    there: set[tuple[Any, ...]] = set()
    for start in range(0, len(keys), _BATCH):
        query = select(*columns).where(tuple_(*columns).in_(keys[start : start + _BATCH]))
        there.update(
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in connection.execute(query).all()
        )
    return there
