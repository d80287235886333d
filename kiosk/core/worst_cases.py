"""What a promotion can cost while parts of the network are cut off, told before it is published.

Rules of this module:

- ``total``, ``budget`` and ``per_store`` hold under any cut: 0 over them is the worst case, however it is cut.
- ``per_store_day``, ``per_clerk_day`` and ``per_customer`` are best effort: each part of the network that is cut off
  counts for itself, so each may give as many again.
- For credentials that can be used once the terms are told wherever they are filled in, or can give one code twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiosk.core.contradictions import below, currency_of, money, worth_minor
from kiosk.core.offline_terms import RISK_IN_FLOORS, offline_terms
from kiosk.core.organisation import Fault, Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.rules import USED_ONCE
from kiosk.core.terms import places_of

_NAMES = {"voucher": "vouchers", "listed": "listed codes", "gs1": "GS1 coupons", "foreign": "foreign codes"}
_BEST_EFFORT = ("per_store_day", "per_clerk_day", "per_customer")


# --- the worst case of a promotion, as a number ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a promotion comes to at worst if every counter is cut off from all others for its whole life.

    ``over_caps``: uses or minor units above its promised caps; None: it has none. ``twice``: how many times more a
    credential that can be used once may be honoured; None: it has no such, or ``lost_minor`` bounds that.
    ``lost_minor``: what credentials used twice may cost in all.
    """

    over_caps: int | None = None
    twice: int | None = None
    lost_minor: int | None = None


def exposure(one: Promotion, organisation: Organisation) -> Exposure:
    """The worst case of a promotion in ``organisation``."""
    limits = one.limits
    capped = limits.total is not None or limits.per_store is not None or limits.budget is not None
    over_caps = 0 if capped else None  # each counter spends rights that it was granted, and nobody else has
    if not USED_ONCE & set(one.credentials):
        return Exposure(over_caps)
    terms = offline_terms(one, organisation)
    if terms.policy == "floor":
        return Exposure(over_caps, lost_minor=terms.risk_minor)
    return Exposure(over_caps, twice=_parts(one, organisation) - 1 if terms.policy == "home-store" else 0)


def _parts(one: Promotion, organisation: Organisation) -> int:
    """Into how many parts the network of a store that takes part can be cut: one for each counter."""
    stores, some = places_of(one, organisation)
    return max([1, *(len(some.get(id_, store.counters)) for id_, store in stores.items())])


def exposure_words(one: Promotion, organisation: Organisation) -> str | None:
    """The worst case in words; None where there is nothing to bound."""
    found, worth = exposure(one, organisation), worth_minor(one)
    words = []
    if found.over_caps is not None:
        words.append(f"{found.over_caps} over the limits")
    if found.lost_minor is not None:
        words.append(f"codes used twice cost at most {money(one, found.lost_minor)} in all")
    elif found.twice == 0:
        words.append("no code is honoured twice")
    elif found.twice is not None:
        each = f" ({money(one, worth * found.twice)})" if worth is not None else ""
        words.append(f"each code at most {found.twice} more {'time' if found.twice == 1 else 'times'}{each}")
    return "; ".join(words) or None


# --- what is worth knowing beside it ---------------------------------------------------------------


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
