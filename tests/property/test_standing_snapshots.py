"""A standing that was frozen somewhere and folded on answers every question as the fold of everything does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.entry import FeedId
from kiosk.core.fact import Redemption, UseSeen
from kiosk.core.freezing import differing
from kiosk.core.packed import LEAST, MOST
from kiosk.core.settled import nothing
from kiosk.core.standing import Standing
from tests.property.test_standing_order import CODES, COUNTERS, OWN, PROMOTIONS, Told, folded, histories

HOLDERS = [None, b"", bytes(16), b"h" * 16]
CLERKS = ["ana", "bo", ""]
TIMES_MS = st.sampled_from([LEAST, -1, 0, 1, 2, 3, 4, 5, MOST])
PEERS: list[dict[str, int] | None] = [None, {"pier-9/counter-1@1": 3}]


@st.composite
def full_histories(draw: st.DrawFn) -> list[Told]:
    """Histories whose redemptions have amounts, clerks, customers and times out to the ends of what fits."""
    return [(feed, n, _enriched(draw, fact)) for feed, n, fact in draw(histories())]


def _enriched(draw: st.DrawFn, fact: Any) -> Any:
    changes: dict[str, Any] = {"amount_minor": draw(st.sampled_from([None, 0, 7, MOST, LEAST]))}
    changes["holder"] = draw(st.sampled_from(HOLDERS))
    changes["clerk"] = draw(st.sampled_from(CLERKS))
    if isinstance(fact, Redemption):
        intent = draw(st.sampled_from([fact.intent, b"i" * 16]))
        return replace(fact, at_ms=draw(TIMES_MS), intent=intent, peers=draw(st.sampled_from(PEERS)), **changes)
    return replace(fact, used_at_ms=draw(TIMES_MS), **changes) if isinstance(fact, UseSeen) else fact


def answers(standing: Standing) -> dict[str, Any]:
    """Everything that a standing can be asked, asked."""
    spent = [(promotion, code) for promotion in [*PROMOTIONS, "nothing"] for code in [*CODES, b"short"]]
    names = [(feed, n) for feed in [*COUNTERS, FeedId("not/known", 1)] for n in range(8)]
    intents = {fact.intent for fact in standing.redemptions()} | {b"i" * 16, b"none", b"n" * 16}
    return {
        "uses": [standing.uses(*one) for one in spent],
        "live_uses": [standing.live_uses(*one) for one in spent],
        "tallies": {promotion: figures(standing, promotion) for promotion in [*PROMOTIONS, "nothing"]},
        "intents": {intent: standing.redemption_of(intent) for intent in intents},
        "redemption": [standing.redemption(*one) for one in names],
        "redemptions": sorted(map(repr, standing.redemptions())),
        "since": [standing.redemptions_since(feed, ms) for feed in COUNTERS for ms in (LEAST, 0, 2, 4, MOST)],
        "void": [standing.is_void(*one) for one in names],
        "unanswered": [standing.unanswered(feed) for feed in COUNTERS],
        "receipted": [standing.receipted_n(feed) for feed in COUNTERS],
        "waiting": [standing.waiting(feed) for feed in COUNTERS],
        "asked": {intent: standing.asked_n(intent) for intent in intents},
        "denied": [standing.denied(n) for n in range(8)],
        "accounts": standing.accounts.frozen(),
        "revoked": standing.revoked,
        "floor": standing.bundle_floor,
    }


def figures(standing: Standing, promotion: str) -> list[int]:
    """Everything that a tally can be asked, asked."""
    tally, times_ms = standing.tally(promotion), (LEAST - 1, LEAST, 0, 1, 3, MOST, MOST + 1)
    return [
        tally.live,
        tally.spent_minor,
        *(tally.at_store(store) for store in ("bayside", "pier-9", "elsewhere", "none")),
        *(tally.at_store_between("bayside", ms, until) for ms in times_ms for until in times_ms if ms <= until),
        *(tally.by_clerk_between(clerk, ms, MOST) for clerk in CLERKS for ms in times_ms),
        *(tally.by_holder(one or b"", voided_too=voided) for one in HOLDERS for voided in (True, False)),
    ]


def interleaved(history: list[Told], data: st.DataObject) -> list[Told]:
    """The feeds mixed, each in its own order, as any journal holds it: what is small is folded from that."""
    turns = data.draw(st.permutations([feed for feed, _, _ in history]))
    waiting = {feed: iter([told for told in history if told[0] == feed]) for feed in turns}
    return [next(waiting[feed]) for feed in turns]


@settings(max_examples=120, deadline=None)
@given(full_histories(), st.data())
def test_frozen_anywhere_and_folded_on_it_answers_as_the_whole_does(history: list[Told], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=4)) if history else []
    shuffled = data.draw(st.permutations(history + again))
    standing = Standing(OWN)
    for feed, n, fact in shuffled:
        if data.draw(st.integers(0, 4)) == 0:
            standing = Standing.on(standing.frozen().settled(), OWN)
        standing.apply(feed, n, fact)
    assert answers(standing) == answers(folded(history))
    assert answers(Standing.on(standing.frozen().settled(), OWN)) == answers(folded(history))


@settings(max_examples=70, deadline=None)
@given(full_histories(), st.data())
def test_frozen_over_the_same_entries_it_is_the_same_to_the_byte(history: list[Told], data: st.DataObject) -> None:
    one = folded(history).frozen().settled()
    shuffled = interleaved(history, data)
    cut = data.draw(st.integers(0, len(shuffled)))
    other = Standing.on(nothing(one.names), OWN)
    for feed, n, fact in shuffled[:cut]:
        other.apply(feed, n, fact)
    other = Standing.on(other.frozen().settled(), OWN)
    for feed, n, fact in shuffled[cut:]:
        other.apply(feed, n, fact)
    assert differing(one, other.frozen().settled()) == []


@settings(max_examples=40, deadline=None)
@given(full_histories(), st.data())
def test_an_entry_that_is_missing_makes_a_difference_wherever_it_says_something(
    history: list[Told], data: st.DataObject
) -> None:
    if not history:
        return
    whole = folded(history)
    lacking = list(history)
    del lacking[data.draw(st.integers(0, len(history) - 1))]
    settled = whole.frozen().settled()
    other = Standing.on(nothing(settled.names), OWN)
    for feed, n, fact in lacking:
        other.apply(feed, n, fact)
    says_the_same = answers(other) == answers(whole)
    assert says_the_same or differing(settled, other.frozen().settled())
