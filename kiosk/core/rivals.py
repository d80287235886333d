"""What one promotion says against another one of the same file.

Rules of this module:

- A credential that could mean two promotions is refused at the second one; words and listed codes are in
  :func:`kiosk.core.promotion.collisions`.
- Promotions stack by name: a name that is none, or sums in two currencies, is refused where it is written.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence

from kiosk.core.contradictions import Steps, below, currency_of
from kiosk.core.credential import fold
from kiosk.core.organisation import Fault
from kiosk.core.promotion import Promotion, ScreenMarks

_ONE_OF_TWO = "Take it out of one of the two."


def rivals(promotions: Sequence[Promotion], also_known: Collection[str] = ()) -> Iterator[Fault]:
    """Where two promotions cannot be told apart or cannot stack; ``also_known`` are ids of unreadable promotions."""
    yield from _claimed_twice(promotions)
    yield from _foreign(promotions)
    by_id = {one.id: one for one in promotions}
    for i, one in enumerate(promotions):
        yield from (below(i, fault) for fault in _stacking(one, by_id, also_known))


def _claimed_twice(promotions: Sequence[Promotion]) -> Iterator[Fault]:
    first: dict[Hashable, str] = {}
    for i, one in enumerate(promotions):
        for claim, at, what in _claims(one):
            other = first.setdefault(claim, one.id)
            if other != one.id:
                yield below(i, Fault(at, f"{what} of {other!r} too.", _ONE_OF_TWO))


def _claims(one: Promotion) -> Iterator[tuple[Hashable, Steps, str]]:
    """What is one promotion's own: how it is compared, where it stands, and the words for it."""
    if one.rotating is not None:
        yield ("rotating", one.rotating.key), ("rotating", "key"), f"{one.rotating.key!r} is the key"
    for k, offer_code in enumerate(one.gs1.offer_codes if one.gs1 is not None else ()):
        yield ("gs1", offer_code), ("gs1", "offer_codes", k), f"{offer_code!r} is an offer code"
    if one.screen is not None and (one.screen.offer or one.screen.claims):
        yield ("screen", *_marks(one, one.screen)), ("screen",), "All these marks are those"


def _marks(one: Promotion, marks: ScreenMarks) -> tuple[Hashable, ...]:
    claims = frozenset(fold(claim) for claim in marks.claims)
    words = frozenset(fold(word) for word in one.words)
    return fold(marks.offer or ""), fold(one.venue or ""), fold(marks.dates_shown or ""), claims, words


def _foreign(promotions: Sequence[Promotion]) -> Iterator[Fault]:
    """Codes signed with one key for the same items; no items are all of them."""
    seen: dict[tuple[str, bytes], list[tuple[str, frozenset[int]]]] = {}
    for i, one in enumerate(promotions):
        key = None if one.foreign is None else one.foreign.public_key
        if one.foreign is None or key is None:
            continue
        items = frozenset(one.foreign.items)
        before = seen.setdefault((one.foreign.kind, key), [])
        for other, others in before:
            if other != one.id and (not items or not others or items & others):
                at = ("foreign", "items") if items else ("foreign", "key")
                what = f"A code of this key could mean {other!r} too{_shared(items & others)}."
                yield below(i, Fault(at, what, "Give each its own items, or its own key."))
                break
        before.append((one.id, items))


def _shared(items: frozenset[int]) -> str:
    return f": both name item {min(items)}" if items else ": without items it takes them all"


def _stacking(one: Promotion, by_id: dict[str, Promotion], also_known: Collection[str]) -> Iterator[Fault]:
    for k, name in enumerate(one.stacks_with):
        other, at = by_id.get(name), ("stacks_with", k)
        if other is None:
            if name not in also_known:
                yield Fault(at, f"There is no promotion {name!r}.", "Correct the id, or remove it.")
            continue
        mine, theirs = (currency_of(each) for each in (one, other))
        if one.stack_cap is not None and mine and theirs and mine != theirs:
            what = f"{name!r} counts in {theirs}: a stack_cap in {mine} cannot add that up."
            yield Fault(at, what, f"Remove {name} here, or write both in one currency.")
