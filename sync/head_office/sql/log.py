"""The log of redemptions and voids on SQL. Cursors are 1, 2, 3 ... in the order of commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, insert, select, tuple_

from kiosk.core.entry import FeedId
from sync.head_office.records import Count, LogRow, RedemptionLine, Which
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import record, values
from sync.head_office.sql.tables import log

_BATCH = 200
Key = TypeVar("Key")


class SqlLog:
    """The part of the port that :class:`sync.head_office.store.Log` names."""

    _database: Database
    _counts: dict[str | None, tuple[int, Mapping[str, tuple[int, int]]]]  # by store: as of which cursor, and what

    def add_log_rows(self, rows: Sequence[LogRow]) -> Sequence[LogRow]:
        with self._database.writing() as connection:
            there = _held(connection, [(str(row.feed), row.n) for row in rows])
            cursor = _last_cursor(connection)
            added = []
            for row in rows:
                if (str(row.feed), row.n) not in there:
                    there.add((str(row.feed), row.n))
                    cursor += 1
                    added.append(replace(row, cursor=cursor))
            if added:
                connection.execute(insert(log), [_values(row) for row in added])
        return added

    def redemptions_after(self, cursor: int, limit: int) -> Sequence[LogRow]:
        return self._rows(select(log).where(log.c.cursor > cursor).order_by(log.c.cursor).limit(limit))

    def log_row(self, feed: FeedId, n: int) -> LogRow | None:
        return next(iter(self._rows(select(log).where(log.c.feed == str(feed), log.c.n == n))), None)

    def void_of(self, feed: FeedId, n: int) -> LogRow | None:
        query = select(log).where(log.c.void_of_feed == str(feed), log.c.void_of_n == n).order_by(log.c.cursor).limit(1)
        return next(iter(self._rows(query)), None)

    def latest_redemptions(
        self, limit: int, before: int | None = None, store: str | None = None, promotion: str | None = None
    ) -> Sequence[RedemptionLine]:
        query = select(log).where(log.c.kind == "redemption").order_by(log.c.cursor.desc()).limit(limit)
        for column, wanted in ((log.c.store, store), (log.c.promotion, promotion)):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(log.c.cursor < before)
        rows = self._rows(query)
        voids = self._voids_of(rows)
        return [RedemptionLine(row=row, void=voids.get((row.feed, row.n))) for row in rows]

    def uses(self, promotion: str, credential: bytes) -> Sequence[RedemptionLine]:
        return self._lines(log.c.promotion == promotion, log.c.credential == credential)

    def uses_of(self, spent: Collection[tuple[str, bytes]]) -> Mapping[tuple[str, bytes], Sequence[RedemptionLine]]:
        found: dict[tuple[str, bytes], list[RedemptionLine]] = {one: [] for one in spent}
        for batch in _batches(list(found)):
            for line in self._lines(tuple_(log.c.promotion, log.c.credential).in_(batch)):
                found[line.row.promotion, line.row.credential].append(line)
        return found

    def of_sales(self, sales: Collection[bytes]) -> Mapping[bytes, Sequence[RedemptionLine]]:
        found: dict[bytes, list[RedemptionLine]] = {sale: [] for sale in sales}
        for batch in _batches(list(found)):
            for line in self._lines(log.c.sale.in_(batch)):
                if line.row.sale is not None:
                    found[line.row.sale].append(line)
        return found

    def _lines(self, *wanted: ColumnElement[bool]) -> list[RedemptionLine]:
        rows = self._rows(select(log).where(log.c.kind == "redemption", *wanted).order_by(log.c.cursor))
        voids = self._voids_of(rows)
        return [RedemptionLine(row=row, void=voids.get((row.feed, row.n))) for row in rows]

    def count(self, which: Which) -> Count:
        query = select(func.count(), func.coalesce(func.sum(log.c.amount_minor), 0)).where(
            log.c.kind == "redemption", log.c.promotion == which.promotion
        )
        for column, wanted in ((log.c.store, which.store), (log.c.clerk, which.clerk), (log.c.holder, which.holder)):
            if wanted is not None:
                query = query.where(column == wanted)
        if which.from_ms is not None:
            query = query.where(log.c.at_ms >= which.from_ms)
        if which.until_ms is not None:
            query = query.where(log.c.at_ms < which.until_ms)
        if not which.voided_too:
            void = log.alias()
            query = query.where(~exists().where(void.c.void_of_feed == log.c.feed, void.c.void_of_n == log.c.n))
        with self._database.reading() as connection:
            redemptions, amount_minor = connection.execute(query).one()
        return Count(redemptions=redemptions, amount_minor=int(amount_minor))

    def last_cursor(self) -> int:
        with self._database.reading() as connection:
            return _last_cursor(connection)

    def redemption_counts(self, store: str | None = None) -> Mapping[str, tuple[int, int]]:
        voided = func.count(func.distinct(log.c.void_of_feed + "#" + func.cast(log.c.void_of_n, log.c.feed.type)))
        query = select(log.c.promotion, log.c.kind, func.count(), voided).group_by(log.c.promotion, log.c.kind)
        if store is not None:
            query = query.where(log.c.store == store)
        with self._database.reading() as connection:
            cursor = _last_cursor(connection)
            held = self._counts.get(store)
            if held is not None and held[0] == cursor:  # pages ask every two seconds, and the log is long
                return held[1]
            rows = connection.execute(query).all()
        received = {promotion: many for promotion, kind, many, _ in rows if kind == "redemption"}
        voids = {promotion: distinct for promotion, kind, _, distinct in rows if kind == "void"}
        counts = {promotion: (many, voids.get(promotion, 0)) for promotion, many in received.items()}
        self._counts[store] = (cursor, counts)
        return counts

    def _rows(self, query: Select[Any]) -> list[LogRow]:
        with self._database.reading() as connection:
            return [_log_row(row) for row in connection.execute(query).all()]

    def _voids_of(self, rows: Sequence[LogRow]) -> Mapping[tuple[FeedId, int], LogRow]:
        found: dict[tuple[FeedId, int], LogRow] = {}
        for batch in _batches([(str(row.feed), row.n) for row in rows]):
            wanted = tuple_(log.c.void_of_feed, log.c.void_of_n).in_(batch)
            for void in self._rows(select(log).where(wanted).order_by(log.c.cursor)):
                assert void.undone is not None
                found.setdefault(void.undone, void)
        return found


def _log_row(row: Row[Any]) -> LogRow:
    read = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name for it)
    for name in ("credential", "holder", "sale"):
        if read[name] is not None:
            read[name] = bytes(read[name])
    of_feed = read["void_of_feed"]
    read["void_of_feed"] = None if of_feed in (None, read["feed"]) else FeedId.parse(of_feed)
    return record(LogRow, {**read, "feed": FeedId.parse(read["feed"])})


def _values(row: LogRow) -> dict[str, Any]:
    of_feed = None if row.undone is None else str(row.undone[0])
    return {**values(row), "feed": str(row.feed), "void_of_feed": of_feed}


def _last_cursor(connection: Connection) -> int:
    return connection.execute(select(func.max(log.c.cursor))).scalar() or 0


def _held(connection: Connection, keys: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    there: set[tuple[str, int]] = set()
    for batch in _batches(keys):
        query = select(log.c.feed, log.c.n).where(tuple_(log.c.feed, log.c.n).in_(batch))
        there.update((feed, n) for feed, n in connection.execute(query).all())
    return there


def _batches(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))
