"""The log for machines, as NDJSON and CSV: one row a redemption or void, in the order of arrival.

A reader keeps the cursor of the last row that it has stored and asks for what comes after it: so it gets
each row exactly once, however often it stops and goes on.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

from kiosk.clock import from_ms
from kiosk.core.money import NO_CURRENCY, AmountError, from_minor
from sync.head_office.records import LogRow

FIELDS = (
    "cursor", "type", "store", "counter", "promotion", "clerk", "credential_kind", "at", "received_at", "feed", "n",
    "amount", "currency", "void_of_n", "reason", "judged", "approved_by",
    "void_of_feed",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_fields(row: LogRow) -> dict[str, str | int | None]:
    """A row as named values. Times are ISO 8601 in UTC; ``amount`` is decimal text."""
    return {
        "cursor": row.cursor,
        "type": row.kind,
        "store": row.store,
        "counter": row.counter,
        "promotion": row.promotion,
        "clerk": row.clerk,
        "credential_kind": row.credential_kind,
        "at": _instant(row.at_ms),
        "received_at": _instant(row.received_at_ms),
        "feed": str(row.feed),
        "n": row.n,
        "amount": _amount(row),
        "currency": row.currency,
        "void_of_n": row.void_of_n,
        "reason": row.reason,
        "judged": row.judged,
        "approved_by": row.approved_by,
        "void_of_feed": None if row.undone is None else str(row.undone[0]),
    }


def ndjson(rows: Iterable[LogRow]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(as_fields(row), ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: Iterable[LogRow]) -> str:
    """A header and one line a row (RFC 4180); no cell can be taken for a formula by a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(FIELDS)
    for row in rows:
        writer.writerow([_cell(value) for value in as_fields(row).values()])
    return text.getvalue()


def _cell(value: str | int | None) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def _instant(at_ms: int) -> str:
    try:
        return from_ms(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):  # a counter's clock that is out of all bounds
        return str(at_ms)


def _amount(row: LogRow) -> str | None:
    if row.amount_minor is None:
        return None
    try:
        return from_minor(row.amount_minor, row.currency or NO_CURRENCY)
    except AmountError:
        return str(row.amount_minor)
