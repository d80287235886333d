"""Rights that nobody will give back by themselves, and the decision that frees them.

Rules of this module:

- Stranded is what a life has that is revoked or fenced, that a later life of its counter replaced, or that has been
  silent for a week. No clock takes it back: its counter may be spending it, unseen.
- A person may free it, with a reason, knowing by how much the cap may then be overrun. That is a fact in head office's
  feed to all; it adds to the pool once. What turns out to be spent, sent or given back after all is taken off again.
- Likewise the rest of a cap that a restored head office does not grant, because it may have granted it before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kiosk.clock import from_ms, to_ms
from kiosk.core.escrow import is_over
from kiosk.core.fact import Freed
from kiosk.core.rights import AT_HOME, Lot, Right, RightKind
from kiosk.core.terms import Terms
from kiosk.errors import CounterfoilError
from sync.head_office.balances import Balances
from sync.head_office.grants import catalogue_now, rights_for
from sync.head_office.incarnations import incarnation_of
from sync.head_office.intake import tell
from sync.head_office.judging import Books
from sync.head_office.lives import ended_at
from sync.head_office.office import HeadOffice
from sync.head_office.pools import cap_left, pool_of
from sync.head_office.records import Enrolment

SILENT_MS = 7 * 24 * 3_600_000
LONGEST_WHY = 300

Why = Literal["revoked", "fenced", "replaced", "silent"]


class StrandedError(CounterfoilError):
    """A decision that cannot be taken; ``code`` names why."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """``amount`` of a lot that the life which writes ``feed`` has, since ``since_ms`` as far as is known."""

    feed: str
    lot: Lot
    amount: int
    why: Why
    since_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """``amount`` of a right that a restored head office may have granted before."""

    feed: str
    right: Right
    amount: int


def stranded(office: HeadOffice) -> list[Stranded]:
    """All that is stranded of promotions that are not over, by promotion, right and feed."""
    now_ms = to_ms(office.clock.now())
    lives = {str(life.feed): found for life, found in _given_up(office, now_ms)}
    rows = office.store.accounts_with_something(list(lives)) if lives else ()
    needed = _needed(office, now_ms)
    found = [
        Stranded(row.account, row.lot, row.balance - row.freed_now, *lives[row.account])
        for row in rows
        if row.granted_by != AT_HOME and row.balance > row.freed_now and row.promotion in needed
    ]
    return sorted(found, key=lambda one: (one.lot, one.feed))


def _given_up(office: HeadOffice, now_ms: int) -> Iterator[tuple[Enrolment, tuple[Why, int]]]:
    lives = office.store.enrolments()
    newest = {life.feed.origin: life for life in lives}
    for life in lives:
        last_ms = life.last_contact_ms or life.enrolled_at_ms
        after = min((one.enrolled_at_ms for one in lives if _replaces(one, life)), default=None)
        if ended_at(life) is not None:
            yield life, ("revoked", life.revoked_at_ms or last_ms)
        elif life.fenced:
            yield life, ("fenced", last_ms)
        elif life != newest[life.feed.origin] and after is not None:
            yield life, ("replaced", after)
        elif now_ms - last_ms > SILENT_MS:
            yield life, ("silent", last_ms)


def _replaces(one: Enrolment, life: Enrolment) -> bool:
    return one.feed.origin == life.feed.origin and one.incarnation > life.incarnation


def _needed(office: HeadOffice, now_ms: int) -> Mapping[str, Terms]:
    """The promotions that are not over, by id."""
    catalogue, today = catalogue_now(office), from_ms(now_ms).date()
    found = {id_: catalogue.terms(id_) for id_ in catalogue.promotions}
    return {id_: terms for id_, terms in found.items() if terms is not None and not is_over(terms, today)}


def held_back(office: HeadOffice) -> list[Held]:
    """What a restored head office does not grant; nothing where it knows all that was granted."""
    incarnation = incarnation_of(office.store)
    if incarnation.whole:
        return []
    found, books = [], Books(office.store)
    for terms, right in _rights(office):
        pools = office.store.right_pools(terms.promotion.id)
        cap = cap_left(terms, right, books.tally(terms.promotion.id), office.store.accounts_of(right))
        rest = pool_of(right, cap, pools, incarnation.number, whole=True)
        rest -= pool_of(right, cap, pools, incarnation.number, whole=False)
        if rest > 0:
            found.append(Held(str(incarnation.to_all), right, rest))
    return found


def _rights(office: HeadOffice) -> Iterator[tuple[Terms, Right]]:
    """Every right of a promotion that is not over, those of single credentials left out."""
    for terms in _needed(office, to_ms(office.clock.now())).values():
        for right in dict.fromkeys(right for store in terms.stores for right in rights_for(terms, store)):
            yield terms, right


# --- deciding ----------------------------------------------------------------------------------


def free(office: HeadOffice, feed: str, lot: Lot, amount: int, *, by: str, why: str) -> None:
    """Free ``amount`` of a lot that is stranded with the life which writes ``feed``, or is held back.

    Raises :class:`StrandedError` ``freed-why``, ``not-stranded``.
    """
    why = " ".join(why.split())
    if not 0 < len(why) <= LONGEST_WHY:
        cure = f"Write in up to {LONGEST_WHY} characters why: it is kept with the decision."
        raise StrandedError("freed-why", "A decision needs its reason", cure=cure)
    with office.store.together():
        incarnation = incarnation_of(office.store)
        if amount <= 0 or amount > _open(stranded(office), held_back(office), feed, lot):
            # a form that is sent twice, or that was open while something came back
            what = "So much is not stranded there any more"
            raise StrandedError("not-stranded", what, where=feed, cure="Look at the list as it is now.")
        fact = Freed(
            at_ms=to_ms(office.clock.now()),
            feed=feed,
            right=int(lot.right.kind),
            promotion=lot.right.promotion,
            granted_by=lot.granted_by,
            amount=amount,
            by=by,
            why=why,
            subject=lot.right.subject or None,
        )
        balances = Balances(office.store, fact.at_ms)
        balances.apply(incarnation.to_all, fact)
        balances.flush()
        tell(office, incarnation.to_all, [fact])


def _open(lost: Iterable[Stranded], back: Sequence[Held], feed: str, lot: Lot) -> int:
    of_lives = sum(one.amount for one in lost if (one.feed, one.lot) == (feed, lot))
    return of_lives + sum(one.amount for one in back if (one.feed, one.right) == (feed, lot.right))


# --- words -------------------------------------------------------------------------------------


def is_money(right: Right) -> bool:
    """Whether amounts of a right are minor units of money."""
    return right.kind in (RightKind.BUDGET, RightKind.RISK)
