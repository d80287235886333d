"""What head office counts, folded a second time from the bytes that it holds; nothing here imports the code under test.

Both write their figures down in one spelling, and they are compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cbor2

from tests.simulation import truth
from tests.simulation.auditor import Line

Figures = Mapping[str, tuple[int, int]]
"""By promotion: how many redemptions are live, and what they cost together in minor units."""


def written(figures: Figures) -> bytes:
    """The one spelling of figures."""
    rows = [[name, live, amount] for name, (live, amount) in sorted(figures.items()) if live or amount]
    return cbor2.dumps(rows, canonical=True)


def figures(feeds: Mapping[str, Sequence[Line]], ended: Mapping[str, int]) -> tuple[Figures, set[str]]:
    """The figures of all counters' feeds, and the promotions of which they depend on the order of people's decisions.

    A redemption is undone by a void in its own feed or in one of the same store. A void behind the end of its feed
    counts if it came before the decision, so what it undoes is left open.
    """
    live, unsure = live_uses(feeds, ended)
    return _sums(live.values()), {use.promotion for name, use in live.items() if name in unsure}


Uses = dict[tuple[str, int], truth.Use]


def live_uses(feeds: Mapping[str, Sequence[Line]], ended: Mapping[str, int]) -> tuple[Uses, set[tuple[str, int]]]:
    """The redemptions that count and are not undone, by feed and number; and those of which that is left open."""
    uses: Uses = {}
    undone: set[tuple[str, int]] = set()
    unsure: set[tuple[str, int]] = set()
    for feed, entries in feeds.items():
        if truth.is_head_office(feed):
            continue
        last = ended.get(feed, len(entries))
        for line in entries:
            fact = truth.read(line.hash, line.body)
            if fact.get(0) == truth.REDEMPTION and line.n <= last:
                uses[feed, line.n] = truth.use_of(fact)
            elif fact.get(0) == truth.VOID and store_of(fact[2]) == store_of(feed):
                (undone if line.n <= last else unsure).add((fact[2], fact[3]))
    live = {name: use for name, use in uses.items() if name not in undone}
    return live, unsure


def doubles(live: Uses) -> set[tuple[str, bytes]]:
    """The credentials, of those that can be used once, with more than one live use."""
    many: dict[tuple[str, bytes], int] = {}
    for use in live.values():
        if not use.shared:
            many[use.promotion, use.credential] = many.get((use.promotion, use.credential), 0) + 1
    return {spent for spent, count in many.items() if count > 1}


def store_of(feed: str) -> str:
    """The store in whose name a feed is written."""
    return feed.partition("/")[0]


def _sums(uses: Iterable[truth.Use]) -> Figures:
    sums: dict[str, tuple[int, int]] = {}
    for use in uses:
        live, amount = sums.get(use.promotion, (0, 0))
        sums[use.promotion] = live + 1, amount + use.amount
    return sums
