"""What the entries of a message come to: rows of the log, balances of rights, and what all counters are told.

Rules of this module:

- Each redemption is judged before it is noted, over what arrived before it.
- A redemption is undone by a void in its own feed, or by one of another counter of the same store (or an earlier or
  later life of the same counter): head office's word to all is the credit. A void that comes first waits. Any other
  void is kept as evidence and counts in no figure.
- What a redemption spent is credited with its first void, once; risk as :mod:`sync.head_office.reconciled` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from kiosk.core.entry import Entry, FeedId, MalformedEntryError
from kiosk.core.fact import Asked, Fact, Redemption, UseSeen, Void, decode_fact
from kiosk.core.rights import Right, RightKind, credits_of, is_head_office
from kiosk.core.rules import USED_ONCE
from kiosk.core.terms import DEFAULT_PER_CODE
from sync.head_office import reconciled
from sync.head_office.balances import Balances
from sync.head_office.judging import Books, word_for
from sync.head_office.office import HeadOffice
from sync.head_office.records import Evidence, LogRow, Twice, WaitingVoid
from sync.head_office.store import HeadOfficeStore


@dataclass(frozen=True, slots=True)
class Asking:
    """Entry ``n`` of ``feed`` asks for the right of a credential."""

    feed: FeedId
    n: int
    fact: Asked


@dataclass(slots=True)
class Counting:
    """The entries of one message as they are counted; ``told`` and ``asked`` are what they lead to."""

    office: HeadOffice
    books: Books
    balances: Balances
    at_ms: int
    told: list[Fact] = field(default_factory=list)
    asked: list[Asking] = field(default_factory=list)
    _rows: list[LogRow] = field(default_factory=list)
    _waiting: dict[int, WaitingVoid] = field(default_factory=dict)
    _held_once: dict[Right, set[str]] = field(default_factory=dict)

    def count(self, entries: Sequence[Entry]) -> None:
        """Count the new entries of one feed."""
        if not entries:
            return
        facts = [(entry, fact) for entry in entries if (fact := readable(entry)) is not None]
        self._look_ahead(entries[0].feed, facts)
        for entry, fact in facts:
            self.balances.apply(entry.feed, fact)
            if is_head_office(entry.feed):
                continue  # our own, which a backup had lost
            if isinstance(fact, Redemption):
                self._redeemed(entry, fact)
            elif isinstance(fact, Void):
                self._undone(entry, fact)
            elif isinstance(fact, Asked):
                self.asked.append(Asking(entry.feed, entry.n, fact))
        self._log()

    def _look_ahead(self, feed: FeedId, facts: Iterable[tuple[Entry, Fact]]) -> None:
        """Read at once what single redemptions would ask for."""
        store = self.office.store
        self._waiting = {one.of_n: one for one in store.waiting_voids(feed)}
        redeemed = [fact for _, fact in facts if isinstance(fact, Redemption)]
        once = [fact for fact in redeemed if is_used_once(fact)]
        sales = {fact.sale for fact in redeemed if fact.sale is not None}
        self.books.look_up({(fact.promotion, fact.credential) for fact in once}, sales)
        at_risk = {
            Right(RightKind.ONCE, fact.promotion, fact.credential)
            for fact in once
            if any(one.right == RightKind.RISK for one in fact.spent or ())
        }
        self._held_once = {}
        for one in store.accounts_of_credentials(at_risk):
            if one.balance > 0:
                self._held_once.setdefault(one.lot.right, set()).add(one.account)

    def _log(self) -> None:
        self.office.store.add_log_rows(self._rows)
        self._rows = []
        self.books.logged()

    # --- redemptions -----------------------------------------------------------------------------

    def _redeemed(self, entry: Entry, fact: Redemption) -> None:
        word = word_for(self.office, self.books, entry.feed, entry.n, fact)
        if is_used_once(fact):
            self._compare(entry, fact)
        self.books.note(entry.feed, entry.n, fact)
        self._rows.append(_redemption_row(entry, fact, word, self.at_ms))
        self.told.append(_use_seen(entry.feed, entry.n, fact, self.at_ms))
        if entry.n in self._waiting:
            self._void_that_waited(self._waiting[entry.n])

    def _compare(self, entry: Entry, fact: Redemption) -> None:
        """Look at the other live uses of a credential that can be used once."""
        others = self.books.live_uses(fact.promotion, fact.credential)
        unique = not others and not self._is_held_elsewhere(entry.feed, fact)
        reconciled.arrived(self.office.store, self.balances, entry.feed, entry.n, fact, unique=unique)
        if len(others) >= self._allowed(fact):
            twice = Twice(promotion=fact.promotion, credential=fact.credential, at_ms=self.at_ms)
            self.office.store.put_twice(twice)

    def _is_held_elsewhere(self, feed: FeedId, fact: Redemption) -> bool:
        # an online counter that was granted the right while this use was under way: it may use it any moment
        held = self._held_once.get(Right(RightKind.ONCE, fact.promotion, fact.credential), set())
        return bool(held - {str(feed)})

    def _allowed(self, fact: Redemption) -> int:
        catalogue = self.books.catalogues.get(fact.bundle_version)
        terms = catalogue.terms(fact.promotion) if catalogue is not None else None
        return DEFAULT_PER_CODE if terms is None else terms.per_code

    # --- voids -----------------------------------------------------------------------------------

    def _void_that_waited(self, waiting: WaitingVoid) -> None:
        store = self.office.store
        store.drop_waiting_void(waiting.of_feed, waiting.of_n)
        (entry,) = store.entries(waiting.feed, waiting.n - 1, 1)
        fact = decode_fact(entry.body)
        if isinstance(fact, Void):  # it was when it was kept
            self._undone(entry, fact)

    def _undone(self, entry: Entry, fact: Void) -> None:
        self._log()  # what it undoes may be on its way
        store, of_feed = self.office.store, _feed(fact.feed)
        if of_feed is None or not may_undo(entry.feed, of_feed):
            # a counter that undoes another store's redemption: kept, and counted in no figure
            evidence = Evidence(kind="foreign-void", feed=entry.feed, n=entry.n, at_ms=self.at_ms, content=entry.body)
            store.add_evidence(evidence)
            return
        undone = store.log_row(of_feed, fact.n)
        if undone is None:
            if self._may_come(of_feed, fact.n):
                store.put_waiting_void(WaitingVoid(of_feed=of_feed, of_n=fact.n, feed=entry.feed, n=entry.n))
            return
        if undone.kind != "redemption":
            return
        first = store.void_of(of_feed, fact.n) is None
        store.add_log_rows([_void_row(entry, fact, undone, self.at_ms)])
        self.books.logged()
        if first:
            credit(self.office.store, self.balances, of_feed, fact.n)
            self.told.append(undone_use(undone, self.at_ms))

    def _may_come(self, feed: FeedId, n: int) -> bool:
        """Whether entry ``n`` of ``feed`` can be a redemption that is not counted yet: not here, or in quarantine."""
        held = self.office.store.entries(feed, n - 1, 1) if n > 0 else ()
        return n > 0 and (not held or isinstance(readable(held[0]), Redemption))


def credit(store: HeadOfficeStore, balances: Balances, feed: FeedId, n: int) -> None:
    """Give back what redemption ``n`` of ``feed`` spent; to be asked once, with its first void."""
    (entry,) = store.entries(feed, n - 1, 1)
    fact = decode_fact(entry.body)
    if isinstance(fact, Redemption):
        balances.move(credits_of(feed, fact))
        reconciled.undone(store, balances, feed, n, fact)


def is_used_once(fact: Redemption) -> bool:
    """Whether a redemption is of a credential that can be used once."""
    return fact.credential_kind in USED_ONCE and not fact.shared


def may_undo(feed: FeedId, of_feed: FeedId) -> bool:
    """Whether a void in ``feed`` may undo a redemption in ``of_feed``."""
    return feed == of_feed or feed.origin.partition("/")[0] == of_feed.origin.partition("/")[0]


def _feed(name: str) -> FeedId | None:
    try:
        return FeedId.parse(name)
    except MalformedEntryError:
        return None


# --- reading ------------------------------------------------------------------------------------


def readable(entry: Entry) -> Fact | None:
    """The entry's fact; None for one that is authentic, so it is kept, but that no fold can read."""
    try:
        fact = decode_fact(entry.body)
    except MalformedEntryError:
        return None
    return fact if all(_fits(name, getattr(fact, name)) for name in _NAMES[type(fact)]) else None


_NAMES: dict[Any, tuple[str, ...]] = {kind: tuple(one.name for one in fields(kind)) for kind in get_args(Fact)}
_INDEXED = frozenset({"promotion", "store", "credential", "holder", "sale", "feed", "to", "subject"})
_MOST_INDEXED_BYTES = 600
"""PostgreSQL refuses to index much longer ones; three may be in one index."""


def _fits(name: str, value: object) -> bool:
    """Whether the log can hold it: numbers of 64 bits with sign, texts without a NUL, nothing too long to index."""
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, tuple):
        return all(_fits(name, number) for one in value for number in one)
    if not isinstance(value, str | bytes):
        return True
    if name in _INDEXED and len(value.encode() if isinstance(value, str) else value) > _MOST_INDEXED_BYTES:
        return False
    return isinstance(value, bytes) or "\0" not in value


# --- rows and words -----------------------------------------------------------------------------


def _redemption_row(entry: Entry, fact: Redemption, word: str | None, at_ms: int) -> LogRow:
    return LogRow(
        cursor=0,
        kind="redemption",
        feed=entry.feed,
        n=entry.n,
        store=fact.store,
        counter=entry.feed.origin.partition("/")[2],
        promotion=fact.promotion,
        clerk=fact.clerk,
        credential_kind=fact.credential_kind,
        credential=fact.credential,
        at_ms=fact.at_ms,
        received_at_ms=at_ms,
        amount_minor=fact.amount_minor,
        currency=fact.currency,
        judged=word,
        holder=fact.holder,
        sale=fact.sale,
        approved_by=fact.approved_by,
    )


def _void_row(entry: Entry, fact: Void, undone: LogRow, at_ms: int) -> LogRow:
    return replace(
        undone,
        kind="void",
        feed=entry.feed,
        n=entry.n,
        counter=entry.feed.origin.partition("/")[2],
        clerk=fact.clerk,
        at_ms=fact.at_ms,
        received_at_ms=at_ms,
        void_of_n=fact.n,
        void_of_feed=None if undone.feed == entry.feed else undone.feed,
        reason=fact.reason,
    )


def _use_seen(feed: FeedId, n: int, fact: Redemption, at_ms: int) -> UseSeen:
    return UseSeen(
        at_ms=at_ms,
        feed=str(feed),
        n=n,
        promotion=fact.promotion,
        credential=fact.credential,
        store=fact.store,
        used_at_ms=fact.at_ms,
        clerk=fact.clerk,
        amount_minor=fact.amount_minor,
        holder=fact.holder,
    )


def undone_use(undone: LogRow, at_ms: int) -> UseSeen:
    """What all counters are told of a redemption that is undone: the credit."""
    return UseSeen(
        at_ms=at_ms,
        feed=str(undone.feed),
        n=undone.n,
        promotion=undone.promotion,
        credential=undone.credential,
        store=undone.store,
        used_at_ms=undone.at_ms,
        void=True,
        clerk=undone.clerk,
        amount_minor=undone.amount_minor,
        holder=undone.holder,
    )
