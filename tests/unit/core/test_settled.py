"""What a standing says when most of it is settled, one question at a time; at random: tests/property."""

from dataclasses import replace
from typing import Any

import pytest

from kiosk.core.entry import FeedId
from kiosk.core.fact import Answered, Fact, Granted, Receipt, Redemption, Spent, Void
from kiosk.core.freezing import differing
from kiosk.core.packed import LEAST, MOST
from kiosk.core.rights import Right, RightKind
from kiosk.core.settled import NOTHING, Settled, nothing
from kiosk.core.standing import Standing
from kiosk.core.tally import EMPTY
from tests.core_world import ELSEWHERE, HEAD_OFFICE, NEIGHBOUR, OWN, redemption, use_seen

HOLDER = b"h" * 16
FIRST = redemption(1, at_ms=10, amount_minor=700, holder=HOLDER, credential=b"1" * 16)
SECOND = redemption(2, at_ms=30, credential=b"2" * 16)
THIRD = redemption(3, at_ms=20, credential=b"3" * 16, store="pier-9")
FOURTH = redemption(4, at_ms=40, amount_minor=5, holder=HOLDER, credential=b"1" * 16)


def on(*entries: tuple[FeedId, int, Fact], before: Standing | None = None) -> Standing:
    """``entries`` folded behind ``before``, and settled."""
    standing = Standing(OWN) if before is None else before
    for feed, n, fact in entries:
        standing.apply(feed, n, fact)
    return Standing.on(standing.frozen().settled(), OWN)


def void(n: int) -> Void:
    return Void(at_ms=9, feed=str(OWN), n=n, clerk="ana", reason="returned")


SETTLED: tuple[tuple[FeedId, int, Fact], ...] = (
    (OWN, 2, FIRST),
    (OWN, 3, SECOND),
    (OWN, 4, Answered(at_ms=1, n=2, clerk="ana")),
    (ELSEWHERE, 5, THIRD),
)


def settled() -> Settled:
    return on(*SETTLED).frozen().settled()


def test_nothing_is_settled_at_first() -> None:
    assert [*NOTHING.uses(("tacos", b"1" * 16)), *NOTHING.told_of((str(OWN), 2))] == []
    assert (NOTHING.redemption((str(OWN), 2)), NOTHING.redemption_of(bytes(16))) == (None, None)
    assert list(NOTHING.redemptions_since(str(OWN), 0)) == []
    assert (NOTHING.to_receipt_above(str(OWN), 0), NOTHING.figures("tacos").at_store("bayside", None, None)) == (0, 0)


def test_settled_uses_are_told_with_those_that_came_since() -> None:
    standing = on(*SETTLED)
    standing.apply(OWN, 6, FOURTH)
    assert [(use.n, use.amount_minor, use.holder) for use in standing.uses("tacos", b"1" * 16)] == [
        (2, 700, HOLDER),
        (6, 5, HOLDER),
    ]
    assert [(use.store, use.clerk, use.at_ms) for use in standing.uses("tacos", b"3" * 16)] == [("pier-9", "ana", 20)]
    assert standing.uses("tacos", b"short") == standing.uses("burger", b"1" * 16) == []


def test_a_settled_use_that_is_told_again_counts_once() -> None:
    standing = on(*SETTLED)
    standing.apply(OWN, 2, FIRST)
    standing.apply(HEAD_OFFICE, 1, use_seen(OWN, 2, FIRST))
    standing.apply(OWN, 4, Answered(at_ms=1, n=2, clerk="ana"))
    assert standing.tally("tacos").live == 3
    assert standing == on(*SETTLED)


def test_what_its_own_feed_says_goes_before_what_was_settled_of_it() -> None:
    standing = on((HEAD_OFFICE, 1, use_seen(OWN, 2, replace(FIRST, store="pier-9", amount_minor=1, holder=None))))
    standing.apply(OWN, 2, FIRST)
    assert [use.store for use in standing.uses("tacos", b"1" * 16)] == ["bayside"]
    tally = standing.tally("tacos")
    figures = (tally.live, tally.spent_minor, tally.at_store("pier-9"), tally.at_store("bayside"))
    assert figures == (1, 700, 0, 1)
    again = on(before=standing)
    tally = again.tally("tacos")
    figures = (tally.live, tally.spent_minor, tally.at_store("pier-9"), tally.at_store("bayside"))
    assert figures == (1, 700, 0, 1)
    assert [use.store for use in again.uses("tacos", b"1" * 16)] == ["bayside"]


@pytest.mark.parametrize("again_settled", [False, True])
def test_a_void_of_a_settled_redemption_undoes_it(again_settled: bool) -> None:
    standing = on(*SETTLED)
    standing.apply(OWN, 6, void(2))
    if again_settled:
        standing = on(before=standing)
    standing.apply(OWN, 7, void(2))
    assert (standing.is_void(OWN, 2), standing.is_void(OWN, 3)) == (True, False)
    assert standing.live_uses("tacos", b"1" * 16) == []
    tally = standing.tally("tacos")
    assert (tally.live, tally.spent_minor, tally.at_store_between("bayside", 0, 20)) == (2, 0, 0)
    assert (tally.by_holder(HOLDER, voided_too=False), tally.by_holder(HOLDER, voided_too=True)) == (0, 1)
    assert [fact.intent for fact in standing.redemptions()] == [SECOND.intent, THIRD.intent]


def test_a_settled_void_undoes_a_redemption_that_comes_after_it() -> None:
    standing = on((OWN, 3, void(2)))
    standing.apply(OWN, 2, FIRST)
    assert standing.tally("tacos").live == 0
    assert standing.unanswered(OWN) == []


def test_a_settled_answer_answers_a_redemption_that_comes_after_it() -> None:
    standing = on((OWN, 3, Answered(at_ms=1, n=2, clerk="ana")))
    standing.apply(OWN, 2, FIRST)
    assert standing.unanswered(OWN) == []


def test_settled_redemptions_are_found_by_number_and_intent() -> None:
    standing = on(*SETTLED)
    assert (standing.redemption(OWN, 2), standing.redemption(OWN, 9)) == (FIRST, None)
    assert standing.redemption_of(SECOND.intent) == (OWN, 3)
    assert standing.redemption_of(b"short") is standing.redemption_of(b"n" * 16) is None
    standing.apply(NEIGHBOUR, 1, SECOND)
    standing.apply(FeedId("a", 1), 1, THIRD)
    assert standing.redemption_of(SECOND.intent) == (OWN, 3)
    assert standing.redemption_of(THIRD.intent) is None  # an intent is its own counter's alone
    standing.apply(FeedId(OWN.origin, 9), 1, THIRD)
    standing.apply(FeedId(OWN.origin, 8), 1, THIRD)
    assert standing.redemption_of(THIRD.intent) == (FeedId(OWN.origin, 8), 1)


def test_redemptions_since_are_told_newest_first_whatever_the_clock_did() -> None:
    facts = [redemption(n, at_ms=at_ms) for n, at_ms in enumerate([50, 10, 60, 20, 70])]
    standing = on(*[(OWN, n, fact) for n, fact in enumerate(facts, start=2)], (NEIGHBOUR, 2, redemption(9, at_ms=60)))
    standing.apply(OWN, 7, redemption(7, at_ms=60))
    standing.apply(OWN, 8, redemption(8, at_ms=59))
    assert [n for n, _ in standing.redemptions_since(OWN, 60)] == [7, 6, 4]
    assert [n for n, _ in standing.redemptions_since(OWN, 61)] == [6]
    assert [n for n, _ in standing.redemptions_since(OWN, 71)] == []
    assert [n for n, _ in standing.redemptions_since(OWN, 0)] == [8, 7, 6, 5, 4, 3, 2]
    assert standing.redemptions_since(ELSEWHERE, 0) == []


def test_what_waits_for_a_receipt_is_counted_across() -> None:
    standing = on(*SETTLED, (OWN, 5, void(3)))
    standing.apply(OWN, 3, SECOND)
    standing.apply(OWN, 6, FOURTH)
    assert standing.waiting(OWN) == 4
    for n, waiting in ((2, 3), (3, 2), (4, 2), (5, 1), (6, 0)):
        standing.apply(HEAD_OFFICE, n, Receipt(at_ms=1, feed=str(OWN), n=n, head=bytes(32)))
        assert (standing.waiting(OWN), on(before=standing).waiting(OWN)) == (waiting, waiting)


def test_rights_are_settled_and_come_back_once() -> None:
    spent = replace(FIRST, spent=(Spent(RightKind.TOTAL, 1, 1),))
    standing = on(
        (HEAD_OFFICE, 1, Granted(at_ms=1, feed=str(OWN), right=1, promotion="tacos", amount=2)), (OWN, 2, spent)
    )
    right = Right(RightKind.TOTAL, "tacos")
    assert standing.accounts.balance(right) == 1
    standing.apply(OWN, 2, spent)
    standing.apply(OWN, 3, void(2))
    standing.apply(OWN, 4, void(2))
    assert (standing.accounts.balance(right), on(before=standing).accounts.balance(right)) == (2, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"credential": b"short"},
        {"intent": b"i" * 17},
        {"holder": b"h"},
        {"at_ms": MOST + 1},
        {"at_ms": LEAST - 1},
        {"amount_minor": MOST + 1},
    ],
)
def test_a_redemption_that_no_counter_writes_is_ignored(changes: dict[str, Any]) -> None:
    fact: Redemption = replace(FIRST, spent=(Spent(RightKind.TOTAL, 1, 1),), **changes)
    told = replace(use_seen(ELSEWHERE, 2, fact), amount_minor=fact.amount_minor, holder=fact.holder)
    standing = Standing(OWN)
    standing.apply(OWN, 2, fact)
    if "intent" not in changes:
        standing.apply(HEAD_OFFICE, 1, told)
    assert standing == Standing(OWN)


def test_a_name_that_no_entry_has_is_ignored() -> None:
    standing = Standing(OWN)
    for n in (-1, MOST + 1):
        standing.apply(HEAD_OFFICE, 1, use_seen(ELSEWHERE, n, FIRST))
        standing.apply(OWN, 2, Answered(at_ms=1, n=n, clerk="ana"))
        standing.apply(HEAD_OFFICE, 2, use_seen(ELSEWHERE, n, FIRST, void=True))
        standing.apply(OWN, 3, void(n))
    assert standing.tally("tacos") == EMPTY
    assert not standing.is_void(OWN, MOST + 1)
    assert on(before=standing).tally("tacos").live == 0


def test_names_are_added_behind_those_that_there_are_and_in_no_other_way() -> None:
    one = settled()
    more = one.renamed([*one.names, "more"])
    assert more is not None
    assert (more.number("more"), list(more.uses(("tacos", b"1" * 16)))) == (
        len(one.names),
        list(one.uses(("tacos", b"1" * 16))),
    )
    assert one.renamed([*one.names[1:], "more"]) is one.renamed(one.names[:-1]) is None


def test_another_life_of_a_counter_knows_the_uses_and_has_nothing_of_its_own() -> None:
    granted = Granted(at_ms=1, feed=str(OWN), right=1, promotion="tacos", amount=2)
    before = on((HEAD_OFFICE, 1, granted), *SETTLED).frozen().settled()
    life = Standing.on(before.of_another_life(), replace(OWN, incarnation=2))
    assert len(life.uses("tacos", b"1" * 16)) == 1
    assert (life.bundle_floor, life.accounts.frozen(), life.redemption(OWN, 2)) == (0, [], FIRST)


# --- figures ---------------------------------------------------------------------------------------


def test_settled_instants_are_counted_in_any_time() -> None:
    figures = settled().figures("tacos")
    cases = [(None, None, 2), (10, 31, 2), (11, 30, 0), (LEAST - 1, MOST + 1, 2), (MOST + 1, None, 0), (None, 30, 1)]
    assert [figures.at_store("bayside", from_ms, until_ms) for from_ms, until_ms, _ in cases] == [n for *_, n in cases]
    assert (figures.by_clerk("ana", 0, 100), figures.by_clerk("bo", 0, 100)) == (3, 0)
    assert settled().figures("burger").at_store("bayside", None, None) == 0


def test_settled_customers_are_counted() -> None:
    figures = settled().figures("tacos")
    assert (figures.by_holder(HOLDER), figures.by_holder(b""), figures.by_holder(b"n" * 16)) == ((1, 0), (0, 0), (0, 0))
    assert settled().figures("burger").by_holder(HOLDER) == (0, 0)


# --- compared --------------------------------------------------------------------------------------


def test_the_same_in_another_order_does_not_differ() -> None:
    one = settled()
    other = Standing.on(nothing(one.names), OWN)
    for feed, n, fact in reversed(SETTLED):
        other.apply(feed, n, fact)
    assert differing(one, other.frozen().settled()) == []


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        (0, {"told", "told_by_name", "intents", "to_receipt", "by_store", "by_clerk", "by_holder", "written", "small"}),
        (2, {"answered", "small"}),
    ],
)
def test_what_differs_is_named(lacking: int, said: set[str]) -> None:
    one = settled()
    other = Standing.on(nothing(one.names), OWN)
    for i, (feed, n, fact) in enumerate(SETTLED):
        if i != lacking:
            other.apply(feed, n, fact)
    assert set(differing(one, other.frozen().settled())) == said


def test_another_body_under_the_same_number_differs() -> None:
    one = settled()
    other = Standing.on(nothing(one.names), OWN)
    for feed, n, fact in (*SETTLED[:3], (ELSEWHERE, 5, replace(THIRD, currency="USD"))):
        other.apply(feed, n, fact)
    assert differing(one, other.frozen().settled()) == ["written"]
