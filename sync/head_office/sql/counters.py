"""Enrolments and one-time codes on SQL."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

from sync.head_office.records import Enrolment, EnrolmentCode, code_order, enrolment_order
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import put, record, values
from sync.head_office.sql.tables import enrolment as enrolments_table
from sync.head_office.sql.tables import enrolment_code as codes_table


class SqlCounters:
    """The part of the port that :class:`sync.head_office.store.Counters` names."""

    _database: Database

    def enrolments(self) -> Sequence[Enrolment]:
        with self._database.reading() as connection:
            rows = connection.execute(select(enrolments_table)).mappings().all()
        return sorted((record(Enrolment, row) for row in rows), key=enrolment_order)

    def put_enrolment(self, enrolment: Enrolment) -> None:
        with self._database.writing() as connection:
            put(connection, enrolments_table, values(enrolment))

    def put_code(self, code: EnrolmentCode) -> None:
        with self._database.writing() as connection:
            put(connection, codes_table, values(code))

    def code(self, code_id: str) -> EnrolmentCode | None:
        query = select(codes_table).where(codes_table.c.code_id == code_id)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else record(EnrolmentCode, row)

    def codes(self) -> Sequence[EnrolmentCode]:
        with self._database.reading() as connection:
            rows = connection.execute(select(codes_table)).mappings().all()
        return sorted((record(EnrolmentCode, row) for row in rows), key=code_order)

    def drop_code(self, code_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(codes_table).where(codes_table.c.code_id == code_id))
