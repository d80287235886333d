"""Feeds on SQL: the entries as bytes, and one row per feed for its head and checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from kiosk.core.entry import NO_ENTRIES, Checkpoint, Entry, FeedId, Head, chain, entry_hash
from kiosk.core.fact import Fact, encode_fact
from kiosk.errors import ExchangeError
from kiosk.ports import Beginning, unpruned
from sync.head_office.records import Evidence, evidence_order
from sync.head_office.sql.database import Database
from sync.head_office.sql.tables import entry as entries_table
from sync.head_office.sql.tables import evidence as evidence_table
from sync.head_office.sql.tables import feed as feeds_table


def check_follows(head: Head, entries: Sequence[Entry]) -> None:
    """Raise ``segment-gap`` unless ``entries`` are one feed's next ones behind ``head``, densely numbered and chained.

    Stops a history with a hole: what a caller believes to be the head may be behind what was stored meanwhile.
    """
    n, previous = head.n, head.hash
    for one in entries:
        n += 1
        if one.feed != entries[0].feed or one.n != n or one.hash != entry_hash(one.feed, n, previous, one.body):
            raise ExchangeError(
                "segment-gap", f"Entry {one.n} does not follow entry {head.n}, the last one held", where=str(one.feed)
            )
        previous = one.hash


class SqlFeeds:
    """The part of the port that :class:`sync.head_office.store.Feeds` names."""

    _database: Database

    def heads(self) -> Mapping[FeedId, Head]:
        with self._database.reading() as connection:
            rows = connection.execute(select(feeds_table.c.name, feeds_table.c.n, feeds_table.c.hash)).all()
        return {FeedId.parse(name): Head(n, bytes(digest)) for name, n, digest in rows}

    def head(self, feed: FeedId) -> Head:
        with self._database.reading() as connection:
            return _head(connection, feed)

    def entries(self, feed: FeedId, after_n: int, limit: int) -> Sequence[Entry]:
        table = entries_table.c
        query = (
            select(table.n, table.hash, table.body)
            .where(table.feed == str(feed), table.n > after_n)
            .order_by(table.n)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [Entry(feed, n, bytes(digest), bytes(body)) for n, digest, body in rows]

    def beginning(self, feed: FeedId) -> Beginning:
        return unpruned(self, feed)

    def checkpoint(self, feed: FeedId) -> Checkpoint | None:
        with self._database.reading() as connection:
            row = connection.execute(select(feeds_table).where(feeds_table.c.name == str(feed))).mappings().first()
        if row is None or row["checkpoint_n"] is None:
            return None
        return Checkpoint(
            feed,
            row["checkpoint_n"],
            bytes(row["checkpoint_head"]),
            row["checkpoint_key_epoch"],
            row["checkpoint_at_ms"],
            bytes(row["checkpoint_signature"]),
        )

    def store_segment(self, entries: Sequence[Entry], checkpoint: Checkpoint) -> None:
        with self._database.writing() as connection:
            check_follows(_head(connection, entries[0].feed), entries)
            _write(connection, entries)
            _write_checkpoint(connection, checkpoint)

    def append(self, feed: FeedId, facts: Sequence[Fact]) -> Sequence[Entry]:
        with self._database.writing() as connection:
            entries = chain(feed, _head(connection, feed), map(encode_fact, facts))
            _write(connection, entries)
        return entries

    def put_checkpoint(self, checkpoint: Checkpoint) -> None:
        with self._database.writing() as connection:
            _write_checkpoint(connection, checkpoint)

    def add_evidence(self, evidence: Evidence) -> None:
        row = {
            "kind": evidence.kind,
            "feed": str(evidence.feed),
            "n": evidence.n,
            "digest": hashlib.sha256(evidence.content).digest(),
            "at_ms": evidence.at_ms,
            "content": evidence.content,
        }
        table = evidence_table.c
        same = [table[name] == row[name] for name in ("kind", "feed", "n", "digest")]
        with self._database.writing() as connection:
            if connection.execute(select(table.n).where(*same)).first() is None:
                connection.execute(insert(evidence_table).values(row))

    def evidence(self) -> Sequence[Evidence]:
        with self._database.reading() as connection:
            rows = connection.execute(select(evidence_table)).mappings().all()
        return sorted((_evidence(row) for row in rows), key=evidence_order)


def _evidence(row: Mapping[Any, Any]) -> Evidence:
    return Evidence(
        kind=row["kind"], feed=FeedId.parse(row["feed"]), n=row["n"], at_ms=row["at_ms"], content=bytes(row["content"])
    )


def _head(connection: Connection, feed: FeedId) -> Head:
    query = select(feeds_table.c.n, feeds_table.c.hash).where(feeds_table.c.name == str(feed))
    row = connection.execute(query).first()
    return NO_ENTRIES if row is None else Head(row[0], bytes(row[1]))


def _write(connection: Connection, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    name, last = str(entries[0].feed), entries[-1]
    rows = [{"feed": name, "n": one.n, "hash": one.hash, "body": one.body} for one in entries]
    connection.execute(insert(entries_table), rows)
    moved = connection.execute(update(feeds_table).where(feeds_table.c.name == name).values(n=last.n, hash=last.hash))
    if moved.rowcount == 0:
        connection.execute(insert(feeds_table).values(name=name, n=last.n, hash=last.hash))


def _write_checkpoint(connection: Connection, checkpoint: Checkpoint) -> None:
    connection.execute(
        update(feeds_table)
        .where(feeds_table.c.name == str(checkpoint.feed))
        .values(
            checkpoint_n=checkpoint.n,
            checkpoint_head=checkpoint.head,
            checkpoint_key_epoch=checkpoint.key_epoch,
            checkpoint_at_ms=checkpoint.at_ms,
            checkpoint_signature=checkpoint.signature,
        )
    )
