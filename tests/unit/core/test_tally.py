from dataclasses import replace
from typing import Any

from kiosk.core.fact import Void
from kiosk.core.standing import Standing
from kiosk.core.tally import EMPTY, Tally, Use
from tests.core_world import HEAD_OFFICE, OWN, redemption, use_seen
from tests.rules_world import HOLDER, OTHER_HOLDER

DAY_MS = 24 * 60 * 60 * 1000


def use(n: int = 1, *, at_ms: int = 1000, store: str = "bayside", clerk: str = "ana", **changes: Any) -> Use:
    return Use(at_ms, OWN, n, store, clerk)._replace(**changes)


def counts(tally: Tally) -> tuple[int, int, int, int, int]:
    return (
        tally.live,
        tally.spent_minor,
        tally.at_store("bayside"),
        tally.by_clerk_between("ana", 0, DAY_MS),
        tally.by_holder(HOLDER, voided_too=True),
    )


def test_nothing_is_known_of_a_promotion_without_redemptions() -> None:
    assert (counts(EMPTY), EMPTY.is_empty(), Standing().tally("tacos")) == ((0, 0, 0, 0, 0), True, EMPTY)


def test_what_is_added_is_counted_and_taken_away_is_not() -> None:
    tally = Tally()
    first, second = use(1, holder=HOLDER, amount_minor=700), use(2, holder=HOLDER, amount_minor=500)
    tally.add(first, voided=False)
    tally.add(second, voided=False)
    assert counts(tally) == (2, 1200, 2, 2, 2)
    tally.take_away(first, voided=False)
    assert counts(tally) == (1, 500, 1, 1, 1)
    tally.take_away(second, voided=False)
    assert (counts(tally), tally.is_empty()) == ((0, 0, 0, 0, 0), True)
    assert tally == Tally()


def test_of_a_voided_one_the_customer_alone_is_kept() -> None:
    tally = Tally()
    tally.add(use(holder=HOLDER, amount_minor=700), voided=True)
    assert counts(tally) == (0, 0, 0, 0, 1)
    assert tally.by_holder(HOLDER, voided_too=False) == 0
    assert not tally.is_empty()
    tally.take_away(use(holder=HOLDER, amount_minor=700), voided=True)
    assert tally == Tally()


def test_what_is_not_known_of_a_redemption_counts_in_no_figure_that_needs_it() -> None:
    tally = Tally()
    tally.add(use(clerk=""), voided=False)
    tally.add(use(clerk=""), voided=True)
    assert (tally.live, tally.by_clerk_between("", 0, DAY_MS), tally.by_holder(b"", voided_too=True)) == (1, 0, 0)
    tally.take_away(use(clerk=""), voided=False)
    assert tally == Tally()


def test_a_time_between_begins_with_its_first_millisecond_and_ends_before_its_last() -> None:
    tally = Tally()
    for at_ms in (5, 1, 9, 5):
        tally.add(use(at_ms=at_ms), voided=False)
    spans, expected = [(1, 9), (2, 9), (1, 10), (5, 6), (6, 9), (5, 5)], [3, 2, 4, 2, 0, 0]
    assert [tally.at_store_between("bayside", *span) for span in spans] == expected
    assert [tally.by_clerk_between("ana", *span) for span in spans] == expected
    assert tally.at_store_between("pier-9", 0, 10) == 0
    assert tally.by_clerk_between("ben", 0, 10) == 0
    assert tally.at_store("pier-9") == 0


def test_of_two_at_one_moment_one_is_taken_away() -> None:
    tally = Tally()
    tally.add(use(1), voided=False)
    tally.add(use(2), voided=False)
    tally.add(use(3, at_ms=2000), voided=False)
    tally.take_away(use(1), voided=False)
    assert tally.at_store_between("bayside", 0, 1500) == 1
    assert tally.at_store("bayside") == 2


# --- as a standing keeps them --------------------------------------------------------------------


def void(n: int) -> Void:
    return Void(at_ms=2, feed=str(OWN), n=n, clerk="ana", reason="returned")


def test_what_its_own_feed_says_of_a_voided_redemption_replaces_what_head_office_told() -> None:
    told, own = redemption(holder=HOLDER), redemption(holder=OTHER_HOLDER)
    seen = use_seen(OWN, 1, told, void=True)
    standing = Standing(OWN)
    standing.apply(HEAD_OFFICE, 1, replace(seen, holder=HOLDER))
    assert standing.tally("tacos").by_holder(HOLDER, voided_too=True) == 1
    standing.apply(OWN, 1, own)
    tally = standing.tally("tacos")
    assert (tally.by_holder(HOLDER, voided_too=True), tally.by_holder(OTHER_HOLDER, voided_too=True)) == (0, 1)
    assert (tally.by_holder(OTHER_HOLDER, voided_too=False), tally.live) == (0, 0)


def test_what_head_office_tells_of_a_redemption_counts_with_its_clerk_customer_and_amount() -> None:
    seen = use_seen(OWN, 1, redemption(at_ms=1000))
    standing = Standing()
    standing.apply(HEAD_OFFICE, 1, replace(seen, clerk="ana", holder=HOLDER, amount_minor=700))
    assert counts(standing.tally("tacos")) == (1, 700, 1, 1, 1)
    standing = Standing()
    standing.apply(HEAD_OFFICE, 1, seen)
    assert counts(standing.tally("tacos")) == (1, 0, 1, 0, 0)
    assert standing.live_uses("tacos", seen.credential) == [Use(1000, OWN, 1, "bayside")]


def test_a_voided_redemption_of_nobody_known_leaves_nothing_behind() -> None:
    standing = Standing(OWN)
    standing.apply(HEAD_OFFICE, 1, use_seen(OWN, 1, redemption(), void=True))
    assert standing.tally("tacos") is EMPTY
    standing.apply(OWN, 1, redemption())
    assert standing.tally("tacos") is EMPTY


def test_a_void_that_comes_twice_takes_away_once() -> None:
    standing = Standing(OWN)
    standing.apply(OWN, 1, redemption(1, amount_minor=500, holder=HOLDER))
    standing.apply(OWN, 2, redemption(2, amount_minor=700, holder=HOLDER))
    for n in (3, 4):
        standing.apply(OWN, n, void(1))
    tally = standing.tally("tacos")
    assert counts(tally)[:3] == (1, 700, 1)
    assert (tally.by_holder(HOLDER, voided_too=False), tally.by_holder(HOLDER, voided_too=True)) == (1, 2)


def test_the_redemptions_written_here_are_those_that_are_not_voided() -> None:
    standing = Standing(OWN)
    kept, gone = redemption(1), redemption(2)
    standing.apply(OWN, 1, kept)
    standing.apply(OWN, 2, gone)
    standing.apply(OWN, 3, void(2))
    assert list(standing.redemptions()) == [kept]
