"""Bundles, their parts, the texts they were made from, and listed codes on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, exists, func, insert, select

from sync.head_office.records import ListedCode, SourceKind, SourceText, StoredBundle
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import put, record, values
from sync.head_office.sql.tables import bundle as bundles
from sync.head_office.sql.tables import bundle_part, listed_code, log, part, source

_ROWS_AT_ONCE = 10_000


class SqlPublications:
    """The part of the port that :class:`sync.head_office.store.Publications` names."""

    _database: Database

    def latest_bundle(self) -> StoredBundle | None:
        with self._database.reading() as connection:
            query = select(bundles).order_by(bundles.c.version.desc()).limit(1)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            named = select(bundle_part.c.name, bundle_part.c.digest).where(bundle_part.c.version == row["version"])
            parts = connection.execute(named).all()
        return StoredBundle(
            version=row["version"],
            published_at_ms=row["published_at_ms"],
            fresh_until_ms=row["fresh_until_ms"],
            envelope=bytes(row["envelope"]),
            parts=tuple(sorted((name, digest) for name, digest in parts)),
        )

    def put_bundle(self, bundle: StoredBundle, parts: Mapping[bytes, bytes]) -> None:
        row = values(bundle)
        named = [{"version": bundle.version, "name": name, "digest": digest} for name, digest in row.pop("parts")]
        with self._database.writing() as connection:
            _put_parts(connection, parts)
            connection.execute(insert(bundles).values(row))
            if named:
                connection.execute(insert(bundle_part), named)

    def put_parts(self, parts: Mapping[bytes, bytes]) -> None:
        with self._database.writing() as connection:
            _put_parts(connection, parts)

    def parts(self, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        query = select(part.c.digest, part.c.content).where(part.c.digest.in_(list(digests)))
        with self._database.reading() as connection:
            return {bytes(digest): bytes(content) for digest, content in connection.execute(query).all()}

    def put_source(self, source_text: SourceText) -> None:
        with self._database.writing() as connection:
            put(connection, source, values(source_text))

    def latest_source(self, kind: SourceKind) -> SourceText | None:
        return next(iter(self._sources(kind, 1)), None)

    def sources(self, kind: SourceKind) -> Sequence[SourceText]:
        return self._sources(kind, None)

    def _sources(self, kind: SourceKind, limit: int | None) -> list[SourceText]:
        query = select(source).where(source.c.kind == kind).order_by(source.c.version.desc()).limit(limit)
        with self._database.reading() as connection:
            return [record(SourceText, row) for row in connection.execute(query).mappings().all()]

    def listed_codes(self, promotion: str) -> Sequence[ListedCode]:
        table = listed_code.c
        query = select(table.idx, table.digest, table.source, table.live).where(table.promotion == promotion)
        with self._database.reading() as connection:  # there may be millions: no mapping for each row
            return [
                ListedCode(index=index, digest=bytes(digest), source=source, live=live)
                for index, digest, source, live in connection.execute(query.order_by(table.idx))
            ]

    def listed_code(self, promotion: str, digest: bytes) -> ListedCode | None:
        table = listed_code.c
        query = select(listed_code).where(table.promotion == promotion, table.digest == digest, table.live)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        return ListedCode(index=row["idx"], digest=bytes(row["digest"]), source=row["source"], live=row["live"])

    def live_codes(self, promotion: str) -> int:
        live = [listed_code.c.promotion == promotion, listed_code.c.live]
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(listed_code).where(*live)).scalar() or 0

    def put_listed_codes(self, promotion: str, codes: Sequence[ListedCode]) -> None:
        rows = [
            {"promotion": promotion, "idx": one.index, "digest": one.digest, "source": one.source, "live": one.live}
            for one in codes
        ]
        table = listed_code.c
        with self._database.writing() as connection:
            last = connection.execute(select(func.max(table.idx)).where(table.promotion == promotion)).scalar()
            held = [row["idx"] for row in rows if last is not None and row["idx"] <= last]
            for start in range(0, len(held), 500):
                there = table.idx.in_(held[start : start + 500])
                connection.execute(delete(listed_code).where(table.promotion == promotion, there))
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                connection.execute(insert(listed_code), rows[start : start + _ROWS_AT_ONCE])

    def used_indexes(self, promotion: str, uses: int, *, count_voided: bool) -> Sequence[int]:
        void = log.alias()
        redeemed = [log.c.promotion == promotion, log.c.kind == "redemption", log.c.credential_kind == "listed"]
        if not count_voided:
            voided = select(void.c.n).where(void.c.void_of_feed == log.c.feed, void.c.void_of_n == log.c.n)
            redeemed.append(~exists(voided))
        often = select(log.c.credential).where(*redeemed).group_by(log.c.credential).having(func.count() >= uses)
        table = listed_code.c
        query = select(table.idx).where(table.promotion == promotion, table.digest.in_(often)).order_by(table.idx)
        with self._database.reading() as connection:
            return list(connection.execute(query).scalars())


def _put_parts(connection: Connection, parts: Mapping[bytes, bytes]) -> None:
    held = connection.execute(select(part.c.digest).where(part.c.digest.in_(list(parts)))).scalars()
    missing = set(parts) - {bytes(digest) for digest in held}
    if missing:
        connection.execute(insert(part), [{"digest": digest, "content": parts[digest]} for digest in sorted(missing)])
