"""The sale at the till: what it comes to, who the customer is, what was redeemed in it before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kiosk.core.decide import customer_digest
from kiosk.core.fact import Fact, Redemption
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, State
from kiosk.errors import AppendUnknownError, CounterfoilError
from kiosk.sale import NOT_THAT_SALE, basket_minor
from tests.core_world import FLEET_KEY, catalogue, promotion
from tests.counter_world import Floor, open_floor

BIG = promotion(
    id="big", title="Free pie", codes=None, words=["BIGPIE"], credentials=["word"],
    value={"percent": 20, "at_most": "10.00", "currency": "USD"}, basket={"min": "20.00"},
)  # fmt: skip
ONE_EACH = promotion(id="one-each", title="Soda", codes=None, words=["SODA1"], credentials=["word"],
                     limits={"per_customer": 1})  # fmt: skip
WITH_BIG = promotion(id="with-big", title="Dip", codes=None, words=["DIP77"], credentials=["word"],
                     stacks_with=["big", "with-big"])  # fmt: skip


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    made.counter.catalogue = catalogue(BIG, ONE_EACH, WITH_BIG)
    yield made
    made.journal.close()


def shown_id(display: Display) -> str:
    assert display.showing is not None
    return display.showing.id


def reason(display: Display) -> Reason:
    assert display.showing is not None
    return display.showing.verdict.reason


def redeemed(floor: Floor, text: str) -> Display:
    return floor.counter.redeem(shown_id(floor.counter.look(text)), "ana")


def written(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def test_an_untold_basket_is_named_and_a_told_one_is_judged_at_once(floor: Floor) -> None:
    first = floor.counter.look("BIGPIE")
    assert first.showing is not None
    assert first.showing.verdict.facts["not_checked"] == ["basket"]
    assert reason(floor.counter.tell_sale(1999, "")) is Reason.BASKET_TOO_SMALL
    assert reason(floor.counter.tell_sale(2000, "")) is Reason.OK


def test_what_a_percentage_came_to_and_the_basket_are_written_down(floor: Floor) -> None:
    floor.counter.look("BIGPIE")
    floor.counter.tell_sale(2450, "")
    display = floor.counter.display
    floor.counter.redeem(shown_id(display), "ana")
    (fact,) = written(floor)
    assert (fact.amount_minor, fact.currency, fact.basket_minor) == (490, "USD", 2450)


def test_a_customer_is_written_down_as_a_keyed_hash_and_known_again(floor: Floor) -> None:
    floor.counter.look("SODA1")
    floor.counter.tell_sale(None, "@Zed Z")
    floor.counter.next(shown_id(floor.counter.redeem(shown_id(floor.counter.display), "ana")))
    (fact,) = written(floor)
    assert fact.holder == customer_digest(FLEET_KEY, "@zedz")
    floor.counter.look("SODA1")
    assert reason(floor.counter.tell_sale(None, "@zed-z")) is Reason.LIMIT_CUSTOMER
    assert reason(floor.counter.tell_sale(None, "@somebody")) is Reason.OK


def test_the_next_customer_s_sale_begins_untold(floor: Floor) -> None:
    floor.counter.look("SODA1")
    floor.counter.tell_sale(2450, "@zed")
    floor.counter.next(shown_id(floor.counter.display))
    assert (floor.counter.till.sale.basket_minor, floor.counter.till.sale.holder) == (None, None)


def test_what_is_told_of_a_sale_that_ended_meanwhile_is_not_taken_for_the_next_one(floor: Floor) -> None:
    floor.counter.look("SODA1")
    sale = floor.counter.till.sale.id
    floor.counter.look("BIGPIE")
    display = floor.counter.tell_sale(1999, "@zed", sale)
    assert (display.note, reason(display)) == (NOT_THAT_SALE, Reason.OK)
    assert (floor.counter.till.sale.basket_minor, floor.counter.till.sale.holder) == (None, None)


def test_a_customer_who_was_told_of_stays_known_when_the_total_is_told(floor: Floor) -> None:
    floor.counter.look("SODA1")
    floor.counter.tell_sale(None, "@zed")
    floor.counter.tell_sale(2450, " ")
    assert floor.counter.till.sale.holder == customer_digest(FLEET_KEY, "@zed")


def test_what_was_told_while_nothing_was_redeemed_or_shown_is_nobody_s(floor: Floor) -> None:
    floor.counter.tell_sale(2450, "@zed")
    floor.counter.look("SODA1")
    assert (floor.counter.till.sale.basket_minor, floor.counter.till.sale.holder) == (None, None)


def test_another_code_in_place_of_one_that_was_not_redeemed_is_the_next_customer_s(floor: Floor) -> None:
    floor.counter.look("SODA1")
    floor.counter.tell_sale(2450, "@zed")
    floor.counter.look("BIGPIE")
    assert floor.counter.till.sale.holder is None


def test_in_the_same_sale_only_what_it_stacks_with_is_accepted(floor: Floor) -> None:
    floor.counter.next(shown_id(redeemed(floor, "BIGPIE")), same_sale=True)
    assert reason(floor.counter.look("SODA1")) is Reason.DOES_NOT_STACK
    assert reason(floor.counter.look("DIP77")) is Reason.OK


def test_two_redemptions_of_one_sale_are_written_down_as_one_sale_and_the_next_as_another(floor: Floor) -> None:
    floor.counter.next(shown_id(redeemed(floor, "BIGPIE")), same_sale=True)
    floor.counter.next(shown_id(redeemed(floor, "DIP77")))
    redeemed(floor, "SODA1")
    first, second, third = (fact.sale for fact in written(floor))
    assert first == second != third


def test_what_was_taken_back_is_no_part_of_its_sale_any_more(floor: Floor) -> None:
    display = redeemed(floor, "BIGPIE")
    assert display.showing is not None
    assert display.showing.redeemed is not None
    floor.counter.undo(display.showing.redeemed.n, "ana", "goods back")
    floor.counter.next(shown_id(floor.counter.display), same_sale=True)
    assert reason(floor.counter.look("SODA1")) is Reason.OK


def test_a_void_whose_append_is_unknown_but_written_takes_it_out_of_its_sale(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    display = redeemed(floor, "BIGPIE")
    assert display.showing is not None
    assert display.showing.redeemed is not None
    append = floor.journal.append

    def unknown(facts: Sequence[Fact]) -> None:
        append(facts)
        raise AppendUnknownError("journal-unknown", "Whether it was written is unknown")

    with monkeypatch.context() as broken:
        broken.setattr(floor.journal, "append", unknown)
        floor.counter.undo(display.showing.redeemed.n, "ana", "goods back")
    assert floor.counter.till.sale.redeemed == ()


def test_after_a_redemption_another_code_in_view_is_another_customer_s(floor: Floor) -> None:
    display = redeemed(floor, "BIGPIE")
    floor.counter.seen(shown_id(display))
    assert reason(floor.counter.look("SODA1")) is Reason.OK


def test_ending_the_sale_lets_the_next_customer_in(floor: Floor) -> None:
    floor.counter.next(shown_id(redeemed(floor, "BIGPIE")), same_sale=True)
    assert floor.counter.end_sale().state is State.IDLE
    assert reason(floor.counter.look("SODA1")) is Reason.OK


def test_the_clerk_who_taps_counts_for_the_limit_per_clerk(floor: Floor) -> None:
    limited = promotion(codes=None, words=["DAY1"], credentials=["word"], limits={"per_clerk_day": 1})
    floor.counter.catalogue = catalogue(limited)
    floor.counter.next(shown_id(redeemed(floor, "DAY1")))
    assert reason(floor.counter.look("DAY1")) is Reason.LIMIT_CLERK_DAY
    floor.counter.till.on_duty = "ben"
    display = floor.counter.look("DAY1")
    assert display.showing is not None
    assert display.showing.verdict.outcome is Outcome.ACCEPT


@pytest.mark.parametrize(
    ("typed", "expected"), [("24.50", 2450), ("24,5", 2450), (" $24 ", 2400), ("", None), ("0", 0)]
)
def test_a_total_is_read_as_people_type_it(typed: str, expected: int | None) -> None:
    assert basket_minor(typed, "USD") == expected


@pytest.mark.parametrize("typed", ["a lot", "-5", "24.505", "1e5", "24.5.0"])
def test_what_is_no_amount_is_told_and_not_guessed(typed: str) -> None:
    with pytest.raises(CounterfoilError, match="is no amount"):
        basket_minor(typed, "USD")
