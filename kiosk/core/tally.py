"""What the known redemptions of one promotion come to: counts by store, clerk and customer, and money.

Rules of this module:

- Only live redemptions count, save for a customer's: a promotion may say that a void does not restore the use.
- What is not known of a redemption (its clerk, its customer, its amount) counts in no figure that needs it.
- The order of adding and taking away does not matter.
- A tally may stand on an earlier one that only answers (:class:`Earlier`): what is taken away of that is kept apart.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

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


class Told(NamedTuple):
    """A use as somebody told it; of two the greater goes before."""

    by_own_feed: bool
    promotion: str
    credential: bytes
    use: Use


class Earlier(Protocol):
    """The figures of one promotion as a snapshot holds them. ``None`` for a time: without end."""

    def at_store(self, store: str, from_ms: int | None, until_ms: int | None) -> int:
        """How many live ones at ``store`` in that time."""
        ...

    def by_clerk(self, clerk: str, from_ms: int | None, until_ms: int | None) -> int:
        """How many live ones by ``clerk`` in that time."""
        ...

    def by_holder(self, holder: bytes) -> tuple[int, int]:
        """How many live ones and how many voided ones by ``holder``."""
        ...


@dataclass(slots=True)
class Instants:
    """Instants by store or by clerk, each list rising: those added, and earlier ones that were taken away."""

    added: dict[str, list[int]] = field(default_factory=dict)
    gone: dict[str, list[int]] = field(default_factory=dict)

    def add(self, key: str, at_ms: int) -> None:
        """One more at ``at_ms``."""
        insort(self.added.setdefault(key, []), at_ms)

    def take_away(self, key: str, at_ms: int) -> None:
        """One fewer; where it was not added here, an earlier one."""
        instants_ms = self.added.get(key, [])
        at = bisect_left(instants_ms, at_ms)
        if at == len(instants_ms) or instants_ms[at] != at_ms:
            insort(self.gone.setdefault(key, []), at_ms)
            return
        del instants_ms[at]
        if not instants_ms:
            del self.added[key]

    def between(self, key: str, from_ms: int | None, until_ms: int | None) -> int:
        """How many more than before."""
        return _between(self.added.get(key), from_ms, until_ms) - _between(self.gone.get(key), from_ms, until_ms)


@dataclass(slots=True)
class Tally:
    """The figures of one promotion. Instants are Unix milliseconds."""

    live: int = 0
    spent_minor: int = 0
    earlier: Earlier | None = field(default=None, repr=False, compare=False)
    stores: Instants = field(default_factory=Instants, repr=False)
    clerks: Instants = field(default_factory=Instants, repr=False)
    holders: dict[bytes, int] = field(default_factory=dict, repr=False)
    voided_holders: dict[bytes, int] = field(default_factory=dict, repr=False)

    def add(self, use: Use, *, voided: bool) -> None:
        """Count ``use``."""
        if voided:
            _count(self.voided_holders, use.holder, 1)
            return
        self.live += 1
        self.spent_minor += use.amount_minor
        self.stores.add(use.store, use.at_ms)
        if use.clerk:
            self.clerks.add(use.clerk, use.at_ms)
        _count(self.holders, use.holder, 1)

    def take_away(self, use: Use, *, voided: bool) -> None:
        """Count ``use``, which was added so, no longer."""
        if voided:
            _count(self.voided_holders, use.holder, -1)
            return
        self.live -= 1
        self.spent_minor -= use.amount_minor
        self.stores.take_away(use.store, use.at_ms)
        if use.clerk:
            self.clerks.take_away(use.clerk, use.at_ms)
        _count(self.holders, use.holder, -1)

    def is_empty(self) -> bool:
        """Whether nothing is counted, now or earlier."""
        return self.earlier is None and not self.live and not self.voided_holders

    def at_store(self, store: str) -> int:
        """How many at ``store``."""
        return self._at_store(store, None, None)

    def at_store_between(self, store: str, from_ms: int, until_ms: int) -> int:
        """How many at ``store`` from ``from_ms`` until just before ``until_ms``."""
        return self._at_store(store, from_ms, until_ms)

    def _at_store(self, store: str, from_ms: int | None, until_ms: int | None) -> int:
        earlier = 0 if self.earlier is None else self.earlier.at_store(store, from_ms, until_ms)
        return earlier + self.stores.between(store, from_ms, until_ms)

    def by_clerk_between(self, clerk: str, from_ms: int, until_ms: int) -> int:
        """How many by ``clerk`` in that time, at any store."""
        earlier = 0 if self.earlier is None else self.earlier.by_clerk(clerk, from_ms, until_ms)
        return earlier + self.clerks.between(clerk, from_ms, until_ms)

    def by_holder(self, holder: bytes, *, voided_too: bool) -> int:
        """How many by the customer ``holder``."""
        live, voided = (0, 0) if self.earlier is None else self.earlier.by_holder(holder)
        live += self.holders.get(holder, 0)
        return live + voided + self.voided_holders.get(holder, 0) if voided_too else live


def _between(instants_ms: list[int] | None, from_ms: int | None, until_ms: int | None) -> int:
    if instants_ms is None:
        return 0
    until = len(instants_ms) if until_ms is None else bisect_left(instants_ms, until_ms)
    return until - (0 if from_ms is None else bisect_left(instants_ms, from_ms))


def _count(by_holder: dict[bytes, int], holder: bytes, step: int) -> None:
    if not holder:
        return
    by_holder[holder] = by_holder.get(holder, 0) + step
    if not by_holder[holder]:
        del by_holder[holder]


EMPTY = Tally()
"""Nothing is known of a promotion. Never added to."""
