"""How a credential that can be used once is honoured while head office cannot be asked, as published.

Rules of this module:

- What the promotion says counts; what it leaves out comes from the organisation's floor, in the same currency.
- Where neither names a floor in the currency of ``value``, the answer is ``online``: never a guess at an amount.
- A risk that is not given is ten times the floor.
- Words, screens and rotating codes can be used often: these terms say nothing about them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.core.money import to_minor
from kiosk.core.organisation import Organisation
from kiosk.core.promotion import Promotion

RISK_IN_FLOORS = 10
"""The risk where none is given, in floors."""

OfflinePolicy = Literal["online", "owner", "home-store", "floor"]
"""How a credential that can be used once is honoured offline, and the worst case if every counter is cut off.

``online``: only with its right, which head office grants to one counter at a time. Worst case: none is honoured twice.
``owner``: only by the counter that has its right, which is first the one where it is at home. Worst case: none is
honoured twice.
``home-store``: by any counter of its home store, which asks the neighbours it reaches. Worst case: each is honoured
once in each part into which the store's network is cut: its face times (counters of the store - 1), for each code.
``floor``: anywhere, up to an amount each, while the counter has risk for it. Worst case: what codes used twice cost is
the risk at most, over the promotion's life and all counters together.
:func:`kiosk.core.worst_cases.exposure` has the numbers.
"""


@dataclass(frozen=True, slots=True)
class OfflineTerms:
    """The terms of one promotion. Both amounts are given with the policy ``floor``, and None with any other.

    ``floor_minor``: the most that one credential may be worth, in minor units of the currency of the promotion's
    ``value``. ``risk_minor``: the most that all counters may lose together over the promotion's life.
    """

    policy: OfflinePolicy
    floor_minor: int | None = None
    risk_minor: int | None = None


_ONLINE = OfflineTerms("online")


def offline_terms(promotion: Promotion, organisation: Organisation) -> OfflineTerms:
    """The terms of ``promotion`` in ``organisation``; ``online`` too where it wants a floor and none is given."""
    said = promotion.offline
    if said is not None and said.policy != "floor":
        return OfflineTerms(said.policy)
    currency = None if promotion.value is None else promotion.value.currency
    if currency is None:
        return _ONLINE
    floor_minor = _given(None if said is None else said.floor, currency)
    if floor_minor is None:
        floor_minor = _floor_of(organisation, currency)
    if floor_minor is None:
        return _ONLINE
    risk_minor = _given(None if said is None else said.risk, currency)
    return OfflineTerms("floor", floor_minor, floor_minor * RISK_IN_FLOORS if risk_minor is None else risk_minor)


def _given(amount: str | None, currency: str) -> int | None:
    return None if amount is None else to_minor(amount, currency)


def _floor_of(organisation: Organisation, currency: str) -> int | None:
    floor = organisation.floor
    return floor.amount_minor if floor is not None and floor.currency == currency else None
