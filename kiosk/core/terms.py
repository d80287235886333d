"""One promotion made ready for deciding: its stores resolved, its times as numbers, its amounts in minor units.

Rules of this module:

- An entry of ``stores`` is a store, a group, or one counter of a store ("bayside/front").
- Amounts are read in the currency of ``value``; where there is none, as amounts with two decimals.
- A percentage of a basket is rounded to the nearest minor unit, half upwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.core.money import NO_CURRENCY, from_minor, to_minor
from kiosk.core.offline_terms import OfflineTerms, offline_terms
from kiosk.core.organisation import Organisation, Store
from kiosk.core.promotion import Promotion
from kiosk.core.schedule import Schedule

DEFAULT_PER_CODE = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a promotion decides. All amounts in minor units; None where the promotion sets none.

    ``stores`` are those that take part, by id; of those in ``counters`` only the named counters do.
    """

    promotion: Promotion
    schedule: Schedule
    stores: Mapping[str, Store]
    counters: Mapping[str, frozenset[str]]
    kinds: frozenset[str]
    per_code: int
    currency: str
    amount_minor: int | None
    percent: int | None
    at_most_minor: int | None
    budget_minor: int | None
    basket_min_minor: int | None
    basket_max_minor: int | None
    stack_cap_minor: int | None
    evidence_minor: Mapping[str, int]
    offline: OfflineTerms

    def cost_minor(self, basket_minor: int | None) -> int | None:
        """What one redemption costs; None where it has no value, or is a percentage of an unknown basket."""
        if self.percent is None:
            return self.amount_minor
        if basket_minor is None:
            return None
        share = (basket_minor * self.percent + 50) // 100
        return share if self.at_most_minor is None else min(share, self.at_most_minor)

    @property
    def has_value(self) -> bool:
        """Whether a redemption costs anything."""
        return self.amount_minor is not None or self.percent is not None

    def money(self, amount_minor: int) -> dict[str, str | int | bool | None]:
        """An amount as a fact of a verdict."""
        return {
            "amount": from_minor(amount_minor, self.currency),
            "currency": None if self.currency == NO_CURRENCY else self.currency,
        }


def terms_of(promotion: Promotion, organisation: Organisation) -> Terms:
    """The terms of ``promotion`` in ``organisation``."""
    value, basket, limits = promotion.value, promotion.basket, promotion.limits
    currency = (None if value is None else value.currency) or NO_CURRENCY

    def minor(amount: str | None) -> int | None:
        return None if amount is None else to_minor(amount, currency)

    stores, counters = places_of(promotion, organisation)
    return Terms(
        promotion=promotion,
        schedule=promotion.valid.schedule(),
        stores=stores,
        counters=counters,
        kinds=frozenset(promotion.credentials),
        per_code=limits.per_code or DEFAULT_PER_CODE,
        currency=currency,
        amount_minor=None if value is None else minor(value.amount),
        percent=None if value is None else value.percent,
        at_most_minor=None if value is None else minor(value.at_most),
        budget_minor=minor(limits.budget),
        basket_min_minor=None if basket is None else minor(basket.min),
        basket_max_minor=None if basket is None else minor(basket.max),
        stack_cap_minor=minor(promotion.stack_cap),
        evidence_minor={kind: to_minor(amount, currency) for kind, amount in promotion.evidence.items()},
        offline=offline_terms(promotion, organisation),
    )


def places_of(
    promotion: Promotion, organisation: Organisation
) -> tuple[Mapping[str, Store], Mapping[str, frozenset[str]]]:
    """The stores that take part, and of those that do so with some counters only, which."""
    if promotion.stores is None:
        return {store.id: store for store in organisation.stores}, {}
    whole = {store.id for store in organisation.stores_named(one for one in promotion.stores if "/" not in one)}
    named: dict[str, set[str]] = {}
    for name in promotion.stores:
        store, slash, counter = name.partition("/")
        if slash and store not in whole:
            named.setdefault(store, set()).add(counter)
    stores = {store.id: store for store in organisation.stores if store.id in whole or store.id in named}
    return stores, {store: frozenset(counters) for store, counters in named.items()}
