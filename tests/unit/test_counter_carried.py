"""Coupons and rotating codes before a real counter: filmed, typed, redeemed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk.attention import FORGOTTEN_AFTER_S
from kiosk.clock import to_ms
from kiosk.core.catalogue import Catalogue
from kiosk.core.clock_floor import TOLERANCE_MS
from kiosk.core.fact import Redemption
from kiosk.core.rotating import RotatingKey, Turning
from kiosk.core.totp import hotp
from kiosk.core.verdict import Outcome, Reason
from kiosk.display import Display, State
from kiosk.ports import LinkState
from kiosk.redeeming import Approval
from tests.core_world import catalogue, promotion
from tests.counter_world import Floor, open_floor
from tests.unit.test_counter_picking import film

SECRET = b"12345678901234567890"
KEY = RotatingKey("tacos-2026", "TACOS-{totp_value_0}", 3_000, (Turning(SECRET, 8),))
TURNING = promotion(credentials=["rotating"], rotating={"key": "tacos-2026"}, codes=None, words=None)


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = open_floor(tmp_path)
    known = catalogue(TURNING)
    made.counter.catalogue = Catalogue(
        known.version, known.published_at_ms, known.organisation, known.promotions, known.listed, known.fleet_key,
        rotating={KEY.name: KEY},
    )  # fmt: skip
    yield made
    made.journal.close()


def code_now(floor: Floor) -> str:
    return f"TACOS-{hotp(SECRET, to_ms(floor.clock.now()) // KEY.period_ms, 8)}"


def film_the_phone(floor: Floor, for_s: float) -> None:
    """A phone whose code turns over every three seconds."""
    for _ in range(round(for_s / 0.5)):
        film(floor, code_now(floor), for_s=0.05)
        floor.clock.move(0.45)


def redemptions(floor: Floor) -> list[Redemption]:
    return [fact for _, _, fact in floor.journal.replay() if isinstance(fact, Redemption)]


def redeem(floor: Floor) -> Display:
    showing = floor.counter.display.showing
    assert showing is not None
    return floor.counter.redeem(showing.id, "ana")


def test_a_code_that_turned_while_the_clerk_thought_is_redeemed_as_it_was_shown(floor: Floor) -> None:
    film_the_phone(floor, 1)
    floor.clock.move(60)
    assert redeem(floor).state is State.REDEEMED
    (written,) = redemptions(floor)
    assert written.credential_kind == "rotating"


def test_a_code_that_turns_over_in_view_has_one_verdict_and_is_redeemed_once(floor: Floor) -> None:
    film_the_phone(floor, 20)
    showing = floor.counter.display.showing
    assert showing is not None
    assert showing.verdict.reason is Reason.OK
    redeem(floor)
    floor.counter.seen(showing.id)
    film_the_phone(floor, 20)
    assert floor.counter.display.state is State.REDEEMED
    assert floor.counter.choices == ()
    assert len(redemptions(floor)) == 1


def test_taken_away_and_shown_again_it_is_another_code(floor: Floor) -> None:
    film_the_phone(floor, 5)
    redeem(floor)
    showing = floor.counter.display.showing
    assert showing is not None
    floor.counter.seen(showing.id)
    floor.clock.move(FORGOTTEN_AFTER_S + 1)
    film_the_phone(floor, 1)
    again = floor.counter.display.showing
    assert again is not None
    assert (floor.counter.display.state, again.verdict.outcome) == (State.VERDICT, Outcome.ACCEPT)


def test_an_answer_given_again_is_for_the_code_that_the_phone_shows_by_then(floor: Floor) -> None:
    film_the_phone(floor, 20)
    showing = floor.counter.display.showing
    assert showing is not None
    before = showing.text
    anew = floor.counter.look(before, "camera").showing
    assert anew is not None
    assert anew.verdict.reason is Reason.OK
    assert anew.text != before
    film_the_phone(floor, 5)
    assert floor.counter.display.showing == anew


def test_a_code_held_up_too_late_is_an_old_one_of_its_promotion(floor: Floor) -> None:
    old = code_now(floor)
    floor.clock.move(30)
    film(floor, old)
    showing = floor.counter.display.showing
    assert showing is not None
    assert (showing.verdict.reason, showing.verdict.promotion) == (Reason.OLD_CODE, "tacos")


def test_what_a_shift_manager_approves_while_the_clock_is_unsure_is_redeemed(floor: Floor) -> None:
    text = code_now(floor)
    floor.counter.told_time(to_ms(floor.clock.now()) + TOLERANCE_MS)  # fresh at one end of what the time could be
    floor.clock.set(floor.clock.now() - timedelta(days=3652))
    showing = floor.counter.look(text).showing
    assert showing is not None
    assert (showing.verdict.outcome, showing.verdict.reason) == (Outcome.ASK, Reason.CLOCK_SUSPECT)
    assert floor.counter.redeem(showing.id, "ana", approval=Approval("bo", "guest-waits")).state is State.REDEEMED


def test_what_no_time_changes_is_not_asked_about_a_code_that_holds_at_one_end_only(floor: Floor) -> None:
    text = code_now(floor)
    floor.counter.told_time(to_ms(floor.clock.now()) + TOLERANCE_MS)
    floor.clock.set(floor.clock.now() - timedelta(days=3652))
    floor.counter.set_link(LinkState(online=True, fenced=True))
    showing = floor.counter.look(text).showing
    assert showing is not None
    assert (showing.verdict.outcome, showing.verdict.reason) == (Outcome.REFUSE, Reason.COUNTER_FENCED)
