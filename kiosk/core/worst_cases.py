"""What a promotion can cost while parts of the network are cut off, told before it is published.

Rules of this module:

- ``total``, ``budget`` and ``per_store`` hold under any cut and need no word here.
- ``per_store_day``, ``per_clerk_day`` and ``per_customer`` are best effort: each part of the network that is cut off
  counts for itself, so each may give as many again.
- For credentials that can be used once the terms are told wherever they are filled in, or can give one code twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kiosk.core.contradictions import below, currency_of, money, worth_minor
from kiosk.core.offline_terms import RISK_IN_FLOORS, offline_terms
from kiosk.core.organisation import Fault, Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.rules import USED_ONCE

_NAMES = {"voucher": "vouchers", "listed": "listed codes", "gs1": "GS1 coupons", "foreign": "foreign codes"}
_BEST_EFFORT = ("per_store_day", "per_clerk_day", "per_customer")


def worst_cases(promotions: Sequence[Promotion], organisation: Organisation) -> Iterator[Fault]:
    """The worst cases, promotion by promotion."""
    for i, one in enumerate(promotions):
        yield from (below(i, fault) for fault in (*_best_effort(one), *_used_once(one, organisation)))


def _best_effort(one: Promotion) -> Iterator[Fault]:
    for name in _BEST_EFFORT:
        count = getattr(one.limits, name)
        if count is not None:
            what = f"{name} is best effort: each part of the network that is cut off may give {count} more."
            yield Fault(("limits", name), what)


def _used_once(one: Promotion, organisation: Organisation) -> Iterator[Fault]:
    kinds = list(dict.fromkeys(_NAMES[kind] for kind in one.credentials if kind in USED_ONCE))
    if not kinds:
        return
    names = " and ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)
    terms = offline_terms(one, organisation)
    if one.offline is None and terms.policy == "online":
        yield Fault(("offline",), f"Nothing is said about {names} offline: without head office they are refused.",
                    _how_else(one))  # fmt: skip
    elif terms.policy == "home-store":
        yield Fault(("offline", "policy"), _in_cut_stores(one))
    elif terms.floor_minor is not None and terms.risk_minor is not None:
        yield from _with_a_floor(one, names, terms.floor_minor, terms.risk_minor)


def _with_a_floor(one: Promotion, names: str, floor_minor: int, risk_minor: int) -> Iterator[Fault]:
    filled_in = _filled_in(one)
    if filled_in:
        what = f"Offline, {names} pass up to {money(one, floor_minor)} each"
        lost = f"codes used twice cost {money(one, risk_minor)} at most in all"
        yield Fault(("offline",), f"{what}; {lost} ({filled_in}).")
    worth = worth_minor(one)
    if worth is not None and worth > floor_minor:
        above = f"Each redemption is {money(one, worth)}, above the floor of {money(one, floor_minor)}"
        yield Fault(("offline", "floor"), f"{above}: offline, a shift manager is asked every time.")


def _filled_in(one: Promotion) -> str:
    if one.offline is None:
        return f"nothing is said here: it is the organisation's floor, and a risk of {RISK_IN_FLOORS} times that"
    parts = [] if one.offline.floor is not None else ["the floor is the organisation's"]
    parts += [] if one.offline.risk is not None else [f"the risk is {RISK_IN_FLOORS} times the floor"]
    return ", ".join(parts)


def _in_cut_stores(one: Promotion) -> str:
    worth = worth_minor(one)
    each = f", {money(one, worth)} each time" if worth is not None else ""
    return f"Offline, each part into which a store's network is cut may honour the same code once more{each}."


def _how_else(one: Promotion) -> str:
    value = "" if currency_of(one) is not None else "a value with its currency, and "
    return f"If they shall pass, add {value}a floor to organisation.yaml, or offline: {{policy: …}} here."
