"""The figures of the log that judging asks for with each redemption, kept from one message to the next.

Rules of this module:

- They are as of a cursor, before anything of the message being taken is written: what is not committed is not kept.
- What came since is added row by row. So a long log is counted once, not with every redemption that arrives.
- A customer's figures are not kept: there are as many as customers, and an index finds their few rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sync.head_office.office import HeadOffice
from sync.head_office.records import Count, LogRow, Which
from sync.head_office.store import HeadOfficeStore

MOST_FIGURES = 512
MOST_ROWS = 2000
"""With more figures, or more rows since, all is counted again."""

Counts = dict[Which, Count]


@dataclass(frozen=True, slots=True)
class Counted:
    """Figures as of ``cursor``. Whoever needs one that is missing counts it, before the log grows, and adds it."""

    cursor: int = 0
    counts: Counts = field(default_factory=dict)


def counts_so_far(office: HeadOffice) -> Counted:
    """The figures kept, brought up to the log as it stands.

    To be asked at the beginning of a message, inside its transaction.
    """
    counted = brought_up(office.store, office.parsed.get("counted", Counted()))
    office.parsed["counted"] = counted
    return counted


def brought_up(store: HeadOfficeStore, counted: Counted) -> Counted:
    """Others, with what was added to the log since; ``counted`` itself stays as it is."""
    cursor, last, counts = counted.cursor, store.last_cursor(), dict(counted.counts)
    rows = store.redemptions_after(cursor, MOST_ROWS + 1) if counts and cursor < last else ()
    if cursor > last or len(rows) > MOST_ROWS or len(counts) > MOST_FIGURES:
        return Counted(last)
    for row in rows:
        _add(store, counts, row)
    return Counted(last, counts)


def _add(store: HeadOfficeStore, counts: Counts, row: LogRow) -> None:
    if row.kind == "redemption":
        _step(counts, row, 1, voided_too=(True, False))
        return
    undone = None if row.undone is None else store.log_row(*row.undone)
    first = None if undone is None else store.void_of(undone.feed, undone.n)
    if undone is not None and first is not None and first.cursor == row.cursor:
        _step(counts, undone, -1, voided_too=(False,))


def _step(counts: Counts, row: LogRow, by: int, *, voided_too: tuple[bool, ...]) -> None:
    for which, count in counts.items():
        if which.voided_too in voided_too and _is_one_of(row, which):
            amount_minor = count.amount_minor + by * (row.amount_minor or 0)
            counts[which] = replace(count, redemptions=count.redemptions + by, amount_minor=amount_minor)


def _is_one_of(row: LogRow, which: Which) -> bool:
    return (
        row.promotion == which.promotion
        and which.store in (None, row.store)
        and which.clerk in (None, row.clerk)
        and which.holder in (None, row.holder)
        and (which.from_ms is None or row.at_ms >= which.from_ms)
        and (which.until_ms is None or row.at_ms < which.until_ms)
    )
