"""Sealed contact details on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from sync.head_office.records import Contact, contact_order
from sync.head_office.sql.database import Database
from sync.head_office.sql.rows import put, record, values
from sync.head_office.sql.tables import contact as contacts_table


class SqlContacts:
    """The part of the port that :class:`sync.head_office.store.Contacts` names."""

    _database: Database

    def put_contact(self, contact: Contact) -> None:
        with self._database.writing() as connection:
            put(connection, contacts_table, values(contact))

    def contact(self, sha256: bytes) -> Contact | None:
        query = select(contacts_table).where(contacts_table.c.sha256 == sha256)
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else _contact(row)

    def contacts(self) -> Sequence[Contact]:
        with self._database.reading() as connection:
            rows = connection.execute(select(contacts_table)).mappings().all()
        return sorted(map(_contact, rows), key=contact_order)


def _contact(row: Mapping[Any, Any]) -> Contact:
    octets = {name: bytes(row[name]) for name in ("sha256", "case_ref", "sealed") if row[name] is not None}
    return record(Contact, {**row, **octets})
