"""Bugs of one line, each patched into the real code; a simulator that lets one live is no proof of anything.

A mutant names the schedule that brings it to light, and the seeds to try, those that are known to kill it first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary

from kiosk.core import pruning
from kiosk.core.clock_floor import ClockHistory
from kiosk.core.entry import Entry, FeedId, Head, chain
from kiosk.core.fact import BundleInstalled, Fact, Granted, Redemption, Ticked, UseSeen, encode_fact
from kiosk.core.rights import Accounts, Right, credits_of, is_head_office
from kiosk.core.standing import Standing
from kiosk.errors import ExchangeError
from kiosk.ports import CachedBundle
from sync import exchange
from sync.exchange import Applied, Fork, KeepFork, Result
from sync.head_office import grants, intake, reconciled, restored
from sync.head_office.balances import Balances
from sync.head_office.pools import came_back, pool_of
from sync.head_office.records import RightPool
from sync.wire import Segment
from tests.simulation.counter import SimCounter
from tests.simulation.journal import Record, SimJournal
from tests.simulation.office import SimOffice

Patch = tuple[object, str, Any]
SEEDS = range(200)


@dataclass(frozen=True)
class Mutant:
    """``patches``: what is put where."""

    patches: Sequence[Patch]
    schedule: str = "mixed"
    first: Sequence[int] = ()

    @property
    def seeds(self) -> list[int]:
        """The seeds to try."""
        return list(dict.fromkeys([*self.first, *SEEDS]))

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """The bug is there while this lasts."""
        with contextlib.ExitStack() as stack:
            for where, name, what in self.patches:
                stack.enter_context(mock.patch.object(where, name, what))
            yield


# --- rights ------------------------------------------------------------------------------------


def _void_first(self: SimCounter, n: int) -> bool:
    (entry,) = self.journal.entries(self.feed, n - 1, 1)
    self.write(self.void_of(entry))
    self.take_back(entry)
    return True


def _undone_again(self: Accounts, feed: FeedId | str, n: int) -> None:
    if str(feed) == str(self.own):
        self._credited.add(n)
        self._credit(self._spent.get(n, ()))


def _void_again(self: Standing, name: tuple[str, int]) -> None:
    self.accounts.undone(*name)
    if name not in self._voided:
        _VOID(self, name)


_VOID, _APPLY, _TIME = Standing._void, Standing.apply, ClockHistory.apply


def _credit_by_position(self: Standing, feed: FeedId, n: int, fact: Fact) -> None:
    """What head office tells of a void is known by where it stands, not by which redemption it is of."""
    _APPLY(self, feed, n, fact)
    if isinstance(fact, UseSeen) and fact.void and is_head_office(feed) and fact.feed == str(self.own):
        undone = self._redemptions.get((fact.feed, fact.n))
        if undone is not None and ("position", n) not in self.accounts._moved:
            self.accounts._moved.add(("position", n))
            self.accounts._credit(credits_of(FeedId.parse(fact.feed), undone))


# --- what is known -----------------------------------------------------------------------------


def _floor_in_memory(self: Standing, feed: FeedId, n: int, fact: Fact) -> None:
    if not isinstance(fact, BundleInstalled):
        _APPLY(self, feed, n, fact)


def _only_own_and_head_office(self: Standing, feed: FeedId, n: int, fact: Fact) -> None:
    if self.own is None or feed == self.own or is_head_office(feed):
        _APPLY(self, feed, n, fact)


def _ticked_unread(self: ClockHistory, feed: FeedId, n: int, fact: Fact) -> None:
    if not isinstance(fact, Ticked):
        _TIME(self, feed, n, fact)


def _two_transactions(self: SimJournal, bundle: CachedBundle, fact: BundleInstalled) -> Sequence[Entry]:
    entries = tuple(chain(self.feed, self._heads[self.feed], [encode_fact(fact)]))
    self._commit(Record(entries))
    self._commit(Record(bundle=bundle))
    return entries


def _by_age_alone(heads: Mapping[FeedId, Head], own: str, read: pruning.Read, newest_ms: int) -> dict[FeedId, int]:
    may_go = _PRUNABLE(heads, own, read, newest_ms)
    for feed in (one for one in heads if one.origin == own):
        old = [n for n, _ in pruning._old(read(feed, heads[feed]), newest_ms - pruning.PRUNED_AFTER_MS)]
        may_go[feed] = min(max(old, default=0), heads[feed].n - 1)
    return may_go


_PRUNABLE = pruning.prunable

# --- exchange and intake -----------------------------------------------------------------------

_ANSWER, _FIT = SimOffice.answer, exchange._fit


def _receipt_before_commit(self: SimOffice, path: str, message: bytes) -> bytes:
    """The answer has left when power fails at the commit."""
    left: list[bytes] = []
    written = exchange.answer

    def noted(*given: Any, **named: Any) -> bytes:
        left.append(written(*given, **named))
        return left[-1]

    with mock.patch.object(intake, "answer", noted):
        try:
            return _ANSWER(self, path, message)
        except ExchangeError:
            if left and not self.up:
                return left[-1]
            raise


def _gap_skipped(store: Any, segment: Segment, entries: tuple[Entry, ...], keep_fork: KeepFork) -> Applied:
    head = exchange._head_of(store, segment.feed)
    if segment.after.n > head.n:
        with mock.patch("tests.twins_head_office.check_follows"):
            store.store_segment(entries, segment.checkpoint)
        return Applied(segment.feed, Result.STORED, entries, Head(entries[-1].n, entries[-1].hash))
    return _FIT(store, segment, entries, keep_fork)


def _counted_again(store: Any, segment: Segment, entries: tuple[Entry, ...], keep_fork: KeepFork) -> Applied:
    applied = _FIT(store, segment, entries, keep_fork)
    return (
        applied if applied.result is not Result.KNOWN else Applied(applied.feed, Result.STORED, entries, applied.head)
    )


def _no_fork(_store: Any, _segment: Segment, _entries: tuple[Entry, ...]) -> Fork | None:
    return None


def _any_key_of_that_counter(self: intake.CounterTrust, feed: FeedId, key_epoch: int) -> bytes | None:
    return next((life.public_key for life in self.lives if life.key_epoch == key_epoch), None)


# --- the grant desk ----------------------------------------------------------------------------


def _noted_lease(self: Balances, feed: FeedId, fact: Fact) -> None:
    _BALANCE(self, feed, fact)
    if isinstance(fact, Granted) and is_head_office(feed):
        _LEASES.setdefault(self._store, []).append((fact.promotion, fact.right, fact.amount, self._at_ms))


def _pool_by_the_clock(self: Any, terms: Any, right: Right, held: int, level: int) -> Iterator[Granted]:
    """What was granted a day ago is head office's again."""
    over = sum(
        amount
        for promotion, kind, amount, at_ms in _LEASES.get(self.store, ())
        if (promotion, kind) == (right.promotion, right.kind) and self.at_ms - at_ms > LEASE_MS
    )

    def pooled(*given: Any, **named: Any) -> int:
        return pool_of(*given, **named) + over

    with mock.patch.object(grants, "pool_of", pooled):
        yield from _GRANT(self, terms, right, held, level)


def _never_restored(*_arguments: object) -> bool:
    return False


def _pooled_whatever_incarnation(
    right: Right, cap: int, pools: Sequence[RightPool], incarnation: int, *, whole: bool
) -> int:
    if whole:
        return pool_of(right, cap, pools, incarnation, whole=True)
    mine = [one for one in pools if one.lot.right == right]
    return sum(came_back(one) - (one.granted if one.granted_by == incarnation else 0) for one in mine)


def _arrived_unique(store: Any, balances: Balances, feed: FeedId, n: int, fact: Redemption, *, unique: bool) -> None:
    _ARRIVED(store, balances, feed, n, fact, unique=True)


_BALANCE, _ARRIVED = Balances.apply, reconciled.arrived
_GRANT = grants._Desk._grant
_LEASES: WeakKeyDictionary[Any, list[tuple[str, int, int, int]]] = WeakKeyDictionary()
LEASE_MS = 24 * 3_600_000


MUTANTS: Mapping[str, Mutant] = {
    "void before goods back": Mutant([(SimCounter, "undo", _void_first)], "void then crash"),
    "void credited twice": Mutant([(Accounts, "undone", _undone_again), (Standing, "_void", _void_again)]),
    "credit keyed by position instead of reference": Mutant([(Standing, "apply", _credit_by_position)]),
    "bundle floor kept only in memory": Mutant([(Standing, "apply", _floor_in_memory)], "bad bundles"),
    "clock floor lost at reboot": Mutant([(ClockHistory, "apply", _ticked_unread)], "set clocks"),
    "delta installed in two transactions": Mutant([(SimJournal, "install_bundle", _two_transactions)], "bad bundles"),
    "prune before receipt": Mutant([(pruning, "prunable", _by_age_alone)], "old entries", (4,)),
    "receipt before commit": Mutant([(SimOffice, "answer", _receipt_before_commit)], "dark office"),
    "gap skipped": Mutant([(exchange, "_fit", _gap_skipped)], "dark office"),
    "upload not idempotent": Mutant([(exchange, "_fit", _counted_again)], "bad line"),
    "fork's second branch dropped": Mutant([(exchange, "_find_fork", _no_fork)], "forks"),
    "time lease reclaimed by clock": Mutant(
        [(Balances, "apply", _noted_lease), (grants._Desk, "_grant", _pool_by_the_clock)]
    ),
    "head office restored without a new incarnation": Mutant(
        [(restored, "_is_restored", _never_restored)], "restore after a grant"
    ),
    "returned right of an old incarnation pooled": Mutant(
        [(grants, "pool_of", _pooled_whatever_incarnation)], "restore after a grant"
    ),
    "duplicate refills risk": Mutant([(reconciled, "arrived", _arrived_unique)], "doubles"),
    "peers' entries ignored": Mutant([(Standing, "apply", _only_own_and_head_office)], "cut off"),
    "key epoch unchecked": Mutant([(intake.CounterTrust, "public_key", _any_key_of_that_counter)], "forks"),
}  # fmt: skip
