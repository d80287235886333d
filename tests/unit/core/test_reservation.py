"""Two counters that want the same voucher at once: one of them gets it, never both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from kiosk.core.entry import FeedId
from kiosk.core.reservation import BUSY, MOST_KEPT, TTL_S, USED, WON_TTL_S, YES, Answer, Reply, Reservations

A, B, C = (FeedId(f"bayside/{name}", 1) for name in ("a", "b", "c"))
SPENT = ("tacos", b"d" * 16)


def held(by: FeedId) -> Reply:
    return Reply(Answer.RESERVED, by)


def intent(of: FeedId) -> bytes:
    return str(of).encode().ljust(16)


def begun(own: FeedId) -> Reservations:
    table = Reservations(own)
    assert table.begin(SPENT, intent(own), 0.0) == YES
    return table


def test_with_no_neighbour_that_answers_it_is_redeemed() -> None:
    assert begun(A).end(SPENT, intent(A), {}, 0.3) == YES


def test_use_known_at_a_neighbour_is_a_no() -> None:
    table = begun(A)
    reply = Reservations(B).ask(SPENT, A, intent(A), used=True, now_s=0.0)
    assert reply == USED
    assert table.end(SPENT, intent(A), {B: reply, C: YES}, 0.1) == USED
    assert table.begin(SPENT, intent(A), 0.2) == YES  # and nothing is left of it


def test_smaller_feed_says_no_to_the_greater_one_and_goes_on() -> None:
    a, b = begun(A), begun(B)
    to_b = a.ask(SPENT, B, intent(B), used=False, now_s=0.0)
    to_a = b.ask(SPENT, A, intent(A), used=False, now_s=0.0)
    assert (to_b, to_a) == (held(A), YES)
    assert a.end(SPENT, intent(A), {B: to_a}, 0.1) == YES
    assert b.end(SPENT, intent(B), {A: to_b}, 0.1) == held(A)


def test_greater_feed_that_has_won_yields_no_more() -> None:
    b = begun(B)
    assert b.end(SPENT, intent(B), {}, 0.1) == YES
    assert b.ask(SPENT, A, intent(A), used=False, now_s=0.2) == held(B)


def test_neighbour_that_keeps_it_for_a_third_says_for_whom() -> None:
    c = Reservations(C)
    assert c.ask(SPENT, B, intent(B), used=False, now_s=0.0) == YES
    assert c.ask(SPENT, A, intent(A), used=False, now_s=0.0) == held(B)
    assert begun(A).end(SPENT, intent(A), {C: held(B)}, 0.1) == held(B)  # B is silent: it may have it


def test_no_on_behalf_of_one_who_yielded_counts_for_nothing() -> None:
    assert begun(A).end(SPENT, intent(A), {B: YES, C: held(B)}, 0.1) == YES


def test_no_on_behalf_of_one_who_says_no_counts() -> None:
    assert begun(B).end(SPENT, intent(B), {C: held(A), A: held(A)}, 0.1) == held(A)


def test_same_question_again_gets_the_same_answer_and_another_intent_a_no() -> None:
    b = Reservations(B)
    assert b.ask(SPENT, A, intent(A), used=False, now_s=0.0) == YES
    assert b.ask(SPENT, A, intent(A), used=False, now_s=1.0) == YES
    assert b.ask(SPENT, A, b"2" * 16, used=False, now_s=1.0) == held(A)


def test_other_credentials_are_no_matter() -> None:
    b = begun(B)
    assert b.ask(("pie", SPENT[1]), C, intent(C), used=False, now_s=0.0) == YES
    assert b.ask((SPENT[0], b"e" * 16), C, intent(C), used=False, now_s=0.0) == YES


def test_reservation_for_another_is_over_after_its_time() -> None:
    b = Reservations(B)
    b.ask(SPENT, A, intent(A), used=False, now_s=0.0)
    assert b.begin(SPENT, intent(B), TTL_S - 0.001) == held(A)
    assert b.begin(SPENT, intent(B), TTL_S) == YES


def test_round_that_took_longer_than_the_reservation_redeems_nothing() -> None:
    assert begun(A).end(SPENT, intent(A), {B: YES}, TTL_S - 0.001) == YES
    assert begun(A).end(SPENT, intent(A), {B: YES}, TTL_S) == BUSY


def test_what_was_won_is_kept_until_its_use_must_be_known() -> None:
    a = begun(A)
    a.end(SPENT, intent(A), {}, 0.0)
    assert a.ask(SPENT, B, intent(B), used=False, now_s=WON_TTL_S - 0.001) == held(A)
    assert a.ask(SPENT, B, intent(B), used=False, now_s=WON_TTL_S) == YES


def test_second_intent_of_the_same_counter_takes_the_place_of_the_first() -> None:
    a = begun(A)
    assert a.begin(SPENT, b"2" * 16, 0.1) == YES
    assert a.end(SPENT, intent(A), {}, 0.2) == held(A)
    assert a.end(SPENT, b"2" * 16, {}, 0.2) == YES


def test_neighbour_that_reserves_everything_fills_no_memory() -> None:
    b = Reservations(B)
    for n in range(MOST_KEPT):
        assert b.ask(("tacos", n.to_bytes(16, "big")), A, intent(A), used=False, now_s=0.0) == YES
    assert b.ask(SPENT, A, intent(A), used=False, now_s=1.0) == BUSY
    assert b.ask(("tacos", bytes(16)), A, intent(A), used=False, now_s=1.0) == YES  # that one is there
    assert b.ask(SPENT, A, intent(A), used=False, now_s=TTL_S + 1.0) == YES


# --- every order of events ----------------------------------------------------------------------

Act = tuple[str, FeedId, FeedId]


def orders(who: tuple[FeedId, ...], linked: frozenset[frozenset[FeedId]]) -> Iterator[list[Act]]:
    """Every order of beginnings, questions and ends; each counter begins, asks all it reaches in turn, and ends."""
    lines = []
    for own in who:
        others = [other for other in (A, B, C) if other != own and frozenset({own, other}) in linked]
        lines.append([("begin", own, own), *(("ask", own, other) for other in others), ("end", own, own)])
    counts = [len(line) for line in lines]
    labels = [number for number, count in enumerate(counts) for _ in range(count)]
    for order in distinct(labels):
        taken = [iter(line) for line in lines]
        yield [next(taken[number]) for number in order]


def distinct(labels: list[int]) -> Iterator[tuple[int, ...]]:
    if not labels:
        yield ()
        return
    for label in sorted(set(labels)):
        rest = labels.copy()
        rest.remove(label)
        for tail in distinct(rest):
            yield (label, *tail)


def played(acts: list[Act]) -> set[FeedId]:
    """Who redeems when things happen in this order."""
    tables = {own: Reservations(own) for own in (A, B, C)}
    replies: dict[FeedId, dict[FeedId, Reply]] = {own: {} for own in tables}
    out: set[FeedId] = set()
    winners: set[FeedId] = set()
    for act, own, other in acts:
        if own in out:
            continue
        if act == "begin" and tables[own].begin(SPENT, intent(own), 0.0) != YES:
            out.add(own)
        elif act == "ask":
            replies[own][other] = tables[other].ask(SPENT, own, intent(own), used=other in winners, now_s=0.0)
        elif act == "end" and tables[own].end(SPENT, intent(own), replies[own], 0.0) == YES:
            winners.add(own)
    return winners


ALL = frozenset(map(frozenset, itertools.combinations((A, B, C), 2)))


@pytest.mark.parametrize(
    "linked", [ALL, ALL - {frozenset({A, B})}, ALL - {frozenset({B, C})}, ALL - {frozenset({A, C})}],
    ids=["whole", "a and b cut", "b and c cut", "a and c cut"],
)  # fmt: skip
def test_of_two_exactly_one_redeems_in_every_order_of_events(linked: frozenset[frozenset[FeedId]]) -> None:
    for who in itertools.combinations((A, B, C), 2):
        for acts in orders(who, linked):
            assert len(played(acts)) <= 1, acts
            assert len(played(acts)) == 1 or linked != ALL, acts


def test_of_three_never_two_redeem_in_any_order_of_events() -> None:
    """None may: of three at once each may hear a no on behalf of another. The clerk tries again."""
    won = [len(played(acts)) for acts in orders((A, B, C), ALL)]
    assert len(won) == 34_650
    assert max(won) == 1
    assert won.count(0) < len(won) // 10
