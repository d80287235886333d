"""The desk that grants rights: at each exchange of a counter, what it needs for the promotions in which it takes part.

Rules of this module:

- It runs after intake, in the same transaction, so that a grant travels in the very answer. Nothing is granted to a
  life that is fenced or revoked, or that a later one replaced.
- Nothing is granted of a right of which a counter spent more than it had, until what is missing is here.
- A promotion is granted for from its publication until it is over, paused ones left out.
- How much is said in :mod:`sync.head_office.shares`, of what in :mod:`sync.head_office.pools`.
- An exchange at which nothing is due reads one counter's own accounts, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kiosk.clock import from_ms
from kiosk.core.catalogue import Catalogue
from kiosk.core.escrow import caps_of, is_over, risk_of
from kiosk.core.fact import Granted
from kiosk.core.question import Place
from kiosk.core.rights import Lot, Right, RightKind
from kiosk.core.rules import USED_ONCE
from kiosk.core.terms import Terms
from sync.head_office.balances import Balances, paced
from sync.head_office.incarnations import Incarnation
from sync.head_office.judging import Books
from sync.head_office.lives import may_hold_rights
from sync.head_office.office import HeadOffice
from sync.head_office.pools import cap_left, pool_of
from sync.head_office.published import catalogue_known_at
from sync.head_office.records import Enrolment, RightAccount
from sync.head_office.shares import Need, amount, is_due, share
from sync.head_office.store import HeadOfficeStore


def grants_due(
    office: HeadOffice, balances: Balances, books: Books, lives: Sequence[Enrolment], incarnation: Incarnation,
    at_ms: int,
) -> list[Granted]:  # fmt: skip
    """What the newest of a counter's ``lives`` is to be granted now; the accounts have it when this returns."""
    life = lives[-1] if lives else None
    if life is None or not may_hold_rights(life):
        return []
    desk = _Desk(office.store, balances, books, life, incarnation, at_ms)
    grants = [fact for terms in taking_part(office, life, at_ms) for fact in desk.grants(terms)]
    balances.flush()
    return grants


def taking_part(office: HeadOffice, life: Enrolment, at_ms: int) -> Iterator[Terms]:
    """The promotions for which a counter may be granted something now."""
    catalogue = catalogue_now(office)
    today = from_ms(at_ms).astimezone(catalogue.zone(life.store)).date()  # as its counters see it, which give back
    for id_ in catalogue.promotions:
        terms = catalogue.terms(id_)
        if terms is not None and takes_part(terms, life) and not terms.promotion.paused and not is_over(terms, today):
            yield terms


def catalogue_now(office: HeadOffice) -> Catalogue:
    """What is published now, without codes and keys."""
    bundle = office.store.latest_bundle()
    return catalogue_known_at(office, bundle.version if bundle is not None else 0)


def takes_part(terms: Terms, place: Place | Enrolment) -> bool:
    """Whether a promotion can be redeemed at that counter."""
    return place.store in terms.stores and place.counter in terms.counters.get(place.store, {place.counter})


def rights_for(terms: Terms, store: str) -> list[Right]:
    """The rights of which a counter of ``store`` needs some for a promotion, those of single credentials left out."""
    risk = risk_of(terms) if terms.kinds & USED_ONCE else None
    return [*caps_of(terms, store), *([risk] if risk is not None else [])]


def unit_of(terms: Terms, right: Right) -> int:
    """What one redemption takes of a right: 1, or what it costs at most, in minor units."""
    if right.kind not in (RightKind.BUDGET, RightKind.RISK):
        return 1
    return max((terms.amount_minor if terms.percent is None else terms.at_most_minor) or 1, 1)


@dataclass(slots=True)
class _Desk:
    """The desk in front of one counter."""

    store: HeadOfficeStore
    balances: Balances
    books: Books
    life: Enrolment
    incarnation: Incarnation
    at_ms: int
    _held: Mapping[Right, list[RightAccount]] | None = None
    _lives: Mapping[str, Enrolment] = field(default_factory=dict)

    def grants(self, terms: Terms) -> Iterator[Granted]:
        for right in rights_for(terms, self.life.store):
            held, level = self._own(right)
            if held is not None and is_due(held, level, unit_of(terms, right)):
                yield from self._grant(terms, right, held, level)

    def _own(self, right: Right) -> tuple[int | None, int]:
        """What this counter has, and had after its last grant, as far as is known here.

        None: it spent more than it ever had, which a person has to look at before it is granted more.
        """
        if self._held is None:
            found: dict[Right, list[RightAccount]] = {}
            for one in self.store.rights_of(str(self.life.feed)):
                found.setdefault(one.lot.right, []).append(one)
            self._held = found
        rows = self._held.get(right, [])
        held = None if any(row.balance < 0 for row in rows) else sum(row.balance for row in rows)
        return held, max((row.level for row in rows), default=0)

    def _grant(self, terms: Terms, right: Right, held: int, level: int) -> Iterator[Granted]:
        accounts, pools = self.store.accounts_of(right), self.store.right_pools(terms.promotion.id)
        cap = cap_left(terms, right, self.books.tally(terms.promotion.id), accounts)
        pool = pool_of(right, cap, pools, self.incarnation.number, whole=self.incarnation.whole)
        if pool <= 0:
            return
        paces, elsewhere = self._others(terms, right, accounts)
        need = Need(pool, held, level, elsewhere, unit_of(terms, right), share(paces, self.life.feed.origin))
        granted = amount(need)
        if granted <= 0:
            return
        fact = Granted(
            at_ms=self.at_ms,
            feed=str(self.life.feed),
            right=int(right.kind),
            promotion=right.promotion,
            amount=granted,
            subject=right.subject or None,
        )
        self.balances.apply(self.incarnation.feed_to(self.life.feed.origin), fact)
        self.balances.level((fact.feed, Lot(right, self.incarnation.number)), held + granted)
        yield fact

    def _others(self, terms: Terms, right: Right, accounts: Sequence[RightAccount]) -> tuple[Mapping[str, int], int]:
        """The paces of all counters that take part, this one too, by origin, and what the others hold."""
        if not self._lives:
            self._lives = {life.feed.origin: life for life in self.store.enrolments()}  # the newest of each
        paces = {f"{place.store}/{place.counter}": 0 for place in self._places(terms, right)}
        feeds = {str(life.feed) for origin, life in self._lives.items() if origin in paces}
        elsewhere = 0
        for row in accounts:
            if row.account in feeds:
                paces[row.account.rpartition("@")[0]] += paced(row, self.at_ms)
                elsewhere += max(row.balance, 0) if row.account != str(self.life.feed) else 0
        return paces, elsewhere

    def _places(self, terms: Terms, right: Right) -> Iterator[Place]:
        """The counters that take part: those published, enrolled or not, and any other that is enrolled."""
        published = (Place(store.id, one.id) for store in terms.stores.values() for one in store.counters)
        enrolled = (Place(life.store, life.counter) for life in self._lives.values())
        out = {Place(life.store, life.counter) for life in self._lives.values() if not may_hold_rights(life)}
        for place in dict.fromkeys([*published, *enrolled]):
            there = right.kind is not RightKind.STORE or place.store == self.life.store
            if there and takes_part(terms, place) and place not in out:
                yield place
