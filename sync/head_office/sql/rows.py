"""Rows to records and back, by name; and "add or replace", the same on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, insert, update

R = TypeVar("R")


def record(kind: type[R], row: Mapping[Any, Any]) -> R:
    """The ``kind`` that a row of the same field names holds."""
    return kind(**{spec.name: row[spec.name] for spec in fields(kind)})  # type: ignore[arg-type]  # fields() wants its own protocol


def values(one: Any) -> dict[str, Any]:
    """The row of a record with the same field names."""
    return {spec.name: getattr(one, spec.name) for spec in fields(one)}


def put(connection: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Add ``row``, or replace the one with the same primary key. Safe because writers take turns."""
    keys = [column.name for column in table.primary_key.columns]
    there = [table.c[name] == row[name] for name in keys]
    rest = {name: value for name, value in row.items() if name not in keys}
    if connection.execute(update(table).where(*there).values(rest)).rowcount == 0:
        connection.execute(insert(table).values(dict(row)))
