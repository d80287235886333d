"""Which rights a redemption needs, takes and leaves: between a promotion's terms and the accounts of one counter.

Rules of this module:

- ``total``, ``budget`` and ``per_store`` are promised caps: a counter spends a right of each that the promotion
  declares, online and offline alike. What costs nothing known spends nothing of a budget.
- What can be used once spends its own right where that is held; else, where head office cannot be asked and the policy
  is ``floor``, it spends risk: what it could be worth at most. What could be worth anything is covered by no risk.
- Rights of older incarnations of head office are spent first. A right that would have to be split over several is.
- A spend that is not covered in full is none at all.
- What is left of a promotion that is over is given back, in an entry, and so is the right of a credential that was not
  redeemed. No clock takes a right away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from kiosk.core.catalogue import Catalogue
from kiosk.core.fact import Returned, Spent, Transferred
from kiosk.core.question import Question
from kiosk.core.rights import Accounts, Lot, Right, RightKind
from kiosk.core.rules import is_at_risk, is_used_once, most_minor
from kiosk.core.situation import Allowance, ClockInterval, Freshness, Situation
from kiosk.core.terms import Terms


def caps_of(terms: Terms, store: str) -> list[Right]:
    """The promised caps of a promotion, as the rights that a counter of ``store`` needs for it."""
    id_, limits = terms.promotion.id, terms.promotion.limits
    rights = []
    if limits.total is not None:
        rights.append(Right(RightKind.TOTAL, id_))
    if terms.budget_minor is not None:
        rights.append(Right(RightKind.BUDGET, id_))
    if limits.per_store is not None:
        rights.append(Right(RightKind.STORE, id_, store.encode()))
    return rights


def risk_of(terms: Terms) -> Right | None:
    """The right to lose something to credentials used twice; None where the promotion has no floor."""
    return Right(RightKind.RISK, terms.promotion.id) if terms.offline.risk_minor is not None else None


def cap_minor(terms: Terms, right: Right) -> int:
    """What all counters together may have of ``right``, as published; 0 where it is declared no more."""
    limits = terms.promotion.limits
    caps = {
        RightKind.TOTAL: limits.total,
        RightKind.BUDGET: terms.budget_minor,
        RightKind.STORE: limits.per_store,
        RightKind.RISK: terms.offline.risk_minor,
        RightKind.ONCE: 1,
    }
    return caps[right.kind] or 0


def allowance_of(accounts: Accounts, terms: Terms, store: str) -> Allowance:
    """What the counter whose ``accounts`` these are still has for a promotion; None where none is needed."""
    left = {right.kind: accounts.balance(right) for right in caps_of(terms, store)}
    risk = risk_of(terms)
    return Allowance(
        uses=left.get(RightKind.TOTAL),
        store_uses=left.get(RightKind.STORE),
        amount_minor=left.get(RightKind.BUDGET),
        risk_minor=None if risk is None else accounts.balance(risk),
    )


class Allowances(Mapping[str, Allowance]):
    """The allowances of a counter by promotion, worked out when they are asked for."""

    def __init__(self, accounts: Accounts, catalogue: Catalogue, store: str) -> None:
        self._accounts, self._catalogue, self._store = accounts, catalogue, store

    def __getitem__(self, promotion: str) -> Allowance:
        terms = self._catalogue.terms(promotion)
        if terms is None:
            raise KeyError(promotion)
        return allowance_of(self._accounts, terms, self._store)

    def __iter__(self) -> Iterator[str]:
        return iter(self._catalogue.promotions)

    def __len__(self) -> int:
        return len(self._catalogue.promotions)


class Credentials:
    """The credentials of which something is true, as (promotion, digest); asked, not listed."""

    def __init__(self, is_true: Callable[[str, bytes], bool]) -> None:
        self._is_true = is_true

    def __contains__(self, spent: object) -> bool:
        if not isinstance(spent, tuple):
            return False
        promotion, digest = spent
        return self._is_true(promotion, digest)


def situation_of(
    accounts: Accounts,
    catalogue: Catalogue,
    store: str,
    *,
    online: bool,
    fenced: bool = False,
    freshness: Freshness = Freshness.FRESH,
    clock: ClockInterval | None = None,
) -> Situation:
    """How the counter of ``store`` stands whose ``accounts`` these are. ``online``: head office can be asked now."""
    return Situation(
        online=online,
        fenced=fenced,
        freshness=freshness,
        clock=clock,
        allowances=Allowances(accounts, catalogue, store),
        held=Credentials(accounts.holds),
        owns_homes=accounts.own is not None and accounts.own.incarnation == 1,
        given_away=Credentials(accounts.gave_away),
    )


# --- spending ----------------------------------------------------------------------------------


def spends(question: Question, accounts: Accounts) -> tuple[Spent, ...] | None:
    """The rights that a yes to ``question`` takes from ``accounts``; None where they do not cover it."""
    taken: list[Spent] = []
    for right, amount in _needed(question, accounts):
        part = None if amount is None else _taken(accounts, right, amount)
        if part is None:
            return None
        taken += part
    return tuple(taken)


def _needed(question: Question, accounts: Accounts) -> Iterator[tuple[Right, int | None]]:
    """The rights that it takes, each with how much; None: nobody knows how much."""
    for right in caps_of(question.terms, question.place.store):
        amount = (question.cost_minor or 0) if right.kind is RightKind.BUDGET else 1
        if amount > 0:
            yield right, amount
    digest = question.credential.digest
    if is_used_once(question) and accounts.holds(question.promotion_id, digest):
        yield Right(RightKind.ONCE, question.promotion_id, digest), 1
    elif is_at_risk(question) and (most := most_minor(question)) != 0:
        yield Right(RightKind.RISK, question.promotion_id), most


def _taken(accounts: Accounts, right: Right, amount: int) -> list[Spent] | None:
    parts = []
    for granted_by, left in accounts.lots(right):
        part = min(left, amount)
        parts.append(Spent(int(right.kind), granted_by, part))
        amount -= part
        if amount == 0:
            return parts
    return None


# --- giving back and passing on ----------------------------------------------------------------


def returned(lot: Lot, amount: int, at_ms: int) -> Returned:
    """The entry that gives ``amount`` of a lot back."""
    right, granted_by = lot
    return Returned(
        at_ms=at_ms,
        right=int(right.kind),
        promotion=right.promotion,
        granted_by=granted_by,
        amount=amount,
        subject=right.subject or None,
    )


def returns_of(accounts: Accounts, right: Right, at_ms: int) -> list[Returned]:
    """The entries that give back all there is of ``right``."""
    return [returned(Lot(right, granted_by), amount, at_ms) for granted_by, amount in accounts.lots(right)]


def returns_due(accounts: Accounts, catalogue: Catalogue, today: date, at_ms: int) -> list[Returned]:
    """The entries that give back what is left of promotions that are over by ``today``, or published no more.

    A day is left after the last one, for hours over midnight and for stores further west.
    """
    return [
        returned(lot, amount, at_ms)
        for lot, amount in sorted(accounts.all_lots().items())
        if lot.right.kind is not RightKind.ONCE and is_over(catalogue.terms(lot.right.promotion), today)
    ]


def is_over(terms: Terms | None, today: date) -> bool:
    """Whether nobody needs rights of a promotion any more; None: one that is published no more."""
    return terms is None or (today - terms.schedule.last).days > terms.promotion.grace_days + 1


def transfer(accounts: Accounts, right: Right, wanted: int, to: str, at_ms: int) -> list[Transferred]:
    """The entries that give a neighbour what it wants of ``right``: half of what is here at most, rounded up."""
    left = min(wanted, (accounts.balance(right) + 1) // 2)
    entries = []
    for granted_by, amount in accounts.lots(right):
        part = min(amount, left)
        left -= part
        if part > 0:
            entries.append(transferred(Lot(right, granted_by), part, to, at_ms))
    return entries


def transferred(lot: Lot, amount: int, to: str, at_ms: int) -> Transferred:
    """The entry that gives ``amount`` of a lot to the counter that writes the feed ``to``."""
    right, granted_by = lot
    return Transferred(
        at_ms=at_ms,
        to=to,
        right=int(right.kind),
        promotion=right.promotion,
        granted_by=granted_by,
        amount=amount,
        subject=right.subject or None,
    )
