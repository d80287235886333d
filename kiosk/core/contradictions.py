"""What a promotion says against itself: fields that each are right, and together cannot work.

Rules of this module:

- Each contradiction is a :class:`Fault` at the field to mend, with what to write instead. Publishing refuses it.
- Refused is only what the author surely did not mean; what may be meant is a caution (:mod:`kiosk.core.cautions`).
- What one promotion says against another one is in :mod:`kiosk.core.rivals`.
- Amounts are compared in minor units of the currency of ``value``; without one, as decide reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from kiosk.core.money import NO_CURRENCY, from_minor, to_minor
from kiosk.core.organisation import Fault, Organisation, Store
from kiosk.core.promotion import Promotion

Steps: TypeAlias = tuple[str | int, ...]

_WITHIN = {  # each allowance, and the caps that it counts towards, the nearest first
    "per_store": ("total",),
    "per_store_day": ("per_store", "total"),
    "per_clerk_day": ("total",),
    "per_customer": ("total",),
    "per_code": ("total",),
}
_AMOUNTS: tuple[tuple[str, str], ...] = (
    ("value", "at_most"), ("basket", "min"), ("basket", "max"), ("limits", "budget"),
    ("offline", "floor"), ("offline", "risk"), ("stack_cap", ""),
)  # fmt: skip
ADD_VALUE = 'Add value: {amount: "12.00", currency: USD}, with what one redemption is worth.'
_MAY_BE_NOTHING = frozenset({("basket", "min"), ("offline", "risk")})


def contradictions(promotions: Iterable[Promotion], organisation: Organisation | None) -> Iterator[Fault]:
    """The contradictions within each promotion, and with the organisation (None: it cannot be read yet)."""
    known = _Known.of(organisation) if organisation is not None else None
    for i, promotion in enumerate(promotions):
        found = [fault for rule in _RULES for fault in rule(promotion)]
        if organisation is not None and known is not None:
            found += [*_places(promotion, known), *_floor(promotion, organisation)]
        yield from (below(i, fault) for fault in found)


def below(index: int, fault: Fault) -> Fault:
    """A fault within a promotion as one of the file, which has that promotion at ``index``."""
    return Fault(("promotions", index, *fault.at), fault.what, fault.cure)


def minor_of(promotion: Promotion, amount: str | None) -> int | None:
    """An amount of ``promotion`` in minor units of its currency; None where there is none."""
    return None if amount is None else to_minor(amount, currency_of(promotion) or NO_CURRENCY)


def currency_of(promotion: Promotion) -> str | None:
    """The currency of the promotion's amounts, where it names one."""
    return promotion.value.currency if promotion.value is not None else None


def worth_minor(promotion: Promotion) -> int | None:
    """What each redemption is worth in minor units; None for a percentage or no value."""
    return None if promotion.value is None else minor_of(promotion, promotion.value.amount)


def money(promotion: Promotion, amount_minor: int) -> str:
    """``"12.00 USD"``, in the currency of ``value``; ``"12.00"`` where it names none."""
    currency = currency_of(promotion)
    return f"{from_minor(amount_minor, currency or NO_CURRENCY)}{f' {currency}' if currency else ''}"


def _quoted(promotion: Promotion, amount_minor: int) -> str:
    """An amount as its author would write it: ``"12.00"``, quotes included."""
    return f'"{money(promotion, amount_minor).partition(" ")[0]}"'


def given_amounts(promotion: Promotion) -> Iterator[tuple[Steps, str]]:
    """Every amount besides ``value.amount``, with its place."""
    for part, name in _AMOUNTS:
        inner = getattr(promotion, part)
        amount = getattr(inner, name, None) if name else inner
        if amount is not None:
            yield (part, name) if name else (part,), amount
    for kind, amount in promotion.evidence.items():
        yield ("evidence", kind), amount


# --- amounts -----------------------------------------------------------------------------------


def _worth_nothing(one: Promotion) -> Iterator[Fault]:
    """Amounts that count what redemptions are worth, where none is worth anything; a voucher's face is worth it."""
    if one.value is not None or "voucher" in one.credentials:
        return
    for at, amount in given_amounts(one):
        if at[0] not in ("basket", "offline"):
            yield Fault(at, f"Nothing says what a redemption is worth, so nothing counts against {amount}.", ADD_VALUE)


def _floor_without_a_currency(one: Promotion) -> Iterator[Fault]:
    if one.offline is None or one.offline.policy != "floor" or currency_of(one) is not None:
        return
    given = [("offline", name) for name in ("floor", "risk") if getattr(one.offline, name) is not None]
    cure = "Add currency: USD, or whichever it is, to value." if one.value is not None else ADD_VALUE
    for at in given or [("offline", "policy")]:
        yield Fault(at, "A floor is an amount, and nothing says in which currency.", cure)


def _of_nothing(one: Promotion) -> Iterator[Fault]:
    for at, amount in given_amounts(one):
        if at not in _MAY_BE_NOTHING and not amount.strip("0."):
            yield Fault(at, f"With {at[0] if at[0] == 'evidence' else at[-1]} at nothing, nothing passes.",
                        "Write the amount, or leave it out.")  # fmt: skip


def _basket(one: Promotion) -> Iterator[Fault]:
    if one.basket is None:
        return
    least, most = minor_of(one, one.basket.min), minor_of(one, one.basket.max)
    if least is not None and most and least > most:
        yield Fault(("basket", "max"), f"No basket is {money(one, least)} at least and {money(one, most)} at most.",
                    "Swap min and max, or remove one.")  # fmt: skip


def _budget(one: Promotion) -> Iterator[Fault]:
    worth, budget = worth_minor(one), minor_of(one, one.limits.budget)
    if worth is not None and budget and worth > budget:
        what = f"The budget of {money(one, budget)} does not cover one redemption of {money(one, worth)}."
        yield Fault(("limits", "budget"), what, f"Write {_quoted(one, worth)} or more.")


def _stack_cap(one: Promotion) -> Iterator[Fault]:
    worth, cap = worth_minor(one), minor_of(one, one.stack_cap)
    if worth is not None and cap and worth > cap:
        what = f"The stack_cap of {money(one, cap)} is less than what this alone takes off, {money(one, worth)}."
        yield Fault(("stack_cap",), what, f"Write {_quoted(one, worth)} or more.")


def _evidence(one: Promotion) -> Iterator[Fault]:
    worth = worth_minor(one)
    for kind, amount in one.evidence.items():
        at, cap = ("evidence", kind), minor_of(one, amount)
        if kind not in one.credentials:
            yield Fault(at, f"It takes no credential of kind {kind}.", f"Add {kind} to credentials, or remove it here.")
        elif worth is not None and cap and worth > cap and kind != "voucher":  # a voucher may carry a smaller face
            what = f"A {kind} may be worth {money(one, cap)}, each redemption is {money(one, worth)}: none passes."
            yield Fault(at, what, f"Write {_quoted(one, worth)} or more, or remove {kind} from credentials.")


# --- limits ------------------------------------------------------------------------------------


def _limits(one: Promotion) -> Iterator[Fault]:
    for name, caps in _WITHIN.items():
        count = getattr(one.limits, name)
        smaller = next((cap for cap in caps if _above(count, getattr(one.limits, cap))), None)
        if smaller is not None:
            cap = getattr(one.limits, smaller)
            yield Fault(("limits", name), f"{name} {count} can never be reached: {smaller} is {cap}.",
                        f"Write {cap} or less, or raise {smaller}.")  # fmt: skip


def _above(count: int | None, cap: int | None) -> bool:
    return count is not None and cap is not None and count > cap


# --- what tells it apart -------------------------------------------------------------------------


def _codes_without_listed(one: Promotion) -> Iterator[Fault]:
    if one.codes and "listed" not in one.credentials:
        yield Fault(
            ("codes",), "It has codes, but takes no listed ones.", "Add listed to credentials, or remove codes."
        )


def _screen_without_marks(one: Promotion) -> Iterator[Fault]:
    marks = one.screen if "screen" in one.credentials else None
    if marks is not None and not (marks.offer or marks.claims):
        yield Fault(("screen",), "No screen can be told by these marks.", "Add offer, or claims, as they are posted.")


def _offline_policy(one: Promotion) -> Iterator[Fault]:
    if one.offline is None or one.offline.policy == "floor":
        return
    for name in ("floor", "risk"):
        if getattr(one.offline, name) is not None:
            what = f"The policy {one.offline.policy} has no {name}."
            yield Fault(("offline", name), what, f"Write policy: floor, or remove {name}.")


# --- with the organisation ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """The organisation's stores by id, and its groups."""

    stores: Mapping[str, Store]
    groups: frozenset[str]

    @classmethod
    def of(cls, organisation: Organisation) -> _Known:
        groups = frozenset(group for store in organisation.stores for group in store.groups)
        return cls({store.id: store for store in organisation.stores}, groups)


def _places(one: Promotion, known: _Known) -> Iterator[Fault]:
    """Stores, groups and counters (``store/counter``) that the organisation does not have."""
    for k, name in enumerate(one.stores or ()):
        store_id, slash, counter_id = name.partition("/")
        fault = _unknown_counter(store_id, counter_id, known) if slash else _unknown_store(name, known)
        if fault:
            yield Fault(("stores", k), *fault)


def _unknown_store(name: str, known: _Known) -> tuple[str, str] | None:
    if name in known.stores or name in known.groups:
        return None
    return f"There is no store and no group {name!r}.", "Add it to organisation.yaml, or correct the name."


def _unknown_counter(store_id: str, counter_id: str, known: _Known) -> tuple[str, str] | None:
    store = known.stores.get(store_id)
    if store is None:
        if store_id in known.groups:
            return f"{store_id!r} is a group; a counter belongs to one store.", "Name the store before the slash."
        return f"There is no store {store_id!r}.", "Add it to organisation.yaml, or correct the name."
    if any(counter.id == counter_id for counter in store.counters):
        return None
    counters = ", ".join(f"{store_id}/{counter.id}" for counter in store.counters) or "none"
    return f"The store {store_id!r} has no counter {counter_id!r}.", f"Known here: {counters}."


def _floor(one: Promotion, organisation: Organisation) -> Iterator[Fault]:
    if one.offline is None or one.offline.policy != "floor":
        return
    currency, theirs = currency_of(one), organisation.floor
    if currency is None:
        return  # told already
    if one.offline.floor is not None:
        yield from _risk_below(one, minor_of(one, one.offline.floor), "floor")
    elif theirs is None or theirs.currency != currency:
        yield Fault(("offline", "policy"), f"There is no floor here, and none in {currency} in organisation.yaml.",
                    'Add floor: "20.00", with the most that one may be worth, or write policy: online.')  # fmt: skip
    else:
        yield from _risk_below(one, theirs.amount_minor, "floor of the organisation")


def _risk_below(one: Promotion, floor: int | None, whose: str) -> Iterator[Fault]:
    risk = minor_of(one, one.offline.risk if one.offline is not None else None)
    if floor and risk is not None and floor > risk:
        what = f"The {whose} of {money(one, floor)} is above the risk of {money(one, risk)}."
        yield Fault(("offline", "risk"), what, f"Write {_quoted(one, floor)} or more; ten times that is usual.")


def _foreign_key(promotion: Promotion) -> Iterator[Fault]:
    if promotion.foreign is not None and promotion.foreign.public_key is None:
        cure = "Copy it as pretix shows it: base64, of 32 bytes, DER or PEM."
        yield Fault(("foreign", "key"), "This is no Ed25519 public key.", cure)


_RULES: tuple[Callable[[Promotion], Iterator[Fault]], ...] = (
    _worth_nothing, _floor_without_a_currency, _of_nothing, _basket, _budget, _stack_cap, _evidence, _limits,
    _codes_without_listed, _screen_without_marks, _offline_policy, _foreign_key,
)  # fmt: skip
