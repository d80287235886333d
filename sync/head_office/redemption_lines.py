"""Redemptions as the page shows them, whole and as they arrive.

The page is ordered by arrival (the log's cursor), newest first. It asks every two seconds for what is
above its cursor: asking costs head office no thread between two questions, passes every proxy, and a
page that slept goes on where it was. A new redemption becomes a row on top; a void changes its
redemption's row where that row is on the page. Browsers keep the reader's place when rows are added above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from kiosk.core.verdict import Reason
from sync.head_office.instants import Instant, instant, span_words
from sync.head_office.names import Names
from sync.head_office.records import LogRow, RedemptionLine
from sync.head_office.store import Log

PAGE_ROWS = 50
POLL_ROWS = 200
LATE_AFTER_S = 60
CLOCK_AHEAD_S = 60
_LONGEST_MS = 10_000 * 365 * 86_400_000


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which redemptions are wanted; empty: all."""

    store: str = ""
    promotion: str = ""

    def lets(self, row: LogRow) -> bool:
        """Whether ``row`` is wanted."""
        return self.store in {"", row.store} and self.promotion in {"", row.promotion}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page."""

    cursor: int
    at: Instant
    received: Instant
    store: str
    counter: str
    promotion: str
    promotion_id: str
    clerk: str
    stub: str
    late: str = ""
    void: str = ""
    judged: str = ""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came in above a page's cursor: new rows newest first, rows on the page that changed, the next cursor."""

    arrived: tuple[Line, ...]
    changed: tuple[Line, ...]
    cursor: int


def line_of(line: RedemptionLine, names: Names, now_ms: int) -> Line:
    """One redemption in words, on its own store's clock."""
    row = line.row
    zone = names.zone_of(row.store)
    return Line(
        cursor=row.cursor,
        at=instant(row.at_ms, now_ms, zone, seconds=True),
        received=instant(row.received_at_ms, now_ms, zone, seconds=True),
        store=names.store(row.store),
        counter=names.counter(row.store, row.counter),
        promotion=names.promotion(row.promotion),
        promotion_id=row.promotion,
        clerk=names.clerk(row.clerk),
        stub=f"{row.n:04d}",
        late=_late(row),
        void=_void(line.void, names, now_ms) if line.void else "",
        judged=_judged(row),
    )


def _late(row: LogRow) -> str:
    took_ms = min(max(row.received_at_ms - row.at_ms, -_LONGEST_MS), _LONGEST_MS)
    if took_ms > LATE_AFTER_S * 1000:
        return f"{span_words(timedelta(milliseconds=took_ms))} late"
    if took_ms < -CLOCK_AHEAD_S * 1000:
        return f"clock {span_words(timedelta(milliseconds=-took_ms))} ahead"
    return ""


def _judged(row: LogRow) -> str:
    """What head office would have said, where it was not yes; "approved" where a shift manager said it."""
    if row.judged not in (None, Reason.OK.value):
        return f"here: {row.judged}"
    return "approved" if row.approved_by else ""


def _void(void: LogRow, names: Names, now_ms: int) -> str:
    return f"void {instant(void.at_ms, now_ms, names.zone_of(void.store)).words}"


def arrivals(log: Log, after: int, lowest: int, sieve: Sieve, names: Names, now_ms: int) -> Arrivals:
    """What a page with cursor ``after`` has to add or change; ``lowest`` is the cursor of its oldest row."""
    rows = log.redemptions_after(after, POLL_ROWS)
    wanted = [row for row in rows if sieve.lets(row)]
    new = {row.cursor: RedemptionLine(row=row) for row in wanted if row.kind == "redemption"}
    changed: dict[int, RedemptionLine] = {}
    for void in wanted:
        row = log.log_row(*void.undone) if void.undone is not None else None
        if row is None:
            continue
        voided = RedemptionLine(row=row, void=log.void_of(row.feed, row.n))
        if row.cursor in new:
            new[row.cursor] = voided
        elif lowest <= row.cursor <= after:
            changed[row.cursor] = voided
    return Arrivals(
        arrived=_lines(sorted(new.values(), key=lambda line: -line.row.cursor), names, now_ms),
        changed=_lines(changed.values(), names, now_ms),
        cursor=rows[-1].cursor if rows else after,
    )


def _lines(lines: Iterable[RedemptionLine], names: Names, now_ms: int) -> tuple[Line, ...]:
    return tuple(line_of(line, names, now_ms) for line in lines)
