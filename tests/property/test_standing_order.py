"""A standing is the same whatever order its entries come in, and however often."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.entry import FeedId
from kiosk.core.fact import (
    Answered,
    Asked,
    BundleInstalled,
    Denied,
    Fact,
    Granted,
    Receipt,
    Redemption,
    Returned,
    Revoked,
    Spent,
    Transferred,
    UseSeen,
    Void,
)
from kiosk.core.standing import Standing

OWN = FeedId("bayside/counter-1", 1)
COUNTERS = [OWN, FeedId("bayside/counter-2", 1), FeedId("pier-9/counter-1", 1)]
HEAD_OFFICE = [FeedId("head-office", 1), FeedId("head-office", 2)]
CODES = [bytes([n] * 16) for n in range(3)]
PROMOTIONS = ["tacos", "burger"]

Told = tuple[FeedId, int, Fact]


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """Some counters' feeds, and head office telling of parts of them (and of what those do not hold)."""
    entries: list[Told] = []
    for feed in COUNTERS:
        entries += [(feed, n, draw(facts_of(feed, n))) for n in range(1, draw(st.integers(0, 6)) + 1)]
    redeemed = [(feed, n, fact) for feed, n, fact in entries if isinstance(fact, Redemption)]
    for teller in HEAD_OFFICE:
        entries += [(teller, n, draw(told_by_head_office(redeemed))) for n in range(1, draw(st.integers(0, 4)) + 1)]
    return entries


@st.composite
def facts_of(draw: st.DrawFn, feed: FeedId, n: int) -> Fact:
    kind = draw(st.sampled_from(["redemption", "redemption", "redemption", "void", "answered", "installed", "rights"]))
    if kind == "void":
        target = draw(st.sampled_from(COUNTERS))
        return Void(at_ms=n, feed=str(target), n=draw(st.integers(1, 6)), clerk="ana", reason="returned")
    if kind == "answered":
        return Answered(at_ms=n, n=draw(st.integers(1, 6)), clerk="ana")
    if kind == "installed":
        return BundleInstalled(at_ms=n, version=draw(st.integers(1, 9)), manifest_hash=bytes(32))
    if kind == "rights":
        facts: list[Fact] = [
            Returned(at_ms=n, right=1, promotion="tacos", granted_by=1, amount=1),
            Transferred(at_ms=n, to=str(draw(st.sampled_from(COUNTERS))), right=1, promotion="tacos", granted_by=1,
                        amount=1),
            Asked(at_ms=n, intent=f"{feed}{n}".encode()[-16:], promotion="tacos", credential=CODES[0]),
        ]  # fmt: skip
        return draw(st.sampled_from(facts))
    return Redemption(
        at_ms=draw(st.integers(0, 5)), intent=f"{feed}{n}".encode()[-16:], promotion=draw(st.sampled_from(PROMOTIONS)),
        credential=draw(st.sampled_from(CODES)), credential_kind="listed", store=feed.origin.split("/")[0], clerk="ana",
        bundle_version=1, head_office_n=0, spent=draw(st.sampled_from([None, (Spent(1, 1, 1),)])),
    )  # fmt: skip


@st.composite
def told_by_head_office(draw: st.DrawFn, redeemed: list[tuple[FeedId, int, Redemption]]) -> Fact:
    if draw(st.integers(0, 3)) == 0:
        counter = str(draw(st.sampled_from(COUNTERS)))
        facts: list[Fact] = [
            Granted(at_ms=1, feed=counter, right=1, promotion="tacos", amount=2),
            Denied(at_ms=1, feed=counter, n=draw(st.integers(1, 6)), why="used-elsewhere"),
            Revoked(at_ms=1, feed=counter, n=draw(st.integers(1, 6)), why="stolen"),
        ]  # fmt: skip
        return draw(st.sampled_from(facts))
    if draw(st.booleans()):
        return Receipt(at_ms=1, feed=str(draw(st.sampled_from(COUNTERS))), n=draw(st.integers(1, 6)), head=bytes(32))
    known = bool(redeemed) and draw(st.booleans())
    if known:
        feed, n, fact = draw(st.sampled_from(redeemed))
        promotion, credential, store, used_at_ms = fact.promotion, fact.credential, fact.store, fact.at_ms
    else:
        feed, n = draw(st.sampled_from(COUNTERS)), draw(st.integers(1, 6))
        promotion, credential = draw(st.sampled_from(PROMOTIONS)), draw(st.sampled_from(CODES))
        store, used_at_ms = "elsewhere", draw(st.integers(0, 5))
    return UseSeen(
        at_ms=1, feed=str(feed), n=n, promotion=promotion, credential=credential, store=store, used_at_ms=used_at_ms,
        void=draw(st.booleans()),
    )  # fmt: skip


def folded(entries: list[Told]) -> Standing:
    standing = Standing(OWN)
    for feed, n, fact in entries:
        standing.apply(feed, n, fact)
    return standing


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_any_order_and_any_repetition_lead_to_the_same_standing(entries: list[Told], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(entries), max_size=5)) if entries else []
    shuffled = data.draw(st.permutations(entries + again))
    assert folded(shuffled) == folded(entries)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_totals_and_uses_agree_with_a_count_by_hand(entries: list[Told]) -> None:
    standing = folded(entries)
    spent: set[tuple[FeedId, int, str, bytes]] = set()
    voided: set[tuple[FeedId, int]] = set()
    for feed, n, fact in entries:
        if isinstance(fact, Redemption):
            spent.add((feed, n, fact.promotion, fact.credential))
        elif isinstance(fact, UseSeen):
            spent.add((FeedId.parse(fact.feed), fact.n, fact.promotion, fact.credential))
        by_its_own = isinstance(fact, Void) and fact.feed == str(feed)
        if by_its_own or (isinstance(fact, UseSeen) and fact.void):
            assert isinstance(fact, Void | UseSeen)
            voided.add((FeedId.parse(fact.feed), fact.n))
    live = {one for one in spent if one[:2] not in voided}
    listed = [
        (use.feed, use.n, promotion, code)
        for promotion in PROMOTIONS
        for code in CODES
        for use in standing.live_uses(promotion, code)
    ]
    assert sorted(listed) == sorted(live)
    for promotion in PROMOTIONS:
        assert standing.tally(promotion).live == sum(one[2] == promotion for one in live)
