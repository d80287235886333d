"""The accounts of rights, moved by the entries of one message and written with them.

Rules of this module:

- What an entry moves is said in :mod:`kiosk.core.rights` alone; here it is added up by account.
- Sums are written by :meth:`Balances.flush`, in the transaction of the entries. An entry is stored once, so it is
  added once.
- An account that gave away more than it ever had takes the difference out of the pool (a counter that makes rights
  up), until what is missing arrives. It is shown as overspent.
- The pace of an account is what it spent, halved every two days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from kiosk.core.entry import FeedId
from kiosk.core.fact import Fact, Freed
from kiosk.core.rights import AT_HOME, HEAD_OFFICE, MOST, Lot, Move, Right, RightKind, Term, is_head_office, moves_of
from sync.head_office.records import AccountKey, RightAccount, RightPool
from sync.head_office.store import HeadOfficeStore

HALF_LIFE_MS = 2 * 24 * 3_600_000
MOST_SUM = 2**62
"""A database holds numbers of 64 bits; what claims to be more stays here."""


class Balances:
    """The accounts, as one message moves them."""

    def __init__(self, store: HeadOfficeStore, at_ms: int) -> None:
        self._store, self._at_ms = store, at_ms
        self._sums: dict[AccountKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._pools: dict[Lot, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._levels: dict[AccountKey, int] = {}

    def apply(self, feed: FeedId, fact: Fact) -> None:
        """Add what ``fact``, an entry of ``feed``, moves by itself."""
        self.move(moves_of(feed, fact))
        if isinstance(fact, Freed) and is_head_office(feed):
            self._free(feed, fact)

    def move(self, moves: Iterable[Move]) -> None:
        """Add these moves."""
        for account, lot, term, amount in moves:
            self._sums[account, lot][term.value[0]] += amount

    def refill(self, lot: Lot, amount: int) -> None:
        """Risk of that lot proved to be none."""
        self._pools[lot]["refilled"] += amount

    def level(self, key: AccountKey, balance: int) -> None:
        """What the account's feed has of the right, now that it got a grant."""
        self._levels[key] = balance

    def _free(self, feed: FeedId, fact: Freed) -> None:
        if fact.right not in set(RightKind) or not 0 < fact.amount <= MOST:
            return
        right = Right(RightKind(fact.right), fact.promotion, fact.subject or b"")
        if fact.feed.startswith(f"{HEAD_OFFICE}@"):
            self._pools[Lot(right, feed.incarnation)]["advanced"] += fact.amount
        else:
            self._sums[fact.feed, Lot(right, fact.granted_by)]["freed"] += fact.amount

    # --- writing ---------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what was added. May be called again."""
        keys = {*self._sums, *self._levels}
        held = self._store.right_accounts(keys) if keys else {}
        rows = []
        for key in keys:
            before = held.get(key) or RightAccount.empty(key)
            after = self._moved(before, self._sums.get(key, {}))
            rows.append(replace(after, level=self._levels.get(key, after.level)))
            self._count_in_pool(before, after)
        if rows:
            self._store.put_right_accounts(rows)
        self._flush_pools()
        self._sums.clear()
        self._levels.clear()
        self._pools.clear()

    def _moved(self, before: RightAccount, sums: dict[str, int]) -> RightAccount:
        spent = sums.get(Term.SPENT.value[0], 0) - sums.get(Term.CREDITED.value[0], 0)
        pace_milli = min(max(paced(before, self._at_ms) + 1000 * spent, 0), MOST_SUM)
        paced_at_ms = max(before.paced_at_ms, self._at_ms) if spent else before.paced_at_ms
        changes = {name: min(getattr(before, name) + amount, MOST_SUM) for name, amount in sums.items()}
        return replace(
            before, pace_milli=pace_milli if spent else before.pace_milli, paced_at_ms=paced_at_ms, **changes
        )

    def _count_in_pool(self, before: RightAccount, after: RightAccount) -> None:
        if after.kind == RightKind.ONCE or after.granted_by == AT_HOME:
            return
        pool = self._pools[after.lot]
        pool["granted"] += after.granted - before.granted
        pool["returned"] += _given_back(after) - _given_back(before)
        pool["freed"] += after.freed_now - before.freed_now

    def _flush_pools(self) -> None:
        changed = {lot: sums for lot, sums in self._pools.items() if any(sums.values())}
        rows = []
        for promotion in {lot.right.promotion for lot in changed}:
            held = {pool.lot: pool for pool in self._store.right_pools(promotion)}
            for lot, sums in changed.items():
                if lot.right.promotion == promotion:
                    before = held.get(lot) or RightPool.empty(lot)
                    moved = {name: min(getattr(before, name) + by, MOST_SUM) for name, by in sums.items()}
                    rows.append(replace(before, **moved))
        if rows:
            self._store.put_right_pools(rows)


def paced(account: RightAccount, at_ms: int) -> int:
    """The pace of an account at ``at_ms``, in thousandths."""
    halves = max(at_ms - account.paced_at_ms, 0) // HALF_LIFE_MS
    return account.pace_milli >> min(halves, 63)


def _given_back(account: RightAccount) -> int:
    # a counter that spends or gives back what it never had
    return account.returned + min(account.balance, 0)
