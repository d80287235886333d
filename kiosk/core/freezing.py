"""A standing made into tables: what is settled, and what changed since, merged into a new :class:`Settled`.

Rules of this module:

- Two standings over the same entries freeze to the same tables where both began with the same ``names``, whatever
  order the entries came in. So a snapshot is compared with a full fold byte by byte (:func:`differing`).
- A name has the number at which it was first met, and keeps it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, encode_fact
from kiosk.core.packed import Changes, Rows, moved
from kiosk.core.settled import (
    AT,
    BODIES,
    BY_OWN_FEED,
    COUNTS,
    FEED_N,
    HAS_HOLDER,
    NUMBER,
    SPENT,
    TABLES,
    USE,
    WRITTEN,
    Name,
    Settled,
    Small,
    Spent,
)
from kiosk.core.tally import Instants, Tally, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What a standing folded since it was settled: see the fields of :class:`kiosk.core.standing.Standing`."""

    told: Mapping[Name, Mapping[Spent, Told]]
    redemptions: Mapping[Name, Redemption]
    intents: Mapping[bytes, tuple[FeedId, int]]
    voided: Iterable[Name]
    answered: Iterable[Name]
    to_receipt: Mapping[str, Iterable[int]]
    moved: Iterable[Name]
    tallies: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Frozen:
    """Tables ready to be written: ``sections`` by name, the bodies among them."""

    names: Sequence[str]
    small: Small
    sections: Mapping[str, bytes]

    def settled(self) -> Settled:
        """What these tables say."""
        tables = {name: Rows(self.sections[name], 0, len(self.sections[name]), width) for name, width in TABLES.items()}
        bodies = self.sections[BODIES]
        return Settled(self.names, self.small, tables, Rows(bodies, 0, len(bodies), 1))


def freeze(settled: Settled, late: Late, small: Small) -> Frozen:
    """``settled`` and ``late`` in one. ``small`` is taken as it is."""
    numbers = {name: number for number, name in enumerate(settled.names)}

    def number(name: str) -> int:
        return numbers.setdefault(name, len(numbers))

    def feed_n(name: Name) -> bytes:
        return FEED_N.pack(number(name[0]), name[1])

    written, bodies = _written(settled, late.redemptions, feed_n)
    changes = {
        "told": Changes(
            {
                SPENT.pack(number(spent[0]), spent[1]) + feed_n(name): [_told(number, name, told)]
                for name, by_spent in late.told.items()
                for spent, told in by_spent.items()
            }
        ),
        "told_by_name": _keys(
            feed_n(name) + SPENT.pack(number(promotion), credential)
            for name, by_spent in late.told.items()
            for promotion, credential in by_spent
        ),
        "written": Changes(written),
        "intents": Changes({intent: [intent + feed_n((str(feed), n))] for intent, (feed, n) in late.intents.items()}),
        "voided": _keys(map(feed_n, late.voided)),
        "answered": _keys(map(feed_n, late.answered)),
        "to_receipt": _keys(feed_n((feed, n)) for feed, numbers in late.to_receipt.items() for n in numbers),
        "moved": _keys(map(feed_n, late.moved)),
        "by_store": _times(settled.tables["by_store"], number, {key: one.stores for key, one in late.tallies.items()}),
        "by_clerk": _times(settled.tables["by_clerk"], number, {key: one.clerks for key, one in late.tallies.items()}),
        "by_holder": _holders(settled, number, late.tallies),
    }
    sections = {table: settled.tables[table].merged(changes[table]) for table in TABLES}
    sections[BODIES] = settled.bodies.copied(0, settled.bodies.count) + b"".join(bodies)
    return Frozen(list(numbers), small, sections)


def _keys(keys: Iterable[bytes]) -> Changes:
    return Changes({key: [key] for key in keys})


def _told(number: Callable[[str], int], name: Name, told: Told) -> bytes:
    use = told.use
    flags = (BY_OWN_FEED if told.by_own_feed else 0) | (HAS_HOLDER if use.holder else 0)
    amount, store, clerk = moved(use.amount_minor), number(use.store), number(use.clerk)
    return b"".join((
        SPENT.pack(number(told.promotion), told.credential),
        FEED_N.pack(number(name[0]), name[1]),
        USE.pack(moved(use.at_ms), amount, store, clerk, use.holder, flags),
    ))  # fmt: skip


def _written(
    settled: Settled, redemptions: Mapping[Name, Redemption], feed_n: Callable[[Name], bytes]
) -> tuple[dict[bytes, list[bytes]], list[bytes]]:
    rows: dict[bytes, list[bytes]] = {}
    bodies = []
    at = settled.bodies.count
    for name, fact in redemptions.items():
        key, body = feed_n(name), encode_fact(fact)
        rows[key] = [key + WRITTEN.pack(moved(fact.at_ms), at, len(body))]
        bodies.append(body)
        at += len(body)
    return rows, bodies


def _times(earlier: Rows, number: Callable[[str], int], changed: Mapping[str, Instants]) -> Changes:
    """Each instant as often as it is counted: earlier, and more or less often since."""
    steps: Counter[bytes] = Counter()
    for promotion, instants in changed.items():
        for step, by_key in ((1, instants.added), (-1, instants.gone)):
            for key, instants_ms in by_key.items():
                prefix = NUMBER.pack(number(promotion)) + NUMBER.pack(number(key))
                for at_ms in instants_ms:
                    steps[prefix + AT.pack(moved(at_ms))] += step
    fewer = {row: step for row, step in steps.items() if step < 0}
    return Changes(
        {row: [row] * (earlier.up_to(row) - earlier.below(row) + step) for row, step in fewer.items()},
        {row: [row] * step for row, step in steps.items() if step > 0},
    )


def _holders(settled: Settled, number: Callable[[str], int], tallies: Mapping[str, Tally]) -> Changes:
    rows: dict[bytes, list[bytes]] = {}
    for promotion, tally in tallies.items():
        figures = settled.figures(promotion)
        for holder in {*tally.holders, *tally.voided_holders}:
            live, voided = figures.by_holder(holder)
            live += tally.holders.get(holder, 0)
            voided += tally.voided_holders.get(holder, 0)
            key = NUMBER.pack(number(promotion)) + holder
            rows[key] = [key + COUNTS.pack(live, voided)] if live or voided else []
    return Changes(rows)


def differing(one: Settled, other: Settled) -> list[str]:
    """The names of what two folds, begun with the same names, do not agree in."""
    found = [
        table
        for table, rows in one.tables.items()
        if table != "written" and rows.copied(0, rows.count) != other.tables[table].copied(0, other.tables[table].count)
    ]
    if not _same_bodies(one, other):
        found.append("written")
    return [*found, *(["small"] if one.small != other.small else [])]


def _same_bodies(one: Settled, other: Settled) -> bool:
    """Whether the same redemptions are written in both: their bodies lie in the order in which they were met."""
    ours, theirs = one.tables["written"], other.tables["written"]
    if ours.count != theirs.count:
        return False
    key = FEED_N.size
    return all(
        ours[i][:key] == theirs[i][:key] and one.body(ours[i][key:]) == other.body(theirs[i][key:])
        for i in range(ours.count)
    )
