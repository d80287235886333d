"""What an author should know before publishing: allowed, and perhaps not what was meant.

Rules of this module:

- A caution refuses nothing. It is a :class:`Fault` at the field that it is about; most have no cure.
- What cannot be meant is a contradiction (:mod:`kiosk.core.contradictions`); what a cut line can cost is in
  :mod:`kiosk.core.worst_cases`.
- ``today`` is a date somewhere on earth: a promotion is over when it is over everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from kiosk.core.contradictions import ADD_VALUE, Steps, below, currency_of, given_amounts, minor_of, money, worth_minor
from kiosk.core.credential import fold, fold_word
from kiosk.core.organisation import Fault, Organisation
from kiosk.core.promotion import Promotion
from kiosk.core.rules import USED_ONCE
from kiosk.core.schedule import DAY_MINUTES, DAY_NAMES, Span, parse_hours
from kiosk.core.shown_dates import Span as ShownSpan
from kiosk.core.shown_dates import spans

SHORTEST_WORD = 3
"""Characters of a code word after folding, below which a slip of the finger hits it."""
_READ_BY = {  # what tells a credential apart, and the kinds of credential that read it; codes are a contradiction
    "words": ("word", "screen"),
    "screen": ("screen",),
    "rotating": ("rotating",),
    "gs1": ("gs1",),
    "foreign": ("foreign",),
}
_LISTS: tuple[tuple[str, ...], ...] = (
    ("stores",), ("credentials",), ("words",), ("codes",), ("stacks_with",), ("gs1", "offer_codes"),
    ("foreign", "items"), ("valid", "days"), ("valid", "hours"), ("valid", "except"),
)  # fmt: skip


def cautions(promotions: Sequence[Promotion], organisation: Organisation, today: date) -> Iterator[Fault]:
    """All cautions, promotion by promotion."""
    by_id = {one.id: one for one in promotions}
    groups = {store.id: store.groups for store in organisation.stores}
    for i, one in enumerate(promotions):
        found = [fault for rule in _RULES for fault in rule(one)]
        found += [*_over(one, today), *_covered(one, groups), *_shares(one, organisation), *_stacking(one, by_id)]
        yield from (below(i, fault) for fault in found)


# --- lists -------------------------------------------------------------------------------------


def _repeats(one: Promotion) -> Iterator[Fault]:
    for at in _LISTS:
        seen: set[Hashable] = set()
        for k, item in enumerate(_list(one, at)):
            same = _same(at[-1], item)
            if same in seen:
                shown = item if len(str(item)) <= 40 else f"{str(item)[:40]}…"
                yield Fault((*at, k), f"{shown} stands here twice.")
            seen.add(same)


def _list(one: Promotion, at: tuple[str, ...]) -> Sequence[Hashable]:
    inner: object = one
    for step in at:
        inner = getattr(inner, "except_" if step == "except" else step, None)
    return inner if isinstance(inner, tuple) else ()


def _same(name: str, item: Hashable) -> Hashable:
    if name == "words":
        return fold_word(fold(str(item)))
    return fold(str(item)) if name == "codes" else item


def _short_words(one: Promotion) -> Iterator[Fault]:
    for k, word in enumerate(one.words):
        count = len(fold(word))
        if count < SHORTEST_WORD:
            characters = "one character" if count == 1 else f"{count} characters"
            yield Fault(("words", k), f"{word!r} has only {characters}: a slip of the finger can hit it.")


def _read_by_no_kind(one: Promotion) -> Iterator[Fault]:
    for name, kinds in _READ_BY.items():
        if getattr(one, name) and not set(kinds) & set(one.credentials):
            cure = f"Add {kinds[0]} to credentials, if it shall count."
            yield Fault((name,), f"It takes no kind of credential that reads {name}.", cure)


# --- when --------------------------------------------------------------------------------------


def _over(one: Promotion, today: date) -> Iterator[Fault]:
    if one.valid.until < today - timedelta(days=1):
        also = " and paused" if one.paused else ""
        yield Fault(("valid", "until"), f"It is over{also} since {one.valid.until}.")


def _days_that_never_fall(one: Promotion) -> Iterator[Fault]:
    valid = one.valid
    length = (valid.until - valid.from_).days + 1
    falling = {(valid.from_ + timedelta(days=k)).weekday() for k in range(min(length, 7))}
    for k, name in enumerate(valid.days):
        if DAY_NAMES.index(name) not in falling:
            yield Fault(("valid", "days", k), f"There is no {name} from {valid.from_} until {valid.until}.")


def _needless_exceptions(one: Promotion) -> Iterator[Fault]:
    valid = one.valid
    for k, day in enumerate(valid.except_):
        name = DAY_NAMES[day.weekday()]
        if not valid.from_ <= day <= valid.until:
            yield Fault(("valid", "except", k), f"{day} lies outside of {valid.from_} until {valid.until}.")
        elif valid.days and name not in valid.days:
            yield Fault(("valid", "except", k), f"{day} is a {name}, on which it does not run anyway.")


def _overlapping_hours(one: Promotion) -> Iterator[Fault]:
    before: dict[str, Span] = {}
    for k, text in enumerate(one.valid.hours):
        if text in before:
            continue  # the same twice is told already
        span = parse_hours(text)
        other = next((name for name, earlier in before.items() if _overlap(earlier, span)), None)
        if other is not None:
            yield Fault(("valid", "hours", k), f"{text} overlaps {other}.")
        before[text] = span


def _overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a minute; one that passes midnight reaches into the next day's."""
    return any(
        max(one.start_min, other.start_min + shift) < min(one.end_min, other.end_min + shift)
        for shift in (-DAY_MINUTES, 0, DAY_MINUTES)
    )


def _dates_shown(one: Promotion) -> Iterator[Fault]:
    text = one.screen.dates_shown if one.screen is not None else None
    if text is None:
        return
    at, valid = ("screen", "dates_shown"), one.valid
    read = next(iter(spans(text)), None)
    if read is None:
        yield Fault(at, "No dates can be read in this: screens are compared by its letters.",
                    'Write it as posted, such as "Nov 1 - Nov 30".')  # fmt: skip
        return
    first, last = ((day.month, day.day) for day in (valid.from_, valid.until))
    years = frozenset({valid.from_.year, valid.until.year})
    if ShownSpan(frozenset({first}), frozenset({last}), years=years).contradicts(read):
        yield Fault(at, f"It runs from {valid.from_} until {valid.until}, but a customer sees {text!r}.")


# --- where -------------------------------------------------------------------------------------


def _covered(one: Promotion, groups: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """Entries that another entry covers: a store beside its group, a counter beside its store."""
    named = set(one.stores or ())
    for k, name in enumerate(one.stores or ()):
        store_id = name.partition("/")[0]
        wider = [*([store_id] if store_id != name else ()), *groups.get(store_id, ())]
        covering = next((other for other in wider if other in named), None)
        if covering is not None:
            yield Fault(("stores", k), f"{name} is in {covering}, which is named too.")


def _shares(one: Promotion, organisation: Organisation) -> Iterator[Fault]:
    limits = one.limits
    store_ids = {name.partition("/")[0] for name in one.stores} if one.stores is not None else None
    count = len(organisation.stores_named(store_ids))
    if limits.total is not None and limits.per_store is not None and count and limits.per_store * count < limits.total:
        stores = "the one store" if count == 1 else f"{count} stores"
        what = f"The total of {limits.total} can never be reached: {limits.per_store} in {stores} are"
        yield Fault(("limits", "total"), f"{what} {limits.per_store * count}.")
    if _above(limits.per_clerk_day, limits.per_store_day):
        what = f"per_clerk_day {limits.per_clerk_day} is above per_store_day {limits.per_store_day}"
        yield Fault(("limits", "per_clerk_day"), f"{what}: only a clerk who works in several stores can reach it.")


def _above(count: int | None, cap: int | None) -> bool:
    return count is not None and cap is not None and count > cap


# --- how often, and what it is worth -----------------------------------------------------------


def _shared_codes(one: Promotion) -> Iterator[Fault]:
    if one.limits.per_code is not None and not USED_ONCE & set(one.credentials):
        what = (
            "Code words and screens are shared by many, and a step of a rotating code is used once: this limits none."
        )
        yield Fault(("limits", "per_code"), what, "To limit each customer, write per_customer.")


def _without_a_currency(one: Promotion) -> Iterator[Fault]:
    if currency_of(one) is None:
        for at, amount in given_amounts(one):
            cure = "Add currency: USD, or whichever it is, to value." if one.value is not None else ADD_VALUE
            yield Fault(at, f"Nothing says in which currency {amount} is: it is read with two decimals.", cure)


def _amounts(one: Promotion) -> Iterator[Fault]:
    worth, value = worth_minor(one), one.value
    budget, risk = minor_of(one, one.limits.budget), minor_of(one, one.offline.risk) if one.offline else None
    largest = minor_of(one, one.basket.max) if one.basket else None
    most = minor_of(one, value.at_most) if value else None
    dearest = worth if worth is not None else most
    if budget and dearest and one.limits.total and one.limits.total * dearest < budget:
        what = f"{one.limits.total} times {money(one, dearest)} is {money(one, one.limits.total * dearest)}"
        yield Fault(("limits", "budget"), f"The budget can never be reached: {what} at most.")
    if risk and budget and risk > budget:
        yield Fault(("offline", "risk"), f"The risk is above the whole budget of {money(one, budget)}.")
    if worth and largest and worth > largest:
        yield Fault(("basket", "max"), f"No basket is as large as what it takes off, {money(one, worth)}.")
    for at, cap in (
        (("limits", "budget"), budget),
        (("stack_cap",), minor_of(one, one.stack_cap)),
        *((("evidence", kind), minor_of(one, amount)) for kind, amount in one.evidence.items()),
    ):
        if most and cap and most > cap:
            yield Fault(at, f"A large basket takes off up to {money(one, most)}: more than this allows.")


def _vouchers_by_face(one: Promotion) -> Iterator[Fault]:
    worth, cap = worth_minor(one), minor_of(one, one.evidence.get("voucher"))
    if worth and cap and worth > cap:
        what = f"Each redemption is {money(one, worth)}: only vouchers with a smaller face value pass."
        yield Fault(("evidence", "voucher"), what)


def _percentage(one: Promotion) -> Iterator[Fault]:
    if one.value is None or one.value.percent is None:
        return
    read = [name for name, given in (
        ("budget", one.limits.budget), ("evidence", one.evidence), ("stack_cap", one.stack_cap),
        ("floor", one.offline and one.offline.floor),
    ) if given]  # fmt: skip
    if read:
        what = "What a percentage is worth is known only where the sale's amount is given at the counter"
        yield Fault(("value", "percent"), f"{what}: else {', '.join(read)} cannot be checked.")


def _policy_for_nothing(one: Promotion) -> Iterator[Fault]:
    if one.offline is not None and not USED_ONCE & set(one.credentials):
        what = (
            "An offline policy is about vouchers and listed codes, and it takes neither: only its limits count offline."
        )
        yield Fault(("offline", "policy"), what)


# --- stacking ----------------------------------------------------------------------------------


def _stacking(one: Promotion, by_id: dict[str, Promotion]) -> Iterator[Fault]:
    if one.stack_cap is not None and not one.stacks_with:
        yield Fault(
            ("stack_cap",), "It stacks with nothing, so there is nothing to cap.", "Name others in stacks_with."
        )
    for k, name in enumerate(one.stacks_with):
        at: Steps = ("stacks_with", k)
        other = by_id.get(name)
        if name == one.id:
            yield Fault(at, "It names itself: one sale may take it more than once.")
        elif other is not None:
            if one.id not in other.stacks_with:
                what = f"{name} does not name {one.id}: in the other order, {name} second, it is refused."
                yield Fault(at, what, f"Add {one.id} to the stacks_with of {name}, if either order is meant.")
            yield from _too_dear_together(one, other, at)


def _too_dear_together(one: Promotion, other: Promotion, at: Steps) -> Iterator[Fault]:
    mine, theirs, cap = worth_minor(one), worth_minor(other), minor_of(one, one.stack_cap)
    if mine is None or theirs is None or not cap or mine > cap or currency_of(one) != currency_of(other):
        return
    if mine + theirs > cap:
        what = f"With {other.id} a sale takes off {money(one, mine + theirs)}, above the stack_cap of {money(one, cap)}"
        yield Fault(at, f"{what}: the two never stack.")


_RULES: tuple[Callable[[Promotion], Iterator[Fault]], ...] = (
    _repeats, _short_words, _read_by_no_kind, _days_that_never_fall, _needless_exceptions, _overlapping_hours,
    _dates_shown, _shared_codes, _without_a_currency, _amounts, _vouchers_by_face, _percentage, _policy_for_nothing,
)  # fmt: skip
