"""What was folded before a snapshot, as tables that are only looked up: the ground that a standing builds on.

Rules of this module:

- Names (of feeds, promotions, stores and clerks) are numbers of four bytes in the tables, by their place in ``names``.
- The table ``told`` holds every use, by promotion and credential; the others are found by what ``TABLES`` names.
- It never changes. What comes behind it lies in the standing, and goes before it where both speak of the same.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, decode_fact
from kiosk.core.packed import LEAST, MOST, Rows, moved, moved_back
from kiosk.core.tally import Told, Use

Name = tuple[str, int]  # a redemption, by its feed's name and its number; strings keep their hash
Spent = tuple[str, bytes]  # a promotion and a credential of it

SPENT, FEED_N, AT = struct.Struct(">I16s"), struct.Struct(">IQ"), struct.Struct(">Q")
USE = struct.Struct(">QQII16sB")  # time, amount, store, clerk, holder, flags
BY_OWN_FEED, HAS_HOLDER = 1, 2
WRITTEN = struct.Struct(">QQI")  # time, and where the body lies: at, bytes
COUNTS = struct.Struct(">II")  # live, voided
NUMBER = struct.Struct(">I")

TABLES: Mapping[str, int] = {
    "told": SPENT.size + FEED_N.size + USE.size,
    "told_by_name": FEED_N.size + SPENT.size,
    "written": FEED_N.size + WRITTEN.size,
    "intents": 16 + FEED_N.size,
    "voided": FEED_N.size,
    "answered": FEED_N.size,
    "to_receipt": FEED_N.size,
    "moved": FEED_N.size,
    "by_store": 2 * NUMBER.size + AT.size,
    "by_clerk": 2 * NUMBER.size + AT.size,
    "by_holder": NUMBER.size + 16 + COUNTS.size,
}
"""Each table, and the width of its rows in bytes."""

_BY_NAME = ("told_by_name", "written", "voided", "answered", "to_receipt", "moved")  # those that begin with FEED_N
BODIES = "bodies"  # and the bodies of the redemptions written, one behind the other


@dataclass(slots=True)
class Small:
    """What is small enough to be read whole.

    ``figures``: promotion to (live, spent in minor units); ``accounts``: what :class:`kiosk.core.rights.Accounts`
    makes of itself, None where nothing was folded; so are ``time`` (:class:`kiosk.core.clock_floor.ClockHistory`) and
    ``asks`` (:class:`kiosk.core.asks.Asks`). ``taken_back``: [feed, n] of another life that this counter voided.
    """

    bundle_floor: int = 0
    unanswered: dict[str, list[int]] = field(default_factory=dict)
    receipts: dict[str, tuple[int, int]] = field(default_factory=dict)
    figures: dict[str, tuple[int, int]] = field(default_factory=dict)
    asked: dict[bytes, int] = field(default_factory=dict)
    denied: dict[int, str] = field(default_factory=dict)
    revoked: dict[str, int] = field(default_factory=dict)
    accounts: Any = None
    taken_back: list[Any] = field(default_factory=list)
    time: Any = None
    asks: Any = None


class Settled:
    """A restored fold. ``tables`` has every name of ``TABLES``; ``bodies`` is what their offsets count from."""

    __slots__ = ("_feeds", "_latest_ms", "_newest_n", "_numbers", "bodies", "names", "small", "tables")

    def __init__(self, names: Sequence[str], small: Small, tables: Mapping[str, Rows], bodies: Rows) -> None:
        self.names = names
        self.small = small
        self.tables = tables
        self.bodies = bodies
        self._numbers = {name: number for number, name in enumerate(names)}
        self._feeds: dict[int, FeedId] = {}
        self._latest_ms: dict[str, list[int]] = {}
        self._newest_n: dict[str, int] = {}

    def renamed(self, names: Sequence[str]) -> Settled | None:
        """The same with more names; None where ``names`` do not begin with those that there are."""
        if list(names[: len(self.names)]) != list(self.names):
            return None
        return Settled(names, self.small, self.tables, self.bodies)

    def of_another_life(self) -> Settled:
        """The same for another feed of the same counter: what it knew of others, without what was its own."""
        small = replace(self.small, bundle_floor=0, asked={}, denied={}, accounts=[], asks=None)
        return Settled(self.names, small, self.tables, self.bodies)

    # --- keys ---

    def number(self, name: str) -> int | None:
        """The number of a name; None where no row has it."""
        return self._numbers.get(name)

    def _feed_n(self, name: Name) -> bytes | None:
        feed = self._numbers.get(name[0])
        return None if feed is None or not 0 <= name[1] <= MOST else FEED_N.pack(feed, name[1])

    def _spent(self, spent: Spent) -> bytes | None:
        promotion = self._numbers.get(spent[0])
        return None if promotion is None or len(spent[1]) != 16 else SPENT.pack(promotion, spent[1])

    def _is_beyond(self, name: Name) -> bool:
        """Whether no row is of that feed and number, nor of a later one: nearly all that comes is new."""
        newest_n = self._newest_n.get(name[0])
        if newest_n is None:
            newest_n = self._newest_n[name[0]] = max(self._last_n(table, name[0]) for table in _BY_NAME)
        return name[1] > newest_n

    def _last_n(self, table: str, feed: str) -> int:
        number, rows = self._numbers.get(feed), self.tables[table]
        at = 0 if number is None else rows.up_to(NUMBER.pack(number))
        if not at:
            return -1
        found, n = FEED_N.unpack_from(rows[at - 1])
        return int(n) if found == number else -1

    def _has(self, table: str, name: Name) -> bool:
        key = None if self._is_beyond(name) else self._feed_n(name)
        return key is not None and key in self.tables[table]

    # --- uses ---

    def uses(self, spent: Spent) -> Iterator[tuple[Name, Told]]:
        """All that was told of one credential."""
        key = self._spent(spent)
        for row in () if key is None else self.tables["told"].with_prefix(key):
            feed, n = FEED_N.unpack_from(row, SPENT.size)
            yield (self.names[feed], n), self._told(spent, row[SPENT.size :])

    def told(self, name: Name, spent: Spent) -> Told | None:
        """What was told of one redemption and one credential."""
        key, behind = self._spent(spent), None if self._is_beyond(name) else self._feed_n(name)
        if key is None or behind is None:
            return None
        rest = self.tables["told"].get(key + behind)
        return None if rest is None else self._told(spent, behind + rest)

    def told_of(self, name: Name) -> Iterator[tuple[Spent, Told]]:
        """All that was told of one redemption."""
        key = None if self._is_beyond(name) else self._feed_n(name)
        for row in () if key is None else self.tables["told_by_name"].with_prefix(key):
            promotion, credential = SPENT.unpack_from(row, FEED_N.size)
            spent = (self.names[promotion], credential)
            told = self.told(name, spent)
            assert told is not None, "the two tables of uses name the same ones"
            yield spent, told

    def _told(self, spent: Spent, rest: bytes) -> Told:
        feed, n = FEED_N.unpack_from(rest)
        at, amount, store, clerk, holder, flags = USE.unpack_from(rest, FEED_N.size)
        use = Use(
            at_ms=moved_back(at),
            feed=self._feed(feed),
            n=n,
            store=self.names[store],
            clerk=self.names[clerk],
            amount_minor=moved_back(amount),
            holder=holder if flags & HAS_HOLDER else b"",
        )
        return Told(bool(flags & BY_OWN_FEED), *spent, use)

    def _feed(self, number: int) -> FeedId:
        if number not in self._feeds:
            self._feeds[number] = FeedId.parse(self.names[number])
        return self._feeds[number]

    def is_voided(self, name: Name) -> bool:
        """Whether a redemption is undone."""
        return self._has("voided", name)

    # --- redemptions ---

    def redemption(self, name: Name) -> Redemption | None:
        """The redemption that is written under ``name``."""
        key = None if self._is_beyond(name) else self._feed_n(name)
        rest = None if key is None else self.tables["written"].get(key)
        return None if rest is None else self._body(rest)

    def redemptions(self) -> Iterator[tuple[Name, Redemption]]:
        """Every redemption that is written."""
        written = self.tables["written"]
        for i in range(written.count):
            yield self._written(written[i])

    def redemptions_since(self, feed: str, since_ms: int) -> Iterator[tuple[Name, Redemption]]:
        """Those of ``feed`` from ``since_ms`` on, in the order of their numbers."""
        number = self._numbers.get(feed)
        if number is None:
            return
        written, prefix = self.tables["written"], NUMBER.pack(number)
        first, last = written.below(prefix), written.up_to(prefix)
        for i in range(first + self._before(feed, written.copied(first, last), since_ms), last):
            row = written[i]
            if moved_back(AT.unpack_from(row, FEED_N.size)[0]) >= since_ms:
                yield self._written(row)

    def _before(self, feed: str, rows: bytes, since_ms: int) -> int:
        """How many of ``rows`` at their beginning are all before ``since_ms``: the latest time so far never falls."""
        latest = self._latest_ms.get(feed)
        if latest is None:
            times = (row[2] for row in struct.iter_unpack(">IQQQI", rows))
            latest = self._latest_ms[feed] = list(accumulate((moved_back(at) for at in times), max))
        return bisect_left(latest, since_ms)

    def _written(self, row: bytes) -> tuple[Name, Redemption]:
        feed, n = FEED_N.unpack_from(row)
        return (self.names[feed], n), self._body(row[FEED_N.size :])

    def _body(self, rest: bytes) -> Redemption:
        fact = decode_fact(self.body(rest))
        assert isinstance(fact, Redemption), "a body that is not a redemption's was signed"
        return fact

    def body(self, rest: bytes) -> bytes:
        """The body that the end of a row of ``written`` points at."""
        _, at, length = WRITTEN.unpack(rest)
        return self.bodies.copied(at, at + length)

    def redemption_of(self, intent: bytes) -> tuple[FeedId, int] | None:
        """Which redemption was made under ``intent``."""
        rest = self.tables["intents"].get(intent) if len(intent) == 16 else None
        if rest is None:
            return None
        feed, n = FEED_N.unpack(rest)
        return self._feed(feed), n

    def is_answered(self, name: Name) -> bool:
        """Whether somebody saw the answer to a redemption."""
        return self._has("answered", name)

    def has_moved(self, name: Name) -> bool:
        """Whether an entry moved rights of the counter whose fold this is."""
        return self._has("moved", name)

    def is_to_receipt(self, name: Name) -> bool:
        """Whether an entry is one that head office receipts."""
        return self._has("to_receipt", name)

    def to_receipt_above(self, feed: str, n: int) -> int:
        """How many of those ``feed`` has behind entry ``n``."""
        number = self._numbers.get(feed)
        if number is None:
            return 0
        table = self.tables["to_receipt"]
        return table.up_to(NUMBER.pack(number)) - table.up_to(FEED_N.pack(number, max(0, min(n, MOST))))

    # --- figures ---

    def figures(self, promotion: str) -> Figures:
        """The figures of one promotion."""
        return Figures(self, promotion)


class Figures:
    """The :class:`kiosk.core.tally.Earlier` of one promotion."""

    __slots__ = ("_promotion", "_settled")

    def __init__(self, settled: Settled, promotion: str) -> None:
        self._settled = settled
        self._promotion = promotion

    def at_store(self, store: str, from_ms: int | None, until_ms: int | None) -> int:
        """How many live ones at ``store`` in that time."""
        return self._between("by_store", store, from_ms, until_ms)

    def by_clerk(self, clerk: str, from_ms: int | None, until_ms: int | None) -> int:
        """How many live ones by ``clerk`` in that time."""
        return self._between("by_clerk", clerk, from_ms, until_ms)

    def _between(self, table: str, key: str, from_ms: int | None, until_ms: int | None) -> int:
        promotion, number = self._settled.number(self._promotion), self._settled.number(key)
        if promotion is None or number is None:
            return 0
        rows, prefix = self._settled.tables[table], NUMBER.pack(promotion) + NUMBER.pack(number)
        return _below(rows, prefix, until_ms, rows.up_to) - _below(rows, prefix, from_ms, rows.below)

    def by_holder(self, holder: bytes) -> tuple[int, int]:
        """How many live ones and how many voided ones by ``holder``."""
        promotion = self._settled.number(self._promotion)
        if promotion is None or len(holder) != 16:
            return 0, 0
        rest = self._settled.tables["by_holder"].get(NUMBER.pack(promotion) + holder)
        if rest is None:
            return 0, 0
        live, voided = COUNTS.unpack(rest)
        return live, voided


def _below(rows: Rows, prefix: bytes, at_ms: int | None, without: Callable[[bytes], int]) -> int:
    """How many rows come before ``prefix`` at ``at_ms``; None: what ``without`` a time comes before it."""
    if at_ms is None:
        return without(prefix)
    if at_ms > MOST:
        return rows.up_to(prefix)
    return rows.below(prefix + AT.pack(moved(max(at_ms, LEAST))))


def nothing(names: Sequence[str] = ()) -> Settled:
    """Nothing is settled; ``names`` keep their numbers in what is merged with it."""
    tables = {table: Rows(b"", 0, 0, width) for table, width in TABLES.items()}
    return Settled(names, Small(), tables, Rows(b"", 0, 0, 1))


NOTHING = nothing()
