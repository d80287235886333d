"""What the known redemptions of one promotion come to: counts by store, clerk and customer, and money.

Rules of this module:

- Only live redemptions count, save for a customer's: a promotion may say that a void does not restore the use.
- What is not known of a redemption (its clerk, its customer, its amount) counts in no figure that needs it.
- The order of adding and taking away does not matter.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from kiosk.core.entry import FeedId


class Use(NamedTuple):
    """One redemption as far as a later one needs to know it. ``at_ms`` is the clock of the counter that made it.

    ``clerk`` is empty, ``holder`` (16 bytes) empty and ``amount_minor`` 0 where they are not known.
    """

    at_ms: int
    feed: FeedId
    n: int
    store: str
    clerk: str = ""
    amount_minor: int = 0
    holder: bytes = b""


@dataclass(slots=True)
class Tally:
    """The figures of one promotion. Instants are Unix milliseconds."""

    live: int = 0
    spent_minor: int = 0
    _by_store: dict[str, list[int]] = field(default_factory=dict)
    _by_clerk: dict[str, list[int]] = field(default_factory=dict)
    _by_holder: dict[bytes, int] = field(default_factory=dict)
    _voided_by_holder: dict[bytes, int] = field(default_factory=dict)

    def add(self, use: Use, *, voided: bool) -> None:
        """Count ``use``."""
        if voided:
            _count(self._voided_by_holder, use.holder, 1)
            return
        self.live += 1
        self.spent_minor += use.amount_minor
        insort(self._by_store.setdefault(use.store, []), use.at_ms)
        if use.clerk:
            insort(self._by_clerk.setdefault(use.clerk, []), use.at_ms)
        _count(self._by_holder, use.holder, 1)

    def take_away(self, use: Use, *, voided: bool) -> None:
        """Count ``use``, which was added so, no longer."""
        if voided:
            _count(self._voided_by_holder, use.holder, -1)
            return
        self.live -= 1
        self.spent_minor -= use.amount_minor
        _take_out(self._by_store, use.store, use.at_ms)
        if use.clerk:
            _take_out(self._by_clerk, use.clerk, use.at_ms)
        _count(self._by_holder, use.holder, -1)

    def is_empty(self) -> bool:
        """Whether nothing is counted."""
        return not self.live and not self._voided_by_holder

    def at_store(self, store: str) -> int:
        """How many at ``store``."""
        return len(self._by_store.get(store, ()))

    def at_store_between(self, store: str, from_ms: int, until_ms: int) -> int:
        """How many at ``store`` from ``from_ms`` until just before ``until_ms``."""
        return _between(self._by_store.get(store), from_ms, until_ms)

    def by_clerk_between(self, clerk: str, from_ms: int, until_ms: int) -> int:
        """How many by ``clerk`` in that time, at any store."""
        return _between(self._by_clerk.get(clerk), from_ms, until_ms)

    def by_holder(self, holder: bytes, *, voided_too: bool) -> int:
        """How many by the customer ``holder``."""
        voided = self._voided_by_holder.get(holder, 0) if voided_too else 0
        return self._by_holder.get(holder, 0) + voided


def _between(instants_ms: list[int] | None, from_ms: int, until_ms: int) -> int:
    return 0 if instants_ms is None else bisect_left(instants_ms, until_ms) - bisect_left(instants_ms, from_ms)


def _take_out(by_key: dict[str, list[int]], key: str, at_ms: int) -> None:
    instants_ms = by_key[key]
    del instants_ms[bisect_left(instants_ms, at_ms)]
    if not instants_ms:
        del by_key[key]


def _count(by_holder: dict[bytes, int], holder: bytes, step: int) -> None:
    if not holder:
        return
    by_holder[holder] = by_holder.get(holder, 0) + step
    if not by_holder[holder]:
        del by_holder[holder]


EMPTY = Tally()
"""Nothing is known of a promotion. Never added to."""
